"""How is an index copied while somebody writes to it, and how does the copy come back?

A generation is opened, and with it all its files at once: an open file stays whole even when a writer removes its name, so the
copy can take its time. Every byte is compared with the manifest on the way in and on the way out. The copy is itself
an index, made by a rebuild of the target: it appears in one step, an older copy there stays intact until then, and
a copy that fails leaves nothing. ``restore`` is the same road in the other direction; what was there is kept for ``rollback``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from corpus.errors import IndexCorrupt, IndexProblem
from indexer.durable import BUFFER_BYTES, DISK, Files, one_line_errors, require_space
from indexer.generations import write_session
from indexer.manifest import FileEntry
from indexer.session import Session
from indexer.snapshots import Snapshot, current_generation, open_snapshot
from indexer.toc import renumber_toc

__all__ = ["backup", "restore"]

MAX_TRIES: Final = 100


def backup(location: Path | str, target: Path | str, *, files: Files = DISK) -> Snapshot:
    """Copy the current generation, while a writer may be at work, into a new or empty folder or an earlier backup; return the copy.

    Raises: IndexMissing, IndexCorrupt (a byte of the index is not what was written: nothing is copied), IndexProblem.
    """
    return _copy(Path(location).absolute(), Path(target).absolute(), files)


def restore(source: Path | str, location: Path | str, *, files: Files = DISK) -> Snapshot:
    """Make a backup the current index of ``location``, in one step; what was there stays for ``rollback``.

    Raises: IndexMissing and IndexCorrupt about the backup, IndexLocked about the location.
    """
    return _copy(Path(source).absolute(), Path(location).absolute(), files)


def _copy(source: Path, target: Path, files: Files) -> Snapshot:
    if source == target or source in target.parents or target in source.parents:
        raise IndexProblem(f"cannot copy {source} to {target}: one is inside the other; choose another folder")
    with ExitStack() as stack:
        with one_line_errors(source, "read"):
            snapshot, descriptors = stack.enter_context(_held_open(source, files))
        with one_line_errors(target, "write"):
            require_space(target, sum(entry.length for entry in snapshot.manifest.files), factor=1)
            with write_session(target, rebuild=True, files=files) as session:
                return _fill(session, snapshot, descriptors)


@contextmanager
def _held_open(location: Path, files: Files) -> Iterator[tuple[Snapshot, dict[str, int]]]:
    """Open the newest generation and every file of it; look again when a writer removed one in between."""
    for _ in range(MAX_TRIES):
        snapshot = open_snapshot(location, files=files)
        if snapshot.fallback:
            raise IndexCorrupt(snapshot.folder, snapshot.fallback)
        with ExitStack() as stack:
            try:
                descriptors = {}
                for entry in snapshot.manifest.files:
                    descriptors[entry.name] = files.open_read(snapshot.path(entry.name))
                    stack.callback(os.close, descriptors[entry.name])
            except FileNotFoundError as error:
                if current_generation(location, files=files) > snapshot.generation:
                    continue
                raise IndexCorrupt(error.filename, "the file is missing") from error
            yield snapshot, descriptors
            return
    raise IndexProblem(f"the index at {location} changes faster than it can be opened; try again when less is written")


def _fill(session: Session, snapshot: Snapshot, descriptors: dict[str, int]) -> Snapshot:
    manifest = snapshot.manifest
    session.skip_to(manifest.generation)
    names = []
    for entry in manifest.files:
        if entry.name != manifest.toc:
            _copy_file(session, snapshot.path(entry.name), entry, descriptors[entry.name])
            names.append(entry.name)
    original = manifest.entry(manifest.toc)
    toc = b"".join(_verified_pieces(snapshot.path(manifest.toc), original, descriptors[manifest.toc]))
    return session.publish(manifest, names, renumber_toc(toc, session.next_generation, snapshot.path(manifest.toc)))


def _copy_file(session: Session, path: Path, entry: FileEntry, descriptor: int) -> None:
    with session.open_file(entry.name) as out:
        for piece in _verified_pieces(path, entry, descriptor):
            out.write(piece)


def _verified_pieces(path: Path, entry: FileEntry, descriptor: int) -> Iterator[bytes]:
    """Yield the bytes of an open file; an error before the end of the copy when they are not those of the manifest."""
    length = crc = 0
    while piece := _read(path, descriptor, length):
        length, crc = length + len(piece), crc32(piece, crc)
        if length > entry.length:
            break
        yield piece
    if (length, crc) != (entry.length, entry.crc32):
        raise IndexCorrupt(path, "its content is not what was written (wrong length or checksum)")


def _read(path: Path, descriptor: int, offset: int) -> bytes:
    with one_line_errors(path, "read"):
        return os.pread(descriptor, BUFFER_BYTES, offset)
