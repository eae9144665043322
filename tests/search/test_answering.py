"""From a request to a page: is what was asked answered, ordered, cut into pages and said?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeEngine
from whoosh.query import Query

from corpus import Article
from corpus.errors import BadRequest
from indexer import build_index
from search import Filter, SearchRequest, export, open_engine, search
from search.engines import Answer
from search.engines.local import LocalEngine
from search.request import MAX_PAGE_SIZE, RESULT_WINDOW

TEXTS = {
    "a": ("Accord de pêche au port", "Les pêcheurs migrants signent.", "2025-10-01"),
    "b": ("Le port ferme", "Un accord manque encore.", "2024-03"),
    "c": ("La loi", "Une loi sur les migrants et la pêche.", None),
    "d": ("Médaille d’or", "Le sport au port.", "2023"),
    "e": ("", "Sans titre, un trafic de migrants.", "2025-10-01"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    location: Path = tmp_path_factory.mktemp("answering") / "index"
    build_index(
        (
            Article(doc_id=doc_id, headline=headline, body=body, published=day, newspaper="L’Essor" if doc_id in "ab" else "")
            for doc_id, (headline, body, day) in TEXTS.items()
        ),
        location,
    )
    with open_engine(location) as opened:
        yield opened


def found(engine: LocalEngine, text: str, **options: Any) -> str:
    return "".join(sorted(hit.doc_id for hit in search(engine, SearchRequest(text=text, **options)).hits))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("port accord", "ab"),
        ("port ET accord", "ab"),
        ("port AND accord", "ab"),
        ("port OU loi", "abcd"),
        ("port OR loi", "abcd"),
        ("port SAUF accord", "d"),
        ("port -accord", "d"),
        ("port NOT accord", "d"),
        ("-port", "ce"),
        ("médaille d'or", "d"),
        ("titre:port", "ab"),
        ("titre:(port OU loi)", "abc"),
        ("peche", "ac"),
        ("PÊCHES", "ac"),
        ("sans titre", "e"),
        ("titre:sans", ""),  # a headline made of the first words is for display only
        ("journal:essor", "ab"),
        ("date:2025", "ae"),
        ("date:..2024", "bd"),
        ("", "abcde"),
        ("*", "abcde"),
    ],
)
def test_operators_mean_what_the_help_says(engine: LocalEngine, text: str, expected: str) -> None:
    assert found(engine, text, match="all") == expected


@pytest.mark.parametrize(
    ("text", "match", "expected", "relaxed"),
    [
        ("port accord", "auto", "ab", False),
        ("port accord", "any", "abd", False),
        ("migrants pêche trafic", "auto", "ace", True),
        ("migrants pêche trafic", "all", "", False),
        ("migrants pêche trafic", "any", "ace", False),
        ("migrants xyzzy", "auto", "ace", True),
        ("xyzzy", "auto", "", False),
        ("xyzzy zyxxy", "auto", "", False),
        ("loi médaille -port", "auto", "c", True),  # an exclusion is never given up
        ("loi médaille journal:essor", "auto", "", False),  # nor a condition
        ("port OU loi", "any", "abcd", False),
        ("", "any", "abcde", False),
    ],
)
def test_words_missing_together_are_relaxed_and_said_to_be(
    engine: LocalEngine, text: str, match: Any, expected: str, relaxed: bool
) -> None:
    page = search(engine, SearchRequest(text=text, match=match))
    assert ("".join(sorted(hit.doc_id for hit in page.hits)), page.relaxed) == (expected, relaxed)
    assert page.total == len(expected)


def test_a_filter_that_leaves_nothing_does_not_relax_the_question(engine: LocalEngine) -> None:
    page = search(engine, SearchRequest(text="loi migrants", filters=(Filter("newspaper", ("L’Essor",)),)))
    assert (page.total, page.relaxed) == (0, False)


@pytest.mark.parametrize(("sort", "expected"), [("newest", ["ae", "b", "d", "c"]), ("oldest", ["d", "b", "ae", "c"])])
def test_dates_order_exactly_and_the_undated_are_last(engine: LocalEngine, sort: Any, expected: list[str]) -> None:
    order = "".join(hit.doc_id for hit in search(engine, SearchRequest(sort=sort)).hits)
    at = 0
    for group in expected:
        assert set(order[at : at + len(group)]) == set(group)
        at += len(group)


@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("text", ["", "port", "port OU vent", "*"])
def test_pages_hold_every_article_once(many: LocalEngine, sort: Any, text: str) -> None:
    first = search(many, SearchRequest(text=text, sort=sort, size=30, facets=(), snippets=False))
    assert first.total == 450
    assert first.pages == 15
    seen = [
        hit.doc_id
        for number in range(1, first.pages + 1)
        for hit in search(many, SearchRequest(text=text, sort=sort, size=30, page=number, facets=(), snippets=False)).hits
    ]
    assert len(seen) == len(set(seen)) == 450
    assert search(many, SearchRequest(text=text, sort=sort, size=30, page=16, facets=(), snippets=False)).hits == ()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    """Four hundred and fifty articles of one score, the newest at the end: only ties decide."""
    location: Path = tmp_path_factory.mktemp("many") / "index"
    start = dt.date(2020, 1, 1)
    build_index(
        (
            Article(doc_id=f"m{number}", headline="Le port", body="Le vent.", published=str(start + dt.timedelta(number // 2)))
            for number in range(450)
        ),
        location,
    )
    with open_engine(location) as opened:
        yield opened


def test_equal_articles_are_newest_first_on_the_first_page(many: LocalEngine) -> None:
    newest = [f"m{number}" for number in range(440, 450)]
    assert sorted(hit.doc_id for hit in search(many, SearchRequest(text="port", size=10)).hits) == newest


@pytest.mark.parametrize(
    ("request_", "parameter"),
    [
        (SearchRequest(size=0), "size"),
        (SearchRequest(size=-1), "size"),
        (SearchRequest(size=MAX_PAGE_SIZE + 1), "size"),
        (SearchRequest(page=0), "page"),
        (SearchRequest(facet_size=0), "facet_size"),
        (SearchRequest(facet_size=-5), "facet_size"),
        (SearchRequest(facet_size=1_001), "facet_size"),
        (SearchRequest(page=RESULT_WINDOW // 20 + 1), "page"),
        (SearchRequest(sort="random"), "sort"),  # type: ignore[arg-type]
        (SearchRequest(match="some"), "match"),  # type: ignore[arg-type]
        (SearchRequest(since=dt.date(2025, 2, 1), until=dt.date(2025, 1, 1)), "from"),
        (SearchRequest(filters=(Filter("nonsense", ("x",)),)), "field"),
        (SearchRequest(filters=(Filter("headline", ("x",)),)), "field"),
        (SearchRequest(facets=("nonsense",)), "field"),
        (SearchRequest(filters=(Filter("year", ("25",)),)), "year"),
        (SearchRequest(filters=(Filter("year", ("-202",)),)), "year"),
        (SearchRequest(filters=(Filter("month", ("2025",)),)), "month"),
        (SearchRequest(filters=(Filter("month", ("2025-13",)),)), "month"),
        (SearchRequest(filters=(Filter("month", ("2025-00",)),)), "month"),
        (SearchRequest(filters=(Filter("month", ("20-2510",)),)), "month"),
        (SearchRequest(filters=(Filter("month", ("2025102",)),)), "month"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_impossible_request_is_refused_in_one_line(engine: LocalEngine, request_: SearchRequest, parameter: str) -> None:
    with pytest.raises(BadRequest) as refused:
        search(engine, request_)
    assert refused.value.parameter == parameter
    assert "\n" not in str(refused.value)
    assert refused.value.expected


@pytest.mark.parametrize("name", ["newspaper", "journal", "Journal", "annee", "année", "month", "mois", "auteur", "motcle"])
def test_fields_have_english_and_french_names(engine: LocalEngine, name: str) -> None:
    assert search(engine, SearchRequest(filters=(Filter(name, ("",), exclude=True),), facets=(name,))).facets


def test_the_page_says_what_was_asked_and_understood(engine: LocalEngine) -> None:
    page = search(engine, SearchRequest(text="port  accord -loi", page=1, size=1))
    assert page.text == "port  accord -loi"
    assert page.understood == "port ET accord SAUF loi"
    assert (page.number, page.size, page.pages, page.total) == (1, 1, 2, 2)
    assert page.took_ms >= 0
    assert not page.partial
    assert page.notes == ()


@pytest.mark.parametrize("text", ["port ET", '"port', "date:hier", "(port", "fruit~9"])
def test_what_was_not_understood_is_said_in_a_note(engine: LocalEngine, text: str) -> None:
    assert search(engine, SearchRequest(text=text)).notes


def test_hits_carry_what_a_list_shows(engine: LocalEngine) -> None:
    hits = {hit.doc_id: hit for hit in search(engine, SearchRequest(text="migrants OU accord")).hits}
    assert (hits["a"].headline, hits["a"].newspaper, hits["a"].published, hits["a"].kind) == (
        "Accord de pêche au port",
        "L’Essor",
        "2025-10-01",
        "article",
    )
    assert [hits["a"].headline[start:end] for start, end in hits["a"].headline_spans] == ["Accord"]
    assert hits["a"].snippet.text == "Les pêcheurs migrants signent."
    assert (hits["b"].published, hits["c"].published) == ("2024-03", None)
    assert hits["e"].headline_derived
    assert hits["e"].headline == "Sans titre, un trafic de migrants."
    assert hits["e"].headline_spans == ()


def test_without_snippets_nothing_is_marked(engine: LocalEngine) -> None:
    hit = search(engine, SearchRequest(text="accord", snippets=False)).hits[0]
    assert (hit.snippet.text, hit.snippet.spans, hit.headline_spans) == ("", (), ())


@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_an_export_gives_every_article_of_the_answer_in_its_order(many: LocalEngine, sort: Any) -> None:
    request = SearchRequest(text="port", sort=sort, size=100, facets=(), snippets=False, filters=(Filter("year", ("2020",)),))
    shown = [hit.doc_id for number in range(1, 6) for hit in search(many, SearchRequest(**{**_fields(request), "page": number})).hits]
    assert [article.doc_id for article in export(many, request)] == shown
    assert len(shown) > 300


def _fields(request: SearchRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def test_an_export_gives_whole_articles(engine: LocalEngine) -> None:
    (article,) = export(engine, SearchRequest(text="titre:ferme"))
    assert (article.doc_id, article.headline, article.body, article.published) == ("b", *TEXTS["b"])


def test_an_export_relaxes_as_a_search_does(engine: LocalEngine) -> None:
    assert {article.doc_id for article in export(engine, SearchRequest(text="migrants xyzzy"))} == set("ace")


def test_an_engine_sees_what_was_indexed_after_it_was_opened(make_engine: MakeEngine) -> None:
    engine = make_engine([Article(doc_id="one", headline="Le port")])
    before = search(engine, SearchRequest(text="port"))
    build_index([Article(doc_id="two", headline="Le port")], engine.location)
    after = search(engine, SearchRequest(text="port"))
    assert (before.total, after.total) == (1, 2)
    assert after.generation > before.generation


@dataclass
class Counting:
    """An engine that only says how many there are."""

    total: int
    location: str = "nowhere"
    asked: list[SearchRequest] = field(default_factory=list)

    def ask(self, query: Query, request: SearchRequest) -> Answer:
        self.asked.append(request)
        return Answer(total=self.total, matched=self.total, found=())


@pytest.mark.parametrize("size", [1, 7, 20, 30, 64, 100])
@pytest.mark.parametrize("total", [20, 21, 9_999, 10_000, 10_126, 10**6])
def test_every_page_that_is_announced_may_be_asked_for(size: int, total: int) -> None:
    engine: Any = Counting(total)
    pages = search(engine, SearchRequest(size=size)).pages
    assert search(engine, SearchRequest(size=size, page=max(1, pages))).pages == pages
    assert pages == -(-total // size) or pages * size >= RESULT_WINDOW - size


def test_a_page_says_that_a_damaged_update_was_passed_over(tmp_path: Path) -> None:
    for doc_id in ("ancien", "recent"):
        build_index([Article(doc_id=doc_id, headline="Le port", body=f"Un port {doc_id}.")], tmp_path / "index")
    newest = max(tmp_path.glob("index/*/manifest-*.json"), key=lambda path: int(path.stem.partition("-")[2]))
    newest.write_bytes(newest.read_bytes()[:-20])
    with open_engine(tmp_path / "index") as engine:
        page = search(engine, SearchRequest(text="port"))
    assert [hit.doc_id for hit in page.hits] == ["ancien"]
    assert [note for note in page.notes if "version précédente" in note]
