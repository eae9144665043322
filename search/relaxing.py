"""What if no article has all the words? Then those that have the most of them, said to be so.

``MostOf`` is the one query node that the parser never makes: ``relaxed`` builds it of the words that were asked together.
Conditions (a label, a date, an exclusion) are never given up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from whoosh.query import And, Every, Not, Query

from search.nodes import AtLeast, Compound, Fuzzy, Near, Node, Pattern, Phrase, SameParagraph, Word

__all__ = ["ANY", "MOST", "MostOf", "relaxed"]

MOST: Final = 0.6  # of the words that the best article has: those with fewer are left out
ANY: Final = 0.0


@dataclass(frozen=True)
class MostOf(Node):
    """Articles that have nearly as many of ``nodes`` as any article has, under ``condition``."""

    nodes: tuple[Query, ...]
    condition: Query | None = None
    share: float = MOST

    def least(self, best: int) -> int:
        """Return how many of the nodes an article must have when the best has ``best``."""
        return math.ceil(self.share * best)


def relaxed(query: Query, share: float = MOST) -> MostOf | None:
    """Return the question with its words no longer all required; None when it does not ask for several words together."""
    if not isinstance(query, And):
        return None
    words = tuple(child for child in query.subqueries if _is_word(child))
    conditions = [child for child in query.subqueries if not _is_word(child) and not isinstance(child, Every)]
    if len(words) < 2:
        return None
    positive = [child for child in conditions if not isinstance(child, Not)]
    whole = conditions if positive or not conditions else [Every(), *conditions]
    return MostOf(words, And(whole) if whole else None, share)


def _is_word(query: Query) -> bool:
    if isinstance(query, Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph | AtLeast):
        return True
    return not isinstance(query, And | Not | Every) and hasattr(query, "subqueries") and all(_is_word(child) for child in query.subqueries)
