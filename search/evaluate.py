"""Which articles answer a query tree, and what is each worth? Every node of ``search/nodes.py`` on arrays.

``Evaluation(collection)`` holds what one question needs: the collection, the clock, what was already looked up. ``match``
gives the articles of a node, ``weigh`` what the node adds to the score of given articles. Words under a ``Not`` and
conditions (labels, days, identifiers) select and never score.

A deadline is looked at in every loop. When it has passed, unions keep what they have, conjunctions give nothing more, and
``partial`` says so: an honest part of the answer instead of a late one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, singledispatchmethod
from typing import Final

import numpy as np
import numpy.typing as npt
from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import ACCENT
from indexer.schema import PARAGRAPH_TERM, TEXT_FIELDS, exact_field
from search.collection import Collection, Docs
from search.matches import (
    NOTHING,
    NOWHERE,
    Keys,
    Occurrences,
    Places,
    added,
    contained,
    difference,
    follows_within,
    intersection,
    keys_of,
    union,
    values_at,
)
from search.nodes import (
    AtLeast,
    Compound,
    Days,
    Fuzzy,
    Identifier,
    Label,
    Near,
    Pattern,
    Phrase,
    SameParagraph,
    Word,
    in_field,
    label_words,
)
from search.ranking import CONSTANTS, Constants, Floats, field_norms, idf, saturated
from search.relaxing import MostOf

__all__ = ["EXPANSIONS", "SEARCH_S", "Evaluation", "Weight", "scoring_nodes"]

EXPANSIONS: Final = 1_024  # terms that one pattern may stand for
SEARCH_S: Final = 1.0
_FEW: Final = 1_000  # articles: fewer are scored before anyone looks at the clock
_DENSE: Final = 64  # from one article in so many on, one array over all of them is quicker than looking each up
_KEPT_DOCS: Final = 20_000  # articles: the places of a term in more are looked up for each question
_PHRASE_CHUNK: Final = 20_000  # articles whose positions are compared between two looks at the clock

Occurring = Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph


@dataclass(frozen=True, slots=True)
class Weight:
    """What nodes add to some articles: ``scores`` and the share of the asked idf that was ``found``."""

    scores: Floats
    found: Floats


class Evaluation:
    """One question put to one collection. Not for several threads at once."""

    def __init__(self, collection: Collection, *, constants: Constants = CONSTANTS, seconds: float = SEARCH_S) -> None:
        self.collection = collection
        self.constants = constants
        self.partial = False
        self.truncated: list[str] = []
        self._ends = time.monotonic() + seconds
        self._occurrences: dict[tuple[str, object], Occurrences] = {}
        self._norms: dict[str, Floats] = {}
        self._whole: dict[tuple[object, str], Places] = {}

    # --- which articles ---------------------------------------------------------------------------------------------

    @singledispatchmethod
    def match(self, node: Query) -> Docs:
        """Return the live articles of a node, ascending."""
        if node == NullQuery:
            return NOTHING.docs
        raise TypeError(f"no evaluation for {type(node).__name__}")

    @match.register
    def _match_every(self, _node: Every) -> Docs:
        return self.collection.live_docs

    @match.register
    def _match_and(self, node: And) -> Docs:
        wanted = [self.match(child) for child in node.subqueries if not isinstance(child, Not)]
        docs = intersection(wanted or [self.collection.live_docs], self.collection.max_doc)
        for child in node.subqueries:
            if isinstance(child, Not) and docs.size:
                docs = difference(docs, self.match(child.query), self.collection.max_doc)
        return NOTHING.docs if self._late() and len(node.subqueries) > 1 else docs

    @match.register
    def _match_or(self, node: Or) -> Docs:
        return union([self.match(child) for child in node.subqueries if not self._late()], self.collection.max_doc)

    @match.register
    def _match_most_of(self, node: MostOf) -> Docs:
        counts = np.zeros(self.collection.max_doc, np.uint8)
        for child in node.nodes:
            counts[self.match(child)] += 1
        allowed = counts if node.condition is None else np.zeros_like(counts)
        if node.condition is not None:
            docs = self.match(node.condition)
            allowed[docs] = counts[docs]
        return np.flatnonzero(allowed >= max(1, node.least(int(allowed.max(initial=0))))).astype(np.int32)

    @match.register
    def _match_not(self, node: Not) -> Docs:
        return difference(self.collection.live_docs, self.match(node.query), self.collection.max_doc)

    @match.register
    def _match_occurring(self, node: Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph) -> Docs:
        return self.occurrences(node).docs

    @match.register
    def _match_at_least(self, node: AtLeast) -> Docs:
        found = self.occurrences(node.word)
        return found.docs[found.counts >= node.n]

    @match.register
    def _match_label(self, node: Label) -> Docs:
        wanted = set(node.words)
        if not wanted:
            return NOTHING.docs
        mask = self.collection.having(node.field, lambda value: wanted <= _words_of(value))
        return np.flatnonzero(mask if self.collection.live is None else mask & self.collection.live).astype(np.int32)

    @match.register
    def _match_days(self, node: Days) -> Docs:
        return np.flatnonzero(self.collection.between(node.field, node.since, node.until)).astype(np.int32)

    @match.register
    def _match_identifier(self, node: Identifier) -> Docs:
        if node.field == "doc_id":
            number = self.collection.doc_num(node.value)
            return NOTHING.docs if number is None else np.array([number], np.int32)
        found = self.collection.postings(node.field, node.value)
        return NOTHING.docs if found is None else found.docs

    # --- how often --------------------------------------------------------------------------------------------------

    def occurrences(self, node: Occurring) -> Occurrences:
        """Return articles, pseudo-frequency and count of a node that stands in texts; computed once a question."""
        key = ("node", node)
        if key not in self._occurrences:
            self._occurrences[key] = NOTHING if self._late() else self._kept_count(node)
        return self._occurrences[key]

    def _kept_count(self, node: Occurring) -> Occurrences:
        """Return the count of a node, kept for later questions unless it was cut short."""
        if isinstance(node, Word):
            return self._count(node)
        hot_key = ("node", node, id(self.constants))
        found: Occurrences | None = self.collection.hot.get(hot_key)
        if found is None:
            cut = len(self.truncated)
            found = self._count(node)
            if not self.partial and len(self.truncated) == cut:
                self.collection.hot.put(hot_key, found, 12 * found.docs.size + 500)
        return found

    @singledispatchmethod
    def _count(self, node: Occurring) -> Occurrences:
        per_field = []
        for field in _fields(node.field):
            places = self.places(node, field)
            self._whole[node, field] = places
            docs, counts = np.unique((np.unique(places.keys) >> 32).astype(np.int32), return_counts=True)
            per_field.append(self._weighted(field, docs, counts.astype(np.int32)))
        return added(per_field, self.collection.max_doc)

    @_count.register
    def _count_word(self, node: Word) -> Occurrences:
        if node.required_accent:
            return self._term(node, "accent")
        return self._term(node, "exact" if node.exact else "class")

    @_count.register(Pattern)
    @_count.register(Fuzzy)
    def _count_expanded(self, node: Pattern | Fuzzy) -> Occurrences:
        parts = []
        for field in _fields(node.field):
            for text in self._expanded(node, exact_field(field)):
                if self._late():
                    break
                found = self.collection.postings(exact_field(field), text)
                if found is not None:
                    parts.append(self._weighted(field, found.docs, found.freqs))
        return added(parts, self.collection.max_doc)

    def _term(self, word: Word, form: str) -> Occurrences:
        """Return the occurrences of one form of a word: its class, its exact folded form or its accented form."""
        text = {"class": word.term_, "exact": word.folded, "accent": word.accent or ""}[form]
        key = (form, (text, word.field))
        if key not in self._occurrences:
            hot_key = (form, text, word.field, id(self.constants))
            found = self.collection.hot.get(hot_key)
            if found is None:
                found = added(list(self._in_fields(text, form, _fields(word.field))), self.collection.max_doc)
                self.collection.hot.put(hot_key, found, 12 * found.docs.size + 500)
            self._occurrences[key] = found
        return self._occurrences[key]

    def _in_fields(self, text: str, form: str, fields: Iterable[str]) -> Iterator[Occurrences]:
        for field in fields:
            found = self.collection.postings(field if form == "class" else exact_field(field), text)
            if found is not None:
                yield self._weighted(field, found.docs, found.freqs)

    def _weighted(self, field: str, docs: Docs, freqs: npt.NDArray[np.int32]) -> Occurrences:
        if field not in self._norms:
            lengths, average = self.collection.lengths(field), self.collection.average_length(field)
            key = ("norms", field, self.constants.weight[field], self.constants.length[field])
            self._norms[field] = self.collection.remembered(key, lambda: field_norms(lengths, average, field, self.constants))
        return Occurrences(docs, freqs.astype(np.float32) * self._norms[field][docs], freqs)

    def _expanded(self, node: Pattern | Fuzzy, field: str) -> list[str]:
        texts: list[str] = []
        for leaf in self.collection.leaves:
            if isinstance(node, Pattern):
                found, more = leaf.expand_glob(field, node.glob, EXPANSIONS)
            else:
                found, more = leaf.expand_fuzzy(field, node.folded, node.distance, EXPANSIONS)
            texts += [text for text in found if text[:1] not in (ACCENT, PARAGRAPH_TERM)]  # *s is not ´côtés too
            if more:
                self.truncated.append(node.glob if isinstance(node, Pattern) else node.surface)
        return sorted(set(texts))[:EXPANSIONS]

    # --- where ------------------------------------------------------------------------------------------------------

    def places_in(self, node: Query, field: str, docs: Docs) -> Places:
        """Return where a positional node stands in one field of ``docs``; what was counted in all articles is only cut down."""
        whole = self._whole.get((node, field))
        if whole is None:
            return self.places(node, field, docs)
        return Places(*(part[contained(whole.docs, docs, self.collection.max_doc)] for part in (whole.keys, whole.spans)))

    @singledispatchmethod
    def places(self, node: Query, field: str, docs: Docs | None = None) -> Places:
        """Return where a positional node stands in one text field, in all articles or in ``docs`` only."""
        raise TypeError(f"{type(node).__name__} has no places")

    @places.register
    def _places_word(self, node: Word, field: str, docs: Docs | None = None) -> Places:
        if node.required_accent:
            keys = self._keys(exact_field(field), node.accent or "", docs)
        elif node.exact:
            keys = self._keys(exact_field(field), node.folded, docs)
        else:
            keys = self._keys(field, node.term_, docs)
        return Places(keys, np.zeros(keys.size, np.int64))

    def _keys(self, field: str, text: str, docs: Docs | None) -> Keys:
        """Return the places of a term, in all articles or in ``docs``; those of a term that is not too frequent are kept whole."""
        keys: Keys | None = self.collection.hot.get(("keys", field, text))
        if keys is None:
            if docs is not None and sum(leaf.doc_freq(field, text) for leaf in self.collection.leaves) > _KEPT_DOCS:
                return keys_of(self.collection.positions(field, text, docs))
            keys = keys_of(self.collection.positions(field, text))
            self.collection.hot.put(("keys", field, text), keys, 8 * keys.size + 500)
        if docs is None:
            return keys
        wide = docs.astype(np.int64)
        starts = keys.searchsorted(wide << 32)
        sizes = keys.searchsorted((wide + 1) << 32) - starts
        ends = sizes.cumsum()
        inside: Keys = keys[(starts - ends + sizes).repeat(sizes) + np.arange(int(ends[-1]) if ends.size else 0)]
        return inside

    @places.register(Pattern)
    @places.register(Fuzzy)
    def _places_expanded(self, node: Pattern | Fuzzy, field: str, docs: Docs | None = None) -> Places:
        name = exact_field(field)
        parts = [keys_of(self.collection.positions(name, text, docs)) for text in self._expanded(node, name) if not self._late()]
        keys = np.unique(np.concatenate([NOWHERE.keys, *parts]))
        return Places(keys, np.zeros(keys.size, np.int64))

    @places.register
    def _places_phrase(self, node: Phrase, field: str, docs: Docs | None = None) -> Places:
        candidates = self._candidates([*node.words], field, docs)
        parts = []
        for start in range(0, candidates.size, _PHRASE_CHUNK):
            if self._late():
                break
            chunk = candidates[start : start + _PHRASE_CHUNK]
            keys: Keys | None = None
            for rank, word in sorted(enumerate(node.words), key=lambda item: self._frequency(item[1], field)):
                shifted = self.places(word, field, chunk).keys - rank
                keys = shifted if keys is None else keys[_among(keys, shifted)]
                if not keys.size:
                    break
            parts.append(NOWHERE.keys if keys is None else keys)
        keys = np.concatenate([NOWHERE.keys, *parts])
        return Places(keys, np.full(keys.size, len(node.words) - 1, np.int64))

    @places.register
    def _places_compound(self, node: Compound, field: str, docs: Docs | None = None) -> Places:
        return _merged([self.places(node.phrase, field, docs), self.places(node.joined, field, docs)])

    @places.register
    def _places_or(self, node: Or, field: str, docs: Docs | None = None) -> Places:
        return _alternatives([self.places(child, field, docs) for child in node.subqueries if not self._late()])

    @places.register
    def _places_near(self, node: Near, field: str, docs: Docs | None = None) -> Places:
        left, right = self._operands(node, field, docs)
        found = [_taken(left, follows_within(left, right, node.distance))]
        if not node.ordered:
            found.append(_taken(right, follows_within(right, left, node.distance)))
        return _merged(found)

    @places.register
    def _places_same_paragraph(self, node: SameParagraph, field: str, docs: Docs | None = None) -> Places:
        left, right = self._operands(node, field, docs)
        common = np.intersect1d(left.docs, right.docs)
        starts = keys_of(self.collection.positions(exact_field(field), PARAGRAPH_TERM, common)) if common.size else NOWHERE.keys
        number_left, number_right = (_paragraphs(starts, side) for side in (left, right))
        return _taken(left, np.isin(number_left, number_right))

    def _operands(self, node: Near | SameParagraph, field: str, docs: Docs | None) -> tuple[Places, Places]:
        candidates = self._candidates([node.left, node.right], field, docs)
        return self.places(node.left, field, candidates), self.places(node.right, field, candidates)

    def _candidates(self, nodes: Sequence[Query], field: str, docs: Docs | None) -> Docs:
        """Return the articles that have every operand in this field, so that only their positions are read."""
        sets = [self.match(in_field(node, field)) for node in nodes]
        return intersection(sets if docs is None else [docs, *sets], self.collection.max_doc)

    def _frequency(self, word: Word, field: str) -> int:
        return self.occurrences(replace(word, field=field)).docs.size

    # --- what it is worth -------------------------------------------------------------------------------------------

    def weigh(self, node: Query, docs: Docs) -> Weight:
        """Return what every scoring part of ``node`` adds to ``docs`` (ascending, live)."""
        parts = scoring_nodes(node)
        scores = self._summed(docs, (row[1:] for part in parts for row in self.forms(part)), saturate=True)
        if not self.constants.coverage:  # nothing depends on what was found
            return Weight(scores, np.full(docs.size, np.inf, np.float32))
        return Weight(scores, self._summed(docs, ((self.idf(part), self.occurrences(part)) for part in parts), saturate=False))

    def _summed(self, docs: Docs, parts: Iterable[tuple[float, Occurrences]], *, saturate: bool) -> Floats:
        """Return what weighted occurrences add up to for each of ``docs``; many of them meet in one array over all articles."""
        dense = docs.size > _FEW and docs.size * _DENSE > self.collection.max_doc
        total = np.zeros(self.collection.max_doc if dense else docs.size, np.float32)
        for weight, found in parts:
            if docs.size > _FEW and self._late():
                break
            if dense:
                total[found.docs] += saturated(found.pseudo, weight, self.constants) if saturate else np.float32(weight)
            else:
                pseudo = values_at(docs, found.docs, found.pseudo)
                total += saturated(pseudo, weight, self.constants) if saturate else np.where(pseudo > 0, np.float32(weight), np.float32(0))
        return total[docs] if dense else total

    def idf(self, node: Occurring) -> float:
        """Return the idf of a node: by the articles that have it, whatever the form."""
        return idf(self.collection.live_count, self.occurrences(node).docs.size)

    def forms(self, node: Occurring) -> list[tuple[str, float, Occurrences]]:
        """Return the forms of a node that score: name, weight (with idf), occurrences."""
        constants, main = self.constants, self.occurrences(node)
        if not main.docs.size:
            return []
        total = self.collection.live_count
        base = self.idf(node)
        if isinstance(node, Pattern | Fuzzy):
            return [("pattern", constants.pattern * base, main)]
        if not isinstance(node, Word):
            return [("phrase", (1 + constants.exact) * base, main)]
        if node.exact or node.required_accent:
            return [("exact", (1 + constants.exact) * base, main)]
        rows = [("class", base, main)]
        exact = self._term(node, "exact")
        if exact.docs.size:
            rows.append(("exact", constants.exact * idf(total, exact.docs.size), exact))
        if node.accent is not None and constants.accent:
            accented = self._term(node, "accent")
            if accented.docs.size:
                rows.append(("accent", constants.accent * idf(total, accented.docs.size), accented))
        return rows

    def _late(self) -> bool:
        if not self.partial and time.monotonic() > self._ends:
            self.partial = True
        return self.partial


def scoring_nodes(node: Query) -> list[Occurring]:
    """Return the nodes of a tree that add to the score, in the order they were typed; nothing under a Not."""
    if isinstance(node, And | Or):
        return [leaf for child in node.subqueries for leaf in scoring_nodes(child)]
    if isinstance(node, MostOf):
        return [leaf for child in node.nodes for leaf in scoring_nodes(child)]
    if isinstance(node, AtLeast):
        return [node.word]
    return [node] if isinstance(node, Word | Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph) else []


@lru_cache(maxsize=100_000)
def _words_of(value: str) -> frozenset[str]:
    return frozenset(label_words(value))


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)


def _among(keys: Keys, others: Keys) -> npt.NDArray[np.bool_]:
    if not others.size:
        return np.zeros(keys.size, np.bool_)
    at = np.searchsorted(others, keys)
    found: npt.NDArray[np.bool_] = others[np.minimum(at, others.size - 1)] == keys
    return found


def _alternatives(parts: Sequence[Places]) -> Places:
    """Return the places of any of several: what begins at one token with another length is another place."""
    keys = np.concatenate([NOWHERE.keys, *(part.keys for part in parts)])
    spans = np.concatenate([NOWHERE.spans, *(part.spans for part in parts)])
    order = np.lexsort((spans, keys))
    keys, spans = keys[order], spans[order]
    first = np.ones(keys.size, np.bool_)
    first[1:] = (keys[1:] != keys[:-1]) | (spans[1:] != spans[:-1])
    return Places(keys[first], spans[first])


def _merged(parts: Sequence[Places]) -> Places:
    """Return the places of several counted once for each token that one begins at; the longest stays."""
    every = _alternatives(parts)
    last = np.ones(every.keys.size, np.bool_)
    last[:-1] = every.keys[1:] != every.keys[:-1]
    return _taken(every, last)


def _taken(places: Places, kept: npt.NDArray[np.bool_]) -> Places:
    return Places(places.keys[kept], places.spans[kept])


def _paragraphs(starts: Keys, places: Places) -> Keys:
    """Return which paragraph (article and rank) each place stands in."""
    return (places.keys >> 32) << 32 | np.searchsorted(starts, places.keys, side="right")
