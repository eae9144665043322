"""The table of acronyms is what live articles introduce, under what the archivist decided; an offer is a question that finds what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus import Article
from corpus.errors import BadRequest, IndexMissing
from indexer import build_index, delete_articles
from indexer.acronym_decisions import decide_acronym
from indexer.rebuilding import rebuild_index
from search import SearchRequest, open_engine, search
from search.acronyms import acronym_table, as_json, as_text, meanings_of, offers, with_uses

CENI = "Commission électorale nationale indépendante"
IVORIAN = "Commission électorale nationale ivoirienne"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    rows = [
        ("a", f"La {CENI} (CENI) siège.", "L’Essor", "2024-01-02"),
        ("b", "La commission électorale nationale indépendante (C.E.N.I.) siège.", "Le Soir", "2025-03-04"),
        ("c", f"La {IVORIAN} (CENI) siège.", "Le Soir", "2025-03-05"),
        ("d", "La CENI seule.", "Le Soir", "2025-03-06"),
        ("e", "La Politique nationale de migration (Ponam). Loi nº 2012-23.", "L’Essor", "2025-10-10"),
        ("f", f"La {CENI} en toutes lettres. Loi 2012-032.", "L’Essor", "2025-10-11"),
    ]
    build_index(
        [Article(doc_id=i, headline=i, body=body, newspaper=paper, published=day) for i, body, paper, day in rows], tmp_path / "index"
    )
    return tmp_path / "index"


def test_spellings_are_added_up_and_meanings_kept_apart(archive: Path) -> None:
    with open_engine(archive) as engine:
        assert [(one.acronym, one.expansion, one.articles) for one in meanings_of(engine, "c.e.n.i.")] == [
            ("CENI", CENI, 2),
            ("CENI", IVORIAN, 1),
        ]
        row = as_json(with_uses(engine, acronym_table(engine, "ce")[0]))
        assert (row["since"], row["until"], row["state"]) == ("2024-01-02", "2025-03-04", "learnt")
        assert row["newspapers"] == [{"value": "Le Soir", "count": 1}, {"value": "L’Essor", "count": 1}]


def test_increments_deletions_and_rebuilds_keep_the_table(archive: Path) -> None:
    build_index([Article(doc_id="g", headline="g", body=f"{CENI} (CENI)", newspaper="Le Soir")], archive)
    delete_articles(["c"], archive)
    rebuild_index(archive, from_stored=True)
    with open_engine(archive) as engine:
        assert [(one.expansion, one.articles) for one in meanings_of(engine, "CENI")] == [(CENI, 3)]


@pytest.mark.parametrize(
    ("text", "include", "only", "without"),
    [
        ("CENI", {"a", "b", "c", "d", "f"}, {"a", "b", "f"}, {"c", "d"}),
        ("ceni siège", {"a", "b", "c"}, {"a", "b"}, {"c"}),
        (f'"{CENI}"', {"a", "b", "c", "d", "f"}, {"a", "b", "c", "d"}, {"f"}),
        ("commission electorale nationale independante", {"a", "b", "c", "d", "f"}, {"a", "b", "c", "d"}, {"f"}),
        ("ponam", {"e"}, {"e"}, set()),
        ("politique nationale de migration", {"e"}, {"e"}, set()),
    ],
)
def test_an_offer_asks_the_other_half_too_alone_or_not(
    archive: Path, text: str, include: set[str], only: set[str], without: set[str]
) -> None:
    with open_engine(archive) as engine:
        offer = offers(engine, text)[0]
        for question, expected in ((offer.include, include), (offer.only, only), (offer.without, without)):
            page = search(engine, SearchRequest(text=question, match="all"))
            assert {hit.doc_id for hit in page.hits} == expected, question


@pytest.mark.parametrize("text", ["", "siège", "-CENI", "titre:CENI", '"la CENI seule"', "CENI~1", "CENI*", "( OU", "la de des"])
def test_nothing_is_offered_under_a_sign_or_for_other_words(archive: Path, text: str) -> None:
    with open_engine(archive) as engine:
        assert offers(engine, text) == []


def test_decisions_are_kept_by_rebuilds_and_can_be_taken_back(archive: Path) -> None:
    assert decide_acronym(archive, "ceni", IVORIAN, "refused")
    assert decide_acronym(archive, "OMS", "Organisation mondiale de la santé", "added")
    assert not decide_acronym(archive, "C.E.N.I.", IVORIAN.upper(), "refused")
    rebuild_index(archive, from_stored=True)
    with open_engine(archive) as engine:
        assert [one.expansion for one in meanings_of(engine, "CENI")] == [CENI]
        assert "refused" in {one.state for one in acronym_table(engine, refused=True)}
        assert offers(engine, "OMS")[0].only == '"Organisation mondiale de la santé"'
        assert offers(engine, "organisation mondiale de la santé")[0].only == "OMS"
        assert as_text(meanings_of(engine, "OMS")[0]).endswith("0 articles [added]")
    assert decide_acronym(archive, "CENI", IVORIAN, None)
    with open_engine(archive) as engine:
        assert len(meanings_of(engine, "CENI")) == 2


def test_what_is_no_pair_is_refused_in_one_line(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        decide_acronym(archive, "...", "x", "added")
    with pytest.raises(BadRequest):
        decide_acronym(archive, "OMS", " ", "added")
    with pytest.raises(IndexMissing):
        decide_acronym(tmp_path / "none", "OMS", "x y z", "added")


@pytest.mark.parametrize(
    "text", ["loi 2012-023", "loi n°2012-23", "LOI N° 2012/0023", 'reference:"loi 2012-023"', 'reference:="loi nº 2012-23"']
)
def test_a_law_is_found_in_every_spelling_and_never_its_neighbour(archive: Path, text: str) -> None:
    with open_engine(archive) as engine:
        page = search(engine, SearchRequest(text=text))
        assert [hit.doc_id for hit in page.hits] == ["e"]
        snippet = page.hits[0].snippet
        assert "Loi nº 2012-23" in {snippet.text[start:end] for start, end in snippet.spans}
