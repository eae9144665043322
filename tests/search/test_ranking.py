"""Do the numbers of the formula do what its docstring says, and does an explanation add up to the score?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from archives import VOCABULARY, random_archive
from conftest import MakeEngine
from hypothesis import given
from hypothesis import strategies as st
from scan import score

from corpus import Article
from search import SearchRequest, search
from search.engines.local import LocalEngine
from search.language import parse_query
from search.ranking import CONSTANTS, closeness, field_norms, idf, lead, nearest_distances, saturated

FILLING = "Le vent souffle sur la dune et la mer monte vers la route du sable."


@given(articles=st.integers(1, 10**7), having=st.data())
def test_a_rarer_word_is_worth_more_and_none_is_worth_less_than_nothing(articles: int, having: st.DataObject) -> None:
    few = having.draw(st.integers(0, articles))
    many = having.draw(st.integers(few, articles))
    assert idf(articles, few) >= idf(articles, many) > 0


@pytest.mark.parametrize("field", ["headline", "standfirst", "body"])
def test_a_longer_text_lessens_what_one_occurrence_is_worth(field: str) -> None:
    norms = field_norms(np.array([1, 10, 100, 1000], np.int32), 100.0, field)
    assert list(norms) == sorted(norms, reverse=True)
    assert norms[2] == pytest.approx(CONSTANTS.weight[field])


def test_occurrences_saturate_at_the_weight_of_the_word() -> None:
    values = saturated(np.array([0, 1, 2, 1e6], np.float32), 3.0)
    assert values[0] == 0
    assert list(values) == sorted(values)
    assert values[3] == pytest.approx(3.0, abs=1e-4)
    assert values[1] == pytest.approx(3 / (1 + CONSTANTS.k1))


def test_closeness_falls_with_the_distance_and_is_nothing_apart() -> None:
    near = closeness([np.array([1, 2, 10, 0])], [2.0])
    assert near.tolist() == pytest.approx([CONSTANTS.close * 2 / distance for distance in (1, 2, 10)] + [0])


def test_an_early_place_falls_to_half_and_an_absent_word_has_none() -> None:
    early = lead([np.array([0, int(CONSTANTS.lead_tokens), -1])], [2.0])
    assert early.tolist() == pytest.approx([CONSTANTS.lead * 2, CONSTANTS.lead, 0])


PLACES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=20, unique=True).map(sorted)


@given(one=PLACES, other=PLACES)
def test_the_nearest_distance_is_the_smallest_of_all_pairs(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    rows_a, places_a = (np.array([row[at] for row in one], np.int64) for at in (0, 1))
    rows_b, places_b = (np.array([row[at] for row in other], np.int64) for at in (0, 1))
    expected = [min((abs(a - b) for r, a in one for q, b in other if r == q == row and a != b), default=0) for row in range(4)]
    assert nearest_distances(rows_a, places_a, rows_b, places_b, 4).tolist() == expected


def order(engine: LocalEngine, query: str) -> list[str]:
    return [hit.doc_id for hit in search(engine, SearchRequest(text=query, facets=(), size=100, reprints="all")).hits]


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("port", Article(headline="Le port", body="Un port. " + FILLING), Article(headline="Le vent", body="Un port. " + FILLING)),
        ("port", Article(headline="Note", body="Le port, le port. " + FILLING), Article(headline="Note", body="Le port. Le cap. " + FILLING)),
        ("port", Article(headline="Note", body="Le port."), Article(headline="Note", body="Le port. " + 3 * FILLING)),
        ("migrants", Article(headline="Note", body="Les migrants. " + FILLING), Article(headline="Note", body="La migrante. " + FILLING)),
        ("côte", Article(headline="Note", body="La côte. " + FILLING), Article(headline="Note", body="Le côté. " + FILLING)),
        ("côté", Article(headline="Note", body="Le côté. " + FILLING), Article(headline="Note", body="La côte. " + FILLING)),
        ("accord pêche", Article(headline="Note", body="Accord de pêche. " + FILLING), Article(headline="Note", body="Accord de. " + FILLING + " Pêche.")),
        ("port OU xylophone", Article(headline="Note", body="Un xylophone. " + FILLING), Article(headline="Note", body="Un port. " + FILLING)),
        ("port loi OU mer", Article(headline="Note", body="Le port, la loi."), Article(headline="Note", body="Le vent, la mer.")),
    ],
    ids=["headline", "twice", "shorter", "same form", "accent typed", "other accent typed", "close", "rare", "more words"],
)
def test_the_better_article_comes_first(make_engine: MakeEngine, query: str, better: Article, worse: Article) -> None:
    others = [Article(doc_id=f"o{number}", headline="Autre", body=f"Le port et la loi. {FILLING}") for number in range(3)]
    for first, second in (("x", "y"), ("y", "x")):
        engine = make_engine([replace(better, doc_id=first), replace(worse, doc_id=second), *others])
        found = [doc_id for doc_id in order(engine, query) if doc_id in (first, second)]
        assert found == [first, second]


def test_equal_articles_stand_newest_first_and_the_undated_last(make_engine: MakeEngine) -> None:
    days = {"old": "1999-01-01", "new": "2025-01-01", "unknown": None, "older": "1900", "newer": "2025-01-02"}
    engine = make_engine(Article(doc_id=doc_id, headline="Le port", body="Le vent.", published=day) for doc_id, day in days.items())
    assert order(engine, "port") == ["newer", "new", "old", "older", "unknown"]


@pytest.mark.parametrize("query", ["port accord", "l’État OU vice-président", '"la loi" OU pech*', "migrants -port", "loi>=2", "côté PROCHE/3 port OU côté", "*"])
def test_an_explanation_adds_up_to_the_score(make_engine: MakeEngine, query: str) -> None:
    articles = random_archive(seed=9)
    page = search(make_engine(articles), SearchRequest(text=query, explain=True, facets=(), size=100))
    expected = score(articles, parse_query(query).query)
    for hit in page.hits:
        assert hit.explanation is not None
        words = sum(part["score"] for part in hit.explanation["words"])
        bonus = sum(part["score"] for name in ("closeness", "lead") for part in hit.explanation[name])
        assert words + bonus == pytest.approx(hit.score, abs=2e-3)
        assert hit.explanation["score"] == pytest.approx(hit.score, abs=1e-3)
        assert hit.score == pytest.approx(expected[hit.doc_id], abs=1e-4)


@given(words=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=4))
def test_the_best_of_the_sample_archive_are_the_best_on_every_page(sample_engine: LocalEngine, words: list[str]) -> None:
    whole = search(sample_engine, SearchRequest(text=" OU ".join(words), size=100, facets=(), snippets=False))
    scores = [hit.score for hit in whole.hits]
    assert scores == sorted(scores, reverse=True)
    second = search(sample_engine, SearchRequest(text=" OU ".join(words), size=5, page=2, facets=(), snippets=False))
    assert [hit.doc_id for hit in second.hits] == [hit.doc_id for hit in whole.hits[5:10]]
