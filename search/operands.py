"""What does one word, phrase, pattern or value of a question ask? The analysis of the articles, applied to what was typed.

``Operands`` turns one symbol, under the field that stands before it, into nodes; it counts them, and tells what it left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import QueryWord, fold, tokenize, words_of_query
from indexer.references import find_references, normal_reference
from search import remarks
from search.days import read_period
from search.fields import Field
from search.nodes import (
    AtLeast,
    Compound,
    Days,
    Fuzzy,
    Identifier,
    Label,
    Near,
    Pattern,
    Phrase,
    Word,
    conjunction,
    disjunction,
    label_words,
)
from search.symbols import CLOSING, OPENING, Kind, Symbol
from search.understood import compound_as_text, spelled

__all__ = ["Item", "Limits", "Operands", "Scope", "all_of", "glob_of", "is_scored", "word_of", "words_in"]

_ELISION: Final = re.compile(r"(?:[ldjmtnscz]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=[aeiouyhàâäáæéèêëîïíôöóœùûüú])", re.IGNORECASE)
_QUOTES: Final = str.maketrans(dict.fromkeys(OPENING + CLOSING + "»", " "))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one question may ask; each limit has its sentence when it is reached.

    Units: ``characters`` and ``pattern`` in code points, ``depth`` in nested parentheses, ``clauses`` in words, phrases and
    conditions, ``fuzzy`` in letters, ``distance`` in tokens.
    Source: OWASP and OpenSearch defaults, made smaller until every question is answered within a second.
    """

    characters: int = 512
    depth: int = 20
    clauses: int = 128
    pattern: int = 64
    fuzzy: int = 2
    distance: int = 100


class Scope(NamedTuple):
    """What stands before an operand: the field it is asked in, and whether its exact form."""

    field: Field | None = None
    exact: bool = False

    @property
    def name(self) -> str | None:
        return self.field.name if self.field else None

    @property
    def kind(self) -> str:
        return str(self.field.kind) if self.field else "text"


class Item(NamedTuple):
    """A query, and whether it is a stop word that may be dropped."""

    query: Query
    stop: bool = False


class Operands:
    """Makes the nodes of one question, within its limits."""

    def __init__(self, limits: Limits, note: Callable[[str], None]) -> None:
        self.limits = limits
        self.note = note
        self.clauses = 0
        self.cites = True  # whether laws are looked for; not beside an operator of closeness, which binds words

    def read(self, symbol: Symbol, after: Symbol | None, scope: Scope, *, generous: bool) -> list[Item]:
        """Return what one symbol asks under its field; ``after`` is the ~5 or >=2 behind a quote."""
        if scope.kind != "text":
            return self._value(symbol, scope)
        if symbol.kind is Kind.QUOTE:
            return self._quote(symbol, after, scope, exact=not generous)
        if symbol.kind is Kind.ALL:
            return self._all(scope)
        if symbol.kind is Kind.PATTERN:
            return self._pattern(symbol.text, scope)
        if symbol.kind is Kind.FUZZY:
            return self._fuzzy(symbol, scope)
        if symbol.kind is Kind.AT_LEAST:
            return self._at_least(self.words(symbol.text, scope), symbol.number or 0)
        if scope == Scope() and self.cites:
            return self._cited(symbol.text)
        return self.words(symbol.text, scope)

    def words(self, text: str, scope: Scope) -> list[Item]:
        """Return the words of plain text one by one, the stop words among them marked."""
        items: list[Item] = []
        for found in words_of_query(text):
            stop = found.stop and not scope.exact
            items += [Item(item.query, stop) for item in self._leaf(word_of(found, scope.name, exact=scope.exact))]
        return items

    def _cited(self, text: str) -> list[Item]:
        """Return the words of plain text; « loi 2012-023 » among them also asks for the law in every other spelling."""
        items: list[Item] = []
        at = 0
        for one in find_references(text):
            items += self.words(text[at : one.start], Scope())
            words = self.words(text[one.start : one.end], Scope())
            content = [item for item in words if not item.stop] or words
            label = self._leaf(Label("references", one.value, whole=True))
            items.append(Item(disjunction([item.query for item in label] + ([all_of(content)] if content else []))))
            at = one.end
        return items + self.words(text[at:], Scope())

    def distance(self, symbol: Symbol, shown: str) -> int:
        """Return the distance of a closeness operator, not above the limit."""
        asked = symbol.number or 0
        if asked > self.limits.distance:
            self.note(remarks.far(shown, self.limits.distance))
        return min(asked, self.limits.distance)

    def counts(self, clauses: int) -> bool:
        """Count clauses; False, and a note, once there are more than the limit."""
        self.clauses += clauses
        if self.clauses > self.limits.clauses:
            self.note(remarks.too_many(self.limits.clauses))
            return False
        return True

    def _value(self, symbol: Symbol, scope: Scope) -> list[Item]:
        """Read what a field of days, identifiers or labels is asked for."""
        quoted = symbol.kind is Kind.QUOTE
        plain = " ".join(symbol.text.translate(_QUOTES).split())
        name = scope.name or ""
        if scope.kind == "day":
            return self._days(plain, name)
        if scope.kind == "id":
            values = [plain] if quoted and plain else plain.split()
            return [item for value in values for item in self._leaf(Identifier(name, value))]
        if symbol.kind not in (Kind.WORDS, Kind.VALUE, Kind.QUOTE) or (not quoted and "*" in plain):
            self.note(remarks.label_is_whole(plain))
        value = normal_reference(plain) if name == "references" else plain
        return self._leaf(Label(name, value, scope.exact)) if label_words(value) else []

    def _quote(self, symbol: Symbol, after: Symbol | None, scope: Scope, *, exact: bool) -> list[Item]:
        found = words_of_query(symbol.text)
        if after is not None and after.kind is Kind.FUZZY:
            near = self._near_words(found, after, scope, exact=exact)
            if near:
                return near
        items = self._phrase(found, scope, exact=exact)
        if after is not None and after.kind is Kind.AT_LEAST:
            return self._at_least(items, after.number or 0)
        return items

    def _phrase(self, found: list[QueryWord], scope: Scope, *, exact: bool) -> list[Item]:
        """Return consecutive words; a single word in quotes is that word, exactly."""
        if not found:
            return []
        if len(found) == 1:
            return self._leaf(word_of(found[0], scope.name, exact=exact))
        words = words_in(found, scope.name, exact=exact)
        return self._leaf(Phrase(words, scope.name, exact))

    def _near_words(self, found: list[QueryWord], after: Symbol, scope: Scope, *, exact: bool) -> list[Item]:
        """Read "a b c"~5: each word near the next one, in any order."""
        content = [word for word in found if not word.stop]
        chosen = content if len(content) > 1 else found
        words = words_in(chosen, scope.name, exact=exact)
        distance = self.distance(after, f"~{after.number}")
        items: list[Item] = []
        for left, right in pairwise(words):
            if self.counts(2):
                items.append(Item(Near(left, right, distance, False, scope.name)))
        return [Item(all_of(items))] if items else []

    def _at_least(self, items: list[Item], n: int) -> list[Item]:
        if not items or n < 2 or not isinstance(items[-1].query, Word | Phrase | Compound):
            return items
        return [*items[:-1], Item(AtLeast(items[-1].query, n))]

    def _fuzzy(self, symbol: Symbol, scope: Scope) -> list[Item]:
        distance = symbol.number or 0
        found = words_of_query(symbol.text)
        single = len(found) == 1 and len(found[0].tokens) == 1 and fold(found[0].tokens[0].surface).isalpha()
        if not single or distance < 1:
            if distance:
                self.note(remarks.no_fuzzy_number(symbol.text))
            return self.words(symbol.text, scope)
        if distance > self.limits.fuzzy:
            self.note(remarks.fuzzy_capped(f"{symbol.text}~{distance}", self.limits.fuzzy))
            distance = self.limits.fuzzy
        return self._leaf(Fuzzy(words_in(found, None, exact=True)[0].surface, distance, scope.name))

    def _pattern(self, text: str, scope: Scope) -> list[Item]:
        glob = glob_of(text)
        if len(glob) > self.limits.pattern:
            self.note(remarks.cut_pattern(text, self.limits.pattern))
            glob = glob[: self.limits.pattern - 1].rstrip("*") + "*"
        if not any(character.isalnum() for character in glob):
            self.note(remarks.pattern_without_letter(text))
            return []
        if "*" not in glob and "?" not in glob:
            return self.words(glob, scope)
        return self._leaf(Pattern(glob, scope.name))

    def _all(self, scope: Scope) -> list[Item]:
        if scope.field is None:
            return [Item(Every())]
        self.note(remarks.pattern_without_letter("*"))
        return []

    def _days(self, text: str, name: str) -> list[Item]:
        """Read a date; what is none is taken as words."""
        period = read_period(text)
        if period is None:
            self.note(remarks.no_date(text))
            return self.words(text, Scope())
        return self._leaf(Days(name, *period))

    def _leaf(self, query: Query) -> list[Item]:
        return [Item(query)] if self.counts(1) else []


