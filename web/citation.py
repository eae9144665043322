"""How is an article cited? One line after ISO 690 in French typography, whatever the language of the page, in runs of which the newspaper is in italics. Pure.

A name is turned round (« SOW, Awa ») only where it is safe: two words, or a family name in capitals. « Jean de La Fontaine »
and « Rédaction de L’Essor » stay as signed, because a wrongly cut name is worse than one in natural order.
Source: NF ISO 690:2010, and the form taught by French university libraries.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from corpus import Article
from web import typography

__all__ = ["Citation", "cite", "inverted"]

_CORPORATE: Final = frozenset(
    {"rédaction", "agence", "correspondant", "correspondante", "envoyé", "envoyée", "service", "le", "la", "les", "avec", "par"}
)
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_’'.\-]*(?:[-’'][^\W\d_]+)*\.?")
MOST_AUTHORS: Final = 3


@dataclass(frozen=True, slots=True)
class Citation:
    """The parts before, in and after the italics of the newspaper's name."""

    before: str
    newspaper: str
    after: str

    @property
    def text(self) -> str:
        """The whole line as plain text."""
        return self.before + self.newspaper + self.after


def cite(article: Article, address: str, today: dt.date) -> Citation:
    """Return « SOW, Awa. Titre. L’Essor [en ligne]. 9 octobre 2025 [consulté le ...]. Disponible à l’adresse : ... »."""
    names = [inverted(name) for name in article.bylines[:MOST_AUTHORS]]
    authors = "; ".join(names).replace("; ", f"{typography.NBSP}; ") + (" et al." if len(article.bylines) > MOST_AUTHORS else "")
    before = "".join(_sentence(part) for part in (authors, article.shown_headline) if part)
    medium = "[en ligne]. " if article.newspaper else ""
    seen = typography.day(today.isoformat(), "fr")
    published = typography.day(article.published, "fr")
    after = f"{typography.NBSP * bool(medium)}{medium}{published} [consulté le {seen}]."
    where = f" Disponible à l’adresse{typography.NBSP}: {address}" if address else ""
    return Citation(before, article.newspaper, after + where)


def inverted(name: str) -> str:
    """Return « SOW, Awa » for « Awa Sow » and « Awa SOW »; any other name as it is."""
    words = name.split()
    if len(words) < 2 or words[0].casefold().rstrip(".") in _CORPORATE or not all(_NAME_WORD.fullmatch(word) for word in words):
        return name
    family = [word for word in words if len(word) > 1 and word.isupper() and not word.endswith(".")]
    if family and words[-len(family) :] == family and len(family) < len(words):
        return f"{' '.join(family)}, {' '.join(words[: -len(family)])}"
    if len(words) == 2 and all(word[0].isupper() and not word.endswith(".") for word in words):
        return f"{words[1].upper()}, {words[0]}"
    return name


def _sentence(text: str) -> str:
    return text + (" " if text.endswith((".", "!", "?", "…")) else ". ")
