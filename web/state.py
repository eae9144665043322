"""Which search does this address hold, and which address holds this search? Both ways, without loss.

The whole state of a search is in its URL: ``SearchState.from_args(state.to_args()) == state``. A link of the page is the
address of a neighbouring state (a value more, a value less, the next page). Parameters have the French names of the field
table; a parameter that does not concern the search (``utm_source``) is ignored, one that does and cannot be read is refused.
Pure, but for the language of the sentences it refuses with.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar
from urllib.parse import urlencode

from corpus.errors import BadRequest
from search.days import read_period
from search.fields import FACETS, find_field
from search.request import MAX_PAGE_SIZE, RESULT_WINDOW, Filter, Reprints, SearchRequest, Sort
from web.wording import _, noted

__all__ = ["DEFAULT_SIZE", "FACET_ORDER", "LABELS", "PARAMETERS", "SearchState", "facet_label", "parse_day"]

View = Literal["list", "table"]
Args = tuple[tuple[str, str], ...]
_T = TypeVar("_T")

DEFAULT_SIZE: Final = 20
MAX_FILTER_VALUES: Final = 100
VALUE_CHARS: Final = 500
TEXT_CHARS: Final = 8_000  # what a URL may carry; the query language cuts lower and says so
FACET_SIZE: Final = 24  # values of a facet sent to the page; all of them have a page of their own

# Two facets are cut from the date and have no row in the field table.
_DATE_FACETS: Final = {"year": ("annee", noted("Année"), noted("Années")), "month": ("mois", noted("Mois"), noted("Mois"))}
_ROWS: Final = {name: row for name in FACETS if (row := find_field(name)) is not None}

PARAMETERS: Final[dict[str, str]] = {name: row.french for name, row in _ROWS.items()} | {name: row[0] for name, row in _DATE_FACETS.items()}
LABELS: Final[dict[str, str]] = {name: row.label for name, row in _ROWS.items()} | {name: row[1] for name, row in _DATE_FACETS.items()}
_FACET_LABELS: Final = {name: row.facet_label or row.label for name, row in _ROWS.items()} | {
    name: row[2] for name, row in _DATE_FACETS.items()
}
_FIELD_OF_PARAMETER: Final = {french: name for name, french in PARAMETERS.items()}
FACET_ORDER: Final = tuple(PARAMETERS)

_SORTS: Final[dict[str, Sort]] = {"pertinence": "relevance", "recent": "newest", "ancien": "oldest", "ajout": "added"}
_SORT_NAMES: Final = {sort: name for name, sort in _SORTS.items()}
_VIEWS: Final[dict[str, View]] = {"liste": "list", "tableau": "table"}
_VIEW_NAMES: Final = {view: name for name, view in _VIEWS.items()}

_REPRINTS: Final[dict[str, Reprints | None]] = {"groupees": "grouped", "toutes": "all"}
_REPRINT_NAMES: Final = {reprints: name for name, reprints in _REPRINTS.items()}

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_NUMBER = re.compile(r"[0-9]{1,9}")  # ASCII only: int() would take ٣ and 10**4000
_DATE_VALUES: Final = {"year": re.compile(r"[0-9]{4}"), "month": re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchState:
    """One search as a reader made it; filters are merged, without doubles and in the order of the field table."""

    text: str = ""
    filters: tuple[Filter, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    sort: Sort = "relevance"
    page: int = 1
    size: int = DEFAULT_SIZE
    view: View = "list"
    reprints: Reprints | None = None  # as usual: pages and feeds group them, files have every article
    usual_size: int = field(default=DEFAULT_SIZE, compare=False)  # goes without saying in an address of this site

    def __post_init__(self) -> None:
        merged: dict[tuple[str, bool], dict[str, None]] = {}
        for condition in self.filters:
            merged.setdefault((condition.field, condition.exclude), {}).update(dict.fromkeys(condition.values))
        order = sorted((key for key in merged if merged[key]), key=lambda key: (FACET_ORDER.index(key[0]), key[1]))
        object.__setattr__(self, "filters", tuple(Filter(field, tuple(merged[field, out]), out) for field, out in order))

    @classmethod
    def from_args(cls, args: Iterable[tuple[str, str]], usual_size: int = DEFAULT_SIZE) -> SearchState:
        """Read the parameters of an address, in any order.

        Raises: BadRequest for a date, page, size, sort or view that cannot be read; its ``expected`` is in the language of the page.
        """
        singles: dict[str, str] = {}
        filters: list[Filter] = []
        for name, raw in args:
            field = _FIELD_OF_PARAMETER.get(name.removeprefix("-"))
            value = _CONTROLS.sub(" ", raw).strip()
            if field is None:
                singles.setdefault(name, value)
            else:
                filters.append(Filter(field, (_checked(field, name, value),), name.startswith("-")))
        if len(filters) > MAX_FILTER_VALUES:
            raise BadRequest("filtres", len(filters), _("au plus %(count)s valeurs", count=MAX_FILTER_VALUES))
        text = singles.get("q", "")[:TEXT_CHARS].strip()
        since, until = _period(singles)
        size = _number(singles, "par_page", usual_size, MAX_PAGE_SIZE)
        return cls(
            text=text,
            filters=tuple(filters),
            since=since,
            until=until,
            sort=_choice(singles, "tri", _SORTS, _usual_sort(text)),
            page=_number(singles, "page", 1, RESULT_WINDOW // size),
            size=size,
            view=_choice(singles, "vue", _VIEWS, "list"),
            reprints=_choice(singles, "reprises", _REPRINTS, None),
            usual_size=usual_size,
        )

    def to_args(self) -> Args:
        """Return the parameters of the address, in one order, without what goes without saying."""
        args = [("q", self.text)] if self.text else []
        args += [("-" * condition.exclude + PARAMETERS[condition.field], value) for condition in self.filters for value in condition.values]
        args += [("du", self.since.isoformat())] if self.since else []
        args += [("au", self.until.isoformat())] if self.until else []
        args += [("tri", _SORT_NAMES[self.sort])] if self.sort != _usual_sort(self.text) else []
        args += [("reprises", _REPRINT_NAMES[self.reprints])] if self.reprints else []
        args += [("vue", _VIEW_NAMES[self.view])] if self.view != "list" else []
        args += [("par_page", str(self.size))] if self.size != self.usual_size else []
        args += [("page", str(self.page))] if self.page != 1 else []
        return tuple(args)

    def query_string(self, *more: tuple[str, str]) -> str:
        """Return ``?q=...`` with ``more`` parameters at the end, or "" for the empty search."""
        args = self.to_args() + more
        return "?" + urlencode(args) if args else ""

    def request(self, usual: Reprints = "grouped") -> SearchRequest:
        """Return the question that this state asks an engine; ``usual`` is what it does with reprints when the address says nothing."""
        return SearchRequest(
            text=self.text,
            filters=self.filters,
            since=self.since,
            until=self.until,
            sort=self.sort,
            page=self.page,
            size=self.size,
            facet_size=FACET_SIZE,
            reprints=self.reprints or usual,
        )

    def values(self, field: str, exclude: bool = False) -> tuple[str, ...]:
        """Return the values chosen (or excluded) in a facet."""
        return next((c.values for c in self.filters if c.field == field and c.exclude is exclude), ())

    @property
    def is_narrowed(self) -> bool:
        """Is there any filter or date beside the words?"""
        return bool(self.filters or self.since or self.until)

    @property
    def usual_sort(self) -> Sort:
        """The order that goes without saying."""
        return _usual_sort(self.text)

    def adding(self, field: str, value: str) -> SearchState:
        """Also take articles with this value of the facet; a former exclusion of it ends."""
        rest = self.dropping(field, value, exclude=True)
        return replace(rest, filters=(*rest.filters, Filter(field, (value,))))

    def excluding(self, field: str, value: str) -> SearchState:
        """Leave out articles with this value of the facet; a former choice of it ends."""
        rest = self.dropping(field, value)
        return replace(rest, filters=(*rest.filters, Filter(field, (value,), exclude=True)))

    def dropping(self, field: str, value: str, exclude: bool = False) -> SearchState:
        """Undo the choice (or the exclusion) of one value."""
        kept = [
            Filter(c.field, tuple(v for v in c.values if v != value), exclude) if (c.field, c.exclude) == (field, exclude) else c
            for c in self.filters
        ]
        return replace(self, filters=tuple(kept), page=1)

    def without_narrowing(self) -> SearchState:
        """Keep the words only: no filter, no date."""
        return replace(self, filters=(), since=None, until=None, page=1)

    def within(self, since: dt.date | None, until: dt.date | None) -> SearchState:
        """Ask the same of another period."""
        return replace(self, since=since, until=until, page=1)

    def about(self, text: str) -> SearchState:
        """Ask other words under the same conditions; a usual order stays the usual one."""
        sort = _usual_sort(text) if self.sort == _usual_sort(self.text) else self.sort
        return replace(self, text=text, sort=sort, page=1)

    def sorted_by(self, sort: Sort) -> SearchState:
        """Ask the same in another order, from the first page."""
        return replace(self, sort=sort, page=1)

    def with_reprints(self, reprints: Reprints) -> SearchState:
        """Ask the same with one line a text, or with every article, from the first page."""
        return replace(self, reprints=None if reprints == "grouped" else reprints, page=1)

    def with_reprints_turned(self) -> SearchState:
        """Ask a page the other way: one line a text where every article was shown, and the reverse."""
        return self.with_reprints("grouped" if self.reprints == "all" else "all")

    def shown_as(self, view: View) -> SearchState:
        """Show the same page as a list or as a table."""
        return replace(self, view=view)

    def at_page(self, page: int) -> SearchState:
        """Turn to another page."""
        return replace(self, page=page)


def facet_label(field: str) -> str:
    """Return the heading of a facet, plural, in the language of the page."""
    return _(_FACET_LABELS.get(field, field))


def parse_day(text: str, end: bool = False) -> dt.date | None:
    """Return the day meant by 2025-10-09, 09/10/2025, 2025-10, 2025 or « 9 octobre 2025 »; None when unreadable.

    A month or a year means its first day, or its last one with ``end``.
    """
    period = read_period(text)
    return period[end] if period else None


def _usual_sort(text: str) -> Sort:
    """Without words nothing is more relevant than anything else: the newest first."""
    return "relevance" if text else "newest"


def _checked(field: str, name: str, value: str) -> str:
    pattern = _DATE_VALUES.get(field)
    if pattern and value and not pattern.fullmatch(value):
        raise BadRequest(name, value, _("une année comme 2025") if field == "year" else _("un mois comme 2025-10"))
    if len(value) > VALUE_CHARS:
        raise BadRequest(name, value, _("au plus %(count)s caractères", count=VALUE_CHARS))
    return value


def _period(singles: dict[str, str]) -> tuple[dt.date | None, dt.date | None]:
    days: list[dt.date | None] = []
    for name in ("du", "au"):
        text = singles.get(name, "")
        day = parse_day(text, end=name == "au") if text else None
        if text and day is None:
            raise BadRequest(name, text, _("une date comme 09/10/2025, 2025-10-09, 2025-10 ou 2025"))
        days.append(day)
    since, until = days
    if since and until and since > until:
        raise BadRequest("du", singles["du"], _("une date qui ne soit pas après la fin de la période (%(end)s)", end=singles["au"]))
    return since, until


def _number(singles: dict[str, str], name: str, usual: int, largest: int) -> int:
    text = singles.get(name, "")
    if not text:
        return usual
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= largest:
        raise BadRequest(name, text, _("un nombre de 1 à %(largest)s", largest=largest))
    return int(text)


def _choice(singles: dict[str, str], name: str, choices: dict[str, _T], usual: _T) -> _T:
    text = singles.get(name, "")
    if not text:
        return usual
    if text not in choices:
        raise BadRequest(name, text, _(" ou ").join(choices))
    return choices[text]
