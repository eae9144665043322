"""What does a web page say about its article? Headline, day, authors, section, newspaper: each from the first that knows.

The order is that of docs/formats.md: meta tags, JSON-LD, microdata, then what the page prints (corpus.readers.page_print).
A page that contradicts itself is read in this order too. Nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from corpus.cleaning import clean_line
from corpus.dates import find_day, iso_day
from corpus.readers.page_body import class_words, text_of
from corpus.readers.page_print import HOME, Printed, day_in
from corpus.readers.signature import read_names

__all__ = ["Facts", "read_facts", "without_role"]

JSON_CHARS: Final = 2_000_000
JSON_NODES: Final = 5_000

_HEADLINE = ("og:title", "dc.title", "dcterms.title", "twitter:title", "parsely-title", "sailthru.title")
_SITE = ("og:site_name", "application-name", "dc.publisher", "dcterms.publisher", "publisher", "article:publisher", "copyright")
_PUBLISHED = (
    *("article:published_time", "og:article:published_time", "datepublished", "dc.date.issued", "dcterms.issued", "dc.date.created"),
    *("dcterms.created", "dc.date", "dcterms.date", "parsely-pub-date", "sailthru.date", "pubdate", "publish-date", "publication_date"),
    *("publicationdate", "date_published", "date"),
)
_UPDATED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "dc.date.modified", "last-modified", "lastmod")
_AUTHOR = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "dc.author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "twitter:creator",
)
_SECTION = ("article:section", "og:article:section", "parsely-section", "section", "dc.subject", "category", "rubrique")
_TAGS = ("article:tag", "og:article:tag", "news_keywords", "keywords", "parsely-tags")
_DESCRIPTION = ("og:description", "description", "dc.description", "dcterms.abstract", "twitter:description")
_INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "author", "publisher", "itemListElement")
_ARTICLE_TYPE = re.compile(r"(?:.*Article|.*Posting|Report|Review)$")
_FENCE = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>|/\*\s*\]\]>\s*\*/)\s*$")

_SUFFIX = re.compile(r"\s+(?:[|·•»:–—-]|::)\s+")
_ROLE = re.compile(
    r",\s*(?:(?:notre|nos|de notre)\s+)?(?:correspondante?s?|envoyée?s?)(?:\s+(?:spéciale?|spéciaux|permanente?|locale?))?"
    r"(?:\s+(?:à|au|aux|en|dans|de|pour)(?:\s+[^,;|]{2,40})?)?$",
    re.I,
)
_COLLECTIVE = re.compile(r"(?:par\s+)?(?:la\s+|notre\s+)?(?:rédaction|newsroom)(?:\s+web)?$", re.I)
_WITH = re.compile(r"(?:,?\s+|^)\(?avec\s+(?:l[’'])?(?P<credit>[A-ZÀ-Ý][\w’'\- ]{1,30}|agences?)\)?$")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of its article; ``printed`` are the lines that print these facts, to be kept out of the text."""

    headline: str = ""
    standfirst: str = ""
    newspaper: str = ""
    section: str = ""
    bylines: tuple[str, ...] = ()
    published: str | None = None
    updated: str | None = None
    credit: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""
    url: str = ""
    json_body: str = ""
    printed_standfirst: bool = False
    printed: tuple[str, ...] = ()


def read_facts(tree: Any) -> Facts:
    """Return what a parsed page says of its article."""
    metas, data = _metas(tree), _json_ld(tree)
    newspaper, headline = _newspaper_and_headline(tree, metas, data)
    printed = Printed(tree)
    bylines, credit = _bylines(metas, data, printed, newspaper)
    lead = printed.standfirst
    return Facts(
        headline=headline,
        standfirst=lead or _first(metas, _DESCRIPTION) or _text(data.get("description")),
        newspaper=newspaper,
        section=_section(tree, metas, data, printed, headline),
        bylines=bylines,
        published=_day(metas, _PUBLISHED, data.get("datePublished")) or _microdata_day(tree) or printed.day(),
        updated=_day(metas, _UPDATED, data.get("dateModified")) or printed.updated(),
        credit=credit or next(iter(_names(data.get("sourceOrganization"))), "") or _text(data.get("creditText")),
        tags=_tags(tree, metas, data),
        language=_language(tree, metas, data),
        url=_url(tree, metas, data),
        json_body=_text_lines(data.get("articleBody")),
        printed_standfirst=bool(lead),
        printed=(_h1(tree), *printed.lines()),
    )


# --- meta tags --------------------------------------------------------------------------------------------------------


def _metas(tree: Any) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or node.get("http-equiv")
        content = clean_line(node.get("content") or "")
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    return metas


