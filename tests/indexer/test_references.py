"""Every spelling of a cited text is one normal form; what only looks like one is none."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.mentions import mentions_of, with_mentions
from indexer.references import cited_texts, find_references, normal_reference
from indexer.schema import label_term

LINES = (Path(__file__).parent / "reference_cases.tsv").read_text(encoding="utf-8").splitlines()[1:]
CASES = [(text, tuple(values.split(" | ")) if values else ()) for text, _, values in (line.partition("\t") for line in LINES)]
VALUES = sorted({value for _, values in CASES for value in values})
SIGNS = st.sampled_from(["n°", "n° ", "nº ", "no ", "N° ", "n ° ", "numéro ", "n°\u00a0", ""])
words = st.sampled_from(
    "la loi décret n° 2012-023 du 3 mai 2012 article L. 1 et , ( ) code du travail résolution 2118 convention « projet de".split(" ")
)


def test_there_are_enough_written_cases() -> None:
    assert len(CASES) >= 150
    assert len({text for text, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_text_cites(text: str, expected: tuple[str, ...]) -> None:
    assert cited_texts(text) == expected


def test_an_article_torn_at_the_dot_of_its_letter_is_read_and_no_other_line_is_joined() -> None:
    assert cited_texts("selon l’article L.\n\n66 du code électoral") == ("article L. 66 du code électoral",)
    assert cited_texts("selon la loi n°\n\n2012-23") == cited_texts("selon l’article 3\n\n66 du code électoral") == ()


@pytest.mark.parametrize("value", VALUES)
def test_a_normal_form_is_its_own_normal_form_and_has_an_address(value: str) -> None:
    assert normal_reference(value) == value
    assert label_term(label_term(value).replace(" ", "-")) == label_term(value)


@given(sign=SIGNS, year=st.integers(2000, 2049), number=st.integers(1, 2500), width=st.integers(1, 4), joint=st.sampled_from("-/‑–"))
def test_a_law_is_found_in_every_spelling_and_never_another(sign: str, year: int, number: int, width: int, joint: str) -> None:
    text = f"Selon la loi {sign}{year}{joint}{number:0{width}d} du pays."
    found = find_references(text)
    if 0 <= number - year <= 20 and not sign:
        return  # 2014-2019 without « n° » is a span of years
    assert [one.value for one in found] == [f"loi n° {year}-{number}"]
    assert text[found[0].start : found[0].end].startswith("loi")


@given(st.lists(words, max_size=40).map(" ".join) | st.text(max_size=200))
def test_no_text_raises_and_spans_stand_in_order(text: str) -> None:
    found = find_references(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_references_of_the_source_and_of_the_text_are_one_list() -> None:
    stored = {"doc_id": "a", "body": "La loi nº 2012-23 et la loi du 11 février 2005.", "references": ["Loi 2012-023", "Accord d’Alger"]}
    assert mentions_of(stored).references == ("loi n° 2012-23", "Accord d’Alger", "loi du 11 février 2005")
    assert with_mentions(stored)["references"] == ["loi n° 2012-23", "Accord d’Alger", "loi du 11 février 2005"]
