"""Is an article found whole, with the right facts, in every format that a press archive may hold?"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from bench import press_files as make
from bench.press_files import Piece, pieces
from corpus import Article, read_articles
from corpus.readers.digitised import KEPT_PAGES

ONE = Piece()
MONTH = Piece(day="2024-05-12")


def read(folder: Path, files: dict[str, bytes], **options: Any) -> tuple[list[Article], list[str]]:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    stream = read_articles([folder], **options)
    articles = list(stream)
    return articles, [str(reject).removeprefix(f"{folder}/") for reject in stream.rejects]


# name, files, and which facts a format has no place for
FORMATS: dict[str, tuple[dict[str, bytes], set[str]]] = {
    "NewsML-G2": ({"a.xml": make.newsml_g2([ONE])}, set()),
    "NewsML 1.2": ({"a.xml": make.newsml_1([ONE])}, set()),
    "NITF": ({"a.xml": make.nitf(ONE)}, set()),
    "IPTC 7901": ({"a.txt": make.iptc_7901([ONE])}, {"newspaper", "section"}),
    "ninjs 1": ({"a.json": make.ninjs(ONE)}, set()),
    "ninjs 2": ({"a.json": make.ninjs_2(ONE)}, set()),
    "METS with ALTO": (make.mets_issue([ONE]), set()),
    "TEI": ({"a.xml": make.tei([ONE])}, set()),
    "HTML": ({"a.html": make.page(ONE)}, set()),
    "MHTML": ({"a.mhtml": make.mhtml(ONE)}, set()),
    "WARC": ({"a.warc": make.warc([ONE])}, set()),
    "WARC in gzip": ({"a.warc.gz": gzip.compress(make.warc([ONE]))}, set()),
    "WXR": ({"a.xml": make.wxr([ONE])}, set()),
    "EML": ({"a.eml": make.eml(ONE)}, {"section", "bylines"}),
    "EML in HTML": ({"a.eml": make.eml(ONE, html=True)}, {"section", "bylines"}),
    "mbox": ({"a.mbox": make.mbox([ONE])}, {"section", "bylines"}),
    "DOCX": ({"a.docx": make.docx(ONE)}, {"newspaper"}),
    "ODT": ({"a.odt": make.odt(ONE)}, {"newspaper", "section"}),
    "XLSX": ({"a.xlsx": make.xlsx([ONE])}, set()),
    "ODS": ({"a.ods": make.ods([ONE])}, set()),
    "PDF": ({"a.pdf": make.pdf_article(ONE)}, {"newspaper", "section"}),
    "ZIP": ({"a.zip": make.zipped({"b/c.html": make.page(ONE)})}, set()),
    "TAR": ({"a.tar": make.tarred({"b/c.html": make.page(ONE)})}, set()),
    "TAR in gzip": ({"a.tgz": make.tarred({"b/c.html": make.page(ONE)}, "w:gz")}, set()),
    "METS in ZIP": ({"a.zip": make.zipped(make.mets_issue([ONE]))}, set()),
    "SQLite": ({"a.db": make.sqlite([ONE])}, set()),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_facts_of_its_article(tmp_path: Path, name: str) -> None:
    files, absent = FORMATS[name]
    articles, rejects = read(tmp_path, files)
    assert rejects == []
    assert len(articles) == 1
    expected = {
        "headline": ONE.headline,
        "published": ONE.day,
        "newspaper": ONE.newspaper,
        "section": ONE.section,
        "bylines": (ONE.byline,),
    }
    found = {key: getattr(articles[0], key) for key in expected if key not in absent}
    assert found == {key: value for key, value in expected.items() if key not in absent}


@pytest.mark.parametrize(
    "name", [name for name in FORMATS if name not in {"METS with ALTO", "METS in ZIP", "TEI", "IPTC 7901", "XLSX", "ODS", "SQLite"}]
)
def test_each_format_gives_the_whole_text_and_nothing_else(tmp_path: Path, name: str) -> None:
    (article,), _ = read(tmp_path, FORMATS[name][0])
    assert article.body == "\n\n".join(ONE.body)


@pytest.mark.parametrize("name", [name for name in FORMATS if "METS" not in name])  # found among its pages by its name
def test_the_content_tells_the_format_whatever_the_suffix(tmp_path: Path, name: str) -> None:
    data = next(iter(FORMATS[name][0].values()))
    articles, rejects = read(tmp_path, {"unnamed": data})
    assert ([article.headline for article in articles], rejects) == ([ONE.headline], [])


@pytest.mark.parametrize("name", make.WRITERS)
def test_a_thousand_articles_of_one_file_come_in_order(tmp_path: Path, name: str) -> None:
    suffix, write = make.WRITERS[name]
    wanted = pieces(1_000)
    articles, rejects = read(tmp_path, {f"a{suffix}": write(wanted)})
    assert rejects == []
    assert [article.headline for article in articles] == [one.headline for one in wanted]


# --- standards --------------------------------------------------------------------------------------------------------


def test_coded_subjects_have_their_french_names(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, {"a.xml": make.newsml_g2([ONE])})
    assert article.tags == ("Société", "Transports", "pont")
    assert (article.people, article.organisations, article.places) == (("Oumar Keïta",), ("Ponts et Gués",), ("Faraba",))
    assert (article.credit, article.kind, article.doc_id) == ("AIF", "dépêche", "urn:newsml:faraba.example:20240512:1")


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("medtop:14000000", "http://cv.iptc.org/newscodes/mediatopic/15000000", "section", "Sport"),
        ("medtop:14000000", "subj:11006000", "section", "Politique"),
        ("medtop:14000000", "medtop:20000001", "section", ""),
        ('xml:lang="fr"', 'xml:lang="fr-BE"', "language", "fr"),
        ("<by>Par Awa Sow</by>", "<by>Awa Sow et Ali Ba</by>", "bylines", ("Awa Sow", "Ali Ba")),
        ("<by>Par Awa Sow</by>", "<creator><name>Awa Sow</name></creator>", "bylines", ("Awa Sow",)),
        ('<provider literal="x"><name>Le Matin de Faraba</name></provider>', '<provider qcode="nprov:AFP"/>', "newspaper", "AFP"),
        ("genre:Current", "genre:Press_Release", "kind", "communiqué"),
        ("<contentCreated>2024-05-12T10:00:00+02:00</contentCreated>", "<contentCreated>2024-05-11T23:30:00+02:00</contentCreated>", "updated", "2024-05-12"),
        ("<headline>Le pont de Faraba a rouvert</headline>", "<headline>L’&eacute;cole &amp; le&nbsp;pont</headline>", "headline", "L’école & le\xa0pont"),
    ],
)  # fmt: skip
def test_newsml_g2_in_its_variants(tmp_path: Path, old: str, new: str, field: str, value: object) -> None:
    text = make.newsml_g2([ONE]).decode()
    assert old in text
    (article,), _ = read(tmp_path, {"a.xml": text.replace(old, new).encode()})
    assert getattr(article, field) == value


@pytest.mark.parametrize(
    ("name", "data", "old", "new"),
    [
        ("a.xml", make.newsml_g2([ONE]), b"stat:usable", b"stat:canceled"),
        ("a.xml", make.newsml_1([ONE]), b'FormalName="Usable"', b'FormalName="Canceled"'),
        ("a.json", make.ninjs(ONE), b'"usable"', b'"canceled"'),
    ],
    ids=["NewsML-G2", "NewsML 1.2", "ninjs"],
)
def test_what_its_agency_withdrew_is_not_indexed(tmp_path: Path, name: str, data: bytes, old: bytes, new: bytes) -> None:
    articles, rejects = read(tmp_path, {name: data.replace(old, new)})
    assert articles == []
    assert len(rejects) == 1 and "withdrew this item" in rejects[0]


def test_pictures_and_packages_are_no_articles(tmp_path: Path) -> None:
    text = make.newsml_g2(pieces(2)).decode().replace("ninat:text", "ninat:picture", 1)
    articles, rejects = read(tmp_path, {"a.xml": text.encode()})
    assert ([article.headline for article in articles], rejects) == (["Le pont de Faraba a rouvert (2)"], [])


def test_afp_newsml_loses_the_initials_of_its_desk(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, {"a.xml": make.newsml_1([Piece(newspaper="AFP")])})
    assert "sd/jh" not in article.body
    assert (article.newspaper, article.credit, article.places, article.tags) == ("AFP", "AFP", ("Faraba",), ("Société", "pont"))
    assert article.doc_id == "afp.com:20240512:TX-FAR-1"


def test_nitf_names_people_and_places_and_leaves_captions_out(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, {"a.xml": make.nitf(ONE)})
    assert (article.people, article.organisations, article.places) == (("Oumar Keïta",), ("Ponts et Gués",), ("Faraba",))
    assert (article.doc_id, article.extra, article.credit) == ("far-1", {"pages": "3"}, "AIF")
    assert "gué, vide" not in article.body


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "cp850", "mac-roman"])
def test_a_wire_is_read_in_the_encoding_it_came_in(tmp_path: Path, encoding: str) -> None:
    articles, rejects = read(tmp_path, {"a.txt": make.iptc_7901(pieces(2), encoding)})
    assert rejects == []
    assert [(one.published, one.newspaper, one.places, one.kind) for one in articles] == [("2024-05-12", "AIF", ("Faraba",), "dépêche")] * 2
    assert articles[0].body.startswith("FARABA, 12 mai 2024 (AIF) - Le pont de Faraba a rouvert dimanche, après")


def test_a_dateline_without_year_takes_that_of_the_transmission(tmp_path: Path) -> None:
    data = make.iptc_7901([ONE]).replace(b"12 mai 2024", b"12 mai")
    (article,), _ = read(tmp_path, {"a.txt": data})
    assert article.published == "2024-05-12"


def test_ninjs_a_line_and_in_a_list(tmp_path: Path) -> None:
    lines = b"\n".join(make.ninjs(one) for one in pieces(3))
    articles, rejects = read(tmp_path, {"a.jsonl": lines, "b.json": b"[" + lines.replace(b"\n", b",").replace(b"far-", b"b-") + b"]"})
    assert (len(articles), rejects) == (6, [])


# --- digitised press --------------------------------------------------------------------------------------------------


def test_an_issue_is_cut_into_articles_by_its_structure(tmp_path: Path) -> None:
    articles, rejects = read(tmp_path, make.mets_issue(pieces(3)))
    assert rejects == []
    assert [(one.headline, one.extra) for one in articles] == [(f"Le pont de Faraba a rouvert ({n})", {"pages": str(n)}) for n in (1, 2, 3)]
    assert articles[0].body.startswith("Les travaux du gouvernement ont duré onze mois. Le pont")
    assert not any("chapeaux" in one.body for one in articles)


def test_an_issue_of_more_pages_than_are_kept_in_memory_loses_none(tmp_path: Path) -> None:
    articles, rejects = read(tmp_path, make.mets_issue(pieces(KEPT_PAGES + 30)))
    assert (len(articles), rejects) == (KEPT_PAGES + 30, [])
    assert all(article.body for article in articles)


def test_a_missing_page_of_an_issue_is_named(tmp_path: Path) -> None:
    files = make.mets_issue(pieces(2))
    del files["alto/page-00002.xml"]
    articles, rejects = read(tmp_path, files)
    assert [one.headline for one in articles] == ["Le pont de Faraba a rouvert (1)"]
    assert any("page-00002.xml" in reject and "does not stand beside it" in reject for reject in rejects)


def test_a_page_named_outside_the_folder_is_not_opened(tmp_path: Path) -> None:
    inside, files = tmp_path / "in", make.mets_issue([ONE])
    (tmp_path / "secret.xml").write_bytes(files.pop("alto/page-00001.xml"))
    files["issue-mets.xml"] = files["issue-mets.xml"].replace(b"file://./alto/page-00001.xml", b"../secret.xml")
    articles, rejects = read(inside, files)
    assert articles == [] and len(rejects) == 2


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Le gouver-", "nement a parlé."], "Le gouvernement a parlé."),
        (["Le mot est", "simple."], "Le mot est simple."),
        (["Un porte-", "parole l’a dit."], "Un porteparole l’a dit."),
    ],
    ids=["a word cut", "no cut", "as the file makes it whole"],
)
def test_words_cut_at_a_line_end_are_whole_as_the_file_says(tmp_path: Path, lines: list[str], body: str) -> None:
    (article,), _ = read(tmp_path, {"a.xml": make.alto_page([("B1", lines)], 4)})
    assert (article.body, article.headline, article.extra) == (body, "", {"pages": "4"})


def test_a_hyphen_without_the_whole_word_keeps_its_line_end(tmp_path: Path) -> None:
    data = make.alto_page([("B1", ["Le gouver-", "nement a parlé."])]).decode()
    for mark in ('SUBS_TYPE="HypPart1" SUBS_CONTENT="gouvernement" ', 'SUBS_TYPE="HypPart2" SUBS_CONTENT="gouvernement" '):
        data = data.replace(mark, "")
    (article,), _ = read(tmp_path, {"a.xml": data.encode()})
    assert article.body == "Le gouver-\nnement a parlé."


def test_a_page_without_recognised_text_says_so(tmp_path: Path) -> None:
    articles, rejects = read(tmp_path, {"a.xml": make.alto_page([])})
    assert articles == [] and "without text" in rejects[0]


def test_tei_without_articles_is_one_text(tmp_path: Path) -> None:
    data = make.tei([ONE]).replace(b'<div type="article">', b"<div>").replace(b'<div type="rubrique">', b"<div>")
    (article,), _ = read(tmp_path, {"a.xml": data})
    assert (article.headline, article.newspaper, article.tags) == ("Numéro 1", ONE.newspaper, ("pont",))


def test_tei_joins_the_words_its_line_breaks_stand_in_and_leaves_notes_out(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, {"a.xml": make.tei([ONE])})
    assert article.body.endswith("Le gouvernement se tait.") and article.extra == {"pages": "1"}


# --- exports, mail, office, databases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        (b"<wp:post_modified>2024-05-12", b"<wp:post_modified>2024-05-14", "updated", "2024-05-14"),
        (b"<title>Le pont de Faraba a rouvert</title>", b"<title>L&#8217;&amp;eacute;cole</title>", "headline", "L’école"),
        (b"<![CDATA[login]]></dc:creator>", b"inconnu</dc:creator>", "bylines", ("inconnu",)),
        (b"<![CDATA[login]]></dc:creator>", b"admin</dc:creator>", "bylines", ()),
        (b"https://matin.example/?p=1", b"javascript:alert(1)", "url", ""),
        ("<![CDATA[Société]]>".encode(), "<![CDATA[Non classé]]>".encode(), "section", ""),
        (b"2024-05-12 08:00:00", b"0000-00-00 00:00:00", "published", None),
        (b"fr-FR", b"en-US", "language", "en"),
    ],
)
def test_wordpress_exports_in_their_variants(tmp_path: Path, old: bytes, new: bytes, field: str, value: object) -> None:
    data = make.wxr([ONE])
    assert old in data
    (article,), _ = read(tmp_path, {"a.xml": data.replace(old, new)})
    assert getattr(article, field) == value


def test_drafts_stay_out_and_are_counted(tmp_path: Path) -> None:
    data = make.wxr(pieces(3)).replace(b"<wp:status>publish", b"<wp:status>draft", 2)
    articles, rejects = read(tmp_path, {"a.xml": data})
    assert len(articles) == 1 and "2 draft" in rejects[0]


def test_a_mail_gives_its_attachments_to_their_readers(tmp_path: Path) -> None:
    attached = {"dossier.docx": make.docx(Piece(headline="Le dossier du gué")), "photo.png": b"\x89PNG\r\n\x1a\n"}
    articles, rejects = read(tmp_path, {"a.eml": make.eml(ONE, attached)})
    assert [one.headline for one in articles] == [ONE.headline, "Le dossier du gué"]
    assert len(rejects) == 1 and "photo.png" in rejects[0] and "an image" in rejects[0]


@pytest.mark.parametrize(
    ("subject", "headline"),
    [
        ("=?iso-8859-1?Q?Communiqu=E9_de_presse_:_Le_gu=E9?=", "Le gué"),
        ("=?utf-8?B?TGUgZ3XDqQ==?=", "Le gué"),
        ("Fwd: TR: [CP] Le pont", "Le pont"),
        ("Le pont", "Le pont"),
    ],
)
def test_subjects_of_mails_are_decoded_and_lose_their_prefixes(tmp_path: Path, subject: str, headline: str) -> None:
    mail = f"From: A <a@b.example>\nTo: c@d.example\nSubject: {subject}\nDate: Sun, 12 May 2024 10:00:00 +0200\n\nTexte.\n-- \nSignature\n"
    (article,), _ = read(tmp_path, {"a.eml": mail.encode()})
    assert (article.headline, article.body, article.kind, article.credit) == (headline, "Texte.", "communiqué", "A")


def test_a_from_line_inside_a_mail_does_not_cut_it(tmp_path: Path) -> None:
    data = make.mbox(pieces(2)).replace(b"Voiture 1.", b"Voiture 1.\n>From 1887 on\n")
    articles, _ = read(tmp_path, {"a.mbox": data})
    assert len(articles) == 2 and "From 1887 on" in articles[0].body


def test_a_pdf_page_that_is_a_picture_is_a_reject_with_its_number(tmp_path: Path) -> None:
    data = make.pdf([["Le gué", "", "Par Awa Sow", "", "Le gué est plein depuis dimanche."], []])
    articles, rejects = read(tmp_path, {"a.pdf": data})
    assert [one.headline for one in articles] == ["Le gué"]
    assert rejects == ["a.pdf, page 2: a page without text: a picture of a page; it has to go through text recognition first"]


def test_a_pdf_with_a_title_of_its_own_is_called_by_it(tmp_path: Path) -> None:
    (article,), _ = read(tmp_path, {"a.pdf": make.pdf([["Le gué est plein depuis dimanche."]], "Le titre du fichier")})
    assert article.headline == "Le titre du fichier"


def test_a_query_chooses_the_rows_of_a_database(tmp_path: Path) -> None:
    data = make.sqlite(pieces(5), "t_art")
    articles, rejects = read(tmp_path, {"a.db": data}, query="SELECT titre, texte AS body FROM t_art WHERE titre LIKE '%(3)' ")
    assert ([one.headline for one in articles], rejects) == (["Le pont de Faraba a rouvert (3)"], [])


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("DELETE FROM articles", "not authorized"),
        ("ATTACH DATABASE '/etc/passwd' AS x", "not authorized"),
        ("SELECT load_extension('x')", "not authorized"),
        ("SELECT 1", "no column"),
        ("SELECT * FROM absent", "no such table"),
        ("SELECT titre FROM articles; SELECT 1", "one statement"),
        ("PRAGMA writable_schema = 1", "not authorized"),
    ],
)
def test_a_query_can_only_read(tmp_path: Path, query: str, reason: str) -> None:
    articles, rejects = read(tmp_path, {"a.db": make.sqlite([ONE])}, query=query)
    assert articles == [] and reason in rejects[0]
    assert read(tmp_path, {})[0][0].headline == ONE.headline


def test_a_database_of_other_things_says_what_it_holds(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "a.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE clients (nom, adresse)")
    database.commit()
    database.close()
    articles, rejects = read(tmp_path, {})
    assert articles == [] and "tables: clients" in rejects[0] and "--query" in rejects[0]


# --- archives ---------------------------------------------------------------------------------------------------------


def test_an_archive_in_an_archive_is_read_and_one_in_that_is_not(tmp_path: Path) -> None:
    inner = make.zipped({"a.html": make.page(ONE)})
    twice = make.zipped({"in.zip": inner})
    assert len(read(tmp_path / "2", {"a.zip": twice})[0]) == 1
    articles, rejects = read(tmp_path / "3", {"a.zip": make.zipped({"out.zip": twice})})
    assert articles == [] and "inside an archive inside" in rejects[0]


def test_the_pictures_saved_beside_a_page_are_not_looked_at(tmp_path: Path) -> None:
    files = {"page.html": make.page(ONE), "page_files/a.png": b"\x89PNG", "page_fichiers/b.css": b"p{}"}
    assert [len(part) for part in read(tmp_path / "folder", files)] == [1, 0]
    assert [len(part) for part in read(tmp_path / "zip", {"a.zip": make.zipped(files)})] == [1, 0]


def test_a_page_of_a_web_archive_has_the_address_it_was_fetched_from(tmp_path: Path) -> None:
    articles, rejects = read(tmp_path, {"a.warc": make.warc(pieces(2))})
    assert ([one.url for one in articles], rejects) == (["https://matin.example/1", "https://matin.example/2"], [])


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_articles_inside_archives_are_named_by_their_place(tmp_path: Path, suffix: str) -> None:
    line = b'{"titre": "a"}\n{"titre": "b"}\n'
    data = gzip.compress(line) if suffix else line
    articles, _ = read(tmp_path, {"a.zip": make.zipped({f"b/c.jsonl{suffix}": data})})
    assert [str(one.origin).removeprefix(f"{tmp_path}/") for one in articles] == [f"a.zip, b/c.jsonl{suffix}, line {n}" for n in (1, 2)]


def test_an_article_inside_an_article_of_an_issue_is_read_once(tmp_path: Path) -> None:
    data = make.tei([ONE]).replace(b"<byline>", b'<div type="article"><head>Encart</head><p>Un encart.</p></div><byline>', 1)
    articles, rejects = read(tmp_path, {"a.xml": data})
    assert ([article.headline for article in articles], rejects) == ([ONE.headline], [])
