"""In which language is this text? Told by the commonest small words, and by the script; French unless another is clearly meant.

An archive of the francophone press is French with pieces in other languages, so a doubt is French: a name list, a score sheet, a quotation in
English inside a French text change nothing. No library: py3langid (BSD, 4.6 MB, 97 languages) makes the same choices at fourteen times the cost and calls a list of names German;
lingua wants some hundred megabytes, langdetect is random without a seed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["LANGUAGES", "detect_language", "is_french"]

MIN_WORDS: Final = 20  # below this a headline in another language proves nothing
HEAD_CHARS: Final = 1_000  # where an article has shown its language
_SHARE: Final = 0.14  # of words that are small words of the language and not of French
_LEAD: Final = 1.6  # times the small words of French that are not of the language
_FRENCH_SHARE: Final = 0.12  # of words that are small words of French alone
_SCRIPT_SHARE: Final = 0.5
_WORD = re.compile(r"[^\W\d_]+")

# The commonest words that French does not have, or has rarely. Own lists, from knowledge of the languages.
_SMALL_WORDS: Final = {
    "fr": "le la les l d des du de et en un une est dans pour que qui au aux par sur plus ne pas ce cette ces il elle ils son sa ses leur se a été à n qu s c avec sont",
    "en": "the of and to in that is for was with by as are from at this have has been were which their they his her an it be will would not but",
    "es": "el los las de y en que del por con para una se su al como más ha fue lo este esta pero sus entre también sobre son muy hasta desde",
    "pt": "o os as de do da dos das e em que no na um uma por com para não se mais ao à foi ele como também pelo pela são seu sua entre à até já",
    "it": "il lo gli di del della dei delle e in che per con una è sono non si da dal alla nel nella più anche come ha stato al dalla questo suo sua",
    "de": "der die das und in den von zu mit ist im für des auf nicht dem ein eine sich auch als wurde nach bei aus an wird werden hat dass über",
    "nl": "de het een van en in op te dat met voor zijn is aan niet om door ook bij uit er naar als maar wordt werd heeft tot over deze dit",
    "wo": "ci bi yi ak ñu moom mu ba la bu nga nit fi gi mi ni am na te dañu ko ay li doon mbir ñi ngir",
    "bm": "ka ye la ni ma bɛ bɛɛ min tɛ na kɛ o a u kɔnɔ fɛ ko ani mɔgɔ ye ka de in",
    "ln": "na ya ezali oyo bato mpe yango te mpo ba ko nde awa kati soki bango ye wana nyonso moko eza mokonzi",
    "ht": "yo nan ak pou ki sa te gen li mwen nou se epi ap pa fè moun tout sou men lè peyi a la yon",
    "mg": "ny sy ao amin dia fa izay tamin ho an ireo amin’ny no tsy eo mba efa io misy nefa raha ka izany any",
    "ca": "el els les de i en que del per amb una és al com més ha no dels aquest aquesta són també però seva entre fins",
    "sw": "ya na wa kwa ni za katika la kuwa hii hiyo huo cha watu alisema baada lakini pia hivyo wake yake hao",
}
LANGUAGES: Final = frozenset({*_SMALL_WORDS, "ar", "ru", "el", "zh", "he"})
_SETS: Final = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_FRENCH: Final = _SETS["fr"]
_FRENCH_ONLY: Final = _FRENCH.difference(*(small for language, small in _SETS.items() if language != "fr"))
_SCRIPTS: Final = (
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
)


_NOT_TOLD: Final = frozenset({"", "mul", "und", "zxx", "mis"})  # Source: ISO 639-2, codes for special situations
_FRENCH_NAMES = re.compile(r"(fr|fra|fre|fro|frm)([^a-z]|$)|franc|franç|frenc")


@lru_cache(maxsize=1_000)
def is_french(language: str) -> bool:
    """Tell whether the words of an article in ``language``, as its source calls it, inflect as French ones do; yes where it is not told."""
    name = language.strip().lower()
    return name in _NOT_TOLD or any(_FRENCH_NAMES.match(part) for part in re.split(r"[\s,;/+]+", name))


def detect_language(text: str) -> str:
    """Return the language of a text as two letters; "fr" in doubt."""
    head = text[:HEAD_CHARS]
    words = _WORD.findall(head.lower())
    letters = sum(map(len, words))
    if not head.isascii() and letters:
        for language, script in _SCRIPTS:
            if len(script.findall(head)) > _SCRIPT_SHARE * letters:
                return language
    if len(words) < MIN_WORDS:
        return "fr"
    if sum(map(_FRENCH_ONLY.__contains__, words)) > _FRENCH_SHARE * len(words):  # the common case, told first
        return "fr"
    best, most = "fr", 0
    for language, small in _SETS.items():
        own = sum(word in small and word not in _FRENCH for word in words)
        theirs = sum(word in _FRENCH and word not in small for word in words)  # « que », « la » and « de » are Spanish too
        if language != "fr" and own > most and own >= _SHARE * len(words) and own > _LEAD * theirs:
            best, most = language, own
    return best
