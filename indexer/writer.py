"""How do articles enter the index on disk? Through one writer that holds the lock, in commits that are durable or nothing.

New articles are inverted in memory (here, or by worker processes) and become segments; a replaced or deleted article is a bit
beside its old segment. ``commit`` writes what is held, merges what has become too many, and hands everything to the commit
protocol of ``generations.py``. A worker that dies fails the commit: never an index with fewer articles than were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexProblem
from indexer.codec.merging import merge_segments
from indexer.codec.segment import SEGMENT_EXTENSION, SegmentReader
from indexer.codec.whoosh_codec import MarbreSegment
from indexer.durable import one_line_errors
from indexer.french import analysis_digest
from indexer.generations import Commit, SegmentEntry, Session, expect_made_with, require_space, write_session
from indexer.reprints import REPRINTS_FACT, Reprints
from indexer.schema import SCHEMA_VERSION, whoosh_schema
from indexer.toc import INDEX_NAME
from indexer.workers import Crew, LocalCrew, NewSegment, WorkerCrew, give_back_memory

__all__ = ["MEMORY_BYTES", "ArchiveWriter", "live_mask"]

MEMORY_BYTES: Final = 512 << 20
MERGED_AT_ONCE: Final = 8  # segments of about one size that become one
MAX_MERGED_DOCS: Final = 500_000  # a segment of this size is left alone
_SETTLED: Final = 0.1  # share of the index that a run must have added
_WASTED: Final = 0.2  # share of deleted articles from which a segment is rewritten: each then costs five copies of others, and little room
_TIER: Final = 8  # sizes within this factor are about one size
_FLOOR: Final = 2_000  # articles; segments below are of one size: a small archive stays one segment, and its merge takes a blink
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class _Segment:
    """A segment of the index being written: its file, and which of its articles are deleted."""

    name: str
    path: Path
    doc_count: int
    deleted: Mask

    _reader: SegmentReader | None = None

    @property
    def reader(self) -> SegmentReader:
        if self._reader is None:
            self._reader = SegmentReader.open(self.path)
        return self._reader

    @property
    def live_count(self) -> int:
        return self.doc_count - int(np.count_nonzero(self.deleted))

    def find(self, doc_id: str) -> int | None:
        number = self.reader.doc_num(doc_id)
        return None if number is None or self.deleted[number] else number

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


class ArchiveWriter:
    """One writer of one index; a context manager that leaves no trace of what was not committed.

    Raises: IndexLocked while another writer is at work, IndexForeign for an index of another analysis (without ``rebuild``).
    """

    def __init__(self, location: Path, *, rebuild: bool = False, workers: int = 1, memory: int = MEMORY_BYTES) -> None:
        self._stack = ExitStack()
        try:
            self._session = self._stack.enter_context(write_session(location, rebuild=rebuild))
            base = None if rebuild else self._session.base
            if base is not None:
                expect_made_with(base, schema_version=SCHEMA_VERSION, analysis=analysis_digest())
            self._segments = [] if base is None else [_opened(base.folder, entry) for entry in base.manifest.segments]
            self._stack.callback(self._close_readers)
            folder = self._session.folder
            self._crew: Crew = LocalCrew(folder, memory) if workers <= 1 else WorkerCrew(folder, memory, workers)
            self._stack.callback(self._crew.close)
        except BaseException:
            self._stack.close()
            raise
        self._pending: dict[str, tuple[str, str]] = {}  # added since the last commit: digest and newspaper
        self._again: set[str] = set()  # added twice since the last commit
        self._merged_docs = 0
        self._changed = base is None
        before = self._session.base
        self.facts: dict[str, Any] = {} if before is None else dict(before.manifest.facts)  # what else the index knows of itself
        self._extra_files: tuple[str, ...] = () if base is None else tuple(self.facts.get("ledger", ()))
        linked = None if base is None else self.facts.get(REPRINTS_FACT)
        self._reprints = Reprints(None if base is None or linked is None else base.folder / linked)
        self.generation = 0 if base is None else base.generation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def articles(self) -> int:
        """How many articles the index holds, those of the next commit included."""
        return sum(segment.live_count for segment in self._segments) + len(self._pending)

    @property
    def pending(self) -> int:
        """How many articles wait for the next commit."""
        return len(self._pending)

    def known(self, doc_id: str) -> tuple[str, str] | None:
        """Return content digest and newspaper of an article already there, committed or not."""
        waiting = self._pending.get(doc_id)
        if waiting is not None:
            return waiting
        found = self._find(doc_id)
        if found is None:
            return None
        header = found[0].reader.header(found[1])
        return header.get("digest") or "", header.get("newspaper") or ""

    def stored(self, doc_id: str) -> dict[str, Any] | None:
        """Return the committed article of an id."""
        found = self._find(doc_id)
        return None if found is None else found[0].reader.stored(found[1])

    def add(self, stored: dict[str, Any], row: bytes, digest: str) -> None:
        """Add an article (its stored form, the same as JSON, its digest), replacing the one of the same id."""
        doc_id = stored["doc_id"]
        if doc_id in self._pending:
            self._again.add(doc_id)
        else:
            self._delete_committed(doc_id)
        self._crew.add(stored, row, digest)
        self._pending[doc_id] = (digest, stored.get("newspaper", ""))
        self._changed = True

    def delete(self, doc_id: str) -> bool:
        """Delete a committed article; False when there is none of this id."""
        return self._delete_committed(doc_id)

    @property
    def session(self) -> Session:
        """The session of the commit protocol, for files that are committed with the segments."""
        return self._session

    @property
    def changed(self) -> bool:
        """Whether the next commit has something to write."""
        return self._changed

    def commit(
        self, *, extra_files: Sequence[str] | None = None, facts: Mapping[str, Any] | None = None, settle: bool = False
    ) -> None:
        """Make everything added and deleted durable and visible, with further files and facts (None: as they were).

        Nothing new is no new generation. ``settle`` says that the run ends here: when it added a good part of the index, the smaller
        segments become one, because every segment costs each later question some time.
        """
        if extra_files is not None and tuple(extra_files) != self._extra_files:
            self._extra_files, self._changed = tuple(extra_files), True
        if facts is not None and dict(facts) != self.facts:
            self.facts, self._changed = dict(facts), True
        if not self._changed:
            return
        fresh = [self._added(new) for new in self._crew.flush()]
        self._drop_superseded(fresh)
        if sum(segment.live_count for segment in fresh) != len(self._pending):
            raise IndexProblem(f"{len(self._pending)} articles were given to the writer, {sum(s.live_count for s in fresh)} came back; nothing was committed, try again")
        self._segments += fresh
        self._reprints.link([(segment.name, segment.reader, segment.deleted) for segment in self._segments])
        for segment in self._segments:  # linking has read texts all over them: pages that the system keeps anyway
            segment.reader.container.release_pages()
        give_back_memory()
        self._merged_docs += sum(segment.live_count for segment in fresh)
        self._merge(settle=settle and self._merged_docs >= _SETTLED * self.articles)
        self._segments = [segment for segment in self._segments if segment.live_count]
        self._reprints.keep(segment.name for segment in self._segments)
        with one_line_errors(self._session.location, "write"):
            linked = self._reprints.write(self._session.folder, INDEX_NAME, self._session.new_segment_id()).name
        stock = []
        for segment in self._segments:
            whoosh = MarbreSegment(INDEX_NAME, segment.name, segment.doc_count)
            for number in np.flatnonzero(segment.deleted).tolist():
                whoosh.delete_document(number)
            stock.append(whoosh)
        snapshot = self._session.commit(
            Commit(
                segments=tuple(_entry(segment) for segment in self._segments),
                schema=whoosh_schema(),
                stock=tuple(stock),
                schema_version=SCHEMA_VERSION,
                analysis=analysis_digest(),
                articles=sum(segment.live_count for segment in self._segments),
                extra_files=(*self._extra_files, linked),
                facts={**self.facts, "ledger": list(self._extra_files), REPRINTS_FACT: linked},
            )
        )
        self.generation = snapshot.generation
        self._pending.clear()
        self._again.clear()
        self._committed_ids.update(hash(doc_id) for segment in fresh for doc_id in _ids(segment))
        self._changed = False

    def _added(self, new: NewSegment) -> _Segment:
        deleted = np.zeros(new.doc_count, np.bool_)
        deleted[list(new.superseded)] = True
        return _Segment(new.name, self._session.folder / new.file, new.doc_count, deleted)

    def _drop_superseded(self, fresh: list[_Segment]) -> None:
        """Of an article that was added twice keep the last: a crew gives its segments in the order of adding per id."""
        for doc_id in self._again:
            holding = [(segment, number) for segment in fresh if (number := segment.find(doc_id)) is not None]
            for segment, number in holding[:-1]:
                segment.deleted[number] = True

    def _merge(self, *, settle: bool) -> None:
        """At the end of a large run merge all the smaller segments at once; else runs of about one size until no tier has too many."""
        while group := (_smaller(self._segments) if settle else []) or _too_many(self._segments):
            require_space(self._session.folder, sum(segment.path.stat().st_size for segment in group))
            name = self._session.new_segment_id()
            path = self._session.folder / f"{INDEX_NAME}_{name}{SEGMENT_EXTENSION}"
            with one_line_errors(self._session.location, "write"):
                info = merge_segments([segment.reader for segment in group], [~segment.deleted for segment in group], path, name.encode())
            self._reprints.merged(name, [(segment.name, ~segment.deleted) for segment in group])
            merged = _Segment(name, path, info.doc_count, np.zeros(info.doc_count, np.bool_))
            for segment in group:
                segment.close()
            first = self._segments.index(group[0])
            self._segments = [segment for segment in self._segments if segment not in group]
            self._segments.insert(first, merged)

    def _find(self, doc_id: str) -> tuple[_Segment, int] | None:
        if hash(doc_id) not in self._committed_ids:
            return None
        for segment in reversed(self._segments):
            number = segment.find(doc_id)
            if number is not None:
                return segment, number
        return None

    def _delete_committed(self, doc_id: str) -> bool:
        found = self._find(doc_id)
        if found is None:
            return False
        found[0].deleted[found[1]] = True
        self._changed = True
        return True

    @cached_property
    def _committed_ids(self) -> set[int]:
        """Hashes of the ids there, so that a new article costs no look into every segment."""
        return {hash(doc_id) for segment in self._segments for doc_id in _ids(segment)}

    def _close_readers(self) -> None:
        for segment in self._segments:
            segment.close()


def live_mask(entry: SegmentEntry) -> Mask | None:
    """Return which articles of a committed segment are live; None when all are. Shapes: bool[doc_count]."""
    if entry.deletions is None:
        return None
    bits = np.unpackbits(np.frombuffer(entry.deletions, np.uint8), bitorder="little", count=entry.doc_count)
    live: Mask = bits == 0
    return live


def _opened(folder: Path, entry: SegmentEntry) -> _Segment:
    live = live_mask(entry)
    return _Segment(entry.name, folder / entry.file, entry.doc_count, np.zeros(entry.doc_count, np.bool_) if live is None else ~live)


def _entry(segment: _Segment) -> SegmentEntry:
    bits = np.packbits(segment.deleted, bitorder="little").tobytes() if segment.deleted.any() else None
    return SegmentEntry(segment.name, (segment.path.name,), segment.doc_count, bits)


def _ids(segment: _Segment) -> Iterator[str]:
    names = segment.reader.doc_ids()
    return iter(()) if names is None else iter(names.names())


def _smaller(segments: list[_Segment]) -> list[_Segment]:
    """Return the segments that fit into one of MAX_MERGED_DOCS, the smallest first taken; [] when there are fewer than two."""
    group: list[_Segment] = []
    for segment in sorted(segments, key=lambda segment: segment.live_count):
        if sum(one.live_count for one in group) + segment.live_count <= MAX_MERGED_DOCS:
            group.append(segment)
    return [segment for segment in segments if segment in group] if len(group) > 1 else []


def _too_many(segments: list[_Segment]) -> list[_Segment]:
    """Return segments to merge: the smaller ones of a tier that has MERGED_AT_ONCE, or one with many deleted articles; [] when all is well."""
    small = sorted((segment for segment in segments if segment.live_count < MAX_MERGED_DOCS), key=lambda segment: segment.live_count)
    for first in range(len(small) - MERGED_AT_ONCE + 1):
        group = small[: first + MERGED_AT_ONCE]
        if small[first + MERGED_AT_ONCE - 1].live_count <= _TIER * max(_FLOOR // _TIER, small[first].live_count):
            return [segment for segment in segments if segment in group]
    wasted = [segment for segment in segments if segment.live_count and segment.live_count < (1 - _WASTED) * segment.doc_count]
    return wasted[:1]


