"""How close together, and how early, do the words of the question stand? For the few articles whose order it may change."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from whoosh.query import And, Or, Query

from search.collection import Docs
from search.evaluate import Evaluation
from search.nodes import Compound, Phrase, Word
from search.ranking import Floats, closeness, lead, nearest_distances
from search.relaxing import MostOf
from search.weighed import FAR, Standing

__all__ = ["Pair", "Placed", "Rescoring", "rescore"]

MAX_WORDS: Final = 13
Asked = Word | Phrase | Compound
I64 = npt.NDArray[np.int64]
Among = tuple[Standing, npt.NDArray[np.intp], npt.NDArray[np.intp]]  # where a word stands, in which of the articles, at which ranks there


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
    """Return what is added to ``docs`` (ascending), in their order."""
    words = _neighbours(query)
    if not words or not docs.size:
        return Rescoring(np.zeros(docs.size, np.float32))
    standing: list[Among] = []
    firsts: list[I64] = []
    for word in words:
        found = evaluation.standing(word, docs)
        rows, ranks = found.among(docs)
        first = np.full(docs.size, -1, np.int64)
        first[rows] = found.firsts(ranks)
        firsts.append(first)
        standing.append((found, rows, ranks))
    weights = [evaluation.idf(word) for word in words]
    bonus = lead(firsts, weights, evaluation.constants)
    places = tuple(map(Placed, words, firsts, weights))
    if len(words) == 1:
        return Rescoring(bonus, (), places)
    distances = _distances(standing, docs.size)
    lighter = [min(pair) for pair in pairwise(weights)]
    bonus += closeness(distances, lighter, evaluation.constants)
    return Rescoring(bonus, tuple(map(Pair, pairwise(words), distances, lighter)), places)


def _distances(standing: list[Among], count: int) -> list[I64]:
    """Return the smallest distances of all neighbours per article: every pair has rows of its own, and all are measured at once."""
    sizes = [found.starts[ranks + 1] - found.starts[ranks] for found, _, ranks in standing]
    rows = np.concatenate([row + at * count for at, (_, row, _) in enumerate(standing)])
    length = np.concatenate(sizes)
    ends = length.cumsum()
    starts = np.concatenate([found.starts[ranks] for found, _, ranks in standing])
    inside = (starts - ends + length).repeat(length) + np.arange(int(ends[-1]) if ends.size else 0)
    bounds = np.concatenate(([0], np.cumsum([int(size.sum()) for size in sizes])))
    spots = np.concatenate([found.spots[inside[bounds[at] : bounds[at + 1]]] for at, (found, _, _) in enumerate(standing)])
    rows = rows.repeat(length)
    last, first = bounds[-2], bounds[1]
    # the rows of the words but the last stand beside those of the words but the first, a pair further down
    nearest = nearest_distances(rows[:last], spots[:last], rows[first:] - count, spots[first:], (len(standing) - 1) * count)
    nearest[nearest > FAR] = 0
    return list(nearest.reshape(-1, count))


def _neighbours(query: Query) -> list[Asked]:
    """Return the first words of the question in the order they were typed; not those inside another OR or NOT."""
    if isinstance(query, MostOf):
        children = query.nodes
    else:
        children = tuple(query.subqueries) if isinstance(query, And | Or) else (query,)
    return [child for child in children if isinstance(child, Word | Phrase | Compound)][:MAX_WORDS]
