"""How is a number, a day or a quotation written in a French newspaper? Text in, text out.

Thousands take a narrow no-break space, quotation marks and colons a no-break one (source: Lexique des règles typographiques
en usage à l’Imprimerie nationale), so that a browser never leaves « 12 » at the end of a line and « articles » on the next.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = [
    "NBSP",
    "NNBSP",
    "articles",
    "collation",
    "day",
    "duration",
    "held_together",
    "number",
    "period",
    "plural",
    "quoted",
    "short_period",
]

NBSP: Final = "\u00a0"
NNBSP: Final = "\u202f"

MONTHS: Final = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre")
SHORT_MONTHS: Final = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")

_BEFORE_MARK: Final = re.compile(r" (?=[:;!?»%€](?:\W|$))")
_AFTER_MARK: Final = re.compile(r"(?<=«) ")
_BETWEEN_DIGITS: Final = re.compile(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))")
_ISO: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "ʼ": "'"})


def number(value: int) -> str:
    """Return ``1234567`` as « 1 234 567 » with narrow no-break spaces."""
    return f"{value:,}".replace(",", NNBSP)


def plural(count: int, singular: str, many: str | None = None) -> str:
    """Return « 0 article », « 1 article », « 1 234 articles »: French takes the plural from two on."""
    return f"{number(count)}{NBSP}{singular if count < 2 else many or singular + 's'}"


def articles(count: int) -> str:
    """Return « aucun article », « 1 article » or « 1 234 articles »."""
    return f"aucun{NBSP}article" if count == 0 else plural(count, "article")


def day(iso: str | None) -> str:
    """Return « 1er octobre 2025 », « octobre 2025 » or « 2025 » for an ISO day, month or year; « sans date » for None."""
    return _spelt(iso, MONTHS) if iso else "sans date"


def period(value: str) -> str:
    """Return a bucket of the timeline in full: a day, a month or a year."""
    return _spelt(value, MONTHS)


def short_period(value: str) -> str:
    """Return a bucket of the timeline for the narrow place under an axis: « 3 oct. », « oct. 2025 », « 2025 »."""
    found = _ISO.fullmatch(value)
    if found and found[3]:
        return _spelt(value, SHORT_MONTHS).rsplit(" ", 1)[0]
    return _spelt(value, SHORT_MONTHS)


def quoted(text: str) -> str:
    """Return ``text`` between French quotation marks."""
    return f"«{NBSP}{text}{NBSP}»"


def duration(milliseconds: float) -> str:
    """Return « moins de 1 ms », « 12 ms » or « 1,4 s »."""
    if milliseconds < 1:
        return f"moins de 1{NBSP}ms"
    if milliseconds < 1000:
        return f"{round(milliseconds)}{NBSP}ms"
    return f"{milliseconds / 1000:.1f}".replace(".", ",") + f"{NBSP}s"


def held_together(text: str) -> str:
    """Return a French text whose « », ; : ! ? and thousands cannot part from their words at the end of a line.

    A space becomes a no-break space and nothing else changes: spans into the text stay right.
    """
    text = _AFTER_MARK.sub(NBSP, _BEFORE_MARK.sub(NBSP, text))
    return _BETWEEN_DIGITS.sub(NBSP, text)


def collation(text: str) -> tuple[str, str]:
    """Return a key that sorts É with E and œ with oe; accents decide only between words otherwise alike."""
    folded = text.casefold().translate(_LIGATURES)
    bare = "".join(char for char in unicodedata.normalize("NFD", folded) if not unicodedata.combining(char))
    return bare, folded


def _spelt(iso: str, months: tuple[str, ...]) -> str:
    found = _ISO.fullmatch(iso)
    if not found or (found[2] and not 1 <= int(found[2]) <= 12):
        return iso
    if not found[2]:
        return found[1]
    month = months[int(found[2]) - 1]
    if not found[3]:
        return f"{month} {found[1]}"
    number_of_day = "1er" if found[3] == "01" else str(int(found[3]))
    return f"{number_of_day}{NBSP}{month} {found[1]}"
