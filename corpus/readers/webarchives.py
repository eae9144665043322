"""Which articles are in this web archive (WARC)? Its pages: responses with status 200 that are HTML or PDF.

Redirections, pictures, scripts and the records of the crawler are no articles and are passed over. The day of the capture
is no day of publication. Source: WARC 1.1 (ISO 28500:2017), read with warcio.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from corpus.article import Article
from corpus.encodings import decode
from corpus.readers import pages
from corpus.readers.archives import ReadMember
from corpus.readers.prescan import MAX_HTML_BYTES
from corpus.readers.source import Reject, Source, shown

__all__ = ["read"]

_PDF_BYTES: Final = 64 * 1024 * 1024
_HTML_TYPES: Final = ("text/html", "application/xhtml+xml")
_PDF_TYPE: Final = "application/pdf"
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\]+")
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as it was fetched: at most one byte more than its kind may have."""

    number: int
    address: str
    kind: str
    data: bytes


def read(source: Source, read_member: ReadMember) -> Iterator[Article | Reject]:
    """Read the pages of a web archive, one in memory at a time; what stands before a damage is read."""
    from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]  # late: web archives are rare
    from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

    number = 0
    with source.open() as stream:
        try:
            for number, record in enumerate(ArchiveIterator(stream), 1):
                if not _LENGTH.fullmatch(record.rec_headers.get_header("Content-Length") or ""):
                    yield Reject(source.origin(f"record {number}"), "a record of impossible length", "what follows it may be read wrongly")
                    continue
                page = _page_of(number, record)
                if page is not None:
                    yield from _articles(source, page, read_member)
        except (ArchiveLoadFailed, ValueError, AttributeError, UnicodeError) as error:
            fault = f"damaged web archive after record {number} ({' '.join(str(error).split())[:100]})"
            yield Reject(source.origin(), fault, "what stood before the damage was read; copy the file again")
        except (EOFError, zlib.error, OSError) as error:
            fault = f"web archive cut or damaged after record {number} ({str(error)[:100].lower()})"
            yield Reject(source.origin(), fault, "what stood before was read; copy the file again")
    if not number:
        yield Reject(source.origin(), "a web archive without records")


def _page_of(number: int, record: Any) -> _Page | None:
    """Return the page of a record, None when it is something else."""
    if record.rec_type not in {"response", "resource"}:
        return None
    headers = record.http_headers
    if record.rec_type == "response" and (headers is None or headers.get_statuscode() != "200"):
        return None
    kind = ((headers.get_header("Content-Type") if headers is not None else record.content_type) or "").lower()
    if not kind.startswith((*_HTML_TYPES, _PDF_TYPE)):
        return None
    limit = _PDF_BYTES if kind.startswith(_PDF_TYPE) else MAX_HTML_BYTES
    return _Page(number, record.rec_headers.get_header("WARC-Target-URI") or "", kind, _read_up_to(record.content_stream(), limit + 1))


def _read_up_to(stream: Any, limit: int) -> bytes:
    """Read at most ``limit`` bytes of a stream that may give fewer than it is asked for."""
    parts, left = [], limit
    while left > 0 and (data := stream.read(min(left, 1 << 18))):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _articles(source: Source, page: _Page, read_member: ReadMember) -> Iterator[Article | Reject]:
    data = page.data
    if page.kind.startswith(_HTML_TYPES) and len(data) <= MAX_HTML_BYTES:
        said = _CHARSET.search(page.kind)
        data = decode(data, said[1] if said else pages.declared_encoding(data)).text.encode("utf-8", "replace")
    member = source.member(f"record {page.number} ({shown(page.address)[:120]})", lambda: io.BytesIO(data))
    for item in pages.read(member) if page.kind.startswith(_HTML_TYPES) else read_member(member):
        if isinstance(item, Article) and not item.url and _ADDRESS.fullmatch(page.address):
            yield replace(item, url=page.address, doc_id=item.doc_id if item.has_own_id else "")
        else:
            yield item
