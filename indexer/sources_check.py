"""Do files, ledger and index agree? Lists what is missing, changed, new, gone or orphaned; mends just that.

changed    a file holds other bytes than were read        -> it is read again
new        a file below a source that was never read      -> it is read
gone       a recorded file that is not there              -> nothing: its articles stay (``--delete-missing`` removes them)
missing    an article its file gave that the index lacks  -> its file is read again
orphaned   an article of the index that no record names   -> nothing: it stays, and a rebuild keeps it
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from corpus.bounded import BoundedReader
from corpus.readers import read_recorded
from corpus.readers.source import Source
from indexer.builder import BuildOptions, BuildReport, build_index
from indexer.filing import Filing
from indexer.ledger import DELETED, FileRecord
from indexer.places import Former, open_base, read_archive
from indexer.withdrawals import withdrawn_in

__all__ = ["Disagreement", "check_sources", "repair_sources"]

MENDED: Final = ("changed", "new", "missing")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing on which files, ledger and index do not agree. ``path`` is the absolute path of the file, "" where there is none."""

    kind: Literal["changed", "new", "gone", "missing", "orphaned"]
    file: str
    what: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.file}: {self.what}"


class _Looker(Filing):
    """Asks of each file whether it would be read, and reads none."""

    def __init__(self, archive: Former) -> None:
        super().__init__(archive.ledger, archive.ledger)
        self.found: list[Source] = []

    def begin(self, source: Source) -> bool:
        """Note a file that would be read."""
        if super().begin(source):
            self.found.append(source)
        return False


def check_sources(location: str | os.PathLike[str]) -> list[Disagreement]:
    """Return every disagreement; [] when files, ledger and index are one. Raises: IndexMissing, IndexCorrupt."""
    with read_archive(location) as archive:
        records = {record.name: record for record in archive.ledger.records() if not record.is_stream}
        return [*_of_index(archive), *_of_files(archive, records)]


def repair_sources(location: str | os.PathLike[str], found: list[Disagreement]) -> BuildReport:
    """Read again just the files that a disagreement names. Raises: IndexLocked, IndexProblem."""
    paths = sorted({one.path for one in found if one.kind in MENDED and one.path and Path(one.path).exists()})
    sources = [(str(root), dict(defaults)) for root, defaults in open_base(location).manifest.facts.get("sources", ())]
    given = [(path, next((defaults for root, defaults in sources if path == root or path.startswith(root + os.sep)), {})) for path in paths]
    stream = read_recorded(given)
    with BoundedReader() as stream.beside:
        return build_index(stream, location, options=BuildOptions(reread=frozenset(paths)))


def _of_files(archive: Former, records: dict[str, FileRecord]) -> Iterator[Disagreement]:
    looker = _Looker(archive)
    stream = read_recorded([(str(root), dict(defaults)) for root, defaults in archive.facts.get("sources", ()) if Path(root).exists()])
    stream.visitor = looker
    for _ in stream:
        break  # it reads nothing: every file was only looked at
    for source in looker.found:
        path = os.path.abspath(source.path or source.name)  # noqa: PTH100 - resolve() follows links
        known = records.get(path)
        kind: Literal["changed", "new"] = "new" if known is None else "changed"
        yield Disagreement(kind, source.name, "never read" if known is None else f"other bytes than were read on {known.read[:10]}", path)
    for name, record in records.items():
        if name not in looker.visited and not Path(name).exists():
            yield Disagreement("gone", record.shown, f"the file is not there; {record.articles} articles came from it", name)


def _of_index(archive: Former) -> Iterator[Disagreement]:
    expected_away = {row.doc_id for row in archive.ledger.rows(DELETED)} | set(withdrawn_in(archive.facts))
    orphans = set(archive.ids())
    here = frozenset(orphans)
    for record in archive.ledger.records():
        if record.name == DELETED:
            continue
        for row in archive.ledger.rows(record.name):
            orphans.discard(row.doc_id)
            if row.doc_id not in here and row.doc_id not in expected_away and not row.missing:
                where = f"{record.shown}, {row.place}" if row.place else record.shown
                yield Disagreement("missing", where, f"{row.doc_id} is not in the index", "" if record.is_stream else record.name)
    for doc_id in sorted(orphans):
        yield Disagreement("orphaned", doc_id, "no record says where it came from")
