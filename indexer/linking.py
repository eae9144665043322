"""Which articles are versions of one another? Candidates that keep the same hashes, then the texts themselves.

The articles that share a hash are put in order of time, and each is paired with its neighbours: a list of fifty versions takes no more
pairs than fifty short lists. A pair that shares too few hashes for its lengths is dropped unread; the texts of the others are compared
(``resemblance``), unless both are known to belong together already. A hash that a thousand articles keep is the boilerplate of a site.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from indexer.codec.columns import NO_DAY
from indexer.codec.packing import concatenated_ranges
from indexer.codec.sketches import Sketches
from indexer.resemblance import (
    LATER_DAYS,
    SHARED_LATER,
    Runs,
    Words,
    is_version,
    read_pairs,
    read_runs,
    read_words,
)
from indexer.sketching import KEPT_AT_LEAST, WORDS_A_KEPT

__all__ = ["BOILERPLATE", "NEIGHBOURS", "Articles", "Pages", "Source", "Texts", "linked_pairs"]

NEIGHBOURS: Final = 16  # on each side, in the order of time, among the articles that keep a hash
FEW_NEIGHBOURS: Final = 4  # where a hash is common
COMMON: Final = 64  # articles
BOILERPLATE: Final = 300
SHARED_AT_LEAST: Final = 2  # hashes that are no formula
NEAR_DAYS: Final = 3  # apart, and one hash is enough: a cut keeps few of a long text, but is printed at once
ONE_IN_TEN: Final = 1.28  # standard deviations of a normal distribution
OWN_DAYS: Final = 2  # within which a newspaper prints an edited version of its own
RARE: Final = 12  # articles may keep a hash over any time; one that more keep, for months, is part of a formula
CUT_RATIO: Final = 1.25  # between the hashes that two articles keep, when one is a cut of the other
SHARED_SHARE: Final = 0.1  # of the hashes of the article that keeps fewer
NUMBER_BITS: Final = 31  # of an article's number among all
RUNS_KEPT: Final = 6_000_000  # of all texts together, four bytes each: those of some 15,000 articles
BODIES_KEPT: Final = 4_096  # as they are
TEXTS_KEPT: Final = 1_000  # taken apart; about 10 kB each
READ_TOGETHER: Final = 256  # texts
PAIRS_AT_ONCE: Final = 4_096  # whose runs are read before any is compared
TEXTS_READ: Final = 1_000  # before the pages that they lay on are given back: read all over an archive, they are the archive
ASKED_AT_ONCE: Final = 1 << 12  # articles whose pairs are held together
ASKED: Final = 1
DONE: Final = 2  # with those of its segment that were asked before
Mask = npt.NDArray[np.bool_]
Turns = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]


class Pages(Protocol):
    """What holds the bytes of articles."""

    def release_pages(self) -> None:
        """Give back the memory that reading took."""


class Articles(Protocol):
    """What linking asks of a segment, or of the articles that a cluster has sent."""

    @property
    def container(self) -> Pages: ...
    def sketches(self) -> Sketches: ...
    def day_fields(self) -> Collection[str]: ...
    def days(self, field: str) -> npt.NDArray[np.int32]: ...
    def stored_texts(self, doc_num: int) -> dict[str, Any]: ...
    def header(self, doc_num: int) -> dict[str, Any]: ...
    def doc_id(self, doc_num: int) -> str: ...


@dataclass(frozen=True)
class Source:
    """One segment as linking sees it. Shapes: live bool[doc_count]; its articles are numbered from ``base`` on."""

    reader: Articles
    live: Mask
    base: int

    @cached_property
    def sketches(self) -> Sketches:
        """The hashes of its articles: 140 bytes each while they are linked, and not unpacked again for each portion."""
        return self.reader.sketches()

    @cached_property
    def kept(self) -> I64:
        """How many hashes stand for each article."""
        return np.bincount(self.sketches.docs, minlength=self.live.size)

    @cached_property
    def days(self) -> I64:
        """When each article was published."""
        known = "published" in self.reader.day_fields()
        return self.reader.days("published").astype(np.int64) if known else np.full(self.live.size, NO_DAY, np.int64)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Articles that keep a hash, in order of hash, day and number. Shapes: four arrays of one length; turns: 0, ASKED or DONE."""

    hashes: npt.NDArray[np.uint32]
    numbers: I64
    turns: Turns
    rare: Mask


