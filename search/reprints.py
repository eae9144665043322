"""Which articles of an answer are one text, and which of them stands for all? Arrays of one generation.

Asked to group, an answer has one line a text: the first publication among the articles that match. A facet then counts lines, each once for
every value that one of its articles has: the number beside a value is how many lines are shown when it is chosen.
Only what has versions is looked at: an answer without reprints costs one look into a column.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from indexer.reprints import FIRST, SegmentGroups
from search.collection import NO_DAY, Collection, Docs, Ordinals
from search.request import Version

__all__ = ["Groups", "flat_values", "groups_of"]

Counts = npt.NDArray[np.int64]
Flat = tuple[Counts, Counts]  # values one after the other, and where those of each article begin
_UNKNOWN: Final = 1 << 40
KEPT_VERSIONS: Final = 50_000  # about 20 MB


class Headers(Protocol):
    """Who knows what lists show of an article."""

    def header(self, doc_num: int) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which (group, value) each article has. Shapes: pairs [values] numbers of pairs, starts [articles + 1], values [pairs].

    Without ``starts`` every article has one value. ``whole`` is the answer where every version is asked, as on a page without words.
    """

    pairs: npt.NDArray[np.int32]
    starts: Counts | None
    values: npt.NDArray[np.int32]
    whole: Counts


