"""Does the engine find what a plain reading of every article finds, with the same scores?"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from archives import questions, random_archive, random_article
from hypothesis import given, settings
from hypothesis import strategies as st
from scan import scan, score
from whoosh.query import And, Every, Not, Or, Query

from corpus import Article
from indexer import build_index, delete_articles
from search import SearchRequest, evaluate, open_engine, page_as_json, search
from search.engines.local import LocalEngine
from search.evaluate import EXPANSIONS, Evaluation
from search.language import parse_query
from search.nodes import Near, Pattern, Phrase, Word, disjunction
from search.relaxing import MostOf, relaxed
from search.request import ResultPage

EVERYTHING = SearchRequest(size=100, facets=(), snippets=False)


@dataclass(frozen=True)
class Archive:
    """An index, and the articles that it must hold."""

    engine: LocalEngine
    articles: list[Article] = field(repr=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Four commits: forty articles, ten replaced, ten more, five deleted; so there are several segments with holes."""
    location: Path = tmp_path_factory.mktemp("evaluate") / "index"
    articles = {article.doc_id: article for article in random_archive(seed=1)}
    build_index(articles.values(), location)
    dice = random.Random(2)
    changed = [random_article(dice, f"a{number}", 9) for number in range(0, 40, 4)]
    more = [random_article(dice, f"b{number}", 9) for number in range(10)]
    for batch in (changed, more):
        build_index(batch, location)
        articles.update((article.doc_id, article) for article in batch)
    gone = ["a1", "a4", "a39", "b0", "b9"]
    assert delete_articles(gone, location) == (gone, [])
    for doc_id in gone:
        del articles[doc_id]
    with open_engine(location) as engine:
        yield Archive(engine, list(articles.values()))


def found_by(engine: LocalEngine, query: Query) -> dict[str, float]:
    answer = engine.ask(query, EVERYTHING)
    found = {one.header["doc_id"]: one.score for one in answer.found}
    assert answer.total == answer.matched == len(answer.found) == len(found)
    assert [one.score for one in answer.found] == sorted((one.score for one in answer.found), reverse=True)
    return found


def same_as_scan(archive: Archive, query: Query) -> None:
    found = found_by(archive.engine, query)
    assert set(found) == scan(archive.articles, query)
    assert found == pytest.approx(score(archive.articles, query), abs=1e-4)


@settings(max_examples=400)
@given(query=questions())
def test_any_question_is_answered_as_by_reading_every_article(archive: Archive, query: Query) -> None:
    same_as_scan(archive, query)


@settings(max_examples=60)
@given(nodes=st.lists(questions(), min_size=2, max_size=4), condition=st.none() | questions(), share=st.sampled_from((0.0, 0.6, 1.0)))
def test_most_of_the_words_is_answered_as_by_counting_them(
    archive: Archive, nodes: list[Query], condition: Query | None, share: float
) -> None:
    same_as_scan(archive, MostOf(tuple(nodes), condition, share))


QUERIES = (
    "migrants",
    "migrants port",
    "migrants OU pêche",
    "migrants SAUF port",
    "-migrants",
    "titre:migrants",
    '"porte la"',
    "l’État",
    "=état",
    "maïs",
    "sûr",
    "côté",
    "vice-président",
    "viceprésident",
    "porte-parole OU rendez-vous",
    "ONU",
    "pech*",
    "*port*",
    "*s",
    "?c?te",  # no word: the accent terms beside the words have one letter more
    "migrent~1",
    "port PROCHE/3 accord",
    "port ADJ/2 accord",
    "loi MEMEPAR port",
    "loi>=2",
    "journal:essor loi",
    "date:2024..2025-03 port",
    "date:2019..",
    "id:a7",
    "(port OU loi) -titre:accord",
    "la",
    "*",
)


@pytest.mark.parametrize("text", QUERIES)
def test_each_kind_of_question_is_answered_as_by_reading_every_article(archive: Archive, text: str) -> None:
    same_as_scan(archive, parse_query(text).query)


