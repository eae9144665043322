"""Which articles are in this office document? Texts (DOCX, ODT): one article; tables (XLSX, ODS): one a row.

Both families are XML inside ZIP, read here with the guards of any archive and any XML; the usual libraries bring those
guards for neither. A text is read like a text file: its title may be named by a style, its byline and date by their place.
Source: ECMA-376 (WordprocessingML, SpreadsheetML, core properties); OASIS OpenDocument 1.3.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from corpus.article import Article, article_from_record
from corpus.cleaning import clean_line
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.readers.archives import safe_zip
from corpus.readers.records import article_of_record, count_known_columns
from corpus.readers.source import Reject, Source
from corpus.readers.streams import INFLATED_FREE_BYTES, INFLATED_RATIO, hold
from corpus.readers.texts import text_record
from corpus.readers.xmltree import XmlNode, all_of, document, first, items, local, text_in

__all__ = ["kind_of", "read"]

PART_BYTES: Final = 128 * 1024 * 1024
STRING_CHARS: Final = 64_000_000  # all shared strings of a workbook
MAX_COLUMNS: Final = 200
HEADER_ROWS: Final = 10
_EPOCH: Final = dt.date(1899, 12, 30)  # day 0 of spreadsheets, with their leap year 1900
_DATE_FORMATS: Final = frozenset({14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 34, 35, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58})
_DATE_FORMAT = re.compile(r"(?i)(?:yy|dd|mmm|aa|jj|d[/\-. ]m)")
_CELL = re.compile(r"([A-Z]{1,3})\d+")
_GENERIC: Final = frozenset(
    {"user", "utilisateur", "admin", "administrateur", "microsoft office user", "utilisateur windows", "python-docx", "openpyxl"}
)
_TITLES: Final = frozenset({"title", "titre", "titreprincipal"})
_SUBTITLES: Final = frozenset({"subtitle", "soustitre", "sous-titre", "chapo", "chapeau"})


def kind_of(names: list[str], mime: str) -> str:
    """Return docx, xlsx, odt or ods for the member names of a ZIP file and its « mimetype », "" for any other ZIP."""
    if mime.startswith("application/vnd.oasis.opendocument."):
        return {"text": "odt", "spreadsheet": "ods"}.get(mime.rpartition(".")[2].removesuffix("-template"), "other")
    held = set(names)
    return (
        "docx"
        if "word/document.xml" in held
        else "xlsx"
        if "xl/workbook.xml" in held
        else "other"
        if "ppt/presentation.xml" in held
        else ""
    )


def read(source: Source) -> Iterator[Article | Reject]:
    """Read an office document."""
    try:
        with source.open() as packed:
            held = hold(packed)
        with held.open_as_is() as stream, safe_zip(stream) as package:
            kind = kind_of(package.namelist(), _mime(package))
            if kind == "docx":
                yield _text_article(source, _docx(package))
            elif kind == "odt":
                yield _text_article(source, _odt(package))
            elif kind in {"xlsx", "ods"}:
                yield from _table_articles(source, _xlsx_sheets(package) if kind == "xlsx" else _ods_sheets(package))
            else:
                yield Reject(source.origin(), "an office document that is neither a text nor a table", "save it as DOCX, ODT, XLSX or ODS")
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error), "save the document again")
    except (zipfile.BadZipFile, KeyError, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        yield Reject(source.origin(), f"damaged office document ({str(error)[:100]})", "save the document again")


def _mime(package: zipfile.ZipFile) -> str:
    if "mimetype" not in package.namelist():
        return ""
    with _part(package, "mimetype") as stream:
        return stream.read(100).decode("ascii", "replace").strip()


def _part(package: zipfile.ZipFile, name: str) -> BinaryIO:
    """Open a part of a document after a look at its size.

    Raises: SourceUnreadable, KeyError for a part that is not there.
    """
    info = package.getinfo(name)
    if info.file_size > PART_BYTES or (
        info.file_size > INFLATED_FREE_BYTES and info.file_size > INFLATED_RATIO * max(info.compress_size, 1)
    ):
        raise SourceUnreadable(f"its part {name} unpacks to {info.file_size >> 20} MB")
    return package.open(info)  # type: ignore[return-value]


# --- texts ------------------------------------------------------------------------------------------------------------


def _text_article(source: Source, record: dict[str, Any]) -> Article | Reject:
    try:
        if not record.get("body") and not record.get("headline"):
            return Reject(source.origin(), "a document without text", "a scanned page has to go through text recognition first")
        return article_from_record(record, source.origin(), **source.defaults)
    except ArticleInvalid as error:
        return Reject(source.origin(), str(error))


def _docx(package: zipfile.ZipFile) -> dict[str, Any]:
    lines: list[tuple[str, str]] = []
    with _part(package, "word/document.xml") as stream:
        for node in items(stream, {"p"}):
            style = first(node, "pPr/pStyle")
            lines.append(
                (_plain_style(next((str(value) for value in style.attrib.values()), "") if style is not None else ""), _run_text(node))
            )
    core = _document(package, "docProps/core.xml")
    facts = {
        "headline": text_in(core, "title"),
        "author": text_in(core, "creator"),
        "tags": text_in(core, "keywords"),
        "section": text_in(core, "category"),
        "language": text_in(core, "language"),
        "created": text_in(core, "created"),
        "modified": text_in(core, "modified"),
    }
    return _with_facts(lines, facts)


def _run_text(paragraph: XmlNode) -> str:
    """Return the text of a Word paragraph: deleted words and field codes out, tabs and breaks as space and line end."""
    parts = []
    for node in paragraph.iter("{*}t", "{*}tab", "{*}br", "{*}cr", "{*}noBreakHyphen"):
        name = local(node)
        parts.append(node.text or "" if name == "t" else " " if name == "tab" else "-" if name == "noBreakHyphen" else "\n")
    return "".join(parts).strip()


def _odt(package: zipfile.ZipFile) -> dict[str, Any]:
    with _part(package, "content.xml") as stream:
        root = document(stream)
    parents = {
        str(one.get(_qualified(one, "name"))): str(one.get(_qualified(one, "parent-style-name")) or "") for one in root.iter("{*}style")
    }
    body = first(root, "body/text")
    lines = []
    for node in body.iter("{*}p", "{*}h") if body is not None else ():
        if any(local(parent) in {"tracked-changes", "annotation", "note"} for parent in node.iterancestors()):
            continue
        style = str(node.get(_qualified(node, "style-name")) or "")
        lines.append((_plain_style(parents.get(style) or style), _odf_text(node)))
    meta = _document(package, "meta.xml")
    facts = {
        "headline": text_in(meta, "meta/title"),
        "author": text_in(meta, "meta/initial-creator", "meta/creator"),
        "tags": "; ".join(text_in(one) for one in all_of(meta, "meta/keyword")) if meta is not None else "",
        "language": text_in(meta, "meta/language"),
        "created": text_in(meta, "meta/creation-date"),
        "modified": text_in(meta, "meta/date"),
    }
    return _with_facts(lines, facts)


def _qualified(node: XmlNode, name: str) -> str:
    """Return the full name of an attribute that has the namespace of its element, as those of OpenDocument have."""
    return f"{node.tag.rpartition('}')[0]}}}{name}"


def _odf_text(paragraph: XmlNode) -> str:
    parts = [paragraph.text or ""]
    for node in paragraph.iterdescendants():
        name = local(node)
        silent = any(local(parent) in {"note", "annotation"} for parent in node.iterancestors())
        space = {"s": " ", "tab": " ", "line-break": "\n"}.get(name, "")
        parts += [] if silent else [space, "" if name in {"note", "annotation"} else node.text or "", node.tail or ""]
    return "".join(parts).strip()


def _plain_style(name: str) -> str:
    return re.sub(r"[\s_\d]|20", "", name).lower()


def _document(package: zipfile.ZipFile, name: str) -> XmlNode | None:
    if name not in package.namelist():
        return None
    with _part(package, name) as stream:
        return document(stream)


def _with_facts(lines: list[tuple[str, str]], facts: dict[str, str]) -> dict[str, Any]:
    """Join what the text says by styles and places with what the file says of itself; its days are of the file, not of the press."""
    named = {
        "headline": next((text for style, text in lines if style in _TITLES and text), ""),
        "standfirst": "\n\n".join(text for style, text in lines if style in _SUBTITLES and text),
    }
    rest = "\n\n".join(text for style, text in lines if style not in _TITLES | _SUBTITLES and text)
    if named["headline"]:
        rest = f"{clean_line(named['headline'])}\n\n{rest}"
    record = text_record(rest)
    own_author = facts.get("author", "")
    if not record.get("bylines") and own_author and own_author.lower() not in _GENERIC:
        record["bylines"] = [own_author]
    record["headline"] = clean_line(named["headline"]) or record.get("headline") or facts["headline"]
    record["standfirst"] = named["standfirst"]
    above, _, below = record["body"].partition("\n\n")
    if named["headline"] and clean_line(above) == record["headline"]:  # it stood above the text, and was not taken for its headline
        record["body"] = below
    record.update({name: facts[name] for name in ("tags", "section", "language") if facts.get(name) and not record.get(name)})
    record["language"] = re.split(r"[-_]", str(record.get("language", "")))[0].lower()
    record["extra"] = {f"file_{name}": facts[name] for name in ("created", "modified") if facts.get(name)}
    return {name: value for name, value in record.items() if value}


# --- tables -----------------------------------------------------------------------------------------------------------


Sheet = tuple[str, Iterator[list[str]]]


def _table_articles(source: Source, sheets: Iterator[Sheet]) -> Iterator[Article | Reject]:
    """Read the rows below the first row of each sheet that names columns of an article."""
    found = False
    for name, rows in sheets:
        header: list[str] = []
        for number, row in enumerate(rows, 1):
            if not header:
                if count_known_columns(row)[1] and count_known_columns(row)[0] > 1:
                    header = row
                    found = True
                elif number >= HEADER_ROWS:
                    break
                continue
            if any(row):
                record = {column: value for column, value in zip(header, row, strict=False) if column and value}
                yield article_of_record(source, f"{name}, row {number}", record)
    if not found:
        yield Reject(
            source.origin(), "a workbook without a row of column names", "name the columns: titre, texte, date, journal, auteur, rubrique"
        )


def _xlsx_sheets(package: zipfile.ZipFile) -> Iterator[Sheet]:
    strings = _shared_strings(package)
    dates = _date_styles(package)
    for name in sorted(
        (one for one in package.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", one)), key=lambda one: (len(one), one)
    ):
        yield f"sheet {name[19:-4]}", _xlsx_rows(package, name, strings, dates)


def _shared_strings(package: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in package.namelist():
        return []
    strings, chars = [], 0
    with _part(package, "xl/sharedStrings.xml") as stream:
        for node in items(stream, {"si"}):
            strings.append("".join(one.text or "" for one in node.iter("{*}t") if local(one.getparent()) != "rPh"))
            chars += len(strings[-1])
            if chars > STRING_CHARS:
                raise SourceUnreadable("a workbook of more than 64 million characters")
    return strings


def _date_styles(package: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell styles that show a number as a date."""
    root = _document(package, "xl/styles.xml")
    if root is None:
        return frozenset()
    own = {
        int(one.get("numFmtId") or 0)
        for one in root.iter("{*}numFmt")
        if _DATE_FORMAT.search(re.sub(r'"[^"]*"|\[[^\]]*\]', "", one.get("formatCode") or ""))
    }
    formats = [int(one.get("numFmtId") or 0) for one in all_of(root, "cellXfs/xf")]
    return frozenset(str(at) for at, one in enumerate(formats) if one in _DATE_FORMATS or one in own)


