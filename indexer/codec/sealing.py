"""How is a container written so that a reader can trust every byte of it? Sections one after the other, then sealed.

Each 64 KiB of a section leaves a checksum; table, checksums and footer close the file, which is synced before it is closed. What both
sides must agree on (magic, structures, alignment) stands here; ``framing.py`` reads it, ``docs/file-format.md`` holds the grammar.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "CHUNK_BYTES", "END_MAGIC", "FOOTER", "FOOTER_CRC_AT", "FORMAT_VERSION", "HEADER", "HEADER_CRC_AT", "MAGIC", "ROW", "Buffer",
    "ContainerWriter", "FileInfo", "OpenFile", "Row", "open_plainly", "writing",
]  # fmt: skip

OpenFile = Callable[[str, str], BinaryIO]  # the seam of fault injection: (path, mode) -> file
Buffer = bytes | bytearray | memoryview | mmap.mmap

MAGIC: Final = b"\x89MARBRE\n"  # not text, and broken by a transfer that rewrites line ends
END_MAGIC: Final = b"\x89MRBEND\n"
FORMAT_VERSION: Final = 1
ALIGN_BYTES: Final = 64
CHUNK_BYTES: Final = 1 << 16

HEADER = struct.Struct("<8sII16s28xI")  # magic, version, flags, segment id, reserved, crc of the rest
FOOTER = struct.Struct(
    "<QQQII16s4xI8s"
)  # total, table offset, checksum offset, sections, crc of table and checksums, id, crc of footer, magic
ROW = struct.Struct("<QQIH")  # offset, length, first checksum, bytes of the name that follows
HEADER_CRC_AT: Final = HEADER.size - 4
FOOTER_CRC_AT: Final = FOOTER.size - 12


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a manifest says of a written file: its length and the CRC-32 of all its bytes."""

    length: int
    crc: int


@dataclass(slots=True)
class Row:
    """A row of the table: where a section lies, and which checksum is its first."""

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
        self._rows: list[Row] = []
        self._crcs: list[int] = []
        self._at = 0
        self._open_section = False
        self._pending = bytearray()
        self.whole_crc = 0
        header = HEADER.pack(MAGIC, FORMAT_VERSION, 0, segment_id, 0)[:HEADER_CRC_AT]
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
        row = Row(name, self._at, 0, len(self._crcs))
        self._open_section = True
        yield self._append
        self._flush_chunk()
        self._open_section = False
        row.length = self._at - row.offset
        self._rows.append(row)

    def finish(self) -> FileInfo:
        """Write table, checksums and footer."""
        self._emit(bytes(-self._at % ALIGN_BYTES))
        table_at = self._at
        table = b"".join(ROW.pack(r.offset, r.length, r.first_crc, len(r.name.encode())) + r.name.encode() for r in self._rows)
        table += bytes(-len(table) % 4)
        self._emit(table)
        crcs_at = self._at
        crcs = np.array(self._crcs, dtype="<u4").tobytes()
        self._emit(crcs)
        total = self._at + FOOTER.size
        crc = zlib.crc32(crcs, zlib.crc32(table))
        footer = FOOTER.pack(total, table_at, crcs_at, len(self._rows), crc, self._segment_id, 0, END_MAGIC)[:FOOTER_CRC_AT]
        self._emit(footer + struct.pack("<I", zlib.crc32(footer)) + END_MAGIC)
        return FileInfo(total, self.whole_crc)

    def _append(self, data: Buffer | npt.NDArray[Any]) -> None:
        view = _as_bytes(data)
        if self._pending:
            taken = min(CHUNK_BYTES - len(self._pending), len(view))
            self._pending += view[:taken]
            view = view[taken:]
            if len(self._pending) == CHUNK_BYTES:
                self._flush_chunk()
        whole = len(view) - len(view) % CHUNK_BYTES
        for start in range(0, whole, CHUNK_BYTES):
            self._crcs.append(zlib.crc32(view[start : start + CHUNK_BYTES]))
        self._emit(view[:whole])
        self._pending += view[whole:]

    def _flush_chunk(self) -> None:
        if self._pending:
            chunk = bytes(self._pending)
            self._pending.clear()
            self._crcs.append(zlib.crc32(chunk))
            self._emit(chunk)

    def _emit(self, data: Buffer) -> None:
        if len(data):
            self._file.write(data)
            self.whole_crc = zlib.crc32(data, self.whole_crc)
            self._at += len(data)


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


def _as_bytes(data: Buffer | npt.NDArray[Any]) -> memoryview:
    if isinstance(data, np.ndarray):
        return np.ascontiguousarray(data).data.cast("B") if data.size else memoryview(b"")
    return memoryview(data).cast("B")
