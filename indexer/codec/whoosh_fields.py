"""What are the terms and postings of one field, for Whoosh? The same two questions to a packed and to a plain field."""

from __future__ import annotations

from typing import Any

import numpy as np
from whoosh.reading import TermInfo

from indexer.codec.framing import Container
from indexer.codec.segment import SegmentReader
from indexer.codec.terms import TermDictionary
from indexer.codec.whoosh_matching import ListOfPostings
from indexer.codec.whoosh_writing import STATS

__all__ = ["PackedField", "PlainField"]


class PlainField:
    """The terms and postings of a field written through Whoosh."""

    def __init__(self, container: Container, name: str, terms: int) -> None:
        self.dictionary = TermDictionary(container, name, terms)
        self._container = container
        self._name = name
        self._path = container.path
        df = container.section(f"df/{name}").array("<u4", terms)
        self._starts = np.zeros(terms + 1, dtype=np.int64)
        np.cumsum(df, out=self._starts[1:])
        total = int(self._starts[-1])
        self._docs = container.section(f"plain-docs/{name}").array("<u4", total)
        self._weights = container.section(f"plain-weights/{name}").array("<f4", total)
        self._values = container.section(f"plain-values/{name}")
        self._value_ends = container.section(f"plain-value-ends/{name}").array("<u8", total)
        self._stats = container.section(f"plain-stats/{name}").array("<f8", terms * STATS).reshape(-1, STATS)

    def info(self, number: int) -> TermInfo:
        """Return the statistics of the term of that number."""
        weight, least, greatest, heaviest, first, last = self._stats[number].tolist()
        df = int(self._starts[number + 1] - self._starts[number])
        return TermInfo(weight, df, int(least), int(greatest), heaviest, int(first), int(last))

    def postings(self, number: int, format_: Any) -> ListOfPostings:
        """Return the postings of the term of that number."""
        start, stop = int(self._starts[number]), int(self._starts[number + 1])
        return ListOfPostings(self._docs[start:stop], self._weights[start:stop], lambda i: self._value(start + i), None)

    def _value(self, posting: int) -> bytes:
        start = int(self._value_ends[posting - 1]) if posting else 0
        return bytes(self._values.read(start, int(self._value_ends[posting])))


class PackedField:
    """The terms and postings of a field written by our own writer, as Whoosh's formats say them."""

    def __init__(self, segment: SegmentReader, name: str) -> None:
        self.dictionary = segment.dictionary(name)
        self._segment = segment
        self._name = name

    def info(self, number: int) -> TermInfo:
        """Return the statistics of the term of that number."""
        docs, freqs = self._segment.postings_of(self._name, number)
        lengths = self._segment.lengths(self._name)[docs]
        return TermInfo(
            float(freqs.sum()), len(docs), int(lengths.min()), int(lengths.max()), float(freqs.max()), int(docs[0]), int(docs[-1])
        )

    def postings(self, number: int, format_: Any) -> ListOfPostings:
        """Return the postings of the term of that number."""
        docs, freqs = self._segment.postings_of(self._name, number)
        places: list[Any] = []

        def positions(i: int) -> list[int]:
            if not places:
                places.append(self._segment.positions(self._name, self.dictionary.term(number)))
            _, offsets, all_positions = places[0]
            found: list[int] = all_positions[offsets[i] : offsets[i + 1]].tolist()
            return found

        kept = positions if self._segment.has_positions(self._name) and format_.supports("positions") else None
        return ListOfPostings(docs, freqs.astype(np.float32), lambda i: _value(format_, int(freqs[i]), kept and kept(i)), kept)


def _value(format_: Any, frequency: int, positions: Any) -> bytes:
    """Return the posting value that a Whoosh format would have written."""
    if positions is not None:
        return bytes(format_.encode(positions))
    return frequency.to_bytes(4, "big") if format_.fixed_value_size() == 4 else b""
