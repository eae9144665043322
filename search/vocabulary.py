"""Which words does the archive have, how are they printed, and how often? For spellings and completions; never stems."""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np

from indexer.french import fold
from indexer.schema import PRINTED_FIELD, PRINTED_MARK, exact_field
from search.collection import Collection, Docs, Leaf, Ordinals
from search.counting import folded_label
from search.suggest import Completion

__all__ = ["CollectionVocabulary", "complete_value", "terms_starting"]

_FIELD = exact_field("body")
_NOT_WORDS = "¶´"
_CAP = 200


class CollectionVocabulary:
    """The words of the bodies of one generation; see ``search.suggest.Vocabulary``."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def starting(self, prefix_folded: str, limit: int) -> list[tuple[str, int]]:
        """Return printed forms that begin so, the most frequent first."""
        counts: Counter[str] = Counter()
        for leaf in self._collection.leaves:
            counts.update(dict(leaf.starting(_FIELD, prefix_folded, limit)))
        return [(self.printed(folded), count) for folded, count in counts.most_common(limit) if folded[:1] not in _NOT_WORDS]

    def frequency(self, folded: str) -> int:
        """Return the number of articles that have a form."""
        return sum(leaf.doc_freq(_FIELD, folded) for leaf in self._collection.leaves)

    def neighbours(self, folded: str, distance: int) -> list[tuple[str, int]]:
        """Return printed forms within ``distance`` edits."""
        key = "neighbours", folded, distance
        found: list[tuple[str, int]] | None = self._collection.hot.get(key)
        if found is None:
            near = {text for leaf in self._collection.leaves for text in leaf.expand_fuzzy(_FIELD, folded, distance, _CAP)[0]}
            found = [(self.printed(text), self.frequency(text)) for text in sorted(near)]
            self._collection.hot.put(key, found, 500 + 200 * len(found))
        return found

    def printed(self, folded: str) -> str:
        """Return the commonest spelling of a form, with its accents."""
        for leaf in reversed(self._collection.leaves):
            for text, _ in leaf.starting(PRINTED_FIELD, folded + PRINTED_MARK, 1):
                return text.partition(PRINTED_MARK)[2]
        return folded


def complete_value(collection: Collection, field: str, typed: str, limit: int) -> list[Completion]:
    """Return values of a facet that have a word beginning with what was typed, accents and case apart, the most frequent first."""
    prefix = " " + " ".join(fold(word) for word in typed.split())
    counts: Counter[str] = Counter()
    for number, leaf in enumerate(collection.leaves):
        column = leaf.ordinals(field)
        low = int(collection.bases[number])
        live = np.arange(leaf.max_doc, dtype=np.int32) if leaf.live is None else np.flatnonzero(leaf.live).astype(np.int32)
        totals: list[int] = collection.remembered(("value-counts", field, low), partial(_totals, column, live))
        for value, count in zip(column.values, totals, strict=True):
            if value and count and prefix in " " + folded_label(value):
                counts[value] += count
    rows = sorted(counts.items(), key=lambda row: (-row[1], folded_label(row[0]), row[0]))
    return [Completion(value, count) for value, count in rows[:limit]]


def terms_starting(collection: Collection, field: str, prefix: str, limit: int | None) -> list[tuple[str, int]]:
    """Return the terms of a field that begin with ``prefix``, with the number of live articles, the most frequent first."""
    counts: Counter[str] = Counter()
    for leaf in collection.leaves:
        for text, count in leaf.starting(field, prefix, leaf.max_doc * 64):
            counts[text] += count if leaf.live is None else _live_count(leaf, field, text)
    return sorted(((text, count) for text, count in counts.items() if count), key=lambda row: (-row[1], row[0]))[:limit]


def _live_count(leaf: Leaf, field: str, text: str) -> int:
    found = leaf.postings(field, text)
    assert leaf.live is not None
    return 0 if found is None else int(np.count_nonzero(leaf.live[found.docs]))


def _totals(column: Ordinals, live: Docs) -> list[int]:
    counts: list[int] = column.counts(live).tolist()
    return counts
