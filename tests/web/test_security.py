"""What a hostile article, address or header cannot do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hostile_texts import HOSTILE
from lxml import html

from search import Engine
from web import create_app
from web.responses import SECURITY_HEADERS

ADDRESSES = (
    "/",
    "/recherche",
    "/recherche?q=hostile",
    "/recherche?q=zorglub",
    "/recherche?q=hostile&vue=tableau",
    "/recherche?page=0",
    "/recherche.json?q=hostile",
    "/recherche.json?page=0",
    "/article/hostile-0?q=hostile&rang=1",
    "/article/sans-date",
    "/article/none",
    "/aide",
    "/sante",
    "/robots.txt",
    "/static/marbre.css",
    "/static/none.css",
    "/nowhere",
)
PAGES = tuple(address for address in ADDRESSES if "." not in address and address != "/sante")
_SCRIPT_ADDRESS = re.compile(r"\s*(javascript|data|vbscript):", re.IGNORECASE)
_SCRIPT_ATTRIBUTES = re.compile(r"^(on|style$|srcdoc$|formaction$)")


def executable(text: str) -> list[str]:
    """Return whatever a browser would run or style inline."""
    tree = html.fromstring(text)
    active = [
        node for node in tree.iter("script", "style", "iframe", "object", "embed", "base") if node.get("type") != "application/ld+json"
    ]
    found = [str(node.tag) for node in active if not str(node.get("src", "")).startswith("/static/")]
    for node in tree.iter():
        attributes = node.attrib.items() if isinstance(node.tag, str) else ()
        for name, value in attributes:
            if _SCRIPT_ATTRIBUTES.match(name) or (name in ("href", "src", "action") and _SCRIPT_ADDRESS.match(value)):
                found.append(f"{node.tag}@{name}={value}")
    return found


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_every_answer_carries_every_security_header(client: FlaskClient, address: str, method: str) -> None:
    answer = client.open(address, method=method)
    for name, value in SECURITY_HEADERS:
        assert answer.headers.getlist(name) == [value]
    assert answer.headers["Cache-Control"]
    if answer.status_code >= 400:
        assert answer.headers["Cache-Control"] == "no-store"


def test_an_unchanged_page_carries_them_too(client: FlaskClient) -> None:
    tag = client.get("/aide").headers["ETag"]
    answer = client.get("/aide", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert dict(SECURITY_HEADERS).items() <= dict(answer.headers).items()


@pytest.mark.parametrize("address", PAGES)
def test_no_page_holds_inline_script_style_or_handler(client: FlaskClient, address: str) -> None:
    assert executable(client.get(address).get_data(as_text=True)) == []


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_hostile_text_is_shown_and_never_run(client: FlaskClient, payload: str) -> None:
    for name in ("q", "journal", "-journal", "du", "tri", "rang", "inconnu"):
        for path in ("/recherche", "/article/hostile-1", "/nowhere"):
            text = client.get(path, query_string={name: payload}).get_data(as_text=True)
            assert executable(text) == []
    number = HOSTILE.index(payload)
    article = client.get(f"/article/hostile-{number}?q=hostile").get_data(as_text=True)
    assert executable(article) == []
    shown: Any = html.fromstring(article).xpath("//div[@class='standfirst']")[0].text_content()
    assert shown.replace("\u00a0", " ").strip() == payload


def test_a_source_that_is_no_web_address_is_no_link(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/article/sans-date").get_data(as_text=True))
    assert not [link for link in tree.xpath("//a/@href") if "script" in link]
    assert "javascript:alert(1)" in tree.text_content()


@pytest.mark.parametrize(
    "query",
    [
        "q=%ff%fe&journal=%c3%28",
        "q=%00%01%1b[31m&journal=%00",
        "page=" + "9" * 4000,
        "page=%D9%A3",
        "q[]=a&journal[x]=b",
        "q=a&q=b&page=2&page=3",
        "&".join(f"journal={n}" for n in range(1000)),
        "&".join(f"p{n}={n}" for n in range(1000)),
        "q=%0d%0aSet-Cookie:%20a=b",
        "q=" + "(" * 3000,
        "q=" + "ANDNOT+" * 1000,
        "q=%F0%9F%98%80%E2%80%AE",
        "annee=%D9%A2%D9%A0%D9%A2%D9%A5",
        "du=-0001&au=99999",
        "=&&=&;;",
    ],
    ids=lambda query: query[:24],
)
@pytest.mark.parametrize("path", ["/recherche", "/recherche.json", "/article/peche-1"])
def test_strange_parameters_are_answered_or_refused(client: FlaskClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code in (200, 400)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "a b", "évil", "[::1", "x" * 300, "evil.example/../", 'a"b'])
def test_a_foreign_host_is_not_repeated(client: FlaskClient, host: str) -> None:
    for path in ("/", "/recherche?q=match", "/article/peche-1", "/nowhere"):
        answer = client.get(path, headers={"Host": host, "X-Forwarded-Host": "worse.example", "X-Forwarded-Prefix": "/worse"})
        assert answer.status_code in (200, 400, 404)
        text = answer.get_data(as_text=True) + str(answer.headers)
        assert "worse" not in text
        assert "evil" not in text


def test_a_fault_inside_shows_no_path_no_stack_and_no_name(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(f"secret /srv/path {name}")

    app: Flask = create_app(Broken())  # type: ignore[arg-type]
    for address in ("/", "/recherche?q=x", "/recherche.json?q=x", "/article/x", "/aide", "/sante"):
        answer = app.test_client().get(address)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500
        assert not re.search(r"secret|/srv|Traceback|RuntimeError|[Ff]lask|[Ww]erkzeug|\.py\b", text)
        assert answer.headers["Content-Security-Policy"]
    assert "secret" in caplog.text  # the operator sees it


def test_every_link_of_a_result_page_that_filters_is_nofollow(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/recherche?q=match&journal=L’Essor").get_data(as_text=True))
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex, nofollow"]
    links = tree.xpath("//main//a[contains(@href,'journal=') and not(contains(@href,'/article/'))]")
    loose = [link.get("href") for link in links if "nofollow" not in link.get("rel", "")]
    assert loose == []
    assert "Disallow: /recherche" in client.get("/robots.txt").get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["//recherche", "//evil.example/recherche", "/\\evil.example", "/recherche/", "/static/../views.py", "/static/%2e%2e/views.py"]
)
def test_a_twisted_path_is_no_page_and_no_redirect(client: FlaskClient, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == (200 if path == "//recherche" else 404)
    assert "Location" not in answer.headers
    assert "evil" not in answer.get_data(as_text=True)
