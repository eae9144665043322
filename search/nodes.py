"""What can a question ask of an article? One node class for each meaning; the engines evaluate them one by one.

A query tree is made of these nodes under Whoosh's ``And``, ``Or``, ``Not``, ``Every`` and ``NullQuery``. The nodes are
frozen values (equality, hash and repr by value) that carry no index and no engine: the local engine and the cluster each
have one ``functools.singledispatch`` over them.

``field`` is an English name of the field table, or None for headline, standfirst and body together. A node of several
words with ``field=None`` needs all of them inside the *same* text field.

Nodes that have places in a text (``Positional``): ``Word``, ``Phrase``, ``Compound``, ``Pattern``, ``Fuzzy``, and an
``Or`` of them. Only these are operands of ``Near`` and ``SameParagraph``; operands have the ``field`` of their node.

``conjunction``, ``disjunction`` and ``negation`` build the normal form that the parser gives: no ``And`` inside an
``And``, no ``Or`` inside an ``Or``, no twins, no ``Not`` of a ``Not``, and an exclusion alone is ``Every`` minus.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import accent_term, fold, is_stop, term, tokenize

__all__ = [
    "AtLeast",
    "Compound",
    "Days",
    "Fuzzy",
    "Identifier",
    "Label",
    "Near",
    "Node",
    "Pattern",
    "Phrase",
    "SameParagraph",
    "Word",
    "as_typed",
    "conjunction",
    "disjunction",
    "in_field",
    "is_positional",
    "label_words",
    "leaves",
    "negation",
]


class Node(Query):
    """One meaning; ``field`` replaces Whoosh's method of that name, which only its own parser needs."""

    field: str | None
    boost = 1.0

    def __ne__(self, other: object) -> bool:  # Whoosh's would take NotImplemented for True
        return not self == other

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, repr=True)
class Word(Node):
    """One word: by its inflection class, or (``exact``) by its exact folded form.

    ``surface`` is a token as the analysis prints it (``migrants``, ``20e``, ``maïs``); it is capitalised only where the
    capital decides (« Est » is a place, « est » a stop word).
    """

    surface: str
    field: str | None = None
    exact: bool = False

    @cached_property
    def folded(self) -> str:
        """The exact folded form: the term of the exact field."""
        return fold(self.surface)

    @cached_property
    def term_(self) -> str:
        """The inflection class: the term of the text field."""
        return term(self.folded)

    @cached_property
    def accent(self) -> str | None:
        """The accent term, when accents were typed and the folded form has several spellings: a bonus, unless required."""
        surface = self.surface.lower()
        return accent_term(surface) if surface != self.folded else None

    @cached_property
    def required_accent(self) -> bool:
        """Whether the accent decides: the folded form is a stop word, the typed one is not (« maïs » is not « mais »)."""
        return self.accent is not None and is_stop(self.folded) and not is_stop(self.surface.lower())

    @cached_property
    def stop(self) -> bool:
        """Whether this is a stop word as typed."""
        return is_stop(self.surface.lower(), self.surface)


@dataclass(frozen=True)
class Phrase(Node):
    """Words at consecutive positions: exact folded forms (quotes) or inflection classes (``exact=False``)."""

    words: tuple[Word, ...]
    field: str | None = None
    exact: bool = True


@dataclass(frozen=True)
class Compound(Node):
    """A word written in parts: « vice-président » = the parts at consecutive positions OR the joined form."""

    parts: tuple[Word, ...]
    joined: Word
    field: str | None = None
    exact: bool = False

    @cached_property
    def phrase(self) -> Phrase:
        """The parts as a phrase."""
        return Phrase(self.parts, self.field, self.exact)


@dataclass(frozen=True)
class Near(Node):
    """Two positional operands in one text field with at most ``distance`` tokens between them.

    For words at positions p and q: ``1 <= |p - q| <= distance + 1`` (``1 <= q - p`` when ``ordered``); for longer operands the
    tokens counted lie between the end of the first and the start of the second, and they never overlap. A paragraph
    end counts as the gap that the analysis puts there.
    """

    left: Query
    right: Query
    distance: int
    ordered: bool = False
    field: str | None = None


@dataclass(frozen=True)
class SameParagraph(Node):
    """Two positional operands in one paragraph of one text field, in any order."""

    left: Query
    right: Query
    field: str | None = None


@dataclass(frozen=True)
class AtLeast(Node):
    """A ``Word``, ``Phrase`` or ``Compound`` found at least ``n`` times in an article (its text fields counted together)."""

    word: Word | Phrase | Compound
    n: int

    @property
    def field(self) -> str | None:  # type: ignore[override]
        """The field of the word counted."""
        return self.word.field


@dataclass(frozen=True)
class Pattern(Node):
    """Exact folded forms that look like ``glob``: ``*`` any letters or none, ``?`` exactly one; the rest is literal, folded."""

    glob: str
    field: str | None = None


