"""Which class does a word belong to? T(fold(surface)), the same for articles and for queries.

A term is a pure function of the *folded* form, so "ameliorees" and "améliorées" share it by construction: accents can be
dropped on either side and nothing is restored when a question is asked. In order: the hand-made list, the lexicon's
inflection class, and for a word that French does not have (a name, an acronym) the form itself behind "=", less a plural
s. "=sall" can thus never meet the stem "sall" of salle.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from unidecode import unidecode

from indexer.lexicon import load_curated, load_lexicon

EXACT = "="  # marks a term that is a form, not a class
ACCENT = "´"  # marks a term that keeps its accents
MEMO_WORDS = 200_000
# Dropped from a query when a content word remains, never from the index. Kept out on purpose, each being also a word of the
# news: été, est (the East; see is_stop), avions, sommes, son, pas, plus, aura, as.
STOP_WORDS = frozenset(
    """
    le la les l un une des de du d au aux à a et ou où en y
    ce cet cette ces c ça se s sa ses leur leurs mon ma mes ton ta tes notre nos votre vos
    je j tu il elle on nous vous ils elles me m te t lui
    que qu qui ne n
    dans par pour sur avec sans sous mais donc car comme
    est sont ont
    """.split()
)
# A prefix of the learned language in front of a word that the lexicon holds: the class is the prefix and the word's class.
PREFIXES = tuple(
    sorted(
        """
        afro agro anti archi audio auto bio co contre crypto cyber de des eco electro entre euro ex extra franco geo hydro
        hyper inter intra islamo macro mal mega meta micro mini mono multi narco neo non ortho para petro photo pluri poly
        post pre pro pseudo psycho radio re retro semi socio sous super sur techno tele thermo trans ultra video
        """.split(),
        key=lambda prefix: (-len(prefix), prefix),
    )
)
# New words of the press that no dictionary holds yet: verbs in -iser and -ifier, feminines. The masculine or infinitive is what
# they are reduced to, so that only the forms of the same new word can meet (ubériserait, youtubeuses, bamakoise).
_VERB_ENDINGS = """
    er e es ons ez ent ais ait ions iez aient ai as a ames ates erent erai eras era erons erez eront erais erait erions eriez
    eraient asse asses at assions assiez assent ant ants ante antes ee ees
""".split()
NEW_WORDS = (
    (re.compile(rf"([a-z]{{3,}}(?:[b-df-hj-np-tv-z]is|ifi))(?:{'|'.join(_VERB_ENDINGS)})$"), r"\1er"),
    (re.compile(r"([a-z]{4,}[oa]i)(?:se|ses)$"), r"\1s"),
    (re.compile(r"([a-z]{3,}een)(?:ne|nes)$"), r"\1"),
    (re.compile(r"([a-z]{4,}eu)(?:se|ses)$"), r"\1r"),
    (re.compile(r"([a-z]{3,}t)(?:rice|rices)$"), r"\1eur"),
)
PREFIXED_LETTERS = 5  # the word behind the prefix has at least as many, or Recife and Prodi would be taken apart


@lru_cache(MEMO_WORDS)
def fold(surface: str) -> str:
    """Fold a surface to its exact form: lower case, no accents, no ligatures, no apostrophes; never empty.

    Latin letters go through unidecode (œ to oe, ɛ to e, ɓ to b); other scripts only lose their marks, since a
    transliteration would let an Arabic word meet a French one.
    """
    if surface.isascii():
        folded = surface.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", surface).lower())
        folded = "".join(_fold_character(character) for character in decomposed).lower()
    if folded.isalnum():
        return folded
    kept = "".join(
        character
        for at, character in enumerate(folded)
        if character.isalnum() or (character == "." and folded[:at][-1:].isdigit() and folded[at + 1 : at + 2].isdigit())
    )
    return kept or unicodedata.normalize("NFKC", surface).lower()


def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isalpha() and unicodedata.name(character, "").startswith("LATIN"):
        return unidecode(character) or character
    return character


@lru_cache(MEMO_WORDS)
def term(folded: str) -> str:
    """Return the inflection class of a folded form, or "=" and the form for what is not a French word."""
    if not folded.isalpha():
        return EXACT + folded
    curated = load_curated().find(folded)
    if curated is not None:
        return curated
    known = _class_of(folded)
    if known is not None:
        return known
    singular = _singular(folded)
    if singular != folded:  # ONGs: the lexicon has ONG, without a plural
        known = load_curated().find(singular) or _class_of(singular)
        if known is not None and len(singular) <= 4:
            return known
    for prefix in PREFIXES if folded.startswith(PREFIXES) else ():
        rest = folded[len(prefix) :]
        if folded.startswith(prefix) and len(rest) >= PREFIXED_LETTERS:
            known = _class_of(rest)
            if known is not None:
                return prefix + known
    return EXACT + _singular(_reduce_new_word(folded))


def _reduce_new_word(folded: str) -> str:
    for pattern, replacement in NEW_WORDS:
        reduced, count = pattern.subn(replacement, folded)
        if count:
            return reduced
    return folded


def _class_of(folded: str) -> str | None:
    entry = load_lexicon().find(folded)
    return None if entry is None else entry.term


def _singular(folded: str) -> str:
    """Drop the s of a plural from a word outside the lexicon: ONGs, macronistes, Houthis; not Abbas, Paris, Ross."""
    if not folded.endswith("s") or len(folded) < 4 or folded.endswith("ss"):
        return folded
    return folded if len(folded) < 5 and folded[-2] in "uio" else folded[:-1]


@lru_cache(MEMO_WORDS)
def accent_term(surface: str) -> str | None:
    """Return "´" and the surface when several accented words share its folded form (cote, côte, côté), else None."""
    folded = fold(surface)
    entry = load_lexicon().find(folded)
    if entry is not None and entry.ambiguous:
        return ACCENT + surface
    if folded in STOP_WORDS and surface != folded:
        return ACCENT + surface
    return None


def required_accent(surface: str) -> str | None:
    """Return the accent term that a query word must match: maïs, sûr, dû, whose folded forms are stop words; else None."""
    return accent_term(surface) if surface not in STOP_WORDS and fold(surface) in STOP_WORDS else None


def is_stop(surface: str, original: str | None = None) -> bool:
    """Tell whether a surface is a stop word, accents counting (mais, not maïs).

    `original` is the word as typed: "Est" with a capital is the East, "est" is a verb.
    """
    if surface == "est" and original is not None and original[:1].isupper():
        return False
    return surface in STOP_WORDS
