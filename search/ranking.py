"""Which article first? One formula over what the evaluation counted; pure arithmetic on arrays.

    score(article) = Σ words [ Σ forms  WEIGHT(form) * idf(form) * tf~ / (K1 + tf~) ]  +  closeness  +  lead

The forms of a word are its inflection class, its exact folded form (the same word before its family) and, when accents were
typed, its accented form (côte before côté). ``tf~`` is BM25F's pseudo-frequency: occurrences in headline, standfirst and body,
each divided by how long that field is, weighted and added *before* saturation, so that a word in the headline counts more but
three fields never count thrice. Closeness adds, for neighbouring words of the question, what their smallest distance in the text deserves; lead adds what a word
deserves that stands in the headline or early in the body, because the press says first what an article is about. Both are computed for the ``RESCORED``
best by the rest of the formula only: nobody reads on to where they would change nothing.

Source: BM25F as in Robertson & Zaragoza, "The Probabilistic Relevance Framework" (2009), section 3.6; idf with the +1 inside
the logarithm (never negative), as Lucene has it. The constants were calibrated together with ``bench/quality.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "CONSTANTS",
    "RESCORED",
    "Constants",
    "Floats",
    "closeness",
    "field_norms",
    "idf",
    "nearest_distances",
    "saturated",
]

Floats = npt.NDArray[np.float32]

_NO_GAP: Final = np.iinfo(np.int64).max
RESCORED: Final = 200  # articles whose order closeness may change


@dataclass(frozen=True, slots=True)
class Constants:
    """The numbers of the formula; they were chosen as a set, so change them as a set and run the quality gate."""

    k1: float = 1.2
    length: Mapping[str, float] = field(default_factory=lambda: {"headline": 0.3, "standfirst": 0.5, "body": 0.75})
    weight: Mapping[str, float] = field(default_factory=lambda: {"headline": 2.5, "standfirst": 1.5, "body": 1.0})
    exact: float = 0.35
    accent: float = 0.25
    pattern: float = 0.5  # a word of a prefix, wildcard or fuzzy search counts half a word that was typed
    close: float = 0.6
    lead: float = 0.6
    lead_tokens: float = 100.0  # where the worth of an early place has fallen to a half


CONSTANTS: Final = Constants()


def idf(articles: int, having: int) -> float:
    """Return the weight of a word that ``having`` of ``articles`` contain; 0 < idf."""
    return float(np.log1p((articles - having + 0.5) / (having + 0.5)))


def field_norms(lengths: npt.NDArray[np.int32], average: float, name: str, constants: Constants = CONSTANTS) -> Floats:
    """Return weight / (1 - b + b * length / average) per article: what one occurrence in this field adds to tf~.

    Shapes: like ``lengths``.
    """
    b = constants.length[name]
    return (constants.weight[name] / ((1 - b) + (b / average) * lengths.astype(np.float32))).astype(np.float32)


def saturated(pseudo: Floats, weight: float, constants: Constants = CONSTANTS) -> Floats:
    """Return ``weight * tf~ / (K1 + tf~)``."""
    return (np.float32(weight) * pseudo / (np.float32(constants.k1) + pseudo)).astype(np.float32)


def closeness(distances: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], constants: Constants = CONSTANTS) -> Floats:
    """Return what the closeness of neighbouring words adds: Σ pairs ``close * weight / distance``.

    ``distances[i]`` are the smallest distances of pair ``i`` per article (1 = side by side, 0 = not both there),
    ``weights[i]`` the smaller idf of the two.
    """
    gaps = np.array(distances).astype(np.float32)
    worth = (np.float32(constants.close) * np.array(weights, np.float32))[:, None] / np.maximum(gaps, 1)
    added: Floats = np.where(gaps > 0, worth, np.float32(0)).sum(axis=0, dtype=np.float32)
    return added


def lead(firsts: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], constants: Constants = CONSTANTS) -> Floats:
    """Return what early places add: Σ words ``lead * weight / (1 + place / lead_tokens)``.

    ``firsts[i]`` are the first places of word ``i`` (0 = in the headline or first in the body, -1 = not there), ``weights[i]`` its idf.
    """
    places = np.array(firsts).astype(np.float32)
    worth = (np.float32(constants.lead) * np.array(weights, np.float32))[:, None] / (1 + places / np.float32(constants.lead_tokens))
    added: Floats = np.where(places >= 0, worth, np.float32(0)).sum(axis=0, dtype=np.float32)
    return added


def nearest_distances(
    rows_a: npt.NDArray[np.int64],
    places_a: npt.NDArray[np.int64],
    rows_b: npt.NDArray[np.int64],
    places_b: npt.NDArray[np.int64],
    count: int,
) -> npt.NDArray[np.int64]:
    """Return per row (article) the smallest distance between a place of ``a`` and one of ``b``; 0 where one is missing.

    Shapes: ``rows_x`` ascending and beside ``places_x``; the answer int64[count]. A word standing twice is not near itself:
    equal places do not count.
    """
    nearest = np.zeros(count, np.int64)
    keys_a, keys_b = rows_a << 32 | places_a, rows_b << 32 | places_b
    if not keys_a.size or not keys_b.size:
        return nearest
    left, right = keys_b.searchsorted(keys_a) - 1, keys_b.searchsorted(keys_a, side="right")
    before, after = keys_b.take(left, mode="clip"), keys_b.take(right, mode="clip")
    gaps = np.minimum(
        np.where((before >> 32 == rows_a) & (before < keys_a), keys_a - before, _NO_GAP),
        np.where((after >> 32 == rows_a) & (after > keys_a), after - keys_a, _NO_GAP),
    )
    starts = np.concatenate(([0], (rows_a[1:] != rows_a[:-1]).nonzero()[0] + 1))
    smallest = np.minimum.reduceat(gaps, starts)
    nearest[rows_a[starts]] = np.where(smallest == _NO_GAP, 0, smallest)
    return nearest
