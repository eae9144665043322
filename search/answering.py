"""What was asked, what do we answer? One function from a request to a page, the same for every engine.

query = parse(request.text)  ->  engine.ask(query)  ->  hits with snippets, facets, timeline, notes
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Final

from whoosh.query import Query

from corpus.article import Article
from corpus.errors import BadRequest
from indexer.documents import HEADER_FIELDS, stored_form
from indexer.references import normal_reference
from search.engines import Answer, Engine, Found
from search.facets import ALL_FACETS
from search.fields import find_field
from search.language import ParsedQuery, parse_query
from search.marking import marks
from search.relaxing import ANY, relaxed
from search.request import MAX_FACET_SIZE, MAX_PAGE_SIZE, RESULT_WINDOW, Filter, Hit, ResultPage, SearchRequest, Snippet, Span
from search.snippets import MarkedArticle, mark_stored, snippet_of
from search.suggest import better_spelling

__all__ = ["checked", "export", "mark_article", "passage", "search"]

FEW: Final = 3  # articles; up to here a better spelling is looked for
_NO_SNIPPET: Final = Snippet("")
_shown: Final = itemgetter(*HEADER_FIELDS)  # the first fields of a Hit, in its order
_NO_SPANS: Final[tuple[Span, ...]] = ()
_SORTS: Final = ("relevance", "newest", "oldest", "added")
_YEAR: Final = re.compile(r"[0-9]{4}")
_MONTH: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_REPRINTS: Final = ("grouped", "all")
_MATCHES: Final = ("auto", "all", "any")


def search(engine: Engine, request: SearchRequest) -> ResultPage:
    """Answer one request.

    Raises: BadRequest for an unknown field, sort or match, or a page or size out of range.
    """
    started = time.perf_counter()
    request = checked(request)
    parsed = parse_query(request.text)
    query, answer = _ask(engine, parsed, request)
    suggestion = better_spelling(parsed.query, engine.vocabulary()) if _poor(answer, query, parsed) else None
    hits = tuple([_hit(found, query, request) for found in answer.found])
    pages = -(-min(answer.total, RESULT_WINDOW) // request.size)
    return ResultPage(
        text=request.text,
        understood=parsed.understood,
        total=answer.total,
        took_ms=(time.perf_counter() - started) * 1000,
        number=request.page,
        size=request.size,
        pages=pages,
        hits=hits,
        facets=answer.facets,
        timeline=answer.timeline,
        relaxed=query is not parsed.query and request.match == "auto",
        notes=(*parsed.notes, *_notes(answer)),
        suggestion=suggestion,
        partial=answer.partial,
        approximate=answer.approximate,
        generation=answer.generation,
        articles=max(answer.articles, answer.total),
        reprints=request.reprints,
    )


def checked(request: SearchRequest) -> SearchRequest:
    """Return the request with every name in English.

    Raises: BadRequest naming the parameter, what was found and what is expected.
    """
    if request.sort not in _SORTS:
        raise BadRequest("sort", request.sort, "relevance, newest, oldest or added")
    if request.match not in _MATCHES:
        raise BadRequest("match", request.match, "auto, all or any")
    if request.reprints not in _REPRINTS:
        raise BadRequest("reprints", request.reprints, "grouped or all")
    if not 1 <= request.size <= MAX_PAGE_SIZE:
        raise BadRequest("size", request.size, f"1 to {MAX_PAGE_SIZE} articles a page")
    last = -(-RESULT_WINDOW // request.size)
    if not 1 <= request.page <= last:
        raise BadRequest("page", request.page, f"1 to {last} (every hit: export)")
    if not 1 <= request.facet_size <= MAX_FACET_SIZE:
        raise BadRequest("facet_size", request.facet_size, f"1 to {MAX_FACET_SIZE} values a facet")
    if request.since and request.until and request.since > request.until:
        raise BadRequest("from", request.since, f"a day not after {request.until}")
    filters = tuple(_checked_filter(one) for one in request.filters)
    facets = None if request.facets is None else tuple(_facet_name(name) for name in request.facets)
    return request if (filters, facets) == (request.filters, request.facets) else replace(request, filters=filters, facets=facets)


def mark_article(text: str, article: Article) -> MarkedArticle:
    """Return the spans of an article that answer the query ``text``."""
    parsed = parse_query(text)
    return mark_stored(parsed.query, stored_form(article, "")) if text.strip() else MarkedArticle()


def passage(text: str, article: Article) -> Snippet:
    """Return the passage of an article that answers the query ``text`` best, for whoever has the article already."""
    return snippet_of(parse_query(text).query, stored_form(article, ""))


def export(engine: Engine, request: SearchRequest) -> Iterator[Article]:
    """Return every article of the answer, in order, streamed (page and size do not count)."""
    request = checked(request)
    parsed = parse_query(request.text)
    query, _ = _ask(engine, parsed, replace(request, facets=(), size=1, page=1))
    return engine.export(query, request)


def _ask(engine: Engine, parsed: ParsedQuery, request: SearchRequest) -> tuple[Query, Answer]:
    """Return the query that was answered and the answer: the words together, or else those that have the most of them."""
    if request.match == "any":
        loose = relaxed(parsed.query, ANY)
        query = parsed.query if loose is None else loose
        return query, engine.ask(query, request)
    answer = engine.ask(parsed.query, request)
    if answer.matched == 0 and request.match == "auto" and not answer.partial:
        loose = relaxed(parsed.query)
        if loose is not None:
            other = engine.ask(loose, request)
            if other.matched:
                return loose, other
    return parsed.query, answer


def _poor(answer: Answer, query: Query, parsed: ParsedQuery) -> bool:
    """Tell whether so little was found that a better spelling is worth a look."""
    return answer.matched <= FEW or query is not parsed.query


def _hit(found: Found, query: Query, request: SearchRequest) -> Hit:
    header = found.header
    snippet, spans = _NO_SNIPPET, _NO_SPANS
    if request.snippets:
        stored = found.stored()
        snippet = snippet_of(query, stored)
        if not header["headline_derived"]:
            spans = marks(query, header["headline"], "headline", stored.get("language", "")).spans
    others = len(found.versions) - 1 if found.versions else 0
    rest = found.score, snippet, spans, header["headline_derived"], others, found.explanation, found.versions
    return Hit._make(_shown(header) + rest)


def _notes(answer: Answer) -> list[str]:
    notes = [f"« {pattern} » désigne trop de mots : seuls les premiers ont été cherchés." for pattern in answer.truncated]
    if answer.outdated:
        notes.append("La dernière mise à jour de l’archive est endommagée : la réponse vient de la version précédente.")
    if answer.partial:
        notes.append("La recherche a été arrêtée avant la fin : le total et les nombres ne comptent qu’une partie des articles.")
    return notes


def _checked_filter(one: Filter) -> Filter:
    name = _facet_name(one.field)
    if name in ("year", "month"):
        shape = _YEAR if name == "year" else _MONTH
        for value in one.values:
            if value and not shape.fullmatch(value):
                raise BadRequest(name, value, "a year like 2025" if name == "year" else "a month like 2025-10")
    values = tuple(map(normal_reference, one.values)) if name == "references" else one.values  # « loi n° 2012-023 », as it is printed
    return one if (name, values) == (one.field, one.values) else replace(one, field=name, values=values)


def _facet_name(name: str) -> str:
    if name in ("year", "month", "annee", "année", "mois"):
        return {"annee": "year", "année": "year", "mois": "month"}.get(name, name)
    field = find_field(name)
    if field is None or not field.facet:
        raise BadRequest("field", name, ", ".join(ALL_FACETS))
    return field.name
