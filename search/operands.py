"""Which node is one word, one phrase or one pattern of a question? The analysis of the articles, applied to what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import QueryWord, fold, tokenize
from search.nodes import Compound, Days, Identifier, Label, Phrase, Word
from search.understood import compound_as_text, spelled

__all__ = ["glob_of", "is_scored", "word_of", "words_in"]

_ELISION: Final = re.compile(r"(?:[ldjmtnscz]|qu|jusqu|lorsqu|puisqu|quoiqu)['’ʼ](?=[aeiouyhàâäáæéèêëîïíôöóœùûüú])", re.IGNORECASE)


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
