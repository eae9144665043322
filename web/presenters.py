"""What does a template receive? Frozen values with every text already in good French, every link already made. Pure.

A template only lays out: it computes nothing, and it is the one place that writes HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from search import Hit, ResultPage
from search.request import Bucket, FacetCounts
from web import typography
from web.links import Links
from web.marking import Run, mark
from web.state import FACET_ORDER, LABELS, PARAMETERS, SearchState, facet_label
from web.timeline import TimelineView, present_timeline
from web.versions import VersionView, present_versions, reprinted
from web.wording import _, noted

__all__ = [
    "Chip",
    "FacetValue",
    "FacetView",
    "HitView",
    "PageLink",
    "ResultsView",
    "chips_of",
    "facet_values",
    "pages_of",
    "present_hit",
    "present_results",
    "value_label",
]

VERSIONS_SHOWN: Final = 30  # in a list of results; the page of the article has all of them
FIRST_VALUES: Final = 8  # of a facet, before « toutes les valeurs »
OPEN_FACETS: Final = 3

# The order on the page; the months are the timeline's, so they only appear as chips.
_SHOWN_FACETS: Final = (
    "newspaper",
    "section",
    "year",
    *(name for name in FACET_ORDER if name not in {"newspaper", "section", "year", "month"}),
)
_LANGUAGES: Final = {
    "fr": noted("français"),
    "en": noted("anglais"),
    "ar": noted("arabe"),
    "es": noted("espagnol"),
    "pt": noted("portugais"),
    "de": noted("allemand"),
    "it": noted("italien"),
    "nl": noted("néerlandais"),
}
_KINDS: Final = (noted("article"), noted("communiqué"), noted("dépêche"), noted("brève"))


@dataclass(frozen=True, slots=True)
class HitView:
    """One article in a list. ``url`` remembers the search, ``permanent`` never changes."""

    headline: tuple[Run, ...]
    headline_derived: bool
    newspaper: str
    day: str
    iso_day: str
    section: str
    bylines: str
    kind: str
    snippet: tuple[Run, ...]
    reprints: str
    versions: tuple[VersionView, ...]
    url: str
    permanent: str
    rank: int
    title: str = ""  # the headline as printed and the bylines one by one, for machines
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A check box: ``value`` goes into the address, ``label`` is read."""

    value: str
    label: str
    count: str
    selected: bool
    excluded: bool


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet: the first values by count, the rest by alphabet, a note on what was cut."""

    parameter: str
    label: str
    first: tuple[FacetValue, ...]
    rest: tuple[FacetValue, ...]
    other: str
    is_open: bool
    rest_open: bool
    all_url: str  # the page of all values, where some are not shown at once


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition of the search, with the address of the same search without it."""

    label: str
    value: str
    excluded: bool
    url: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the answer: a link, the current page (no ``url``) or a gap (number 0)."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class ResultsView:
    """A result page, ready to be laid out."""

    state: SearchState
    total: int
    count: str
    reprints: str  # whether the counts are of texts or of articles; "" where no text was printed twice
    reprints_url: str
    other_reprints: str  # what the link does
    understood: str
    took: str
    range: str
    hits: tuple[HitView, ...]
    facets: tuple[FacetView, ...]
    kept: tuple[tuple[str, str], ...]  # conditions without a check box on the page: the form carries them along
    chips: tuple[Chip, ...]
    clear_url: str
    timeline: TimelineView | None
    pages: tuple[PageLink, ...]
    previous_url: str
    next_url: str
    list_url: str
    table_url: str
    remarks: tuple[str, ...]  # of the site, in the language of the page
    notes: tuple[str, ...]  # of the query language, in French
    inexact: bool
    suggestion: str
    suggestion_url: str
    concordance_url: str
    compare_url: str


