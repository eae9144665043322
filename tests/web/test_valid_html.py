"""Is every page HTML that no parser has to mend? Both languages, every kind of page and answer."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from html_checks import parse_errors, parsed

PAGES = (
    "/",
    "/recherche",
    "/recherche?q=match",
    "/recherche?q=match&vue=tableau&page=2&journal=L’Essor&-rubrique=Sport&du=2018",
    "/recherche?q=zorglub+accord&journal=L’Essor&du=1990&au=1991",
    "/recherche?q=match&page=400",
    "/recherche?page=0",
    "/article/peche-1?q=accord&rang=1",
    "/article/sans-date",
    "/article/none",
    "/concordance",
    "/concordance?q=accord",
    "/concordance?q=zorglub",
    "/couverture",
    "/couverture?annee=2019",
    "/comparer",
    "/comparer?q=match&q=accord&q=port&q=stade",
    "/valeurs/auteur?q=match&journal=L’Essor",
    "/valeurs/auteur?contient=zzz",
    "/aide",
)
_HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, client: FlaskClient, language: str) -> str:
    address: str = request.param
    more = "" if language == "fr" else ("&" if "?" in address else "?") + "ui=en"
    return client.get(address + more).get_data(as_text=True)


def test_the_parser_mends_nothing(page: str) -> None:
    assert parse_errors(page) == []


def test_ids_are_unique_and_what_points_to_them_finds_them(page: str) -> None:
    nodes = [node for node in parsed(page).iter() if isinstance(node.tag, str)]
    ids = Counter(node.get("id") for node in nodes if node.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    pointing = ("for", "form", "aria-labelledby", "list")
    pointers = {(node.tag, name, node.get(name)) for node in nodes for name in pointing if node.get(name)}
    assert {pointer for pointer in pointers if pointer[2] not in ids} == set()
    anchors = {node.get("href")[1:] for node in nodes if (node.get("href") or "").startswith("#")}
    assert anchors <= set(ids)


def test_a_page_has_a_title_a_language_one_heading_of_the_first_level_and_no_step_left_out(page: str, language: str) -> None:
    tree = parsed(page)
    assert tree.get("lang") == language
    assert (tree.find(f".//{_HTML}title").text or "").strip()
    levels = [int(node.tag[-1]) for node in tree.iter() if isinstance(node.tag, str) and node.tag in {f"{_HTML}h{n}" for n in range(1, 7)}]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_field_has_a_label(page: str) -> None:
    tree = parsed(page)
    labelled = {node.get("for") for node in tree.iter(f"{_HTML}label")}
    inside = {id(field) for label in tree.iter(f"{_HTML}label") for field in label.iter()}
    fields = [node for tag in ("input", "select") for node in tree.iter(_HTML + tag) if node.get("type") != "hidden"]
    bare = [node.get("name") for node in fields if node.get("id") not in labelled and id(node) not in inside and not node.get("aria-label")]
    assert bare == []


def test_the_validator_sees_a_fault() -> None:
    assert parse_errors("<!doctype html><title>x</title><p><div id=a id=b></p>")
