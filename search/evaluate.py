"""Which articles answer a query tree, and what is each worth? Every node of ``search/nodes.py`` on arrays.

``Evaluation(collection)`` holds what one question needs: the collection, the clock, what was already looked up. ``match``
gives the articles of a node; ``scored`` gives them with their scores, in one pass over the lists of the words. What a word is worth in
each article does not depend on the rest of the question, so these lists are kept for the questions that follow. Words under a ``Not``
and conditions (labels, days, identifiers) select and never score.

A deadline is looked at in every loop. When it has passed, unions keep what they have, conjunctions give nothing more, and
``partial`` says so: an honest part of the answer instead of a late one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache, singledispatchmethod
from typing import Final

import numpy as np
import numpy.typing as npt
from whoosh.query import And, Every, Not, NullQuery, Or, Query

from indexer.french import ACCENT
from indexer.schema import PARAGRAPH_TERM, TEXT_FIELDS, exact_field, label_term
from search.asked import Occurring, branches, scoring_nodes
from search.collection import Collection, Docs
from search.matches import NOTHING, Keys, Occurrences, added, contained, difference, intersection, union
from search.nodes import AtLeast, Compound, Days, Fuzzy, Identifier, Label, Near, Pattern, Phrase, SameParagraph, Word, label_words
from search.places import KEPT_DOCS, places, term_of
from search.ranking import CONSTANTS, Constants, Floats, field_norms, idf, saturated
from search.relaxing import MostOf
from search.weighed import Standing, Weighed, joined, standing_of, summed

__all__ = ["EXPANSIONS", "SEARCH_S", "Evaluation", "Occurring", "scoring_nodes"]

EXPANSIONS: Final = 1_024  # terms that one pattern may stand for
SEARCH_S: Final = 1.0
_FEW: Final = (
    150  # times as many articles have a word as are asked about: the first time it is looked up in those (most words are asked once)
)


class Evaluation:
    """One question put to one collection. Not for several threads at once."""

    def __init__(self, collection: Collection, *, constants: Constants = CONSTANTS, seconds: float = SEARCH_S) -> None:
        self.collection = collection
        self.constants = constants
        self.partial = False
        self.truncated: list[str] = []
        self._ends = time.monotonic() + seconds
        self._occurrences: dict[Occurring, Occurrences] = {}
        self._weighed: dict[Occurring, Weighed] = {}
        self._norms: dict[str, Floats] = {}

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

    @match.register(And)
    @match.register(Or)
    @match.register(MostOf)
    def _match_several(self, node: And | Or | MostOf) -> Docs:
        return self._scored(node)[0]

    @match.register
    def _match_not(self, node: Not) -> Docs:
        return difference(self.collection.live_docs, self.match(node.query), self.collection.max_doc)

    @match.register
    def _match_word(self, node: Word) -> Docs:
        if node.field is None:
            return self.weighed(node).docs
        found = self.collection.postings(*term_of(node, node.field))
        return NOTHING.docs if found is None else found.docs

    @match.register(Phrase)
    @match.register(Compound)
    @match.register(Pattern)
    @match.register(Fuzzy)
    @match.register(Near)
    @match.register(SameParagraph)
    def _match_occurring(self, node: Phrase | Compound | Pattern | Fuzzy | Near | SameParagraph) -> Docs:
        return self.weighed(node).docs

    @match.register
    def _match_at_least(self, node: AtLeast) -> Docs:
        found = self.occurrences(node.word)
        return found.docs[found.counts >= node.n]

    @match.register
    def _match_label(self, node: Label) -> Docs:
        if node.whole:
            found = self.collection.postings(node.field, label_term(node.value))
            return NOTHING.docs if found is None else found.docs
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

    # --- with their scores ------------------------------------------------------------------------------------------

    def scored(self, node: Query) -> tuple[Docs, Floats | None]:
        """Return the live articles of a node, ascending, and what each is worth; None when nothing in the node scores.

        An article is worth what it has of all words asked, those of another branch of an OU too.
        """
        docs, scores = self._scored(node)
        if scores is not None and branches(node):
            scores = self.weigh(node, docs)
        return docs, scores

    @singledispatchmethod
    def _scored(self, node: Query) -> tuple[Docs, Floats | None]:
        """Return the articles of a node and the sum of the lists that they were found in."""
        return self.match(node), None

    @_scored.register(Word)
    @_scored.register(Phrase)
    @_scored.register(Compound)
    @_scored.register(Pattern)
    @_scored.register(Fuzzy)
    @_scored.register(Near)
    @_scored.register(SameParagraph)
    def _scored_occurring(self, node: Occurring) -> tuple[Docs, Floats | None]:
        found = self.weighed(node)
        return found.docs, found.scores

    @_scored.register
    def _scored_at_least(self, node: AtLeast) -> tuple[Docs, Floats | None]:
        docs = self.match(node)
        return docs, self.weighed(node.word).at(docs)

    @_scored.register
    def _scored_and(self, node: And) -> tuple[Docs, Floats | None]:
        lists, partly, plain = self._lists(child for child in node.subqueries if not isinstance(child, Not))
        sets = [*plain, *(found.docs for found in partly)]
        if lists:
            docs, scores = joined(lists)
            if sets:
                kept = contained(docs, intersection(sets, self.collection.max_doc), self.collection.max_doc).nonzero()[0]
                docs, scores = docs[kept], scores[kept]
        else:
            docs = intersection(sets or [self.collection.live_docs], self.collection.max_doc)
            scores = np.zeros(docs.size, np.float32)
        for child in node.subqueries:
            if isinstance(child, Not) and docs.size:
                kept = (~contained(docs, self.match(child.query), self.collection.max_doc)).nonzero()[0]
                docs, scores = docs[kept], scores[kept]
        for found in partly:
            scores = scores + found.at(docs)
        if self.late() and len(node.subqueries) > 1:
            return NOTHING.docs, None
        return docs, scores if lists or partly else None

    @_scored.register
    def _scored_or(self, node: Or) -> tuple[Docs, Floats | None]:
        lists, partly, plain = self._lists(child for child in node.subqueries if not self.late())
        if not lists and not partly:
            return union(plain, self.collection.max_doc), None
        return summed([*lists, *partly], [*plain, *(found.docs for found in partly)], self.collection.max_doc)

    @_scored.register
    def _scored_most_of(self, node: MostOf) -> tuple[Docs, Floats | None]:
        lists, partly, plain = self._lists(child for child in node.nodes if not self.late())
        sets = [*plain, *(found.docs for found in partly)]
        counts = np.zeros(self.collection.max_doc, np.uint8)
        for docs in (*(found.docs for found in lists), *sets):
            counts[docs] += 1
        if node.condition is not None:
            outside = np.ones(counts.size, np.bool_)
            outside[self.match(node.condition)] = False
            counts[outside] = 0
        enough = counts >= max(1, node.least(int(counts.max(initial=0))))
        if not lists and not partly:
            return np.flatnonzero(enough).astype(np.int32), None
        docs, scores = summed([*lists, *partly], sets, self.collection.max_doc)
        kept = enough.take(docs).nonzero()[0]
        return docs[kept], scores[kept]

    def _lists(self, nodes: Iterable[Query]) -> tuple[list[Weighed], list[Weighed], list[Docs]]:
        """Return the lists in which every article scores, those in which some do (a word OR a label), and those that only select."""
        lists: list[Weighed] = []
        partly: list[Weighed] = []
        plain: list[Docs] = []
        for node in nodes:
            if isinstance(node, Occurring):
                lists.append(self.weighed(node))
                continue
            docs, scores = self._scored(node)
            if scores is None:
                plain.append(docs)
            else:
                (lists if scores.all() else partly).append(Weighed(docs, scores))
        return lists, partly, plain

    def weighed(self, node: Occurring) -> Weighed:
        """Return the articles of a node that stands in texts and what it adds to each; kept for later questions unless cut short."""
        found = self._weighed.get(node)
        if found is None:
            key = ("weighed", node, id(self.constants))
            found = self.collection.hot.get(key)
            if found is None:
                cut = len(self.truncated)
                found = self._weigh(node)
                if not self.partial and len(self.truncated) == cut:
                    self.collection.hot.put(key, found, found.bytes)
            self._weighed[node] = found
        return found

    def _weigh(self, node: Occurring) -> Weighed:
        forms = self.forms(node)
        if not forms:
            return Weighed(NOTHING.docs, NOTHING.pseudo)
        docs = forms[0][2].docs
        scores = saturated(forms[0][2].pseudo, forms[0][1], self.constants)
        for _, weight, found in forms[1:]:
            worth = saturated(found.pseudo, weight, self.constants)
            at = docs.searchsorted(found.docs)
            there = docs.take(at, mode="clip") == found.docs
            if there.all():
                scores[at] += worth
            else:
                scores[at[there]] += worth[there]
        return Weighed.kept(docs, scores, self.idf(node), self.collection.max_doc)

    def weigh(self, node: Query, docs: Docs) -> Floats:
        """Return what every scoring part of ``node`` adds to ``docs`` (ascending, live)."""
        total = np.zeros(docs.size, np.float32)
        for part in scoring_nodes(node):
            total += self.weighed(part).at(docs)
        return total

    def idf(self, node: Occurring) -> float:
        """Return the idf of a node: by the articles that have it, whatever the form."""
        found = self._weighed.get(node)
        return idf(self.collection.live_count, (self.occurrences(node) if found is None else found).docs.size)

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
        exact = self._in_fields(node, node.folded)
        if exact.docs.size:
            rows.append(("exact", constants.exact * idf(total, exact.docs.size), exact))
        if node.accent is not None and constants.accent:
            accented = self._in_fields(node, node.accent)
            if accented.docs.size:
                rows.append(("accent", constants.accent * idf(total, accented.docs.size), accented))
        return rows

    # --- how often --------------------------------------------------------------------------------------------------

    def occurrences(self, node: Occurring) -> Occurrences:
        """Return articles, pseudo-frequency and count of a node that stands in texts; computed once a question."""
        if node not in self._occurrences:
            self._occurrences[node] = NOTHING if self.late() else self._count(node)
        return self._occurrences[node]

    @singledispatchmethod
    def _count(self, node: Occurring) -> Occurrences:
        parts, whole = [], {}
        for field in _fields(node.field):
            whole[field] = places(node, self, field)
            docs, counts = np.unique((np.unique(whole[field].keys) >> 32).astype(np.int32), return_counts=True)
            parts.append(self._weighted(field, docs, counts.astype(np.int32)))
        if not self.partial:
            self._keep_standing(node, {field: found.keys for field, found in whole.items()})
        return added(parts, self.collection.max_doc)

    @_count.register
    def _count_word(self, node: Word) -> Occurrences:
        return added(list(self._words((field, *term_of(node, field)) for field in _fields(node.field))), self.collection.max_doc)

    @_count.register(Pattern)
    @_count.register(Fuzzy)
    def _count_expanded(self, node: Pattern | Fuzzy) -> Occurrences:
        parts = []
        for field in _fields(node.field):
            texts = self.expanded(node, exact_field(field))
            if self.late():
                break
            found = self.collection.several(exact_field(field), texts)
            parts.append(self._weighted(field, found.docs, found.freqs))
        return added(parts, self.collection.max_doc)

    def _in_fields(self, word: Word, text: str) -> Occurrences:
        """Return the occurrences of one exact form of a word."""
        return added(list(self._words((field, exact_field(field), text) for field in _fields(word.field))), self.collection.max_doc)

    def _words(self, rows: Iterable[tuple[str, str, str]]) -> Iterator[Occurrences]:
        """Yield the occurrences of (text field, index field, term) rows, until the time is over."""
        for field, name, text in rows:
            if self.late():
                return
            found = self.collection.postings(name, text)
            if found is not None:
                yield self._weighted(field, found.docs, found.freqs)

    def _weighted(self, field: str, docs: Docs, freqs: npt.NDArray[np.int32]) -> Occurrences:
        if field not in self._norms:
            lengths, average = self.collection.lengths(field), self.collection.average_length(field)
            key = ("norms", field, self.constants.weight[field], self.constants.length[field])
            self._norms[field] = self.collection.remembered(key, lambda: field_norms(lengths, average, field, self.constants))
        return Occurrences(docs, freqs.astype(np.float32) * self._norms[field].take(docs), freqs)

    def expanded(self, node: Pattern | Fuzzy, field: str) -> list[str]:
        """Return the terms that a pattern or a misspelling stands for in an index field."""
        texts: list[str] = []
        cut = False
        for leaf in self.collection.leaves:
            if isinstance(node, Pattern):
                found, more = leaf.expand_glob(field, node.glob, EXPANSIONS)
            else:
                found, more = leaf.expand_fuzzy(field, node.folded, node.distance, EXPANSIONS)
            texts += [text for text in found if text[:1] not in (ACCENT, PARAGRAPH_TERM)]  # *s is not ´côtés too
            cut |= more
        words = sorted(set(texts))
        if cut or len(words) > EXPANSIONS:  # each segment may keep within it what all of them together do not
            self.truncated.append(node.glob if isinstance(node, Pattern) else node.surface)
        return words[:EXPANSIONS]

    # --- where ------------------------------------------------------------------------------------------------------

    def standing(self, node: Word | Phrase | Compound, docs: Docs) -> Standing:
        """Return where a node stands in the texts of ``docs`` (in others too, when the places of all were at hand)."""
        key = ("standing", node)
        found: Standing | None = self.collection.hot.get(key)
        if found is None:
            having = self.weighed(node).docs.size
            few = having > KEPT_DOCS or (having > docs.size * _FEW and not self.collection.hot.seen(key))
            fields = {field: places(node, self, field, docs if few else None).keys for field in _fields(node.field)}
            if few or self.partial:
                return standing_of(fields)
            found = self._keep_standing(node, fields)
        return found

    def _keep_standing(self, node: Occurring, fields: dict[str, Keys]) -> Standing:
        found = standing_of(fields)
        self.collection.hot.put(("standing", node), found, found.bytes)
        return found

    # --- the clock --------------------------------------------------------------------------------------------------

    def late(self) -> bool:
        """Tell whether the time of the question is over; from then on the answer is partial."""
        if not self.partial and time.monotonic() > self._ends:
            self.partial = True
        return self.partial


@lru_cache(maxsize=100_000)
def _words_of(value: str) -> frozenset[str]:
    return frozenset(label_words(value))


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)
