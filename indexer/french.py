"""What does French text say, word by word? The one analysis of articles, queries, snippets and suggestions.

Tokens keep their place in the text as given: text[token.start:token.end] is what was printed. Stop words are tokens like
the others (they are dropped from queries only, never from the index). A word is looked for in two ways: by `term`, its
inflection class, and by `fold`, its exact form; both ignore accents, and `accent_term` brings typed accents back where
they distinguish words.

The text is cut into pieces (`_PIECE`), and what a piece holds is remembered: a newspaper prints the same few hundred
thousand pieces over and over, so that warm text is analysed at the speed of a dictionary look-up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from indexer.lexicon import load_curated, load_lexicon
from indexer.terms import ACCENT, EXACT, STOP_WORDS, accent_term, fold, is_stop, required_accent, term
from indexer.tokenizer import IGNORABLE, find_words

__all__ = [
    "ACCENT",
    "EXACT",
    "PARAGRAPH_GAP",
    "SENTENCE_GAP",
    "STOP_WORDS",
    "Analyzed",
    "QueryWord",
    "Token",
    "accent_term",
    "analysis_digest",
    "analyze",
    "fold",
    "is_stop",
    "piece_words",
    "pieces",
    "required_accent",
    "term",
    "tokenize",
    "words_of_query",
]

SENTENCE_GAP = 1  # a phrase does not run over a full stop
PARAGRAPH_GAP = 100  # nor does closeness reach over a paragraph
MEMO_PIECES = 400_000
MEMO_CHARACTERS = 40  # longer pieces are addresses and noise; remembering them would only fill the memory

# A run without blanks, grown over the blank of 300 000, of a word cut at a line end, of "gouver- nement"; then its blanks.
_PIECE = re.compile(
    r"\S+(?:(?:(?<=[-\u00ad\u2010\u2011¬])[ \t]*\r?\n[ \t]*(?=[^\W\d_])|(?<=[^\W\d_]-) (?=[^\W\d_A-Z])"
    r"|(?<=\d)[ \u00a0\u202f\u2009](?=\d{3}(?!\d)))\S+)*\s*"
)
# Most pieces are one plain word with what is printed behind it; they need none of the rules (but « XIXe », « vi » do).
_SIMPLE = re.compile(
    r"[(«“\"]*(?:(?:[lLdDjJmMtTnNsScC]|[qQ]u)['’](?=[aeiouyhàâéèêëîïôœAEIOUYHÀÂÉÈÊÎÔŒ]))?"  # l’école, (d’Abidjan)
    r"(?:([A-ZÀ-ÖØ-Ýa-zà-öø-ÿœ][a-zà-öø-ÿœ]{2,}|[A-Z]{3,})|(\d{1,9}))([,;:.!?…»”)\"]*)\s*"
)
_ROMAN = re.compile(r"[ivxlcdm]+(?:e|er|re|ere|ère|ème|eme|ième|ieme|nd|nde)?s?$", re.IGNORECASE)
_STOP = re.compile(r"[.!?…]")
_SENTENCE_END = re.compile(r"[.!?…][»\"”’')\]]*\s*$")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n|\u2029")
_ABBREVIATION = re.compile(
    r"(?:^|[^\w.])(?:\w|mm|mmes?|mlles?|dr|drs|me|mgr|ste?|cf|art|al|av|bd|vol|pp|ex|col|gal|cdt|cne|lt|sgt|prof|pr|no|env|hab|éd|janv|févr"
    r"|sept|oct|nov|déc|tél)\.\s*$|\w\.-?\w\.\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text: its normalised surface (lower case, accents kept) and its half-open span in the text as given.

    Units: `start`, `end` in code points; `position` a rank, with a gap after a sentence and a larger one after a paragraph.
    """

    surface: str
    start: int
    end: int
    position: int
    joined: bool = False
    rule: str = "word"


@dataclass(frozen=True, slots=True)
class Analyzed:
    """The words of a text as parallel lists; `starts` and `ends` are empty unless spans were asked for."""

    surfaces: list[str]
    positions: list[int]
    starts: list[int]
    ends: list[int]


@dataclass(frozen=True, slots=True)
class QueryWord:
    """One blank-delimited word of a query. Several tokens are a phrase of parts, or the `joined` form where there is one."""

    tokens: tuple[Token, ...]
    joined: str | None
    start: int
    end: int
    stop: bool


class _Remembered(NamedTuple):
    surfaces: tuple[str, ...]
    ranks: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    advance: int


