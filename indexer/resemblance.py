"""Are two articles versions of one text? Runs of three words that both have, where they lie, and what became of figures and names.

A dispatch that was cut, completed, retitled or edited still has its sentences: a good part of the runs of three words of the shorter
version stands in the longer one, and they lie all over it. Articles written after one pattern (weather, lottery, death notices, security
bulletins) share such runs too, in three ways that give them away: their figures and names differ while the words around stay; what is
shared is a block, the formula of the house, and the rest is quite another text; and they come again for months, whereas an edited dispatch is
printed within weeks and later only the same text itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "FEWEST_WORDS",
    "LATER_DAYS",
    "SHARED_LATER",
    "Runs",
    "Words",
    "is_version",
    "kept_percent",
    "read_pairs",
    "read_runs",
    "read_words",
    "told_by_runs",
]

FEWEST_WORDS: Final = 25  # a shorter text says too little of where it came from
READ_CHARS: Final = 120_000  # of a longer text only the beginning is compared

# Chosen on the sample (16 dispatches, 46 versions), on rewrites and on 20,000 texts full of formulas; `python -m bench.reprints` measures.
SHARED_CUT: Final = 0.3  # of the shorter text's runs, whatever the length of the longer
SHARED_EVEN: Final = 0.17  # of both texts' runs: of equal length, but edited everywhere
SHARED_LONGER: Final = 0.05  # of the longer text's runs: a line in a digest is not the digest
SHARED_MUCH: Final = 0.5
SHARED_LATER: Final = 0.75  # of the shorter text's runs, when it is printed more than LATER_DAYS after the other
LATER_DAYS: Final = 45
RUNS_AT_LEAST: Final = 12
GAP_WORDS: Final = 20  # so many words in a row without a shared run are a passage of its own
FEW_OWN: Final = 0.2  # of the shorter text's words stand in such passages
MANY_OWN: Final = 0.35
FACTS_KEPT: Final = 0.45  # of figures and names together, where less than SHARED_MUCH is shared
FACTS_TELLING: Final = 0.7  # so many make up for passages of its own
FACTS_AT_LEAST: Final = 4
LOST_OF: Final = 3  # figures, or names; fewer say nothing
LOST_SHARE: Final = 0.4  # a routine text has lost at least so much of its figures, or of its names
CHANCE: Final = 0.01  # that so many are lost when words are lost at random
COMMON_RATE: Final = 0.95

_WORD: Final = re.compile(r"\w+")
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_SIGNED: Final = re.compile(r"\n[^\n]{0,80}\s*\Z")
_NAME: Final = re.compile(r"(?<=[^\W_][ ’'\u00a0\u202f-])[A-ZÀ-ÖØ-Þ]\w+|(?<=[,;:(«“] )[A-ZÀ-ÖØ-Þ]\w+")
_LAST_CODE: Final = 0x3000
_BASE: Final = 0x9E3779B97F4A7C15  # odd, so that it has an inverse
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Numbers = TypeVar("Numbers", U32, U64)


@dataclass(frozen=True, slots=True)
class Runs:
    """What settles most comparisons without the text. Shapes: runs u32[] of three words, ascending and distinct."""

    words: int
    runs: U32


@dataclass(frozen=True)
class Words:
    """A text as it is compared. Shapes: words i64[n] in order."""

    text: str
    words: I64
    short: Runs

    @property
    def runs(self) -> U32:
        """The runs of three words, ascending and distinct."""
        return self.short.runs

    @cached_property
    def figures(self) -> frozenset[str]:
        """The numbers in the text, years apart: those stay the same in what comes back each week."""
        return frozenset(word for word in self.counts if word[0].isdigit() and not _YEAR.fullmatch(word))

    @cached_property
    def names(self) -> frozenset[str]:
        """The words with a capital inside a sentence; those of a signature change with each newspaper."""
        return frozenset(word.casefold() for word in _NAME.findall(_SIGNED.sub("", self.text)))

    @cached_property
    def others(self) -> frozenset[str]:
        """The longer words that are neither and stand once in the text, as most names and figures do."""
        return frozenset(
            word for word, count in self.counts.items() if count == 1 and len(word) > 3 and word not in self.names and word.isalpha()
        )

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How often each word stands in the text."""
        return Counter(_WORD.findall(self.text.casefold()))


def read_words(text: str) -> Words:
    """Take a text apart; case, punctuation and the layout do not count."""
    text = text[:READ_CHARS]
    words = _word_numbers(text.casefold())[0]
    return Words(text, words, Runs(words.size, _distinct(_runs(words, 3))))


