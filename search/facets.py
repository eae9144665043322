"""How many articles of the answer does each value have? Facets counted without their own choice, and the timeline.

A facet that was chosen must still show what else could be chosen, so its counts leave its own filter out. That takes one
pass: for each article of the query the filters that it fails are counted; with none failed it counts everywhere, with one
failed it counts in the facet of that filter alone. Counting is one ``bincount`` a facet over the ordinals of a column; names are looked
up for the buckets that are shown only, and months are counted once for years, months and timeline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from indexer.schema import FACETS
from search.collection import NO_DAY, Collection, Docs
from search.counting import (
    Counts,
    Names,
    calendar_of,
    counts_of_both,
    key_of,
    label_counts,
    label_repeats,
    period_values,
    space_of,
)
from search.ranking import Floats
from search.reprints import groups_of
from search.request import Bucket, FacetCounts, Filter, SearchRequest, Timeline

__all__ = ["ALL_FACETS", "MAX_BUCKETS", "Selection", "Tally", "select", "timeline_unit"]

MAX_BUCKETS: Final = 1_000
ALL_FACETS: Final = (*FACETS, "year", "month")
_DAY_SPAN: Final = 62  # days asked for: up to here a bar a day
_MONTH_SPAN: Final = 30 * 366  # and up to here a bar a month
Unit = Literal["day", "month", "year"]
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Selection:
    """The articles of a query after its days and filters: ``docs`` pass all of them, ``but[f]`` all but those of facet ``f``.

    Shapes: ``scores`` beside ``docs``; None when nothing scores.
    """

    docs: Docs
    scores: Floats | None = None
    but: Mapping[str, Docs] = field(default_factory=dict)

    def counted_for(self, facet: str) -> Docs:
        """Return the articles that a facet counts."""
        return self.but.get(facet, self.docs)


def select(collection: Collection, docs: Docs, scores: Floats | None, request: SearchRequest) -> Selection:
    """Return which of ``docs`` pass days and filters (OR inside a facet, AND between facets), and what each facet counts."""
    if request.since is not None or request.until is not None:
        inside = collection.dated(docs, "published", request.since, request.until).nonzero()[0]
        docs, scores = docs[inside], None if scores is None else scores[inside]
    groups: dict[str, list[Filter]] = {}
    for one in request.filters:
        groups.setdefault(one.field, []).append(one)
    if not groups:
        return Selection(docs, scores)
    passes = {name: _passing(collection, name, group).take(docs) for name, group in groups.items()}
    failures = np.zeros(docs.size, np.uint8)
    for ok in passes.values():
        failures += ~ok
    passed = (failures == 0).nonzero()[0]
    but = dict.fromkeys(passes, docs)
    if len(passes) > 1:  # what fails no filter but its own
        but = {name: docs.compress(failures <= ~ok) for name, ok in passes.items()}
    return Selection(docs[passed], None if scores is None else scores[passed], but)


class Tally:
    """The counts of one answer: facets and timeline of a selection."""

    def __init__(self, collection: Collection, selection: Selection, request: SearchRequest) -> None:
        self._collection = collection
        self._selection = selection
        self._request = request
        self._groups = groups_of(collection) if request.reprints == "grouped" else None
        self._counted: dict[tuple[str, int], Counts] = {}
        self._months: dict[int, Counts] = {}
        self._grouped: dict[int, Docs] = {}
        self._shown: dict[tuple[str, int], tuple[Bucket, ...]] = {}

    def facet(self, field: str) -> FacetCounts:
        """Return the buckets of one facet: the most frequent first (years and months by time), chosen values always."""
        docs = self._selection.counted_for(field)
        if field in ("year", "month"):
            values, counts = self._time(field, docs)
            keys: Sequence[str]
            if not any(one.field == field for one in self._request.filters):
                buckets = self._bars(field, docs)
                return FacetCounts(buckets[: -MAX_BUCKETS - 1 : -1], sum(one[1] for one in buckets[:-MAX_BUCKETS]), int(counts[0]))
            order = counts[1:].nonzero()[0][::-1] + 1
            size, keys = MAX_BUCKETS, values.tolist()
        else:
            space = space_of(self._collection, field)
            counts = self._labels(field, docs)
            if self._groups is not None:
                repeated = label_repeats(self._groups, self._collection, field, self._present(docs), counts.size)
                counts = counts if repeated is None else counts - repeated
            order = _by_count(counts, space.ranks)
            size, values, keys = min(self._request.facet_size, MAX_BUCKETS), space.values, space.keys
        return self._buckets(field, (values, keys), counts, order, size)

    def _labels(self, field: str, docs: Docs) -> Counts:
        """Return how many of ``docs`` have each value of a facet; another one of few values that counts the same articles is counted beside it."""
        counts = self._counted.pop((field, id(docs)), None)
        if counts is None and docs.size < self._collection.live_count:
            wanted = self._request.facets or FACETS
            for other in wanted[wanted.index(field) + 1 :]:
                alike = other in FACETS and self._selection.counted_for(other) is docs
                if alike and (counted := counts_of_both(self._collection, field, other, docs)) is not None:
                    counts, self._counted[other, id(docs)] = counted
                    break
        return label_counts(self._collection, field, docs) if counts is None else counts

    def timeline(self) -> Timeline:
        """Return the articles of each day, month or year, in order of time; those without a date are left out."""
        docs, unit = self._selection.docs, _timeline_unit(self._collection, self._request)
        if unit == "day":
            days = self._days_of_lines(docs)
            found, numbers = np.unique(days[days != NO_DAY], return_counts=True)
            return Timeline(unit, tuple(Bucket(_iso(day), number) for day, number in zip(found.tolist(), numbers.tolist(), strict=True)))
        return Timeline(unit, self._bars(unit, docs))

    def _days_of_lines(self, docs: Docs) -> npt.NDArray[np.int32]:
        """Return the days of articles, that of a text printed several times on one day only once."""
        days = self._collection.days("published")[docs]
        return days if self._groups is None else days[self._groups.once(docs, days)]

    def _present(self, docs: Docs) -> Docs:
        """Return which of ``docs`` have versions; looked up once for all facets that count them."""
        assert self._groups is not None
        if id(docs) not in self._grouped:
            self._grouped[id(docs)] = self._groups.present(docs)
        return self._grouped[id(docs)]

    def _bars(self, unit: str, docs: Docs) -> tuple[Bucket, ...]:
        """Return the years or months that have articles, in order of time; made once for facet and timeline."""
        key = unit, id(docs)
        if key not in self._shown:
            values, counts = self._time(unit, docs)
            filled = counts[1:].nonzero()[0] + 1
            self._shown[key] = _bucket_rows(values, counts, filled)
        return self._shown[key]

    def _buckets(self, field: str, names: tuple[Names, Sequence[str]], counts: Counts, order: Counts, size: int) -> FacetCounts:
        values, keys = names
        rest = int(counts[order[size:]].sum()) if order.size > size else 0
        if not any(one.field == field for one in self._request.filters):
            return FacetCounts(_bucket_rows(values, counts, order[:size]), rest, int(counts[0]))
        shown = order[:size].tolist()
        chosen, excluded = _selected(self._request.filters, field)
        kept = [at for at in order[size:].tolist() if keys[at] in chosen | excluded]
        rows = [(values[at], keys[at], int(counts[at])) for at in shown + kept]
        rows += [(value, key_of(field, value), 0) for value in _absent(self._request.filters, field, {key for _, key, _ in rows})]
        return FacetCounts(
            buckets=tuple(Bucket(value, number, key in chosen, key in excluded) for value, key, number in rows),
            other=rest - int(counts[kept].sum()) if kept else rest,
            missing=int(counts[0]),
            missing_selected="" in chosen,
        )

    def _time(self, unit: str, docs: Docs) -> tuple[Names, Counts]:
        """Return the names of all months or years of the archive and the count of each; the first is « no date »."""
        calendar = calendar_of(self._collection)
        if id(docs) not in self._months:
            whole = docs.size == self._collection.live_count

            def count() -> Counts:
                return np.bincount(calendar.slots.take(docs), minlength=len(calendar.months))

            self._months[id(docs)] = self._collection.remembered("months-of-all", count) if whole else count()
        counts = self._months[id(docs)]
        if unit == "year":
            counts = np.add.reduceat(counts, calendar.year_starts)
        if self._groups is not None:
            repeated = self._groups.repeated(self._present(docs), unit, partial(period_values, calendar, unit), counts.size)
            counts = counts if repeated is None else counts - repeated
        return calendar.months if unit == "month" else calendar.years, counts


def _bucket_rows(values: Names, counts: Counts, order: Counts) -> tuple[Bucket, ...]:
    """Return the buckets of some values; a page has hundreds, so that none is made by a call of its own in Python."""
    rows = zip(values[order].tolist(), counts[order].tolist(), repeat(False), repeat(False))
    return tuple(map(_new_tuple, repeat(Bucket), rows))


_new_tuple: Final[Callable[[type[Bucket], Iterable[object]], Bucket]] = tuple.__new__


def _by_count(counts: Counts, ranks: Counts) -> Counts:
    """Return the values that occur, the most frequent first, then by the alphabet; not "" (no value)."""
    filled = counts[1:].nonzero()[0] + 1
    return filled[np.lexsort((ranks[filled], -counts[filled]))]


def timeline_unit(first: dt.date | None, last: dt.date | None, request: SearchRequest) -> Unit:
    """Return the unit for a question: days when it asks for two months at most, years beyond thirty years, months else.

    ``first`` and ``last`` are the days of the archive, None where it has no dates.
    """
    low, high = (day.toordinal() if day else _EPOCH for day in (request.since or first, request.until or last))
    if any(one.field == "month" and len(one.values) == 1 and not one.exclude for one in request.filters):
        return "day"
    if (request.since or request.until) and high - low < _DAY_SPAN:
        return "day"
    return "month" if high - low <= _MONTH_SPAN else "year"


def _timeline_unit(collection: Collection, request: SearchRequest) -> Unit:
    return timeline_unit(*collection.remembered("day-range", lambda: _day_range(collection)), request)


def _iso(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def _day_range(collection: Collection) -> tuple[dt.date | None, dt.date | None]:
    days = collection.days("published")
    known = days[days != NO_DAY]
    if not known.size:
        return None, None
    return dt.date.fromordinal(int(known.min()) + _EPOCH), dt.date.fromordinal(int(known.max()) + _EPOCH)


def _passing(collection: Collection, field: str, group: Sequence[Filter]) -> npt.NDArray[np.bool_]:
    """Return which articles pass the filters of one facet: one of the chosen values and none of the excluded."""
    masks = []
    for exclude in (False, True):
        values = frozenset(key_of(field, value) for one in group if one.exclude is exclude for value in one.values)
        if values:
            found = _with_values(collection, field, values)
            masks.append(~found if exclude else found)
    return masks[0] if len(masks) == 1 else np.logical_and.reduce(masks) if masks else np.ones(collection.max_doc, np.bool_)


def _with_values(collection: Collection, field: str, values: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which articles have one of the values; what was chosen once is often chosen again."""
    key = "with", field, values
    found: npt.NDArray[np.bool_] | None = collection.hot.get(key)
    if found is None:
        if field in ("year", "month"):
            calendar = calendar_of(collection)
            names = calendar.months.tolist()
            wanted = np.fromiter((name in values or (field == "year" and bool(name) and name[:4] in values) for name in names), np.bool_)
            found = wanted[calendar.slots]
        else:
            found = collection.having(field, lambda value: key_of(field, value) in values, none="" in values)
        collection.hot.put(key, found, found.nbytes + 500)
    return found


def _selected(filters: Sequence[Filter], field: str) -> tuple[set[str], set[str]]:
    def of(exclude: bool) -> set[str]:
        return {key_of(field, value) for one in filters if one.field == field and one.exclude is exclude for value in one.values}

    return of(False), of(True)


def _absent(filters: Sequence[Filter], field: str, shown: set[str]) -> list[str]:
    """Return chosen values that no counted article has: a choice must stay visible, so that it can be taken back."""
    absent: dict[str, str] = {}
    for value in (value for one in filters if one.field == field for value in one.values if value):
        if key_of(field, value) not in shown:
            absent.setdefault(key_of(field, value), value)
    return list(absent.values())
