"""Nothing was found: which word is missing, what is in the way, what to try? A few small searches that only this page makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from search import Engine, search
from search.coverage import coverage
from web import typography
from web.covering import gap_note
from web.links import Links
from web.state import SearchState
from web.wording import _

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
    """What each word finds alone, what the search finds once a condition is given up, and where the archive itself is silent."""

    words: tuple[Way, ...]
    ways: tuple[Way, ...]
    gaps: tuple[str, ...] = ()  # newspapers without articles in the period asked


def rescue(engine: Engine, state: SearchState, links: Links) -> Advice:
    """Try the neighbours of a search that found nothing."""
    words = [word for word in dict.fromkeys(_WORD.findall(state.text)) if word not in _OPERATORS][:WORDS_TRIED]
    tried = tuple(_way(engine, links, SearchState(text=word), word) for word in words) if len(words) > 1 else ()
    return Advice(words=tried, ways=tuple(way for way in _ways(engine, state, links) if way.found), gaps=_gaps(engine, state))


def _gaps(engine: Engine, state: SearchState) -> tuple[str, ...]:
    """Say which of the newspapers asked have no article in the period asked, or that no newspaper has."""
    since, until = _months(state)
    if not since and not until:
        return ()
    held = coverage(engine)
    named = [name for name in state.values("newspaper") if name]
    if named:
        return tuple(note for name in named if (note := gap_note(held, name, since, until)))
    inside = [place for place, month in enumerate(held.months) if (not since or month >= since) and (not until or month <= until)]
    if not held.months or any(row.counts[place] for row in held.newspapers for place in inside):
        return ()
    first, last = (typography.period(month) for month in (held.months[0], held.months[-1]))
    return (
        _("L’archive ne contient aucun article de cette période\u00a0; ses articles vont de %(first)s à %(last)s.", first=first, last=last),
    )


def _months(state: SearchState) -> tuple[str, str]:
    """Return the first and the last month that the dates, years and months of a search leave; "" for an open end."""
    firsts = [state.since.isoformat()[:7]] if state.since else []
    lasts = [state.until.isoformat()[:7]] if state.until else []
    for field, ends in (("year", ("-01", "-12")), ("month", ("", ""))):
        values = sorted(value for value in state.values(field) if value)
        if values:
            firsts.append(values[0] + ends[0])
            lasts.append(values[-1] + ends[1])
    return max(firsts, default=""), min(lasts, default="")


def _ways(engine: Engine, state: SearchState, links: Links) -> list[Way]:
    """Give up one kind of condition after the other."""
    ways = []
    if state.since or state.until:
        ways.append(_way(engine, links, state.within(None, None), _("sans limite de dates")))
    if state.filters:
        ways.append(_way(engine, links, replace(state, filters=(), page=1), _("sans les filtres")))
    if state.filters and (state.since or state.until):
        ways.append(_way(engine, links, state.without_narrowing(), _("sans les filtres ni les dates")))
    if state.text and state.is_narrowed:
        ways.append(_way(engine, links, state.about(""), _("tous les articles de cette sélection")))
    return ways


def _way(engine: Engine, links: Links, state: SearchState, label: str) -> Way:
    page = search(engine, replace(state.request(), size=1, facets=(), snippets=False, match="all"))
    return Way(label, typography.articles(page.total), page.total > 0, links.search(state))
