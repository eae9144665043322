"""Which words does a blank-delimited piece of French text hold, and where does each stand?

Works on a *piece*: a run without blanks and the blanks behind it, grown where French writes one word across a blank
(300 000, a word cut at a line end). The piece is cleaned first (one apostrophe, one hyphen, no ignorable characters,
NFKC) with the place of every character kept; then `RULES`, read downwards, is the list of what is recognised, in order.
Neighbours joined by a hyphen become a compound. Nothing here knows the memo or the positions between pieces: see `french`.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from indexer.lexicon import load_lexicon
from indexer.terms import fold

IGNORABLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufe00-\ufe0f\ufeff"
MARKS = (  # combining marks that stay when no composed letter exists: Latin, Hebrew, Arabic, N'Ko, Devanagari, Ethiopic, Adlam
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u07eb-\u07f3"
    "\u0900-\u0903\u093a-\u094f\u135d-\u135f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\U0001e944-\U0001e94a"
)
LETTER = rf"(?:[^\W\d_][{MARKS}]*)"
ALNUM = rf"(?:[^\W_][{MARKS}]*)"
APOSTROPHES = "'’‘‛ʼʹʻ′＇´`"
HYPHENS = "-‐‑‒–−"
MIDDLE_DOTS = "·•‧∙⋅・"
ONE_FOR_ONE = (
    dict.fromkeys(map(ord, APOSTROPHES), "'")
    | dict.fromkeys(map(ord, HYPHENS), "-")
    | dict.fromkeys(map(ord, MIDDLE_DOTS), "·")
    | dict.fromkeys(map(ord, "™®©℠"), " ")
    | {0xBA: "°", 0x202F: "\u00a0", 0x2009: "\u00a0"}
)
_PLAIN = re.compile(r"[\x00-\x7e\u00a0À-ÖØ-öø-ÿŒœ°·€«»“”—]*")  # after ONE_FOR_ONE: nothing to compose, nothing to drop
_CLUSTER = re.compile(rf"[^{IGNORABLE}](?:[{IGNORABLE}]*[{MARKS}])*")
_LINE_END_MARK = re.compile(r"[\u00ad¬](?=[ \t]*\r?\n)")

COMPOUND_PARTS = 6  # a longer chain of hyphens is a slug, not a word
JOINED_CHARACTERS = 64
CLITICS = frozenset("je tu il elle on nous vous ils elles ce ci là la moi toi lui leur en y t le les".split())
UNITS = "h|mn|min|km|cm|mm|m|kg|ha|kw|mw|gw|kwh|mwh|ko|mo|go|fcfa|cfa|f|eur|dh"
INCLUSIVE = frozenset(
    """
    e es s ne nes le les te tes fe fes ve ves se ses x xse rice rices trice trices ice ices euse euses eure eures ère ères
    ière ières enne ennes ienne iennes aine aines ine ines onne onnes esse esses sse sses elle elles lle lles eux ette ettes
    che ches que ques ale ales ere eres iere ieres
    """.split()
)
_SUFFIX = "|".join(sorted(INCLUSIVE, key=lambda suffix: (-len(suffix), suffix)))
_BEFORE = {"e": "déiturlnsc", "ne": "n", "le": "l", "te": "t", "fe": "f", "ve": "f", "se": "xsr"}  # an ending alone: after which letters
_VOWEL = "aeiouyhàâäáãåæéèêëíìîïóòôöõøœúùûüýÿɛɔAEIOUYHÀÂÄÁÃÅÆÉÈÊËÍÌÎÏÓÒÔÖÕØŒÚÙÛÜÝŸƐƆ"
_ROMAN = re.compile(r"(C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})$")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_HASHTAG_PART = re.compile(r"[A-ZÀ-ÖØ-Þ]+(?![a-zß-öø-ÿ])|[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿœ]+|\d+|[^\W\d_]+")
_HYPHEN = re.compile(r"-(?:[ \t]*\r?\n[ \t]*| )?$")


class Found(NamedTuple):
    """A word found in a piece: its surface, its half-open span in the piece, its rank, and the rule that fired."""

    surface: str
    start: int
    end: int
    rank: int
    joined: bool
    rule: str


class Clean(NamedTuple):
    """A cleaned piece: the place in the original where each of its characters starts and ends."""

    text: str
    starts: range | list[int]
    ends: range | list[int]


class Part(NamedTuple):
    """One word inside a cleaned piece, before compounds are put together; several words when `words` has several."""

    words: tuple[tuple[str, int, int], ...]
    start: int
    end: int
    rule: str


def clean(piece: str) -> Clean:
    """Write a piece in its plainest form: ASCII apostrophe and hyphen, no ignorable characters, composed, NFKC."""
    text = piece.translate(ONE_FOR_ONE)
    if _PLAIN.fullmatch(text):
        return Clean(text, range(len(text)), range(1, len(text) + 1))
    text = _LINE_END_MARK.sub("-", text)
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        plain = _compatible(re.sub(f"[{IGNORABLE}]", "", cluster[0]), characters[-1:])
        characters += plain
        starts += [cluster.start()] * len(plain)
        ends += [cluster.end()] * len(plain)
    return Clean("".join(characters), starts, ends)


def _compatible(cluster: str, before: list[str]) -> str:
    if cluster == "№":
        return "n°"
    if cluster == "ᵒ" and before in (["n"], ["N"]):
        return "°"
    if cluster in "½¼¾⅓⅔⅛":
        return cluster
    if cluster == "\u00a0":
        return cluster
    return unicodedata.normalize("NFKC", cluster).translate(ONE_FOR_ONE)


def _one(match: re.Match[str], word: str, rule: str) -> Part:
    return Part(((word, match.start(), match.end()),), match.start(), match.end(), rule)


def _word(match: re.Match[str]) -> Part:
    word = match[0].removesuffix("'s").removesuffix("'S")
    if word == match[0]:
        return _one(match, word, "apostrophe" if "'" in word else "word")
    return Part(((word, match.start(), match.start() + len(word)),), match.start(), match.end(), "word")


def _web(match: re.Match[str]) -> Part:
    words = tuple((found[0], found.start(), found.end()) for found in re.compile(rf"{ALNUM}+").finditer(match[0]))
    return Part(tuple((word, match.start() + a, match.start() + b) for word, a, b in words), match.start(), match.end(), "web")


def _hashtag(match: re.Match[str]) -> Part:
    first = match.start() + 1
    words = tuple((found[0], first + found.start(), first + found.end()) for found in _HASHTAG_PART.finditer(match[0][1:]))
    covered = sum(len(word) for word, _, _ in words) == len(match[0].replace("_", "")) - 1
    if not covered:
        words = ((match[0][1:].replace("_", ""), first, match.end()),)
    return Part(words, first, match.end(), "hashtag")


def _elision(match: re.Match[str]) -> Part:
    return Part((), match.start(), match.end(), "elision")


def _numero(match: re.Match[str]) -> Part:
    return _one(match, "numéro", "numero")


def _acronym(match: re.Match[str]) -> Part:
    return _one(match, re.sub(r"[.-]", "", match[0]), "acronym")


def _grouped(match: re.Match[str]) -> Part:
    whole, _, decimals = match[0].partition(",") if match["group_mark"] else (match[0].replace(",", ""), "", "")
    digits = re.sub(r"\D", "", whole)
    return _one(match, f"{digits}.{decimals}" if decimals else digits, "number")


def _decimal(match: re.Match[str]) -> Part:
    return _one(match, match[0].replace(",", "."), "number")


def _ordinal(match: re.Match[str]) -> Part:
    return _one(match, (match["ordinal_digits"].lstrip("0") or "0") + "e", "ordinal")


def _roman(match: re.Match[str]) -> Part | None:
    numeral, suffix = match["roman_digits"], match["roman_suffix"]
    value = _roman_value(numeral.upper())
    single = len(numeral) == 1
    if not value or (single and numeral.upper() not in "IVX"):
        return None
    ending = suffix.lower()
    if (ending.startswith("nd") and value != 2) or (re.match("[eè]?r", ending) and value != 1):
        return None  # Inde and Vers are not numbers
    standard = numeral.isupper() and suffix.islower()
    if not standard and ((single and numeral.upper() == "I") or value > 50 or fold(match[0]) in load_lexicon()):
        return None  # vie, mie, cive stay words; xxe is the 20th
    if single and standard and match[0] in ("Ire", "Ires"):
        return _one(match, "1e", "ordinal")
    return _one(match, f"{value}e", "ordinal")


def _roman_value(numeral: str) -> int:
    if not _ROMAN.fullmatch(numeral):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def _quantity(match: re.Match[str]) -> Part:
    groups = ("quantity_digits", "quantity_unit", "quantity_rest")
    words = tuple((match[group], match.start(group), match.end(group)) for group in groups if match[group])
    return Part(words, match.start(), match.end(), "quantity")


def _inclusive(match: re.Match[str]) -> Part | None:
    base = match["base"]
    suffixes = [suffix.lower() for suffix in re.split(r"[·./()-]+", match["endings"]) if suffix]
    if not suffixes or any(suffix not in INCLUSIVE for suffix in suffixes):
        return None
    if len(suffixes) == 1 and match["endings"][0] == "." and base[-1] not in _BEFORE.get(suffixes[0].removesuffix("s"), base[-1]):
        return None  # exemple.ne and presse.es are hosts, citoyen.ne is not
    lexicon = load_lexicon()
    whole = next((form for form in (base, f"{base}s", f"{base}x") if fold(form) in lexicon and fold(form) != "tou"), None)
    if whole is None and match["endings"][0] != "·":
        return None
    return _one(match, whole or base, "inclusive")


def _capital(match: re.Match[str]) -> Part | None:
    base = match["capital_base"]
    if fold(base) not in load_lexicon() and match["capital_ending"] != "Es":
        return None
    return _one(match, base, "inclusive")


def _symbol(match: re.Match[str]) -> Part:
    return _one(match, {"€": "euro", "$": "dollar"}[match[0]], "symbol")


_START = r"(?<![^\W_])"
_END = r"(?![^\W_])"
RULES: tuple[tuple[str, str, Callable[[re.Match[str]], Part | None]], ...] = (
    ("web", rf"{_START}(?:(?:https?|ftp)://|www\.)[^\s<>«»\"]+|{_START}[\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+", _web),
    ("hashtag", rf"#(?={ALNUM})(?:{ALNUM}|_)+", _hashtag),
    (  # l’école, jusqu’à, l’1,5 million, l’« accord », d’MSF; not N’Djamena, M’Baye, aujourd’hui
        "elision",
        rf"{_START}(?:(?:(?i:jusqu|lorsqu|puisqu|quoiqu|qu|[ldjmtnsczç]))'{{1,2}}(?=[{_VOWEL}]|\d|[«“”\"(#\[]|\s|$)"
        rf"|(?:jusqu|lorsqu|puisqu|qu|Qu|QU|[ldjmtnscLD])'(?=[A-Z][A-Z0-9.]+{_END}))",
        _elision,
    ),
    ("numero", rf"{_START}[nN]°(?:s{_END})?", _numero),
    ("acronym", rf"{_START}{LETTER}(?:\.-?{LETTER})+(?:\.(?:s{_END})?)?{_END}", _acronym),
    (
        "grouped",
        r"(?<![^\W_])(?<!\d[.,])(?:[1-9]\d{0,2}(?P<group_mark>[ \u00a0.'])\d{3}(?:(?P=group_mark)\d{3})*(?:,\d+)?"
        r"|[1-9]\d{0,2}(?:,\d{3}){2,})(?!\d|[.,']\d)",
        _grouped,
    ),
    ("decimal", r"(?<![^\W_])(?<!\d[.,])\d+[.,]\d+(?!\d|[.,]\d)", _decimal),
    ("ordinal", rf"{_START}(?P<ordinal_digits>\d+)(?:(?i:ers?|i?[èe]mes?|[èe]?res?|nde?s?|es?|è)|de?s?){_END}", _ordinal),
    (
        "roman",
        rf"{_START}(?P<roman_digits>[IVXLC]+|[ivxlc]+)(?P<roman_suffix>(?i:ers?|i?[èe]mes?|[èe]?res?|nde?s?|es?|è)){_END}",
        _roman,
    ),
    ("quantity", rf"{_START}(?P<quantity_digits>\d+)(?P<quantity_unit>(?i:{UNITS}))(?P<quantity_rest>\d\d)?{_END}", _quantity),
    (  # étudiant·e·s, étudiant.e.s, étudiant(e)s, étudiant-e-s, auteur/rice
        "inclusive",
        rf"{_START}(?P<base>{LETTER}{{2,}})(?P<endings>(?:·{LETTER}{{1,6}}){{1,3}}|\.(?:{_SUFFIX})(?:\.s)?|\((?:{_SUFFIX})\)s?|/(?:{_SUFFIX})"
        rf"|-(?:(?:{_SUFFIX})-s|es?|t?rices?|euses?)){_END}",
        _inclusive,
    ),
    ("capital", rf"{_START}(?P<capital_base>[a-zà-öø-ÿœ]{{2,}})(?P<capital_ending>[NTRSL]?Es?|T?RICEs?){_END}", _capital),
    ("digits", rf"{_START}\d+{_END}", lambda match: _one(match, match[0], "number")),
    ("word", rf"{ALNUM}+(?:'{ALNUM}+)*", _word),
    ("symbol", r"[€$]", _symbol),
)
_ANY = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern, _ in RULES))
_LAST_RULES = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern, _ in RULES if name in ("digits", "word")))
_MAKERS = {name: maker for name, _, maker in RULES}


def find_words(piece: str) -> list[Found]:
    """Find the words of a piece, in order; the joined form of a compound stands before its parts, at the same rank."""
    cleaned = clean(piece)
    found: list[Found] = []
    rank = 0
    for compound in _compounds(cleaned.text):
        words = [(*word, part.rule) for part in compound for word in part.words]
        joined = _joined_form(cleaned.text, compound)
        if joined:
            start, end = cleaned.starts[compound[0].start], cleaned.ends[compound[-1].end - 1]
            found.append(Found(_surface(joined), start, end, rank, True, _joined_rule(compound)))
        for word, start, end, rule in words:
            name = "hyphen-part" if len(compound) > 1 and rule == "word" else rule
            found.append(Found(_surface(word), cleaned.starts[start], cleaned.ends[end - 1], rank, False, name))
            rank += 1
    return found


def _surface(word: str) -> str:
    return unicodedata.normalize("NFC", word.lower())


def _joined_rule(compound: list[Part]) -> str:
    return "hyphen-joined" if len(compound) > 1 else f"{compound[0].rule}-joined"


def _parts(text: str) -> list[Part]:
    parts: list[Part] = []
    place = 0
    while (match := _ANY.search(text, place)) is not None:
        part = _MAKERS[match.lastgroup or "word"](match)
        if part is None:  # what looked like a numeral or an inclusive form is a plain word
            match = _LAST_RULES.match(text, match.start()) or match
            part = _word(match)
        parts.append(part)
        place = part.end
    return parts


def _compounds(text: str) -> list[list[Part]]:
    """Group the parts of a cleaned piece that hyphens hold together."""
    compounds: list[list[Part]] = []
    for part in _parts(text):
        if compounds and part.rule != "web":
            last = compounds[-1][-1]
            between = text[last.end : part.start]
            if last.rule == "elision" or (between and last.rule != "web" and _HYPHEN.match(between)):
                compounds[-1].append(part)
                continue
        compounds.append([part])
    return [compound for group in compounds for compound in _mend(text, group)]


def _mend(text: str, compound: list[Part]) -> list[list[Part]]:
    """Put words cut at a line end together again when the lexicon knows the whole; otherwise the hyphen was a real one."""
    mended: list[list[Part]] = [[]]
    at = 0
    while at < len(compound):
        upto = next(
            (end for end in range(min(len(compound), at + COMPOUND_PARTS), at + 1, -1) if _is_cut_word(text, compound[at:end])), at + 1
        )
        run = compound[at:upto]
        if len(run) > 1:
            whole = "".join(part.words[0][0] for part in run)
            run = [Part(((whole, run[0].start, run[-1].end),), run[0].start, run[-1].end, "line-end")]
        if mended[-1] and text[mended[-1][-1].end : run[0].start] == "- ":
            mended.append([])  # pré- et post-électoral
        mended[-1] += run
        at = upto
    return mended


def _is_cut_word(text: str, run: list[Part]) -> bool:
    for before, after in itertools.pairwise(run):
        between = text[before.end : after.start]
        if len(between) < 2 or not between.startswith("-") or not _continues(text, before, after):
            return False
    return all(part.rule == "word" for part in run) and fold("".join(part.words[0][0] for part in run)) in load_lexicon()


def _continues(text: str, before: Part, after: Part) -> bool:
    return text[after.start].islower() or text[before.start : after.end].isupper()


def _joined_form(text: str, compound: list[Part]) -> str | None:
    """Return the form without hyphens: viceprésident, f16; None for a single word, dates, clitics and slugs."""
    words = [word for part in compound for word, _, _ in part.words]
    if len(compound) == 1:
        glued = compound[0].rule in ("hashtag", "quantity") and len(words) > 1
        return re.sub(r"[\W_]", "", text[compound[0].start : compound[0].end]) if glued else None
    if not 2 <= len(words) <= COMPOUND_PARTS or words[-1].lower() in CLITICS:
        return None
    if all(part.rule in ("number", "ordinal", "elision") for part in compound):
        return None  # 2012-023, IVe-Ve
    first = next(part.start for part in compound if part.words)
    joined = "".join(character for character in text[first : compound[-1].end] if character not in "-' \u00a0\t\r\n.·()/")
    return joined if len(joined) <= JOINED_CHARACTERS and joined.isalnum() else None
