"""How do named arrays share one file so that no damaged byte is ever taken for a value?

A container is a header, sections aligned to 64 bytes, a table of sections, an array of checksums and a footer. Opening
reads the two ends only, so it takes the same time at any size; every 64 KiB chunk of a section is verified when it is
first touched in a process. ``docs/file-format.md`` holds the grammar. Nothing here knows what the sections mean. Writing is in ``sealing``,
offered here too.
"""

from __future__ import annotations

import mmap
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.codec.sealing import (
    CHUNK_BYTES,
    END_MAGIC,
    FOOTER,
    FOOTER_CRC_AT,
    FORMAT_VERSION,
    HEADER,
    HEADER_CRC_AT,
    MAGIC,
    ROW,
    Buffer,
    ContainerWriter,
    FileInfo,
    OpenFile,
    Row,
    open_plainly,
    writing,
)

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
        if status.st_size < HEADER.size + FOOTER.size:
            raise IndexCorrupt(path, f"{status.st_size} bytes found, at least {HEADER.size + FOOTER.size} expected")
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)


def _parse(view: memoryview, path: str) -> tuple[bytes, dict[str, Section]]:
    if len(view) < HEADER.size + FOOTER.size:
        raise IndexCorrupt(path, f"{len(view)} bytes found, at least {HEADER.size + FOOTER.size} expected")
    segment_id = _parse_header(view, path)
    footer = view[-FOOTER.size :]
    total, table_at, crcs_at, count, crc, footer_id, footer_crc, magic = FOOTER.unpack(footer)
    if magic != END_MAGIC or zlib.crc32(footer[:FOOTER_CRC_AT]) != footer_crc:
        raise IndexCorrupt(path, "footer damaged, or the file was cut short")
    if total != len(view) or footer_id != segment_id:
        raise IndexCorrupt(path, f"footer says {total} bytes of segment {footer_id.hex()}, found {len(view)} of {segment_id.hex()}")
    end = total - FOOTER.size
    if (
        not HEADER.size <= table_at <= crcs_at <= end
        or (end - crcs_at) % 4
        or zlib.crc32(view[crcs_at:end], zlib.crc32(view[table_at:crcs_at])) != crc
    ):
        raise IndexCorrupt(path, "table of sections damaged")
    crcs: npt.NDArray[np.uint32] = np.frombuffer(view[crcs_at:end], dtype="<u4")
    return segment_id, {row.name: _section(view, row, crcs, table_at, path) for row in _rows(view[table_at:crcs_at], count, path)}


def _parse_header(view: memoryview, path: str) -> bytes:
    magic, version, _flags, segment_id, crc = HEADER.unpack(view[: HEADER.size])
    if magic != MAGIC:
        raise IndexCorrupt(path, f"not a Marbre segment: starts with {bytes(magic)!r}, {MAGIC!r} expected")
    if zlib.crc32(view[:HEADER_CRC_AT]) != crc:
        raise IndexCorrupt(path, "header damaged")
    if version != FORMAT_VERSION:
        raise IndexForeign(path, "format version", version, FORMAT_VERSION)
    return bytes(segment_id)


def _rows(table: memoryview, count: int, path: str) -> Iterator[Row]:
    at = 0
    for _ in range(count):
        if at + ROW.size > len(table):
            raise IndexCorrupt(path, "table of sections too short")
        offset, length, first_crc, name_bytes = ROW.unpack(table[at : at + ROW.size])
        at += ROW.size
        try:
            name = bytes(table[at : at + name_bytes]).decode()
        except UnicodeDecodeError as error:
            raise IndexCorrupt(path, "table of sections: a name is not UTF-8") from error
        at += name_bytes
        yield Row(name, offset, length, first_crc)


def _section(view: memoryview, row: Row, crcs: npt.NDArray[np.uint32], table_at: int, path: str) -> Section:
    chunks = -(-row.length // CHUNK_BYTES)
    if row.offset < HEADER.size or row.offset + row.length > table_at or row.first_crc + chunks > len(crcs):
        raise IndexCorrupt(path, f"section {row.name} lies outside the file")
    return Section(path, row.name, view[row.offset : row.offset + row.length], crcs[row.first_crc : row.first_crc + chunks])


def verify_container(path: str | Path) -> list[str]:
    """Read every byte of a container and return what is wrong, each problem naming file and section; [] = sound."""
    try:
        container = Container.open(path)
    except FileNotFoundError:
        return [f"{path}: file missing"]
    except (IndexCorrupt, IndexForeign) as error:
        return [str(error)]
    problems = []
    covered = HEADER.size
    view = container._view
    for name in container.names():
        section = container.section(name)
        bad = [chunk for chunk in range(-(-len(section) // CHUNK_BYTES)) if not section.chunk_is_sound(chunk)]
        if bad:
            problems.append(
                f"{path}: section {name}: checksum differs in {len(bad)} of {-(-len(section) // CHUNK_BYTES)} chunks, first at byte {bad[0] * CHUNK_BYTES}"
            )
    rows = sorted((row.offset, row.length, row.name) for row in _table(view, str(path)))
    for offset, length, name in [*rows, (FOOTER.unpack(view[-FOOTER.size :])[1], 0, "table")]:
        if any(view[covered:offset]):
            problems.append(f"{path}: bytes before section {name} are not zero")
        covered = max(covered, offset + length)
    return problems


def _table(view: memoryview, path: str) -> list[Row]:
    _total, table_at, crcs_at, count, *_ = FOOTER.unpack(view[-FOOTER.size :])
    return list(_rows(view[table_at:crcs_at], count, path))
