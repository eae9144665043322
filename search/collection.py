"""What does an index look like to the searcher? One space of document numbers over all segments, as arrays.

An engine hands over *leaves*, one a segment; the collection puts their numbers one after the other (leaf ``i`` starts at
``bases[i]``), leaves out what is deleted, and answers in numpy arrays. Everything after it (evaluation, ranking, facets)
knows neither segments nor files, and is the same for every codec.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from corpus.languages import is_french
from indexer.reprints import SegmentGroups
from indexer.schema import TEXT_FIELDS, exact_field
from search.room import Hot, hot_bytes

__all__ = ["NO_DAY", "Collection", "Docs", "Leaf", "Ordinals", "Positions", "Postings", "class_as_typed"]

Docs = npt.NDArray[np.int32]
Freqs = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NO_DAY: Final = -(2**31)  # the day of an article without a date; days count from 1970-01-01
_EMPTY: Final = np.empty(0, np.int32)
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_TYPED: Final = "\x00"  # between a class and the form that was typed; no term holds it
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Postings:
    """``docs`` ascending, ``freqs`` beside them."""

    docs: Docs
    freqs: Freqs


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions of ``docs[i]`` are ``positions[offsets[i]:offsets[i + 1]]``, ascending."""

    docs: Docs
    offsets: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ordinals:
    """A facet column: article ``d`` has ``values[o]`` for each ``o`` of ``ordinals[offsets[d]:offsets[d + 1]]``.

    ``values[0]`` is "" and means no value. Without ``offsets`` every article has one ordinal: ``ordinals[d]``.
    """

    values: Sequence[str]
    ordinals: npt.NDArray[Any]
    offsets: npt.NDArray[Any] | None = None

    def counts(self, docs: Docs) -> npt.NDArray[np.int64]:
        """Return how many of ``docs`` have each value; the first is how many have none."""
        if len(self.values) == 1:
            return np.array([docs.size])
        if self.offsets is None:
            return np.bincount(self.ordinals if docs.size == self.ordinals.size else self.ordinals.take(docs), minlength=len(self.values))
        every = docs.size == self.offsets.size - 1
        counted = np.bincount(self.ordinals if every else self.ordinals[self._flat(docs)], minlength=len(self.values))
        counted[0] = np.count_nonzero(self.offsets[docs] == self.offsets[docs + 1])
        return counted

    def having(self, chosen: npt.NDArray[np.bool_]) -> Mask:
        """Return which articles have one of the ``chosen`` values (bool per value; the first: those without one)."""
        if self.offsets is None:
            single: Mask = chosen[self.ordinals]
            return single
        sums = np.concatenate(([0], np.cumsum(chosen[self.ordinals])))
        mask: Mask = sums[self.offsets[1:]] > sums[self.offsets[:-1]]
        return mask | (self.offsets[1:] == self.offsets[:-1]) if chosen[0] else mask

    def _flat(self, docs: Docs) -> npt.NDArray[np.int64]:
        assert self.offsets is not None
        starts = self.offsets[docs].astype(np.int64)
        sizes = self.offsets[docs + 1] - starts
        ends = np.cumsum(sizes)
        return np.repeat(starts - (ends - sizes), sizes) + np.arange(int(ends[-1]) if ends.size else 0)


def class_as_typed(term: str, form: str) -> str:
    """Return the term under which a class is asked by one of its forms: in articles of other languages that form alone is found.

    « nations » finds the nation of a French article, and of an English one its nations only: words inflect in French articles alone.
    """
    return f"{term}{_TYPED}{form}"


class Leaf(Protocol):
    """One segment, read only, safe to use from many threads. ``live`` is None when nothing is deleted."""

    max_doc: int
    live: Mask | None

    def postings(self, field: str, term: str) -> Postings | None: ...
    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Positions in all articles with the term, or only in those of ``docs`` (a subset of them, ascending)."""

    def several(self, field: str, terms: Sequence[str]) -> Postings:
        """Articles and frequencies of several terms, one after the other."""

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        """Tokens of the field per article, as coarse as the segment keeps them."""

    def expand_glob(self, field: str, glob: str, cap: int) -> tuple[list[str], bool]:
        """Terms that match a glob of ``*`` and ``?``, at most ``cap``; True when there were more."""

    def expand_fuzzy(self, field: str, word: str, distance: int, cap: int) -> tuple[list[str], bool]: ...
    def starting(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Most frequent terms that begin with ``prefix``, with the number of articles."""

    def doc_freq(self, field: str, term: str) -> int: ...
    def ordinals(self, field: str) -> Ordinals: ...
    def days(self, field: str) -> npt.NDArray[np.int32]: ...
    def doc_num(self, doc_id: str) -> int | None: ...
    def header(self, doc_num: int) -> dict[str, Any]:
        """What a list of hits shows of an article."""

    def stored(self, doc_num: int) -> dict[str, Any]:
        """The whole article."""