def _xlsx_rows(package: zipfile.ZipFile, name: str, strings: list[str], dates: frozenset[str]) -> Iterator[list[str]]:
    with _part(package, name) as stream:
        for node in items(stream, {"row"}):
            row = [""] * MAX_COLUMNS
            for at, cell in enumerate(all_of(node, "c")):
                place = _CELL.fullmatch(cell.get("r") or "")
                column = _column(place[1]) if place else at
                if column < MAX_COLUMNS:
                    row[column] = _xlsx_value(cell, strings, dates)
            yield row


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _xlsx_value(cell: XmlNode, strings: list[str], dates: frozenset[str]) -> str:
    kind, held = cell.get("t") or "n", first(cell, "v")
    value = (held.text or "") if held is not None else ""
    if kind == "inlineStr":
        return "".join(one.text or "" for one in cell.iter("{*}t"))
    if kind == "s":
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    if kind == "n" and value and cell.get("s") in dates:
        days = float(value)
        return (_EPOCH + dt.timedelta(days=int(days))).isoformat() if 0 < days < 2_958_466 else value
    return "" if kind == "e" else value.removesuffix(".0") if kind == "n" else value


def _ods_sheets(package: zipfile.ZipFile) -> Iterator[Sheet]:
    with _part(package, "content.xml") as stream:
        yield "sheet", (_ods_row(node) for node in items(stream, {"table-row"}))


def _ods_row(node: XmlNode) -> list[str]:
    row: list[str] = []
    for cell in node.iterchildren("{*}table-cell", "{*}covered-table-cell"):
        attributes = {name.rpartition("}")[2]: value for name, value in cell.attrib.items()}
        text = "\n\n".join(_odf_text(one) for one in cell.iterchildren("{*}p"))
        value = str(attributes.get("date-value") or text)
        repeated = (
            int(attributes.get("number-columns-repeated") or 1) if str(attributes.get("number-columns-repeated") or "1").isdigit() else 1
        )
        row += [value] * min(repeated, MAX_COLUMNS - len(row))
    return row
