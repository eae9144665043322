"""How close together, and how early, do the words of the question stand? For the few articles whose order it may change."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from whoosh.query import And, Or, Query

from indexer.schema import TEXT_FIELDS
from search.collection import Docs
from search.evaluate import Evaluation
from search.matches import contained
from search.nodes import Compound, Phrase, Word, in_field
from search.ranking import Floats, closeness, lead, nearest_distances
from search.relaxing import MostOf

__all__ = ["Pair", "Placed", "Rescoring", "rescore"]

MAX_WORDS: Final = 13
Asked = Word | Phrase | Compound
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbouring words of a question: smallest distance per article (0 = not both in one field), and their weight."""

    words: tuple[Asked, Asked]
    distances: I64
    weight: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A word of a question: its first place in the body per article (0 in the headline, -1 = in neither), and its weight."""

    word: Asked
    firsts: I64
    weight: float


@dataclass(frozen=True, slots=True)
class Rescoring:
    """What closeness and early places add to some articles, and of what it is made."""

    bonus: Floats
    pairs: tuple[Pair, ...] = ()
    places: tuple[Placed, ...] = ()


def rescore(evaluation: Evaluation, query: Query, docs: Docs) -> Rescoring:
    """Return what is added to ``docs``, in their order."""
    words = _neighbours(query)
    if not words or not docs.size:
        return Rescoring(np.zeros(docs.size, np.float32))
    order = np.argsort(docs)
    ascending = docs[order]
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    nearest = [np.zeros(docs.size, np.int64) for _ in words[1:]]
    firsts = [np.full(docs.size, -1, np.int64) for _ in words]
    for field in TEXT_FIELDS:
        if field == "headline":  # a word alone only needs to be there
            standing = [_standing(evaluation, word, field, ascending) for word in words]
            for first, there in zip(firsts, standing, strict=True):
                first[there] = 0
            if np.count_nonzero(np.add.reduce(standing, dtype=np.int64) > 1) == 0:
                continue
        elif field != "body" and len(words) == 1:
            continue
        placed = [_rows(evaluation, word, field, ascending) for word in words]
        for at, ((rows_a, places_a), (rows_b, places_b)) in enumerate(pairwise(placed)):
            found = nearest_distances(rows_a, places_a, rows_b, places_b, docs.size)
            nearest[at] = np.where((found > 0) & ((nearest[at] == 0) | (found < nearest[at])), found, nearest[at])
        if field == "body":
            for first, (rows, found_at) in zip(firsts, placed, strict=True):
                _note_firsts(first, rows, found_at)
    weights = [evaluation.idf(word) for word in words]
    pairs = tuple(Pair((words[at], words[at + 1]), nearest[at][back], min(weights[at], weights[at + 1])) for at in range(len(words) - 1))
    places = tuple(Placed(word, first[back], weight) for word, first, weight in zip(words, firsts, weights, strict=True))
    bonus = lead([place.firsts for place in places], weights, evaluation.constants)
    if pairs:
        bonus += closeness([pair.distances for pair in pairs], [pair.weight for pair in pairs], evaluation.constants)
    return Rescoring(bonus, pairs, places)


def _standing(evaluation: Evaluation, word: Asked, field: str, docs: Docs) -> npt.NDArray[np.bool_]:
    """Tell which of ``docs`` have a word in one field."""
    if word.field not in (None, field):
        return np.zeros(docs.size, np.bool_)
    having = evaluation.occurrences(cast(Asked, in_field(word, field))).docs
    return contained(docs, having, evaluation.collection.max_doc)


def _rows(evaluation: Evaluation, word: Asked, field: str, docs: Docs) -> tuple[I64, I64]:
    """Return article (its rank among ``docs``) and position of every place of a word in one field."""
    if word.field not in (None, field):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = evaluation.places_in(word, field, docs).keys
    return np.searchsorted(docs, (keys >> 32).astype(np.int32)).astype(np.int64), keys & 0xFFFFFFFF


def _note_firsts(firsts: I64, rows: I64, places: I64) -> None:
    """Note the first place of each row that has none yet."""
    distinct, at = np.unique(rows, return_index=True)
    unknown = firsts[distinct] < 0
    firsts[distinct[unknown]] = places[at[unknown]]


def _neighbours(query: Query) -> list[Asked]:
    """Return the words of the question that were typed one after the other, outside OR and NOT."""
    if isinstance(query, MostOf):
        children = query.nodes
    else:
        children = tuple(query.subqueries) if isinstance(query, And | Or) else (query,)
    return [child for child in children if isinstance(child, Word | Phrase | Compound)][:MAX_WORDS]
