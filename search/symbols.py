"""Where are the words, quotes, fields and operators of a query text? One pass from left to right, never an error.

French comes first: « médaille d’or », « sauf », « à 9 h 30 : Yannick », ``http://…`` and « élu(e)s » are words. An operator is
written in capitals between blanks; a field is a known name glued to ``:`` and to what follows; a hyphen excludes only at
the start of a word; an apostrophe is never a quote. What looks like an operator and is not one is left to the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from indexer.tokenizer import INCLUSIVE
from search import remarks
from search.fields import Field, find_field

__all__ = ["CLOSING", "OPENING", "Kind", "Symbol", "cut_text", "matched", "read_symbols"]


class Kind(Enum):
    """What a stretch of the query text is."""

    WORDS = auto()  # plain text, one word or many
    QUOTE = auto()  # what stands between quotes
    VALUE = auto()  # what is glued to a field of labels, days or identifiers
    PATTERN = auto()
    FUZZY = auto()  # number = distance
    AT_LEAST = auto()  # number = times
    ALL = auto()
    OPEN = auto()
    CLOSE = auto()
    FIELD = auto()
    MINUS = auto()
    PLUS = auto()
    EQUALS = auto()
    TILDE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    NEAR = auto()  # number = distance; text = as written
    ORDERED = auto()
    SAME_PARAGRAPH = auto()


@dataclass(frozen=True, slots=True)
class Symbol:
    """One stretch of the text; ``glued`` when no blank stands before it, ``number`` as its kind says."""

    kind: Kind
    text: str
    glued: bool = False
    number: int | None = None
    field: Field | None = None


OPERATORS: Final = {
    "ET": Kind.AND,
    "AND": Kind.AND,
    "OU": Kind.OR,
    "OR": Kind.OR,
    "SAUF": Kind.NOT,
    "NOT": Kind.NOT,
    "MEMEPAR": Kind.SAME_PARAGRAPH,
    "MÊMEPAR": Kind.SAME_PARAGRAPH,
    "SAMEPAR": Kind.SAME_PARAGRAPH,
}
PREFIXES: Final = {"-": Kind.MINUS, "+": Kind.PLUS, "=": Kind.EQUALS, "~": Kind.TILDE}
OPENING: Final = '"“”„‟＂«'
CLOSING: Final = '"“”„‟＂'  # any of them closes any of them but «, which only » closes

# élu(e)s, agriculteur(rice)s: a parenthesis inside a word that is no group
_INCLUSIVE: Final = rf"(?<=[^\W\d_])\((?:{'|'.join(sorted(INCLUSIVE))})\)(?:s(?![^\W_]))?(?![^\W_])"
_CHUNK: Final = re.compile(rf"(?:[^\s()\"“”„‟＂«»]|{_INCLUSIVE})+")
_BLANK: Final = re.compile(r"\s+")
_FIELD: Final = re.compile(r"([^\W\d_][\w-]{0,30}):(?=[^\s):])")
_NEAR: Final = re.compile(r"(PROCHE|NEAR|ADJ)/(\d{1,9})")
_TIMES: Final = re.compile(r"(?:>=|≥)(\d{1,9})")
_AFTER_QUOTE: Final = re.compile(r"(~|>=|≥)(\d{1,9})(?!\w)")
_NUMBER: Final = re.compile(r"\d{1,3}(?:[ \u00A0\u202F\u2009]\d{3})+(?!\w)")
_BRACKETS: Final = re.compile(r"\[[^\[\]]{0,80}\]")
_SPOKEN_DAY: Final = re.compile(r"(?:\d{1,2}(?:er)?\s+)?[^\W\d_]{3,9}\.?\s+\d{4}(?!\w)")  # checked again by the calendar
_WORDLIKE: Final = re.compile(r"[\w*?'’ʼ‐‑-]+")
_WILDCARD: Final = re.compile(r"\*|\?(?=\w)")


def read_symbols(text: str, note: Callable[[str], None]) -> list[Symbol]:
    """Cut a query text into symbols; ``note`` is told what was left out.

    Every step looks at a bounded window or moves forward, so the time is linear in the text.
    """
    return _Reader(text, note).read()


def cut_text(text: str, characters: int, note: Callable[[str], None]) -> str:
    """Cut a text that is too long, between two words where there is a blank."""
    if len(text) <= characters:
        return text
    note(remarks.cut_text(characters))
    cut = text[:characters]
    if text[characters].isspace():
        return cut
    blank = next((at for at in range(characters - 1, -1, -1) if cut[at].isspace()), 0)
    return cut[:blank] if cut[:blank].strip() else cut


def matched(symbols: list[Symbol], depth: int, note: Callable[[str], None]) -> list[Symbol]:
    """Drop the parentheses without a counterpart or nested too deep: what is left is balanced and cannot recurse far."""
    dropped: set[int] = set()
    opened: list[int] = []
    for at, symbol in enumerate(symbols):
        if symbol.kind is Kind.OPEN:
            opened.append(at)
        elif symbol.kind is Kind.CLOSE and opened:
            start = opened.pop()
            if len(opened) >= depth:
                note(remarks.too_deep(depth))
                dropped |= {start, at}
        elif symbol.kind is Kind.CLOSE:
            note(remarks.BRACKET_ALONE)
            dropped.add(at)
    if opened:
        note(remarks.BRACKET_ALONE)
    dropped.update(opened)
    return [symbol for at, symbol in enumerate(symbols) if at not in dropped]


class _Reader:
    def __init__(self, text: str, note: Callable[[str], None]) -> None:
        self.text = text
        self.note = note
        self.at = 0
        self.symbols: list[Symbol] = []
        self.blank_before = True
        self.stretch: tuple[int, int] | None = None  # plain text not yet pushed: it may still grow
        self.last_quote = max(text.rfind(mark) for mark in CLOSING)
        self.last_guillemet = text.rfind("»")

    def read(self) -> list[Symbol]:
        while self.at < len(self.text):
            if blank := _BLANK.match(self.text, self.at):
                self.at = blank.end()
                self.blank_before = True
                continue
            self._step(self.text[self.at])
        self._end_stretch()
        return self.symbols

    def _step(self, character: str) -> None:
        if character in "()":
            self._add(Kind.OPEN if character == "(" else Kind.CLOSE, 1)
        elif character in OPENING:
            self._quote(character)
        elif character == "»":
            self.note(remarks.QUOTE_ALONE)
            self._skip(1)
        elif (self._at_start() and self._prefix(character)) or (self._at_start() and self._field()):
            pass
        else:
            self._chunk()

    def _at_start(self) -> bool:
        """Whether a prefix or a field may stand here: after a blank, an opening parenthesis, a prefix or a field."""
        if self.blank_before:
            return True
        return self.stretch is None and bool(self.symbols) and self.symbols[-1].kind in _OPENERS

    def _add(self, kind: Kind, length: int, **extra: object) -> None:
        text = self.text[self.at : self.at + length]
        self._push(Symbol(kind, text, not self.blank_before, **extra))  # type: ignore[arg-type]
        self._skip(length)

    def _push(self, symbol: Symbol) -> None:
        self._end_stretch()
        self.symbols.append(symbol)
        self.blank_before = False

    def _end_stretch(self) -> None:
        if self.stretch is not None:
            start, end = self.stretch
            self.stretch = None
            self.symbols.append(Symbol(Kind.WORDS, self.text[start:end]))

    def _skip(self, length: int) -> None:
        self.at += length

    def _quote(self, mark: str) -> None:
        end = self._closing(mark)
        if end < 0:
            self.note(remarks.QUOTE_ALONE)
            self._skip(1)
            return
        content = self.text[self.at + 1 : end]
        after = _AFTER_QUOTE.match(self.text, end + 1)
        kind, number = Kind.QUOTE, None
        if after:
            number = int(after[2])
            kind = Kind.FUZZY if after[1] == "~" else Kind.AT_LEAST
        self._push(Symbol(Kind.QUOTE, content, not self.blank_before, None))
        if number is not None:  # "a b"~5 and "a b">=2: the number follows its quote
            self._push(Symbol(kind, "", True, number))
        self.at = after.end() if after else end + 1

    def _closing(self, mark: str) -> int:
        if mark == "«":
            return self.text.find("»", self.at + 1) if self.last_guillemet > self.at else -1
        if self.last_quote <= self.at:
            return -1
        found = _ANY_CLOSING.search(self.text, self.at + 1)
        return found.start() if found else -1

    def _prefix(self, character: str) -> bool:
        kind = PREFIXES.get(character)
        following = self.text[self.at + 1 : self.at + 2]
        if kind is None or not following or following.isspace() or following in ")»" or following == character:
            return False
        if kind is Kind.TILDE and following not in OPENING:
            return False
        self._add(kind, 1)
        self._number()
        return True

    def _number(self) -> None:
        """Take « 300 000 » whole when it is glued to a prefix or a field."""
        if number := _NUMBER.match(self.text, self.at):
            self._add(Kind.WORDS, len(number[0]))

    def _field(self) -> bool:
        found = _FIELD.match(self.text, self.at)
        field = find_field(found[1]) if found else None
        if found is None or field is None:
            return False
        self._add(Kind.FIELD, len(found[0]), field=field)
        if field.kind != "text":
            self._value(field)
        else:
            self._number()
        return True

    def _value(self, field: Field) -> None:
        """Take what is glued to a field whose values are not analysed text, unless a quote or a group comes."""
        if self.text[self.at] in OPENING + "(-" or (self.text[self.at] == "=" and field.kind in ("label", "labels")):
            return
        if field.kind == "id":
            end = self.at
            while end < len(self.text) and not self.text[end].isspace() and self.text[end] not in OPENING + "»":
                end += 1
            raw = self.text[self.at : end]
            surplus = raw.count(")") - raw.count("(")
            while surplus > 0 and raw.endswith(")"):
                raw, surplus = raw[:-1], surplus - 1
            if raw:
                self._add(Kind.VALUE, len(raw))
            return
        found = None
        if field.kind == "day":
            found = _BRACKETS.match(self.text, self.at) or _SPOKEN_DAY.match(self.text, self.at)
        found = found or _CHUNK.match(self.text, self.at)
        if found:
            self._add(Kind.VALUE, len(found[0]))

    def _chunk(self) -> None:
        found = _CHUNK.match(self.text, self.at)
        if found is None:  # only a character that no rule wants
            self._skip(1)
            return
        chunk = found[0]
        if self._operator(chunk) or self._special(chunk):
            self._skip(len(chunk))
        else:
            self._words(chunk)

    def _operator(self, chunk: str) -> bool:
        near = _NEAR.fullmatch(chunk)
        if near:
            self._push(Symbol(Kind.ORDERED if near[1] == "ADJ" else Kind.NEAR, chunk, False, int(near[2])))
            return True
        kind = OPERATORS.get(chunk)
        if kind is None or not self._at_start():
            return False
        self._push(Symbol(kind, chunk))
        return True

    def _special(self, chunk: str) -> bool:
        """Recognise ``mot~1``, ``mot>=3``, ``mot*``; push their symbols, or say that the chunk is plain."""
        glued = not self.blank_before
        head, tilde, tail = chunk.rstrip(".,;:!").rpartition("~")
        if tilde and head and (not tail or (tail.isascii() and tail.isdigit())):
            self._push(Symbol(Kind.FUZZY, head, glued, int(tail[:9] or "1")))
            return True
        times = _TIMES.search(chunk)
        if times and times.start() and not chunk[times.end() :].strip(".,;:!"):
            self._push(Symbol(Kind.AT_LEAST, chunk[: times.start()], glued, int(times[1])))
            return True
        if chunk == "*":
            self._push(Symbol(Kind.ALL, chunk, glued))
            return True
        if not _WILDCARD.search(chunk) or "://" in chunk or "@" in chunk:
            return False
        for piece in _WORDLIKE.findall(chunk):
            kind = Kind.PATTERN if _WILDCARD.search(piece) else Kind.WORDS
            self._push(Symbol(kind, piece, glued))
            glued = False
        return True

    def _words(self, chunk: str) -> None:
        """Add a chunk of plain text, or make the stretch before it longer: « 300 000 » is one number."""
        end = self.at + len(chunk)
        if not self.blank_before and self.symbols and self.symbols[-1].kind is not Kind.OPEN:
            self._push(Symbol(Kind.WORDS, chunk, True))
        elif self.stretch is not None:
            self.stretch = (self.stretch[0], end)
        else:
            self.stretch = (self.at, end)
        self.blank_before = False
        self.at = end


_OPENERS: Final = frozenset({Kind.OPEN, Kind.FIELD, Kind.MINUS, Kind.PLUS, Kind.EQUALS, Kind.TILDE})
_ANY_CLOSING: Final = re.compile(f"[{CLOSING}]")