class Collection:
    """All leaves of one generation of an index."""

    def __init__(self, leaves: Sequence[Leaf], generation: int = 0) -> None:
        self.leaves = tuple(leaves)
        self.generation = generation
        sizes = [leaf.max_doc for leaf in self.leaves]
        self.bases = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.max_doc = int(self.bases[-1])
        self._starts: list[int] = self.bases[:-1].tolist()
        self._lengths: dict[str, npt.NDArray[np.int32]] = {}
        self._averages: dict[str, float] = {}
        self._days: dict[str, npt.NDArray[np.int32]] = {}
        self._memory: dict[Hashable, Any] = {}
        self.hot = Hot(hot_bytes())
        self.load_reprints: Callable[[], Sequence[SegmentGroups | None]] | None = None  # of each leaf; an engine that knows them sets it

    @cached_property
    def live(self) -> Mask | None:
        """Shapes: bool[max_doc]; None when nothing is deleted."""
        if all(leaf.live is None for leaf in self.leaves):
            return None
        return np.concatenate([np.ones(leaf.max_doc, np.bool_) if leaf.live is None else leaf.live for leaf in self.leaves])

    @cached_property
    def live_count(self) -> int:
        """How many articles can be found."""
        return self.max_doc if self.live is None else int(np.count_nonzero(self.live))

    @cached_property
    def live_docs(self) -> Docs:
        """Every article that can be found, ascending."""
        return np.arange(self.max_doc, dtype=np.int32) if self.live is None else np.flatnonzero(self.live).astype(np.int32)

    def postings(self, field: str, term: str) -> Postings | None:
        """Return the live articles with a term; None when there is none. Of a class as typed (``class_as_typed``), see there."""
        text, _, form = term.partition(_TYPED)
        found = self._postings(field, text)
        if not form or field not in TEXT_FIELDS or found is None or self.foreign is None:
            return found
        typed = self._postings(exact_field(field), form)
        docs, freqs = _with_those_of(self.foreign, (found.docs, found.freqs), None if typed is None else (typed.docs, typed.freqs))
        return Postings(docs, freqs) if docs.size else None

    def several(self, field: str, terms: Sequence[str]) -> Postings:
        """Return the live articles of several terms, one after the other: an article that has two of them is there twice."""
        parts = []
        for base, leaf in zip(self.bases, self.leaves, strict=False):
            found = leaf.several(field, terms)
            kept = slice(None) if leaf.live is None else leaf.live.take(found.docs)
            parts.append((found.docs[kept] + np.int32(base), found.freqs[kept]))
        docs, freqs = (np.concatenate([_EMPTY, *(part[at] for part in parts)]) for at in (0, 1))
        return Postings(docs, freqs)

    def _postings(self, field: str, term: str) -> Postings | None:
        parts = [
            (base, found) for base, leaf in zip(self.bases, self.leaves, strict=False) if (found := leaf.postings(field, term)) is not None
        ]
        if not parts:
            return None
        docs = _shifted(parts)
        freqs = parts[0][1].freqs if len(parts) == 1 else np.concatenate([found.freqs for _, found in parts])
        if self.live is not None:
            kept = self.live.take(docs).nonzero()[0]
            docs, freqs = docs[kept], freqs[kept]
        return Postings(docs, freqs) if docs.size else None

    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Return positions in the live articles with a term, or only in those of ``docs`` that have it; of a class as typed, see there."""
        text, _, form = term.partition(_TYPED)
        found = self._positions(field, text, docs)
        if not form or field not in TEXT_FIELDS or found is None or self.foreign is None:
            return found
        typed = self._positions(exact_field(field), form, docs)
        every = [(part.docs.repeat(np.diff(part.offsets)), part.positions) for part in (found, typed) if part is not None]
        rows, places = _with_those_of(self.foreign, every[0], every[1] if len(every) > 1 else None)
        starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1]))) if rows.size else np.empty(0, np.int64)
        return Positions(rows[starts], np.append(starts, rows.size), places) if rows.size else None

    def _positions(self, field: str, term: str, docs: Docs | None) -> Positions | None:
        found = []
        for number, leaf in enumerate(self.leaves):
            base, end = int(self.bases[number]), int(self.bases[number + 1])
            wanted = None
            if docs is not None:
                low, high = np.searchsorted(docs, (base, end))
                wanted = (docs[low:high] - base).astype(np.int32)
                if not wanted.size:
                    continue
            part = leaf.positions(field, term, wanted)
            if part is not None and part.docs.size:
                found.append((base, part))
        if not found:
            return None
        return self._only_live(_joined(found))

    @cached_property
    def foreign(self) -> Mask | None:
        """Which articles are in another language than French (bool[max_doc], deleted ones too); None when none is."""
        mask = self.having("language", lambda value: not is_french(value))
        return mask if mask.any() else None

    def doc_freq(self, field: str, term: str) -> int:
        """Return in how many articles a term is, deleted ones included."""
        text = term.partition(_TYPED)[0]
        return sum(leaf.doc_freq(field, text) for leaf in self.leaves)

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        """Shapes: int32[max_doc], tokens of ``field`` per article."""
        if field not in self._lengths:
            parts = [leaf.lengths(field) for leaf in self.leaves]
            self._lengths[field] = parts[0] if len(parts) == 1 else np.concatenate([_EMPTY, *parts])
        return self._lengths[field]

    def average_length(self, field: str) -> float:
        """Return the mean length of the field over the live articles that have it; 1.0 where none has."""
        if field not in self._averages:
            lengths = self.lengths(field)
            lengths = lengths if self.live is None else lengths[self.live]
            having = int(np.count_nonzero(lengths))
            self._averages[field] = float(lengths.sum(dtype=np.int64)) / having if having else 1.0
        return self._averages[field]

    def days(self, field: str) -> npt.NDArray[np.int32]:
        """Shapes: int32[max_doc], days since 1970-01-01, NO_DAY where unknown."""
        if field not in self._days:
            parts = [leaf.days(field) for leaf in self.leaves]
            self._days[field] = parts[0] if len(parts) == 1 else np.concatenate([_EMPTY, *parts])
        return self._days[field]

    def having(self, field: str, wanted: Callable[[str], bool], none: bool = False) -> Mask:
        """Return which articles (deleted ones too) have a value that is ``wanted``, or none at all when ``none``."""
        parts = []
        for leaf in self.leaves:
            column = leaf.ordinals(field)
            chosen = np.fromiter((wanted(value) if value else none for value in column.values), np.bool_, len(column.values))
            parts.append(column.having(chosen))
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.bool_), *parts])

    def between(self, field: str, since: dt.date | None, until: dt.date | None) -> Mask:
        """Return which live articles have a known day of ``field`` between two days, both included."""
        days = self.days(field)
        mask: Mask = days != NO_DAY
        if since is not None:
            mask &= days >= _day_number(since)
        if until is not None:
            mask &= days <= _day_number(until)
        return mask if self.live is None else mask & self.live

    def dated(self, docs: Docs, field: str, since: dt.date | None, until: dt.date | None) -> Mask:
        """Tell which of ``docs`` have a known day of ``field`` between two days, both included."""
        days = self.days(field).take(docs)
        mask: Mask = days >= (NO_DAY + 1 if since is None else _day_number(since))
        if until is not None:
            mask &= days <= _day_number(until)
        return mask

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` gave for ``key`` the first time; two threads may make it twice, to the same effect."""
        if key not in self._memory:
            self._memory[key] = make()
        return cast(T, self._memory[key])

    def doc_num(self, doc_id: str) -> int | None:
        """Return the number of a live article, None when there is none of this id."""
        for number in range(len(self.leaves) - 1, -1, -1):
            leaf = self.leaves[number]
            inside = leaf.doc_num(doc_id)
            if inside is not None and (leaf.live is None or leaf.live[inside]):
                return int(self.bases[number]) + inside
        return None

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what a list shows of an article."""
        leaf, inside = self._place(doc_num)
        return leaf.header(inside)

    def stored(self, doc_num: int) -> dict[str, Any]:
        """Return the whole article."""
        leaf, inside = self._place(doc_num)
        return leaf.stored(inside)

    def _place(self, doc_num: int) -> tuple[Leaf, int]:
        number = bisect_right(self._starts, doc_num) - 1
        return self.leaves[number], doc_num - self._starts[number]

    def _only_live(self, found: Positions) -> Positions | None:
        if self.live is None:
            return found
        kept = self.live[found.docs]
        if kept.all():
            return found
        counts = np.diff(found.offsets)
        return Positions(
            found.docs[kept],
            np.concatenate(([0], np.cumsum(counts[kept]))).astype(np.int64),
            found.positions[np.repeat(kept, counts)],
        )


def _day_number(day: dt.date) -> int:
    return day.toordinal() - _EPOCH


def _shifted(parts: Sequence[tuple[int, Postings]]) -> Docs:
    shifted = [found.docs if not base else (found.docs + np.int32(base)) for base, found in parts]
    return shifted[0] if len(shifted) == 1 else np.concatenate(shifted)


def _joined(parts: Sequence[tuple[int, Positions]]) -> Positions:
    if len(parts) == 1 and parts[0][0] == 0:
        return parts[0][1]
    counts = np.concatenate([np.diff(found.offsets) for _, found in parts])
    return Positions(
        np.concatenate([found.docs + np.int32(base) for base, found in parts]).astype(np.int32),
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        np.concatenate([found.positions for _, found in parts]),
    )


def _with_those_of(
    mask: Mask, rows: tuple[Docs, npt.NDArray[np.int32]], others: tuple[Docs, npt.NDArray[np.int32]] | None
) -> tuple[Docs, npt.NDArray[np.int32]]:
    """Return ``rows`` (article, value) outside of ``mask`` and those of ``others`` inside of it, ascending by article."""
    kept = ~mask[rows[0]]
    docs, values = rows[0][kept], rows[1][kept]
    if others is None or not (inside := mask[others[0]]).any():
        return docs, values
    docs, values = np.concatenate((docs, others[0][inside])), np.concatenate((values, others[1][inside]))
    order = np.argsort(docs, kind="stable")
    return docs[order], values[order]
