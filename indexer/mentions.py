"""What does an article mention that its source did not say? The texts it cites and the acronyms it introduces, as terms of the index.

Both are computed when an article is inverted and never stored with it: a rebuild with better recognisers leaves nothing of the older ones, and an
export gives the article back as its source had it. Cited texts join those of the source in the field ``references``. An
acronym is a term ``ceni<TAB>CENI<TAB>Commission électorale nationale indépendante`` of a field of its own, so that the number of its articles *is* the
table of acronyms: deletions, merges, increments and a cluster keep it up without a word. Where the initials are not the acronym
(Ponam), a second term ``=pnm<TAB>ponam`` leads from the expansion to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from indexer.acronyms import acronym_key, find_introductions, initials_of, words_of
from indexer.french import term
from indexer.references import cited_texts, normal_reference
from indexer.schema import TEXT_FIELDS

__all__ = [
    "ACRONYM_MARK",
    "BY_INITIALS",
    "AcronymTerm",
    "Mentions",
    "acronym_terms",
    "expansion_key",
    "mentions_of",
    "read_acronym_term",
    "with_mentions",
]

ACRONYM_MARK: Final = "\t"
BY_INITIALS: Final = "="
MOST_REFERENCES: Final = 500  # of one article: a gazette may cite more, and no reader looks so far down
MOST_ACRONYMS: Final = 300
REMEMBERED: Final = 4_096  # pairs: what an archive introduces once it introduces a hundred times


@dataclass(frozen=True, slots=True)
class Mentions:
    """``references``: those of the source in normal form, then those read in the texts; ``acronyms``: terms of the acronym field."""

    references: tuple[str, ...]
    acronyms: tuple[str, ...]


class AcronymTerm(NamedTuple):
    """A pair as a term of the index holds it."""

    acronym: str
    expansion: str


def mentions_of(stored: Mapping[str, Any]) -> Mentions:
    """Return what a stored article mentions."""
    texts = [text for name in TEXT_FIELDS if (text := stored.get(name))]
    given = stored.get("references")
    cited = cited_texts(*texts)
    if given:
        cited = tuple(dict.fromkeys((*map(normal_reference, given), *cited)))
    return Mentions(cited[:MOST_REFERENCES], acronym_terms(*texts))


def with_mentions(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored article with the references that the index has of it: the form in which engines see articles."""
    found = mentions_of(stored)
    return {**stored, "references": list(found.references)} if found.references else dict(stored)


def acronym_terms(*texts: str) -> tuple[str, ...]:
    """Return the terms of the acronyms that texts introduce; of one pair in several spellings the first."""
    pairs: dict[tuple[str, str], str] = {}
    ways: dict[str, None] = {}
    for text in texts:
        for one in find_introductions(text):
            pair, way = _terms_of(one.acronym, one.expansion)
            pairs.setdefault(pair, ACRONYM_MARK.join((pair[0], one.acronym, one.expansion)))
            if way:
                ways[way] = None
    return (*list(pairs.values())[:MOST_ACRONYMS], *list(ways)[:MOST_ACRONYMS])


@lru_cache(maxsize=REMEMBERED)
def _terms_of(acronym: str, expansion: str) -> tuple[tuple[str, str], str]:
    """Return under which two keys a pair is one, and the term that leads from its initials to it ("" for none)."""
    key, initials = acronym_key(acronym), initials_of(expansion)
    return (key, expansion_key(expansion)), "" if initials == key else f"{BY_INITIALS}{initials}{ACRONYM_MARK}{key}"


def read_acronym_term(text: str) -> AcronymTerm | None:
    """Return the pair of a term; None for a way from initials to an acronym."""
    parts = text.split(ACRONYM_MARK)
    return AcronymTerm(parts[1], parts[2]) if len(parts) == 3 else None


def expansion_key(expansion: str) -> str:
    """Return under what an expansion is compared: blind to case, accents, singular and plural."""
    return " ".join(map(term, words_of(expansion)))
