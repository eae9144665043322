"""Are frequencies over time counted right, and do gaps stay gaps?"""

from __future__ import annotations

import datetime as dt

import pytest
from archives import random_archive
from conftest import MakeEngine

from corpus import Article
from corpus.errors import BadRequest
from search import Filter, SearchRequest, search
from search.compare import MOST_QUERIES, compare


def archive() -> list[Article]:
    rows = [("2024-11", "port"), ("2024-11", "pêche"), ("2024-11", "rien"), ("2025-01", "port"), ("2025-01", "ports et pêche")]
    return [
        Article(newspaper="L’Essor" if rank % 2 else "Le Rivage", body=f"Texte {rank} {text}.", published=f"{month}-0{rank + 1}")
        for rank, (month, text) in enumerate(rows)
    ]


def test_shares_are_articles_per_ten_thousand_of_the_month(make_engine: MakeEngine) -> None:
    found = compare(make_engine(archive()), ["port", "pêche"], SearchRequest())
    assert found.months == ("2024-11", "2024-12", "2025-01")
    assert found.articles == (3, 0, 2)
    port, fishing = found.curves
    assert (port.text, port.total, port.counts) == ("port", 3, (1, 0, 2))
    assert fishing.counts == (1, 0, 1)
    assert port.shares == (pytest.approx(10_000 / 3), None, pytest.approx(10_000))


def test_a_month_without_articles_has_no_share(make_engine: MakeEngine) -> None:
    (curve,) = compare(make_engine(archive()), ["zorglub"], SearchRequest()).curves
    assert curve.shares == (0.0, None, 0.0)


def test_the_share_is_taken_under_the_same_filters_and_dates(make_engine: MakeEngine) -> None:
    request = SearchRequest(filters=(Filter("journal", ("L’Essor",)),), since=dt.date(2025, 1, 1))
    found = compare(make_engine(archive()), ["port"], request)
    assert (found.months, found.articles, found.curves[0].counts) == (("2025-01",), (1,), (1,))


def test_counts_are_those_of_as_many_searches(make_engine: MakeEngine) -> None:
    engine = make_engine(random_archive(3, articles=150))
    found = compare(engine, ["accord", "port OU pêche", "journal:essor"], SearchRequest())
    for curve in found.curves:
        page = search(engine, SearchRequest(text=curve.text, match="all"))
        assert curve.total == page.total
        assert {m: c for m, c in zip(found.months, curve.counts, strict=True) if c} == {
            bucket.value: bucket.count for bucket in page.facets["month"].buckets
        }


def test_a_fifth_query_is_refused_and_an_empty_archive_is_not(make_engine: MakeEngine) -> None:
    with pytest.raises(BadRequest, match="4 queries"):
        compare(make_engine([]), ["a"] * (MOST_QUERIES + 1), SearchRequest())
    assert compare(make_engine([]), ["a"], SearchRequest()).months == ()
