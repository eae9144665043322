"""Which page is at which address? Each view asks the engine, presents the answer, renders a template; nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for

from corpus.errors import BadRequest
from search import Engine, SearchRequest, mark_article, search
from search.request import RESULT_WINDOW
from web import typography
from web.asking import asked_state
from web.examples import Example, working_examples
from web.links import Links
from web.presenters import present_hit, present_results
from web.reading import Neighbours, present_article
from web.rescue import rescue
from web.state import SearchState

__all__ = ["site"]

site = Blueprint("site", __name__)

LATEST: Final = 6
NEWSPAPERS_SHOWN: Final = 12
DOC_ID_CHARS: Final = 260
_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@site.get("/")
def home() -> str:
    """Show the search box, what the archive holds, its latest articles and queries that find something in it."""
    stats = _engine().stats()
    latest = search(_engine(), SearchRequest(sort="newest", size=LATEST, facets=()))
    links = _links()
    newest = SearchState(sort="newest")
    newspapers = [(name, typography.number(count), links.search(newest.adding("newspaper", name))) for name, count in stats.newspapers]
    return render_template(
        "home.html",
        stats=stats,
        named=sum(bool(name) for name, _ in stats.newspapers),
        newspapers=newspapers[:NEWSPAPERS_SHOWN],
        more_newspapers=newspapers[NEWSPAPERS_SHOWN:],
        since=typography.day(stats.since),
        until=typography.day(stats.until),
        latest=[present_hit(hit, links) for hit in latest.hits],
        examples=_examples(stats.generation, links),
        all_url=links.search(newest),
    )


@site.get("/recherche")
def results() -> Response:
    """Answer a search with a page; nothing found gets advice instead of hits."""
    state = asked_state()
    page = search(_engine(), state.request())
    links = _links()
    view = present_results(page, state, links)
    advice = rescue(_engine(), state, links) if page.total == 0 else None
    html = render_template("results.html", view=view, advice=advice, canonical=_absolute(links.search(state)))
    return _validated(make_response(html), page.generation)


@site.get("/article/<doc_id>")
def article(doc_id: str) -> str:
    """Show one article, the words of the search marked, the way to its neighbours in the answer kept."""
    found = _engine().article(doc_id) if len(doc_id) <= DOC_ID_CHARS else None
    if found is None:
        abort(404)
    state = asked_state()
    links = _links()
    address = _absolute(links.article(doc_id)) or links.article(doc_id)
    view = present_article(found, mark_article(state.text, found), links, address, dt.date.today(), _neighbours(doc_id, state, links))
    return render_template("article.html", view=view, state=state)


@site.get("/aide")
def help_page() -> str:
    """Explain the query language to people."""
    return render_template("help.html", examples=_examples(_engine().stats().generation, _links()))


@site.get("/robots.txt")
def robots() -> Response:
    """Let crawlers read articles, and keep them out of the endless combinations of filters."""
    lines = ("User-agent: *", f"Disallow: {url_for('site.results')}", "")
    return Response("\n".join(lines), mimetype="text/plain")


def _engine() -> Engine:
    engine: Engine = current_app.extensions["marbre"]
    return engine


def _links() -> Links:
    return Links(url_for("site.results"), url_for("site.article", doc_id="_").removesuffix("_"))


def _absolute(path: str) -> str:
    """Return a full address, or "" where only the Host header would vouch for it: anybody can write that one."""
    base: str = current_app.config["PUBLIC_URL"].rstrip("/")
    if base:
        return base + path.removeprefix(request.script_root)
    host = urlsplit(request.host_url)
    return f"{host.scheme}://{host.netloc}{path}" if host.hostname in _LOCAL_HOSTS else ""


def _validated(response: Response, generation: int) -> Response:
    """Give a page of results a validator made of the question and the generation: its time in ms is no change."""
    versions = [asset.digest for asset in current_app.extensions["marbre.assets"].values()]
    key = "\x1f".join((str(generation), request.script_root, request.full_path, request.host, *versions))
    response.set_etag(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20], weak=True)
    return response


def _examples(generation: int, links: Links) -> list[tuple[Example, str]]:
    """Return the examples of this generation of the index; found once, since they cost a few searches."""
    kept: dict[int, tuple[Example, ...]] = current_app.extensions.setdefault("marbre.examples", {})
    if generation not in kept:
        examples = working_examples(_engine())
        kept.clear()
        kept[generation] = examples
    return [(example, links.search(SearchState(text=example.query))) for example in kept[generation]]


def _neighbours(doc_id: str, state: SearchState, links: Links) -> Neighbours:
    """Find the articles before and after in the search the reader came from; nothing when the rank does not hold any more."""
    text = request.args.get("rang", "")
    if not text:
        return Neighbours()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= RESULT_WINDOW):
        raise BadRequest("rang", text, f"un nombre de 1 à {RESULT_WINDOW}")
    rank = int(text)
    total, ids = _ids_around(state, rank)
    if ids.get(rank) != doc_id:
        return Neighbours(back_url=links.search(state.at_page(1)))
    return Neighbours(
        position=f"{typography.number(rank)} sur {typography.number(total)}",
        previous_url=links.article(ids[rank - 1], state, rank - 1) if rank - 1 in ids else "",
        next_url=links.article(ids[rank + 1], state, rank + 1) if rank + 1 in ids else "",
        back_url=links.search(state.at_page((rank - 1) // state.size + 1)),
    )


def _ids_around(state: SearchState, rank: int) -> tuple[int, dict[int, str]]:
    """Return the total, and the doc_ids by rank on the page of ``rank`` and, at its edges, on the page beside it."""
    size = state.size
    number = (rank - 1) // size + 1
    wanted = {number} | {(near - 1) // size + 1 for near in (rank - 1, rank + 1) if near >= 1}
    ids: dict[int, str] = {}
    total = 0
    for page_number in sorted(wanted):
        if page_number * size > RESULT_WINDOW:
            continue
        page = search(_engine(), replace(state.at_page(page_number).request(), facets=(), snippets=False))
        total = page.total
        ids.update({(page_number - 1) * size + place: hit.doc_id for place, hit in enumerate(page.hits, 1)})
    return total, ids
