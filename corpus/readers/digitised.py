"""Which articles are on these digitised pages? ALTO with METS, ALTO pages alone, and TEI.

Source: ALTO 4.4 and METS 1.12 of the Library of Congress, as newspaper projects profile them (a logical structure with
divisions ARTICLE, HEADING, BODY); TEI P5. A word cut at a line end is whole in SUBS_CONTENT. The files that a METS names
are looked up among the files beside it by their last name; no name out of a file is ever opened as a path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from corpus.article import Article, article_from_record
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.readers.source import Reject, Source
from corpus.readers.streams import open_bytes
from corpus.readers.xmltree import XmlNode, all_of, block_text, document, first, local, text_in

__all__ = ["claimed_names", "page_files", "read_alto", "read_mets", "read_tei"]

KEPT_PAGES: Final = 200  # of an issue in memory at once: articles go from page to page
MAX_BESIDE: Final = 20_000  # files in and below the folder of an issue
_CLAIM_BYTES: Final = 64 * 1024 * 1024
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_CLAIM = re.compile(rb"""xlink:href\s*=\s*["'][^"']{0,1000}?([^"'/\\]{1,200}\.xml)["']""", re.IGNORECASE)
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

_ARTICLES: Final = frozenset(
    "article editorial letter feuilleton obituary review brief news weather serial interview report column".split()
)
_HEADINGS: Final = frozenset("heading headline title".split())
_STANDFIRSTS: Final = frozenset("subheadline subtitle subheading lead".split())
_LEFT_OUT: Final = frozenset("illustration picture image caption advertisement pagenumber runningtitle overline".split())


def claimed_names(stream: BinaryIO) -> frozenset[str]:
    """Return the last names of the files that a METS file gives its text from: they are its pages, not sources of their own."""
    return frozenset(name.decode("utf-8", "replace") for name in _CLAIM.findall(stream.read(_CLAIM_BYTES)))


# --- ALTO -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Page:
    """The text of an ALTO file by the identifiers of its blocks; ``blocks`` are in reading order."""

    number: str = ""
    language: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    blocks: list[str] = field(default_factory=list)


def read_alto(source: Source) -> Iterator[Article | Reject]:
    """Read one article a page: without METS nothing tells where an article ends."""
    try:
        with source.open() as stream:
            pages = list(_pages(document(stream)))
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error), "export the page again")
        return
    for page in pages:
        body = "\n\n".join(page.blocks)
        place = f"page {page.number}" if page.number else ""
        if not body.strip():
            yield Reject(source.origin(place), "a page of ALTO without text", "it has to go through text recognition first")
            continue
        extra = {"pages": page.number} if page.number else {}
        yield from _taken(source, place, {"body": body, "language": page.language, "extra": extra})


def _pages(root: XmlNode) -> Iterator[_Page]:
    if local(root) != "alto":
        raise SourceUnreadable("no ALTO: its first element is another")
    for node in all_of(root, "Layout/Page"):
        page = _Page(node.get("PRINTED_IMG_NR") or node.get("PHYSICAL_IMG_NR") or "")
        for block in node.iter("{*}TextBlock"):
            text = _block_text(block)
            if text:
                page.blocks.append(text)
            page.language = page.language or _language(block.get("LANG") or block.get("language") or "")
            _keep(page, block, text)
        yield page


def _keep(page: _Page, block: XmlNode, text: str) -> None:
    """File a text under its block and under the composed blocks around it."""
    holders = [block, *(parent for parent in block.iterancestors("{*}ComposedBlock"))]
    for holder in holders:
        if identifier := holder.get("ID"):
            page.texts[identifier] = "\n\n".join(filter(None, (page.texts.get(identifier, ""), text)))


def _block_text(block: XmlNode) -> str:
    """Return the words of a block; a word cut at a line end is whole where the file says so, else keeps its hyphen and line end."""
    out: list[str] = []
    for line in block.iter("{*}TextLine"):
        for node in line:
            name = local(node)
            if name == "HYP" and out and not out[-1].endswith(("\n", "-")) and not out[-1].startswith("\0"):
                out[-1] += "-\n"
            elif name == "String" and node.get("SUBS_TYPE") == "HypPart1" and node.get("SUBS_CONTENT"):
                out.append("\0" + node.get("SUBS_CONTENT"))
            elif name == "String" and not (node.get("SUBS_TYPE") == "HypPart2" and node.get("SUBS_CONTENT")):
                out.append(node.get("CONTENT") or "")
    return " ".join(word for word in out if word).replace("\0", "").replace("-\n ", "-\n")


