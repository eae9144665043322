"""Which words does an archive on a cluster have? How often is exact; how they are printed is read in a few of its articles.

A cluster gives away no dictionary. The number of articles of a form is counted; forms near a misspelt one come from its term suggester;
words that begin so are read in the newest articles that have one, and then counted in all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from indexer.cluster_mapping import safe_token
from indexer.french import analyze, fold
from indexer.schema import exact_field
from search.engines.cluster_body import ANYTHING, Body, form_body
from search.evaluate import Occurring
from search.nodes import Word

__all__ = ["ClusterVocabulary", "counting", "pairs_counted"]

SAMPLE: Final = 60  # articles read for words that begin so
SPELLED: Final = 5  # articles read for the spelling of a form
NEIGHBOURS: Final = 50
COUNTED: Final = 150  # candidates of a beginning that are counted
_FIELD: Final = exact_field("body")
_NEWEST: Final = [{"published": {"order": "desc", "missing": "_last"}}]


class Searches(Protocol):
    """Who answers searches."""

    def search_many(self, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        """Return the answers to several searches."""


class ClusterVocabulary:
    """The words of the bodies; see ``search.suggest.Vocabulary``."""

    def __init__(self, engine: Searches) -> None:
        self._engine = engine

    def starting(self, prefix_folded: str, limit: int) -> list[tuple[str, int]]:
        """Return printed forms that begin so, the most frequent first."""
        body = {"size": SAMPLE, "_source": ["src.body"], "query": {"prefix": {_FIELD: safe_token(prefix_folded)}}, "sort": _NEWEST}
        surfaces = self._surfaces([body])[0]
        spelled: dict[str, Counter[str]] = {}
        for surface, count in surfaces.items():
            folded = fold(surface)
            if folded.startswith(prefix_folded):
                spelled.setdefault(folded, Counter())[surface] += count
        likely = sorted(spelled, key=lambda form: -spelled[form].total())[:COUNTED]
        counts = self.frequencies(likely)
        best = sorted(likely, key=lambda form: (-counts[form], form))[:limit]
        return [(_commonest(spelled[form]), counts[form]) for form in best]

    def frequency(self, folded: str) -> int:
        """Return the number of articles that have a form."""
        return self.frequencies([folded])[folded]

    def frequencies(self, forms: Iterable[str]) -> Mapping[str, int]:
        """Return the numbers of articles of many forms, asked at once."""
        wanted = list(dict.fromkeys(forms))
        if not wanted:
            return {}
        filters = [{"term": {_FIELD: safe_token(form)}} for form in wanted]
        found = self._engine.search_many([{"size": 0, "aggs": {"forms": {"filters": {"filters": filters}}}}])[0]
        buckets = found["aggregations"]["forms"]["buckets"]
        return {form: bucket["doc_count"] for form, bucket in zip(wanted, buckets, strict=True)}

    def neighbours(self, folded: str, distance: int) -> list[tuple[str, int]]:
        """Return printed forms within ``distance`` edits that share the first letter."""
        how = {
            "field": _FIELD,
            "suggest_mode": "always",
            "max_edits": distance,
            "prefix_length": 1,
            "min_word_length": 3,
            "size": NEIGHBOURS,
            "shard_size": 4 * NEIGHBOURS,
            "string_distance": "damerau_levenshtein",
            "accuracy": 0.1,
            "analyzer": "whitespace",
        }
        found = self._engine.search_many([{"size": 0, "suggest": {"near": {"text": safe_token(folded), "term": how}}}])[0]
        forms = sorted(
            {option["text"] for entry in found["suggest"]["near"] for option in entry["options"] if option["text"][:1] not in "¶´"}
        )
        counts = self.frequencies([*forms, folded])
        kept = [form for form in [*forms, folded] if counts[form]]
        return list(zip(self._printed(kept), (counts[form] for form in kept), strict=True))

    def _printed(self, forms: Sequence[str]) -> list[str]:
        """Return the commonest spelling of each form in a few articles that have it."""
        bodies = [
            {"size": SPELLED, "_source": ["src.body"], "query": {"term": {_FIELD: safe_token(form)}}, "sort": _NEWEST} for form in forms
        ]
        rows = self._surfaces(bodies)
        return [
            _commonest(Counter({surface: n for surface, n in found.items() if fold(surface) == form})) or form
            for form, found in zip(forms, rows, strict=True)
        ]

    def _surfaces(self, bodies: Sequence[Body]) -> list[Counter[str]]:
        if not bodies:
            return []
        answers = self._engine.search_many([{**body, "track_total_hits": False} for body in bodies])
        return [
            Counter(
                surface for hit in answer["hits"]["hits"] for surface in analyze(hit["_source"].get("src", {}).get("body", "")).surfaces
            )
            for answer in answers
        ]


def _commonest(spelled: Counter[str]) -> str:
    return max(spelled.items(), key=lambda row: (row[1], row[0]))[0] if spelled else ""


def pairs_counted(nodes: Sequence[Occurring]) -> list[tuple[Occurring, str]]:
    """Return what must be counted in the archive before a question is ranked: each node, and the other forms of a word."""
    pairs: dict[tuple[Occurring, str], None] = {}
    for node in nodes:
        pairs[node, "main"] = None
        if isinstance(node, Word) and not (node.exact or node.required_accent):
            pairs[node, "exact"] = None
            if node.accent is not None:
                pairs[node, "accent"] = None
    return list(pairs)


def counting(pairs: Sequence[tuple[Occurring, str]]) -> Body:
    """Return what counts them."""
    return {"size": 0, "query": ANYTHING, "aggs": {"words": {"filters": {"filters": [form_body(node, form) for node, form in pairs]}}}}
