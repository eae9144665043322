"""Does the site speak French and English throughout, and nothing half?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from lxml import html

from search.fields import FACETS, find_field
from web import wording
from web.state import FACET_ORDER

WEB = Path(wording.__file__).parent
CATALOGUE = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "many": (1, 2), "plural": (2, 3), "noted": None}
_NAMES = re.compile(r"%\(\w+\)s")
PAGES = (
    "/",
    "/recherche?q=match",
    "/recherche?q=zorglub",
    "/couverture",
    "/comparer",
    "/concordance?q=match",
    "/valeurs/auteur",
    "/aide",
    "/none",
)


def catalogue() -> dict[object, object]:
    with CATALOGUE.open("rb") as file:
        return {message.id: message.string for message in read_po(file, locale="en") if message.id}


def test_every_sentence_of_the_code_is_in_the_catalogue_and_no_other() -> None:
    methods, options = parse_mapping_cfg(io.StringIO((WEB / "translations" / "babel.cfg").read_text(encoding="utf-8")))
    found = {row[2] for row in extract_from_dir(WEB, methods, options, keywords=KEYWORDS)}
    assert found == set(catalogue())


def test_every_sentence_is_translated_with_its_values() -> None:
    for french, english in catalogue().items():
        pairs = zip(french, english, strict=True) if isinstance(french, tuple) else [(french, english)]  # type: ignore[arg-type, call-overload]
        for one, other in pairs:
            assert other, one
            assert set(_NAMES.findall(one)) == set(_NAMES.findall(other)), one


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {_plain(message.id): _plain(message.string) for message in read_mo(file) if message.id}
    assert compiled == catalogue()


def _plain(text: object) -> object:
    return tuple(text) if isinstance(text, list) else text


def test_every_label_of_the_field_table_has_an_english_form() -> None:
    rows = [row for name in FACETS if (row := find_field(name)) is not None]
    labels = {row.label for row in rows} | {row.facet_label for row in rows}
    assert labels <= set(wording.FIELD_LABELS)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_in_english_leads_to_pages_in_english(client: FlaskClient, address: str) -> None:
    tree = html.fromstring(client.get(address + ("&" if "?" in address else "?") + "ui=en").get_data(as_text=True))
    assert tree.get("lang") == "en"
    links = [link for link in tree.xpath("//body//a[not(@hreflang)]/@href") if link.startswith("/")]
    permanent = set(tree.xpath("//p[@class='foot']/a/@href | //p[@class='ways files']/a/@href"))  # a file has no language of its own
    assert [link for link in links if "ui=en" not in link and link not in permanent] == []
    for form in tree.xpath("//form"):
        assert form.xpath(".//input[@name='ui']/@value") == ["en"]
    assert not re.search(r"Rechercher|Journaux|Affiner|Accueil", tree.text_content())


def test_the_other_language_is_one_link_away_and_keeps_the_search(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/recherche?q=match&journal=L’Essor").get_data(as_text=True))
    (link,) = tree.xpath("//a[@hreflang='en']/@href")
    english = html.fromstring(client.get(link).get_data(as_text=True))
    assert english.xpath("//h1/q/text()") == ["match"]
    (back,) = english.xpath("//a[@hreflang='fr']/@href")
    assert "ui" not in back
    assert html.fromstring(client.get(back).get_data(as_text=True)).get("lang") == "fr"


def test_numbers_and_dates_follow_the_language(client: FlaskClient) -> None:
    english = html.fromstring(client.get("/article/peche-1?ui=en").get_data(as_text=True))
    assert "1\u00a0October 2025" in english.text_content()
    assert "1er\u00a0octobre 2025" in english.xpath("string(//p[@id='citation'])")  # the citation stays French


@pytest.mark.parametrize("value", ["de", "", "FR", "<b>"])
def test_another_language_is_refused(client: FlaskClient, value: str) -> None:
    assert client.get("/", query_string={"ui": value}).status_code == 400


def test_facets_of_the_address_are_those_of_the_table() -> None:
    assert set(FACETS) < set(FACET_ORDER)
