"""Where in the texts does a node stand? Every node that has places, on arrays of keys (article and position).

Only words are read from the index; a phrase, a compound or two operands near each other are made of the places of their words, in the
articles that have all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Final, Protocol

import numpy as np
from whoosh.query import Or, Query

from indexer.schema import PARAGRAPH_TERM, exact_field
from search.collection import Collection, Docs, class_as_typed
from search.matches import NOWHERE, Keys, Places, among, follows_within, intersection, keys_of
from search.nodes import Compound, Fuzzy, Near, Pattern, Phrase, SameParagraph, Word, in_field

__all__ = ["KEPT_DOCS", "Source", "places", "term_of"]

KEPT_DOCS: Final = 200_000  # articles: the places of a term in more are looked up for each question
_FEW: Final = 8  # times as many articles have a term as are asked about: then its places in those are looked up, and not all read
_PHRASE_CHUNK: Final = 20_000  # articles whose positions are compared between two looks at the clock


class Source(Protocol):
    """What the places are read from: one question put to one collection."""

    @property
    def collection(self) -> Collection: ...
    def match(self, node: Query) -> Docs: ...
    def expanded(self, node: Pattern | Fuzzy, field: str) -> list[str]:
        """Return the terms that a pattern or a misspelling stands for."""

    def late(self) -> bool:
        """Tell whether the time of the question is over."""


@singledispatch
def places(node: Query, source: Source, field: str, docs: Docs | None = None) -> Places:
    """Return where a positional node stands in one text field, in all articles or in ``docs`` only."""
    raise TypeError(f"{type(node).__name__} has no places")


@places.register
def _of_word(node: Word, source: Source, field: str, docs: Docs | None = None) -> Places:
    keys = _keys(source.collection, *term_of(node, field), docs)
    return Places(keys, np.zeros(keys.size, np.int64))


def term_of(word: Word, field: str) -> tuple[str, str]:
    """Return the index field and the term under which a word is looked up in a text field."""
    if word.required_accent:
        return exact_field(field), word.accent or ""
    return (exact_field(field), word.folded) if word.exact else (field, class_as_typed(word.term_, word.folded))


def _keys(collection: Collection, field: str, text: str, docs: Docs | None) -> Keys:
    """Return the places of a term, in all articles or in ``docs``; those of a term that is not too frequent are kept whole."""
    keys: Keys | None = collection.hot.get(("keys", field, text))
    if keys is None:
        if docs is not None:
            having = collection.doc_freq(field, text)
            if having > KEPT_DOCS or docs.size * _FEW < having:
                return keys_of(collection.positions(field, text, docs))
        keys = keys_of(collection.positions(field, text))
        collection.hot.put(("keys", field, text), keys, 8 * keys.size + 500)
    if docs is None or not keys.size:
        return keys
    wide = docs.astype(np.int64) << 32
    starts = keys.searchsorted(wide)
    sizes = keys.searchsorted(wide + (1 << 32)) - starts
    ends = sizes.cumsum()
    inside: Keys = keys[(starts - ends + sizes).repeat(sizes) + np.arange(int(ends[-1]) if ends.size else 0)]
    return inside


@places.register(Pattern)
@places.register(Fuzzy)
def _of_expanded(node: Pattern | Fuzzy, source: Source, field: str, docs: Docs | None = None) -> Places:
    name = exact_field(field)
    parts = [keys_of(source.collection.positions(name, text, docs)) for text in source.expanded(node, name) if not source.late()]
    keys = np.unique(np.concatenate([NOWHERE.keys, *parts]))
    return Places(keys, np.zeros(keys.size, np.int64))


@places.register
def _of_phrase(node: Phrase, source: Source, field: str, docs: Docs | None = None) -> Places:
    candidates = _candidates(node.words, source, field, docs)
    ranked = sorted(enumerate(node.words), key=lambda item: source.collection.doc_freq(*term_of(item[1], field)))
    parts = []
    for start in range(0, candidates.size, _PHRASE_CHUNK):
        if source.late():
            break
        chunk = candidates[start : start + _PHRASE_CHUNK]
        keys: Keys | None = None
        for rank, word in ranked:
            shifted = places(word, source, field, chunk).keys - rank
            keys = shifted if keys is None else keys[among(keys, shifted)]
            if not keys.size:
                break
            chunk = _docs_of(keys + rank)
        parts.append(NOWHERE.keys if keys is None else keys)
    keys = parts[0] if len(parts) == 1 else np.concatenate([NOWHERE.keys, *parts])
    return Places(keys, np.full(keys.size, len(node.words) - 1, np.int64))


@places.register
def _of_compound(node: Compound, source: Source, field: str, docs: Docs | None = None) -> Places:
    return _merged([places(node.phrase, source, field, docs), places(node.joined, source, field, docs)])


@places.register
def _of_or(node: Or, source: Source, field: str, docs: Docs | None = None) -> Places:
    return _alternatives([places(child, source, field, docs) for child in node.subqueries if not source.late()])


@places.register
def _of_near(node: Near, source: Source, field: str, docs: Docs | None = None) -> Places:
    left, right = _operands(node, source, field, docs)
    found = [_taken(left, follows_within(left, right, node.distance))]
    if not node.ordered:
        found.append(_taken(right, follows_within(right, left, node.distance)))
    return _merged(found)


@places.register
def _of_same_paragraph(node: SameParagraph, source: Source, field: str, docs: Docs | None = None) -> Places:
    left, right = _operands(node, source, field, docs)
    common = np.intersect1d(left.docs, right.docs)
    starts = keys_of(source.collection.positions(exact_field(field), PARAGRAPH_TERM, common)) if common.size else NOWHERE.keys
    number_left, number_right = (_paragraphs(starts, side) for side in (left, right))
    return _taken(left, np.isin(number_left, number_right))


def _operands(node: Near | SameParagraph, source: Source, field: str, docs: Docs | None) -> tuple[Places, Places]:
    candidates = _candidates((node.left, node.right), source, field, docs)
    return places(node.left, source, field, candidates), places(node.right, source, field, candidates)


def _candidates(nodes: Sequence[Query], source: Source, field: str, docs: Docs | None) -> Docs:
    """Return the articles that have every operand in this field, so that only their positions are read."""
    if any(isinstance(node, Word) and not source.collection.doc_freq(*term_of(node, field)) for node in nodes):
        return NOWHERE.docs
    sets = [source.match(in_field(node, field)) for node in nodes]
    return intersection(sets if docs is None else [docs, *sets], source.collection.max_doc)


def _docs_of(keys: Keys) -> Docs:
    """Return the articles of ascending keys, each once."""
    docs = (keys >> 32).astype(np.int32)
    first = np.ones(docs.size, np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    return docs[first]


def _alternatives(parts: Sequence[Places]) -> Places:
    """Return the places of any of several: what begins at one token with another length is another place."""
    keys = np.concatenate([NOWHERE.keys, *(part.keys for part in parts)])
    spans = np.concatenate([NOWHERE.spans, *(part.spans for part in parts)])
    order = np.lexsort((spans, keys))
    keys, spans = keys[order], spans[order]
    first = np.ones(keys.size, np.bool_)
    first[1:] = (keys[1:] != keys[:-1]) | (spans[1:] != spans[:-1])
    return Places(keys[first], spans[first])


def _merged(parts: Sequence[Places]) -> Places:
    """Return the places of several counted once for each token that one begins at; the longest stays."""
    every = _alternatives(parts)
    last = np.ones(every.keys.size, np.bool_)
    last[:-1] = every.keys[1:] != every.keys[:-1]
    return _taken(every, last)


def _taken(found: Places, kept: np.typing.NDArray[np.bool_]) -> Places:
    return Places(found.keys[kept], found.spans[kept])


def _paragraphs(starts: Keys, found: Places) -> Keys:
    """Return which paragraph (article and rank) each place stands in."""
    return (found.keys >> 32) << 32 | np.searchsorted(starts, found.keys, side="right")