@pytest.mark.parametrize("text", ["migrants port loi école trafic", "vice-président chevaux Mali -port", "loi accord xyzzy"])
def test_a_relaxed_question_is_answered_as_by_counting_words(archive: Archive, text: str) -> None:
    loose = relaxed(parse_query(text).query)
    assert loose is not None
    same_as_scan(archive, loose)


def test_a_word_with_an_accent_that_decides_does_not_find_the_stop_word(archive: Archive) -> None:
    with_mais = [article for article in archive.articles if "maïs" in " ".join((article.headline, article.standfirst, article.body))]
    assert set(found_by(archive.engine, Word("maïs"))) == {article.doc_id for article in with_mais}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    texts = {
        "apart": "Un accord. Puis un autre port.",
        "close": "Un accord du port.",
        "paragraphs": "Un accord.\n\nLe port.",
        "once": "Le vice-président parle.",
        "twice": "Le vice-président du vice-président parle.",
        "written-together": "Le viceprésident parle.",
        "sentence-end": "Il parle du port. Autonome, il vit.",
        "phrase": "Le port autonome ouvre.",
    }
    location = tmp_path_factory.mktemp("few") / "index"
    build_index((Article(doc_id=doc_id, headline="Note", body=body) for doc_id, body in texts.items()), location)
    with open_engine(location) as engine:
        yield engine


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accord PROCHE/1 port", {"close"}),
        ("port PROCHE/1 accord", {"close"}),
        ("port ADJ/1 accord", set()),
        ("accord PROCHE/4 port", {"close", "apart"}),  # a full stop counts one
        ("accord PROCHE/99 port", {"close", "apart"}),  # and the end of a paragraph a hundred
        ("accord MEMEPAR port", {"close", "apart"}),
        ('"port autonome"', {"phrase"}),  # a phrase does not run over a full stop
        ("port autonome", {"phrase", "sentence-end"}),
        ("vice-président", {"once", "twice", "written-together"}),
        ('"vice président"', {"once", "twice"}),
        ("titre:port", set()),
        ("titre:note -texte:port -parle", set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_closeness_and_compounds_mean_what_the_help_says(few: LocalEngine, text: str, expected: set[str]) -> None:
    assert set(found_by(few, parse_query(text).query)) == expected


def test_a_compound_printed_once_is_not_found_twice(few: LocalEngine) -> None:
    assert set(found_by(few, parse_query("vice-président>=2").query)) == {"twice"}


@pytest.mark.parametrize("turned", [False, True], ids=["word first", "phrase first"])
def test_every_choice_of_an_operand_is_tried(few: LocalEngine, turned: bool) -> None:
    choices = [Word("port"), Phrase((Word("port", exact=True), Word("autonome", exact=True)))]
    query = Near(disjunction(reversed(choices) if turned else choices), Word("ouvre"), 0, True)
    assert set(found_by(few, query)) == {"phrase"}


@pytest.mark.parametrize(
    "text",
    ["port", "port loi", "port OU loi OU accord", "port -loi", '"le port" accord', "p* OU migrent~1", "port PROCHE/5 loi", "port MEMEPAR loi", "loi>=2", "port zéphyr"],
)
def test_a_question_whose_time_is_over_says_so_and_spoils_no_later_one(archive: Archive, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still up to its n-th look, for every n: what was cut short must not be taken, or kept, for the whole."""
    request = SearchRequest(text=text, size=100, snippets=False)
    whole = _answered(archive.engine, request)
    for looks in range(1, 1_000):
        with open_engine(archive.engine.location) as engine, monkeypatch.context() as patch:
            ticks = itertools.chain([0.0] * looks, itertools.repeat(1e6))
            patch.setattr(evaluate, "time", SimpleNamespace(monotonic=lambda ticks=ticks: next(ticks)))
            page = search(engine, request)
            patch.undo()
            assert page.partial == any("arrêtée avant la fin" in note for note in page.notes)
            assert page.partial or _as_answered(page) == whole, f"cut short after {looks} looks, and not said"
            assert _answered(engine, request) == whole, f"spoiled after {looks} looks"
        if not page.partial:
            assert looks > 1
            return
    pytest.fail("the clock was never late enough")


def _answered(engine: LocalEngine, request: SearchRequest) -> dict[str, Any]:
    return _as_answered(search(engine, request))


def _as_answered(page: ResultPage) -> dict[str, Any]:
    return {name: value for name, value in page_as_json(page).items() if name != "took_ms"}


@pytest.mark.parametrize(
    "query", [Every(), And([Every(), Not(Word("port"))]), Or([Word("port"), Word("accord")])], ids=["every", "without", "either"]
)
def test_an_index_without_articles_answers_nothing(tmp_path: Path, query: Query) -> None:
    location = tmp_path / "index"
    build_index([], location)
    with open_engine(location) as engine:
        assert found_by(engine, query) == {}


def test_a_deleted_article_counts_nowhere(tmp_path: Path) -> None:
    location = tmp_path / "index"
    articles = [Article(doc_id=f"d{number}", headline="Loi", body="Le port. " * (number + 1)) for number in range(4)]
    build_index(articles, location)
    with open_engine(location) as engine:
        before = found_by(engine, Word("port"))
        delete_articles(["d3"], location)
        after = found_by(engine, Word("port"))
    assert set(after) == set(before) - {"d3"}
    assert after == pytest.approx(score(articles[:3], Word("port")), abs=1e-4)


def test_a_replaced_article_is_found_by_its_new_text_only(tmp_path: Path) -> None:
    location = tmp_path / "index"
    first = Article(doc_id="r1", headline="Accord de pêche", body="Le port attend.")
    build_index([first], location)
    build_index([replace(first, body="Le fleuve attend.")], location)
    with open_engine(location) as engine:
        assert found_by(engine, Word("port")) == {}
        assert set(found_by(engine, Word("fleuve"))) == {"r1"}


@pytest.fixture(scope="module")
def many_words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    """An article a word, 1,100 words that begin alike, over two segments that have fewer than may be asked at once."""
    location = tmp_path_factory.mktemp("many") / "index"
    for numbers in (range(1_000), range(1_000, 1_100)):
        build_index((Article(doc_id=f"d{number}", headline="Note", body=f"qz{_letters(number)}") for number in numbers), location)
    with open_engine(location) as engine:
        assert engine.stats().segments == 2
        yield engine


def _letters(number: int) -> str:
    return "".join("bcdfghjkmp"[int(digit)] for digit in f"{number:04d}")


def test_a_pattern_stands_for_no_more_words_than_the_cap_over_all_segments(many_words: LocalEngine) -> None:
    assert many_words.ask(Pattern("qz*"), EVERYTHING).total == EXPANSIONS


def test_a_pattern_cut_over_all_segments_together_says_so(many_words: LocalEngine) -> None:
    assert many_words.ask(Pattern("qz*"), EVERYTHING).truncated == ("qz*",)


def test_places_looked_up_in_a_few_articles_are_those_read_whole(tmp_path: Path) -> None:
    """The word stands in so many more articles than are asked about that it is looked up the first time, and read whole the second."""
    articles = [
        Article(doc_id=f"n{n}", headline=f"Le port {n}", body="Rien. " * (n % 7) + "Le port et les ports, au port.") for n in range(400)
    ]
    build_index(articles, tmp_path / "index")
    with open_engine(tmp_path / "index") as engine:
        collection, node = engine.collection(), parse_query("port").query
        assert isinstance(node, Word)
        docs = np.array([5, 399], np.int32)
        looked_up, whole = (Evaluation(collection).standing(node, docs) for _ in range(2))
    assert looked_up.docs.tolist() == docs.tolist()
    assert whole.docs.size == 400
    for found in (looked_up, whole):
        rows, ranks = found.among(docs)
        assert rows.tolist() == [0, 1]
        assert [found.spots[found.starts[rank] : found.starts[rank + 1]].tolist() for rank in ranks] == [
            whole.spots[whole.starts[doc] : whole.starts[doc + 1]].tolist() for doc in docs
        ]
