"""Which acronyms does a text introduce, and what do they stand for? « Commission électorale nationale indépendante (CENI) », both ways.

Read are brackets in either order (« BRTMTEH (Brigade de répression du trafic des migrants et de la traite des êtres humains) ») and, more strictly,
appositions (« la Commission nationale de l’informatique et des libertés, la CNIL, » and with dashes). The test is the initials: every letter begins a word, in order; de, et, l’ may be
passed over or count (Cédéao), a long acronym may leave one word out (MINUSMA), and one in small letters may take syllables (Ponam: politique
nationale de migration). Nothing is guessed from a list: the archive itself says what its acronyms mean.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from indexer.reference_parts import plain

__all__ = ["Introduction", "acronym_key", "find_introductions", "initials_of", "words_of"]

SPAN_CHARS: Final = 170  # of an expansion
NEAR_CHARS: Final = 40  # of them, looked at first
MOST_LETTERS: Final = 12
MOST_WORDS: Final = 26
REMEMBERED: Final = 4_096  # acronyms: the same ones stand in article after article
SYLLABLE: Final = 4  # letters that one word may give (MassMoCA), and never the whole acronym: « HTTP (http) » explains nothing
# What it costs to read letters off words, measured on articles read by hand (bench/mentions.py); an acronym is refused above _allowed.
LEFT_OUT: Final = 1.0  # a word without a letter between others: Mission multidimensionnelle intégrée des Nations unies... (MINUSMA)
TAIL: Final = 0.45  # a word behind the last letter: « ... du médicament et des produits de santé (ANSM) »
INNER: Final = 0.4  # a second letter of a word: INSERM; of an acronym in small letters (Ponam) next to nothing
_TAKEN: Final = (0.0, 0.0, 1.0, 1.35, 1.7)  # how often it is paid for so many letters of one word: DOCOB, a document d’objectifs
SMALL: Final = 0.1  # a letter of de, et, l’: Cédéao
_ALLOWED: Final = {3: 0.25, 4: 1.0, 5: 1.0, 6: 1.6}  # for so many letters; 2.0 for more
SMALL_START: Final = 1.1  # an expansion that begins in small letters where a capital would do,
BEHIND_ARTICLE: Final = 0.9  # or does so behind de, la...: « Régime de retraite additionnelle (RAF) », but « Mission multidimensionnelle »
_SMALL: Final = frozenset(
    "de du des d l la le les et a au aux en pour sur dans par contre un une ou vers entre avec sous the of and for in on to y del e da do dos".split()
)
_ELIDED: Final = frozenset("d l qu s n j m t c".split())
_PASSED: Final = _SMALL | {f"{word}'" for word in _SMALL | _ELIDED}  # words that may go without a letter, an elision with its apostrophe

_ACRONYM: Final = r"(?:[A-ZÀ-Ý](?:\.[A-ZÀ-Ý]){1,11}\.?|[A-ZÀ-Ý][A-Za-zÀ-ÿ&]{1,13}(?:-[A-ZÀ-Ý]{1,6})?|[A-Z]-[A-Z]{2,8})"
_THREE: Final = "[A-ZÀ-Ý]{3}"
_BRACKET = re.compile(
    rf"\((?:(?:ou|dite?|sigle|en abrégé|en sigle|ci-après|l['’]|la|le|les)[ \u00a0]?)?[«“\"]?[ \u00a0\u202f]?(?P<acronym>{_ACRONYM})(?=[)»”\",;/ \u00a0\u202f])(?P<after>[^()]{{0,40}}\)?)"
)
_BEFORE_BRACKET = re.compile(rf"(?<![\w.-])(?P<acronym>{_ACRONYM})[»”\"]?[ \u00a0\u202f]?$")
# Only where capitals stand before or behind; each pattern begins with one character that the search can jump to.
_APPOSED = re.compile(  # « la TICPE, taxe intérieure... », « les ZFU, ou zones franches... », « (marque de boutisme, BOM) »
    rf", (?:l(?:['’](?:(?<={_THREE}, l['’])|(?={_THREE}|[A-Z]\.))|[ae] (?:(?<={_THREE}, l[ae] )|(?={_THREE}|[A-Z]\.))|es (?:(?<={_THREE}, les )|(?={_THREE})))"
    rf"|ou (?:(?<={_THREE}, ou )|(?={_THREE}))|(?={_THREE}\))|(?<={_THREE}, )(?=[^\W\dA-Z]{{4}}))"
)
_DASHES: Final = tuple(
    (
        mark,
        re.compile(
            rf"{mark[-1]}{stands}(?:(?<={_THREE}[ \u00a0\u202f]{mark[-1]})|(?<={_THREE}[a-zé][ \u00a0\u202f]{mark[-1]})"
            rf"|(?=[ \u00a0\u202f]?(?:l['’]|la |le |les )?{_THREE}))[ \u00a0\u202f]?(?:l['’]|la |le |les )?"
        ),
    )
    for mark, stands in (("–", ""), ("—", ""), (" -", "(?<= -)(?= )"))
)
_LINK = re.compile(
    r"[»”\"]?(?:[ \u00a0\u202f]?[:=–—][ \u00a0\u202f]?|, | - |,? pour )[«“\"]?(?:l['’]|la |le |les )?"
)  # (BCE : Banque centrale européenne)
_CAPITALS = re.compile(r"(?:[A-ZÀ-Ý]{3,12}[a-zé]?|[A-ZÀ-Ý](?:\.[A-ZÀ-Ý]){2,11}\.?)(?![\w’'-])")
_CAPITALS_BEFORE = re.compile(r"(?<![\w.-])(?P<acronym>[A-ZÀ-Ý]{3,12}[a-zé]?)$")
_WORD = re.compile(r"[^\W_]+")
_WORD_SPAN = re.compile(r"[^\W_]+(?:'s(?![^\W_]))?")  # Doctor Dobb's Journal is of three words
_WORD_ELIDED = re.compile(rf"{_WORD_SPAN.pattern}'?")
_WHOLE_WORD = re.compile(r"[^\W_]+(?![\w’'-])")
_BREAK = re.compile(r"[.!?;:()\n«»“”\"](?![A-Z]\.)|[–—]")
_ENDS: Final = frozenset(".!?;:()\n«“–—") | {""}  # _BREAK as the last character
_CLOSE = re.compile(r"[,.;:()\n–—!?»]| - ")
_FIRST_LETTER = re.compile(r"(?:l['’]|la |le |les |[«“\"][ \u00a0\u202f]?)?([^\W\d_])")
_WHITE = re.compile(r"\s+")
_INFINITE: Final = float("inf")
_NOT_ACRONYMS: Final = frozenset("M MM Mme Mmes Dr Pr Me St Ste NDLR Ndlr Photo Source Sources".split())


@dataclass(frozen=True, slots=True)
class Introduction:
    """An acronym and what it stands for, as printed, and the half-open span of both together."""

    start: int
    end: int
    acronym: str
    expansion: str


def find_introductions(text: str) -> list[Introduction]:
    """Return the acronyms that a text introduces, in order of place."""
    found: list[Introduction] = []
    if "(" in text:
        found += _bracketed(text)
    found += _apposed(text, _APPOSED, strict=True)
    for mark, pattern in _DASHES:
        if mark in text:
            found += _apposed(text, pattern, strict=False, closing=mark)
    if len(found) < 2:
        return found
    found.sort(key=lambda one: one.start)
    return found


def acronym_key(acronym: str) -> str:
    """Return under what an acronym is compared: « C.E.N.I. », « Ceni » and « CENI » are one."""
    return "".join(_WORD.findall(plain(acronym)))


def _folded(text: str) -> str:
    """Return a text in plain letters, œ under the letter that an acronym takes of it: œuvres universitaires are the OU of CROUS."""
    return plain(text).replace("œ", "o")


def words_of(expansion: str) -> list[str]:
    """Return the words of an expansion in plain letters."""
    return _WORD.findall(plain(expansion))


def initials_of(expansion: str) -> str:
    """Return the initials of the words of an expansion that are no small words."""
    return "".join(word[0] for word in _WORD_ELIDED.findall(_folded(expansion)) if word not in _PASSED)


def _bracketed(text: str) -> Iterator[Introduction]:
    """Yield what brackets introduce: the acronym in them, or before them."""
    at = text.find("(")
    while at >= 0:
        found = _BRACKET.match(text, at)
        span = _expansion_before(text, at, found["acronym"], strict=False) if found is not None else None
        if span is not None and found is not None:
            yield Introduction(span[0], found.end("acronym"), *_printed(found["acronym"], text[span[0] : span[1]]))
        elif found is not None and (inside := _inside(text, found)) is not None:
            yield inside
        elif (ahead := _acronym_before(text, at)) is not None:
            span = _expansion_after(text, at + 1, ahead, ")")
            if span is not None:
                yield Introduction(at - len(ahead) - 1, span[1], *_printed(ahead, text[span[0] : span[1]]))
        at = text.find("(", at + 1)


def _inside(text: str, found: re.Match[str]) -> Introduction | None:
    """Return an acronym that a bracket explains itself: « (le DDJ pour Doctor Dobb’s Journal) »."""
    link = _LINK.match(text, found.end("acronym"))
    span = _expansion_after(text, link.end(), found["acronym"], ")") if link is not None else None
    if span is None or _WORD.search(text, span[1], max(span[1], text.find(")", span[1]))):
        return None
    return Introduction(found.start("acronym"), span[1], *_printed(found["acronym"], text[span[0] : span[1]]))


def _acronym_before(text: str, at: int) -> str | None:
    """Return the word before a bracket when it may be an acronym of what stands in it: both begin with one letter."""
    inside = _FIRST_LETTER.match(text, at + 1)
    before = text[max(0, at - 2 * MOST_LETTERS - 4) : at]
    if inside is None or (inside[1].upper() not in before and inside[1].isascii()):
        return None
    found = _BEFORE_BRACKET.search(before)
    return found["acronym"] if found is not None and _folded(inside[1]) == plain(found["acronym"][0]) else None


def _apposed(text: str, pattern: re.Pattern[str], *, strict: bool, closing: str = "") -> Iterator[Introduction]:
    """Yield what commas (strictly) or dashes introduce; what stands between two dashes may have commas in it."""
    for found in pattern.finditer(text):
        behind = _CAPITALS.match(text, found.end())
        if behind is not None:
            span = _expansion_before(text, found.start(), behind[0], strict=strict)
            if span is not None:
                yield Introduction(span[0], behind.end(), *_printed(behind[0], text[span[0] : span[1]]))
                continue
        ahead = _CAPITALS_BEFORE.search(text[max(0, found.start() - MOST_LETTERS - 2) : found.start()].rstrip(" \u00a0\u202f"))
        first = text[found.end() : found.end() + 1]
        if ahead is None or (first.isascii() and first.isalpha() and first.upper() != ahead[0][0]):
            continue  # « l’OTAN, dont... »: most of them
        if (span := _expansion_after(text, found.end(), ahead[0], closing)) is not None:
            yield Introduction(found.start() - len(ahead[0]), span[1], *_printed(ahead[0], text[span[0] : span[1]]))


def _expansion_before(text: str, end: int, acronym: str, *, strict: bool) -> tuple[int, int] | None:
    """Return the span of the words before a place that an acronym stands for."""
    letters = _letters(acronym)
    if letters is None or acronym in _NOT_ACRONYMS:
        return None
    low = max(0, end - min(SPAN_CHARS, 40 + 16 * len(letters)))
    stretch = text[low:end].rstrip(" \u00a0\u202f»”\"’',")
    if stretch[-1:] in _ENDS:
        return None
    allowed = _allowed_apposed(letters) if strict else _allowed(letters, acronym)
    found = list(_costs_before(letters, _words_back(stretch), _inner(acronym), allowed))
    if not found:
        return None
    spans = [word.span() for word in _WORD_SPAN.finditer(plain(stretch))]
    breaks = [mark.end() for mark in _BREAK.finditer(stretch)]
    first_word = max(0, len(spans) - MOST_WORDS) + (not breaks and low > 0 and text[low - 1].isalnum())
    best: tuple[float, int] | None = None
    for back, cost in found:
        start = spans[-back][0]
        if len(spans) - back < first_word or (breaks and start < breaks[-1]):
            break
        if not stretch[start].isupper():
            before = stretch[slice(*spans[-back - 1])] if back < len(spans) else ""
            cost += BEHIND_ARTICLE if before in _SMALL or before in _ELIDED else SMALL_START
        if best is None or cost < best[0]:
            best = cost, start
    if best is None or letters.startswith(_longer_word(stretch, best[1])):
        return None
    return low + best[1], low + spans[-1][1]


def _longer_word(stretch: str, start: int) -> str:
    """Return the word at a place if no syllable is as long: one that begins the acronym is another name, « le Siren et l’inscription au... (Sirene) »."""
    found = _WORD.match(stretch, start)
    return plain(found[0]) if found is not None and len(found[0]) > SYLLABLE else " "


def _expansion_after(text: str, start: int, acronym: str, closing: str) -> tuple[int, int] | None:
    """Return the span of the words behind a place that an acronym stands for: up to the bracket or dash that closes, or to a comma."""
    letters = _letters(acronym)
    if letters is None or acronym in _NOT_ACRONYMS:
        return None
    first = _FIRST_LETTER.match(text, start)
    if first is None or _folded(first[1]) != letters[0]:
        return None
    stretch = text[start : start + SPAN_CHARS].partition("\n")[0]
    folded = _folded(stretch)
    words = _WORD_ELIDED.findall(folded)
    small = next((number for number, word in enumerate(words) if word not in _PASSED), len(words))
    allowed = _allowed(letters, acronym) if closing else _allowed_apposed(letters)
    costs = _costs_after(letters, words[small:], _inner(acronym), max(allowed, SMALL))
    if not costs:
        return None
    spans = [word.span() for word in _WORD_SPAN.finditer(folded)][small:]
    word_ends = [end for _, end in spans]
    for ends, most in _ends(stretch, closing, letters, allowed):
        fits = [inside for end in ends if costs.get(inside := min(bisect_right(word_ends, end), MOST_WORDS), _INFINITE) <= most]
        if fits:
            inside = fits[0] if closing in ("", ")") else min(fits, key=costs.__getitem__)
            return start + spans[0][0], start + spans[inside - 1][1]
    return None


def _ends(stretch: str, closing: str, letters: str, usual: float) -> Iterator[tuple[list[int], float]]:
    """Yield where an expansion may end, and what it may then cost: at its bracket or dash, at a comma, or (in an apposition) at any word.

    « la CNIL, la Commission nationale de l’informatique et des libertés a dit »: without a mark every letter must fit.
    """
    closed = stretch.find(closing) if closing else 0
    marks = [mark.start() for mark in _CLOSE.finditer(stretch)][:3]
    yield [*([closed] if closed > 0 else []), *(marks if closing == ")" else [])], usual
    if closing != ")":
        yield marks, _allowed_apposed(letters)
        wholes = [word.end() for word in _WHOLE_WORD.finditer(stretch[: marks[0] if marks else None])]
        yield wholes[(len(letters) + 1) // 2 :], SMALL


def _words_back(stretch: str) -> Iterator[str]:
    """Yield the words of a stretch in plain letters, the last first: mostly the last few say that there is nothing here."""
    cut = max(0, stretch.find(" ", max(0, len(stretch) - NEAR_CHARS)))
    yield from reversed(_WORD_ELIDED.findall(_folded(stretch[cut:])))
    if cut:
        yield from reversed(_WORD_ELIDED.findall(_folded(stretch[:cut])))


@lru_cache(maxsize=REMEMBERED)
def _letters(acronym: str) -> str | None:
    """Return the letters that must be accounted for; None for what is no acronym."""
    bare = acronym.replace(".", "").replace("&", "").replace("-", "")
    if bare.endswith("s") and bare[:-1].isupper():
        bare = bare[:-1]  # les ONGs
    capitals = sum(letter.isupper() for letter in bare)
    if not 2 <= len(bare) <= MOST_LETTERS or (capitals < 2 and len(bare) < 3):
        return None
    return plain(bare)


@lru_cache(maxsize=REMEMBERED)
def _inner(acronym: str) -> float:
    """Return what a second letter of a word costs: next to nothing where the acronym has small letters."""
    return INNER / 10 if any(letter.islower() for letter in acronym.rstrip("s")) else INNER


def _allowed(letters: str, acronym: str) -> float:
    """Return how much may be amiss: nothing in a short acronym (« Vip » may be a name), a word left out in a longer one."""
    if len(letters) < 3 or (len(letters) == 3 and acronym.istitle()):
        return 0.0
    return _ALLOWED.get(len(letters), 2.0)


def _allowed_apposed(letters: str) -> float:
    """Return how much may be amiss where only a comma says that two things are one."""
    return 0.25 if len(letters) < 4 else 0.6 if len(letters) < 6 else 1.1


def _costs_before(letters: str, words_back: Iterable[str], inner: float, allowed: float) -> Iterator[tuple[int, float]]:
    """Yield with how many of the last words ``letters`` can be read to the end, and what it costs, up to what is allowed.

    Kept is what was paid for each number of letters that is left; in most brackets nothing is affordable after the last word.
    """
    count = len(letters)
    syllable = min(SYLLABLE, count - 1)
    paid = {count: 0.0}
    for back, word in enumerate(words_back, 1):
        small = word in _PASSED
        fee = SMALL if small else 0.0
        before: dict[int, float] = {}
        for left, cost in paid.items():
            passed = cost if small else cost + (TAIL if left == count else LEFT_OUT)
            if passed <= allowed and passed < before.get(left, _INFINITE):
                before[left] = passed
            for taken in range(1, min(syllable, left) + 1) if word[0] in letters[max(0, left - syllable) : left] else ():
                now = cost + _TAKEN[taken] * inner + fee
                if now <= allowed and letters[left - taken : left] == word[:taken] and now < before.get(left - taken, _INFINITE):
                    before[left - taken] = now
        whole = before.pop(0, _INFINITE)
        if whole <= allowed and not small:
            yield back, whole
        if not before:
            return
        paid = before


def _costs_after(letters: str, words: Sequence[str], inner: float, allowed: float) -> dict[int, float]:
    """Return by how many words ``letters`` can be read from the first on, and what it costs, up to what is allowed."""
    count = len(letters)
    syllable = min(SYLLABLE, count - 1)
    paid: dict[int, float] = {0: 0.0}
    found: dict[int, float] = {}
    for number, word in enumerate(words, 1):
        small = word in _PASSED
        fee = SMALL if small else 0.0
        after: dict[int, float] = {}
        for read, cost in paid.items():
            passed = cost if small else cost + (TAIL if read == count else LEFT_OUT)
            if number > 1 and passed <= allowed and passed < after.get(read, _INFINITE):
                after[read] = passed
            for taken in range(1, min(syllable, count - read) + 1) if read < count and word[0] == letters[read] else ():
                now = cost + _TAKEN[taken] * inner + fee
                if now <= allowed and letters[read : read + taken] == word[:taken] and now < after.get(read + taken, _INFINITE):
                    after[read + taken] = now
        if count in after:
            found[number] = after[count]
        if not after:
            break
        paid = after
    return found


def _printed(acronym: str, expansion: str) -> tuple[str, str]:
    """Return both as they are shown: dots and the plural s of the acronym gone, one blank between words."""
    bare = acronym.replace(".", "")
    if bare.endswith("s") and len(bare) > 2 and bare[:-1].isupper():
        bare = bare[:-1]
    return bare, _WHITE.sub(" ", expansion)
