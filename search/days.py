"""Which days does ``date:2025-10``, ``date:"octobre 2025"`` or ``date:2024..2025-03`` name? First and last day, both included.

A year, a month or a day, in ISO or as the French write it (day first); ``A..B``, ``[A TO B]`` and ``>=A`` are ranges whose ends
may be open. What is not a date of the calendar is refused, never guessed.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from typing import Final

__all__ = ["Period", "period_as_text", "read_period"]

Period = tuple[dt.date | None, dt.date | None]

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev february feb",
            "mars mar march",
            "avril avr april apr",
            "mai may",
            "juin june jun",
            "juillet juil july jul",
            "aout august aug",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DAY_FIRST: Final = re.compile(r"(?:(\d{1,2})[/.])?(\d{1,2})[/.](\d{4})")
_SPOKEN: Final = re.compile(r"(?:(\d{1,2})(?:er)?\s+)?([a-z]{3,9})\.?\s+(\d{4})")
_BETWEEN: Final = re.compile(r"\[?\s*(.*?)\s*(?:\.\.|…|\s(?:TO|À|A|AU)\s)\s*(.*?)\s*\]?", re.DOTALL)
_COMPARED: Final = re.compile(r"(>=|<=|>|<|≥|≤)\s*(.+)", re.DOTALL)
_ONE_DAY: Final = dt.timedelta(days=1)
MAX_CHARS: Final = 100


def read_period(text: str) -> Period | None:
    """Return the first and last day named, None for an open end; None alone when the text names no days."""
    text = text.strip().rstrip(",;:!").strip()
    if not text.isprintable() or len(text) > MAX_CHARS:
        text = " ".join(text[: MAX_CHARS + 1].split())
    if not text or len(text) > MAX_CHARS:
        return None
    if compared := _COMPARED.fullmatch(text):
        return _compared(compared[1], compared[2])
    if between := _BETWEEN.fullmatch(text):
        return _between(between[1], between[2])
    return _one(text)


def period_as_text(since: dt.date | None, until: dt.date | None) -> str:
    """Return the shortest form that ``read_period`` reads as these days: 2025, 2025-10, 2024..2025-03, 2024.."""
    if since is not None and until is not None:
        for shape in ("{0:04d}", "{0:04d}-{1:02d}", "{0:04d}-{1:02d}-{2:02d}"):
            text = shape.format(since.year, since.month, since.day)
            if _one(text) == (since, until):
                return text
    return f"{_start_as_text(since)}..{_end_as_text(until)}"


def _start_as_text(day: dt.date | None) -> str:
    if day is None:
        return ""
    if day.day > 1:
        return day.isoformat()
    return f"{day.year:04d}" if day.month == 1 else f"{day.year:04d}-{day.month:02d}"


def _end_as_text(day: dt.date | None) -> str:
    if day is None:
        return ""
    if day.day < calendar.monthrange(day.year, day.month)[1]:
        return day.isoformat()
    return f"{day.year:04d}" if day.month == 12 else f"{day.year:04d}-{day.month:02d}"


def _between(left: str, right: str) -> Period | None:
    since, until = _one(left), _one(right)
    if (since is None and left not in ("", "*")) or (until is None and right not in ("", "*")):
        return None
    if since is None and until is None:
        return None
    if since and until and since[0] > until[1]:  # 2025..2024 is 2024..2025
        since, until = until, since
    return (since[0] if since else None, until[1] if until else None)


def _compared(sign: str, text: str) -> Period | None:
    days = _one(text.strip())
    if days is None:
        return None
    first, last = days
    if sign in (">=", "≥"):
        return (first, None)
    if sign in ("<=", "≤"):
        return (None, last)
    if sign == ">":
        return None if last == dt.date.max else (last + _ONE_DAY, None)
    return None if first == dt.date.min else (None, first - _ONE_DAY)


def _one(text: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of one year, month or day."""
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    if not text.isascii():  # other digits than ours
        return None
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _SPOKEN.fullmatch(text.lower()):
        day, name, year = found.groups()
        if name not in _MONTHS:
            return None
        month = str(_MONTHS[name])
    else:
        return None
    return _days(int(year), None if month is None else int(month), None if day is None else int(day))


def _days(year: int, month: int | None, day: int | None) -> tuple[dt.date, dt.date] | None:
    if year < 1:
        return None
    try:
        if month is not None and day is not None:
            only = dt.date(year, month, day)
            return only, only
        if month is not None:
            return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:  # the 31st of April; calendar.IllegalMonthError is a ValueError
        return None
    return dt.date(year, 1, 1), dt.date(year, 12, 31)