_memo: dict[str, _Remembered | tuple[str, int, int, int]] = {}


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a text, in order of position; spans are in the text as given, composed or not."""
    tokens: list[Token] = []
    position = 0
    for start, piece in _pieces(text):
        words = find_words(piece)
        tokens += [
            Token(word.surface, start + word.start, start + word.end, position + word.rank, word.joined, word.rule) for word in words
        ]
        position += _advance(piece, words[-1].rank + 1 if words else 0)
    return tokens


def analyze(text: str, *, spans: bool = False) -> Analyzed:
    """Return the surfaces and positions of a text, the spans too if asked: the same as `tokenize`, without the objects."""
    surfaces: list[str] = []
    positions: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    offset = len(text) - len(text.lstrip())
    recall = _memo.get
    for piece in _PIECE.findall(text):
        known = recall(piece) or _learn(piece)
        if len(known) == 4:  # one word: the common case, without inner loops
            surface, start, end, advance = known
            surfaces.append(surface)
            positions.append(position)
            if spans:
                starts.append(offset + start)
                ends.append(offset + end)
        else:
            surfaces += known[0]
            positions += [position + rank for rank in known[1]]
            if spans:
                starts += [offset + start for start in known[2]]
                ends += [offset + end for end in known[3]]
            advance = known[4]
        position += advance
        offset += len(piece)
    return Analyzed(surfaces, positions, starts, ends)


def pieces(text: str) -> list[str]:
    """Cut a text into the pieces that are analysed on their own: for a writer, which gives each distinct piece a number."""
    return _PIECE.findall(text)


def piece_words(piece: str) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """Return the surfaces of a piece, the rank of each, and how far the piece moves the position of what follows."""
    simple = _SIMPLE.fullmatch(piece)
    if simple is not None:
        word, figures, behind = simple.groups()
        if figures is not None and figures.isascii():
            return (figures,), (0,), _advance(piece, 1)
        if word is not None and not _ROMAN.match(word):
            return (word.lower(),), (0,), 1 if simple.end(3) == len(piece) and not _STOP.search(behind) else _advance(piece, 1)
    words = find_words(piece)
    return tuple(word.surface for word in words), tuple(word.rank for word in words), _advance(piece, words[-1].rank + 1 if words else 0)


def _learn(piece: str) -> _Remembered | tuple[str, int, int, int]:
    words = find_words(piece)
    advance = _advance(piece, words[-1].rank + 1 if words else 0)
    learnt: _Remembered | tuple[str, int, int, int]
    if len(words) == 1:
        learnt = (words[0].surface, words[0].start, words[0].end, advance)
    else:
        learnt = _Remembered(
            tuple(word.surface for word in words),
            tuple(word.rank for word in words),
            tuple(word.start for word in words),
            tuple(word.end for word in words),
            advance,
        )
    if len(piece) <= MEMO_CHARACTERS:
        if len(_memo) >= MEMO_PIECES:
            _memo.clear()  # cheaper than an order of use, and another thread only misses once
        _memo[piece] = learnt
    return learnt


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    for match in _PIECE.finditer(text):
        yield match.start(), match[0]


def _advance(piece: str, ranks: int) -> int:
    """Return how far a piece moves the position: a rank per word, and the gap of what it ends."""
    if ("\n" in piece or "\u2029" in piece) and _PARAGRAPH_END.search(piece):
        return ranks + PARAGRAPH_GAP
    if _SENTENCE_END.search(piece) and not _ABBREVIATION.search(piece):
        return ranks + SENTENCE_GAP
    return ranks


def words_of_query(text: str) -> list[QueryWord]:
    """Return the words of a query, one for each run between blanks; runs without a letter or digit are left out."""
    grouped: list[list[Token]] = []
    for token in tokenize(text):
        touches = grouped and not re.search(r"\s", text[grouped[-1][-1].end : token.start])
        if touches:
            grouped[-1].append(token)
        else:
            grouped.append([token])
    return [_query_word(text, tokens) for tokens in grouped]


def _query_word(text: str, tokens: list[Token]) -> QueryWord:
    parts = tuple(token for token in tokens if not token.joined)
    joined = [token for token in tokens if token.joined]
    whole = joined[0].surface if len(joined) == 1 and joined[0].start == parts[0].start and joined[0].end == parts[-1].end else None
    stop = all(is_stop(part.surface, text[part.start : part.end]) for part in parts)
    return QueryWord(parts, whole, parts[0].start, parts[-1].end, stop)


_PROBES = (
    "L’O.N.U. et N’Djamena, aujourd’hui : 300\u202f000 € au XXᵉ siècle, n°\u00a02012-023.",
    "Les étudiant·e·s du vice\u2011président #Élections2025 ; le gouver-\nnement, in\u00adfor\u00admation à 14h30.",
    "loi lois élus travaux améliorées négocient commissions actrices Mali Sall ONGs antiterroriste côté maïs chefferie",
    "ubériserait youtubeuses bamakoise yaoundéenne cofinancera macronistes Houthis Mme Keïta. St-Louis, 5e art. 3,5 km l’1,2 № 7",
)


def analysis_digest() -> str:
    """Return the sha256 of the word data and of what the analysis makes of fixed sentences; stored with every index."""
    digest = hashlib.sha256()
    parts = [load_lexicon().digest(), load_curated().digest, " ".join(sorted(STOP_WORDS)), IGNORABLE]
    for probe in _PROBES:
        for token in tokenize(probe):
            folded = fold(token.surface)
            parts += [token.surface, f"{token.start}-{token.end}@{token.position}", folded, term(folded), accent_term(token.surface) or ""]
    digest.update("\n".join(parts).encode("utf-8"))
    return digest.hexdigest()
