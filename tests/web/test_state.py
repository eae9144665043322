"""The whole state of a search is in its URL, both ways."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BadRequest
from search import Filter
from web.state import FACET_ORDER, PARAMETERS, SearchState, parse_day

words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=12).map(str.strip)
fields = st.sampled_from([name for name in FACET_ORDER if name not in ("year", "month")])
plain = st.builds(Filter, fields, st.lists(words, min_size=1, max_size=3).map(tuple), st.booleans())
numbers = st.lists(st.from_regex(r"[0-9]{4}", fullmatch=True), min_size=1, max_size=2).map(tuple)
years = st.builds(Filter, st.just("year"), numbers, st.booleans())
names = st.sampled_from([*PARAMETERS.values(), "q", "du", "au", "tri", "page", "par_page", "vue", "-journal", "x"])


@st.composite
def states(draw: st.DrawFn) -> SearchState:
    days = sorted(draw(st.lists(st.dates(min_value=dt.date(1000, 1, 1)), max_size=2)))
    return SearchState(
        text=draw(words | st.just("")),
        filters=tuple(draw(st.lists(plain | years, max_size=5))),
        since=days[0] if days else None,
        until=days[-1] if days else None,
        sort=draw(st.sampled_from(["relevance", "newest", "oldest"])),
        page=draw(st.integers(1, 100)),
        size=draw(st.integers(1, 100)),
        view=draw(st.sampled_from(["list", "table"])),
    )


@given(states())
def test_a_state_written_to_an_address_is_read_back_the_same(state: SearchState) -> None:
    assert SearchState.from_args(state.to_args()) == state


@given(states(), st.randoms())
def test_the_order_of_parameters_does_not_matter_between_facets(state: SearchState, random: object) -> None:
    args = sorted(state.to_args(), key=lambda pair: pair[0])  # stable: the values of one facet keep their order
    assert SearchState.from_args(args) == state


@given(states(), fields, words)
def test_adding_then_dropping_a_value_leaves_it_out(state: SearchState, field: str, value: str) -> None:
    added = state.adding(field, value)
    assert value in added.values(field)
    assert value not in added.values(field, exclude=True)
    assert value not in added.dropping(field, value).values(field)
    assert added.page == 1


@given(states(), fields, words)
def test_excluding_a_value_ends_its_choice(state: SearchState, field: str, value: str) -> None:
    excluded = state.excluding(field, value)
    assert value in excluded.values(field, exclude=True)
    assert value not in excluded.values(field)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*PARAMETERS.values(), "q", "du", "au", "tri", "page", "par_page", "vue", "-journal", "x"]), st.text(max_size=9)
        )
    )
)
def test_any_parameters_make_a_state_or_a_refusal(args: list[tuple[str, str]]) -> None:
    try:
        state = SearchState.from_args(args)
    except BadRequest:
        return
    assert SearchState.from_args(state.to_args()) == state


def test_an_empty_value_means_without_value() -> None:
    assert SearchState.from_args([("journal", "")]).filters == (Filter("newspaper", ("",)),)


def test_repeated_values_merge_into_one_filter_in_the_order_of_the_table() -> None:
    state = SearchState.from_args([("rubrique", "Sport"), ("journal", "B"), ("journal", "A"), ("journal", "B"), ("-journal", "C")])
    assert state.filters == (Filter("newspaper", ("B", "A")), Filter("newspaper", ("C",), exclude=True), Filter("section", ("Sport",)))


@pytest.mark.parametrize(
    ("text", "end", "day"),
    [
        ("2025", False, dt.date(2025, 1, 1)),
        ("2025", True, dt.date(2025, 12, 31)),
        ("2024-02", True, dt.date(2024, 2, 29)),
        ("09/10/2025", False, dt.date(2025, 10, 9)),
        ("9/10/2025", False, dt.date(2025, 10, 9)),
        ("10/2025", True, dt.date(2025, 10, 31)),
        ("9 octobre 2025", False, dt.date(2025, 10, 9)),
        ("2025-02-30", False, None),
        ("demain", False, None),
        ("0000", False, None),
    ],
)
def test_a_day_is_read_day_first_or_in_iso(text: str, end: bool, day: dt.date | None) -> None:
    assert parse_day(text, end=end) == day


@pytest.mark.parametrize(
    "args",
    [
        [("page", "0")],
        [("page", "-1")],
        [("page", "9" * 4000)],
        [("page", "٣")],
        [("page", "501")],
        [("par_page", "101")],
        [("tri", "hasard")],
        [("du", "2025-13")],
        [("du", "2026"), ("au", "2025")],
        [("annee", "25")],
        [("mois", "2025-13")],
        [("journal", "x" * 501)],
        [("journal", str(n)) for n in range(101)],
    ],
    ids=lambda args: f"{args[0][0]}={args[0][1][:8]}",
)
def test_an_impossible_parameter_is_refused_with_what_was_expected(args: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest) as refused:
        SearchState.from_args(args)
    assert refused.value.expected


def test_unknown_parameters_are_ignored() -> None:
    assert SearchState.from_args([("utm_source", "x"), ("q", "eau")]) == SearchState(text="eau")


def test_without_words_the_newest_come_first() -> None:
    assert SearchState.from_args([]).sort == "newest"
    assert SearchState.from_args([("q", "eau")]).sort == "relevance"
    assert SearchState.from_args([("q", "eau")]).about("").sort == "newest"