class Texts:
    """The texts of the articles that were looked at last: their runs of words, and some taken apart."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._bases = [source.base for source in sources]
        self._runs: OrderedDict[int, tuple[Runs, str]] = OrderedDict()  # and the newspaper
        self._run_count = 0
        self._bodies: dict[int, str] = {}  # of those read last
        self._words: OrderedDict[int, Words] = OrderedDict()
        self._read_since = 0

    def prepare(self, numbers: Iterable[int]) -> None:
        """Read the runs of articles that are compared next, in the order of the archive: neighbours are unpacked together."""
        new = sorted(number for number in numbers if number not in self._runs)
        if len(self._bodies) + len(new) > BODIES_KEPT:
            self._bodies.clear()
        for first in range(0, len(new), READ_TOGETHER):
            part = new[first : first + READ_TOGETHER]
            rows = [self._stored(number) for number in part]
            for number, (body, newspaper), runs in zip(part, rows, read_runs(body for body, _ in rows), strict=True):
                self._runs[number] = runs, newspaper
                self._run_count += runs.runs.size
                if len(self._bodies) < BODIES_KEPT:
                    self._bodies[number] = body
            while self._run_count > RUNS_KEPT and len(self._runs) > READ_TOGETHER:
                self._run_count -= self._runs.popitem(last=False)[1][0].runs.size

    def are_versions(self, one: int, other: int) -> bool:
        """Tell whether two articles are versions of one text; most pairs are settled by their runs, unread."""
        if one not in self._runs or other not in self._runs:  # so long texts that not all of the portion could be kept
            self.prepare((one, other))
        (first, mine), (second, theirs) = self._runs[one], self._runs[other]
        apart = self._days_between(one, other)
        if apart > OWN_DAYS and mine == theirs != "":
            apart = LATER_DAYS + 1  # a newspaper that prints again after days what it printed before has a routine
        return is_version(first, second, lambda: (self._taken_apart(one), self._taken_apart(other)), apart)

    def pairs(self, numbers: Iterable[int]) -> dict[int, U32]:
        """Return the pairs of words of some articles, read in the order of the archive."""
        ordered = sorted(numbers)
        return dict(zip(ordered, read_pairs(self._body(number) for number in ordered), strict=True))

    def _body(self, number: int) -> str:
        body = self._bodies.get(number)
        return self._stored(number)[0] if body is None else body

    def _taken_apart(self, number: int) -> Words:
        found = self._words.pop(number, None)
        if found is None:
            found = read_words(self._body(number))
            if len(self._words) >= TEXTS_KEPT:
                self._words.popitem(last=False)
        self._words[number] = found
        return found

    def place(self, number: int) -> tuple[Source, int]:
        """Return the segment of an article and its number there."""
        source = self._sources[bisect_right(self._bases, number) - 1]
        return source, number - source.base

    def _stored(self, number: int) -> tuple[str, str]:
        """Read the body and the newspaper of an article."""
        self._read_since += 1
        if self._read_since >= TEXTS_READ:
            self._read_since = 0
            for source in self._sources:
                source.reader.container.release_pages()
        source, inside = self.place(number)
        stored = source.reader.stored_texts(inside)
        return stored.get("body", ""), stored.get("newspaper", "")

    def _days_between(self, one: int, other: int) -> int:
        """Return how far apart two articles were published; 0 where a day is unknown."""
        days = [int(source.days[inside]) for source, inside in map(self.place, (one, other))]
        return 0 if NO_DAY in days else abs(days[0] - days[1])


class Together:
    """Which numbers belong together (union-find)."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def of(self, number: int) -> int:
        """Return the number that stands for all that belong with this one."""
        root = number
        while (above := self._parents.get(root, root)) != root:
            root = above
        while number != root:
            self._parents[number], number = root, self._parents.get(number, root)
        return root

    def join(self, one: int, other: int) -> None:
        """Let two numbers belong together."""
        first, second = sorted((self.of(one), self.of(other)))
        self._parents[second] = first
        self._parents.setdefault(first, first)

    def sets(self) -> Iterator[list[int]]:
        """Yield the numbers of each set of at least two, the least first."""
        found: dict[int, list[int]] = {}
        for number in self._parents:
            found.setdefault(self.of(number), []).append(number)
        return (sorted(numbers) for _, numbers in sorted(found.items()) if len(numbers) > 1)


