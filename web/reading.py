"""What does the page of one article show? Marked text, its counts, its metadata as searches, the way to its neighbours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from corpus import Article
from search import MarkedArticle
from search.mentions import citations_of, text_slug
from search.similar import Neighbour
from web import typography
from web.citation import Citation, cite
from web.links import Links, safe_source
from web.marking import MarkedWord, Run, count_marked, mark, mark_paragraphs
from web.presenters import value_label
from web.state import LABELS, SearchState
from web.wording import _

__all__ = ["ArticleView", "Detail", "Neighbours", "NearView", "present_article", "present_neighbour"]

_DETAILS: Final = (
    "newspaper",
    "section",
    "kind",
    "bylines",
    "credit",
    "places",
    "people",
    "organisations",
    "references",
    "tags",
    "language",
)
_UNSAID: Final = (("language", "fr"), ("kind", "article"))  # what goes without saying


@dataclass(frozen=True, slots=True)
class Detail:
    """A line of the article’s card: a label, and each value with the address of the search for it."""

    label: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the article stands in the search it was found by; empty addresses at either end."""

    position: str = ""
    previous_url: str = ""
    next_url: str = ""
    back_url: str = ""


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article, ready to be laid out; ``address`` is absolute where the public address is known."""

    article: Article
    title: str
    headline: tuple[Run, ...]
    standfirst: tuple[tuple[Run, ...], ...]
    body: tuple[tuple[Run, ...], ...]
    words: tuple[MarkedWord, ...]
    marks: int
    day: str
    updated: str
    bylines: str
    details: tuple[Detail, ...]
    source_url: str
    source_host: str
    address: str
    citation: Citation
    neighbours: Neighbours
    length: str


def present_article(
    article: Article, marked: MarkedArticle, links: Links, address: str, today: dt.date, neighbours: Neighbours
) -> ArticleView:
    """Lay an article out; marks are numbered through headline, standfirst and body."""
    headline = mark(article.headline, marked.headline, 1) if article.headline else (Run(article.shown_headline),)
    standfirst = mark_paragraphs(article.standfirst, marked.standfirst, 1 + _marks((headline,)))
    body = mark_paragraphs(article.body, marked.body, 1 + _marks((headline, *standfirst)))
    runs = (headline, *standfirst, *body)
    source = safe_source(article.url)
    return ArticleView(
        article=article,
        title=article.shown_headline,
        headline=headline,
        standfirst=standfirst,
        body=body,
        words=count_marked(runs),
        marks=_marks(runs),
        day=typography.day(article.published),
        updated=typography.day(article.updated) if article.updated and article.updated != article.published else "",
        bylines=", ".join(article.bylines),
        details=_details(article, links),
        source_url=source,
        source_host=(urlsplit(source).hostname or "").removeprefix("www."),
        address=address,
        citation=cite(article, address, today),
        neighbours=neighbours,
        length=typography.plural(len(article.body.split()), "%(count)s\u00a0mot", "%(count)s\u00a0mots"),
    )


@dataclass(frozen=True, slots=True)
class NearView:
    """An article near the one shown."""

    headline: str
    newspaper: str
    day: str
    iso_day: str
    url: str


def present_neighbour(one: Neighbour, links: Links) -> NearView:
    """Lay out a line of the list of similar articles."""
    headline = typography.held_together(one.headline) or _("Sans titre")
    return NearView(headline, one.newspaper, typography.day(one.published), one.published or "", links.reading(one.doc_id))


def _marks(paragraphs: Sequence[Sequence[Run]]) -> int:
    return sum(run.marked for paragraph in paragraphs for run in paragraph)


def _details(article: Article, links: Links) -> tuple[Detail, ...]:
    details = []
    for field in _DETAILS:
        held = citations_of(article) if field == "references" else getattr(article, field)
        values = (held,) if isinstance(held, str) else held
        found = [(value_label(field, value), _detail_url(field, value, links)) for value in values if value]
        if found and (field, held) not in _UNSAID:
            details.append(Detail(_(LABELS[field]), tuple(found)))
    return tuple(details)


def _detail_url(field: str, value: str, links: Links) -> str:
    """Return where a value of the card leads: a cited text has a page, everything else is a search."""
    slug = text_slug(value) if field == "references" else ""
    return links.text(slug) if slug else links.search(SearchState(sort="newest").adding(field, value))
