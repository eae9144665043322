"""Does the index answer as stock Whoosh does, and as reading every article does? Thousands of random questions of every kind.

Three answers are compared: our engine on our codec over several segments, the same evaluation on a stock Whoosh index of the same
articles (its postings walked one by one), and a plain scan that knows no index. ``test_oracle_stock.py`` asks the searcher of stock Whoosh
itself.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from archives import NEWSPAPERS, PEOPLE, SECTIONS, conditions_on_kept_values, questions
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_archives import ARCHIVES, TOLERANCE, Archive, made
from scan import passes, scan, score, values_of
from whoosh.query import Every, Query

from corpus import Article
from corpus.dates import first_day
from search import Filter, SearchRequest
from search.engines import Answer
from search.nodes import Days
from search.relaxing import MostOf
from search.request import FacetCounts, Sort

FACETS = ("newspaper", "section", "bylines", "people", "kind", "year", "month")
QUESTIONS = 400  # of each archive; there are five
CHOICES: Mapping[str, Sequence[str]] = {
    "newspaper": (*NEWSPAPERS, ""),
    "section": SECTIONS,
    "bylines": (*PEOPLE, ""),
    "kind": ("article", "brève", "dépêche"),
    "year": ("2020", "2024", ""),
}


def _choice(field: str, exclude: st.SearchStrategy[bool]) -> st.SearchStrategy[Filter]:
    values = st.lists(st.sampled_from(CHOICES[field]), min_size=1, max_size=2, unique=True).map(tuple)
    return st.builds(Filter, st.just(field), values, exclude)


filters = st.lists(st.sampled_from(tuple(CHOICES)).flatmap(lambda field: _choice(field, st.booleans())), max_size=3).map(tuple)
two_facets = st.lists(st.sampled_from(tuple(CHOICES)), min_size=2, max_size=2, unique=True).flatmap(
    lambda names: st.tuples(*(_choice(name, st.just(False)) for name in names))
)
every_kind = questions(conditions_on_kept_values())
most_of = st.builds(
    MostOf, st.lists(every_kind, min_size=2, max_size=4).map(tuple), st.none() | every_kind, st.sampled_from((0.0, 0.6, 1.0))
)


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda make: make.__name__)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with made(request.param, tmp_path_factory.mktemp("oracle")) as archive:
        yield archive


# --- articles, facets, scores -----------------------------------------------------------------------------------------


@settings(max_examples=QUESTIONS)
@given(query=every_kind | most_of, chosen=filters | two_facets)
def test_our_index_answers_like_stock_whoosh_and_like_reading_every_article(
    archive: Archive, query: Query, chosen: tuple[Filter, ...]
) -> None:
    request = SearchRequest(size=100, facets=FACETS, facet_size=1000, snippets=False, filters=chosen, reprints="all")
    ours, stock = archive.engine.ask(query, request), archive.stock.ask(query, request)
    found = scan(archive.articles, query)
    inside = [article for article in archive.articles if article.doc_id in found and passes(article, chosen)]
    scores = score(archive.articles, query)
    expected = {article.doc_id: scores[article.doc_id] for article in inside}
    for answer in (ours, stock):
        assert answer.matched == len(found)
        assert answer.total == answer.articles == len(inside)
        assert {one.header["doc_id"]: one.score for one in answer.found} == pytest.approx(expected, abs=TOLERANCE)
        assert _bars(answer) == Counter(_period(article, answer.timeline.unit) for article in inside if article.published)
    for field in FACETS:
        counted = _counted(archive.articles, found, chosen, field)
        assert _counts(ours.facets[field]) == _counts(stock.facets[field]) == counted


def _counted(articles: Sequence[Article], found: set[str], chosen: Sequence[Filter], field: str) -> tuple[Counter[str], int]:
    rows = [values_of(article, field) for article in articles if article.doc_id in found and passes(article, chosen, but=field)]
    return Counter(value for values in rows for value in values), sum(not values for values in rows)


def _counts(facet: FacetCounts) -> tuple[Counter[str], int]:
    assert facet.other == 0
    return Counter({bucket.value: bucket.count for bucket in facet.buckets if bucket.count}), facet.missing


def _bars(answer: Answer) -> Counter[str]:
    return Counter({bucket.value: bucket.count for bucket in answer.timeline.buckets})


def _period(article: Article, unit: str) -> str:
    assert article.published is not None
    return first_day(article.published).isoformat()[: {"year": 4, "month": 7, "day": 10}[unit]]


# --- one line a text --------------------------------------------------------------------------------------------------


@settings(max_examples=QUESTIONS // 4)
@given(query=every_kind | most_of, chosen=filters | two_facets)
def test_grouped_an_answer_has_the_lines_that_putting_versions_together_gives(
    archive: Archive, query: Query, chosen: tuple[Filter, ...]
) -> None:
    request = SearchRequest(size=100, facets=FACETS, facet_size=1000, snippets=False, filters=chosen, reprints="grouped")
    answer = archive.engine.ask(query, request)
    found, scores = scan(archive.articles, query), score(archive.articles, query)
    inside = [article for article in archive.articles if article.doc_id in found and passes(article, chosen)]
    lines: dict[str, tuple[int, str]] = {}
    for article in inside:
        text, rank = _text_of(archive, article)
        lines[text] = min(lines.get(text, (rank, article.doc_id)), (rank, article.doc_id))
    expected = {doc_id: scores[doc_id] for _, doc_id in lines.values()}
    assert (answer.matched, answer.articles, answer.total) == (len(found), len(inside), len(lines))
    assert {one.header["doc_id"]: one.score for one in answer.found} == pytest.approx(expected, abs=TOLERANCE)
    assert {one.header["doc_id"]: one.versions for one in answer.found} == {doc_id: archive.versions.get(doc_id, ()) for doc_id in expected}
    for field in FACETS:
        assert _counts(answer.facets[field]) == _counted_lines(archive, found, chosen, field)
    unit = answer.timeline.unit
    assert _bars(answer) == Counter(
        period for _, period in {(_text_of(archive, one)[0], _period(one, unit)) for one in inside if one.published}
    )


def test_the_first_publication_of_a_text_is_the_earliest_and_of_one_day_the_dispatch(archive: Archive) -> None:
    articles = {article.doc_id: article for article in archive.articles}
    for versions in archive.versions.values():
        printed = [articles[version.doc_id] for version in versions]
        first = min(printed, key=lambda one: (first_day(one.published or "9999"), one.kind != "dépêche", one.doc_id))
        assert [version.doc_id for version in versions if version.first] == [first.doc_id]
        assert versions[0].doc_id == first.doc_id


def _text_of(archive: Archive, article: Article) -> tuple[str, int]:
    """Return the id of the first publication of a text, and which publication of it an article is."""
    ids = [version.doc_id for version in archive.versions.get(article.doc_id, ())] or [article.doc_id]
    return ids[0], ids.index(article.doc_id)


def _counted_lines(archive: Archive, found: set[str], chosen: Sequence[Filter], field: str) -> tuple[Counter[str], int]:
    """Count each text once for every value that one of its versions has, and once when one has none."""
    pairs = {
        (_text_of(archive, article)[0], value)
        for article in archive.articles
        if article.doc_id in found and passes(article, chosen, but=field)
        for value in values_of(article, field) or ("",)
    }
    counts = Counter(value for _, value in pairs)
    return Counter({value: count for value, count in counts.items() if value}), counts[""]


# --- in which order ---------------------------------------------------------------------------------------------------


@settings(max_examples=QUESTIONS // 5)
@given(query=every_kind, sort=st.sampled_from(("relevance", "newest", "oldest", "added")), size=st.integers(1, 9), page=st.integers(1, 4))
def test_every_order_is_kept_over_all_pages_by_either_index(archive: Archive, query: Query, sort: Sort, size: int, page: int) -> None:
    articles = {article.doc_id: article for article in archive.articles}
    scores = score(archive.articles, query)
    request = SearchRequest(size=100, facets=(), snippets=False, sort=sort, reprints="all")
    for engine in (archive.engine, archive.stock):
        ids = [one.header["doc_id"] for one in engine.ask(query, request).found]
        assert set(ids) == set(scores)
        if sort == "relevance":
            assert [scores[doc_id] for doc_id in ids] == pytest.approx(sorted(scores.values(), reverse=True), abs=TOLERANCE)
        else:
            places = [_place(articles[doc_id], sort) for doc_id in ids]
            assert places == sorted(places)
        there = engine.ask(query, replace(request, size=size, page=page)).found
        assert [one.header["doc_id"] for one in there] == ids[(page - 1) * size : page * size]


def _place(article: Article, sort: Sort) -> int:
    """Return where an article comes in an order of time; without a day it comes last."""
    written = article.added if sort == "added" else article.published
    if not written:
        return dt.date.max.toordinal()
    day = first_day(written).toordinal()
    return day if sort == "oldest" else -day


@pytest.mark.parametrize("field", ["published", "updated", "added"])
def test_a_range_of_days_holds_its_first_and_its_last_day(archive: Archive, field: str) -> None:
    days = {first_day(written) for article in archive.articles if (written := getattr(article, field))}
    request = SearchRequest(size=100, facets=(), snippets=False, reprints="all")
    for day in days:
        one_day, up_to, after = (Days(field, day, day), Days(field, None, day), Days(field, day + dt.timedelta(1), None))
        for query in (one_day, up_to, after):
            expected = scan(archive.articles, query)
            assert {one.header["doc_id"] for one in archive.engine.ask(query, request).found} == expected
            if field == "published":
                chosen = replace(request, since=query.since, until=query.until)
                assert {one.header["doc_id"] for one in archive.engine.ask(Every(), chosen).found} == expected
        assert scan(archive.articles, one_day)
