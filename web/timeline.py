"""How are the articles of an answer spread over time? The bars of a small drawing, in attributes only.

Widths and places are percentages of the drawing, so that it stretches with the page while its letters keep their size;
heights are pixels. No inline style: the security policy of the site forbids it. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from corpus.dates import first_day, last_day
from search.request import Timeline
from web import typography
from web.wording import _, noted

__all__ = ["Bar", "Tick", "TimelineView", "present_timeline"]

HEIGHT_PX: Final = 72  # of the tallest bar
LEAST_PX: Final = 2  # one article must be seen beside ten thousand
WIDEST_PERCENT: Final = 6.0  # a bar; with two buckets it would else be a wall
TICKS: Final = {"year": 7, "month": 3, "day": 5}  # « sept. 2024 » is three times as wide as « 2024 », and a phone 320 pixels
LETTER_PERCENT: Final = 2.4  # of that phone: a label that would stick out begins, or ends, with its slot
_GAP: Final = 0.18  # of a slot


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket: its name in French, its articles, its place (x and width in percent, y and height in px), its address."""

    label: str
    count: str
    x: str
    width: str
    y: int
    height: int
    url: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label under the axis; ``x`` in percent, ``anchor`` as SVG names it."""

    label: str
    x: str
    anchor: str


@dataclass(frozen=True, slots=True)
class TimelineView:
    """Everything the drawing and its table need; ``unit`` is « jour », « mois » or « an »."""

    unit: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    height: int = HEIGHT_PX


_UNITS: Final = {"day": noted("jour"), "month": noted("mois"), "year": noted("an")}


def present_timeline(timeline: Timeline, link: Callable[[dt.date, dt.date], str]) -> TimelineView | None:
    """Lay out the buckets on an even axis, gaps included; None where there is nothing to compare (fewer than two buckets).

    ``link(since, until)`` gives the address of the search narrowed to one bucket.
    """
    known = [(_rank(bucket.value), bucket) for bucket in timeline.buckets if bucket.value]
    if len(known) < 2:
        return None
    first, last = known[0][0], known[-1][0]
    slot = 100 / (last - first + 1)
    tallest = max(bucket.count for _, bucket in known)
    width = min(slot * (1 - _GAP), WIDEST_PERCENT)
    bars = []
    for rank, bucket in known:
        height = max(LEAST_PX, round(HEIGHT_PX * bucket.count / tallest))
        bars.append(
            Bar(
                label=typography.period(bucket.value),
                count=typography.number(bucket.count),
                x=_percent((rank - first + 0.5) * slot - width / 2),
                width=_percent(width),
                y=HEIGHT_PX - height,
                height=height,
                url=link(first_day(bucket.value), last_day(bucket.value)),
            )
        )
    return TimelineView(_(_UNITS[timeline.unit]), tuple(bars), _ticks(known[0][1].value, first, last, slot))


def _rank(value: str) -> int:
    """Return the place of a day, month or year on an even axis."""
    parts = [int(part) for part in value.split("-")]
    if len(parts) == 3:
        return dt.date(*parts).toordinal()
    return parts[0] if len(parts) == 1 else parts[0] * 12 + parts[1] - 1


def _value(rank: int, like: str) -> str:
    """Return the day, month or year at a rank, in the precision of ``like``."""
    if len(like) == 10:
        return dt.date.fromordinal(rank).isoformat()
    return str(rank) if len(like) == 4 else f"{rank // 12:04d}-{rank % 12 + 1:02d}"


def _ticks(like: str, first: int, last: int, slot: float) -> tuple[Tick, ...]:
    """Name a few slots: the Januaries of a long run of months (as years), else slots at even distances."""
    januaries = len(like) == 7 and last - first >= 23  # two Januaries at least: one year alone tells no distance
    ranks = range(-(-first // 12) * 12, last + 1, 12) if januaries else range(first, last + 1)
    unit = "year" if januaries or len(like) == 4 else "month" if len(like) == 7 else "day"
    step = -(-len(ranks) // TICKS[unit])
    ticks = []
    for rank in ranks[::step]:
        value = _value(rank, like)[:4] if januaries else _value(rank, like)
        at = (rank - first + 0.5) * slot
        label = typography.short_period(value)
        half = len(label) * LETTER_PERCENT / 2
        anchor = "start" if at < half else "end" if at > 100 - half else "middle"
        ticks.append(Tick(label, _percent(at + {"start": -slot / 2, "middle": 0.0, "end": slot / 2}[anchor]), anchor))
    return tuple(ticks)


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"
