"""How many articles of the answer does each value have? Facets counted without their own choice, and the timeline.

A facet that was chosen must still show what else could be chosen, so its counts leave its own filter out. That takes one
pass: for each article of the query the filters that it fails are counted; with none failed it counts everywhere, with one
failed it counts in the facet of that filter alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from indexer.schema import FACETS, label_term
from search.collection import NO_DAY, Collection, Docs
from search.request import Bucket, FacetCounts, Filter, SearchRequest, Timeline

__all__ = ["ALL_FACETS", "MAX_BUCKETS", "Selection", "count_facet", "folded_label", "select", "timeline", "timeline_unit"]

MAX_BUCKETS: Final = 1_000
ALL_FACETS: Final = (*FACETS, "year", "month")
_DAY_SPAN: Final = 62  # days asked for: up to here a bar a day
_MONTH_SPAN: Final = 30 * 366  # and up to here a bar a month
Unit = Literal["day", "month", "year"]
folded_label = label_term


@dataclass(frozen=True, slots=True)
class Selection:
    """The articles of a query after its filters: ``docs`` pass all of them, ``but[f]`` all but those of facet ``f``."""

    docs: Docs
    but: Mapping[str, Docs]

    def counted_for(self, facet: str) -> Docs:
        """Return the articles that a facet counts."""
        return self.but.get(facet, self.docs)


def select(collection: Collection, docs: Docs, filters: Sequence[Filter]) -> Selection:
    """Return which of ``docs`` pass ``filters`` (OR inside a facet, AND between facets), and what each facet counts."""
    groups: dict[str, list[Filter]] = {}
    for one in filters:
        groups.setdefault(one.field, []).append(one)
    if not groups:
        return Selection(docs, {})
    passes = {field: _passing(collection, field, group)[docs] for field, group in groups.items()}
    failures = np.zeros(docs.size, np.uint8)
    for ok in passes.values():
        failures += ~ok
    return Selection(docs[failures == 0], {field: docs[(failures == 0) | ((failures == 1) & ~ok)] for field, ok in passes.items()})


def count_facet(collection: Collection, field: str, docs: Docs, request: SearchRequest) -> FacetCounts:
    """Return the buckets of one facet over ``docs``: the most frequent first, chosen values always, years and months by time."""
    if field in ("year", "month"):
        counts, missing = _time_counts(collection, field, docs)
    else:
        counts, missing = _label_counts(collection, field, docs)
    chosen, excluded = _selected(request.filters, field)
    rows = sorted(counts.items(), key=(lambda row: _reversed(row[0])) if field in ("year", "month") else _by_count)
    size = min(MAX_BUCKETS if field in ("year", "month") else request.facet_size, MAX_BUCKETS)
    kept = rows[:size] + [row for row in rows[size:] if _key(field, row[0]) in chosen | excluded]
    shown = {value for value, _ in kept}
    kept += [(value, 0) for value in _absent(request.filters, field, {_key(field, value) for value in shown})]
    return FacetCounts(
        buckets=tuple(Bucket(value, count, _key(field, value) in chosen, _key(field, value) in excluded) for value, count in kept),
        other=sum(count for value, count in rows[size:] if value not in shown),
        missing=missing,
        missing_selected="" in chosen,
    )


def timeline(collection: Collection, docs: Docs, unit: Unit) -> Timeline:
    """Return how many of ``docs`` each day, month or year has, in order of time; articles without a date are left out."""
    if unit == "day":
        days = collection.days("published")[docs]
        values, counts = np.unique(days[days != NO_DAY], return_counts=True)
        return Timeline(unit, tuple(Bucket(_iso(int(day)), int(count)) for day, count in zip(values, counts, strict=True)))
    counted, _missing = _time_counts(collection, unit, docs)
    return Timeline(unit, tuple(Bucket(value, count) for value, count in sorted(counted.items())))


def timeline_unit(collection: Collection, request: SearchRequest) -> Unit:
    """Return the unit for a question: days when it asks for two months at most, years beyond thirty years, months else."""
    first, last = collection.remembered("day-range", lambda: _day_range(collection))
    low = request.since.toordinal() - _EPOCH if request.since else first
    high = request.until.toordinal() - _EPOCH if request.until else last
    if any(one.field == "month" and len(one.values) == 1 and not one.exclude for one in request.filters):
        return "day"
    if (request.since or request.until) and high - low < _DAY_SPAN:
        return "day"
    return "month" if high - low <= _MONTH_SPAN else "year"


_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def _iso(day: int) -> str:
    return dt.date.fromordinal(day + _EPOCH).isoformat()


def _day_range(collection: Collection) -> tuple[int, int]:
    days = collection.days("published")
    known = days[days != NO_DAY]
    return (int(known.min()), int(known.max())) if known.size else (0, 0)


def _months(collection: Collection) -> npt.NDArray[np.int32]:
    """Shapes: int32[max_doc], months since year 0; -1 where the day is unknown."""

    def make() -> npt.NDArray[np.int32]:
        days = collection.days("published")
        known = days != NO_DAY
        months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int32) + 1970 * 12
        return np.where(known, months, -1).astype(np.int32)

    return collection.remembered("months", make)


def _time_counts(collection: Collection, unit: str, docs: Docs) -> tuple[dict[str, int], int]:
    months = _months(collection)[docs]
    missing = int(np.count_nonzero(months < 0))
    if missing == months.size:
        return {}, missing
    low = collection.remembered("first-month", lambda: int((all_months := _months(collection))[all_months >= 0].min()))
    counts = np.bincount(np.where(months < 0, 0, months - low + 1))
    found = {int(at) + low - 1: int(counts[at]) for at in np.flatnonzero(counts) if at}
    if unit == "month":
        return {f"{month // 12:04d}-{month % 12 + 1:02d}": count for month, count in found.items()}, missing
    years: Counter[str] = Counter()
    for month, count in found.items():
        years[f"{month // 12:04d}"] += count
    return dict(years), missing


def _label_counts(collection: Collection, field: str, docs: Docs) -> tuple[dict[str, int], int]:
    counts: Counter[str] = Counter()
    missing = 0
    bounds = np.searchsorted(docs, collection.bases)
    for number, leaf in enumerate(collection.leaves):
        inside = docs[bounds[number] : bounds[number + 1]] - np.int32(collection.bases[number])
        column = leaf.ordinals(field)
        found = column.counts(inside)
        missing += int(found[0])
        for at in np.flatnonzero(found[1:]).tolist():
            counts[column.values[at + 1]] += int(found[at + 1])
    return counts, missing


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
    months = _months(collection)
    numbers = [int(value[:4]) * 12 + (int(value[5:7]) - 1 if field == "month" else 0) for value in values if value]
    known = np.isin(months // 12, [number // 12 for number in numbers]) & (months >= 0) if field == "year" else np.isin(months, numbers)
    return known | (months < 0) if "" in values else known


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


def _by_count(row: tuple[str, int]) -> tuple[int, str, str]:
    return -row[1], folded_label(row[0]), row[0]


def _reversed(value: str) -> tuple[int, ...]:
    return tuple(-int(part) for part in value.split("-"))
