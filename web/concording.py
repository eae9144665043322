"""What does a page of the concordance show? Lines set in French around their word, each leading to its place in the article. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from search.concordance import Concordance, Order
from web import typography
from web.links import Links
from web.state import SearchState
from web.wording import _

__all__ = ["CONCORDANCE_ORDERS", "ConcordanceView", "LineView", "present_concordance"]

CONCORDANCE_ORDERS: Final[Mapping[str, Order]] = {"droite": "right", "gauche": "left", "date": "date", "journal": "newspaper"}
_NAMES: Final = {order: name for name, order in CONCORDANCE_ORDERS.items()}


@dataclass(frozen=True, slots=True)
class LineView:
    """A line: the words around, the word, where it stands."""

    left: str
    keyword: str
    right: str
    newspaper: str
    day: str
    iso_day: str
    headline: str
    url: str


@dataclass(frozen=True, slots=True)
class ConcordanceView:
    """A page of lines; ``cut`` says in words what was not read."""

    understood: str
    count: str
    articles: str
    cut: str
    lines: tuple[LineView, ...]
    number: int
    pages: int
    previous_url: str
    next_url: str
    results_url: str
    reprints_url: str  # the same with reprints counted the other way
    notes: tuple[str, ...]


def present_concordance(found: Concordance, state: SearchState, links: Links, page: str, order: Order) -> ConcordanceView:
    """Lay a page of lines out; ``page`` is the address of the concordance without its parameters."""

    def at(number: int, state: SearchState = state) -> str:
        more = (("ordre", _NAMES[order]),) if order != "right" else ()
        sizes = (("par_page", str(found.size)),) if found.size != 50 else ()
        turned = (("page", str(number)),) if number > 1 else ()
        return page + "?" + urlencode([*_kept(state), *more, *sizes, *turned, *links.language])

    return ConcordanceView(
        understood=typography.held_together(found.understood),
        count=typography.plural(found.count, "%(count)s\u00a0occurrence", "%(count)s\u00a0occurrences"),
        articles=typography.articles(found.read),
        cut=_cut(found),
        lines=tuple(
            LineView(
                left=typography.held_together(line.left),
                keyword=line.keyword,
                right=typography.held_together(line.right),
                newspaper=line.newspaper,
                day=typography.short_day(line.published),
                iso_day=line.published or "",
                headline=line.headline,
                url=links.marked(line.doc_id, state.text, line.place),
            )
            for line in found.lines
        ),
        number=found.number,
        pages=found.pages,
        previous_url=at(found.number - 1) if 1 < found.number <= found.pages + 1 else "",
        next_url=at(found.number + 1) if found.number < found.pages else "",
        results_url=links.search(state),
        reprints_url=at(1, state.with_reprints_turned()),
        notes=tuple(typography.held_together(note) for note in found.notes),
    )


def _kept(state: SearchState) -> list[tuple[str, str]]:
    return [(name, value) for name, value in state.at_page(1).to_args() if name not in ("tri", "vue", "par_page")]


def _cut(found: Concordance) -> str:
    if not found.cut:
        return ""
    return _(
        "Lignes des %(read)s articles les plus récents, sur %(total)s\u00a0: précisez la question ou les dates pour les voir toutes.",
        read=typography.number(found.read),
        total=typography.number(found.total),
    )
