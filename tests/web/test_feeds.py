"""What subscribers and browsers take: the feed of a search, the description of the search engine, the rules for robots."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import feedparser
import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html

from corpus import Article
from indexer import build_index
from search import Engine, SearchRequest, search
from web import create_app
from web.feeds import ENTRIES
from web.state import SearchState

ATOM = "{http://www.w3.org/2005/Atom}"
# What RFC 4287 requires and allows, for the elements that we write: name, children at least once, children at most once.
RULES: dict[str, tuple[set[str], set[str]]] = {
    "feed": ({"id", "title", "updated", "author"}, {"id", "title", "updated", "subtitle", "generator"}),
    "entry": ({"id", "title", "updated", "link"}, {"id", "title", "updated", "published", "summary"}),
    "author": ({"name"}, {"name"}),
}


def feed(client: FlaskClient, query: str) -> Any:
    answer = client.get(f"/recherche.atom?{query}")
    assert answer.status_code == 200
    parsed = feedparser.parse(answer.data)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed


def test_a_feed_keeps_the_rules_of_atom(client: FlaskClient) -> None:
    for query in ("", "q=match", "q=hostile", "q=zorglub"):
        root = etree.fromstring(client.get(f"/recherche.atom?{query}").data)
        assert root.tag == f"{ATOM}feed"
        for element in root.iter():
            name = etree.QName(element).localname
            children = [etree.QName(child).localname for child in element]
            required, single = RULES.get(name, (set(), set()))
            assert required <= set(children), (name, children)
            assert all(children.count(child) <= 1 for child in single), (name, children)
            if name in ("title", "summary", "subtitle"):
                assert element.get("type") == "text" and len(element) == 0
        ids = [element.text for element in root.iter(f"{ATOM}id")]
        assert len(ids) == len(set(ids)) and all(str(one).startswith("urn:uuid:") for one in ids)
        links = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
        assert len(links) == 1


def test_entries_come_by_the_day_they_were_added(tmp_path: Path) -> None:
    days = {"ancien": ("1999-01-01", "2026-03-03"), "recent": ("2026-01-01", "2026-01-05"), "milieu": ("2020-01-01", "2026-02-02")}
    made = [Article(doc_id=doc_id, headline="Port", body="Le port.", published=day, added=added) for doc_id, (day, added) in days.items()]
    build_index(made, tmp_path / "index")
    client = create_app(str(tmp_path / "index")).test_client()
    parsed = feed(client, "q=port")
    assert [urlsplit(entry.link).path for entry in parsed.entries] == ["/article/ancien", "/article/milieu", "/article/recent"]
    assert [entry.updated for entry in parsed.entries] == ["2026-03-03T00:00:00Z", "2026-02-02T00:00:00Z", "2026-01-05T00:00:00Z"]
    assert parsed.feed.updated == "2026-03-03T00:00:00Z"


def test_an_entry_shows_why_it_is_there(client: FlaskClient) -> None:
    entries = feed(client, "q=pêcheurs").entries
    assert [entry.title for entry in entries] == ["Accord de pêche : le port attend"]
    assert "pêcheurs" in entries[0].summary
    assert [author.name for author in entries[0].authors] == ["Awa Sow", "Jean de La Fontaine"]
    assert client.get(entries[0].link.removeprefix("http://localhost")).text.count("<mark") >= 1


def test_the_feed_leads_to_the_page_of_the_same_articles(client: FlaskClient, engine: Engine) -> None:
    parsed = feed(client, "q=match&journal=L’Essor")
    state = SearchState.from_args(parse_qsl(urlsplit(parsed.feed.link).query))
    assert (state.text, state.sort) == ("match", "added")
    hits = search(engine, state.request()).hits
    assert [urlsplit(entry.link).path for entry in parsed.entries] == [f"/article/{hit.doc_id}" for hit in hits[:ENTRIES]]
    assert client.get(parsed.feed.link.removeprefix("http://localhost")).status_code == 200


def test_a_feed_of_nothing_is_empty_and_stays_so_until_there_is_something(client: FlaskClient) -> None:
    assert feed(client, "q=zorglub+match").entries == []  # no article with fewer of the words slips in


def test_an_entry_keeps_its_id_when_the_site_moves(engine: Engine) -> None:
    ids = []
    for address in ("https://a.example", "https://b.example/presse"):
        parsed = feed(create_app(engine, public_url=address).test_client(), "q=accord")
        assert all(entry.link.startswith(f"{address}/article/") for entry in parsed.entries)
        ids.append([entry.id for entry in parsed.entries])
    assert ids[0] == ids[1]


def test_hostile_text_is_text_in_a_feed(client: FlaskClient) -> None:
    raw = etree.fromstring(client.get("/recherche.atom?q=hostile").data)
    titles = [title.text or "" for title in raw.iter(f"{ATOM}title")]
    assert "hostile <script>alert(1)</script>" in titles
    assert not [link for link in raw.iter(f"{ATOM}link") if not link.get("href", "").startswith("http://localhost/")]


def test_a_result_page_announces_its_feed_and_the_site_its_search_engine(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/recherche?q=match&journal=L’Essor&page=2").get_data(as_text=True))
    (address,) = page.xpath("//link[@rel='alternate'][@type='application/atom+xml']/@href")
    assert parse_qsl(urlsplit(address).query) == [("q", "match"), ("journal", "L’Essor")]
    for path in ("/", "/aide", "/article/peche-1"):
        page = html.fromstring(client.get(path).get_data(as_text=True))
        assert page.xpath("//link[@rel='search'][@type='application/opensearchdescription+xml']/@href") == ["/opensearch.xml"]


def test_a_browser_can_take_the_site_as_a_search_engine(client: FlaskClient) -> None:
    answer = client.get("/opensearch.xml")
    assert answer.mimetype == "application/opensearchdescription+xml"
    names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    root = etree.fromstring(answer.data)
    assert len(root.findtext("o:ShortName", namespaces=names)) <= 16
    templates = {url.get("type"): url.get("template") for url in root.findall("o:Url", names)}
    assert set(templates) >= {"text/html", "application/atom+xml", "application/json", "application/x-suggestions+json"}
    for media_type, template in templates.items():
        address = template.replace("{searchTerms}", quote("accord de pêche")).replace("{startPage?}", "")
        found = client.get(address.removeprefix("http://localhost"))
        assert (found.status_code, found.mimetype) == (200, {"application/x-suggestions+json": found.mimetype}.get(media_type, media_type))
    suggested = client.get("/suggestions?q=pech").get_json(force=True)
    assert suggested[0] == "pech" and isinstance(suggested[1], list)


def test_without_an_address_of_its_own_the_site_repeats_no_foreign_host(app: Flask) -> None:
    for path in ("/recherche.atom?q=match", "/opensearch.xml", "/recherche.bib?q=match", "/article/peche-1.ris", "/api/openapi.json"):
        answer = app.test_client().get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 200
        assert "evil.example" not in answer.get_data(as_text=True) + str(answer.headers)


def test_robots_read_articles_and_keep_out_of_the_facets(client: FlaskClient) -> None:
    rules = client.get("/robots.txt").get_data(as_text=True).splitlines()
    assert rules[0] == "User-agent: *"
    closed = [rule.removeprefix("Disallow: ") for rule in rules if rule.startswith("Disallow: ")]
    assert "/recherche" in closed and "/concordance" in closed
    assert not any("/article/peche-1".startswith(path) for path in closed)
    under = client.get("/robots.txt", environ_overrides={"SCRIPT_NAME": "/presse"}).get_data(as_text=True)
    assert "Disallow: /presse/recherche" in under


def test_pages_and_files_of_facets_are_not_for_indexing(client: FlaskClient) -> None:
    for ending in ("csv", "jsonl", "ris", "bib", "atom"):
        assert client.get(f"/recherche.{ending}?q=match").headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("sort", ["ajout", "recent"])
def test_the_newest_added_come_first_where_asked(engine: Engine, sort: str) -> None:
    order = SearchState.from_args([("tri", sort)]).request().sort
    assert order == {"ajout": "added", "recent": "newest"}[sort]
    hits = search(engine, SearchRequest(sort=order, size=100)).hits
    assert len({hit.doc_id for hit in hits}) == len(hits) == 55
