"""What does a stock Whoosh segment give the searcher? The arrays of ``search.collection.Leaf``, made by walking its matchers.

Slow and complete: columns are read once from the stored articles and kept. It serves plain Whoosh indexes, and it is the
second opinion that the fast codec is compared with.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.reading import IndexReader, TermNotFound

from corpus.dates import first_day
from indexer.documents import DEFAULTS, header_form, shown_header
from indexer.mentions import mentions_of
from indexer.schema import FIELD_BY_NAME, Kind
from search.collection import NO_DAY, Docs, Mask, Ordinals, Positions, Postings
from search.marking import glob_pattern, within_distance

__all__ = ["StockLeaf"]

_EPOCH = dt.date(1970, 1, 1).toordinal()


class StockLeaf:
    """One segment of a stock Whoosh index."""

    def __init__(self, reader: IndexReader) -> None:
        self._reader = reader
        self.max_doc: int = reader.doc_count_all()
        deleted = [number for number in range(self.max_doc) if reader.is_deleted(number)]
        self.live: Mask | None = None
        if deleted:
            self.live = np.ones(self.max_doc, np.bool_)
            self.live[deleted] = False
        self._articles: list[dict[str, Any]] = [json.loads(reader.stored_fields(number)["article"]) for number in range(self.max_doc)]
        self._numbers = {
            article["doc_id"]: number for number, article in enumerate(self._articles) if self.live is None or self.live[number]
        }
        self._column = lru_cache(maxsize=None)(self._read_column)

    def postings(self, field: str, term: str) -> Postings | None:
        """Return articles and frequencies of a term."""
        try:
            matcher = self._reader.postings(field, term)
        except TermNotFound:
            return None
        docs, freqs = [], []
        while matcher.is_active():
            docs.append(matcher.id())
            freqs.append(int(matcher.value_as("frequency")))
            matcher.next()
        return Postings(np.array(docs, np.int32), np.array(freqs, np.int32)) if docs else None

    def several(self, field: str, terms: Sequence[str]) -> Postings:
        """Return articles and frequencies of several terms, one after the other."""
        found = [part for term in terms if (part := self.postings(field, term)) is not None]
        none = np.empty(0, np.int32)
        return Postings(np.concatenate([none, *(part.docs for part in found)]), np.concatenate([none, *(part.freqs for part in found)]))

    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Return the positions of a term."""
        try:
            matcher = self._reader.postings(field, term)
        except TermNotFound:
            return None
        wanted = None if docs is None else set(docs.tolist())
        found, sizes, places = [], [0], []
        while matcher.is_active():
            if wanted is None or matcher.id() in wanted:
                found.append(matcher.id())
                here = matcher.value_as("positions")
                places += here
                sizes.append(len(places))
            matcher.next()
        return Positions(np.array(found, np.int32), np.array(sizes, np.int64), np.array(places, np.int32))

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        """Return how many tokens each article has in a field."""
        return np.array([self._reader.doc_field_length(number, field, 0) or 0 for number in range(self.max_doc)], np.int32)

    def expand_glob(self, field: str, glob: str, cap: int) -> tuple[list[str], bool]:
        """Return the terms that match a glob."""
        pattern = glob_pattern(glob)
        return self._terms(field, lambda text: pattern.fullmatch(text) is not None, cap)

    def expand_fuzzy(self, field: str, word: str, distance: int, cap: int) -> tuple[list[str], bool]:
        """Return the terms near a word."""
        return self._terms(field, lambda text: text[:1] == word[:1] and within_distance(text, word, distance), cap)

    def starting(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent terms that begin with ``prefix``."""
        counts = Counter({text: self.doc_freq(field, text) for text in self._lexicon(field) if text.startswith(prefix)})
        return counts.most_common(limit)

    def doc_freq(self, field: str, term: str) -> int:
        """Return how many articles have a term."""
        return int(self._reader.doc_frequency(field, term))

    def ordinals(self, field: str) -> Ordinals:
        """Return a facet column."""
        column: Ordinals = self._column(field)
        return column

    def days(self, field: str) -> npt.NDArray[np.int32]:
        """Return a day column."""
        return np.array(
            [first_day(day).toordinal() - _EPOCH if (day := article.get(field)) else NO_DAY for article in self._articles], np.int32
        )

    def doc_num(self, doc_id: str) -> int | None:
        """Return the number of an article."""
        return self._numbers.get(doc_id)

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what lists show."""
        return shown_header(header_form(self._articles[doc_num]))

    def stored(self, doc_num: int) -> dict[str, Any]:
        """Return the whole article."""
        return self._articles[doc_num]

    def _lexicon(self, field: str) -> list[str]:
        return [text.decode() for text in self._reader.lexicon(field)] if field in self._reader.schema else []

    def _terms(self, field: str, wanted: Any, cap: int) -> tuple[list[str], bool]:
        found = [text for text in self._lexicon(field) if text[:1] not in "¶´" and wanted(text)]
        return found[:cap], len(found) > cap

    def _read_column(self, field: str) -> Ordinals:
        default = DEFAULTS.get(field, "")
        rows = []
        for article in self._articles:
            value = mentions_of(article).references if field == "references" else article.get(field, default)
            rows.append([value] if isinstance(value, str) and value else list(value))
        values = ["", *sorted({value for row in rows for value in row})]
        rank = {value: number for number, value in enumerate(values)}
        if FIELD_BY_NAME[field].kind is Kind.LABEL:
            return Ordinals(values, np.array([rank[row[0]] if row else 0 for row in rows], np.int32))
        offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        return Ordinals(values, np.array([rank[value] for row in rows for value in row], np.int32), offsets)
