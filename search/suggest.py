"""Which word was meant, and how does the word being typed end? Answered with words of the archive, as they are printed.

Both work on surface forms, never on inflection classes (nobody types « commiss »), and compare them blind to accents. A
spelling is proposed only when it would find more: it must be far more frequent than what was typed, or the typed word must be
absent. Numbers are never corrected (2024 is not a typing error for 2025), nor are words of fewer than four letters.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import Final, Protocol

from whoosh.query import And, Not, Or, Query

from indexer.french import fold, is_stop
from search.nodes import Word, conjunction, disjunction
from search.understood import render

__all__ = ["Completion", "Vocabulary", "better_spelling", "completions", "nearest"]

SHORTEST_LETTERS: Final = 4
MORE_FREQUENT: Final = 10  # times: « militaire » for « militiare », not « marche » for « marché »
KNOWN: Final = 20  # articles: a word that so many have is no typing error
COMPLETIONS: Final = 10
CANDIDATES: Final = 200


class Vocabulary(Protocol):
    """The exact folded terms of an archive, with how they are printed most often and in how many articles."""

    def starting(self, prefix_folded: str, limit: int) -> list[tuple[str, int]]:
        """Return up to ``limit`` printed forms (accents kept) whose folded form has the prefix, most frequent first."""
        ...

    def frequency(self, folded: str) -> int:
        """Return the number of articles that hold an exact folded term."""
        ...

    def neighbours(self, folded: str, distance: int) -> list[tuple[str, int]]:
        """Return printed forms within ``distance`` edits that share the first letter, with their frequency."""
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """A text to propose in place of what was typed, and the articles that hold its last word."""

    text: str
    count: int


def completions(typed: str, vocabulary: Vocabulary, *, limit: int = COMPLETIONS) -> list[Completion]:
    """Complete the last word of a question, most frequent first; what stands before it is kept as typed."""
    cut = max((typed.rfind(mark) for mark in " \u00a0\u202f(\"«“'’=+-:"), default=-1) + 1
    before, last = typed[:cut], typed[cut:]
    prefix = fold(last) if last else ""
    if not prefix.isalnum() or any(sign in last for sign in "*?~"):
        return []
    found = heapq.nsmallest(limit, vocabulary.starting(prefix, CANDIDATES), key=lambda word: (-word[1], fold(word[0]), word[0]))
    return [Completion(before + surface, count) for surface, count in found]


def nearest(word: str, vocabulary: Vocabulary, *, distance: int = 2) -> str | None:
    """Return the printed form that was probably meant, None when the word is right or nothing better is near."""
    folded = fold(word)
    if len(folded) < SHORTEST_LETTERS or not folded.isalpha() or is_stop(word):
        return None
    frequency = vocabulary.frequency(folded)
    if frequency >= KNOWN:
        return None
    wanted = max(frequency * MORE_FREQUENT, 1)
    for edits in range(1, (distance if len(folded) > SHORTEST_LETTERS + 1 else 1) + 1):  # one letter wrong is likelier than two
        near = [found for found in vocabulary.neighbours(folded, edits) if found[1] >= wanted and fold(found[0]) != folded]
        if near:
            return min(near, key=lambda found: (-found[1], found[0]))[0]
    return None


def better_spelling(query: Query, vocabulary: Vocabulary) -> str | None:
    """Return the question with its misspelt words corrected, in the query language; None when there is none to correct."""
    corrected = _corrected(query, vocabulary)
    return None if corrected == query else render(corrected)


def _corrected(query: Query, vocabulary: Vocabulary) -> Query:
    if isinstance(query, And):
        return conjunction(child if isinstance(child, Not) else _corrected(child, vocabulary) for child in query.children())
    if isinstance(query, Or):
        return disjunction(_corrected(child, vocabulary) for child in query.children())
    if isinstance(query, Word) and not query.exact:  # =mot is what it says
        meant = nearest(query.surface, vocabulary)
        return replace(query, surface=meant) if meant else query
    return query
