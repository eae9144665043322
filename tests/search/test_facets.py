"""Are the counts beside the choices right, whatever was chosen, excluded or left without a value?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from archives import NEWSPAPERS, PEOPLE, SECTIONS, random_archive
from hypothesis import given, settings
from hypothesis import strategies as st
from scan import count_facets, passes, scan

from corpus import Article
from corpus.dates import first_day
from indexer import build_index
from indexer.schema import label_term
from search import Filter, ResultPage, SearchRequest, open_engine, search
from search.engines.local import LocalEngine
from search.facets import ALL_FACETS
from search.language import parse_query

SINGLE = ("newspaper", "section", "kind", "credit", "language", "year", "month")
CHOICES = {
    "newspaper": (*NEWSPAPERS, "l'essor", "Inconnu", ""),
    "section": (*SECTIONS, "ECONOMIE"),
    "bylines": (*PEOPLE, "Eleonore N'Diaye", ""),
    "people": (*PEOPLE, "Personne", ""),
    "kind": ("article", "brève", "BREVE", "dépêche"),
    "credit": ("AFP", ""),
    "year": ("2019", "2022", "2025", "1999", ""),
    "month": ("2022-03", "2023-07", "2024-01", ""),
}
TEXTS = ("", "migrants OU port OU loi", "-accord", "pech*", "xyzzy")


@dataclass(frozen=True)
class Archive:
    """An index in two segments, and its articles."""

    engine: LocalEngine
    articles: list[Article] = field(repr=False)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    location: Path = tmp_path_factory.mktemp("facets") / "index"
    articles = random_archive(seed=3, articles=80)
    build_index(articles[:50], location)
    build_index(articles[50:], location)
    with open_engine(location) as engine:
        yield Archive(engine, articles)


def filters() -> st.SearchStrategy[Filter]:
    return st.sampled_from(sorted(CHOICES)).flatmap(
        lambda name: st.builds(Filter, st.just(name), st.lists(st.sampled_from(CHOICES[name]), min_size=1, max_size=3).map(tuple), st.booleans())
    )


def asked(engine: LocalEngine, text: str = "", *chosen: Filter, **options: object) -> ResultPage:
    return search(engine, SearchRequest(text=text, filters=chosen, size=100, facet_size=1_000, snippets=False, match="all", **options))  # type: ignore[arg-type]


@settings(max_examples=150)
@given(text=st.sampled_from(TEXTS), chosen=st.lists(filters(), max_size=4))
def test_each_facet_is_counted_as_by_hand_without_its_own_choice(archive: Archive, text: str, chosen: list[Filter]) -> None:
    page = asked(archive.engine, text, *chosen)
    query = parse_query(text).query
    found = scan(archive.articles, query)
    assert {hit.doc_id for hit in page.hits} == {article.doc_id for article in archive.articles if article.doc_id in found and passes(article, chosen)}
    assert set(page.facets) == set(ALL_FACETS)
    for name, facet in page.facets.items():
        counts, missing = count_facets(archive.articles, query, chosen, name)
        assert ({bucket.value: bucket.count for bucket in facet.buckets if bucket.count}, facet.missing) == (dict(counts), missing), name
        assert facet.other == 0


@settings(max_examples=100)
@given(text=st.sampled_from(TEXTS), chosen=st.lists(filters(), max_size=3), size=st.integers(1, 4))
def test_buckets_other_and_missing_add_up_to_the_total(archive: Archive, text: str, chosen: list[Filter], size: int) -> None:
    page = search(archive.engine, SearchRequest(text=text, filters=tuple(chosen), facet_size=size, snippets=False, match="all"))
    for name in SINGLE:
        others = tuple(one for one in chosen if one.field != name)
        total = search(archive.engine, SearchRequest(text=text, filters=others, facets=(), snippets=False, match="all")).total
        facet = page.facets[name]
        assert sum(bucket.count for bucket in facet.buckets) + facet.other + facet.missing == total, name


@settings(max_examples=60)
@given(text=st.sampled_from(TEXTS), chosen=st.lists(filters(), max_size=3))
def test_the_timeline_and_the_unknown_dates_add_up_to_the_total(archive: Archive, text: str, chosen: list[Filter]) -> None:
    page = asked(archive.engine, text, *chosen)
    undated = sum(hit.published is None for hit in page.hits)
    assert sum(bucket.count for bucket in page.timeline.buckets) + undated == page.total
    assert [bucket.value for bucket in page.timeline.buckets] == sorted({bucket.value for bucket in page.timeline.buckets})
    assert all(bucket.count for bucket in page.timeline.buckets)


@settings(max_examples=60)
@given(chosen=st.lists(filters(), min_size=1, max_size=3))
def test_what_was_chosen_stays_visible_and_marked(archive: Archive, chosen: list[Filter]) -> None:
    page = search(archive.engine, SearchRequest(filters=tuple(chosen), facet_size=1, snippets=False))
    for one in chosen:
        for value in filter(None, one.values):
            shown = [bucket for bucket in page.facets[one.field].buckets if _same(one.field, bucket.value, value)]
            assert shown
            assert all(bucket.excluded if one.exclude else bucket.selected for bucket in shown)
        if "" in one.values and not one.exclude:
            assert page.facets[one.field].missing_selected


def _same(name: str, one: str, other: str) -> bool:
    return one == other or (name not in ("year", "month") and label_term(one) == label_term(other) != "")


@pytest.mark.parametrize("size", [1, 2, 1_000])
def test_values_stand_by_count_and_then_by_name(archive: Archive, size: int) -> None:
    facet = search(archive.engine, SearchRequest(facet_size=size, snippets=False)).facets["people"]
    assert len(facet.buckets) == min(size, len(PEOPLE))
    assert [-bucket.count for bucket in facet.buckets] == sorted(-bucket.count for bucket in facet.buckets)


@pytest.mark.parametrize("name", ["year", "month"])
def test_years_and_months_stand_newest_first_and_are_all_shown(archive: Archive, name: str) -> None:
    facet = search(archive.engine, SearchRequest(facet_size=2, snippets=False)).facets[name]
    values = [bucket.value for bucket in facet.buckets]
    assert values == sorted(values, reverse=True)
    assert len(values) > 2
    assert facet.other == 0


@pytest.mark.parametrize("value", ["L’Essor", "l'essor", "L’ESSOR", "l’éssor"])
def test_a_value_is_chosen_whatever_its_case_accents_and_apostrophe(archive: Archive, value: str) -> None:
    expected = sum(article.newspaper == "L’Essor" for article in archive.articles)
    assert asked(archive.engine, "", Filter("newspaper", (value,))).total == expected > 0


def test_a_name_without_a_letter_is_a_value_like_another(archive: Archive) -> None:
    stars = {article.doc_id for article in archive.articles if "***" in article.people}
    nobody = {article.doc_id for article in archive.articles if not article.people}
    assert {hit.doc_id for hit in asked(archive.engine, "", Filter("people", ("***",))).hits} == stars
    assert {hit.doc_id for hit in asked(archive.engine, "", Filter("people", ("",))).hits} == nobody
    assert {hit.doc_id for hit in asked(archive.engine, "", Filter("people", ("", "***"))).hits} == stars | nobody


def test_values_are_alternatives_in_a_facet_and_requirements_between_facets(archive: Archive) -> None:
    two = (Filter("newspaper", ("L’Essor",)), Filter("newspaper", ("Wal Fadjri",)))
    both = asked(archive.engine, "", *two, Filter("year", ("2022",)))
    assert both.total == sum(article.newspaper in ("L’Essor", "Wal Fadjri") and (article.published or "")[:4] == "2022" for article in archive.articles)
    assert both.total == asked(archive.engine, "", Filter("newspaper", ("L’Essor", "Wal Fadjri")), Filter("year", ("2022",))).total


def test_only_the_facets_asked_for_are_counted(archive: Archive) -> None:
    assert list(asked(archive.engine, facets=("journal", "annee")).facets) == ["newspaper", "year"]
    nothing = asked(archive.engine, facets=())
    assert not nothing.facets
    assert not nothing.timeline.buckets


@pytest.mark.parametrize(
    ("since", "until", "chosen", "unit"),
    [
        (None, None, (), "month"),
        (dt.date(2022, 3, 1), dt.date(2022, 3, 31), (), "day"),
        (dt.date(2022, 1, 1), dt.date(2022, 12, 31), (), "month"),
        (None, None, (Filter("month", ("2022-03",)),), "day"),
    ],
    ids=["the whole archive", "a month of days", "a year", "a month chosen"],
)
def test_the_timeline_has_bars_as_wide_as_the_question(
    archive: Archive, since: dt.date | None, until: dt.date | None, chosen: tuple[Filter, ...], unit: str
) -> None:
    page = asked(archive.engine, "", *chosen, since=since, until=until)
    assert page.timeline.unit == unit
    assert all(len(bucket.value) == {"day": 10, "month": 7}[unit] for bucket in page.timeline.buckets)


def test_the_timeline_of_two_centuries_counts_years(tmp_path: Path) -> None:
    build_index((Article(doc_id=f"y{year}", headline="Année", published=f"{year}-05-01") for year in range(1870, 1931, 10)), tmp_path / "index")
    with open_engine(tmp_path / "index") as engine:
        page = asked(engine)
    assert page.timeline.unit == "year"
    assert [bucket.value for bucket in page.timeline.buckets] == [f"{year}" for year in range(1870, 1931, 10)]


@pytest.mark.parametrize(
    ("since", "until"),
    [(None, dt.date(2022, 6, 30)), (dt.date(2022, 6, 30), None), (dt.date(2021, 1, 1), dt.date(2021, 12, 31)), (dt.date(1900, 1, 1), dt.date(1900, 1, 1))],
    ids=["until", "since", "a year", "before everything"],
)
def test_days_are_both_included_and_leave_out_the_undated(archive: Archive, since: dt.date | None, until: dt.date | None) -> None:
    expected = {
        article.doc_id
        for article in archive.articles
        if article.published and (since or dt.date.min) <= first_day(article.published) <= (until or dt.date.max)
    }
    assert {hit.doc_id for hit in asked(archive.engine, since=since, until=until).hits} == expected
