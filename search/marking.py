"""Where does a question stand in a text? The spans to mark, as printed, in one text at a time.

The text is analysed as it was for the index; each node that was asked for marks its own places: a word every form that it
matched, a phrase one span from its first to its last word, a pattern the forms that look like it. What stands under a Not is
never marked, nor is a word that was asked in another field.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress, pairwise
from typing import Final

from whoosh.query import And, Or, Query

from corpus.languages import is_french
from indexer.french import PARAGRAPH_GAP, accent_term, analyze, fold, pieces, term
from indexer.references import Reference, find_references
from search.nodes import AtLeast, Compound, Fuzzy, Label, Near, Pattern, Phrase, SameParagraph, Word, as_typed, label_words
from search.relaxing import MostOf
from search.request import Span

__all__ = ["READ_CHARS", "Mark", "MarkedText", "glob_pattern", "marks", "within_distance"]

ANSWERS: Final = 50_000  # surfaces remembered a node
READ_CHARS: Final = 200_000  # of one text; what stands later is not marked


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked span and which node of the question it answers (its rank)."""

    start: int
    end: int
    node: int


@dataclass(frozen=True, slots=True)
class MarkedText:
    """The marks of a text in order of place."""

    marks: tuple[Mark, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the spans to mark: ascending, apart from each other."""
        spans: list[Span] = []
        for mark in self.marks:
            if spans and mark.start < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], mark.end))
            else:
                spans.append((mark.start, mark.end))
        return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Text:
    """An analysed text: parallel lists, and the token that stands at a position (joined forms apart)."""

    surfaces: Sequence[str]
    positions: Sequence[int]
    starts: Sequence[int]
    ends: Sequence[int]


def marks(query: Query, text: str, field: str, language: str = "") -> MarkedText:
    """Return what to mark in ``text``, which is the ``field`` of an article in ``language``, or its first READ_CHARS."""
    nodes = [node for node in _asked(query) if getattr(node, "field", None) in (None, field) or isinstance(node, Label)]
    if not is_french(language):
        nodes = [as_typed(node) for node in nodes]
    if not nodes or not text:
        return MarkedText(())
    if all(isinstance(node, Word | Pattern | Fuzzy) for node in nodes):
        return MarkedText(tuple(_marks_of_words(tuple(nodes), text[:READ_CHARS])))
    found = analyze(text[:READ_CHARS], spans=True)
    analyzed = _Text(found.surfaces, found.positions, found.starts, found.ends)
    cited = find_references(text[:READ_CHARS]) if any(isinstance(node, Label) for node in nodes) else []
    places = [
        Mark(start, end, rank)
        for rank, node in enumerate(nodes)
        for start, end in (_cited_spans(node, cited) if isinstance(node, Label) else _spans(node, analyzed))
    ]
    return MarkedText(tuple(sorted(places, key=lambda mark: (mark.start, -mark.end, mark.node))))


def _marks_of_words(nodes: tuple[Query, ...], text: str) -> Iterator[Mark]:
    """Yield the marks of single words, in order, from the pieces of the text: where nothing is asked by place, no place is needed.

    A page reads thousands of pieces and marks a few dozen: what is done for each of them is done in C.
    """
    cut = pieces(text)
    answers = _piece_answers(nodes)
    if len(answers) > ANSWERS:
        answers.clear()
    found = list(map(answers.__getitem__, cut))
    if not any(found):
        return
    starts = accumulate(map(len, cut), initial=len(text) - len(text.lstrip()))
    for start, marked in compress(zip(starts, found, strict=False), found):
        for mark in marked:
            yield Mark(start + mark.start, start + mark.end, mark.node)


class _PieceAnswers(dict[str, tuple[Mark, ...]]):
    """What is to be marked in a piece of text, found when it is first asked."""

    def __init__(self, nodes: tuple[Query, ...]) -> None:
        super().__init__()
        self._nodes = nodes

    def __missing__(self, piece: str) -> tuple[Mark, ...]:
        found = analyze(piece, spans=True)
        words = _Text(found.surfaces, found.positions, found.starts, found.ends)
        places = [Mark(words.starts[at], words.ends[at], rank) for rank, node in enumerate(self._nodes) for at in _tokens(node, words)]
        answer = self[piece] = tuple(sorted(places, key=lambda mark: (mark.start, -mark.end, mark.node)))
        return answer


@lru_cache(maxsize=64)
def _piece_answers(nodes: tuple[Query, ...]) -> _PieceAnswers:
    """Return what is to be marked in pieces of text: the texts of one page share most of them."""
    return _PieceAnswers(nodes)


def _asked(query: Query) -> Iterator[Query]:
    if isinstance(query, MostOf):
        for child in query.nodes:
            yield from _asked(child)
    elif isinstance(query, And | Or):
        for child in query.subqueries:
            yield from _asked(child)
    elif isinstance(query, Near | SameParagraph):
        yield query
    elif isinstance(query, AtLeast):
        yield query.word
    elif isinstance(query, Word | Phrase | Compound | Pattern | Fuzzy) or (isinstance(query, Label) and query.field == "references"):
        yield query


def _cited_spans(node: Label, cited: Sequence[Reference]) -> Iterator[Span]:
    """Yield where a text that was asked for is cited, in whatever spelling."""
    wanted = set(node.words)
    for one in cited:
        words = label_words(one.value)
        if words == node.words if node.whole else wanted <= set(words):
            yield one.start, one.end


def _spans(node: Query, text: _Text) -> Iterator[Span]:
    if isinstance(node, Phrase | Compound):
        yield from (span for span, _first, _last in _places(node, text))
    elif isinstance(node, Near | SameParagraph):
        yield from _close_spans(node, text)
    else:
        yield from ((text.starts[at], text.ends[at]) for at in _tokens(node, text))


def _tokens(node: Query, text: _Text) -> list[int]:
    """Return which tokens a one-word node matches."""
    answers = _answers(node)
    if len(answers) > ANSWERS:
        answers.clear()
    distinct = set(text.surfaces)
    unknown = distinct.difference(answers)
    if unknown:
        wanted = _matcher(node)
        answers.update({surface: wanted(surface) for surface in unknown})
    matched = {surface for surface in distinct if answers.get(surface)}
    return [at for at, surface in enumerate(text.surfaces) if surface in matched] if matched else []


@lru_cache(maxsize=256)
def _answers(_node: Query) -> dict[str, bool]:
    """Return which surfaces a node was found to match: twenty snippets of one question share most of their words."""
    return {}


def _matcher(node: Query) -> Callable[[str], bool]:
    if isinstance(node, Word):
        if node.required_accent:
            return lambda surface: accent_term(surface) == node.accent
        if node.exact:
            return lambda surface: fold(surface) == node.folded
        return lambda surface: term(fold(surface)) == node.term_
    if isinstance(node, Pattern):
        pattern = glob_pattern(node.glob)
        return lambda surface: pattern.fullmatch(fold(surface)) is not None
    assert isinstance(node, Fuzzy)
    return lambda surface: (folded := fold(surface))[:1] == node.folded[:1] and within_distance(folded, node.folded, node.distance)


def _places(node: Query, text: _Text) -> list[tuple[Span, int, int]]:
    """Return span, first and last position of every place of a positional node."""
    if isinstance(node, Or):
        return [place for child in node.subqueries for place in _places(child, text)]
    if isinstance(node, Compound):
        return _places(node.phrase, text) + _places(node.joined, text)
    if not isinstance(node, Phrase):
        return [((text.starts[at], text.ends[at]), text.positions[at], text.positions[at]) for at in _tokens(node, text)]
    rows = [{text.positions[at]: at for at in _tokens(word, text)} for word in node.words]
    places = []
    for position, first in rows[0].items():
        tokens = [row.get(position + rank) for rank, row in enumerate(rows)]
        if None not in tokens:
            last = tokens[-1]
            assert last is not None
            places.append(((text.starts[first], max(text.ends[first], text.ends[last])), position, position + len(rows) - 1))
    return places


def _close_spans(node: Near | SameParagraph, text: _Text) -> Iterator[Span]:
    """Yield both sides of the places that stand close enough; sorted ends instead of pairs, which « le MEMEPAR la » has in millions."""
    left, right = _places(node.left, text), _places(node.right, text)
    if isinstance(node, SameParagraph):
        ends = [here for here, after in pairwise(text.positions) if after - here >= PARAGRAPH_GAP]
        ranks = [[bisect_left(ends, first) for _span, first, _last in side] for side in (left, right)]
        common = set(ranks[0]) & set(ranks[1])
        for side, rank_of in zip((left, right), ranks, strict=True):
            yield from (span for (span, _first, _last), rank in zip(side, rank_of, strict=True) if rank in common)
        return
    for side, others, before, after in ((left, right, not node.ordered, True), (right, left, True, not node.ordered)):
        firsts, lasts = sorted(first for _span, first, _last in others), sorted(last for _span, _first, last in others)
        for span, first, last in side:
            if (after and _any_between(firsts, last + 1, last + 1 + node.distance)) or (
                before and _any_between(lasts, first - 1 - node.distance, first - 1)
            ):
                yield span


def _any_between(ascending: Sequence[int], low: int, high: int) -> bool:
    at = bisect_left(ascending, low)
    return at < len(ascending) and ascending[at] <= high


@lru_cache(maxsize=256)
def glob_pattern(glob: str) -> re.Pattern[str]:
    """Return a glob of ``*`` and ``?`` as a linear regular expression."""
    return re.compile(
        "".join(".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in re.sub(r"\*+", "*", glob)), re.DOTALL
    )


def within_distance(one: str, other: str, distance: int) -> bool:
    """Tell whether two words are at most ``distance`` insertions, deletions, substitutions or swaps of neighbours apart."""
    if abs(len(one) - len(other)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > distance:
            return False
    return row[-1] <= distance
