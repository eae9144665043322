"""How does a reader take an answer home? The same search with another ending, streamed: every hit, in flat memory.

    /recherche.csv?q=pêche       .jsonl .ris .bib: articles in full, in the order of the page
    /article/<doc_id>.json       .txt .ris .bib .csl
    /concordance.csv?q=pêche     the lines of the concordance

A file is an attachment under a name of ours and a sandbox: whatever it holds, no browser runs it. The slots keep long exports from
holding every thread of the process, and one visitor from holding every slot: who comes when none is free is asked to come back,
and readers go on reading.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from flask import Blueprint, Flask, Response, current_app, request, url_for
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from corpus import Article
from corpus.article import slug
from corpus.errors import BadRequest
from search import export
from search.citations import as_bibtex, as_csl, as_ris
from search.concordance import ORDERS, Order, concordance_rows
from search.exporting import EXTENSIONS, Heading, article_as_json, csv_line, render
from search.mentions import citations_of
from web import typography
from web.asking import absolute, asked_state, engine, links, missing, validated
from web.citation import cite
from web.limits import EXPORT_WIDTH, Running, client_key
from web.responses import SANDBOX
from web.shared import SharedTable
from web.state import SearchState
from web.views import article as article_page

__all__ = ["CLIENT_EXPORTS", "EXPORT_SLOTS", "Slots", "as_attachment", "exports", "prepare"]

exports = Blueprint("exports", __name__)

EXPORT_SLOTS: Final = 3  # exports at a time in a process; waitress has more threads than that
CLIENT_EXPORTS: Final = 2  # of one visitor at a time, over all processes
RETRY_S: Final = 5
CHUNK_CHARS: Final = 32 * 1024
BOM: Final = "\ufeff"  # without it, spreadsheets take UTF-8 for Windows-1252: « dÃ©cÃ¨s »
_MEDIA: Final = {
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8; header=present",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "bibtex": "application/x-bibtex; charset=utf-8",
    "json": "application/json",
    "csl": "application/vnd.citationstyles.csl+json",
    "txt": "text/plain; charset=utf-8",
}
_SEARCH_FORMS: Final = {"jsonl": "jsonl", "csv": "csv", "ris": "ris", "bib": "bibtex"}  # by the ending of the address
_ARTICLE_ENDINGS: Final = ("json", "txt", "ris", "bib", "csl")


class Stream(Response):
    """An answer that nobody may collect in memory, neither to measure nor to compress it."""

    implicit_sequence_conversion = False


class Slots:
    """How many exports run at once: in this process, and for one visitor in all of them."""

    def __init__(self, count: int, running: Running) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._running = running
        self._turn = threading.Lock()  # one export computes at a time, so that a page shares the processor with one and not with three

    def hold(self, pieces: Iterator[str], client: str) -> Iterator[str]:
        """Return ``pieces`` begun, so that a fault is still an error page; the slot is free again when they end or are dropped.

        Raises: TooManyRequests when the visitor has enough of them, ServiceUnavailable when no slot is free.
        """
        if not self._running.begin(client):
            raise TooManyRequests(retry_after=RETRY_S)
        if not self._free.acquire(blocking=False):
            self._running.end(client)
            raise ServiceUnavailable(retry_after=RETRY_S)
        held = self._held(pieces, client)
        next(held)
        return held

    def _held(self, pieces: Iterator[str], client: str) -> Iterator[str]:
        try:
            piece = self._next(pieces)
            yield ""
            while piece is not None:
                yield piece
                piece = self._next(pieces)
        finally:
            self._free.release()
            self._running.end(client)

    def _next(self, pieces: Iterator[str]) -> str | None:
        with self._turn:
            return next(pieces, None)


def prepare(app: Flask) -> None:
    """Give an application its slots."""
    table: SharedTable = app.config["EXPORT_TABLE"] or SharedTable(1, EXPORT_WIDTH)
    app.extensions["marbre.slots"] = Slots(EXPORT_SLOTS, Running(table, CLIENT_EXPORTS))


@exports.get("/recherche.<any(jsonl, csv, ris, bib):ending>")
def search_file(ending: str) -> Response:
    """Send every article of an answer."""
    form = _SEARCH_FORMS[ending]
    state = asked_state().at_page(1)
    where, today = links(), dt.date.today().isoformat()
    base = absolute("/")
    heading = Heading(_described(state), today, base and absolute(where.search(state)))
    response = _stream(form, (), f"{_file_stem(state)}-{today}.{ending}")
    validated(response, engine().stats().generation, today)
    if not request.if_none_match.contains_weak(response.get_etag()[0] or "") and request.method == "GET":
        articles = export(engine(), state.request(usual="all"))
        root = base and absolute(where.articles)
        pieces = render(form, articles, heading, lambda doc_id: root and root + where.article(doc_id).removeprefix(where.articles))
        response.response = _encoded(_slots().hold(_chunks(pieces), client_key()), BOM if form == "csv" else "")
    return response


@exports.get("/concordance.csv")
def concordance_file() -> Response:
    """Send the lines of a concordance."""
    state = asked_state().at_page(1)
    today = dt.date.today().isoformat()
    rows = concordance_rows(engine(), state.request(), order=_order(request.args.get("ordre", "")))
    response = Response(BOM + "".join(csv_line(row) for row in rows), content_type=_MEDIA["csv"])
    return validated(as_attachment(response, f"concordance-{_file_stem(state)}-{today}.csv"), engine().stats().generation, today)


def _article_file(doc_id: str, ending: str) -> Response | str:
    """Send one article, unless the id of another article ends like a file."""
    whole = f"{doc_id}.{ending}"
    if engine().article(whole) is not None:
        return article_page(whole)
    found = engine().article(doc_id)
    if found is None:
        missing(doc_id)
    path = url_for("site.article", doc_id=doc_id, ui=None)
    text = _ARTICLE_WRITERS[ending](found, absolute(path))
    form = {"bib": "bibtex"}.get(ending, ending)
    return as_attachment(Response(text, content_type=_MEDIA[form]), f"{slug(doc_id) or 'article'}.{EXTENSIONS.get(form, ending)}")


for _ending in _ARTICLE_ENDINGS:
    exports.add_url_rule(f"/article/<doc_id>.{_ending}", f"article_{_ending}", _article_file, defaults={"ending": _ending}, methods=["GET"])


def as_attachment(response: Response, name: str) -> Response:
    """Send ``response`` as a file called ``name`` (ASCII, ours) that runs nowhere."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def as_text(article: Article, address: str) -> str:
    """Return an article as a text to read, its reference at the end."""
    head = [article.shown_headline] if article.headline else []
    facts = [article.newspaper, typography.day(article.published), article.section]
    parts = ["\n".join([*head, ", ".join(fact for fact in facts if fact), *([", ".join(article.bylines)] if article.bylines else [])])]
    parts += [part for part in (article.standfirst, article.body) if part]
    parts += [f"Source{typography.NBSP}: {article.credit}"] if article.credit else []
    return "\n\n".join([*parts, "--", cite(article, address, dt.date.today()).text]) + "\n"


