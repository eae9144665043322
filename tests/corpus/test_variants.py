"""Is each family of formats read in the variants that its standard allows? At least eight a family, one of them large.

A variant is a sound file with one thing changed, the clause of the standard that allows it, and what must be read from it. All people,
places and papers are invented. Hostile and broken files: ``tests/corpus/hostile``; templates of web pages: ``tests/corpus/pages``.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench import press_files as make
from bench.press_files import Piece, pieces
from corpus import read_articles

ONE = Piece()
TEXT = "\n\n".join(ONE.body)
LARGE = 1_000  # articles
Files = dict[str, bytes]


@dataclass(frozen=True)
class Variant:
    """A file or a few, where the standard allows them so, and the facts of their first article. ``count``: how many there are."""

    family: str
    name: str
    source: str
    files: Callable[[], Files]
    facts: dict[str, Any] = field(default_factory=dict)
    count: int = 1


def but(data: bytes, *changes: tuple[str, str]) -> bytes:
    """Return a file with some of its text changed."""
    for old, new in changes:
        assert old.encode() in data, old
        data = data.replace(old.encode(), new.encode(), 1)
    return data


def inside(package: bytes, name: str, *changes: tuple[str, str]) -> bytes:
    """Return a package with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(package)) as parts:
        return make.zipped({one: but(parts.read(one), *changes) if one == name else parts.read(one) for one in parts.namelist()})


