"""Are words of other languages found as they are printed, and words of French articles in every inflection?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corpus import Article
from corpus.languages import is_french
from indexer import build_index
from search import SearchRequest, open_engine, search
from search.engines import Engine

TEXTS = (
    Article(doc_id="fr", headline="Les Nations unies", body="La nation a salué les accords. Il porte un nom national."),
    Article(doc_id="en", headline="United Nations", body="The Nations signed. When the rain comes, roses are noted on the portal.", language="en"),
    Article(doc_id="en-gb", headline="A nation", body="They come with one accord and a port.", language="en-gb"),
    Article(doc_id="es", headline="Las naciones", body="Los puertos y las notas, señor presidente.", language="es"),
    Article(doc_id="untold", headline="Le port", body="Les ports notés au journal.", language=""),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    location = tmp_path_factory.mktemp("languages") / "index"
    build_index(TEXTS, location)
    with open_engine(location) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("nations", {"fr", "en"}),
        ("nation", {"fr", "en-gb"}),
        ("comes", {"en"}),
        ("come", {"en-gb"}),
        ("ports", {"untold"}),  # of « untold » in every inflection; the English « port » is no plural
        ("port", {"untold", "en-gb"}),
        ("NOTED", {"en"}),
        ("note", {"untold"}),
        ("notas", {"es", "untold"}),  # « il notas », too
        ("senor PRÉSIDENTE", {"es"}),  # folded: blind to accents and case in every language
        ("« united nations »", {"en"}),
        ("nation ADJ/0 signed", set()),
        ("nations ADJ/0 signed", {"en"}),
        ("nations MEMEPAR rain", {"en"}),
        ("nation MEMEPAR rain", set()),
        ("ros*", {"en"}),
    ],
)
def test_a_word_of_another_language_is_found_as_it_is_printed(engine: Engine, query: str, ids: set[str]) -> None:
    page = search(engine, SearchRequest(text=query, match="all"))
    assert {hit.doc_id for hit in page.hits} == ids


def test_only_what_was_found_is_marked(engine: Engine) -> None:
    hits = {hit.doc_id: hit for hit in search(engine, SearchRequest(text="nations")).hits}
    marked = {doc_id: [hit.snippet.text[start:end] for start, end in hit.snippet.spans] for doc_id, hit in hits.items()}
    assert marked == {"fr": ["nation"], "en": ["Nations"]}
    assert [hits["fr"].headline[start:end] for start, end in hits["fr"].headline_spans] == ["Nations"]


@pytest.mark.parametrize("language", ["", "fr", "FR", "fr-SN", "fr_FR", "fra", "fre", "frm", "français", "Francais", "french", "und", "fr, en", "en/fr"])
def test_french_goes_by_many_names(language: str) -> None:
    assert is_french(language)


@pytest.mark.parametrize("language", ["en", "en-fr-x", "wo", "bm", "frr", "fry", "frisian", "es", "Anglais", "ar"])
def test_other_languages_are_not_french(language: str) -> None:
    assert not is_french(language)
