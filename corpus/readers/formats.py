"""Which reader reads this file? Its content decides first, its suffix second; and no fault of a reader costs more than a file.

The archives are given ``read_one``, which is this choice again, for the files inside them.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from corpus.article import Article
from corpus.bounded import BoundedReader
from corpus.encodings import decode
from corpus.errors import SourceUnreadable
from corpus.readers import (
    archives,
    databases,
    digitised,
    feeds,
    mail,
    office,
    pages,
    printed,
    records,
    saved,
    standards,
    texts,
    webarchives,
    wires,
    wordpress,
)
from corpus.readers.source import Reader, Reject, Source
from corpus.readers.streams import HEAD_BYTES, hold

__all__ = [
    "READ_HERE",
    "WHOLE_FILE_BYTES",
    "choose_reader",
    "guarded",
    "read_eml",
    "read_mbox",
    "read_one",
    "read_tar",
    "read_warc",
    "read_zip",
]

WHOLE_FILE_BYTES: Final = 1 << 30  # where a file is not read record by record
READ_HERE: Final = (
    "JSON Lines, JSON, CSV, TSV, text, Markdown, HTML, MHTML, RSS, Atom, WordPress exports, NewsML, NITF, ninjs, IPTC 7901, ALTO, METS, TEI, "
    "PDF, DOCX, ODT, XLSX, ODS, mail, SQLite, WARC, ZIP and TAR files are read, also as .gz"
)

_NOT_PRESS: Final = frozenset(
    {".css", ".js", ".mjs", ".py", ".sh", ".php", ".sql", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".log", ".svg", ".xsl", ".dtd"}
)
_MAGIC: Final = (
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\0", "an image"),
    (b"MM\0*", "an image"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a zstandard archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "gzip inside gzip"),
)
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_JSON_START = re.compile(r'\{\s*("|\})|\[\s*(\{|\])')
_FEED_START = re.compile(r"<(?:[\w.-]+:)?(rss|feed|RDF)[\s>]", re.IGNORECASE)
_HTML_START = re.compile(r"<(!doctype\s+html|html|head|body|article|meta|title)[\s>]", re.IGNORECASE)
_XML_PROLOG = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype\s[^<>]*>)*", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_WARC_START: Final = b"WARC/"
_MAILBOX_SUFFIXES: Final = frozenset({".mbox", ".mbx"})


def choose_reader(name: str, head: bytes) -> Reader | str:
    """Return the reader for a file called ``name`` (without .gz) that begins with ``head``, or why there is none."""
    suffix = Path(name).suffix.lower()
    if not head.strip():
        return "the file is empty"
    known = _by_signature(suffix, head)
    if known:
        return known
    binary = _binary_kind(head)
    if binary:
        return f"{binary} is not read here"
    text = decode(head).text.lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        markup = _markup_reader(suffix, text)
        if markup:
            return markup
    return _text_reader(suffix, text)


def read_one(source: Source) -> Iterator[Article | Reject]:
    """Read a source with the reader of its content; whatever goes wrong in it becomes one reject."""
    yield from guarded(source, None, [])


def guarded(source: Source, reader: Reader | None, chosen: list[str], beside: BoundedReader | None = None) -> Iterator[Article | Reject]:
    """Read a source with ``reader``, the one of its content when None, its name put into ``chosen``; a fault in it becomes one reject.

    ``beside``: the bounded process that runs the readers which hold a file as a whole.
    """
    try:
        reader_or_reason = reader or _reader_of(source)
        if isinstance(reader_or_reason, str):
            yield Reject(source.origin(), reader_or_reason, READ_HERE)
            return
        chosen.append(f"{getattr(reader_or_reason, '__module__', '').rpartition('.')[2]}.{getattr(reader_or_reason, '__name__', '')}")
        if beside is not None and source.path is not None and not source.depth and reader_or_reason not in _IN_PROCESS:
            yield from beside.read(source)
            return
        yield from reader_or_reason(source)
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Reject(source.origin(), f"damaged gzip file ({_why(error)})", "what stood before the damage was read; copy the file again")
    except OSError as error:
        yield Reject(source.origin(), f"cannot be read ({_why(error)})", "check the file and its permissions")
    except MemoryError:
        yield Reject(source.origin(), "needs more memory than there is", "split it")
    except Exception as error:  # noqa: BLE001 - a fault of a reader or its library costs one file, never the run
        yield Reject(source.origin(), f"the reader failed: {type(error).__name__}: {str(error)[:200]}", "please report this file")


def read_zip(source: Source) -> Iterator[Article | Reject]:
    """Read an office document, or each file of a ZIP archive."""
    with source.open() as packed:
        held = hold(packed, archives.WHOLE_BYTES)
    with held.open_as_is() as stream, archives.safe_zip(stream) as archive:
        is_office = bool(office.kind_of(archive.namelist(), _mime(archive)))
    yield from office.read(source) if is_office else archives.read_zip(source, read_one)


def read_tar(source: Source) -> Iterator[Article | Reject]:
    """Read each file of a TAR archive."""
    yield from archives.read_tar(source, read_one)


def read_warc(source: Source) -> Iterator[Article | Reject]:
    """Read each page of a web archive."""
    yield from webarchives.read(source, read_one)


def read_eml(source: Source) -> Iterator[Article | Reject]:
    """Read a mail and what is attached."""
    yield from mail.read_eml(source, read_one)


def read_mbox(source: Source) -> Iterator[Article | Reject]:
    """Read the mails of an mbox file and what is attached."""
    yield from mail.read_mbox(source, read_one)


# --- content ----------------------------------------------------------------------------------------------------------


def _by_signature(suffix: str, head: bytes) -> Reader | None:
    """Return the reader of a format that its first bytes name."""
    if head.startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head[:1024]):
        return printed.read
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return read_zip
    if head[257:262] == b"ustar" or (suffix == ".tar" and len(head) >= 512):
        return read_tar
    if head.startswith(b"SQLite format 3\0"):
        return databases.read
    if head.startswith(_WARC_START):
        return read_warc
    if wires.looks_like_7901(head):
        return wires.read_7901
    return None


def _text_reader(suffix: str, text: str) -> Reader | str:
    if suffix in {".jsonl", ".ndjson"}:
        return wires.read_ninjs if wires.looks_like_ninjs(text.partition("\n")[0]) else records.read_json_lines
    if suffix == ".json" or _JSON_START.match(text):
        return _json_reader(suffix, text)
    if saved.looks_like_mhtml(text):
        return saved.read
    if suffix in _MAILBOX_SUFFIXES or (text.startswith("From ") and mail.is_mail(text.partition("\n")[2])):
        return read_mbox
    if suffix == ".eml" or mail.is_mail(text):
        return read_eml
    if suffix in {".html", ".htm", ".xhtml"}:
        return pages.read
    if suffix in {".csv", ".tsv", ".tab"} or _looks_tabular(text):
        return records.read_csv
    if suffix in _NOT_PRESS or suffix in {".xml", ".rss", ".atom", ".rdf"}:
        return f"a {suffix} file of this content is not read here"
    return texts.read


def _binary_kind(head: bytes) -> str:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.count(0) * 20 > len(head) and not decode(head).encoding.startswith("utf-"):
        return "a binary file"
    return "a binary file" if len(_CONTROLS.findall(head)) * 50 > len(head) else ""


def _json_reader(suffix: str, text: str) -> Reader:
    """Choose between one JSON document and one object a line by the first line."""
    if wires.looks_like_ninjs(text):
        return wires.read_ninjs
    first, _, rest = text.partition("\n")
    try:
        record = json.loads(first)
    except (ValueError, RecursionError) as error:
        whole = suffix == ".json" or rest or str(error).startswith("Extra data")  # else one line longer than the head
        return records.read_json if whole else records.read_json_lines
    if not isinstance(record, dict) or any(isinstance(record.get(key), list) for key in records.ENVELOPES):
        return records.read_json
    return records.read_json_lines


def _markup_reader(suffix: str, text: str) -> Reader | str | None:
    prolog = _XML_PROLOG.match(text)
    start = text[prolog.end() :] if prolog else text
    if _FEED_START.match(start):
        return wordpress.read if "wordpress.org/export/" in text[:8_192] else feeds.read
    reader = _XML_READERS.get(root[1]) if (root := _ROOT.match(start)) else None
    if reader:
        return reader
    if re.match(r"<!doctype\s", start, re.IGNORECASE):
        return _reader_of_declared(suffix, start)
    if suffix in {".html", ".htm", ".xhtml"} or _HTML_START.match(start) or re.match(r"<!doctype\s+html", text, re.IGNORECASE):
        return pages.read
    if suffix == ".xml" or text.startswith("<?xml"):
        name = f" (its first element is “{root[1][:40]}”)" if root else ""
        return f"an XML file of a kind that is not read here{name}"
    return None


def _reader_of_declared(suffix: str, start: str) -> Reader:
    """Choose for a document type with a subset of its own, which the XML readers refuse with their reason."""
    declared = re.match(r"<!doctype\s+(?:[\w.-]+:)?([\w.-]+)", start, re.IGNORECASE)
    if declared and declared[1] in _XML_READERS:
        return _XML_READERS[declared[1]]
    return feeds.read if suffix in {".xml", ".rss", ".atom", ".rdf"} else pages.read


_XML_READERS: Final[dict[str, Reader]] = {
    **dict.fromkeys(standards.ROOTS, standards.read),
    "alto": digitised.read_alto,
    "mets": digitised.read_mets,
    "TEI": digitised.read_tei,
    "teiCorpus": digitised.read_tei,
}


def _looks_tabular(text: str) -> bool:
    header = text.partition("\n")[0]
    names = [name.strip().strip('"') for name in header.split(records.sniff_delimiter(header))]
    known, texts_and_headlines = records.count_known_columns(names)
    return len(names) > 1 and known * 2 >= len(names) and known > 1 and texts_and_headlines > 0


def _mime(archive: zipfile.ZipFile) -> str:
    try:
        info = archive.getinfo("mimetype")
        return archive.read(info).decode("ascii", "replace").strip() if info.file_size <= 100 else ""
    except (KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, OSError):
        return ""


# --- reading ----------------------------------------------------------------------------------------------------------


def _reader_of(source: Source) -> Reader | str:
    with source.open() as stream:
        head = _head_of(stream)
        reader = choose_reader(re.sub(r"(?i)\.gz$", "", source.own_name), head)
        if not isinstance(reader, str) and reader not in _STREAMING and _longer_than(stream, WHOLE_FILE_BYTES - len(head)):
            return f"a file of more than {WHOLE_FILE_BYTES >> 30} GB; split it"
    return reader


_STREAMING: Final[tuple[Callable[..., object], ...]] = (
    *(records.read_json_lines, records.read_json, records.read_csv, wires.read_ninjs, wires.read_7901, standards.read, wordpress.read),
    *(read_tar, read_warc, read_mbox, databases.read),
)


_IN_PROCESS: Final = (records.read_json_lines, records.read_json, records.read_csv)  # they stream, and no library parses for them


def _head_of(stream: BinaryIO) -> bytes:
    """Return the first bytes of a file; of a damaged gzip file those before the damage, so that its reader may take what there is."""
    head = b""
    try:
        while len(head) < HEAD_BYTES and (data := stream.read(min(4_096, HEAD_BYTES - len(head)))):
            head += data
    except (EOFError, zlib.error, gzip.BadGzipFile):
        if not head:
            raise
    return head


def _longer_than(stream: BinaryIO, limit: int) -> bool:
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        return os.fstat(stream.fileno()).st_size > WHOLE_FILE_BYTES
    with contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile):  # its reader will come to the damage
        while limit >= 0 and (chunk := stream.read(1 << 20)):
            limit -= len(chunk)
    return limit < 0


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
