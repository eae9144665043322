"""Is a saved page or a PDF read as well when another program wrote it? At least nine of each family, the last one large.

Sources: RFC 2557 (MHTML: the root is the part that ``start`` names, else the first), RFC 2045 (encodings of a part), Chromium's
``mhtml_generator`` and Internet Explorer's .mht as they are saved; ISO 32000-1 (PDF: 7.3.4 strings, 7.4 filters, 7.5.7 object streams,
7.6 encryption, 9.6.6 encodings, 9.10.3 ToUnicode).
"""

from __future__ import annotations

import base64
import io
import quopri
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest

from bench import press_files as make
from bench.press_files import Piece, pieces
from corpus import Article, read_articles

ONE = Piece()
PAGE = make.page(ONE)
TEXT = "\n\n".join(ONE.body)
PNG = base64.encodebytes(b"\x89PNG" + bytes(3_000))


def read(folder: Path, name: str, data: bytes) -> tuple[list[Article], list[str]]:
    (folder / name).write_bytes(data)
    stream = read_articles([folder])
    return list(stream), [reject.reason for reject in stream.rejects]


# --- saved pages ------------------------------------------------------------------------------------------------------


def part(data: bytes, kind: str = "text/html", encoding: str = "quoted-printable", **more: str) -> bytes:
    """One part of a saved page."""
    packed = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes, "8bit": bytes}[encoding](data)
    fields = {
        "Content-Type": kind,
        "Content-Transfer-Encoding": encoding,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n" + packed


def saved(
    *parts: bytes, kind: str = 'multipart/related; type="text/html"', head: str = "From: <Saved by Blink>\r\n", edge: str = "----b"
) -> bytes:
    """A saved page of these parts."""
    start = f'{head}MIME-Version: 1.0\r\nContent-Type: {kind}; boundary="{edge}"\r\n\r\n'.encode()
    return start + b"".join(b"--" + edge.encode() + b"\r\n" + one + b"\r\n" for one in parts) + b"--" + edge.encode() + b"--\r\n"


CP1252 = PAGE.replace(b'charset="utf-8"', b'charset="windows-1252"').decode().encode("cp1252", "xmlcharrefreplace")
STYLE = part(b"p { color: red }", "text/css", "8bit", Content_Location="https://matin.example/a.css")
PICTURE = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-Location: https://matin.example/a.png\r\n\r\n" + PNG
FRAME = part(b"<html><body><p>Achetez nos chapeaux, vous ne le regretterez pas.</p></body></html>", Content_Location="https://pub.example/")

SAVED: Mapping[str, bytes] = {
    "Chromium": make.mhtml(ONE),
    "quoted-printable": saved(part(PAGE), PICTURE),
    "base64": saved(part(PAGE, encoding="base64"), PICTURE),
    "eight bits": saved(part(PAGE, encoding="8bit"), PICTURE),
    "Internet Explorer": saved(
        part(CP1252, 'text/html;\r\n\tcharset="windows-1252"', Content_Location="https://matin.example/1"),
        PICTURE,
        head="From: <Saved by Windows Internet Explorer 8>\r\nSubject: Le pont\r\nX-MimeOLE: Produced By Microsoft MimeOLE V6.00\r\n",
    ),
    "pictures and styles first": saved(STYLE, PICTURE, part(PAGE)),
    "an advertisement in a frame": saved(part(PAGE), FRAME, PICTURE),
    "a page beside its plain text": saved(
        b'Content-Type: multipart/alternative; boundary="i"\r\n\r\n--i\r\n'
        + part(b"Le pont", "text/plain")
        + b"\r\n--i\r\n"
        + part(PAGE)
        + b"\r\n--i--\r\n"
    ),
    "XHTML": saved(
        part(PAGE, "application/xhtml+xml; charset=utf-8"),
        PICTURE,
        kind='multipart/related; type="application/xhtml+xml"',
        head="Snapshot-Content-Location: https://matin.example/1\r\n",
    ),
    "lines of Unix": saved(part(PAGE), PICTURE).replace(b"\r\n", b"\n"),
    "cut off in its pictures": saved(part(PAGE), PICTURE)[:-2_000],
    "large": saved(part(PAGE), *[PICTURE.replace(b"a.png", b"%d.png" % number) for number in range(3_000)]),
}


@pytest.mark.parametrize("data", SAVED.values(), ids=SAVED.keys())
def test_a_saved_page_is_read_whoever_saved_it(tmp_path: Path, data: bytes) -> None:
    (article,), rejects = read(tmp_path, "a.mhtml", data)
    assert rejects == []
    found = (article.headline, article.published, article.newspaper, article.section, article.bylines, article.body)
    assert found == (ONE.headline, ONE.day, ONE.newspaper, ONE.section, (ONE.byline,), TEXT)


def test_the_part_that_start_names_is_the_page(tmp_path: Path) -> None:
    data = saved(
        FRAME, part(PAGE, Content_ID="<page@matin.example>"), kind='multipart/related; type="text/html"; start="<page@matin.example>"'
    )
    (article,), _ = read(tmp_path, "a.mht", data)
    assert article.headline == ONE.headline


def test_the_large_saved_page_is_large() -> None:
    assert len(SAVED["large"]) > 10_000_000


# --- PDF --------------------------------------------------------------------------------------------------------------


def written(data: bytes, **options: str) -> bytes:
    """The same PDF as another program writes it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    if "password" in options:
        writer.encrypt(user_password="", owner_password=options["password"], algorithm=options.get("algorithm", "RC4-128"))
    if "title" in options:
        writer.add_metadata({"/Title": options["title"]})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def hexadecimal(lines: Sequence[str]) -> bytes:
    """Text in two-byte codes of a subset font, which only its ToUnicode map can tell."""
    letters = sorted(set("".join(lines)))
    code = {letter: number for number, letter in enumerate(letters, 1)}
    drawn = b"".join(b"<" + "".join(f"{code[letter]:04x}" for letter in line).encode() + b"> Tj T* " for line in lines)
    rows = b"".join(f"<{number:04x}> <{ord(letter):04x}>\n".encode() for letter, number in code.items())
    chart = b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <0000> <ffff> endcodespacerange\n"
    for first in range(0, len(letters), 100):
        some = rows.splitlines(keepends=True)[first : first + 100]
        chart += b"%d beginbfchar\n" % len(some) + b"".join(some) + b"endbfchar\n"
    drawing = b"BT /F1 11 Tf 14 TL 50 780 Td " + drawn + b"ET"
    chart += b"endcmap end end"
    return make.pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[7 0 R]/Count 1>>",
            b"<</Type/Font/Subtype/Type0/BaseFont/ABCDEF+X/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/ABCDEF+X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 500>>",
            b"<</Length %d>>stream\n" % len(chart) + chart + b"\nendstream",
            b"<</Length %d>>stream\n" % len(drawing) + drawing + b"\nendstream",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents 6 0 R>>",
            b"<<>>",
        ]
    )


LINES = [ONE.headline, "", f"Par {ONE.byline}", "Publié le 12 mai 2024", "", *"\n\n".join(ONE.body).split("\n")]
PLAIN = make.pdf_article(ONE)
LARGE = make.pdf(
    [
        [ONE.headline, "", f"Par {ONE.byline}", "Publié le 12 mai 2024", "", *ONE.body],
        *[[f"{line} {page}" for line in ONE.body * 20] for page in range(250)],
    ]
)

PDFS: Mapping[str, bytes] = {
    "lines wrapped": PLAIN,
    "a paragraph a line": make.pdf([LINES]),
    "object streams": written(PLAIN),
    "a title that is a file name": written(PLAIN, title="Microsoft Word - page12.doc"),
    "locked against changes": written(PLAIN, password="maître"),
    "a subset font with a map": hexadecimal(LINES),
    "page numbers": make.pdf([[*LINES, "", "1"], ["2"]]),
    "bytes before and after": b"\n\n" + PLAIN + b"\n\n%%EOF\n",
    "a broken table of places": PLAIN.replace(b"startxref\n", b"startxref\n9"),
}


@pytest.mark.parametrize("data", PDFS.values(), ids=PDFS.keys())
def test_a_pdf_is_read_whoever_wrote_it(tmp_path: Path, data: bytes) -> None:
    (article,), rejects = read(tmp_path, "a.pdf", data)
    assert rejects == []
    assert (article.headline, article.published, article.bylines) == (ONE.headline, ONE.day, (ONE.byline,))
    assert article.body.split() == TEXT.split()


def test_a_large_pdf_gives_all_its_pages(tmp_path: Path) -> None:
    (article,), rejects = read(tmp_path, "a.pdf", LARGE)
    assert rejects == []
    assert article.headline == ONE.headline
    assert article.body.count("la maîtresse d’école") == 1 + 20 * 250


def test_a_pdf_that_asks_for_a_password_says_so(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(PLAIN))
    writer.encrypt(user_password="secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    articles, (reason,) = read(tmp_path, "a.pdf", out.getvalue())
    assert articles == []
    assert "password" in reason or "encrypted" in reason


def test_pages_of_a_folder_of_pdfs_stay_apart(tmp_path: Path) -> None:
    for one in pieces(12):
        (tmp_path / f"{one.number:02d}.pdf").write_bytes(make.pdf_article(replace(one)))
    found = [article.headline for article in read_articles([tmp_path])]
    assert found == [one.headline for one in pieces(12)]


def test_a_stream_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    bomb = zlib.compress(b"BT (" + b"x" * (64 << 20) + b") Tj ET", 9)
    data = PLAIN.replace(b"/Filter/FlateDecode", b"/Filter/FlateDecode", 1)
    start = data.index(b"stream\n") + 7
    end = data.index(b"\nendstream")
    articles, reasons = read(tmp_path, "a.pdf", data[:start] + bomb + data[end:])
    assert articles == [] and len(reasons) == 1
