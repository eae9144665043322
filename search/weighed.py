"""What does a word add to each article, and where does it stand there? Lists made once for each word, joined for each question. Pure.

A list of a frequent word is kept as an array over all articles too: then to look up what it adds to some is one gather, and to add it
to a union one sum, where the sparse list needs a search a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search.collection import Docs
from search.matches import NOTHING, Keys, union
from search.ranking import Floats

__all__ = ["FAR", "Standing", "Weighed", "joined", "standing_of", "summed"]

_FREQUENT: Final = 16  # one article in so many: from here on a list is kept over all articles too
_SPARSE: Final = 8  # a union of fewer than one article in so many is made without an array over all
_ENTRY_BYTES: Final = 500
FAR: Final = 1 << 28  # tokens: no text is so long; two places further apart stand in two fields
_FIELD_TOKENS: Final = 1 << 29
_ORDER: Final = ("headline", "body", "standfirst")


@dataclass(frozen=True, slots=True)
class Weighed:
    """The live articles of a node (ascending) and what it adds to the score of each, always more than 0.

    Shapes: scores f32 beside docs; dense f32[max_doc], 0 where the node is not, or None.
    """

    docs: Docs
    scores: Floats
    dense: Floats | None = None
    idf: float = 0.0

    @classmethod
    def kept(cls, docs: Docs, scores: Floats, idf: float, max_doc: int) -> Weighed:
        """Return a list that will be looked up often."""
        dense = None
        if docs.size * _FREQUENT > max_doc:
            dense = np.zeros(max_doc, np.float32)
            dense[docs] = scores
        return cls(docs, scores, dense, idf)

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.docs.nbytes + self.scores.nbytes + (0 if self.dense is None else self.dense.nbytes) + _ENTRY_BYTES

    def at(self, docs: Docs) -> Floats:
        """Return what the node adds to ``docs``, 0 where it is not."""
        if docs is self.docs:
            return self.scores
        if self.dense is not None:
            return self.dense.take(docs)
        if not self.docs.size:
            return np.zeros(docs.size, np.float32)
        at = self.docs.searchsorted(docs)
        found: Floats = self.scores.take(at, mode="clip")
        found *= self.docs.take(at, mode="clip") == docs
        return found


def joined(lists: Sequence[Weighed]) -> tuple[Docs, Floats]:
    """Return the articles that are in every list, and the sum of what each adds."""
    ordered = sorted(lists, key=lambda found: found.docs.size)
    docs, scores = ordered[0].docs, ordered[0].scores
    for other in ordered[1:]:
        if not docs.size:
            break
        more = other.at(docs)
        kept = (more > 0).nonzero()[0]
        if kept.size == docs.size:
            scores = scores + more
        else:
            docs, scores = docs[kept], scores[kept] + more[kept]
    return docs, scores


def summed(lists: Sequence[Weighed], plain: Sequence[Docs], max_doc: int) -> tuple[Docs, Floats]:
    """Return the articles that are in any list or in ``plain``, and the sum of what each list adds."""
    if sum(found.docs.size for found in lists) * _SPARSE < max_doc:
        docs = union([*(found.docs for found in lists), *plain], max_doc)
        scores = np.zeros(docs.size, np.float32)
        for found in lists:
            scores[docs.searchsorted(found.docs)] += found.scores
        return docs, scores
    total = np.zeros(max_doc, np.float32)
    for found in lists:
        if found.dense is None:
            total[found.docs] += found.scores
        else:
            total += found.dense
    there = total != 0
    for others in plain:
        there[others] = True
    docs = there.nonzero()[0]
    return docs.astype(np.int32), total[docs]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a node stands in headline, body and standfirst of articles: ``spots[starts[i]:starts[i + 1]]`` for ``docs[i]``.

    Spots ascend; they are numbered through the headline, then from 2**29 the body, then from 2**30 the standfirst, so that one
    subtraction compares any two and ``FAR`` tells that they stand in different fields.
    Shapes: docs i32[n] ascending; starts i32[n + 1]; spots i64.
    """

    docs: Docs
    starts: npt.NDArray[np.int32]
    spots: npt.NDArray[np.int64]

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return self.docs.nbytes + self.starts.nbytes + self.spots.nbytes + _ENTRY_BYTES

    def among(self, docs: Docs) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return (which of ``docs`` the node stands in, their ranks among its own)."""
        if not self.docs.size:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        at = self.docs.searchsorted(docs)
        rows = (self.docs.take(at, mode="clip") == docs).nonzero()[0]
        return rows, at[rows]

    def firsts(self, ranks: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Return the first place in the body of each article: 0 when it stands in the headline, -1 in the standfirst only."""
        spots = self.spots[self.starts[ranks]]
        return np.where(spots < _FIELD_TOKENS, 0, np.where(spots < 2 * _FIELD_TOKENS, spots - _FIELD_TOKENS, -1))


def standing_of(fields: Mapping[str, Keys]) -> Standing:
    """Return the places in several fields (ascending keys of each) as one list."""
    parts = [fields[name] + rank * _FIELD_TOKENS for rank, name in enumerate(_ORDER) if name in fields and fields[name].size]
    if not parts:
        return Standing(NOTHING.docs, np.zeros(1, np.int32), np.empty(0, np.int64))
    keys = np.concatenate(parts)
    if len(parts) > 1:
        keys.sort(kind="stable")  # a merge of a few runs
    docs = (keys >> 32).astype(np.int32)
    first = np.ones(docs.size, np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    starts = np.append(first.nonzero()[0], docs.size).astype(np.int32)
    return Standing(docs[starts[:-1]], starts, keys & 0xFFFFFFFF)
