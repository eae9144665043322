"""How are the number and the day of a cited text written, and what is their one normal form?

Everything works on a ``Window``: a stretch of text beside the same stretch in small plain letters, one character for one, so that patterns need
neither accents nor capitals and their places are places of the text.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

__all__ = [
    "BLANK",
    "SIGN",
    "SPACES",
    "Number",
    "Window",
    "act_number",
    "day_at",
    "day_in_words",
    "eu_number",
    "more_numbers",
    "number_at",
    "plain",
    "window_at",
]

WINDOW_CHARS: Final = 320
BEFORE_CHARS: Final = 110  # « code de procédure civile, commerciale et administrative ( »
FIRST_YEAR: Final = 1500  # the ordinance of Villers-Cotterêts, 1539, is still cited
LAST_YEAR: Final = 2060
_OLDEST_SHORT: Final = 44  # « loi n° 45-2658 » is of 1945, « loi n° 06-18 » of 2006

_MARKED: Final = "àâäáãåçéèêëîïíìôöóòõùûüúÿñÀÂÄÁÃÅÇÉÈÊËÎÏÍÌÔÖÓÒÕÙÛÜÚŸÑ"
_BARE: Final = "aaaaaaceeeeiiiiooooouuuuyn" * 2
_PLAIN: Final = str.maketrans(
    {
        **dict(zip(_MARKED, _BARE, strict=True)),
        **{chr(letter): chr(letter + 32) for letter in range(65, 91)},
        **dict.fromkeys("’ʼ‘´`", "'"),
        **dict.fromkeys("\t\u00a0\u202f\u2009\u2007\u2002\u2003\u200a", " "),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("º˚⁰", "°"),
        **dict.fromkeys("“”„", '"'),
    }
)
# The same for what the letters of western Europe in one byte hold (cp1252: é, ’, – and œ), six times faster; the rest goes by the table.
_ONE_BYTE: Final = "cp1252"
_PLAIN_BYTES: Final = bytes(
    letter.translate(_PLAIN).encode(_ONE_BYTE)[0] if letter != "\ufffd" else byte
    for byte in range(256)
    for letter in (bytes([byte]).decode(_ONE_BYTE, "replace"),)
)
MONTHS: Final = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")  # fmt: skip
_MONTH_NUMBERS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil juill", "aout", "septembre sept", "octobre oct",
            "novembre nov", "decembre dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip

SPACES: Final = r" {0,3}"
BLANK: Final = r" {1,3}"
SIGN: Final = rf"(?:n{SPACES}°{SPACES}s?\.?|nos?\.?(?![a-z])|n\.?(?=[ \d])|numeros?|№)"
FIGURES: Final = r"\d{1,5}(?: ?[-/.] ?\d{1,5}){0,2}(?!\d)(?![-/.]\d)"
_NUMBER = re.compile(rf"(?=[ ,(]|n ?°|nos? ?[.\d]|numero|№){SPACES}[,(]?{SPACES}(?P<sign>{SIGN})?{SPACES}(?P<figures>{FIGURES})")
_MORE = re.compile(
    rf"{SPACES}(?:,|,? (?:et|ou|a|puis|ainsi que)(?: (?:de |a )?la| du| le)?(?= )){SPACES}(?P<sign>{SIGN})?{SPACES}(?P<figures>{FIGURES})"
)
_SUFFIX = re.compile(r"(?: ?[-/] ?[A-Z][A-Z0-9.]{0,9}\b)*")  # /AN, /PM-RM: which office numbered it
_TORN = re.compile(r"\n(?<=[ \u00a0][LRDA]\.\n)\n?(?=\d)")
_DAY = re.compile(
    rf"(?:(?:lun|mar|mercre|jeu|vendre|same)di |dimanche )?(?P<day>\d{{1,2}})(?: ?(?:er|ier)(?![a-z]))?{BLANK}(?P<month>{'|'.join(sorted(_MONTH_NUMBERS, key=len, reverse=True))})\.?{BLANK}(?P<year>\d{{4}})(?!\d)"
    r"|premier (?P<first>[a-z]{3,9}) (?P<its_year>\d{4})(?!\d)"
    r"|(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})(?!\d)"
)


class Window(NamedTuple):
    """A stretch of a text from ``start`` on, ``raw`` as printed and ``plain`` in small letters without accents; ``before``: what is printed before it."""

    raw: str
    plain: str
    start: int
    before: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a window: its figures, whether « n° » stands before it, where it ends."""

    figures: tuple[str, ...]
    signed: bool
    end: int
    spaced: bool = False


