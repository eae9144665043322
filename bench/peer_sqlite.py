"""How does SQLite do the same page? One FTS5 match into a temporary table, then a GROUP BY a facet and the best twenty.

The full-text table is contentless and holds Marbre's terms joined by blanks; ranking is its own ``bm25`` with Marbre's field weights.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from whoosh.query import And, Every, Not, Or

from bench.peers import Page, Unsupported
from bench.queries import PAGE_SIZE, Question
from corpus import Article
from corpus.dates import first_day
from indexer import french
from indexer.schema import TEXT_FIELDS
from search.nodes import Compound, Pattern, Phrase, Word
from search.ranking import CONSTANTS
from search.request import SearchRequest

__all__ = ["SqliteFts"]

COLUMNS: Final = (*TEXT_FIELDS, *(f"{field}_exact" for field in TEXT_FIELDS))
WEIGHTS: Final = ", ".join(str(CONSTANTS.weight[column.removesuffix("_exact")]) for column in COLUMNS)
FACETS: Final = ("newspaper", "section", "year", "month")
_SCHEMA: Final = f"""
CREATE TABLE article (number INTEGER PRIMARY KEY, doc_id TEXT, headline TEXT, newspaper TEXT, section TEXT, day INTEGER, year INTEGER, month INTEGER);
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', tokenize="unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE terms USING fts5vocab(words, 'row');
"""


class SqliteFts:
    """SQLite with FTS5."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._base = sqlite3.connect(folder / "articles.db")
        self._base.execute("PRAGMA mmap_size = 4000000000")
        self._base.execute("PRAGMA temp_store = MEMORY")
        self._base.execute("CREATE TEMP TABLE hits (number INTEGER PRIMARY KEY, score REAL)")

    @staticmethod
    def build(articles: Iterable[Article], folder: Path) -> None:
        """Write both tables."""
        folder.mkdir(parents=True)
        base = sqlite3.connect(folder / "articles.db")
        base.executescript(_SCHEMA)
        base.executemany(
            f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({', '.join('?' * (len(COLUMNS) + 1))})", _fill(base, articles)
        )
        base.execute("INSERT INTO words (words) VALUES ('optimize')")
        base.execute("ANALYZE article")
        base.commit()
        base.close()

    def prepare(self, question: Question) -> Callable[[], Page]:
        """Translate a question."""
        request, base = question.request, self._base
        if isinstance(question.tree, Every):
            fill, arguments = "INSERT INTO hits SELECT number, 0 FROM article", ()
        else:
            fill = f"INSERT INTO hits SELECT rowid, bm25(words, {WEIGHTS}) FROM words WHERE words MATCH ?"
            arguments = (self._translated(question.tree),)
        whole = _where(request, "")
        counts = [
            (name, f"SELECT {name}, count(*) FROM hits JOIN article USING (number) {_where(request, name)} GROUP BY 1") for name in FACETS
        ]
        best = f"SELECT headline FROM hits JOIN article USING (number) {whole} ORDER BY score, number LIMIT {PAGE_SIZE}"
        total = f"SELECT count(*) FROM hits JOIN article USING (number) {whole}" if whole else "SELECT count(*) FROM hits"

        def ask() -> Page:
            base.execute("DELETE FROM hits")
            base.execute(fill, arguments)
            found = {name: {str(value): count for value, count in base.execute(query) if value is not None} for name, query in counts}
            headlines = [headline for (headline,) in base.execute(best)]
            return Page(base.execute(total).fetchone()[0], headlines, lambda: found)

        return ask

    def _translated(self, node: Any) -> str:
        if isinstance(node, And):
            wanted = " AND ".join(self._translated(child) for child in node.subqueries if not isinstance(child, Not))
            return f"({wanted})" + "".join(f" NOT {self._translated(child.query)}" for child in node.subqueries if isinstance(child, Not))
        if isinstance(node, Or):
            return f"({' OR '.join(self._translated(child) for child in node.subqueries)})"
        if isinstance(node, Compound):
            return f"({self._translated(node.phrase)} OR {self._translated(node.joined)})"
        if isinstance(node, Phrase):
            return _in_columns(" ".join(word.folded if node.exact else word.term_ for word in node.words), node.exact, node.field)
        if isinstance(node, Word):
            return _in_columns(node.folded if node.exact else node.term_, node.exact, node.field)
        if isinstance(node, Pattern):
            if node.glob.endswith("*") and node.glob[:-1].isalnum():
                return _in_columns(node.glob[:-1], True, node.field) + " *"
            terms = [term for (term,) in self._base.execute("SELECT term FROM terms WHERE term GLOB ? LIMIT 1024", (node.glob,))]
            return f"({' OR '.join(_in_columns(term, True, node.field) for term in terms)})"
        raise Unsupported(type(node).__name__)


def _where(request: SearchRequest, but: str) -> str:
    parts = [f"{one.field} = '{one.values[0].replace(chr(39), chr(39) * 2)}'" for one in request.filters if one.field != but]
    parts += [f"day >= {request.since.toordinal()}"] if request.since else []
    parts += [f"day <= {request.until.toordinal()}"] if request.until else []
    return f"WHERE {' AND '.join(parts)}" if parts else ""


def _in_columns(text: str, exact: bool, field: str | None) -> str:
    fields = TEXT_FIELDS if field is None else (field,)
    columns = " ".join(f"{name}_exact" if exact else name for name in fields)
    return f'{{{columns}}} : "{text.replace(chr(34), "")}"'


def _fill(base: sqlite3.Connection, articles: Iterable[Article]) -> Iterator[tuple[Any, ...]]:
    """Insert the articles; yield the rows of their words."""
    for number, article in enumerate(articles):
        day = first_day(article.published) if article.published else None
        times = (day.toordinal(), day.year, day.year * 100 + day.month) if day else (None, None, None)
        row = (number, article.doc_id, article.headline, article.newspaper or None, article.section or None, *times)
        base.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        surfaces = [french.analyze(getattr(article, field)).surfaces for field in TEXT_FIELDS]
        classes = [" ".join(french.term(french.fold(surface)) for surface in those) for those in surfaces]
        yield number, *classes, *(" ".join(map(french.fold, those)) for those in surfaces)
