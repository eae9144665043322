"""What should an archivist know of an archive at a glance? Years by newspaper, the longest gaps, and dates that cannot be right.

A date is doubtful when it lies after today, or so far from every other of its newspaper that a typing error is likelier than a lone
survivor (1025 for 2025, a page dated 1900 by its scanner). It is told, never changed: only the source can say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from search.coverage import Coverage, NewspaperCoverage

__all__ = ["Gap", "Holding", "holdings", "holdings_as_json"]

FAR_MONTHS: Final = 12 * 30
MOST_GAPS: Final = 10


@dataclass(frozen=True, slots=True)
class Gap:
    """Months without an article between two that have some. ``first`` and ``last`` are the empty months at its ends."""

    newspaper: str
    first: str
    last: str
    months: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of one newspaper; ``doubtful``: months whose articles are probably misdated, and how many."""

    newspaper: str
    years: tuple[tuple[str, int], ...]
    undated: int
    doubtful: tuple[tuple[str, int], ...]
    gaps: tuple[Gap, ...]


def holdings(coverage: Coverage, this_month: str) -> tuple[Holding, ...]:
    """Return the holdings of each newspaper. ``this_month`` ("2025-10"): what is dated later is doubtful."""
    return tuple(_holding(coverage.months, row, this_month) for row in coverage.newspapers)


def holdings_as_json(found: tuple[Holding, ...]) -> dict[str, Any]:
    """Return the further keys of ``marbre stats --json``; articles that name no newspaper make no collection that could lack months."""
    gaps = sorted((gap for one in found if one.newspaper for gap in one.gaps), key=lambda gap: (-gap.months, gap.newspaper, gap.first))[:MOST_GAPS]
    return {
        "years": {one.newspaper: dict(one.years) for one in found},
        "undated": sum(one.undated for one in found),
        "doubtful": [{"newspaper": one.newspaper, "month": month, "articles": count} for one in found for month, count in one.doubtful],
        "gaps": [{"newspaper": gap.newspaper, "first": gap.first, "last": gap.last, "months": gap.months} for gap in gaps],
    }


def _holding(months: tuple[str, ...], row: NewspaperCoverage, this_month: str) -> Holding:
    dated = [(month, count) for month, count in zip(months, row.counts, strict=True) if count]
    doubtful = _doubtful([month for month, _ in dated], this_month)
    years: Counter[str] = Counter()
    for month, count in dated:
        years[month[:4]] += count
    trusted = [month for month, _ in dated if month not in doubtful]
    return Holding(
        row.newspaper,
        tuple(sorted(years.items())),
        row.undated,
        tuple((month, count) for month, count in dated if month in doubtful),
        _gaps(row.newspaper, trusted),
    )


def _doubtful(months: list[str], this_month: str) -> frozenset[str]:
    """Return the months after this one, and those more than FAR_MONTHS from any other."""
    later = {month for month in months if month > this_month}
    past = [month for month in months if month not in later]
    numbers = [_number(month) for month in past]
    far = set()
    for at, number in enumerate(numbers):
        near = [abs(number - other) for other in (*numbers[max(at - 1, 0) : at], *numbers[at + 1 : at + 2])]
        if near and min(near) > FAR_MONTHS and len(numbers) > 2:
            far.add(past[at])
    return frozenset(later | far)


def _gaps(newspaper: str, months: list[str]) -> tuple[Gap, ...]:
    """Return the gaps between months that have articles, in order of time."""
    numbers = [_number(month) for month in months]
    return tuple(
        Gap(newspaper, _month(before + 1), _month(after - 1), after - before - 1)
        for before, after in pairwise(numbers)
        if after - before > 1
    )


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
