"""What does an acronym stand for in this archive, which acronym has these words, and how is the other one asked as well?

The table is the field of acronyms itself (``indexer/mentions.py``): the articles of a term are those that introduce the pair, so every count is exact and
of this very generation. Spellings of one expansion (case, accents, plural) are added up, different expansions kept apart; what the archivist
decided comes over it. An offer is three other questions, written in the query language: with it, it alone, without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from corpus.errors import BadRequest
from indexer.acronym_decisions import Decision
from indexer.acronyms import acronym_key, initials_of
from indexer.french import fold, is_stop, tokenize
from indexer.mentions import ACRONYM_MARK, BY_INITIALS, expansion_key, read_acronym_term
from indexer.schema import ACRONYM_FIELD
from search.engines import Engine
from search.nodes import Identifier
from search.request import SearchRequest
from search.symbols import CLOSING, OPENING

__all__ = ["Meaning", "Offer", "acronym_table", "as_json", "as_text", "check_pair", "meanings_of", "offers", "with_uses"]

State = Literal["learnt", "accepted", "refused", "added"]
MOST_TERMS: Final = 400  # spellings of what one acronym stands for
MOST_WORDS: Final = 16  # of a question that are looked at
MOST_OFFERS: Final = 4
LOOKS: Final = 40  # runs of words that are looked up
RARE: Final = 50  # times rarer than the usual meaning: not offered unasked
_UNQUOTED: Final = str.maketrans(dict.fromkeys(OPENING + CLOSING + "»", " "))
_AROUND: Final = re.compile(r"[-=~:+*>≥/]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One pair: how both are mostly printed, how many articles introduce it, in which terms of the index, what was decided of it."""

    acronym: str
    expansion: str
    articles: int
    terms: tuple[str, ...] = ()
    state: State = "learnt"
    since: str | None = None
    until: str | None = None
    newspapers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A pair of which the reader asked one half; the questions with the other half too, with it alone, and without it."""

    meaning: Meaning
    asked: Literal["acronym", "expansion"]
    include: str
    only: str
    without: str


def acronym_table(engine: Engine, prefix: str = "", *, refused: bool = False) -> list[Meaning]:
    """Return every pair whose acronym begins with ``prefix``, the most frequent first, with what was decided; ``refused`` ones if wanted."""
    key = acronym_key(prefix)
    rows = engine.acronym_terms(key, None) if key or not prefix else []
    found = _merged(rows, engine.acronym_decisions(), key)
    return [one for one in found if refused or one.state != "refused"]


def meanings_of(engine: Engine, acronym: str) -> list[Meaning]:
    """Return what an acronym stands for, the most frequent first, without what was refused."""
    key = acronym_key(acronym)
    rows = engine.acronym_terms(key + ACRONYM_MARK, MOST_TERMS) if key else []
    found = _merged(rows, engine.acronym_decisions(), key)
    return [one for one in found if one.state != "refused" and acronym_key(one.acronym) == key]


def check_pair(engine: Engine, acronym: str, expansion: str) -> None:
    """Tell a pair that the archive knows, or that was decided, from a slip of the hand.

    Raises: BadRequest for a pair that no article introduces, with the nearest that one does.
    """
    key = acronym_key(acronym)
    wanted = (key, expansion_key(expansion))
    near = acronym_table(engine, key[:1], refused=True) if key else []
    pairs = {(acronym_key(one.acronym), expansion_key(one.expansion)): one for one in near}
    if wanted in pairs:
        return
    nearest = max(pairs, key=lambda pair: (pair[0] == key, SequenceMatcher(None, " ".join(wanted), " ".join(pair)).ratio()), default=None)
    told = "" if nearest is None else f" (nearest: {pairs[nearest].acronym} “{pairs[nearest].expansion}”)"
    raise BadRequest(
        "ACRONYM EXPANSION", f"{acronym} {expansion}", f"a pair that articles introduce{told}; --add offers one that none does"
    )


def with_uses(engine: Engine, meaning: Meaning) -> Meaning:
    """Return a pair with the days of its first and last article and its newspapers."""
    days: list[str] = []
    newspapers: dict[str, int] = {}
    for term in meaning.terms:
        for sort in ("oldest", "newest"):
            asked = SearchRequest(sort=sort, size=1, facets=("newspaper",) if sort == "newest" else (), snippets=False, reprints="all")
            answer = engine.ask(Identifier(ACRONYM_FIELD, term), asked)
            days += [day for found in answer.found if (day := found.header.get("published"))]
            for bucket in answer.facets["newspaper"].buckets if "newspaper" in answer.facets else ():
                newspapers[bucket.value] = newspapers.get(bucket.value, 0) + bucket.count
    ordered = tuple(sorted(newspapers.items(), key=lambda row: (-row[1], row[0])))
    return Meaning(
        meaning.acronym,
        meaning.expansion,
        meaning.articles,
        meaning.terms,
        meaning.state,
        min(days, default=None),
        max(days, default=None),
        ordered,
    )


def as_json(meaning: Meaning) -> dict[str, Any]:
    """Return a pair as ``marbre acronyms --json`` prints it."""
    return {
        "acronym": meaning.acronym,
        "expansion": meaning.expansion,
        "articles": meaning.articles,
        "state": meaning.state,
        "since": meaning.since,
        "until": meaning.until,
        "newspapers": [{"value": name, "count": count} for name, count in meaning.newspapers],
    }


def as_text(meaning: Meaning) -> str:
    """Return a pair as ``marbre acronyms`` prints it, on one line."""
    days = (
        "" if meaning.since is None else f", {meaning.since}" if meaning.since == meaning.until else f", {meaning.since} to {meaning.until}"
    )
    state = "" if meaning.state == "learnt" else f" [{meaning.state}]"
    papers = ", ".join(f"{name} {count}" for name, count in meaning.newspapers[:3])
    return f"{meaning.acronym} = {meaning.expansion}: {meaning.articles} article{'' if meaning.articles == 1 else 's'}{days}{f' ({papers})' if papers else ''}{state}"


def offers(engine: Engine, text: str) -> list[Offer]:
    """Return what may be asked beside or instead of the acronyms and expansions in a question."""
    words = [token for token in tokenize(text) if not token.joined][:MOST_WORDS]
    spans = [(token.start, token.end) for token in words]
    found = [*_of_acronyms(engine, text, spans), *_of_expansions(engine, text, spans)]
    return found[:MOST_OFFERS]


def _of_acronyms(engine: Engine, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Offer]:
    for start, end in dict.fromkeys(spans):
        word = text[start:end]
        if not (word.replace(".", "").isalpha() and 2 <= len(word) <= 24) or is_stop(word) or not _is_free(text, start, end):
            continue
        meanings = meanings_of(engine, word)
        typed = not word.islower() or len(spans) == 1  # « art » among other words is no acronym, « ART » may be
        for one in meanings:
            usual = one.state != "learnt" or ((typed or one.articles > 1) and one.articles * RARE >= meanings[0].articles)
            if usual and expansion_key(one.expansion) not in expansion_key(text):
                yield _offer(one, "acronym", text, (start, end), word, f'"{one.expansion}"')


def _of_expansions(engine: Engine, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Offer]:
    looks = 0
    taken: set[int] = set()
    runs = [(first, last) for size in range(len(spans), 1, -1) for first in range(len(spans) - size + 1) for last in (first + size - 1,)]
    for first, last in runs:
        written = text[spans[first][0] : spans[last][1]]
        initials = initials_of(written)
        if len(initials) < 2 or looks >= LOOKS or taken & set(range(first, last + 1)):
            continue
        looks += 1
        for one in _with_initials(engine, initials, written):
            taken |= set(range(first, last + 1))
            span = _quoted(text, spans[first][0], spans[last][1])
            if span is not None:
                yield _offer(one, "expansion", text, span, f'"{one.expansion}"', one.acronym)


def _with_initials(engine: Engine, initials: str, written: str) -> list[Meaning]:
    """Return the pairs whose expansion is what was written, whatever its small words."""
    keys = [
        initials,
        *(term.partition(ACRONYM_MARK)[2] for term, _ in engine.acronym_terms(f"{BY_INITIALS}{initials}{ACRONYM_MARK}", LOOKS)),
    ]
    wanted = _content(written)
    decided = [one[1] for one in engine.acronym_decisions().values() if one[0] == "added" and _content(one[2]) == wanted]
    found = {acronym_key(key): meanings_of(engine, key) for key in (*keys, *decided)}
    return [one for meanings in found.values() for one in meanings if _content(one.expansion) == wanted]


def _content(expansion: str) -> tuple[str, ...]:
    return tuple(word for word in expansion_key(expansion).split() if not is_stop(word))


def _offer(one: Meaning, asked: Literal["acronym", "expansion"], text: str, span: tuple[int, int], mine: str, other: str) -> Offer:
    before, after = text[: span[0]], text[span[1] :]
    other = '"' + other.strip('"').translate(_UNQUOTED) + '"' if other.startswith('"') else other
    alone = not before.strip() and not after.strip()
    both = f"{mine} OU {other}"
    left = f"({text})" if re.search(r"\b(?:OU|OR)\b", text) else text
    return Offer(one, asked, both if alone else f"{before}({both}){after}", f"{before}{other}{after}", f"{left} -{other}")


def _is_free(text: str, start: int, end: int) -> bool:
    """Tell whether a word stands in no quotes and under no sign, so that something else may be put in its place."""
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    inside = sum(letter in OPENING + CLOSING + "»" for letter in text[:start]) % 2 == 1
    return not inside and _AROUND.search(around) is None


def _quoted(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span of an expansion with the quotes around it; None where it stands under a sign or inside a longer quotation."""
    if start and text[start - 1] in OPENING and text[end : end + 1] in (*CLOSING, "»"):
        start, end = start - 1, end + 1
    return (start, end) if _is_free(text, start, end) else None


def _merged(rows: Sequence[tuple[str, int]], decided: dict[tuple[str, str], tuple[Decision, str, str]], prefix: str) -> list[Meaning]:
    """Add the spellings of each pair up, the commonest shown, and lay the decisions over them."""
    groups: dict[tuple[str, str], list[tuple[int, str, str, str]]] = {}
    for term, count in rows:
        pair = read_acronym_term(term)
        if pair is not None and count:
            groups.setdefault((acronym_key(pair.acronym), expansion_key(pair.expansion)), []).append(
                (count, pair.acronym, pair.expansion, term)
            )
    found = []
    for key, spelled in groups.items():
        _, acronym, expansion, _ = max(spelled, key=lambda row: (row[0], row[2][:1].isupper(), row[1:3]))
        state: State = decided[key][0] if key in decided else "learnt"
        found.append(Meaning(acronym, expansion, sum(row[0] for row in spelled), tuple(row[3] for row in spelled), state))
    found += [
        Meaning(acronym, expansion, 0, (), decision)
        for key, (decision, acronym, expansion) in decided.items()
        if key not in groups and key[0].startswith(prefix)
    ]
    return sorted(found, key=lambda one: (-one.articles, fold(one.acronym), one.expansion))
