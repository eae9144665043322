"""Which articles are in these records? JSON Lines, JSON (an array, an envelope, one object), CSV and TSV, streamed.

A bad record is one reject with its place, the rest goes on; memory is bounded by the longest record, not by the file.
Key and column names are those of ``corpus.article.INPUT_NAMES``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from corpus.article import INPUT_NAMES, Article, article_from_record
from corpus.errors import ArticleInvalid
from corpus.mapping import mapped_record
from corpus.readers.source import Reject, Source
from corpus.readers.streams import RECORD_BYTES, text_chunks, text_lines

__all__ = ["DELIMITERS", "ENVELOPES", "JSON_DEPTH", "article_of_record", "count_known_columns", "json_values", "read_csv", "read_json", "read_json_lines", "sniff_delimiter"]

JSON_DEPTH: Final = 32
ENVELOPES: Final = ("articles", "items", "data", "results")  # keys whose list holds the articles
DELIMITERS: Final = ("\t", ";", ",", "|")
_TEXT_FIELDS: Final = ("headline", "standfirst", "body")
_FIELD_OF_NAME: Final = {name: target for target, names in INPUT_NAMES.items() for name in names}
_SURROGATE = re.compile("[\ud800-\udfff]")
_OLD_LINE_END = re.compile(r"\r\n?")
_SINGLE_QUOTED = re.compile(r"'[^'\n]*'(?:[\t;,|]'[^'\n]*')*\s*")
_SPACES = re.compile(r"[\s\ufeff]*")
_CELL_LINES: Final = "put the cell in double quotes and double the quotes inside it"


def read_json_lines(source: Source) -> Iterator[Article | Reject]:
    """Read one article a line; blank lines are passed over, a line over RECORD_BYTES is refused and skipped."""
    with source.open() as stream:
        for number, line in text_lines(stream):
            place = f"line {number}"
            if line is None:
                yield _too_long(source, place)
            elif line and not line.isspace() and not (source.unchanged and source.unchanged(place, line)):
                yield _article_of_json(source, place, line)


def read_json(source: Source) -> Iterator[Article | Reject]:
    """Read an array of articles, an object holding one under a key of ENVELOPES, or one object (or several in a row)."""
    with source.open() as stream:
        text = _Growing(text_chunks(stream))
        rank = 0
        try:
            for record in _json_records(text):
                rank += 1
                if isinstance(record, ValueError):
                    yield Reject(source.origin(f"item {rank}"), _json_fault(record), "what follows it was read")
                    continue
                yield _article(source, f"item {rank}", _without_surrogates(record))
        except (ValueError, RecursionError) as error:
            yield Reject(source.origin(f"item {rank + 1}"), _json_fault(error), "mend it; what follows it in the file was not read")


def json_values(source: Source) -> Iterator[Any]:
    """Yield the values of an array, an envelope or objects in a row; a Reject for a broken one."""
    with source.open() as stream:
        rank = 0
        try:
            for value in _json_records(_Growing(text_chunks(stream))):
                rank += 1
                place = source.origin(f"item {rank}")
                if isinstance(value, ValueError):
                    yield Reject(place, _json_fault(value), "what follows it was read")
                elif isinstance(value, (dict, list)) and _depth(value) >= JSON_DEPTH:
                    yield Reject(place, f"nested deeper than {JSON_DEPTH} levels", "flatten the record")
                else:
                    yield _without_surrogates(value)
        except (ValueError, RecursionError) as error:
            yield Reject(source.origin(f"item {rank + 1}"), _json_fault(error), "mend it; what follows it in the file was not read")


def article_of_record(source: Source, place: str, record: Any) -> Article | Reject:
    """Return the article of one record (a row of a table or database), or why there is none."""
    return _article(source, place, record)


def read_csv(source: Source) -> Iterator[Article | Reject]:
    """Read one article a row below a header; delimiter and quotes are found from the header and the first rows."""
    csv.field_size_limit(RECORD_BYTES)
    with source.open() as stream:
        lines = _csv_lines(source, stream)
        head = list(islice(lines, 20))
        above = 0  # lines above the header
        while head and (not str(head[0]).strip() or str(head[0]).startswith("sep=")):
            del head[0]  # Excel writes « sep=; » above the header
            above += 1
        first = head[0] if head and isinstance(head[0], str) else ""
        quoting = _quoting(first, "".join(line for line in head if isinstance(line, str)))
        delimiter = sniff_delimiter(first, str(quoting["quotechar"]))
        names = next(csv.reader([first], delimiter=delimiter, **quoting), [])
        if not count_known_columns(source.names.get(name.strip().lower(), name) for name in names)[1]:
            yield _unknown_header(source, names)
            return
        yield from _rows(source, _Rest(head, lines, above, str(quoting["quotechar"])), delimiter, quoting)


def sniff_delimiter(header: str, quote: str = '"') -> str:
    """Return the delimiter under which ``header`` has most known column names, then most columns."""

    def known(delimiter: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=delimiter, quotechar=quote), [])
        return count_known_columns(names)[0], len(names)

    return max(DELIMITERS, key=known)


def count_known_columns(names: Iterable[str]) -> tuple[int, int]:
    """Return how many of ``names`` fill a field, and how many of these hold the headline or the text."""
    targets = [_FIELD_OF_NAME.get(name.strip().lower(), "") for name in names]
    return sum(map(bool, targets)), sum(target in _TEXT_FIELDS for target in targets)


def _too_long(source: Source, place: str) -> Reject:
    return Reject(source.origin(place), f"longer than {RECORD_BYTES // 2**20} MB", "an article is expected on each line; split it")


# --- JSON -------------------------------------------------------------------------------------------------------------


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        for key, value in pairs:
            if record[key] != value:  # the standard parser would silently keep the last
                raise ValueError(f"key “{key[:60]}” is given twice with different values")
    return record


# NaN and Infinity, which several exporters write for an empty cell, are no value.
_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=lambda _: None)


def _article_of_json(source: Source, place: str, line: str) -> Article | Reject:
    try:
        record = _DECODER.decode(line)
        if "\\u" in line:
            record = _without_surrogates(record)
    except (ValueError, RecursionError) as error:
        return Reject(source.origin(place), _json_fault(error), "one JSON object a line is expected")
    return _article(source, place, record)


def _article(source: Source, place: str, record: Any) -> Article | Reject:
    if not isinstance(record, dict):
        return Reject(source.origin(place), f"{_kind_of(record)} found, an object with the fields of an article expected")
    deep = [value for value in record.values() if isinstance(value, (dict, list))]
    if deep and any(_depth(value) >= JSON_DEPTH for value in deep):
        return Reject(source.origin(place), f"nested deeper than {JSON_DEPTH} levels", "flatten the record")
    try:
        return article_from_record(mapped_record(record, source.names) if source.names else record, source.origin(place), **source.defaults)
    except ArticleInvalid as error:
        return Reject(source.origin(place), str(error))
    except TypeError:  # a value of a kind that no field takes, such as a list as id
        return Reject(source.origin(place), "a field holds a value of the wrong type", "texts, numbers and lists of texts are expected")


def _json_fault(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return f"nested deeper than {JSON_DEPTH} levels"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.colno}"
    return "a number of too many figures" if "integer string" in str(error) else str(error)


def _kind_of(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)


def _depth(value: Any) -> int:
    """Return how many objects and lists stand inside each other in ``value``, counted up to JSON_DEPTH."""
    level, depth = [value], 0
    while level and depth <= JSON_DEPTH:
        level = [part for item in level if isinstance(item, (dict, list)) for part in (item.values() if isinstance(item, dict) else item)]
        depth += 1
    return depth


def _without_surrogates(value: Any) -> Any:
    """Return ``value`` without halves of surrogate pairs, which a JSON escape may hold and UTF-8 may not."""
    if isinstance(value, str):
        try:
            value.encode()  # ten times the speed of a search
        except UnicodeEncodeError:
            return _SURROGATE.sub("\ufffd", value)
        return value
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


class _Growing:
    """The text of a stream as far as it was read: parsed from ``at``, forgotten before it."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0

    def more(self) -> bool:
        """Read at least as much again as is held; say whether there was anything."""
        self.text = self.text[self.at :]
        self.at = 0
        wanted, parts = max(len(self.text), 1), []
        for chunk in self._chunks:
            parts.append(chunk)
            wanted -= len(chunk)
            if wanted <= 0:
                break
        self.text += "".join(parts)
        return bool(parts)

    def peek(self) -> str:
        """Return the next character that is no space, "" at the end."""
        while True:
            found = _SPACES.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def indent(self) -> str:
        """Return the line end and spaces before the next value, "" when it is on the same line."""
        self.peek()
        start = self.text.rfind("\n", 0, self.at)
        return self.text[start : self.at] if start >= 0 and self.text[start : self.at].isspace() else ""

    def skip_to(self, mark: str) -> bool:
        """Step to the next line that begins with ``mark``, which is in what is held."""
        found = self.text.find(mark, self.at)
        self.at = found if found >= 0 else self.at
        return found >= 0

    def take(self, expected: str) -> None:
        """Step over the one character ``expected``."""
        found = self.peek()
        if found != expected:
            raise ValueError(f"not JSON: “{expected}” expected, {f'“{found}”' if found else 'the end of the file'} found")
        self.at += 1

    def value(self) -> Any:
        """Parse one value, reading on while it is incomplete."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > RECORD_BYTES:
                    raise ValueError(f"not JSON, or a record of more than {RECORD_BYTES // 2**20} MB: {error.msg}") from error
                if not self.more():
                    raise
                continue
            if end == len(self.text) and not isinstance(value, (dict, list, str)) and self.more():
                continue  # 20 may be the beginning of 2025
            self.at = end
            return value


def _json_records(text: _Growing) -> Iterator[Any]:
    while opening := text.peek():
        if opening == "[":
            yield from _array(text)
        elif opening == "{":
            yield from _object_or_envelope(text)
        else:
            yield text.value()
        if text.peek() == ",":  # objects in a row, separated by commas
            text.take(",")


def _array(text: _Growing) -> Iterator[Any]:
    """Yield the values of an array; a ValueError for a broken one after which the next can be told by its indent."""
    text.take("[")
    indent = text.indent()
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        try:
            value = text.value()
            if text.peek() not in {",", "]"}:
                text.take(",")
        except ValueError as error:
            if not indent or not text.skip_to(indent + "{"):
                raise
            yield error
            continue
        yield value
        if text.peek() == "]":
            text.take("]")
            return
        text.take(",")


def _object_or_envelope(text: _Growing) -> Iterator[Any]:
    """Yield the records of an envelope, or the object itself where no key holds a list of records."""
    pairs: list[tuple[str, Any]] = []
    enveloped = False
    text.take("{")
    while text.peek() != "}":
        key = text.value()
        text.take(":")
        if key in ENVELOPES and text.peek() == "[" and not count_known_columns(name for name, _ in pairs)[1]:
            enveloped = True
            yield from _array(text)
        else:
            pairs.append((str(key), text.value()))
        if text.peek() == ",":
            text.take(",")
        elif text.peek() != "}":
            text.take("}")
    text.take("}")
    if not enveloped:
        yield _pairs(pairs)


# --- CSV --------------------------------------------------------------------------------------------------------------


class _Rest:
    """Lines already looked at, then the rest; counts lines and quotes, and keeps lines that are a Reject in ``refused``."""

    def __init__(self, head: list[str | Reject], rest: Iterator[str | Reject], above: int, quote: str) -> None:
        self._lines = chain(head, rest)
        self.line = above
        self._quote = quote
        self.quotes = 0
        self.refused: list[Reject] = []

    def __iter__(self) -> _Rest:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.line += 1
            if isinstance(line, str):
                self.quotes += line.count(self._quote)
                return line
            self.refused.append(line)
        raise StopIteration


def _csv_lines(source: Source, stream: BinaryIO) -> Iterator[str | Reject]:
    for number, line in text_lines(stream):
        if line is None:
            yield _too_long(source, f"line {number}")
        elif "\r" in line.removesuffix("\n").removesuffix("\r"):  # line ends of old Macs, which Excel still writes
            yield from (part + "\n" for part in _OLD_LINE_END.split(line.replace("\0", "").rstrip("\r\n")))
        else:
            yield line.replace("\0", "")


def _quoting(header: str, head: str) -> Mapping[str, Any]:
    if _SINGLE_QUOTED.fullmatch(header):
        return {"quotechar": "'"}
    if '\\"' in head and '""' not in head:
        return {"quotechar": '"', "escapechar": "\\", "doublequote": False}
    return {"quotechar": '"'}


def _rows(source: Source, lines: _Rest, delimiter: str, quoting: Mapping[str, Any]) -> Iterator[Article | Reject]:
    rows = csv.reader(lines, delimiter=delimiter, **quoting)
    names: list[str] = []
    while True:
        start, lines.quotes = lines.line + 1, 0
        place = f"line {start}"
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            yield Reject(source.origin(place), f"not a row: {error}", _CELL_LINES)
            continue
        yield from lines.refused
        lines.refused.clear()
        if not names:
            names = _distinct(row)
        elif lines.quotes % 2 and lines.line > start and "escapechar" not in quoting:  # it took in the rest of the file
            yield Reject(source.origin(place), f"a quote that opens here is not closed before line {lines.line}", _CELL_LINES)
        elif any(cell and not cell.isspace() for cell in row):
            yield _article_of_row(source, place, names, row)
    yield from lines.refused


def _distinct(names: list[str]) -> list[str]:
    """Return the column names, a repeated one numbered so that both values are kept."""
    counts: dict[str, int] = {}
    result = []
    for name in map(str.strip, names):
        counts[name] = counts.get(name, 0) + 1
        result.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return result


def _article_of_row(source: Source, place: str, names: list[str], row: list[str]) -> Article | Reject:
    while len(row) > len(names) and not row[-1].strip():
        row.pop()
    if len(row) > len(names):
        return Reject(source.origin(place), f"{len(row)} cells found, {len(names)} expected", _CELL_LINES)
    return _article(source, place, dict(zip(names, row, strict=False)))


def _unknown_header(source: Source, names: list[str]) -> Reject:
    found = ", ".join(name.strip()[:40] for name in names[:12]) or "none"
    expected = ", ".join(INPUT_NAMES["headline"][:2] + INPUT_NAMES["body"][:3])
    return Reject(source.origin("line 1"), f"no column of headline or text among: {found}", f"name one of the columns {expected}")
