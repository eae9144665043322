"""The query language: what each form asks, what French writing never triggers, what is said about the rest."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from fuzz_queries import fuzz_queries
from hypothesis import given
from hypothesis import strategies as st
from whoosh.query import And, Every, Not, NullQuery, Or, Query

from search.days import period_as_text, read_period
from search.language import Limits, parse_query
from search.nodes import AtLeast, Compound, Days, Fuzzy, Identifier, Label, Near, Pattern, Phrase, SameParagraph, Word
from search.symbols import Kind, matched, read_symbols

WIDE = Limits(characters=1_000_000)


def ask(text: str) -> Query:
    return parse_query(text).query


def phrase(text: str, field: str | None = None, *, exact: bool = True) -> Phrase:
    return Phrase(tuple(Word(word, field, exact) for word in text.split()), field, exact)


def compound(text: str, field: str | None = None, *, exact: bool = False) -> Compound:
    parts = tuple(Word(part, field, exact) for part in text.split("-"))
    return Compound(parts, Word(text.replace("-", ""), field, exact), field, exact)


MALI, LOI, PAIX, PARIS = Word("mali"), Word("loi"), Word("paix"), Word("paris")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("mali", MALI),
        ("Mali loi", And([MALI, LOI])),
        ("mali ET loi", And([MALI, LOI])),
        ("mali AND loi", And([MALI, LOI])),
        ("mali OU loi", Or([MALI, LOI])),
        ("mali OR loi OU paix", Or([MALI, LOI, PAIX])),
        ("mali loi OU paix", Or([And([MALI, LOI]), PAIX])),
        ("mali (loi OU paix)", And([MALI, Or([LOI, PAIX])])),
        ("mali SAUF paris", And([MALI, Not(PARIS)])),
        ("mali NOT paris loi", And([MALI, Not(PARIS), LOI])),
        ("mali -paris", And([MALI, Not(PARIS)])),
        ("mali ET SAUF paris", And([MALI, Not(PARIS)])),
        ("-paris", And([Every(), Not(PARIS)])),
        ("SAUF SAUF paris", PARIS),
        ("mali OU -paris", Or([MALI, And([Every(), Not(PARIS)])])),
        ("mali -(paris OU loi)", And([MALI, Not(Or([PARIS, LOI]))])),
        ("((mali)) ()", MALI),
        ("mali mali", MALI),
        ("*", Every()),
        ("", Every()),
        ("   \n", Every()),
        ("* mali", MALI),
        ("()", NullQuery),
        ("… !", NullQuery),
    ],
)
def test_operators_in_capitals_join_words(text: str, tree: Query) -> None:
    assert ask(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("médaille d’or", And([Word("médaille"), Word("or")])),
        ("mali sauf paris", And([MALI, Word("sauf"), PARIS])),
        ("l’école l'école", Word("école")),
        ("à 9 h 30 : Yannick", And([Word("9"), Word("h"), Word("30"), Word("yannick")])),
        ("Mali : la loi", And([MALI, LOI])),
        ("titre : loi", And([Word("titre"), LOI])),
        ("inconnu:loi", Phrase((Word("inconnu"), LOI), None, exact=False)),
        ("élu(e)s", Word("élu")),
        ("vraiment ? Oui ?", And([Word("vraiment"), Word("oui")])),
        ("mali - paris", And([MALI, PARIS])),
        ("mali -- paris", And([MALI, PARIS])),
        ("300 000", Word("300000")),
        ("-300 000", And([Every(), Not(Word("300000"))])),
        ("XXe", Word("20e")),
        ("Est", Word("Est")),
        ("l’« accord de paix »", phrase("accord de paix")),
    ],
)
def test_french_writing_is_never_an_operator(text: str, tree: Query) -> None:
    parsed = parse_query(text)
    assert parsed.query == tree
    assert parsed.notes == ()


def test_an_address_is_a_phrase_of_its_words() -> None:
    query = ask("http://exemple.ml/loi?x=2")
    assert isinstance(query, Phrase)
    assert [word.surface for word in query.words] == ["http", "exemple", "ml", "loi", "x", "2"]


@pytest.mark.parametrize("quotes", ['"{}"', "“{}”", "« {} »", "«\u00a0{}\u00a0»", "«{}»", "„{}“", "“{}“", "”{}”"], ids=ascii)
def test_every_pair_of_quotes_makes_a_phrase(quotes: str) -> None:
    assert ask(quotes.format("accord de paix")) == phrase("accord de paix")


def test_an_apostrophe_is_never_a_quote() -> None:
    assert ask("l’accord qu’il signe d’abord") == ask("accord il signe abord")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("=loi", Word("loi", exact=True)),
        ('"loi"', Word("loi", exact=True)),
        ('="loi mali"', phrase("loi mali")),
        ('~"loi mali"', phrase("loi mali", exact=False)),
        ("vice-président", compound("vice-président")),
        ("=vice-président", compound("vice-président", exact=True)),
        ("2012-023", Phrase((Word("2012"), Word("023")), None, exact=False)),
        ("migr*", Pattern("migr*")),
        ("*tion*", Pattern("*tion*")),
        ("pré*fixe", Pattern("pre*fixe")),
        ("m?t", Pattern("m?t")),
        ("l’écon*", Pattern("econ*")),
        ("vice-présid*", Pattern("vicepresid*")),
        ("migr**", Pattern("migr*")),
        ("Diallo~", Fuzzy("diallo", 1)),
        ("Diallo~2", Fuzzy("diallo", 2)),
        ("loi>=3", AtLeast(LOI, 3)),
        ("loi≥3", AtLeast(LOI, 3)),
        ('"loi mali">=2', AtLeast(phrase("loi mali"), 2)),
        ("loi>=1", LOI),
        ("loi~0", LOI),
    ],
)
def test_a_word_is_asked_as_it_is_typed(text: str, tree: Query) -> None:
    assert ask(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("mali PROCHE/5 loi", Near(MALI, LOI, 5)),
        ("mali NEAR/0 loi", Near(MALI, LOI, 0)),
        ("mali ADJ/3 loi", Near(MALI, LOI, 3, ordered=True)),
        ("mali MEMEPAR loi", SameParagraph(MALI, LOI)),
        ("mali MÊMEPAR loi", SameParagraph(MALI, LOI)),
        ('"mali loi"~5', Near(Word("mali", exact=True), Word("loi", exact=True), 5)),
        ('~"mali loi"~5', Near(MALI, LOI, 5)),
        ('"paix au mali"~5', Near(Word("paix", exact=True), Word("mali", exact=True), 5)),
        ("mali PROCHE/5 loi ADJ/2 paix", And([Near(MALI, LOI, 5), Near(LOI, PAIX, 2, ordered=True)])),
        ("paris mali PROCHE/5 loi paix", And([PARIS, Near(MALI, LOI, 5), PAIX])),
        ("mali PROCHE/5 (loi OU paix)", Near(MALI, Or([LOI, PAIX]), 5)),
        ('mali PROCHE/5 "loi de finances"', Near(MALI, phrase("loi de finances"), 5)),
        ("migr* PROCHE/5 mort~1", Near(Pattern("migr*"), Fuzzy("mort", 1), 5)),
        ("titre:mali PROCHE/5 loi", Near(Word("mali", "headline"), Word("loi", "headline"), 5, False, "headline")),
        ("titre:(mali PROCHE/5 loi)", Near(Word("mali", "headline"), Word("loi", "headline"), 5, False, "headline")),
        ("-mali PROCHE/5 loi", And([Every(), Not(MALI), LOI])),
        ("SAUF mali PROCHE/5 loi", And([Every(), Not(Near(MALI, LOI, 5))])),
        ("le PROCHE/5 mali", Near(Word("le"), MALI, 5)),
    ],
)
def test_closeness_binds_the_two_words_beside_it(text: str, tree: Query) -> None:
    expected = And([child for child in tree if not isinstance(child, Every)]) if text.startswith("-mali") else tree
    assert ask(text) == expected


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("titre:loi mali", And([Word("loi", "headline"), MALI])),
        ("Title:loi", Word("loi", "headline")),
        ("chapô:loi", Word("loi", "standfirst")),
        ("texte:=loi", Word("loi", "body", exact=True)),
        ("titre:-loi", And([Every(), Not(Word("loi", "headline"))])),
        ("-titre:loi", And([Every(), Not(Word("loi", "headline"))])),
        ('titre:"loi mali"', phrase("loi mali", "headline")),
        ("titre:(loi OU mali)", Or([Word("loi", "headline"), Word("mali", "headline")])),
        ("titre:(loi texte:mali)", And([Word("loi", "headline"), Word("mali", "body")])),
        ("titre:vice-président", compound("vice-président", "headline")),
        ("titre:migr*", Pattern("migr*", "headline")),
        ("titre:300 000", Word("300000", "headline")),
        ("journal:essor", Label("newspaper", "essor")),
        ("journal:L’Essor", Label("newspaper", "L’Essor")),
        ('journal:"Le Monde"', Label("newspaper", "Le Monde")),
        ("source:(« Le Monde » OU Libération)", Or([Label("newspaper", "Le Monde"), Label("newspaper", "Libération")])),
        ("journal:(le monde)", Label("newspaper", "le monde")),
        ("lieu:mopti personne:keïta", And([Label("places", "mopti"), Label("people", "keïta")])),
        ("auteur:diallo", Label("bylines", "diallo")),
        ("type:dépêche langue:fr", And([Label("kind", "dépêche"), Label("language", "fr")])),
        ("id:essor-2025_a.b", Identifier("doc_id", "essor-2025_a.b")),
        ("(id:a OU id:b)", Or([Identifier("doc_id", "a"), Identifier("doc_id", "b")])),
        ("id:(a OU b)", Or([Identifier("doc_id", "a"), Identifier("doc_id", "b")])),
        ("url:http://x.ml/a_(b)?c=d*", Identifier("url", "http://x.ml/a_(b)?c=d*")),
        ('url:"http://x.ml/a b"', Identifier("url", "http://x.ml/a b")),
    ],
)
def test_a_field_is_a_known_name_glued_to_its_value(text: str, tree: Query) -> None:
    parsed = parse_query(text)
    assert parsed.query == tree
    assert parsed.notes == ()


YEAR_2025 = (dt.date(2025, 1, 1), dt.date(2025, 12, 31))
OCTOBER = (dt.date(2025, 10, 1), dt.date(2025, 10, 31))
NINTH = (dt.date(2025, 10, 9), dt.date(2025, 10, 9))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("date:2025", YEAR_2025),
        ("date:2025-10", OCTOBER),
        ("date:2025-10-09", NINTH),
        ('date:"octobre 2025"', OCTOBER),
        ("date:octobre 2025", OCTOBER),
        ("date:oct. 2025", OCTOBER),
        ("date:« 9 octobre 2025 »", NINTH),
        ("date:09/10/2025", NINTH),
        ("date:10/2025", OCTOBER),
        ('date:"1er août 2025"', (dt.date(2025, 8, 1), dt.date(2025, 8, 1))),
        ("date:2024..2025-03", (dt.date(2024, 1, 1), dt.date(2025, 3, 31))),
        ("date:2024-02..", (dt.date(2024, 2, 1), None)),
        ("date:..2024-02", (None, dt.date(2024, 2, 29))),
        ("date:[2024 TO 2025]", (dt.date(2024, 1, 1), dt.date(2025, 12, 31))),
        ("date:[octobre 2025 À *]", (dt.date(2025, 10, 1), None)),
        ("date:2025..2024", (dt.date(2024, 1, 1), dt.date(2025, 12, 31))),
        ("date:>=2025", (dt.date(2025, 1, 1), None)),
        ("date:<2025", (None, dt.date(2024, 12, 31))),
    ],
)
def test_a_date_is_a_year_a_month_a_day_or_a_range(text: str, days: tuple[dt.date | None, dt.date | None]) -> None:
    parsed = parse_query(text)
    assert parsed.query == Days("published", *days)
    assert parsed.notes == ()


@pytest.mark.parametrize("text", ["date:hier", "date:2025-13", "date:31/02/2025", "date:0000", "date:99999", "date:[a"])
def test_what_is_no_date_is_words_and_said(text: str) -> None:
    parsed = parse_query(text)
    assert not isinstance(parsed.query, Days)
    assert any("n’est pas une date" in note for note in parsed.notes)


def test_updated_and_added_are_dates_too() -> None:
    assert ask("maj:2025 ajout:2025-10") == And([Days("updated", *YEAR_2025), Days("added", *OCTOBER)])


@given(st.dates() | st.none(), st.dates() | st.none())
def test_a_period_is_read_back_from_its_text(since: dt.date | None, until: dt.date | None) -> None:
    if since and until and since > until:
        since, until = until, since
    if since or until:
        assert read_period(period_as_text(since, until)) == (since, until)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("le Mali", MALI),
        ("le la", And([Word("le"), Word("la")])),
        ("le", Word("le")),
        ('"le mali"', phrase("le mali")),
        ("le date:2025", And([Word("le"), Days("published", *YEAR_2025)])),
        ("+le mali", And([Word("le"), MALI])),
        ("=le mali", And([Word("le", exact=True), MALI])),
        ("titre:le mali", And([Word("le", "headline"), MALI])),
        ("titre:(le mali)", Word("mali", "headline")),
        ("le -mali", And([Word("le"), Not(MALI)])),
        ("le OU mali", Or([Word("le"), MALI])),
        ("maïs mais mali", And([Word("maïs"), MALI])),
        ("est Est mali", And([Word("Est"), MALI])),
        ("qu’il mali", MALI),
    ],
)
def test_stop_words_are_dropped_beside_a_content_word_only(text: str, tree: Query) -> None:
    parsed = parse_query(text)
    assert parsed.query == tree
    assert parsed.notes == ()


def test_accents_decide_only_against_stop_words() -> None:
    assert Word("maïs").required_accent
    assert Word("maïs").accent is not None
    assert not Word("côte").required_accent
    assert Word("cote").accent is None
    assert Word("députées").term_ == Word("deputee").term_


@pytest.mark.parametrize(
    ("text", "tree", "said"),
    [
        ('"mali', MALI, "guillemet"),
        ("« mali", MALI, "guillemet"),
        ("mali »", MALI, "guillemet"),
        ("(mali", MALI, "parenthèse"),
        ("mali)", MALI, "parenthèse"),
        ("mali OU", MALI, "OU"),
        ("OU mali", MALI, "OU"),
        ("ET mali", MALI, "ET"),
        ("mali ET", MALI, "ET"),
        ("mali SAUF", MALI, "SAUF"),
        ("mali PROCHE/5", MALI, "PROCHE/5"),
        ("PROCHE/5 mali", MALI, "PROCHE/5"),
        ("mali PROCHE/5 (loi paix)", And([MALI, LOI, PAIX]), "PROCHE/5"),
        ("titre:mali PROCHE/5 texte:loi", And([Word("mali", "headline"), Word("loi", "body")]), "champ"),
        ("SAUF", Word("sauf"), "SAUF"),
        ("OU", Word("ou"), "OU"),
        ("mali lieu:", And([MALI, Word("lieu")]), None),
        ("lieu:… mali", MALI, "lieu:"),
        ("journal:ess*", Label("newspaper", "ess*"), "mots entiers"),
        ("2024~1", Word("2024"), "2024"),
        ("mali~9", Fuzzy("mali", 2), "2 lettres"),
        ("mali PROCHE/5000 loi", Near(MALI, LOI, 100), "100"),
        ("titre:* mali", MALI, "lettre"),
        ("!!!", NullQuery, "aucun mot"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_searched(text: str, tree: Query, said: str | None) -> None:
    parsed = parse_query(text)
    assert parsed.query == tree
    assert (parsed.notes == ()) if said is None else any(said in note for note in parsed.notes)


def test_a_long_question_is_cut_between_two_words() -> None:
    parsed = parse_query("mali " * 200 + "paris")
    assert parsed.query == MALI
    assert "512" in parsed.notes[0]
    assert parse_query("m" * 600).query == Word("m" * 512)


def test_parentheses_too_deep_are_ignored() -> None:
    parsed = parse_query("(" * 30 + "mali" + ")" * 30)
    assert parsed.query == MALI
    assert "20" in parsed.notes[0]


def test_clauses_over_the_limit_are_not_searched() -> None:
    parsed = parse_query(" ".join(f"m{number}" for number in range(200)), limits=Limits(characters=5_000))
    assert len(list(parsed.query.children())) == 128
    assert "128" in parsed.notes[0]


def test_closeness_counts_the_word_it_shares() -> None:
    text = " PROCHE/1 ".join(f"m{number}" for number in range(80))
    query = parse_query(text, limits=WIDE).query
    assert sum(2 for child in query.children() if isinstance(child, Near)) <= 128


def test_a_long_pattern_is_cut() -> None:
    parsed = parse_query("a" * 100 + "*")
    assert parsed.query == Pattern("a" * 63 + "*")
    assert "64" in parsed.notes[0]


def test_words_are_those_asked_for_and_not_the_excluded_ones() -> None:
    assert parse_query('mali "loi" -paris titre:paix').words == (MALI, Word("loi", exact=True), Word("paix", "headline"))


HOSTILE = [
    "(",
    ")",
    '"',
    "«",
    "»",
    "[a TO ",
    "date:[",
    "SAUF ",
    "-",
    "a ANDNOT ",
    "a PROCHE/1 ",
    "titre:",
    "id:(",
    "*?",
    "a~",
    "a>=",
    "’",
    "ET OU ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_two_hundred_kilobytes_are_answered_within_the_limits(piece: str) -> None:
    parsed = parse_query(piece * (200_000 // len(piece)))
    assert len(parsed.notes) <= 6


@pytest.mark.parametrize("piece", HOSTILE)
def test_symbols_are_no_more_than_the_characters(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    notes: list[str] = []
    symbols = matched(read_symbols(text, notes.append), 20, notes.append)
    assert len(symbols) <= len(text)
    depth = deepest = 0
    for symbol in symbols:
        depth += (symbol.kind is Kind.OPEN) - (symbol.kind is Kind.CLOSE)
        deepest = max(deepest, depth)
    assert depth == 0
    assert deepest <= 20


def check_questions(count: int, seed: int) -> None:
    """Parse random questions: no exception, and the understanding asks the same question again."""
    for text in fuzz_queries(count, seed=seed):
        parsed = parse_query(text)
        again = parse_query(parsed.understood, limits=WIDE)
        assert again.query == parsed.query, ascii(text)
        assert again.understood == parsed.understood, ascii(text)


def test_twenty_thousand_random_questions_are_understood_and_asked_again() -> None:
    check_questions(20_000, seed=2025)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not os.environ.get("MARBRE_LONG"), reason="100,000 questions take minutes: set MARBRE_LONG=1")
def test_a_hundred_thousand_random_questions_are_understood_and_asked_again() -> None:
    check_questions(100_000, seed=1)


@given(st.text())
def test_any_text_is_a_question(text: str) -> None:
    assert isinstance(parse_query(text).query, Query)
