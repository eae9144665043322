"""Do a folder and a cluster give the same answer? The same articles, totals, facets, scores, for every kind of question."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from archives import questions, random_archive, random_article, words
from fuzz_queries import fuzz_queries
from hypothesis import given, settings
from hypothesis import strategies as st
from scan import scan
from whoosh.query import Query

from corpus import Article, read_articles
from corpus.errors import BadRequest
from indexer import build_index, delete_articles
from search import Filter, SearchRequest, export, open_engine, search
from search.engines import Engine
from search.facets import ALL_FACETS
from search.language import parse_query
from search.relaxing import MostOf

pytestmark = pytest.mark.cluster
SAMPLE = Path(__file__).parents[2] / "corpus" / "sample"
EVERYTHING = SearchRequest(size=100, snippets=False, reprints="all")


@dataclass(frozen=True)
class Twins:
    """One archive, twice."""

    folder: Engine
    cluster: Engine
    articles: list[Article]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, new_location) -> Iterator[Twins]:
    """Four commits in each: forty articles, ten replaced, ten more, five deleted."""
    folder, location = str(tmp_path_factory.mktemp("contract") / "index"), new_location()
    articles = {article.doc_id: article for article in random_archive(seed=1)}
    dice = random.Random(2)
    changed = [random_article(dice, f"a{number}", 9) for number in range(0, 40, 4)]
    more = [random_article(dice, f"b{number}", 9) for number in range(10)]
    gone = ["a1", "a4", "a39", "b0", "b9"]
    reports = []
    for place in (folder, location):
        reports += [{**build_index(batch, place).as_json(), "seconds": 0} for batch in (list(articles.values()), changed, more)]
        assert delete_articles([*gone, "zz"], place) == (gone, ["zz"])
    assert reports[:3] == reports[3:]
    articles.update((article.doc_id, article) for article in [*changed, *more])
    with open_engine(folder) as one, open_engine(location) as other:
        yield Twins(one, other, [article for doc_id, article in articles.items() if doc_id not in gone])


def same_answers(twins: Twins, query: Query, request: SearchRequest = EVERYTHING) -> None:
    """Hold both engines to one answer, scores included."""
    one, other = twins.folder.ask(query, request), twins.cluster.ask(query, request)
    scores, others = ({found.header["doc_id"]: found.score for found in answer.found} for answer in (one, other))
    assert others.keys() == scores.keys()
    assert (other.total, other.matched) == (one.articles, one.matched)
    assert other.facets == one.facets
    assert other.timeline == one.timeline
    assert (other.partial, other.approximate) == (False, False)
    assert others == pytest.approx(scores, rel=2e-2, abs=1e-3)


@given(query=questions())
@settings(max_examples=1_000)
def test_a_thousand_random_questions_have_one_answer(twins: Twins, query: Query) -> None:
    same_answers(twins, query)


@given(query=questions())
@settings(max_examples=150)
def test_a_cluster_finds_what_reading_every_article_finds(twins: Twins, query: Query) -> None:
    assert {found.header["doc_id"] for found in twins.cluster.ask(query, EVERYTHING).found} == scan(twins.articles, query)


@given(nodes=st.lists(words(None), min_size=2, max_size=5), share=st.sampled_from((0.0, 0.6, 1.0)))
@settings(max_examples=60)
def test_most_of_the_words_are_counted_alike(twins: Twins, nodes: list[Query], share: float) -> None:
    same_answers(twins, MostOf(tuple(nodes), None, share))


VALUES = {
    "newspaper": ("L’Essor", "l'essor", "Wal Fadjri", ""),
    "section": ("politique", "Sport", ""),
    "bylines": ("awa sow", "***", ""),
    "people": ("Éléonore N’Diaye", ""),
    "year": ("2021", "2024", ""),
    "month": ("2021-03", "2024-12"),
}


def filters() -> st.SearchStrategy[Filter]:
    """One choice of a reader."""
    return st.sampled_from(sorted(VALUES)).flatmap(
        lambda field: st.builds(
            Filter, st.just(field), st.lists(st.sampled_from(VALUES[field]), min_size=1, max_size=2).map(tuple), st.booleans()
        )
    )


@given(
    text=st.sampled_from(("", "migrants OU port OU loi", "-accord", "pech*", "xyzzy", "trafic migrants port")),
    chosen=st.lists(filters(), max_size=3),
    since=st.none() | st.dates(dt.date(2019, 1, 1), dt.date(2025, 1, 1)),
    size=st.sampled_from((1, 3, 50)),
    sort=st.sampled_from(("relevance", "newest", "oldest", "added")),
)
@settings(max_examples=150)
def test_choices_days_and_orders_are_answered_alike(
    twins: Twins, text: str, chosen: list[Filter], since: dt.date | None, size: int, sort
) -> None:
    request = replace(EVERYTHING, text=text, filters=tuple(chosen), since=since, facet_size=size, sort=sort)
    one, other = search(twins.folder, request), search(twins.cluster, request)
    assert other.total == one.total
    for name in ALL_FACETS:
        assert other.facets[name] == one.facets[name], name
    assert other.timeline == one.timeline
    if sort != "relevance":
        assert [hit.doc_id for hit in other.hits] == [hit.doc_id for hit in one.hits]
    assert {hit.doc_id for hit in other.hits} == {hit.doc_id for hit in one.hits}


def test_whatever_is_typed_is_answered_alike(twins: Twins) -> None:
    for text in fuzz_queries(200):
        request = replace(EVERYTHING, text=text, facets=())
        try:
            one = search(twins.folder, request)
        except BadRequest:
            continue
        other = search(twins.cluster, request)
        assert (other.total, other.understood, other.notes) == (one.total, one.understood, one.notes), text


@pytest.fixture(scope="module")
def samples(sample_engine: Engine, new_location) -> Iterator[tuple[Engine, Engine]]:
    """The sample archive, in a folder and on the cluster."""
    location = new_location()
    build_index(read_articles([SAMPLE]), location)
    with open_engine(location) as cluster:
        yield sample_engine, cluster


def test_the_best_ten_of_the_sample_are_the_same(samples: tuple[Engine, Engine]) -> None:
    asked = shared = 0
    for text in (
        "eau",
        "marché",
        "le conseil municipal",
        "pêche port",
        "école rentrée",
        "accord",
        "maire OU ministre",
        "festival musique",
        "loi",
        "sécheresse",
    ):
        one, other = (search(engine, SearchRequest(text=text, size=10, reprints="all")) for engine in samples)
        asked += len(one.hits)
        shared += len({hit.doc_id for hit in one.hits} & {hit.doc_id for hit in other.hits})
        assert {hit.doc_id: hit.snippet for hit in one.hits if hit.doc_id in {two.doc_id for two in other.hits}} == {
            hit.doc_id: hit.snippet for hit in other.hits if hit.doc_id in {two.doc_id for two in one.hits}
        }
    assert shared >= 0.9 * asked > 0


def test_an_archive_says_the_same_of_itself(samples: tuple[Engine, Engine]) -> None:
    one, other = samples
    a, b = one.stats(), other.stats()
    assert (b.articles, b.newspapers, b.since, b.until) == (a.articles, a.newspapers, a.since, a.until)
    assert list(other.newspaper_months()) == list(one.newspaper_months())
    assert sorted(other.acronym_terms("", None)) == sorted(one.acronym_terms("", None))
    assert other.complete_value("newspaper", "l", 5) == one.complete_value("newspaper", "l", 5)


def test_words_are_counted_and_spelled_alike(samples: tuple[Engine, Engine]) -> None:
    one, other = (engine.vocabulary() for engine in samples)
    for word in ("eau", "marche", "ecole", "zzzz"):
        assert other.frequency(word) == one.frequency(word)
    assert set(other.neighbours("ecoel", 1)) == set(one.neighbours("ecoel", 1))
    assert dict(other.starting("mar", 5)).keys() & dict(one.starting("mar", 5)).keys()


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
def test_an_export_gives_every_article_once_and_whole(samples: tuple[Engine, Engine], sort) -> None:
    one, other = (list(export(engine, SearchRequest(text="eau OU marché", sort=sort, reprints="all"))) for engine in samples)
    assert sorted(one, key=lambda article: article.doc_id) == sorted(other, key=lambda article: article.doc_id)
    if sort != "relevance":
        assert [article.doc_id for article in one] == [article.doc_id for article in other]


def test_an_article_comes_back_as_it_went(samples: tuple[Engine, Engine]) -> None:
    one, other = samples
    hits = search(one, SearchRequest(size=5, sort="newest", facets=())).hits
    assert [other.article(hit.doc_id) for hit in hits] == [one.article(hit.doc_id) for hit in hits]
    assert other.article("no-such-article") is None


def test_questions_are_parsed_into_one_tree_for_both(twins: Twins) -> None:
    same_answers(twins, parse_query("« vice-président » OU titre:(migrant -port) date:2021..").query)
