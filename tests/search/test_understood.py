"""« Compris comme »: full words, the same question when typed back."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.query import Every, NullQuery, Query

from search.language import Limits, parse_query
from search.nodes import (
    AtLeast,
    Compound,
    Days,
    Fuzzy,
    Identifier,
    Label,
    Near,
    Pattern,
    Phrase,
    SameParagraph,
    Word,
    conjunction,
    disjunction,
    in_field,
    negation,
)
from search.understood import render

WIDE = Limits(characters=1_000_000, clauses=10_000)
SURFACES = st.sampled_from(
    ["mali", "loi", "maïs", "Est", "est", "le", "et", "ou", "sauf", "20e", "300000", "3.5", "n'djamena", "œuvre", "côté", "titre", "euro"]
)
COMPOUNDS = (("vice", "président"), ("porte", "parole"), ("anti", "terroriste"), ("f", "16"), ("je", "suis", "charlie"))
EXACT = st.booleans()
WORDS = st.builds(Word, SURFACES, exact=EXACT).map(lambda word: Word(word.surface.lower(), exact=True) if word.exact else word)


@st.composite
def phrases(draw: st.DrawFn) -> Phrase:
    exact = draw(EXACT)
    surfaces = draw(st.lists(SURFACES, min_size=2, max_size=4))
    return Phrase(tuple(Word(surface.lower(), None, exact) for surface in surfaces), None, exact)


@st.composite
def compounds(draw: st.DrawFn) -> Compound:
    exact = draw(EXACT)
    parts = draw(st.sampled_from(COMPOUNDS))
    return Compound(tuple(Word(part, None, exact) for part in parts), Word("".join(parts), None, exact), None, exact)


PATTERNS = st.builds(Pattern, st.sampled_from(["migr*", "*tion*", "m?t", "pre*fixe", "?a*"]))
FUZZIES = st.builds(Fuzzy, st.sampled_from(["diallo", "touré", "keïta"]), st.sampled_from([1, 2]))
PLACED = WORDS | phrases() | compounds() | PATTERNS | FUZZIES
CHOICES = st.lists(PLACED, min_size=2, max_size=3).map(disjunction)
FIELDS = st.sampled_from([None, "headline", "standfirst", "body"])


@st.composite
def close(draw: st.DrawFn) -> Query:
    field = draw(FIELDS)
    left, right = (in_field(draw(PLACED | CHOICES), field) for _ in range(2))
    if draw(st.booleans()):
        return SameParagraph(left, right, field)
    return Near(left, right, draw(st.integers(0, 100)), draw(st.booleans()), field)


@st.composite
def days(draw: st.DrawFn) -> Days:
    ends = [draw(st.dates()), draw(st.dates())]
    since, until = draw(st.sampled_from([(min(ends), max(ends)), (ends[0], None), (None, ends[0]), (ends[0], ends[0])]))
    return Days(draw(st.sampled_from(["published", "updated", "added"])), since, until)


VALUES = st.sampled_from(["Le Monde", "L’Essor", "mopti", "R.F.I.", "a b (c)", "Guinée-Bissau", "-x", "loi n° 2012-023", "PROCHE/5"])
LABELS = st.builds(Label, st.sampled_from(["newspaper", "places", "bylines", "tags", "kind"]), VALUES)
IDENTIFIERS = st.builds(
    Identifier, st.sampled_from(["doc_id", "url"]), st.sampled_from(["a-1", "http://x.ml/a(b)?c=*", "x y", "é:é", "(a"])
)
LEAVES = (
    st.tuples(PLACED, FIELDS).map(lambda pair: in_field(*pair))
    | close()
    | days()
    | LABELS
    | IDENTIFIERS
    | st.builds(AtLeast, WORDS | phrases() | compounds(), st.integers(2, 999))
)


@st.composite
def grown(draw: st.DrawFn, children: st.SearchStrategy[Query]) -> Query:
    join = draw(st.sampled_from([conjunction, disjunction]))
    parts = draw(st.lists(children, min_size=2, max_size=4))
    return join(negation(part) if draw(st.integers(0, 4)) == 0 else part for part in parts)


TREES = st.recursive(LEAVES, grown, max_leaves=16) | st.just(Every()) | st.just(NullQuery)


@settings(max_examples=500, deadline=None)
@given(TREES)
def test_what_is_understood_asks_the_same_question(query: Query) -> None:
    written = render(query)
    again = parse_query(written, limits=WIDE)
    assert again.query == query, written
    assert again.understood == written


@settings(max_examples=40, deadline=None)
@given(TREES)
def test_the_short_form_asks_the_same_question_too(query: Query) -> None:
    long = disjunction([query, *(Word(f"m{number}") for number in range(120))])
    assert parse_query(render(long), limits=WIDE).query == long


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("trafic de Migrants", "trafic ET migrants"),
        ("mali -paris titre:loi", "mali SAUF paris ET titre:loi"),
        ("a b", "b"),
        ("mali loi OU paix", "(mali ET loi) OU paix"),
        ("title:(loi OR décret)", "titre:loi OU titre:décret"),
        ("« accord de paix »", '"accord de paix"'),
        ('"mali"', "=mali"),
        ("date:[2024 TO 2025-03-31]", "date:2024..2025-03"),
        ('date:"octobre 2025"', "date:2025-10"),
        ("source:« Le Monde »", 'journal:"Le Monde"'),
        ("Nord Est", "nord ET Est"),
        ("vice‑président", "vice-président"),
        ('"300, 000"', '"300 | 000"'),
        ("1 500 €", "1500 ET euro"),
        ("#JeSuisCharlie", "je-suis-charlie"),
        ("-paris", "SAUF paris"),
        ("paris OU -mali", "paris OU (SAUF mali)"),
        ('+le ~"les des"', '+le ET ~"les des"'),
        ("", "*"),
        ("?", "()"),
    ],
)
def test_a_question_is_shown_in_full_words(text: str, understood: str) -> None:
    assert parse_query(text).understood == understood


def test_a_compound_that_cannot_be_typed_is_a_phrase() -> None:
    query = parse_query("2025-101er").query
    assert isinstance(query, Phrase)
    assert parse_query(render(query)).query == query


def test_a_day_at_either_end_of_the_calendar_is_rendered() -> None:
    for day in (dt.date.min, dt.date.max):
        assert parse_query(render(Days("published", day, day))).query == Days("published", day, day)
