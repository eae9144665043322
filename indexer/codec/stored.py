"""Where are the articles themselves, and the few words of each that a list of hits shows?

Articles are JSON rows in Zstandard blocks: one article is read by inflating 32 kB, in some 40 us. Hit headers are small JSON rows without
their keys, not compressed, so that the twenty of a page cost some tens of microseconds.

Measured on 3,000 articles, level 1: a block a row .51 of the JSON and 16 us a read; 8 kB .455, 45 us; 16 kB .437, 77 us;
32 kB .422, 139 us. Level 6 would save a further tenth and take half the time of building.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import zstandard

from corpus.errors import IndexCorrupt
from indexer.codec.framing import Container, ContainerWriter

__all__ = [
    "RowBlocks",
    "RowBlocksReader",
    "RowBlocksWriter",
    "RowsReader",
    "header_row",
    "json_bytes",
    "read_texts",
    "write_row_blocks",
    "write_rows",
]

BLOCK_BYTES: Final = 32_000
LEVEL: Final = 3  # 10 us an article for .38 of its size; zlib took 58 us for .39, level 6 takes 30 us for .36


def json_bytes(value: Any) -> bytes:
    """Return a JSON value as UTF-8; a lone surrogate, which UTF-8 cannot say, is written as its escape."""
    try:
        return orjson.dumps(value)  # 8 us an article; json takes 18
    except TypeError:  # a lone surrogate, a number of more than 64 bits
        pass
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def header_row(header: Mapping[str, Any], keys: Sequence[str]) -> bytes:
    """Return the row of a hit header: its values in the order of ``keys``, None where it has none."""
    return json_bytes([header.get(key) for key in keys])


@dataclass(frozen=True, slots=True)
class RowBlocks:
    """Compressed rows. Shapes: parts one bytes a block; firsts i64[blocks + 1] first row of each block; ends u32[rows] in its raw block."""

    parts: Sequence[bytes]
    firsts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.uint32]


class RowBlocksWriter:
    """Compress rows as they come, so that the buffer of a writer holds no text; ``finish`` gives the blocks."""

    def __init__(self, block_bytes: int = BLOCK_BYTES, level: int = LEVEL) -> None:
        self._block_bytes = block_bytes
        self._compressor = zstandard.ZstdCompressor(level=level)
        self._parts: list[bytes] = []
        self._firsts: list[int] = [0]
        self._ends: list[int] = []
        self._open: list[bytes] = []
        self._open_bytes = 0
        self.held_bytes = 0

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, row: bytes) -> None:
        """Add the row of the next document."""
        self._open.append(row)
        self._open_bytes += len(row)
        self._ends.append(self._open_bytes)
        if self._open_bytes >= self._block_bytes:
            self._close_block()

    def add_block(self, part: bytes, ends: Sequence[int]) -> None:
        """Add a whole compressed block of another container as it is."""
        self._close_block()
        self._parts.append(part)
        self._ends.extend(ends)
        self._firsts.append(len(self._ends))
        self.held_bytes += len(part)

    def take_parts(self) -> list[bytes]:
        """Return the blocks finished since the last call and forget them: what a merge writes through."""
        parts, self._parts = self._parts, []
        return parts

    def finish(self) -> RowBlocks:
        """Return all rows added."""
        self._close_block()
        return RowBlocks(self._parts, np.array(self._firsts, dtype=np.int64), np.array(self._ends, dtype=np.uint32))

    def _close_block(self) -> None:
        if self._open:
            part = self._compressor.compress(b"".join(self._open))
            self._parts.append(part)
            self._firsts.append(len(self._ends))
            self.held_bytes += len(part)
            self._open, self._open_bytes = [], 0


def write_row_blocks(out: ContainerWriter, rows: RowBlocks, name: str = "stored") -> dict[str, Any]:
    """Write compressed rows; return what the meta section says of them."""
    with out.section(name) as write:
        for part in rows.parts:
            write(part)
    sizes = np.fromiter(map(len, rows.parts), dtype=np.int64, count=len(rows.parts))
    return write_row_tables(out, sizes, rows.firsts, rows.ends, name)


def write_row_tables(
    out: ContainerWriter, sizes: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64], ends: npt.NDArray[np.uint32], name: str = "stored"
) -> dict[str, Any]:
    """Write the tables of blocks whose bytes are written already."""
    offsets = np.zeros(len(sizes) + 1, dtype="<u8")
    np.cumsum(sizes, out=offsets[1:])
    out.add(f"{name}-offsets", offsets)
    out.add(f"{name}-firsts", firsts.astype("<u4"))
    out.add(f"{name}-ends", ends.astype("<u4"))
    return {"blocks": len(sizes)}


class RowBlocksReader:
    """Rows of an opened container, by document number."""

    def __init__(self, container: Container, blocks: int, max_doc: int, name: str = "stored") -> None:
        self._path = container.path
        self._name = name
        self._data = container.section(name)
        self._tables = [container.section(f"{name}-{table}") for table in ("offsets", "firsts", "ends")]
        self._offsets = self._tables[0].unverified("<u8", blocks + 1).data
        self._firsts = self._tables[1].unverified("<u4", blocks + 1).data
        self._ends = self._tables[2].unverified("<u4", max_doc)
        self._max_doc = max_doc
        self._own = threading.local()
        self._last: tuple[int, bytes] = (-1, b"")  # the block read last: an export reads each once

    def row(self, doc_num: int) -> bytes:
        """Return the bytes of one row. Raises: IndexError, IndexCorrupt."""
        if not 0 <= doc_num < self._max_doc:
            raise IndexError(f"document {doc_num} of {self._max_doc}")
        self._tables[1].touch(0, len(self._tables[1]))
        block = min(bisect_right(self._firsts, doc_num), len(self._offsets) - 1) - 1
        raw, ends, first = self._block(block)
        if not 0 <= doc_num - first < len(ends):
            raise IndexCorrupt(self._path, f"section {self._name}-firsts: document {doc_num} is in no block")
        start = ends[doc_num - first - 1] if doc_num > first else 0
        return raw[start : ends[doc_num - first]]

    def rows(self) -> Iterator[bytes]:
        """Return every row in order."""
        return (self.row(doc_num) for doc_num in range(self._max_doc))

    def blocks(self) -> Iterator[tuple[int, bytes, list[int]]]:
        """Return (first document, compressed bytes, ends of its rows) of every block."""
        for block in range(len(self._offsets) - 1):
            first, ends = self._bounds(block)
            yield first, self._compressed(block), ends

    def _bounds(self, block: int) -> tuple[int, list[int]]:
        self._tables[1].touch(0, len(self._tables[1]))
        first, last = self._firsts[block], self._firsts[block + 1]
        if block < 0 or not 0 <= first < last <= self._max_doc:
            raise IndexCorrupt(
                self._path, f"section {self._name}-firsts: block {block} holds documents {first} to {last} of {self._max_doc}"
            )
        self._tables[2].touch(4 * first, 4 * last)
        return first, self._ends[first:last].tolist()

    def _decompressor(self) -> zstandard.ZstdDecompressor:
        """Return the one of this thread: to make another takes as long as half a block, and two threads may not use one at once."""
        found: zstandard.ZstdDecompressor | None = getattr(self._own, "decompressor", None)
        if found is None:
            found = self._own.decompressor = zstandard.ZstdDecompressor()
        return found

    def _compressed(self, block: int) -> bytes:
        self._tables[0].touch(8 * block, 8 * block + 16)
        return bytes(self._data.read(self._offsets[block], self._offsets[block + 1]))

    def _block(self, block: int) -> tuple[bytes, list[int], int]:
        first, ends = self._bounds(block)
        number, raw = self._last
        if number != block:
            if ends != sorted(ends):
                raise IndexCorrupt(self._path, f"section {self._name}-ends, block {block}: ends do not ascend")
            try:
                packed = self._compressed(block)
                if zstandard.frame_content_size(packed) != ends[-1]:  # before anything is allocated for it
                    raise zstandard.ZstdError("another length than its rows have")
                raw = self._decompressor().decompress(packed)
            except zstandard.ZstdError as error:
                raise IndexCorrupt(self._path, f"section {self._name}, block {block}: {error}") from error
            if len(raw) != ends[-1]:
                raise IndexCorrupt(self._path, f"section {self._name}, block {block}: {len(raw)} bytes found, {ends[-1]} expected")
            self._last = (block, raw)
        return raw, ends, first


def read_texts(row: bytes) -> dict[str, Any] | None:
    """Return a stored article for the sake of its texts, in a third of the time: a number of more than 64 bits is not exact. None: no article."""
    try:
        value = orjson.loads(row)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def write_rows(out: ContainerWriter, rows: Sequence[bytes], name: str = "headers") -> None:
    """Write small rows as they are, with their offsets."""
    offsets = np.zeros(len(rows) + 1, dtype="<u8")
    np.cumsum(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)), out=offsets[1:])
    out.add(name, b"".join(rows))
    out.add(f"{name}-offsets", offsets)


class RowsReader:
    """Small rows of an opened container, by document number."""

    def __init__(self, container: Container, max_doc: int, name: str = "headers") -> None:
        self._data = container.section(name)
        self._table = container.section(f"{name}-offsets")
        self._offsets = self._table.unverified("<u8", max_doc + 1).data
        self._max_doc = max_doc

    def row(self, doc_num: int) -> bytes:
        """Return the bytes of one row. Raises: IndexError, IndexCorrupt."""
        if not 0 <= doc_num < self._max_doc:
            raise IndexError(f"document {doc_num} of {self._max_doc}")
        self._table.touch(8 * doc_num, 8 * doc_num + 16)
        return bytes(self._data.read(self._offsets[doc_num], self._offsets[doc_num + 1]))
