"""Which pages look at many articles at once? Concordance, coverage, comparison, all values of a facet; and the words a box may propose."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request, url_for

from corpus.errors import BadRequest
from search import Filter, search
from search.compare import MOST_QUERIES, compare
from search.concordance import Order, concordance
from search.coverage import coverage
from search.facets import MAX_BUCKETS
from search.request import FacetCounts
from search.suggest import completions
from web.asking import asked_state, engine, links, validated
from web.choosing import Order as ValueOrder
from web.choosing import checked_order, field_of, present_values
from web.comparing import present_comparison
from web.concording import CONCORDANCE_ORDERS, present_concordance
from web.covering import present_coverage
from web.presenters import chips_of
from web.state import VALUE_CHARS, SearchState
from web.wording import _

__all__ = ["surveys"]

surveys = Blueprint("surveys", __name__)

LINES_A_PAGE: Final = 50
MOST_LINES_A_PAGE: Final = 200
WIDTH_CHARS: Final = 60
COMPLETIONS: Final = 10
TYPED_CHARS: Final = 200
MATCHING_VALUES: Final = 300


@surveys.get("/concordance")
def words_in_context() -> Response:
    """Show every place of a query with the words around it."""
    order = _order()
    args = [(name, value) for name, value in request.args.items(multi=True) if name not in ("page", "par_page")]
    state = SearchState.from_args(args)
    number, size = _whole("page", 1, 1, 10_000), _whole("par_page", LINES_A_PAGE, 1, MOST_LINES_A_PAGE)
    width = _whole("largeur", WIDTH_CHARS, 20, 200)
    where = links()
    found = concordance(engine(), replace(state.request(), page=number, size=size), order=order, width=width) if state.text else None
    view = present_concordance(found, state, where, url_for("surveys.words_in_context", ui=None), order) if found else None
    html = render_template(
        "concordance.html", view=view, state=state, chips=chips_of(state, where), order=order, orders=CONCORDANCE_ORDERS, width=width
    )
    return _held(make_response(html), found.generation if found else 0)


@surveys.get("/couverture")
def holdings() -> str:
    """Show of which newspaper the archive holds which months."""
    view = present_coverage(coverage(engine()), request.args.get("annee", ""), url_for("surveys.holdings"), links())
    return render_template("coverage.html", view=view)


@surveys.get("/comparer")
def comparison() -> Response:
    """Show how often up to four queries were written of, month by month."""
    texts = list(dict.fromkeys(text for raw in request.args.getlist("q") if (text := raw.strip())))
    if len(texts) > MOST_QUERIES:
        raise BadRequest("q", len(texts), _("au plus %(count)s questions", count=MOST_QUERIES))
    state = SearchState.from_args((name, value) for name, value in request.args.items(multi=True) if name not in ("q", "tri", "page"))
    texts = [SearchState.from_args([("q", text)]).text for text in texts]
    where = links()
    found = compare(engine(), texts, state.request()) if texts else None
    view = present_comparison(found, state, where) if found else None
    html = render_template(
        "compare.html",
        view=view,
        state=state,
        chips=chips_of(state, where),
        texts=[*texts, "", "", "", ""][:MOST_QUERIES],
        reprints_url=_other_reprints(texts, state),
    )
    return _held(make_response(html), engine().stats().generation)


@surveys.get("/valeurs/<parameter>")
def values(parameter: str) -> Response:
    """Show all values of a facet for a search."""
    field = field_of(parameter)
    if field is None:
        abort(404)
    order: ValueOrder = checked_order(request.args.get("ordre", ""))
    number = _whole("feuille", 1, 1, 100)
    typed = request.args.get("contient", "").strip()[:VALUE_CHARS]
    state = asked_state()
    counts = _counts(field, state, typed)
    view = present_values(field, counts, state, order, number)
    if number > view.pages:
        abort(404)
    html = render_template(
        "values.html",
        view=view,
        state=state,
        chips=chips_of(state, links()),
        order=order,
        typed=typed,
        back_url=links().search(state),
        turned=lambda to: _turned("feuille", to),
    )
    return _held(make_response(html), engine().stats().generation)


@surveys.get("/suggestions")
def suggestions() -> Response:
    """Complete the last word of ``q``, in the form that browsers ask their search engines for: [q, [completions]]."""
    typed = request.args.get("q", "")[:TYPED_CHARS]
    words = [completion.text for completion in completions(typed, engine().vocabulary(), limit=COMPLETIONS)]
    text = current_app.json.dumps([typed, words], ensure_ascii=False, separators=(",", ":"))
    return _held(Response(text + "\n", mimetype="application/x-suggestions+json"), engine().stats().generation)


def _other_reprints(texts: list[str], state: SearchState) -> str:
    """Return the address of the same comparison with reprints counted the other way."""
    turned = state.with_reprints_turned()
    args = [("q", text) for text in texts] + [row for row in turned.to_args() if row[0] != "q"]
    return url_for("surveys.comparison") + ("&" if "?" in url_for("surveys.comparison") else "?") + urlencode(args)


def _counts(field: str, state: SearchState, typed: str) -> FacetCounts:
    """Return the counts of all values of a facet, or of those that have a word beginning as typed.

    A chosen value is always counted, however rare, and without its own choice: so those wanted are asked as if chosen.
    """
    asked = replace(state.request(), facets=(field,), facet_size=MAX_BUCKETS, size=1, page=1, snippets=False)
    if not typed or field in ("year", "month"):
        return search(engine(), asked).facets[field]
    wanted = tuple(completion.text for completion in engine().complete_value(field, typed, MATCHING_VALUES))
    if not wanted:
        return FacetCounts(())
    found = search(engine(), replace(asked, facet_size=1, filters=(*asked.filters, Filter(field, wanted)))).facets[field]
    return FacetCounts(tuple(sorted((b for b in found.buckets if b.value in wanted and b.count), key=lambda b: (-b.count, b.value))))


def _order() -> Order:
    name = request.args.get("ordre", "")
    if name and name not in CONCORDANCE_ORDERS:
        raise BadRequest("ordre", name, _(" ou ").join(CONCORDANCE_ORDERS))
    order: Order = CONCORDANCE_ORDERS[name or "droite"]
    return order


def _whole(name: str, usual: int, least: int, most: int) -> int:
    """Return a number of the address. Raises: BadRequest."""
    text = request.args.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
        raise BadRequest(name, text, _("un nombre de %(least)s à %(most)s", least=least, most=most))
    return int(text)


def _turned(name: str, to: int) -> str:
    """Return the address of this page with another number of it."""
    args = [(key, value) for key, value in request.args.items(multi=True) if key != name]
    return request.script_root + quote(request.path) + "?" + urlencode([*args, (name, str(to))])


def _held(response: Response, generation: int) -> Response:
    assets = current_app.extensions["marbre.assets"]
    return validated(response, generation, *(asset.digest for asset in assets.values()))
