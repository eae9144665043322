"""What is asked, and what is answered? Frozen values between the engines and whoever shows the page.

``page_as_json`` writes the one JSON form of a result page: the command line and the site both use it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

__all__ = [
    "MAX_FACET_SIZE",
    "MAX_PAGE_SIZE",
    "RESULT_WINDOW",
    "Bucket",
    "FacetCounts",
    "Filter",
    "Hit",
    "ResultPage",
    "SearchRequest",
    "Snippet",
    "Timeline",
    "Version",
    "page_as_json",
]

Match = Literal["auto", "all", "any"]
Sort = Literal["relevance", "newest", "oldest", "added"]  # added: what entered the archive last comes first
Reprints = Literal["grouped", "all"]  # one line a text, or every article
Span = tuple[int, int]

MAX_PAGE_SIZE: Final = 100
MAX_FACET_SIZE: Final = 1_000
RESULT_WINDOW: Final = 10_000  # articles deep; pages beyond it do not exist (exports give every hit)


@dataclass(frozen=True, slots=True)
class Filter:
    """An unscored condition: the article has one of ``values`` (or none of them when ``exclude``); "" = no value at all.

    ``field`` is an English field name of the table, or "year" ("2025") or "month" ("2025-10").
    """

    field: str
    values: tuple[str, ...]
    exclude: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One question. ``since`` and ``until`` are inclusive days; ``facets=None`` asks for all of them, ``()`` for none.

    Raises: BadRequest for an unknown field, sort or match, or a page, size or facet size out of range (``search`` checks).
    """

    text: str = ""
    filters: tuple[Filter, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    sort: Sort = "relevance"
    page: int = 1
    size: int = 20
    match: Match = "auto"
    facets: tuple[str, ...] | None = None
    facet_size: int = 50
    snippets: bool = True
    explain: bool = False
    reprints: Reprints = "grouped"


@dataclass(frozen=True, slots=True)
class Snippet:
    """An excerpt as printed; ``spans`` are half-open code point ranges of ``text`` to mark."""

    text: str
    spans: tuple[Span, ...] = ()


class Version(NamedTuple):
    """One version of a text that several newspapers printed. Units: ``kept`` in percent of the words of the first publication."""

    doc_id: str
    headline: str
    newspaper: str
    published: str | None
    kept: int
    first: bool = False


class Hit(NamedTuple):
    """One article of the answer. ``headline`` may be derived from the first words of the text (``headline_derived``)."""

    doc_id: str
    headline: str
    newspaper: str
    published: str | None  # YYYY, YYYY-MM or YYYY-MM-DD
    section: str = ""
    bylines: tuple[str, ...] = ()
    kind: str = ""
    url: str = ""
    score: float = 0.0
    snippet: Snippet = Snippet("")
    headline_spans: tuple[Span, ...] = ()
    headline_derived: bool = False
    reprints: int = 0  # other versions in the archive
    explanation: Mapping[str, Any] | None = None
    versions: tuple[Version, ...] = ()  # all of them, the first publication first; () without reprints


class Bucket(NamedTuple):
    """A value of a facet, how many articles have it, whether the reader chose it (or excluded it)."""

    value: str
    count: int  # type: ignore[assignment]  # an article count; nobody asks a bucket how often it holds a value
    selected: bool = False
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """The most frequent values; ``other`` = articles-with-value pairs in the cut rest, ``missing`` = articles without a value."""

    buckets: tuple[Bucket, ...]
    other: int = 0
    missing: int = 0
    missing_selected: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """Articles per day, month or year, in order of time, without empty buckets."""

    unit: Literal["day", "month", "year"] = "month"
    buckets: tuple[Bucket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """One slice of hits with everything a page shows around it. Every count is exact unless ``approximate`` or ``partial``.

    Grouped, ``total``, facets and timeline count lines (a text that several newspapers printed is one); ``articles`` counts articles always.
    """

    text: str
    understood: str
    total: int
    took_ms: float
    number: int
    size: int
    pages: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, FacetCounts] = field(default_factory=dict)
    timeline: Timeline = Timeline()
    relaxed: bool = False
    notes: tuple[str, ...] = ()
    suggestion: str | None = None
    partial: bool = False
    approximate: bool = False
    generation: int = 0
    articles: int = 0
    reprints: Reprints = "grouped"


def page_as_json(page: ResultPage) -> dict[str, Any]:
    """Return the contract form of a result page, ready for ``json.dumps``."""
    return {
        "query": {"text": page.text, "understood": page.understood},
        "total": page.total,
        "took_ms": round(page.took_ms, 3),
        "page": {"number": page.number, "size": page.size, "pages": page.pages},
        "hits": [_hit_as_json(hit) for hit in page.hits],
        "facets": {name: _facet_as_json(facet) for name, facet in page.facets.items()},
        "timeline": {
            "unit": page.timeline.unit,
            "buckets": [{"value": bucket.value, "count": bucket.count} for bucket in page.timeline.buckets],
        },
        "relaxed": page.relaxed,
        "notes": list(page.notes),
        "suggestion": page.suggestion,
        "partial": page.partial,
        "approximate": page.approximate,
        "generation": page.generation,
        "articles": page.articles,
        "reprints": page.reprints,
    }


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    row: dict[str, Any] = {
        "doc_id": hit.doc_id,
        "headline": hit.headline,
        "newspaper": hit.newspaper,
        "published": hit.published,
        "section": hit.section,
        "bylines": list(hit.bylines),
        "kind": hit.kind,
        "url": hit.url,
        "score": round(hit.score, 6),
        "snippet": {"text": hit.snippet.text, "spans": [list(span) for span in hit.snippet.spans]},
        "headline_spans": [list(span) for span in hit.headline_spans],
        "headline_derived": hit.headline_derived,
        "reprints": hit.reprints,
    }
    if hit.versions:
        row["versions"] = [version._asdict() for version in hit.versions]
    if hit.explanation is not None:
        row["explanation"] = dict(hit.explanation)
    return row


def _facet_as_json(facet: FacetCounts) -> dict[str, Any]:
    buckets = []
    for bucket in facet.buckets:
        row: dict[str, Any] = {"value": bucket.value, "count": bucket.count, "selected": bucket.selected}
        if bucket.excluded:
            row["excluded"] = True
        buckets.append(row)
    return {"buckets": buckets, "other": facet.other, "missing": facet.missing}
