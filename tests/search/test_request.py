"""Does the JSON of a result page keep the contract that other programs rely on, key by key?"""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from conftest import MakeEngine

from corpus import Article
from search import Filter, SearchRequest, page_as_json, search
from search.facets import ALL_FACETS
from search.request import Bucket, FacetCounts, ResultPage, Timeline

PAGE_KEYS = ["query", "total", "took_ms", "page", "hits", "facets", "timeline", "relaxed", "notes", "suggestion", "partial", "approximate", "generation", "articles", "reprints"]
HIT_KEYS = ["doc_id", "headline", "newspaper", "published", "section", "bylines", "kind", "url", "score", "snippet", "headline_spans", "reprints"]
ADDED_HIT_KEYS = {"headline_derived"}  # beyond the contract: the headline is made of the first words of the text


@pytest.fixture
def answer(make_engine: MakeEngine) -> dict[str, Any]:
    engine = make_engine(
        [
            Article(doc_id="n1", headline="Accord de pêche", body="L’accord tient.", newspaper="L’Essor", bylines=("Awa Sow",), published="2025-10-01", section="Économie", url="https://essor.example/1"),
            Article(doc_id="n2", body="Un accord sans titre."),
        ]
    )
    page = search(engine, SearchRequest(text="accord", filters=(Filter("kind", ("brève",), exclude=True),)))
    return json.loads(json.dumps(page_as_json(page)))


def test_a_page_has_the_keys_of_the_contract(answer: dict[str, Any]) -> None:
    assert list(answer) == PAGE_KEYS
    assert answer["query"] == {"text": "accord", "understood": "accord"}
    assert answer["page"] == {"number": 1, "size": 20, "pages": 1}
    assert (answer["total"], answer["relaxed"], answer["notes"], answer["suggestion"]) == (2, False, [], None)
    assert (answer["partial"], answer["approximate"]) == (False, False)
    assert isinstance(answer["took_ms"], float)
    assert isinstance(answer["generation"], int)


def test_a_hit_has_the_keys_of_the_contract(answer: dict[str, Any]) -> None:
    first = answer["hits"][0]
    assert [key for key in first if key not in ADDED_HIT_KEYS] == HIT_KEYS
    assert first["score"] > 0
    del first["score"]
    assert first == {
        "doc_id": "n1",
        "headline": "Accord de pêche",
        "newspaper": "L’Essor",
        "published": "2025-10-01",
        "section": "Économie",
        "bylines": ["Awa Sow"],
        "kind": "article",
        "url": "https://essor.example/1",
        "snippet": {"text": "L’accord tient.", "spans": [[2, 8]]},
        "headline_spans": [[0, 6]],
        "headline_derived": False,
        "reprints": 0,
    }


def test_what_an_article_lacks_is_empty_and_never_absent(answer: dict[str, Any]) -> None:
    second = answer["hits"][1]
    assert set(second) == {*HIT_KEYS, *ADDED_HIT_KEYS}
    assert (second["newspaper"], second["published"], second["section"], second["bylines"], second["url"]) == ("", None, "", [], "")
    assert (second["headline"], second["headline_derived"], second["headline_spans"]) == ("Un accord sans titre.", True, [])


def test_facets_have_the_english_names_and_the_keys_of_the_contract(answer: dict[str, Any]) -> None:
    assert set(answer["facets"]) == set(ALL_FACETS)
    assert answer["facets"]["newspaper"] == {"buckets": [{"value": "L’Essor", "count": 1, "selected": False}], "other": 0, "missing": 1}
    assert answer["facets"]["year"] == {"buckets": [{"value": "2025", "count": 1, "selected": False}], "other": 0, "missing": 1}
    assert answer["facets"]["kind"]["buckets"][-1] == {"value": "brève", "count": 0, "selected": False, "excluded": True}
    assert answer["timeline"] == {"unit": "month", "buckets": [{"value": "2025-10", "count": 1}]}


def test_an_explanation_is_there_when_asked_for(make_engine: MakeEngine) -> None:
    engine = make_engine([Article(doc_id="n1", headline="Accord")])
    (hit,) = page_as_json(search(engine, SearchRequest(text="accord", explain=True)))["hits"]
    assert hit["explanation"]["score"] == pytest.approx(hit["score"], abs=1e-3)
    json.dumps(hit)


def test_a_page_without_hits_has_the_same_keys() -> None:
    page = ResultPage(text="x", understood="x", total=0, took_ms=1.23456, number=1, size=20, pages=0, hits=())
    answer = page_as_json(page)
    assert list(answer) == PAGE_KEYS
    assert (answer["took_ms"], answer["hits"], answer["facets"]) == (1.235, [], {})


def test_notes_and_chosen_values_are_written() -> None:
    page = ResultPage(
        text="x",
        understood="x",
        total=3,
        took_ms=0.0,
        number=1,
        size=20,
        pages=1,
        hits=(),
        facets={"section": FacetCounts((Bucket("Sport", 2, selected=True),), other=4, missing=1)},
        timeline=Timeline("day", (Bucket("2025-10-09", 3),)),
        relaxed=True,
        notes=("une remarque",),
        suggestion="y",
        partial=True,
        approximate=True,
        generation=12,
    )
    answer = page_as_json(page)
    assert answer["facets"] == {"section": {"buckets": [{"value": "Sport", "count": 2, "selected": True}], "other": 4, "missing": 1}}
    assert answer["timeline"] == {"unit": "day", "buckets": [{"value": "2025-10-09", "count": 3}]}
    assert [answer[key] for key in ("relaxed", "notes", "suggestion", "partial", "approximate", "generation")] == [True, ["une remarque"], "y", True, True, 12]


def test_requests_and_pages_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SearchRequest().text = "autre"  # type: ignore[misc]
