"""Can a text of the archive run in a reader’s browser? Every field of an article holds a hostile text, on every kind of page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hostile_texts import hostile_articles
from html_checks import executable_nodes, parsed
from lxml import etree
from xss_payloads import PAYLOADS

from indexer import build_index
from search import open_engine
from web import create_app

LISTS = (
    "/",
    "/recherche?q=hostile&par_page=100",
    "/recherche?q=hostile&par_page=100&page=2",
    "/recherche?q=hostile&par_page=100&page=3",
    "/recherche?q=hostile&vue=tableau&par_page=100",
    "/recherche?q=zorglub",
    "/valeurs/journal?q=hostile",
    "/valeurs/auteur?ordre=alphabet",
    "/valeurs/motcle?feuille=2",
    "/couverture",
    "/concordance?q=hostile&par_page=200",
    "/concordance?q=hostile&ordre=gauche&par_page=200&page=2",
    "/comparer?q=hostile",
    "/aide",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    location: Path = tmp_path_factory.mktemp("xss") / "index"
    build_index(hostile_articles(PAYLOADS), location)
    with open_engine(location) as engine:
        yield create_app(engine).test_client()


def test_there_are_at_least_two_hundred_payloads() -> None:
    assert len(PAYLOADS) >= 200


@pytest.mark.parametrize("language", ["", "en"], ids=["French", "English"])
@pytest.mark.parametrize("address", LISTS)
def test_no_list_runs_what_it_shows(hostile: FlaskClient, address: str, language: str) -> None:
    answer = hostile.get(address + f"{'&' if '?' in address else '?'}ui={language}" if language else address)
    assert answer.status_code == 200
    assert executable_nodes(parsed(answer.get_data(as_text=True))) == []


@pytest.mark.parametrize("part", range(4))
def test_no_article_runs_what_it_says(hostile: FlaskClient, part: int) -> None:
    for place in range(part, len(PAYLOADS), 4):
        tree = parsed(hostile.get(f"/article/x{place}?q=hostile").get_data(as_text=True))
        assert executable_nodes(tree) == [], PAYLOADS[place]


def test_no_question_filter_or_address_runs(hostile: FlaskClient) -> None:
    for payload in PAYLOADS:
        asked = quote(payload, safe="")
        for address in (
            f"/{asked}",
            f"/recherche?page={asked}",
            f"/recherche?q={asked}&journal={asked}&par_page=1",
            f"/comparer?q={asked}",
        ):
            answer = hostile.get(address)
            assert answer.status_code in (200, 400, 404), address
            assert executable_nodes(parsed(answer.get_data(as_text=True))) == [], address


def test_programs_get_the_texts_as_they_are_in_forms_that_no_browser_runs(hostile: FlaskClient) -> None:
    answer = hostile.get("/recherche.json?q=hostile&par_page=100")
    assert answer.mimetype == "application/json"
    assert len(json.loads(answer.data)["hits"]) == 100
    assert "<script" not in hostile.get("/suggestions?q=%3Cscript").headers["Content-Type"]
    for ending in ("jsonl", "csv", "ris", "bib"):
        file = hostile.get(f"/recherche.{ending}?q=hostile")
        assert file.status_code == 200
        assert file.headers["Content-Disposition"].startswith("attachment")
        assert (file.headers["X-Content-Type-Options"], file.headers["Content-Security-Policy"]) == ("nosniff", "sandbox")
    assert all(json.loads(line) for line in hostile.get("/recherche.jsonl?q=hostile").get_data(as_text=True).splitlines())
    rows = list(csv.reader(io.StringIO(hostile.get("/recherche.csv?q=hostile").get_data(as_text=True).removeprefix("\ufeff"))))
    assert len(rows) == len(PAYLOADS) + 1
    etree.fromstring(hostile.get("/recherche.atom?q=hostile").data)  # well-formed, or an error


@pytest.mark.parametrize(
    "payload", [p for p in PAYLOADS if p.startswith("<") and not any(odd in p for odd in ("scr<", "=x/", "noscript"))][:30]
)
def test_the_check_sees_what_a_careless_page_would_run(payload: str) -> None:
    careless = f"<!doctype html><title>x</title><p>{payload}</p>"
    assert executable_nodes(parsed(careless))
