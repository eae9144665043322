"""Which article is on this saved web page? One HTML file in, one article out.

Facts are taken in the order of docs/formats.md: meta tags and JSON-LD, then what the page prints. A day is read by
corpus.dates wherever it stands; no guesser looks at the page, because the usual one reads « 14 sept. » as July.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import lxml.html
from lxml import etree

from corpus.article import Article, article_from_record
from corpus.encodings import REPAIRED, decode, repaired
from corpus.errors import MarbreError
from corpus.readers.page_body import body_paragraphs
from corpus.readers.page_facts import Facts, read_facts, without_role
from corpus.readers.prescan import MAX_HTML_BYTES, why_refused
from corpus.readers.signature import Signature, named_credit, read_signature
from corpus.readers.source import Reject, Source

__all__ = ["page_record", "read"]

DECLARED_BYTES: Final = 4_096  # browsers look for a declared encoding in the first 1,024 bytes; some sites are late
COMPARED_CHARS: Final = 60
BYLINE_CHARS: Final = 160
ABOVE_LINES: Final = 8  # a breadcrumb and a menu above the headline
ABOVE_CHARS: Final = 80

_CHARSET = re.compile(
    rb"<meta[^>]{0,300}charset\s*=\s*[\"']?\s*([\w:.\-]{2,40})|"
    rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w:.\-]{2,40})",
    re.I,
)
_SPLIT = re.compile(r"\W+")
_HOUR = re.compile(r"\d{1,2}h(?:\d{2})?|1er")
_BYLINE_WORDS: Final = frozenset(
    "par texte textes de du des d le la l et à a au en avec publié publiée mis mise ligne jour modifié posté photo photos propos recueillis envoyé "
    "envoyée spécial spéciale correspondant correspondante notre lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai "
    "juin juillet août septembre octobre novembre décembre h gmt".split()
)

_APPEARED: Final = frozenset({"publié", "publiée", "mis", "mise", "posté", "modifié"})


def read(source: Source) -> Iterator[Article | Reject]:
    """Read the article of a web page."""
    with source.open() as file:
        data = file.read(MAX_HTML_BYTES + 1)
    if len(data) > MAX_HTML_BYTES:
        yield Reject(source.origin(), f"a page of more than {MAX_HTML_BYTES // 1_000_000} MB", "save the article alone")
        return
    try:
        html = decode(data, declared_encoding(data)).text
        mended = repaired(html)
        html = mended or html
        reason = why_refused(html)
        if reason:
            yield Reject(source.origin(), f"{reason}; no page of a newspaper has that", "save the page again from a browser")
            return
        record = page_record(html)
        if not record.get("headline") and not record.get("body") and not record.get("standfirst"):
            yield Reject(source.origin(), "a page without headline and text", "save the page of one article, with its text")
            return
        if mended:
            record["extra"] = {"encoding": REPAIRED}
        yield article_from_record(record, source.origin(), **source.defaults)
    except MarbreError as error:
        yield Reject(source.origin(), str(error))
    except Exception as error:  # noqa: BLE001  lxml and trafilatura fail in many ways on broken pages: one page, never the run
        fault = f"{type(error).__name__}: {str(error)[:120]}"
        yield Reject(source.origin(), f"not readable as a web page ({fault})", "save the page again from a browser")


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that a page declares in its first bytes."""
    found = _CHARSET.search(data[:DECLARED_BYTES])
    return (found[1] or found[2]).decode("ascii", "replace") if found else None


def page_record(html: str) -> dict[str, Any]:
    """Return what a page says of its article, under the names of the fields; empty for a page without one."""
    tree = _parse(html)
    if tree is None:
        return {}
    _drop_following(tree)
    facts = read_facts(tree)
    body = body_paragraphs(tree)
    if facts.json_body and len(facts.json_body) > 1.5 * sum(map(len, body)):
        body = [line.strip() for line in facts.json_body.split("\n") if line.strip()]
    body = _without_facts(body, facts)
    body, signature = _signed(body, facts.bylines)
    standfirst = facts.standfirst
    if not facts.printed_standfirst and body and _same_start(standfirst, " ".join(body)):
        standfirst = ""
    text = "\n\n".join(body)
    record = {
        "headline": facts.headline,
        "standfirst": standfirst,
        "body": text,
        "newspaper": facts.newspaper or signature.newspaper,
        "section": facts.section,
        "bylines": list(facts.bylines or signature.bylines),
        "published": facts.published,
        "updated": facts.updated,
        "credit": facts.credit or signature.credit or named_credit(text),
        "tags": list(facts.tags),
        "language": facts.language,
        "url": facts.url,
    }
    return {name: value for name, value in record.items() if value}


