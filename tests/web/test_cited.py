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


@pytest.mark.parametrize("slug", ["loi-numero-2012-32", "x", "---", 'a"b', "%22", "(", "a" * 2_000, "%00", "loi-numero-2012-23?page=9"])
def test_a_text_that_nobody_cites_has_no_page(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/texte/{slug}").status_code == 404


def test_an_acronym_is_offered_with_three_searches(client: FlaskClient) -> None:
    page = client.get("/recherche?q=ponam").text
    ways = links(page, "//ul[@class='beside']//a/@href")
    assert len(ways) == 3
    assert [client.get(way).status_code for way in ways] == [200] * 3
    assert "Ponam = Politique nationale de migration, 12\u00a0articles" in html.fromstring(page).text_content()


def test_the_pages_speak_english(client: FlaskClient) -> None:
    assert "Cited by" in client.get("/texte/loi-numero-2012-23?ui=en").text
