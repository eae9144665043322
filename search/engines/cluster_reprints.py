"""How does an answer of a cluster get one line a text? What has versions is known here; which of it a question finds is asked.

The groups of a generation are one file of the archive. A question first asks for the places of the articles with versions that it finds, a few
bytes each; which of them stand for a line, and what a facet counts twice, is the arithmetic of a folder (``search.reprints``). The
search for the page then leaves out the articles that do not stand for a line: total, order and pages are the cluster's own.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexProblem
from indexer.cluster_mapping import KEY_MARK
from indexer.cluster_reprints import ClusterGroups, having_seqs, read_groups
from indexer.cluster_state import ClusterFacts, ClusterState
from indexer.codec.columns import NO_DAY
from indexer.reprints import FIRST, REPRINTS_FACT
from indexer.schema import FACETS
from search.engines.cluster_body import ANYTHING, Body, days_body
from search.engines.cluster_facets import Search, post_filter
from search.facets import MAX_BUCKETS
from search.reprints import Groups
from search.request import SearchRequest, Version

__all__ = ["ClusterReprints", "Repeats", "read_reprints"]

PAGE: Final = 10_000  # places or values of one answer
HEADERS_KEPT: Final = 50_000
OPEN_TRIES: Final = 5
_UNKNOWN: Final = 1 << 40
_UNITS: Final = {"year": "Y", "month": "M", "day": "D"}
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of a facet. Shapes: names [values], "" first; values [...] one article after the other, starts [articles + 1]."""

    names: Sequence[str]
    values: I64
    starts: I64

    def flat(self, docs: I32) -> tuple[I64, I64]:
        """Return the values of articles; of all of them, as they are asked for once."""
        assert docs.size == self.starts.size - 1
        return self.values, self.starts


