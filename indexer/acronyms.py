"""Which acronyms does a text introduce, and what do they stand for? « Commission électorale nationale indépendante (CENI) », both ways.

Read are brackets in either order (« BRTMTEH (Brigade de répression du trafic des migrants et de la traite des êtres humains) ») and, more strictly,
appositions (« la Commission nationale de l’informatique et des libertés, la CNIL, » and with dashes). The test is the initials: every letter begins a word, in order; de, et, l’ may be
passed over or count (Cédéao), a long acronym may leave one word out (MINUSMA), and one in small letters may take syllables (Ponam: politique
nationale de migration). Nothing is guessed from a list: the archive itself says what its acronyms mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from indexer.reference_parts import plain

__all__ = ["Introduction", "acronym_key", "find_introductions", "initials_of", "words_of"]

SPAN_CHARS: Final = 170  # of an expansion
MOST_LETTERS: Final = 12
MOST_WORDS: Final = 26
SYLLABLE: Final = 3  # letters that one word may give
# What it costs to read letters off words, measured on articles read by hand (bench/mentions.py); an acronym is refused above _allowed.
LEFT_OUT: Final = 1.0  # a word without a letter between others: Mission multidimensionnelle intégrée des Nations unies... (MINUSMA)
TAIL: Final = 0.45  # a word behind the last letter: « ... du médicament et des produits de santé (ANSM) »
INNER: Final = 0.4  # a second letter of a word: INSERM; of an acronym in small letters (Ponam) next to nothing
SMALL: Final = 0.1  # a letter of de, et, l’: Cédéao
SMALL_START: Final = 1.1  # an expansion that begins in small letters where a capital would do
_SMALL: Final = frozenset(
    "de du des d l la le les et a au aux en pour sur dans par contre un une ou vers entre avec sous the of and for in on to y del e da do dos".split()
)
_ELIDED: Final = frozenset("d l qu s n j m t c".split())

_ACRONYM: Final = r"(?:[A-ZÀ-Ý](?:\.[A-ZÀ-Ý]){1,11}\.?|[A-ZÀ-Ý][A-Za-zÀ-ÿ&]{1,13}(?:-[A-ZÀ-Ý]{1,6})?)"
_THREE: Final = "[A-ZÀ-Ý]{3}"
_BRACKET = re.compile(
    rf"\((?:(?:ou|dite?|sigle|en abrégé|en sigle|ci-après|l['’]|la|le|les)[ \u00a0]?)?[«“\"]?[ \u00a0\u202f]?(?P<acronym>{_ACRONYM})(?=[)»”\",;/ \u00a0\u202f])(?P<after>[^()]{{0,40}}\)?)"
)
_BEFORE_BRACKET = re.compile(rf"(?<![\w.-])(?P<acronym>{_ACRONYM})[»”\"]?[ \u00a0\u202f]?$")
# Only where capitals stand before or behind; each pattern begins with one character that the search can jump to.
_APPOSED = re.compile(
    rf", (?:l['’](?:(?<={_THREE}, l['’])|(?={_THREE}|[A-Z]\.))|l[ae] (?:(?<={_THREE}, l[ae] )|(?={_THREE}|[A-Z]\.))|les (?:(?<={_THREE}, les )|(?={_THREE}))|ou (?={_THREE}))"
)
_DASHES: Final = tuple(
    (
        dash,
        re.compile(
            rf"{dash}(?:(?<={_THREE}[ \u00a0\u202f]{dash})|(?=[ \u00a0\u202f]?(?:l['’]|la |le |les )?{_THREE}))[ \u00a0\u202f]?(?:l['’]|la |le |les )?"
        ),
    )
    for dash in "–—"
)
_CAPITALS = re.compile(r"(?:[A-ZÀ-Ý]{3,12}|[A-ZÀ-Ý](?:\.[A-ZÀ-Ý]){2,11}\.?)(?![\w’'-])")
_CAPITALS_BEFORE = re.compile(r"(?<![\w.-])(?P<acronym>[A-ZÀ-Ý]{3,12})$")
_WORD = re.compile(r"[^\W_]+")
_WHOLE_WORD = re.compile(r"[^\W_]+(?![\w’'-])")
_BREAK = re.compile(r"[.!?;:()\n«»“”\"](?![A-Z]\.)|[–—]")
_CLOSE = re.compile(r"[,.;:()\n–—!?»]")
_FIRST_LETTER = re.compile(r"(?:l['’]|la |le |les |[«“\"][ \u00a0\u202f]?)?([^\W\d_])")
_WHITE = re.compile(r"\s+")
_INITIAL: Final = {letter: rf"(?<!\w)[{letter}{letter.upper()}]" for letter in "abcdefghijklmnopqrstuvwxyz"} | {
    "a": r"(?<!\w)[aAÀÂàâ]",
    "c": r"(?<!\w)[cCÇç]",
    "e": r"(?<!\w)[eEÉÈÊËéèêë]",
    "i": r"(?<!\w)[iIÎÏîï]",
    "o": r"(?<!\w)[oOÔÖôöŒœ]",
    "u": r"(?<!\w)[uUÙÛÜùûü]",
}
_INFINITE: Final = float("inf")
_NOT_ACRONYMS: Final = frozenset("M MM Mme Mmes Dr Pr Me St Ste NDLR Ndlr Photo Source Sources".split())


@dataclass(frozen=True, slots=True)
class Introduction:
    """An acronym and what it stands for, as printed, and the half-open span of both together."""

    start: int
    end: int
    acronym: str
    expansion: str


class _Word(NamedTuple):
    start: int
    end: int
    letters: str  # plain
    small: bool


def find_introductions(text: str) -> list[Introduction]:
    """Return the acronyms that a text introduces, in order of place."""
    found: list[Introduction] = []
    if "(" in text:
        found += _bracketed(text)
    found += _apposed(text, _APPOSED, strict=True)
    for dash, pattern in _DASHES:
        if dash in text:
            found += _apposed(text, pattern, strict=False)
    if len(found) < 2:
        return found
    found.sort(key=lambda one: one.start)
    return found


def acronym_key(acronym: str) -> str:
    """Return under what an acronym is compared: « C.E.N.I. », « Ceni » and « CENI » are one."""
    return "".join(_WORD.findall(plain(acronym)))


def words_of(expansion: str) -> list[str]:
    """Return the words of an expansion in plain letters."""
    return _WORD.findall(plain(expansion))


def initials_of(expansion: str) -> str:
    """Return the initials of the words of an expansion that are no small words."""
    return "".join(word.letters[0] for word in _words(expansion, 0, len(expansion)) if not word.small)


def _bracketed(text: str) -> Iterator[Introduction]:
    """Yield what brackets introduce: the acronym in them, or before them."""
    at = text.find("(")
    while at >= 0:
        found = _BRACKET.match(text, at)
        span = _expansion_before(text, at, found["acronym"], strict=False) if found is not None else None
        if span is not None and found is not None:
            yield Introduction(span[0], found.end("acronym"), *_printed(found["acronym"], text[span[0] : span[1]]))
        elif (ahead := _acronym_before(text, at)) is not None:
            span = _expansion_after(text, at + 1, ahead, ")")
            if span is not None:
                yield Introduction(at - len(ahead) - 1, span[1], *_printed(ahead, text[span[0] : span[1]]))
        at = text.find("(", at + 1)


def _acronym_before(text: str, at: int) -> str | None:
    """Return the word before a bracket when it may be an acronym of what stands in it: both begin with one letter."""
    inside = _FIRST_LETTER.match(text, at + 1)
    found = _BEFORE_BRACKET.search(text[max(0, at - 2 * MOST_LETTERS - 4) : at]) if inside is not None else None
    if found is None or inside is None or plain(inside[1]) != plain(found["acronym"][0]):
        return None
    return found["acronym"]


def _apposed(text: str, pattern: re.Pattern[str], *, strict: bool) -> Iterator[Introduction]:
    """Yield what commas (strictly) or dashes introduce."""
    for found in pattern.finditer(text):
        behind = _CAPITALS.match(text, found.end())
        if behind is not None:
            span = _expansion_before(text, found.start(), behind[0], strict=strict)
            if span is not None:
                yield Introduction(span[0], behind.end(), *_printed(behind[0], text[span[0] : span[1]]))
                continue
        ahead = _CAPITALS_BEFORE.search(text[max(0, found.start() - MOST_LETTERS - 2) : found.start()].rstrip(" \u00a0\u202f"))
        if ahead is not None and (span := _expansion_after(text, found.end(), ahead[0], "")) is not None:
            yield Introduction(found.start() - len(ahead[0]), span[1], *_printed(ahead[0], text[span[0] : span[1]]))


def _expansion_before(text: str, end: int, acronym: str, *, strict: bool) -> tuple[int, int] | None:
    """Return the span of the words before a place that an acronym stands for."""
    letters = _letters(acronym)
    if letters is None or acronym in _NOT_ACRONYMS:
        return None
    low = max(0, end - min(SPAN_CHARS, 40 + 16 * len(letters)))
    stretch = text[low:end].rstrip(" \u00a0\u202f»”\"’',")
    if not _begins_with(letters[0], stretch):
        return None
    breaks = [mark.end() for mark in _BREAK.finditer(stretch)]
    words = _words(text, low + (breaks[-1] if breaks else 0), low + len(stretch))[-MOST_WORDS:]
    if not breaks and low and words and text[low - 1].isalnum():
        words = words[1:]
    best: tuple[float, int] | None = None
    for first in range(len(words) - 1, -1, -1):
        if words[first].letters[0] != letters[0] or words[first].small:
            continue
        cost = _cost(letters, words[first:], _is_syllabic(acronym))
        if cost > (_allowed_apposed(letters) if strict else _allowed(letters)):
            continue
        cost += 0.0 if text[words[first].start].isupper() else SMALL_START
        if best is None or cost < best[0]:
            best = cost, first
    return None if best is None else (words[best[1]].start, words[-1].end)


def _expansion_after(text: str, start: int, acronym: str, closing: str) -> tuple[int, int] | None:
    """Return the span of the words behind a place that an acronym stands for: up to the bracket, or to a comma."""
    letters = _letters(acronym)
    if letters is None or acronym in _NOT_ACRONYMS:
        return None
    stretch = text[start : start + SPAN_CHARS].partition("\n")[0]
    first = _FIRST_LETTER.match(stretch)
    if first is None or plain(first[1]) != letters[0]:
        return None
    words = _words(text, start, start + len(stretch))
    while words and words[0].small:
        words = words[1:]
    if not words or words[0].letters[0] != letters[0]:
        return None
    for end, allowed in _ends(stretch, closing, letters):
        inside = [word for word in words if word.end <= start + end][:MOST_WORDS]
        if inside and _cost(letters, inside, _is_syllabic(acronym)) <= allowed:
            return inside[0].start, inside[-1].end
    return None


def _ends(stretch: str, closing: str, letters: str) -> Iterator[tuple[int, float]]:
    """Yield where an expansion may end, and what it may then cost: at its bracket, at a comma, or (in an apposition) at any word.

    « la CNIL, la Commission nationale de l’informatique et des libertés a dit »: without a mark every letter must fit.
    """
    usual = _allowed(letters) if closing else _allowed_apposed(letters)
    if closing and (end := stretch.find(closing)) > 0:
        yield end, usual
    marks = [mark.start() for mark in _CLOSE.finditer(stretch)][:3]
    yield from ((mark, usual) for mark in marks)
    if not closing:
        wholes = [word.end() for word in _WHOLE_WORD.finditer(stretch[: marks[0] if marks else None])]
        yield from ((end, SMALL) for end in wholes[(len(letters) + 1) // 2 :])


def _words(text: str, start: int, end: int) -> list[_Word]:
    """Return the words of a stretch; hyphens and elisions part them."""
    folded = plain(text[start:end])
    return [
        _Word(
            start + found.start(),
            start + found.end(),
            found[0],
            found[0] in _SMALL or (found[0] in _ELIDED and folded[found.end() : found.end() + 1] == "'"),
        )
        for found in _WORD.finditer(folded)
    ]


def _begins_with(letter: str, stretch: str) -> bool:
    """Tell whether any word of a stretch begins with a letter: most brackets are refused here."""
    return re.search(_INITIAL[letter] if letter in _INITIAL else rf"(?<!\w){re.escape(letter)}", stretch) is not None


def _letters(acronym: str) -> str | None:
    """Return the letters that must be accounted for; None for what is no acronym."""
    bare = acronym.replace(".", "").replace("&", "").replace("-", "")
    if bare.endswith("s") and bare[:-1].isupper():
        bare = bare[:-1]  # les ONGs
    capitals = sum(letter.isupper() for letter in bare)
    if not 2 <= len(bare) <= MOST_LETTERS or (capitals < 2 and len(bare) < 4):
        return None
    return plain(bare)


def _is_syllabic(acronym: str) -> bool:
    return any(letter.islower() for letter in acronym.rstrip("s"))


def _allowed(letters: str) -> float:
    """Return how much may be amiss: nothing in a short acronym, a word left out in a longer one."""
    return 0.0 if len(letters) < 3 else 0.25 if len(letters) == 3 else 1.0 if len(letters) < 6 else 1.25 if len(letters) == 6 else 2.0


def _allowed_apposed(letters: str) -> float:
    """Return how much may be amiss where only a comma says that two things are one."""
    return 0.25 if len(letters) < 4 else 0.6 if len(letters) < 6 else 1.1


def _cost(letters: str, words: Sequence[_Word], syllabic: bool) -> float:
    """Return what it takes to read ``letters`` off ``words`` in order, the first word included; infinity when they cannot be."""
    inner = INNER / 10 if syllabic else INNER

    known: dict[tuple[int, int], float] = {}

    def best(word: int, letter: int) -> float:
        if word == len(words):
            return 0.0 if letter == len(letters) else _INFINITE
        if (word, letter) in known:
            return known[word, letter]
        here = words[word]
        passed = 0.0 if here.small else TAIL if letter == len(letters) else LEFT_OUT
        cost = best(word + 1, letter) + passed if word else _INFINITE
        taken = 0
        while letter + taken < len(letters) and taken < min(len(here.letters), SYLLABLE) and here.letters[taken] == letters[letter + taken]:
            taken += 1
            cost = min(cost, best(word + 1, letter + taken) + (taken - 1) * inner + (SMALL if here.small else 0.0))
        known[word, letter] = cost
        return cost

    return best(0, 0) if len(letters) <= SYLLABLE * len(words) else _INFINITE


def _printed(acronym: str, expansion: str) -> tuple[str, str]:
    """Return both as they are shown: dots and the plural s of the acronym gone, one blank between words."""
    bare = acronym.replace(".", "")
    if bare.endswith("s") and len(bare) > 2 and bare[:-1].isupper():
        bare = bare[:-1]
    return bare, _WHITE.sub(" ", expansion)
