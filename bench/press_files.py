"""What does an article look like in each format a press archive has? One small writer a format, after its standard.

Tests and benches read what these write; nothing here is used by Marbre itself. All people, places and papers are invented.
"""

from __future__ import annotations

import email.message
import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

__all__ = ["WRITERS", "Piece", "pieces"]

_TEXT = (
    "Le pont de Faraba a rouvert dimanche, après onze mois de travaux que les riverains n’attendaient plus.",
    "« On passait par le gué, et le gué ne passait pas toujours », a résumé la maîtresse d’école, déjà à vélo.",
)


@dataclass(frozen=True)
class Piece:
    """What is written, and expected back."""

    headline: str = "Le pont de Faraba a rouvert"
    standfirst: str = "Onze mois de gué, et puis plus rien à dire."
    body: tuple[str, ...] = _TEXT
    newspaper: str = "Le Matin de Faraba"
    section: str = "Société"
    byline: str = "Awa Sow"
    day: str = "2024-05-12"
    number: int = 1

    @property
    def html(self) -> str:
        """The text as HTML paragraphs."""
        return "".join(f"<p>{escape(line)}</p>" for line in self.body)


def pieces(count: int, **fields: str) -> list[Piece]:
    """Return ``count`` pieces that differ in number, headline and text."""
    return [
        replace(
            Piece(number=n, **fields), headline=f"Le pont de Faraba a rouvert ({n})", body=tuple(f"{line} Voiture {n}." for line in _TEXT)
        )
        for n in range(1, count + 1)
    ]


def _compact(day: str) -> str:
    return day.replace("-", "")


# --- standards of the press -------------------------------------------------------------------------------------------


def newsml_g2(items: Iterable[Piece], language: str = "fr") -> bytes:
    """NewsML-G2: IPTC, NewsML-G2 Guidelines, chapter 4 (text) and 10 (news messages)."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header><sent>2024-05-12T10:00:00Z</sent></header><itemSet>'
        + "".join(_g2_item(one, language) for one in items)
        + "</itemSet></newsMessage>"
    ).encode()


def _g2_item(one: Piece, language: str) -> str:
    return f"""<newsItem guid="urn:newsml:faraba.example:{_compact(one.day)}:{one.number}" version="2" standard="NewsML-G2" standardversion="2.33" xml:lang="{language}">
<catalogRef href="http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_38.xml"/><rightsInfo><copyrightHolder literal="x"/></rightsInfo>
<itemMeta><itemClass qcode="ninat:text"/><provider literal="x"><name>{escape(one.newspaper)}</name></provider><versionCreated>{one.day}T11:00:00+02:00</versionCreated>
<firstCreated>{one.day}T10:00:00+02:00</firstCreated><pubStatus qcode="stat:usable"/></itemMeta>
<contentMeta><contentCreated>{one.day}T10:00:00+02:00</contentCreated><located qcode="city:1"><name>Faraba</name></located><by>Par {escape(one.byline)}</by><creditline>AIF</creditline>
<language tag="{language}"/><genre qcode="genre:Current"/><subject type="cpnat:abstract" qcode="medtop:14000000"><name xml:lang="en">society</name></subject>
<subject type="cpnat:abstract" qcode="medtop:20000756"><name xml:lang="en">transport</name><name xml:lang="fr">Transports</name></subject>
<subject type="cpnat:person" qcode="pers:9"><name>Oumar Keïta</name></subject><subject type="cpnat:organisation" literal="o"><name>Ponts et Gués</name></subject>
<subject type="cpnat:geoArea" literal="g"><name>Faraba</name></subject><keyword>pont</keyword><headline>{escape(one.headline)}</headline>
<description role="drol:summary">{escape(one.standfirst)}</description></contentMeta>
<contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body><h1>{escape(one.headline)}</h1>{one.html}</body></html></inlineXML></contentSet></newsItem>"""


def newsml_1(items: Iterable[Piece]) -> bytes:
    """NewsML 1.2 with the properties that AFP gives its texts: IPTC, NewsML 1.2 Functional Specification."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE NewsML SYSTEM "http://www.afp.com/dtd/NewsML_1.2-afp.dtd"><NewsML><Catalog Href="c"/>'
        "<NewsEnvelope><DateAndTime>20240512T100000Z</DateAndTime></NewsEnvelope>" + "".join(map(_newsml_1_item, items)) + "</NewsML>"
    ).encode()


