"""Sets of articles and places in them, as sorted arrays: how are they joined, cut and counted?

``Occurrences`` says how often something stands in which articles, ``Places`` where. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from search.collection import Docs, Positions
from search.ranking import Floats

__all__ = [
    "NOTHING",
    "NOWHERE",
    "Keys",
    "Occurrences",
    "Places",
    "added",
    "among",
    "contained",
    "difference",
    "follows_within",
    "intersection",
    "keys_of",
    "union",
    "values_at",
]

Keys = npt.NDArray[np.int64]  # article << 32 | position
_SHIFT: Final = 32
_SPARSE: Final = 64  # fewer than one article in so many are put in order; more are added over all articles


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Articles (ascending), BM25F pseudo-frequency and plain count beside them."""

    docs: Docs
    pseudo: Floats
    counts: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Places:
    """Where something stands in one text field: ``keys`` of first tokens (ascending), ``spans`` = tokens beyond the first."""

    keys: Keys
    spans: npt.NDArray[np.int64]

    @property
    def docs(self) -> Docs:
        """The article of each place (repeated)."""
        return (self.keys >> _SHIFT).astype(np.int32)


NOTHING: Final = Occurrences(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int32))
NOWHERE: Final = Places(np.empty(0, np.int64), np.empty(0, np.int64))


def keys_of(found: Positions | None) -> Keys:
    """Return the places of a term as ascending keys."""
    if found is None:
        return NOWHERE.keys
    docs = np.repeat(found.docs.astype(np.int64), np.diff(found.offsets))
    return docs << _SHIFT | found.positions


def among(keys: Keys, others: Keys) -> npt.NDArray[np.bool_]:
    """Tell for each key whether it is one of ``others`` (both ascending)."""
    if not others.size:
        return np.zeros(keys.size, np.bool_)
    found: npt.NDArray[np.bool_] = others.take(others.searchsorted(keys), mode="clip") == keys
    return found


def contained(docs: Docs, others: Docs, max_doc: int) -> npt.NDArray[np.bool_]:
    """Tell for each of ``docs`` whether it is among ``others`` (both ascending)."""
    if not others.size:
        return np.zeros(docs.size, np.bool_)
    if docs.size * 16 < others.size:
        found: npt.NDArray[np.bool_] = others.take(others.searchsorted(docs), mode="clip") == docs
        return found
    mask = np.zeros(max_doc, np.bool_)
    mask[others] = True
    return mask.take(docs)


def intersection(sets: Sequence[Docs], max_doc: int) -> Docs:
    """Return what is in every set, beginning with the smallest."""
    ordered = sorted(sets, key=len)
    docs = ordered[0]
    for others in ordered[1:]:
        if not docs.size:
            break
        if others.size < max_doc:
            docs = docs.compress(contained(docs, others, max_doc))
    return docs


def union(sets: Sequence[Docs], max_doc: int) -> Docs:
    """Return what is in any set, ascending."""
    having = [docs for docs in sets if docs.size]
    if len(having) <= 1:
        return having[0] if having else NOTHING.docs
    if sum(docs.size for docs in having) * 8 < max_doc:
        docs = np.concatenate(having)
        docs.sort(kind="stable")  # a merge; np.unique would load numpy.ma for it, which takes 50 ms
        return docs[np.concatenate(([True], docs[1:] != docs[:-1]))]
    mask = np.zeros(max_doc, np.bool_)
    for docs in having:
        mask[docs] = True
    return np.flatnonzero(mask).astype(np.int32)


def difference(docs: Docs, others: Docs, max_doc: int) -> Docs:
    """Return ``docs`` without ``others``."""
    return docs.compress(~contained(docs, others, max_doc))


def added(parts: Sequence[Occurrences], max_doc: int) -> Occurrences:
    """Return the occurrences of several terms or fields counted together; within a part articles may repeat, in any order."""
    having = [part for part in parts if part.docs.size]
    if not having:
        return NOTHING
    if len(having) == 1 and bool((having[0].docs[1:] > having[0].docs[:-1]).all()):
        return having[0]
    if sum(part.docs.size for part in having) * _SPARSE > max_doc:
        pseudo, counts = np.zeros(max_doc, np.float32), np.zeros(max_doc, np.int32)
        for part in having:
            np.add.at(pseudo, part.docs, part.pseudo)
            np.add.at(counts, part.docs, part.counts)
        there = (counts > 0).nonzero()[0]
        return Occurrences(there.astype(np.int32), pseudo[there], counts[there])
    docs = np.concatenate([part.docs for part in having])
    order = docs.argsort(kind="stable")
    docs = docs[order]
    first = np.ones(docs.size, np.bool_)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    starts = first.nonzero()[0]
    pseudo = np.concatenate([part.pseudo for part in having])[order]
    counts = np.concatenate([part.counts for part in having])[order]
    return Occurrences(docs[starts], np.add.reduceat(pseudo, starts), np.add.reduceat(counts, starts))


def values_at(docs: Docs, all_docs: Docs, values: Floats) -> Floats:
    """Return the value of each of ``docs``, 0 where it is not among ``all_docs``."""
    if docs is all_docs:
        return values
    if not all_docs.size:
        return np.zeros(docs.size, np.float32)
    at = np.minimum(np.searchsorted(all_docs, docs), all_docs.size - 1)
    return np.where(all_docs[at] == docs, values[at], np.float32(0))


def follows_within(first: Places, second: Places, distance: int) -> npt.NDArray[np.bool_]:
    """Tell for each place of ``first`` whether one of ``second`` begins after its end with at most ``distance`` tokens between."""
    if not first.keys.size or not second.keys.size:
        return np.zeros(first.keys.size, np.bool_)
    after = first.keys + first.spans + 1
    at = np.searchsorted(second.keys, after)
    ok = at < second.keys.size
    return ok & (second.keys[np.minimum(at, second.keys.size - 1)] <= after + distance)
