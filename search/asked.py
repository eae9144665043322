"""What of a question may be given up, and what of it may be marked? Two readings of a query tree, for engines and excerpts.

``required_words`` are the nodes asked together that score; when no article has them all, those with the most of them answer
instead (conditions are never given up). ``marked`` gathers what to look for in a text; nothing under a Not is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from whoosh.query import And, Query

from search.nodes import Compound, Fuzzy, Pattern, Phrase, Word, leaves
from search.operands import is_scored

__all__ = ["Marks", "marked", "required_words", "without_stop"]


@dataclass(frozen=True, slots=True)
class Marks:
    """What to mark: inflection classes, exact folded forms, accent terms that decide (maïs), and nodes of several forms."""

    classes: frozenset[str] = frozenset()
    exacts: frozenset[str] = frozenset()
    accents: frozenset[str] = frozenset()
    phrases: tuple[Phrase, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    fuzzies: tuple[Fuzzy, ...] = ()


def required_words(query: Query) -> tuple[Query, ...]:
    """Return the nodes asked together that score: words, phrases, closeness, choices; not exclusions nor conditions."""
    children: Iterable[Query] = query.children() if isinstance(query, And) else (query,)
    return tuple(child for child in children if is_scored(child))


def without_stop(nodes: Iterable[Query]) -> tuple[Query, ...]:
    """Return the nodes that are not stop words, or all of them when nothing else is asked."""
    nodes = tuple(nodes)
    content = tuple(node for node in nodes if not (isinstance(node, Word) and node.stop))
    return content or nodes


def marked(query: Query, field: str | None = None) -> Marks:
    """Return what to mark in a text field; without a field, what to mark anywhere."""
    asked = [leaf for leaf in leaves(query) if field is None or leaf.field in (None, field)]
    compounds = [leaf for leaf in asked if isinstance(leaf, Compound)]
    words = [leaf for leaf in asked if isinstance(leaf, Word)] + [compound.joined for compound in compounds]
    return Marks(
        classes=frozenset(word.term_ for word in words if not word.exact and not word.required_accent),
        exacts=frozenset(word.folded for word in words if word.exact and not word.required_accent),
        accents=frozenset(word.accent for word in words if word.accent and word.required_accent),
        phrases=(*(leaf for leaf in asked if isinstance(leaf, Phrase)), *(compound.phrase for compound in compounds)),
        patterns=tuple(leaf for leaf in asked if isinstance(leaf, Pattern)),
        fuzzies=tuple(leaf for leaf in asked if isinstance(leaf, Fuzzy)),
    )