def _newsml_1_item(one: Piece) -> str:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in one.body)
    return f"""<NewsItem xml:lang="fr"><Identification><NewsIdentifier><ProviderId>afp.com</ProviderId><DateId>{_compact(one.day)}</DateId><NewsItemId>TX-FAR-{one.number}</NewsItemId>
<RevisionId PreviousRevision="0" Update="N">1</RevisionId><PublicIdentifier>urn:newsml:afp.com:{_compact(one.day)}:TX-FAR-{one.number}:1</PublicIdentifier></NewsIdentifier></Identification>
<NewsManagement><NewsItemType FormalName="News"/><FirstCreated>{_compact(one.day)}T100000Z</FirstCreated><ThisRevisionCreated>{_compact(one.day)}T120000Z</ThisRevisionCreated><Status FormalName="Usable"/></NewsManagement>
<NewsComponent><NewsLines><HeadLine>{escape(one.headline)}</HeadLine><SubHeadLine>{escape(one.standfirst)}</SubHeadLine><ByLine>Par {escape(one.byline)}</ByLine><DateLine>Faraba (AFP)</DateLine><SlugLine>pont-transport</SlugLine></NewsLines>
<AdministrativeMetadata><Provider><Party FormalName="{escape(one.newspaper)}"/></Provider></AdministrativeMetadata>
<DescriptiveMetadata><Language FormalName="fr"/><SubjectCode><Subject FormalName="14000000" cat="SOC"/></SubjectCode><Location><Property FormalName="Country" Value="MLI"/><Property FormalName="City" Value="Faraba"/></Location>
<Property FormalName="Keyword" Value="pont"/></DescriptiveMetadata><ContentItem><MediaType FormalName="Text"/><DataContent>{paragraphs}<p>sd/jh/ab</p></DataContent></ContentItem></NewsComponent></NewsItem>"""


def nitf(one: Piece) -> bytes:
    """NITF: IPTC, NITF 3.6 documentation."""
    return f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE nitf SYSTEM "nitf-3-6.dtd"><nitf xml:lang="fr"><head><title>t</title><tobject tobject.type="news"><tobject.subject tobject.subject.refnum="14000000"/></tobject>
