"""Which articles are in this feed? RSS 2.0, RSS 1.0 and Atom files, read with feedparser, never from the network.

Only text is kept of HTML content. The day of an item is the one written in the feed, in its own time zone. A feed that
declares entities is refused before it is parsed; only http and https links are taken.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import feedparser
from lxml import html
from lxml.etree import LxmlError

from corpus.article import Article, article_from_record
from corpus.encodings import decode
from corpus.errors import ArticleInvalid
from corpus.readers.source import Reject, Source

__all__ = ["FEED_BYTES", "read", "text_of_html", "web_link"]

FEED_BYTES: Final = 64 * 1024 * 1024
XML_DEPTH: Final = 256
TAG_CHARS: Final = 32_768  # one tag; lxml takes more than 20 s for one of 300,000 attributes
_SAID_CHARS: Final = 160

_PROLOG_PART = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^<>\[]*>", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|RDF))[\s>]", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""\A[^<]{0,16}<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml.*?\?>", re.DOTALL)
_OPAQUE = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]*?(/?)>")
_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{TAG_CHARS}}}")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#\d+|#x[\da-fA-F]+|\w+);")
_KINDS: Final = {
    "article": "article",
    "communique": "communiqué",
    "communiqué": "communiqué",
    "depeche": "dépêche",
    "dépêche": "dépêche",
} | dict.fromkeys(("breve", "brève", "brief"), "brève")
_WITH = re.compile(r"(?i)avec\s+(?:l[’'])?(?=[A-ZÀ-Ý]|agences?\b)")
_WEB_LINK = re.compile(r"https?://[^\s<>\"'\\\x00-\x20\x7f]+", re.IGNORECASE)
_MAIL = re.compile(r"[^\s()<>]+@[^\s()<>]+")
_CUT_MARK = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*\Z")
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "header", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"}
    | {"blockquote", "pre", "table", "tr", "figure", "figcaption", "hr"}
)
_SILENT: Final = frozenset(
    {"script", "style", "noscript", "template", "iframe", "object", "svg", "math", "form", "button", "select", "head"}
)


def read(source: Source) -> Iterator[Article | Reject]:
    """Read one article an item; a file that is no feed, or declares entities, is one reject."""
    with source.open() as stream:
        data = stream.read(FEED_BYTES + 1)
    if len(data) > FEED_BYTES:
        yield Reject(source.origin(), f"a feed of more than {FEED_BYTES >> 20} MB", "split it")
        return
    declared = _XML_ENCODING.match(data)
    text = decode(data, declared[1].decode("ascii") if declared else None).text
    fault = _fault(text)
    if fault:
        yield Reject(source.origin(), fault)
        return
    # A stream, never a string: feedparser would take a string for an address or a file name. The declaration goes,
    # because the encoding is settled here.
    body = _XML_DECLARATION.sub("", text.lstrip("\ufeff")).encode("utf-8", "replace")
    feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version") and not feed.entries:
        yield Reject(source.origin(), "no RSS or Atom feed can be read in it", "check that the file is complete")
        return
    yield from _items(source, feed)
    root = _ROOT.search(text)
    if root and f"</{root[1]}" not in text[-4096:]:
        yield Reject(source.origin("end"), "the feed ends before its end tag: its last item may be cut", "copy the file again")


def web_link(link: object) -> str:
    """Return ``link`` when it is an http or https address, else ""."""
    text = link.strip() if isinstance(link, str) else ""
    return text if _WEB_LINK.fullmatch(text) else ""


def text_of_html(markup: str) -> str:
    """Return the text of an HTML fragment, its blocks as paragraphs, its entities decoded, its scripts left out."""
    if not _MARKUP.search(markup):
        return markup.strip()
    if _LONG_TAG.search(markup):
        return _paragraphs(_MARKUP.sub(" ", _LONG_TAG.sub("<", markup)))
    try:
        tree = html.fragment_fromstring(markup.replace("\0", ""), create_parent="div")
    except (LxmlError, ValueError, AssertionError):
        return _paragraphs(_MARKUP.sub(" ", markup))
    text = _paragraphs("".join(_pieces(tree)))
    return text if text or len(markup) < 1_000 else _paragraphs(_MARKUP.sub(" ", markup))


def _pieces(tree: Any) -> Iterator[str]:
    """Yield the texts of ``tree`` in order, a blank line around each block; no recursion, so no depth can break it."""
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            yield node
            continue
        tag = node.tag if isinstance(node.tag, str) else ""  # a comment has a function as tag
        if not tag or tag in _SILENT:
            continue
        edge = "\x0b" if tag == "br" else "\x0c" if tag in _BLOCKS else ""
        parts: list[Any] = [edge, node.text or ""]
        for child in node:
            parts += [child, child.tail or ""]
        parts.append(edge if tag != "br" else "")
        pending.extend(reversed(parts))


def _paragraphs(text: str) -> str:
    """Return the paragraphs between block edges (form feeds) and line breaks (vertical tabs), a blank line between them.

    One <br> is a line end inside the paragraph, two are a paragraph end.
    """
    paragraphs = []
    for block in re.split(r"\f|\v[ \t\r\n]*\v", re.sub(r"[ \t\r\n]+", " ", text)):
        lines = [line.strip(" ") for line in block.split("\v")]
        paragraphs.append("\n".join(line for line in lines if line))
    return "\n\n".join(part for part in paragraphs if part)


def _fault(text: str) -> str:
    """Say why ``text`` is refused before any parser sees it, "" if it is not."""
    start = 0 if not text.startswith("\ufeff") else 1
    while part := _PROLOG_PART.match(text, start):
        start = part.end()
    if text[start : start + 9].upper() == "<!DOCTYPE" or text[start : start + 8].upper() == "<!ENTITY":
        return "the feed declares entities of its own (a DTD), which are refused because they can read files or fill memory"
    if not _ROOT.match(text, start):
        return "neither an RSS nor an Atom feed: its first element is another"
    depth = 0
    for tag in _TAG.finditer(_OPAQUE.sub("", text)):
        depth += -1 if tag[1] else 0 if tag[2] else 1
        if depth > XML_DEPTH:
            return f"elements nested deeper than {XML_DEPTH} levels"
    return ""


def _items(source: Source, feed: Any) -> Iterator[Article | Reject]:
    # One category an item is how feeds name the section; several are keywords.
    one_category = all(len(entry.get("tags") or ()) <= 1 for entry in feed.entries)
    defaults = dict(source.defaults)
    defaults["newspaper"] = defaults.get("newspaper") or text_of_html(_said(feed.feed, "title"))
    defaults["language"] = defaults.get("language") or _said(feed.feed, "language").split("-")[0].lower()
    for rank, entry in enumerate(feed.entries, 1):
        origin = source.origin(f"item {rank}")
        try:
            yield article_from_record(_record(entry, one_category), origin, **defaults)
        except ArticleInvalid as error:
            yield Reject(origin, str(error))


def _record(entry: Mapping[str, Any], one_category: bool) -> dict[str, Any]:
    guid = _said(entry, "id").strip()
    content = "\n\n".join(filter(None, (text_of_html(_said(part, "value")) for part in entry.get("content") or ())))
    summary = text_of_html(_said(entry, "summary"))
    published, updated = _said(entry, "published"), _said(entry, "updated")
    bylines = _bylines(entry)
    agencies = [_WITH.sub("", name) for name in bylines if _WITH.match(name)]  # « avec ASD » is an agency, no author
    categories = [text_of_html(_said(tag, "term")) for tag in entry.get("tags") or ()]
    return {
        "doc_id": "" if web_link(guid) or guid.startswith("www.") else guid,
        "url": web_link(_said(entry, "link")) or web_link(guid),
        "headline": text_of_html(_said(entry, "title")).replace("\n", " "),
        "body": content or summary,
        "standfirst": summary if content and not _begins(content, summary) else "",
        "published": published or updated,
        "updated": updated if published and updated != published else "",
        "bylines": [name for name in bylines if not _WITH.match(name)],
        "section": categories[0] if one_category and categories else "",
        "tags": [] if one_category else categories,
        "kind": _KINDS.get(_said(entry, "dc_type").strip().lower(), ""),
        "credit": _said(entry.get("source") or {}, "title") or _said(entry, "dc_source") or ", ".join(agencies),
    }


def _bylines(entry: Mapping[str, Any]) -> list[str]:
    """Return the names of the authors; « redaction@journal.example (Awa Sow) » is Awa Sow."""
    authors, said = entry.get("authors") or (), _said(entry, "author")
    if len(authors) < 2 and "@" in said:  # feedparser cuts an address at its fourth letter after the point
        return [name] if (name := _MAIL.sub("", text_of_html(said)).strip(' ()<>,;"')) else []
    names = [_said(author, "name") for author in authors] or [said]
    return [name for name in map(text_of_html, names) if name and "@" not in name]


def _begins(content: str, summary: str) -> bool:
    """Say whether ``summary`` is only the beginning of ``content``, cut or not."""
    teaser = " ".join(_CUT_MARK.sub("", summary).split())
    return " ".join(content[: len(summary) * 2 + _SAID_CHARS].split()).startswith(teaser)


def _said(values: Mapping[str, Any], key: str) -> str:
    """Return the text under ``key``, past feedparser's habit of answering one date for another."""
    value = dict.get(values, key) if isinstance(values, dict) else None
    return value if isinstance(value, str) else ""
