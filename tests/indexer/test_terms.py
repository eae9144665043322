"""Do the forms of a word share a term, and do names and look-alikes keep their own?"""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.lexicon import Entry, Lexicon, load_curated, load_lexicon, parse_curated
from indexer.terms import STOP_WORDS, accent_term, fold, is_stop, required_accent, term

FRENCH_WORD = st.text("abcdefghijklmnopqrstuvwxyzàâçéèêëîïôöùûüœæ", min_size=1, max_size=14)


def t(surface: str) -> str:
    return term(fold(surface))


@pytest.mark.parametrize(
    "forms",
    [
        "loi lois", "élu élus élue élues élire élisent", "jeu jeux", "travail travaux", "journal journaux", "hôpital hôpitaux",
        "nouveau nouvelle nouveaux", "acteur acteurs actrice actrices", "commission commissions", "danger dangers",
        "améliorer améliorées ameliorees AMÉLIORA", "négocient négociera négocions", "appeler appelle appellerons", "œil yeux",
        "venir viendra venu venue vint", "recevoir reçu reçoivent", "monsieur messieurs", "français française",
        "étranger étrangère étrangers", "beau belle beaux", "actif actives", "évènement événement événements", "ONG ONGs",
        "macroniste macronistes", "Houthi Houthis", "ubériser ubérisera ubérisée ubérisent", "youtubeur youtubeuse youtubeuses",
        "bamakois bamakoise bamakoises", "antiterroriste antiterroristes", "cofinancer cofinancera", "heure heures h", "saint st sainte",
    ],
)  # fmt: skip
def test_the_forms_of_a_word_share_a_term(forms: str) -> None:
    assert len({t(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "words",
    [
        "Mali mal mâle", "Sall salle", "Gaza gaz", "France franc français", "Condé condition", "Bénin bénigne", "Guinée guinées",
        "Touré tour", "Niger Nigeria nigérian nigérien", "Sénégal sénégalais", "Denis Denise", "François Françoise",
        "organe organisation organisme", "université univers", "parlement parler", "département départ", "commune communiste communication",
        "environnement environ", "opéra opération", "général génération", "équipe équipement", "chemin cheminée", "tonne ton", "plan planer",
        "poisson poison", "désert dessert", "chat châtiment", "mer mère maire", "vie via", "port porte", "vente vent", "entre entrée",
        "gouvernement gouverneur gouvernance", "art article", "mars mari", "loi loyer", "visa viser", "format formation", "paris parent",
    ],
)  # fmt: skip
def test_look_alikes_keep_apart(words: str) -> None:
    assert len({t(word) for word in words.split()}) == len(words.split())


@pytest.mark.parametrize(
    ("surface", "folded"),
    [
        ("Côté", "cote"), ("œuvre", "oeuvre"), ("Ægypte", "aegypte"), ("aujourd’hui", "aujourdhui"), ("N'Djamena", "ndjamena"), ("3.5", "3.5"),
        ("vice-président", "vicepresident"), ("ɓaŋɗɔ", "bangdo"), ("ﬁn", "fin"), ("e\u0301te\u0301", "ete"), ("مالي", "مالي"), ("ⵣⴰ", "ⵣⴰ"),
        ("٣٤", "34"), ("ß", "ss"), ("...", "..."),
    ],
)  # fmt: skip
def test_a_surface_folds_to_its_plainest_letters(surface: str, folded: str) -> None:
    assert fold(surface) == folded


@given(FRENCH_WORD)
def test_case_and_accents_never_change_a_term(word: str) -> None:
    bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    assert {t(word), t(word.upper()), t(word.title()), t(bare), t(unicodedata.normalize("NFD", word))} == {t(word)}


@given(st.text(min_size=1, max_size=12))
def test_folding_is_never_empty_and_folding_twice_is_folding_once(text: str) -> None:
    folded = fold(text)
    assert folded
    if any(character.isalnum() for character in folded):
        assert fold(folded) == folded


@given(st.text(min_size=1, max_size=12))
def test_any_folded_form_has_a_term(text: str) -> None:
    assert term(fold(text))


@given(st.sampled_from(["bambara", "zinder", "ouagadougou", "brtmteh", "kouroussa"]), st.sampled_from(["", "x", "k"]))
def test_what_french_does_not_have_is_a_name(word: str, more: str) -> None:
    assert term(word + more) == f"={word}{more}" or word == "bambara"


def test_typed_accents_are_kept_where_several_words_fold_alike() -> None:
    assert [accent_term(word) for word in ("côté", "cote", "bamako", "loi")] == ["´côté", "´cote", None, None]


@pytest.mark.parametrize("word", ["maïs", "sûr", "dû", "né", "là"])
def test_words_that_fold_to_a_stop_word_must_match_their_accents(word: str) -> None:
    assert required_accent(word) == f"´{word}"
    assert not is_stop(word)


@pytest.mark.parametrize("word", ["mais", "où", "côté", "loi", "été"])
def test_other_words_need_no_accents(word: str) -> None:
    assert required_accent(word) is None


def test_words_of_the_news_are_no_stop_words() -> None:
    assert STOP_WORDS.isdisjoint("été avions sommes son pas plus aura as maïs sûr".split())
    assert len(STOP_WORDS) <= 75
    assert is_stop("est", "est")
    assert not is_stop("est", "Est")


def test_the_lexicon_finds_its_first_its_last_and_nothing_between() -> None:
    lexicon = Lexicon(b"a\ncote\t1\t*\ntravaux\t2il\nzythum")
    assert [lexicon.find(word) for word in ("a", "cote", "travaux", "zythum")] == [
        Entry("a", False),
        Entry("cot", True),
        Entry("travail", False),
        Entry("zythum", False),
    ]
    assert not any(word in lexicon for word in ("", "b", "cot", "cotes", "zzz", "côte", "3", "a\ncote"))


def test_every_line_of_the_lexicon_is_found() -> None:
    block = load_lexicon()._block.decode("ascii").strip("\n")
    lines = block.split("\n")
    assert lines == sorted(lines, key=lambda line: line.split("\t")[0])
    assert len(lines) > 400_000
    assert all(line.split("\t")[0] in load_lexicon() for line in lines[::997])


def test_the_longest_curated_pattern_wins_and_two_lines_may_not_disagree() -> None:
    curated = parse_curated("# note\nopera.\topera\noperation.\toperation*\noper.\toper*\n=\tmali\n")
    assert [curated.find(word) for word in ("opera", "operations", "operer", "mali", "op")] == [
        "opera.",
        "operation.",
        "oper.",
        "=mali",
        None,
    ]
    with pytest.raises(ValueError, match=r"'mali' is on two lines"):
        parse_curated("=\tmali\nmal.\tmali\n")


def test_curated_patterns_are_folded_forms() -> None:
    curated = load_curated()
    assert all(fold(form) == form for form in (*curated.exact, *curated.prefixes))


def test_terms_are_the_same_from_many_threads() -> None:
    words = [f"{word}{ending}" for word in ("chant", "zorgl", "negoci", "uber") for ending in ("e", "es", "erait", "ions", "isera", "euse")]
    expected = [term.__wrapped__(word) for word in words]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(term.__wrapped__, words * 20)) == expected * 20
