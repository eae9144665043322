"""Does the stored form give the article back, and tell a change from none?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Article
from corpus.article import article_from_record
from indexer.documents import HEADER_KEYS, article_from_stored, header_form, stored_form, stored_row

WHOLE = Article(
    doc_id="a:1",
    headline="Accord",
    body="Le port.\n\nLa mer.",
    standfirst="Chapô",
    newspaper="L’Essor",
    section="Économie",
    bylines=("Awa Sow", "Ève Ba"),
    published="2025-10",
    updated="2025-10-09",
    credit="AFP",
    kind="dépêche",
    places=("Mopti",),
    people=("Awa Sow",),
    organisations=("ONU",),
    tags=("pêche",),
    references=("loi 2012-023",),
    language="ff",
    url="https://essor.example/1",
    extra={"pages": [1, 2], "note": "à relire"},
)
LINES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=12)
ARTICLES = st.builds(
    Article,
    headline=LINES,
    body=LINES.map(lambda text: f"Texte {text}"),
    newspaper=LINES,
    section=LINES,
    bylines=st.lists(LINES, max_size=3).map(tuple),
    published=st.sampled_from((None, "2025", "2025-10", "2025-10-09")),
    kind=st.sampled_from(("article", "brève")),
    url=st.sampled_from(("", "https://x.example/1")),
    extra=st.dictionaries(st.sampled_from(("page", "numéro")), st.integers() | LINES, max_size=2),
)


@given(article=ARTICLES)
def test_the_stored_form_gives_the_article_back(article: Article) -> None:
    stored = json.loads(json.dumps(stored_form(article, "2025-12-01"), ensure_ascii=False))
    assert article_from_stored(stored) == replace(article, added="2025-12-01")
    row, digest = stored_row(stored)
    assert json.loads(row) == stored
    assert digest == stored_row(stored_form(article, "1999-01-01"))[1]  # the day of entry is no change


@given(article=ARTICLES)
def test_an_export_read_again_is_the_same_article(article: Article) -> None:
    again = article_from_record(json.loads(json.dumps(stored_form(article, "2025-12-01"))))
    assert again.doc_id == article.doc_id
    assert again == replace(article, added="2025-12-01")


def test_an_article_with_an_id_of_its_own_survives_an_export_too() -> None:
    again = article_from_record(json.loads(json.dumps(stored_form(WHOLE, "2025-12-01"))))
    assert again == replace(WHOLE, added="2025-12-01")
    assert again.has_own_id


def test_empty_fields_are_left_out() -> None:
    stored = stored_form(Article(doc_id="n", headline="Titre seul"), "2025-12-01")
    assert {name for name in stored if name != "has_own_id"} == {"doc_id", "headline", "added"}


@pytest.mark.parametrize("name", [name for name in stored_form(WHOLE, "2025-12-01") if name not in ("added", "has_own_id")])
def test_any_changed_field_changes_the_digest(name: str) -> None:
    stored = stored_form(WHOLE, "2025-12-01")
    value = stored[name]
    changed = {**stored, name: [*value, "x"] if isinstance(value, list) else {**value, "x": 1} if isinstance(value, dict) else value + "x"}
    assert stored_row(changed)[1] != stored_row(stored)[1]


def test_the_day_of_entry_of_an_export_is_kept() -> None:
    assert stored_form(replace(WHOLE, added="2001-02-03"), "2025-12-01")["added"] == "2001-02-03"


def test_a_list_shows_a_derived_headline_and_says_so() -> None:
    article = Article(doc_id="n", body="Les premiers mots.\n\nLa suite.")
    header = header_form(stored_form(article, "2025-12-01"))
    assert (header["headline"], header["headline_derived"]) == (article.shown_headline, True)
    whole = header_form(stored_form(WHOLE, "2025-12-01"), "digest")
    assert "headline_derived" not in whole
    assert set(whole) <= set(HEADER_KEYS)
    assert {name: whole[name] for name in ("headline", "bylines", "digest")} == {"headline": "Accord", "bylines": ["Awa Sow", "Ève Ba"], "digest": "digest"}
