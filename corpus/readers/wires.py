"""Which articles are in this dispatch? IPTC 7901, the format of the telex wires, and ninjs, the format of today's.

Source: IPTC 7901, The IPTC Recommended Message Format, 5th revision: SOH header STX text ETX day and time EOT.
ninjs 1.x to 3.x: IPTC, News in JSON; its ``body_*`` and ``description_*`` became lists of objects in version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from corpus.article import Article, article_from_record
from corpus.dates import find_day, iso_day
from corpus.encodings import decode
from corpus.errors import ArticleInvalid
from corpus.mediatopics import topic_name
from corpus.readers.feeds import text_of_html, web_link
from corpus.readers.records import json_values
from corpus.readers.signature import named_credit, read_names
from corpus.readers.source import Reject, Source
from corpus.readers.standards import without_signature

__all__ = ["looks_like_7901", "looks_like_ninjs", "read_7901", "read_ninjs"]

MESSAGE_BYTES: Final = 1 << 20  # the recommendation ends a message at some thousand words
_CHUNK_BYTES: Final = 1 << 18

# Source: IPTC 7901, message category codes; the French words are those of the francophone wires.
_CATEGORIES: Final = {
    "A": "Culture", "B": "Économie", "E": "Économie", "F": "Finance", "I": "International", "L": "Vie quotidienne",
    "M": "Divers", "N": "National", "P": "Politique", "R": "Hippisme", "S": "Sport", "V": "Divers", "W": "Météo",
    "POL": "Politique", "ECO": "Économie", "SPO": "Sport", "INT": "International", "SOC": "Social", "CLT": "Culture", "JUS": "Justice",
}  # fmt: skip
_HEADER = re.compile(
    r"(?P<source>[A-Za-z]{2,8})\s?(?P<number>\d{1,5})\s+(?P<priority>\d)\s+(?P<category>[A-Za-z]{1,3})\s+(?P<words>\d{1,5})"
)
_START = re.compile(rb"\x01[\w -]{0,20}[A-Za-z]{2,8} ?\d[^\x01-\x03]{0,300}\x02")
_DATELINE = re.compile(
    r"(?P<place>[A-ZÀ-Ý][\w’'\- ]{1,40}?),?\s+(?:le\s+)?(?P<day>\d{1,2}(?:er)?\s+\w{3,9}\.?(?:\s+\d{4})?)\s*\((?P<agency>[A-Z][\w-]{1,12})\)"
)
_GROUP = re.compile(r"\b\d{6}\s+(?:GMT|TU|UTC|Z)?\s*(?P<month>[A-Za-zéûÉÛ]{3,9})\.?\s+(?P<year>\d{2,4})")
_NINJS_KEY = re.compile(r'"(?:body_text|body_xhtml|body_html|bodies|headlines|versioncreated|pubstatus|description_text)"\s*:')


def looks_like_7901(head: bytes) -> bool:
    """Tell whether a file begins with a message header of IPTC 7901."""
    start = head.lstrip(b"\x16\r\n \x00")[:400]
    return _START.match(start) is not None


def looks_like_ninjs(text: str) -> bool:
    """Tell whether JSON is news in JSON: it names its ``uri`` and one of the properties that only ninjs has."""
    return '"uri"' in text and bool(_NINJS_KEY.search(text))


# --- IPTC 7901 --------------------------------------------------------------------------------------------------------


def read_7901(source: Source) -> Iterator[Article | Reject]:
    """Read one article a message; a message without text or cut before its end is one reject."""
    with source.open() as stream:
        for number, message in enumerate(_messages(iter(lambda: stream.read(_CHUNK_BYTES), b"")), 1):
            origin = source.origin(f"message {number}")
            header, start, rest = message.partition(b"\x02")
            text, end, after = rest.partition(b"\x03")
            if not start or len(message) > MESSAGE_BYTES:
                yield Reject(origin, "no text in this message of IPTC 7901" if not start else "a message of more than 1 MB")
                continue
            if not end:
                yield Reject(origin, "the message ends before its end of text: it may be cut", "what arrived was read")
            try:
                record = _message_record(*(decode(part).text for part in (header, text, after)))
                yield article_from_record({name: value for name, value in record.items() if value}, origin, **source.defaults)
            except ArticleInvalid as error:
                yield Reject(origin, str(error))


def _messages(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what stands between one start of header and the next."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\x01")
        yield from (message for message in whole if message.strip(b"\x16\x04\r\n \x00"))
        if len(held) > MESSAGE_BYTES:
            held = held[: MESSAGE_BYTES + 1]
    if held.strip(b"\x16\x04\r\n \x00"):
        yield held


def _message_record(header: str, text: str, after: str) -> dict[str, Any]:
    said = _HEADER.search(header)
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    while lines and not lines[0].strip():
        lines.pop(0)
    headline = " ".join(lines.pop(0).split()) if lines else ""
    slug = ""
    if lines and lines[0].strip() and re.fullmatch(r"[\w’'.-]+(?:[-/][\w’'.]+)+", headline):  # « Mali-politique-élections »
        slug, headline = headline, " ".join(lines.pop(0).split())
    by = re.match(r"(?i)\s*par\s+(\S.{2,80})$", next((line for line in lines if line.strip()), ""))
    if by:
        lines = lines[lines.index(by.string) + 1 :]
    body, by_end, credit_end = without_signature(_indented(lines))
    dateline = _DATELINE.match(body)
    return {
        "doc_id": f"{said['source']}{said['number']}-{day}" if said and (day := _day(dateline, after)) else "",
        "headline": headline,
        "body": body,
        "published": _day(dateline, after),
        "newspaper": dateline["agency"] if dateline else said["source"].upper()[:3] if said else "",
        "section": _CATEGORIES.get(said["category"].upper(), "") if said else "",
        "bylines": list(read_names(by[1])) if by else list(by_end),
        "credit": credit_end or named_credit(body) or (dateline["agency"] if dateline else ""),
        "kind": "dépêche",
        "places": [dateline["place"].title() if dateline["place"].isupper() else dateline["place"]] if dateline else [],
        "tags": [word for word in re.split(r"[-/]", slug) if word],
    }


def _indented(lines: list[str]) -> str:
    """Return the text of a wire, whose paragraphs begin with spaces, a blank line between them."""
    indented = sum(line.startswith("  ") for line in lines) > 1
    text = "\n".join(f"\n{line.strip()}" if indented and line.startswith("  ") else line.strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _day(dateline: re.Match[str] | None, after: str) -> str:
    """Return the day of the dateline, its year from the day-time group after the text (« 121030 GMT MAI 24 »)."""
    group = _GROUP.search(after)
    year = group["year"] if group else ""
    year = f"20{year}" if len(year) == 2 and int(year) < 70 else f"19{year}" if len(year) == 2 else year
    if dateline:
        full = dateline["day"] if re.search(r"\d{4}", dateline["day"]) else f"{dateline['day']} {year}"
        if day := find_day(full) or iso_day(full):
            return day
    return (iso_day(f"{group[0][:2]} {group['month']} {year}") or "") if group else ""


# --- ninjs ------------------------------------------------------------------------------------------------------------


def read_ninjs(source: Source) -> Iterator[Article | Reject]:
    """Read ninjs: one item, a list of items, or an item a line."""
    for number, value in enumerate(json_values(source), 1):
        origin = source.origin(f"item {number}")
        if isinstance(value, Reject):
            yield value
            continue
        if not isinstance(value, dict):
            yield Reject(origin, "no object of ninjs")
            continue
        if value.get("type") not in {None, "text", "composite"} or (
            value.get("type") == "composite" and not _texts(value, "body", "bodies")
        ):
            continue  # a picture, a video, a package
        if str(value.get("pubstatus")).lower() in {"canceled", "cancelled", "withheld"}:
            yield Reject(origin, f"the agency withdrew this item (status {value['pubstatus']})")
            continue
        try:
            record = _ninjs_record(value)
            yield article_from_record({name: part for name, part in record.items() if part}, origin, **source.defaults)
        except ArticleInvalid as error:
            yield Reject(origin, str(error))


def _ninjs_record(item: Mapping[str, Any]) -> dict[str, Any]:
    body, by_end, credit_end = without_signature(_texts(item, "body", "bodies"))
    subjects = _objects(item, "subject", "subjects")
    codes = [str(one.get("code") or one.get("uri") or "") for one in subjects]
    created = _text(item, "firstcreated") or _text(item, "contentcreated") or _text(item, "firstCreated") or _text(item, "contentCreated")
    changed = _text(item, "versioncreated") or _text(item, "versionCreated")
    uri = _text(item, "uri")
    return {
        "doc_id": "" if web_link(uri) else uri,
        "url": web_link(uri) or next((web_link(one.get("href")) for one in _objects(item, "renditions") if web_link(one.get("href"))), ""),
        "headline": _text(item, "headline")
        or _texts(item, "headline", "headlines")
        or _text(item, "title")
        or _texts(item, "title", "titles"),
        "standfirst": _texts(item, "description", "descriptions"),
        "body": body,
        "published": created or changed,
        "updated": changed if created and changed[:10] != created[:10] else "",
        "newspaper": next(iter(_names(item, "provider", "infosource", "infosources")), "") or _text(item, "copyrightholder"),
        "section": next(filter(None, map(topic_name, codes)), ""),
        "bylines": list(read_names(re.sub(r"(?i)^(?:par|by)\s+", "", _text(item, "byline") or _text(item, "by"))))
        or _names(item, "author", "authors", "creator")
        or list(by_end),
        "credit": credit_end or next(iter(_names(item, "infosource", "infosources", "provider")), "") or named_credit(body),
        "kind": "communiqué" if "communiqu" in str(item.get("genre") or item.get("genres") or "").lower() else "",
        "places": _names(item, "place", "places") or [_text(item, "located")],
        "people": _names(item, "person", "people"),
        "organisations": _names(item, "organisation", "organisations"),
        "tags": [
            *(str(one.get("name") or topic_name(code)) for one, code in zip(subjects, codes, strict=True)),
            *_plain(item, "keyword", "keywords"),
        ],
        "language": re.split(r"[-_]", _text(item, "language"))[0].lower(),
    }


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value.strip() if isinstance(value, str) else ""


def _texts(item: Mapping[str, Any], prefix: str, plural: str) -> str:
    """Return a text that ninjs 1 holds under ``body_text`` or ``body_xhtml``, ninjs 2 and 3 in a list ``bodies``; French first."""
    for key in (f"{prefix}_text", f"{prefix}_xhtml", f"{prefix}_html", *sorted(key for key in item if key.startswith(f"{prefix}_"))):
        if text := _text(item, key):
            return text if key.endswith("_text") else text_of_html(text)
    found = [one for one in _objects(item, plural) if isinstance(one.get("value"), str) and one["value"].strip()]
    found.sort(key=lambda one: "html" in str(one.get("contenttype") or one.get("contentType") or ""))
    return text_of_html(str(found[0]["value"])) if found else ""


def _objects(item: Mapping[str, Any], *keys: str) -> list[Mapping[str, Any]]:
    values = [item.get(key) for key in keys]
    listed = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in listed if isinstance(one, Mapping)]


def _names(item: Mapping[str, Any], *keys: str) -> list[str]:
    plain = [item[key] for key in keys if isinstance(item.get(key), str)]
    return [name for name in (*plain, *(_text(one, "name") or _text(one, "literal") for one in _objects(item, *keys))) if name]


def _plain(item: Mapping[str, Any], *keys: str) -> list[str]:
    values = [item.get(key) for key in keys]
    return [one for value in values for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
