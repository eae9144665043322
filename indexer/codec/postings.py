"""In which articles is a term, how often, and where?

A field's lists lie in one stream of 32-bit words, each with its own header; a term that occurs once in one article has
no list at all: its pointer is the posting. Lists are read one by one, or those of neighbours in one pass. Writing is in
``postings_writing``, offered here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.framing import Container, Section
from indexer.codec.packing import WIDTHS, concatenated_ranges, unpack_list, unpack_lists, unpack_some, words_of
from indexer.codec.postings_writing import ALONE, BLOCK, LONG_LIST, Portion, PostingsWriter, portions_of

__all__ = ["LONG_LIST", "Portion", "PostingsReader", "PostingsWriter", "portions_of", "positions_at", "union_of_positions"]

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

_LOW32: Final = np.uint64(0xFFFFFFFF)


class PostingsReader:
    """The lists of one field of an opened container, by term number."""

    def __init__(self, container: Container, name: str, count: int, max_doc: int, *, has_positions: bool) -> None:
        self._path = container.path
        self._name = name
        self._max_doc = max_doc
        self.has_positions = has_positions
        self._headers = 3 if has_positions else 2
        self._df_section = container.section(f"df/{name}")
        self._pointer_section = container.section(f"pointers/{name}")
        self._section: Section = container.section(f"postings/{name}")
        self._df = self._df_section.unverified("<u4", count).data
        self._pointers = self._pointer_section.unverified("<u8", count).data
        self._words: npt.NDArray[np.uint32] = self._section.unverified("<u4")

    def doc_freq(self, term: int) -> int:
        """Return in how many documents the term of that number is."""
        self._df_section.touch(4 * term, 4 * term + 4)
        return int(self._df[term])

    def doc_freqs(self) -> npt.NDArray[Any]:
        """Return the document frequency of every term."""
        return self._df_section.array("<u4")

    def postings(self, term: int) -> tuple[I32, I32]:
        """Return (docs ascending, freqs). Shapes: i32[df] both. Raises: IndexCorrupt."""
        count, pointer = self._count(term), self._pointer(term)
        if pointer >> 63:
            side = 1 if self.has_positions else pointer >> 32 & 0x7FFFFFFF
            return self._alone(pointer), np.array([side], dtype=np.int32)
        docs, freqs, _at, _header = self._decode(count, pointer)
        return docs, freqs

    def positions(self, term: int) -> tuple[I32, I64, I32]:
        """Return (docs, offsets, positions): document i has positions[offsets[i]:offsets[i + 1]]. Raises: IndexCorrupt."""
        count, pointer = self._count(term), self._pointer(term)
        if pointer >> 63:
            return self._alone(pointer), np.array([0, 1], dtype=np.int64), np.array([pointer >> 32 & 0x7FFFFFFF], dtype=np.int32)
        docs, freqs, at, header = self._decode(count, pointer)
        offsets = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(freqs, out=offsets[1:])
        places, _ = self._unpack(at, int(offsets[-1]), header)
        return docs, offsets, places.view(np.int32)

    def some_positions(self, term: int, starts: I64, chosen: I64) -> tuple[I64, I32]:
        """Return (offsets, positions) of some documents of a list of several.

        Shapes: starts i64[df + 1] the running sum of its frequencies; chosen i64[n] places in the list; offsets i64[n + 1].
        Raises: IndexCorrupt.
        """
        count, at = self._count(term), self._pointer(term)
        headers = self._read(at, self._headers).tolist()
        at += self._headers + (-(-count // BLOCK) if count >= LONG_LIST else 0)
        at += sum(words_of(header >> 24, count, header & 0xFFFFFF) for header in headers[:-1])
        header, total = headers[-1], int(starts[-1])
        if header >> 24 >= len(WIDTHS) or header & 0xFFFFFF > total:
            raise IndexCorrupt(self._path, f"section postings/{self._name}, word {at}: impossible header {header:#x}")
        words = self._read(at, words_of(header >> 24, total, header & 0xFFFFFF))
        sizes = starts[chosen + 1] - starts[chosen]
        offsets = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(sizes, out=offsets[1:])
        found = unpack_some(words, header >> 24, header & 0xFFFFFF, concatenated_ranges(starts[chosen], sizes))
        return offsets, found.view(np.int32)

    def is_alone(self, term: int) -> bool:
        """Tell whether a list has one position only, which stands in its pointer."""
        return bool(self._pointer(term) >> 63)

    def _count(self, term: int) -> int:
        count = self.doc_freq(term)
        if not 0 < count <= self._max_doc:
            raise IndexCorrupt(self._path, f"section df/{self._name}: term {term} in {count} of {self._max_doc} documents")
        return count

    def _alone(self, pointer: int) -> I32:
        if pointer & 0xFFFFFFFF >= self._max_doc:
            raise IndexCorrupt(self._path, f"section pointers/{self._name}: document {pointer & 0xFFFFFFFF} of {self._max_doc}")
        return np.array([pointer & 0xFFFFFFFF], dtype=np.int32)

    def _pointer(self, term: int) -> int:
        self._pointer_section.touch(8 * term, 8 * term + 8)
        return int(self._pointers[term])

    def _decode(self, count: int, at: int) -> tuple[I32, I32, int, int]:
        header = self._read(at, self._headers).tolist()
        at += self._headers
        bases = None
        if count >= LONG_LIST:
            bases = self._read(at, -(-count // BLOCK))
            at += len(bases)
        gaps, at = self._unpack(at, count, header[0])
        if bases is None:
            gaps[1:] += np.uint32(1)
            docs = np.cumsum(gaps, dtype=np.int32) if count > 1 else gaps.view(np.int32)
        else:
            docs = _from_bases(gaps, bases).view(np.int32)
        freqs, at = self._unpack(at, count, header[1])
        freqs += np.uint32(1)
        greatest = int(docs.view(np.uint32).max())
        if greatest >= self._max_doc:
            raise IndexCorrupt(self._path, f"section postings/{self._name}: document {greatest} of {self._max_doc}")
        if int(freqs.view(np.int32).min()) < 1:
            raise IndexCorrupt(self._path, f"section postings/{self._name}, word {at}: a frequency out of range")
        return docs, freqs.view(np.int32), at, header[-1]

    def _unpack(self, at: int, count: int, header: int) -> tuple[npt.NDArray[np.uint32], int]:
        width_class, exceptions = header >> 24, header & 0xFFFFFF
        # without a width only exceptions differ from 0; more zeros than documents would be a forged length
        if width_class >= len(WIDTHS) or exceptions > count or (width_class == 0 and count - exceptions > 4 * self._max_doc):
            raise IndexCorrupt(self._path, f"section postings/{self._name}, word {at}: impossible header {header:#x}")
        size = words_of(width_class, count, exceptions)
        words = self._read(at, size)
        try:
            return unpack_list(words, count, width_class, exceptions), at + size
        except IndexError as error:
            raise IndexCorrupt(self._path, f"section postings/{self._name}, word {at}: {error}") from error

    def _read(self, at: int, count: int) -> npt.NDArray[np.uint32]:
        if count < 0 or at + count > len(self._words):
            raise IndexCorrupt(self._path, f"section postings/{self._name}: words {at} to {at + count} asked, {len(self._words)} present")
        self._section.touch(4 * at, 4 * (at + count))
        return self._words[at : at + count]

    def portion(self, first: int, last: int) -> tuple[I64, I32, I32, I32 | None]:
        """Return (starts, docs, freqs, positions) of the terms numbered ``first`` to ``last``, all at once.

        Shapes: starts i64[last - first + 1]; positions in the order (term, doc, position), None when the field keeps none.
        Raises: IndexCorrupt.
        """
        return self._portion_or_error(*self._tables(first, last), positions=self.has_positions)

    def run(self, first: int, last: int) -> tuple[I32, I32]:
        """Return (docs, freqs) of the terms numbered ``first`` to ``last``, one list after the other. Raises: IndexCorrupt."""
        _starts, docs, freqs, _ = self._portion_or_error(*self._tables(first, last), positions=False)
        self._expect_in_range(docs, freqs)
        return docs, freqs

    def keys(self, terms: Sequence[int]) -> I64:
        """Return where any of several terms stands, as ``document << 32 | position``, ascending: the forms of a class, all at once.

        Raises: IndexCorrupt.
        """
        counts = np.array([self._count(term) for term in terms], dtype=np.int64)
        pointers = np.array([self._pointer(term) for term in terms], dtype=np.uint64)
        _starts, docs, freqs, places = self._portion_or_error(counts, pointers, positions=True)
        self._expect_in_range(docs, freqs)
        found: I64 = docs.astype(np.int64).repeat(freqs)
        found <<= 32
        assert places is not None  # asked for
        found |= places
        found.sort(kind="stable")  # a merge of runs that ascend
        return found

    def _expect_in_range(self, docs: I32, freqs: I32) -> None:
        if docs.size and (int(docs.view(np.uint32).max()) >= self._max_doc or int(freqs.min()) < 1):
            raise IndexCorrupt(self._path, f"section postings/{self._name}: a document or frequency out of range")

    def _tables(self, first: int, last: int) -> tuple[I64, npt.NDArray[np.uint64]]:
        """Return document frequencies and pointers of the terms numbered ``first`` to ``last``."""
        self._df_section.touch(4 * first, 4 * last)
        self._pointer_section.touch(8 * first, 8 * last)
        pointers: npt.NDArray[np.uint64] = np.frombuffer(self._pointers, dtype="<u8")[first:last]
        return np.frombuffer(self._df, dtype="<u4")[first:last].astype(np.int64), pointers

    def _portion_or_error(
        self, counts: I64, pointers: npt.NDArray[np.uint64], *, positions: bool
    ) -> tuple[I64, I32, I32, I32 | None]:
        try:
            return self._portion(counts, pointers, positions=positions)
        except (IndexError, ValueError, OverflowError, MemoryError) as error:
            raise IndexCorrupt(self._path, f"section postings/{self._name}, lists of {len(counts)} terms: {error}") from error

    def _portion(self, counts: I64, pointers: npt.NDArray[np.uint64], *, positions: bool) -> tuple[I64, I32, I32, I32 | None]:
        if counts.size and int(counts.max()) > self._max_doc:
            raise IndexCorrupt(self._path, f"section df/{self._name}: a term in {int(counts.max())} of {self._max_doc} documents")
        starts = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        once = (pointers & ALONE) != 0
        docs = np.zeros(int(starts[-1]), dtype=np.uint32)
        freqs = np.ones(int(starts[-1]), dtype=np.uint32)
        docs[starts[:-1][once]] = (pointers[once] & _LOW32).astype(np.uint32)
        side = (pointers[once] >> np.uint64(32) & np.uint64(0x7FFFFFFF)).astype(np.uint32)
        if not self.has_positions:
            freqs[starts[:-1][once]] = side
        lists = np.flatnonzero(~once)
        at = pointers[lists].astype(np.int64)
        at, headers = self._bulk(docs, freqs, (starts[lists], counts[lists], at))
        places = self._bulk_positions(freqs, starts, (lists, at, headers), (once, side)) if positions else None
        return starts, docs.view(np.int32), freqs.view(np.int32), places

    def _bulk(
        self, docs: npt.NDArray[np.uint32], freqs: npt.NDArray[np.uint32], lists: tuple[I64, I64, I64]
    ) -> tuple[I64, npt.NDArray[np.uint32]]:
        starts, counts, at = lists
        if not len(at):
            return at, np.zeros(0, dtype=np.uint32)
        words = self._words
        headers = words[at[:, None] + np.arange(self._headers)]
        base_counts = np.where(counts >= LONG_LIST, -(-counts // BLOCK), 0)
        bases_at = at + self._headers
        gaps_at = bases_at + base_counts
        gaps, freqs_at = self._bulk_unpack(gaps_at, counts, headers[:, 0])
        gaps = _bulk_docs(gaps, counts, words[concatenated_ranges(bases_at, base_counts)], base_counts)
        target = concatenated_ranges(starts, counts)
        docs[target] = gaps
        unpacked, after = self._bulk_unpack(freqs_at, counts, headers[:, 1])
        self._touch_lists(at, after)
        freqs[target] = unpacked + np.uint32(1)
        return after, headers[:, -1]

    def _bulk_unpack(self, at: I64, counts: I64, headers: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], I64]:
        classes = headers >> np.uint32(24)
        exceptions = (headers & np.uint32(0xFFFFFF)).astype(np.int64)
        if classes.size and int(classes.max()) >= len(WIDTHS):
            raise IndexCorrupt(self._path, f"section postings/{self._name}: impossible width")
        per = np.array([32 // width if width else 1 << 40 for width in WIDTHS], dtype=np.int64)[classes]
        body = np.where(classes == 0, 0, -(-counts // per))
        return unpack_lists(self._words, at, counts, classes, exceptions), at + body + 2 * exceptions

    def _bulk_positions(
        self,
        freqs: npt.NDArray[np.uint32],
        starts: I64,
        lists: tuple[I64, I64, npt.NDArray[np.uint32]],
        singles: tuple[npt.NDArray[np.bool_], npt.NDArray[np.uint32]],
    ) -> I32:
        numbers, at, headers = lists
        once, side = singles
        ends = np.zeros(len(freqs) + 1, dtype=np.int64)
        np.cumsum(freqs, out=ends[1:])
        places = np.zeros(int(ends[-1]), dtype=np.uint32)
        places[ends[starts[:-1][once]]] = side
        if len(numbers):
            first = ends[starts[numbers]]
            counts = ends[starts[numbers + 1]] - first
            places[concatenated_ranges(first, counts)], after = self._bulk_unpack(at, counts, headers)
            self._touch_lists(at, after)
        return places.view(np.int32)

    def _touch_lists(self, at: I64, after: I64) -> None:
        """Verify the words of some lists: those of neighbours lie side by side, those of the forms of a class far apart."""
        first, last = int(at.min()), int(after.max())
        if last - first <= 2 * int((after - at).sum()):
            self._section.touch(4 * first, 4 * last)
            return
        for low, high in zip(at.tolist(), after.tolist(), strict=True):
            self._section.touch(4 * low, 4 * high)


def _from_bases(gaps: npt.NDArray[np.uint32], bases: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    whole = len(gaps) // BLOCK
    out = np.empty(len(gaps), dtype=np.uint32)
    np.add(gaps[: whole * BLOCK].reshape(-1, BLOCK), bases[:whole, None], out=out[: whole * BLOCK].reshape(-1, BLOCK))
    if len(bases) > whole:
        out[whole * BLOCK :] = gaps[whole * BLOCK :] + bases[whole]
    return out


def _bulk_docs(gaps: npt.NDArray[np.uint32], counts: I64, bases: npt.NDArray[np.uint32], base_counts: I64) -> npt.NDArray[np.uint32]:
    """Return the documents of many lists: running sums in short lists, base plus distance in long ones."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    long = np.flatnonzero(base_counts).tolist()
    kept = [gaps[starts[number] : starts[number + 1]].copy() for number in long]
    gaps[1:] += np.uint32(1)
    gaps[starts[:-1]] -= np.uint32(1)
    gaps[:1] += np.uint32(1)
    total = np.cumsum(gaps, dtype=np.uint32)  # wraps, and the subtraction below wraps back
    total -= np.repeat(total[starts[:-1]] - gaps[starts[:-1]], counts)
    at = 0
    for number, part in zip(long, kept, strict=True):
        total[starts[number] : starts[number + 1]] = _from_bases(part, bases[at : at + int(base_counts[number])])
        at += int(base_counts[number])
    return total


def union_of_positions(lists: list[tuple[I32, I64, I32]]) -> tuple[I32, I64, I32]:
    """Return the positions of several terms as those of one."""
    lists = [found for found in lists if len(found[0])]
    if len(lists) == 1:
        return lists[0]
    keys = [np.repeat(docs.astype(np.int64) << 32, np.diff(offsets)) | positions for docs, offsets, positions in lists]
    every = np.concatenate([np.empty(0, np.int64), *keys])
    every.sort(kind="stable")
    return positions_at(every)


def positions_at(keys: I64) -> tuple[I32, I64, I32]:
    """Return ascending keys (document << 32 | position) as (docs, offsets, positions)."""
    docs = (keys >> 32).astype(np.int32)
    first = np.ones(docs.size, np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    starts = first.nonzero()[0]
    return docs[starts], np.append(starts, docs.size), keys.astype(np.int32)  # the low half
