"""Which parts of a question stand in texts, and which of them score? Pure, on the query tree alone."""

from __future__ import annotations

from whoosh.query import And, Or, Query

from search.nodes import AtLeast, Compound, Fuzzy, Near, Pattern, Phrase, SameParagraph, Word
from search.relaxing import MostOf

__all__ = ["Occurring", "branches", "scoring_nodes"]

Occurring = Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph


def scoring_nodes(node: Query) -> list[Occurring]:
    """Return the nodes of a tree that add to the score, in the order they were typed; nothing under a Not."""
    if isinstance(node, And | Or):
        return [leaf for child in node.subqueries for leaf in scoring_nodes(child)]
    if isinstance(node, MostOf):
        return [leaf for child in node.nodes for leaf in scoring_nodes(child)]
    if isinstance(node, AtLeast):
        return [node.word]
    return [node] if isinstance(node, Occurring) else []


def branches(node: Query) -> bool:
    """Tell whether an article may have words of the question that stand in a part it does not answer."""
    if isinstance(node, And):
        return any(map(branches, node.subqueries))
    children = node.subqueries if isinstance(node, Or) else node.nodes if isinstance(node, MostOf) else ()
    return any(isinstance(child, And | AtLeast) or branches(child) for child in children)