def _language(code: str) -> str:
    return {"fre": "fr", "fra": "fr", "ger": "de", "deu": "de", "eng": "en", "dut": "nl", "nld": "nl"}.get(
        code.lower()[:3], code.lower()[:2]
    )


# --- METS -------------------------------------------------------------------------------------------------------------


class _Issue:
    """A METS file: its descriptions, its files, and the pages read last."""

    def __init__(self, root: XmlNode, beside: Mapping[str, Callable[[], BinaryIO]]) -> None:
        self.root = root
        self.faults: dict[str, str] = {}
        self._beside = beside
        self._pages: dict[str, _Page] = {}
        self._names = {
            str(file.get("ID")): re.split(r"[/\\]", str(place.get(_HREF) or ""))[-1]
            for file in root.iter("{*}file")
            for place in all_of(file, "FLocat")
        }
        self._orders = self._page_orders()
        self._descriptions = {str(node.get("ID")): node for node in root.iter("{*}dmdSec")}

    def page(self, file_id: str) -> _Page:
        """Return the page of a file, empty when the file is missing or no ALTO (then ``faults`` says why)."""
        page = self._pages.pop(file_id, None) or self._read(file_id)
        self._pages[file_id] = page  # the one used last stands last
        if len(self._pages) > KEPT_PAGES:
            del self._pages[next(iter(self._pages))]
        return page

    def described(self, division: XmlNode) -> list[XmlNode]:
        """Return the descriptions of a division."""
        return [self._descriptions[one] for one in (division.get("DMDID") or "").split() if one in self._descriptions]

    def _read(self, file_id: str) -> _Page:
        name = self._names.get(file_id, "")
        opener = self._beside.get(name)
        if opener is None:
            self.faults[name or file_id] = "is named by the METS file but does not stand beside it"
            return _Page()
        try:
            with opener() as stream:
                page = next(_pages(document(stream)), _Page())
        except (SourceUnreadable, OSError, EOFError) as error:
            self.faults[name] = str(error)
            return _Page()
        page.number = self._orders.get(file_id) or page.number
        return page

    def _page_orders(self) -> dict[str, str]:
        orders: dict[str, str] = {}
        for structure in all_of(self.root, "structMap"):
            if (structure.get("TYPE") or "").upper() == "PHYSICAL":
                for division in structure.iter("{*}div"):
                    number = division.get("ORDERLABEL") or division.get("ORDER")
                    if number and (division.get("TYPE") or "").upper() == "PAGE":
                        orders.update(
                            (str(area.get("FILEID")), number) for area in division.iter("{*}fptr", "{*}area") if area.get("FILEID")
                        )
        return orders


def read_mets(source: Source) -> Iterator[Article | Reject]:
    """Read one article a division ARTICLE of the logical structure, its text out of the ALTO files beside the METS."""
    try:
        with source.open() as stream:
            issue = _Issue(document(stream), source.beside() or _openers(source.path))
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error), "export the issue again")
        return
    shared = _issue_record(issue)
    number = 0
    for division in _article_divisions(issue.root):
        number += 1
        yield from _taken(source, f"article {number}", {**shared, **_article_record(issue, division)})
    for name, fault in sorted(issue.faults.items()):
        yield Reject(source.origin(name), fault, "copy the whole issue: the METS file and its ALTO pages")
    if not number:
        yield Reject(source.origin(), "a METS file without divisions of type ARTICLE", "read its ALTO pages without it")


def page_files(path: Path) -> tuple[Path, ...]:
    """Return the files on disk that a METS file gives its text from, sorted: when one changes, its articles do."""
    with path.open("rb") as stream:
        claimed = claimed_names(stream)
    beside = _beside(path) if claimed else {}
    return tuple(beside[name] for name in sorted(claimed) if name in beside)


def _openers(path: Path | None) -> Mapping[str, Callable[[], BinaryIO]]:
    return {} if path is None else {name: partial(open_bytes, here) for name, here in _beside(path).items()}


def _beside(path: Path) -> Mapping[str, Path]:
    """Return the files in the folder of ``path`` and below it, by their last names; links are left out."""
    found: dict[str, Path] = {}
    for folder, folders, names in os.walk(path.parent):
        folders.sort()
        for name in names:
            here = Path(folder) / name
            if name not in found and not here.is_symlink():
                found[name] = here
        if len(found) > MAX_BESIDE:
            break
    return found


def _type(division: XmlNode) -> str:
    return re.sub(r"[^a-z]", "", (division.get("TYPE") or "").lower())


