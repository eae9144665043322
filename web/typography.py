"""How is a number, a day or a quotation written in a newspaper? Text in, text out, in the language of the page.

Thousands take a narrow no-break space, quotation marks and colons a no-break one (source: Lexique des règles typographiques
en usage à l’Imprimerie nationale), so that a browser never leaves « 12 » at the end of a line and « articles » on the next.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pyuca import Collator  # type: ignore[import-untyped]

from web.wording import Interface, _, interface, many

__all__ = [
    "NBSP",
    "NNBSP",
    "articles",
    "collation",
    "day",
    "decimal",
    "duration",
    "held_together",
    "number",
    "period",
    "plural",
    "quoted",
    "short_day",
    "short_month",
    "short_period",
]

NBSP: Final = "\u00a0"
NNBSP: Final = "\u202f"

MONTHS: Final = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
SHORT_MONTHS: Final = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
ENGLISH_MONTHS: Final = tuple("January February March April May June July August September October November December".split())
ENGLISH_SHORT_MONTHS: Final = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())

_BEFORE_MARK: Final = re.compile(r" (?=[:;!?»%€](?:\W|$))")
_AFTER_MARK: Final = re.compile(r"(?<=«) ")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))")
_ISO: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_APOSTROPHES: Final = str.maketrans({"’": "'", "ʼ": "'"})


def number(value: int) -> str:
    """Return ``1234567`` as « 1 234 567 » with narrow no-break spaces; "1,234,567" in English."""
    return f"{value:,}" if interface() == "en" else f"{value:,}".replace(",", NNBSP)


def decimal(value: float, digits: int = 1) -> str:
    """Return ``1234.56`` as « 1 234,6 »; "1,234.6" in English."""
    text = f"{value:,.{digits}f}"
    return text if interface() == "en" else text.replace(",", NNBSP).replace(".", ",")


def plural(count: int, singular: str, more: str) -> str:
    """Return « 0 article », « 1 article », « 1 234 articles »; both forms are sentences with ``%(count)s``."""
    return many(singular, more, count, count=number(count))


def articles(count: int) -> str:
    """Return « aucun article », « 1 article » or « 1 234 articles »."""
    return _("aucun article") if count == 0 else many("%(count)s article", "%(count)s articles", count, count=number(count))


def day(iso: str | None, language: Interface | None = None) -> str:
    """Return « 1er octobre 2025 », « octobre 2025 » or « 2025 » for an ISO day, month or year; « sans date » for None."""
    language = language or interface()
    if not iso:
        return "sans date" if language == "fr" else _("sans date")
    return _spelt(iso, MONTHS if language == "fr" else ENGLISH_MONTHS)


def short_day(iso: str | None) -> str:
    """Return « 1er oct. 2025 » for the narrow column of a table."""
    return _spelt(iso, SHORT_MONTHS if interface() == "fr" else ENGLISH_SHORT_MONTHS) if iso else _("sans date")


def period(value: str) -> str:
    """Return a bucket of the timeline in full: a day, a month or a year."""
    return day(value)


def short_period(value: str) -> str:
    """Return a bucket of the timeline for the narrow place under an axis: « 3 oct. », « oct. 2025 », « 2025 »."""
    spelt = _spelt(value, SHORT_MONTHS if interface() == "fr" else ENGLISH_SHORT_MONTHS)
    found = _ISO.fullmatch(value)
    return spelt.rsplit(" ", 1)[0] if found and found[3] else spelt


def short_month(number_of_month: int) -> str:
    """Return « janv. » for 1."""
    return (SHORT_MONTHS if interface() == "fr" else ENGLISH_SHORT_MONTHS)[number_of_month - 1]


def quoted(text: str) -> str:
    """Return ``text`` between the quotation marks of the language."""
    return f"“{text}”" if interface() == "en" else f"«{NBSP}{text}{NBSP}»"


def duration(milliseconds: float) -> str:
    """Return « moins de 1 ms », « 12 ms » or « 1,4 s »."""
    if milliseconds < 1:
        return _("moins de 1 ms")
    if milliseconds < 1000:
        return f"{round(milliseconds)}{NBSP}ms"
    return f"{decimal(milliseconds / 1000)}{NBSP}s"


def held_together(text: str) -> str:
    """Return a French text whose « », ; : ! ? and thousands cannot part from their words at the end of a line.

    A space becomes a no-break space and nothing else changes: spans into the text stay right.
    """
    text = _AFTER_MARK.sub(NBSP, _BEFORE_MARK.sub(NBSP, text))
    return _BETWEEN_DIGITS.sub(NBSP, text)


@lru_cache(maxsize=50_000)  # the same names stand in every facet, and a key takes 50 µs
def collation(text: str) -> tuple[int, ...]:
    """Return a key that sorts É with E and œ with oe, capitals beside small letters; accents decide between words else alike.

    Source: the Unicode Collation Algorithm with its default table, which is the order of French dictionaries but for « cote,
    côte, coté, côté » (French Canada only since CLDR 1.9).
    """
    key: tuple[int, ...] = _collator().sort_key(text.translate(_APOSTROPHES))
    return key


@lru_cache(maxsize=1)
def _collator() -> Collator:
    """Read the table when the first list is sorted: it takes most of a second, and most pages sort nothing."""
    return Collator()


def _spelt(iso: str, months: tuple[str, ...]) -> str:
    found = _ISO.fullmatch(iso)
    if not found or (found[2] and not 1 <= int(found[2]) <= 12):
        return iso
    if not found[2]:
        return found[1]
    month = months[int(found[2]) - 1]
    if not found[3]:
        return f"{month} {found[1]}"
    number_of_day = "1er" if found[3] == "01" and months in (MONTHS, SHORT_MONTHS) else str(int(found[3]))
    return f"{number_of_day}{NBSP}{month} {found[1]}"
