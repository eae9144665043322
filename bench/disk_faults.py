"""How does a disk let one down? Disks for the fault tests, all behind the seam that production uses.

``FailingDisk`` refuses the k-th operation, ``DyingDisk`` ends the process before it, ``RecordingDisk`` remembers every operation so that
``state_after_cut`` can say what a power cut might leave: names whose folder was not fsynced are there or not, and a file that was not
fsynced meets one of six fates (after Lucene's MockDirectoryWrapper): deleted, zeroed, cut in half, intact, one bit flipped, emptied.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from indexer.durable import DiskFiles

__all__ = ["DyingDisk", "FailingDisk", "EVERY_ERROR", "QuickDisk", "RecordingDisk", "state_after_cut", "write_state"]

OPERATIONS = (
    "make_folder",
    "remove_folder",
    "sync_folder",
    "names",
    "create",
    "open_read",
    "open_lock",
    "write",
    "sync",
    "replace",
    "unlink",
)


class QuickDisk(DiskFiles):
    """A disk without fsync, for tests that do not cut the power."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        path.stat()


class SteppingDisk(QuickDisk):
    """A disk that calls ``before`` at each operation."""

    def __init__(self) -> None:
        self.steps = 0

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        self.steps += 1


def _stepping(operation: str) -> Callable[..., Any]:
    plain = getattr(QuickDisk, operation)

    def step(self: SteppingDisk, *arguments: Any) -> Any:
        self.before(operation, arguments)
        return plain(self, *arguments)

    return step


for _operation in OPERATIONS:
    setattr(SteppingDisk, _operation, _stepping(_operation))


class FailingDisk(SteppingDisk):
    """Refuses the k-th operation (from 0); a refused write has written half of its bytes."""

    def __init__(self, k: int, code: int) -> None:
        super().__init__()
        self._k = k
        self._code = code

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        super().before(operation, arguments)
        if self.steps - 1 == self._k:
            if operation == "write":
                os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise OSError(self._code, os.strerror(self._code))


class DyingDisk(SteppingDisk):
    """Ends the process before the k-th operation, as SIGKILL would."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self._k = k

    def before(self, operation: str, arguments: tuple[Any, ...]) -> None:
        super().before(operation, arguments)
        if self.steps - 1 == self._k:
            os._exit(137)


Step = tuple[Any, ...]


class RecordingDisk(DiskFiles):
    """Does everything (but fsync) and remembers it; ``note`` puts a mark of the test among the operations."""

    def __init__(self) -> None:
        self.log: list[Step] = []
        self._by_descriptor: dict[int, int] = {}
        self._by_path: dict[Path, int] = {}
        self._inodes = 0

    def note(self, *mark: Any) -> None:
        self.log.append(("note", *mark))

    def make_folder(self, path: Path) -> None:
        super().make_folder(path)
        self.log.append(("make_folder", path))

    def remove_folder(self, path: Path) -> None:
        super().remove_folder(path)
        self.log.append(("remove", path))

    def sync_folder(self, path: Path) -> None:
        self.log.append(("sync_folder", path))

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._new(path, descriptor)
        return descriptor

    def open_lock(self, path: Path) -> int:
        descriptor = super().open_lock(path)
        if path in self._by_path:
            self._by_descriptor[descriptor] = self._by_path[path]
        else:
            self._new(path, descriptor)
        return descriptor

    def open_read(self, path: Path) -> int:
        descriptor = super().open_read(path)
        self._by_descriptor[descriptor] = self._by_path[path]
        return descriptor

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        written = super().write(descriptor, data)
        self.log.append(("write", self._by_descriptor[descriptor], place, bytes(data[:written])))
        return written

    def sync(self, descriptor: int) -> None:
        self.log.append(("sync", self._by_descriptor[descriptor]))

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        self._by_path[target] = self._by_path.pop(source)
        self.log.append(("replace", source, target, self._by_path[target]))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self._by_path.pop(path, None)
        self.log.append(("remove", path))

    def _new(self, path: Path, descriptor: int) -> None:
        self._inodes += 1
        self._by_descriptor[descriptor] = self._by_path[path] = self._inodes
        self.log.append(("create", path, self._inodes))


@dataclass
class _Disk:
    """What the model knows at a moment: durable names, names on their way (by folder), contents."""

    names: dict[Path, int] = field(default_factory=dict)  # path -> inode; 0 is a folder
    pending: dict[Path, list[Step]] = field(default_factory=dict)
    contents: dict[int, bytearray] = field(default_factory=dict)
    unsynced: set[int] = field(default_factory=set)


def state_after_cut(log: list[Step], cut: int, random: Random) -> dict[Path, bytes | None]:
    """Return what may be on the disk when the power goes before operation ``cut``: path -> content, None for a folder."""
    disk = _Disk()
    for step in log[:cut]:
        _record(disk, step)
    for steps in disk.pending.values():
        for step in steps:
            if random.random() < 0.5:
                _apply(disk.names, step)
    found: dict[Path, bytes | None] = {}
    for path, inode in sorted(disk.names.items()):
        if inode == 0:
            found[path] = None
        else:
            content = bytes(disk.contents[inode])
            fate = _fate(content, random) if inode in disk.unsynced else content
            if fate is not None:
                found[path] = fate
    return found


def _record(disk: _Disk, step: Step) -> None:
    match step:
        case ("create", path, inode):
            disk.contents[inode] = bytearray()
            disk.unsynced.add(inode)
            disk.pending.setdefault(path.parent, []).append(step)
        case ("write", inode, place, data):
            disk.contents[inode][place : place + len(data)] = data
            disk.unsynced.add(inode)
        case ("sync", inode):
            disk.unsynced.discard(inode)
        case ("sync_folder", path):
            for earlier in disk.pending.pop(path, []):
                _apply(disk.names, earlier)
        case ("make_folder" | "remove", path):
            disk.pending.setdefault(path.parent, []).append(step)
        case ("replace", source, _, _):
            disk.pending.setdefault(source.parent, []).append(step)


def _apply(names: dict[Path, int], step: Step) -> None:
    match step:
        case ("create", path, inode):
            names[path] = inode
        case ("make_folder", path):
            names[path] = 0
        case ("remove", path):
            names.pop(path, None)
        case ("replace", source, target, inode):
            names.pop(source, None)
            names[target] = inode


def _fate(content: bytes, random: Random) -> bytes | None:
    match random.randrange(6):
        case 0:
            return None
        case 1:
            return bytes(len(content))
        case 2:
            return content[: len(content) // 2]
        case 3:
            return content
        case 4 if content:
            place = random.randrange(len(content))
            return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]
        case _:
            return b""


def write_state(state: dict[Path, bytes | None], origin: Path, target: Path) -> None:
    """Write a state that was recorded under ``origin`` as real files under ``target``; what lies in a lost folder is lost."""
    target.mkdir()
    for path, content in state.items():
        if path == origin or origin not in path.parents:
            continue
        place = target / path.relative_to(origin)
        if not place.parent.is_dir():
            continue
        if content is None:
            place.mkdir()
        else:
            place.write_bytes(content)


EVERY_ERROR = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "EINTR": errno.EINTR, "EMFILE": errno.EMFILE}
