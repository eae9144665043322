"""What does the comparison page show? Up to four lines over the months, as a drawing in attributes only and as a table. Pure.

Lines are told apart by dashes and a letter at their end as much as by colour. A line breaks where the archive has no article:
a month without coverage is grey, and no line is drawn through it as if something were known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from search.compare import Comparison, Curve
from web import typography
from web.links import Links
from web.state import SearchState
from web.wording import _

__all__ = ["ComparisonView", "present_comparison"]

WIDTH: Final = 1000  # units of the drawing; it stretches with the page
HEIGHT: Final = 240
TICKS: Final = 6
GRID_LINES: Final = 4
GAPS_NAMED: Final = 6
TABLE_MONTHS: Final = 60  # a longer table is one of years


@dataclass(frozen=True, slots=True)
class CurveView:
    """A query: its number from 1 (which is its colour and its dashes), its path, its totals, its search."""

    number: int
    text: str
    understood: str
    total: str
    path: str
    url: str
    peak: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Everything the drawing and its table need; places in units of the drawing, ticks in percent."""

    curves: tuple[CurveView, ...]
    gaps: tuple[tuple[str, str], ...]  # x and width of the grey bands
    gap_names: str
    ticks: tuple[tuple[str, str, str], ...]  # label, x in percent, anchor
    levels: tuple[tuple[str, str], ...]  # label, y
    by_year: bool
    table: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]  # period, articles, (count, share) per query
    partial: bool
    width: int = WIDTH
    height: int = HEIGHT


def present_comparison(found: Comparison, state: SearchState, links: Links) -> ComparisonView:
    """Lay a comparison out; ``state`` holds the filters and dates under which it was made."""
    top = _round_up(max((share for curve in found.curves for share in curve.shares if share is not None), default=0.0))
    curves = tuple(
        CurveView(
            number=rank,
            text=curve.text,
            understood=typography.held_together(curve.understood),
            total=typography.articles(curve.total),
            path=_path(curve.shares, top),
            url=links.search(state.about(curve.text)),
            peak=_peak(curve, found.months),
        )
        for rank, curve in enumerate(found.curves, 1)
    )
    runs = _gap_runs(found.articles)
    slot = WIDTH / max(len(found.months), 1)
    by_year = len(found.months) > TABLE_MONTHS
    return ComparisonView(
        curves=curves,
        gaps=tuple((_units(first * slot), _units((last - first + 1) * slot)) for first, last in runs),
        gap_names=_names(found.months, runs),
        ticks=_ticks(found.months),
        levels=tuple((_share(top * part / GRID_LINES), _units(_height(top * part / GRID_LINES, top))) for part in range(GRID_LINES + 1)),
        by_year=by_year,
        table=_yearly(found) if by_year else _monthly(found),
        partial=found.partial,
    )


def _path(shares: Sequence[float | None], top: float) -> str:
    """Return the path of a curve, a stroke for every run of known months; a lone month is a dot."""
    slot = WIDTH / max(len(shares), 1)
    parts: list[str] = []
    pen_down = False
    for place, share in enumerate(shares):
        if share is not None:
            at = f"{_units((place + 0.5) * slot)} {_units(_height(share, top))}"
            lone = not pen_down and (place + 1 == len(shares) or shares[place + 1] is None)
            parts.append(f"L{at}" if pen_down else f"M{at}h0" if lone else f"M{at}")
        pen_down = share is not None
    return "".join(parts)


def _height(share: float, top: float) -> float:
    return HEIGHT - HEIGHT * share / top if top else HEIGHT


def _units(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _round_up(value: float) -> float:
    """Return the next 1, 2 or 5 times a power of ten: a scale that can be read."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power * 1.000001)


def _share(value: float) -> str:
    return typography.number(round(value)) if value >= 10 or value == round(value) else typography.decimal(value)


def _peak(curve: Curve, months: Sequence[str]) -> str:
    """Return the month in which a query has its largest share, in words."""
    best = max(((share, -place) for place, share in enumerate(curve.shares) if share), default=None)
    return typography.period(months[-best[1]]) if best else ""


def _gap_runs(articles: Sequence[int]) -> list[tuple[int, int]]:
    empty = [place for place, count in enumerate(articles) if not count]
    runs = [[place for _rank, place in group] for _key, group in groupby(enumerate(empty), key=lambda one: one[1] - one[0])]
    return [(run[0], run[-1]) for run in runs]


def _names(months: Sequence[str], runs: Sequence[tuple[int, int]]) -> str:
    """Return the longest gaps in words, in order of time."""
    longest = sorted(sorted(runs, key=lambda run: run[0] - run[1])[:GAPS_NAMED])
    named = ", ".join(_named(months[first], months[last]) for first, last in longest)
    return named if len(runs) <= GAPS_NAMED else _("%(gaps)s, et %(count)s\u00a0autres périodes", gaps=named, count=len(runs) - GAPS_NAMED)


def _named(first: str, last: str) -> str:
    if first == last:
        return typography.period(first)
    return _("%(first)s à %(last)s", first=typography.period(first), last=typography.period(last))


def _ticks(months: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Name a few months, or the Januaries of a long run."""
    long = len(months) > 2 * 12
    places = [place for place, month in enumerate(months) if month.endswith("-01")] if long else list(range(len(months)))
    step = -(-len(places) // TICKS) or 1
    ticks = []
    for place in places[::step]:
        at = 100 * (place + 0.5) / len(months)
        anchor = "start" if at < 5 else "end" if at > 95 else "middle"
        shown = 0.0 if anchor == "start" else 100.0 if anchor == "end" else at
        ticks.append((months[place][:4] if long else typography.short_period(months[place]), f"{_units(shown)}%", anchor))
    return tuple(ticks)


Rows = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def _monthly(found: Comparison) -> Rows:
    return tuple(
        (
            typography.period(month),
            typography.number(found.articles[place]),
            tuple((typography.number(curve.counts[place]), _shown(curve.shares[place])) for curve in found.curves),
        )
        for place, month in enumerate(found.months)
    )


def _yearly(found: Comparison) -> Rows:
    rows = []
    for year, group in groupby(enumerate(found.months), key=lambda one: one[1][:4]):
        places = [place for place, _month in group]
        articles = sum(found.articles[place] for place in places)
        sums = [sum(curve.counts[place] for place in places) for curve in found.curves]
        cells = tuple((typography.number(count), _shown(count * 10_000 / articles if articles else None)) for count in sums)
        rows.append((year, typography.number(articles), cells))
    return tuple(rows)


def _shown(share: float | None) -> str:
    return "–" if share is None else _share(share)
