"""Which documents keep this hash? Pairs of a 32-bit hash and a document, sorted by hash, five bytes a pair.

    sketch-starts  u32[2^b + 1]   where the pairs begin whose hash has each high part (the b highest bits)
    sketch-lows    u16 or u32     the rest of each hash, ascending inside its part; u16 from b = 16
    sketch-docs    u16 + u8       the low and the high bits of each document number (sketch-docs-high only beyond 65,536 documents)

What the hashes stand for is the business of ``indexer/sketching.py``; here they are numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.framing import Container, ContainerWriter

__all__ = ["SKETCHES", "Sketches", "merged_sketches", "read_sketches", "write_sketches"]

SKETCHES: Final = "sketches"  # the key in the meta section
MOST_DOCS: Final = 1 << 24
_MANY_PAIRS: Final = 1 << 18  # from here on 16 bits of a hash are said by its place, which takes 256 kB
U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Sketches:
    """Pairs sorted by hash, then document. Shapes: hashes u32[n], docs u32[n]."""

    hashes: U32
    docs: U32

    @classmethod
    def of(cls, hashes: U32, docs: U32) -> Self:
        """Return the pairs in order, each once."""
        key = np.unique(hashes.astype(np.uint64) << np.uint64(32) | docs)
        return cls((key >> np.uint64(32)).astype(np.uint32), (key & np.uint64(0xFFFFFFFF)).astype(np.uint32))

    @classmethod
    def empty(cls) -> Self:
        """Return no pairs."""
        return cls(np.empty(0, np.uint32), np.empty(0, np.uint32))


def write_sketches(out: ContainerWriter, sketches: Sketches, max_doc: int) -> dict[str, Any] | None:
    """Write the sketches; return what the meta section says of them. None: too many documents to be kept."""
    if max_doc > MOST_DOCS:
        return None
    bits = 16 if sketches.hashes.size >= _MANY_PAIRS else 0
    starts = np.searchsorted(sketches.hashes, np.arange(1 << bits, dtype=np.uint64) << np.uint64(32 - bits))
    out.add("sketch-starts", np.append(starts, sketches.hashes.size).astype("<u4"))
    out.add("sketch-lows", sketches.hashes.astype("<u2") if bits else sketches.hashes.astype("<u4"))
    out.add("sketch-docs", (sketches.docs & 0xFFFF).astype("<u2"))
    if max_doc > 1 << 16:
        out.add("sketch-docs-high", (sketches.docs >> 16).astype("<u1"))
    return {"bits": bits, "pairs": int(sketches.hashes.size)}


def read_sketches(container: Container, meta: dict[str, Any], max_doc: int) -> Sketches:
    """Read the sketches. Raises: IndexCorrupt."""
    bits, pairs = int(meta["bits"]), int(meta["pairs"])
    if bits not in (0, 16):
        raise IndexCorrupt(container.path, f"section meta: sketches of {bits} bits")
    starts = container.section("sketch-starts").array("<u4", (1 << bits) + 1).astype(np.int64)
    if starts[0] != 0 or starts[-1] != pairs or bool((np.diff(starts) < 0).any()):
        raise IndexCorrupt(container.path, "section sketch-starts does not fit its pairs")
    hashes = container.section("sketch-lows").array("<u2" if bits else "<u4", pairs).astype(np.uint32)
    if bits:
        hashes |= np.repeat(np.arange(1 << bits, dtype=np.uint32) << np.uint32(32 - bits), np.diff(starts))
    docs = container.section("sketch-docs").array("<u2", pairs).astype(np.uint32)
    if max_doc > 1 << 16:
        docs |= container.section("sketch-docs-high").array("<u1", pairs).astype(np.uint32) << np.uint32(16)
    if pairs and (int(docs.max()) >= max_doc or bool((hashes[1:] < hashes[:-1]).any())):
        raise IndexCorrupt(container.path, "the sketches do not ascend, or name a document that is not there")
    return Sketches(hashes, docs)


def merged_sketches(parts: Sequence[tuple[Sketches, npt.NDArray[np.int64]]]) -> Sketches:
    """Return the sketches of merged documents. ``parts``: those of each source, and the new number of each of its documents (-1 = gone)."""
    hashes, docs = [np.empty(0, np.uint32)], [np.empty(0, np.uint32)]
    for sketches, numbers in parts:
        new = numbers[sketches.docs]
        hashes.append(sketches.hashes[new >= 0])
        docs.append(new[new >= 0].astype(np.uint32))
    return Sketches.of(np.concatenate(hashes), np.concatenate(docs))
