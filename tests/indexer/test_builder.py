"""What happened to each article, and does every article keep a place of its own?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from corpus import Article, read_articles
from corpus.errors import MarbreError
from indexer import build_index, delete_articles
from search import SearchRequest, open_engine, search

FIRST = "Le conseil municipal a voté hier soir le budget de la ville et la rénovation du marché central de Mopti."
OTHER = "Une pirogue chargée de mil a chaviré dans le delta ; les pêcheurs du village voisin ont sauvé tous les passagers."


@pytest.fixture
def location(tmp_path: Path) -> Path:
    return tmp_path / "index"


def counts(articles: Iterable[Article], location: Path, **options: bool) -> tuple[int, int, int, int]:
    report = build_index(articles, location, **options)
    return report.added, report.replaced, report.unchanged, report.articles


def ids(location: Path, text: str = "") -> set[str]:
    with open_engine(location) as engine:
        return {hit.doc_id for hit in search(engine, SearchRequest(text=text, size=100, match="all")).hits}


def some(count: int = 3) -> list[Article]:
    return [Article(doc_id=f"n{number}", newspaper="L’Essor", headline=f"Titre {number}", body=FIRST) for number in range(count)]


def test_a_second_run_over_the_same_articles_changes_nothing(location: Path) -> None:
    assert counts(some(), location) == (3, 0, 0, 3)
    with open_engine(location) as engine:
        before = engine.stats().generation
    assert counts(some(), location) == (0, 0, 3, 3)
    with open_engine(location) as engine:
        assert engine.stats().articles == 3
        assert engine.stats().generation >= before


def test_a_changed_article_replaces_its_former_version(location: Path) -> None:
    build_index(some(), location)
    assert counts([replace(some()[0], body="Une baleine.")], location) == (0, 1, 0, 3)
    assert ids(location, "baleine") == {"n0"}
    assert ids(location, "budget") == {"n1", "n2"}


@pytest.mark.parametrize(
    "change",
    [{"headline": "Autre"}, {"section": "Sport"}, {"bylines": ("Awa Sow",)}, {"published": "2025"}, {"extra": {"page": 3}}],
    ids=lambda change: next(iter(change)),
)
def test_every_field_counts_for_a_change(location: Path, change: dict[str, object]) -> None:
    build_index(some(), location)
    assert counts([replace(some()[0], **change)], location) == (0, 1, 0, 3)  # type: ignore[arg-type]


def test_an_article_given_twice_in_one_run_counts_once(location: Path) -> None:
    assert counts([*some(1), *some(1)], location) == (1, 0, 1, 1)
    assert counts([replace(some(1)[0], body="Un."), replace(some(1)[0], body="Deux.")], location)[3] == 1
    assert ids(location, "deux") == {"n0"}
    assert ids(location, "un") == set()


def test_one_id_of_two_newspapers_is_two_articles_and_said(location: Path) -> None:
    mine, theirs = (Article(doc_id="7", newspaper=paper, headline="Note", body=FIRST) for paper in ("L’Essor", "Le Sahel"))
    report = build_index([mine, theirs], location)
    assert (report.added, ids(location)) == (2, {"7", "le-sahel:7"})
    assert len(report.notes) == 1
    assert "le-sahel:7" in report.notes[0]
    assert counts([mine, theirs], location) == (0, 0, 2, 2)
    assert counts([theirs], location) == (0, 0, 1, 2)


def test_an_id_of_two_newspapers_in_two_runs_is_two_articles(location: Path) -> None:
    build_index([Article(doc_id="7", newspaper="L’Essor", headline="Note")], location)
    assert counts([Article(doc_id="7", newspaper="Le Sahel", headline="Note")], location) == (1, 0, 0, 2)


def en_bref(body: str, **more: str) -> Article:
    return Article(newspaper="L’Essor", headline="En bref", published="2025-10-09", body=body, **more)


@pytest.mark.parametrize("runs", [1, 2], ids=["one run", "two runs"])
def test_two_briefs_of_one_day_with_different_texts_keep_two_places(location: Path, runs: int) -> None:
    pair = [en_bref(FIRST), en_bref(OTHER)]
    assert pair[0].doc_id == pair[1].doc_id
    for batch in [pair] if runs == 1 else [[one] for one in pair]:
        report = build_index(batch, location)
    assert report.articles == 2
    assert report.notes
    assert ids(location, "budget") == {pair[0].doc_id}
    assert ids(location, "pirogue") == {f"{pair[0].doc_id}-2"}
    assert counts(pair, location) == (0, 0, 2, 2)
    assert counts(reversed(pair), location) == (0, 0, 2, 2)


def test_a_third_brief_takes_the_third_place(location: Path) -> None:
    build_index([en_bref(FIRST), en_bref(OTHER), en_bref("Un gazoduc relie désormais Oran à la frontière, annonce la société nationale.")], location)
    assert {doc_id[-2:] for doc_id in ids(location)} > {"-2", "-3"}


def test_a_corrected_typo_replaces_the_brief(location: Path) -> None:
    build_index([en_bref(FIRST)], location)
    assert counts([en_bref(FIRST.replace("voté", "approuvé"))], location) == (0, 1, 0, 1)


def test_one_address_is_one_article_whatever_its_text(location: Path) -> None:
    build_index([en_bref(FIRST, url="https://essor.example/1")], location)
    assert counts([en_bref(OTHER, url="https://essor.example/1")], location) == (0, 1, 0, 1)


def test_what_was_refused_is_counted_and_the_rest_indexed(location: Path, tmp_path: Path) -> None:
    source = tmp_path / "presse.jsonl"
    source.write_text(json.dumps({"id": "1", "titre": "Port"}) + '\n{"texte": ""}\npas du JSON\n' + json.dumps({"id": "2", "titre": "Mer"}) + "\n")
    report = build_index(read_articles([source]), location)
    assert (report.added, report.rejected, len(report.rejects)) == (2, 2, 2)
    assert report.as_json() == {"added": 2, "replaced": 0, "unchanged": 0, "rejected": 2, "articles": 2, "seconds": report.as_json()["seconds"]}
    assert {reject.origin.place for reject in report.rejects} == {"line 2", "line 3"}


def test_deleted_articles_are_gone_and_unknown_ids_are_said(location: Path) -> None:
    build_index(some(), location)
    assert delete_articles(["n0", "xyz", "n2"], location) == (["n0", "n2"], ["xyz"])
    assert ids(location) == {"n1"}
    assert counts(some(), location) == (2, 0, 1, 3)


def test_deleting_every_article_leaves_an_index_that_answers(location: Path) -> None:
    build_index(some(), location)
    delete_articles(["n0", "n1", "n2"], location)
    assert ids(location) == set()
    assert counts(some(1), location) == (1, 0, 0, 1)


def test_a_rebuild_holds_only_what_it_was_given(location: Path) -> None:
    build_index(some(), location)
    assert counts([Article(doc_id="new", headline="Neuf")], location, rebuild=True) == (1, 0, 0, 1)
    assert ids(location) == {"new"}


def test_an_interrupted_build_leaves_the_former_index(location: Path) -> None:
    def broken() -> Iterable[Article]:
        yield Article(doc_id="lost", headline="Perdu")
        raise MarbreError("the source broke")

    build_index(some(), location)
    with pytest.raises(MarbreError, match="broke"):
        build_index(broken(), location)
    assert ids(location) == {"n0", "n1", "n2"}
    assert counts(some(), location) == (0, 0, 3, 3)


def test_an_article_comes_back_whole(location: Path) -> None:
    article = replace(some()[0], bylines=("Awa Sow",), extra={"page": 3}, published="2025-10", tags=("pêche", "port"))
    build_index([article], location)
    with open_engine(location) as engine:
        again = engine.article("n0")
    assert again is not None
    assert again.added is not None
    assert replace(again, added=None) == article


def test_an_exported_archive_indexed_elsewhere_keeps_its_ids(location: Path, tmp_path: Path) -> None:
    build_index([*some(), en_bref(FIRST), en_bref(OTHER), Article(body="Sans rien d’autre.")], location)
    with open_engine(location) as engine:
        exported = [article for doc_id in ids(location) if (article := engine.article(doc_id)) is not None]
    other = tmp_path / "other"
    assert counts(exported, other) == (6, 0, 0, 6)
    assert ids(other) == ids(location)
    assert counts([*some(), en_bref(FIRST), en_bref(OTHER)], other) == (0, 0, 5, 6)


def test_progress_is_told_after_each_article(location: Path) -> None:
    told: list[int] = []
    build_index(some(), location, progress=told.append)
    assert told == [1, 2, 3]


def test_statistics_say_what_the_archive_holds(location: Path) -> None:
    papers = ("L’Essor", "Le Sahel", "L’Essor", "")
    days = ("2025-10", "1999-12-31", None, "2024")
    build_index((Article(headline=f"T{at}", newspaper=paper, published=day) for at, (paper, day) in enumerate(zip(papers, days, strict=True))), location)
    with open_engine(location) as engine:
        stats = engine.stats()
    assert (stats.articles, stats.newspapers, stats.since, stats.until) == (4, (("L’Essor", 2), ("Le Sahel", 1)), "1999-12-31", "2025-10-01")
    assert stats.bytes > 0
    assert stats.segments >= 1
