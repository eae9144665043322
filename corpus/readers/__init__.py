"""Which articles do these files hold? Files and folders in, a stream of articles and a list of what was refused out.

A file's reader is chosen by its content first and its suffix second: a .txt that holds JSON Lines is JSON Lines. Folders
are walked in sorted order, gzip is read as it comes, « - » is JSON Lines on standard input. One bad article never stops
a file, one bad file never stops a folder, unless ``strict``.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from corpus.article import Article, Origin
from corpus.encodings import decode
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.readers import feeds, pages, records, texts
from corpus.readers.source import FileVisitor, Reader, Reject, Source, shown
from corpus.readers.streams import HEAD_BYTES, open_bytes

__all__ = ["ArticleStream", "Reader", "Reject", "Source", "choose_reader", "read_articles"]

WHOLE_FILE_BYTES: Final = 1 << 30  # where a file is not read record by record
STANDARD_INPUT: Final = "-"

_SKIPPED = re.compile(r"\.|(README|LICEN[CS]E)(\.|$)", re.IGNORECASE)
_NOT_PRESS: Final = frozenset(
    {".css", ".js", ".mjs", ".py", ".sh", ".php", ".sql", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".log", ".svg", ".xsl", ".dtd"}
)
_MAGIC: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a zstandard archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "gzip inside gzip"),
    (b"SQLite format 3", "a database"),
)
_READ_HERE: Final = "JSON Lines, JSON, CSV, TSV, text, Markdown, HTML and RSS or Atom files are read, also as .gz"
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_JSON_START = re.compile(r'\{\s*("|\})|\[\s*(\{|\])')
_FEED_START = re.compile(r"<(?:[\w.-]+:)?(rss|feed|RDF)[\s>]", re.IGNORECASE)
_HTML_START = re.compile(r"<(!doctype\s+html|html|head|body|article|meta|title)[\s>]", re.IGNORECASE)
_XML_PROLOG = re.compile(r"(?:\s|<\?.*?\?>|<!--.*?-->|<!doctype\s[^<>]*>)*", re.IGNORECASE | re.DOTALL)


class ArticleStream(Iterator[Article]):
    """Articles in order of files and places; ``rejects`` and ``files`` (files opened so far) grow while it is read.

    Raises: SourceUnreadable or ArticleInvalid at the first reject, when ``strict``.
    """

    def __init__(self, files: Iterable[_File | Reject], *, strict: bool = False) -> None:
        self.rejects: list[Reject] = []
        self.files = 0
        self.visitor: FileVisitor | None = None  # asked before each file, when there is one
        self.roots: tuple[str, ...] = ()  # the places that were given, as absolute paths; « - » for standard input
        self.defaults: Mapping[str, str] = {}
        self._strict = strict
        self._articles = self._read(files)

    def __next__(self) -> Article:
        return next(self._articles)

    def _read(self, files: Iterable[_File | Reject]) -> Iterator[Article]:
        for file in files:
            if isinstance(file, Reject):
                self._refuse(file)
                continue
            visitor = self.visitor
            if visitor is not None and not visitor.begin(file.source):
                continue
            self.files += 1
            chosen: list[str] = []
            for item in _items_of(file, chosen):
                if not isinstance(item, Reject):
                    yield item
                    continue
                if visitor is not None:
                    visitor.refuse(item)
                self._refuse(item)
            if visitor is not None:
                visitor.end("".join(chosen))

    def _refuse(self, reject: Reject) -> None:
        self.rejects.append(reject)
        if self._strict:
            raise (ArticleInvalid if reject.origin.place else SourceUnreadable)(str(reject))


def read_articles(
    sources: Iterable[str | os.PathLike[str]] | str | os.PathLike[str], *, newspaper: str = "", language: str = "", strict: bool = False
) -> ArticleStream:
    """Read every article of ``sources``: files, folders, or « - » for JSON Lines on standard input.

    ``newspaper`` and ``language`` fill articles that do not name theirs.
    Raises: SourceUnreadable, before anything is read, for a path that is missing or unreadable or a folder without files.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    defaults = {name: value for name, value in (("newspaper", newspaper), ("language", language)) if value}
    for place in given:
        _check(os.fspath(place))
    stream = ArticleStream((file for place in given for file in _files(os.fspath(place), defaults)), strict=strict)
    stream.roots = tuple(place if place == STANDARD_INPUT else os.path.abspath(place) for place in (os.fspath(one) for one in given))
    stream.defaults = defaults
    return stream


def choose_reader(name: str, head: bytes) -> Reader | str:
    """Return the reader for a file called ``name`` (without .gz) that begins with ``head``, or why there is none."""
    suffix = Path(name).suffix.lower()
    if not head.strip():
        return "the file is empty"
    binary = _binary_kind(head)
    if binary:
        return f"{binary} is not read here"
    text = decode(head).text.lstrip("\ufeff \t\r\n")
    if suffix in {".jsonl", ".ndjson"}:
        return records.read_json_lines
    if suffix == ".json" or _JSON_START.match(text):
        return _json_reader(suffix, text)
    if text.startswith("<"):
        markup = _markup_reader(suffix, text)
        if markup:
            return markup
    if suffix in {".html", ".htm", ".xhtml"}:
        return pages.read
    if suffix in {".csv", ".tsv", ".tab"} or _looks_tabular(text):
        return records.read_csv
    if suffix in _NOT_PRESS or suffix in {".xml", ".rss", ".atom", ".rdf"}:
        return f"a {suffix} file of this content is not read here"
    return texts.read


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    source: Source
    reader: Reader | None = None  # None: to be chosen by content


