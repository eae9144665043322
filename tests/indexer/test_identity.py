"""Can two different articles end as one? Every way they could meet under one id, each with the article that would be lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from archivist import content
from hypothesis import given, settings
from hypothesis import strategies as st

import corpus.article
from corpus import Article
from indexer import build_index

LONG = (
    "Le conseil municipal a voté hier soir le budget de la ville et la rénovation du marché central de Mopti, après de longs débats. " * 4
)
OTHER = (
    "Une pirogue a chaviré dimanche sur le fleuve au large de Ségou ; douze passagers ont été secourus par les pêcheurs du village. " * 4
)
NOTICE = "Cet article est réservé à nos abonnés. Pour lire la suite, connectez-vous ou abonnez-vous à partir de mille francs par mois."
LIST = "https://matin.example/"
PAGE = "https://matin.example/2025/10/09/"


def piece(**more: object) -> Article:
    known: dict[str, object] = {"newspaper": "Le Matin", "published": "2025-10-09", "headline": "En bref", "body": LONG}
    return Article(**(known | more))  # type: ignore[arg-type]


TWO_ARTICLES = {
    "short texts under one headline": (piece(body="Sans commentaire."), piece(body="Le pont a rouvert.")),
    "the same short text on two days": (piece(body="Relâche."), piece(body="Relâche.", published="2025-10-10")),
    "long texts under one headline": (piece(), piece(body=OTHER)),
    "the same address on two days": (piece(url=f"{PAGE}meteo"), piece(url=f"{PAGE}meteo", published="2025-10-10")),
    "the front page as address of all": (piece(url=LIST), piece(url=LIST, body=OTHER)),
    "a notice in place of many texts": (
        piece(headline="Le pont", body=NOTICE, url=f"{PAGE}1"),
        piece(headline="La récolte", body=NOTICE, url=f"{PAGE}2"),
    ),
    "no newspaper, day or headline": (Article(body=LONG, url=f"{PAGE}1"), Article(body=OTHER, url=f"{PAGE}2")),
    "one id in two newspapers": (piece(doc_id="1"), piece(doc_id="1", newspaper="Le Soir", body=OTHER)),
    "one id in two newspapers of one slug": (
        piece(doc_id="1"),
        piece(doc_id="1", newspaper="Le Soir", body=OTHER),
        piece(doc_id="1", newspaper="Le-Soir", body=OTHER + LONG),
    ),
    "one id in newspapers without letters": (
        piece(doc_id="1"),
        piece(doc_id="1", newspaper="***", body=OTHER),
        piece(doc_id="1", newspaper="!!!", body=OTHER + LONG),
    ),
    "one id, the newspaper named once": (
        piece(doc_id="1", newspaper="", headline="Le pont"),
        piece(doc_id="1", body=OTHER, headline="La récolte"),
    ),
    "one id, the newspaper forgotten once": (
        piece(doc_id="1", headline="Le pont"),
        piece(doc_id="1", newspaper="", body=OTHER, headline="La récolte"),
    ),
    "ids of one slug": (piece(doc_id="n° 1/2"), piece(doc_id="n°-1-2", body=OTHER), piece(doc_id="n 1 2", body=OTHER + LONG)),
    "ids that differ in case": (piece(doc_id="A1"), piece(doc_id="a1", body=OTHER)),
    "a text printed by two newspapers": (piece(), piece(newspaper="Le Soir")),
    "headlines of one slug": (piece(headline="Il a dit : oui !"), piece(headline="Il a dit oui", body=OTHER)),
    "headlines cut at the same word": (piece(headline="Le pont " * 20 + "rouvre"), piece(headline="Le pont " * 20 + "ferme", body=OTHER)),
}


@pytest.mark.parametrize("articles", TWO_ARTICLES.values(), ids=TWO_ARTICLES.keys())
@pytest.mark.parametrize("runs", ["one run", "a run each", "a run each, backwards"])
def test_different_articles_stay_different_and_stay_where_they_are(articles: Sequence[Article], runs: str, tmp_path: Path) -> None:
    ordered = articles[::-1] if runs == "a run each, backwards" else articles
    for batch in [ordered] if runs == "one run" else [[article] for article in ordered]:
        build_index(batch, tmp_path / "index")
    there = content(tmp_path / "index", without=["added"])
    expected = sorted((article.headline, article.newspaper, article.published or "", article.body) for article in articles)
    found = [tuple(stored.get(name, "") for name in ("headline", "newspaper", "published", "body")) for stored in there.values()]
    assert sorted(found) == expected
    for article in ordered:  # read again, in whatever order: nothing moves
        build_index([article], tmp_path / "index")
    assert content(tmp_path / "index", without=["added"]) == there


ONE_ARTICLE = {
    "a copy": (piece(), piece()),
    "a text corrected": (piece(), piece(body=LONG.replace("hier soir", "mardi"))),
    "a headline corrected": (piece(), piece(headline="Le budget est voté")),
    "an address changed": (piece(url=f"{PAGE}1"), piece(url=f"{PAGE}1?utm=x")),
    "a text that followed its headline": (piece(body=""), piece()),
    "rewritten at its address": (piece(url=f"{PAGE}1"), piece(url=f"{PAGE}1", body=OTHER)),
    "an id of the source": (piece(doc_id="1"), piece(doc_id="1", headline="Le fleuve", published="2025-10-10", body=OTHER)),
    "the newspaper named later": (piece(doc_id="1", newspaper=""), piece(doc_id="1")),
}


@pytest.mark.parametrize("articles", ONE_ARTICLE.values(), ids=ONE_ARTICLE.keys())
def test_versions_of_one_article_stay_one(articles: Sequence[Article], tmp_path: Path) -> None:
    for article in articles:
        build_index([article], tmp_path / "index")
    assert len(content(tmp_path / "index")) == 1


def test_an_id_that_gives_way_to_another_article_is_told(tmp_path: Path) -> None:
    build_index([piece(doc_id="1")], tmp_path / "index")
    corrected = build_index([piece(doc_id="1", body=OTHER)], tmp_path / "index")
    assert not corrected.notes
    report = build_index([piece(doc_id="1", headline="Le fleuve", published="2025-11-01")], tmp_path / "index")
    assert [note for note in report.notes if "such as 1" in note]


def test_a_headline_without_text_takes_no_text_away(tmp_path: Path) -> None:
    build_index([piece()], tmp_path / "index")
    build_index([piece(body="")], tmp_path / "index")
    assert sorted(stored.get("body", "") for stored in content(tmp_path / "index").values()) == ["", LONG.strip()]


@pytest.mark.parametrize("url", ["", PAGE], ids=["without an address", "with addresses"])
def test_articles_whose_hashes_meet_are_numbered(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus.article, "_HASH_CHARS", 1)  # sixteen values, where a million articles have 16 million
    texts = [
        f"{name}-{copy} " * 30
        for copy in range(4)
        for name in ("pont", "fleuve", "mil", "pirogue", "marché", "école", "pluie", "grève", "port", "train")
    ]
    articles = [piece(headline="", body=text, url=url and f"{url}{number}") for number, text in enumerate(texts)]
    report = build_index(articles, tmp_path / "index")
    assert report.articles == len(articles)
    if url:
        assert any("became" in note for note in report.notes)
        assert build_index(articles, tmp_path / "index").articles == len(articles)


_articles = st.lists(
    st.builds(
        piece,
        newspaper=st.sampled_from(["Le Matin", "Le Soir", "Le-Soir", ""]),
        headline=st.sampled_from(["En bref", "EN BREF", "Le pont", ""]),
        published=st.sampled_from(["2025-10-09", "2025-10", None]),
        body=st.sampled_from([LONG, OTHER, "Relâche.", "Le pont a rouvert.", NOTICE]),
        url=st.sampled_from(["", LIST, f"{PAGE}1", f"{PAGE}2"]),
        doc_id=st.sampled_from(["", "", "", "1", "n° 1"]),
    ),
    min_size=1,
    max_size=12,
)


@given(_articles)
@settings(max_examples=40)
def test_no_text_of_a_newspaper_and_day_is_lost(tmp_path_factory: pytest.TempPathFactory, articles: list[Article]) -> None:
    location = tmp_path_factory.mktemp("identity") / "index"
    articles = [replace(article, doc_id="") if article.url not in ("", LIST) else article for article in articles]
    latest = {  # what replaces by contract: the same source id of one newspaper, or the same address, newspaper, day and headline
        (article.newspaper, article.doc_id)
        if article.has_own_id
        else (
            article.newspaper,
            article.published,
            article.headline,
            article.url,
            article.body if article.url in ("", LIST) else "",
        ): article
        for article in articles
    }
    build_index(articles, location)
    found = {(stored.get("newspaper", ""), stored.get("published"), stored.get("body", "")) for stored in content(location).values()}
    texts = {(one.newspaper, one.published, one.body) for one in latest.values()}
    assert {one for one in texts if one[0]} <= found