def linked_pairs(sources: Sequence[Source], wanted: Mask, groups: I64, texts: Texts) -> Together:
    """Return which articles belong together, an existing group standing as the negative of its number.

    Shapes: wanted bool[articles], those to find versions of; groups i64[articles], 0 = none.
    """
    together = Together()
    for pairs in _candidates(sources, wanted):
        for first in range(0, len(pairs), PAIRS_AT_ONCE):
            part = pairs[first : first + PAIRS_AT_ONCE]
            texts.prepare({number for pair in part for number in pair})
            for one, other in part:
                mine, theirs = (-int(groups[number]) if groups[number] else number for number in (one, other))
                if together.of(mine) != together.of(theirs) and texts.are_versions(one, other):
                    together.join(mine, theirs)
    return together


def _candidates(sources: Sequence[Source], wanted: Mask) -> Iterator[list[tuple[int, int]]]:
    """Yield the pairs of a wanted article and another one that share enough hashes, once each, a portion of one segment at a time."""
    turns = np.zeros(wanted.size, np.uint8)
    for place, source in enumerate(sources):
        asked = source.base + np.flatnonzero(wanted[source.base : source.base + source.live.size])
        for first in range(0, asked.size, ASKED_AT_ONCE):
            portion = asked[first : first + ASKED_AT_ONCE]
            turns[portion] = ASKED
            yield _likely(sources, wanted, place, turns)
            turns[portion] = DONE
        turns[asked] = 0


def _likely(sources: Sequence[Source], wanted: Mask, place: int, turns: Turns) -> list[tuple[int, int]]:
    """Return the pairs of the articles of one segment that are ASKED now."""
    source = sources[place]
    own = source.sketches
    hashes = np.unique(own.hashes[turns[source.base + own.docs.astype(np.int64)] == ASKED])
    if not hashes.size:
        return []
    rows = _sharing([_keeping(other, hashes, None if at <= place else wanted, turns) for at, other in enumerate(sources)])
    keys, shared, rare = _pairs(rows)
    firsts, seconds = keys >> NUMBER_BITS, keys & ((1 << NUMBER_BITS) - 1)
    every, days = (np.concatenate(column) for column in zip(*((other.kept, other.days) for other in sources), strict=True))
    fewer, more = np.minimum(every[firsts], every[seconds]), np.maximum(every[firsts], every[seconds])
    shares = shared / np.maximum(1, fewer)
    apart = np.where((days[firsts] == NO_DAY) | (days[seconds] == NO_DAY), LATER_DAYS, np.abs(days[firsts] - days[seconds]))
    alike = np.where(apart > LATER_DAYS, shared >= _expected(fewer, more), shares >= SHARED_SHARE)
    likely = np.flatnonzero(((rare >= SHARED_AT_LEAST) & alike) | ((apart <= NEAR_DAYS) & (more >= CUT_RATIO * fewer) & (rare > 0)))
    return list(zip(firsts[likely].tolist(), seconds[likely].tolist(), strict=True))


