"""How close do the words of the question stand in an article? Distances of neighbouring words, for a few articles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from whoosh.query import And, Or, Query

from indexer.schema import TEXT_FIELDS
from search.collection import Docs
from search.evaluate import Evaluation
from search.nodes import Compound, Phrase, Word
from search.ranking import nearest_distances
from search.relaxing import MostOf

__all__ = ["Pair", "close_pairs"]

MAX_PAIRS: Final = 12


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbouring words of a question: smallest distance per article (0 = not both in one field), and their weight."""

    words: tuple[Word | Phrase | Compound, Word | Phrase | Compound]
    distances: npt.NDArray[np.int64]
    weight: float


def close_pairs(evaluation: Evaluation, query: Query, docs: Docs) -> list[Pair]:
    """Return the pairs of neighbouring words of a question with their distances in ``docs`` (in that order)."""
    words = _neighbours(query)
    if len(words) < 2 or not docs.size:
        return []
    order = np.argsort(docs)
    ascending = docs[order]
    nearest = [np.zeros(docs.size, np.int64) for _ in words[1:]]
    for field in TEXT_FIELDS:
        rows_places = [_rows(evaluation, word, field, ascending) for word in words]
        for at, ((rows_a, places_a), (rows_b, places_b)) in enumerate(pairwise(rows_places)):
            found = nearest_distances(rows_a, places_a, rows_b, places_b, docs.size)
            nearest[at] = np.where((found > 0) & ((nearest[at] == 0) | (found < nearest[at])), found, nearest[at])
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    weights = [evaluation.idf(word) for word in words]
    return [Pair((words[at], words[at + 1]), nearest[at][back], min(weights[at], weights[at + 1])) for at in range(len(words) - 1)]


def _rows(
    evaluation: Evaluation, word: Word | Phrase | Compound, field: str, docs: Docs
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if word.field not in (None, field):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = evaluation.places(word, field, docs).keys
    return np.searchsorted(docs, (keys >> 32).astype(np.int32)).astype(np.int64), keys & 0xFFFFFFFF


def _neighbours(query: Query) -> list[Word | Phrase | Compound]:
    """Return the words of the question that were typed one after the other, outside OR and NOT."""
    if isinstance(query, MostOf):
        children = query.nodes
    else:
        children = tuple(query.subqueries) if isinstance(query, And) or (isinstance(query, Or) and query.subqueries) else (query,)
    return [child for child in children if isinstance(child, Word | Phrase | Compound)][: MAX_PAIRS + 1]