def window_at(text: str, start: int, chars: int = WINDOW_CHARS) -> Window:
    """Return the window of a text that begins at ``start``; it ends with the paragraph.

    Not where a source took the dot of an article for the end of a sentence: « l’article L.\n\n66 du code électoral ».
    """
    raw = text[start : start + chars]
    if "\n" in raw:
        raw = _TORN.sub(lambda found: " " * len(found[0]), raw).partition("\n")[0]
    return Window(raw, plain(raw), start, text[max(0, start - BEFORE_CHARS) : start])


def plain(text: str) -> str:
    """Return a text in small letters without accents, one character for one."""
    try:
        return text.replace("\u202f", " ").encode(_ONE_BYTE).translate(_PLAIN_BYTES).decode(_ONE_BYTE)
    except UnicodeEncodeError:
        return text.translate(_PLAIN)


def number_at(window: Window, at: int) -> Number | None:
    """Return the number that stands at a place of the window, with what belongs to it (n°, /AN)."""
    return _as_number(_NUMBER.match(window.plain, at), window)


def more_numbers(window: Window, at: int) -> list[Number]:
    """Return the further numbers of a list: « 2017-1385, 2017-1386 et 2017-1387 »."""
    found: list[Number] = []
    while (number := _as_number(_MORE.match(window.plain, at), window)) is not None:
        found.append(number)
        at = number.end
    return found


def _as_number(found: re.Match[str] | None, window: Window) -> Number | None:
    if found is None:
        return None
    figures = found["figures"]
    suffix = _SUFFIX.match(window.raw, found.end())
    joined = not figures.isdigit() or found["sign"] is not None
    end = suffix.end() if suffix is not None and joined else found.end()
    if window.plain[end : end + 1].isalnum():
        return None
    return Number(tuple(re.split(r" ?[-/.] ?", figures)), found["sign"] is not None, end, " " in figures)


def act_number(number: Number) -> str | None:
    """Return the normal form of the number of a law or decree: « 2012-23 » for 2012-023, 2012/023 and 2012-0023; None when it is none.

    A number without « n° » must look like one: with a year, and not like a date or a span of years (2014-2019).
    """
    figures = number.figures
    if len(figures) == 1:
        return figures[0].lstrip("0") or None if number.signed else None
    if number.spaced and not number.signed:
        return None
    if not number.signed and (len(figures) > 2 or not _has_year(figures) or _is_span(figures)):
        return None
    first, *rest = figures
    if len(rest) == 1 and len(first) == 4 and first.startswith("19"):
        first = first[2:]
    short_year = len(first) == 2 and not _is_year(rest[-1])
    parts = [first if short_year else first.lstrip("0"), *(part.lstrip("0") for part in rest)]
    return "-".join(parts) if all(parts) else None


def _is_year(figure: str) -> bool:
    return len(figure) == 4 and FIRST_YEAR + 300 <= int(figure) <= LAST_YEAR


def _has_year(figures: tuple[str, ...]) -> bool:
    first, last = figures[0], figures[-1]
    return _is_year(first) or _is_year(last) or (len(first) == 2 and len(last) >= 2)


def _is_span(figures: tuple[str, ...]) -> bool:
    first, last = figures
    return _is_year(first) and _is_year(last) and 0 <= int(last) - int(first) <= 20


def eu_number(number: Number, *, year_first: bool) -> tuple[str, int] | None:
    """Return the normal form and the year of the number of a European act: (« 2016/679 », 2016); None when it is none.

    Source: since 2015 every act is year/number; before, directives were (95/46), regulations number/year (1907/2006, 1408/71).
    """
    if len(number.figures) != 2:
        return None
    first, last = number.figures
    by_year = year_first or (_is_year(first) and not (_is_year(last) and int(last) < 2015))
    year = first if by_year else last
    if len(year) not in (2, 4) or (len(year) == 2 and int(year) < 50):
        return None
    full = int(year) if len(year) == 4 else 1900 + int(year)
    if not 1950 <= full <= LAST_YEAR:
        return None
    return "/".join(part if part is year else part.lstrip("0") or "0" for part in (first, last)), full


def day_at(plain: str, at: int) -> tuple[str, int] | None:
    """Return the ISO day that is written at a place, and where it ends; None when there is none, or it never was."""
    found = _DAY.match(plain, at)
    if found is None:
        return None
    if found["d"]:
        day, month, year = int(found["d"]), int(found["m"]), int(found["y"])
    else:
        day, year = int(found["day"] or 1), int(found["year"] or found["its_year"])
        month = _MONTH_NUMBERS.get(found["month"] or found["first"], 0)
    try:
        iso = dt.date(year, month, day).isoformat()
    except ValueError:
        return None
    return (iso, found.end()) if FIRST_YEAR <= year <= LAST_YEAR else None


def day_in_words(iso: str) -> str:
    """Return « 1er août 2001 » for 2001-08-01."""
    year, month, day = iso.split("-")
    return f"{'1er' if day == '01' else int(day)} {MONTHS[int(month) - 1]} {int(year)}"
