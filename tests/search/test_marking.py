"""Is exactly that marked in a text which answers the question, and as printed?"""

from __future__ import annotations

import pytest
from archives import TEXT_NODES, questions, random_archive
from hypothesis import given, settings
from hypothesis import strategies as st
from scan import TEXTS, edits, has
from whoosh.query import Not, Query

from corpus import Article
from search import mark_article
from search.language import parse_query
from search.marking import READ_CHARS, glob_pattern, marks, within_distance
from search.nodes import Near, Phrase, SameParagraph, Word

ARCHIVE = random_archive(seed=5, articles=30)


def marked(query: str, text: str, field: str = "body") -> list[str]:
    return [text[start:end] for start, end in marks(parse_query(query).query, text, field).spans]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("securite", "La sécurité, les SÉCURITÉS.", ["sécurité", "SÉCURITÉS"]),
        ("migrant", "Deux migrantes, un migrant", ["migrantes", "migrant"]),
        ("=migrant", "Deux migrantes, un migrant", ["migrant"]),
        ("école", "À l’école, qu'école", ["école", "école"]),
        ("l’état", "L’État et les états", ["État", "états"]),
        ('"port autonome"', "Le port autonome, le port est autonome", ["port autonome"]),
        ('"port autonome de"', "Le port autonome\nde Mopti", ["port autonome\nde"]),
        ("port autonome", "Le port autonome", ["port", "autonome"]),
        ("vice-président", "le vice-président, le viceprésident, le vice, le président", ["vice-président", "viceprésident"]),
        ("viceprésident", "le vice-président, le vice", ["vice-président"]),
        ("ONU", "L’O.N.U. et l’ONU", ["O.N.U.", "ONU"]),
        ("pech*", "pêcheurs, pécher, empêcher", ["pêcheurs", "pécher"]),
        ("*port*", "import, ports, sport", ["import", "ports", "sport"]),
        ("p?rt", "port, part, pont", ["port", "part"]),
        ("migrent~1", "migrant, migrants, emigrent", ["migrant"]),
        ("port -accord", "un accord au port", ["port"]),
        ("port SAUF (accord OU loi)", "la loi, un accord, le port", ["port"]),
        ("port OU accord", "un accord au port", ["accord", "port"]),
        ("port PROCHE/1 accord", "port, un accord. Plus loin que cela, un autre port", ["port", "accord"]),
        ("port ADJ/1 accord", "accord de port, un accord", ["port", "accord"]),
        ("port MEMEPAR accord", "un port.\n\nun port, un accord", ["port", "accord"]),
        ("loi>=2", "la loi", ["loi"]),
        ("titre:loi port", "la loi du port", ["port"]),
        ("texte:loi", "la loi du port", ["loi"]),
        ("maïs", "le maïs mais", ["maïs"]),
        ("journal:essor", "L’Essor", []),
        ("*", "tout", []),
        ("", "tout", []),
        ("été", "e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("300000", "300\u202f000 francs", ["300\u202f000"]),
    ],
)
def test_what_answers_is_marked_as_printed(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text) == expected


def test_a_word_asked_in_the_headline_is_not_marked_elsewhere() -> None:
    article = Article(doc_id="m", headline="La loi du port", standfirst="La loi passe.", body="La loi est au port.")
    found = mark_article("titre:loi port", article)
    assert [article.headline[start:end] for start, end in found.headline] == ["loi", "port"]
    assert [article.body[start:end] for start, end in found.body] == ["port"]
    assert found.standfirst == ()
    assert mark_article("  ", article) == type(found)()


@settings(max_examples=200)
@given(query=questions(), article=st.sampled_from(ARCHIVE), field=st.sampled_from(TEXTS))
def test_spans_are_whole_printed_words_in_order_and_apart(query: Query, article: Article, field: str) -> None:
    text = getattr(article, field)
    before = 0
    for start, end in marks(query, text, field).spans:
        assert before <= start < end <= len(text)
        assert not text[start:end][0].isspace() and not text[start:end][-1].isspace()
        assert not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()) or "’" in text
        before = end


@settings(max_examples=300)
@given(query=TEXT_NODES, article=st.sampled_from(ARCHIVE))
def test_an_article_that_answers_is_marked_and_no_other(query: Query, article: Article) -> None:
    anything = any(marks(query, getattr(article, field), field, article.language).marks for field in TEXTS)
    node = getattr(query, "word", query)  # « loi>=2 » marks each loi, twice or not
    assert anything == has(article, node)


@given(query=TEXT_NODES, article=st.sampled_from(ARCHIVE))
def test_what_is_excluded_is_never_marked(query: Query, article: Article) -> None:
    assert not marks(Not(query), article.body, "body").marks


def test_only_the_first_characters_of_a_very_long_text_are_read() -> None:
    text = "le port " * (READ_CHARS // 8) + "un accord"
    spans = marks(parse_query("port accord").query, text, "body").spans
    assert len(spans) == READ_CHARS // 8
    assert all(end <= READ_CHARS for _, end in spans)


@pytest.mark.parametrize("node", [Near(Word("le"), Word("la"), 5), SameParagraph(Word("le"), Word("la"))], ids=["near", "same paragraph"])
def test_closeness_of_the_most_frequent_words_of_the_longest_text_ends(node: Query) -> None:
    text = "le port et la mer.\n\n" * (READ_CHARS // 20)
    assert len(marks(node, text, "body").spans) == 2 * (READ_CHARS // 20)


def test_a_phrase_inside_closeness_keeps_its_own_span() -> None:
    phrase = Phrase((Word("port", exact=True), Word("autonome", exact=True)))
    text = "le port autonome ouvre, le port ferme"
    spans = marks(Near(phrase, Word("ouvre"), 0), text, "body").spans
    assert [text[start:end] for start, end in spans] == ["port autonome", "ouvre"]


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [("p*", "port p", "apport"), ("p?rt", "port part", "prt poort"), ("*a*b*", "ab xaxbx", "ba"), ("a.b*", "a.bc", "axbc"), ("***", "x", "")],
)
def test_a_glob_means_any_letters_or_exactly_one(glob: str, yes: str, no: str) -> None:
    assert [word for word in f"{yes} {no}".split() if glob_pattern(glob).fullmatch(word)] == yes.split()


@given(one=st.text("abé", max_size=6), other=st.text("abé", max_size=6), distance=st.integers(1, 2))
def test_a_distance_counts_insertions_deletions_substitutions_and_swaps(one: str, other: str, distance: int) -> None:
    assert within_distance(one, other, distance) == (edits(one, other) <= distance)
