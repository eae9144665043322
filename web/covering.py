"""What does the coverage page show? A table of years by newspaper, and one of the months of a year; gaps seen, never guessed. Pure.

A year of an archive hides its gaps, a month shows them; three hundred months side by side show nothing. So years come first
and each leads to its months. Shades only repeat what the numbers say: the tables are read without colour too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

from search.coverage import Coverage, NewspaperCoverage
from web import typography
from web.links import Links
from web.state import SearchState
from web.wording import _, many

__all__ = ["Cell", "CoverageView", "Heading", "Row", "Table", "gap_note", "present_coverage"]

SHADES: Final = 4
YEAR_MONTHS: Final = 12
GAPS_NAMED: Final = 12  # runs of missing months in words; a longer list is no longer read


@dataclass(frozen=True, slots=True)
class Cell:
    """A number with its address; ``shade`` 0 to 4; ``gap`` inside what is held, « outside » before the first and after the last."""

    count: str
    url: str
    shade: int
    kind: str  # "held", "gap", "outside"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its label, what it stands for in full, where it leads."""

    label: str
    full: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A newspaper: its cells, its total, its gaps in words."""

    newspaper: str
    url: str
    cells: tuple[Cell, ...]
    total: str
    gaps: str


@dataclass(frozen=True, slots=True)
class Table:
    """A heat table with its caption."""

    caption: str
    columns: tuple[Heading, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Years of all newspapers, the months of one year, the articles that have no day."""

    years: Table | None
    months: Table | None
    year: str
    previous_url: str
    next_url: str
    undated: tuple[tuple[str, str], ...]
    total: str
    complete: bool  # no gap anywhere


def present_coverage(held: Coverage, year: str, page: str, links: Links) -> CoverageView:
    """Lay the coverage out, the months of ``year`` below (of the last one when it is ""); ``page`` is the address of this page."""
    years = tuple(dict.fromkeys(month[:4] for month in held.months))
    chosen = year if year in years else (years[-1] if years else "")
    place = years.index(chosen) if chosen else 0
    named = sorted(held.newspapers, key=lambda row: (not row.newspaper, typography.collation(row.newspaper)))
    dated = [row for row in named if row.held]
    return CoverageView(
        years=_years(held, dated, years, page, links) if len(years) > 1 else None,
        months=_months(held, dated, chosen, links) if chosen else None,
        year=chosen,
        previous_url=_of_year(page, years[place - 1]) if place else "",
        next_url=_of_year(page, years[place + 1]) if chosen and place + 1 < len(years) else "",
        undated=tuple((row.newspaper, typography.articles(row.undated)) for row in named if row.undated),
        total=typography.articles(held.total),
        complete=not any(row.gaps for row in dated),
    )


def gap_note(held: Coverage, newspaper: str, since: str, until: str) -> str:
    """Say that a newspaper is not covered in a period ("2021-03" to "2021-05"); "" where it is, or where nothing is known of it."""
    row = held.of(newspaper)
    if row is None or not row.held:
        return _("L’archive ne contient aucun article daté de %(newspaper)s.", newspaper=newspaper)
    asked = [place for place, month in enumerate(held.months) if (not since or month >= since) and (not until or month <= until)]
    if any(row.counts[place] for place in asked):
        return ""
    first, last = (typography.period(held.months[place]) for place in row.held)
    return _(
        "%(newspaper)s n’est pas couvert dans cette période\u00a0: l’archive en contient des articles de %(first)s à %(last)s.",
        newspaper=newspaper,
        first=first,
        last=last,
    )


def _of_year(page: str, year: str) -> str:
    return f"{page}{'&' if '?' in page else '?'}annee={year}#mois"


def _years(held: Coverage, rows: Sequence[NewspaperCoverage], years: Sequence[str], page: str, links: Links) -> Table:
    places = {year: [place for place, _month in group] for year, group in groupby(enumerate(held.months), key=lambda one: one[1][:4])}
    counts = [[sum(row.counts[place] for place in places[year]) for year in years] for row in rows]
    most = max((count for row in counts for count in row), default=0)
    shown = []
    for row, of_years in zip(rows, counts, strict=True):
        cells, gaps, ends = [], set(row.gaps), row.held or (0, -1)
        for year, count in zip(years, of_years, strict=True):
            missing = sum(place in gaps for place in places[year])
            note = many("il manque %(count)s\u00a0mois", "il manque %(count)s\u00a0mois", missing, count=missing) if missing else ""
            inside = places[year][-1] >= ends[0] and places[year][0] <= ends[1]
            cells.append(_cell(count, most, inside, links.search(_state(row.newspaper).adding("year", year)), note))
        shown.append(_row(row, tuple(cells), links, _gaps_in_words(held, row)))
    columns = tuple(Heading(year, _("Les mois de %(year)s", year=year), _of_year(page, year)) for year in years)
    return Table(_("Articles par journal et par année"), columns, tuple(shown))


def _months(held: Coverage, rows: Sequence[NewspaperCoverage], year: str, links: Links) -> Table:
    place_of: Mapping[str, int] = {month: place for place, month in enumerate(held.months)}
    months = [f"{year}-{number:02d}" for number in range(1, YEAR_MONTHS + 1)]
    counts = [[row.counts[place_of[month]] if month in place_of else 0 for month in months] for row in rows]
    most = max((count for row in counts for count in row), default=0)
    shown = []
    for row, of_months in zip(rows, counts, strict=True):
        assert row.held is not None
        first, last = (held.months[place] for place in row.held)
        cells = tuple(
            _cell(count, most, first <= month <= last, links.search(_state(row.newspaper).adding("month", month)))
            for month, count in zip(months, of_months, strict=True)
        )
        shown.append(_row(row, cells, links, "", sum(of_months)))
    columns = tuple(Heading(typography.short_month(number), typography.period(months[number - 1])) for number in range(1, YEAR_MONTHS + 1))
    return Table(_("Articles par journal et par mois, %(year)s", year=year), columns, tuple(shown))


def _row(row: NewspaperCoverage, cells: tuple[Cell, ...], links: Links, gaps: str, total: int | None = None) -> Row:
    return Row(row.newspaper, links.search(_state(row.newspaper)), cells, typography.number(row.total if total is None else total), gaps)


def _state(newspaper: str) -> SearchState:
    return SearchState(sort="newest").adding("newspaper", newspaper)


def _cell(count: int, most: int, inside: bool, url: str, note: str = "") -> Cell:
    kind = "held" if count else "gap" if inside else "outside"
    # Square root: ten articles a month must look like something beside a thousand.
    shade = max(1, math.ceil(SHADES * math.sqrt(count / most))) if count else 0
    return Cell(typography.number(count), url if count else "", shade, kind, note)


def _gaps_in_words(held: Coverage, row: NewspaperCoverage) -> str:
    """Return « mars 2021, juin à août 2021 ... », the longest runs when they are too many."""
    runs = [[place for _rank, place in group] for _key, group in groupby(enumerate(row.gaps), key=lambda one: one[1] - one[0])]
    if not runs:
        return ""
    kept = sorted(sorted(runs, key=len, reverse=True)[:GAPS_NAMED], key=itemgetter(0))
    named = [_run(held.months[run[0]], held.months[run[-1]]) for run in kept]
    return ", ".join(named) + (" …" if len(runs) > len(kept) else "")


def _run(first: str, last: str) -> str:
    if first == last:
        return typography.period(first)
    start = typography.period(first)
    same_year = first[:4] == last[:4]
    return _("%(first)s à %(last)s", first=start.rsplit(" ", 1)[0] if same_year else start, last=typography.period(last))
