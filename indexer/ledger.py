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

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from corpus.errors import IndexCorrupt
from indexer.durable import DISK
from indexer.session import Session

__all__ = ["DELETED", "LEDGER_SUFFIX", "Block", "FileRecord", "Ledger", "Refusal", "Row"]

LEDGER_SUFFIX: Final = ".ledger"
DELETED: Final = "<deleted>"  # the record of what ``marbre delete`` took out; no path is called so
ROWS_A_BLOCK: Final = 20_000
BLOCK_BYTES: Final = 256 << 20  # inflated: a forged length allocates no more
DIRECTORY_BYTES: Final = 1 << 30
REFUSALS_KEPT: Final = 10_000  # of one file; all are counted
_MAGIC: Final = b"MARBRE LEDGER 1\n"
_TAIL: Final = struct.Struct("<QQQ")  # offset, length, inflated length of the directory
_LEVEL: Final = 3


class Row(NamedTuple):
    """One article of a file. ``digest`` of its content; ``fingerprint`` of newspaper, day and text where no source id tells."""

    doc_id: str
    place: str
    digest: str
    fingerprint: str = ""
    missing: bool = False  # no longer in the file, and still in the index


class Refusal(NamedTuple):
    """One thing of a file that was not taken."""

    place: str
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One source file as it was read. ``name``: its absolute path, or « - » and a time for a stream.

    Units: ``mtime_ns`` nanoseconds, ``size`` bytes; ``digest`` BLAKE2b of the bytes; ``settings`` digest of newspaper, mapping... it was read with.
    """

    name: str
    shown: str
    size: int = 0
    mtime_ns: int = 0
    digest: str = ""
    settings: str = ""
    reader: str = ""
    read: str = ""
    articles: int = 0
    missing: int = 0
    rejected: int = 0
    state: Literal["whole", "partial", "gone", "removed"] = "whole"
    continues: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether there is no file to look at again."""
        return self.name.startswith("-") or self.name == DELETED


@dataclass(frozen=True, slots=True)
class Block:
    """What one commit saw of a file."""

    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...] = ()


class _Place(NamedTuple):
    """Where a block lies; ``raw`` its inflated length in bytes."""

    path: Path
    offset: int
    length: int
    raw: int


@dataclass(slots=True)
class _Entry:
    record: FileRecord
    places: tuple[_Place, ...]


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
        self._entries: dict[str, _Entry] = {}
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
                yield _block(place)
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
                for row in _block(place).rows:
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

    def write(self, session: Session) -> tuple[str, ...]:
        """Write what is pending as a new file of the session, merge, and return the names of the ledger files, the oldest first."""
        if self._pending:
            if self._current is not None:
                _counted(self._current)
            name = session.new_name(LEDGER_SUFFIX)
            blocks = [(pending.record, _packed(pending)) for pending in self._pending.values()]
            _write(session, name, [(record, packed) for record, packed in blocks])
            self._names.append(name)
            self._folder = session.folder
            self._go_on()
            while len(self._names) > 1 and _bytes(session.folder / self._names[-2]) < 2 * _bytes(session.folder / self._names[-1]):
                self._names[-2:] = [_merged(session, self._names[-2:], oldest=len(self._names) == 2)]
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
                _overlay(self._entries, _directory(self._folder / name))


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


# --- files ------------------------------------------------------------------------------------------------------------


def _overlay(entries: dict[str, _Entry], newer: Iterable[_Entry]) -> None:
    for entry in newer:
        name = entry.record.name
        before = entries.get(name)
        places = (*before.places, *entry.places) if before is not None and entry.record.continues else entry.places
        entries[name] = _Entry(entry.record, places)


def _packed(pending: _Pending) -> list[tuple[bytes, int]]:
    """Return the blocks of a record, deflated, each with its inflated length."""
    packed = []
    for first in range(0, max(len(pending.rows), 1), ROWS_A_BLOCK):
        block: dict[str, Any] = {"rows": [_plain(row) for row in pending.rows[first : first + ROWS_A_BLOCK]]}
        if first == 0 and pending.refusals:
            block["refusals"] = pending.refusals
        if block["rows"] or pending.refusals:
            data = json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            packed.append((zlib.compress(data, _LEVEL), len(data)))
    return packed


def _plain(row: Row) -> list[Any]:
    return [*row[:4], 1] if row.missing else [*row[:4]] if row.fingerprint else [*row[:3]]