def read_runs(texts: Iterable[str]) -> list[Runs]:
    """Return the runs of several texts, as ``read_words`` has them: read together, a text costs half."""
    return [runs for part in _portions(texts) for runs in _runs_of(part)]


def read_pairs(texts: Iterable[str]) -> list[U32]:
    """Return one number for each two words that stand side by side in a text, in order, of several texts read together."""
    return [pairs for part in _portions(texts) for pairs in _pairs_of(part)]


def _portions(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the texts casefolded, as many at once as one text may be long."""
    waiting: list[str] = []
    chars = 0
    for text in texts:
        folded = text[:READ_CHARS].casefold()
        if waiting and chars + len(folded) > READ_CHARS:
            yield waiting
            waiting, chars = [], 0
        waiting.append(folded)
        chars += len(folded) + 1
    if waiting:
        yield waiting


def _words_of(texts: Sequence[str]) -> tuple[I64, I64]:
    """Return the words of several casefolded texts side by side, and to which text each belongs."""
    words, starts = _word_numbers("\n".join(texts))
    begins = np.cumsum([0, *(len(text) + 1 for text in texts)])
    return words, np.searchsorted(begins, starts, side="right") - 1


def _runs_of(texts: Sequence[str]) -> list[Runs]:
    words, owners = _words_of(texts)
    inside = owners[2:] == owners[:-2]
    keys = _distinct(owners[2:][inside].astype(np.uint64) << np.uint64(32) | _runs(words, 3)[inside])
    ends = np.searchsorted(keys, np.arange(len(texts) + 1, dtype=np.uint64) << np.uint64(32)).tolist()
    counts = np.bincount(owners, minlength=len(texts)).tolist()
    runs = keys.astype(np.uint32)  # the low half
    return [Runs(count, runs[start:end].copy()) for count, start, end in zip(counts, ends, ends[1:], strict=False)]


def _pairs_of(texts: Sequence[str]) -> list[U32]:
    words, owners = _words_of(texts)
    pairs = _runs(words, 2)
    bounds = np.searchsorted(owners, np.arange(len(texts) + 1))
    return [pairs[start : max(start, end - 1)].copy() for start, end in zip(bounds.tolist(), bounds[1:].tolist(), strict=False)]


def is_version(one: Runs, other: Runs, texts: Callable[[], tuple[Words, Words]], days_apart: int = 0) -> bool:
    """Tell whether two texts are versions of one: cut, completed, rearranged or edited, but not another of the same routine.

    ``texts`` takes them apart, which few pairs need.
    """
    told = told_by_runs(one, other, days_apart)
    return _told_by_texts(*texts()) if told is None else told


def told_by_runs(one: Runs, other: Runs, days_apart: int = 0) -> bool | None:
    """Tell whether two texts are versions of one as far as their runs say it; None where the texts must be looked at."""
    shorter, longer = (one, other) if one.runs.size <= other.runs.size else (other, one)
    if shorter.words < FEWEST_WORDS or not shorter.runs.size:
        return False
    shared = int(np.count_nonzero(_among(shorter.runs, longer.runs)))
    of_shorter, of_longer = shared / shorter.runs.size, shared / longer.runs.size
    if shared < RUNS_AT_LEAST or of_longer < SHARED_LONGER:
        return False
    if of_shorter < (SHARED_LATER if days_apart > LATER_DAYS else SHARED_EVEN if of_longer >= SHARED_EVEN else SHARED_CUT):
        return False
    return True if shared == shorter.runs.size else None  # a cut or a copy has no word that the other lacks


def _told_by_texts(one: Words, other: Words) -> bool:
    """Tell whether two texts that share much, but not all, are versions of one: what ``told_by_runs`` leaves open."""
    shorter, longer = (one, other) if one.runs.size <= other.runs.size else (other, one)
    return _lies_all_over(shorter, longer) and not _is_routine(shorter, longer)


def kept_percent(first: U32, version: U32) -> int:
    """Return how much of the text of ``first`` stands in ``version``: the words in pairs that it has too. Units: 0 to 100.

    Shapes: the pairs of each as ``read_pairs`` has them.
    """
    if not first.size:
        return 0
    found = _among(first, _distinct(version))
    kept = np.zeros(first.size + 1, np.bool_)
    kept[:-1] |= found
    kept[1:] |= found
    return round(100 * int(np.count_nonzero(kept)) / kept.size)


def _runs(words: I64, length: int) -> U32:
    """Return one number a run of ``length`` words: of two texts of a thousand words, one in four thousand has one by chance."""
    count = max(0, words.size - length + 1)
    mixed = np.zeros(count, np.uint64)
    for place in range(length):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + words[place : place + count].view(np.uint64)
        mixed ^= mixed >> np.uint64(29)
    mixed >>= np.uint64(32)
    return mixed.astype(np.uint32)


def _word_numbers(text: str) -> tuple[I64, I64]:
    """Return one number a word, in order, and where each word starts: what `hash` of each `_WORD` would be, for the whole text at once and in a fifth of the time.

    The code points of a word are the digits of a number to the base _BASE, modulo 2^64: differences of one running sum, taken back to
    where a word stands by the powers of the inverse.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    inside = np.zeros(codes.size + 2, np.bool_)
    inside[1:-1] = _in_words()[np.minimum(codes, _LAST_CODE)]
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    powers, inverses = _powers()
    sums = np.zeros(codes.size + 1, np.uint64)
    np.cumsum(codes * powers[: codes.size], out=sums[1:])
    numbers = (sums[ends] - sums[starts]) * inverses[starts]
    numbers ^= numbers >> np.uint64(32)  # the low bits of short words are those of their first letters
    return numbers.view(np.int64), starts


@cache
def _in_words() -> npt.NDArray[np.bool_]:
    """Return which code points words are made of, as `_WORD` has it; beyond the last one looked at, all."""
    return np.array([_WORD.match(chr(code)) is not None for code in range(_LAST_CODE)] + [True])


@cache
def _powers() -> tuple[U64, U64]:
    """Return the powers of _BASE and of its inverse modulo 2^64, for texts of READ_CHARS (casefolding may make them thrice as long) and a few more."""
    return tuple(np.cumprod(np.full(4 * READ_CHARS + 1, base, np.uint64)) for base in (_BASE, pow(_BASE, -1, 1 << 64)))  # type: ignore[return-value]


def _distinct(values: Numbers) -> Numbers:
    """Return the different values, ascending; of so few, numpy's own `unique` takes three times as long."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if values.size else values


def _among(values: U32, others: U32) -> npt.NDArray[np.bool_]:
    """Return which values are among others, which are distinct and ascend."""
    if not others.size:
        return np.zeros(values.size, np.bool_)
    found: npt.NDArray[np.bool_] = others[np.minimum(np.searchsorted(others, values), others.size - 1)] == values
    return found


def _lies_all_over(shorter: Words, longer: Words) -> bool:
    """Tell whether what is shared is the text and not a formula in it."""
    shared = float(_among(shorter.runs, longer.runs).mean())
    mine = shorter.figures | shorter.names
    facts = len(mine & longer.counts.keys()) / len(mine) if len(mine) >= FACTS_AT_LEAST else None
    if shared < SHARED_MUCH and facts is not None and facts < FACTS_KEPT:
        return False
    own = _own_share(shorter, longer)
    return own <= FEW_OWN or (own <= MANY_OWN and (shared >= SHARED_MUCH or (facts is not None and facts >= FACTS_TELLING)))


def _own_share(text: Words, other: Words) -> float:
    """Return the share of the words of a text that stand in long passages without a run that the other has."""
    found = _among(_runs(text.words, 3), other.runs)
    kept = np.zeros(text.words.size + 2, np.bool_)
    kept[0] = kept[-1] = True
    for place in range(1, 4):
        kept[place : place + found.size] |= found
    ends = np.flatnonzero(kept)
    gaps = np.diff(ends) - 1
    return float(gaps[gaps >= GAP_WORDS].sum()) / text.words.size


def _is_routine(shorter: Words, longer: Words) -> bool:
    kept = len(shorter.others & longer.counts.keys()) / len(shorter.others) if shorter.others else 1.0
    return any(_lost(mine, longer, min(kept, COMMON_RATE)) for mine in (shorter.figures, shorter.names))


def _lost(mine: frozenset[str], other: Words, rate: float) -> bool:
    """Tell whether fewer of ``mine`` stand in the other text than chance leaves when each word is kept at ``rate``."""
    total, there = len(mine), len(mine & other.counts.keys())
    if total < LOST_OF or there > (1 - LOST_SHARE) * total:
        return False
    return sum(comb(total, count) * rate**count * (1 - rate) ** (total - count) for count in range(there + 1)) < CHANCE
