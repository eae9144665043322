"""Which article is in this PDF? Its text, page after page; a page without text is named, because it is only a picture.

The text is read like a text file: headline, byline and date by their place. There is no text recognition here, and the
dates of the file are those of the file. Source: ISO 32000-1; pypdf keeps limits on what a stream may unpack to.
"""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from typing import Any, Final

from corpus.article import BODY_CHARS, Article, article_from_record
from corpus.errors import ArticleInvalid
from corpus.readers.source import Reject, Source
from corpus.readers.texts import text_record

__all__ = ["read"]

FILE_BYTES: Final = 256 * 1024 * 1024
MAX_PAGES: Final = 2_000
FILE_SECONDS: Final = 25.0
CONTENT_BYTES: Final = 8 * 1024 * 1024  # the drawing of one page: text takes some kilobytes
_GENERIC_TITLE = re.compile(r"(?i)^(?:microsoft word|untitled|sans titre|document\d*|.*\.(?:docx?|odt|indd|qxp|pdf|rtf))\b")
_FOLIO = re.compile(r"\s*(?:(?:page|p\.)\s*)?[-–—]?\s*\d{1,4}\s*(?:/\s*\d{1,4})?\s*[-–—]?\s*", re.IGNORECASE)


def read(source: Source) -> Iterator[Article | Reject]:
    """Read a PDF as one article; each page without text is one reject."""
    from pypdf import PdfReader  # late: a search must not wait for it
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each fault it mends
    with source.open() as stream:
        data = stream.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        yield Reject(source.origin(), f"a PDF of more than {FILE_BYTES >> 20} MB", "split it")
        return
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            yield Reject(source.origin(), "a PDF with a password", "save it without")
            return
        facts = {name: str(value) for name, value in (reader.metadata or {}).items() if isinstance(value, str)}
        count = len(reader.pages)
        texts: list[str] = []
        for item in _page_texts(source, reader, min(count, MAX_PAGES)):
            if isinstance(item, Reject):
                yield item
            else:
                texts.append(item)
        if count > MAX_PAGES:
            yield Reject(source.origin(), f"a PDF of {count:,} pages, of which {MAX_PAGES:,} were read", "split it")
    except (
        PyPdfError,
        RecursionError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        AssertionError,
        OverflowError,
        NotImplementedError,
        OSError,
    ) as error:
        yield Reject(source.origin(), f"damaged PDF ({_fault(error)})", "copy or export it again")
        return
    if texts:
        yield _article(source, texts, facts)


def _page_texts(source: Source, reader: Any, count: int) -> Iterator[str | Reject]:
    started, chars = time.monotonic(), 0
    for number in range(count):
        origin = source.origin(f"page {number + 1}")
        if time.monotonic() - started > FILE_SECONDS or chars > BODY_CHARS:
            yield Reject(origin, "this page and those after it were not read: the file is too long", "split it")
            return
        try:
            page = reader.pages[number]
            contents = page.get_contents()
            if contents is not None and len(contents.get_data()) > CONTENT_BYTES:
                yield Reject(origin, f"a page drawn with more than {CONTENT_BYTES >> 20} MB")
                continue
            text = page.extract_text() or ""
        except Exception as error:  # noqa: BLE001 - pypdf fails in many ways on broken pages: one page, never the file
            yield Reject(origin, f"a page that cannot be read ({_fault(error)})", "copy or export the file again")
            continue
        chars += len(text)
        if text.strip():
            yield _without_folio(text)
        else:
            yield Reject(origin, "a page without text: a picture of a page", "it has to go through text recognition first")


def _without_folio(text: str) -> str:
    """Leave out a first or last line that is only a page number."""
    lines = text.strip("\n").split("\n")
    while lines and _FOLIO.fullmatch(lines[-1]):
        lines.pop()
    while lines and _FOLIO.fullmatch(lines[0]):
        lines.pop(0)
    return "\n".join(lines)


def _article(source: Source, texts: list[str], facts: dict[str, str]) -> Article | Reject:
    record = text_record("\n".join(texts))
    title, author = facts.get("/Title", "").strip(), facts.get("/Author", "").strip()
    if title and not _GENERIC_TITLE.match(title):
        record["headline"] = title
        words = r"\s+".join(map(re.escape, title.split()))
        record["body"] = re.sub(rf"\A\s*{words}\s*\n\s*", "", record["body"])
    if author and not record.get("bylines"):
        record["bylines"] = [author]
    if facts.get("/Keywords"):
        record["tags"] = re.split(r"\s*[,;]\s*", facts["/Keywords"])
    if len(texts) > 1:
        record["extra"] = {"pages": str(len(texts))}
    try:
        return article_from_record({name: value for name, value in record.items() if value}, source.origin(), **source.defaults)
    except ArticleInvalid as error:
        return Reject(source.origin(), str(error))


_FAULTS: Final = {  # of pypdf, by the name of the exception, in words of a person who keeps files
    "LimitReachedError": "it unpacks to too much",
    "PdfStreamError": "it is cut off, or bytes of it are missing",
    "EmptyFileError": "it is empty",
    "RecursionError": "its parts refer to each other in a circle",
}


def _fault(error: Exception) -> str:
    """Return what is wrong with a file, and what the library said of it."""
    said = f"{type(error).__name__}: {str(error)[:100]}"
    known = _FAULTS.get(type(error).__name__)
    return said if known is None else f"{known}; {said}"
