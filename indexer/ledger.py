"""What came from which file, and what became of it? The ledger: one record a file, one row an article, one line a refusal.

The ledger is part of every commit, so that index and ledger never disagree: a run that was stopped finds both as the last commit
left them. Its files are written once and never changed (``MAIN_<id>.ledger``, named in the manifest with length and checksum, so
that ``check --deep`` covers every byte); the manifest's facts give their order. A later file overrides the records of an earlier one:

    magic | blocks ... | directory | where the directory is (24 bytes)

A block is JSON, deflated: the rows and refusals of one source file, as far as one commit saw them. The directory, JSON too, has one
record a source file with the places of its blocks. A source that is still being read is a record that ``continues`` the one before, so
that a commit costs what it adds and not what was there. After each commit the newest two ledger files are merged while the older is
less than twice the newer: a handful of files after thirty years, every row copied a logarithmic number of times, blocks copied as they are.
Opening reads the directories only: a hundred thousand source files, not their million articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from indexer.ledger_files import (
    DELETED,
    LEDGER_SUFFIX,
    Block,
    Entry,
    FileRecord,
    LedgerHome,
    Refusal,
    Row,
    bytes_of,
    merged,
    overlay,
    packed,
    read_block,
    read_directory,
    write_file,
)

__all__ = ["DELETED", "LEDGER_SUFFIX", "Block", "FileRecord", "Ledger", "Refusal", "Row"]

REFUSALS_KEPT: Final = 10_000  # of one file; all are counted


@dataclass(slots=True)
class _Pending:
    record: FileRecord
    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


class Ledger:
    """The ledger of one index: what is committed, and what the next commit adds. Raises: IndexCorrupt when opened or read."""

    def __init__(self, folder: Path | None = None, names: Sequence[str] = ()) -> None:
        self._folder = folder
        self._names = list(names)
        self._entries: dict[str, Entry] = {}
        self._pending: dict[str, _Pending] = {}
        self._current: _Pending | None = None
        self._reload()

    @property
    def changed(self) -> bool:
        """Whether the next commit has something to write."""
        return bool(self._pending)

    def records(self) -> Iterator[FileRecord]:
        """Yield the record of every file (not those taken out for good)."""
        waiting = {name: pending.record for name, pending in self._pending.items()}
        for name, entry in self._entries.items():
            record = waiting.pop(name, entry.record)
            if record.state != "removed":
                yield record
        yield from (record for record in waiting.values() if record.state != "removed")

    def record(self, name: str) -> FileRecord | None:
        """Return the record of one file."""
        pending, entry = self._pending.get(name), self._entries.get(name)
        found = pending.record if pending else entry.record if entry else None
        return None if found is None or found.state == "removed" else found

    def blocks(self, name: str) -> Iterator[Block]:
        """Yield what is known of a file, in the order it was read: what is committed, then what the next commit adds."""
        entry, pending = self._entries.get(name), self._pending.get(name)
        if entry is not None and (pending is None or pending.record.continues):
            for place in entry.places:
                yield read_block(place)
        if pending is not None:
            yield Block(tuple(pending.rows), tuple(pending.refusals))

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a file; of an article that stands there twice, both."""
        for block in self.blocks(name):
            yield from block.rows

    def refusals(self, name: str) -> Iterator[Refusal]:
        """Yield what was refused of a file."""
        for block in self.blocks(name):
            yield from block.refusals

    def fingerprints(self) -> Iterator[tuple[int, str]]:
        """Yield fingerprint and id of every committed article without a source id, whatever a run is about to change."""
        for entry in self._entries.values():
            for place in entry.places:
                for row in read_block(place).rows:
                    if row.fingerprint:
                        yield int(row.fingerprint, 16), row.doc_id

    # --- what a run adds ------------------------------------------------------------------------------------------------

    def begin(self, record: FileRecord) -> None:
        """Begin the record of a file that is read now; what was known of the file is replaced."""
        self._current = self._pending[record.name] = _Pending(replace(record, state="partial", articles=0, missing=0, rejected=0))

    def add(self, row: Row) -> None:
        """Note one article of the current file."""
        pending = self._open()
        pending.rows.append(row)
        if row.missing:
            pending.record = replace(pending.record, missing=pending.record.missing + 1)

    def refuse(self, refusal: Refusal) -> None:
        """Note one refusal of the current file."""
        pending = self._open()
        pending.record = replace(pending.record, rejected=pending.record.rejected + 1)
        if pending.record.rejected <= REFUSALS_KEPT:
            pending.refusals.append(refusal)

    def end(self, **changes: Any) -> None:
        """Close the current file, read to its end."""
        pending = self._open()
        pending.record = replace(_counted(pending).record, state="whole", **changes)
        self._current = None
        if pending.record.is_stream and not pending.rows and not pending.refusals and not pending.record.continues:
            del self._pending[pending.record.name]  # nothing came

    def put(self, record: FileRecord) -> None:
        """Change the record of a file and keep its rows: it was moved, touched, or is gone."""
        pending = self._pending.get(record.name)
        if pending is not None:
            pending.record = record
        else:
            self._pending[record.name] = _Pending(replace(record, continues=True))

    def move(self, record: FileRecord, old: str) -> None:
        """Give the rows of a file that is gone to the same content found elsewhere."""
        self.adopt(record, self.blocks(old))
        self.remove(old)

    def adopt(self, record: FileRecord, blocks: Iterable[Block]) -> None:
        """Take a whole record over: from the ledger of the index before a rebuild, or without the rows that are done with."""
        rows, refusals = _all(blocks)
        self._pending[record.name] = _Pending(replace(record, continues=False), rows, refusals)

    def remove(self, name: str) -> None:
        """Forget a file for good: its articles were deleted."""
        record = self.record(name)
        if record is not None:
            self._pending[name] = _Pending(replace(record, state="removed", continues=False, articles=0, missing=0, rejected=0))

    def write(self, session: LedgerHome) -> tuple[str, ...]:
        """Write what is pending as a new file of the session, merge, and return the names of the ledger files, the oldest first."""
        if self._pending:
            if self._current is not None:
                _counted(self._current)
            name = session.new_name(LEDGER_SUFFIX)
            blocks = [(pending.record, packed(pending.rows, pending.refusals)) for pending in self._pending.values()]
            write_file(session, name, [(record, packed) for record, packed in blocks])
            self._names.append(name)
            self._folder = session.folder
            self._go_on()
            while len(self._names) > 1 and bytes_of(session.folder / self._names[-2]) < 2 * bytes_of(session.folder / self._names[-1]):
                self._names[-2:] = [merged(session, self._names[-2:], oldest=len(self._names) == 2)]
            self._reload()
        return tuple(self._names)

    def _open(self) -> _Pending:
        if self._current is None:
            raise ValueError("no file is being read")
        return self._current

    def _go_on(self) -> None:
        """Forget what is written; the file being read continues with the next commit."""
        current = self._current
        self._pending = {}
        if current is not None:
            self._current = self._pending[current.record.name] = _Pending(replace(current.record, continues=True))

    def _reload(self) -> None:
        self._entries = {}
        for name in self._names:
            if self._folder is not None:
                overlay(self._entries, read_directory(self._folder / name))


def _all(blocks: Iterable[Block]) -> tuple[list[Row], list[Refusal]]:
    rows: list[Row] = []
    refusals: list[Refusal] = []
    for block in blocks:
        rows += block.rows
        refusals += block.refusals
    return rows, refusals


def _counted(pending: _Pending) -> _Pending:
    """Count the rows of a pending record that are not counted yet: one addition a commit, not one a row."""
    fresh = sum(not row.missing for row in pending.rows)
    pending.record = replace(pending.record, articles=pending.record.articles + fresh)
    return pending
