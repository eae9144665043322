"""How was the question understood? A query tree in full words, in the query language itself.

« Compris comme : migrants ET trafic SAUF paris ET titre:loi ET date:2025-10 ». Every operator is written out and mixed ET and
OU get their parentheses, so a reader sees what was asked; typed back in, it is the same question:
``parse_query(render(q)).query == q`` for every ``q`` that the parser gives. A rendering that would overrun the limits of
the parser is written in the short form instead (a blank for ET, ``-`` for SAUF, no parenthesis that is not needed).
"""

from __future__ import annotations

import re
from functools import lru_cache, singledispatchmethod
from typing import Final

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import tokenize, words_of_query
from indexer.references import find_references
from search.days import period_as_text
from search.fields import find_field
from search.nodes import AtLeast, Compound, Days, Fuzzy, Identifier, Label, Near, Pattern, Phrase, SameParagraph, Word

__all__ = ["compound_as_text", "render", "spelled"]

SHORT_ABOVE_CHARS: Final = 512
SHORT_ABOVE_DEPTH: Final = 20
_PLAIN_VALUE: Final = re.compile(r"\w[\w’'./:-]*\w|\w")


def render(query: Query) -> str:
    """Write a query tree in the query language, in full words; in the short form when that would be too long to ask again."""
    full = _Writer(" ET ", "SAUF ", clear=True).write(query)
    if len(full) <= SHORT_ABOVE_CHARS and _depth(full) <= SHORT_ABOVE_DEPTH:
        return full
    return _Writer(" ", "-", clear=False).write(query)


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


class _Writer:
    def __init__(self, both: str, without: str, *, clear: bool) -> None:
        self.both = both
        self.without = without
        self.clear = clear

    @singledispatchmethod
    def write(self, query: Query) -> str:
        if query == NullQuery:
            return "()"
        raise TypeError(f"no rendering for {type(query).__name__}")

    @write.register
    def _every(self, _query: Every) -> str:
        return "*"

    @write.register
    def _and(self, query: And) -> str:
        children = [(child, self._nested(child, Or)) for child in query.children()]
        droppable = [_droppable(child) and not written.endswith('"') for child, written in children]  # never in quotes
        scored = any(_content(child) and not dropped for (child, _), dropped in zip(children, droppable, strict=True))
        alone = all(isinstance(child, Not) for child, _ in children[1:])
        text = ""
        for (child, written), dropped in zip(children, droppable, strict=True):
            if isinstance(child, Every) and alone:
                continue
            joint = " " if isinstance(child, Not) else self.both
            text += (joint if text else "") + ("+" if scored and dropped else "") + written
        if not self.clear and find_references(text):  # words that were asked apart must not be read as one law
            return _Writer(" ET ", self.without, clear=True)._and(query)
        return text

    @write.register
    def _or(self, query: Or) -> str:
        return " OU ".join(self._nested(child, And) if self.clear else self.write(child) for child in query.children())

    @write.register
    def _not(self, query: Not) -> str:
        without = "SAUF " if isinstance(query.query, Near | SameParagraph) else self.without  # - binds to one word
        return without + self._nested(query.query, And | Or)

    def _nested(self, query: Query, kinds: type[Query] | object) -> str:
        written = self.write(query)
        return f"({written})" if isinstance(query, kinds) else written  # type: ignore[arg-type]

    @write.register
    def _word(self, query: Word) -> str:
        return f"{_prefix(query.field)}{'=' if query.exact else ''}{_spelled(query)}"

    @write.register
    def _phrase(self, query: Phrase) -> str:
        if query.exact:
            return f'{_prefix(query.field)}"{_spaced(query)}"'
        written = "-".join(_spelled(word) for word in query.words)  # 2012-023, donne-lui
        found = words_of_query(written)
        if len(found) == 1 and found[0].joined is None and [token.surface for token in found[0].tokens] == _surfaces(query):
            return f"{_prefix(query.field)}{written}"
        return f'{_prefix(query.field)}~"{_spaced(query)}"'

    @write.register
    def _compound(self, query: Compound) -> str:
        written = compound_as_text(query) or "-".join(part.surface for part in query.parts)
        return f"{_prefix(query.field)}{'=' if query.exact else ''}{written}"

    @write.register
    def _near(self, query: Near) -> str:
        operator = f" {'ADJ' if query.ordered else 'PROCHE'}/{query.distance} "
        return self._nested(query.left, Or) + operator + self._nested(query.right, Or)

    @write.register
    def _same_paragraph(self, query: SameParagraph) -> str:
        return self._nested(query.left, Or) + " MEMEPAR " + self._nested(query.right, Or)

    @write.register
    def _at_least(self, query: AtLeast) -> str:
        return f"{self.write(query.word)}>={query.n}"

    @write.register
    def _pattern(self, query: Pattern) -> str:
        return f"{_prefix(query.field)}{query.glob}"

    @write.register
    def _fuzzy(self, query: Fuzzy) -> str:
        return f"{_prefix(query.field)}{spelled(query.surface) or query.surface}~{query.distance}"

    @write.register
    def _label(self, query: Label) -> str:
        return f"{_prefix(query.field)}{'=' if query.whole else ''}{_value(query.value)}"

    @write.register
    def _days(self, query: Days) -> str:
        return _prefix(query.field) + period_as_text(query.since, query.until)

    @write.register
    def _identifier(self, query: Identifier) -> str:
        return _prefix(query.field) + _value(query.value)


