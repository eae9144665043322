"""Which of several words was written more, and when? Articles per month, and per 10,000 articles of that month.

The share, not the number, is comparable: an archive that doubled its newspapers doubled every word. All queries are asked
under the same filters and dates, and the share is taken of the articles under those filters, so that « in L’Essor » means of
L’Essor. A month without any article has no share at all, which is not a share of zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from corpus.errors import BadRequest
from search.answering import checked
from search.coverage import MOST_MONTHS, months_between
from search.engines import Engine
from search.language import parse_query
from search.request import SearchRequest

__all__ = ["MOST_QUERIES", "PER_ARTICLES", "Comparison", "Curve", "compare"]

MOST_QUERIES: Final = 4
PER_ARTICLES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Curve:
    """One query over time, beside the months of its comparison; a ``share`` is None where the month has no article."""

    text: str
    understood: str
    total: int
    counts: tuple[int, ...]
    shares: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Curves over the same months; ``articles`` is how many the archive holds of each month, 0 in a gap."""

    months: tuple[str, ...]
    articles: tuple[int, ...]
    curves: tuple[Curve, ...]
    partial: bool = False


def compare(engine: Engine, texts: Sequence[str], request: SearchRequest) -> Comparison:
    """Count up to four queries per month under the filters and dates of ``request``.

    Units: ``shares`` in articles per 10,000 articles of the month.
    Raises: BadRequest for more than four queries, and as ``search`` does.
    """
    if len(texts) > MOST_QUERIES:
        raise BadRequest("q", len(texts), f"1 to {MOST_QUERIES} queries")
    base = replace(checked(request), page=1, size=1, sort="newest", facets=("month",), snippets=False)
    whole, every_partial, _ = _months(engine, "", base)
    known = sorted(whole)
    months = tuple(months_between(known[0], known[-1])) if known else ()
    if len(months) > MOST_MONTHS:
        months = tuple(known)
    articles = tuple(whole.get(month, 0) for month in months)
    curves, partial = [], every_partial
    for text in texts:
        counts, one_partial, total = _months(engine, text, base)
        partial |= one_partial
        curves.append(_curve(text, total, tuple(counts.get(month, 0) for month in months), articles))
    return Comparison(months, articles, tuple(curves), partial)


def _months(engine: Engine, text: str, request: SearchRequest) -> tuple[Mapping[str, int], bool, int]:
    answer = engine.ask(parse_query(text).query, request)
    return {bucket.value: bucket.count for bucket in answer.facets["month"].buckets if bucket.count}, answer.partial, answer.total


def _curve(text: str, total: int, counts: tuple[int, ...], articles: tuple[int, ...]) -> Curve:
    shares = tuple(count * PER_ARTICLES / of if of else None for count, of in zip(counts, articles, strict=True))
    return Curve(text, parse_query(text).understood, total, counts, shares)
