"""How many articles of the answer does each value have? Facets counted without their own choice, and the timeline.

A facet that was chosen must still show what else could be chosen, so its counts leave its own filter out. That takes one
pass: for each article of the query the filters that it fails are counted; with none failed it counts everywhere, with one
failed it counts in the facet of that filter alone. Counting is one ``bincount`` a facet over the ordinals of a column; names are looked
up for the buckets that are shown only, and months are counted once for years, months and timeline.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from indexer.schema import FACETS, label_term
from search.collection import NO_DAY, Collection, Docs
from search.ranking import Floats
from search.request import Bucket, FacetCounts, Filter, SearchRequest, Timeline

__all__ = ["ALL_FACETS", "MAX_BUCKETS", "Selection", "Tally", "folded_label", "select"]

MAX_BUCKETS: Final = 1_000
ALL_FACETS: Final = (*FACETS, "year", "month")
_DAY_SPAN: Final = 62  # days asked for: up to here a bar a day
_MONTH_SPAN: Final = 30 * 366  # and up to here a bar a month
Unit = Literal["day", "month", "year"]
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
Counts = npt.NDArray[np.int64]
folded_label = label_term


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
        inside = collection.dated(docs, "published", request.since, request.until)
        docs, scores = docs[inside], None if scores is None else scores[inside]
    groups: dict[str, list[Filter]] = {}
    for one in request.filters:
        groups.setdefault(one.field, []).append(one)
    if not groups:
        return Selection(docs, scores)
    passes = {name: _passing(collection, name, group)[docs] for name, group in groups.items()}
    failures = np.zeros(docs.size, np.uint8)
    for ok in passes.values():
        failures += ~ok
    passed = failures == 0
    but = {name: docs[passed | ((failures == 1) & ~ok)] for name, ok in passes.items()} if len(passes) > 1 else dict.fromkeys(passes, docs)
    return Selection(docs[passed], None if scores is None else scores[passed], but)


@dataclass(frozen=True, slots=True)
class _Space:
    """The values of a facet over all segments. ``values[0]`` is "" (no value); ``ranks`` is their order in the alphabet.

    ``maps[i]`` takes the ordinals of segment ``i`` to places in ``values``; None where they are the same.
    """

    values: Sequence[str]
    keys: Sequence[str]
    ranks: Counts
    maps: Sequence[Counts | None]


class Tally:
    """The counts of one answer: facets and timeline of a selection."""

    def __init__(self, collection: Collection, selection: Selection, request: SearchRequest) -> None:
        self._collection = collection
        self._selection = selection
        self._request = request
        self._months: dict[int, Counts] = {}

    def facet(self, field: str) -> FacetCounts:
        """Return the buckets of one facet: the most frequent first (years and months by time), chosen values always."""
        docs = self._selection.counted_for(field)
        if field in ("year", "month"):
            values, counts = self._time(field, docs)
            order = np.flatnonzero(counts[1:])[::-1] + 1
            size, keys = MAX_BUCKETS, values
        else:
            space = _space(self._collection, field)
            counts = _label_counts(self._collection, field, docs)
            order = _by_count(counts, space.ranks)
            size, values, keys = min(self._request.facet_size, MAX_BUCKETS), space.values, space.keys
        return self._buckets(field, (values, keys), counts, order, size)

    def timeline(self) -> Timeline:
        """Return the articles of each day, month or year, in order of time; those without a date are left out."""
        docs, unit = self._selection.docs, _timeline_unit(self._collection, self._request)
        if unit == "day":
            days = self._collection.days("published")[docs]
            found, numbers = np.unique(days[days != NO_DAY], return_counts=True)
            return Timeline(unit, tuple(Bucket(_iso(day), number) for day, number in zip(found.tolist(), numbers.tolist(), strict=True)))
        values, counts = self._time(unit, docs)
        filled = np.flatnonzero(counts[1:]) + 1
        return Timeline(unit, tuple(Bucket(values[at], count) for at, count in zip(filled.tolist(), counts[filled].tolist(), strict=True)))

    def _buckets(self, field: str, names: tuple[Sequence[str], Sequence[str]], counts: Counts, order: Counts, size: int) -> FacetCounts:
        values, keys = names
        shown = order[:size].tolist()
        numbers = counts[shown].tolist() if shown else []
        if not any(one.field == field for one in self._request.filters):
            buckets = tuple(Bucket(values[at], number) for at, number in zip(shown, numbers, strict=True))
            return FacetCounts(buckets, int(counts[order[size:]].sum()), int(counts[0]))
        chosen, excluded = _selected(self._request.filters, field)
        kept = [at for at in order[size:].tolist() if keys[at] in chosen | excluded]
        rows = [(values[at], keys[at], int(counts[at])) for at in shown + kept]
        rows += [(value, _key(field, value), 0) for value in _absent(self._request.filters, field, {key for _, key, _ in rows})]
        return FacetCounts(
            buckets=tuple(Bucket(value, number, key in chosen, key in excluded) for value, key, number in rows),
            other=int(counts[order[size:]].sum() - counts[kept].sum()) if kept else int(counts[order[size:]].sum()),
            missing=int(counts[0]),
            missing_selected="" in chosen,
        )

    def _time(self, unit: str, docs: Docs) -> tuple[Sequence[str], Counts]:
        """Return the names of all months or years of the archive and the count of each; the first is « no date »."""
        calendar = _calendar(self._collection)
        if id(docs) not in self._months:
            whole = docs.size == self._collection.live_count

            def count() -> Counts:
                return np.bincount(calendar.slots[docs], minlength=len(calendar.months))

            self._months[id(docs)] = self._collection.remembered("months-of-all", count) if whole else count()
        counts = self._months[id(docs)]
        if unit == "month":
            return calendar.months, counts
        return calendar.years, np.add.reduceat(counts, calendar.year_starts)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """The months from the first to the last of the archive. Shapes: slots i32[max_doc], 0 = no date, else the month's place."""

    slots: npt.NDArray[np.int32]
    months: Sequence[str]
    years: Sequence[str]
    year_starts: Counts  # where each year begins among ``months``