def _first(metas: dict[str, list[str]], names: Sequence[str]) -> str:
    return next((metas[name][0] for name in names if metas.get(name)), "")


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def _json_ld(tree: Any) -> dict[str, Any]:
    """Return the article of a page's JSON-LD, its references resolved; {} without one."""
    nodes: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text and len(script.text) <= JSON_CHARS:
            try:
                value = json.loads(_FENCE.sub("", script.text), strict=False)
            except (ValueError, RecursionError):
                continue
            nodes.extend(_nodes(value))
    by_id = {str(node["@id"]): node for node in nodes if node.get("@id") and len(node) > 1}
    articles = [node for node in nodes if any(_ARTICLE_TYPE.match(name) for name in _types(node))]
    best = max(articles, key=lambda node: bool(node.get("headline")) * 100 + len(node), default=None)
    article = dict(best or {})
    for key in ("author", "publisher", "sourceOrganization"):
        article[key] = _resolved(article.get(key), by_id)
    article["_trail"] = next((node for node in nodes if "BreadcrumbList" in _types(node)), {})
    return article


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-LD block: the top ones, those of lists and graphs, and the main entity of a page."""
    pending, seen = [value], 0
    while pending and seen < JSON_NODES:
        item = pending.pop(0)
        seen += 1
        if isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            yield item
            pending.extend(item[key] for key in _INSIDE if isinstance(item.get(key), (dict, list)))


def _types(node: dict[str, Any]) -> list[str]:
    types = node.get("@type")
    return [str(name).rsplit("/", 1)[-1] for name in (types if isinstance(types, list) else [types]) if name]


def _resolved(value: Any, by_id: dict[str, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, by_id) for item in value]
    if isinstance(value, dict) and "name" not in value:
        return by_id.get(str(value.get("@id")), value)
    return value


def _names(value: Any) -> list[str]:
    """Return the names in an author or publisher: text, object, or a list of either."""
    if isinstance(value, list):
        return [name for item in value for name in _names(item)]
    if isinstance(value, dict):
        return _names(value.get("name"))
    return [clean_line(value)] if isinstance(value, str) and value.strip() and not value.startswith(("http:", "https:")) else []


def _text(value: Any) -> str:
    """Return a JSON-LD text, the first of a list; markup inside it is taken out."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str)), "")
    return clean_line(re.sub(r"<[^<>]{1,300}>", " ", value)) if isinstance(value, str) else ""


def _text_lines(value: Any) -> str:
    text = "\n".join(item for item in value if isinstance(item, str)) if isinstance(value, list) else value
    return re.sub(r"<[^<>]{1,300}>", " ", re.sub(r"</p>|<br ?/?>", "\n", text)).strip() if isinstance(text, str) else ""


# --- fields -----------------------------------------------------------------------------------------------------------


def _newspaper_and_headline(tree: Any, metas: dict[str, list[str]], data: dict[str, Any]) -> tuple[str, str]:
    h1 = _h1(tree)
    title = text_of(node) if (node := tree.find(".//title")) is not None else ""
    publisher = [*_names(data.get("publisher")), *_microdata_publisher(tree)]
    sites = [metas[key][0] for key in _SITE if metas.get(key)]
    newspaper = next((name for name in (*sites, *publisher) if _is_name(name)), "")
    headline = (
        _first(metas, _HEADLINE) or _text(data.get("headline")) or _text(data.get("name")) or h1 or _microdata(tree, "headline") or title
    )
    if h1 and headline != h1 and h1.lower().startswith(headline.rstrip(" .…").lower()) and headline.endswith(("…", "...")):
        headline = h1  # the tag holds the first words only
    if not newspaper and (suffix := _suffix(title, h1 or headline)):
        newspaper = suffix
    headline = _without_suffix(headline, newspaper)
    if headline == newspaper and h1:  # a site that puts its own name into the title of every page
        headline = h1
    return newspaper, headline


def _is_name(text: str) -> bool:
    return not text.startswith(("http:", "https:", "@", "©")) and len(text) <= 80


def _h1(tree: Any) -> str:
    """Return the printed headline: the h1, one inside an article first; on a page without h1 or title, its first h2."""
    headings = ["h1"] if tree.find(".//h1") is not None or tree.find(".//title") is not None else ["h2"]
    found = [node for node in tree.iter(*headings) if text_of(node) and not {"logo", "site", "brand"} & set(class_words(node))]
    inside = [node for node in found if any(parent.tag in {"article", "main"} for parent in node.iterancestors())]
    return text_of((inside or found)[0]) if found else ""


def _suffix(title: str, headline: str) -> str:
    """Return what follows the headline in « Headline | Le Journal »."""
    if headline and title.startswith(headline) and (found := _SUFFIX.match(title[len(headline) :])):
        rest = title[len(headline) + found.end() :]
        return rest if 2 <= len(rest) <= 60 and not _SUFFIX.search(rest) else ""
    return ""


