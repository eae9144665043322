"""What would a plain reader answer? Every article is read from end to end, for every node of a question, without an index.

The second opinion on the engines: nothing here is shared with ``search/evaluate.py`` but the analysis, the nodes and the
constants of the formula. A *place* is (first, last) position of something in one text field of one article.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from corpus import Article
from corpus.dates import first_day
from corpus.languages import is_french
from indexer.documents import stored_form
from indexer.french import Token, accent_term, fold, is_stop, term, tokenize
from indexer.mentions import mentions_of
from search.nodes import AtLeast, Compound, Days, Fuzzy, Identifier, Label, Near, Node, Pattern, Phrase, SameParagraph, Word
from search.ranking import CONSTANTS, Constants
from search.relaxing import MostOf
from search.request import Filter

TEXTS = ("headline", "standfirst", "body")
Place = tuple[int, int]


@dataclass(frozen=True)
class Accented(Node):
    """A word with its accents as typed (côte, not côté); it is never asked, but it scores."""

    accent: str
    field: str | None = None


_ONE_WORD = (Word, Pattern, Fuzzy, Accented)
_tokens = lru_cache(maxsize=10_000)(tokenize)


# --- which articles ---------------------------------------------------------------------------------------------------


def scan(articles: Sequence[Article], query: Query) -> set[str]:
    """Return the doc_ids of the articles that answer a query tree."""
    if isinstance(query, MostOf):
        return _scan_most_of(articles, query)
    return {article.doc_id for article in articles if has(article, query)}


def has(article: Article, query: Query) -> bool:
    """Tell whether an article answers a query tree."""
    if query == NullQuery:
        return False
    if isinstance(query, Every):
        return True
    if isinstance(query, Not):
        return not has(article, query.query)
    if isinstance(query, And):
        return all(has(article, child) for child in query.subqueries)
    if isinstance(query, Or):
        return any(has(article, child) for child in query.subqueries)
    if isinstance(query, Label):
        if query.whole:
            return _words(query.value) in [_words(value) for value in values_of(article, query.field)]
        wanted = set(_words(query.value))
        return bool(wanted) and any(wanted <= set(_words(value)) for value in values_of(article, query.field))
    if isinstance(query, Days):
        written = getattr(article, query.field)
        return bool(written) and (query.since or dt.date.min) <= first_day(written) <= (query.until or dt.date.max)
    if isinstance(query, Identifier):
        return getattr(article, query.field) == query.value
    return count(article, query) >= (query.n if isinstance(query, AtLeast) else 1)


def _scan_most_of(articles: Sequence[Article], query: MostOf) -> set[str]:
    counts = {article.doc_id: sum(has(article, node) for node in query.nodes) for article in articles}
    allowed = {article.doc_id for article in articles if query.condition is None or has(article, query.condition)}
    most = max((counts[doc_id] for doc_id in allowed), default=0)
    return {doc_id for doc_id in allowed if counts[doc_id] >= max(1, math.ceil(query.share * most))}


def values_of(article: Article, field: str) -> tuple[str, ...]:
    """Return the values that an article has in a facet."""
    if field in ("year", "month"):
        day = first_day(article.published).isoformat() if article.published else ""
        return (day[: 4 if field == "year" else 7],) if day else ()
    value = mentions_of(stored_form(article, "")).references if field == "references" else getattr(article, field)
    return value if isinstance(value, tuple) else (value,) if value else ()


def _words(value: str) -> list[str]:
    return [fold(token.surface) for token in _tokens(value) if not token.joined]


# --- where ------------------------------------------------------------------------------------------------------------


def count(article: Article, node: Query) -> int:
    """Return how often something stands in the texts of an article."""
    return sum(_frequency(article, node, field) for field in TEXTS)


def _frequency(article: Article, node: Query, field: str) -> int:
    if isinstance(node, AtLeast):
        return _frequency(article, node.word, field)
    if isinstance(node, _ONE_WORD):
        return len(_matching(article, node, field))
    return len({first for first, _ in places(article, node, field)})


def places(article: Article, node: Query, field: str) -> set[Place]:
    """Return where a node stands in one text field."""
    if isinstance(node, Or):
        return {place for child in node.subqueries for place in places(article, child, field)}
    if node.field not in (None, field):  # type: ignore[comparison-overlap]
        return set()
    if isinstance(node, _ONE_WORD):
        return {(token.position, token.position) for token in _matching(article, node, field)}
    if isinstance(node, Phrase):
        rows = [{token.position for token in _matching(article, word, field)} for word in node.words]
        return {(at, at + len(rows) - 1) for at in rows[0] if all(at + rank in row for rank, row in enumerate(rows))}
    if isinstance(node, Compound):
        both = places(article, Phrase(node.parts, node.field, node.exact), field) | places(article, node.joined, field)
        return {max(place for place in both if place[0] == first) for first, _ in both}  # printed once, it is as long as its parts
    assert isinstance(node, Near | SameParagraph)
    left, right = places(article, node.left, field), places(article, node.right, field)
    if isinstance(node, SameParagraph):
        rank = _paragraphs(getattr(article, field))
        return {place for place in left if any(rank[place[0]] == rank[other[0]] for other in right)}
    found = {place for place in left if any(0 <= other[0] - place[1] - 1 <= node.distance for other in right)}
    if not node.ordered:
        found |= {place for place in right if any(0 <= other[0] - place[1] - 1 <= node.distance for other in left)}
    return found


def _paragraphs(text: str) -> dict[int, int]:
    """Return which paragraph each position stands in: how many blank lines come before it."""
    return {token.position: text.count("\n\n", 0, token.start) for token in _tokens(text)}


def _matching(article: Article, node: Query, field: str) -> list[Token]:
    if node.field not in (None, field):  # type: ignore[comparison-overlap]
        return []
    if isinstance(node, Word) and not is_french(article.language):  # words of other languages do not inflect as French ones do
        node = replace(node, exact=True)
    return [token for token in _tokens(getattr(article, field)) if _is(token.surface, node)]


@lru_cache(maxsize=200_000)
def _is(surface: str, node: Query) -> bool:
    """Tell whether a printed word is what a one-word node asks."""
    folded = fold(surface)
    if isinstance(node, Pattern):
        return fnmatch.fnmatchcase(folded, node.glob)
    if isinstance(node, Fuzzy):
        asked = fold(node.surface)
        return folded[0] == asked[0] and edits(folded, asked) <= node.distance
    if isinstance(node, Accented):
        return accent_term(surface) == node.accent
    assert isinstance(node, Word)
    typed = node.surface.lower()
    if is_stop(fold(typed)) and not is_stop(typed) and accent_term(typed):  # « maïs » is not « mais »
        return accent_term(surface) == accent_term(typed)
    return folded == fold(typed) if node.exact else term(folded) == term(fold(typed))


def edits(one: str, other: str) -> int:
    """Return how many insertions, deletions, substitutions or swaps of neighbours make one word of the other."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        rows.append([i])
        for j, b in enumerate(other, 1):
            best = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, rows[i - 2][j - 2] + 1)
            rows[i].append(best)
    return rows[-1][-1]


