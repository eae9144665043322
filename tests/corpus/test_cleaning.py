"""Line ends, paragraphs, characters: what cleaning takes out of a text and what it leaves."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.cleaning import clean_line, clean_text, ends_sentence, wrap_width

WRAPPED = """Le conseil municipal de Tombelaine a adopté mardi soir le budget de la ville, au
terme d’une séance de six heures que le maire a dû suspendre deux fois. Les élus de
l’opposition demandaient un second vote sur la piscine, fermée depuis le printemps.
Le texte prévoit dix-huit millions d’euros de dépenses, dont trois pour les écoles.
Aucune hausse d’impôt n’est inscrite.
Les travaux du marché couvert commenceront en septembre. Ils avaient été repoussés à
plusieurs reprises, faute d’entreprises candidates."""

RAGGED = """La rentrée
solennelle de l’université, qui a eu lieu lundi dans le grand amphithéâtre, a
réuni des étudiants, des enseignants et des représentants des
communes venus de
toute la province pour entendre la leçon inaugurale.
Le recteur
a présenté les nouveaux bâtiments, dont la bibliothèque de droit, et rappelé que les
travaux avaient commencé il y a dix ans. La doyenne Rose Ag
Attayoub a ensuite pris la parole au nom des facultés."""

VERSE = """Sous le pont du moulin
L’eau se souvient du grain,
Et la meule endormie
Rêve encore à la mie.

Passe, passant, demain,
Je te tendrai la main."""

LIST = """Les lauréats sont :
- Awa Sarr, pour le roman
- Louis Gagnebin, pour l’essai
- Théo Vasseur, pour la bande dessinée"""

ONE_A_LINE = """Le ministre a ouvert la séance à neuf heures précises, devant des députés venus en nombre pour le débat sur la réforme des marchés.
La discussion a duré jusqu’au soir, et le texte a été adopté par cent douze voix contre quarante, après trois suspensions.
Le Sénat l’examinera en novembre. La ministre espère une promulgation avant la fin de l’année, malgré un calendrier chargé."""


def test_wrapped_lines_become_the_paragraphs_they_were() -> None:
    paragraphs = clean_text(WRAPPED).split("\n\n")
    assert [paragraph.split()[-1] for paragraph in paragraphs] == ["inscrite.", "candidates."]
    assert "au terme d’une séance" in paragraphs[0]
    assert "\n" not in "".join(paragraphs)


def test_ragged_wraps_of_a_pasted_page_are_joined() -> None:
    paragraphs = clean_text(RAGGED).split("\n\n")
    assert paragraphs[0].startswith("La rentrée solennelle de l’université")
    assert paragraphs[1].startswith("Le recteur a présenté")
    assert "Rose Ag Attayoub" in paragraphs[1]
    assert len(paragraphs) == 2


@pytest.mark.parametrize("text", [VERSE, LIST, "12, rue des Lices\n44000 Nantes\nTél. 02 40 00 00 00"], ids=["verse", "list", "address"])
def test_short_lines_keep_their_ends(text: str) -> None:
    assert clean_text(text) == text


def test_verse_inside_wrapped_prose_keeps_its_ends() -> None:
    stanza = VERSE.split("\n\n")[0]
    assert stanza in clean_text(f"{WRAPPED}\n\n{stanza}\n\n{WRAPPED}")


def test_long_lines_are_a_paragraph_each() -> None:
    assert clean_text(ONE_A_LINE) == ONE_A_LINE.replace("\n", "\n\n")


@pytest.mark.parametrize("hyphen", ["-", "‐", "\u00ad"], ids=["hyphen-minus", "hyphen", "soft hyphen"])
def test_a_word_cut_at_a_line_end_is_left_for_the_analysis(hyphen: str) -> None:
    text = WRAPPED.replace("un second vote", f"un nou{hyphen}\nveau vote")
    assert f"nou{hyphen}\nveau" in clean_text(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("e\u0301te\u0301", "été"),
        ("un\x00 deux\x1b[0m\ud800", "un deux[0m"),
        ("«\u00a0Oui\u202f!\u00a0»", "«\u00a0Oui\u202f!\u00a0»"),
        ("a\r\n\r\n\r\nb\rc", "a\n\nb\nc"),
        ("un\t\tdeux   trois", "un deux trois"),
        ("  \n\n ", ""),
        ("un\u2029deux", "un\n\ndeux"),
        ("\ufeffdébut\u202egauche", "débutgauche"),
    ],
    ids=["NFC", "controls", "typographic spaces stay", "line ends", "runs of spaces", "nothing", "paragraph separator", "BOM and overrides"],
)  # fmt: skip
def test_characters_are_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_a_line_is_one_line() -> None:
    assert clean_line(" Le\n maire,\t\u2028 absent \x07") == "Le maire, absent"


def test_the_wrap_width_is_that_of_the_full_lines() -> None:
    width = wrap_width(WRAPPED.split("\n"))
    assert width is not None
    assert 80 <= width <= 85
    assert wrap_width(VERSE.split("\n")) is None
    assert wrap_width(ONE_A_LINE.split("\n")) is None


@pytest.mark.parametrize(
    ("line", "ends"),
    [("Il l’a dit.", True), ("« Oui ! »", True), ("(2000).", True), ("et puis…", True), ("le 12", False), ("dit :", False)],
)
def test_a_sentence_ends_with_its_stop(line: str, ends: bool) -> None:
    assert ends_sentence(line) is ends


_WORDS = st.lists(
    st.sampled_from("le la Mali Une été, ministre. jour ; : - – « » • 12 a) (AFP) sec- … l’école Source".split()), min_size=1, max_size=30
)
_LINES = st.lists(_WORDS.map(" ".join), min_size=1, max_size=25)


@given(_LINES, st.sampled_from(["\n", "\n\n", "\r\n", " \n "]))
@example(["sec- le", "a) Une"], "\n")
def test_cleaning_pages_twice_is_cleaning_once(lines: list[str], line_end: str) -> None:
    once = clean_text(line_end.join(lines))
    assert clean_text(once) == once


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_cleaning_anything_twice_is_cleaning_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(_LINES)
def test_cleaning_loses_no_word(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert clean_text(text).split() == text.split()
