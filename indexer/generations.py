"""How does an index change, in one step, so that no acknowledged article is ever lost?

    with write_session("index") as session:                        the lock is held; session.base is what is there
        with session.open_file(session.new_name(".mseg")) as out:  new files only
            ...
        session.commit(Commit(segments=..., schema=..., ...))      durable when it returns
    snapshot = open_snapshot("index")                              the newest generation that verifies

This module is the face of the room: ``session.py`` holds the protocol of a commit, ``snapshots.py`` how readers choose,
``collecting.py`` what is removed, ``locking.py`` who writes, ``manifest.py`` and ``toc.py`` what is written. A rebuild is a commit in a
new folder. A rollback is a commit too, of the older content under a new number: numbers only grow, so whoever remembers one is never
misled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from corpus.errors import IndexCorrupt, IndexForeign, IndexMissing, IndexProblem
from indexer.collecting import collect_folder, collect_location
from indexer.durable import DISK, Files, checksum, ensure_folder, one_line_errors, read_whole, replace_file, require_space
from indexer.locking import writer_lock
from indexer.manifest import FileEntry, Manifest, Pointer, SegmentEntry, folder_name, folder_number, render_pointer
from indexer.session import Commit, Session, segment_entry
from indexer.snapshots import (
    LOCK,
    POINTER,
    Snapshot,
    change_marks,
    current_generation,
    expect_made_with,
    look_at,
    open_snapshot,
    read_generation,
    verified_generations,
)
from indexer.toc import TOC_BYTES, StockToc, read_toc, renumber_toc

__all__ = [
    "Commit",
    "FileEntry",
    "Manifest",
    "SegmentEntry",
    "Session",
    "Snapshot",
    "StockToc",
    "change_marks",
    "current_generation",
    "expect_made_with",
    "open_snapshot",
    "read_toc",
    "require_space",
    "rollback",
    "segment_entry",
    "write_session",
]

_OURS: Final = (LOCK, POINTER, f"{POINTER}.new")


@contextmanager
def write_session(location: Path | str, *, rebuild: bool = False, wait_s: float = 0.0, files: Files = DISK) -> Iterator[Session]:
    """Open an index for writing, creating it when there is none; ``rebuild`` fills an empty folder that replaces it at the commit.

    Units: wait_s (for another writer to end) in seconds.
    Raises: IndexLocked; IndexCorrupt when the newest generation is damaged (rollback or rebuild first); IndexForeign.
    """
    with _locked(location, wait_s, files) as path:
        with one_line_errors(path, "write"):
            session = _begin(path, rebuild, files)
        try:
            yield session
        finally:
            session.close()


def rollback(
    location: Path | str, *, to: Literal["generation", "rebuild"] = "generation", wait_s: float = 0.0, files: Files = DISK
) -> Snapshot:
    """Make the generation before the current one current again, or the last one before the last rebuild; return what is now current.

    A second rollback undoes the first. Every byte of the older generation is verified before it is made current.
    Raises: IndexMissing, IndexLocked, IndexCorrupt, IndexProblem when there is nothing to go back to.
    """
    with one_line_errors(location, "open"):
        look_at(Path(location), files)  # IndexMissing must not create a folder
    with _locked(location, wait_s, files) as path, one_line_errors(path, "roll back"):
        pointer = _settled_pointer(path, files)
        if pointer is None:
            raise IndexMissing(path)
        current = _openable(path, files)
        folder, target = _target(path, pointer, current, to, files)
        _verify_content(folder, target, files)
        session = Session(path, folder, current, pointer, files)
        try:
            toc = renumber_toc(read_whole(files, folder / target.toc, TOC_BYTES), session.next_generation, folder / target.toc)
            return session.publish(target, [entry.name for entry in target.files if entry.name != target.toc], toc)
        finally:
            session.close()


@contextmanager
def _locked(location: Path | str, wait_s: float, files: Files) -> Iterator[Path]:
    """Hold the lock; take the location away again when it was made for nothing."""
    path, owner = Path(location).absolute(), os.getpid()
    with one_line_errors(path, "write"):
        made = not path.is_dir()
        ensure_folder(files, path)
        if not (made or os.path.lexists(path / LOCK) or os.path.lexists(path / POINTER)):
            _refuse_strangers(path, files)  # before a lock is left among somebody's files
    with ExitStack() as stack:
        try:
            with one_line_errors(path, "lock"):
                stack.enter_context(writer_lock(path, files, wait_s))
            yield path
        finally:
            if made and os.getpid() == owner:
                _remove_unused(path, files)


def _remove_unused(location: Path, files: Files) -> None:
    with suppress(OSError):  # it may stay, empty; the reason that brought us here is already on its way
        names = files.names(location)
        if names in ([LOCK], []):
            for name in names:
                files.unlink(location / name)
            files.remove_folder(location)


def _begin(location: Path, rebuild: bool, files: Files) -> Session:
    """Repair what a dead writer left, and open the folder to write in."""
    pointer = _settled_pointer(location, files)
    base = _openable(location, files) if rebuild else _writable(location, files)
    leftovers = collect_location(location, pointer, files)
    if pointer is not None:
        for name in pointer.kept:
            leftovers += collect_folder(location / name, files) if (location / name).is_dir() else []
    if rebuild or pointer is None:
        folder = _new_folder(location, files)
    else:
        folder = location / pointer.folder
    session = Session(location, folder, base, pointer, files)
    session.leftovers += leftovers
    return session


def _settled_pointer(location: Path, files: Files) -> Pointer | None:
    """Return the pointer, rewritten when it was lost; what a writer left visible just before its last fsync is made durable."""
    try:
        view = look_at(location, files)
    except IndexMissing:
        _refuse_strangers(location, files)
        return None
    if view.pointer_lost:
        replace_file(files, location / POINTER, render_pointer(view.pointer))
    if (location / view.pointer.folder).is_dir():
        files.sync_folder(location / view.pointer.folder)
    files.sync_folder(location)
    return view.pointer


def _refuse_strangers(location: Path, files: Files) -> None:
    """Never make an index among somebody's files."""
    for name in sorted(files.names(location)):
        if name not in _OURS and folder_number(name) is None:
            raise IndexProblem(f"{location} is not an index and not empty (it holds {ascii(name)[1:-1]}); choose a new or empty folder")