def _prefix(field: str | None) -> str:
    found = find_field(field) if field else None
    return f"{found.french}:" if found else ""


def _value(value: str) -> str:
    return value if _PLAIN_VALUE.fullmatch(value) else f'"{value}"'


@lru_cache(20_000)
def spelled(surface: str) -> str | None:
    """Return a spelling that the analysis reads as this one word, None when there is none."""
    for written in (surface, surface.replace(".", ","), surface.upper(), ".".join(surface[:8])):  # 3,524 · 2D, not 2d, the second · x.e
        if [token.surface for token in tokenize(written)] == [surface.lower()]:
            return written
    return None


@lru_cache(5_000)
def compound_as_text(compound: Compound) -> str | None:
    """Return a spelling that the analysis reads as this compound, None when there is none."""
    surfaces = [part.surface for part in compound.parts]
    hashtag = "#" + "".join(surface[:1].upper() + surface[1:] for surface in surfaces)
    for written in ("-".join(_spelled(part) for part in compound.parts), hashtag, "".join(surfaces)):
        found = words_of_query(written)
        if [word.joined for word in found] == [compound.joined.surface] and [token.surface for token in found[0].tokens] == surfaces:
            return written
    return None


def _spelled(word: Word) -> str:
    return spelled(word.surface) or word.surface


def _surfaces(phrase: Phrase) -> list[str]:
    return [word.surface for word in phrase.words]


def _spaced(phrase: Phrase) -> str:
    """Write the words of a phrase so that they are read apart again: « 300 | 000 » is not 300 000."""
    spellings = [_spelled(word) for word in phrase.words]
    for separator in (" ", " | "):
        written = separator.join(spellings)
        if [token.surface for token in tokenize(written) if not token.joined] == _surfaces(phrase):
            return written
    return " | ".join(spellings)


def _droppable(query: Query) -> bool:
    """Whether the parser would take a node, typed among words, for stop words."""
    if isinstance(query, Word):
        return query.field is None and not query.exact and query.stop
    if isinstance(query, Phrase | Compound) and query.field is None and not query.exact:
        return all(word.stop for word in (query.words if isinstance(query, Phrase) else query.parts))
    return False


def _content(query: Query) -> bool:
    return not isinstance(query, Every | Not | Label | Days | Identifier)
