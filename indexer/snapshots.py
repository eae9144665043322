"""Which generation do readers see? The highest one whose manifest verifies, in the folder the pointer names.

    LOCATION/            0700
      current            one sealed line: the current folder, and the one before the last rebuild
      lock               who is writing (flock; the text inside is for people)
      g00000001/         one folder per rebuild
        manifest-7.json  what generation 7 is made of; nothing else counts
        _MAIN_7.toc      the same for stock Whoosh
        ...              segment files, never changed once named

Opening reads the pointer, one listing, one manifest, and looks at the length of each file; nothing is unpickled, so it costs the
same at any size. When something is missing we look again: a writer may have moved on, and then so do we. Only when nothing has
moved is it damage; then the generation before is opened and ``Snapshot.fallback`` says so.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from corpus.errors import IndexCorrupt, IndexForeign, IndexMissing, IndexProblem
from indexer.durable import DISK, Files, one_line_errors, read_whole
from indexer.manifest import (
    MANIFEST_BYTES,
    POINTER_BYTES,
    Manifest,
    Pointer,
    folder_number,
    generation_of,
    manifest_name,
    parse_manifest,
    parse_pointer,
)

__all__ = [
    "LOCK",
    "POINTER",
    "Snapshot",
    "View",
    "change_marks",
    "current_generation",
    "expect_made_with",
    "generations_in",
    "look_at",
    "open_snapshot",
    "read_generation",
    "verified_generations",
]

POINTER: Final = "current"
LOCK: Final = "lock"
SETTLED_NS: Final = 2_000_000_000  # coarser than the clock of any file system in use
MAX_LOOKS: Final = 1000  # each look needs another commit in between, so that a reader never gets there


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation, opened: what it is made of and where that lies."""

    location: Path
    folder: Path
    manifest: Manifest
    pointer: Pointer
    fallback: str | None = None
    pointer_lost: str | None = None

    @property
    def generation(self) -> int:
        """The number that grows with each commit, rebuilds and rollbacks included."""
        return self.manifest.generation

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must be told: an older generation was opened, or the pointer had to be guessed."""
        return tuple(note for note in (self.fallback, self.pointer_lost) if note)

    def path(self, name: str) -> Path:
        """Return where a file of this generation lies."""
        return self.folder / name


@dataclass(frozen=True, slots=True)
class View:
    """What one look at the location showed."""

    pointer: Pointer
    generations: tuple[int, ...]
    pointer_lost: str | None


def open_snapshot(location: Path | str, *, files: Files = DISK) -> Snapshot:
    """Open the newest generation that verifies.

    Raises: IndexMissing, IndexCorrupt (nothing verifies), IndexForeign (written by a later version).
    """
    path = Path(location)
    seen: View | None = None
    with one_line_errors(path, "open"):
        for _ in range(MAX_LOOKS):
            view = look_at(path, files)
            found = _newest_good(path, view, files)
            if isinstance(found, Snapshot) and (found.fallback is None or view == seen):
                return found
            if isinstance(found, IndexProblem) and view == seen:
                raise found
            seen = view
    raise IndexProblem(f"the index at {path} changes faster than it can be opened; try again")


def current_generation(location: Path | str, *, files: Files = DISK) -> int:
    """Return the newest generation number; cheap enough to be asked at each query (two small reads, no manifest).

    Raises: IndexMissing, IndexCorrupt.
    """
    path = Path(location)
    with one_line_errors(path, "open"):
        for _ in range(MAX_LOOKS):
            view = look_at(path, files)
            if view.generations:
                return view.generations[0]
            if view == look_at(path, files):
                break
    raise IndexCorrupt(path / view.pointer.folder, "no manifest in the current folder")


def change_marks(snapshot: Snapshot) -> tuple[int, ...] | None:
    """Return what differs after each commit or swap; None when that is too fresh to tell, or cannot be seen: then look again.

    Both show as a changed folder, for two looks at its time instead of a listing. Two changes within one tick of the clock of the
    file system could leave one time, so a time is only trusted once it has aged.
    """
    try:
        times = [folder.stat().st_mtime_ns for folder in (snapshot.location, snapshot.folder)]
    except OSError:
        return None
    return tuple(times) if max(times) + SETTLED_NS < time.time_ns() else None


def expect_made_with(snapshot: Snapshot, *, schema_version: int, analysis: str) -> None:
    """Refuse an index made by another schema or analysis.

    Raises: IndexForeign with the command that rebuilds it.
    """
    made = snapshot.manifest
    if made.schema_version != schema_version:
        raise IndexForeign(snapshot.location, "schema", made.schema_version, schema_version)
    if made.analysis != analysis:
        raise IndexForeign(snapshot.location, "text analysis", made.analysis, analysis)


def generations_in(folder: Path, files: Files = DISK) -> tuple[int, ...]:
    """List the generations a folder has manifests of, newest first; none when there is no such folder."""
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise IndexCorrupt(folder, "a link or file stands where a generation folder should be")
        names = files.names(folder)
    except FileNotFoundError:
        return ()
    return tuple(sorted((number for name in names if (number := generation_of(name)) is not None), reverse=True))


def verified_generations(folder: Path, files: Files = DISK) -> Iterator[Manifest]:
    """Yield the manifests of a folder that verify, newest first."""
    for generation in generations_in(folder, files):
        try:
            yield read_generation(folder, generation, files)
        except (IndexProblem, FileNotFoundError):
            continue  # not one of those asked for; ``check`` names it


def read_generation(folder: Path, generation: int, files: Files = DISK) -> Manifest:
    """Read a manifest and look at each file it names.

    Raises: IndexCorrupt, IndexForeign, FileNotFoundError (a writer may have moved on).
    """
    path = folder / manifest_name(generation)
    manifest = parse_manifest(read_whole(files, path, MANIFEST_BYTES), path, folder.parent)
    if (manifest.folder, manifest.generation) != (folder.name, generation):
        raise IndexCorrupt(path, f"it is the manifest of generation {manifest.generation} in {manifest.folder}")
    for entry in manifest.files:
        found = os.lstat(folder / entry.name)
        if not stat.S_ISREG(found.st_mode):
            raise IndexCorrupt(folder / entry.name, "not a regular file")
        if found.st_size != entry.length:
            raise IndexCorrupt(folder / entry.name, f"{found.st_size} bytes found, {entry.length} expected")
    return manifest


def look_at(location: Path, files: Files) -> View:
    """Read the pointer and list the folder it names.

    Raises: IndexMissing; a lost pointer is guessed, and the view says so.
    """
    try:
        pointer = parse_pointer(read_whole(files, location / POINTER, POINTER_BYTES), location / POINTER)
    except FileNotFoundError:
        return _guess(location, files, "the pointer file is missing")
    except NotADirectoryError:
        raise IndexMissing(location) from None
    except IndexCorrupt:
        return _guess(location, files, "the pointer file is damaged")
    return View(pointer, generations_in(location / pointer.folder, files), None)


def _guess(location: Path, files: Files, why: str) -> View:
    """Find the current folder without the pointer: the one with the highest generation, since numbers only grow."""
    try:
        folders = [name for name in files.names(location) if folder_number(name) is not None]
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissing(location) from None
    found = sorted(((numbers[0], name, numbers) for name in folders if (numbers := generations_in(location / name, files))), reverse=True)
    if not found:
        raise IndexMissing(location)
    previous = found[1][1] if len(found) > 1 else None
    return View(Pointer(found[0][1], previous), found[0][2], f"{why}: the folder with the newest generation was opened")


def _newest_good(location: Path, view: View, files: Files) -> Snapshot | IndexProblem:
    folder = location / view.pointer.folder
    failure: IndexProblem = IndexCorrupt(folder, "no manifest in the current folder")
    fallback: str | None = None
    for generation in view.generations:
        try:
            manifest = read_generation(folder, generation, files)
        except IndexForeign:
            raise
        except (IndexCorrupt, OSError) as error:
            problem = _as_damage(error, folder / manifest_name(generation))
            if fallback is None:
                failure, fallback = problem, f"generation {generation} is damaged, an older one was opened: {problem}"
            continue
        return Snapshot(location, folder, manifest, view.pointer, fallback, view.pointer_lost)
    return failure


def _as_damage(error: IndexCorrupt | OSError, path: Path) -> IndexCorrupt:
    """Tell a damaged disk from a passing trouble (no descriptor left, no permission), which is not a reason to answer from older data."""
    if isinstance(error, IndexCorrupt):
        return error
    if error.errno not in (errno.ENOENT, errno.EIO, errno.ELOOP):
        raise error
    return IndexCorrupt(error.filename or path, os.strerror(error.errno))