<docdata><doc-id id-string="far-{one.number}"/><date.issue norm="{_compact(one.day)}T100000Z"/><identified-content><person>Oumar Keïta</person><org value="Ponts et Gués">les Ponts</org><location>Faraba</location></identified-content>
<key-list><keyword key="pont"/></key-list></docdata><pubdata name={quoteattr(one.newspaper)} date.publication="{_compact(one.day)}" position.section={quoteattr(one.section)} position.sequence="3"/></head>
<body><body.head><hedline><hl1>{escape(one.headline)}</hl1></hedline><byline>Par <person>{escape(one.byline)}</person></byline><distributor>AIF</distributor><dateline><location>Faraba</location></dateline><abstract><p>{escape(one.standfirst)}</p></abstract></body.head>
<body.content>{one.html}<media media-type="image"><media-caption>Le gué, vide.</media-caption></media></body.content></body></nitf>""".encode()


def iptc_7901(items: Iterable[Piece], encoding: str = "latin-1") -> bytes:
    """IPTC 7901: The IPTC Recommended Message Format, 5th revision, with indented paragraphs as on the wires."""
    out = b""
    for one in items:
        lines = "\r\n".join("   " + line.replace("’", "'") for line in one.body)
        text = f"{one.headline}\r\n   Par {one.byline}\r\n   FARABA, 12 mai {one.day[:4]} (AIF) - {lines.lstrip()}\r\n"
        out += (
            b"\x16\x16\x01"
            + f"AIF{one.number:04d} 4 POL 0120 FRS \r\n".encode()
            + b"\x02"
            + text.encode(encoding, "replace")
            + b"\x03\r\n121000 GMT MAI 24\r\n\x04"
        )
    return out


def ninjs(one: Piece) -> bytes:
    """ninjs 1.4: IPTC, News in JSON."""
    return json.dumps(
        {
            "uri": f"urn:ninjs:far-{one.number}",
            "type": "text",
            "versioncreated": f"{one.day}T10:00:00Z",
            "pubstatus": "usable",
            "language": "fr",
            "headline": one.headline,
            "description_text": one.standfirst,
            "byline": f"Par {one.byline}",
            "body_xhtml": one.html,
            "infosource": [{"name": one.newspaper}],
            "subject": [{"name": "transports", "code": "medtop:20000756"}, {"code": "medtop:14000000"}],
            "place": [{"name": "Faraba"}],
            "person": [{"name": "Oumar Keïta"}],
        }
    ).encode()


def ninjs_2(one: Piece) -> bytes:
    """ninjs 2.1: lists of headlines, descriptions and bodies."""
    return json.dumps(
        {
            "uri": f"urn:ninjs:far2-{one.number}",
            "standard": {"name": "ninjs", "version": "2.1"},
            "type": "text",
            "firstcreated": f"{one.day}T10:00:00Z",
            "versioncreated": f"{one.day}T10:00:00Z",
            "by": f"Par {one.byline}",
            "headlines": [{"role": "main", "value": one.headline}],
            "descriptions": [{"contenttype": "text/plain", "value": one.standfirst}],
            "bodies": [{"contenttype": "text/html", "value": one.html}],
            "infosources": [{"name": one.newspaper}],
            "subjects": [{"uri": "http://cv.iptc.org/newscodes/mediatopic/14000000"}],
        }
    ).encode()


# --- digitised press --------------------------------------------------------------------------------------------------


def alto_page(blocks: Sequence[tuple[str, Sequence[str]]], number: int = 1) -> bytes:
    """ALTO 4: blocks of lines; a line that ends in « - » cuts a word, which SUBS_CONTENT makes whole."""
    out = []
    for identifier, lines in blocks:
        out.append(f'<TextBlock ID="{identifier}">')
        rest = ""
        for at, line in enumerate(lines):
            words = line.split()
            strings = []
            for place, word in enumerate(words):
                cut = word.endswith("-") and place == len(words) - 1 and at + 1 < len(lines)
                if place == 0 and rest:
                    strings.append(f'<String SUBS_TYPE="HypPart2" SUBS_CONTENT={quoteattr(rest)} CONTENT={quoteattr(word)}/>')
                    rest = ""
                elif cut:
                    rest = word[:-1] + lines[at + 1].split()[0]
                    strings.append(
                        f'<String SUBS_TYPE="HypPart1" SUBS_CONTENT={quoteattr(rest)} CONTENT={quoteattr(word[:-1])}/><HYP CONTENT="-"/>'
                    )
                else:
                    strings.append(f"<String CONTENT={quoteattr(word)}/>")
            out.append("<TextLine>" + "<SP/>".join(strings) + "</TextLine>")
        out.append("</TextBlock>")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page ID="P{number}" PHYSICAL_IMG_NR="{number}"><PrintSpace>'
        + "".join(out)
        + "</PrintSpace></Page></Layout></alto>"
    ).encode()


def mets_issue(items: Sequence[Piece]) -> dict[str, bytes]:
    """METS 1.12 with one ALTO file an article; the newspaper and day are those of the first piece."""
    described, files, logical, physical = [], [], [], []
    out: dict[str, bytes] = {}
    for n, one in enumerate(items, 1):
        described.append(
            f'<dmdSec ID="MODSMD_ARTICLE{n}"><mdWrap MDTYPE="MODS"><xmlData><mods:mods><mods:name><mods:namePart>{escape(one.byline)}</mods:namePart></mods:name></mods:mods></xmlData></mdWrap></dmdSec>'
        )
        files.append(f'<file ID="ALTO{n:05d}"><FLocat LOCTYPE="URL" xlink:href="file://./alto/page-{n:05d}.xml"/></file>')
        physical.append(f'<div TYPE="PAGE" ORDER="{n}"><fptr FILEID="ALTO{n:05d}"/></div>')
        logical.append(
            f'<div TYPE="SECTION" LABEL={quoteattr(one.section)}><div ID="A{n}" TYPE="ARTICLE" DMDID="MODSMD_ARTICLE{n}"><div TYPE="HEADING"><fptr><area FILEID="ALTO{n:05d}" BETYPE="IDREF" BEGIN="B{n}T"/></fptr></div>'
            f'<div TYPE="BODY"><div TYPE="PARAGRAPH"><fptr><area FILEID="ALTO{n:05d}" BETYPE="IDREF" BEGIN="B{n}"/></fptr></div></div><div TYPE="ADVERTISEMENT"><fptr><area FILEID="ALTO{n:05d}" BETYPE="IDREF" BEGIN="B{n}X"/></fptr></div></div></div>'
        )
        blocks = [
            (f"B{n}T", [one.headline]),
            (f"B{n}", ["Les travaux du gouver-", "nement ont duré onze mois.", " ".join(one.body)]),
            (f"B{n}X", ["Vendez vos vieux chapeaux."]),
        ]
        out[f"alto/page-{n:05d}.xml"] = alto_page(blocks, n)
    first = items[0]
    out["issue-mets.xml"] = (
        '<?xml version="1.0" encoding="UTF-8"?><mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mods="http://www.loc.gov/mods/v3">'
        f'<dmdSec ID="MODSMD_ISSUE1"><mdWrap MDTYPE="MODS"><xmlData><mods:mods><mods:titleInfo><mods:title>{escape(first.newspaper)}</mods:title></mods:titleInfo><mods:originInfo><mods:dateIssued>{first.day}</mods:dateIssued></mods:originInfo><mods:language><mods:languageTerm>fre</mods:languageTerm></mods:language></mods:mods></xmlData></mdWrap></dmdSec>'
        + "".join(described) + "<fileSec><fileGrp>" + "".join(files) + '</fileGrp></fileSec><structMap TYPE="PHYSICAL"><div>' + "".join(physical)
        + '</div></structMap><structMap TYPE="LOGICAL"><div TYPE="Newspaper" DMDID="MODSMD_ISSUE1"><div TYPE="ISSUE">' + "".join(logical) + "</div></div></structMap></mets>"
    ).encode()  # fmt: skip
    return out


def tei(items: Sequence[Piece]) -> bytes:
    """TEI P5: an issue with divisions of type « article »."""
    first = items[0]
    parts = "".join(
        f'<div type="rubrique"><head>{escape(one.section)}</head><pb n="{one.number}"/><div type="article"><head>{escape(one.headline)}</head><byline>Par {escape(one.byline)}</byline>'
        + "".join(f"<p>{escape(line)}</p>" for line in one.body) + '<p>Le gouver-<lb break="no"/>nement se tait.<note>Note.</note></p></div></div>'
        for one in items
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?><TEI xmlns="http://www.tei-c.org/ns/1.0" xml:lang="fr"><teiHeader><fileDesc><titleStmt><title>Numéro 1</title></titleStmt><publicationStmt><p/></publicationStmt>'
        f'<sourceDesc><biblStruct><monogr><title>{escape(first.newspaper)}</title><imprint><date when="{first.day}"/></imprint></monogr></biblStruct></sourceDesc></fileDesc>'
        f"<profileDesc><textClass><keywords><term>pont</term></keywords></textClass></profileDesc></teiHeader><text><body>{parts}</body></text></TEI>"
    ).encode()


# --- pages, exports, mail ---------------------------------------------------------------------------------------------


def page(one: Piece) -> bytes:
    """A page as a news site serves it."""
    return f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>{escape(one.headline)} | {escape(one.newspaper)}</title><meta property="og:site_name" content={quoteattr(one.newspaper)}>
<meta property="og:title" content={quoteattr(one.headline)}><meta property="article:published_time" content="{one.day}T08:00:00+00:00"><meta property="article:section" content={quoteattr(one.section)}><meta name="author" content={quoteattr(one.byline)}></head>
<body><nav><a href="/">Accueil</a></nav><article><h1>{escape(one.headline)}</h1>{one.html}</article></body></html>""".encode()


