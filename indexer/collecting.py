"""What may be removed? Whatever no kept manifest names, and no folder that the pointer names; never by the look of a name.

Kept are the two newest generations of a folder that verify: the one readers open, and the one to fall back to. A folder whose
newest manifest does not verify is left as it is, for whoever has to repair it. What cannot be removed is told, not raised: the commit that
made it superfluous stands, and the next writer tries again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from indexer.durable import Files
from indexer.manifest import Manifest, Pointer, folder_number, generation_of
from indexer.snapshots import POINTER, generations_in, verified_generations

__all__ = ["collect_folder", "collect_location", "kept_generations", "remove_names", "remove_tree"]

KEPT_GENERATIONS: Final = 2


def kept_generations(folder: Path, files: Files) -> tuple[Manifest, ...]:
    """Return the manifests that a folder keeps, newest first."""
    return tuple(islice(verified_generations(folder, files), KEPT_GENERATIONS))


def collect_folder(folder: Path, files: Files) -> list[str]:
    """Remove what the kept generations of a folder do not name; return what could not be removed."""
    kept = kept_generations(folder, files)
    found = generations_in(folder, files)
    if not kept or kept[0].generation != found[0]:
        return []
    needed = frozenset[str]().union(*(manifest.names for manifest in kept))
    return remove_names(folder, set(files.names(folder)) - needed, files)


def collect_location(location: Path, pointer: Pointer | None, files: Files) -> list[str]:
    """Remove the generation folders that the pointer does not name, and the leftover of a killed swap."""
    kept = () if pointer is None else pointer.kept
    folders = {name for name in files.names(location) if folder_number(name) is not None}
    return remove_names(location, (folders - set(kept)) | {f"{POINTER}.new"}, files)


def remove_names(folder: Path, names: Iterable[str], files: Files) -> list[str]:
    """Remove files and folders, manifests first; return what could not be removed."""
    problems: list[str] = []
    for name in sorted(names, key=_manifests_first):
        try:
            remove_tree(folder / name, files)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{folder / name}: {os.strerror(error.errno or 0)}")
    return problems


def remove_tree(path: Path, files: Files) -> None:
    """Remove a file, or a folder and what it holds; links are removed, not followed."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        files.unlink(path)
        return
    names = sorted(files.names(path), key=_manifests_first)
    for count, name in enumerate(names):
        if count and generation_of(names[count - 1]) is not None and generation_of(name) is None:
            files.sync_folder(path)  # after a power cut no manifest may stand without its files: it would look like damage
        remove_tree(path / name, files)
    files.remove_folder(path)


def _manifests_first(name: str) -> tuple[bool, str]:
    return (generation_of(name) is None, name)