def present_results(page: ResultPage, state: SearchState, links: Links) -> ResultsView:
    """Lay a result page out for the state that asked for it."""
    facets = _facets(page, state, links)
    beside = {(facet.parameter, value.value) for facet in facets for value in (*facet.first, *facet.rest)}
    kept = [(name, value) for name, value in state.to_args() if name.removeprefix("-") in PARAMETERS.values()]
    first = (page.number - 1) * page.size + 1
    return ResultsView(
        state=state,
        total=page.total,
        count=_capitalised(_count(page)),
        reprints=_reprints(page, state),
        reprints_url=links.search(state.with_reprints_turned()),
        other_reprints=_("Montrer toutes les reprises") if page.reprints == "grouped" else _("Grouper les reprises"),
        understood=typography.held_together(page.understood),
        took=typography.duration(page.took_ms),
        range=_range(first, len(page.hits), page.total),
        hits=tuple(present_hit(hit, links, state, first + place) for place, hit in enumerate(page.hits)),
        facets=facets,
        kept=tuple((name, value) for name, value in kept if name.startswith("-") or (name, value) not in beside),
        chips=chips_of(state, links),
        clear_url=links.search(state.without_narrowing()),
        timeline=present_timeline(page.timeline, links.periods(state)),
        pages=pages_of(page, lambda number: links.search(state.at_page(number))),
        previous_url=links.search(state.at_page(page.number - 1)) if 1 < page.number <= page.pages + 1 else "",
        next_url=links.search(state.at_page(page.number + 1)) if page.number < page.pages else "",
        list_url=links.search(state.shown_as("list")),
        table_url=links.search(state.shown_as("table")),
        remarks=_relaxed_note(page),
        notes=tuple(typography.held_together(note) for note in page.notes),
        inexact=page.approximate or page.partial,
        suggestion=page.suggestion or "",
        suggestion_url=links.search(state.about(page.suggestion)) if page.suggestion else "",
        concordance_url=links.survey("concordance", state),
        compare_url=links.survey("comparer", state),
    )


def present_hit(hit: Hit, links: Links, state: SearchState | None = None, rank: int = 0) -> HitView:
    """Lay one hit out; without ``state`` its link is the permanent one."""
    return HitView(
        headline=mark(hit.headline, hit.headline_spans) or (Run(_("Sans titre")),),
        headline_derived=hit.headline_derived,
        newspaper=hit.newspaper,
        day=typography.day(hit.published),
        iso_day=hit.published or "",
        section=hit.section,
        bylines=", ".join(hit.bylines),
        kind="" if hit.kind == "article" else value_label("kind", hit.kind),
        snippet=mark(hit.snippet.text, hit.snippet.spans),
        reprints=reprinted(hit.versions),
        versions=present_versions(hit.versions[:VERSIONS_SHOWN], links),
        url=links.article(hit.doc_id, state, rank) if state else links.reading(hit.doc_id),
        permanent=links.article(hit.doc_id),
        rank=rank,
        title=hit.headline,
        names=hit.bylines,
    )


def value_label(field: str, value: str) -> str:
    """Return a value of a facet as a reader sees it."""
    if not value:
        return _("sans valeur")
    if field == "month":
        return typography.period(value)
    if field == "language":
        return _(_LANGUAGES[value]) if value in _LANGUAGES else value
    return _(value) if field == "kind" and value in _KINDS else value


def _facets(page: ResultPage, state: SearchState, links: Links) -> tuple[FacetView, ...]:
    shown: list[FacetView] = []
    for field in _SHOWN_FACETS:
        counts = page.facets.get(field)
        chosen = state.values(field) + state.values(field, exclude=True)
        if counts is None or (len(counts.buckets) + bool(counts.missing) < 2 and not chosen):
            continue  # a facet of one value narrows nothing
        if not (counts.buckets or counts.missing or state.values(field)):
            continue
        shown.append(_facet(field, counts, state, links, is_open=len(shown) < OPEN_FACETS or bool(chosen)))
    return tuple(shown)


