"""What is an article, and does its identity last: through a corrected typo, a rebuild, an export?"""

from __future__ import annotations

import hashlib
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Article
from corpus.article import BODY_CHARS, INPUT_NAMES, LINE_CHARS, article_from_record, slug
from corpus.errors import ArticleInvalid

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def derived(**values: Any) -> str:
    return Article(**{"newspaper": "L’Essor", "published": "2025-10-09", "headline": "Accord de pêche", "body": "Le port.", **values}).doc_id


# --- doc_id -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", ["a", "42", "guid:2025-10-09.42_b", "A-Z", "..a", "x" * 200], ids=lambda own: own[:20])
def test_an_id_of_letters_digits_and_a_few_signs_is_kept(own: str) -> None:
    article = Article(doc_id=own, headline="Note")
    assert (article.doc_id, article.has_own_id) == (own, True)


@pytest.mark.parametrize("own", ["été 2025", "a/b", "https://essor.example/1?x=2", "..", ".", "x" * 201, "«»", "a b", "a\nb", "٣٤", "%2e"], ids=lambda own: ascii(own)[:20])
def test_any_other_id_is_slugged_and_still_unique(own: str) -> None:
    article = Article(doc_id=own, headline="Note")
    assert article.has_own_id
    assert re.fullmatch(r"[a-z0-9-]{1,200}", article.doc_id)
    assert Article(doc_id=own, headline="Autre", body="Tout autre.").doc_id == article.doc_id
    assert Article(doc_id=f"{own}!", headline="Note").doc_id != article.doc_id


@given(own=st.text(min_size=1, max_size=250))
def test_every_id_is_fit_for_an_address_and_keeping_it_changes_nothing(own: str) -> None:
    kept = Article(doc_id=own, headline="Note").doc_id
    assert re.fullmatch(r"[A-Za-z0-9._:\-]{1,200}", kept)
    assert kept.strip(".")
    assert Article(doc_id=kept, headline="Note").doc_id == kept


def test_without_an_id_newspaper_day_and_headline_make_it() -> None:
    assert re.fullmatch(r"l-essor-2025-10-09-accord-de-peche-[0-9a-f]{6}", derived())
    assert not Article(headline="Accord").has_own_id


def test_the_id_is_the_same_on_every_machine() -> None:
    assert derived() == "l-essor-2025-10-09-accord-de-peche-" + derived()[-6:]
    assert Article(headline="Titre").doc_id == "titre-" + _digest("\x1f\x1fTitre\x1f")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]


@pytest.mark.parametrize(
    "change",
    [
        {"body": "Le port, corrigé."},
        {"standfirst": "Un chapô."},
        {"section": "Sport"},
        {"bylines": ("Awa Sow",)},
        {"kind": "brève"},
        {"updated": "2025-11-01"},
        {"extra": {"page": 3}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_identity_keeps_the_address(change: dict[str, Any]) -> None:
    assert derived(**change) == derived()


@pytest.mark.parametrize(
    "change",
    [
        {"newspaper": "Le Sahel"},
        {"newspaper": "L'Essor"},
        {"published": "2025-10-10"},
        {"published": None},
        {"headline": "Accord de pêche !"},
        {"headline": "ACCORD DE PÊCHE"},
        {"url": "https://essor.example/1"},
    ],
    ids=lambda change: "-".join(map(str, next(iter(change.items())))),
)
def test_what_is_identity_makes_another_address(change: dict[str, Any]) -> None:
    assert derived(**change) != derived()


def test_two_briefs_without_headline_and_address_differ_by_their_text() -> None:
    assert derived(headline="", body="Un port.") != derived(headline="", body="Un fleuve.")


def test_a_headline_made_of_the_first_words_serves_the_id() -> None:
    assert derived(headline="", body="Le port attend. La suite.").startswith("l-essor-2025-10-09-le-port-attend")


def test_an_address_without_a_headline_outlives_a_corrected_typo() -> None:
    first, second = (derived(headline="", url="https://essor.example/1", body=body) for body in ("Le porr attend.", "Le port attend."))
    assert first == second


def test_an_article_under_a_newspaper_that_its_source_did_not_name() -> None:
    article = Article(headline="Accord", published="2025")
    assert article.with_newspaper("L’Essor").doc_id == Article(headline="Accord", published="2025", newspaper="L’Essor").doc_id
    own = Article(doc_id="7", headline="Accord").with_newspaper("L’Essor")
    assert (own.doc_id, own.has_own_id, own.newspaper) == ("7", True, "L’Essor")


def test_a_derived_id_read_again_is_not_taken_for_an_own_one() -> None:
    first = Article(headline="Accord", newspaper="L’Essor", body="Le port.")
    again = Article(headline="Accord", newspaper="L’Essor", body="Le port, corrigé.", doc_id=first.doc_id)
    assert (again.doc_id, again.has_own_id) == (first.doc_id, False)
    assert Article(headline="Autre", newspaper="L’Essor", doc_id=first.doc_id).has_own_id


@given(newspaper=TEXT, headline=TEXT, body=TEXT.map(lambda text: f"Texte {text}"), url=st.sampled_from(("", "https://x.example/1")))
def test_any_article_keeps_its_id_through_a_record(newspaper: str, headline: str, body: str, url: str) -> None:
    article = Article(newspaper=newspaper, headline=headline, body=body, url=url)
    record = {field.name: getattr(article, field.name) for field in fields(Article) if field.name not in ("origin", "has_own_id")}
    assert article_from_record(record) == article


# --- slugs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’Essor", "l-essor"),
        ("L'Essor", "l-essor"),
        ("Le cœur de l’été", "le-coeur-de-l-ete"),
        ("N’Djamena : 300 000 F CFA", "n-djamena-300-000-f-cfa"),
        ("  --  ", ""),
        ("", ""),
        ("Œuvre ÉTÉ", "oeuvre-ete"),
        ("Хартум", "khartum"),
    ],
)
def test_a_slug_is_plain_lower_case(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_a_slug_is_cut_between_words() -> None:
    assert slug("un " * 30) == ("un-" * 20)[:-1]
    assert slug("mot " * 30, 10) == "mot-mot"
    assert slug("x" * 100) == "x" * 60


@given(text=st.text(max_size=120), chars=st.integers(1, 80))
def test_every_slug_is_short_and_a_slug_of_itself(text: str, chars: int) -> None:
    made = slug(text, chars)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", made)
    assert len(made) <= chars
    assert slug(made, chars) == made


# --- validation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"headline": " \n", "body": "\x00"},
        {"headline": 5},
        {"headline": "Note", "body": None},
        {"headline": "Note", "body": ["a"]},
        {"headline": "Note", "newspaper": None},
        {"headline": "Note", "bylines": "Awa Sow"},
        {"headline": "Note", "bylines": (5,)},
        {"headline": "Note", "tags": None},
        {"headline": "Note", "published": 2025},
        {"headline": "Note", "doc_id": 7},
        {"headline": "Note", "body": "x" * (BODY_CHARS + 1)},
    ],
    ids=lambda values: ascii(values)[:40],
)
def test_what_is_not_an_article_is_refused_in_one_line(values: dict[str, Any]) -> None:
    with pytest.raises(ArticleInvalid) as refused:
        Article(**values)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_texts_are_cleaned_and_lines_are_lines() -> None:
    article = Article(headline=" Un  titre\nlong ", body="e\u0301te\u0301\r\n\r\n\r\nfin\x00", bylines=(" Awa  Sow ", "Awa Sow", ""), kind="BRÈVE", language="FR")
    assert article.headline == "Un titre long"
    assert article.body == "été\n\nfin"
    assert article.bylines == ("Awa Sow",)
    assert (article.kind, article.language) == ("brève", "fr")


