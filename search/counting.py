"""How many of some articles have each value of a facet, and each month? The values of all segments as one list, counted by ``bincount``.

Pure arithmetic on the columns of a collection; which articles a facet counts, and what is shown of the counts, is ``facets.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from indexer.schema import label_term
from search.collection import NO_DAY, Collection, Docs
from search.reprints import Groups, flat_values

__all__ = [
    "Calendar",
    "Counts",
    "Names",
    "Space",
    "calendar_of",
    "counts_of_both",
    "folded_label",
    "key_of",
    "label_counts",
    "label_repeats",
    "period_values",
    "space_of",
]

_PAIRS: Final = 4_096  # values of two facets together: up to here counting pairs costs what counting one of them does
Counts = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]
folded_label = label_term


@dataclass(frozen=True, slots=True)
class Space:
    """The values of a facet over all segments. ``values[0]`` is "" (no value); ``ranks`` is their order in the alphabet.

    ``maps[i]`` takes the ordinals of segment ``i`` to places in ``values``; None where they are the same.
    """

    values: Names
    keys: Sequence[str]
    ranks: Counts
    maps: Sequence[Counts | None]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months from the first to the last of the archive. Shapes: slots [max_doc] of the smallest type, 0 = no date, else the month's place."""

    slots: npt.NDArray[Any]
    months: Names
    years: Names
    year_starts: Counts  # where each year begins among ``months``


def calendar_of(collection: Collection) -> Calendar:
    def make() -> Calendar:
        days = collection.days("published")
        known = days != NO_DAY
        months = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
        low, high = (int(months[known].min()), int(months[known].max())) if known.any() else (0, -1)
        numbers = np.arange(low, high + 1)
        starts = np.flatnonzero(np.diff(numbers // 12, prepend=-1)) + 1
        return Calendar(
            slots=np.where(known, months - low + 1, 0).astype(np.min_scalar_type(max(0, high - low + 1))),
            months=_names(["", *(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in numbers.tolist())]),
            years=_names(["", *(f"{month // 12:04d}" for month in numbers[starts - 1].tolist())]),
            year_starts=np.concatenate(([0], starts)),
        )

    return collection.remembered("calendar", make)


def space_of(collection: Collection, field: str) -> Space:
    def make() -> Space:
        columns = [leaf.ordinals(field).values for leaf in collection.leaves]
        values = ["", *sorted({value for column in columns for value in column if value})]
        place = {value: number for number, value in enumerate(values)}
        maps: list[Counts | None] = [
            None if len(column) == len(values) else np.array([place[value] for value in column]) for column in columns
        ]
        keys = [key_of(field, value) for value in values]
        ranks = np.empty(len(values), np.int64)
        ranks[sorted(range(len(values)), key=lambda at: (keys[at], values[at]))] = np.arange(len(values))
        return Space(_names(values), keys, ranks, maps)

    return collection.remembered(("space", field), make)


def label_counts(collection: Collection, field: str, docs: Docs) -> Counts:
    """Return how many of ``docs`` have each value of a space; the first is how many have none."""

    def count() -> Counts:
        space = space_of(collection, field)
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


def counts_of_both(collection: Collection, field: str, other: str, docs: Docs) -> tuple[Counts, Counts] | None:
    """Return what ``label_counts`` does for two facets, from one look at each article; None where they have too many values for it."""
    columns = collection.remembered(("both", field, other), lambda: _paired_columns(collection, field, other))
    if columns is None:
        return None
    spaces = [space_of(collection, name) for name in (field, other)]
    totals = [np.zeros(len(space.values), np.int64) for space in spaces]
    bounds = np.searchsorted(docs, collection.bases)
    for number, (pairs, shape) in enumerate(columns):
        inside = docs[bounds[number] : bounds[number + 1]]
        if inside.size:
            base = np.int32(collection.bases[number])
            found = np.bincount(pairs.take(inside - base if base else inside), minlength=shape[0] * shape[1]).reshape(shape)
            for axis, (total, space) in enumerate(zip(totals, spaces, strict=True)):
                places = space.maps[number]
                total[slice(None) if places is None else places] += found.sum(axis=1 - axis)
    return totals[0], totals[1]


def _paired_columns(collection: Collection, field: str, other: str) -> list[tuple[npt.NDArray[np.uint16], tuple[int, int]]] | None:
    """Return the ordinals of two facets as one number for each article of each segment, and how many values each has there."""
    found = []
    for leaf in collection.leaves:
        one, two = leaf.ordinals(field), leaf.ordinals(other)
        shape = len(one.values), len(two.values)
        if one.offsets is not None or two.offsets is not None or shape[0] * shape[1] > _PAIRS:
            return None
        found.append((one.ordinals.astype(np.uint16) * np.uint16(shape[1]) + two.ordinals.astype(np.uint16), shape))
    return found


def label_repeats(groups: Groups, collection: Collection, field: str, places: Docs, size: int) -> Counts | None:
    """Return how often a text has each value again: a value is counted once for each text, however many of its versions have it."""
    space = space_of(collection, field)
    columns = [(leaf.ordinals(field), names) for leaf, names in zip(collection.leaves, space.maps, strict=True)]
    return groups.repeated(places, field, partial(flat_values, columns, collection.bases), size)


def period_values(calendar: Calendar, unit: str, docs: Docs) -> tuple[Counts, Counts]:
    """Return the month or year of articles, one each."""
    months = calendar.slots[docs].astype(np.int64)
    values = months if unit == "month" else np.searchsorted(calendar.year_starts, months, side="right") - 1
    return values, np.arange(docs.size + 1)


def _names(values: Sequence[str]) -> Names:
    return np.array(values, dtype=object)


def key_of(field: str, value: str) -> str:
    """Return under what a value is compared; "" is no value at all, so a name without a letter (« *** ») stands for itself."""
    return value if field in ("year", "month") or not value else folded_label(value) or value
