"""Files that leave the archive: read back by the programs they are made for."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import bibtexparser
import pytest
import rispy
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from werkzeug.test import TestResponse

from corpus import Article, read_articles
from indexer import build_index
from marbre import cli
from search import Engine, SearchRequest, export
from search.citations import as_bibtex, as_csl, as_ris, family_and_given
from search.exporting import CSV_COLUMNS, FORMATS, Heading, article_as_json, cell, csv_line, render
from web import create_app
from web.exports import EXPORT_SLOTS
from web.limits import EXPORT_WIDTH
from web.shared import SharedTable

FILES = ("jsonl", "csv", "ris", "bib")
BOUND = "# ' \" { } [ ] % & # $ _ ~ ^ \\ @ , ; = « l’été » œ\n\nؤ"
lines = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


def all_ids(engine: Engine, text: str = "") -> list[str]:
    return [article.doc_id for article in export(engine, SearchRequest(text=text, sort="relevance" if text else "newest", reprints="all"))]


def ris_entries(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rispy.loads(text)
    return found


def bib_entries(text: str) -> Any:
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    return library.entries


def ids_in(ending: str, text: str) -> list[str]:
    if ending == "jsonl":
        return [json.loads(line)["doc_id"] for line in text.splitlines()]
    if ending == "csv":
        return [row["doc_id"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))]
    return [entry["id"] for entry in ris_entries(text)] if ending == "ris" else [entry.key for entry in bib_entries(text)]


@pytest.mark.parametrize("ending", FILES)
@pytest.mark.parametrize("query", ["", "match", "accord", "zorglub"])
def test_every_hit_is_in_the_file_in_the_order_of_the_page(client: FlaskClient, engine: Engine, ending: str, query: str) -> None:
    answer = client.get(f"/recherche.{ending}", query_string={"q": query, "page": "1", "par_page": "3"})
    assert answer.status_code == 200
    assert ids_in(ending, answer.get_data(as_text=True)) == all_ids(engine, query)


@pytest.mark.parametrize("ending", FILES)
def test_a_file_is_an_attachment_of_ours_in_a_sandbox(client: FlaskClient, ending: str) -> None:
    answer = client.get(f"/recherche.{ending}", query_string={"q": 'pêche";\r\nX-Evil: 1 ../../"'})
    name = answer.headers["Content-Disposition"]
    assert name.startswith('attachment; filename="marbre-peche-x-evil-1-20')
    assert name.isascii() and name.endswith(f'.{ending}"') and "/" not in name
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize("address", [*(f"/recherche.{ending}?q=match" for ending in FILES), "/concordance.csv?q=match", "/recherche.atom"])
def test_an_unchanged_file_is_not_sent_again_and_a_commit_changes_it(tmp_path: Path, address: str) -> None:
    location = tmp_path / "index"
    build_index([Article(headline="Match", body="Un match.")], location)
    client = create_app(str(location)).test_client()
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.head(address).headers["ETag"] == tag
    build_index([Article(headline="Un autre match", body="Un match.")], location)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_the_file_says_what_was_asked_and_when_where_its_format_has_a_place(client: FlaskClient) -> None:
    for ending, sign in (("ris", "Recherche : "), ("bib", "% Recherche : ")):
        first, second, third = client.get(f"/recherche.{ending}?q=match&journal=L’Essor").get_data(as_text=True).splitlines()[:3]
        assert first == f"{sign}match (journal=L’Essor)"
        assert "Date : 20" in second
        assert "http://localhost/recherche?q=match&journal=" in third


def test_a_search_file_keeps_filters_and_days(client: FlaskClient) -> None:
    rows = [json.loads(line) for line in client.get("/recherche.jsonl?q=match&journal=L’Essor&du=2020&au=2021").text.splitlines()]
    assert rows and all(row["newspaper"] == "L’Essor" and row["published"][:4] in ("2020", "2021") for row in rows)


def test_json_lines_read_back_are_the_same_archive(client: FlaskClient, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_bytes(client.get("/recherche.jsonl").data)
    again = {article.doc_id: article for article in read_articles([file]) if isinstance(article, Article)}
    assert again == {article.doc_id: article for article in export(engine, SearchRequest())}


FORMULAS = ("=1+1", "+33 1 23", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1", "＋1", "－1", "＠x", '=HYPERLINK("x")')


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert str(cell(text)).startswith("'")
    (row,) = csv.reader(io.StringIO(csv_line([text, -1.5, "a,b", 'c"d', "e\nf"]), newline=""))
    assert row[0].startswith("'")
    assert row[1:] == ["-1.5", "a,b", 'c"d', "e\nf"]  # a negative number is a number


@given(st.lists(lines.filter(lambda text: not text.startswith(tuple("=+-@\t\r\0＝＋－＠")) and "\0" not in text), min_size=2, max_size=5))
def test_a_table_gives_back_every_other_text_unchanged(values: list[str]) -> None:
    assert list(csv.reader(io.StringIO(csv_line(values), newline=""))) == [values]


def test_the_table_of_a_hostile_archive_is_safe_and_complete(client: FlaskClient, engine: Engine) -> None:
    text = client.get("/recherche.csv").get_data(as_text=True)
    assert text.startswith("\ufeffdoc_id,")
    assert text.count("\r\n") >= len(all_ids(engine))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert {len(row) for row in rows} == {len(CSV_COLUMNS)}
    assert not [value for row in rows for value in row if value.startswith(tuple("=+-@\t\r\0"))]


@given(
    st.builds(
        Article, headline=lines.filter(str.strip), body=lines, standfirst=lines, newspaper=lines, section=lines, tags=st.tuples(lines)
    )
)
def test_any_article_is_one_record_of_ris_bibtex_and_csl(article: Article) -> None:
    if not article.headline:
        return
    (record,) = ris_entries(as_ris(article, "https://a.example/article/x"))
    assert record["id"] == article.doc_id
    assert record["urls"] == ["https://a.example/article/x"]
    (entry,) = bib_entries(as_bibtex(article, "https://a.example/article/x"))
    assert entry.key == article.doc_id
    assert entry.fields_dict["url"].value == "https://a.example/article/x"
    assert as_csl(article)["title"] == article.headline


def test_a_reference_keeps_names_days_and_letters() -> None:
    article = Article(
        doc_id="essor:1",
        headline="50 % de l’or & du {sel} — « fin »",
        newspaper="L’Essor",
        section="Économie",
        standfirst="Deux lignes\n\nen une.",
        body="x",
        published="2025-10-09",
        bylines=("Awa Sow", "Jean de La Fontaine", "Marie NGO BISSÉ", "Diallo, avec AFP"),
        tags=("or", "sel"),
        url="https://essor.example/or?a=1&b=2",
    )
    (record,) = ris_entries(as_ris(article, "https://a.example/article/essor:1"))
    assert record["type_of_reference"] == "NEWS"
    assert record["title"] == article.headline
    assert record["authors"] == ["Sow, Awa", "Jean de La Fontaine", "NGO BISSÉ, Marie", "Diallo avec AFP"]
    assert (record["year"], record["date"], record["secondary_title"]) == ("2025", "2025/10/09", "L’Essor")
    assert record["abstract"] == "Deux lignes en une."
    assert record["keywords"] == ["or", "sel"]
    assert record["notes"] == ["Adresse d’origine : https://essor.example/or?a=1&b=2"]
    fields = bib_entries(as_bibtex(article))[0].fields_dict
    assert fields["title"].value == r"{50 \% de l’or \& du \{sel\} — « fin »}"
    assert fields["author"].value == "Sow, Awa and {Jean de La Fontaine} and NGO BISSÉ, Marie and {Diallo, avec AFP}"
    assert (fields["date"].value, fields["month"].value, fields["url"].value) == ("2025-10-09", "oct", "https://essor.example/or?a=1&b=2")


@pytest.mark.parametrize(
    ("name", "cut"),
    [("Awa Sow", ("Sow", "Awa")), ("Marie NGO BISSÉ", ("NGO BISSÉ", "Marie")), ("La Rédaction", None), ("Jean de La Fontaine", None)],
)
def test_a_name_is_cut_only_where_it_is_safe(name: str, cut: tuple[str, str] | None) -> None:
    assert family_and_given(name) == cut


def test_csl_json_is_what_a_citation_processor_reads(client: FlaskClient, recwarn: pytest.WarningsRecorder) -> None:
    items = client.get("/article/peche-1.csl").get_json(force=True)
    source = CiteProcJSON(items)
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, source, formatter.plain)
    bibliography.register(Citation([CitationItem("peche-1")]))
    (line,) = (str(item) for item in bibliography.bibliography())
    assert "Sow" in line and "2025" in line and "Accord de pêche" in line and "L’Essor" in line


@pytest.mark.parametrize(
    ("ending", "media_type", "said"),
    [
        ("json", "application/json", '"headline": "Accord de pêche : le port attend"'),
        ("txt", "text/plain", "Disponible à l’adresse\u00a0: http://localhost/article/peche-1"),
        ("ris", "application/x-research-info-systems", "TY  - NEWS"),
        ("bib", "application/x-bibtex", "@article{peche-1,"),
        ("csl", "application/vnd.citationstyles.csl+json", '"family": "Sow"'),
    ],
)
def test_an_article_is_sent_in_each_form(client: FlaskClient, ending: str, media_type: str, said: str) -> None:
    answer = client.get(f"/article/peche-1.{ending}")
    assert answer.mimetype == media_type
    assert said in answer.get_data(as_text=True)
    assert client.get(f"/article/inconnu.{ending}").status_code == 404


def test_the_text_of_an_article_is_whole(client: FlaskClient) -> None:
    text = client.get("/article/peche-1.txt").get_data(as_text=True)
    assert text.splitlines()[:3] == [
        "Accord de pêche : le port attend",
        "L’Essor, 1er\u00a0octobre 2025, Économie",
        "Awa Sow, Jean de La Fontaine",
    ]
    assert "Les pêcheurs disent : « enfin ! » Ils étaient 1 234." in text


def test_an_id_that_ends_like_a_file_keeps_its_page(tmp_path: Path) -> None:
    build_index([Article(doc_id="depeche.txt", headline="Dépêche", body="Texte.")], tmp_path / "index")
    client = create_app(str(tmp_path / "index")).test_client()
    assert "<h1>" in client.get("/article/depeche.txt").get_data(as_text=True)
    assert client.get("/article/depeche.txt.txt").mimetype == "text/plain"


def exporting(app: Flask, address: str) -> TestResponse:
    headers, environ = {"Accept": "application/json"}, {"REMOTE_ADDR": address}
    return app.test_client().get("/recherche.jsonl", headers=headers, environ_overrides=environ, buffered=False)


def test_exports_beyond_the_slots_are_asked_to_come_back_and_slots_are_given_back(app: Flask) -> None:
    running = [exporting(app, f"192.0.2.{number}") for number in range(EXPORT_SLOTS)]
    refused = exporting(app, "192.0.2.99")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "fichiers" in refused.json["error"]  # and not that the archive is out of order
    assert app.test_client().get("/recherche?q=match").status_code == 200
    for answer in running:
        answer.close()  # the reader went away in the middle
    assert app.test_client().get("/recherche.jsonl").status_code == 200


def test_one_visitor_has_two_exports_at_a_time_whichever_process_answers(engine: Engine) -> None:
    table = SharedTable(2, EXPORT_WIDTH)
    first = create_app(engine, export_table=table)
    running = [exporting(first, "192.0.2.1"), exporting(first, "192.0.2.1")]
    table.take_row(1)
    second = create_app(engine, export_table=table)
    refused = exporting(second, "192.0.2.1")
    assert (refused.status_code, refused.headers["Retry-After"], refused.get_json()["status"]) == (429, "5", 429)
    another = exporting(second, "192.0.2.2")
    assert another.status_code == 200
    another.close()
    table.take_row(0)
    for answer in running:
        answer.close()
    again = exporting(second, "192.0.2.1")
    assert again.status_code == 200
    again.close()
    assert not any(table.total(column) for column in range(EXPORT_WIDTH))


def test_what_a_killed_process_had_running_ends_with_it(engine: Engine) -> None:
    table = SharedTable(1, EXPORT_WIDTH)
    killed = [exporting(create_app(engine, export_table=table), "192.0.2.1") for _ in range(2)]
    anew = exporting(create_app(engine, export_table=table), "192.0.2.1")
    assert (killed[0].status_code, anew.status_code) == (200, 200)
    anew.close()


def test_memory_does_not_grow_with_the_export() -> None:
    def many(count: int) -> Iterator[Article]:
        article = Article(doc_id="a", headline="Titre", body="Texte. " * 500)
        yield from (article for _ in range(count))

    for form in FORMATS:
        peaks = []
        for count in (50, 5_000):
            tracemalloc.start()
            written = sum(len(piece) for piece in render(form, many(count), Heading("", "2026-01-01")))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert written > 50 * count
        assert peaks[1] < peaks[0] + 100_000, form


def test_the_command_writes_the_same_files(sample_index: Path, sample_engine: Engine, tmp_path: Path) -> None:
    runner = CliRunner()
    everything = [article.doc_id for article in export(sample_engine, SearchRequest(reprints="all"))]
    for form, ending in (("jsonl", "jsonl"), ("csv", "csv"), ("ris", "ris"), ("bibtex", "bib")):
        done = runner.invoke(cli, ["export", "--index", str(sample_index), "--format", form])
        assert done.exit_code == 0
        assert ids_in(ending, done.output) == everything
    file = tmp_path / "tout.json"
    asked = [
        "export",
        "pêche",
        "--index",
        str(sample_index),
        "--format",
        "json",
        "--output",
        str(file),
        "--base-url",
        "https://a.example/p/",
    ]
    assert runner.invoke(cli, asked).exit_code == 0
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert whole["query"] == "pêche"
    assert whole["articles"][0]["address"].startswith("https://a.example/p/article/")
    csl = json.loads(runner.invoke(cli, ["export", "pêche", "--index", str(sample_index), "--format", "csl"]).output)
    assert [item["id"] for item in csl] == [article["doc_id"] for article in whole["articles"]]


@pytest.mark.parametrize("form", ["ris", "bibtex"])
def test_a_page_of_hits_is_written_as_references(sample_index: Path, form: str) -> None:
    done = CliRunner().invoke(cli, ["search", "pêche", "--index", str(sample_index), "--size", "3", "--format", form])
    assert len(ids_in({"bibtex": "bib"}.get(form, form), done.output)) == 3


def test_what_is_exported_names_every_field(engine: Engine) -> None:
    article = engine.article("peche-1")
    assert article is not None
    assert {"headline", "standfirst", "body", "bylines", "published", "added", "references"} <= article_as_json(article).keys()


def test_zotero_finds_article_and_hits(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/article/peche-1").get_data(as_text=True))
    tags = {
        name: page.xpath("//meta[@name=$name]/@content", name=name)
        for name in ("citation_title", "citation_author", "citation_publication_date")
    }
    assert tags == {
        "citation_title": ["Accord de pêche : le port attend"],
        "citation_author": ["Awa Sow", "Jean de La Fontaine"],
        "citation_publication_date": ["2025/10/01"],
    }
    (block,) = page.xpath("//script[@type='application/ld+json']/text()")
    said = json.loads(block)
    assert (said["@type"], said["datePublished"], said["publisher"]["name"]) == ("NewsArticle", "2025-10-01", "L’Essor")
    assert [author["name"] for author in said["author"]] == ["Awa Sow", "Jean de La Fontaine"]
    (span,) = page.xpath("//span[@class='Z3988']/@title")
    assert parse_qs(span)["rft.identifier"] == ["http://localhost/article/peche-1"]
    hits = html.fromstring(client.get("/recherche?q=accord").get_data(as_text=True))
    spans = [parse_qs(title) for title in hits.xpath("//li[@class='hit']//span[@class='Z3988']/@title")]
    assert len(spans) == len(hits.xpath("//li[@class='hit']"))
    first = next(span for span in spans if span["rft.title"] == ["Accord de pêche : le port attend"])
    assert first["rft.type"] == ["newspaperArticle"]
    assert first["rft.creator"] == ["Awa Sow", "Jean de La Fontaine"]


def test_a_hostile_text_stays_inside_the_block_of_an_article(client: FlaskClient) -> None:
    for number in range(7):
        page = html.fromstring(client.get(f"/article/hostile-{number}").get_data(as_text=True))
        (block,) = page.xpath("//script[@type='application/ld+json']/text()")
        assert json.loads(block)["identifier"] == f"hostile-{number}"
        assert "<" not in block


def test_concordance_lines_are_a_table(client: FlaskClient) -> None:
    text = client.get("/concordance.csv?q=port").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) > 3
    assert all("port" in row[1].lower() for row in rows[1:] if len(row) > 2)
    assert client.get("/concordance.csv?q=port&ordre=hasard").status_code == 400
