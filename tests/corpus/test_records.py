"""Is every good record of a file an article, and every bad one a reject with its place?"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article
from corpus.readers import read_articles, records, streams
from corpus.readers.source import Reject, Source

RECORD = {"titre": "Le pont de Kayes", "texte": "Il rouvre à l’été.", "journal": "L’Écho", "date": "9 octobre 2025", "id": "k1"}


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name, read them, return articles and rejects as text."""

    def run(name: str, content: bytes | str) -> tuple[list[Article], list[str]]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        stream = read_articles([path])
        articles = list(stream)
        return articles, [str(reject).removeprefix(str(path)) for reject in stream.rejects]

    return run


def headlines(articles):
    return [article.headline for article in articles]


def test_french_and_english_names_and_unknown_keys_are_read(read):
    (article,), rejects = read("a.jsonl", json.dumps({**RECORD, "author": ["Awa Sow", {"name": "Modibo Keïta"}], "score": 3}))
    assert (article.headline, article.body, article.published, article.doc_id) == (
        "Le pont de Kayes",
        "Il rouvre à l’été.",
        "2025-10-09",
        "k1",
    )
    assert article.bylines == ("Awa Sow", "Modibo Keïta")
    assert article.extra == {"score": 3}
    assert str(article.origin).endswith("a.jsonl, line 1")
    assert rejects == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\n\n{0}\n\n{0}", id="blank lines, no last line end"),
        pytest.param("[{0},\n{0}]", id="array"),
        pytest.param('{{"count": 2, "articles": [{0},{0}], "next": null}}', id="envelope"),
        pytest.param("{0}\r\n{0}\r\n", id="lines of Windows"),
        pytest.param("{0} {0}", id="objects in a row"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le", "cp1252", "mac-roman"])
@pytest.mark.parametrize("suffix", [".json", ".txt"])
def test_a_layout_in_any_encoding_gives_its_articles(read, content, encoding, suffix):
    text = content.format(json.dumps(RECORD, ensure_ascii=False))
    data = text.encode(encoding) if encoding != "utf-32-le" else b"\xff\xfe\0\0" + text.encode(encoding)
    articles, rejects = read(f"a{suffix}", data)
    assert [article.body for article in articles] == ["Il rouvre à l’été."] * 2
    assert rejects == []


def test_one_object_over_several_lines_is_one_article(read):
    assert headlines(read("a.json", json.dumps(RECORD, indent=2))[0]) == ["Le pont de Kayes"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b"{bad", "not JSON", id="not JSON"),
        pytest.param(b"[1]", "a list found", id="a list"),
        pytest.param(b'"text"', "a text found", id="a text"),
        pytest.param(b"12", "a number found", id="a number"),
        pytest.param(b"{}", "neither headline nor text", id="empty"),
        pytest.param(b'{"titre": NaN}', "neither headline nor text", id="NaN is no value"),
        pytest.param(b'{"titre": "a", "titre": "b"}', "given twice", id="key twice"),
        pytest.param(b'{"titre": "a", "x": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper", id="40 levels"),
        pytest.param(b'{"titre": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested deeper", id="100,000 levels"),
        pytest.param(b'{"titre": ' + b"9" * 5000 + b"}", "too many figures", id="5,000 figures"),
        pytest.param(b'{"titre": {"a": 1}}', "text expected", id="an object as headline"),
        pytest.param(b'{"titre": "a", "id": [1]}', "text expected", id="a list as id"),
        pytest.param(b'{"titre": "' + b"x" * (16 * 2**20) + b'"}', "longer than 16 MB", id="17 MB"),
        pytest.param(b"\xff\xfe\x00{}", "not JSON", id="bytes"),
    ],
)
def test_a_bad_line_is_one_reject_and_its_neighbours_are_read(read, line, reason):
    good = json.dumps(RECORD).encode()
    articles, rejects = read("a.jsonl", good + b"\n" + line + b"\n" + good)
    assert len(articles) == 2
    assert [(reject.startswith(", line 2: "), reason in reject) for reject in rejects] == [(True, True)]


def test_the_limit_of_a_line_is_exact(read, monkeypatch):
    monkeypatch.setattr(streams, "RECORD_BYTES", 40)
    articles, rejects = read(
        "a.jsonl", b'{"titre":"' + b"x" * 27 + b'"}\n{"titre":"' + b"y" * 28 + b'"}\n{"titre":"' + b"z" * 500 + b'"}\n{"titre":"b"}'
    )
    assert headlines(articles) == ["x" * 27, "b"]
    assert [reject.split(":")[0] for reject in rejects] == [", line 2", ", line 3"]


def test_half_a_surrogate_pair_never_reaches_an_article(read):
    (article,), _ = read("a.jsonl", r'{"titre": "a\ud800b \ud83d\ude00", "x": ["\udfff"]}')
    assert article.headline == "a\ufffdb 😀"
    assert article.extra == {"x": ["\ufffd"]}


def test_a_broken_object_of_an_indented_array_costs_only_itself(read):
    text = json.dumps([RECORD, {"titre": "B", "x": 1}, {**RECORD, "titre": "C"}], indent=1).replace('"x": 1', '"x": oups')
    articles, rejects = read("a.json", text)
    assert headlines(articles) == ["Le pont de Kayes", "C"]
    assert len(rejects) == 1 and rejects[0].startswith(", item 2: not JSON")


def test_a_cut_array_gives_what_stands_before_the_cut(read):
    articles, rejects = read("a.json", json.dumps([RECORD, RECORD])[:-30])
    assert len(articles) == 1
    assert len(rejects) == 1 and rejects[0].startswith(", item 2: not JSON")


def test_a_large_array_is_read_in_pieces(read, monkeypatch):
    monkeypatch.setattr(streams, "RECORD_BYTES", 100)
    monkeypatch.setattr(streams, "_CHUNK_BYTES", 7)
    many = [{**RECORD, "id": f"k{n}"} for n in range(50)]
    articles, rejects = read("a.json", json.dumps(many, ensure_ascii=False))
    assert [article.doc_id for article in articles] == [record["id"] for record in many]
    assert rejects == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_the_delimiter_is_found_from_the_header(read, delimiter, suffix):
    rows = [["titre", "texte", "journal", "date"], ["Un", '"deux\nlignes ; ""oui"", et | plus"', "J", "09/10/2025"]]
    (article,), rejects = read(f"a{suffix}", "\n".join(delimiter.join(row) for row in rows))
    assert (article.headline, article.newspaper, article.published) == ("Un", "J", "2025-10-09")
    assert '; "oui", et | plus' in article.body
    assert rejects == []


def test_a_cell_may_hold_several_values(read):
    (article,), _ = read("a.csv", "titre,auteur,motcle\nUn,Awa Sow ; Modibo Keïta,eau|fleuve\n")
    assert article.bylines == ("Awa Sow", "Modibo Keïta")
    assert article.tags == ("eau", "fleuve")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param("sep=;\r\ntitre;texte\r\nUn;b\r\n", ["Un"], id="line of Excel"),
        pytest.param("'titre','texte'\n'L\"eau','b'\n", ['L"eau'], id="single quotes"),
        pytest.param('titre,texte\n"L\\"eau",b\n', ['L"eau'], id="backslash before a quote"),
        pytest.param("titre,texte\rUn,b\r", ["Un"], id="line ends of old Macs"),
        pytest.param("titre,texte\n\n,\nUn,b\n", ["Un"], id="empty rows"),
        pytest.param("titre,texte\nU\0n,b\n", ["Un"], id="NUL"),
        pytest.param("titre,texte\nUn\n", ["Un"], id="short row"),
        pytest.param("titre,texte\nUn,b,,\n", ["Un"], id="empty cells too many"),
        pytest.param("titre,texte\nUn," + "x" * 200_000, ["Un"], id="cell over the limit of the library"),
    ],
)
def test_tables_as_people_save_them(read, content, found):
    articles, rejects = read("a.csv", content)
    assert headlines(articles) == found
    assert rejects == []


