"""What is a query tree in the language of a cluster? A pure function from nodes to JSON, and nothing but the server's core queries.

Positions on the cluster are those of the local index (``indexer/cluster_mapping.py``), so that phrases, closeness and paragraphs are asked as
intervals and mean the same. Operands with alternatives (OR, compounds) are multiplied out first: Lucene keeps only the smallest of intervals
that begin together, and « p » must not hide « p q ». A word found at least n times is n intervals in a row, over every way to share n among
the three texts. No scripts, no fuzzy limits, nothing that only some distributions have.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import singledispatch
from itertools import product
from typing import Any, Final

from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.cluster_mapping import FOREIGN, LABEL_END, key_field, label_key, safe_token, words_field
from indexer.schema import PARAGRAPH_TERM, TEXT_FIELDS, exact_field
from search.evaluate import Occurring, scoring_nodes
from search.nodes import AtLeast, Compound, Days, Fuzzy, Identifier, Label, Near, Pattern, Phrase, SameParagraph, Word, in_field
from search.ranking import CONSTANTS
from search.relaxing import MostOf

__all__ = ["MOST_SCORED", "form_body", "match_body", "most_of_body", "score_body", "with_least"]

Body = dict[str, Any]
MOST_SCORED: Final = 30  # words of a question that choose the articles worth ranking; all of them count when those are ranked
MOST_REPEATED: Final = 500  # a word asked for more often than this is asked for this often
_SHARED: Final = 6  # of n, headline and standfirst have up to this many when n is larger
EXPANSIONS: Final = 1_024
NOTHING: Final[Body] = {"match_none": {}}
ANYTHING: Final[Body] = {"match_all": {}}
_SPECIAL: Final = re.compile(r'[.?+*|{}\[\]()"\\#@&<>~^$-]')


@singledispatch
def match_body(node: Query) -> Body:
    """Return the body that selects the articles of a node; its scores mean nothing."""
    if node == NullQuery:
        return NOTHING
    raise TypeError(f"no body for {type(node).__name__}")


@match_body.register
def _every(_node: Every) -> Body:
    return ANYTHING


@match_body.register
def _and(node: And) -> Body:
    wanted = [match_body(child) for child in node.subqueries if not isinstance(child, Not)]
    unwanted = [match_body(child.query) for child in node.subqueries if isinstance(child, Not)]
    return {"bool": {"filter": wanted or [ANYTHING], **({"must_not": unwanted} if unwanted else {})}}


@match_body.register
def _or(node: Or) -> Body:
    plain: dict[str, list[str]] = {}
    others: list[Body] = []
    for child in node.subqueries:
        if isinstance(child, Word):  # many words of one field are one clause
            kind, tokens = _terms(child)
            for field in _fields(child.field):
                plain.setdefault(_indexed(field, kind), []).extend(tokens)
        else:
            others.append(match_body(child))
    return any_of([*({"terms": {name: sorted(set(tokens))}} for name, tokens in plain.items()), *others])


@match_body.register
def _not(node: Not) -> Body:
    return {"bool": {"must_not": [match_body(node.query)], "filter": [ANYTHING]}}


@match_body.register
def _word(node: Word) -> Body:
    kind, tokens = _terms(node)
    return any_of([_one_of(_indexed(field, kind), tokens) for field in _fields(node.field)])


@match_body.register
def _phrase(node: Phrase) -> Body:
    return any_of([phrase_in(node, field) for field in _fields(node.field)])


@match_body.register
def _compound(node: Compound) -> Body:
    return any_of([_phrase(node.phrase), _word(node.joined)])


@match_body.register
def _pattern(node: Pattern) -> Body:
    return any_of([_glob(exact_field(field), node.glob) for field in _fields(node.field)])


@match_body.register
def _fuzzy(node: Fuzzy) -> Body:
    how = {"value": safe_token(node.folded), "fuzziness": node.distance, "prefix_length": 1, "rewrite": "constant_score"}
    return any_of([{"fuzzy": {exact_field(field): how}} for field in _fields(node.field)])


@match_body.register
def _near(node: Near) -> Body:
    return any_of([{"intervals": {field: {"any_of": {"intervals": _near_sources(node, field)}}}} for field in _fields(node.field)])


@match_body.register
def _same_paragraph(node: SameParagraph) -> Body:
    return any_of([{"intervals": {field: {"any_of": {"intervals": _paragraph_sources(node, field)}}}} for field in _fields(node.field)])


@match_body.register
def _at_least(node: AtLeast) -> Body:
    n = min(node.n, MOST_REPEATED)
    fields = _fields(node.field)
    return any_of(
        [
            {"bool": {"filter": [_repeated(node.word, field, count) for field, count in zip(fields, shares, strict=True) if count]}}
            for shares in _shares(n, len(fields))
        ]
    )


@match_body.register
def _label(node: Label) -> Body:
    words = [safe_token(word) for word in dict.fromkeys(node.words)]
    name = words_field(node.field)
    if not words:
        return NOTHING
    if node.whole:
        return {"term": {key_field(node.field): label_key(node.value)}}
    if len(words) == 1:
        return {"term": {name: words[0]}}
    inside = {"not_containing": {"match": {"query": LABEL_END, "analyzer": "whitespace"}}}
    return {"intervals": {name: {"all_of": {"intervals": [_token(word) for word in words], "filter": inside}}}}


@match_body.register
def _days(node: Days) -> Body:
    return days_body(node.field, node.since, node.until)


@match_body.register
def _identifier(node: Identifier) -> Body:
    return {"term": {node.field: node.value}}


@match_body.register
def _most_of(node: MostOf) -> Body:
    return most_of_body(node, 1)


def days_body(field: str, since: dt.date | None, until: dt.date | None) -> Body:
    """Return the condition that a day is known and lies between two, both included."""
    if since is None and until is None:
        return {"exists": {"field": field}}
    bounds = {name: day.isoformat() for name, day in (("gte", since), ("lte", until)) if day is not None}
    return {"range": {field: bounds}}


def most_of_body(node: MostOf, least: int) -> Body:
    """Return the articles that have at least ``least`` of the nodes, under the condition; the score is how many they have."""
    counted = [{"constant_score": {"filter": match_body(child), "boost": 1.0}} for child in node.nodes]
    condition = {"filter": [match_body(node.condition)]} if node.condition is not None else {}
    return {"bool": {"should": counted, "minimum_should_match": least, **condition}}


def with_least(query: Query, least: int) -> Body:
    """Return the body that selects a whole question, ``least`` being what its MostOf asks for."""
    return most_of_body(query, least) if isinstance(query, MostOf) else match_body(query)


def score_body(query: Query, selecting: Body) -> Body:
    """Return the body that selects as ``selecting`` does and scores by BM25: enough to find the articles worth ranking."""
    scored = [clause for node in scoring_nodes(query)[:MOST_SCORED] for clause in _scored(node)]
    return {"bool": {"filter": [selecting], "should": scored}} if scored else selecting


def form_body(node: Occurring, form: str) -> Body:
    """Return the articles that have one form of a word: its class, its exact folded form or its accented form."""
    if not isinstance(node, Word) or form == "main":
        return match_body(node)
    token = node.folded if form == "exact" else node.accent or ""
    return any_of([{"term": {exact_field(field): safe_token(token)}} for field in _fields(node.field)])


def any_of(bodies: Sequence[Body]) -> Body:
    """Return what any of several selects."""
    return bodies[0] if len(bodies) == 1 else {"bool": {"should": list(bodies), "minimum_should_match": 1}}


def phrase_in(node: Phrase, field: str) -> Body:
    """Return a phrase in one text field: its words as they inflect, or as they are in an article of another language."""
    return any_of([_phrase_as(node, field, foreign) for foreign in _readings(node)])


def _phrase_as(node: Phrase, field: str, foreign: bool) -> Body:
    terms = [_term(word, foreign) for word in node.words]
    kinds = {kind for kind, _ in terms}
    if len(kinds) == 1:
        text = " ".join(token for _, token in terms)
        return {"match_phrase": {_indexed(field, kinds.pop()): {"query": text, "analyzer": "whitespace"}}}
    return {"intervals": {field: _source(node, field, foreign)}}


def _scored(node: Occurring) -> list[Body]:
    """Return what a node adds to the score of an article."""
    constants = CONSTANTS
    clauses: list[Body] = []
    for field in _fields(node.field):
        weight = constants.weight[field]
        if isinstance(node, Word):
            kind, tokens = _terms(node)
            clauses += [{"term": {_indexed(field, kind): {"value": token, "boost": weight}}} for token in tokens]
            if kind == "class":
                clauses.append({"term": {exact_field(field): {"value": safe_token(node.folded), "boost": constants.exact * weight}}})
                if node.accent is not None:
                    clauses.append({"term": {exact_field(field): {"value": safe_token(node.accent), "boost": constants.accent * weight}}})
        elif isinstance(node, Phrase):
            clauses.append({"bool": {"must": [phrase_in(node, field)], "boost": weight}})
        elif isinstance(node, Compound):
            clauses += [{"bool": {"must": [phrase_in(node.phrase, field)], "boost": weight}}, *_scored(in_field(node.joined, field))]
        else:
            clauses.append({"constant_score": {"filter": match_body(_within(node, field)), "boost": weight * constants.pattern}})
    return clauses


def _within(node: Pattern | Fuzzy | Near | SameParagraph, field: str) -> Query:
    if isinstance(node, Near):
        return Near(in_field(node.left, field), in_field(node.right, field), node.distance, node.ordered, field)
    if isinstance(node, SameParagraph):
        return SameParagraph(in_field(node.left, field), in_field(node.right, field), field)
    return in_field(node, field)


def _term(word: Word, foreign: bool = False) -> tuple[str, str]:
    """Return where a word is looked for ("class" or "exact") and as what, in articles in French or in the others."""
    if word.required_accent:
        return "exact", safe_token(word.accent or "")
    if word.exact:
        return "exact", safe_token(word.folded)
    return "class", FOREIGN + safe_token(word.folded) if foreign else safe_token(word.term_)


def _terms(word: Word) -> tuple[str, list[str]]:
    """Return where a word is looked for, and as what in all articles."""
    return _term(word)[0], list(dict.fromkeys(_term(word, foreign)[1] for foreign in (False, True)))


def _one_of(name: str, tokens: Sequence[str]) -> Body:
    return {"term": {name: tokens[0]}} if len(tokens) == 1 else {"terms": {name: list(tokens)}}


def _readings(*nodes: Query) -> tuple[bool, ...]:
    """Return how words are to be read: in French, and as they are too where one of them inflects. An article is of one kind."""
    return (False, True) if any(_inflects(node) for node in nodes) else (False,)


def _inflects(node: Query) -> bool:
    if isinstance(node, Word):
        return not (node.exact or node.required_accent)
    if isinstance(node, Phrase):
        return any(_inflects(word) for word in node.words)
    return any(_inflects(one) for one in (node.phrase, node.joined)) if isinstance(node, Compound) else False


def _indexed(field: str, kind: str) -> str:
    return field if kind == "class" else exact_field(field)


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)


# --- patterns -----------------------------------------------------------------------------------------------------------


def _glob(name: str, glob: str) -> Body:
    start = glob[:-1]
    if glob.endswith("*") and start and not set(start) & set("*?"):
        return {"prefix": {name: {"value": start, "rewrite": "constant_score"}}}
    return {
        "regexp": {name: {"value": glob_regexp(glob), "flags": "NONE", "rewrite": "constant_score", "max_determinized_states": 100_000}}
    }


def glob_regexp(glob: str) -> str:
    """Return a glob as a regular expression of Lucene; its first letter is a letter, and no mark of accent or paragraph."""
    first = "[^´¶]"
    parts = [_SPECIAL.sub(r"\\\g<0>", part) for part in re.split(r"([*?]+)", glob)]
    text = ""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            text += part
            continue
        marks = re.split(r"([*?]+)", glob)[at]
        least, more = marks.count("?"), "*" in marks
        if text:
            text += "." * least + (".*" if more else "")
        elif least:
            text += first + "." * (least - 1) + (".*" if more else "")
        else:
            text += f"({first}.*)?"
    return text


# --- intervals ----------------------------------------------------------------------------------------------------------


def _token(token: str, name: str | None = None) -> Body:
    return {"match": {"query": token, "analyzer": "whitespace", **({"use_field": name} if name else {})}}


def _source(node: Query, field: str, foreign: bool) -> Body:
    """Return the intervals of an operand without alternatives."""
    if isinstance(node, Word):
        kind, token = _term(node, foreign)
        return _token(token, _indexed(field, kind))
    if isinstance(node, Phrase):
        terms = [_term(word, foreign) for word in node.words]
        kinds = {kind for kind, _ in terms}
        if len(kinds) == 1:
            rule = {"query": " ".join(token for _, token in terms), "analyzer": "whitespace", "max_gaps": 0, "ordered": True}
            return {"match": {**rule, "use_field": _indexed(field, kinds.pop())}}
        return {"all_of": {"ordered": True, "max_gaps": 0, "intervals": [_source(word, field, foreign) for word in node.words]}}
    if isinstance(node, Pattern):
        return {"regexp": {"pattern": glob_regexp(node.glob), "use_field": exact_field(field), "max_expansions": EXPANSIONS}}
    if isinstance(node, Fuzzy):
        rule = {"term": safe_token(node.folded), "prefix_length": 1, "transpositions": True, "fuzziness": node.distance}
        return {"fuzzy": {**rule, "use_field": exact_field(field)}}
    raise TypeError(f"{type(node).__name__} has no place in a text")


def _alternatives(node: Query) -> list[Query]:
    if isinstance(node, Or):
        return list(dict.fromkeys(one for child in node.subqueries for one in _alternatives(child)))
    return [node.phrase, node.joined] if isinstance(node, Compound) else [node]


def _pairs(node: Near | SameParagraph) -> list[tuple[Query, Query]]:
    return list(product(_alternatives(node.left), _alternatives(node.right)))


def _near_sources(node: Near, field: str) -> list[Body]:
    pairs = _pairs(node)
    if not node.ordered:
        pairs = list(dict.fromkeys([*pairs, *((right, left) for left, right in pairs)]))
    return [
        {"all_of": {"ordered": True, "max_gaps": node.distance, "intervals": [_source(one, field, foreign) for one in pair]}}
        for pair in pairs
        for foreign in _readings(*pair)
    ]


def _paragraph_sources(node: SameParagraph, field: str) -> list[Body]:
    """Return two operands with no paragraph end between them; one and the same stands beside itself."""
    inside = {"not_containing": _token(PARAGRAPH_TERM, field)}
    return [
        _source(left, field, foreign)
        if left == right
        else {"all_of": {"ordered": False, "intervals": [_source(one, field, foreign) for one in (left, right)], "filter": inside}}
        for left, right in _pairs(node)
        for foreign in _readings(left, right)
    ]


def _repeated(word: Word | Phrase | Compound, field: str, count: int) -> Body:
    """Return the articles that have something so many times in one field."""
    if count == 1:
        return match_body(in_field(word, field))
    return any_of([_repeated_as(word, field, count, foreign) for foreign in _readings(word)])


def _repeated_as(word: Word | Phrase | Compound, field: str, count: int, foreign: bool) -> Body:
    if isinstance(word, Compound):
        either = {"span_or": {"clauses": [_span(word.phrase, field, foreign), _span(word.joined, field, foreign)]}}
        return {"span_near": {"clauses": [either] * count, "slop": 2**31 - 1, "in_order": True}}
    return {"intervals": {field: {"all_of": {"ordered": True, "intervals": [_source(word, field, foreign)] * count}}}}


def _span(node: Word | Phrase, field: str, foreign: bool) -> Body:
    if isinstance(node, Phrase):
        return {"span_near": {"clauses": [_span(word, field, foreign) for word in node.words], "slop": 0, "in_order": True}}
    kind, token = _term(node, foreign)
    name = _indexed(field, kind)
    span = {"span_term": {name: token}}
    return span if name == field else {"field_masking_span": {"query": span, "field": field}}


def _shares(n: int, fields: int) -> list[tuple[int, ...]]:
    """Return every way to share n among the fields; of a large n, headline and standfirst have a few."""
    if fields == 1:
        return [(n,)]
    most = n if n <= 2 * _SHARED else _SHARED
    return [(first, second, n - first - second) for first in range(most + 1) for second in range(most + 1) if first + second <= n]
