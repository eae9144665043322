"""What does the archive say it holds, month by month?"""

from __future__ import annotations

from collections import Counter

import pytest
from archives import random_archive
from conftest import MakeEngine

from corpus import Article
from search.coverage import coverage, months_between


def test_the_table_counts_what_a_scan_of_the_articles_counts(make_engine: MakeEngine) -> None:
    articles = random_archive(7, articles=120)
    scanned = Counter((article.newspaper, f"{article.published}-01"[:7] if article.published else "") for article in articles)
    table = coverage(make_engine(articles))
    rows = {row.newspaper: row for row in table.newspapers}
    assert table.total == len(articles)
    for newspaper, row in rows.items():
        assert row.undated == scanned[newspaper, ""]
        assert {month: count for month, count in zip(table.months, row.counts, strict=True) if count} == {
            month: count for (name, month), count in scanned.items() if name == newspaper and month
        }
        assert row.total == sum(row.counts) + row.undated


def test_a_gap_is_a_month_without_articles_between_the_first_and_the_last(make_engine: MakeEngine) -> None:
    days = ("2024-11-03", "2025-02-01", None)
    table = coverage(make_engine(Article(newspaper="L’Essor", body=f"Texte {day}", published=day) for day in days))
    assert table.months == ("2024-11", "2024-12", "2025-01", "2025-02")
    (row,) = table.newspapers
    assert (row.held, row.gaps, row.undated, row.total) == ((0, 3), (1, 2), 1, 3)
    assert table.of("L’Essor") is row
    assert table.of("Le Rivage") is None


def test_articles_without_newspaper_come_last(make_engine: MakeEngine) -> None:
    papers = ("", "Wal Fadjri", "L’Essor")
    table = coverage(make_engine(Article(newspaper=name, body=f"Texte {name}", published="2025-01") for name in papers))
    assert [row.newspaper for row in table.newspapers] == ["L’Essor", "Wal Fadjri", ""]


def test_an_archive_without_dates_or_articles_has_no_months(make_engine: MakeEngine) -> None:
    assert coverage(make_engine([])).months == ()
    undated = coverage(make_engine([Article(newspaper="L’Essor", body="Texte")]))
    assert (undated.months, undated.newspapers[0].held, undated.newspapers[0].gaps) == ((), None, ())


def test_a_date_four_centuries_off_does_not_make_a_table_of_as_many_months(make_engine: MakeEngine) -> None:
    table = coverage(make_engine(Article(body=f"Texte {day}", published=day) for day in ("1605-01-01", "2025-01-01")))
    assert table.months == ("1605-01", "2025-01")


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        pytest.param("2025-03", "2025-03", ["2025-03"], id="one month"),
        pytest.param("2024-12", "2025-02", ["2024-12", "2025-01", "2025-02"], id="over the new year"),
        pytest.param("2025-02", "2025-01", [], id="the wrong way round"),
    ],
)
def test_months_are_counted_with_both_ends(first: str, last: str, months: list[str]) -> None:
    assert list(months_between(first, last)) == months
