"""Which page is at which address? Each view asks the engine, presents the answer, renders a template; nothing else."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, current_app, make_response, render_template, request
from werkzeug.exceptions import NotFound

from corpus.errors import BadRequest
from search import SearchRequest, mark_article, search
from search.request import RESULT_WINDOW
from search.similar import Similar, similar
from web import typography
from web.asking import absolute, asked_state, engine, links, missing, validated
from web.cited import beside
from web.examples import Example, working_examples
from web.links import Links
from web.presenters import present_hit, present_results
from web.reading import Neighbours, present_article, present_neighbour
from web.rescue import rescue
from web.state import SearchState
from web.versions import present_differences, present_versions, reprinted
from web.wording import _

__all__ = ["site"]

site = Blueprint("site", __name__)

LATEST: Final = 6
NEWSPAPERS_SHOWN: Final = 12
DOC_ID_CHARS: Final = 260
SIMILAR: Final = 5
SIMILAR_KEPT: Final = 500  # articles whose neighbours are remembered: the search for them is the dearest part of the page


@site.get("/")
def home() -> str:
    """Show the search box, what the archive holds, its latest articles and queries that find something in it."""
    stats = engine().stats()
    latest = search(engine(), SearchRequest(sort="newest", size=LATEST, facets=()))
    where = links()
    newest = SearchState(sort="newest")
    newspapers = [(name, typography.number(count), where.search(newest.adding("newspaper", name))) for name, count in stats.newspapers]
    return render_template(
        "home.html",
        stats=stats,
        named=sum(bool(name) for name, _count in stats.newspapers),
        newspapers=newspapers[:NEWSPAPERS_SHOWN],
        more_newspapers=newspapers[NEWSPAPERS_SHOWN:],
        since=typography.day(stats.since),
        until=typography.day(stats.until),
        latest=[present_hit(hit, where) for hit in latest.hits],
        examples=_examples(stats.generation, where),
        all_url=where.search(newest),
    )


@site.get("/recherche")
def results() -> Response:
    """Answer a search with a page; nothing found gets advice instead of hits."""
    state = asked_state()
    page = search(engine(), state.request())
    where = links()
    view = present_results(page, state, where)
    advice = rescue(engine(), state, where) if page.total == 0 else None
    html = render_template("results.html", view=view, advice=advice, beside=beside(state, where), canonical=absolute(where.search(state)))
    versions = (asset.digest for asset in current_app.extensions["marbre.assets"].values())
    return validated(make_response(html), page.generation, *versions)


@site.get("/article/<doc_id>")
def article(doc_id: str) -> str:
    """Show one article, the words of the search marked, the way to its neighbours in the answer kept."""
    found = engine().article(doc_id) if len(doc_id) <= DOC_ID_CHARS else None
    if found is None:
        missing(doc_id)
    state = asked_state()
    where = links()
    address = absolute(where.article(doc_id)) or where.article(doc_id)
    view = present_article(found, mark_article(state.text, found), where, address, dt.date.today(), _neighbours(doc_id, state, where))
    near = _similar(doc_id)
    versions = engine().versions([doc_id]).get(doc_id, ())
    return render_template(
        "article.html",
        view=view,
        state=state,
        similar=[present_neighbour(one, where) for one in near.articles],
        reprints=[present_neighbour(one, where) for one in near.reprints],
        reprinted=reprinted(versions),
        versions=present_versions(versions, where, doc_id),
    )


@site.get("/article/<doc_id>/version/<other>")
def version(doc_id: str, other: str) -> str:
    """Show what one version of a text has changed in another."""
    if max(len(doc_id), len(other)) > DOC_ID_CHARS:
        raise NotFound
    versions = {one.doc_id for one in engine().versions([doc_id]).get(doc_id, ())}
    articles = engine().article(doc_id), engine().article(other)
    for wanted, found in zip((doc_id, other), articles, strict=True):
        if found is None:
            missing(wanted)
    if not {doc_id, other} <= versions or doc_id == other:
        raise NotFound
    before, after = (found for found in articles if found is not None)
    where = links()
    return render_template("version.html", view=present_differences(before, after, where), back_url=where.reading(doc_id))


@site.get("/aide")
def help_page() -> str:
    """Explain the query language to people."""
    return render_template("help.html", examples=_examples(engine().stats().generation, links()))


def _examples(generation: int, where: Links) -> list[tuple[Example, str]]:
    """Return the examples of this generation of the index; found once, since they cost a few searches."""
    kept: dict[int, tuple[Example, ...]] = current_app.extensions.setdefault("marbre.examples", {})
    if generation not in kept:
        examples = working_examples(engine())
        kept.clear()
        kept[generation] = examples
    return [(example, where.search(SearchState(text=example.query))) for example in kept[generation]]


def _similar(doc_id: str) -> Similar:
    """Return the articles near one, remembered for this generation of the index."""
    kept: OrderedDict[tuple[int, str], Similar] = current_app.extensions.setdefault("marbre.similar", OrderedDict())
    key = (engine().stats().generation, doc_id)
    found = kept.get(key)
    if found is None:
        found = kept[key] = similar(engine(), doc_id, SIMILAR)
        while len(kept) > SIMILAR_KEPT:
            kept.popitem(last=False)
    return found


def _neighbours(doc_id: str, state: SearchState, where: Links) -> Neighbours:
    """Find the articles before and after in the search the reader came from; nothing when the rank does not hold any more."""
    text = request.args.get("rang", "")
    if not text:
        return Neighbours()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= RESULT_WINDOW):
        raise BadRequest("rang", text, _("un nombre de 1 à %(largest)s", largest=RESULT_WINDOW))
    rank = int(text)
    total, ids = _ids_around(state, rank)
    if ids.get(rank) != doc_id:
        return Neighbours(back_url=where.search(state.at_page(1)))
    return Neighbours(
        position=_("%(rank)s sur %(total)s", rank=typography.number(rank), total=typography.number(total)),
        previous_url=where.article(ids[rank - 1], state, rank - 1) if rank - 1 in ids else "",
        next_url=where.article(ids[rank + 1], state, rank + 1) if rank + 1 in ids else "",
        back_url=where.search(state.at_page((rank - 1) // state.size + 1)),
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
        page = search(engine(), replace(state.at_page(page_number).request(), facets=(), snippets=False))
        total = page.total
        ids.update({(page_number - 1) * size + place: hit.doc_id for place, hit in enumerate(page.hits, 1)})
    return total, ids