def _facet(field: str, counts: FacetCounts, state: SearchState, links: Links, is_open: bool) -> FacetView:
    values = facet_values(field, counts, state)
    cut = len(values) if len(values) <= FIRST_VALUES + 2 else FIRST_VALUES
    rest = values[cut:] if field == "year" else sorted(values[cut:], key=lambda value: (not value.value, typography.collation(value.label)))
    return FacetView(
        parameter=PARAMETERS[field],
        label=facet_label(field),
        first=tuple(values[:cut]),
        rest=tuple(rest),
        other=typography.number(counts.other) if counts.other else "",
        is_open=is_open,
        rest_open=any(value.selected for value in rest),
        all_url=links.facet(PARAMETERS[field], state) if rest or counts.other else "",
    )


def facet_values(field: str, counts: FacetCounts, state: SearchState) -> list[FacetValue]:
    """Return the values of a facet by count (years by time), then those chosen that no article has, then « sans valeur »."""
    wanted, unwanted = state.values(field), state.values(field, exclude=True)
    values = [_value(field, bucket, wanted, unwanted) for bucket in _ordered(field, counts.buckets)]
    known = {value.value for value in values}
    absent = [value for value in wanted if value and value not in known]
    values += [FacetValue(value, value_label(field, value), "0", True, False) for value in absent]
    if counts.missing or "" in wanted:
        values.append(_value(field, Bucket("", counts.missing), wanted, unwanted))
    return values


def _ordered(field: str, buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    return sorted(buckets, key=lambda bucket: bucket.value, reverse=True) if field == "year" else buckets


def _value(field: str, bucket: Bucket, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> FacetValue:
    return FacetValue(
        value=bucket.value,
        label=value_label(field, bucket.value),
        count=typography.number(bucket.count),
        selected=bucket.value in wanted,
        excluded=bucket.value in unwanted,
    )


def chips_of(state: SearchState, links: Links) -> tuple[Chip, ...]:
    """Return the conditions of a search, each with the address of the search without it."""
    chips = [
        Chip(_(LABELS[c.field]), value_label(c.field, value), c.exclude, links.search(state.dropping(c.field, value, c.exclude)))
        for c in state.filters
        for value in c.values
    ]
    if state.since:
        chips.append(Chip(_("Depuis le"), typography.day(state.since.isoformat()), False, links.search(state.within(None, state.until))))
    if state.until:
        chips.append(Chip(_("Jusqu’au"), typography.day(state.until.isoformat()), False, links.search(state.within(state.since, None))))
    return tuple(chips)


def pages_of(page: ResultPage, link: Callable[[int], str]) -> tuple[PageLink, ...]:
    """Return the first, the last and the pages around the current one, with gaps between; ``link`` gives the address of a page."""
    if page.pages < 2:
        return ()
    near = {number for number in range(page.number - 2, page.number + 3) if 1 <= number <= page.pages}
    out: list[PageLink] = []
    for number in sorted(near | {1, page.pages}):
        if out and number > out[-1].number + 1:
            out.append(PageLink(0, ""))
        out.append(PageLink(number, "" if number == page.number else link(number)))
    return tuple(out)


def _count(page: ResultPage) -> str:
    """Return « 12 articles », or « 9 textes » where reprints are grouped: a count says what it counts."""
    if page.articles <= page.total:
        return typography.articles(page.total)
    return typography.plural(page.total, "%(count)s texte", "%(count)s textes")


def _reprints(page: ResultPage, state: SearchState) -> str:
    """Return what the counts of the page are: of texts, or of articles because the reader asked for them."""
    if page.reprints == "all":
        return _("Chaque reprise est comptée.") if state.reprints == "all" else ""
    if page.articles <= page.total:
        return ""
    count = typography.plural(page.articles, "%(count)s article avec les reprises", "%(count)s articles avec les reprises")
    return _("%(articles)s\u00a0; tous les nombres comptent les textes.", articles=count)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _relaxed_note(page: ResultPage) -> tuple[str, ...]:
    return (
        (_("Aucun article ne contient tous ces mots\u00a0; voici ceux qui en contiennent le plus."),) if page.relaxed and page.total else ()
    )


def _range(first: int, shown: int, total: int) -> str:
    """Return « 21 à 40 » where a page is a part of the answer."""
    if not shown or shown == total:
        return ""
    return _("%(first)s\u00a0à\u00a0%(last)s", first=typography.number(first), last=typography.number(first + shown - 1))
