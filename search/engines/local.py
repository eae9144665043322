"""The engine of one machine: how does a query tree become the best articles, facets and a timeline of the index on disk?

One engine serves many threads. It looks for a new commit before each question and moves to it at once; a question keeps the
generation it began with.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from whoosh.query import Query

from corpus.article import Article
from corpus.errors import IndexProblem
from indexer.acronym_decisions import Decision, decisions_in
from indexer.codec.segment import SegmentReader
from indexer.documents import article_from_stored
from indexer.french import analysis_digest
from indexer.generations import Snapshot, change_marks, current_generation, expect_made_with, open_snapshot
from indexer.reprints import REPRINTS_FACT, SegmentGroups, read_groups
from indexer.schema import ACRONYM_FIELD, SCHEMA_VERSION
from indexer.withdrawals import withdrawn_in
from indexer.writer import live_mask
from search.collection import NO_DAY, Collection, Docs
from search.engines import Answer, ArchiveStats, Found
from search.engines.segments import SegmentLeaf
from search.evaluate import Evaluation
from search.explain import explain
from search.facets import ALL_FACETS, Selection, Tally, select
from search.ranking import RESCORED, Floats
from search.reprints import Groups, groups_of
from search.request import RESULT_WINDOW, SearchRequest, Timeline, Version
from search.rescoring import rescore
from search.suggest import Completion
from search.vocabulary import CollectionVocabulary, complete_value, terms_starting

__all__ = ["LocalEngine"]

OPEN_TRIES: Final = 10
_SAMPLE: Final = 1_000  # scores looked at to guess how high the best stand
_SPARE: Final = 10  # of them, so that the guess is nearly always low enough
Ranks = npt.NDArray[np.int32]


class LocalEngine:
    """Searches the index in a folder. Raises: IndexMissing, IndexForeign, IndexCorrupt when opened."""

    outdated = False  # the newest generation is damaged, and an older one answers

    def __init__(self, location: Path) -> None:
        self.location = location
        self._lock = threading.Lock()
        self._readers: dict[Path, SegmentReader] = {}
        self._marks: tuple[int, ...] | None = None
        self._collection, self._snapshot = self._open()

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back; the engine is not used afterwards."""

    def collection(self) -> Collection:
        """Return the newest generation."""
        with self._lock:
            marks = change_marks(self._snapshot)
            if marks is None or marks != self._marks:
                if current_generation(self.location) != self._collection.generation:
                    self._collection, self._snapshot = self._open()
                self._marks = marks
            return self._collection

    def ask(self, query: Query, request: SearchRequest) -> Answer:
        """Return one slice of the ranked hits with total, facets and timeline."""
        collection = self.collection()
        evaluation = Evaluation(collection)
        matched, worth = evaluation.scored(query)
        selection = select(collection, matched, worth, request)
        groups = groups_of(collection)
        lines = _lines(groups, selection, request)
        order, scores = self._ranked(evaluation, query, lines, request)
        page = slice((request.page - 1) * request.size, request.page * request.size)
        shown = order[page]
        found = [
            Found(
                collection.header(number),
                score,
                partial(collection.stored, number),
                explain(evaluation, query, number) if request.explain else None,
                versions,
            )
            for number, score, versions in zip(
                shown.tolist(), scores[page].tolist(), repeat(()) if groups is None else groups.versions(collection, shown), strict=False
            )
        ]
        wanted = ALL_FACETS if request.facets is None else request.facets
        tally = Tally(collection, selection, request)
        facets = {field: tally.facet(field) for field in wanted}
        bars = tally.timeline() if request.facets != () else Timeline()
        return Answer(
            total=int(lines.docs.size),
            articles=int(selection.docs.size),
            matched=int(matched.size),
            found=found,
            facets=facets,
            timeline=bars,
            partial=evaluation.partial,
            truncated=tuple(dict.fromkeys(evaluation.truncated)),
            generation=collection.generation,
            outdated=self.outdated,
        )

    def article(self, doc_id: str) -> Article | None:
        """Return a whole article."""
        collection = self.collection()
        number = collection.doc_num(doc_id)
        return None if number is None else article_from_stored(collection.stored(number))

    def versions(self, doc_ids: Sequence[str]) -> Mapping[str, tuple[Version, ...]]:
        """Return all versions of the texts of some articles."""
        collection = self.collection()
        groups = groups_of(collection)
        if groups is None:
            return {}
        numbers = {doc_id: number for doc_id in doc_ids if (number := collection.doc_num(doc_id)) is not None}
        found = groups.versions(collection, np.fromiter(numbers.values(), np.int32, len(numbers)))
        return {doc_id: versions for doc_id, versions in zip(numbers, found, strict=True) if versions}

    def withdrawn(self, doc_id: str) -> str | None:
        """Return why an article was withdrawn; None for every other."""
        self.collection()
        entry = withdrawn_in(self._snapshot.manifest.facts).get(doc_id)
        return None if entry is None else entry.get("reason", "")

    def export(self, query: Query, request: SearchRequest) -> Iterator[Article]:
        """Return every article of the answer, in the order asked."""
        collection = self.collection()
        evaluation = Evaluation(collection, seconds=float("inf"))
        selection = _lines(groups_of(collection), select(collection, *evaluation.scored(query), request), request)
        order, _ = self._ranked(evaluation, query, selection, request, window=selection.docs.size)
        for number in order.tolist():
            yield article_from_stored(collection.stored(number))

    def vocabulary(self) -> CollectionVocabulary:
        """Return the words of the archive."""
        return CollectionVocabulary(self.collection())

    def complete_value(self, field: str, typed: str, limit: int) -> list[Completion]:
        """Return values of a facet that have a word beginning with ``typed``."""
        return complete_value(self.collection(), field, typed, limit)

    def acronym_terms(self, prefix: str, limit: int | None) -> list[tuple[str, int]]:
        """Return the terms of the field of acronyms that begin with ``prefix`` and how many articles have each."""
        return terms_starting(self.collection(), ACRONYM_FIELD, prefix, limit)

    def acronym_decisions(self) -> dict[tuple[str, str], tuple[Decision, str, str]]:
        """Return what the archivist decided of acronyms."""
        collection = self.collection()
        return collection.remembered("acronym-decisions", lambda: decisions_in(self._snapshot.manifest.facts))

    def newspaper_months(self) -> Sequence[tuple[str, str, int]]:
        """Return (newspaper, month, articles) wherever there are any."""
        collection = self.collection()
        return collection.remembered("newspaper-months", partial(_newspaper_months, collection))

    def stats(self) -> ArchiveStats:
        """Return what the archive holds."""
        collection = self.collection()
        papers = Tally(collection, Selection(collection.live_docs), SearchRequest(facet_size=1_000, reprints="all")).facet("newspaper")
        days = collection.days("published")[collection.live_docs]
        known = days[days != NO_DAY]
        return ArchiveStats(
            articles=collection.live_count,
            generation=collection.generation,
            newspapers=tuple((bucket.value, bucket.count) for bucket in papers.buckets),
            since=str(np.datetime64(int(known.min()), "D")) if known.size else None,
            until=str(np.datetime64(int(known.max()), "D")) if known.size else None,
            segments=len(collection.leaves),
            bytes=sum(entry.length for entry in self._snapshot.manifest.files),
        )

    def _ranked(
        self, evaluation: Evaluation, query: Query, selection: Selection, request: SearchRequest, window: int = RESULT_WINDOW
    ) -> tuple[Docs, Floats]:
        """Return the best of a selection in order, as deep as the page needs, and their scores."""
        collection, docs, scores = evaluation.collection, selection.docs, selection.scores
        wanted = min(docs.size, max(request.page * request.size, RESCORED) if window == RESULT_WINDOW else window)
        if request.sort != "relevance" or scores is None:
            if docs.size == collection.live_count:
                best = _in_order(collection, request.sort)[:wanted]
            else:
                best = _first(docs, _ranks(collection, request.sort), wanted)
            return best, np.zeros(best.size, np.float32)
        ranks = _ranks(collection, "relevance")
        if wanted < docs.size:
            kept = _best(scores, docs, ranks, wanted)
            docs, scores = docs[kept], scores[kept]
        top = _best(scores, docs, ranks, RESCORED) if docs.size > RESCORED else slice(None)
        more = rescore(evaluation, query, docs[top]).bonus  # never less than 0, so that those below stay below
        scores = scores.copy()
        scores[top] += more
        order = np.lexsort((ranks[docs], -scores))
        return docs[order], scores[order]

    def _open(self) -> tuple[Collection, Snapshot]:
        """Open the newest generation; what it shares with the one before stays open."""
        for _ in range(OPEN_TRIES):
            snapshot = open_snapshot(self.location)
            expect_made_with(snapshot, schema_version=SCHEMA_VERSION, analysis=analysis_digest())
            paths = [snapshot.folder / entry.file for entry in snapshot.manifest.segments]
            try:
                readers = [self._readers.get(path) or SegmentReader.open(path) for path in paths]
                groups = _read_groups(snapshot)  # now: a writer may take the file away before it is asked for
            except FileNotFoundError:
                continue  # a writer has moved on in between
            self._readers = dict(zip(paths, readers, strict=True))
            self.outdated = snapshot.fallback is not None
            leaves = [SegmentLeaf(reader, live_mask(entry)) for reader, entry in zip(readers, snapshot.manifest.segments, strict=True)]
            collection = Collection(leaves, snapshot.generation)
            collection.load_reprints = partial(list, groups)
            return collection, snapshot
        raise IndexProblem(f"the index at {self.location} changes faster than it can be opened; try again")


