"""Does the site show a text that several newspapers printed once, unfold it, compare its versions, and say what it counts?"""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

from web import create_app
from web.state import SearchState

FIRST = "asd-2021-02-18-0240"
OTHER = "l-echo-des-hautes-terres-2021-02-19-tchad-une-fievre-inconnue-fait-douze-morts-97c7ba"


@pytest.fixture(scope="module")
def client(sample_index: Path) -> FlaskClient:
    return create_app(sample_index, TESTING=True).test_client()


def page_of(client: FlaskClient, address: str) -> html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200
    return html.fromstring(answer.get_data(as_text=True))


def texts(page: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in page.xpath(path)]


def test_one_line_a_text_says_who_printed_it_first_and_who_took_it_up(client: FlaskClient) -> None:
    page = page_of(client, "/recherche?q=Kasséné&tri=ancien")
    assert texts(page, "//h1//*[@class='count']") == ["2 textes"]
    assert texts(page, "//p[contains(@class,'reprints')]") == ["6 articles avec les reprises ; tous les nombres comptent les textes. Montrer toutes les reprises"]
    assert texts(page, "//details[@class='versions']/summary")[0] == "Agence Sahel Dépêches, 18 février 2021 : repris par 2 titres en 1 jour"
    assert texts(page, "//details[@class='versions']//li/*[@class='meta']")[:3] == [
        "Agence Sahel Dépêches 18 février 2021 première parution",
        "L’Aube de Bamako 19 février 2021 84 % du texte",
        "L’Écho des Hautes Terres 19 février 2021 40 % du texte",
    ]


def test_all_reprints_are_one_link_away_and_back(client: FlaskClient) -> None:
    page = page_of(client, "/recherche?q=Kasséné")
    (link,) = page.xpath("//p[contains(@class,'reprints')]/a")
    every = page_of(client, link.get("href"))
    assert texts(every, "//h1//*[@class='count']") == ["6 articles"]
    assert texts(every, "//p[contains(@class,'reprints')]") == ["Chaque reprise est comptée. Grouper les reprises"]
    (back,) = every.xpath("//p[contains(@class,'reprints')]/a")
    assert texts(page_of(client, back.get("href")), "//h1//*[@class='count']") == ["2 textes"]
    assert every.xpath("//input[@name='reprises'][@value='toutes']")


def test_an_answer_without_reprints_says_nothing_of_them(client: FlaskClient) -> None:
    page = page_of(client, "/recherche?q=point-virgule")
    assert not page.xpath("//p[contains(@class,'reprints')]") and not page.xpath("//details[@class='versions']")


def test_an_article_shows_its_versions_and_what_each_changed(client: FlaskClient) -> None:
    page = page_of(client, f"/article/{OTHER}")
    assert texts(page, "//ul[contains(@class,'versions')]/li[@aria-current]/b") == ["Tchad : une fièvre inconnue fait douze morts"]
    links = [link.get("href") for link in page.xpath("//ul[contains(@class,'versions')]//a[@rel='nofollow']")]
    assert f"/article/{OTHER}/version/{FIRST}" in links
    for link in links:
        assert page_of(client, link).xpath("//article//ins | //article//del")


def test_differences_hold_both_texts_and_count_what_changed(client: FlaskClient) -> None:
    page = page_of(client, f"/article/{FIRST}/version/{OTHER}")
    assert texts(page, "//p[@class='sentence']")[0].endswith("16 mots ajoutés ou changés. retiré ajouté Comparer dans l’autre sens")
    assert texts(page, "//article/h2") == ["Tchad : une fièvre hémorragique d’origine inconnue signalée à Kasséné inconnue fait douze morts"]
    swapped = page_of(client, page.xpath("//p[@class='sentence']/a")[0].get("href"))
    assert texts(swapped, "//dl[@class='sides']//dd//b") == texts(page, "//dl[@class='sides']//dd//b")[::-1]


@pytest.mark.parametrize("address", [f"/article/{FIRST}/version/{FIRST}", f"/article/{FIRST}/version/none", f"/article/none/version/{FIRST}", f"/article/{FIRST}/version/asd-2021-06-03-0512"])
def test_what_is_no_other_version_has_no_page(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_feeds_have_one_entry_a_text_unless_all_are_asked_for(client: FlaskClient) -> None:
    counts = [client.get(f"/recherche.atom?q=Kasséné{more}").get_data(as_text=True).count("<entry>") for more in ("", "&reprises=toutes")]
    assert counts == [2, 6]


def test_files_have_every_article_unless_texts_are_asked_for(client: FlaskClient) -> None:
    counts = [client.get(f"/recherche.jsonl?q=Kasséné{more}").get_data(as_text=True).count("\n") for more in ("", "&reprises=toutes", "&reprises=groupees")]
    assert counts == [6, 6, 2]


def test_the_comparison_says_what_it_counts_and_turns_it_round(client: FlaskClient) -> None:
    page = page_of(client, "/comparer?q=Kasséné&q=barrage")
    assert "comptent une fois un texte" in texts(page, "//p[@class='hint']")[0]
    assert texts(page, "//ul[@class='curves']/li/*[@class='n']")[0] == "2 articles"
    (link,) = page.xpath("//p[@class='hint']/a[contains(@href,'reprises')]")
    every = page_of(client, link.get("href"))
    assert texts(every, "//ul[@class='curves']/li/*[@class='n']")[0] == "6 articles"
    assert len(texts(every, "//ul[@class='curves']/li")) == 2


@pytest.mark.parametrize(("value", "reprints"), [("", None), ("groupees", "grouped"), ("toutes", "all")])
def test_the_choice_is_in_the_address(value: str, reprints: str | None) -> None:
    state = SearchState.from_args([("q", "port"), ("reprises", value)])
    assert state.reprints == reprints
    assert SearchState.from_args(state.to_args()) == state
    assert state.request().reprints == (reprints or "grouped")
    assert state.request(usual="all").reprints == (reprints or "all")


def test_a_concordance_says_what_it_counts_and_can_count_the_other_way(client: FlaskClient) -> None:
    page = page_of(client, "/concordance?q=Kasséné&ordre=date")
    assert texts(page, "//p[@class='said']/span") == ["4 occurrences dans 2 articles"]
    assert texts(page, "//p[@class='hint']") == ["Ces nombres comptent une fois un texte paru dans plusieurs journaux. Compter toutes les reprises"]
    other = page_of(client, page.xpath("//p[@class='hint']/a/@href")[0])
    assert texts(other, "//p[@class='said']/span") == ["11 occurrences dans 6 articles"]
    assert texts(other, "//p[@class='hint']") == ["Ces nombres comptent chaque reprise d’un texte. Compter chaque texte une fois"]
    assert other.xpath("//select[@id='ordre']/option[@selected]/@value") == ["date"]
