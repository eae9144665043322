"""What was asked? Any text becomes a query tree; what cannot be read as the query language is read as words, and said.

    question  := either                              precedence: NOT > AND > OR
    either    := both (OU both)*
    both      := part (ET? part)*
    part      := (SAUF | -)* near
    near      := operand ((PROCHE/n | ADJ/n | MEMEPAR) operand)*
    operand   := (field: | = | + | ~)* ( "..." | mot | mot* | mot~1 | mot>=3 | ( either ) )

The parser is our own and never raises: Whoosh's needs 33 seconds for 200 bytes of ANDNOT, and calls « médaille d’or » an
error. Parentheses are matched before anything is parsed, so recursion is bounded by ``Limits.depth``, and the text by
``Limits.characters``.

A stop word typed among other words is dropped (« le Mali » asks Mali), but not in quotes, behind ``+``, ``=`` or a field, next
to an operator of closeness, or when there is nothing else between two OU.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from whoosh.query import Every, NullQuery, Query

from indexer.french import QueryWord, fold, words_of_query
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
    SameParagraph,
    Word,
    conjunction,
    disjunction,
    in_field,
    is_positional,
    label_words,
    leaves,
    negation,
)
from search.operands import glob_of, is_scored, word_of, words_in
from search.symbols import CLOSING, OPENING, Kind, Symbol, cut_text, matched, read_symbols
from search.understood import render

__all__ = ["Limits", "ParsedQuery", "parse_query"]


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


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A tree to evaluate; the same in full words; what to tell the reader; the words asked, for suggestions."""

    query: Query
    understood: str
    notes: tuple[str, ...]
    words: tuple[Word, ...]


class _Scope(NamedTuple):
    """What stands before an operand: the field it is asked in, and whether its exact form."""

    field: Field | None = None
    exact: bool = False

    @property
    def name(self) -> str | None:
        return self.field.name if self.field else None

    @property
    def kind(self) -> str:
        return str(self.field.kind) if self.field else "text"


class _Item(NamedTuple):
    """A query, and whether it is a stop word that may be dropped."""

    query: Query
    stop: bool = False


_NEAR_KINDS: Final = frozenset({Kind.NEAR, Kind.ORDERED, Kind.SAME_PARAGRAPH})
_JOINERS: Final = frozenset({Kind.AND, Kind.OR, Kind.NOT}) | _NEAR_KINDS
_PREFIX_KINDS: Final = frozenset({Kind.FIELD, Kind.MINUS, Kind.PLUS, Kind.EQUALS, Kind.TILDE})
_QUOTES: Final = str.maketrans(dict.fromkeys(OPENING + CLOSING + "»", " "))


def parse_query(text: str, *, limits: Limits | None = None) -> ParsedQuery:
    """Read a question: never an error, whatever the text; an empty one asks for every article."""
    limits = limits or Limits()
    parser = _Parser(limits)
    query = parser.parse(text)
    words = tuple(dict.fromkeys(leaf for leaf in leaves(query) if isinstance(leaf, Word)))
    return ParsedQuery(query, render(query), tuple(parser.notes), words)


