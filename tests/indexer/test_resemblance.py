"""When are two texts versions of one? A dispatch and what became of it; a routine and its next day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.resemblance import (
    _WORD,
    LATER_DAYS,
    READ_CHARS,
    Words,
    _word_numbers,
    is_version,
    kept_percent,
    read_pairs,
    read_runs,
    read_words,
    told_by_runs,
)

DISPATCH = (
    "(Bamako, 3 mars) Douze pêcheurs de Mopti ont été libérés jeudi après cinq jours de détention à Ségou, a annoncé le procureur Issa Koné. "
    "Ils étaient accusés d’avoir jeté leurs filets dans la réserve de Débo, où la pêche est interdite depuis 2019. Leur avocate, Awa Sow, "
    "a dénoncé une procédure « conduite à l’envers » et demandé la restitution de 48 filets et de trois pirogues. Le tribunal doit se "
    "prononcer le 17 mars sur le fond. À Mopti, plusieurs centaines de personnes les attendaient sur le quai, où l’on a joué du balafon."
)
CUT = "Douze pêcheurs de Mopti ont été libérés jeudi après cinq jours de détention à Ségou, a annoncé le procureur. Ils étaient accusés d’avoir jeté leurs filets dans la réserve de Débo, où la pêche est interdite."
OTHER = (
    "Le festival de Ségou ouvrira ses portes le 4 février avec trente troupes venues de la sous-région, a indiqué son directeur. Les concerts se "
    "tiendront sur la berge et seront gratuits, une première depuis la fondation du festival, que la commune finance à moitié cette année."
)
WEATHER = (
    "Prévisions pour demain. Le ciel sera dégagé sur l’ensemble du pays. Les températures attendues sont les suivantes : Bamako, {} degrés le matin et {} degrés "
    "l’après-midi ; Ségou, {} degrés le matin et {} degrés l’après-midi ; Mopti, {} degrés le matin et {} degrés l’après-midi. La prudence est recommandée aux usagers de la route."
)
NOTICE = "La famille {0}, parents, alliés et amis ont la profonde douleur de faire part du décès de {1} {0}, survenu à {2} à l’âge de {3} ans. La levée du corps aura lieu à {4} heures, suivie de l’inhumation au cimetière de {5}. Elle remercie toutes les personnes qui lui ont témoigné leur sympathie."


def alike(one: Words, other: Words, days_apart: int = 0) -> bool:
    """Compare two texts as linking does."""
    return is_version(one.short, other.short, lambda: (one, other), days_apart)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(DISPATCH, DISPATCH, True, id="the same text"),
        pytest.param(DISPATCH, DISPATCH.upper(), True, id="in capitals"),
        pytest.param(DISPATCH, CUT, True, id="cut"),
        pytest.param(DISPATCH, f"{OTHER}\n\n{DISPATCH}", True, id="after a paragraph of its own"),
        pytest.param(DISPATCH, DISPATCH.replace("jeudi", "hier").replace("Leur avocate", "Leur défenseure") + "\n\n(avec ASD)", True, id="edited and signed"),
        pytest.param(DISPATCH, OTHER, False, id="another text of the same town"),
        pytest.param(CUT, OTHER, False, id="a cut and another text"),
        pytest.param(WEATHER.format(21, 34, 22, 36, 20, 33), WEATHER.format(18, 29, 19, 31, 17, 28), False, id="weather of two days"),
        pytest.param(
            NOTICE.format("Traoré", "Awa", "Ségou", 87, 9, "Pelengana"), NOTICE.format("Lambert", "Odile", "Namur", 62, 10, "Salzinnes"), False, id="two death notices"
        ),
        pytest.param("Réservé aux abonnés.", "Réservé aux abonnés.", False, id="too short to say"),
        pytest.param("", "", False, id="nothing"),
    ],
)
def test_versions_are_told_from_routine(one: str, other: str, same: bool) -> None:
    assert alike(read_words(one), read_words(other)) is same
    assert alike(read_words(other), read_words(one)) is same


def test_an_edited_text_that_comes_back_after_months_is_routine_but_the_text_itself_is_not() -> None:
    assert alike(read_words(DISPATCH), read_words(DISPATCH), LATER_DAYS + 1)
    edited = DISPATCH.replace("Mopti", "Gao").replace("Ils étaient accusés", "On leur reprochait").replace("a dénoncé", "a critiqué").replace("Le tribunal", "La cour")
    assert alike(read_words(DISPATCH), read_words(edited), 3)


def test_the_share_kept_is_of_the_first_publication() -> None:
    first, cut, other, short, none = read_pairs([DISPATCH, CUT, OTHER, "Non.", ""])
    assert kept_percent(first, first) == 100
    assert 25 <= kept_percent(first, cut) <= 50
    assert kept_percent(cut, first) >= 90
    assert kept_percent(first, other) < 25
    assert [kept_percent(short, first), kept_percent(none, none), kept_percent(first, none)] == [0, 0, 0]


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_two_texts_can_be_compared_and_the_order_does_not_matter(one: str, other: str) -> None:
    first, second = read_words(one), read_words(other)
    assert alike(first, second) == alike(second, first)
    assert 0 <= kept_percent(*read_pairs([one, other])) <= 100


@given(st.text(max_size=300))
def test_the_numbers_of_words_tell_words_apart_as_the_pattern_does(text: str) -> None:
    text = text.casefold()
    text = "".join(letter if letter < "\u3000" else " " for letter in text)
    numbers, expected = _word_numbers(text)[0].tolist(), _WORD.findall(text)
    assert len(numbers) == len(expected)
    assert len(set(numbers)) == len(set(expected))
    assert len(set(zip(numbers, expected, strict=True))) == len(set(expected))


def test_a_text_longer_than_is_read_is_cut_and_casefolding_may_lengthen_it() -> None:
    assert read_words("ﬃ " * READ_CHARS).words.size == READ_CHARS // 2


@given(st.lists(st.text(alphabet=st.sampled_from("aé’ .\nA1"), max_size=60), max_size=8))
def test_texts_read_together_have_the_runs_and_pairs_that_each_has_alone(texts: list[str]) -> None:
    together, pairs = read_runs(texts), read_pairs(texts)
    alone = [read_words(text).short for text in texts]
    assert [one.words for one in together] == [one.words for one in alone]
    assert [one.runs.tolist() for one in together] == [one.runs.tolist() for one in alone]
    assert [one.tolist() for one in pairs] == [read_pairs([text])[0].tolist() for text in texts]
    assert [one.size for one in pairs] == [max(0, one.words - 1) for one in alone]


def test_texts_too_long_to_be_read_together_are_read_one_after_the_other() -> None:
    long = "mot " * (READ_CHARS // 4) + "encore"
    assert [one.words for one in read_runs([long, DISPATCH, long, ""])] == [READ_CHARS // 4, read_words(DISPATCH).words.size, READ_CHARS // 4, 0]


def test_a_cut_is_told_by_its_runs_and_an_edited_text_must_be_looked_at() -> None:
    edited = DISPATCH.replace("jeudi", "hier")
    whole, cut, changed, other = read_runs([DISPATCH, f"{DISPATCH} {OTHER}", edited, OTHER])
    assert [told_by_runs(whole, one) for one in (whole, cut, changed, other)] == [True, True, None, False]
