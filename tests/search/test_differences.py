"""Do two texts woven together hold every word of both, and is what stayed, went and came marked as a reader would?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.differences import MOST_WORDS, Piece, differences

WORDS = st.lists(st.sampled_from("le la de pêche accord port signé hier jeudi Ségou 12 , . « »".split()), max_size=60).map(" ".join)
TEXTS = st.lists(WORDS, max_size=4).map("\n\n".join)


def words_of(before: str, after: str, *kinds: str) -> list[str]:
    found = differences(before, after)
    return [word for pieces in found.paragraphs for piece in pieces if piece.kind in kinds for word in piece.text.split()]


@given(TEXTS, TEXTS)
def test_no_word_of_either_text_is_lost(before: str, after: str) -> None:
    assert sorted(words_of(before, after, "same", "added")) == sorted(after.split())
    assert words_of(before, after, "same", "removed") == before.split()


@given(TEXTS)
def test_a_text_is_unchanged_beside_itself(text: str) -> None:
    found = differences(text, text)
    assert {piece.kind for pieces in found.paragraphs for piece in pieces} <= {"same"}
    assert (found.kept, found.added) == (found.words, 0)


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        pytest.param(
            "Le port a rouvert jeudi matin sans incident.",
            "Le port a rouvert hier matin sans incident.",
            [("same", "Le port a rouvert "), ("removed", "jeudi"), ("same", " "), ("added", "hier"), ("same", " "), ("same", "matin sans incident.")],
            id="a word changed",
        ),
        pytest.param("L'accord tient bon.", "L’accord tient bon.", [("same", "L’accord tient bon.")], id="an apostrophe is no change"),
        pytest.param("", "Un texte.", [("added", "Un texte.")], id="everything came"),
        pytest.param("Un texte.", "", [("removed", "Un texte.")], id="everything went"),
    ],
)
def test_changes_are_marked_word_by_word(before: str, after: str, pieces: list[tuple[str, str]]) -> None:
    found = differences(before, after).paragraphs
    assert [(piece.kind, piece.text) for piece in found[0]] == pieces


def test_a_word_equal_by_chance_between_two_changes_is_no_confetti() -> None:
    found = differences("Il a vu la mer hier soir.", "Elle disait à la fin bien autre chose.")
    assert [piece.kind for piece in found.paragraphs[0] if piece.text.strip()] == ["removed", "added"]


def test_paragraphs_stay_paragraphs() -> None:
    found = differences("Un premier paragraphe ici.\n\nUn deuxième paragraphe là.", "Un premier paragraphe ici.\n\nUn troisième paragraphe là.")
    assert len(found.paragraphs) == 2
    assert found.paragraphs[0] == (Piece("same", "Un premier paragraphe ici."),)


def test_of_very_long_texts_the_beginning_is_compared_and_that_is_said() -> None:
    text = " ".join(f"mot{number}" for number in range(MOST_WORDS + 10))
    found = differences(text, text)
    assert (found.cut, found.words) == (True, MOST_WORDS)