# --- facets -----------------------------------------------------------------------------------------------------------


def passes(article: Article, filters: Iterable[Filter], but: str = "") -> bool:
    """Tell whether an article passes all filters, those on the facet ``but`` left out."""
    chosen: dict[str, list[bool]] = {}
    for one in filters:
        if one.field != but:
            inside = _has_value(article, one)
            if one.exclude and inside:
                return False
            if not one.exclude:
                chosen.setdefault(one.field, []).append(inside)
    return all(any(group) for group in chosen.values())


def _has_value(article: Article, one: Filter) -> bool:
    values = values_of(article, one.field)
    fold_value = (lambda value: value) if one.field in ("year", "month") else (lambda value: " ".join(_words(value)) or value)
    return ("" in one.values and not values) or bool({fold_value(value) for value in values} & {fold_value(value) for value in one.values if value})


def count_facets(articles: Sequence[Article], query: Query, filters: Sequence[Filter], field: str) -> tuple[Counter[str], int]:
    """Return how many articles of the answer have each value of a facet, its own filters left out, and how many have none."""
    found = scan(articles, query)
    inside = [values_of(article, field) for article in articles if article.doc_id in found and passes(article, filters, but=field)]
    return Counter(value for values in inside for value in values), sum(not values for values in inside)


# --- what it is worth -------------------------------------------------------------------------------------------------


