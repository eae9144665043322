"""Are the lines of a concordance the places of the text, in the order asked?"""

from __future__ import annotations

from itertools import count

import pytest
from archives import random_archive
from conftest import MakeEngine
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import Article
from corpus.errors import BadRequest
from search import SearchRequest, mark_article
from search.concordance import ARTICLES, ORDERS, _after, _before, concordance


def archive() -> list[Article]:
    return [
        Article(doc_id="a", newspaper="Wal Fadjri", body="Un accord tacite tient.\n\nLe bel accord de pêche.", published="2025-01-02"),
        Article(doc_id="b", newspaper="L’Essor", headline="L’accord de paix", body="Rien d’autre.", published="2025-03-02"),
        Article(doc_id="c", newspaper="L’Essor", body="Aucun Accord, hélas.", published=None),
    ]


@pytest.mark.parametrize(
    ("order", "keywords"),
    [
        pytest.param("right", ["b1", "a2", "c1", "a1"], id="right: de paix, de pêche, hélas, tacite"),
        pytest.param("left", ["b1", "c1", "a2", "a1"], id="left: nothing (an elision is no word), aucun, bel, un"),
        pytest.param("date", ["b1", "a1", "a2", "c1"], id="date: newest first, unknown last"),
        pytest.param("newspaper", ["b1", "c1", "a1", "a2"], id="newspaper, then date"),
    ],
)
def test_lines_come_in_the_order_asked(make_engine: MakeEngine, order: str, keywords: list[str]) -> None:
    found = concordance(make_engine(archive()), SearchRequest(text="accord"), order=order)  # type: ignore[arg-type]
    assert [f"{line.doc_id}{line.place}" for line in found.lines] == keywords
    assert (found.total, found.read, found.count, found.cut) == (3, 3, 4, False)


def test_a_line_has_its_words_as_printed(make_engine: MakeEngine) -> None:
    found = concordance(make_engine(archive()), SearchRequest(text="accord"), order="date", width=20)
    assert [(line.left, line.keyword, line.right) for line in found.lines] == [
        ("L’", "accord", " de paix"),
        ("Un ", "accord", " tacite tient. Le"),
        ("tient. Le bel ", "accord", " de pêche."),
        ("Aucun ", "Accord", ", hélas."),
    ]


def test_places_are_numbered_as_the_marks_of_the_article(make_engine: MakeEngine) -> None:
    engine = make_engine(random_archive(11, articles=60, words=30))
    for line in concordance(engine, SearchRequest(text="accord OU port", size=200)).lines:
        article = engine.article(line.doc_id)
        assert article is not None
        marked = mark_article("accord OU port", article)
        spans = [(text, span) for text in ("headline", "standfirst", "body") for span in getattr(marked, text)]
        field, (start, end) = spans[line.place - 1]
        assert getattr(article, field)[start:end].split() == line.keyword.split()


def test_pages_of_lines_join_to_the_whole(make_engine: MakeEngine) -> None:
    engine = make_engine(random_archive(5, articles=80, words=20))
    whole = concordance(engine, SearchRequest(text="accord", size=200))
    pages = [concordance(engine, SearchRequest(text="accord", size=7, page=number)) for number in range(1, whole.count // 7 + 2)]
    assert [line for page in pages for line in page.lines] == list(whole.lines)
    assert all(page.pages == -(-whole.count // 7) for page in pages)


def test_too_many_articles_or_too_slow_ones_are_said_to_be_cut(make_engine: MakeEngine) -> None:
    many = make_engine(Article(doc_id=f"n{number}", body="Un accord.") for number in range(ARTICLES + 1))
    found = concordance(many, SearchRequest(text="accord"))
    assert (found.total, found.read, found.cut) == (ARTICLES + 1, ARTICLES, True)
    ticks = count()
    slow = concordance(many, SearchRequest(text="accord"), clock=lambda: next(ticks) * 0.4)
    assert (slow.read, slow.cut) == (2, True)


@pytest.mark.parametrize("asked", [{"order": "random"}, {"width": 5}, {"width": 1000}], ids=["unknown order", "too narrow", "too wide"])
def test_what_cannot_be_asked_is_refused(make_engine: MakeEngine, asked: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        concordance(make_engine([]), SearchRequest(text="accord"), **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", ORDERS)
def test_strange_archives_give_lines_in_every_order(make_engine: MakeEngine, order: str) -> None:
    body = "accord" + "x" * 300 + " accord\n\n\n*** accord"
    found = concordance(make_engine([Article(body=body)]), SearchRequest(text="accord"), order=order)  # type: ignore[arg-type]
    assert found.count == 2


@given(st.text(st.sampled_from("ab é\n\u00a0"), max_size=80), st.integers(0, 80), st.integers(1, 30))
@settings(max_examples=200)
def test_contexts_never_begin_or_end_inside_a_word(text: str, at: int, width: int) -> None:
    at = min(at, len(text))
    plain = " ".join(text.replace("\n", " ").split(" "))
    assert " ".join(_before(text, at, width).split()) in " ".join(plain.split())
    assert " ".join(_after(text, at, width).split()) in " ".join(plain.split())
    words = text[:at].split()
    left = _before(text, at, width).split()
    assert left == words[len(words) - len(left) :]
