"""How do sorted postings become packed lists? A portion of the terms at a time, millions of postings in one pass of numpy.

A field is written in any number of portions, so that a merge never holds a whole field; ``postings.py`` reads it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from indexer.codec.framing import ContainerWriter
from indexer.codec.packing import Packed, concatenated_ranges, pack_lists
from indexer.codec.terms import TermsWriter

__all__ = ["ALONE", "BLOCK", "LONG_LIST", "Portion", "PostingsWriter", "portions_of"]

I64 = npt.NDArray[np.int64]

LONG_LIST: Final = 4096  # postings; from here on a list is read often enough for speed to count more than bytes
BLOCK: Final = 64  # documents that share a base in a long list
PORTION_POSTINGS: Final = 1 << 18
ALONE: Final = np.uint64(1 << 63)  # a pointer that is the posting itself


@dataclass(frozen=True, slots=True)
class Portion:
    """Postings of a run of sorted terms.

    Shapes: terms T; starts i64[T + 1]; docs [P] ascending within a term; freqs [P] from 1, None = all 1;
    positions [sum of freqs] in the order (term, doc, position), None = not kept.
    """

    terms: Sequence[bytes]
    starts: npt.NDArray[Any]
    docs: npt.NDArray[Any]
    freqs: npt.NDArray[Any] | None = None
    positions: npt.NDArray[Any] | None = None


def portions_of(whole: Portion, postings: int = PORTION_POSTINGS) -> Iterator[Portion]:
    """Split postings at terms into runs of about ``postings``: smaller arrays stay in the processor's caches (twice as fast)."""
    starts = np.asarray(whole.starts, dtype=np.int64)
    where = None
    if whole.positions is not None:
        where = np.zeros(len(whole.docs) + 1, dtype=np.int64)
        np.cumsum(np.ones(len(whole.docs), dtype=np.int64) if whole.freqs is None else whole.freqs, out=where[1:])
    first, count = 0, len(whole.terms)
    while first < count:
        last = min(count, max(first + 1, int(np.searchsorted(starts, starts[first] + postings, side="right")) - 1))
        start, stop = int(starts[first]), int(starts[last])
        positions = None if whole.positions is None or where is None else whole.positions[where[start] : where[stop]]
        freqs = None if whole.freqs is None else whole.freqs[start:stop]
        yield Portion(whole.terms[first:last], starts[first : last + 1] - start, whole.docs[start:stop], freqs, positions)
        first = last


class PostingsWriter:
    """Write one field: open the section ``postings/NAME``, give each portion to ``add``, then ``close`` writes the rest."""

    def __init__(self, name: str, *, has_positions: bool) -> None:
        self._name = name
        self._has_positions = has_positions
        self._terms = TermsWriter(name)
        self._pointers: list[npt.NDArray[np.uint64]] = []
        self._frequencies: list[npt.NDArray[np.uint32]] = []
        self._words = 0
        self.postings = 0

    def add(self, portion: Portion) -> npt.NDArray[np.uint32]:
        """Pack a portion and return its words, to be written to the section."""
        self._terms.add(portion.terms)
        starts = np.asarray(portion.starts, dtype=np.int64)
        freqs = np.ones(len(portion.docs), dtype=np.uint32) if portion.freqs is None else portion.freqs
        words, pointers = _pack(starts, portion.docs, freqs, portion.positions if self._has_positions else None, self._words)
        self._pointers.append(pointers)
        self._frequencies.append(np.diff(starts).astype("<u4"))
        self._words += len(words)
        self.postings += len(portion.docs)
        return words

    def close(self, out: ContainerWriter) -> int:
        """Write terms, document frequencies and pointers; return the number of terms."""
        count = self._terms.write(out)
        out.add(f"df/{self._name}", np.concatenate([np.zeros(0, dtype="<u4"), *self._frequencies]))
        out.add(f"pointers/{self._name}", np.concatenate([np.zeros(0, dtype="<u8"), *self._pointers]))
        return count