def _lines(groups: Groups | None, selection: Selection, request: SearchRequest) -> Selection:
    """Return the articles that stand for a line of the answer."""
    kept = None if groups is None or request.reprints == "all" else groups.lines(selection.docs)
    if kept is None:
        return selection
    return Selection(selection.docs[kept], None if selection.scores is None else selection.scores[kept])


def _read_groups(snapshot: Snapshot) -> Sequence[SegmentGroups | None]:
    """Return the articles with versions of each segment; nothing in an index made before there were any."""
    name = snapshot.manifest.facts.get(REPRINTS_FACT)
    found = read_groups(snapshot.path(str(name))) if name else {}
    return [found.get(entry.name) for entry in snapshot.manifest.segments]


def _newspaper_months(collection: Collection) -> list[tuple[str, str, int]]:
    """Count pairs of newspaper and month, a segment at a time, as one number a pair."""
    days = collection.days("published")
    months = np.where(days == NO_DAY, 0, days).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    low = int(months.min()) if months.size else 0
    slots = np.where(days == NO_DAY, 0, months - low + 1)
    width = int(slots.max()) + 1 if slots.size else 1
    counts: Counter[tuple[str, str]] = Counter()
    for base, leaf in zip(collection.bases.tolist(), collection.leaves, strict=False):
        column = leaf.ordinals("newspaper")
        here = np.arange(leaf.max_doc) if leaf.live is None else np.flatnonzero(leaf.live)
        pairs, found = np.unique(column.ordinals[here].astype(np.int64) * width + slots[base + here], return_counts=True)
        for pair, count in zip(pairs.tolist(), found.tolist(), strict=True):
            month = str(np.datetime64(pair % width - 1 + low, "M")) if pair % width else ""
            counts[column.values[pair // width], month] += count
    return [(newspaper, month, count) for (newspaper, month), count in sorted(counts.items())]


def _best(scores: Floats, docs: Docs, ranks: Ranks, wanted: int) -> npt.NDArray[np.intp]:
    """Return which ``wanted`` come first, ascending: by score; of equal scores the newest, then in the order of the archive.

    A plain partition would take any of the equal ones, so that the pages of a question repeat some articles and miss others.
    """
    high = highest(scores, wanted)
    scores = scores.take(high)
    least = np.partition(scores, scores.size - wanted)[scores.size - wanted]
    above, equal = (scores > least).nonzero()[0], (scores == least).nonzero()[0]
    room = wanted - above.size
    if room < equal.size:
        equal = equal[np.argpartition(ranks[docs[high[equal]]], room - 1)[:room]]
    best: npt.NDArray[np.intp] = high[np.sort(np.concatenate((above, equal)))]
    return best


def highest(scores: npt.NDArray[Any], wanted: int) -> npt.NDArray[np.intp]:
    """Return at least ``wanted`` places, ascending, the best and all equal to the last of them among them: those above what a sample promises."""
    step = scores.size // _SAMPLE
    if step > 1:
        sample = scores[::step]
        rank = min(sample.size, 2 * wanted // step + _SPARE)
        bound = np.partition(sample, sample.size - rank)[sample.size - rank]
        high: npt.NDArray[np.intp] = (scores >= bound).nonzero()[0]
        if high.size >= wanted:
            return high
    return np.arange(scores.size)


def _first(docs: Docs, ranks: Ranks, wanted: int) -> Docs:
    """Return the ``wanted`` of least rank, in order."""
    places = ranks.take(docs)
    if wanted < docs.size:
        high = highest(-places, wanted)
        kept = high[places[high].argpartition(wanted - 1)[:wanted]]
        docs, places = docs[kept], places[kept]
    return docs[places.argsort()]


def _in_order(collection: Collection, sort: str) -> Docs:
    """Return every live article in an order of time."""
    ranks = _ranks(collection, sort)
    return collection.remembered(("in order", sort), lambda: _first(collection.live_docs, ranks, collection.live_count))


def _ranks(collection: Collection, sort: str) -> Ranks:
    """Return the place of every article in an order of time. Of one day, ``newest`` and ``added`` begin with what came last.

    ``relevance`` is the order of equal scores: the newest first, of one day in the order of the archive. Unknown days come last.
    """

    def make() -> Ranks:
        days = collection.days("added" if sort == "added" else "published").astype(np.int64)
        numbers = np.arange(days.size)
        key = np.where(days == NO_DAY, 2**40, days if sort == "oldest" else -days)
        order = np.lexsort((-numbers if sort in ("newest", "added") else numbers, key))
        ranks = np.empty(days.size, np.int32)
        ranks[order] = numbers
        return ranks

    return collection.remembered(("ranks", sort), make)