def _calendar(collection: Collection) -> _Calendar:
    def make() -> _Calendar:
        days = collection.days("published")
        known = days != NO_DAY
        months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
        low, high = (int(months[known].min()), int(months[known].max())) if known.any() else (0, -1)
        numbers = np.arange(low, high + 1)
        starts = np.flatnonzero(np.diff(numbers // 12, prepend=-1)) + 1
        return _Calendar(
            slots=np.where(known, months - low + 1, 0).astype(np.int32),
            months=["", *(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in numbers.tolist())],
            years=["", *(f"{month // 12:04d}" for month in numbers[starts - 1].tolist())],
            year_starts=np.concatenate(([0], starts)),
        )

    return collection.remembered("calendar", make)


def _space(collection: Collection, field: str) -> _Space:
    def make() -> _Space:
        columns = [leaf.ordinals(field).values for leaf in collection.leaves]
        values = ["", *sorted({value for column in columns for value in column if value})]
        place = {value: number for number, value in enumerate(values)}
        maps: list[Counts | None] = [None if len(column) == len(values) else np.array([place[value] for value in column]) for column in columns]
        keys = [_key(field, value) for value in values]
        ranks = np.empty(len(values), np.int64)
        ranks[sorted(range(len(values)), key=lambda at: (keys[at], values[at]))] = np.arange(len(values))
        return _Space(values, keys, ranks, maps)

    return collection.remembered(("space", field), make)


def _label_counts(collection: Collection, field: str, docs: Docs) -> Counts:
    """Return how many of ``docs`` have each value of a space; the first is how many have none."""

    def count() -> Counts:
        space = _space(collection, field)
        total = np.zeros(len(space.values), np.int64)
        bounds = np.searchsorted(docs, collection.bases)
        for number, (leaf, places) in enumerate(zip(collection.leaves, space.maps, strict=True)):
            inside = docs[bounds[number] : bounds[number + 1]]
            if inside.size:
                base = np.int32(collection.bases[number])
                found = leaf.ordinals(field).counts(inside - base if base else inside)
                if places is None:
                    total += found
                else:
                    total[places] += found
        return total

    return collection.remembered(("all", field), count) if docs.size == collection.live_count else count()


def _by_count(counts: Counts, ranks: Counts) -> Counts:
    """Return the values that occur, the most frequent first, then by the alphabet; not "" (no value)."""
    filled = np.flatnonzero(counts[1:]) + 1
    return filled[np.lexsort((ranks[filled], -counts[filled]))]


def _timeline_unit(collection: Collection, request: SearchRequest) -> Unit:
    """Return the unit for a question: days when it asks for two months at most, years beyond thirty years, months else."""
    first, last = collection.remembered("day-range", lambda: _day_range(collection))
    low = request.since.toordinal() - _EPOCH if request.since else first
    high = request.until.toordinal() - _EPOCH if request.until else last
    if any(one.field == "month" and len(one.values) == 1 and not one.exclude for one in request.filters):
        return "day"
    if (request.since or request.until) and high - low < _DAY_SPAN:
        return "day"
    return "month" if high - low <= _MONTH_SPAN else "year"


def _iso(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def _day_range(collection: Collection) -> tuple[int, int]:
    days = collection.days("published")
    known = days[days != NO_DAY]
    return (int(known.min()), int(known.max())) if known.size else (0, 0)


def _passing(collection: Collection, field: str, group: Sequence[Filter]) -> npt.NDArray[np.bool_]:
    """Return which articles pass the filters of one facet: one of the chosen values and none of the excluded."""
    mask = np.ones(collection.max_doc, np.bool_)
    for exclude in (False, True):
        values = {_key(field, value) for one in group if one.exclude is exclude for value in one.values}
        if values:
            found = _with_values(collection, field, values)
            mask &= ~found if exclude else found
    return mask


def _with_values(collection: Collection, field: str, values: set[str]) -> npt.NDArray[np.bool_]:
    if field not in ("year", "month"):
        return collection.having(field, lambda value: _key(field, value) in values, none="" in values)
    calendar = _calendar(collection)
    wanted = np.fromiter((name in values or (field == "year" and bool(name) and name[:4] in values) for name in calendar.months), np.bool_)
    found: npt.NDArray[np.bool_] = wanted[calendar.slots]
    return found


def _selected(filters: Sequence[Filter], field: str) -> tuple[set[str], set[str]]:
    def of(exclude: bool) -> set[str]:
        return {_key(field, value) for one in filters if one.field == field and one.exclude is exclude for value in one.values}

    return of(False), of(True)


def _absent(filters: Sequence[Filter], field: str, shown: set[str]) -> list[str]:
    """Return chosen values that no counted article has: a choice must stay visible, so that it can be taken back."""
    absent: dict[str, str] = {}
    for value in (value for one in filters if one.field == field for value in one.values if value):
        if _key(field, value) not in shown:
            absent.setdefault(_key(field, value), value)
    return list(absent.values())


def _key(field: str, value: str) -> str:
    """Return under what a value is compared; "" is no value at all, so a name without a letter (« *** ») stands for itself."""
    return value if field in ("year", "month") or not value else folded_label(value) or value
