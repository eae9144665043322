"""How does a file of the ledger lie on disk? Blocks as they come, then a directory; written once, never changed.

    magic | blocks ... | directory | where the directory is (24 bytes)

A block is JSON, deflated: the rows and refusals of one source file, as far as one commit saw them. The directory, JSON too, has one record a
source file with the places of its blocks. What is read is bounded: a forged length allocates no more than its limit.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple, Protocol

import orjson

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.durable import DISK

__all__ = [
    "DELETED",
    "LEDGER_SUFFIX",
    "Block",
    "Entry",
    "FileRecord",
    "LedgerHome",
    "Refusal",
    "Row",
    "bytes_of",
    "merged",
    "overlay",
    "packed",
    "read_block",
    "read_directory",
    "verify_ledger_file",
    "write_file",
]

DELETED: Final = "<deleted>"  # the record of what ``marbre delete`` took out; no path is called so
LEDGER_SUFFIX: Final = ".ledger"
ROWS_A_BLOCK: Final = 20_000
BLOCK_BYTES: Final = 256 << 20  # inflated: a forged length allocates no more
DIRECTORY_BYTES: Final = 1 << 30
_MAGIC: Final = b"MARBRE LEDGER 1\n"
_TAIL: Final = struct.Struct("<QQQ")  # offset, length, inflated length of the directory
_LEVEL: Final = 3


class LedgerHome(Protocol):
    """Where ledger files are written: the session of a folder, or of a cluster."""

    @property
    def folder(self) -> Path: ...
    @property
    def base(self) -> Any: ...
    def new_name(self, suffix: str) -> str: ...
    def open_file(self, name: str) -> IO[bytes]: ...


class Row(NamedTuple):
    """One article of a file. ``digest`` of its content; ``fingerprint`` of newspaper, day and text where no source id tells."""

    doc_id: str
    place: str
    digest: str
    fingerprint: str = ""
    missing: bool = False  # no longer in the file, and still in the index
    record: str = ""  # digest of the line it was made of, where a line is an article


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


class Place(NamedTuple):
    """Where a block lies; ``raw`` its inflated length in bytes."""

    path: Path
    offset: int
    length: int
    raw: int


@dataclass(slots=True)
class Entry:
    record: FileRecord
    places: tuple[Place, ...]


def overlay(entries: dict[str, Entry], newer: Iterable[Entry]) -> None:
    for entry in newer:
        name = entry.record.name
        before = entries.get(name)
        places = (*before.places, *entry.places) if before is not None and entry.record.continues else entry.places
        entries[name] = Entry(entry.record, places)


def packed(rows: Sequence[Row], refusals: Sequence[Refusal]) -> list[tuple[bytes, int]]:
    """Return the blocks of a record, deflated, each with its inflated length."""
    packed = []
    for first in range(0, max(len(rows), 1), ROWS_A_BLOCK):
        block: dict[str, Any] = {"rows": [_plain(row) for row in rows[first : first + ROWS_A_BLOCK]]}
        if first == 0 and refusals:
            block["refusals"] = refusals
        if block["rows"] or refusals:
            data = _json(block)
            packed.append((zlib.compress(data, _LEVEL), len(data)))
    return packed


def _json(block: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(block)
    except TypeError:  # refusals, which are named tuples, or a lone surrogate
        return json.dumps(block, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _plain(row: Row) -> list[Any]:
    """Return a row without the empty fields at its end."""
    values = [*row[:4], int(row.missing), row.record]
    while not values[-1]:
        values.pop()
    return values


def _row(values: list[Any]) -> Row:
    empty: list[Any] = ["", "", "", "", 0, ""]
    doc_id, place, digest, print_, missing, record = values + empty[len(values) :]
    return Row(doc_id, place, digest, print_, bool(missing), record)


def write_file(session: LedgerHome, name: str, records: Iterable[tuple[FileRecord, Iterable[tuple[bytes, int]]]]) -> None:
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


def merged(session: LedgerHome, names: Sequence[str], *, oldest: bool) -> str:
    """Write several ledger files as one; blocks are copied as they are. What was removed is dropped when nothing older is left."""
    entries: dict[str, Entry] = {}
    before = read_directory(session.folder / names[0])
    started = {entry.record.name: entry.record.continues for entry in before}
    overlay(entries, before)
    for name in names[1:]:
        overlay(entries, read_directory(session.folder / name))
    kept = [entry for entry in entries.values() if not (oldest and entry.record.state == "removed")]
    merged = session.new_name(LEDGER_SUFFIX)
    write_file(
        session, merged, ((_still(entry.record, started, oldest), [(_read(place), place.raw) for place in entry.places]) for entry in kept)
    )
    for name in names:
        with suppress(FileNotFoundError):
            _forget(session, name)
    return merged


def _still(record: FileRecord, started: dict[str, bool], oldest: bool) -> FileRecord:
    """Tell whether a merged record goes on one in a still older file."""
    return replace(record, continues=record.continues and not oldest and started.get(record.name, True))


def _forget(session: LedgerHome, name: str) -> None:
    """Remove a ledger file that was written and merged in one commit; one of an earlier commit is the collector's."""
    if session.base is None or name not in session.base.manifest.names:
        DISK.unlink(session.folder / name)


