"""Which articles does a text or Markdown file hold? One, or a page pasted from a news site with the teasers of others.

What a plain text says of itself it says by its place: a headline above a blank line, « Par Awa Sow » and a date under it,
a dateline before the first words, a signature at the end. Each is read only where it cannot be anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from corpus.article import Article, article_from_record
from corpus.cleaning import clean_line
from corpus.dates import find_day, iso_day
from corpus.encodings import REPAIRED, decode, repaired
from corpus.errors import MarbreError
from corpus.readers.markdown import front_matter, plain_markdown, take_heading
from corpus.readers.signature import NAME, named_credit, read_names, read_signature, split_page
from corpus.readers.source import Reject, Source

__all__ = ["read", "text_record"]

FILE_BYTES: Final = 8_000_000  # 2 million characters of text in any encoding: more is a dump, not an article
HEADLINE_CHARS: Final = 160
HEADER_LINES: Final = 6
MARKDOWN_SUFFIXES: Final = (".md", ".markdown", ".mkd")

_MONTHS = r"(?:janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre|janv\.|févr\.|avr\.|juil\.|sept\.|oct\.|nov\.|déc\.)"
_DAYS = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
_DATE = rf"(?:{_DAYS}\s+)?(?:\d{{1,2}}(?:er)?\s+{_MONTHS}\s+\d{{4}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{4}}|\d{{4}}-\d{{2}}-\d{{2}})"
_NUMERIC = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}-\d{2}-\d{2}")
_HOUR = r"(?:,?\s*(?:à|-|–|,|\|)?\s*\d{1,2}\s*[h:]\s*(?:\d{2})?(?::\d{2})?(?:\s*(?:GMT|TU|UTC))?)?"
_PLACE = r"[A-ZÀ-Ý][\w’'\-]*(?:[ -][A-ZÀ-Ý(][\w’'\-)]*){0,4}"
_PUBLISHED = re.compile(
    rf"(?:(?:publié|mis en ligne|posté|paru|créé|édition)e?(?:\s+(?:le|du))?\s*:?\s*|date\s*:\s*)?(?:(?-i:{_PLACE}),?\s+)?"
    rf"(?:le\s+)?{_DATE}{_HOUR}\W*$",
    re.I,
)
_UPDATED = re.compile(
    rf"(?P<before>.*?)\W*(?:mis à jour|mise à jour|modifié|actualisé|màj)e?(?:\s+le)?\s*:?\s*(?P<day>(?:le\s+)?"
    rf"{_DATE}){_HOUR}\W*$",
    re.I,
)
_SECTION = re.compile(r"(?:Rubrique|Catégorie)\s*:\s*(\S.{1,60})$", re.I)
_BYLINE_DATE = re.compile(rf"(?P<by>Par\s+.{{3,80}}?)\s*(?:[|,·•–—-]|\ble\b)\s*(?:publié\s+)?(?:le\s+)?(?P<day>{_DATE}){_HOUR}\W*$", re.I)
_DATELINE = re.compile(
    rf"\(?{_PLACE}(?:\s\([^)]{{2,30}}\))?,?\s+(?:le\s+)?(?P<day>{_DATE})(?:\s*\((?P<agency>[A-Z][\w-]{{1,12}})\))?\)?"
    rf"\s*(?:[-–—:.]|\s)"
)
_AGENCY_DATELINE = re.compile(rf"{_PLACE}(?:,[^-–—()]{{2,40}})?\s*\((?P<agency>[A-Z]{{2,8}})\)\s*[-–—]")


@dataclass(slots=True)
class _Header:
    """The fields that the first lines of a text name, and the lines under them."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()


def read(source: Source) -> Iterator[Article | Reject]:
    """Read a text or Markdown file: its article, then each teaser of another article as a brève."""
    with source.open() as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        reason = f"a text of more than {FILE_BYTES // 1_000_000} MB, expected one article"
        yield Reject(source.origin(), reason, "split it, an article a file, or make it JSON Lines")
        return
    text = decode(data).text
    mended = repaired(text)
    if not text.strip():
        yield Reject(source.origin(), "an empty file, expected a text")
    else:
        yield from _articles(mended or text, source, {"encoding": REPAIRED} if mended else {})


def text_record(text: str) -> dict[str, Any]:
    """Return what a text says of its article, under the names of the fields: for texts that come out of other formats."""
    return _records(text, "")[0]


def _articles(text: str, source: Source, extra: Mapping[str, str]) -> Iterator[Article | Reject]:
    records = _records(text, source.own_name)
    for number, record in enumerate(records, 1):
        origin = source.origin(f"article {number}" if len(records) > 1 else "")
        try:
            yield article_from_record({**record, "extra": extra} if extra else record, origin, **source.defaults)
        except MarbreError as error:
            yield Reject(origin, str(error))


