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
from functools import lru_cache
from typing import Final

from whoosh.query import Every, NullQuery, Query

from search import remarks
from search.nodes import (
    Near,
    SameParagraph,
    Word,
    conjunction,
    disjunction,
    in_field,
    is_positional,
    leaves,
    negation,
)
from search.operands import Item, Limits, Operands, Scope, all_of, is_scored
from search.symbols import Kind, Symbol, cut_text, matched, read_symbols
from search.understood import render

__all__ = ["Limits", "ParsedQuery", "parse_query"]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A tree to evaluate; the same in full words; what to tell the reader; the words asked, for suggestions."""

    query: Query
    understood: str
    notes: tuple[str, ...]
    words: tuple[Word, ...]


_NEAR_KINDS: Final = frozenset({Kind.NEAR, Kind.ORDERED, Kind.SAME_PARAGRAPH})
_JOINERS: Final = frozenset({Kind.AND, Kind.OR, Kind.NOT}) | _NEAR_KINDS
_PREFIX_KINDS: Final = frozenset({Kind.FIELD, Kind.MINUS, Kind.PLUS, Kind.EQUALS, Kind.TILDE})


@lru_cache(maxsize=1_024)
def parse_query(text: str, *, limits: Limits | None = None) -> ParsedQuery:
    """Read a question: never an error, whatever the text; an empty one asks for every article. What is asked often is kept."""
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
        self.operands = Operands(limits, self.note)

    def note(self, remark: str) -> None:
        self.notes[remark] = None

    # --- the whole text -----------------------------------------------------------------------------------------------

    def parse(self, text: str) -> Query:
        text = unicodedata.normalize("NFC", cut_text(text, self.limits.characters, self.note))
        if not text.strip():
            return Every()
        self.symbols = matched(read_symbols(text, self.note), self.limits.depth, self.note)
        self.operands.cites = not any(symbol.kind in _NEAR_KINDS for symbol in self.symbols)
        query = self._either(Scope())
        if query is not None:
            return query
        words = self._conjoined(self.operands.words(text, Scope()))
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

    def _either(self, scope: Scope) -> Query | None:
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

    def _both(self, scope: Scope) -> Query | None:
        items: list[Item] = []
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

    def _conjoined(self, items: list[Item]) -> Query | None:
        """Return « all of them », without the stop words when a word to score is left."""
        if any(not item.stop and is_scored(item.query) for item in items):
            items = [item for item in items if not item.stop]
        return conjunction(item.query for item in items) if items else None

    def _part(self, scope: Scope) -> list[Item]:
        excluded = False
        symbol: Symbol | None = None
        while self._peek() is Kind.NOT:
            symbol = self._take()
            excluded = not excluded
        items = self._near(scope)
        if symbol is not None and not items:
            self.note(remarks.operator_alone(symbol.text))
        if excluded and items:
            items[0] = Item(negation(items[0].query))
        return items

    def _near(self, scope: Scope) -> list[Item]:
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
                items.append(Item(near))
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
        if again and not self.operands.counts(len(list(leaves(left)))):  # a PROCHE/5 b PROCHE/5 c counts b twice, like its rendering
            return None
        field = fields.pop() if fields else None
        left, right = in_field(left, field), in_field(right, field)
        if symbol.kind is Kind.SAME_PARAGRAPH:
            return SameParagraph(left, right, field)
        return Near(left, right, self.operands.distance(symbol, symbol.text), symbol.kind is Kind.ORDERED, field)

    # --- operands -----------------------------------------------------------------------------------------------------

    def _operand(self, scope: Scope) -> list[Item]:
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
            return [Item(negation(all_of(items)))]
        return [Item(item.query, item.stop and not kept) for item in items]

    def _dangling(self, named: Symbol | None) -> list[Item]:
        """A prefix glued to nothing: a field name is a word, a sign is nothing."""
        if named is None:
            return []
        name = named.text.rstrip(":")
        self.note(remarks.no_value(name))
        return self.operands.words(name, Scope())

    def _atom(self, scope: Scope, *, generous: bool) -> list[Item]:
        symbol = self._take()
        if symbol.kind is Kind.OPEN:
            inside = self._either(scope)
            self.at += 1  # its parenthesis, matched before
            return [] if inside is None else [Item(inside)]
        after = None
        if symbol.kind is Kind.QUOTE and self._peek() in (Kind.FUZZY, Kind.AT_LEAST) and not self.symbols[self.at].text:
            after = self._take()  # "a b"~5, "a b">=2
        return self.operands.read(symbol, after, scope, generous=generous)