@dataclass(frozen=True)
class Fuzzy(Node):
    """Exact folded forms within ``distance`` (1 or 2) insertions, deletions, substitutions or swaps; the first letter is the same."""

    surface: str
    distance: int = 1
    field: str | None = None

    @cached_property
    def folded(self) -> str:
        """The exact folded form the others are compared with."""
        return fold(self.surface)


@dataclass(frozen=True)
class Label(Node):
    """A value of ``field`` that contains every word of ``value``, blind to case, accents and elision, or (``whole``) is it."""

    field: str = dataclasses.field()  # without a default: Whoosh's method of that name is not one
    value: str
    whole: bool = False

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What to look for in ``label_words`` of each value of an article."""
        return label_words(self.value)


@dataclass(frozen=True)
class Days(Node):
    """The day of ``field`` is known and lies between ``since`` and ``until``, both included; None is an open end."""

    field: str = dataclasses.field()  # without a default: Whoosh's method of that name is not one
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class Identifier(Node):
    """``doc_id`` or ``url`` is exactly ``value``."""

    field: str = dataclasses.field()  # without a default: Whoosh's method of that name is not one
    value: str


def label_words(value: str) -> tuple[str, ...]:
    """Return the folded words of a label value, in order: « L’Essor du Mali » -> essor, du, mali."""
    return tuple(fold(token.surface) for token in tokenize(value) if not token.joined)


def is_positional(query: Query) -> bool:
    """Tell whether a node may be an operand of ``Near`` or ``SameParagraph``."""
    if isinstance(query, Or):
        return all(is_positional(child) for child in query.children())
    return isinstance(query, Word | Phrase | Compound | Pattern | Fuzzy)


def conjunction(queries: Iterable[Query]) -> Query:
    """Return the normal form of « all of these »; nothing at all asked is ``Every``."""
    kept = list(_flat(queries, And))
    if any(query == NullQuery for query in kept):
        return NullQuery
    kept = [query for query in kept if not isinstance(query, Every)]
    if all(isinstance(query, Not) for query in kept):
        kept.insert(0, Every())
    return kept[0] if len(kept) == 1 else And(kept)


def disjunction(queries: Iterable[Query]) -> Query:
    """Return the normal form of « any of these »; no choice at all is ``NullQuery``."""
    kept = [query for query in _flat(queries, Or) if query != NullQuery]
    if any(isinstance(query, Every) for query in kept):
        return Every()
    if not kept:
        return NullQuery
    return kept[0] if len(kept) == 1 else Or(kept)


def negation(query: Query) -> Query:
    """Return the normal form of « not this », as it stands alone: ``Every`` minus it."""
    if isinstance(query, Every):
        return NullQuery
    if query == NullQuery:
        return Every()
    if isinstance(query, And) and isinstance(query.subqueries[0], Every):
        return disjunction(child.query for child in query.subqueries[1:] if isinstance(child, Not))
    return And([Every(), Not(query)])


def _flat(queries: Iterable[Query], kind: type[And] | type[Or]) -> Iterator[Query]:
    seen: set[Query] = set()
    for query in queries:
        for child in query.children() if isinstance(query, kind) else (query,):
            if child not in seen:
                seen.add(child)
                yield child


def in_field(query: Query, field: str | None) -> Query:
    """Return a positional node asked in ``field`` instead."""
    if isinstance(query, Or):
        return disjunction(in_field(child, field) for child in query.children())
    if isinstance(query, Phrase):
        return replace(query, words=tuple(replace(word, field=field) for word in query.words), field=field)
    if isinstance(query, Compound):
        parts = tuple(replace(part, field=field) for part in query.parts)
        return replace(query, parts=parts, joined=replace(query.joined, field=field), field=field)
    if isinstance(query, Word | Pattern | Fuzzy):
        return replace(query, field=field)
    return query


def as_typed(query: Query) -> Query:
    """Return what a question asks of an article in another language than French: every word by its exact form."""
    if isinstance(query, And | Or):
        return type(query)([as_typed(child) for child in query.subqueries])
    if isinstance(query, Near | SameParagraph):
        return replace(query, left=as_typed(query.left), right=as_typed(query.right))
    if isinstance(query, Word):
        return query if query.exact or query.required_accent else replace(query, exact=True)
    if isinstance(query, Phrase):
        return replace(query, words=tuple(cast(Word, as_typed(word)) for word in query.words), exact=True)
    if isinstance(query, Compound):
        parts = tuple(cast(Word, as_typed(part)) for part in query.parts)
        return replace(query, parts=parts, joined=cast(Word, as_typed(query.joined)), exact=True)
    return replace(query, word=as_typed(query.word)) if isinstance(query, AtLeast) else query


def leaves(query: Query) -> Iterator[Node]:
    """Yield the nodes that are asked for, in order: through And, Or, Near, SameParagraph and AtLeast, never into a Not."""
    if isinstance(query, And | Or):
        for child in query.children():
            yield from leaves(child)
    elif isinstance(query, Near | SameParagraph):
        yield from leaves(query.left)
        yield from leaves(query.right)
    elif isinstance(query, AtLeast):
        yield from leaves(query.word)
    elif isinstance(query, Node):
        yield query