def _records(text: str, name: str) -> list[dict[str, Any]]:
    """Return what the file says of each of its articles, under the names of the fields."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    known, rest = front_matter(text)
    if known or name.lower().removesuffix(".gz").endswith(MARKDOWN_SUFFIXES):
        return [_markdown_record(known, rest)]
    header = _header(text.split("\n"))
    page = split_page(header.lines)
    body = "\n".join(page.lines)
    record = {**_signed(page.signature.bylines, page.signature.credit, page.signature.newspaper), **_dateline(body), **header.values}
    if not record.get("credit") and (agency := named_credit(body)):
        record["credit"] = agency
    teasers = [{"kind": "brève", "headline": teaser.headline, "body": teaser.text} for teaser in page.teasers]
    return [{**record, "body": body}, *teasers]


def _markdown_record(known: dict[str, str | list[str]], text: str) -> dict[str, Any]:
    headline, body = take_heading(text)
    record: dict[str, Any] = dict(known)
    if headline and not any(key.lower() in {"headline", "title", "titre"} for key in known):
        record["headline"] = headline
    elif headline:
        body = f"{headline}\n\n{body}" if headline not in known.values() else body
    return {**record, "body": plain_markdown(body)}


def _signed(bylines: tuple[str, ...], credit: str, newspaper: str) -> dict[str, Any]:
    named = {"bylines": list(bylines), "credit": credit, "newspaper": newspaper}
    return {name: value for name, value in named.items() if value}


def _header(lines: list[str]) -> _Header:
    """Read the headline and the lines under it that name authors, days, section."""
    lines = [line.strip() for line in lines]
    at = _next(lines, 0)
    header = _Header()
    if _is_headline(lines, at):
        header.values["headline"] = clean_line(lines[at])
        at = _next(lines, at + 1)
    for _ in range(HEADER_LINES):
        said = _said(lines, at, bool(header.values)) if at < len(lines) else {}
        if not said or _next(lines, at + 1) >= len(lines):  # the only words of the file are its text
            break
        for name, value in said.items():
            header.values.setdefault(name, value)
        at = _next(lines, at + 1)
    header.lines = lines[at:]
    return header


def _next(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at]:
        at += 1
    return at


def _is_headline(lines: Sequence[str], at: int) -> bool:
    """Tell whether a first line is a headline: short, no full stop, and set apart by a blank line, a byline or a date."""
    if at + 1 >= len(lines):
        return False
    line, below = lines[at], lines[at + 1]
    if len(line) > HEADLINE_CHARS or line.endswith((".", ",", ";", "…", ":")) or _next(lines, at + 1) >= len(lines):
        return False
    if _says_something(line):
        return False
    return not below or _says_something(below)


def _says_something(line: str) -> bool:
    signature = read_signature(line)
    named = any(pattern.match(line) for pattern in (_PUBLISHED, _UPDATED, _BYLINE_DATE, _SECTION))
    return named or (signature is not None and signature.sure)


def _said(lines: Sequence[str], at: int, under_headline: bool) -> dict[str, Any]:
    """Return what a line above the text says of it; nothing when it is the text."""
    line = lines[at]
    if found := _UPDATED.match(line):
        return {"updated": _day(found["day"]), **(_said([found["before"], ""], 0, under_headline) if found["before"] else {})}
    if _PUBLISHED.match(line):
        return {"published": _day(line)}
    if found := _BYLINE_DATE.match(line):
        signature = read_signature(found["by"])
        by = signature.bylines if signature else read_names(re.sub(r"^par\s+", "", found["by"], flags=re.I))
        return {"bylines": list(by), "published": _day(found["day"])}
    if found := _SECTION.match(line):
        return {"section": found[1]}
    signature = read_signature(line)
    if signature and (signature.sure or (under_headline and re.match(rf"{NAME}$", line) and not lines[at + 1])):
        return _signed(signature.bylines, signature.credit, signature.newspaper)
    return {}


def _day(text: str) -> str | None:
    numeric = _NUMERIC.search(text)
    return iso_day(numeric[0]) if numeric else find_day(text)


def _dateline(body: str) -> dict[str, Any]:
    """Return the day and the agency of « Bamako, le 12 mai 2024 - »; without a year there is no day."""
    start = clean_line(body[:200])
    if found := _DATELINE.match(start):
        said = {"published": _day(found["day"]), "credit": found["agency"]}
    elif found := _AGENCY_DATELINE.match(start):
        said = {"credit": found["agency"]}
    else:
        return {}
    return {name: value for name, value in said.items() if value}
