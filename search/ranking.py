"""Which article first? One formula over what the evaluation counted; pure arithmetic on arrays.

    score(article) = coverage ** COVERAGE * Σ words [ Σ forms  WEIGHT(form) * idf(form) * tf~ / (K1 + tf~) ]  +  closeness  +  lead

The forms of a word are its inflection class, its exact folded form (the same word before its family) and, when accents were
typed, its accented form (côte before côté). ``tf~`` is BM25F's pseudo-frequency: occurrences in headline, standfirst and body,
each divided by how long that field is, weighted and added *before* saturation, so that a word in the headline counts more but
three fields never count thrice. Coverage is the share of the asked idf that the article has (1 when it has every word).
Closeness adds, for neighbouring words of the question, what their smallest distance in the text deserves; lead adds what a word
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
    "coverage_factor",
    "field_norms",
    "idf",
    "nearest_distances",
    "saturated",
]

Floats = npt.NDArray[np.float32]

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
    coverage: float = 0.0
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


def coverage_factor(found: Floats, asked: float, constants: Constants = CONSTANTS) -> Floats:
    """Return the factor for articles that have ``found`` of the ``asked`` idf; 1 where they have all of it."""
    if asked <= 0.0 or not constants.coverage:
        return np.ones_like(found)
    factor: Floats = np.minimum(np.float32(1), found / np.float32(asked)) ** np.float32(constants.coverage)
    return factor


def closeness(distances: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], constants: Constants = CONSTANTS) -> Floats:
    """Return what the closeness of neighbouring words adds: Σ pairs ``close * weight / distance``.

    ``distances[i]`` are the smallest distances of pair ``i`` per article (1 = side by side, 0 = not both there),
    ``weights[i]`` the smaller idf of the two.
    """
    total = np.zeros(distances[0].shape, np.float32)
    for distance, weight in zip(distances, weights, strict=True):
        total += np.where(distance > 0, np.float32(constants.close * weight) / np.maximum(distance, 1).astype(np.float32), np.float32(0))
    return total


def lead(firsts: Sequence[npt.NDArray[np.int64]], weights: Sequence[float], constants: Constants = CONSTANTS) -> Floats:
    """Return what early places add: Σ words ``lead * weight / (1 + place / lead_tokens)``.

    ``firsts[i]`` are the first places of word ``i`` (0 = in the headline or first in the body, -1 = not there), ``weights[i]`` its idf.
    """
    total = np.zeros(firsts[0].shape, np.float32)
    for first, weight in zip(firsts, weights, strict=True):
        early = np.float32(constants.lead * weight) / (1 + first.astype(np.float32) / np.float32(constants.lead_tokens))
        total += np.where(first >= 0, early, np.float32(0))
    return total


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
    nearest = np.full(count, np.iinfo(np.int64).max)
    keys_a, keys_b = rows_a << 32 | places_a, rows_b << 32 | places_b
    if keys_a.size and keys_b.size:
        left = np.searchsorted(keys_b, keys_a, side="left") - 1
        right = np.searchsorted(keys_b, keys_a, side="right")
        for at, there in ((left, left >= 0), (right, right < keys_b.size)):
            other = keys_b[np.clip(at, 0, keys_b.size - 1)]
            ok = there & (other >> 32 == rows_a)
            np.minimum.at(nearest, rows_a[ok], np.abs(other[ok] - keys_a[ok]))
    return np.where(nearest == np.iinfo(np.int64).max, 0, nearest)
