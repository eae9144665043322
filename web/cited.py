"""Who cited this law, since when, beside which others? A page for each text that articles cite; and what a question may ask of acronyms and texts.

The page is a search like any other: its articles, its timeline and its counts are those of the field of cited texts. It counts articles, reprints
included, and the searches it leads to do the same, as do the counts beside a question: each newspaper that prints a dispatch cites the law in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from search import Filter, ResultPage, search
from search.acronyms import Offer, offers
from search.mentions import citing, slug_meant, text_of_slug, text_slug, texts_asked
from web import typography
from web.asking import absolute, engine, links, validated
from web.links import Links
from web.presenters import HitView, PageLink, pages_of, present_hit
from web.state import SearchState
from web.timeline import TimelineView, present_timeline
from web.wording import _

__all__ = ["AcronymOffer", "Beside", "CitedText", "beside", "cited"]

cited = Blueprint("cited", __name__)

SLUG_CHARS: Final = 300
COMPANIONS: Final = 12
NEWSPAPERS: Final = 12


@dataclass(frozen=True, slots=True)
class AcronymOffer:
    """An acronym and what it stands for, how many articles say so, and the addresses of three searches."""

    acronym: str
    expansion: str
    count: str
    include_url: str
    only_url: str
    without_url: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What may be asked beside a question: acronyms, and the pages of the texts it names."""

    acronyms: tuple[AcronymOffer, ...] = ()
    texts: tuple[tuple[str, str, str], ...] = ()  # name, count, address


@dataclass(frozen=True, slots=True)
class CitedText:
    """The page of a text, ready to be laid out; lists are (name, count, address)."""

    name: str
    count: str
    period: str
    newspapers: tuple[tuple[str, str, str], ...]
    companions: tuple[tuple[str, str, str], ...]
    timeline: TimelineView | None
    hits: tuple[HitView, ...]
    pages: tuple[PageLink, ...]
    search_url: str


def beside(state: SearchState, where: Links) -> Beside:
    """Return what may be asked beside the question of a result page."""
    if not state.text:
        return Beside()
    found = [_acronym_offer(one, state, where) for one in offers(engine(), state.text)]
    texts = tuple((value, typography.articles(count), where.text(text_slug(value))) for value, count in texts_asked(engine(), state.text))
    return Beside(tuple(found), texts)


@cited.get("/texte/<slug>")
def text(slug: str) -> Response:
    """Show who cites a text; 404 for one that nobody does, and from another spelling of its address the way to the usual one."""
    slug = slug[:SLUG_CHARS]
    number = SearchState.from_args((name, value) for name, value in request.args.items(multi=True) if name == "page").page
    name, page = _cited(slug, number)
    usual = text_slug(name) if name else slug_meant(slug)
    if usual != slug and (found := _cited(usual, 1)[0]) and text_slug(found) == usual:
        return redirect(links().text(usual, number), 301)
    if not name or page is None or not page.hits:
        abort(404)
    canonical = absolute(url_for("cited.text", slug=usual, ui=None))
    html = render_template("text.html", view=_present(name, page, links()), number=number, canonical=canonical)
    return validated(make_response(html), page.generation, *(asset.digest for asset in current_app.extensions["marbre.assets"].values()))


def _cited(slug: str, number: int) -> tuple[str, ResultPage | None]:
    """Return the text at an address ("" for none) and a page of the articles that cite it: each of them, since each cited it."""
    words = text_of_slug(slug)
    if not words:
        return "", None
    state = SearchState(text=citing(words), sort="newest", page=number, size=current_app.config["PAGE_SIZE"], reprints="all")
    asked = replace(state.request(), filters=(Filter("references", (words,)),), facets=("references", "newspaper"))
    page = search(engine(), asked)
    named = (bucket.value for bucket in page.facets["references"].buckets if bucket.selected and bucket.count)
    return next(named, ""), page


def _present(name: str, page: ResultPage, where: Links) -> CitedText:
    narrowed = SearchState(sort="newest", reprints="all").adding("references", name)
    companions = [
        bucket for bucket in page.facets["references"].buckets if not bucket.selected and bucket.count and text_slug(bucket.value)
    ]
    journals = [bucket for bucket in page.facets["newspaper"].buckets if bucket.value]
    days = [bucket.value for bucket in page.timeline.buckets]
    first = (page.number - 1) * page.size + 1
    return CitedText(
        name=typography.held_together(name),
        count=typography.articles(page.total),
        period=_period(days),
        newspapers=tuple(
            (one.value, typography.number(one.count), where.search(narrowed.adding("newspaper", one.value)))
            for one in journals[:NEWSPAPERS]
        ),
        companions=tuple((one.value, typography.number(one.count), where.text(text_slug(one.value))) for one in companions[:COMPANIONS]),
        timeline=present_timeline(page.timeline, lambda since, until: where.search(narrowed.within(since, until))),
        hits=tuple(present_hit(hit, where, narrowed, first + place) for place, hit in enumerate(page.hits)),
        pages=pages_of(page, lambda number: where.text(text_slug(name), number)),
        search_url=where.search(narrowed),
    )


def _period(days: list[str]) -> str:
    if not days:
        return ""
    first, last = typography.period(days[0]), typography.period(days[-1])
    return first if first == last else _("%(first)s à %(last)s", first=first, last=last)


def _acronym_offer(one: Offer, state: SearchState, where: Links) -> AcronymOffer:
    meaning = one.meaning
    return AcronymOffer(
        meaning.acronym,
        typography.held_together(meaning.expansion),
        typography.articles(meaning.articles) if meaning.articles else "",
        where.search(state.about(one.include)),
        where.search(state.about(one.only)),
        where.search(state.about(one.without)),
    )
