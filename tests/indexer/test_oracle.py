"""Does the index answer as stock Whoosh does, and as reading every article does? Two thousand random questions of every kind.

Three answers are compared: our engine on our codec over several segments, the same evaluation on a stock Whoosh index of the same
articles (its postings walked one by one), and a plain scan that knows no index. Where stock Whoosh has a query of its own for a
question, its own searcher is asked as well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from archives import NEWSPAPERS, SECTIONS, questions, random_archive, random_article
from hypothesis import given, settings
from hypothesis import strategies as st
from scan import has, passes, scan, score, values_of
from whoosh import index as whoosh_index
from whoosh.query import Query
from whoosh.searching import Searcher

from bench.peer_whoosh import stock_query
from bench.peers import Unsupported
from corpus import Article
from corpus.languages import is_french
from indexer import build_index, delete_articles
from indexer.documents import stored_form
from indexer.french import analyze
from indexer.stock import write_stock_index
from search import Filter, SearchRequest, open_engine
from search.collection import Collection
from search.engines.local import LocalEngine
from search.engines.stock import StockLeaf
from search.request import FacetCounts

FACETS = ("newspaper", "section", "bylines", "people", "kind", "year", "month")
QUESTIONS = 500  # of each archive; there are four
TOLERANCE = 1e-4
SMALL_MEMORY = 40_000  # bytes: the first build must write several segments
filters = st.lists(
    st.builds(Filter, st.just("newspaper"), st.lists(st.sampled_from((*NEWSPAPERS, "")), min_size=1, max_size=2).map(tuple), st.booleans())
    | st.builds(Filter, st.just("section"), st.sampled_from(SECTIONS).map(lambda section: (section,)), st.booleans())
    | st.builds(Filter, st.just("year"), st.sampled_from(("2020", "2024", "")).map(lambda year: (year,)), st.booleans()),
    max_size=2,
).map(tuple)


class ExactStockLeaf(StockLeaf):
    """A stock segment with the lengths of its texts: Whoosh rounds them to one byte, which shows in the second decimal of a score."""

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        texts = [self.stored(number).get(field, "") for number in range(self.max_doc)]
        return np.array([len(analyze(text).surfaces) for text in texts], np.int32)


class StockEngine(LocalEngine):
    """The same questions to a stock Whoosh index."""

    def __init__(self, location: Path) -> None:
        self._stock = Collection([ExactStockLeaf(leaf) for leaf, _ in whoosh_index.open_dir(location).reader().leaf_readers()])

    def collection(self) -> Collection:
        return self._stock


@dataclass(frozen=True)
class Archive:
    """One archive, thrice."""

    engine: LocalEngine
    stock: StockEngine
    searcher: Searcher
    articles: Sequence[Article]

    def __repr__(self) -> str:
        return f"{len(self.articles)} articles"


def several_segments(location: Path) -> list[Article]:
    """A build of many flushes, merged at its end, and two that add too little to be merged with it."""
    articles = random_archive(seed=11, articles=48)
    for batch in (articles[:40], articles[40:44], articles[44:]):
        build_index(batch, location, memory=SMALL_MEMORY)
    return articles


def updates(location: Path) -> list[Article]:
    """Some articles replaced, some of them twice."""
    articles = {article.doc_id: article for article in several_segments(location)}
    dice = random.Random(12)
    for ids in (range(0, 12, 3), range(8, 48, 12), range(0, 16, 4)):
        batch = [random_article(dice, f"a{number}", 12) for number in ids]
        build_index(batch, location)
        articles.update((article.doc_id, article) for article in batch)
    return list(articles.values())


def deletions(location: Path) -> list[Article]:
    """Some of the replaced and of the untouched deleted, one of them back again."""
    articles = {article.doc_id: article for article in updates(location)}
    gone = ["a0", "a1", "a3", "a9", "a17", "a29", "a44"]
    assert delete_articles(gone, location) == (gone, [])
    back = random_article(random.Random(13), "a3", 12)
    build_index([back], location)
    return [*(article for article in articles.values() if article.doc_id not in gone), back]


def merges(location: Path) -> list[Article]:
    """Many small commits with deletions between them: more than any tier keeps."""
    articles = {article.doc_id: article for article in deletions(location)}
    dice = random.Random(14)
    for number in range(60, 72):
        batch = [random_article(dice, f"a{number}", 12), random_article(dice, f"a{number - 30}", 12)]
        build_index(batch, location)
        articles.update((article.doc_id, article) for article in batch)
    delete_articles(["a65"], location)
    del articles["a65"]
    return list(articles.values())


@pytest.fixture(scope="module", params=[several_segments, updates, deletions, merges], ids=lambda make: make.__name__)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("oracle")
    articles = request.param(folder / "ours")
    write_stock_index((stored_form(article, "2025-01-01") for article in articles), folder / "stock")
    with open_engine(folder / "ours") as engine, whoosh_index.open_dir(folder / "stock").searcher() as searcher:
        segments = engine.stats().segments
        assert 1 < segments < 12
        yield Archive(engine, StockEngine(folder / "stock"), searcher, articles)


@settings(max_examples=QUESTIONS)
@given(query=questions(), chosen=filters)
def test_our_index_answers_like_stock_whoosh_and_like_reading_every_article(
    archive: Archive, query: Query, chosen: tuple[Filter, ...]
) -> None:
    request = SearchRequest(size=100, facets=FACETS, facet_size=1000, snippets=False, filters=chosen)
    ours, stock = archive.engine.ask(query, request), archive.stock.ask(query, request)
    found = scan(archive.articles, query)
    inside = [article for article in archive.articles if article.doc_id in found and passes(article, chosen)]
    scores = score(archive.articles, query)
    expected = {article.doc_id: scores[article.doc_id] for article in inside}
    for answer in (ours, stock):
        assert answer.matched == len(found)
        assert answer.total == len(inside)
        assert {one.header["doc_id"]: one.score for one in answer.found} == pytest.approx(expected, abs=TOLERANCE)
    for field in FACETS:
        counted = _counted(archive.articles, found, chosen, field)
        assert _counts(ours.facets[field]) == _counts(stock.facets[field]) == counted
    assert ours.timeline == stock.timeline


def _counted(articles: Sequence[Article], found: set[str], chosen: Sequence[Filter], field: str) -> tuple[Counter[str], int]:
    rows = [values_of(article, field) for article in articles if article.doc_id in found and passes(article, chosen, but=field)]
    return Counter(value for values in rows for value in values), sum(not values for values in rows)


def _counts(facet: FacetCounts) -> tuple[Counter[str], int]:
    assert facet.other == 0
    return Counter({bucket.value: bucket.count for bucket in facet.buckets if bucket.count}), facet.missing


@settings(max_examples=QUESTIONS // 2)
@given(query=questions())
def test_stock_whoosh_s_own_searcher_finds_the_same_articles(archive: Archive, query: Query) -> None:
    try:
        asked = stock_query(query)
    except Unsupported:
        return
    if "Fuzzy(" in repr(query):  # stock Whoosh counts a swap of neighbours as two edits
        return
    found = {article.doc_id for article in archive.articles if has(article, query)}
    french = {article.doc_id for article in archive.articles if is_french(article.language)}  # stock Whoosh knows one language
    assert {hit["doc_id"] for hit in archive.searcher.search(asked, limit=None)} & french == found & french
    assert archive.engine.ask(query, SearchRequest(facets=(), snippets=False)).total == len(found)
