"""Do the runs that a writer cuts a text into hold the same words, at the same places, as the analysis of the whole text?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.cleaning import clean_text
from indexer import vocabulary
from indexer.french import accent_term, analyze, fold, piece_words, pieces, term
from indexer.tokenizer import find_words
from indexer.vocabulary import NO_TERM, Runs

_BLANKS = [" ", " ", " ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u202f", "\u2009", "\u2003", "\u00ad", "\u2010"]
_WORDS = "- ¬ 300 000 12 1 gouver- nement Nement élu É l’école d' qu’Il (s) « » . … , Mme M. XIXe vi ASVP CES vice-président ٣٤٥ ²".split()
_BITS = st.sampled_from([*_BLANKS, *_WORDS])
_TEXTS = st.lists(_BITS, max_size=30).map("".join) | st.text(max_size=40)


def _tokens(texts: list[str]) -> list[tuple[list[str], list[int]]]:
    runs = Runs()
    cut = [[runs.numbers[run] for run in vocabulary.cut_runs(text)] for text in texts]
    flat = np.array([number for numbers in cut for number in numbers], np.int32)
    tokens = runs.tokens(flat, np.array([len(numbers) for numbers in cut], np.int64))
    names = list(runs.words.surfaces)
    found = []
    for doc in range(len(texts)):
        own = tokens.docs == doc
        assert int(own.sum()) == tokens.lengths[doc]
        found.append(([names[number] for number in tokens.surfaces[own].tolist()], tokens.positions[own].tolist()))
    return found


@given(st.lists(_TEXTS, max_size=4))
def test_runs_hold_the_words_of_cleaned_texts_at_their_positions(texts: list[str]) -> None:
    cleaned = [clean_text(text) for text in texts]

    assert _tokens(cleaned) == [(found.surfaces, found.positions) for found in map(analyze, cleaned)]


@given(st.lists(_TEXTS, max_size=4))
def test_runs_hold_the_words_of_any_texts_at_their_positions(texts: list[str]) -> None:
    assert _tokens(texts) == [(found.surfaces, found.positions) for found in map(analyze, texts)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("plus de 300 000 francs", id="figures across a space"),
        pytest.param("1\u202f234\u00a0567 habitants", id="figures across no-break spaces"),
        pytest.param("le gouver- nement a dit", id="a hyphen left by an unwrapped line"),
        pytest.param("le gouver-\nnement a dit", id="a word cut at a line end"),
        pytest.param("12 3456 et 12 345", id="four figures are another number"),
        pytest.param("Fin.\n\nDébut", id="paragraphs"),
    ],
)
def test_what_is_one_word_across_a_blank_is_put_together(text: str) -> None:
    assert _tokens([text, text]) == [(analyze(text).surfaces, analyze(text).positions)] * 2


def test_an_article_does_not_go_on_in_the_next_one() -> None:
    assert _tokens(["le chiffre 300", "", "000 francs"]) == [(["le", "chiffre", "300"], [0, 1, 2]), ([], []), (["000", "francs"], [0, 1])]


def test_many_articles_are_unfolded_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "RUNS_AT_ONCE", 3)
    texts = ["un deux trois quatre.", "", "cinq", "six sept huit", ""]

    assert _tokens(texts) == [(found.surfaces, found.positions) for found in map(analyze, texts)]


@given(_TEXTS)
def test_the_quick_way_to_the_words_of_a_piece_is_the_long_one(text: str) -> None:
    for piece in pieces(text):
        words = find_words(piece)
        assert piece_words(piece)[:2] == (tuple(word.surface for word in words), tuple(word.rank for word in words))


def test_each_surface_has_the_terms_of_the_analysis() -> None:
    runs = Runs()
    for run in vocabulary.cut_runs("Les élus du côté de la côte ont élu Ouattara"):
        runs.numbers[run]
    runs.learn()
    runs.words.learn()
    words = runs.words
    terms, classes = list(words.terms), list(words.classes)

    for surface, exact, accented in zip(words.surfaces, words.exact().tolist(), words.accents().tolist(), strict=True):
        assert terms[exact] == fold(surface)
        assert classes[words.class_of()[exact]] == term(fold(surface))
        assert (None if accented == NO_TERM else terms[accented]) == accent_term(surface)
