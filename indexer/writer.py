"""How do articles enter the index on disk? For now through the stock Whoosh writer.

``open_writer`` holds the lock until it is closed; what was added is seen by readers after ``commit`` only.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from whoosh import index as whoosh_index
from whoosh.writing import LockError

from corpus.errors import IndexForeign, IndexLocked
from indexer.documents import content_digest
from indexer.french import analysis_digest
from indexer.schema import SCHEMA_VERSION, whoosh_schema
from indexer.stock import stock_fields

__all__ = ["MARK", "ArchiveWriter", "read_mark"]

MARK: Final = "marbre.json"


class ArchiveWriter:
    """One writer of one index; a context manager that gives up what was not committed."""

    def __init__(self, location: Path, *, rebuild: bool = False) -> None:
        self._location = location
        self._folder = location.with_name(location.name + ".new") if rebuild else location
        if rebuild and self._folder.exists():
            shutil.rmtree(self._folder)
        fresh = not (self._folder / MARK).exists()
        if fresh:
            self._folder.mkdir(parents=True, exist_ok=True)
            index = whoosh_index.create_in(self._folder, whoosh_schema())
            (self._folder / MARK).write_text(json.dumps({"schema": SCHEMA_VERSION, "analysis": analysis_digest()}))
        else:
            mark = read_mark(location)
            if mark["analysis"] != analysis_digest():
                raise IndexForeign(location, "French analysis", mark["analysis"][:12], analysis_digest()[:12])
            index = whoosh_index.open_dir(self._folder)
        try:
            self._writer = index.writer(limitmb=256)
        except LockError as locked:
            raise IndexLocked(location) from locked
        self._known: dict[str, tuple[str, str]] = {}
        with index.reader() as reader:
            for _, fields in reader.iter_docs():
                stored = json.loads(fields["article"])
                self._known[stored["doc_id"]] = (content_digest(stored), stored.get("newspaper", ""))
        self._added_days: dict[str, str] = {}
        self._open = True

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self._writer.cancel()

    @property
    def articles(self) -> int:
        """How many articles the index will have."""
        return len(self._known)

    def known(self, doc_id: str) -> tuple[str, str] | None:
        """Return content digest and newspaper of an article already there (committed or not)."""
        return self._known.get(doc_id)

    def stored(self, doc_id: str) -> dict[str, Any] | None:
        """Return the committed article of an id."""
        with self._writer.reader() as reader:
            number = next(iter(reader.postings("doc_id", doc_id).all_ids()), None) if ("doc_id", doc_id) in reader else None
            return None if number is None else json.loads(reader.stored_fields(number)["article"])

    def add(self, stored: dict[str, Any], digest: str) -> None:
        """Add an article, replacing the one of the same id."""
        fields = stock_fields(stored)
        if stored["doc_id"] in self._known:
            self._writer.update_document(**fields)
        else:
            self._writer.add_document(**fields)
        self._known[stored["doc_id"]] = (digest, stored.get("newspaper", ""))

    def delete(self, doc_id: str) -> bool:
        """Delete an article; False when there is none of this id."""
        if self._known.pop(doc_id, None) is None:
            return False
        self._writer.delete_by_term("doc_id", doc_id)
        return True

    def commit(self) -> None:
        """Make everything visible to readers, and end."""
        self._writer.commit()
        self._open = False
        if self._folder != self._location:
            previous = self._location.with_name(self._location.name + ".old")
            shutil.rmtree(previous, ignore_errors=True)
            if self._location.exists():
                self._location.rename(previous)
            self._folder.rename(self._location)
            shutil.rmtree(previous, ignore_errors=True)


def read_mark(location: Path) -> dict[str, Any]:
    """Return what the index says of the analysis and schema that made it."""
    mark: dict[str, Any] = json.loads((location / MARK).read_text())
    return mark
