"""Which article is in this page saved with its pictures? MHTML, one file of a page and its parts.

Source: RFC 2557 (MHTML). The HTML part that ``start`` names, or the first, is the page; its address is Content-Location.
"""

from __future__ import annotations

import email
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from typing import Final

from corpus.article import Article
from corpus.encodings import decode
from corpus.readers import pages
from corpus.readers.feeds import web_link
from corpus.readers.mail import parts_of
from corpus.readers.source import Reject, Source

__all__ = ["looks_like_mhtml", "read"]

FILE_BYTES: Final = 64 * 1024 * 1024
_RELATED = re.compile(r"(?im)^content-type:\s*multipart/related")
_SNAPSHOT = re.compile(r"(?im)^snapshot-content-location:")


def looks_like_mhtml(text: str) -> bool:
    """Tell whether a text begins with the header of a saved page."""
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    return bool(_RELATED.search(head)) and (bool(_SNAPSHOT.search(head)) or "text/html" in head or "Saved by" in head)


def read(source: Source) -> Iterator[Article | Reject]:
    """Read the page of an MHTML file."""
    with source.open() as stream:
        data = stream.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        yield Reject(source.origin(), f"a saved page of more than {FILE_BYTES >> 20} MB", "save the page without its videos")
        return
    try:
        message = email.message_from_bytes(data)
        page = _root(message)
        payload = page.get_payload(decode=True) if page is not None else None
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        yield Reject(source.origin(), f"not readable as a saved page ({type(error).__name__})", "save the page again from a browser")
        return
    if page is None or not isinstance(payload, bytes):
        yield Reject(source.origin(), "a saved page without an HTML part", "save the page again from a browser")
        return
    address = web_link(str(page.get("Content-Location") or message.get("Snapshot-Content-Location") or ""))
    text = decode(payload, page.get_content_charset() or pages.declared_encoding(payload)).text
    for item in pages.read(replace(source, open=lambda: io.BytesIO(text.encode("utf-8", "replace")))):
        if isinstance(item, Article) and not item.url and address:
            yield replace(item, url=address, doc_id=item.doc_id if item.has_own_id else "")
        else:
            yield item


def _root(message: Message) -> Message | None:
    """Return the page among the parts: the one that ``start`` names, else the first."""
    found = [part for part in parts_of(message) if part.get_content_type() in {"text/html", "application/xhtml+xml"}]
    start = message.get_param("start")
    named = [part for part in found if start and str(part.get("Content-ID")).strip() == str(start).strip()]
    return next(iter(named + found), None)