def test_a_row_with_too_many_cells_is_refused_with_its_line(read):
    articles, rejects = read("a.csv", 'titre,texte\n"a\nb",c\nUn, deux, trois\nz,c\n')
    assert headlines(articles) == ["a b", "z"]
    assert [reject.split(";")[0] for reject in rejects] == [", line 4: 3 cells found, 2 expected"]


def test_a_quote_never_closed_is_refused_not_read_as_one_long_article(read):
    articles, rejects = read("a.csv", 'titre,texte\na,b\n"c,d\ne,f\n')
    assert headlines(articles) == ["a"]
    assert len(rejects) == 1 and rejects[0].startswith(", line 3: a quote that opens here is not closed")


def test_a_header_without_text_names_the_columns_found_and_expected(read):
    articles, rejects = read("a.csv", "foo,bar\n1,2\n3,4\n")
    assert articles == []
    assert rejects == [
        ", line 1: no column of headline or text among: foo, bar; name one of the columns headline, titre, body, texte, text"
    ]


def test_a_repeated_column_loses_no_value(read):
    (article,), _ = read("a.csv", "titre,texte,note,note\nUn,b,x,y\n")
    assert article.extra == {"note": "x", "note (2)": "y"}


@given(st.lists(st.dictionaries(st.sampled_from(["titre", "texte", "x"]), st.text(min_size=1, max_size=20), min_size=1), max_size=5))
def test_an_array_reads_like_its_lines(tmp_path_factory, items):
    folder = tmp_path_factory.mktemp("same")
    (folder / "a.json").write_text(json.dumps(items, indent=1))
    (folder / "a.jsonl").write_text("{}\n" + "\n".join(map(json.dumps, items)))
    assert list(read_articles([folder / "a.json"])) == list(read_articles([folder / "a.jsonl"]))


