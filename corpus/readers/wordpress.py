"""Which articles are in this export of a WordPress site (WXR)? Its published posts, one in memory at a time.

Source: WordPress 6, wp-admin/includes/export.php: RSS 2.0 with the elements of wp:, content:, excerpt: and dc:.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from corpus.article import Article, article_from_record
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.readers.feeds import text_of_html, web_link
from corpus.readers.signature import named_credit
from corpus.readers.source import Reject, Source
from corpus.readers.xmltree import XmlNode, all_of, first, items, text_in

__all__ = ["read"]

_NOT_ARTICLES: Final = frozenset(
    "attachment nav_menu_item revision page custom_css customize_changeset oembed_cache wp_block wp_template".split()
)
_SHORTCODE_WITH_TEXT = re.compile(r"\[(caption|gallery|embed|audio|video|playlist)\b[^\]]{0,2000}\].*?\[/\1\]", re.DOTALL)
_SHORTCODE = re.compile(r"\[/?[a-z][\w-]{2,40}(?:\s+[\w-]+=[^\]]{0,1000})?/?\]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_EXCERPT = "{http://wordpress.org/export/1.2/excerpt/}encoded"


def read(source: Source) -> Iterator[Article | Reject]:
    """Read the published posts of an export; drafts are counted in one reject, pages and media are no articles."""
    site: _Site | None = None
    left: Counter[str] = Counter()
    number = 0
    with source.open() as stream:
        try:
            for node in items(stream, {"item"}):
                number += 1
                site = site or _Site(node.getparent())
                status = text_in(node, "status")
                if text_in(node, "post_type") in _NOT_ARTICLES or text_in(node, "post_type").startswith("wp_"):
                    continue
                if status not in {"publish", ""}:
                    left[status] += 1
                    continue
                yield _article(source, number, _record(node, site))
        except SourceUnreadable as error:
            yield Reject(
                source.origin(f"after item {number}" if number else ""), str(error), "what stood before it was read; export the site again"
            )
    if left:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(left.items()))
        yield Reject(
            source.origin(),
            f"posts that were not published were left out: {counts}",
            "publish them before exporting if they belong to the archive",
        )


class _Site:
    """What an export says of the site: its name, its language, the names of its authors by their logins."""

    def __init__(self, channel: XmlNode) -> None:
        self.title = text_in(channel, "title")
        self.language = re.split(r"[-_]", text_in(channel, "language"))[0].lower()
        self.authors = {text_in(one, "author_login"): _display_name(one) for one in all_of(channel, "author")}


def _display_name(author: XmlNode) -> str:
    named = " ".join(filter(None, (text_in(author, "author_first_name"), text_in(author, "author_last_name"))))
    return text_in(author, "author_display_name") or named or text_in(author, "author_login")


def _article(source: Source, number: int, record: dict[str, Any]) -> Article | Reject:
    origin = source.origin(f"item {number}")
    try:
        return article_from_record({name: value for name, value in record.items() if value}, origin, **source.defaults)
    except ArticleInvalid as error:
        return Reject(origin, str(error))


def _record(node: XmlNode, site: _Site) -> dict[str, Any]:
    body = _text(first(node, "encoded"))
    categories = [text_in(one) for one in all_of(node, "category") if one.get("domain") == "category"]
    tags = [text_in(one) for one in all_of(node, "category") if one.get("domain") == "post_tag"]
    login = text_in(node, "creator")
    written, changed = text_in(node, "post_date"), text_in(node, "post_modified")
    return {
        "doc_id": text_in(node, "post_id"),
        "url": web_link(text_in(node, "link")),
        "headline": text_of_html(text_in(node, "title")),
        "standfirst": _text(node.find(_EXCERPT) if node.find(_EXCERPT) is not None else _other_encoded(node)),
        "body": body,
        "published": written if not written.startswith("0000") else text_in(node, "pubDate"),
        "updated": changed if changed[:10] != written[:10] and not changed.startswith("0000") else "",
        "newspaper": site.title,
        "section": next((one for one in categories if one.lower() not in {"non classé", "uncategorized"}), ""),
        "bylines": [name]
        if (name := site.authors.get(login, login)) and name.lower() not in {"admin", "administrateur", "webmaster"}
        else [],
        "credit": named_credit(body),
        "tags": [*tags, *categories[1:]],
        "language": site.language,
    }


def _other_encoded(node: XmlNode) -> XmlNode | None:
    return next((one for one in all_of(node, "encoded") if "excerpt" in str(one.tag)), None)


def _text(node: XmlNode | None) -> str:
    """Return the text of a post, written with paragraphs or with blank lines, its shortcodes left out."""
    markup = "".join(node.itertext()) if node is not None else ""
    markup = _SHORTCODE.sub("", _SHORTCODE_WITH_TEXT.sub("", markup))
    if not re.search(r"(?i)<p[\s>]", markup):
        markup = "<p>" + _BLANK_LINE.sub("</p><p>", markup.replace("\r\n", "\n")) + "</p>"
    return text_of_html(markup)
