"""How do named arrays share one file so that no damaged byte is ever taken for a value?

A container is a header, sections aligned to 64 bytes, a table of sections, an array of checksums and a footer. Opening
reads the two ends only, so it takes the same time at any size; every 64 KiB chunk of a section is verified when it is
first touched in a process. ``docs/file-format.md`` holds the grammar. Nothing here knows what the sections mean.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt, IndexForeign

__all__ = [
    "CHUNK_BYTES",
    "FORMAT_VERSION",
    "Container",
    "ContainerWriter",
    "FileInfo",
    "OpenFile",
    "Section",
    "open_plainly",
    "verify_container",
    "writing",
]

OpenFile = Callable[[str, str], BinaryIO]  # the seam of fault injection: (path, mode) -> file
Buffer = bytes | bytearray | memoryview | mmap.mmap

MAGIC: Final = b"\x89MARBRE\n"  # not text, and broken by a transfer that rewrites line ends
END_MAGIC: Final = b"\x89MRBEND\n"
FORMAT_VERSION: Final = 1
ALIGN_BYTES: Final = 64
CHUNK_BYTES: Final = 1 << 16

_HEADER = struct.Struct("<8sII16s28xI")  # magic, version, flags, segment id, reserved, crc of the rest
_FOOTER = struct.Struct(
    "<QQQII16s4xI8s"
)  # total, table offset, checksum offset, sections, crc of table and checksums, id, crc of footer, magic
_ROW = struct.Struct("<QQIH")  # offset, length, first checksum, bytes of the name that follows
_HEADER_CRC_AT: Final = _HEADER.size - 4
_FOOTER_CRC_AT: Final = _FOOTER.size - 12


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a manifest says of a written file: its length and the CRC-32 of all its bytes."""

    length: int
    crc: int


@dataclass(slots=True)
class _Row:
    name: str
    offset: int
    length: int
    first_crc: int


class ContainerWriter:
    """Write sections one after the other to an open binary file; ``finish`` seals it. The caller closes the file."""

    def __init__(self, file: BinaryIO, segment_id: bytes) -> None:
        if len(segment_id) != 16:
            raise ValueError(f"a segment id is 16 bytes, {len(segment_id)} found")
        self._file = file
        self._segment_id = segment_id
        self._rows: list[_Row] = []
        self._crcs: list[int] = []
        self._at = 0
        self._open_section = False
        self._pending = bytearray()
        self.whole_crc = 0
        header = _HEADER.pack(MAGIC, FORMAT_VERSION, 0, segment_id, 0)[:_HEADER_CRC_AT]
        self._emit(header + struct.pack("<I", zlib.crc32(header)))

    def add(self, name: str, data: Buffer | npt.NDArray[Any]) -> None:
        """Write one whole section."""
        with self.section(name) as write:
            write(data)

    @contextlib.contextmanager
    def section(self, name: str) -> Iterator[Callable[[Buffer | npt.NDArray[Any]], None]]:
        """Give a function that appends bytes to a new section; the section ends with the block."""
        if self._open_section or any(row.name == name for row in self._rows):
            raise ValueError(f"section {name} cannot be started here")
        self._emit(bytes(-self._at % ALIGN_BYTES))
        row = _Row(name, self._at, 0, len(self._crcs))
        self._open_section = True
        yield self._append
        self._flush_chunks(last=True)
        self._open_section = False
        row.length = self._at - row.offset
        self._rows.append(row)

    def finish(self) -> FileInfo:
        """Write table, checksums and footer."""
        self._emit(bytes(-self._at % ALIGN_BYTES))
        table_at = self._at
        table = b"".join(_ROW.pack(r.offset, r.length, r.first_crc, len(r.name.encode())) + r.name.encode() for r in self._rows)
        table += bytes(-len(table) % 4)
        self._emit(table)
        crcs_at = self._at
        crcs = np.array(self._crcs, dtype="<u4").tobytes()
        self._emit(crcs)
        total = self._at + _FOOTER.size
        crc = zlib.crc32(crcs, zlib.crc32(table))
        footer = _FOOTER.pack(total, table_at, crcs_at, len(self._rows), crc, self._segment_id, 0, END_MAGIC)[:_FOOTER_CRC_AT]
        self._emit(footer + struct.pack("<I", zlib.crc32(footer)) + END_MAGIC)
        return FileInfo(total, self.whole_crc)

    def _append(self, data: Buffer | npt.NDArray[Any]) -> None:
        view = _as_bytes(data)
        if self._pending:
            taken = min(CHUNK_BYTES - len(self._pending), len(view))
            self._pending += view[:taken]
            view = view[taken:]
            if len(self._pending) == CHUNK_BYTES:
                self._flush_chunks(last=True)
        whole = len(view) - len(view) % CHUNK_BYTES
        for start in range(0, whole, CHUNK_BYTES):
            self._crcs.append(zlib.crc32(view[start : start + CHUNK_BYTES]))
        self._emit(view[:whole])
        self._pending += view[whole:]

    def _flush_chunks(self, *, last: bool) -> None:
        if last and self._pending:
            chunk = bytes(self._pending)
            self._pending.clear()
            self._crcs.append(zlib.crc32(chunk))
            self._emit(chunk)

    def _emit(self, data: Buffer) -> None:
        if len(data):
            self._file.write(data)
            self.whole_crc = zlib.crc32(data, self.whole_crc)
            self._at += len(data)