class ClusterReprints:
    """The articles of one generation that have versions, group by group, the first publication first."""

    def __init__(self, name: str, groups: ClusterGroups) -> None:
        self.name = name
        days = np.where(groups.days == NO_DAY, _UNKNOWN, groups.days)
        order = np.lexsort((groups.seqs, days, groups.kept != FIRST, groups.groups))
        self._seqs, self._group, self._days = groups.seqs[order], groups.groups[order], groups.days[order]
        self._by_seq = np.argsort(self._seqs)
        self._groups = Groups(np.arange(order.size), self._group, groups.kept[order], order.size)
        self._columns: dict[str, _Column] = {}
        self._headers: dict[int, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def repeats(self, search: Search, selecting: Body, request: SearchRequest) -> Repeats:
        """Return what the lines of an answer leave out of its articles."""
        filters: list[Body] = [selecting]
        if request.since or request.until:
            filters.append(days_body("published", request.since, request.until))
        alone = ["", *sorted({one.field for one in request.filters})]  # what passes all choices, and all but those of one facet
        asked = [(but, [*filters, post_filter(request.filters, but) or ANYTHING]) for but in alone]
        found, whole = self._found(search, asked)
        lines = self._groups.lines(found[""])
        hidden = np.empty(0, np.int64) if lines is None else np.sort(self._seqs[found[""][~lines]])
        if not hidden.size and all(self._groups.lines(places) is None for places in found.values()):
            return Repeats(partial=not whole)
        if request.facets != ():
            self._load(search)
        return Repeats(self, found, hidden, not whole)

    def repeated(self, name: str, places: I32) -> dict[str, int]:
        """Return how often the articles at some places repeat a value inside their group, by the key of its bucket; "" is no value."""
        column = self._columns[name]
        counts = self._groups.repeated(places, name, column.flat, len(column.names))
        if counts is None:
            return {}
        return {column.names[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()}

    def versions(self, search: Search, seqs: Sequence[int]) -> list[tuple[Version, ...]]:
        """Return for each article all versions of its text, the first publication first; () where it stands alone."""
        found = [self._places(np.array([seq], np.int64)) for seq in seqs]
        places = np.concatenate([np.empty(0, np.int32), *found])
        with self._lock:
            self._read_headers(search, np.flatnonzero(np.isin(self._group, self._group[places])))
            whole = [bool(at.size) and all(one in self._headers for one in self._members(int(at[0]))) for at in found]
            return [self._groups.versions(self, at)[0] if there else () for at, there in zip(found, whole, strict=True)]

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what lists show of an article that was read before."""
        return self._headers[doc_num]

    def _members(self, place: int) -> Sequence[int]:
        first, end = np.searchsorted(self._group, [self._group[place], self._group[place] + 1]).tolist()
        return range(first, end)

    def _places(self, seqs: I64) -> I32:
        """Return the places of those that have versions."""
        at = np.searchsorted(self._seqs, seqs, sorter=self._by_seq)
        near = self._by_seq[np.minimum(at, self._by_seq.size - 1)]
        places: I32 = near[self._seqs[near] == seqs].astype(np.int32)
        return places

    def _found(self, search: Search, asked: Sequence[tuple[str, list[Body]]]) -> tuple[dict[str, I32], bool]:
        """Return the places of what each condition finds, ascending, and whether every shard has told all of it."""
        conditions = list(having_seqs(np.sort(self._seqs)))
        open_ = [(but, _places_body([*filters, condition])) for but, filters in asked for condition in conditions]
        found: dict[str, list[int]] = {but: [] for but, _ in asked}
        whole = True
        while open_:
            following = []
            for (but, body), answer in zip(open_, search([body for _, body in open_]), strict=True):
                hits = answer["hits"]["hits"]
                whole = whole and not (answer.get("timed_out") or answer.get("_shards", {}).get("failed", 0))
                found[but] += [hit["sort"][0] for hit in hits]
                if len(hits) == PAGE:
                    following.append((but, {**body, "search_after": hits[-1]["sort"]}))
            open_ = following
        return {but: np.sort(self._places(np.array(seqs, np.int64))) for but, seqs in found.items()}, whole

    def _load(self, search: Search) -> None:
        """Read the values of all facets, and of the timeline, once."""
        with self._lock:
            if self._columns:
                return
            rows: list[Mapping[str, Sequence[str]]] = [{}] * self._seqs.size
            for first in range(0, self._seqs.size, PAGE):
                seqs = np.sort(self._seqs)[first : first + PAGE]
                body = _places_body(list(having_seqs(seqs))) | {"docvalue_fields": list(FACETS)}
                hits = search([body])[0]["hits"]["hits"]
                places = self._places(np.array([hit["sort"][0] for hit in hits], np.int64))
                for place, hit in zip(places.tolist(), hits, strict=True):
                    rows[place] = hit.get("fields", {})
            dates = {unit: self._dates(unit) for unit in _UNITS}
            self._columns = {name: _column([row.get(name, ()) for row in rows]) for name in FACETS} | dates

    def _dates(self, unit: str) -> _Column:
        known = self._days != NO_DAY
        days = np.where(known, self._days, 0).astype("datetime64[D]").astype(f"datetime64[{_UNITS[unit]}]").astype(str)
        return _column([(day,) if there else () for day, there in zip(days.tolist(), known.tolist(), strict=True)])

    def _read_headers(self, search: Search, places: npt.NDArray[np.intp]) -> None:
        if len(self._headers) > HEADERS_KEPT:
            self._headers.clear()
        missing = np.array([place for place in places.tolist() if place not in self._headers], np.int64)
        for first in range(0, missing.size, PAGE):
            body = _places_body(list(having_seqs(np.sort(self._seqs[missing[first : first + PAGE]]))))
            shown = [f"src.{name}" for name in ("doc_id", "headline", "newspaper", "published")]
            hits = search([{**body, "_source": shown}])[0]["hits"]["hits"]
            at = self._places(np.array([hit["sort"][0] for hit in hits], np.int64))
            self._headers.update((place, {"headline": "", **hit["_source"]["src"]}) for place, hit in zip(at.tolist(), hits, strict=True))


def _nothing() -> I64:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Repeats:
    """What the lines of one answer leave out. Shapes: ``hidden`` i64[n], the articles that stand for no line; ``found`` by facet, "" for all others."""

    table: ClusterReprints | None = None
    found: Mapping[str, I32] = field(default_factory=dict)
    hidden: I64 = field(default_factory=_nothing)
    partial: bool = False

    def counted(self, request: SearchRequest) -> SearchRequest:
        """Return the request whose facets are counted: as many values as are needed to know which come first by lines."""
        return request if self.table is None else replace(request, facet_size=MAX_BUCKETS)

    def post_filter(self, chosen: Body | None) -> Body | None:
        """Return what an article of the page must meet."""
        if not self.hidden.size:
            return chosen
        return {"bool": {"filter": [chosen or ANYTHING], "must_not": list(having_seqs(self.hidden))}}

    def facet(self, name: str, found: Mapping[str, Any], request: SearchRequest) -> Mapping[str, Any]:
        """Return the buckets of a facet with lines in the place of articles, the most frequent first, as many as are asked for."""
        if self.table is None:
            return found
        repeated = self.table.repeated(name, self.found.get(name, self.found[""]))
        missing = {"doc_count": found["missing"]["doc_count"] - repeated.pop("", 0)}
        if name in _UNITS:
            return {"values": {"buckets": _less(found["values"]["buckets"], "key_as_string", repeated)}, "missing": missing}
        told = found["values"]
        buckets = sorted(_less(told["buckets"], "key", repeated), key=_rank)
        size = max(1, min(request.facet_size, MAX_BUCKETS))
        shown, rest = buckets[:size], buckets[size:]
        unlisted = sum(repeated.values()) - sum(repeated.get(bucket["key"], 0) for bucket in buckets)
        other = told["sum_other_doc_count"] - unlisted
        least = told["buckets"][-1]["doc_count"] if told["sum_other_doc_count"] else 0  # nothing unlisted has more articles
        unsure = told["doc_count_error_upper_bound"] or (shown[-1]["doc_count"] < least if shown else 0)
        values = {
            "buckets": shown,
            "sum_other_doc_count": other + sum(bucket["doc_count"] for bucket in rest),
            "doc_count_error_upper_bound": int(unsure),
        }
        chosen = {"buckets": sorted(_less(found["chosen"]["buckets"], "key", repeated), key=_rank)} if "chosen" in found else {}
        return {"values": values, "missing": missing, "chosen": chosen}

    def bars(self, found: Mapping[str, Any] | None, unit: str) -> Mapping[str, Any] | None:
        """Return the bars of the timeline with lines in the place of articles."""
        if self.table is None or found is None:
            return found
        return {"bars": {"buckets": _less(found["bars"]["buckets"], "key_as_string", self.table.repeated(unit, self.found[""]))}}


def read_reprints(
    state: ClusterState, index: str, facts: ClusterFacts, known: ClusterReprints | None
) -> tuple[ClusterReprints | None, str, ClusterFacts]:
    """Return the groups of a generation, and the generation: a newer one when a writer has moved on in between."""
    for _ in range(OPEN_TRIES):
        name = facts.facts.get(REPRINTS_FACT)
        if not name or (known is not None and known.name == name):
            return known if name else None, index, facts
        with tempfile.TemporaryDirectory(prefix="marbre-reprints-") as folder:
            try:
                state.fetch_files(index, frozenset({str(name)}), Path(folder))
            except IndexProblem:
                before = facts
                index, facts = state.opened()
                if facts.generation == before.generation:
                    raise
                continue
            groups = read_groups(Path(folder), facts)
        return ClusterReprints(str(name), groups) if groups.seqs.size else None, index, facts
    raise IndexProblem(f"the archive at {state.location} changes faster than it can be opened; try again")


def _places_body(filters: Sequence[Body]) -> Body:
    """Return the search that tells where articles stand in the order of the archive, and nothing else."""
    return {
        "size": PAGE,
        "_source": False,
        "track_total_hits": False,
        "sort": [{"seq": "asc"}],
        "query": {"bool": {"filter": list(filters)}},
    }


def _column(rows: Sequence[Sequence[str]]) -> _Column:
    names = ["", *sorted({value for row in rows for value in row})]
    number = {name: at for at, name in enumerate(names)}
    filled = [[number[value] for value in row] or [0] for row in rows]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in filled]))).astype(np.int64)
    return _Column(names, np.array([value for row in filled for value in row], np.int64), starts)


def _less(buckets: Sequence[Mapping[str, Any]], key: str, repeated: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{**bucket, "doc_count": bucket["doc_count"] - repeated.get(bucket[key], 0)} for bucket in buckets]


def _rank(bucket: Mapping[str, Any]) -> tuple[int, list[str]]:
    return -bucket["doc_count"], str(bucket["key"]).split(KEY_MARK, 1)