def bytes_of(path: Path) -> int:
    return path.stat().st_size


def _pread(path: Path, offset: int, length: int) -> bytes:
    descriptor = DISK.open_read(path)
    try:
        return os.pread(descriptor, length, offset)
    finally:
        os.close(descriptor)


def _read(place: Place) -> bytes:
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


def read_block(place: Place) -> Block:
    value = _inflated(place.path, _read(place), place.raw, BLOCK_BYTES)
    try:
        rows = tuple(_row(row) for row in value["rows"])
        return Block(rows, tuple(Refusal(*refusal) for refusal in value.get("refusals", ())))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise IndexCorrupt(place.path, "a block of the ledger has another form") from error


def read_directory(path: Path) -> list[Entry]:
    try:
        size = bytes_of(path)
    except FileNotFoundError:
        raise IndexCorrupt(path, "the file is missing") from None
    magic = _pread(path, 0, len(_MAGIC)) if size >= len(_MAGIC) + _TAIL.size else b""
    if magic != _MAGIC:
        kind, _, version = magic.strip().rpartition(b" ")
        if kind == _MAGIC[: len(kind)] != b"" and version.isdigit():
            raise IndexForeign(path.parent.parent, "format of the ledger", int(version), 1)
        raise IndexCorrupt(path, "not a ledger")
    offset, length, raw = _TAIL.unpack(_pread(path, size - _TAIL.size, _TAIL.size))
    if offset + length + _TAIL.size != size:
        raise IndexCorrupt(path, "the directory of the ledger is not where it should be")
    entries = []
    try:
        for row in _inflated(path, _pread(path, offset, length), raw, DIRECTORY_BYTES):
            places = tuple(Place(path, *place) for place in row.pop("blocks"))
            if any(place.offset + place.length > offset for place in places):
                raise IndexCorrupt(path, "a block of the ledger lies outside of it")
            entries.append(Entry(FileRecord(**row), places))
    except (TypeError, KeyError, AttributeError) as error:
        raise IndexCorrupt(path, "the directory of the ledger has another form") from error
    return entries


def verify_ledger_file(path: Path) -> list[str]:
    """Read every block of a ledger file and return what is wrong, each problem naming its part; [] = all can be read."""
    try:
        entries = read_directory(path)
    except (IndexCorrupt, IndexForeign) as error:
        return [f"directory: {error}"]
    problems = []
    for number, place in enumerate((place for entry in entries for place in entry.places), 1):
        try:
            read_block(place)
        except IndexCorrupt as error:
            problems.append(f"block {number}: {error}")
    return problems
