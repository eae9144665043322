"""Who answers? One protocol, and an engine for each kind of LOCATION."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from whoosh.query import Query

from corpus.article import Article
from search.request import FacetCounts, SearchRequest, Timeline
from search.suggest import Completion, Vocabulary

__all__ = ["Answer", "ArchiveStats", "Engine", "Found"]


@dataclass(frozen=True, slots=True)
class Found:
    """One article of an answer: its header (what lists show), its score, and a way to its whole stored form."""

    header: dict[str, Any]
    score: float
    stored: Callable[[], dict[str, Any]]
    explanation: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an engine says to a query tree. ``matched`` counts the articles before filters and dates."""

    total: int
    matched: int
    found: Sequence[Found]
    facets: dict[str, FacetCounts] = field(default_factory=dict)
    timeline: Timeline = Timeline()
    partial: bool = False
    truncated: Sequence[str] = ()
    generation: int = 0


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

    def ask(self, query: Query, request: SearchRequest) -> Answer:
        """Return one slice of the ranked hits with total, facets and timeline."""

    def article(self, doc_id: str) -> Article | None:
        """Return a whole article."""

    def withdrawn(self, doc_id: str) -> str | None:
        """Return why an article was withdrawn for ever; None for every other."""

    def stats(self) -> ArchiveStats: ...
    def export(self, query: Query, request: SearchRequest) -> Iterator[Article]:
        """Return every article of the answer, in the order asked."""

    def vocabulary(self) -> Vocabulary:
        """Return the words of the archive, for spellings and completions."""

    def complete_value(self, field: str, typed: str, limit: int) -> list[Completion]:
        """Return values of a facet that have a word beginning with ``typed``."""

    def newspaper_months(self) -> Sequence[tuple[str, str, int]]:
        """Return (newspaper, month, articles) wherever there are any; "" is no newspaper, or no known day."""

    def close(self) -> None: ...