def _article_divisions(root: XmlNode) -> Iterator[XmlNode]:
    for structure in all_of(root, "structMap"):
        if (structure.get("TYPE") or "").upper() != "PHYSICAL":
            for division in structure.iter("{*}div"):
                if _type(division) in _ARTICLES and not any(_type(parent) in _ARTICLES for parent in division.iterancestors("{*}div")):
                    yield division


def _issue_record(issue: _Issue) -> dict[str, Any]:
    """Return newspaper and day of the issue, from the first descriptions that name them."""
    nodes = list(all_of(issue.root, "dmdSec"))
    divisions = [one for one in issue.root.iter("{*}div") if _type(one) in {"newspaper", "issue", "periodical"}]
    own = [node for one in divisions for node in issue.described(one)] or nodes
    newspaper = next((text for node in own if (text := text_in(node, "//mods/titleInfo/title", "//titleInfo/title", "//title"))), "")
    day = next((text for node in own if (text := text_in(node, "//dateIssued", "//date", "//issued"))), "")
    language = next((text for node in own if (text := text_in(node, "//languageTerm", "//language"))), "")
    return {"newspaper": newspaper, "published": day, "language": _language(language)}


def _article_record(issue: _Issue, division: XmlNode) -> dict[str, Any]:
    parts: dict[str, list[str]] = {"headline": [], "standfirst": [], "body": [], "bylines": []}
    pages: list[str] = []
    for area in division.iter("{*}area"):
        kinds = [_type(division)] + [_type(parent) for parent in area.iterancestors("{*}div") if division in parent.iterancestors()]
        if _LEFT_OUT.isdisjoint(kinds):
            page = issue.page(str(area.get("FILEID") or ""))
            text = page.texts.get(str(area.get("BEGIN") or ""), "")
            target = (
                "headline"
                if _HEADINGS & set(kinds)
                else "standfirst"
                if _STANDFIRSTS & set(kinds)
                else "bylines"
                if "author" in kinds
                else "body"
            )
            parts[target].append(text)
            pages += [page.number] if page.number and page.number not in pages else []
    described = issue.described(division)
    named = [line for node in described for line in (text_in(one, "namePart") for one in all_of(node, "//name")) if line]
    titled = next((text for node in described if (text := text_in(node, "//titleInfo/title"))), "")
    sections = [one.get("LABEL") for one in division.iterancestors("{*}div") if _type(one) == "section" and one.get("LABEL")]
    record = {
        "doc_id": str(division.get("ID") or "") if re.search(r"\d{4}", str(issue.root.get("OBJID") or "")) else "",
        "headline": _joined(parts["headline"]) or titled or str(division.get("LABEL") or ""),
        "standfirst": "\n\n".join(filter(None, parts["standfirst"])),
        "body": "\n\n".join(filter(None, parts["body"])),
        "bylines": named or [re.sub(r"(?i)^par\s+", "", _joined(parts["bylines"]))],
        "section": str(next(iter(sections), "")),
        "extra": {"pages": ", ".join(pages)} if pages else {},
    }
    if record["doc_id"]:
        record["doc_id"] = f"{issue.root.get('OBJID')}:{record['doc_id']}"
    return {name: value for name, value in record.items() if value}


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


# --- TEI --------------------------------------------------------------------------------------------------------------


_TEI_SILENT: Final = frozenset("note fw figure teiHeader byline docAuthor dateline bibl".split())


def read_tei(source: Source) -> Iterator[Article | Reject]:
    """Read one article a division of type « article », the whole text when there is none."""
    try:
        with source.open() as stream:
            root = document(stream)
    except SourceUnreadable as error:
        yield Reject(source.origin(), str(error), "export the text again")
        return
    number = 0
    for tei in [root] if local(root) == "TEI" else [*root.iter("{*}TEI")]:
        shared = _tei_header(tei)
        parts = _tei_parts(tei)
        pages = _page_at(tei, parts)
        for part in parts:
            number += 1
            yield from _taken(source, f"article {number}", {**shared, **_tei_record(part, shared, pages.get(part, ""))})
    if not number:
        yield Reject(source.origin(), "a TEI file without text", "what it includes from elsewhere is not fetched: put it into the file")


def _tei_parts(tei: XmlNode) -> list[XmlNode]:
    body = first(tei, "text/body", "text/group", "text")
    if body is None:
        return []
    found = [one for one in body.iter("{*}div", "{*}div1", "{*}div2", "{*}div3") if (one.get("type") or "").lower() in _ARTICLES]
    among = set(found)  # a list of them would be looked through for each ancestor of each
    return [one for one in found if among.isdisjoint(one.iterancestors())] or [body]


