"""What do the tests of the archive share? Source files that are easily written and changed, and the content of an index by id."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from corpus import read_articles
from indexer import BuildOptions, BuildReport, build_index
from indexer.former import FormerArchive
from indexer.generations import open_snapshot
from indexer.ledger import Ledger

__all__ = ["content", "index_folder", "ledger_of", "old", "record", "write_jsonl"]

Record = dict[str, Any]
_age = [0]


def record(number: int, text: str = "Le conseil a voté le budget.") -> Record:
    """Return the record of an article with an id of its own."""
    return {"id": f"n{number}", "journal": "L’Essor", "titre": f"Titre {number}", "texte": text, "date": "2025-10-09"}


def write_jsonl(path: Path, records: Iterable[Record | str]) -> Path:
    """Write records (or raw lines) as JSON Lines, with a time of change that is past and never the same twice."""
    lines = (one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in records)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return old(path)


def old(path: Path) -> Path:
    """Give a file an old time of change, another one each time."""
    _age[0] += 1
    os.utime(path, (1_700_000_000 + _age[0],) * 2)
    return path


def index_folder(source: Path, location: Path, progress: Callable[[int], None] | None = None, **options: Any) -> BuildReport:
    """Index a file or folder with these options of a build."""
    return build_index(read_articles([source]), location, progress=progress, options=BuildOptions(**options))


def content(location: Path, without: Iterable[str] = ()) -> dict[str, Record]:
    """Return every stored article by its id."""
    with FormerArchive(open_snapshot(location)) as archive:
        return {stored["doc_id"]: {key: value for key, value in stored.items() if key not in without} for stored, _ in archive.everything()}


def ledger_of(location: Path) -> Ledger:
    """Return the committed ledger."""
    snapshot = open_snapshot(location)
    return Ledger(snapshot.folder, snapshot.manifest.facts["ledger"])
