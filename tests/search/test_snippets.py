"""Does the excerpt show why an article was found, in words as printed?"""

from __future__ import annotations

import re

import pytest
from archives import TEXT_NODES, VOCABULARY
from hypothesis import example, given, settings
from hypothesis import strategies as st
from whoosh.query import Query

from corpus.cleaning import clean_text
from search.language import parse_query
from search.marking import marks
from search.request import Snippet
from search.snippets import SNIPPET_CHARS, mark_stored, snippet_of

# Texts with sentences, paragraphs, quotations, and words far longer than a line.
PIECES = st.sampled_from((*VOCABULARY, *VOCABULARY, "https://presse.example/" + "chemin-" * 12, "«\u00a0Oui\u00a0!\u00a0»", "1\u202f234", "x" * 50))
BETWEEN = st.sampled_from((" ", " ", " ", " ", " ", ", ", ". ", ".\n\n", " – ", "\n"))
ARTICLES = st.lists(st.tuples(PIECES, BETWEEN), min_size=1, max_size=120).map(lambda rows: clean_text("".join(word + end for word, end in rows)))


def snippet(query: str, body: str, **more: str) -> Snippet:
    return snippet_of(parse_query(query).query, {"body": body, **more})


def core(found: Snippet) -> str:
    """Return the excerpt without the dots that say where it was cut."""
    return found.text.removeprefix("… ").removesuffix(" …")


@settings(max_examples=400)
@given(query=TEXT_NODES | st.sampled_from([parse_query("port accord migrants").query, parse_query('"la porte" OU pêche').query]), body=ARTICLES)
@example(query=parse_query("école").query, body="x" * 300 + "’école " + "y" * 300)
def test_an_excerpt_is_printed_in_the_article_and_its_spans_are_whole_marks(query: Query, body: str) -> None:
    found = snippet_of(query, {"body": body})
    text, line = core(found), body.replace("\n", " ")
    assert text in line
    printed = {body[start:end].replace("\n", " ") for start, end in marks(query, body, "body").spans}
    before = 0
    for start, end in found.spans:
        assert before <= start < end <= len(found.text)
        assert found.text[start:end] in printed
        before = end
    assert bool(found.spans) == bool(printed)
    assert found == snippet_of(query, {"body": body})


@settings(max_examples=400)
@given(query=TEXT_NODES, body=ARTICLES)
def test_an_excerpt_is_cut_between_words_and_not_too_long(query: Query, body: str) -> None:
    found = snippet_of(query, {"body": body})
    text, line = core(found), body.replace("\n", " ")
    spans = marks(query, body, "body").spans
    longest = max([end - start for start, end in spans], default=0)
    assert len(text) <= max(SNIPPET_CHARS, longest) + 100  # a very long word is not cut
    places = [match.start() for match in re.finditer(re.escape(text), line)]
    assert any(_between_words(line, at) and _between_words(line, at + len(text)) for at in places)


def _between_words(text: str, at: int) -> bool:
    return at in (0, len(text)) or text[at - 1].isspace() or text[at].isspace()


@settings(max_examples=200)
@given(words=st.lists(st.sampled_from(("port", "accord", "loi", "pêche", "mer", "vent", "sable", "pierre", "nuage", "route")), min_size=1, max_size=200))
def test_no_other_window_holds_more_of_the_words_asked(words: list[str]) -> None:
    body, asked = " ".join(words), ("port", "accord", "loi", "pêche")
    found = snippet(" ".join(asked), body)
    shown = {found.text[start:end] for start, end in found.spans}
    windows = (body[match.start() : match.start() + SNIPPET_CHARS] for match in re.finditer(r"\b\w", body))
    most = max(len(set(re.findall(r"\w+", window)) & set(asked)) for window in windows)
    # the last word of a window may be cut: then one word less is honest
    assert len(shown) >= most or (len(shown) == most - 1 and len(body) > SNIPPET_CHARS)


def test_two_of_the_words_beat_one_of_them_three_times() -> None:
    body = "Le port, le port, le port. " + "Il ne se passe rien. " * 30 + "Un accord pour le port est signé. " + "Rien de plus. " * 30
    found = snippet("accord port", body)
    assert [found.text[start:end] for start, end in found.spans] == ["accord", "port"]


def test_whole_sentences_are_shown_where_they_fit() -> None:
    body = "Une longue histoire commence ici. " * 20 + "Le maire a signé. La loi passe demain. Tout va bien. " + "Une autre histoire commence ici. " * 20
    found = snippet("loi", body)
    assert "La loi passe demain." in found.text
    assert found.text.startswith("La loi passe demain. Tout va bien. Une autre")
    assert found.text.endswith(".")


def test_a_short_article_is_shown_whole() -> None:
    assert snippet("loi", "La loi passe.\n\nElle est courte.").text == "La loi passe.  Elle est courte."


@pytest.mark.parametrize("query", ["xyzzy", "titre:loi", "*", "journal:essor"])
def test_without_anything_to_mark_the_beginning_is_shown(query: str) -> None:
    found = snippet(query, "Le début. " + "La suite du texte. " * 40)
    assert found.text.startswith("Le début. La suite")
    assert found.text.endswith("…") or found.text.endswith(".")
    assert found.spans == ()
    assert len(found.text) <= SNIPPET_CHARS + 2


def test_the_standfirst_is_shown_when_it_holds_more() -> None:
    found = snippet("loi port", "La loi passe.", standfirst="La loi du port passe.")
    assert found.text == "La loi du port passe."
    assert snippet("xyzzy", "Le texte.", standfirst="Le chapô.").text == "Le chapô."
    assert snippet("loi", "La loi passe.", standfirst="La loi du port.").text == "La loi passe."


def test_a_phrase_is_one_span_and_never_cut() -> None:
    words = "le conseil de la province du Ponant oriental et de ses îles réuni au complet dans sa grande salle"
    found = snippet(f'"{words}"', "Hier. " * 80 + f"Hier, {words}. " + "Demain. " * 80)
    assert [found.text[start:end] for start, end in found.spans] == [words]


def test_an_article_without_text_has_an_empty_excerpt() -> None:
    assert snippet_of(parse_query("loi").query, {"headline": "La loi"}) == Snippet("")


@pytest.mark.parametrize("query", ["securite", "sécurité", "SÉCURITÉ", "sécurités"])
def test_the_accented_form_is_marked_whatever_was_typed(query: str) -> None:
    found = snippet(query, "La sécurité d’abord.")
    assert [found.text[start:end] for start, end in found.spans] == ["sécurité"]


def test_every_text_of_an_article_is_marked_in_its_own_places() -> None:
    found = mark_stored(parse_query("loi port").query, {"headline": "La loi", "body": "Au port, la loi."})
    assert (found.headline, found.standfirst, found.body) == (((3, 6),), (), ((3, 7), (12, 15)))