def _without_suffix(headline: str, newspaper: str) -> str:
    """Strip « | Le Journal » and « Le Journal – » when it is the newspaper's name; other dashes belong to the headline."""
    parts = _SUFFIX.split(headline)
    cuts = [(found.start(), found.end()) for found in _SUFFIX.finditer(headline)]
    if len(parts) > 1 and newspaper and _key(parts[-1]) == _key(newspaper):
        return headline[: cuts[-1][0]]
    if len(parts) > 1 and newspaper and _key(parts[0]) == _key(newspaper):
        return headline[cuts[0][1] :]
    return headline


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _bylines(metas: dict[str, list[str]], data: dict[str, Any], printed: Printed, newspaper: str) -> tuple[tuple[str, ...], str]:
    """Return the authors and the agency named with them (« Awa Sow, avec AFP »)."""
    in_meta = [name for key in _AUTHOR for name in metas.get(key, ()) if _is_name(name) and key != "twitter:creator"]
    declared = [names for names in (_names(data.get("author")), in_meta) if not all(map(_COLLECTIVE.match, names))]
    for found in (*declared, printed.authors(), _names(data.get("author")), in_meta):  # « La rédaction » gives way to a printed name
        credit = ""
        names: list[str] = []
        for text in found:
            text = re.sub(r"^(?:(?:publiée?|écrit|posted)\s+)?(?:par|by)\s+", "", text, flags=re.I)
            text = without_role(text)
            if agency := _WITH.search(text):
                credit, text = agency["credit"], text[: agency.start()]
            names += [name for name in read_names(text) if _key(name) not in {"", _key(newspaper), "admin", "administrateur", "webmaster"}]
        if names or credit:
            return tuple(dict.fromkeys(names)), credit
    return (), ""


def without_role(text: str) -> str:
    """Return an author's line without the post: « Awa Sow, correspondante à Labé » is Awa Sow."""
    return _ROLE.sub("", text)


def _section(tree: Any, metas: dict[str, list[str]], data: dict[str, Any], printed: Printed, headline: str) -> str:
    in_data = data.get("articleSection")
    named = _first(metas, _SECTION) or _text(in_data) or _microdata(tree, "articleSection")
    return named or _trail_end(_trail_of(data.get("_trail")), headline) or printed.section() or _trail_end(printed.trail, headline)


def _trail_of(node: Any) -> list[str]:
    items = node.get("itemListElement") if isinstance(node, dict) else None
    names = [_names(item.get("name") or item.get("item")) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return [name[0] for name in names if name]


def _trail_end(trail: Sequence[str], headline: str) -> str:
    """Return the last step of a breadcrumb that is neither the home page nor the article."""
    steps = [step for step in trail if not HOME.match(step) and _key(step)[:40] != _key(headline)[:40]]
    return steps[-1] if steps and len(steps[-1]) <= 60 else ""


def _microdata(tree: Any, name: str) -> str:
    node = tree.find(f".//*[@itemprop='{name}']")
    return "" if node is None else clean_line(node.get("content") or "") or text_of(node)


def _microdata_publisher(tree: Any) -> list[str]:
    node = tree.find(".//*[@itemprop='publisher']//*[@itemprop='name']")
    return [] if node is None else [name for name in (clean_line(node.get("content") or "") or text_of(node),) if name]


def _day(metas: dict[str, list[str]], names: Sequence[str], value: Any) -> str | None:
    texts = [text for name in names[:1] for text in metas.get(name, ())]
    texts += [_text(value)]
    texts += [text for name in names[1:] for text in metas.get(name, ())]
    return next((day for text in texts if text and (day := iso_day(text) or find_day(text))), None)


def _microdata_day(tree: Any) -> str | None:
    node = tree.find(".//*[@itemprop='datePublished']")
    if node is None:
        return None
    return iso_day(node.get("datetime") or node.get("content") or "") or day_in(text_of(node))


def _tags(tree: Any, metas: dict[str, list[str]], data: dict[str, Any]) -> tuple[str, ...]:
    found = [text for name in _TAGS for text in metas.get(name, ())]
    words = data.get("keywords")
    found += _names(words) if isinstance(words, list) else [_text(words)]
    if not any(found):
        found = [text_of(link) for link in tree.iter("a") if (link.get("rel") or "").split() == ["tag"]]
    tags = [clean_line(tag) for text in found for tag in re.split(r"[,;|]", text)]
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:50]


def _language(tree: Any, metas: dict[str, list[str]], data: dict[str, Any]) -> str:
    root = tree.getroottree().getroot()
    of_root = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    for text in (_text(data.get("inLanguage")), of_root, _first(metas, ("og:locale", "content-language", "dc.language"))):
        if found := re.match(r"([a-zA-Z]{2,3})(?:[-_]|$)", text.strip()):
            return found[1].lower()
    return ""


def _url(tree: Any, metas: dict[str, list[str]], data: dict[str, Any]) -> str:
    canonical = [link.get("href") or "" for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    page = data.get("mainEntityOfPage")
    named = [*canonical, _first(metas, ("og:url",)), _text(data.get("url")), _text(page.get("@id") if isinstance(page, dict) else page)]
    return next((url.strip() for url in named if _is_web_address(url.strip())), "")


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and len(url) <= 2_000
