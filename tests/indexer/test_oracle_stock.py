"""Does our index find what stock Whoosh's own searcher finds, and score as its BM25F where the ranking is set to that alone?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from archives import FIELDS, patterns, phrases, words
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_archives import ARCHIVES, PLAIN, TOLERANCE, Archive, made
from scan import has
from whoosh import query as wq
from whoosh.query import And, Every, Not, Or, Query
from whoosh.util.numeric import byte_to_length, length_to_byte

from bench.peer_whoosh import stock_query
from corpus.languages import is_french
from search import SearchRequest
from search.collection import Collection
from search.evaluate import Evaluation
from search.nodes import Fuzzy, Pattern, Phrase, Word

FOUND = 200  # questions of each archive; there are five
SCORED = 100


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda make: make.__name__)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with made(request.param, tmp_path_factory.mktemp("oracle")) as archive:
        yield archive


def _known_to_stock(node: Query) -> bool:
    """Tell whether stock Whoosh has a query for a text node.

    Not for words nearly right: it counts a swap of neighbours as two edits. Not « ?c?te »: it takes the mark of ´côte for a letter. Nor
    phrases with a word whose accent decides (maïs): one term of a phrase stands for the word.
    """
    if isinstance(node, Phrase):
        return not any(word.required_accent for word in node.words)
    return not isinstance(node, Fuzzy) and node != Pattern("?c?te", node.field)


known_to_stock = st.recursive(
    st.sampled_from(FIELDS).flatmap(lambda field: (words(field) | phrases(field) | patterns(field)).filter(_known_to_stock))
    | st.just(Every()),
    lambda child: st.lists(child, min_size=2, max_size=3).map(And) | st.lists(child, min_size=2, max_size=3).map(Or) | child.map(Not),
    max_leaves=6,
)


@settings(max_examples=FOUND)
@given(query=known_to_stock)
def test_stock_whoosh_s_own_searcher_finds_the_same_articles(archive: Archive, query: Query) -> None:
    found = {article.doc_id for article in archive.articles if has(article, query)}
    french = _french(archive)
    assert {hit["doc_id"] for hit in archive.searcher.search(stock_query(query), limit=None)} & french == found & french, repr(query)
    assert archive.engine.ask(query, SearchRequest(facets=(), snippets=False, reprints="all")).total == len(found)


def _french(archive: Archive) -> set[str]:
    """Return the articles in the one language that stock Whoosh knows: words of the others do not inflect for us."""
    return {article.doc_id for article in archive.articles if is_french(article.language)}


class StockMeasures(Collection):
    """Our segments, measured as stock Whoosh measures: lengths rounded to one byte, averaged over the articles without the field, too."""

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        return np.array([byte_to_length(length_to_byte(length)) for length in super().lengths(field).tolist()], np.int32)

    def average_length(self, field: str) -> float:
        exact = super().lengths(field)
        return float(exact[self.live_docs].sum() / self.live_count)


class StockBm25f(Evaluation):
    """The ranking set to BM25F alone, with the idf of stock Whoosh and the constant factor that it multiplies by."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(StockMeasures(archive.engine.collection().leaves), constants=PLAIN, seconds=float("inf"))
        self._searcher = archive.searcher

    def idf(self, node: Query) -> float:  # type: ignore[override]
        assert isinstance(node, Word)
        return float(self._searcher.idf(node.field, node.term_)) * (PLAIN.k1 + 1)


inflected = st.sampled_from(("headline", "standfirst", "body")).flatmap(words).filter(
    lambda node: isinstance(node, Word) and not node.exact and not node.required_accent
)  # fmt: skip
either = st.lists(inflected, min_size=2, max_size=4, unique=True).map(Or)
together = st.tuples(inflected | either, st.lists(inflected | either | inflected.map(Not), min_size=1, max_size=3, unique=True)).map(
    lambda parts: And([parts[0], *parts[1]])
)
weighed_alike = inflected | either | together


@settings(max_examples=SCORED)
@given(query=weighed_alike)
def test_set_to_bm25f_alone_our_scores_are_those_of_stock_whoosh(archive: Archive, query: Query) -> None:
    evaluation = StockBm25f(archive)
    docs, scores = evaluation.scored(query)
    found = {
        evaluation.collection.header(doc)["doc_id"]: value
        for doc, value in zip(docs.tolist(), ([] if scores is None else scores.tolist()), strict=True)
    }
    gift = sum(isinstance(child, Not) for child in query.subqueries) if isinstance(query, And) else 0  # stock Whoosh adds 1 for each Not
    stock = {hit["doc_id"]: hit.score - gift for hit in archive.searcher.search(_of_one_field(query), limit=None)}
    french = _french(archive)
    assert {doc_id: found[doc_id] for doc_id in found.keys() & french} == pytest.approx(
        {doc_id: stock[doc_id] for doc_id in stock.keys() & french}, abs=TOLERANCE
    )


def _of_one_field(query: Query) -> wq.Query:
    """Return the stock query of words in one field each."""
    if isinstance(query, Word):
        return wq.Term(query.field, query.term_)
    if isinstance(query, Not):
        return wq.Not(_of_one_field(query.query))
    return type(query)([_of_one_field(child) for child in query.subqueries])
