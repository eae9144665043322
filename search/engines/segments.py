"""What does a segment of our own codec give the searcher? The arrays of ``search.collection.Leaf``, straight from the mapped file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.codec.segment import SegmentReader
from search.collection import Docs, Mask, Ordinals, Positions, Postings

__all__ = ["SegmentLeaf"]


class SegmentLeaf:
    """One segment of one generation."""

    def __init__(self, reader: SegmentReader, live: Mask | None) -> None:
        self.reader = reader
        self.max_doc = reader.max_doc
        self.live = live
        self.lengths = reader.lengths
        self.expand_glob = reader.expand_glob
        self.expand_fuzzy = reader.expand_fuzzy
        self.starting = reader.starting
        self.doc_freq = reader.doc_freq
        self.days = reader.days
        self.doc_num = reader.doc_num
        self.stored = reader.stored

    lengths: Any
    expand_glob: Any
    expand_fuzzy: Any
    starting: Any
    doc_freq: Any
    days: Any
    doc_num: Any
    stored: Any

    def postings(self, field: str, term: str) -> Postings | None:
        """Return articles and frequencies of a term."""
        found = self.reader.postings(field, term)
        return None if found is None or not found[0].size else Postings(*found)

    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Return the positions of a term."""
        found = self.reader.positions(field, term)
        if found is None or not found[0].size:
            return None
        whole = Positions(*found)
        return whole if docs is None else _only(whole, docs)

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what lists show of an article."""
        return {name: value for name, value in self.reader.header(doc_num).items() if value is not None}

    def ordinals(self, field: str) -> Ordinals:
        """Return a facet column."""
        column = self.reader.ordinals(field)
        return Ordinals(column.values, column.ordinals, column.offsets)


def _only(found: Positions, docs: Docs) -> Positions:
    at = np.searchsorted(found.docs, docs)
    kept = at[found.docs[np.minimum(at, found.docs.size - 1)] == docs]
    starts = found.offsets[kept]
    sizes = found.offsets[kept + 1] - starts
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    flat: npt.NDArray[np.int64] = np.repeat(starts - offsets[:-1], sizes) + np.arange(int(offsets[-1]))
    return Positions(found.docs[kept], offsets, found.positions[flat])
