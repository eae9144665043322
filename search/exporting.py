"""How does an answer become a file? Articles in, pieces of text out, one article at a time: memory does not grow with the answer. Pure.

    for piece in render("csv", articles, Heading(query="pêche", day="2026-11-23"), link): out.write(piece)

Where the format has a place for it, the file begins with the query and the day (RIS, BibTeX, JSON); JSON Lines and CSV are data from
the first byte to the last, so that ``marbre index`` and a spreadsheet read them back. Every article carries its lasting id.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import quote

from corpus.article import Article
from search.citations import as_bibtex, as_csl, as_ris

__all__ = ["CSV_COLUMNS", "EXTENSIONS", "FORMATS", "Heading", "article_as_json", "article_link", "cell", "csv_line", "render"]

Link = Callable[[str], str]

EXTENSIONS: Final = {"jsonl": "jsonl", "json": "json", "csv": "csv", "ris": "ris", "bibtex": "bib", "csl": "json"}
FORMATS: Final = tuple(EXTENSIONS)
CSV_COLUMNS: Final = (
    "doc_id", "newspaper", "published", "headline", "standfirst", "section", "bylines", "kind", "credit", "places", "people",
    "organisations", "tags", "references", "language", "updated", "added", "url", "address", "body",
)  # fmt: skip
# Source: OWASP ASVS 5.0, 1.2.10; the full-width forms are read as formulas by spreadsheets set to Chinese or Japanese.
FORMULA_STARTS: Final = tuple("=+-@\t\r\0＝＋－＠")
_SKIPPED: Final = frozenset({"origin", "has_own_id"})
_NAMES: Final = tuple(field.name for field in fields(Article) if field.name not in _SKIPPED)


@dataclass(frozen=True, slots=True)
class Heading:
    """What an export says of itself: the query as typed, the address of the same search, the day it was made."""

    query: str
    day: str
    address: str = ""

    def lines(self) -> list[str]:
        """The heading as lines of text."""
        rows = (f"Recherche : {_one_line(self.query) or 'toute l’archive'}", f"Date : {self.day}")
        return [*rows, *((f"Adresse : {self.address}",) if self.address else ())]


def article_as_json(article: Article, address: str = "") -> dict[str, Any]:
    """Return an article under the names of the fields; ``marbre index`` reads it back as the same article."""
    row: dict[str, Any] = {"doc_id": article.doc_id}
    for name in _NAMES:
        value = getattr(article, name)
        row[name] = list(value) if isinstance(value, tuple) else dict(value) if name == "extra" else value
    if not row["extra"]:
        del row["extra"]
    return {**row, "address": address} if address else row


def render(form: str, articles: Iterable[Article], heading: Heading, link: Link = lambda doc_id: "") -> Iterator[str]:
    """Yield an export piece by piece. Raises: KeyError for a format that is not in FORMATS."""
    return _WRITERS[form](articles, heading, link)


def cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "\ufffd") if "\0" in value[1:] else value
    return "'" + value.replace("\0", "\ufffd") if value.startswith(FORMULA_STARTS) else value


def csv_line(values: Iterable[object]) -> str:
    """Return one line after RFC 4180 (commas, quotes doubled, CR LF), safe to open in a spreadsheet."""
    line: str = csv.writer(_Echo()).writerow([cell(value) for value in values])  # what write() returned
    return line


class _Echo:
    def write(self, text: str) -> str:
        return text


def article_link(base_url: str) -> Link:
    """Return the maker of lasting addresses of a site; without one they are empty."""
    root = base_url.rstrip("/")
    return lambda doc_id: f"{root}/article/{quote(doc_id, safe=':')}" if root else ""


def _jsonl(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    for article in articles:  # no address: read back by ``marbre index``, it would be kept as an unknown key
        yield _dumped(article_as_json(article)) + "\n"


def _json(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    yield '{"query":' + _dumped(heading.query) + ',"exported":' + _dumped(heading.day) + ',"articles":['
    yield from _separated(_dumped(article_as_json(article, link(article.doc_id))) for article in articles)
    yield "\n]}\n"


def _csl(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    yield "["
    yield from _separated(_dumped(as_csl(article, link(article.doc_id))) for article in articles)
    yield "\n]\n"


def _csv(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    yield csv_line(CSV_COLUMNS)
    for article in articles:
        row = article_as_json(article) | {"address": link(article.doc_id)}
        yield csv_line("; ".join(row[name]) if isinstance(row[name], list) else row[name] or "" for name in CSV_COLUMNS)


def _ris(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    # Lines before the first record are how databases sign their RIS files; reference managers pass over them.
    yield "".join(line + "\r\n" for line in heading.lines()) + "\r\n"
    for article in articles:
        yield as_ris(article, link(article.doc_id))


def _bibtex(articles: Iterable[Article], heading: Heading, link: Link) -> Iterator[str]:
    safe = str.maketrans("@{}\\", "    ")  # an @ begins an entry even inside a comment
    yield "".join(f"% {line.translate(safe)}\n" for line in heading.lines()) + "\n"
    for article in articles:
        yield as_bibtex(article, link(article.doc_id))


def _separated(items: Iterable[str]) -> Iterator[str]:
    before = "\n"
    for item in items:
        yield before + item
        before = ",\n"


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


_WRITERS: Final[dict[str, Callable[[Iterable[Article], Heading, Link], Iterator[str]]]] = {
    "jsonl": _jsonl,
    "json": _json,
    "csv": _csv,
    "ris": _ris,
    "bibtex": _bibtex,
    "csl": _csl,
}
