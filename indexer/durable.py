"""How does a byte reach the disk and stay there? Every file operation of the index goes through the seam below.

``Files`` is the list of operations that can fail or be cut short: production uses ``DiskFiles``, the fault tests use the
same protocol with a failing, dying or recording disk, so that what is tested is what runs. A file is created under a new
name (``O_EXCL``), never through a link (``O_NOFOLLOW``), readable by its owner only; ``replace_file`` is the one way to
change a name that readers follow: aside, fsync, rename. Reading refuses links, pipes, devices and files larger than announced.
Needs a POSIX system: folders cannot be fsynced elsewhere.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from corpus.errors import IndexCorrupt, IndexProblem

__all__ = [
    "DISK",
    "DiskFiles",
    "Files",
    "checksum",
    "ensure_folder",
    "new_file",
    "one_line_errors",
    "read_whole",
    "replace_file",
    "require_space",
    "sync_file",
    "write_new",
]

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
BUFFER_BYTES: Final = 1 << 20
SPACE_FACTOR: Final = 2  # old and new segments stand side by side until a merge is committed
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_LOCK: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Files(Protocol):
    """The file operations a commit is made of; each may raise OSError, and each is a place where power may go."""

    def make_folder(self, path: Path) -> None: ...
    def remove_folder(self, path: Path) -> None: ...
    def sync_folder(self, path: Path) -> None: ...
    def names(self, folder: Path) -> list[str]: ...
    def create(self, path: Path) -> int: ...
    def open_read(self, path: Path) -> int: ...
    def open_lock(self, path: Path) -> int: ...
    def write(self, descriptor: int, data: bytes | memoryview) -> int: ...
    def sync(self, descriptor: int) -> None: ...
    def replace(self, source: Path, target: Path) -> None: ...
    def unlink(self, path: Path) -> None: ...


class DiskFiles:
    """The operations on a real disk."""

    def make_folder(self, path: Path) -> None:
        """Create a folder for its owner only, whatever the umask."""
        path.mkdir(PRIVATE_FOLDER)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def sync_folder(self, path: Path) -> None:
        """Make the names of a folder durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def names(self, folder: Path) -> list[str]:
        """List a folder."""
        return os.listdir(folder)

    def create(self, path: Path) -> int:
        """Open a file that did not exist, for its owner only."""
        return os.open(path, _CREATE, PRIVATE_FILE)

    def open_read(self, path: Path) -> int:
        """Open a regular file for reading; a link, pipe or device is refused before it is opened."""
        if not stat.S_ISREG(os.lstat(path).st_mode):  # opening some devices has effects, opening a pipe can wait for ever
            raise IndexCorrupt(path, "not a regular file (a link, folder, pipe or device stands in its place)")
        descriptor = os.open(path, _READ)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise IndexCorrupt(path, "not a regular file (it was replaced while it was opened)")

    def open_lock(self, path: Path) -> int:
        """Open the lock file, creating it when needed."""
        descriptor = os.open(path, _LOCK, PRIVATE_FILE)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise IndexCorrupt(path, "not a regular file")

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        """Write some of the bytes and say how many."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Make the content of an open file durable."""
        full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
        if full_sync is not None:
            fcntl.fcntl(descriptor, full_sync)
        else:
            os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, in one step, over whatever had it."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        path.unlink()


DISK: Final[Files] = DiskFiles()


class _SeamFile(io.RawIOBase):
    """A raw file whose writes pass through the seam; seeking works, so that a header can be filled in last."""

    def __init__(self, files: Files, path: Path) -> None:
        super().__init__()
        self._files = files
        self._path = path
        self._descriptor = files.create(path)

    def write(self, data: object) -> int:
        with one_line_errors(self._path.parent, "write"):
            return self._files.write(self._descriptor, memoryview(data))  # type: ignore[arg-type]

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


def new_file(files: Files, path: Path) -> io.BufferedWriter:
    """Open a new file for writing; it is durable once ``sync_file`` has been called on it after closing."""
    return io.BufferedWriter(_SeamFile(files, path), BUFFER_BYTES)


def write_new(files: Files, path: Path, data: bytes) -> None:
    """Write and fsync a new file; its name becomes durable with the next ``sync_folder``."""
    descriptor = files.create(path)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[files.write(descriptor, rest) :]
        files.sync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(files: Files, path: Path, data: bytes) -> None:
    """Write a file aside, fsync it and give it its name in one step."""
    aside = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        files.unlink(aside)  # what a killed writer left; the lock says that nobody is writing it
    write_new(files, aside, data)
    files.replace(aside, path)


def sync_file(files: Files, path: Path) -> tuple[int, int]:
    """Make a written file durable and private; return its length and CRC-32.

    Units: length in bytes.
    """
    descriptor = files.open_read(path)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
        files.sync(descriptor)
        return _checksum_of(descriptor)
    finally:
        os.close(descriptor)


def checksum(files: Files, path: Path) -> tuple[int, int]:
    """Return the length in bytes and the CRC-32 of a file."""
    descriptor = files.open_read(path)
    try:
        return _checksum_of(descriptor)
    finally:
        os.close(descriptor)


def _checksum_of(descriptor: int) -> tuple[int, int]:
    length = crc = 0
    while piece := os.pread(descriptor, BUFFER_BYTES, length):
        crc = zlib.crc32(piece, crc)
        length += len(piece)
    return length, crc


def read_whole(files: Files, path: Path, limit: int) -> bytes:
    """Read a small file at once.

    Units: limit in bytes.
    Raises: IndexCorrupt when the file is larger than any we write, or is not a file.
    """
    descriptor = files.open_read(path)
    try:
        length = os.fstat(descriptor).st_size
        if length > limit:
            raise IndexCorrupt(path, f"{length} bytes found, at most {limit} expected")
        with io.FileIO(descriptor, closefd=False) as stream:
            return stream.read(limit)
    finally:
        os.close(descriptor)


def ensure_folder(files: Files, path: Path) -> None:
    """Create a private folder when there is none, and make its name durable."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    files.make_folder(path)
    try:
        files.sync_folder(path.parent)
    except OSError:
        files.remove_folder(path)
        raise


def require_space(folder: Path, estimated_bytes: int, factor: int = SPACE_FACTOR) -> None:
    """Refuse a long work that the disk cannot hold: ``factor`` times the estimate must be free.

    Raises: IndexProblem with what is free and what is needed.
    """
    while not folder.exists():
        folder = folder.parent
    figures = os.statvfs(folder)
    free, needed = figures.f_bavail * figures.f_frsize, factor * estimated_bytes
    if free < needed and figures.f_blocks:  # /proc and the like have no size: they refuse for themselves
        raise IndexProblem(
            f"not enough room on the disk of {folder}: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB expected; free some, then try again"
        )


@contextmanager
def one_line_errors(location: object, doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into one line that says what, where and what to do next."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        advice = "look at the disk and the permissions"
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            advice = "free some room"
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            advice = "a folder is expected where a file is: choose another place"
        raise IndexProblem(
            f"cannot {doing} the index at {location}: {os.strerror(error.errno or errno.EIO)}{where}; "
            f"what was committed before is intact; {advice}, then try again"
        ) from error
