"""Which day does this text name? French, English, ISO, RFC 822 and day-first dates, without guessing.

The day is the one written, in the source's own time zone; a month or a year alone keeps its precision. What is not
certain is None: 31 février, 10/13/2025, 09/10/25, a year outside FIRST_YEAR-LAST_YEAR. A date guesser is refused here:
the usual one reads « 14 sept. » as July.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

__all__ = ["complete_day", "day_in_full", "day_of_name", "find_day", "first_day", "iso_day", "last_day"]

FIRST_YEAR: Final = 1600  # the first weekly papers: Strasbourg 1605, the Gazette 1631
WEEKDAY_YEARS: Final = 5  # a day of the year falls on the same weekday after 5, 6 or 11 years
NEAR_DAYS: Final = 60
AHEAD_DAYS: Final = 7  # a weekly paper is dated ahead of the file it comes in
LAST_YEAR: Final = 2100  # no clock here: a date further away is a mistake in any archive
_TEXT_CHARS: Final = 200  # a date field is short; a longer one is a text that find_day may be asked about

_MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
# Full names and the abbreviations in use, folded; French, then English where it differs. « jui » is not one: juin or juillet.
_MONTH_NAMES: Final = (
    "janvier janv jan january",
    "fevrier fevr fev february feb",
    "mars mar march",
    "avril avr april apr",
    "mai may",
    "juin june jun",
    "juillet juill juil july jul",
    "aout aou august aug",
    "septembre sept sep september",
    "octobre oct october",
    "novembre nov november",
    "decembre dec december",
)
_MONTH_OF: Final = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})(?![a-z])\.?"
_DAY = r"(?<![\d.,/-])(?P<day>\d{1,2}|premier)(?!\d)(?:\s?(?:er|st|nd|rd|th|e)(?![a-z]))?\.?"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_TIME = r"\d{1,2}(?::|\s?h)\s?\d{0,2}"
_LEAD = r"[^\d]{0,80}?"  # « Publié le », « (Dakar, », « jeudi »: anything but figures

_COMBINING = re.compile("[\u0300-\u036f]+")
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_NAMED_DAY = re.compile(rf"{_DAY}[\s,/-]{{0,3}}(?:of\s)?{_MONTH}[\s,/-]{{0,3}}{_YEAR}")
_BARE_DAY = re.compile(
    rf"[^\d]{{0,80}}?(?:(?<![a-z])(?P<weekday>{'|'.join(_WEEKDAYS)}),?\s)?{_DAY}\s?{_MONTH}(?:[\s,a]{{1,4}}{_TIME}(?:min)?)?"
)
_FULL_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_IN_NAME = re.compile(r"(?<!\d)(?P<year>1[6-9]\d\d|20\d\d)(?P<sep>[-_./ ]?)(?P<month>\d{2})(?P=sep)(?P<day>\d{2})(?!\d)")
_LAYOUTS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # 2025-10-09, 2025-10-09T23:30:00-05:00, 2025/10/09, 2025-10; a second date after it is a period: refused
        r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})(?:[t\s,]\s?(?:a\s)?\d{1,2}\D[^/]*|t\d{4,6}\D?[^/]*|z|[+-]\d\d:?\d\d)?)?",
        r"(?P<year>\d{4})(?P<sep>[/.])(?P<month>\d{1,2})(?:(?P=sep)(?P<day>\d{1,2})(?:[t\s,]+\d{1,2}\D.*)?)?",
        r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:t?\d{4}(?:\d{2})?(?:\D.*)?)?",
        rf"{_LEAD}(?<!\d)(?P<day>\d{{1,2}})(?P<sep>\s?[/.-]\s?)(?P<month>\d{{1,2}})(?P=sep){_YEAR}(?![/.-]\d).*",
        r"(?P<month>\d{1,2})[/-](?P<year>\d{4})",
        rf"{_LEAD}{_NAMED_DAY.pattern}.*",
        rf"{_LEAD}(?<![a-z]){_MONTH}\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s?,?\s(?:{_TIME}(?::\d\d)?\s(?:[a-z]{{3,4}}\s)?)?{_YEAR}.*",
        rf"(?:[a-z]{{3}},?\s)?(?P<day>\d{{1,2}})\s{_MONTH}\s(?P<short>\d{{2}})\s\d{{1,2}}:\d\d.*",
        rf"(?:(?:paru |publie )?en |mois de |mois d'|de |d')?{_MONTH}[\s,/-]{{0,3}}{_YEAR}",
        rf"(?:en |annee |l'annee )?{_YEAR}",
    )
)


def iso_day(text: str) -> str | None:
    """Return YYYY-MM-DD, YYYY-MM or YYYY for a date as sources write it; None when no day can be read, or none exists."""
    plain = _ISO.match(text)
    if plain:
        return _iso(plain[1], plain[2], plain[3])
    folded = _fold(text[:_TEXT_CHARS]).strip(" \t().,;:[]\"'«»") if len(text) <= _TEXT_CHARS else ""
    for layout in _LAYOUTS:
        found = layout.fullmatch(folded)
        if found:
            parts = found.groupdict()
            return _iso(parts.get("year") or _century(parts["short"]) + parts["short"], parts.get("month"), parts.get("day"))
    return None


def find_day(text: str) -> str | None:
    """Return the first full French or English date (day, month in letters, year) inside a running text that exists."""
    for found in _NAMED_DAY.finditer(_fold(text)):
        day = _iso(found["year"], found["month"], found["day"])
        if day:
            return day
    return None


def complete_day(text: str, near: str) -> str | None:
    """Return the day of a date without a year (« jeudi 9 octobre », « (Dakar, 12 mai) »), when ``near`` (YYYY-MM-DD) leaves one only.

    A weekday decides among the years from WEEKDAY_YEARS before ``near`` on, where each falls on one year at most; without it the day must lie within
    NEAR_DAYS of ``near``. What contradicts its weekday is None: it is a mistake, and nobody knows whose.
    """
    found = _BARE_DAY.fullmatch(_fold(text[:_TEXT_CHARS]).strip(" \t().,;:[]\"'«»")) if len(text) <= _TEXT_CHARS else None
    anchor = dt.date(*map(int, near.split("-"))) if _FULL_ISO.fullmatch(near) else None
    if found is None or anchor is None:
        return None
    days = [
        day for back in range(-1, WEEKDAY_YEARS + 1) if (day := _day_of(found, anchor.year - back)) and (day - anchor).days <= AHEAD_DAYS
    ]
    if found["weekday"]:
        right = [day for day in days if _WEEKDAYS[day.weekday()] == found["weekday"] and (anchor - day).days < 365 * WEEKDAY_YEARS]
    else:
        right = [day for day in days if (anchor - day).days <= NEAR_DAYS]
    return right[0].isoformat() if len(right) == 1 else None


def day_of_name(name: str) -> str:
    """Return the last full day in the name of a file and its folders (presse/2025/10/09.txt, essor-20251009.txt); "" for none."""
    for found in reversed(list(_DAY_IN_NAME.finditer(name))):
        day = _iso(found["year"], found["month"], found["day"])
        if day:
            return day
    return ""


def _day_of(found: re.Match[str], year: int) -> dt.date | None:
    try:
        return dt.date(year, _number(found["month"]), _number(found["day"]))
    except ValueError:
        return None


def day_in_full(iso: str) -> str:
    """Write YYYY-MM-DD, YYYY-MM or YYYY in French: « jeudi 9 octobre 2025 », « octobre 2025 », « 2025 »."""
    parts = iso.split("-")
    if len(parts) == 1:
        return parts[0]
    month = _MONTHS[int(parts[1]) - 1]
    if len(parts) == 2:
        return f"{month} {parts[0]}"
    day = dt.date(*map(int, parts))
    return f"{_WEEKDAYS[day.weekday()]} {'1er' if day.day == 1 else day.day} {month} {parts[0]}"


def first_day(iso: str) -> dt.date:
    """Return the first day of YYYY, YYYY-MM or YYYY-MM-DD."""
    year, month, day = (*map(int, iso.split("-")), 1, 1)[:3]
    return dt.date(year, month, day)


def last_day(iso: str) -> dt.date:
    """Return the last day of YYYY, YYYY-MM or YYYY-MM-DD."""
    parts = [*map(int, iso.split("-"))]
    if len(parts) == 3:
        return dt.date(*parts)
    if len(parts) == 1:
        return dt.date(parts[0], 12, 31)
    year, month = parts
    return (dt.date(year + month // 12, month % 12 + 1, 1)) - dt.timedelta(days=1)


def _fold(text: str) -> str:
    """Return ``text`` in lower case without accents, its spaces plain: « 1ᵉʳ Août » becomes « 1er aout »."""
    plain = _COMBINING.sub("", unicodedata.normalize("NFKD", text.lower()))
    return re.sub(r"\s+", " ", plain.replace("’", "'"))


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    """Put the parts together at their precision; None for a month, day or year that does not exist."""
    parts = [int(year), *(_number(part) for part in (month, day) if part)]
    if not FIRST_YEAR <= parts[0] <= LAST_YEAR:
        return None
    try:
        dt.date(*(*parts, 1, 1)[:3])
    except ValueError:
        return None
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def _number(part: str) -> int:
    return 1 if part == "premier" else _MONTH_OF[part] if part in _MONTH_OF else int(part)


def _century(short: str) -> str:
    """Complete the two-figure year of an RFC 822 date with time. Source: RFC 5322, 4.3."""
    return "20" if int(short) < 50 else "19"