def _stream(form: str, body: Iterable[bytes], name: str) -> Response:
    return as_attachment(Stream(body, content_type=_MEDIA[form]), name)


def _slots() -> Slots:
    slots: Slots = current_app.extensions["marbre.slots"]
    return slots


def _file_stem(state: SearchState) -> str:
    return "-".join(part for part in ("marbre", slug(state.text, 40)) if part)


def _order(name: str) -> Order:
    """Return the order of the lines, by its French or English name."""
    wanted = {"droite": "right", "gauche": "left", "journal": "newspaper"}.get(name, name) or "right"
    for order in ORDERS:
        if order == wanted:
            return order
    raise BadRequest("ordre", name, "droite, gauche, date ou journal")


def _described(state: SearchState) -> str:
    """Return the query with its conditions, in words of the address: « pêche (journal=L’Essor, du=2025-01-01) »."""
    conditions = [f"{name}={value}" for name, value in state.to_args() if name not in ("q", "page", "par_page", "vue")]
    return f"{state.text} ({', '.join(conditions)})".strip() if conditions else state.text


def _chunks(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the same text in pieces large enough to be worth sending."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK_CHARS:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def _encoded(pieces: Iterator[str], before: str) -> Iterator[bytes]:
    yield before.encode()
    for piece in pieces:
        yield piece.encode("utf-8", "replace")


def _json_text(article: Article, address: str) -> str:
    """Return an article as its source had it, with what was read in it apart: files of many articles do without, so that they read back the same."""
    return json.dumps({**article_as_json(article, address), "cited_texts": citations_of(article)}, ensure_ascii=False) + "\n"


def _csl_text(article: Article, address: str) -> str:
    return json.dumps([as_csl(article, address)], ensure_ascii=False) + "\n"


_ARTICLE_WRITERS: Final[dict[str, Callable[[Article, str], str]]] = {
    "json": _json_text,
    "txt": as_text,
    "ris": as_ris,
    "bib": as_bibtex,
    "csl": _csl_text,
}