def mhtml(one: Piece) -> bytes:
    """MHTML as Chromium saves it: RFC 2557."""
    boundary = "----MultipartBoundary--faraba----"
    head = f'From: <Saved by Blink>\r\nSnapshot-Content-Location: https://matin.example/{one.number}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="{boundary}"\r\n\r\n'
    import quopri

    part = f"--{boundary}\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: https://matin.example/{one.number}\r\n\r\n"
    image = f"\r\n--{boundary}\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--{boundary}--\r\n"
    return (head + part).encode() + quopri.encodestring(page(one)) + image.encode()


def warc(items: Iterable[Piece]) -> bytes:
    """WARC 1.1 (ISO 28500): a response of status 200 a page, a redirection and a picture before the first."""
    records = [
        _warc_record(
            "https://matin.example/ancien", b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Type: text/html\r\n\r\n<p>Ailleurs</p>"
        ),
        _warc_record("https://matin.example/i.png", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG"),
    ]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return b"".join([*records, *(_warc_record(f"https://matin.example/{one.number}", head + page(one)) for one in items)])


def _warc_record(address: str, block: bytes) -> bytes:
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\nWARC-Date: 2024-05-13T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def wxr(items: Iterable[Piece]) -> bytes:
    """WordPress eXtended RSS 1.2, as wp-admin/includes/export.php writes it."""
    items = list(items)
    first = items[0]
    out = [
        f'<?xml version="1.0" encoding="UTF-8" ?><rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>{escape(first.newspaper)}</title><language>fr-FR</language><wp:wxr_version>1.2</wp:wxr_version>'
        f"<wp:author><wp:author_login><![CDATA[login]]></wp:author_login><wp:author_display_name><![CDATA[{first.byline}]]></wp:author_display_name></wp:author>"
    ]
    for one in items:
        text = "\n\n".join(f"<!-- wp:paragraph -->{escape(line)}" for line in one.body)
        out.append(
            f'<item><title>{escape(one.headline)}</title><link>https://matin.example/?p={one.number}</link><dc:creator><![CDATA[login]]></dc:creator><content:encoded><![CDATA[{text}\n\n[gallery ids="1,2"]]]></content:encoded><excerpt:encoded><![CDATA[{one.standfirst}]]></excerpt:encoded>'
            f'<wp:post_id>{one.number}</wp:post_id><wp:post_date><![CDATA[{one.day} 08:00:00]]></wp:post_date><wp:post_modified>{one.day} 09:00:00</wp:post_modified><wp:status>publish</wp:status><wp:post_type>post</wp:post_type><category domain="category" nicename="s"><![CDATA[{one.section}]]></category><category domain="post_tag" nicename="p"><![CDATA[pont]]></category></item>'
        )
    out.append("<item><title>Image</title><wp:status>inherit</wp:status><wp:post_type>attachment</wp:post_type></item></channel></rss>")
    return "".join(out).encode()


def eml(one: Piece, attachments: Mapping[str, bytes] | None = None, html: bool = False) -> bytes:
    """A press release by mail: RFC 5322, MIME."""
    message = email.message.EmailMessage()
    message["From"] = "Direction des Gués <gues@ministere.example>"
    message["Subject"] = f"Communiqué de presse : {one.headline}"
    message["Date"] = "Sun, 12 May 2024 10:00:00 +0200" if one.day == "2024-05-12" else one.day
    message["Message-ID"] = f"<cp-{one.number}@ministere.example>"
    message["Organization"] = one.newspaper
    text = "\n\n".join(one.body)
    if html:
        message.set_content(f"<html><head><title>t</title></head><body>{one.html}</body></html>", subtype="html")
    else:
        message.set_content(text + "\n\n-- \nDirection des Gués, 3e étage\n")
    for name, data in (attachments or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def mbox(items: Iterable[Piece]) -> bytes:
    """RFC 4155: mails after « From » lines."""
    return b"".join(b"From gues@ministere.example Sun May 12 10:00:00 2024\n" + eml(one) + b"\n\n" for one in items)


# --- office -----------------------------------------------------------------------------------------------------------


def _zip(parts: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return out.getvalue()


def docx(one: Piece) -> bytes:
    """WordprocessingML: ECMA-376, part 1, chapter 17."""

    def paragraph(text: str, style: str = "") -> str:
        return f'<w:p>{f"<w:pPr><w:pStyle w:val={quoteattr(style)}/></w:pPr>" if style else ""}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'

    body = (
        paragraph(one.headline, "Titre")
        + paragraph(f"Par {one.byline}")
        + paragraph("Publié le 12 mai 2024")
        + "".join(map(paragraph, one.body))
    )
    return _zip(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:creator>Microsoft Office User</dc:creator><cp:keywords>pont; gué</cp:keywords><cp:category>{escape(one.section)}</cp:category><dcterms:created>2024-05-20T00:00:00Z</dcterms:created></cp:coreProperties>',
        }
    )


def odt(one: Piece) -> bytes:
    """OpenDocument text: OASIS OpenDocument 1.3, part 3."""
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"'
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in (f"Par {one.byline}", "12 mai 2024", *one.body))
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<office:document-content {names}><office:body><office:text><text:h text:style-name="Title">{escape(one.headline)}</text:h>{lines}</office:text></office:body></office:document-content>',
            "meta.xml": f"<office:document-meta {names}><office:meta><meta:keyword>pont</meta:keyword><dc:language>fr-FR</dc:language><meta:creation-date>2024-06-01</meta:creation-date></office:meta></office:document-meta>",
        }
    )