def _expected(fewer: I64, more: I64) -> npt.NDArray[np.float64]:
    """Return how many hashes texts share at least, by how many they keep, when they share SHARED_LATER of their runs: one in ten of those shares fewer.

    A hash that the shorter text keeps can be shared when it is below the greatest that the longer one keeps.
    """
    lengths = [WORDS_A_KEPT * (np.maximum(kept, KEPT_AT_LEAST) - KEPT_AT_LEAST + 0.5) for kept in (fewer, more)]
    comparable = np.minimum(fewer, lengths[0] * more / lengths[1])
    return SHARED_LATER * comparable - ONE_IN_TEN * np.sqrt(SHARED_LATER * (1 - SHARED_LATER) * comparable) - 0.5


def _keeping(
    source: Source, hashes: npt.NDArray[np.uint32], without: Mask | None, turns: Turns
) -> tuple[npt.NDArray[np.uint64], I64, Turns]:
    """Return (hash and day as one key, number, turn) of the live articles of a segment that keep one of ``hashes``.

    ``without`` are left out: the wanted articles of a later segment, whose own turn comes.
    """
    sketches = source.sketches
    starts = np.searchsorted(sketches.hashes, hashes, side="left")
    counts = np.searchsorted(sketches.hashes, hashes, side="right") - starts
    found = concatenated_ranges(starts[counts > 0], counts[counts > 0])
    docs = sketches.docs[found].astype(np.int64)
    kept = source.live[docs] if without is None else source.live[docs] & ~without[source.base + docs]
    docs, found = docs[kept], found[kept]
    days = (source.days[docs] + (1 << 31)).astype(np.uint64)
    return sketches.hashes[found].astype(np.uint64) << np.uint64(32) | days, source.base + docs, turns[source.base + docs]


def _sharing(parts: Sequence[tuple[npt.NDArray[np.uint64], I64, Turns]]) -> _Rows:
    """Return the articles of every hash that several keep, but not too many."""
    keys, numbers, turns = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(keys, kind="stable")
    hashes = (keys[order] >> np.uint64(32)).astype(np.uint32)
    _, lengths = np.unique(hashes, return_counts=True)
    length = np.repeat(lengths, lengths)
    several = (length > 1) & (length <= BOILERPLATE)
    order = order[several]
    days = (keys[order] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return _Rows(hashes[several], numbers[order], turns[order], _rare(hashes[several], days))


def _rare(hashes: npt.NDArray[np.uint32], days: I64) -> Mask:
    """Return whose hash is no formula: few articles keep it, or nearly all of those that do were published within weeks."""
    starts = np.flatnonzero(np.diff(hashes.astype(np.int64), prepend=-1))
    lengths = np.diff(starts, append=hashes.size)
    within = days[starts + (lengths - 1) * 9 // 10] - days[starts] <= LATER_DAYS if starts.size else np.empty(0, np.bool_)
    return np.repeat((lengths <= RARE) | within, lengths)


def _pairs(rows: _Rows) -> tuple[I64, I64, I64]:
    """Return the pairs of neighbours (as one key, the lesser number high), how many hashes each shares, and how many rare ones."""
    _, lengths = np.unique(rows.hashes, return_counts=True)
    lengths = np.repeat(lengths, lengths)
    reach = np.where(lengths <= COMMON, NEIGHBOURS, FEW_NEIGHBOURS)
    parts = [np.empty(0, np.int64)]
    for step in range(1, NEIGHBOURS + 1):
        either = rows.turns[step:] | rows.turns[:-step]  # with DONE, the pair was given before
        near = (rows.hashes[step:] == rows.hashes[:-step]) & (either == ASKED) & (reach[step:] >= step)
        at = np.flatnonzero(near)
        if not at.size:
            continue
        one, other = rows.numbers[at], rows.numbers[at + step]
        parts.append((np.minimum(one, other) << NUMBER_BITS | np.maximum(one, other)) << 1 | rows.rare[at])
    every = np.sort(np.concatenate(parts))  # the low bit: a rare hash
    keys, starts, shared = np.unique(every >> 1, return_index=True, return_counts=True)
    return keys, shared, np.add.reduceat(every & 1, starts) if keys.size else shared
