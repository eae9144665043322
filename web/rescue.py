"""Nothing was found: which word is missing, what is in the way, what to try? A few small searches that only this page makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from search import Engine, search
from web import typography
from web.links import Links
from web.state import SearchState

__all__ = ["Advice", "Way", "rescue"]

WORDS_TRIED: Final = 8
_WORD = re.compile(r"[^\W_](?:[\w’'.\-]*\w)?")
_OPERATORS: Final = frozenset({"ET", "OU", "SAUF", "NON", "AND", "OR", "NOT", "PROCHE", "ADJ"})


@dataclass(frozen=True, slots=True)
class Way:
    """A neighbouring search, how many articles it finds, its address."""

    label: str
    count: str
    found: bool
    url: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What each word finds alone, and what the search finds once a condition is given up."""

    words: tuple[Way, ...]
    ways: tuple[Way, ...]


def rescue(engine: Engine, state: SearchState, links: Links) -> Advice:
    """Try the neighbours of a search that found nothing."""
    words = [word for word in dict.fromkeys(_WORD.findall(state.text)) if word not in _OPERATORS][:WORDS_TRIED]
    tried = tuple(_way(engine, links, SearchState(text=word), word) for word in words) if len(words) > 1 else ()
    return Advice(words=tried, ways=tuple(way for way in _ways(engine, state, links) if way.found))


def _ways(engine: Engine, state: SearchState, links: Links) -> list[Way]:
    """Give up one kind of condition after the other."""
    ways = []
    if state.since or state.until:
        ways.append(_way(engine, links, state.within(None, None), "sans limite de dates"))
    if state.filters:
        ways.append(_way(engine, links, replace(state, filters=(), page=1), "sans les filtres"))
    if state.filters and (state.since or state.until):
        ways.append(_way(engine, links, state.without_narrowing(), "sans les filtres ni les dates"))
    if state.text and state.is_narrowed:
        ways.append(_way(engine, links, state.about(""), "tous les articles de cette sélection"))
    return ways


def _way(engine: Engine, links: Links, state: SearchState, label: str) -> Way:
    page = search(engine, replace(state.request(), size=1, facets=(), snippets=False, match="all"))
    return Way(label, typography.articles(page.total), page.total > 0, links.search(state))
