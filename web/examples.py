"""Which queries find something in this very archive? Five, each showing one thing the query language can do.

Candidates are made of the archive’s own facets and headlines, then tried: an example that finds nothing is no example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from search import Engine, ResultPage, SearchRequest, search
from web.citation import inverted
from web.wording import noted

__all__ = ["EXAMPLES", "Example", "working_examples"]

EXAMPLES: Final = 5
_SAMPLE_SIZE: Final = 30
_LONG_WORD = re.compile(r"[^\W\d_]{6,14}")
_FACETS: Final = ("tags", "places", "people", "organisations", "bylines", "section", "year")


@dataclass(frozen=True, slots=True)
class Example:
    """A query and what it asks for: a sentence of the catalogue."""

    query: str
    meaning: str


def working_examples(engine: Engine) -> tuple[Example, ...]:
    """Return at most five queries, each of another kind and with at least one hit."""
    sample = search(engine, SearchRequest(sort="newest", size=_SAMPLE_SIZE, facets=_FACETS, snippets=False))
    words = list(dict.fromkeys(word.lower() for hit in sample.hits for word in _LONG_WORD.findall(hit.headline)))
    kinds = (_words(sample, words), _phrase(sample), _without(words), _field(sample, words), _beginning(words))
    found = (next((example for example in kind if _finds(engine, example)), None) for kind in kinds)
    return tuple(example for example in found if example)


def _finds(engine: Engine, example: Example) -> bool:
    return search(engine, SearchRequest(text=example.query, size=1, facets=(), snippets=False, match="all")).total > 0


def _values(sample: ResultPage, *fields: str) -> Iterator[str]:
    """Yield the frequent values of facets that can stand in a query as they are."""
    for field in fields:
        counts = sample.facets.get(field)
        for bucket in counts.buckets[:5] if counts else ():
            if bucket.value and '"' not in bucket.value and len(bucket.value) <= 40:
                yield bucket.value


def _words(sample: ResultPage, words: list[str]) -> Iterator[Example]:
    for value in _values(sample, "tags", "places"):
        if value.replace(" ", "").isalpha():
            yield Example(value.lower() if value.islower() else value, noted("des mots, avec ou sans accents, au singulier ou au pluriel"))
    for word in words:
        yield Example(word, noted("un mot, avec ou sans accents, au singulier ou au pluriel"))


def _phrase(sample: ResultPage) -> Iterator[Example]:
    names = [value for value in _values(sample, "people", "organisations", "places", "tags") if " " in value]
    pairs = [" ".join(hit.headline.split()[:3]) for hit in sample.hits if '"' not in hit.headline and not hit.headline_derived]
    for text in names + pairs:
        yield Example(f"«\u00a0{text}\u00a0»", noted("une suite de mots exacte, entre guillemets"))


def _without(words: list[str]) -> Iterator[Example]:
    for wanted, unwanted in pairwise(words):
        yield Example(f"{wanted} SAUF {unwanted}", noted("le premier mot, mais pas le second"))
        yield Example(f"{wanted} OU {unwanted}", noted("l’un des deux mots, ou les deux"))


def _field(sample: ResultPage, words: list[str]) -> Iterator[Example]:
    for value in _values(sample, "bylines"):
        if inverted(value) != value:  # surely a person, not « Avec AFP »
            yield Example(f'auteur:"{value}"', noted("les articles d’une signature"))
    for word in words:
        yield Example(f"titre:{word}", noted("un mot dans le titre seulement"))


def _beginning(words: list[str]) -> Iterator[Example]:
    for word in words:
        yield Example(f"{word[:5]}*", noted("tous les mots qui commencent ainsi"))
