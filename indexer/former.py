"""Which articles did the index hold before this rebuild? Their stored form, digest and ledger, read while the new one is written aside.

An index of another analysis or schema is read too: what is stored does not depend on them. What is damaged is told (IndexCorrupt): a
rebuild goes on where a source gives the article, and stops where none does, for it must lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from indexer.codec.segment import SegmentReader
from indexer.generations import Snapshot
from indexer.ledger import Ledger
from indexer.writer import live_mask

__all__ = ["FormerArchive"]


class FormerArchive:
    """A committed generation, read article by article; a context manager. Raises: IndexCorrupt."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        entries = () if snapshot is None else snapshot.manifest.segments
        self.articles = 0 if snapshot is None else snapshot.manifest.articles
        self.facts: dict[str, Any] = {} if snapshot is None else dict(snapshot.manifest.facts)
        self._segments = (
            [] if snapshot is None else [(SegmentReader.open(snapshot.folder / entry.file), live_mask(entry)) for entry in entries]
        )
        self.ledger = Ledger() if snapshot is None else Ledger(snapshot.folder, self.facts.get("ledger", ()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        for reader, _ in self._segments:
            reader.close()

    def find(self, doc_id: str) -> tuple[dict[str, Any], str] | None:
        """Return the stored form and the content digest of a live article."""
        for reader, live in reversed(self._segments):
            number = reader.doc_num(doc_id)
            if number is not None and (live is None or live[number]):
                return reader.stored(number), reader.header(number).get("digest") or ""
        return None

    def has(self, doc_id: str) -> bool:
        """Tell whether an article is there."""
        return any(
            (number := reader.doc_num(doc_id)) is not None and (live is None or bool(live[number]))
            for reader, live in reversed(self._segments)
        )

    def ids(self) -> Iterator[str]:
        """Yield the ids of the live articles, in the order they lie."""
        for reader, live in self._segments:
            for number in range(reader.max_doc):
                if live is None or live[number]:
                    yield reader.doc_id(number)

    def everything(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield stored form and digest of every live article."""
        for reader, live in self._segments:
            for number in range(reader.max_doc):
                if live is None or live[number]:
                    yield reader.stored(number), reader.header(number).get("digest") or ""