def _write(session: Session, name: str, records: Iterable[tuple[FileRecord, Iterable[tuple[bytes, int]]]]) -> None:
    """Write a ledger file: the blocks as they come, then the directory."""
    directory = []
    with session.open_file(name) as out:
        at = out.write(_MAGIC)
        for record, blocks in records:
            places = []
            for data, raw in blocks:
                places.append([at, len(data), raw])
                at += out.write(data)
            directory.append({**{key: value for key, value in asdict(record).items() if value}, "blocks": places})
        rendered = json.dumps(directory, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        packed = zlib.compress(rendered, _LEVEL)
        out.write(packed)
        out.write(_TAIL.pack(at, len(packed), len(rendered)))


def _merged(session: Session, names: Sequence[str], *, oldest: bool) -> str:
    """Write several ledger files as one; blocks are copied as they are. What was removed is dropped when nothing older is left."""
    entries: dict[str, _Entry] = {}
    before = _directory(session.folder / names[0])
    started = {entry.record.name: entry.record.continues for entry in before}
    _overlay(entries, before)
    for name in names[1:]:
        _overlay(entries, _directory(session.folder / name))
    kept = [entry for entry in entries.values() if not (oldest and entry.record.state == "removed")]
    merged = session.new_name(LEDGER_SUFFIX)
    _write(
        session, merged, ((_still(entry.record, started, oldest), [(_read(place), place.raw) for place in entry.places]) for entry in kept)
    )
    for name in names:
        with suppress(FileNotFoundError):
            _forget(session, name)
    return merged


def _still(record: FileRecord, started: dict[str, bool], oldest: bool) -> FileRecord:
    """Tell whether a merged record goes on one in a still older file."""
    return replace(record, continues=record.continues and not oldest and started.get(record.name, True))


def _forget(session: Session, name: str) -> None:
    """Remove a ledger file that was written and merged in one commit; one of an earlier commit is the collector's."""
    if session.base is None or name not in session.base.manifest.names:
        DISK.unlink(session.folder / name)


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _pread(path: Path, offset: int, length: int) -> bytes:
    descriptor = DISK.open_read(path)
    try:
        return os.pread(descriptor, length, offset)
    finally:
        os.close(descriptor)


def _read(place: _Place) -> bytes:
    return _pread(place.path, place.offset, place.length)


def _inflated(path: Path, data: bytes, raw: int, limit: int) -> Any:
    inflate = zlib.decompressobj()
    if raw > limit:
        raise IndexCorrupt(path, "a block of the ledger announces more than any has")
    try:
        text = inflate.decompress(data, raw + 1)
        if len(text) != raw or not inflate.eof:
            raise IndexCorrupt(path, "a block of the ledger is not what was written")
        return json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        raise IndexCorrupt(path, f"a block of the ledger cannot be read ({error})") from error


def _block(place: _Place) -> Block:
    value = _inflated(place.path, _read(place), place.raw, BLOCK_BYTES)
    try:
        rows = tuple(Row(row[0], row[1], row[2], row[3] if len(row) > 3 else "", len(row) > 4) for row in value["rows"])
        return Block(rows, tuple(Refusal(*refusal) for refusal in value.get("refusals", ())))
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise IndexCorrupt(place.path, "a block of the ledger has another form") from error


def _directory(path: Path) -> list[_Entry]:
    try:
        size = _bytes(path)
    except FileNotFoundError:
        raise IndexCorrupt(path, "the file is missing") from None
    if size < len(_MAGIC) + _TAIL.size or _pread(path, 0, len(_MAGIC)) != _MAGIC:
        raise IndexCorrupt(path, "not a ledger of this version")
    offset, length, raw = _TAIL.unpack(_pread(path, size - _TAIL.size, _TAIL.size))
    if offset + length + _TAIL.size != size:
        raise IndexCorrupt(path, "the directory of the ledger is not where it should be")
    entries = []
    try:
        for row in _inflated(path, _pread(path, offset, length), raw, DIRECTORY_BYTES):
            places = tuple(_Place(path, *place) for place in row.pop("blocks"))
            if any(place.offset + place.length > offset for place in places):
                raise IndexCorrupt(path, "a block of the ledger lies outside of it")
            entries.append(_Entry(FileRecord(**row), places))
    except (TypeError, KeyError, AttributeError) as error:
        raise IndexCorrupt(path, "the directory of the ledger has another form") from error
    return entries