def _parse(html: str) -> Any:
    data = html.replace("\0", "").encode("utf-8", "ignore")
    if not data.strip():
        return None
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return lxml.html.document_fromstring(data, parser=parser)
    except etree.ParserError:  # nothing but comments or white space
        return None


def _drop_following(tree: Any) -> None:
    """Take out the articles that an endless page has put under its first: an <article> of their own, with an <h1>."""
    headed = [node for node in tree.iter("article") if node.find(".//h1") is not None]
    first = tree.find(".//h1")
    if headed and first is not None and any(node is headed[0] for node in first.iterancestors("article")):
        above = set(first.iterancestors("article"))
        for node in headed[1:]:
            if node not in above and above.isdisjoint(node.iterancestors("article")) and node.getparent() is not None:
                node.drop_tree()


def _without_facts(body: list[str], facts: Facts) -> list[str]:
    """Drop the lines above the text that are fields of their own: headline, standfirst, byline, date, section."""
    lines = {_words(line) for line in (facts.headline, facts.standfirst, facts.section, facts.newspaper, *facts.printed) if line}
    kept = _below_headline(body, facts.headline)
    while len(kept) > 1 and (_words(kept[0]) in lines or _is_printed_byline(kept[0], facts.bylines) or _is_printed_day(kept[0])):
        kept.pop(0)
    return [line for at, line in enumerate(kept) if at > 2 or _words(line) not in lines]


def _below_headline(body: list[str], headline: str) -> list[str]:
    """Drop the headline and the short lines above it, where a page prints them in its text."""
    wanted = _words(headline)
    at = next((at for at, line in enumerate(body[:ABOVE_LINES]) if wanted and _words(line) == wanted), None)
    if at is None or at + 1 == len(body) or any(len(line) > ABOVE_CHARS for line in body[:at]):
        return list(body)
    return body[at + 1 :]


def _is_printed_day(line: str) -> bool:
    """Tell whether a line says no more than when the page appeared: « Publié le 9 mai 2025 à 10h23 | Mis à jour … »."""
    words = _words(line).split()
    return len(line) <= BYLINE_CHARS and words[:1] != [] and words[0] in _APPEARED and all(map(_is_byline_word, words))


def _is_byline_word(word: str) -> bool:
    return word in _BYLINE_WORDS or word.isdigit() or bool(_HOUR.fullmatch(word))


def _is_printed_byline(line: str, bylines: tuple[str, ...]) -> bool:
    """Tell whether a line above the text says no more than who signed it and when: « Par Awa Sow, publié le 9 mai 2025 »."""
    if not bylines or len(line) > BYLINE_CHARS:
        return False
    words = set(_words(without_role(line)).split())
    names = set(_words(" ".join(bylines)).split())
    named = any(set(_words(name).split()) <= words for name in bylines)
    return named and all(word in names or _is_byline_word(word) for word in words)


def _words(line: str) -> str:
    return " ".join(_SPLIT.split(line.lower())).strip()


def _same_start(one: str, other: str) -> bool:
    a, b = _words(one)[:COMPARED_CHARS], _words(other)[:COMPARED_CHARS]
    return bool(a) and (a.startswith(b) or b.startswith(a))


def _signed(body: list[str], bylines: tuple[str, ...]) -> tuple[list[str], Signature]:
    """Take the signature lines off the end of a text; a bare name only when it is a known author."""
    kept = list(body)
    total = Signature()
    known = set(_words(" et par ".join(("avec", *bylines, "par"))).split())
    while len(kept) > 1:
        found = read_signature(kept[-1])
        if found is None or not (found.sure or known.issuperset(_words(kept[-1]).split())):
            break
        total = found + total
        kept.pop()
    return kept, total