_COLUMNS = ("titre", "chapo", "texte", "date", "journal", "rubrique", "auteur")


def _row(one: Piece) -> tuple[str, ...]:
    return (one.headline, one.standfirst, " ".join(one.body), one.day, one.newspaper, one.section, one.byline)


def xlsx(items: Iterable[Piece]) -> bytes:
    """SpreadsheetML: ECMA-376, part 1, chapter 18; the days are numbers with a date style."""
    import datetime as dt

    strings: list[str] = list(_COLUMNS)
    rows = ["".join(f'<c r="{chr(65 + at)}1" t="s"><v>{at}</v></c>' for at in range(len(_COLUMNS)))]
    for number, one in enumerate(items, 2):
        cells = []
        for at, value in enumerate(_row(one)):
            place = f"{chr(65 + at)}{number}"
            if _COLUMNS[at] == "date":
                cells.append(f'<c r="{place}" s="1"><v>{(dt.date.fromisoformat(value) - dt.date(1899, 12, 30)).days}</v></c>')
            else:
                cells.append(f'<c r="{place}" t="s"><v>{len(strings)}</v></c>')
                strings.append(value)
        rows.append("".join(cells))
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return _zip(
        {
            "xl/workbook.xml": f"<workbook {space}/>",
            "xl/styles.xml": f'<styleSheet {space}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
            "xl/sharedStrings.xml": f"<sst {space}>" + "".join(f"<si><t>{escape(text)}</t></si>" for text in strings) + "</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>"
            + "".join(f"<row>{row}</row>" for row in rows)
            + "</sheetData></worksheet>",
        }
    )


