"""Which articles are in this XML of an agency? NewsML-G2, NewsML 1.2 as AFP writes it, and NITF.

Source: IPTC, NewsML-G2 2.33 Specification; NewsML 1.2 Functional Specification, with AFP's properties; NITF 3.6.
Each item is read alone, so that a day of a wire costs the memory of one dispatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from corpus.article import Article, article_from_record
from corpus.dates import find_day
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.mediatopics import topic_name
from corpus.readers.feeds import web_link
from corpus.readers.signature import named_credit, read_names, read_signature
from corpus.readers.source import Reject, Source
from corpus.readers.xmltree import XmlNode, all_of, block_text, first, items, line_of, local, text_in

__all__ = ["ROOTS", "read", "without_signature"]

ROOTS: Final = ("newsMessage", "newsItem", "packageItem", "conceptItem", "NewsML", "nitf", "knowledgeItem")
_SILENT: Final = frozenset("media figure script style h1 hl1 note caption media-caption media-metadata".split())
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_KINDS: Final = (
    (re.compile(r"press[-_ ]?release|communiqu", re.I), "communiqué"),
    (re.compile(r"br(?:ève|eve|ief)|summary|flash|alerte?", re.I), "brève"),
)


class _Withdrawn(Exception):
    """The agency itself took this item back."""


def read(source: Source) -> Iterator[Article | Reject]:
    """Read one article a news item; packages, pictures and items that their agency took back are named, not indexed."""
    number = 0
    makers: dict[str, Callable[[XmlNode], dict[str, Any] | None]] = {"newsItem": _g2, "NewsItem": _newsml1, "nitf": _nitf}
    with source.open() as stream:
        try:
            for node in items(stream, makers):
                if any(local(parent) in makers for parent in node.iterancestors()):
                    continue  # the NITF inside a news item is its text
                number += 1
                yield from _taken(source, f"item {number}", node, makers[local(node)])
        except SourceUnreadable as error:
            yield Reject(source.origin(f"after item {number}" if number else ""), str(error), "what stood before it was read")
            return
    if not number:
        yield Reject(source.origin(), "no news item in it", "a file of NewsML or NITF with texts is expected (no pictures, packages or empty messages)")


def _taken(source: Source, place: str, node: XmlNode, make: Callable[[XmlNode], dict[str, Any] | None]) -> Iterator[Article | Reject]:
    try:
        record = make(node)
        if record is not None:
            yield article_from_record({name: value for name, value in record.items() if value}, source.origin(place), **source.defaults)
    except _Withdrawn as said:
        yield Reject(source.origin(place), f"the agency withdrew this item (status {said})")
    except ArticleInvalid as error:
        yield Reject(source.origin(place), str(error))


# --- NewsML-G2 --------------------------------------------------------------------------------------------------------


def _g2(node: XmlNode) -> dict[str, Any] | None:
    """Return the record of a NewsML-G2 newsItem; None for a picture, a video, a graphic."""
    meta, content = first(node, "itemMeta"), first(node, "contentMeta")
    kind_of_item = _code(first(meta, "itemClass")) if meta is not None else ""
    if kind_of_item.rpartition(":")[2] not in {"", "text", "composite"}:
        return None
    meta, content = (part if part is not None else node for part in (meta, content))
    status = _code(first(meta, "pubStatus")).rpartition(":")[2].lower()
    if status in {"canceled", "cancelled", "withheld"}:
        raise _Withdrawn(status)
    subjects = list(all_of(content, "subject"))
    body, by_end, credit_end = without_signature(_g2_body(node))
    created, changed = text_in(content, "contentCreated") or text_in(meta, "firstCreated"), text_in(meta, "versionCreated")
    return {
        "doc_id": node.get("guid") or "",
        "headline": text_in(content, "headline") or text_in(meta, "title"),
        "standfirst": _distinct(text_in(content, "description"), body),
        "body": body,
        "published": created or changed,
        "updated": _later(created, text_in(content, "contentModified") or changed),
        "newspaper": _name(first(meta, "provider")),
        "section": next(filter(None, (_top(subject) for subject in subjects)), ""),
        "bylines": _people([text_in(content, "by")] if text_in(content, "by") else [_name(one) for one in all_of(content, "creator")])
        or list(by_end),
        "credit": text_in(content, "creditline") or _name(first(content, "infoSource")) or credit_end or named_credit(body),
        "kind": _kind(" ".join(_code(one) + " " + line_of(one) for one in all_of(content, "genre"))),
        "places": _of_types(subjects, "geoarea", "poi", "place") or [_name(first(content, "located"))],
        "people": _of_types(subjects, "person"),
        "organisations": _of_types(subjects, "organisation", "organization", "party"),
        "tags": [*_of_types(subjects, "", "abstract", "topic"), *(line_of(one) for one in all_of(content, "keyword"))],
        "language": _language((first(content, "language") if first(content, "language") is not None else node), "tag", _XML_LANG),
        "url": web_link(text_in(node, "itemMeta/link") or next((one.get("href") or "" for one in all_of(meta, "link")), "")),
    }


def _g2_body(node: XmlNode) -> str:
    for data in (*all_of(node, "contentSet/inlineXML"), *all_of(node, "contentSet/inlineData")):
        part = first(data, "//body.content", "//body")
        text = block_text(part if part is not None else data, _SILENT) if len(data) else (data.text or "").strip()
        if text:
            return text
    return ""


def _code(node: XmlNode | None) -> str:
    return "" if node is None else str(node.get("qcode") or node.get("uri") or node.get("literal") or "")


def _name(node: XmlNode | None) -> str:
    """Return the French name of a concept, any name, or the end of its code."""
    if node is None:
        return ""
    names = list(all_of(node, "name"))
    french = [line_of(name) for name in names if (name.get(_XML_LANG) or "").lower().startswith("fr")]
    topic = topic_name(_code(node)) if _code(node).endswith("000000") else ""
    return next(filter(None, [*french, topic, *map(line_of, names), str(node.get("literal") or ""), _readable(_code(node))]), "")


def _readable(code: str) -> str:
    """Return the last part of a code when it is a word (« nprov:AFP »), "" when it is a number."""
    last = re.split(r"[:/#]", code)[-1]
    return last if last and not re.fullmatch(r"[\d.\-_]*|[A-Za-z]?\d+", last) else ""


def _top(subject: XmlNode) -> str:
    codes = [_code(subject), *(_code(one) for one in all_of(subject, "broader"))]
    return next(filter(None, map(topic_name, codes)), "")


def _of_types(subjects: list[XmlNode], *types: str) -> list[str]:
    chosen = [one for one in subjects if (one.get("type") or "").rpartition(":")[2].lower() in types]
    return [name for name in map(_name, chosen) if name]


def _language(node: XmlNode, *attributes: str) -> str:
    said = next((str(node.get(name)) for name in attributes if node.get(name)), "")
    return re.split(r"[-_]", said)[0].lower()


# --- NewsML 1.2 -------------------------------------------------------------------------------------------------------


def _newsml1(node: XmlNode) -> dict[str, Any] | None:
    """Return the record of a NewsML 1.2 item as AFP writes it; None when it holds no text."""
    status = next((str(one.get("FormalName") or "") for one in all_of(node, "NewsManagement/Status")), "")
    if status.lower() in {"canceled", "cancelled", "withheld"}:
        raise _Withdrawn(status)
    data = next((one for one in all_of(node, "//DataContent") if block_text(one, _SILENT)), None)
    lines = first(node, "//NewsLines")
    if data is None and lines is None:
        return None
    holder = first(data, "//body.content") if data is not None else None
    text = block_text(holder if holder is not None else data, _SILENT) if data is not None else ""
    body, by_end, credit_end = without_signature(text)
    lines = lines if lines is not None else node
    created, changed = text_in(node, "NewsManagement/FirstCreated"), text_in(node, "NewsManagement/ThisRevisionCreated")
    identifier = first(node, "Identification/NewsIdentifier")
    codes = [
        str(one.get("FormalName") or "") for name in ("Subject", "SubjectMatter", "SubjectDetail") for one in all_of(node, f"//{name}")
    ]
    topics = list(dict.fromkeys(filter(None, map(topic_name, codes))))
    return {
        "doc_id": ":".join(filter(None, (text_in(identifier, name) for name in ("ProviderId", "DateId", "NewsItemId")))),
        "headline": text_in(lines, "HeadLine") or text_in(data, "//hl1") if data is not None else text_in(lines, "HeadLine"),
        "standfirst": _distinct(text_in(lines, "SubHeadLine"), body),
        "body": body,
        "published": next((str(one.text or "") for one in all_of(node, "//DateLineDate")), "") or created,
        "updated": _later(created, changed),
        "newspaper": _party(node, "Provider") or _provider(text_in(identifier, "ProviderId")),
        "section": next(iter(topics), ""),
        "bylines": _people([line_of(one) for one in all_of(lines, "ByLine")]) or list(by_end),
        "credit": text_in(lines, "CreditLine") or _party(node, "Source") or credit_end or named_credit(body) or _party(node, "Provider"),
        "kind": _kind(" ".join(str(one.get("FormalName") or "") for one in all_of(node, "//Genre"))),
        "places": _values(node, "//Location/Property", "City", "Country"),
        "tags": [*topics, *_values(node, "//DescriptiveMetadata/Property", "Keyword"), *_words(text_in(lines, "KeywordLine"))],
        "language": next((_language(one, "FormalName") for one in all_of(node, "//DescriptiveMetadata/Language")), "")
        or _language(node, _XML_LANG),
    }


def _party(node: XmlNode, role: str) -> str:
    found = first(node, f"//AdministrativeMetadata/{role}/Party")
    return str(found.get("FormalName") or "") if found is not None else ""


def _provider(identifier: str) -> str:
    """Return AFP for the provider id « afp.com »."""
    name = identifier.removeprefix("www.").split(".")[0]
    return name.upper() if len(name) <= 5 else name.capitalize()


def _values(node: XmlNode, path: str, *names: str) -> list[str]:
    """Return the values of properties, those that are codes of a country (MLI) left out."""
    found = [str(one.get("Value") or "") for one in all_of(node, path) if one.get("FormalName") in names]
    return [value for value in found if not re.fullmatch(r"[A-Z]{2,3}", value)]


# --- NITF -------------------------------------------------------------------------------------------------------------


def _nitf(node: XmlNode) -> dict[str, Any] | None:
    """Return the record of an NITF document."""
    part = first(node, "body/body.content")
    headlines = first(node, "body/body.head")
    body, by_end, credit_end = without_signature(block_text(part, _SILENT) if part is not None else "")
    codes = [str(one.get("tobject.subject.refnum") or one.get("refnum") or "") for one in all_of(node, "//tobject.subject")]
    topics = list(dict.fromkeys(filter(None, map(topic_name, codes))))
    named = [str(one.get("tobject.subject.matter") or one.get("tobject.subject.type") or "") for one in all_of(node, "//tobject.subject")]
    about = first(node, "head/docdata/identified-content")
    issued, story = _norm(node, "date.issue"), text_in(headlines, "dateline/story.date")
    head = first(node, "head/pubdata")
    holder = first(node, "head/docdata/doc.copyright")
    return {
        "doc_id": _attribute(first(node, "head/docdata/doc-id"), "id-string"),
        "headline": text_in(headlines, "hedline/hl1", "headline/hl1", "//hl1") if headlines is not None else text_in(node, "head/title"),
        "standfirst": _distinct(text_in(headlines, "abstract", "hedline/hl2"), body),
        "body": body,
        "published": _attribute(head, "date.publication") or issued or _norm(node, "date.release") or find_day(story) or "",
        "updated": _later(issued, _attribute(first(node, "head/revision-history"), "norm")),
        "newspaper": _attribute(head, "name") or _attribute(holder, "holder") or text_in(headlines, "distributor/org", "distributor"),
        "section": _attribute(head, "position.section") or next(iter(topics), ""),
        "bylines": _people([text_in(one, "person") or line_of(one) for one in all_of(headlines, "byline")] if headlines is not None else [])
        or list(by_end),
        "credit": text_in(headlines, "distributor/org", "distributor") or credit_end or named_credit(body),
        "kind": _kind(
            _attribute(first(node, "head/tobject"), "tobject.type")
            + " "
            + _attribute(first(node, "head/tobject/tobject.property"), "tobject.property.type"),
            "article",
        ),
        "places": [*_names(about, "location"), text_in(headlines, "dateline/location/city", "dateline/location")],
        "people": _names(about, "person"),
        "organisations": _names(about, "org"),
        "tags": [*topics, *filter(None, named), *_names(about, "classifier", "object.title", "event")]
        + [str(one.get("key") or "") for one in all_of(node, "head/docdata/key-list/keyword")],
        "language": _language(node, _XML_LANG, "lang"),
        "url": web_link(_attribute(head, "ex-ref")),
        "extra": {"pages": page} if (page := _attribute(head, "position.sequence")) else {},
    }


def _attribute(node: XmlNode | None, name: str) -> str:
    return "" if node is None else str(node.get(name) or "").strip()


def _norm(node: XmlNode, name: str) -> str:
    return _attribute(first(node, f"head/docdata/{name}"), "norm")


def _names(node: XmlNode | None, *names: str) -> list[str]:
    """Return the names of people, places, things in « identified-content »: the normal form, or the words."""
    if node is None:
        return []
    found = [one for name in names for one in all_of(node, name)]
    return [name for name in (_attribute(one, "value") or line_of(one) for one in found) if name]


# --- shared -----------------------------------------------------------------------------------------------------------


def without_signature(body: str) -> tuple[str, tuple[str, ...], str]:
    """Split the text of a dispatch into text, names and agency of its last line, when that is a signature (« ab/cd »)."""
    text, _, last = body.rpartition("\n\n")
    if re.fullmatch(r"[a-z]{2,4}(?:[-/][a-z]{2,4}){1,5}", last.strip()):  # « sd/jh/ab », the initials of a desk
        return text, (), ""
    found = read_signature(last) if text else None
    return (text, found.bylines, found.credit) if found and found.sure else (body, (), "")


def _people(lines: list[str]) -> list[str]:
    names = (re.sub(r"^\s*(?:par|by|de)\s+", "", line, flags=re.I) for line in lines)
    return [name for line in names for name in read_names(line)]


def _kind(said: str, otherwise: str = "dépêche") -> str:
    return next((kind for pattern, kind in _KINDS if pattern.search(said)), otherwise)


def _later(created: str, changed: str) -> str:
    return changed if created and changed and changed[:10] != created[:10] else ""


def _distinct(standfirst: str, body: str) -> str:
    """Return a standfirst that is not merely the beginning of the text."""
    return "" if " ".join(body.split())[: len(standfirst)] == " ".join(standfirst.split()) else standfirst


def _words(line: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,;]", line) if word.strip()]
