"""Does an archivist see years, gaps and dates that cannot be right?"""

from __future__ import annotations

from search.coverage import Coverage, NewspaperCoverage, months_between
from search.holdings import Gap, holdings, holdings_as_json


def of(counts: dict[str, int], undated: int = 0) -> Coverage:
    months = tuple(months_between(min(counts), max(counts)))
    row = tuple(counts.get(month, 0) for month in months)
    return Coverage(months, (NewspaperCoverage("L’Essor", row, undated, sum(row) + undated),))


def test_years_are_summed_and_articles_without_a_date_counted() -> None:
    (found,) = holdings(of({"2024-12": 3, "2025-01": 1, "2025-02": 4}, undated=2), "2025-10")
    assert (found.years, found.undated, found.gaps, found.doubtful) == ((("2024", 3), ("2025", 5)), 2, (), ())


def test_the_months_between_two_issues_are_a_gap() -> None:
    (found,) = holdings(of({"2024-11": 1, "2025-02": 1, "2025-04": 1}), "2025-10")
    assert found.gaps == (Gap("L’Essor", "2024-12", "2025-01", 2), Gap("L’Essor", "2025-03", "2025-03", 1))


def test_dates_after_today_and_far_from_all_others_are_doubtful_and_make_no_gap() -> None:
    (found,) = holdings(of({"1900-01": 2, "2024-11": 1, "2024-12": 1, "2031-01": 1}), "2025-10")
    assert found.doubtful == (("1900-01", 2), ("2031-01", 1))
    assert found.gaps == ()
    assert found.years == (("1900", 2), ("2024", 2), ("2031", 1))


def test_two_months_alone_say_nothing_of_which_is_wrong() -> None:
    (found,) = holdings(of({"1900-01": 2, "2024-11": 1}), "2025-10")
    assert found.doubtful == ()
    assert found.gaps[0].months == 124 * 12 + 9


def test_an_archive_without_dates_has_no_gaps() -> None:
    found = holdings(Coverage((), (NewspaperCoverage("", (), 3, 3),)), "2025-10")
    assert holdings_as_json(found) == {"years": {"": {}}, "undated": 3, "doubtful": [], "gaps": []}