def _g2(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xml": but(make.newsml_g2([ONE]), *changes)}


def _n1(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xml": but(make.newsml_1([ONE]), *changes)}


def _nitf(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xml": but(make.nitf(ONE), *changes)}


def _wire(*changes: tuple[str, str], encoding: str = "utf-8") -> Callable[[], Files]:
    return lambda: {"a.txt": but(make.iptc_7901([ONE], "utf-8"), *changes).decode().encode(encoding)}


def _ninjs(first: Callable[[Piece], bytes] = make.ninjs, /, **changes: Any) -> Callable[[], Files]:
    return lambda: {"a.json": json.dumps({key: value for key, value in {**json.loads(first(ONE)), **changes}.items() if value is not None}).encode()}


def _mets(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {name: but(data, *changes) if name.endswith("mets.xml") else data for name, data in make.mets_issue([ONE]).items()}


def _alto(*changes: tuple[str, str], lines: tuple[str, ...] = ("Le pont de Faraba a rouvert", "dimanche après des travaux.")) -> Callable[[], Files]:
    return lambda: {"page.xml": but(make.alto_page([("B1", lines)]), *changes)}


def _tei(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xml": but(make.tei([ONE]), *changes)}


def _wxr(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xml": but(make.wxr([ONE]), *changes)}


def _feed(item: str, channel: str = "<title>Le Matin de Faraba</title><language>fr</language>", **attributes: str) -> Callable[[], Files]:
    names = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return lambda: {"a.xml": f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {names}><channel>{channel}<item>{item}</item></channel></rss>'.encode()}


def _atom(entry: str, feed: str = "<title>Le Matin de Faraba</title>") -> Callable[[], Files]:
    return lambda: {"a.atom": f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">{feed}<entry>{entry}</entry></feed>'.encode()}


ITEM = f"<title>{ONE.headline}</title><link>https://matin.example/pont</link><pubDate>Sun, 12 May 2024 08:00:00 +0200</pubDate>"
ENTRY = f"<title>{ONE.headline}</title><id>urn:faraba:1</id><published>2024-05-12T08:00:00+02:00</published>"


def _warc(*changes: tuple[str, str]) -> Callable[[], Files]:
    def write() -> Files:
        data = but(make.warc([ONE]), *changes)
        head, body = data.rsplit(b"\r\n\r\nHTTP/1.1 200 OK", 1)
        block = b"HTTP/1.1 200 OK" + body.removesuffix(b"\r\n\r\n")
        before, after = head.rsplit(b"Content-Length: ", 1)
        return {"a.warc": before + b"Content-Length: " + str(len(block)).encode() + after.lstrip(b"0123456789") + b"\r\n\r\n" + block + b"\r\n\r\n"}

    return write


def _mail(*changes: tuple[str, str], html: bool = False) -> Callable[[], Files]:
    return lambda: {"a.eml": but(make.eml(ONE, html=html), *changes)}


def _mhtml(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.mhtml": but(make.mhtml(ONE), *changes)}


def _docx(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.docx": inside(make.docx(ONE), "word/document.xml", *changes)}


def _odt(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.odt": inside(make.odt(ONE), "content.xml", *changes)}


def _ods(*changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.ods": inside(make.ods([ONE]), "content.xml", *changes)}


def _xlsx(part: str, *changes: tuple[str, str]) -> Callable[[], Files]:
    return lambda: {"a.xlsx": inside(make.xlsx([ONE]), part, *changes)}


def _table(statements: str, suffix: str = "db") -> Callable[[], Files]:
    def write() -> Files:
        database = sqlite3.connect(":memory:")
        database.executescript(statements)
        return {f"a.{suffix}": database.serialize()}

    return write


def _pdf(*lines: str, title: str = "", pages: int = 1) -> Callable[[], Files]:
    return lambda: {"a.pdf": make.pdf([list(lines)] * pages, title)}


def _many(write: Callable[[list[Piece]], bytes | Files], name: str) -> Callable[[], Files]:
    def files() -> Files:
        written = write(pieces(LARGE))
        return written if isinstance(written, dict) else {name: written}

    return files


_G2, _N1, _NITF, _WIRE = "IPTC, NewsML-G2 Guidelines", "IPTC, NewsML 1.2 Functional Specification", "IPTC, NITF 3.6", "IPTC 7901, 5th revision"
_NINJS, _METS, _ALTO, _TEI = "IPTC, ninjs", "Library of Congress, METS 1.12", "Library of Congress, ALTO 4.4", "TEI P5"
_WXR, _RSS, _ATOM = "WordPress, wp-admin/includes/export.php", "RSS Advisory Board, RSS 2.0", "RFC 4287"
_WARC, _MIME, _MHTML = "ISO 28500:2017", "RFC 5322, RFC 2045", "RFC 2557"
_OOXML, _ODF, _PDF, _SQL, _ZIP = "ECMA-376, part 1", "OASIS OpenDocument 1.3, part 3", "ISO 32000-1", "SQLite, Database File Format", "PKWARE APPNOTE; POSIX ustar"

VARIANTS = [
    Variant("NewsML-G2", "a news item alone", f"{_G2}, 4", lambda: {"a.xml": make.newsml_g2([ONE]).split(b"<itemSet>")[1].split(b"</itemSet>")[0].replace(b"<newsItem ", b'<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" ', 1)}, {"headline": ONE.headline, "published": ONE.day}),
    Variant("NewsML-G2", "two items of a message", f"{_G2}, 10", lambda: {"a.xml": make.newsml_g2(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("NewsML-G2", "a by-line as a creator", f"{_G2}, 5.4", _g2(("<by>Par Awa Sow</by>", "<creator><name>Awa Sow</name></creator>")), {"bylines": ("Awa Sow",)}),
    Variant("NewsML-G2", "text as inline data", f"{_G2}, 4.6", _g2(('<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><h1>Le pont de Faraba a rouvert</h1>', '<inlineData contenttype="text/plain">'), ("<p>", ""), ("</p><p>", "\n\n"), ("</p></body></html></inlineXML>", "</inlineData>")), {"body": TEXT}),
    Variant("NewsML-G2", "a provider by its name alone", f"{_G2}, 5.3", _g2(('<provider literal="x"><name>Le Matin de Faraba</name></provider>', "<provider><name>Le Matin de Faraba</name></provider>")), {"newspaper": ONE.newspaper}),
    Variant("NewsML-G2", "a language with a region", f"{_G2}, 5.8", _g2(('xml:lang="fr"', 'xml:lang="fr-ML"'), ('tag="fr"', 'tag="fr-ML"')), {"language": "fr"}),
    Variant("NewsML-G2", "a version later than its content", f"{_G2}, 5.1", _g2(("<versionCreated>2024-05-12", "<versionCreated>2024-05-14")), {"published": "2024-05-12", "updated": "2024-05-14"}),
    Variant("NewsML-G2", "large", f"{_G2}, 10", _many(make.newsml_g2, "a.xml"), {"section": ONE.section}, LARGE),
    Variant("NewsML 1.2", "as AFP writes it", f"{_N1}, 5", _n1(), {"headline": ONE.headline, "section": ONE.section, "places": ("Faraba",)}),
    Variant("NewsML 1.2", "two items", f"{_N1}, 5.1", lambda: {"a.xml": make.newsml_1(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("NewsML 1.2", "without by-line", f"{_N1}, 5.6", _n1(("<ByLine>Par Awa Sow</ByLine>", "")), {"bylines": ()}),
    Variant("NewsML 1.2", "a revision of another day", f"{_N1}, 5.4", _n1(("<ThisRevisionCreated>20240512", "<ThisRevisionCreated>20240513")), {"published": "2024-05-12", "updated": "2024-05-13"}),
    Variant("NewsML 1.2", "a date line of its own day", f"{_N1}, 5.6", _n1(("<SlugLine>", "<DateLineDate>20240511T230000+0000</DateLineDate><SlugLine>")), {"published": "2024-05-11"}),
    Variant("NewsML 1.2", "a media topic of sport", f"{_N1}, 5.9; IPTC Media Topics", _n1(('FormalName="14000000" cat="SOC"', 'FormalName="15000000" cat="SPO"')), {"section": "Sport"}),
    Variant("NewsML 1.2", "a credit line", f"{_N1}, 5.6", _n1(("<SlugLine>", "<CreditLine>AIF</CreditLine><SlugLine>")), {"credit": "AIF"}),
    Variant("NewsML 1.2", "large", f"{_N1}, 5", _many(make.newsml_1, "a.xml"), {"section": ONE.section}, LARGE),
    Variant("NITF", "3.6", _NITF, _nitf(), {"headline": ONE.headline, "section": ONE.section, "credit": "AIF"}),
    Variant("NITF", "without document type", f"{_NITF}, nitf", _nitf(('<!DOCTYPE nitf SYSTEM "nitf-3-6.dtd">', "")), {"headline": ONE.headline}),
    Variant("NITF", "an hour with its zone", f"{_NITF}, date.issue", _nitf(('norm="20240512T100000Z"', 'norm="20240512T233000-0500"'), ('date.publication="20240512"', 'date.publication=""')), {"published": "2024-05-12"}),
    Variant("NITF", "a second headline", f"{_NITF}, hl2", _nitf(("</hl1>", "</hl1><hl2>Onze mois, puis rien.</hl2>"), (f"<abstract><p>{ONE.standfirst}</p></abstract>", "")), {"standfirst": "Onze mois, puis rien."}),
    Variant("NITF", "a by-line in plain words", f"{_NITF}, byline", _nitf(("<byline>Par <person>Awa Sow</person></byline>", "<byline>Par Awa Sow et Ali Ba</byline>")), {"bylines": ("Awa Sow", "Ali Ba")}),
    Variant("NITF", "a table among the paragraphs", f"{_NITF}, block", _nitf(("<media ", "<block><p>Un dernier mot.</p></block><media ")), {"body": f"{TEXT}\n\nUn dernier mot."}),
    Variant("NITF", "the issue alone has a date", f"{_NITF}, docdata", _nitf((' date.publication="20240512"', "")), {"published": "2024-05-12"}),
    Variant("NITF", "large", f"{_NITF}, body.content", lambda: {"a.xml": but(make.nitf(ONE), (ONE.html, "".join(f"<p>Paragraphe {n} du long récit.</p>" for n in range(20_000))))}, {"headline": ONE.headline}),
    Variant("IPTC 7901", "in UTF-8", _WIRE, _wire(), {"headline": ONE.headline, "published": ONE.day, "bylines": (ONE.byline,)}),
    Variant("IPTC 7901", "in ISO 8859-1", _WIRE, lambda: {"a.txt": make.iptc_7901([ONE])}, {"headline": ONE.headline}),
    Variant("IPTC 7901", "two messages", f"{_WIRE}, 3", lambda: {"a.txt": make.iptc_7901(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("IPTC 7901", "without by-line", f"{_WIRE}, 5", _wire(("   Par Awa Sow\r\n", "")), {"bylines": ()}),
    Variant("IPTC 7901", "a year from the day-time group alone", f"{_WIRE}, 6", _wire(("12 mai 2024 (AIF)", "12 mai (AIF)")), {"published": "2024-05-12"}),
    Variant("IPTC 7901", "another priority and a word count of four figures", f"{_WIRE}, 4", _wire((" 4 POL 0120", " 2 POL 1120")), {"headline": ONE.headline}),
    Variant("IPTC 7901", "a credit in its dateline", f"{_WIRE}, 5", _wire(("(AIF) - ", "(ABC) - ")), {"credit": "ABC"}),
    Variant("IPTC 7901", "large", _WIRE, _many(make.iptc_7901, "a.txt"), {"published": ONE.day}, LARGE),
    Variant("ninjs", "1.4", f"{_NINJS} 1.4", _ninjs(), {"headline": ONE.headline, "bylines": (ONE.byline,), "section": ONE.section}),
    Variant("ninjs", "2.1", f"{_NINJS} 2.1", _ninjs(make.ninjs_2), {"headline": ONE.headline, "section": ONE.section}),
    Variant("ninjs", "plain text only", f"{_NINJS} 1.4, body_text", _ninjs(body_xhtml=None, body_text=TEXT), {"body": TEXT}),
    Variant("ninjs", "a provider", f"{_NINJS} 1.4, infosource", _ninjs(infosource=None, provider="Le Matin de Faraba"), {"newspaper": ONE.newspaper}),
    Variant("ninjs", "first made on another day", f"{_NINJS} 2.1, firstcreated", _ninjs(firstcreated="2024-05-10T10:00:00Z"), {"published": "2024-05-10", "updated": "2024-05-12"}),
    Variant("ninjs", "people, organisations, places", f"{_NINJS} 1.4", _ninjs(organisation=[{"name": "Ponts et Gués"}]), {"people": ("Oumar Keïta",), "organisations": ("Ponts et Gués",), "places": ("Faraba",)}),
    Variant("ninjs", "one a line", f"{_NINJS} 1.4; JSON Lines", lambda: {"a.jsonl": b"\n".join(make.ninjs(one) for one in pieces(3)) + b"\n"}, {"headline": "Le pont de Faraba a rouvert (1)"}, 3),
    Variant("ninjs", "large", f"{_NINJS} 1.4; JSON Lines", _many(lambda many: b"\n".join(map(make.ninjs, many)) + b"\n", "a.jsonl"), {"newspaper": ONE.newspaper}, LARGE),
    Variant("METS with ALTO", "an article an ALTO file", _METS, _mets(), {"headline": ONE.headline, "section": ONE.section, "newspaper": ONE.newspaper}),
    Variant("METS with ALTO", "two articles", _METS, lambda: make.mets_issue(pieces(2)), {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("METS with ALTO", "a title instead of a heading", f"{_METS}, structMap", _mets(('TYPE="HEADING"', 'TYPE="TITLE"')), {"headline": ONE.headline}),
    Variant("METS with ALTO", "an editorial", f"{_METS}, structMap", _mets(('TYPE="ARTICLE"', 'TYPE="EDITORIAL"')), {"headline": ONE.headline}),
    Variant("METS with ALTO", "no section around it", f"{_METS}, structMap", _mets(('<div TYPE="SECTION" LABEL="Société">', '<div TYPE="CONTENT">')), {"headline": ONE.headline, "section": ""}),
    Variant("METS with ALTO", "a day written without hyphens", f"{_METS}; MODS 3.8, dateIssued", _mets(("<mods:dateIssued>2024-05-12", "<mods:dateIssued>20240512")), {"published": "2024-05-12"}),
    Variant("METS with ALTO", "packed in ZIP", _METS, lambda: {"a.zip": make.zipped(make.mets_issue([ONE]))}, {"headline": ONE.headline}),
    Variant("METS with ALTO", "large", _METS, lambda: make.mets_issue(pieces(LARGE)), {"newspaper": ONE.newspaper}, LARGE),
    Variant("ALTO", "4", _ALTO, _alto(), {"body": "Le pont de Faraba a rouvert dimanche après des travaux."}),
    Variant("ALTO", "3", f"{_ALTO.replace('4.4', '3.1')}", _alto(("alto/ns-v4#", "alto/ns-v3#")), {"body": "Le pont de Faraba a rouvert dimanche après des travaux."}),
    Variant("ALTO", "2", "CCS, ALTO 2.1", _alto(("http://www.loc.gov/standards/alto/ns-v4#", "http://www.loc.gov/standards/alto/ns-v2#")), {"body": "Le pont de Faraba a rouvert dimanche après des travaux."}),
    Variant("ALTO", "without name space", "CCS, ALTO 1.4", _alto((' xmlns="http://www.loc.gov/standards/alto/ns-v4#"', "")), {"body": "Le pont de Faraba a rouvert dimanche après des travaux."}),
    Variant("ALTO", "a word cut at a line end", f"{_ALTO}, SUBS_CONTENT", _alto(lines=("Le gouver-", "nement se tait.")), {"body": "Le gouvernement se tait."}),
    Variant("ALTO", "a composed block", f"{_ALTO}, ComposedBlock", _alto(("<TextBlock ", '<ComposedBlock ID="C1"><TextBlock '), ("</TextBlock>", "</TextBlock></ComposedBlock>")), {"body": "Le pont de Faraba a rouvert dimanche après des travaux."}),
    Variant("ALTO", "two blocks are two paragraphs", f"{_ALTO}, TextBlock", lambda: {"page.xml": make.alto_page([("B1", ["Le pont est ouvert."]), ("B2", ["Le gué est fermé."])])}, {"body": "Le pont est ouvert.\n\nLe gué est fermé."}),
    Variant("ALTO", "large", _ALTO, lambda: {"page.xml": make.alto_page([(f"B{n}", [f"Le pont numéro {n} a rouvert", "dimanche après des travaux."]) for n in range(5_000)])}),
    Variant("TEI", "an article a division", f"{_TEI}, 4.1", _tei(), {"headline": ONE.headline, "section": ONE.section, "newspaper": ONE.newspaper}),
    Variant("TEI", "a day in words beside the norm", f"{_TEI}, 3.6.4", _tei(('<date when="2024-05-12"/>', '<date when="2024-05-12">le 12 mai 2024</date>')), {"published": "2024-05-12"}),
    Variant("TEI", "an author of the division", f"{_TEI}, 4.2", _tei(("<byline>Par Awa Sow</byline>", "<byline><docAuthor>Awa Sow</docAuthor></byline>")), {"bylines": ("Awa Sow",)}),
    Variant("TEI", "a month alone", f"{_TEI}, att.datable", _tei(('when="2024-05-12"', 'when="2024-05"')), {"published": "2024-05"}),
    Variant("TEI", "a title with its level", f"{_TEI}, 3.12", _tei(("<monogr><title>", '<monogr><title level="j">')), {"newspaper": ONE.newspaper}),
    Variant("TEI", "two articles", f"{_TEI}, 4.1", lambda: {"a.xml": make.tei(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("TEI", "emphasis and names inside a paragraph", f"{_TEI}, 3.3", _tei(("Le pont de Faraba a rouvert dimanche", 'Le pont de <placeName>Faraba</placeName> a <hi rend="italic">rouvert</hi> dimanche')), {"headline": ONE.headline}),
    Variant("TEI", "large", f"{_TEI}, 4.1", _many(make.tei, "a.xml"), {"newspaper": ONE.newspaper}, LARGE),
    Variant("WordPress", "WXR 1.2", _WXR, _wxr(), {"headline": ONE.headline, "section": ONE.section, "bylines": (ONE.byline,), "body": TEXT}),
    Variant("WordPress", "WXR 1.1", _WXR, _wxr(("<wp:wxr_version>1.2", "<wp:wxr_version>1.1")), {"headline": ONE.headline}),
    Variant("WordPress", "without a display name", _WXR, _wxr(("<wp:author_display_name><![CDATA[Awa Sow]]></wp:author_display_name>", "")), {"headline": ONE.headline}),
    Variant("WordPress", "changed later", _WXR, _wxr(("<wp:post_modified>2024-05-12", "<wp:post_modified>2024-06-01")), {"published": "2024-05-12", "updated": "2024-06-01"}),
    Variant("WordPress", "a shortcode around words", f"{_WXR}; Shortcode API", _wxr(("<!-- wp:paragraph -->Le pont", "[dropcap]Le[/dropcap] pont")), {"headline": ONE.headline}),
    Variant("WordPress", "two posts", _WXR, lambda: {"a.xml": make.wxr(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("WordPress", "a title in CDATA", _WXR, _wxr((f"<item><title>{ONE.headline}</title>", f"<item><title><![CDATA[{ONE.headline}]]></title>")), {"headline": ONE.headline}),
    Variant("WordPress", "large", _WXR, _many(make.wxr, "a.xml"), {"section": ONE.section}, LARGE),
    Variant("RSS and Atom", "a description alone", _RSS, _feed(f"{ITEM}<description>{ONE.body[0]}</description>"), {"headline": ONE.headline, "published": ONE.day, "newspaper": ONE.newspaper}),
    Variant("RSS and Atom", "content:encoded", f"{_RSS}; RDF Site Summary 1.0, Content", _feed(f"{ITEM}<description>Bref.</description><content:encoded><![CDATA[{ONE.html}]]></content:encoded>"), {"body": TEXT}),
    Variant("RSS and Atom", "a creator of Dublin Core", f"{_RSS}; DCMI Terms", _feed(f"{ITEM}<dc:creator>Awa Sow</dc:creator><description>{ONE.body[0]}</description>"), {"bylines": (ONE.byline,)}),
    Variant("RSS and Atom", "one category", _RSS, _feed(f"{ITEM}<category>Société</category><description>{ONE.body[0]}</description>"), {"section": "Société"}),
    Variant("RSS and Atom", "Atom with content in HTML", f"{_ATOM}, 4.1.3", _atom(f'{ENTRY}<content type="html"><![CDATA[{ONE.html}]]></content>'), {"headline": ONE.headline, "published": ONE.day, "body": TEXT}),
    Variant("RSS and Atom", "Atom with XHTML", f"{_ATOM}, 3.1.1.3", _atom(f'{ENTRY}<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{ONE.html}</div></content>'), {"body": TEXT}),
    Variant("RSS and Atom", "an Atom author", f"{_ATOM}, 4.2.1", _atom(f"{ENTRY}<author><name>Awa Sow</name></author><summary>{ONE.body[0]}</summary>"), {"bylines": (ONE.byline,)}),
    Variant("RSS and Atom", "large", _RSS, _feed("</item><item>".join(f"<title>Titre {n}</title><description>Le texte numéro {n} du fil.</description>" for n in range(LARGE))), {"newspaper": ONE.newspaper}, LARGE),
    Variant("WARC", "1.1", _WARC, lambda: {"a.warc": make.warc([ONE])}, {"headline": ONE.headline, "url": "https://matin.example/1"}),
    Variant("WARC", "1.0", "ISO 28500:2009", lambda: {"a.warc": make.warc([ONE]).replace(b"WARC/1.1", b"WARC/1.0")}, {"headline": ONE.headline}),
    Variant("WARC", "each record packed by itself", f"{_WARC}, annex D", lambda: {"a.warc.gz": b"".join(gzip.compress(b"WARC/1.1" + part) for part in make.warc(pieces(2)).split(b"WARC/1.1")[1:])}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("WARC", "packed as a whole", f"{_WARC}, annex D", lambda: {"a.warc.gz": gzip.compress(make.warc([ONE]))}, {"headline": ONE.headline}),
    Variant("WARC", "an information record first", f"{_WARC}, 6.2", lambda: {"a.warc": b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Type: application/warc-fields\r\nContent-Length: 11\r\n\r\nsoftware: x\r\n\r\n" + make.warc([ONE])}, {"headline": ONE.headline}),
    Variant("WARC", "headers in small letters", "RFC 9110, 5.1", _warc(("Content-Type: text/html; charset=utf-8", "content-type: text/html; charset=utf-8")), {"headline": ONE.headline}),
    Variant("WARC", "an answer with its reason left out", "RFC 9112, 4", _warc(("HTTP/1.1 200 OK\r\nContent-Type: text/html", "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html")), {"headline": ONE.headline}),
    Variant("WARC", "large", _WARC, lambda: {"a.warc": make.warc(pieces(300))}, {"section": ONE.section}, 300),
    Variant("saved pages", "as Chromium saves them", _MHTML, _mhtml(), {"headline": ONE.headline, "section": ONE.section, "bylines": (ONE.byline,)}),
    Variant("saved pages", "the older suffix", _MHTML, lambda: {"a.mht": make.mhtml(ONE)}, {"headline": ONE.headline}),
    Variant("saved pages", "a charset in the header of the part", f"{_MHTML}; RFC 2046", _mhtml(("Content-Type: text/html\r\nContent-Transfer", "Content-Type: text/html; charset=utf-8\r\nContent-Transfer")), {"headline": ONE.headline}),
    Variant("saved pages", "another sender", f"{_MHTML}, 5", _mhtml(("<Saved by Blink>", "<Saved by WebKit>")), {"headline": ONE.headline}),
    Variant("saved pages", "the page alone", "WHATWG HTML", lambda: {"a.html": make.page(ONE)}, {"headline": ONE.headline, "body": TEXT}),
    Variant("saved pages", "the page and its folder", "WHATWG HTML", lambda: {"a.html": make.page(ONE), "a_files/x.png": b"\x89PNG\r\n\x1a\n", "a_files/style.css": b"p{}"}, {"headline": ONE.headline}),
    Variant("saved pages", "in Latin 1 as declared", "WHATWG HTML, 4.2.5.4", lambda: {"a.html": but(make.page(ONE), ('charset="utf-8"', 'charset="iso-8859-1"')).decode().replace("’", "'").encode("latin-1")}, {"section": "Société"}),
    Variant("saved pages", "large", "WHATWG HTML", lambda: {"a.html": but(make.page(ONE), (ONE.html, "".join(f"<p>Le paragraphe {n} raconte la suite du chantier du pont.</p>" for n in range(5_000))))}, {"headline": ONE.headline}),
    Variant("mail", "plain text", _MIME, _mail(), {"headline": ONE.headline, "published": ONE.day, "newspaper": ONE.newspaper, "body": TEXT}),
    Variant("mail", "HTML", f"{_MIME}; RFC 2046", _mail(html=True), {"headline": ONE.headline, "body": TEXT}),
    Variant("mail", "forwarded", f"{_MIME}, 3.6.5", lambda: {"a.eml": but(make.eml(ONE), ("Subject: Communiqu", "Subject: Fwd: Communiqu")) if b"Subject: Communiqu" in make.eml(ONE) else make.eml(ONE).replace(b"Subject: =?", b"Subject: Fwd: =?", 1)}, {"headline": ONE.headline}),
    Variant("mail", "keywords", f"{_MIME}, 3.6.5", _mail(("Organization:", "Keywords: pont, route\nOrganization:")), {"tags": ("pont", "route")}),
    Variant("mail", "a mailbox of two", "RFC 4155", lambda: {"a.mbox": make.mbox(pieces(2))}, {"headline": "Le pont de Faraba a rouvert (1)"}, 2),
    Variant("mail", "an attachment read by its own reader", "RFC 2183", lambda: {"a.eml": make.eml(ONE, {"b.docx": make.docx(ONE)})}, {"headline": ONE.headline}, 2),
    Variant("mail", "a date of another zone", f"{_MIME}, 3.3", _mail(("Sun, 12 May 2024 10:00:00 +0200", "Sun, 12 May 2024 23:30:00 -0500")), {"published": "2024-05-12"}),
    Variant("mail", "large", "RFC 4155", _many(make.mbox, "a.mbox"), {"newspaper": ONE.newspaper}, LARGE),
    Variant("texts of an office", "DOCX with the style Titre", f"{_OOXML}, 17", _docx(), {"headline": ONE.headline, "section": ONE.section, "bylines": (ONE.byline,), "published": ONE.day, "body": TEXT}),
    Variant("texts of an office", "DOCX with the style Title", f"{_OOXML}, 17.7", _docx(('w:val="Titre"', 'w:val="Title"')), {"headline": ONE.headline}),
    Variant("texts of an office", "DOCX without styles", f"{_OOXML}, 17.3", _docx(('<w:pPr><w:pStyle w:val="Titre"/></w:pPr>', "")), {"headline": ONE.headline}),
    Variant("texts of an office", "DOCX with a word in several runs", f"{_OOXML}, 17.3.2", _docx(("Le pont de Faraba a rouvert dimanche", "Le po</w:t></w:r><w:r><w:t>nt de Faraba a rouvert dimanche")), {"body": TEXT}),
    Variant("texts of an office", "DOCX with a subtitle", f"{_OOXML}, 17.7", _docx(("<w:p><w:r><w:t xml:space=\"preserve\">Par Awa", '<w:p><w:pPr><w:pStyle w:val="Subtitle"/></w:pPr><w:r><w:t>Onze mois.</w:t></w:r></w:p><w:p><w:r><w:t xml:space="preserve">Par Awa')), {"standfirst": "Onze mois."}),
    Variant("texts of an office", "DOCX with a deleted word", f"{_OOXML}, 17.13", _docx(("</w:body>", "<w:p><w:del><w:r><w:delText>Effacé.</w:delText></w:r></w:del></w:p></w:body>")), {"body": TEXT}),
    Variant("texts of an office", "ODT with a style of its own", _ODF, _odt(), {"headline": ONE.headline, "bylines": (ONE.byline,), "published": ONE.day, "body": TEXT}),
    Variant("texts of an office", "ODT with spaces as elements", f"{_ODF}, 6.1", _odt(("Le pont de Faraba a rouvert dimanche", "Le<text:s/>pont de <text:span>Faraba</text:span> a rouvert dimanche")), {"body": TEXT}),
    Variant("texts of an office", "large", _ODF, lambda: {"a.odt": inside(make.odt(ONE), "content.xml", ("</office:text>", "".join(f"<text:p>Le paragraphe {n} du long récit.</text:p>" for n in range(20_000)) + "</office:text>"))}, {"headline": ONE.headline}),
    Variant("tables of an office", "XLSX with shared words", f"{_OOXML}, 18", _xlsx("xl/workbook.xml"), {"headline": ONE.headline, "published": ONE.day, "newspaper": ONE.newspaper}),
    Variant("tables of an office", "XLSX with English columns", f"{_OOXML}, 18", _xlsx("xl/sharedStrings.xml", ("<t>titre</t>", "<t>title</t>"), ("<t>texte</t>", "<t>text</t>"), ("<t>auteur</t>", "<t>author</t>")), {"headline": ONE.headline, "bylines": (ONE.byline,)}),
    Variant("tables of an office", "XLSX with a word inside its cell", f"{_OOXML}, 18.3.1.53", _xlsx("xl/worksheets/sheet1.xml", ('<c r="A2" t="s"><v>7</v></c>', '<c r="A2" t="inlineStr"><is><t>Le gué</t></is></c>')), {"headline": "Le gué"}),
    Variant("tables of an office", "XLSX with letters of two formats", f"{_OOXML}, 18.4.4", _xlsx("xl/sharedStrings.xml", (f"<t>{ONE.headline}</t>", "<r><t>Le pont </t></r><r><rPr><b/></rPr><t>ouvert</t></r>")), {"headline": "Le pont ouvert"}),
    Variant("tables of an office", "ODS", _ODF, _ods(), {"headline": ONE.headline, "published": ONE.day}),
    Variant("tables of an office", "ODS with a day as the value", f"{_ODF}, 19.387", _ods(("<table:table-cell><text:p>2024-05-12</text:p>", '<table:table-cell office:value-type="date" office:date-value="2024-05-12"><text:p>12/05/24</text:p>')), {"published": "2024-05-12"}),
    Variant("tables of an office", "ODS with an empty row above", f"{_ODF}, 9.1", _ods(("<table:table>", "<table:table><table:table-row/>")), {"headline": ONE.headline}),
    Variant("tables of an office", "large", f"{_OOXML}, 18", _many(make.xlsx, "a.xlsx"), {"newspaper": ONE.newspaper}, LARGE),
    Variant("PDF", "a page of print", _PDF, lambda: {"a.pdf": make.pdf_article(ONE)}, {"headline": ONE.headline, "bylines": (ONE.byline,), "published": ONE.day}),
    Variant("PDF", "two pages", f"{_PDF}, 7.7", _pdf("Le pont a rouvert", "", "Par Awa Sow", "", "Le texte de la page raconte le pont.", pages=2), {"headline": "Le pont a rouvert"}),
    Variant("PDF", "a title of the file", f"{_PDF}, 14.3", _pdf("Le texte de la page raconte le pont, son gué et la route qui y mène.", title="Le pont de Faraba"), {"headline": "Le pont de Faraba"}),
    Variant("PDF", "brackets in its words", f"{_PDF}, 7.3.4", _pdf("Le pont (de Faraba)", "", "Par Awa Sow", "", "Le texte de la page raconte le pont (et le gué)."), {"headline": "Le pont (de Faraba)"}),
    Variant("PDF", "accents and a ligature", f"{_PDF}, annex D", _pdf("L’œuvre d’été", "", "Par Awa Sow", "", "Un été à l’œuvre, là où naguère régnait la poussière."), {"headline": "L’œuvre d’été"}),
    Variant("PDF", "a version of its own", f"{_PDF}, 7.5.2", lambda: {"a.pdf": make.pdf_article(ONE).replace(b"%PDF-1.4", b"%PDF-1.7", 1)}, {"headline": ONE.headline}),
    Variant("PDF", "words after its end", f"{_PDF}, annex H.3.4.4", lambda: {"a.pdf": make.pdf_article(ONE) + b"\n\n"}, {"headline": ONE.headline}),
    Variant("PDF", "large", f"{_PDF}, 7.7", _pdf("Le pont a rouvert", "", "Par Awa Sow", "", *(f"La ligne {n} raconte le pont." for n in range(50)), pages=200), {"headline": "Le pont a rouvert"}),
    Variant("SQLite", "a table with French columns", _SQL, lambda: {"a.db": make.sqlite([ONE])}, {"headline": ONE.headline, "section": ONE.section, "bylines": (ONE.byline,)}),
    Variant("SQLite", "English columns", _SQL, _table("CREATE TABLE news (id, title, text, date); INSERT INTO news VALUES ('x1', 'Le pont', 'Le pont est ouvert.', '2024-05-12')"), {"headline": "Le pont", "doc_id": "x1"}),
    Variant("SQLite", "a view", f"{_SQL}, 2.6", _table("CREATE TABLE t (a, b); INSERT INTO t VALUES ('Le pont', 'Il est ouvert.'); CREATE VIEW v AS SELECT a AS titre, b AS texte FROM t"), {"headline": "Le pont"}),
    Variant("SQLite", "another table beside it", f"{_SQL}, 2.6", _table("CREATE TABLE n (x, y); INSERT INTO n VALUES (1, 2); CREATE TABLE t (titre, texte); INSERT INTO t VALUES ('Le pont', 'Il est ouvert.')"), {"headline": "Le pont"}),
    Variant("SQLite", "columns with capitals and accents", _SQL, _table("CREATE TABLE t (\"Titre\", \"Texte\", \"Rubrique\"); INSERT INTO t VALUES ('Le pont', 'Il est ouvert.', 'Société')"), {"headline": "Le pont", "section": "Société"}),
    Variant("SQLite", "an empty cell", f"{_SQL}, 2.1", _table("CREATE TABLE t (titre, texte, auteur); INSERT INTO t VALUES ('Le pont', 'Il est ouvert.', NULL)"), {"headline": "Le pont", "bylines": ()}),
    Variant("SQLite", "without rowid", f"{_SQL}, 2.4", _table("CREATE TABLE t (id TEXT PRIMARY KEY, titre, texte) WITHOUT ROWID; INSERT INTO t VALUES ('x2', 'Le pont', 'Il est ouvert.')", "sqlite"), {"doc_id": "x2"}),
    Variant("SQLite", "large", _SQL, _many(make.sqlite, "a.db"), {"newspaper": ONE.newspaper}, LARGE),
    Variant("archives", "ZIP", _ZIP, lambda: {"a.zip": make.zipped({"b/c.html": make.page(ONE)})}, {"headline": ONE.headline}),
    Variant("archives", "ZIP of two formats", _ZIP, lambda: {"a.zip": make.zipped({"b.html": make.page(ONE), "c.docx": make.docx(ONE)})}, {"headline": ONE.headline}, 2),
    Variant("archives", "ZIP in ZIP", _ZIP, lambda: {"a.zip": make.zipped({"b.zip": make.zipped({"c.html": make.page(ONE)})})}, {"headline": ONE.headline}),
    Variant("archives", "TAR", _ZIP, lambda: {"a.tar": make.tarred({"b/c.html": make.page(ONE)})}, {"headline": ONE.headline}),
    Variant("archives", "TAR packed by gzip", _ZIP, lambda: {"a.tar.gz": make.tarred({"b/c.html": make.page(ONE)}, "w:gz")}, {"headline": ONE.headline}),
    Variant("archives", "names with accents", f"{_ZIP}, 4.4.4", lambda: {"a.zip": make.zipped({"été/œuvre.html": make.page(ONE)})}, {"headline": ONE.headline}),
    Variant("archives", "hidden files passed over", _ZIP, lambda: {"a.zip": make.zipped({"__MACOSX/._c.html": b"\0\5", ".DS_Store": b"\0", "c.html": make.page(ONE)})}, {"headline": ONE.headline}),
    Variant("archives", "large", _ZIP, lambda: {"a.zip": make.zipped({f"{one.number:04}.xml": make.nitf(one) for one in pieces(LARGE)})}, {"newspaper": ONE.newspaper}, LARGE),
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda one: f"{one.family}, {one.name}")
def test_a_variant_of_the_standard_is_read_with_its_facts(tmp_path: Path, variant: Variant) -> None:
    for name, data in variant.files().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    stream = read_articles([tmp_path])
    first, count = None, 0
    for article in stream:
        first, count = first or article, count + 1
    assert [str(reject) for reject in stream.rejects] == []
    assert first is not None
    assert count == variant.count
    assert {key: getattr(first, key) for key in variant.facts} == variant.facts


@pytest.mark.parametrize("family", sorted({one.family for one in VARIANTS}))
def test_a_family_has_eight_variants_one_of_them_large_each_after_its_standard(family: str) -> None:
    names = Counter(one.name for one in VARIANTS if one.family == family)
    assert len(names) >= 8
    assert names.total() == len(names)
    assert "large" in names
    assert all(one.source for one in VARIANTS if one.family == family)
