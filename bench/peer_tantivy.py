"""How does tantivy do the same page? A search for the best twenty, an aggregation for the counts, one more for each chosen facet.

Its index gets Marbre's own tokens with their positions (class and exact fields), so that it finds the same articles; only doc_id and
headline are stored, which is kind to it. Words are ranked by BM25 over headline, standfirst and body (Marbre adds exact forms, closeness
and early places). The best are asked without a count, so that tantivy may skip; the total comes with the aggregation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import tantivy
from whoosh.query import And, Every, Not, Or

from bench.peers import Page, Unsupported
from bench.queries import PAGE_SIZE, Question
from corpus import Article
from corpus.dates import first_day
from indexer import french
from indexer.schema import TEXT_FIELDS, exact_field
from search.nodes import Compound, Fuzzy, Pattern, Phrase, Word
from search.ranking import CONSTANTS
from search.request import SearchRequest

__all__ = ["Tantivy"]

HEAP_BYTES: Final = 256_000_000
LABELS: Final = ("newspaper", "section")
TIMES: Final = ("year", "month")
_MUST, _SHOULD, _MUST_NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_COUNTS: Final = {
    "newspaper": {"terms": {"field": "newspaper", "size": 50}},
    "section": {"terms": {"field": "section", "size": 50}},
    "year": {"terms": {"field": "year", "size": 1000}},
    "month": {"terms": {"field": "month", "size": 1000}},
    "total": {"value_count": {"field": "number"}},
}


class Tantivy:
    """tantivy through its Python package, one searching thread."""

    name = "tantivy"

    def __init__(self, folder: Path) -> None:
        index = tantivy.Index.open(str(folder))
        self._schema = index.schema
        self._searcher = index.searcher()

    @staticmethod
    def build(articles: Iterable[Article], folder: Path) -> None:
        """Write the index of Marbre's tokens."""
        folder.mkdir(parents=True)
        writer = tantivy.Index(_schema(), str(folder)).writer(HEAP_BYTES, 1)
        for number, article in enumerate(articles):
            writer.add_document(_document(article, number))
        writer.commit()
        writer.wait_merging_threads()

    def prepare(self, question: Question) -> Callable[[], Page]:
        """Translate a question."""
        request = question.request
        query = self._translated(question.tree)
        whole = self._filtered(query, request, but="")
        chosen = [one.field for one in request.filters]
        plain = {name: body for name, body in _COUNTS.items() if name not in chosen}
        others = [(self._filtered(query, request, but=name), {name: _COUNTS[name]}) for name in chosen]
        searcher = self._searcher

        def ask() -> Page:
            best = searcher.search(whole, PAGE_SIZE, count=False).hits
            headlines = [searcher.doc(address)["shown"][0] for _, address in best]
            found = searcher.aggregate(whole, plain)
            for asked, body in others:
                found.update(searcher.aggregate(asked, body))

            def counts() -> dict[str, dict[str, int]]:
                return {name: {str(row["key"]): row["doc_count"] for row in found[name]["buckets"]} for name in (*LABELS, *TIMES)}

            return Page(int(found["total"]["value"]), headlines, counts)

        return ask

    def _filtered(self, query: Any, request: SearchRequest, but: str) -> Any:
        kept = [one for one in request.filters if one.field != but]
        parts = [tantivy.Query.term_query(self._schema, one.field, one.values[0], "basic") for one in kept]
        if request.since or request.until:
            low, high = (day.toordinal() if day else None for day in (request.since, request.until))
            parts.append(tantivy.Query.range_query(self._schema, "day", tantivy.FieldType.Integer, low, high))
        if not parts:
            return query
        conditions = [(_MUST, tantivy.Query.const_score_query(part, 0.0)) for part in parts]
        return tantivy.Query.boolean_query([(_MUST, query), *conditions])

    def _translated(self, node: Any) -> Any:
        if isinstance(node, Every):
            return tantivy.Query.all_query()
        if isinstance(node, And | Or):
            kind = _MUST if isinstance(node, And) else _SHOULD
            rows = [(_MUST_NOT, child.query) if isinstance(child, Not) else (kind, child) for child in node.subqueries]
            return tantivy.Query.boolean_query([(occur, self._translated(child)) for occur, child in rows])
        if isinstance(node, Compound):
            return tantivy.Query.boolean_query([(_SHOULD, self._translated(part)) for part in (node.phrase, node.joined)])
        if not isinstance(node, Word | Phrase | Pattern | Fuzzy):
            raise Unsupported(type(node).__name__)
        fields = TEXT_FIELDS if node.field is None else (node.field,)
        parts = [tantivy.Query.boost_query(self._inside(node, field), CONSTANTS.weight[field]) for field in fields]
        return tantivy.Query.boolean_query([(_SHOULD, part) for part in parts])

    def _inside(self, node: Any, field: str) -> Any:
        schema, exact = self._schema, exact_field(field)
        if isinstance(node, Pattern):
            pattern = re.escape(node.glob).replace(r"\*", ".*").replace(r"\?", ".")
            return tantivy.Query.regex_query(schema, exact, pattern)
        if isinstance(node, Fuzzy):
            return tantivy.Query.fuzzy_term_query(schema, exact, node.folded, node.distance, True)
        if isinstance(node, Phrase):
            words = [word.folded if node.exact else word.term_ for word in node.words]
            return tantivy.Query.phrase_query(schema, exact if node.exact else field, words)
        if node.required_accent:
            return tantivy.Query.term_query(schema, exact, node.accent)
        return tantivy.Query.term_query(schema, exact if node.exact else field, node.folded if node.exact else node.term_)


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for field in TEXT_FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace")
        builder.add_text_field(exact_field(field), tokenizer_name="whitespace")
    for field in LABELS:
        builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    for name in (*TIMES, "day", "number"):
        builder.add_integer_field(name, fast=True, indexed=name == "day")
    builder.add_text_field("doc_id", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.add_text_field("shown", stored=True, tokenizer_name="raw", index_option="basic").build()


def _document(article: Article, number: int) -> Any:
    document = tantivy.Document()
    for field in TEXT_FIELDS:
        text = getattr(article, field)
        if text:
            classes, exact = _tokens(text)
            document.add_pre_tokenized_text(field, tantivy.PreTokenizedString("", classes))
            document.add_pre_tokenized_text(exact_field(field), tantivy.PreTokenizedString("", exact))
    for name in LABELS:
        if getattr(article, name):
            document.add_text(name, getattr(article, name))
    if article.published:
        day = first_day(article.published)
        for name, value in (("day", day.toordinal()), ("year", day.year), ("month", day.year * 100 + day.month)):
            document.add_integer(name, value)
    document.add_integer("number", number)
    document.add_text("doc_id", article.doc_id)
    document.add_text("shown", article.headline)
    return document


def _tokens(text: str) -> tuple[Sequence[Any], Sequence[Any]]:
    analyzed = french.analyze(text)
    classes, exact = [], []
    for surface, position in zip(analyzed.surfaces, analyzed.positions, strict=True):
        its_class, its_forms = _terms(surface)
        classes.append(tantivy.Token(its_class, position, 0, 0))
        exact += [tantivy.Token(form, position, 0, 0) for form in its_forms]
    return classes, exact


@lru_cache(maxsize=500_000)
def _terms(surface: str) -> tuple[str, tuple[str, ...]]:
    folded = french.fold(surface)
    accented = french.accent_term(surface)
    return french.term(folded), (folded,) if accented is None else (folded, accented)