class _Parser:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.notes: dict[str, None] = {}
        self.symbols: list[Symbol] = []
        self.at = 0
        self.clauses = 0

    def note(self, remark: str) -> None:
        self.notes[remark] = None

    # --- the whole text -----------------------------------------------------------------------------------------------

    def parse(self, text: str) -> Query:
        text = unicodedata.normalize("NFC", cut_text(text, self.limits.characters, self.note))
        if not text.strip():
            return Every()
        self.symbols = matched(read_symbols(text, self.note), self.limits.depth, self.note)
        query = self._either(_Scope())
        if query is not None:
            return query
        words = self._conjoined(self._words(text, _Scope()))
        if words is None:
            self.note(remarks.NOTHING)
            return NullQuery
        self.notes.clear()
        self.note(remarks.read_as_words(" ".join(text.split())))
        return words

    # --- operators ----------------------------------------------------------------------------------------------------

    def _peek(self) -> Kind | None:
        return self.symbols[self.at].kind if self.at < len(self.symbols) else None

    def _take(self) -> Symbol:
        self.at += 1
        return self.symbols[self.at - 1]

    def _either(self, scope: _Scope) -> Query | None:
        choices: list[Query] = []
        waiting: Symbol | None = None
        while True:
            choice = self._both(scope)
            if choice is not None:
                choices.append(choice)
                waiting = None
            if self._peek() is not Kind.OR:
                break
            symbol = self._take()
            if choice is None:
                self.note(remarks.operator_alone(symbol.text))
            else:
                waiting = symbol
        if waiting is not None:
            self.note(remarks.operator_alone(waiting.text))
        return disjunction(choices) if choices else None

    def _both(self, scope: _Scope) -> Query | None:
        items: list[_Item] = []
        waiting: Symbol | None = None
        while self._peek() not in (None, Kind.CLOSE, Kind.OR):
            if self._peek() is Kind.AND:
                symbol = self._take()
                if not items or waiting:
                    self.note(remarks.operator_alone(symbol.text))
                waiting = symbol
                continue
            part = self._part(scope)
            items += part
            if part:
                waiting = None
        if waiting is not None and items:
            self.note(remarks.operator_alone(waiting.text))
        return self._conjoined(items)

    def _conjoined(self, items: list[_Item]) -> Query | None:
        """Return « all of them », without the stop words when a word to score is left."""
        if any(not item.stop and is_scored(item.query) for item in items):
            items = [item for item in items if not item.stop]
        return conjunction(item.query for item in items) if items else None

    def _part(self, scope: _Scope) -> list[_Item]:
        excluded = False
        symbol: Symbol | None = None
        while self._peek() is Kind.NOT:
            symbol = self._take()
            excluded = not excluded
        items = self._near(scope)
        if symbol is not None and not items:
            self.note(remarks.operator_alone(symbol.text))
        if excluded and items:
            items[0] = _Item(negation(items[0].query))
        return items

    def _near(self, scope: _Scope) -> list[_Item]:
        items = self._operand(scope)
        left = items[-1] if items else None  # the operand that a closeness operator would bind to
        fresh = True  # whether it still stands in items by itself
        while self._peek() in _NEAR_KINDS:
            symbol = self._take()
            right = self._operand(scope) if self._peek() not in _JOINERS else []
            if left is None or not right:
                self.note(remarks.operator_alone(symbol.text))
            elif (near := self._close(symbol, left.query, right[0].query, again=not fresh)) is not None:
                if fresh:
                    items.pop()
                items.append(_Item(near))
                fresh = len(right) > 1
                items += right[1:]
                left = right[-1]
                continue
            if right:
                items += right
                left, fresh = right[-1], True
        return items

    def _close(self, symbol: Symbol, left: Query, right: Query, *, again: bool) -> Query | None:
        """Return the closeness of two operands, None when they have no places or stand in different fields."""
        if not (is_positional(left) and is_positional(right)):
            self.note(remarks.not_near(symbol.text))
            return None
        fields = {leaf.field for leaf in (*leaves(left), *leaves(right)) if leaf.field}
        if len(fields) > 1:
            self.note(remarks.FIELDS_APART)
            return None
        if again:  # a PROCHE/5 b PROCHE/5 c counts b twice, as its rendering does
            self.clauses += len(list(leaves(left)))
            if self._full():
                return None
        field = fields.pop() if fields else None
        left, right = in_field(left, field), in_field(right, field)
        if symbol.kind is Kind.SAME_PARAGRAPH:
            return SameParagraph(left, right, field)
        distance = symbol.number or 0
        if distance > self.limits.distance:
            self.note(remarks.far(symbol.text, self.limits.distance))
            distance = self.limits.distance
        return Near(left, right, distance, symbol.kind is Kind.ORDERED, field)

    # --- operands -----------------------------------------------------------------------------------------------------

    def _operand(self, scope: _Scope) -> list[_Item]:
        excluded = kept = generous = False
        named: Symbol | None = None
        while self._peek() in _PREFIX_KINDS:
            symbol = self._take()
            if symbol.kind is Kind.FIELD:
                scope, named = scope._replace(field=symbol.field), symbol
            elif symbol.kind is Kind.EQUALS:
                scope = scope._replace(exact=True)
            excluded ^= symbol.kind is Kind.MINUS
            kept |= symbol.kind in (Kind.PLUS, Kind.FIELD)
            generous |= symbol.kind is Kind.TILDE
            if self.at >= len(self.symbols) or not self.symbols[self.at].glued or self._peek() is Kind.CLOSE:
                return self._dangling(named)
        if self._peek() in (None, Kind.CLOSE) or self._peek() in _JOINERS:
            return []
        items = self._atom(scope, generous=generous)
        if not items and named is not None:
            self.note(remarks.no_value(named.text.rstrip(":")))
        if excluded and items:
            return [_Item(negation(_all_of(items)))]
        return [_Item(item.query, item.stop and not kept) for item in items]

    def _dangling(self, named: Symbol | None) -> list[_Item]:
        """A prefix glued to nothing: a field name is a word, a sign is nothing."""
        if named is None:
            return []
        name = named.text.rstrip(":")
        self.note(remarks.no_value(name))
        return self._words(name, _Scope())

    def _atom(self, scope: _Scope, *, generous: bool) -> list[_Item]:
        symbol = self._take()
        if symbol.kind is Kind.OPEN:
            inside = self._either(scope)
            self.at += 1  # its parenthesis, matched before
            return [] if inside is None else [_Item(inside)]
        if symbol.kind is Kind.QUOTE:
            return self._quote(symbol, scope, generous=generous)
        if scope.kind == "day":
            return self._days(symbol.text, scope)
        if scope.kind == "id":
            return [item for value in symbol.text.translate(_QUOTES).split() for item in self._leaf(Identifier(scope.name or "", value))]
        if scope.kind != "text":
            if symbol.kind not in (Kind.WORDS, Kind.VALUE) or "*" in symbol.text:
                self.note(remarks.label_is_whole(symbol.text))
            return self._label(symbol.text, scope)
        if symbol.kind is Kind.ALL:
            return self._all(scope)
        if symbol.kind is Kind.PATTERN:
            return self._pattern(symbol.text, scope)
        if symbol.kind is Kind.FUZZY:
            return self._fuzzy(symbol, scope)
        if symbol.kind is Kind.AT_LEAST:
            return self._at_least(self._words(symbol.text, scope), symbol.number or 0)
        return self._words(symbol.text, scope)

    def _quote(self, symbol: Symbol, scope: _Scope, *, generous: bool) -> list[_Item]:
        after = self._take() if self._peek() in (Kind.FUZZY, Kind.AT_LEAST) and not self.symbols[self.at].text else None
        plain = " ".join(symbol.text.translate(_QUOTES).split())
        if scope.kind == "day":
            return self._days(plain, scope)
        if scope.kind == "id":
            return self._leaf(Identifier(scope.name or "", plain)) if plain else []
        if scope.kind != "text":
            return self._label(plain, scope)
        found = words_of_query(symbol.text)
        if after is not None and after.kind is Kind.FUZZY:
            near = self._near_words(found, after, scope, exact=not generous)
            if near:
                return near
        items = self._phrase(found, scope, exact=not generous)
        if after is not None and after.kind is Kind.AT_LEAST:
            return self._at_least(items, after.number or 0)
        return items

    def _phrase(self, found: list[QueryWord], scope: _Scope, *, exact: bool) -> list[_Item]:
        """Return consecutive words; a single word in quotes is that word, exactly."""
        if not found:
            return []
        if len(found) == 1:
            return self._leaf(word_of(found[0], scope.name, exact=exact))
        words = words_in(found, scope.name, exact=exact)
        return self._leaf(Phrase(words, scope.name, exact))

    def _near_words(self, found: list[QueryWord], after: Symbol, scope: _Scope, *, exact: bool) -> list[_Item]:
        """Read "a b c"~5: each word near the next one, in any order."""
        content = [word for word in found if not word.stop]
        chosen = content if len(content) > 1 else found
        words = words_in(chosen, scope.name, exact=exact)
        distance = after.number or 0
        if distance > self.limits.distance:
            self.note(remarks.far(f"~{distance}", self.limits.distance))
            distance = self.limits.distance
        items: list[_Item] = []
        for left, right in pairwise(words):
            self.clauses += 1
            items += self._leaf(Near(left, right, distance, False, scope.name))
        return [_Item(_all_of(items))] if items else []

    def _words(self, text: str, scope: _Scope) -> list[_Item]:
        items: list[_Item] = []
        for found in words_of_query(text):
            stop = found.stop and not scope.exact
            items += [_Item(item.query, stop) for item in self._leaf(word_of(found, scope.name, exact=scope.exact))]
        return items

    def _at_least(self, items: list[_Item], n: int) -> list[_Item]:
        if not items or n < 2 or not isinstance(items[-1].query, Word | Phrase | Compound):
            return items
        return [*items[:-1], _Item(AtLeast(items[-1].query, n))]

    def _fuzzy(self, symbol: Symbol, scope: _Scope) -> list[_Item]:
        distance = symbol.number or 0
        found = words_of_query(symbol.text)
        single = len(found) == 1 and len(found[0].tokens) == 1 and fold(found[0].tokens[0].surface).isalpha()
        if not single or distance < 1:
            if distance:
                self.note(remarks.no_fuzzy_number(symbol.text))
            return self._words(symbol.text, scope)
        if distance > self.limits.fuzzy:
            self.note(remarks.fuzzy_capped(f"{symbol.text}~{distance}", self.limits.fuzzy))
            distance = self.limits.fuzzy
        return self._leaf(Fuzzy(words_in(found, None, exact=True)[0].surface, distance, scope.name))

    def _pattern(self, text: str, scope: _Scope) -> list[_Item]:
        glob = glob_of(text)
        if len(glob) > self.limits.pattern:
            self.note(remarks.cut_pattern(text, self.limits.pattern))
            glob = glob[: self.limits.pattern - 1].rstrip("*") + "*"
        if not any(character.isalnum() for character in glob):
            self.note(remarks.pattern_without_letter(text))
            return []
        if "*" not in glob and "?" not in glob:
            return self._words(glob, scope)
        return self._leaf(Pattern(glob, scope.name))

    def _all(self, scope: _Scope) -> list[_Item]:
        if scope.field is None:
            return [_Item(Every())]
        self.note(remarks.pattern_without_letter("*"))
        return []

    def _days(self, text: str, scope: _Scope) -> list[_Item]:
        """Read a date, or several side by side; what is none is taken as words."""
        period = read_period(text)
        if period is None:
            self.note(remarks.no_date(text))
            return self._words(text, _Scope())
        return self._leaf(Days(scope.name or "", *period))

    def _label(self, text: str, scope: _Scope) -> list[_Item]:
        value = " ".join(text.translate(_QUOTES).split())
        return self._leaf(Label(scope.name or "", value)) if label_words(value) else []

    def _leaf(self, query: Query) -> list[_Item]:
        self.clauses += 1
        return [] if self._full() else [_Item(query)]

    def _full(self) -> bool:
        if self.clauses > self.limits.clauses:
            self.note(remarks.too_many(self.limits.clauses))
            return True
        return False


def _all_of(items: list[_Item]) -> Query:
    return conjunction(item.query for item in items)
