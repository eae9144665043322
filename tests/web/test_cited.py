"""Every text that articles cite has a page, and a search offers it; acronyms are offered with three ways on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

from corpus import Article
from indexer import build_index
from search import open_engine
from web import create_app


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    location: Path = tmp_path_factory.mktemp("cited") / "index"
    bodies = [
        "La loi n°2012-023 et le décret n° 12-345.",
        "Loi nº 2012-23 du 12 juillet 2012. La Politique nationale de migration (Ponam).",
    ]
    rows = [bodies[number % 2] for number in range(25)]
    build_index(
        [
            Article(
                doc_id=f"a{n}", headline=f"Titre {n}", body=body, newspaper="L’Essor" if n % 3 else "Le Soir", published=f"202{n % 5}-01-02"
            )
            for n, body in enumerate(rows)
        ],
        location,
    )
    with open_engine(location) as engine:
        yield create_app(engine, TESTING=True).test_client()


def links(page: str, path: str) -> list[str]:
    return [str(link) for link in html.fromstring(page).xpath(path)]


def test_a_search_for_a_law_leads_to_its_page_with_timeline_newspapers_companions_and_articles(client: FlaskClient) -> None:
    (address,) = links(client.get("/recherche?q=loi+2012-0023").text, "//ul[@class='beside']//a/@href")
    tree = html.fromstring(client.get(address).text)
    assert tree.xpath("//h1/text()") == ["loi n°\u00a02012-23"] or tree.xpath("//h1/text()") == ["loi n° 2012-23"]
    assert "Cité par 25\u00a0articles" in tree.text_content()
    assert len(tree.xpath("//ol[@class='hits']/li")) == 20
    assert tree.xpath("//section[@class='timeline']")
    assert tree.xpath("//section[@aria-labelledby='journaux']//a/text()") == ["L’Essor", "Le Soir"]
    (companion,) = tree.xpath("//section[@aria-labelledby='avec']//a/@href")
    assert client.get(companion).status_code == 200
    assert "12-345" in companion
    (second,) = tree.xpath("//nav[@class='pages']//a/@href")
    assert len(html.fromstring(client.get(second).text).xpath("//ol[@class='hits']/li")) == 5


def test_the_card_of_an_article_leads_to_the_texts_it_cites(client: FlaskClient) -> None:
    assert "/texte/loi-numero-2012-23" in links(client.get("/article/a1").text, "//dd/a/@href")


def test_the_json_of_an_article_has_the_texts_it_cites_beside_its_own_fields(client: FlaskClient) -> None:
    row = client.get("/article/a0.json").get_json()
    assert (row["references"], row["cited_texts"]) == ([], ["loi n° 2012-23", "décret n° 12-345"])
    assert "cited_texts" not in client.get("/recherche.jsonl?q=titre").text


@pytest.mark.parametrize("slug", ["loi-numero-2012-32", "x", "---", 'a"b', "%22", "(", "a" * 2_000, "%00", "loi-numero-2012-23?page=9"])
def test_a_text_that_nobody_cites_has_no_page(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/texte/{slug}").status_code == 404


@pytest.mark.parametrize(
    "slug",
    ["loi-numero-2012-023", "loi-2012-23", "loi-n°2012-0023", "Loi-Numero-2012-23", "loi-no-2012-23-du-12-juillet-2012", "LOI-N°-2012-023"],
)
def test_another_spelling_of_the_address_of_a_text_leads_to_the_usual_one(client: FlaskClient, slug: str) -> None:
    answer = client.get(f"/texte/{slug}?page=2&ui=en")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/texte/loi-numero-2012-23?ui=en&page=2")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_an_acronym_is_offered_with_three_searches(client: FlaskClient) -> None:
    page = client.get("/recherche?q=ponam").text
    ways = links(page, "//ul[@class='beside']//a/@href")
    assert len(ways) == 3
    assert [client.get(way).status_code for way in ways] == [200] * 3
    assert "Ponam = Politique nationale de migration, 12\u00a0articles" in html.fromstring(page).text_content()


def test_every_count_beside_a_dispatch_printed_twice_is_of_articles(tmp_path: Path) -> None:
    words = " ".join(f"mot{number} autre{number * 7 % 31} encore{number * 5 % 17}" for number in range(60))
    body = f"La loi n° 2012-23 et le décret n° 12-345. {words} La Politique nationale de migration (Ponam)."
    papers = ("L’Essor", "Le Soir", "L’Aube")
    build_index(
        [
            Article(doc_id=f"r{n}", headline=f"Titre {n}", body=body, newspaper=paper, published=f"2024-01-0{n + 1}")
            for n, paper in enumerate(papers)
        ],
        tmp_path / "index",
    )
    with open_engine(tmp_path / "index") as engine:
        client = create_app(engine, TESTING=True).test_client()
        asked = html.fromstring(client.get("/recherche?q=loi+2012-23+ponam").text)
        cited = html.fromstring(client.get("/texte/loi-numero-2012-23").text)
        narrowed = client.get(cited.xpath("//section[@aria-labelledby='journaux']//a/@href")[0]).text
    assert "1 texte" in asked.text_content().replace("\u00a0", " ")
    assert [text.rpartition(",")[2].strip(" ") for text in asked.xpath("//ul[@class='beside']//span[@class='n']/text()")] == [
        "3\u00a0articles"
    ] * 2
    assert "Cité par 3\u00a0articles" in cited.text_content()
    assert cited.xpath("//section[@aria-labelledby='journaux']//span[@class='n']/text()") == ["1", "1", "1"]
    assert len(cited.xpath("//ol[@class='hits']/li")) == 3
    assert "1\u00a0article" in html.fromstring(narrowed).text_content()


def test_the_pages_speak_english(client: FlaskClient) -> None:
    assert "Cited by" in client.get("/texte/loi-numero-2012-23?ui=en").text
