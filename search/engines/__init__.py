"""Who answers? One protocol, and an engine for each kind of LOCATION."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from whoosh.query import Query

from corpus.article import Article
from indexer.acronym_decisions import Decision
from search.request import FacetCounts, SearchRequest, Timeline, Version
from search.suggest import Completion, Vocabulary

__all__ = ["Answer", "ArchiveStats", "Engine", "Found"]


class Found(NamedTuple):
    """One article of an answer: its header (what lists show), its score, and a way to its whole stored form."""

    header: dict[str, Any]
    score: float
    stored: Callable[[], dict[str, Any]]
    explanation: dict[str, Any] | None = None
    versions: tuple[Version, ...] = ()  # all of its text, the first publication first; () where it stands alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine says to a query tree. ``matched`` counts the articles before filters and dates.

    ``articles`` are those that answer; ``total`` is the same, or the lines when the request groups reprints.
    """

    total: int
    matched: int
    found: Sequence[Found]
    facets: dict[str, FacetCounts] = field(default_factory=dict)
    timeline: Timeline = Timeline()
    partial: bool = False
    truncated: Sequence[str] = ()
    generation: int = 0
    articles: int = 0
    approximate: bool = False  # some count of a facet may be too small
    outdated: bool = False  # the newest generation is damaged and the one before it answered


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStats:
    """What the archive holds. ``newspapers``: name and articles, the largest first; ``bytes`` on disk."""

    articles: int
    generation: int
    newspapers: tuple[tuple[str, int], ...]
    since: str | None
    until: str | None
    segments: int
    bytes: int


class Engine(Protocol):
    """Answers query trees about one archive; safe to use from many threads."""

    outdated: bool  # the newest generation is damaged, and an older one answers

    def ask(self, query: Query, request: SearchRequest) -> Answer:
        """Return one slice of the ranked hits with total, facets and timeline."""

    def article(self, doc_id: str) -> Article | None:
        """Return a whole article."""

    def versions(self, doc_ids: Sequence[str]) -> Mapping[str, tuple[Version, ...]]:
        """Return all versions of the texts of some articles, the first publication first; an article that stands alone is left out."""

    def withdrawn(self, doc_id: str) -> str | None:
        """Return why an article was withdrawn for ever; None for every other."""

    def stats(self) -> ArchiveStats: ...
    def export(self, query: Query, request: SearchRequest) -> Iterator[Article]:
        """Return every article of the answer, in the order asked."""

    def vocabulary(self) -> Vocabulary:
        """Return the words of the archive, for spellings and completions."""

    def complete_value(self, field: str, typed: str, limit: int) -> list[Completion]:
        """Return values of a facet that have a word beginning with ``typed``."""

    def acronym_terms(self, prefix: str, limit: int | None) -> list[tuple[str, int]]:
        """Return the terms of the field of acronyms that begin with ``prefix`` and how many articles have each, the most frequent first."""

    def acronym_decisions(self) -> dict[tuple[str, str], tuple[Decision, str, str]]:
        """Return what the archivist decided of acronyms; see ``indexer/acronym_decisions.py``."""

    def newspaper_months(self) -> Sequence[tuple[str, str, int]]:
        """Return (newspaper, month, articles) wherever there are any; "" is no newspaper, or no known day."""

    def close(self) -> None: ...
