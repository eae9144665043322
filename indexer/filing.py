"""Which files must be read again? Compares each file of a run with the ledger, and keeps the ledger while it is read.

A file of the same size and time as recorded is left alone; one of another time is hashed, and left alone when its bytes are the same. A
file changed less than two seconds before it was read is hashed next time, since its time could hide a later change. A file whose recorded
place is empty and whose bytes are found elsewhere was moved. An issue (METS) is looked at with its pages. What a file no longer gives is remembered as missing, not deleted: a source
that is not mounted, or was cut short, must not empty an archive (``--delete-missing`` is the archivist's decision).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from corpus.article import Origin
from corpus.readers import Reject
from corpus.readers.source import Source
from indexer.ledger import FileRecord, Ledger, Refusal, Row

__all__ = ["FileAccount", "Filing", "settings_digest"]

RACY_NS: Final = 2_000_000_000
TOUCHED_BYTES: Final = 64 << 20  # so many bytes hashed only for a changed time are worth a commit of the new times
STREAM: Final = "-"


class _Stat(NamedTuple):
    size: int
    mtime_ns: int
    digest: str


@dataclass(slots=True)
class FileAccount:
    """Counts of a run over files."""

    read: int = 0
    skipped: int = 0
    unchanged: int = 0  # articles of skipped files
    moved: int = 0
    gone: int = 0
    held: int = 0  # articles that a file gave before and that stay, since it could not be read whole

    def notes(self) -> list[str]:
        """Return what an archivist should know of it."""
        notes = [f"files found at another place with the same content: {self.moved}"] if self.moved else []
        if self.held:
            notes.append(
                f"articles of files that could not be read whole, which stay in the index: {self.held}; mend such a file, or "
                "remove it where it is meant to be empty (--delete-missing then removes its articles)"
            )
        return notes


class Filing:
    """The visitor of a stream. ``past`` is what the files are compared with, ``ledger`` what is written (the same, but in a rebuild)."""

    def __init__(
        self,
        ledger: Ledger,
        past: Ledger,
        *,
        retry_rejects: bool = False,
        read_all: bool = False,
        reread: Set[str] | None = None,
        is_there: Callable[[str], bool] = bool,
    ) -> None:
        self.ledger = ledger
        self.past = past
        self.account = FileAccount()
        self.rejects: list[Reject] = []  # of files that were left alone
        self.visited: set[str] = set()
        self.same_content: set[str] = set()  # files read again although their bytes are as before
        self._retry = retry_rejects
        self._all = read_all
        self._reread = reread or frozenset()
        self.in_stream = False
        self._broken = False
        self._noted = False
        self.superseded: dict[str, frozenset[str]] = {}  # by file: articles that the same bytes, read otherwise, give under other ids
        self._name, self._given, self._before = "", 0, 0
        self._stamp = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        self._said: set[int] = set()
        self._unseen: dict[str, Row] = {}
        self._by_record: dict[str, Row] = {}
        self.record = ""  # digest of the record that is parsed now
        self._is_there = is_there
        self._hashed = 0
        self._touched: list[FileRecord] = []
        self._by_content: dict[tuple[str, str], FileRecord] | None = None

    # --- the visitor of a stream ------------------------------------------------------------------------------------------

    def begin(self, source: Source) -> bool:
        """Say whether a file must be read; begin its record if so."""
        if source.path is None:
            self.begin_stream(source.name)
            return True
        name = os.path.abspath(source.path)  # noqa: PTH100 - resolve() follows links
        if name in self.visited:
            return False  # given twice: by itself, and by its folder
        former = self.past.record(name)
        settings = settings_digest(source)
        stat, same = self._look(name, former, source)
        self.visited.add(name)
        record = FileRecord(name, source.name, *stat, settings=settings, read=self._stamp[:19])
        if (
            former is not None
            and same
            and former.settings == settings
            and former.state in ("whole", "gone")
            and self._leave(former, record)
        ):
            return False
        if former is None and not self._all and (old := self._moved_from(record)) is not None:
            self.ledger.move(
                replace(old, name=record.name, state="whole", shown=record.shown, mtime_ns=record.mtime_ns, read=record.read), old.name
            )
            self._skip(old, record.name)
            self.account.moved += 1
            return False
        self._begin(record, former)
        if same:
            self.same_content.add(name)
        return True

    def unchanged(self, place: str, record: str) -> bool:
        """Say that a record is, letter by letter, one that was taken before and is there: it is noted and need not be parsed."""
        if self.in_stream:
            return False
        self.record = hashlib.blake2b(record.strip().encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        row = self._by_record.get(self.record)
        if row is None or not self._is_there(row.doc_id):
            return False
        self.said_before(row.doc_id, row.digest)
        self.ledger.add(row._replace(place=place))
        self.account.unchanged += 1
        return True

    def refuse(self, reject: Reject) -> None:
        """Note something of the current file that was not taken."""
        self._broken |= not reject.origin.place
        self.ledger.refuse(Refusal(reject.origin.place, reject.reason, reject.advice))

    def end(self, reader: str) -> None:
        """Close the current file; what it gave before and gives no longer is remembered as missing, unless it could not be read whole."""
        if self._noted:
            self._without_notes()
        for row in self._unseen.values():
            self.ledger.add(row if self._broken else row._replace(missing=True))
        if self._broken:
            self.account.held += sum(not row.missing and self._is_there(row.doc_id) for row in self._unseen.values())
        if self._name in self.same_content and not self._broken and self._given >= self._before:
            self.superseded[self._name] = frozenset(self._unseen)
        self.ledger.end(reader=reader)
        self._said, self._unseen, self._by_record, self.record = set(), {}, {}, ""
        self._broken, self.in_stream, self._noted, self._name = False, False, False, ""

    def before_commit(self) -> None:
        """Note what the file being read has not given yet: a run killed after this commit must still know of it."""
        if self._name and self._unseen and not self._noted:
            self._noted = True
            for row in self._unseen.values():
                self.ledger.add(row._replace(missing=True))

    def _without_notes(self) -> None:
        """Begin the record of the file anew, with what it gave and nothing else."""
        record = self.ledger.record(self._name)
        rows, refusals = list(self.ledger.rows(self._name)), list(self.ledger.refusals(self._name))
        if record is not None:
            self.ledger.begin(replace(record, continues=False))
            for row in rows:
                if not row.missing:
                    self.ledger.add(row)
            for refusal in refusals:
                self.ledger.refuse(refusal)

    # --- what the build tells and asks --------------------------------------------------------------------------------------

    def begin_stream(self, name: str = STREAM) -> None:
        """Begin the record of articles that come from no file."""
        self._begin(FileRecord(f"{STREAM} {self._stamp}", name, read=self._stamp[:19]), None)
        self.in_stream = True

    def end_stream(self) -> None:
        """Close the record of a stream."""
        self.ledger.end()
        self.in_stream = False

    def said_before(self, doc_id: str, digest: str) -> bool:
        """Tell whether the current file said exactly this of an article when it was read last."""
        self._unseen.pop(doc_id, None)
        self._given += 1
        return hash((doc_id, digest)) in self._said

    def vanished(self, roots: Iterable[str]) -> None:
        """Note the recorded files below ``roots`` that are not there any more."""
        places = [(root, root.rstrip(os.sep) + os.sep) for root in roots]
        for record in list(self.ledger.records()):
            if record.is_stream or record.name in self.visited or record.state == "gone":
                continue
            if any(record.name == root or record.name.startswith(below) for root, below in places) and not Path(record.name).exists():
                self.ledger.put(replace(record, state="gone"))
                self.account.gone += 1

    def touches(self) -> None:
        """Keep new times of unchanged files when looking again next time would cost much."""
        if self._hashed > TOUCHED_BYTES:
            for record in self._touched:
                self.ledger.put(record)

    def _begin(self, record: FileRecord, former: FileRecord | None) -> None:
        if former is not None:
            rows = list(self.past.rows(former.name))
            self._said = {hash((row.doc_id, row.digest)) for row in rows if not row.missing}
            self._unseen = {row.doc_id: row for row in rows}
            if not self._all and former.settings == record.settings:
                self._by_record = {row.record: row for row in rows if row.record and not row.missing}
        self.account.read += 1
        self._name, self._given, self._before = record.name, 0, 0 if former is None else former.articles
        self.ledger.begin(record)

    def _leave(self, former: FileRecord, record: FileRecord) -> bool:
        """Leave a file alone whose bytes are as recorded, unless all is read again or its refusals shall be tried again."""
        if self._all or former.name in self._reread or (self._retry and former.rejected):
            return False
        self._skip(former, former.name)
        if former.state == "gone":
            self.ledger.put(replace(former, state="whole", mtime_ns=record.mtime_ns))
        elif former.mtime_ns != record.mtime_ns and record.mtime_ns:
            self._touched.append(replace(former, mtime_ns=record.mtime_ns))
        return True

    def _skip(self, former: FileRecord, name: str) -> None:
        self.account.skipped += 1
        self.account.unchanged += former.articles
        if former.rejected:
            refusals = list(self.ledger.refusals(name))
            self.rejects += [Reject(Origin(former.shown, one.place), one.reason, one.advice) for one in refusals]
            if any(not one.place for one in refusals):
                self.account.held += former.articles

    def _look(self, path: str, former: FileRecord | None, source: Source) -> tuple[_Stat, bool]:
        """Return size, time and digest of a file with the pages it gives its text from, and whether the bytes are those recorded."""
        try:
            paths = (Path(path), *source.pages())
            found = [one.stat() for one in paths]
            size, mtime_ns = sum(one.st_size for one in found), _time_of([one.st_mtime_ns for one in found])
            if former is not None and (size, mtime_ns) == (former.size, former.mtime_ns):
                return _Stat(former.size, former.mtime_ns, former.digest), True
            digest = _digest_of(paths)
        except OSError:  # the reader will say why; next time it is tried again
            return _Stat(0, 0, ""), False
        self._hashed += size
        settled = time.time_ns() - max(one.st_mtime_ns for one in found) > RACY_NS
        return _Stat(size, mtime_ns if settled else 0, digest), former is not None and former.digest == digest

    def _moved_from(self, record: FileRecord) -> FileRecord | None:
        """Return the record of a file with these bytes whose place is empty now."""
        if self._by_content is None:
            self._by_content = {
                (one.digest, one.settings): one for one in self.past.records() if one.digest and one.state in ("whole", "gone")
            }
        other = self._by_content.pop((record.digest, record.settings), None)
        return None if other is None or Path(other.name).exists() else other


def _time_of(times_ns: Sequence[int]) -> int:
    """Return the time of a file, or one number that changes with the time of any of several."""
    if len(times_ns) == 1:
        return times_ns[0]
    return int.from_bytes(hashlib.blake2b(repr(times_ns).encode("ascii"), digest_size=7).digest(), "big")


def _digest_of(paths: Sequence[Path]) -> str:
    """Return the digest of a file; of several, the digest of theirs."""
    digests = []
    for path in paths:
        with path.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.blake2b("".join(digests).encode("ascii"), digest_size=16).hexdigest()


def settings_digest(source: Source) -> str:
    """Return what a file was read with besides its bytes; "" for nothing."""
    if not source.defaults and not source.names and not source.query:
        return ""
    text = json.dumps([sorted(source.defaults.items()), sorted(source.names.items()), source.query], ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