def score(articles: Sequence[Article], query: Query, constants: Constants = CONSTANTS) -> dict[str, float]:
    """Return the score of every article of the answer by the formula of ``search/ranking.py``, in plain loops."""
    forms = [form for node in _scoring(query) for form in _forms(articles, node, constants)]
    averages = {field: _average(articles, field) for field in TEXTS}
    words = [(node, _idf(articles, node)) for node in _typed(query)]
    found = scan(articles, query)
    scores = {}
    for article in articles:
        if article.doc_id in found:
            worth = sum(weight * _saturated(article, form, averages, constants) for form, weight in forms)
            scores[article.doc_id] = worth + _near_and_early(article, words, constants)
    return scores


def _scoring(query: Query) -> list[Query]:
    if isinstance(query, And | Or | MostOf):
        return [node for child in _children(query) for node in _scoring(child)]
    if isinstance(query, AtLeast):
        return [query.word]
    return [query] if isinstance(query, Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph) else []


def _children(query: Query) -> Sequence[Query]:
    return query.nodes if isinstance(query, MostOf) else query.subqueries if isinstance(query, And | Or) else ()


def _idf(articles: Sequence[Article], node: Query) -> float:
    having = sum(count(article, node) > 0 for article in articles)
    return math.log(1 + (len(articles) - having + 0.5) / (having + 0.5))


def _forms(articles: Sequence[Article], node: Query, constants: Constants) -> list[tuple[Query, float]]:
    """Return what is counted for a node, and the weight of each count."""
    base = _idf(articles, node)
    if isinstance(node, Pattern | Fuzzy):
        return [(node, constants.pattern * base)]
    if not isinstance(node, Word) or node.exact or node.required_accent:
        return [(node, (1 + constants.exact) * base)]
    exact = Word(node.surface, node.field, exact=True)
    forms: list[tuple[Query, float]] = [(node, base), (exact, constants.exact * _idf(articles, exact))]
    if node.accent is not None:
        accented = Accented(node.accent, node.field)
        forms.append((accented, constants.accent * _idf(articles, accented)))
    return forms


def _average(articles: Sequence[Article], field: str) -> float:
    lengths = [length for article in articles if (length := len(_tokens(getattr(article, field))))]
    return sum(lengths) / len(lengths) if lengths else 1.0


def _saturated(article: Article, form: Query, averages: Mapping[str, float], constants: Constants) -> float:
    pseudo = 0.0
    for field in TEXTS:
        b, length = constants.length[field], len(_tokens(getattr(article, field)))
        pseudo += _frequency(article, form, field) * constants.weight[field] / (1 - b + b * length / averages[field])
    return pseudo / (constants.k1 + pseudo)


def _typed(query: Query) -> list[Query]:
    """Return the words that were typed one after the other."""
    return [child for child in _children(query) or (query,) if isinstance(child, Word | Phrase | Compound)][:13]


def _near_and_early(article: Article, words: Sequence[tuple[Query, float]], constants: Constants) -> float:
    """Return what neighbouring words that stand close, and words that stand in the headline or early in the body, add."""
    total = 0.0
    for (left, one), (right, other) in pairwise(words):
        gaps = [abs(a - b) for field in TEXTS for a, _ in places(article, left, field) for b, _ in places(article, right, field) if a != b]
        total += constants.close * min(one, other) / min(gaps) if gaps else 0
    for word, weight in words:
        firsts = [first for first, _ in places(article, word, "body")] + [0 for _ in places(article, word, "headline")]
        total += constants.lead * weight / (1 + min(firsts) / constants.lead_tokens) if firsts else 0
    return total