def _check(place: str) -> None:
    """Refuse a path of the user that cannot be read.

    Raises: SourceUnreadable.
    """
    if place == STANDARD_INPUT:
        return
    path = Path(place)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            if next(_walk(path), None) is None:
                raise SourceUnreadable(f"{shown(place)}: the folder holds no file to read; {_READ_HERE}")
        elif stat.S_ISREG(mode):
            path.open("rb").close()
        else:
            raise SourceUnreadable(f"{shown(place)}: neither a file nor a folder; pipe a stream of JSON Lines into: marbre index -")
    except FileNotFoundError:
        raise SourceUnreadable(f"{shown(place)}: no such file or folder (seen from {Path.cwd()}); check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise SourceUnreadable(f"{shown(place)}: cannot be read ({_why(error)}); check the path and its permissions") from error


def _files(place: str, defaults: Mapping[str, str]) -> Iterator[_File | Reject]:
    if place == STANDARD_INPUT:
        yield _File(Source(STANDARD_INPUT, lambda: sys.stdin.buffer, defaults), records.read_json_lines)
    elif Path(place).is_dir():
        for path in _walk(Path(place)):
            yield path if isinstance(path, Reject) else _File(_source(path, defaults))
    else:
        yield _File(_source(Path(place), defaults))


def _walk(folder: Path) -> Iterator[Path | Reject]:
    """Yield the files below ``folder`` in sorted order; links are not followed, those that lead out are refused."""
    root = folder.resolve()
    pending = [folder]
    while pending:
        path = pending.pop()
        try:
            if path is folder or (path.is_dir() and not path.is_symlink()):
                inside = sorted((item for item in path.iterdir() if not _SKIPPED.match(item.name)), key=lambda item: item.name)
                pending.extend(reversed(inside))
            elif path.is_symlink():
                if not path.resolve().is_relative_to(root):  # one inside is read under its own name
                    yield _refusal(path, "a symbolic link that leads out of the folder", "name its target as a source of its own")
            elif path.is_file():
                yield path
            else:
                yield _refusal(path, "not a regular file")
        except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, until Python 3.12
            yield _refusal(path, f"cannot be read ({_why(error)})", "check its permissions")


def _refusal(path: Path, reason: str, advice: str = "") -> Reject:
    return Reject(Origin(shown(str(path))), reason, advice)


def _source(path: Path, defaults: Mapping[str, str]) -> Source:
    return Source(shown(str(path)), partial(open_bytes, path), defaults, path=path)


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


# --- reading ------------------------------------------------------------------------------------------------------------


def _items_of(file: _File, chosen: list[str]) -> Iterator[Article | Reject]:
    """Yield what the reader of ``file`` gives, its name put into ``chosen``; whatever goes wrong in the file becomes one reject."""
    source = file.source
    try:
        reader = file.reader or _reader_of(source)
        if isinstance(reader, str):
            yield Reject(source.origin(), reader, _READ_HERE)
            return
        chosen.append(f"{getattr(reader, '__module__', '').rpartition('.')[2]}.{getattr(reader, '__name__', '')}")
        yield from reader(source)
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Reject(source.origin(), f"damaged gzip file ({_why(error)})", "what stood before the damage was read; copy the file again")
    except OSError as error:
        yield Reject(source.origin(), f"cannot be read ({_why(error)})", "check the file and its permissions")
    except Exception as error:  # noqa: BLE001 - a fault of a reader or its library costs one file, never the run
        yield Reject(source.origin(), f"the reader failed: {type(error).__name__}: {str(error)[:200]}", "please report this file")


def _reader_of(source: Source) -> Reader | str:
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
        reader = choose_reader(re.sub(r"(?i)\.gz$", "", source.own_name), head)
        if not isinstance(reader, str) and reader not in _STREAMING and _longer_than(stream, WHOLE_FILE_BYTES - len(head)):
            return f"a file of more than {WHOLE_FILE_BYTES >> 30} GB; split it"
    return reader


_STREAMING: Final[tuple[Callable[..., object], ...]] = (records.read_json_lines, records.read_json, records.read_csv)


def _longer_than(stream: BinaryIO, limit: int) -> bool:
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        return os.fstat(stream.fileno()).st_size > WHOLE_FILE_BYTES
    while limit >= 0 and (chunk := stream.read(1 << 20)):
        limit -= len(chunk)
    return limit < 0


# --- content ----------------------------------------------------------------------------------------------------------


def _binary_kind(head: bytes) -> str:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.count(0) * 20 > len(head) and not decode(head).encoding.startswith("utf-"):
        return "a binary file"
    return "a binary file" if len(_CONTROLS.findall(head)) * 50 > len(head) else ""


def _json_reader(suffix: str, text: str) -> Reader:
    """Choose between one JSON document and one object a line by the first line."""
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
        return feeds.read
    if re.match(r"<!doctype\s", start, re.IGNORECASE):  # one with a subset of its own: the feed reader says what is wrong
        return feeds.read if suffix in {".xml", ".rss", ".atom", ".rdf"} else pages.read
    if suffix in {".html", ".htm", ".xhtml"} or _HTML_START.match(start) or re.match(r"<!doctype\s+html", text, re.IGNORECASE):
        return pages.read
    if suffix == ".xml" or text.startswith("<?xml"):
        return "an XML file that is neither a feed nor a page is not read here"
    return None


def _looks_tabular(text: str) -> bool:
    header = text.partition("\n")[0]
    names = [name.strip().strip('"') for name in header.split(records.sniff_delimiter(header))]
    known, texts_and_headlines = records.count_known_columns(names)
    return len(names) > 1 and known * 2 >= len(names) and known > 1 and texts_and_headlines > 0
