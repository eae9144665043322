"""How do a browser, a crawler and Zotero find their way? A search engine description, rules for robots, and what pages say of themselves.

The pieces that pages carry are macros of ``templates/_machines.html``; the values they print come from here.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Blueprint, Flask, Response, current_app, url_for
from werkzeug.routing import BuildError

from corpus import Article
from search.citations import as_coins, source_address
from web.asking import absolute

__all__ = ["article_coins", "discovery", "news_article", "prepare"]

discovery = Blueprint("discovery", __name__)

OPENSEARCH: Final = "http://a9.com/-/spec/opensearch/1.1/"
SHORT_NAME_CHARS: Final = 16  # Source: OpenSearch 1.1, draft 6
# Endless combinations of words and filters; articles and the first page are what a crawler is welcome to.
_CLOSED: Final = ("/recherche", "/concordance", "/comparer", "/couverture", "/suggestions", "/article/*?", "/metriques", "/api/")


@discovery.get("/opensearch.xml")
def description() -> Response:
    """Describe the site as a search engine that a browser can take up."""
    name: str = current_app.config["SITE_NAME"]
    results = url_for("site.results", ui=None)
    root = Element("OpenSearchDescription", xmlns=OPENSEARCH)
    SubElement(root, "ShortName").text = name[:SHORT_NAME_CHARS]
    SubElement(root, "Description").text = f"{name} : l’archive de la presse francophone, en texte intégral"
    SubElement(root, "InputEncoding").text = "UTF-8"
    SubElement(root, "Language").text = "fr"
    terms = "?q={searchTerms}"
    kinds = [("text/html", results + terms + "&page={startPage?}"), ("application/atom+xml", f"{results}.atom{terms}")]
    kinds.append(("application/json", f"{results}.json{terms}&page={{startPage?}}"))
    suggestions = _path_of("/suggestions")
    kinds += [("application/x-suggestions+json", suggestions + terms)] if suggestions else []
    for media_type, path in kinds:
        SubElement(root, "Url", type=media_type, template=absolute(path) or path)
    return Response(
        tostring(root, encoding="utf-8", xml_declaration=True), content_type="application/opensearchdescription+xml; charset=utf-8"
    )


@discovery.get("/robots.txt")
def robots() -> Response:
    """Let crawlers read articles, and keep them out of the endless combinations of filters."""
    root = url_for("site.home", ui=None).rstrip("/")
    lines = ("User-agent: *", *(f"Disallow: {root}{path}" for path in _CLOSED), "")
    return Response("\n".join(lines), mimetype="text/plain")


def prepare(app: Flask) -> None:
    """Give the templates what ``_machines.html`` prints."""
    app.jinja_env.globals.update(article_coins=article_coins, hit_coins=hit_coins, news_article=news_article, known_path=_path_of)


def hit_coins(headline: str, newspaper: str, published: str, names: tuple[str, ...], permanent: str) -> str:
    """Return the COinS of an article in a list."""
    return as_coins(headline, newspaper, published or None, names, absolute(permanent))


def article_coins(article: Article) -> str:
    """Return the COinS of an article on its own page."""
    address = absolute(url_for("site.article", doc_id=article.doc_id, ui=None))
    return as_coins(article.shown_headline, article.newspaper, article.published, article.bylines, address or source_address(article))


def news_article(article: Article) -> dict[str, Any]:
    """Return what schema.org calls a NewsArticle, for a block of JSON-LD."""
    address = absolute(url_for("site.article", doc_id=article.doc_id, ui=None))
    values: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.shown_headline,
        "identifier": article.doc_id,
        "abstract": article.standfirst,
        "datePublished": article.published,
        "dateModified": article.updated,
        "author": [{"@type": "Person", "name": name} for name in article.bylines],
        "publisher": {"@type": "NewsMediaOrganization", "name": article.newspaper} if article.newspaper else None,
        "articleSection": article.section,
        "keywords": list(article.tags),
        "inLanguage": article.language,
        "url": address,
        "isBasedOn": source_address(article),
        "wordCount": len(article.body.split()),
    }
    return {name: value for name, value in values.items() if value}


def _path_of(path: str) -> str:
    """Return the address of a path that this site answers, prefix included; "" when it does not."""
    for rule in current_app.url_map.iter_rules():
        if rule.rule == path:
            try:
                return url_for(rule.endpoint, ui=None)
            except BuildError:
                return ""
    return ""
