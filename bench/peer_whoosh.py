"""How does stock Whoosh do the same page? Its own codec, its BM25F, its facets, and the index that ``marbre export --whoosh`` writes.

``groupedby`` counts newspaper, section and day; months and years are sums of days. A chosen facet needs one more search.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from whoosh import index as whoosh_index
from whoosh import query as wq
from whoosh import sorting
from whoosh.query import And, Every, Not, Or

from bench.peers import Page, Unsupported
from bench.queries import PAGE_SIZE, Question
from corpus import Article
from indexer.documents import stored_form
from indexer.schema import TEXT_FIELDS, exact_field, label_term
from indexer.stock import write_stock_index
from search.nodes import Compound, Fuzzy, Pattern, Phrase, Word
from search.ranking import CONSTANTS
from search.request import SearchRequest

__all__ = ["StockWhoosh", "stock_query"]


class StockWhoosh:
    """A stock Whoosh index and its stock searcher."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._searcher = whoosh_index.open_dir(folder).searcher()

    @staticmethod
    def build(articles: Iterable[Article], folder: Path) -> None:
        """Write the stock index."""
        write_stock_index((stored_form(article, "2025-01-01") for article in articles), folder)

    def prepare(self, question: Question) -> Callable[[], Page]:
        """Translate a question."""
        request = question.request
        query = stock_query(question.tree)
        chosen = [one.field for one in request.filters]
        searches = [(_filter(request, ""), [name for name in ("newspaper", "section", "published") if name not in chosen])]
        searches += [(_filter(request, name), [name]) for name in chosen]
        searcher = self._searcher

        def ask() -> Page:
            counts: dict[str, dict[str, int]] = {}
            pages = []
            for condition, names in searches:
                facets = sorting.Facets()
                for name in names:
                    facets.add_field(name, maptype=sorting.Count)
                found = searcher.search(query, limit=PAGE_SIZE, filter=condition, groupedby=facets)
                counts.update((name, dict(found.groups(name))) for name in names)
                pages.append(found)
            headlines = [json.loads(hit["article"]).get("headline", "") for hit in islice(pages[0], PAGE_SIZE)]
            counts |= {name: _summed(counts["published"], length) for name, length in (("year", 4), ("month", 7))}
            return Page(len(pages[0]), headlines, lambda: counts)

        return ask


def stock_query(node: Any) -> Any:
    """Return a query tree of Marbre as stock Whoosh queries. Raises: Unsupported."""
    if isinstance(node, Every):
        return Every()
    if isinstance(node, And):
        return And([stock_query(child) for child in node.subqueries])
    if isinstance(node, Or):
        return Or([stock_query(child) for child in node.subqueries])
    if isinstance(node, Not):
        return Not(stock_query(node.query))
    if isinstance(node, Compound):
        return Or([stock_query(node.phrase), stock_query(node.joined)])
    if not isinstance(node, Word | Phrase | Pattern | Fuzzy):
        raise Unsupported(type(node).__name__)
    fields = TEXT_FIELDS if node.field is None else (node.field,)
    return Or([_inside(node, field) for field in fields])


def _inside(node: Any, field: str) -> Any:
    boost = CONSTANTS.weight[field]
    if isinstance(node, Word):
        if node.required_accent:
            return wq.Term(exact_field(field), node.accent, boost=boost)
        return wq.Term(exact_field(field) if node.exact else field, node.folded if node.exact else node.term_, boost=boost)
    if isinstance(node, Phrase):
        name = exact_field(field) if node.exact else field
        return wq.Phrase(name, [word.folded if node.exact else word.term_ for word in node.words], boost=boost)
    if isinstance(node, Pattern):
        if node.glob.endswith("*") and node.glob[:-1].isalnum():
            return wq.Prefix(exact_field(field), node.glob[:-1], boost=boost)
        return wq.Wildcard(exact_field(field), node.glob, boost=boost)
    return wq.FuzzyTerm(exact_field(field), node.folded, boost=boost, maxdist=node.distance, prefixlength=1)


def _filter(request: SearchRequest, but: str) -> Any:
    parts: list[Any] = [wq.Term(one.field, label_term(one.values[0])) for one in request.filters if one.field != but]
    if request.since or request.until:
        low, high = (day.isoformat() for day in (request.since or dt.date.min, request.until or dt.date.max))
        parts.append(wq.TermRange("published", low, high))
    return And(parts) if parts else None


def _summed(days: dict[str, int], length: int) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for day, count in days.items():
        if day:
            sums[day[:length]] += count
    return dict(sums)
