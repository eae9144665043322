"""Is a text that several newspapers printed one line, are all counts exact, and does each say what it counts?"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from conftest import MakeEngine

from bench.reprints import SAMPLE_TABLE
from corpus import Article
from corpus.errors import BadRequest
from search import Filter, SearchRequest, page_as_json, search
from search.answering import export
from search.compare import compare
from search.counting import folded_label
from search.engines.local import LocalEngine
from search.facets import ALL_FACETS
from search.request import MAX_PAGE_SIZE
from search.similar import similar

FAMILY = dict(tuple(line.split("\t"))[::-1] for line in SAMPLE_TABLE.read_text(encoding="utf-8").splitlines())  # type: ignore[misc]
QUERIES = ["", "Kasséné", "barrage", "le tribunal", "tramway OU karité", "\"Trois-Rivières\"", "port", "zorglub"]


def every_id(engine: LocalEngine, request: SearchRequest) -> list[str]:
    return [article.doc_id for article in export(engine, request)]


def lines(ids: list[str]) -> set[str]:
    """Return the texts of some articles: the first publication stands for each."""
    return {FAMILY.get(doc_id, doc_id) for doc_id in ids}


@pytest.mark.parametrize("text", QUERIES)
def test_the_total_is_the_number_of_texts_and_all_articles_are_counted_beside_it(sample_engine: LocalEngine, text: str) -> None:
    grouped = search(sample_engine, SearchRequest(text=text, match="all"))
    every = search(sample_engine, SearchRequest(text=text, match="all", reprints="all"))
    ids = every_id(sample_engine, SearchRequest(text=text, match="all", reprints="all"))
    assert (grouped.total, grouped.articles) == (len(lines(ids)), len(ids))
    assert (every.total, every.articles) == (len(ids), len(ids))
    assert (grouped.reprints, every.reprints) == ("grouped", "all")


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "added"])
@pytest.mark.parametrize("text", QUERIES)
def test_each_text_is_one_line_on_all_pages_together(sample_engine: LocalEngine, text: str, sort: str) -> None:
    request = SearchRequest(text=text, match="all", sort=sort, size=7, facets=(), snippets=False)  # type: ignore[arg-type]
    first = search(sample_engine, request)
    shown = [hit.doc_id for number in range(1, first.pages + 1) for hit in search(sample_engine, replace(request, page=number)).hits]
    assert Counter(FAMILY.get(doc_id, doc_id) for doc_id in shown) == Counter(lines(every_id(sample_engine, replace(request, reprints="all"))))
    assert shown == every_id(sample_engine, request)


def test_the_first_publication_among_those_found_stands_for_all(sample_engine: LocalEngine) -> None:
    whole = search(sample_engine, SearchRequest(text="Kasséné", facets=()))
    assert {hit.doc_id for hit in whole.hits} == {"asd-2021-02-18-0240", "asd-2021-06-03-0512"}
    one = search(sample_engine, SearchRequest(text="Kasséné", filters=(Filter("newspaper", ("Le Rivage",)),), facets=()))
    assert [(hit.newspaper, hit.reprints) for hit in one.hits] == [("Le Rivage", 2)]
    assert (one.total, one.articles) == (1, 1)


@pytest.mark.parametrize("field", ALL_FACETS)
@pytest.mark.parametrize("text", ["", "Kasséné", "le tribunal"])
def test_the_number_beside_a_value_is_what_choosing_it_shows(sample_engine: LocalEngine, text: str, field: str) -> None:
    page = search(sample_engine, SearchRequest(text=text, match="all", size=1, snippets=False))
    spelt = Counter(folded_label(bucket.value) for bucket in page.facets[field].buckets)
    for bucket in [one for one in page.facets[field].buckets if spelt[folded_label(one.value)] == 1][:8]:  # « Economie » chooses both
        chosen = search(sample_engine, SearchRequest(text=text, match="all", size=1, filters=(Filter(field, (bucket.value,)),), facets=()))
        assert (bucket.value, bucket.count) == (bucket.value, chosen.total)
    without = search(sample_engine, SearchRequest(text=text, match="all", size=1, filters=(Filter(field, ("",)),), facets=()))
    assert page.facets[field].missing == without.total


@pytest.mark.parametrize("field", ALL_FACETS)
def test_with_every_article_the_facets_count_articles(sample_engine: LocalEngine, field: str) -> None:
    page = search(sample_engine, SearchRequest(text="Kasséné", size=1, reprints="all"))
    for bucket in page.facets[field].buckets:
        ids = every_id(sample_engine, SearchRequest(text="Kasséné", filters=(Filter(field, (bucket.value,)),), reprints="all"))
        assert bucket.count == len(ids)


def test_the_timeline_counts_a_text_once_in_each_period(sample_engine: LocalEngine) -> None:
    page = search(sample_engine, SearchRequest(text="Kasséné"))
    assert {bucket.value: bucket.count for bucket in page.timeline.buckets} == {"2021-02": 1, "2021-06": 1}
    days = search(sample_engine, SearchRequest(text="Kasséné", filters=(Filter("month", ("2021-02",)),))).timeline
    assert (days.unit, [(bucket.value, bucket.count) for bucket in days.buckets]) == ("day", [("2021-02-18", 1), ("2021-02-19", 1)])
    every = search(sample_engine, SearchRequest(text="Kasséné", filters=(Filter("month", ("2021-02",)),), reprints="all")).timeline
    assert [(bucket.value, bucket.count) for bucket in every.buckets] == [("2021-02-18", 1), ("2021-02-19", 2)]


def test_a_hit_tells_its_versions_the_first_publication_first(sample_engine: LocalEngine) -> None:
    hit = next(hit for hit in search(sample_engine, SearchRequest(text="Kasséné", sort="oldest")).hits)
    assert hit.reprints == 2
    assert [(one.newspaper, one.published, one.first) for one in hit.versions] == [
        ("Agence Sahel Dépêches", "2021-02-18", True),
        ("L’Aube de Bamako", "2021-02-19", False),
        ("L’Écho des Hautes Terres", "2021-02-19", False),
    ]
    assert [one.kept for one in hit.versions] == [100, 84, 40]


def test_the_versions_are_in_the_json_of_a_page_where_there_are_any(sample_engine: LocalEngine) -> None:
    page = json.loads(json.dumps(page_as_json(search(sample_engine, SearchRequest(text="Kasséné", sort="oldest")))))
    assert (page["total"], page["articles"], page["reprints"]) == (2, 6, "grouped")
    assert page["hits"][0]["versions"][1]["newspaper"] == "L’Aube de Bamako"
    assert "versions" not in page_as_json(search(sample_engine, SearchRequest(text="point-virgule")))["hits"][0]


def test_versions_are_known_of_every_version_and_of_no_other_article(sample_engine: LocalEngine) -> None:
    ids = every_id(sample_engine, SearchRequest(reprints="all"))
    found = sample_engine.versions([*ids, "no-such-article"])
    assert found.keys() == FAMILY.keys()
    assert all({FAMILY[one.doc_id] for one in versions} == {FAMILY[doc_id]} for doc_id, versions in found.items())


def test_comparison_counts_texts_or_articles_as_asked(sample_engine: LocalEngine) -> None:
    totals = [compare(sample_engine, ["Kasséné"], SearchRequest(reprints=reprints)).curves[0].total for reprints in ("grouped", "all")]  # type: ignore[arg-type]
    assert totals == [2, 6]


def test_versions_of_an_article_are_no_similar_articles(sample_engine: LocalEngine) -> None:
    near = {one.doc_id for one in similar(sample_engine, "l-aube-de-bamako-2021-02-19-fievre-de-kassene-douze-morts-au-tchad-le-mali-en-alerte-6184dc", 12).articles}
    assert near
    assert not {doc_id for doc_id in near if FAMILY.get(doc_id) == "asd-2021-02-18-0240"}


def test_an_archive_without_reprints_counts_articles_only(make_engine: MakeEngine) -> None:
    engine = make_engine([Article(doc_id=f"n{number}", body=f"L’accord numéro {number} tient.", published="2025-10-01") for number in range(5)])
    page = search(engine, SearchRequest(text="accord", size=MAX_PAGE_SIZE))
    assert (page.total, page.articles) == (5, 5)
    assert all(hit.versions == () and hit.reprints == 0 for hit in page.hits)


def test_another_word_for_reprints_is_refused(sample_engine: LocalEngine) -> None:
    with pytest.raises(BadRequest, match="reprints"):
        search(sample_engine, SearchRequest(text="accord", reprints="some"))  # type: ignore[arg-type]