def _writable(location: Path, files: Files) -> Snapshot | None:
    """Open what is there; damage stops a writer, since going on from older data would lose articles without a word."""
    try:
        base = open_snapshot(location, files=files)
    except IndexMissing:
        return None
    if base.fallback:
        raise IndexCorrupt(base.folder, base.fallback)
    return base


def _openable(location: Path, files: Files) -> Snapshot | None:
    """Open what can be opened; a rebuild and a rollback are what one does about damage."""
    try:
        return open_snapshot(location, files=files)
    except (IndexMissing, IndexCorrupt, IndexForeign):
        return None


def _new_folder(location: Path, files: Files) -> Path:
    numbers = [number for name in files.names(location) if (number := folder_number(name)) is not None]
    folder = location / folder_name(1 + max(numbers, default=0))
    files.make_folder(folder)
    try:
        files.sync_folder(location)
    except OSError:
        files.remove_folder(folder)
        raise
    return folder


def _target(location: Path, pointer: Pointer, current: Snapshot | None, to: str, files: Files) -> tuple[Path, Manifest]:
    """Choose what to go back to."""
    if current is not None and current.fallback and to == "generation":
        return current.folder, current.manifest  # the newest is damaged: what readers already see becomes official
    place = None if current is None else current.manifest.previous
    if place is not None and to == "generation":
        try:
            return location / place.folder, read_generation(location / place.folder, place.generation, files)
        except IndexForeign:
            raise  # it is there, and a later Marbre wrote it
        except (FileNotFoundError, IndexProblem):
            pass
    elif pointer.previous is not None:
        for manifest in verified_generations(location / pointer.previous, files):
            return location / pointer.previous, manifest
    raise IndexProblem(f"nothing to go back to at {location}: the generation before the current one is not there any more; rebuild instead")


def _verify_content(folder: Path, manifest: Manifest, files: Files) -> None:
    for entry in manifest.files:
        if checksum(files, folder / entry.name) != (entry.length, entry.crc32):
            raise IndexCorrupt(folder / entry.name, "wrong checksum")