def _pack(
    starts: I64, docs: npt.NDArray[Any], freqs: npt.NDArray[Any], positions: npt.NDArray[Any] | None, base: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Return (words, pointers) of the lists; ``base`` = words already written."""
    counts = np.diff(starts)
    where = np.zeros(len(docs) + 1, dtype=np.int64)  # first position of each posting
    np.cumsum(freqs, out=where[1:])
    once = counts == 1
    if positions is not None:
        once &= where[starts[1:]] - where[starts[:-1]] == 1
    pointers = np.zeros(len(counts), dtype="<u8")
    alone = starts[:-1][once]
    side = freqs[alone] if positions is None else positions[where[alone]]
    pointers[once] = ALONE | np.asarray(side).astype(np.uint64) << np.uint64(32) | np.asarray(docs)[alone].astype(np.uint64)
    lists = np.flatnonzero(~once)
    if not len(lists):
        return np.zeros(0, dtype="<u4"), pointers
    kept = concatenated_ranges(starts[lists], counts[lists])
    own_counts = counts[lists]
    own = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum(own_counts, out=own[1:])
    own_docs = np.asarray(docs)[kept].astype(np.int64)
    own_freqs = np.asarray(freqs)[kept]
    gaps, bases, base_counts = _gaps(own_docs, own)
    streams = [pack_lists(gaps, own), pack_lists(own_freqs - 1, own)]
    if positions is not None:
        places = positions[concatenated_ranges(where[starts[lists]], where[starts[lists + 1]] - where[starts[lists]])]
        ends = np.zeros(len(own_docs) + 1, dtype=np.int64)
        np.cumsum(own_freqs, out=ends[1:])
        streams.append(pack_lists(places, ends[own]))
    words, offsets = _join(streams, bases, base_counts)
    pointers[lists] = (offsets + base).astype(np.uint64)
    return words, pointers


def _gaps(docs: I64, starts: I64) -> tuple[I64, I64, I64]:
    """Return (values to pack, bases of the blocks of long lists, bases per list)."""
    counts = np.diff(starts)
    gaps = np.empty_like(docs)
    gaps[:1] = docs[:1]
    np.subtract(docs[1:], docs[:-1], out=gaps[1:])
    gaps -= 1
    gaps[starts[:-1]] = docs[starts[:-1]]
    base_counts = np.where(counts >= LONG_LIST, -(-counts // BLOCK), 0)
    bases = []
    for number in np.flatnonzero(base_counts).tolist():  # few by nature: each holds thousands of postings
        part = docs[starts[number] : starts[number + 1]]
        firsts = part[::BLOCK]
        bases.append(firsts)
        gaps[starts[number] : starts[number + 1]] = part - np.repeat(firsts, BLOCK)[: len(part)]
    return gaps, np.concatenate([np.zeros(0, dtype=np.int64), *bases]), base_counts


def _join(streams: list[Packed], bases: I64, base_counts: I64) -> tuple[npt.NDArray[np.uint32], I64]:
    """Lay headers, bases and the packed streams of each list side by side; return (words, offset of each list)."""
    lists = len(base_counts)
    sizes = [np.diff(stream.offsets) for stream in streams]
    offsets = np.zeros(lists + 1, dtype=np.int64)
    np.cumsum(len(streams) + base_counts + sum(sizes), out=offsets[1:])
    words = np.zeros(int(offsets[-1]), dtype="<u4")
    for place, stream in enumerate(streams):
        words[offsets[:-1] + place] = stream.classes.astype(np.uint32) << np.uint32(24) | stream.exceptions.astype(np.uint32)
    at = offsets[:-1] + len(streams)
    words[concatenated_ranges(at, base_counts)] = bases
    at = at + base_counts
    for stream, size in zip(streams, sizes, strict=True):
        words[concatenated_ranges(at, size)] = stream.words
        at = at + size
    return words, offsets[:-1]
