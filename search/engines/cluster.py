"""The engine of a cluster: how does a query tree become the same answer that a folder gives?

The cluster selects, counts and finds the 400 articles worth ranking; they are ranked and marked here, by the code that ranks and marks those of a
folder (``few.py``). What is known of the archive as a whole (generation, dates, lengths, how many articles have a word) is asked for
once a generation and looked at again after a second.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Any, Final

import numpy as np
from whoosh.query import Query

from corpus.article import Article
from corpus.errors import BadRequest, ClusterUnavailable
from indexer.acronym_decisions import Decision, decisions_in
from indexer.cluster import connect
from indexer.cluster_client import SEARCH_S, WRITE_S, Refused
from indexer.cluster_mapping import length_field
from indexer.cluster_reading import read_document
from indexer.documents import article_from_stored, header_form, shown_header
from indexer.french import fold
from indexer.schema import ACRONYM_FIELD, TEXT_FIELDS
from indexer.withdrawals import withdrawn_in
from search.engines import Answer, ArchiveStats, Found
from search.engines.cluster_body import Body, days_body, most_of_body, score_body, with_least
from search.engines.cluster_facets import (
    aggregations,
    facet_of,
    newspaper_months,
    post_filter,
    starting_terms,
    starting_values,
    timeline_of,
    value_of,
)
from search.engines.cluster_reprints import ClusterReprints, Repeats, read_reprints
from search.engines.cluster_words import ClusterVocabulary, counting, pairs_counted
from search.engines.few import FewCollection, FewEvaluation
from search.evaluate import Occurring, scoring_nodes
from search.explain import explain
from search.facets import ALL_FACETS, timeline_unit
from search.ranking import RESCORED
from search.relaxing import MostOf
from search.request import RESULT_WINDOW, SearchRequest, Timeline, Version
from search.rescoring import rescore
from search.suggest import Completion

__all__ = ["ClusterEngine"]

LOOK_S: Final = 1.0  # between two looks for a new commit
CANDIDATES: Final = 400  # articles that the cluster proposes; of 100,000, 200 held too few of the 200 that our own formula rescores
EXPORT_PAGE: Final = 500
PIT_KEPT: Final = "5m"
COUNTED_WORDS: Final = 50_000  # whose articles are remembered
_ORDERS: Final[dict[str, list[Any]]] = {
    "relevance": ["_score", {"published": {"order": "desc", "missing": "_last"}}, {"seq": "asc"}],
    "newest": [{"published": {"order": "desc", "missing": "_last"}}, {"seq": "desc"}],
    "oldest": [{"published": {"order": "asc", "missing": "_last"}}, {"seq": "asc"}],
    "added": [{"added": {"order": "desc", "missing": "_last"}}, {"seq": "desc"}],
}
_UNRANKED: Final[list[Any]] = _ORDERS["relevance"][1:]


@dataclass(slots=True)
class _Archive:
    """One generation: its index, its facts, and what was asked of it as a whole."""

    index: str
    facts: Mapping[str, Any]
    stats: ArchiveStats
    averages: Mapping[str, float]
    days: tuple[dt.date, dt.date] | None
    reprints: ClusterReprints | None
    counted: dict[tuple[Occurring, str], int] = field(default_factory=dict)
    months: Sequence[tuple[str, str, int]] | None = None


class ClusterEngine:
    """Searches an archive on a cluster. Raises: IndexMissing, IndexForeign, ClusterUnavailable."""

    outdated = False  # a cluster looks after its copies itself

    def __init__(self, location: str) -> None:
        self.state = connect(location)
        self.name = self.state.name
        self._lock = threading.Lock()
        self._looked = 0.0
        self._archive = self._look(None)

    def __enter__(self) -> ClusterEngine:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the engine is not used afterwards."""
        self.state.client.close()

    def ask(self, query: Query, request: SearchRequest) -> Answer:
        """Return one slice of the ranked hits with total, facets and timeline."""
        archive = self.archive()
        selecting = with_least(query, self._least(query, request))
        repeats = self._repeats(archive, selecting, request)
        nodes = scoring_nodes(query) if request.sort == "relevance" else []
        narrowed = bool(request.filters or request.since or request.until)
        wanted = ALL_FACETS if request.facets is None else request.facets
        bodies = [
            self._main_body(query, selecting, request, bool(nodes), aggregations(repeats.counted(request), wanted, archive.days), repeats)
        ]
        if narrowed:
            bodies.append({"size": 0, "track_total_hits": True, "query": selecting})
        unknown = [pair for pair in pairs_counted(nodes) if pair not in archive.counted]
        if unknown:
            bodies.append(counting(unknown))
        found = self.search_many(bodies)
        if unknown:
            self._remember(archive, unknown, found[-1])
        main, total = found[0], found[0]["hits"]["total"]["value"]
        counts = main.get("aggregations", {})
        facets = {name: facet_of(name, repeats.facet(name, counts[name], request), request) for name in wanted}
        first, last = archive.days or (None, None)
        unit = timeline_unit(first, last, request)
        return Answer(
            total=total,
            articles=total + repeats.hidden.size,
            matched=found[1]["hits"]["total"]["value"] if narrowed else total + repeats.hidden.size,
            found=self._with_versions(
                archive, self._ranked(archive, query, main["hits"]["hits"], request, bool(nodes)), main["hits"]["hits"]
            ),
            facets={name: facet for name, (facet, _) in facets.items()},
            timeline=timeline_of(repeats.bars(counts.get("timeline"), unit), unit) if request.facets != () else Timeline(),
            partial=repeats.partial or any(_is_partial(one) for one in found),
            approximate=not all(exact for _, exact in facets.values()),
            generation=archive.stats.generation,
        )

    def article(self, doc_id: str) -> Article | None:
        """Return a whole article."""
        found = self._read(doc_id)
        return None if found is None else article_from_stored(found)

    def versions(self, doc_ids: Sequence[str]) -> Mapping[str, tuple[Version, ...]]:
        """Return all versions of the texts of some articles."""
        reprints = self.archive().reprints
        if reprints is None or not doc_ids:
            return {}
        docs = self.call("POST", f"/{self.name}/_mget?_source=seq", {"ids": list(doc_ids)})["docs"]
        seqs = {doc["_id"]: doc["_source"]["seq"] for doc in docs if doc.get("found")}
        found = reprints.versions(self.search_many, list(seqs.values()))
        return {doc_id: versions for doc_id, versions in zip(seqs, found, strict=True) if versions}

    def withdrawn(self, doc_id: str) -> str | None:
        """Return why an article was withdrawn; None for every other."""
        entry = withdrawn_in(self.archive().facts).get(doc_id)
        return None if entry is None else entry.get("reason", "")

    def stats(self) -> ArchiveStats:
        """Return what the archive holds."""
        return self.archive().stats

    def export(self, query: Query, request: SearchRequest) -> Iterator[Article]:
        """Return every article of the answer, in the order asked, as they stood when the first was asked for."""
        archive = self.archive()
        selecting = with_least(query, self._least(query, request))
        ranked = request.sort == "relevance" and bool(scoring_nodes(query))
        body = self._main_body(query, selecting, request, ranked, {}, self._repeats(archive, selecting, replace(request, facets=())))
        del body["from"], body["timeout"]
        body |= {"size": CANDIDATES if ranked else EXPORT_PAGE, "track_total_hits": False}
        pit = self.call("POST", f"/{self.name}/_search/point_in_time", None, params={"keep_alive": PIT_KEPT})["pit_id"]
        try:
            while True:
                found = self.call("POST", "/_search", {**body, "pit": {"id": pit, "keep_alive": PIT_KEPT}}, seconds=WRITE_S)
                hits = found["hits"]["hits"]
                if not hits:
                    return
                if ranked and "search_after" not in body:
                    self._count_words(archive, query)
                    whole = SearchRequest(size=CANDIDATES)
                    yield from (article_from_stored(one.stored()) for one in self._ranked(archive, query, hits, whole, True))
                else:
                    yield from (article_from_stored(hit["_source"]["src"]) for hit in hits)
                body |= {"search_after": hits[-1]["sort"], "size": EXPORT_PAGE}
        finally:
            with suppress(Refused, ClusterUnavailable, BadRequest):
                self.state.client.call("DELETE", "/_search/point_in_time", {"pit_id": [pit]})

    def vocabulary(self) -> ClusterVocabulary:
        """Return the words of the archive."""
        return ClusterVocabulary(self)

    def complete_value(self, field: str, typed: str, limit: int) -> list[Completion]:
        """Return values of a facet that have a word beginning with ``typed``, the most frequent first."""
        prefix = " ".join(fold(word) for word in typed.split())
        found = self.search_many([{"size": 0, "aggs": {"values": starting_values(field, prefix, limit)}}])[0]
        return [Completion(value_of(bucket), bucket["doc_count"]) for bucket in found["aggregations"]["values"]["buckets"]]

    def acronym_terms(self, prefix: str, limit: int | None) -> list[tuple[str, int]]:
        """Return the terms of the field of acronyms that begin with ``prefix`` and how many articles have each."""
        body = starting_terms(ACRONYM_FIELD, prefix, limit)
        found = self.search_many([{"size": 0, "aggs": {"values": body}}])[0]
        return [(bucket["key"], bucket["doc_count"]) for bucket in found["aggregations"]["values"]["buckets"]]

    def acronym_decisions(self) -> dict[tuple[str, str], tuple[Decision, str, str]]:
        """Return what the archivist decided of acronyms."""
        return decisions_in(self.archive().facts)

    def newspaper_months(self) -> Sequence[tuple[str, str, int]]:
        """Return (newspaper, month, articles) wherever there are any."""
        archive = self.archive()
        if archive.months is None:
            archive.months = sorted(newspaper_months(partial(self.search_many, seconds=WRITE_S)))
        return archive.months

    # --- what else of this room asks ------------------------------------------------------------------------------------

    def archive(self) -> _Archive:
        """Return the newest generation; looked for again after a second."""
        with self._lock:
            if time.monotonic() - self._looked > LOOK_S:
                self._archive = self._look(self._archive)
            return self._archive

    def search_many(self, bodies: Sequence[Body], seconds: float = SEARCH_S) -> list[dict[str, Any]]:
        """Return the answers to several searches of the archive, asked in one request. Raises: ClusterUnavailable, BadRequest."""
        lines = b"".join(b"{}\n" + _line(body) for body in bodies)
        answers: list[dict[str, Any]] = self.call("POST", f"/{self.name}/_msearch", lines, seconds=seconds)["responses"]
        for answer in answers:
            if "error" in answer:
                self._raise(int(answer.get("status", 500)), answer["error"])
        return answers

    def call(
        self, method: str, path: str, body: Any, *, params: Mapping[str, object] | None = None, seconds: float = SEARCH_S
    ) -> dict[str, Any]:
        """Make one call. Raises: ClusterUnavailable, IndexMissing or IndexProblem for a refusal."""
        try:
            return self.state.client.call(method, path, body, params=params, seconds=seconds)
        except Refused as error:
            if error.status == 404:
                self.state.opened()  # says what is missing
            raise self.state.problem(error) from None

    def _raise(self, status: int, error: Mapping[str, Any]) -> None:
        text = str(error)
        if "too many terms" in text or "too_many_clauses" in text or "maxClauseCount" in text:
            raise BadRequest("q", "...", "a question that stands for fewer words: longer beginnings in front of *, or fewer words")
        if status == 404:
            self.state.opened()
        causes = error.get("root_cause") or [error]
        kind = str(causes[0].get("type", "error")) if isinstance(causes[0], dict) else "error"
        raise ClusterUnavailable(
            self.state.location, f"it could not answer ({status} {kind})", "see the log of the cluster, then try again"
        )

    def _main_body(self, query: Query, selecting: Body, request: SearchRequest, ranked: bool, counted: Body, repeats: Repeats) -> Body:
        """Return the search that gives hits, total and facets."""
        asked = score_body(query, selecting) if ranked else {"bool": {"filter": [selecting]}}
        if request.since or request.until:
            asked = {"bool": {"must": [asked], "filter": [days_body("published", request.since, request.until)]}}
        start, end = (request.page - 1) * request.size, request.page * request.size
        from_ = 0 if ranked and start < CANDIDATES else start
        size = max(CANDIDATES, end) if ranked and start < CANDIDATES else request.size
        body: Body = {
            "query": asked,
            "from": from_,
            "size": min(size, RESULT_WINDOW - from_),
            "_source": ["src", "seq"],
            "sort": _ORDERS[request.sort] if request.sort != "relevance" or ranked else _UNRANKED,
            "track_total_hits": True,
            "timeout": f"{int(SEARCH_S * 400)}ms",
        }
        chosen = repeats.post_filter(post_filter(request.filters))
        return body | ({"post_filter": chosen} if chosen else {}) | ({"aggs": counted} if counted else {})

    def _ranked(
        self, archive: _Archive, query: Query, hits: Sequence[Mapping[str, Any]], request: SearchRequest, ranked: bool
    ) -> list[Found]:
        """Return the page: the best hits in the order of our own formula, the others as the cluster had them."""
        start = (request.page - 1) * request.size
        if not ranked or start >= CANDIDATES:
            return [_found(hit["_source"]["src"], float(hit["sort"][0]) if ranked else 0.0) for hit in hits]
        top = sorted(hits[:CANDIDATES], key=lambda hit: hit["_source"]["seq"])
        few = FewCollection([hit["_source"]["src"] for hit in top], archive.averages)
        evaluation = FewEvaluation(few, archive.stats.articles, lambda node, form: archive.counted.get((node, form), 0))
        docs = np.arange(len(top), dtype=np.int32)
        scores = evaluation.weigh(query, docs)
        days = few.days("published").astype(np.int64)
        best = np.sort(np.lexsort((docs, -days, -scores))[:RESCORED]).astype(np.int32)
        scores[best] += rescore(evaluation, query, best).bonus
        order = np.lexsort((docs, -days, -scores)).tolist()
        rows = [
            _found(top[at]["_source"]["src"], float(scores[at]), explain(evaluation, query, at) if request.explain else None)
            for at in order
        ]
        rows += [_found(hit["_source"]["src"], float(hit["sort"][0])) for hit in hits[CANDIDATES:]]
        return rows[start : start + request.size]

    def _repeats(self, archive: _Archive, selecting: Body, request: SearchRequest) -> Repeats:
        """Return what an answer in lines leaves out."""
        if archive.reprints is None or request.reprints == "all":
            return Repeats()
        return archive.reprints.repeats(self.search_many, selecting, request)

    def _with_versions(self, archive: _Archive, found: list[Found], hits: Sequence[Mapping[str, Any]]) -> list[Found]:
        """Return a page with the versions of each text."""
        if archive.reprints is None:
            return found
        seqs = {hit["_source"]["src"]["doc_id"]: hit["_source"]["seq"] for hit in hits}
        texts = archive.reprints.versions(self.search_many, [seqs[one.header["doc_id"]] for one in found])
        return [one._replace(versions=versions) for one, versions in zip(found, texts, strict=True)]

    def _least(self, query: Query, request: SearchRequest) -> int:
        """Return how many words an article must have, when it need not have all."""
        if not isinstance(query, MostOf):
            return 0
        if not query.share:
            return 1
        body = {"size": 1, "_source": False, "track_total_hits": False, "query": most_of_body(query, 1)}
        hits = self.search_many([body])[0]["hits"]["hits"]
        return max(1, query.least(round(hits[0]["_score"]))) if hits else 1

    def _count_words(self, archive: _Archive, query: Query) -> None:
        unknown = [pair for pair in pairs_counted(scoring_nodes(query)) if pair not in archive.counted]
        if unknown:
            self._remember(archive, unknown, self.search_many([counting(unknown)])[0])

    def _remember(self, archive: _Archive, pairs: Sequence[tuple[Occurring, str]], found: Mapping[str, Any]) -> None:
        if len(archive.counted) > COUNTED_WORDS:
            archive.counted.clear()
        buckets = found["aggregations"]["words"]["buckets"]
        archive.counted.update({pair: bucket["doc_count"] for pair, bucket in zip(pairs, buckets, strict=True)})

    def _read(self, doc_id: str) -> dict[str, Any] | None:
        found = read_document(self.state, self.name, doc_id, seconds=SEARCH_S)
        stored: dict[str, Any] | None = None if found is None else found["src"]
        return stored

    def _look(self, known: _Archive | None) -> _Archive:
        index, facts = self.state.opened()
        reprints, index, facts = read_reprints(self.state, index, facts, None if known is None else known.reprints)
        self._looked = time.monotonic()
        if known is not None and (known.index, known.stats.generation) == (index, facts.generation):
            return known
        counts: Body = {
            "first": {"min": {"field": "published"}},
            "last": {"max": {"field": "published"}},
            "newspapers": {"terms": {"field": "newspaper", "size": 1_000, "shard_size": 5_000}},
            **{name: {"avg": {"field": length_field(name)}} for name in TEXT_FIELDS},
        }
        found = self.search_many([{"size": 0, "track_total_hits": True, "aggs": counts}], seconds=WRITE_S)[0]
        counted = found["aggregations"]
        first, last = counted["first"].get("value_as_string"), counted["last"].get("value_as_string")
        segments, size = sizes_in(self.call("GET", f"/{index}/_stats/store,segments", None, seconds=WRITE_S))
        stats = ArchiveStats(
            articles=found["hits"]["total"]["value"],
            generation=facts.generation,
            newspapers=tuple((value_of(bucket), bucket["doc_count"]) for bucket in counted["newspapers"]["buckets"]),
            since=first,
            until=last,
            segments=segments,
            bytes=size,
        )
        days = (dt.date.fromisoformat(first), dt.date.fromisoformat(last)) if first and last else None
        averages = {name: float(counted[name]["value"] or 1.0) for name in TEXT_FIELDS}
        return _Archive(index, facts.facts, stats, averages, days, reprints)


def _found(stored: dict[str, Any], score: float, explanation: dict[str, Any] | None = None) -> Found:
    return Found(shown_header(header_form(stored)), score, partial(dict, stored), explanation)


def _is_partial(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("timed_out")) or answer.get("_shards", {}).get("failed", 0) > 0


def _line(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode("ascii") + b"\n"


def sizes_in(answer: Body) -> tuple[int, int]:
    """Return segments and bytes of an answer of ``_stats``; 0 while no primary can tell (a node has just died): no question fails for it."""
    told = answer["_all"]["primaries"]
    return told.get("segments", {}).get("count", 0), told.get("store", {}).get("size_in_bytes", 0)