def word_of(found: QueryWord, field: str | None, *, exact: bool = False) -> Query:
    """Return the node of one word of a query: a word, a compound, or a phrase of parts."""
    parts = words_in([found], field, exact=exact)
    if len(parts) == 1:
        word = parts[0]
        if word.stop and not found.stop and not exact:  # « Est » is a place
            return replace(word, surface=word.surface.capitalize())
        return word
    if found.joined is not None:
        compound = Compound(parts, Word(found.joined, field, exact), field, exact)
        if compound_as_text(compound) is not None:
            return compound
    return Phrase(parts, field, exact)


def words_in(found: Iterable[QueryWord], field: str | None, *, exact: bool) -> tuple[Word, ...]:
    """Return the tokens of query words as words."""
    return tuple(Word(surface, field, exact) for word in found for token in word.tokens for surface in _typeable(token.surface))


def _typeable(surface: str) -> list[str]:
    """Return the surface, or what stands for it when it cannot be typed by itself: its folded form, or its own tokens.

    Only odd scripts and the insides of addresses need it (« 023F » inside a URL is one token, by itself two).
    """
    for form in (surface, fold(surface)):
        if spelled(form):
            return [form]
    return [token.surface for token in tokenize(surface) if not token.joined and spelled(token.surface)] or [fold(surface)]


def glob_of(text: str) -> str:
    """Return a pattern with its letters folded: « l’écon* » -> econ*, « vice-présid* » -> vicepresid* (the joined form)."""
    pieces = re.split(r"([*?])", _ELISION.sub("", text, count=1) if _ELISION.match(text) else text)
    folded = (piece if piece in ("*", "?", "") else "".join(filter(str.isalnum, fold(piece))) for piece in pieces)
    return re.sub(r"\*+", "*", "".join(folded)).rstrip("?")  # the last one is the mark of a question


def is_scored(query: Query) -> bool:
    """Whether a query has words to find, so that stop words beside it may be dropped."""
    if isinstance(query, And | Or):
        return any(is_scored(child) for child in query.children())
    return not isinstance(query, Every | Not | Label | Days | Identifier) and query != NullQuery


def all_of(items: list[Item]) -> Query:
    """Return the conjunction of items."""
    return conjunction(item.query for item in items)