class Section:
    """One named run of bytes; every read verifies the chunks it touches, once in a process."""

    __slots__ = ("_crcs", "_path", "_seen", "_unseen", "data", "name")

    def __init__(self, path: str, name: str, data: memoryview, crcs: npt.NDArray[np.uint32]) -> None:
        self._path = path
        self.name = name
        self.data = data
        self._crcs = crcs
        self._seen = bytearray(len(crcs))
        self._unseen = len(crcs)

    def __len__(self) -> int:
        return len(self.data)

    def touch(self, start: int, stop: int) -> None:
        """Verify the chunks that hold bytes ``start`` to ``stop``. Raises: IndexCorrupt."""
        if not self._unseen:
            return
        for chunk in range(start // CHUNK_BYTES, -(-stop // CHUNK_BYTES)):
            if not self._seen[chunk]:
                if not self.chunk_is_sound(chunk):
                    raise IndexCorrupt(
                        self._path, f"section {self.name}, bytes from {chunk * CHUNK_BYTES}: checksum differs from what was written"
                    )
                self._seen[chunk] = 1
                if self._seen.find(0) < 0:
                    self._unseen = 0

    def chunk_is_sound(self, chunk: int) -> bool:
        """Tell whether a chunk's bytes have the checksum they were written with."""
        return zlib.crc32(self.data[chunk * CHUNK_BYTES : (chunk + 1) * CHUNK_BYTES]) == int(self._crcs[chunk])

    def read(self, start: int, stop: int) -> memoryview:
        """Return verified bytes. Raises: IndexCorrupt also when the range is not inside the section."""
        if not 0 <= start <= stop <= len(self.data):
            raise IndexCorrupt(self._path, f"section {self.name}: bytes {start} to {stop} asked, {len(self.data)} present")
        self.touch(start, stop)
        return self.data[start:stop]

    def array(self, dtype: str, count: int | None = None) -> npt.NDArray[Any]:
        """Return the whole section, verified, as an array of ``dtype``; ``count`` = the elements it must have."""
        values = self.unverified(dtype, count)
        self.touch(0, len(self.data))
        return values

    def unverified(self, dtype: str, count: int | None = None) -> npt.NDArray[Any]:
        """Return the whole section as an array that the caller verifies by ``touch`` as far as it reads."""
        size = np.dtype(dtype).itemsize
        if len(self.data) % size or (count is not None and len(self.data) != count * size):
            expected = f"{count} values of {size} bytes" if count is not None else f"a multiple of {size}"
            raise IndexCorrupt(self._path, f"section {self.name}: {len(self.data)} bytes found, {expected} expected")
        return np.frombuffer(self.data, dtype=dtype)


class Container:
    """The sections of one sealed file, mapped; safe to use from many threads."""

    def __init__(self, buffer: Buffer, path: str) -> None:
        self.path = path
        self._buffer = buffer
        self._view = memoryview(buffer)
        self.segment_id, self._sections = _parse(self._view, path)

    @classmethod
    def open(cls, path: str | Path, segment_id: bytes | None = None) -> Container:
        """Map a container file. Raises: FileNotFoundError, IndexCorrupt (also for another segment), IndexForeign (another version)."""
        return cls(_map_file(str(path)), str(path)).expecting(segment_id)

    def expecting(self, segment_id: bytes | None) -> Container:
        """Return the container if it is of that segment (None = any): two files may have changed names. Raises: IndexCorrupt."""
        if segment_id is not None and segment_id != self.segment_id:
            raise IndexCorrupt(self.path, f"holds segment {self.segment_id!r}, {segment_id!r} expected")
        return self

    @property
    def length(self) -> int:
        """Bytes of the file."""
        return len(self._view)

    def names(self) -> list[str]:
        """Return the names of all sections, in file order."""
        return list(self._sections)

    def __contains__(self, name: str) -> bool:
        return name in self._sections

    def section(self, name: str) -> Section:
        """Return a section by name. Raises: IndexCorrupt when the file has none called so."""
        found = self._sections.get(name)
        if found is None:
            raise IndexCorrupt(self.path, f"section {name} is missing")
        return found

    def release_pages(self) -> None:
        """Give back the memory of what was read, which stays in the system's cache: what a merge does as it goes along."""
        if isinstance(self._buffer, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            self._buffer.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Drop the mapping; memory is given back when the last array that shows it is gone."""
        self._sections = {}


def _map_file(path: str) -> Buffer:
    flags = (
        os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexCorrupt(path, f"cannot be opened ({error.strerror})") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise IndexCorrupt(path, "a regular file expected")
        if status.st_size < _HEADER.size + _FOOTER.size:
            raise IndexCorrupt(path, f"{status.st_size} bytes found, at least {_HEADER.size + _FOOTER.size} expected")
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)


def _parse(view: memoryview, path: str) -> tuple[bytes, dict[str, Section]]:
    if len(view) < _HEADER.size + _FOOTER.size:
        raise IndexCorrupt(path, f"{len(view)} bytes found, at least {_HEADER.size + _FOOTER.size} expected")
    segment_id = _parse_header(view, path)
    footer = view[-_FOOTER.size :]
    total, table_at, crcs_at, count, crc, footer_id, footer_crc, magic = _FOOTER.unpack(footer)
    if magic != END_MAGIC or zlib.crc32(footer[:_FOOTER_CRC_AT]) != footer_crc:
        raise IndexCorrupt(path, "footer damaged, or the file was cut short")
    if total != len(view) or footer_id != segment_id:
        raise IndexCorrupt(path, f"footer says {total} bytes of segment {footer_id.hex()}, found {len(view)} of {segment_id.hex()}")
    end = total - _FOOTER.size
    if (
        not _HEADER.size <= table_at <= crcs_at <= end
        or (end - crcs_at) % 4
        or zlib.crc32(view[crcs_at:end], zlib.crc32(view[table_at:crcs_at])) != crc
    ):
        raise IndexCorrupt(path, "table of sections damaged")
    crcs: npt.NDArray[np.uint32] = np.frombuffer(view[crcs_at:end], dtype="<u4")
    return segment_id, {row.name: _section(view, row, crcs, table_at, path) for row in _rows(view[table_at:crcs_at], count, path)}


def _parse_header(view: memoryview, path: str) -> bytes:
    magic, version, _flags, segment_id, crc = _HEADER.unpack(view[: _HEADER.size])
    if magic != MAGIC:
        raise IndexCorrupt(path, f"not a Marbre segment: starts with {bytes(magic)!r}, {MAGIC!r} expected")
    if zlib.crc32(view[:_HEADER_CRC_AT]) != crc:
        raise IndexCorrupt(path, "header damaged")
    if version != FORMAT_VERSION:
        raise IndexForeign(path, "format version", version, FORMAT_VERSION)
    return bytes(segment_id)


def _rows(table: memoryview, count: int, path: str) -> Iterator[_Row]:
    at = 0
    for _ in range(count):
        if at + _ROW.size > len(table):
            raise IndexCorrupt(path, "table of sections too short")
        offset, length, first_crc, name_bytes = _ROW.unpack(table[at : at + _ROW.size])
        at += _ROW.size
        try:
            name = bytes(table[at : at + name_bytes]).decode()
        except UnicodeDecodeError as error:
            raise IndexCorrupt(path, "table of sections: a name is not UTF-8") from error
        at += name_bytes
        yield _Row(name, offset, length, first_crc)


def _section(view: memoryview, row: _Row, crcs: npt.NDArray[np.uint32], table_at: int, path: str) -> Section:
    chunks = -(-row.length // CHUNK_BYTES)
    if row.offset < _HEADER.size or row.offset + row.length > table_at or row.first_crc + chunks > len(crcs):
        raise IndexCorrupt(path, f"section {row.name} lies outside the file")
    return Section(path, row.name, view[row.offset : row.offset + row.length], crcs[row.first_crc : row.first_crc + chunks])


def open_plainly(path: str, mode: str) -> BinaryIO:
    """Open a file; what takes its place in tests makes it fail."""
    return open(path, mode)  # type: ignore[return-value]


class writing(contextlib.AbstractContextManager["writing"]):  # noqa: N801 - reads as a verb: with writing(path, id) as file
    """Write a container to a new file, flush, fsync and close it; nothing is left of it when the block fails.

    The caller makes the name last by an fsync of the folder.
    """

    def __init__(self, path: str | Path, segment_id: bytes, open_file: OpenFile = open_plainly) -> None:
        self._path = str(path)
        self._file = open_file(self._path, "xb")
        self.out: ContainerWriter
        self.info: FileInfo
        try:
            self.out = ContainerWriter(self._file, segment_id)
        except BaseException:
            self._discard()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            self.info = self.out.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)


def verify_container(path: str | Path) -> list[str]:
    """Read every byte of a container and return what is wrong, each problem naming file and section; [] = sound."""
    try:
        container = Container.open(path)
    except FileNotFoundError:
        return [f"{path}: file missing"]
    except (IndexCorrupt, IndexForeign) as error:
        return [str(error)]
    problems = []
    covered = _HEADER.size
    view = container._view
    for name in container.names():
        section = container.section(name)
        bad = [chunk for chunk in range(-(-len(section) // CHUNK_BYTES)) if not section.chunk_is_sound(chunk)]
        if bad:
            problems.append(
                f"{path}: section {name}: checksum differs in {len(bad)} of {-(-len(section) // CHUNK_BYTES)} chunks, first at byte {bad[0] * CHUNK_BYTES}"
            )
    rows = sorted((row.offset, row.length, row.name) for row in _table(view, str(path)))
    for offset, length, name in [*rows, (_FOOTER.unpack(view[-_FOOTER.size :])[1], 0, "table")]:
        if any(view[covered:offset]):
            problems.append(f"{path}: bytes before section {name} are not zero")
        covered = max(covered, offset + length)
    return problems


def _table(view: memoryview, path: str) -> list[_Row]:
    _total, table_at, crcs_at, count, *_ = _FOOTER.unpack(view[-_FOOTER.size :])
    return list(_rows(view[table_at:crcs_at], count, path))


def _as_bytes(data: Buffer | npt.NDArray[Any]) -> memoryview:
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data).data.cast("B") if data.size else memoryview(b"")
    return memoryview(data).cast("B")
