"""What do concordance, coverage, comparison, the lists of values and the suggestions say?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import html

from corpus import Article
from indexer import build_index
from indexer.withdrawals import withdraw_article
from search import open_engine
from web import create_app

NAMES = ("Éléonore", "Eva", "Zoé", "Œdipe", "Odile", "ézéchiel", "Édith")


def archive() -> Iterator[Article]:
    for number in range(130):
        yield Article(
            doc_id=f"n{number}",
            newspaper="L’Essor" if number % 2 else "Le Rivage",
            headline=f"Nouvelle {number}",
            body=f"Un accord {'tacite' if number % 3 else 'signé'} lie le port {number}.",
            published=f"20{20 + number % 3}-{1 + number % 5:02d}-{1 + number % 28:02d}",
            bylines=(f"Signature {number:03d}", NAMES[number % len(NAMES)]),
        )
    yield Article(doc_id="sans-date", newspaper="La Lagune", body="Un accord sans date.")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    location: Path = tmp_path_factory.mktemp("surveys") / "index"
    build_index(archive(), location)
    with open_engine(location) as engine:
        yield create_app(engine).test_client()


def page(client: FlaskClient, address: str, status: int = 200) -> Any:
    answer = client.get(address)
    assert answer.status_code == status
    return html.fromstring(answer.get_data(as_text=True))


def texts(tree: Any, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in tree.xpath(path)]


def test_a_concordance_shows_the_word_between_its_neighbours_and_leads_to_its_place(client: FlaskClient) -> None:
    tree = page(client, "/concordance?q=accord&par_page=10")
    cells = texts(tree, "//table[contains(@class,'kwic')]/tbody/tr[1]/td")
    assert cells[:3] == ["Un", "accord", cells[2]]
    assert cells[2].startswith("sans date")  # « sans » comes before « signé » and « tacite »
    assert texts(tree, "//p[@class='said']/span") == ["131 occurrences dans 131 articles"]
    link = tree.xpath("//table/tbody/tr[1]//a/@href")[0]
    article = page(client, link)
    assert article.xpath(f"//mark[@id='{urlsplit(link).fragment}']")[0].text == "accord"


def test_a_concordance_is_turned_page_by_page_in_the_same_order(client: FlaskClient) -> None:
    first = page(client, "/concordance?q=accord&ordre=gauche&journal=L’Essor")
    after = first.xpath("//a[contains(@rel,'next')]/@href")[0]
    assert {name: values[0] for name, values in parse_qs(urlsplit(after).query).items()} == {
        "q": "accord",
        "journal": "L’Essor",
        "ordre": "gauche",
        "page": "2",
    }
    assert len(page(client, after).xpath("//tbody/tr")) == 65 - 50


@pytest.mark.parametrize("query", ["ordre=zigzag", "par_page=1000", "largeur=5", "page=0", "page=٣"])
def test_a_concordance_refuses_what_it_cannot_read_with_a_sentence(client: FlaskClient, query: str) -> None:
    tree = page(client, f"/concordance?q=accord&{query}", 400)
    assert "valeur attendue" in texts(tree, "//p[@class='sentence']")[0]


def test_coverage_shows_years_then_months_and_gaps(client: FlaskClient) -> None:
    tree = page(client, "/couverture?annee=2021")
    years, months = tree.xpath("//table[contains(@class,'heat')]")
    assert [" ".join(node.text_content().split()) for node in years.xpath("./thead/tr/th")] == ["Journal", "2020", "2021", "2022", "Total"]
    rows = {row.xpath("string(./th)"): row for row in months.xpath("./tbody/tr")}
    essor = rows["L’Essor"].xpath("./td")
    assert len(essor) == 12 + 1
    assert sum(int(cell.text_content()) for cell in essor[:5]) == int(essor[-1].text_content())
    assert {cell.get("class") for cell in essor[5:12]} == {"gap"}  # June to December: between 2020 and 2022, but empty
    address = essor[0].xpath("./a/@href")[0]
    assert texts(page(client, address), "//h1/span")[0].startswith(essor[0].text_content())
    assert "La Lagune 1 article" in texts(tree, "//section[@aria-labelledby='sansdate']//li")


def test_a_comparison_draws_a_path_a_query_and_says_the_same_in_a_table(client: FlaskClient) -> None:
    tree = page(client, "/comparer?q=tacite&q=signé")
    paths = tree.xpath("//svg[@class='lines']//path[starts-with(@class,'c')]/@d")
    assert len(paths) == 2
    assert all(path.startswith("M") for path in paths)
    assert tree.xpath("//svg[@class='lines']//rect[@class='gap']")
    first = texts(tree, "//table[@class='figures']/tbody/tr[1]/*")
    counts = [int(cell.split()[0]) for cell in first[1:3]]
    assert sum(counts) == int(first[3])  # each article is one or the other
    assert sum(
        float(cell.split(" ", 1)[1].replace("\u202f", "").replace(" ", "").replace(",", ".")) for cell in first[1:3]
    ) == pytest.approx(10_000, abs=1)


def test_a_fifth_query_is_refused(client: FlaskClient) -> None:
    assert "au plus 4" in texts(page(client, "/comparer?q=a&q=b&q=c&q=d&q=e", 400), "//p[@class='sentence']")[0]


def test_all_values_of_a_facet_stand_in_french_order(client: FlaskClient) -> None:
    tree = page(client, "/valeurs/auteur?ordre=alphabet")
    names = [name for name in texts(tree, "//li/label/span") if not name.startswith("Signature")]
    assert names[:6] == ["Édith", "Éléonore", "Eva", "ézéchiel", "Odile", "Œdipe"]
    assert texts(tree, "//p[@class='said']") == ["138 valeurs"]  # with « sans valeur »
    rest = page(client, tree.xpath("//a[contains(@rel,'next')]/@href")[0])
    assert len(rest.xpath("//li/label")) == 38


def test_a_long_facet_is_searched_by_letters_with_the_counts_of_the_search(client: FlaskClient) -> None:
    tree = page(client, "/valeurs/auteur?contient=ele&q=tacite&journal=L’Essor")
    assert texts(tree, "//li/label/span") == ["Éléonore"]
    count = int(texts(tree, "//li/span[@class='n']")[0])
    answer = json.loads(client.get("/recherche.json?q=tacite&journal=L’Essor&auteur=Éléonore").data)
    assert count == answer["total"]


def test_boxes_of_the_value_page_make_the_search_and_keep_its_rest(client: FlaskClient) -> None:
    tree = page(client, "/valeurs/auteur?q=tacite&journal=L’Essor&auteur=Signature+001&contient=eva")
    form = tree.xpath("//main//form")[-1]
    sent = {(node.get("name"), node.get("value")) for node in form.xpath(".//input[@type='hidden']")}
    assert sent == {("q", "tacite"), ("journal", "L’Essor"), ("auteur", "Signature 001")}
    assert page(client, "/valeurs/inconnu", 404) is not None


@pytest.mark.parametrize(
    ("typed", "words"),
    [("acco", ["accord"]), ("port tac", ["port tacite"]), ("zzz", []), ("", [])],
    ids=["a word", "the last word", "none", "empty"],
)
def test_suggestions_complete_the_last_word(client: FlaskClient, typed: str, words: list[str]) -> None:
    answer = client.get("/suggestions", query_string={"q": typed})
    assert answer.mimetype == "application/x-suggestions+json"
    assert json.loads(answer.data) == [typed, words]


def test_nothing_found_says_when_the_newspaper_is_not_covered(client: FlaskClient) -> None:
    tree = page(client, "/recherche?q=accord&journal=L’Essor&du=1999&au=2001")
    assert texts(tree, "//p[@class='gap']")[0].startswith(
        "L’Essor n’est pas couvert dans cette période : l’archive en contient des articles de janvier 2020"
    )
    other = page(client, "/recherche?q=accord&du=1999&au=2001")
    assert "ses articles vont de janvier 2020 à mai 2022" in texts(other, "//p[@class='gap']")[0]
    missing = page(client, "/recherche?q=zorglub+accord&journal=La+Lagune&du=2020")
    assert "La Lagune" in texts(missing, "//p[@class='gap']")[0]
    assert "zorglub (ce mot manque) aucun article" in texts(missing, "//div[@class='nothing']//li")


@pytest.mark.parametrize("ending", ["", ".txt", ".json"])
def test_a_withdrawn_article_is_gone_with_its_reason(tmp_path: Path, ending: str) -> None:
    location = tmp_path / "index"
    build_index(archive(), location)
    withdraw_article("n7", "décision de justice du 3 mai <b>2026</b>", location)
    with open_engine(location) as engine:
        client = create_app(engine).test_client()
        gone = client.get(f"/article/n7{ending}")
        assert gone.status_code == 410
        said = gone.get_json()["error"] if gone.is_json else gone.get_data(as_text=True)
        assert "décision de justice du 3 mai" in said
        assert "<b>2026" not in gone.get_data(as_text=True) or gone.is_json
        assert client.get(f"/article/n8{ending}").status_code == 200
        assert client.get(f"/article/jamais{ending}").status_code == 404


def test_an_article_shows_what_is_near_it(client: FlaskClient) -> None:
    tree = page(client, "/article/sans-date")
    assert tree.xpath("//h2[@id='proches']") == []  # nothing rare is shared
