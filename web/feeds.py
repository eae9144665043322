"""What has entered the archive since yesterday that answers this search? An Atom feed of any search, the last added first.

The order is that of the day an article was *added*: an old article indexed this morning is news to a subscriber. Each entry shows the
matched words in their passage and leads to the article with those words marked; the feed leads to the page that lists the very same
articles. Texts are ``type="text"``: a feed reader has nothing to run.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Response, current_app

from corpus import Article
from search import Hit, search
from web.asking import absolute, asked_state, engine, links, validated
from web.exports import as_attachment
from web.state import SearchState

__all__ = ["ENTRIES", "feeds"]

feeds = Blueprint("feeds", __name__)

ENTRIES: Final = 50
ATOM: Final = "http://www.w3.org/2005/Atom"
_IDS: Final = uuid.UUID("5b6a4c1e-0c3f-5d0a-9f43-6d6172627265")  # under which doc_ids and searches become URNs; never changes


@feeds.get("/recherche.atom")
def feed() -> Response:
    """Send the last articles added that answer a search."""
    state = replace(asked_state().sorted_by("added"), size=ENTRIES)
    page = search(engine(), replace(state.request(), facets=(), match="all"))
    found = [(hit, article) for hit in page.hits if (article := engine().article(hit.doc_id)) is not None]
    root = _feed_element(state)
    last = max((_moment(article) for _, article in found), default="1970-01-01T00:00:00Z")
    SubElement(root, "updated").text = last
    for hit, article in found:
        root.append(_entry(hit, article, state))
    response = Response(tostring(root, encoding="utf-8", xml_declaration=True), content_type="application/atom+xml; charset=utf-8")
    return validated(as_attachment(response, "marbre.atom"), page.generation)


def _feed_element(state: SearchState) -> Element:
    site: str = current_app.config["SITE_NAME"]
    where = links()
    listed, itself = where.search(state), where.search(state).replace(where.results, f"{where.results}.atom", 1)
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
    SubElement(root, "id").text = _urn("recherche" + state.query_string())
    SubElement(root, "title", type="text").text = f"{state.text or 'Derniers articles ajoutés'} – {site}"
    SubElement(root, "subtitle", type="text").text = "Articles entrés dans l’archive, du dernier ajouté au premier"
    SubElement(root, "link", rel="self", type="application/atom+xml", href=_address(itself))
    SubElement(root, "link", rel="alternate", type="text/html", href=_address(listed))
    SubElement(SubElement(root, "author"), "name").text = site
    SubElement(root, "generator").text = "Marbre"
    return root


def _entry(hit: Hit, article: Article, state: SearchState) -> Element:
    entry = Element("entry")
    SubElement(entry, "id").text = _urn(hit.doc_id)
    SubElement(entry, "title", type="text").text = hit.headline or "Sans titre"
    path = links().article(hit.doc_id) + SearchState(text=state.text).query_string()
    SubElement(entry, "link", rel="alternate", type="text/html", href=_address(path))
    SubElement(entry, "updated").text = _moment(article)
    if article.published and len(article.published) == 10:
        SubElement(entry, "published").text = f"{article.published}T00:00:00Z"
    for name in article.bylines or ((article.newspaper,) if article.newspaper else ()):
        SubElement(SubElement(entry, "author"), "name").text = name
    for word in dict.fromkeys(part for part in (article.newspaper, article.section) if part):
        SubElement(entry, "category", term=word)
    SubElement(entry, "summary", type="text").text = hit.snippet.text
    return entry


def _moment(article: Article) -> str:
    """Return when an article entered the archive; days are all that is known of it."""
    day = article.added or dt.date.min.isoformat()
    return f"{day}{'-01' * ((10 - len(day)) // 3)}T00:00:00Z"


def _urn(name: str) -> str:
    """Return an id that stays the same wherever the site moves to."""
    return f"urn:uuid:{uuid.uuid5(_IDS, name)}"


def _address(path: str) -> str:
    return absolute(path) or path