class Groups:
    """The articles that have other versions, group by group, the first publication first. Shapes: places i32[max_doc], -1 = no versions."""

    def __init__(self, docs: Counts, groups: Counts, kept: npt.NDArray[np.uint8], max_doc: int) -> None:
        self._docs = docs
        self._kept = kept
        self._starts = np.flatnonzero(np.diff(groups, prepend=0, append=0))  # of each group, and the end
        self._group = np.cumsum(np.diff(groups, prepend=0) != 0) - 1
        self._places = np.full(max_doc, -1, np.int32)
        self._places[docs] = np.arange(docs.size)
        self._pairs: dict[Hashable, _Pairs] = {}
        self._texts: dict[int, tuple[Version, ...]] = {}  # by group
        self._kept_versions = 0

    def lines(self, docs: Docs) -> npt.NDArray[np.bool_] | None:
        """Return which of ``docs`` stand for a line: all without versions, and of each text the first; None: all of them."""
        places = self._places.take(docs)
        several = np.flatnonzero(places >= 0)
        if not several.size:
            return None
        there = np.zeros(self._docs.size, np.bool_)
        there[places[several]] = True
        present = np.flatnonzero(there)
        first = np.ones(present.size, np.bool_)
        first[1:] = self._group[present[1:]] != self._group[present[:-1]]
        if first.all():
            return None
        there[present[~first]] = False
        kept = np.ones(docs.size, np.bool_)
        kept[several] = there[places[several]]
        return kept

    def present(self, docs: Docs) -> Docs:
        """Return the places of those of ``docs`` that have versions."""
        places = self._places.take(docs)
        return places[(places >= 0).nonzero()[0]]

    def repeated(self, places: Docs, name: Hashable, values: Callable[[Docs], Flat], size: int) -> Counts | None:
        """Return how many of the articles at ``places`` repeat each of ``size`` values inside their group; None = none does."""
        if places.size < 2:
            return None
        if name not in self._pairs:
            self._pairs[name] = _paired(self._group, *values(self._docs.astype(np.int32)), size)
        table = self._pairs[name]
        if places.size == self._docs.size:
            return table.whole
        if table.starts is None:
            pairs = table.pairs.take(places)
        else:
            starts = table.starts.take(places)
            counts = table.starts.take(places + 1) - starts
            ends = np.cumsum(counts)
            pairs = table.pairs.take(np.repeat(starts - (ends - counts), counts) + np.arange(int(ends[-1])))
        seen = np.zeros(table.values.size, np.bool_)
        seen[pairs] = True
        return np.bincount(table.values.take(pairs), minlength=size) - np.bincount(table.values[seen], minlength=size)

    def once(self, docs: Docs, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which of ``docs`` are the first of their group with their value (one each)."""
        places = self._places.take(docs)
        kept = places < 0
        several = np.flatnonzero(~kept)
        kept[several[np.unique(np.stack((self._group[places[several]], values[several])), axis=1, return_index=True)[1]]] = True
        return kept

    def versions(self, collection: Headers, docs: Docs) -> list[tuple[Version, ...]]:
        """Return for each of ``docs`` all versions of its text, the first publication first; () where it stands alone."""
        places = self._places.take(docs)
        groups = np.where(places < 0, -1, self._group.take(places, mode="clip")).tolist()
        return [() if group < 0 else self._texts.get(group) or self._read(collection, group) for group in groups]

    def _read(self, collection: Headers, group: int) -> tuple[Version, ...]:
        """Read the versions of a text and keep them: one that is printed ten thousand times stands on many pages, and takes a tenth of a second."""
        span = range(int(self._starts[group]), int(self._starts[group + 1]))
        versions = tuple(_version(collection.header(int(self._docs[at])), int(self._kept[at])) for at in span)
        self._kept_versions += len(versions)  # two threads may count one text twice or not at all: the bound is a rough one
        if self._kept_versions > KEPT_VERSIONS:
            self._texts, self._kept_versions = {}, len(versions)
        self._texts[group] = versions
        return versions


def groups_of(collection: Collection) -> Groups | None:
    """Return the groups of a collection; None when no article has versions."""
    load = collection.load_reprints
    return None if load is None else collection.remembered("reprints", lambda: _groups(collection, load()))


def _groups(collection: Collection, parts: Sequence[SegmentGroups | None]) -> Groups | None:
    found = [(base, own) for base, own in zip(collection.bases.tolist(), parts, strict=False) if own is not None and own.docs.size]
    if not found:
        return None
    docs = np.concatenate([own.docs.astype(np.int64) + base for base, own in found])
    groups = np.concatenate([own.groups for _, own in found]).astype(np.int64)
    kept = np.concatenate([own.kept for _, own in found])
    days = collection.days("published")[docs].astype(np.int64)
    order = np.lexsort((docs, np.where(days == NO_DAY, _UNKNOWN, days), kept != FIRST, groups))
    return Groups(docs[order], groups[order], kept[order], collection.max_doc)


def _paired(groups: Counts, values: Counts, starts: Counts, size: int) -> _Pairs:
    """Number what (group, value) there is."""
    sizes = np.diff(starts)
    owners = np.repeat(groups, sizes)
    width = int(values.max(initial=0)) + 1
    keys, pairs = np.unique(owners * width + values, return_inverse=True)
    found = keys % width
    whole = np.bincount(values, minlength=size) - np.bincount(found, minlength=size)
    return _Pairs(pairs.reshape(-1).astype(np.int32), None if (sizes == 1).all() else starts, found.astype(np.int32), whole)


def flat_values(columns: Sequence[tuple[Ordinals, Counts | None]], bases: Counts, docs: Docs) -> Flat:
    """Return the values of ``docs`` (in any order) in a facet, 0 = none; ``columns``: of each segment, and what its ordinals are called."""
    leaves = np.searchsorted(bases, docs, side="right") - 1
    rows: list[list[int]] = [[] for _ in range(docs.size)]
    for number, (column, names) in enumerate(columns):
        at = np.flatnonzero(leaves == number)
        inside = docs[at] - bases[number]
        table = np.arange(len(column.values)) if names is None else names
        if column.offsets is None:
            for place, value in zip(at.tolist(), table[column.ordinals[inside]].tolist(), strict=True):
                rows[place] = [value]
        else:
            for place, first, end in zip(at.tolist(), column.offsets[inside].tolist(), column.offsets[inside + 1].tolist(), strict=True):
                rows[place] = table[column.ordinals[first:end]].tolist() or [0]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    return np.array([value for row in rows for value in row], np.int64), starts


def _version(header: dict[str, Any], kept: int) -> Version:
    first = kept == FIRST
    return Version(
        header["doc_id"],
        header["headline"],
        header.get("newspaper", ""),
        header.get("published"),
        100 if first else kept,
        first,
    )
