"""How does Whoosh's own searcher step through our postings? With this matcher, which also offers blocks it may skip.

Our searcher never comes here: it takes whole arrays. This is the way of every query it does not know, and of the tests
that compare the two.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from whoosh.matching import LeafMatcher, ReadTooFar

__all__ = ["ListOfPostings", "MarbreMatcher"]

BLOCK: Final = 128


@dataclass(frozen=True, slots=True)
class ListOfPostings:
    """One term's postings. ``value`` makes the posting value of a place; ``positions`` the positions, where they are kept apart."""

    ids: Any  # array of documents, or list of terms in a vector
    weights: npt.NDArray[Any]
    value: Callable[[int], bytes]
    positions: Callable[[int], list[int]] | None


class MarbreMatcher(LeafMatcher):
    """The postings of one term, read from arrays."""

    def __init__(self, postings: ListOfPostings, format_: Any, scorer: Any, term: Any, lengths: npt.NDArray[Any] | None) -> None:
        self._postings = postings
        self.format = format_
        self.scorer = scorer
        self._term = term
        self._lengths = lengths
        ids = postings.ids
        self._ids: list[Any] = ids.tolist() if isinstance(ids, np.ndarray) else ids
        self._weights: list[float] = postings.weights.tolist()
        self._i = 0
        self._of_block: tuple[int, float, int, int] = (-1, 0.0, 0, 0)

    def is_active(self) -> bool:
        """Tell whether there is a posting here."""
        return self._i < len(self._ids)

    def reset(self) -> None:
        """Go back to the first posting."""
        self._i = 0

    def copy(self) -> MarbreMatcher:
        """Return another matcher at the same place."""
        other = self.__class__(self._postings, self.format, self.scorer, self._term, self._lengths)
        other._i = self._i
        return other

    def id(self) -> Any:
        """Return the document here. Raises: ReadTooFar after the last."""
        if self._i >= len(self._ids):
            raise ReadTooFar
        return self._ids[self._i]

    def all_ids(self) -> Iterator[Any]:
        """Return every document from here on."""
        return iter(self._ids[self._i :])

    def weight(self) -> float:
        """Return the weight of the posting here."""
        return self._weights[self._i]

    def value(self) -> bytes:
        """Return the value of the posting here, as the field's format writes it."""
        return self._postings.value(self._i)

    def value_as(self, astype: str) -> Any:
        """Return the value of the posting here, decoded."""
        if self._postings.positions is not None:
            if astype == "positions":
                return self._postings.positions(self._i)
            if astype == "frequency":
                return int(self._weights[self._i])
        return self.format.decoder(astype)(self.value())

    def next(self) -> bool:
        """Go to the next posting; tell whether it is in another block. Raises: ReadTooFar after the last."""
        if self._i >= len(self._ids):
            raise ReadTooFar
        self._i += 1
        return self._i % BLOCK == 0 or self._i == len(self._ids)

    def skip_to(self, targetid: Any) -> None:
        """Go to the first posting of ``targetid`` or later. Raises: ReadTooFar after the last."""
        if self._i >= len(self._ids):
            raise ReadTooFar
        if targetid > self._ids[self._i]:
            self._i = bisect_left(self._ids, targetid, self._i)

    def skip_to_quality(self, minquality: float) -> int:
        """Go to the next block that may score above ``minquality``; return how many were passed over."""
        skipped = 0
        while self._i < len(self._ids) and self.block_quality() <= minquality:
            self._i = min((self._i // BLOCK + 1) * BLOCK, len(self._ids))
            skipped += 1
        return skipped

    def block_min_id(self) -> Any:
        """Return the first document of the block here."""
        return self._ids[self._i // BLOCK * BLOCK]

    def block_max_id(self) -> Any:
        """Return the last document of the block here."""
        return self._ids[min((self._i // BLOCK + 1) * BLOCK, len(self._ids)) - 1]

    def block_max_weight(self) -> float:
        """Return the greatest weight in the block here."""
        return self._block()[1]

    def block_min_length(self) -> int:
        """Return the length of the shortest field in the block here."""
        return self._block()[2]

    def block_max_length(self) -> int:
        """Return the length of the longest field in the block here."""
        return self._block()[3]

    def _block(self) -> tuple[int, float, int, int]:
        number = self._i // BLOCK
        if self._of_block[0] != number:
            span = slice(number * BLOCK, (number + 1) * BLOCK)
            least = greatest = 0
            if self._lengths is not None:
                lengths = self._lengths[self._postings.ids[span]]
                least, greatest = int(lengths.min()), int(lengths.max())
            self._of_block = (number, float(self._postings.weights[span].max()), least, greatest)
        return self._of_block