def test_a_headline_without_end_is_cut_at_a_word() -> None:
    headline = Article(headline="mot " * 1_000).headline
    assert len(headline) <= LINE_CHARS
    assert headline.endswith("mot")


@pytest.mark.parametrize(("written", "kept"), [("2025", "2025"), ("2025-10", "2025-10"), ("9 octobre 2025", "2025-10-09"), ("hier", None), ("2025-02-30", None), ("", None)])
def test_dates_keep_their_precision_and_unknown_ones_do_not_refuse(written: str, kept: str | None) -> None:
    assert Article(headline="Note", published=written).published == kept


def test_an_article_is_frozen_and_equal_by_value_wherever_it_was_read() -> None:
    article = Article(headline="Note")
    with pytest.raises(FrozenInstanceError):
        article.headline = "Autre"  # type: ignore[misc]
    assert article == Article(headline="Note")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"headline": "Titre", "body": "Texte."}, "Titre"),
        ({"body": "Texte court.\n\nSuite."}, "Texte court."),
        ({"standfirst": "Chapô.", "body": "Texte."}, "Chapô."),
        ({"body": "mot " * 40}, ("mot " * 20).strip() + "…"),
    ],
    ids=["headline", "first paragraph", "standfirst", "cut at a word"],
)
def test_the_shown_headline_is_the_headline_or_the_first_words(values: dict[str, str], shown: str) -> None:
    assert Article(**values).shown_headline == shown  # type: ignore[arg-type]


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in INPUT_NAMES.items() for name in names if field in ("headline", "body", "newspaper", "section", "credit", "url", "standfirst")]
)
def test_each_accepted_name_fills_its_field(field: str, name: str) -> None:
    article = article_from_record({"titre" if field != "headline" else "texte": "Note", name: "valeur"})
    assert getattr(article, field) == "valeur"
    assert article.extra == {}
    assert getattr(article_from_record({"titre" if field != "headline" else "texte": "Note", f" {name.upper()} ": "valeur"}), field) == "valeur"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Awa Sow", ("Awa Sow",)), ("Awa Sow; Ève Ba", ("Awa Sow", "Ève Ba")), (["Awa Sow", "Ève Ba"], ("Awa Sow", "Ève Ba")), ([{"name": "Awa Sow"}], ("Awa Sow",))],
    ids=["one", "semicolon", "list", "names of objects"],
)
def test_many_values_are_read_however_they_are_written(value: object, expected: tuple[str, ...]) -> None:
    assert article_from_record({"titre": "Note", "auteur": value}).bylines == expected


def test_unknown_keys_and_second_values_are_kept() -> None:
    article = article_from_record({"titre": "Note", "page": 3, "headline": "Autre"})
    assert article.headline == "Note"
    assert article.extra == {"page": 3, "headline": "Autre"}


def test_a_number_is_an_id_and_defaults_fill_what_is_empty() -> None:
    article = article_from_record({"id": 42, "titre": "Note", "journal": ""}, newspaper="L’Essor")
    assert (article.doc_id, article.has_own_id, article.newspaper) == ("42", True, "L’Essor")
    assert article_from_record({"titre": "Note", "journal": "Le Sahel"}, newspaper="L’Essor").newspaper == "Le Sahel"


def test_a_date_that_cannot_be_read_is_kept_as_written() -> None:
    article = article_from_record({"titre": "Note", "date": "un jour de pluie"})
    assert article.published is None
    assert article.extra == {"published_as_written": "un jour de pluie"}


def test_replacing_a_text_keeps_the_id() -> None:
    article = Article(headline="Accord", body="Le port.")
    assert replace(article, body="Le fleuve.").doc_id == article.doc_id
