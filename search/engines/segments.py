"""What does a segment of our own codec give the searcher? The arrays of ``search.collection.Leaf``, straight from the mapped file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from indexer.codec.segment import SegmentReader
from indexer.documents import shown_header
from search.collection import Docs, Mask, Ordinals, Positions, Postings

__all__ = ["SegmentLeaf"]

HEADERS = 2_000  # decoded ones kept a segment: the first pages of what is asked often


class SegmentLeaf:
    """One segment of one generation."""

    def __init__(self, reader: SegmentReader, live: Mask | None) -> None:
        self.reader = reader
        self.max_doc = reader.max_doc
        self.live = live
        self._columns: dict[str, Ordinals] = {}
        self.lengths = reader.lengths
        self.expand_glob = reader.expand_glob
        self.expand_fuzzy = reader.expand_fuzzy
        self.starting = reader.starting
        self.doc_freq = reader.doc_freq
        self.days = reader.days
        self.doc_num = reader.doc_num
        self.stored = reader.stored
        self.header = lru_cache(HEADERS)(self._read_header)

    lengths: Any
    expand_glob: Any
    expand_fuzzy: Any
    starting: Any
    doc_freq: Any
    days: Any
    doc_num: Any
    stored: Any
    header: Any

    def postings(self, field: str, term: str) -> Postings | None:
        """Return articles and frequencies of a term."""
        found = self.reader.postings(field, term)
        return None if found is None or not found[0].size else Postings(*found)

    def several(self, field: str, terms: Sequence[str]) -> Postings:
        """Return articles and frequencies of several terms, one after the other."""
        return Postings(*self.reader.several(field, terms))

    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Return the positions of a term."""
        found = self.reader.positions(field, term, docs)
        return None if found is None or not found[0].size else Positions(*found)

    def _read_header(self, doc_num: int) -> dict[str, Any]:
        return shown_header(self.reader.header(doc_num))

    def ordinals(self, field: str) -> Ordinals:
        """Return a facet column; one that may hold several values an article, but never does, is counted as one of single values."""
        if field not in self._columns:
            column = self.reader.ordinals(field)
            ordinals, offsets = column.ordinals, column.offsets
            if offsets is not None:
                sizes = np.diff(offsets)
                if not sizes.size or sizes.max() <= 1:
                    single = np.zeros(sizes.size, ordinals.dtype)
                    single[sizes > 0] = ordinals
                    ordinals, offsets = single, None
            self._columns[field] = Ordinals(column.values, ordinals, offsets)
        return self._columns[field]

