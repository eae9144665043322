"""What may be relaxed and what may be marked."""

from __future__ import annotations

import pytest

from search.asked import Marks, marked, required_words, without_stop
from search.language import parse_query
from search.nodes import Pattern, Phrase, Word
from search.understood import render


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("mali loi", ["mali", "loi"]),
        ("mali", ["mali"]),
        ('mali "accord de paix" -paris journal:essor date:2025', ["mali", '"accord de paix"']),
        ("mali (loi OU décret) migr*", ["mali", "loi OU décret", "migr*"]),
        ("mali PROCHE/5 loi paix", ["mali PROCHE/5 loi", "paix"]),
        ("mali OU loi", ["mali OU loi"]),
        ("-paris", []),
        ("journal:essor", []),
        ("", []),
    ],
)
def test_words_asked_together_may_be_relaxed_and_conditions_not(text: str, required: list[str]) -> None:
    assert [render(node) for node in required_words(parse_query(text).query)] == required


def test_stop_words_are_given_up_first() -> None:
    assert without_stop((Word("le"), Word("mali"))) == (Word("mali"),)
    assert without_stop((Word("le"), Word("la"))) == (Word("le"), Word("la"))


def test_what_was_asked_is_marked_and_what_was_excluded_is_not() -> None:
    mali, loi = Word("mali"), Word("loi", exact=True)
    marks = marked(parse_query('mali =loi migr* "accord de paix" -paris maïs').query)
    assert marks == Marks(
        classes=frozenset({mali.term_}),
        exacts=frozenset({loi.folded}),
        accents=frozenset({"´maïs"}),
        phrases=(Phrase(tuple(Word(word, exact=True) for word in ("accord", "de", "paix"))),),
        patterns=(Pattern("migr*"),),
    )


def test_a_word_asked_in_the_headline_is_not_marked_in_the_body() -> None:
    query = parse_query("titre:mali loi").query
    assert marked(query, "body").classes == {Word("loi").term_}
    assert marked(query, "headline").classes == {Word("loi").term_, Word("mali").term_}


def test_both_ways_of_a_compound_are_marked() -> None:
    marks = marked(parse_query("vice-président").query)
    assert marks.classes == {Word("viceprésident").term_}
    assert [len(phrase.words) for phrase in marks.phrases] == [2]