def _page_at(tei: XmlNode, parts: list[XmlNode]) -> dict[XmlNode, str]:
    """Return the page on which each part begins: that of the last page break before it."""
    wanted, page, pages = set(parts), "", {}
    for node in tei.iter("{*}*"):
        if node in wanted:
            pages[node] = page
        elif local(node) == "pb":
            page = str(node.get("n") or page)
    return pages


def _tei_header(tei: XmlNode) -> dict[str, Any]:
    header = first(tei, "teiHeader")
    if header is None:
        return {}
    dates = [
        one for path in ("//monogr/imprint/date", "//sourceDesc//date", "//publicationStmt/date", "//date") for one in _dates(header, path)
    ]
    record = {
        "headline": text_in(header, "fileDesc/titleStmt/title"),
        "bylines": [
            line for line in (text_in(one, "persName") or text_in(one) for one in all_of(header, "fileDesc/titleStmt/author")) if line
        ],
        "newspaper": text_in(header, "//monogr/title", "//sourceDesc/bibl/title", "//publicationStmt/publisher"),
        "published": next(iter(dates), ""),
        "tags": [text_in(one) for one in all_of(header, "//keywords/term")]
        + [text_in(one) for one in all_of(header, "//keywords/list/item")],
        "language": _language(
            next((one.get("ident") or "" for one in all_of(header, "//langUsage/language")), "") or tei.get(_XML_LANG) or ""
        ),
        "doc_id": text_in(header, "//publicationStmt/idno"),
    }
    return {name: value for name, value in record.items() if value}


def _dates(header: XmlNode, path: str) -> list[str]:
    nodes = (
        all_of(header, path) if path.count("//") == 1 else (one for part in all_of(header, "//sourceDesc") for one in part.iter("{*}date"))
    )
    return [day for one in nodes if (day := one.get("when") or one.get("when-iso") or text_in(one))]


def _tei_record(part: XmlNode, shared: Mapping[str, Any], page: str) -> dict[str, Any]:
    heads = [text_in(one) for one in part.iter("{*}head")]
    pages = list(dict.fromkeys(filter(None, (page, *(str(one.get("n") or "") for one in part.iter("{*}pb"))))))
    authors = [re.sub(r"(?i)^par\s+", "", text_in(one)) for one in (*part.iter("{*}docAuthor"), *part.iter("{*}byline"))]
    is_whole = local(part) in {"body", "group", "text"}
    body = block_text(_without_breaks(part), _TEI_SILENT)
    headline = "" if is_whole and shared.get("headline") else next(iter(heads), "")
    sections = [
        text_in(one, "head")
        for one in part.iterancestors("{*}div", "{*}div1", "{*}div2")
        if (one.get("type") or "").lower() in {"section", "rubrique"}
    ]
    record = {
        "headline": headline,
        "body": body.partition("\n\n")[2] if headline and body.partition("\n\n")[0] == headline else body,
        "bylines": authors or list(shared.get("bylines", ())),
        "section": next(iter(filter(None, sections)), ""),
        "places": [text_in(one, "placeName") for one in part.iter("{*}dateline")],
        "doc_id": "" if is_whole else str(part.get("{http://www.w3.org/XML/1998/namespace}id") or ""),
        "extra": {"pages": ", ".join(pages)} if pages else {},
    }
    kept = {name: value for name, value in record.items() if value}
    return kept if is_whole else {**kept, "doc_id": record["doc_id"]}


def _without_breaks(part: XmlNode) -> XmlNode:
    """Join the words that « lb break="no" » stands in; other line breaks become spaces when the text is taken."""
    for node in part.iter("{*}lb", "{*}pb", "{*}cb"):
        if node.get("break") == "no":
            before, parent = node.getprevious(), node.getparent()
            held = (before.tail if before is not None else parent.text) or ""
            joined = re.sub(r"[-‐¬]?\s*$", "", held)
            if before is not None:
                before.tail = joined
            else:
                parent.text = joined
            node.tag = "{nowhere}joined"
            node.tail = (node.tail or "").lstrip()
    return part


# --- shared -----------------------------------------------------------------------------------------------------------


def _taken(source: Source, place: str, record: Mapping[str, Any]) -> Iterator[Article | Reject]:
    try:
        yield article_from_record({name: value for name, value in record.items() if value}, source.origin(place), **source.defaults)
    except ArticleInvalid as error:
        yield Reject(source.origin(place), str(error))
