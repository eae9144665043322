"""What readers and programs get at each address."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from search import Engine, SearchRequest, page_as_json, search
from web import create_app
from web.state import SearchState


def page(client: FlaskClient, address: str, status: int = 200) -> Any:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return html.fromstring(answer.get_data(as_text=True).replace("\u00a0", " ").replace("\u202f", " "))


def words(node: Any, path: str) -> list[str]:
    return [" ".join(found.text_content().split()) for found in node.xpath(path)]


def test_home_says_what_the_archive_holds(client: FlaskClient) -> None:
    home = page(client, "/")
    assert home.get("lang") == "fr"
    assert words(home, "//section[@class='holdings']/dl//dd")[0] == "55"
    assert "L’Essor" in words(home, "//ul[@class='papers']//a")
    assert len(home.xpath("//ol[@class='hits']/li")) == 6


def test_every_example_of_the_home_page_finds_something(client: FlaskClient, engine: Engine) -> None:
    links = page(client, "/").xpath("//section[@class='try']//a/@href")
    assert len(links) == 5
    for link in links:
        state = SearchState.from_args(parse_qsl(urlsplit(link).query))
        assert search(engine, state.request()).total > 0, state.text


def test_results_show_the_total_the_understood_query_and_marked_hits(client: FlaskClient) -> None:
    results = page(client, "/recherche?q=accord+peche")
    assert words(results, "//h1") == ["1 article pour accord peche"]
    assert words(results, "//*[@role='status']/span[1]") == ["1 article."]
    assert "Compris comme" in words(results, "//p[@class='said']")[0]
    assert words(results, "//li[@class='hit']//h2//mark") == ["Accord", "pêche"]
    assert "1er octobre 2025" in words(results, "//li[@class='hit']/p[@class='meta']")[0]
    assert results.xpath("//li[@class='hit']//time/@datetime") == ["2025-10-01"]


def test_the_page_and_the_command_line_write_the_same_json(client: FlaskClient, engine: Engine) -> None:
    got = client.get("/recherche.json?q=match&journal=L’Essor&par_page=7&page=2").get_json()
    request = SearchState.from_args([("q", "match"), ("journal", "L’Essor"), ("par_page", "7"), ("page", "2")]).request()
    expected = json.loads(json.dumps(page_as_json(search(engine, request))))
    assert {**got, "took_ms": 0} == {**expected, "took_ms": 0}


def test_facets_are_check_boxes_of_the_search_form(client: FlaskClient) -> None:
    results = page(client, "/recherche?q=match&journal=L’Essor&-rubrique=Sport")
    chosen = results.xpath("//input[@type='checkbox'][@checked]")
    assert [(box.get("name"), box.get("value"), box.get("form")) for box in chosen] == [("journal", "L’Essor", "recherche")]
    assert results.xpath("//input[@type='hidden'][@name='-rubrique']/@value") == ["Sport"]
    others = results.xpath("//input[@type='checkbox'][@name='journal'][not(@checked)]/@value")
    assert "Le Républicain" in others  # counts ignore the facet's own selection
    assert results.xpath("//button[@name='-journal'][@value='Le Républicain']")


def test_a_chip_leads_to_the_same_search_without_it(client: FlaskClient) -> None:
    results = page(client, "/recherche?q=match&journal=L’Essor&journal=Le+Républicain&du=2019")
    targets = [parse_qsl(urlsplit(link).query) for link in results.xpath("//ul[@class='chips']//a/@href")]
    assert targets == [
        [("q", "match"), ("journal", "Le Républicain"), ("du", "2019-01-01")],
        [("q", "match"), ("journal", "L’Essor"), ("du", "2019-01-01")],
        [("q", "match"), ("journal", "L’Essor"), ("journal", "Le Républicain")],
        [("q", "match")],
    ]


def test_without_value_is_a_value(client: FlaskClient) -> None:
    everything = page(client, "/recherche")
    assert "sans valeur" in words(everything, "//input[@name='journal'][@value='']/following-sibling::span")
    assert words(page(client, "/recherche?journal="), "//h1") == ["1 article"]


def test_bars_of_the_timeline_narrow_to_their_period(client: FlaskClient) -> None:
    results = page(client, "/recherche?q=match")
    links = results.xpath("//*[local-name()='svg']//a/@href")
    rows = results.xpath("//section[@class='timeline']//tbody/tr")
    assert len(links) == len(rows) > 5
    total = sum(int(words(row, "td")[0]) for row in rows)
    assert total == 45
    assert words(page(client, links[0]), "//h1")[0].startswith(words(rows[0], "td")[0] + " article")


def test_pages_have_stable_addresses_and_end(client: FlaskClient) -> None:
    second = page(client, "/recherche?q=match&page=2")
    assert second.xpath("//nav[@class='pages']//span[@aria-current='page']//text()") == ["Page ", "2"]
    assert second.xpath("//ol[@class='hits']/@start") == ["21"]
    assert "1 à" not in words(second, "//p[@class='said']")[0].replace("21 à", "")
    assert second.xpath("//link[@rel='prev']/@href") == ["/recherche?q=match"]
    assert words(page(client, "/recherche?q=match&page=400"), "//div[@class='nothing']/h2") == ["Cette page n’existe pas"]


def test_the_table_shows_the_same_articles(client: FlaskClient) -> None:
    table = page(client, "/recherche?q=match&vue=tableau")
    assert words(table, "//table[contains(@class,'hits')]/tbody/tr/th") == words(
        page(client, "/recherche?q=match"), "//li[@class='hit']/h2"
    )


def test_nothing_found_says_which_word_is_missing_and_what_to_drop(client: FlaskClient) -> None:
    nothing = page(client, "/recherche?q=stade&annee=1999")
    assert words(nothing, "//h1") == ["Aucun article pour stade"]
    assert "sans les filtres 45 articles" in words(nothing, "//div[@class='nothing']//li")
    missing = page(client, "/recherche?q=zorglub+xyzzy")
    assert words(missing, "//div[@class='nothing']//s") == ["zorglub", "xyzzy"]


def test_a_relaxed_answer_says_so(client: FlaskClient) -> None:
    notes = words(page(client, "/recherche?q=pêche+stade+zorglub"), "//div[@class='notes']/p")
    assert any("Aucun article ne contient tous ces mots" in note for note in notes)


def test_an_over_long_query_is_answered_with_a_note(client: FlaskClient) -> None:
    results = page(client, "/recherche?q=" + "accord+" * 400)
    assert words(results, "//div[@class='notes']/p")


def test_an_article_keeps_the_marks_and_the_way_of_the_search(client: FlaskClient) -> None:
    first = page(client, "/recherche?q=match&tri=ancien").xpath("//li[@class='hit']/h2/a/@href")
    second = page(client, first[1])
    assert words(second, "//article//mark") != []
    assert words(second, "//nav[@class='walk']/span")[0] == "2 sur 45"
    assert second.xpath("//nav[@class='walk'][1]/a[contains(@rel,'prev')]/@href") == [first[0]]
    assert second.xpath("//nav[@class='walk'][1]/a[contains(@rel,'next')]/@href") == [first[2]]
    last_of_page = page(client, first[19])
    assert len(last_of_page.xpath("//nav[@class='walk'][1]/a")) == 3


def test_an_article_shows_counts_details_citation_and_its_permanent_address(client: FlaskClient) -> None:
    article = page(client, "/article/peche-1?q=pêche")
    assert words(article, "//section[@class='found']//li")[0].startswith("pêche 2")
    assert article.xpath("//section[@class='found']//li[1]/a/@href")[0].lstrip("#") in article.xpath("//mark/@id")
    assert words(article, "//div[@class='body']/p") == [
        "Le port de Mopti attend l’accord de pêche.",
        "Les pêcheurs disent : « enfin ! » Ils étaient 1 234.",
    ]
    source = article.xpath("//a[@href='https://essor.example/peche']")[0]
    assert source.get("rel") == "noopener nofollow noreferrer"
    assert article.xpath("//link[@rel='canonical']/@href") == ["http://localhost/article/peche-1"]
    assert "SOW, Awa" in words(article, "//p[@id='citation']")[0]
    tags = [link for link in article.xpath("//aside//dl//a/@href") if "motcle" in link]
    assert parse_qsl(urlsplit(tags[0]).query) == [("motcle", "pêche")]


def test_an_article_without_headline_is_shown_under_its_first_words(client: FlaskClient) -> None:
    article = page(client, "/article/brute-2")
    assert words(article, "//h1[@class='derived']") == ["Sans titre, mais avec un accord au port."]
    assert "mars 2024" in words(article, "//p[@class='meta']")[0]


def test_a_rank_that_no_longer_holds_shows_no_neighbours(client: FlaskClient) -> None:
    article = page(client, "/article/peche-1?q=match&rang=3")
    assert article.xpath("//nav[@class='walk'][1]/a/text()") == ["Retour aux résultats"]


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/recherche?page=0", 400, "page"),
        ("/recherche?du=demain", 400, "« demain »"),
        ("/article/inconnu", 404, "rien à cette adresse"),
        ("/article/peche-1?rang=x", 400, "rang"),
        ("/nulle-part", 404, "rien à cette adresse"),
    ],
)
def test_errors_are_pages_with_a_sentence_and_a_search_box(client: FlaskClient, address: str, status: int, sentence: str) -> None:
    error = page(client, address, status)
    assert sentence in words(error, "//p[@class='sentence']")[0]
    assert error.xpath("//input[@name='q']")


@pytest.mark.parametrize("address", ["/recherche.json?page=0", "/recherche.json?du=demain"])
def test_errors_for_programs_are_json(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.get_json()["ok"] is False
    assert answer.get_json()["status"] == 400
    assert client.get("/nulle-part", headers={"Accept": "application/json"}).get_json()["status"] == 404


def test_health_tells_generation_and_articles(client: FlaskClient) -> None:
    answer = client.get("/sante")
    assert answer.get_json()["ok"] is True
    assert answer.get_json()["articles"] == 55
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_site_works_under_a_prefix(client: FlaskClient) -> None:
    answer = client.get("/recherche?q=match", environ_overrides={"SCRIPT_NAME": "/presse"})
    tree = html.fromstring(answer.get_data(as_text=True))
    addresses = tree.xpath("//a/@href | //link/@href | //script/@src | //form/@action")
    assert all(address.startswith(("/presse/", "#", "http://localhost/presse/")) for address in addresses)


def test_a_public_url_makes_addresses_absolute(engine: Engine) -> None:
    site = create_app(engine, public_url="https://archives.example.org/presse/").test_client()
    text = site.get("/article/peche-1", headers={"Host": "evil.example"}, environ_overrides={"SCRIPT_NAME": "/presse"}).get_data(
        as_text=True
    )
    assert '<link rel="canonical" href="https://archives.example.org/presse/article/peche-1">' in text
    assert "evil.example" not in text


def test_an_unknown_option_is_refused(engine: Engine) -> None:
    with pytest.raises(TypeError, match="colour"):
        create_app(engine, colour="red")


def test_every_page_of_the_site_has_headings_in_order_and_labelled_fields(client: FlaskClient) -> None:
    for address in (
        "/",
        "/recherche?q=match&journal=L’Essor",
        "/recherche?q=zorglub",
        "/article/peche-1?q=accord&rang=1",
        "/aide",
        "/nulle-part",
    ):
        tree = html.fromstring(client.get(address).get_data(as_text=True))
        levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3")]
        assert levels[0] == 1 and levels.count(1) == 1, address
        assert all(after - before <= 1 for before, after in pairwise(levels)), address
        for field in tree.xpath("//input[not(@type='hidden')] | //select"):
            labelled = field.xpath("ancestor::label") or tree.xpath("//label[@for=$id]", id=field.get("id"))
            assert labelled, (address, html.tostring(field))
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), address


def test_every_example_of_the_help_page_is_understood_without_a_note(client: FlaskClient, engine: Engine) -> None:
    for link in page(client, "/aide").xpath("//dl//a/@href"):
        text = dict(parse_qsl(urlsplit(link).query))["q"]
        assert search(engine, SearchRequest(text=text)).notes == (), text


def test_pages_are_compressed_and_revalidated(app: Flask) -> None:
    client = app.test_client()
    first = client.get("/recherche?q=match", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(first.data)
    assert len(first.data) < 15_000
    again = client.get("/recherche?q=match", headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    plain = client.get("/recherche?q=match", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers


def test_assets_are_kept_for_a_year_under_the_digest_of_their_content(client: FlaskClient) -> None:
    sheet = page(client, "/").xpath("//link[@rel='stylesheet']/@href")[0]
    assert "immutable" in client.get(sheet).headers["Cache-Control"]
    assert "immutable" not in client.get("/static/marbre.css?v=other").headers["Cache-Control"]


def test_words_typed_into_a_list_without_words_are_sorted_by_relevance(client: FlaskClient) -> None:
    chosen = page(client, "/recherche").xpath("//select[@name='tri']/option[@selected]")
    assert [(option.get("value"), option.text) for option in chosen] == [("", "du plus récent")]
    asked = page(client, "/recherche?q=match").xpath("//select[@name='tri']/option[@selected]")
    assert [(option.get("value"), option.text) for option in asked] == [("", "par pertinence")]
