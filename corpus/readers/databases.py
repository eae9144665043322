"""Which articles are in this database? A SQLite file, opened so that nothing in it can change or act.

With a query of the user its rows are the articles; without one, every table whose columns are named like fields is read.
Source: sqlite.org, URI filenames (mode=ro, immutable=1) and « Defense Against The Dark Arts ».
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from corpus.article import Article
from corpus.readers.records import article_of_record, count_known_columns
from corpus.readers.source import Reject, Source

__all__ = ["read"]

VALUE_BYTES: Final = 16 * 1024 * 1024
STEP_SECONDS: Final = 10.0  # without a row; a query that finds nothing must end
_STEPS: Final = 100_000
_MAX_TABLES: Final = 1_000
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})


def read(source: Source) -> Iterator[Article | Reject]:
    """Read one article a row: of the user's query, or of the tables whose columns name the fields of an article."""
    with _file_of(source) as path, contextlib.closing(_opened(path)) as database:
        try:
            deadline = _Deadline(database)
            queries = [("query", source.query)] if source.query else list(_table_queries(database))
            database.set_authorizer(_authorized)
            if not queries:
                yield Reject(
                    source.origin(),
                    f"no table with columns like those of an article ({_tables(database)})",
                    'say which rows: --query "SELECT … AS titre, … AS texte FROM …"',
                )
            for name, query in queries:
                yield from _rows(source, name, database.execute(query), deadline)
        except sqlite3.Error as error:
            yield Reject(
                source.origin(),
                f"the database cannot be read ({str(error)[:200]})",
                'check the query and the file: sqlite3 FILE "PRAGMA integrity_check"',
            )
        except sqlite3.Warning as error:
            yield Reject(source.origin(), f"the query was refused ({error})", "one SELECT is expected")


@contextlib.contextmanager
def _file_of(source: Source) -> Iterator[Path]:
    """Give the file on disk; a database inside an archive or gzip is copied to a place of its own first."""
    if source.path is not None:
        with source.path.open("rb") as stream:
            plain = stream.read(2) != b"\x1f\x8b"
        if plain:
            yield source.path
            return
    with tempfile.TemporaryDirectory(prefix="marbre-") as folder:
        path = Path(folder) / "database"
        with source.open() as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        yield path


def _opened(path: Path) -> sqlite3.Connection:
    address = "file:" + urllib.parse.quote(str(path.resolve())) + "?mode=ro&immutable=1"
    database = sqlite3.connect(address, uri=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, VALUE_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


def _authorized(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


class _Deadline:
    """Stops a query that runs STEP_SECONDS without giving a row."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._last = time.monotonic()
        database.set_progress_handler(self._is_late, _STEPS)

    def row(self) -> None:
        """Start again: a row came."""
        self._last = time.monotonic()

    def _is_late(self) -> bool:
        return time.monotonic() - self._last > STEP_SECONDS


def _tables(database: sqlite3.Connection) -> str:
    names = [str(name) for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' LIMIT 20")]
    return "tables: " + ", ".join(names) if names else "it has no table"


def _table_queries(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    names = database.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchmany(_MAX_TABLES)
    for (name,) in names:
        quoted = '"' + str(name).replace('"', '""') + '"'
        columns = [str(row[1]) for row in database.execute(f"PRAGMA table_info({quoted})")]
        known, texts = count_known_columns(columns)
        if known > 1 and texts:
            yield str(name), f"SELECT * FROM {quoted}"  # noqa: S608 - a name of the database's own list, quoted


def _rows(source: Source, name: str, cursor: sqlite3.Cursor, deadline: _Deadline) -> Iterator[Article | Reject]:
    columns = [str(column[0]) for column in cursor.description or ()]
    if not count_known_columns(columns)[1]:
        yield Reject(
            source.origin(name),
            f"no column of the query is a headline or a text (columns: {', '.join(columns)[:200]})",
            "name them: SELECT … AS titre, … AS texte",
        )
        return
    for number, row in enumerate(cursor, 1):
        deadline.row()
        record: dict[str, Any] = {column: value for column, value in zip(columns, row, strict=True) if not isinstance(value, bytes)}
        yield article_of_record(source, f"{name}, row {number}", record)
