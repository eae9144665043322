"""Of which newspaper does the archive hold which months, and how many articles each? The ground under every count over time.

A frequency that falls to zero may mean that nobody wrote, or that nothing was collected: only this table tells. The gaps are
what it is read for, so months without an article between a newspaper's first and last are counted, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from search.engines import Engine

__all__ = ["Coverage", "NewspaperCoverage", "coverage", "months_between"]

MOST_MONTHS: Final = 12 * 300  # a date like 1605 may be a typing error; a table of eight thousand months would serve nobody


@dataclass(frozen=True, slots=True)
class NewspaperCoverage:
    """What the archive has of one newspaper: ``counts`` beside the months of the whole table; ``undated`` has no month."""

    newspaper: str
    counts: tuple[int, ...]
    undated: int
    total: int

    @property
    def held(self) -> tuple[int, int] | None:
        """The places of the first and the last month with an article; None without a dated one."""
        having = [place for place, count in enumerate(self.counts) if count]
        return (having[0], having[-1]) if having else None

    @property
    def gaps(self) -> tuple[int, ...]:
        """The places of the months without an article between the first and the last."""
        held = self.held
        return () if held is None else tuple(place for place in range(*held) if not self.counts[place])


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole table: every month from the first to the last ("2025-10"), the newspapers by name."""

    months: tuple[str, ...]
    newspapers: tuple[NewspaperCoverage, ...]

    def of(self, newspaper: str) -> NewspaperCoverage | None:
        """Return the row of a newspaper."""
        return next((row for row in self.newspapers if row.newspaper == newspaper), None)

    @property
    def total(self) -> int:
        """All articles, undated ones too."""
        return sum(row.total for row in self.newspapers)


def coverage(engine: Engine) -> Coverage:
    """Return how many articles the archive holds per newspaper and month."""
    counts: dict[str, dict[str, int]] = {}
    for newspaper, month, count in engine.newspaper_months():
        counts.setdefault(newspaper, {})[month] = count
    known = sorted({month for row in counts.values() for month in row if month})
    months = tuple(months_between(known[0], known[-1])) if known else ()
    if len(months) > MOST_MONTHS:
        months = tuple(known)
    rows = [
        NewspaperCoverage(name, tuple(row.get(month, 0) for month in months), row.get("", 0), sum(row.values()))
        for name, row in counts.items()
    ]
    return Coverage(months, tuple(sorted(rows, key=lambda row: (not row.newspaper, row.newspaper))))


def months_between(first: str, last: str) -> Iterator[str]:
    """Yield every month from ``first`` to ``last``, both included ("2024-11", "2025-02")."""
    year, month = (int(part) for part in first.split("-"))
    end = tuple(int(part) for part in last.split("-"))
    while (year, month) <= end:
        yield f"{year:04d}-{month:02d}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