def ods(items: Iterable[Piece]) -> bytes:
    """OpenDocument spreadsheet: OASIS OpenDocument 1.3, part 3."""
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{escape(value)}</text:p></table:table-cell>" for value in row)
        + "</table:table-row>"
        for row in (_COLUMNS, *map(_row, items))
    )
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f"<office:document-content {names}><office:body><office:spreadsheet><table:table>{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        }
    )


def pdf(texts: Sequence[Sequence[str]], title: str = "") -> bytes:
    """PDF 1.4 (ISO 32000-1): one page for each list of lines, in Helvetica with WinAnsiEncoding; an empty list is a page without text."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    kids = []
    for lines in texts:
        drawing = (
            b"BT /F1 11 Tf 14 TL 50 780 Td " + b"".join(b"(" + _pdf_text(line) + b") Tj T* " for line in lines) + b"ET"
            if lines
            else b"0 0 m 9 9 l S"
        )
        packed = zlib.compress(drawing)
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream")
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % len(objects))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Kids[" + b" ".join(kids) + b"]/Count %d>>" % len(kids)
    objects.append(b"<</Title(" + _pdf_text(title) + b")>>")
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1: the catalogue first, the information last."""
    out, places = b"%PDF-1.4\n", []
    for number, data in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + data + b"\nendobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(objects), len(out))


def _pdf_text(text: str) -> bytes:
    return text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def pdf_article(one: Piece) -> bytes:
    """A page of print: headline, byline, day, text wrapped at 80 characters."""
    import textwrap

    lines = [line for part in one.body for line in textwrap.wrap(part, 80)]
    return pdf([[one.headline, "", f"Par {one.byline}", "Publié le 12 mai 2024", "", *lines]])


# --- archives and databases -------------------------------------------------------------------------------------------


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive of these files."""
    return _zip(files)


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A TAR archive of these files; mode « w:gz » packs it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sqlite(items: Iterable[Piece], table: str = "articles") -> bytes:
    """A SQLite database with one table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "press.db"
        database = sqlite3.connect(path)
        database.execute(f'CREATE TABLE "{table}" ({", ".join(_COLUMNS)})')
        database.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?, ?, ?, ?)', map(_row, items))
        database.commit()
        database.close()
        return path.read_bytes()


# Writers of a file with several articles, for the large files of the bench: suffix and writer.
WRITERS = {
    "newsml-g2": (".xml", newsml_g2),
    "newsml-1.2": (".xml", newsml_1),
    "iptc-7901": (".txt", iptc_7901),
    "tei": (".xml", tei),
    "wxr": (".xml", wxr),
    "warc": (".warc", warc),
    "mbox": (".mbox", mbox),
    "xlsx": (".xlsx", xlsx),
    "ods": (".ods", ods),
    "sqlite": (".db", sqlite),
}
