"""Is /api/openapi.json true? Thousands of questions made from it, and every answer held against it."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from flask import Flask
from fuzz_queries import fuzz_queries  # the questions that the parser is tried with
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import negative_data_rejection
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from search import Engine
from web import create_app
from web.openapi import specification
from web.responses import SANDBOX, SECURITY_HEADERS
from web.state import PARAMETERS

LONG = bool(os.environ.get("MARBRE_LONG"))
CASES = 10_000 if LONG else 1_000
FUZZED = 100_000 if LONG else 2_000
PAGES = {
    "/",
    "/recherche",
    "/article/<doc_id>",
    "/article/<doc_id>/version/<other>",
    "/aide",
    "/static/<name>",
    "/metriques",
    "/comparer",
    "/concordance",
    "/couverture",
    "/valeurs/<parameter>",
    "/texte/<slug>",
}

# The site is made when the module is loaded: schemathesis needs the operations to make the tests.
_SPECIFICATION = specification("Marbre", "/")
_OPERATIONS = len(_SPECIFICATION["paths"])
schema = schemathesis.openapi.from_dict(_SPECIFICATION)
_site: dict[str, Flask] = {}


@pytest.fixture(scope="module", autouse=True)
def served_app(engine: Engine) -> None:
    _site["app"] = create_app(engine)


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """Leave out what no schema can say: a period that ends before it begins, a page beyond the window."""
    if not isinstance(query, dict):
        return True
    since, until = str(query.get("du") or ""), str(query.get("au") or "9999")
    page, size = query.get("page", 1), query.get("par_page", 20)
    return since <= until and not (isinstance(page, int) and isinstance(size, int) and page <= 10_000 < page * size)


@schema.parametrize()
@settings(
    max_examples=max(1, CASES // _OPERATIONS),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_was_announced(case: Any) -> None:
    case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}  # its transport does not unpack
    answer = WSGI_TRANSPORT.send(case, app=_site["app"])
    # The site reads more than it announces (« 9 octobre 2025 », blanks around a number); what it refuses stands in test_state.
    case.validate_response(answer, excluded_checks=[negative_data_rejection])


def test_the_description_names_every_address_for_programs(app: Flask) -> None:
    described = {path.replace("{doc_id}", "<doc_id>") for path in _SPECIFICATION["paths"]}
    served = set()
    for rule in app.url_map.iter_rules():
        endings = ("jsonl", "csv", "ris", "bib") if "<any(" in rule.rule else ("",)
        served |= {rule.rule.partition("<any(")[0] + ending for ending in endings}
    assert served - PAGES == described
    assert app.test_client().get("/api/openapi.json").get_json()["paths"].keys() == _SPECIFICATION["paths"].keys()


def test_the_description_has_every_parameter_of_a_search() -> None:
    names = {row["name"] for row in _SPECIFICATION["paths"]["/recherche.json"]["get"]["parameters"]}
    assert {*PARAMETERS.values(), *(f"-{name}" for name in PARAMETERS.values())} <= names
    assert {"q", "du", "au", "tri", "page", "par_page"} <= names


@pytest.mark.timeout(3_600 if LONG else 120)
def test_fuzzed_queries_are_answered_whatever_they_are(app: Flask) -> None:
    client = app.test_client()
    paths = ("/recherche", "/recherche.json", "/recherche.atom", "/recherche.csv", "/suggestions", "/concordance")
    failures = []
    for number, query in enumerate(fuzz_queries(FUZZED)):
        path = paths[0] if number % 4 else paths[number // 4 % len(paths)]
        answer = client.get(path + "?" + urlencode({"q": query}, errors="surrogatepass"))
        answer.get_data()
        if answer.status_code not in (200, 400):
            failures.append((path, query, answer.status_code))
    assert failures == []


@pytest.mark.parametrize("name", ["q", "journal", "-auteur", "du", "annee", "tri", "page", "par_page", "ui", "ordre"])
@pytest.mark.parametrize(
    "path", ["/recherche.csv", "/recherche.atom", "/recherche.bib", "/concordance.csv", "/article/peche-1.json", "/suggestions"]
)
def test_strange_values_are_answered_or_refused(app: Flask, path: str, name: str) -> None:
    values = [
        "",
        "\0",
        "\r\nX-Evil: 1",
        "../../etc/passwd",
        "9" * 4_000,
        "-1",
        "٣",
        "\ud800",
        "=cmd|' /C calc'!A0",
        "%00",
        "a" * 9_000,
        "1e9",
    ]
    for value in values:
        answer = app.test_client().get(f"{path}?" + urlencode({name: value}, errors="surrogatepass"))
        assert answer.status_code in (200, 400), (path, name, value)
        assert "X-Evil" not in answer.headers
        answer.close()


@pytest.mark.parametrize("suffix", [";.css", "/x.css", "%2f.css", ".css", "%00.css"])
def test_a_page_is_not_kept_under_the_name_of_an_asset(app: Flask, suffix: str) -> None:
    for path in ("/recherche", "/article/peche-1", "/aide", "/sante"):
        answer = app.test_client().get(path + suffix + "?q=match")
        assert answer.status_code == 404 or "public" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "path",
    ["/recherche?q=match", "/recherche.json?q=match", "/recherche.csv?q=match", "/recherche.atom?q=match", "/article/peche-1", "/aide"],
)
def test_the_same_address_gives_the_same_bytes_whatever_else_is_sent(app: Flask, path: str) -> None:
    def body(headers: dict[str, str]) -> tuple[int, bytes]:
        answer = app.test_client().get(path, headers=headers)
        data = answer.get_data()
        return answer.status_code, b"" if path.startswith("/recherche.json") else _without_time(data)

    plain = body({})
    unkeyed = (
        {"X-Forwarded-Host": "evil.example"},
        {"X-Original-URL": "/aide"},
        {"Range": "bytes=0-5"},
        {"Cookie": "a=b"},
        {"User-Agent": "x"},
    )
    for headers in unkeyed:
        assert body(headers) == plain, headers
    head = app.test_client().head(path)
    assert (head.status_code, head.get_data()) == (200, b"")


def _without_time(data: bytes) -> bytes:
    return re.sub(rb"en (moins de )?[0-9,]+\xc2\xa0ms", b"", data)


@pytest.mark.parametrize(
    "path", ["/recherche.csv", "/recherche.atom", "/concordance.csv", "/article/none.json", "/api/openapi.json", "/opensearch.xml"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_every_answer_for_programs_carries_the_headers(app: Flask, path: str, method: str) -> None:
    answer = app.test_client().open(path, method=method)
    for name, value in SECURITY_HEADERS:
        assert answer.headers.getlist(name) in ([value], [SANDBOX] if name == "Content-Security-Policy" else [value])
    if answer.status_code >= 400:
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/recherche.csv", "/recherche.jsonl", "/recherche.atom", "/concordance.csv", "/article/x.ris", "/metriques", "/sante"]
)
def test_a_fault_inside_leaks_nothing_into_a_file(path: str, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"secret /srv/path {name}")

    answer = create_app(Broken(), metrics=None).test_client().get(path)  # type: ignore[arg-type]
    assert answer.status_code in (500, 404)
    assert b"secret" not in answer.data and b"/srv" not in answer.data and b"Traceback" not in answer.data
    assert "Server" not in answer.headers