@given(st.binary(max_size=400))
def test_no_bytes_make_a_reader_fail(data):
    source = Source("x", lambda: io.BytesIO(data))
    for reader in (records.read_json_lines, records.read_json, records.read_csv):
        assert all(isinstance(item, (Article, Reject)) for item in reader(source))


@pytest.mark.parametrize(
    ("written", "bylines", "credit"),
    [
        ("Awa Sow avec ASD", ("Awa Sow",), "ASD"),
        ("Awa Sow, avec l’AFP", ("Awa Sow",), "AFP"),
        ("Awa Sow (avec Reuters)", ("Awa Sow",), "Reuters"),
        ("Awa Sow avec AFP et Reuters", ("Awa Sow",), "AFP et Reuters"),
        ("avec ASD", (), "ASD"),
        ("Avec les agences", (), "les agences"),
        ("Awa Sow; avec ASD", ("Awa Sow",), "ASD"),
        ("Awa Sow avec Ali Ba", ("Awa Sow avec Ali Ba",), ""),
        ("Vecteur Plus", ("Vecteur Plus",), ""),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv"])
def test_an_agency_is_a_credit_and_no_author(tmp_path: Path, suffix: str, written: str, bylines: tuple[str, ...], credit: str) -> None:
    record = {"titre": "Le pont", "texte": "Il a rouvert.", "auteur": written}
    texts = {
        "jsonl": json.dumps(record),
        "json": json.dumps([record]),
        "csv": ",".join(record) + "\n" + ",".join(f'"{value}"' for value in record.values()),
    }
    (tmp_path / f"a.{suffix}").write_text(texts[suffix], encoding="utf-8")
    (article,) = read_articles([tmp_path])
    assert (article.bylines, article.credit) == (bylines, credit)


def test_a_credit_that_is_given_stays(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"titre": "Le pont", "texte": "Il a rouvert.", "auteur": "Awa Sow avec ASD", "credit": "ASD/AFP"}', encoding="utf-8"
    )
    (article,) = read_articles([tmp_path])
    assert (article.bylines, article.credit) == (("Awa Sow",), "ASD/AFP")
