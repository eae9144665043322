"""Which words do the runs of a text hold, and under which terms do these stand? Learnt once a run, once a word; numbers from then on.

A *run* is what stands between two spaces, with the line end or the no-break space behind it: cheaper to cut than the pieces of the
analysis (22 us an article against 90), and as good, because a piece ends where a run ends; but for 300 000 and words cut at a line
end, which are found afterwards, on the numbers, and put together. What is learnt stays from flush to flush.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from indexer.codec.packing import concatenated_ranges
from indexer.french import accent_term, fold, piece_words, pieces, term
from indexer.lexicon import load_lexicon
from indexer.schema import PARAGRAPH_TERM

__all__ = ["NO_TERM", "Numbered", "Runs", "Tokens", "Words", "cut_runs"]

NO_TERM: Final = -1
MANY_FORMS: Final = 20_000  # distinct surface forms from which the lexicon is taken apart at once
RUNS_AT_ONCE: Final = 1 << 17  # unfolded at a time: their arrays stay in the processor's caches
_DIGITS: Final = re.compile(r"\d{3}(?!\d)")
_DIGIT_END: Final = re.compile(r"\d[\u00a0\u202f\u2009]?\Z")  # 300, and 000 comes
_HYPHEN_END: Final = re.compile(r"[^\W\d_]-\Z")  # gouver-, and nement comes
_LINE_END: Final = re.compile(r"[-\u00ad\u2010\u2011¬]\r?\n\Z")
_UNEVEN: Final = re.compile(r"\n(?:(?<=[^\S\n]\n)|[^\S\n])")  # a blank beside a line end
_LETTER: Final = re.compile(r"[^\W\d_]")
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class Numbered(dict[str, int]):
    """A dictionary that numbers what it is first asked for."""

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number


def cut_runs(text: str) -> list[str]:
    """Cut a text into runs; their words, one run after the other, are those of the text."""
    if not text:
        return []
    if "\n" in text:
        if _UNEVEN.search(text):  # not the text of an article as it is cleaned
            return pieces(text)
        text = text.replace("\n", "\n ").replace("\n \n ", "\n\n ")
    if not text.isascii():
        text = text.replace("\u00a0", "\u00a0 ").replace("\u202f", "\u202f ").replace("\u2009", "\u2009 ")
    return text.split(" ")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in the order of articles and positions. Shapes: three arrays of one length; ``lengths`` tokens per article."""

    surfaces: I32
    docs: I32
    positions: I32
    lengths: I64


class Words:
    """The surface forms met, by number, and the number of the terms of each: exact form, accented form, class."""

    def __init__(self) -> None:
        self.surfaces = Numbered()
        self.folded: list[str] = []  # of each surface
        self.terms = Numbered({PARAGRAPH_TERM: 0})  # exact, accented, and the paragraph sign: what an exact field has
        self.classes = Numbered()
        self._exact = array("i")
        self._accents = array("i")
        self._class_of = array("i", [NO_TERM])  # of each term

    def learn(self) -> None:
        """Find the terms of the surfaces met since the last time."""
        if len(self.surfaces) > MANY_FORMS:
            load_lexicon().read_all()
        for surface in islice(self.surfaces, len(self._exact), None):
            form = fold(surface)
            accented = accent_term(surface)
            self.folded.append(form)
            if form not in self.terms:
                self._class_of.append(self.classes[term(form)])
            self._exact.append(self.terms[form])
            if accented is not None and accented not in self.terms:
                self._class_of.append(NO_TERM)
            self._accents.append(NO_TERM if accented is None else self.terms[accented])

    def exact(self) -> I32:
        """Return the exact term of each surface."""
        return np.array(self._exact, np.int32)

    def accents(self) -> I32:
        """Return the accented term of each surface, NO_TERM for most."""
        return np.array(self._accents, np.int32)

    def class_of(self) -> I32:
        """Return the class of each term, NO_TERM for accented ones and the paragraph sign."""
        return np.array(self._class_of, np.int32)


class Runs:
    """What each numbered run holds: its surfaces (numbered too), their ranks, how far it moves the position."""

    def __init__(self) -> None:
        self.numbers = Numbered()
        self.words = Words()
        self._surfaces = array("i")  # of all runs, one after the other
        self._ranks = array("i")
        self._ends = array("i", [0])
        self._advances = array("i")
        self._joins = array("i")  # bits 0-2: how a run may go on in the next one; bits 4-6: how one may go on in it

    def learn(self) -> None:
        """Analyse the runs met since the last time."""
        surface = self.words.surfaces.__getitem__
        for run in islice(self.numbers, len(self._advances), None):
            shift = 0
            for piece in (run,) if run.isprintable() and " " not in run else pieces(run):
                surfaces, ranks, advance = piece_words(piece)
                self._surfaces.extend(map(surface, surfaces))
                self._ranks.extend(ranks if not shift else [rank + shift for rank in ranks])
                shift += advance
            self._ends.append(len(self._surfaces))
            self._advances.append(shift)
            self._joins.append(_joins(run))

    def settled(self, runs: I32, per_doc: I64) -> tuple[I32, I64]:
        """Return the runs of articles, and how many each has, with those put together that are one piece of text."""
        self.learn()
        joins = np.array(self._joins, np.int32)[runs]
        ends = joins[:-1] & joins[1:] >> 4
        last = np.cumsum(per_doc)[:-1] - 1  # of an article, which never goes on
        ends[last[(last >= 0) & (last < ends.size)]] = 0
        found = np.flatnonzero(ends)
        if not found.size:
            return runs, per_doc
        names = list(self.numbers)
        runs = runs.copy()
        for first, count in _chains(found):
            parts = [names[number] for number in runs[first : first + count].tolist()]
            whole = parts[0]
            for part in parts[1:]:
                whole += part if whole[-1].isspace() else " " + part
            runs[first] = self.numbers[whole]
        self.learn()
        gone = found + 1
        owners = np.searchsorted(np.cumsum(per_doc), gone, side="right")
        return np.delete(runs, gone), per_doc - np.bincount(owners, minlength=per_doc.size)

    def tokens(self, runs: I32, per_doc: I64) -> Tokens:
        """Return the tokens of articles from their runs. Shapes: runs i32, all articles one after the other; per_doc i64[articles]."""
        runs, per_doc = self.settled(runs, per_doc)
        begins = np.array(self._ends, np.int32)
        sizes, advances = np.diff(begins), np.array(self._advances, np.int32)
        surfaces, ranks = np.array(self._surfaces, np.int32), np.array(self._ranks, np.int32)
        parts = []
        ends = np.cumsum(per_doc)
        for first, last in _batches(ends):
            start, stop = int(ends[first - 1]) if first else 0, int(ends[last - 1])
            part, counts = runs[start:stop], per_doc[first:last]
            words, moved = sizes[part], advances[part]
            before = np.cumsum(moved, dtype=np.int32) - moved  # where each run begins, counted from the first article
            heads = (ends[first:last] - counts - start)[counts > 0]
            before -= np.repeat(before[heads], counts[counts > 0])
            docs = np.repeat(np.arange(first, last, dtype=np.int32), counts)
            places = concatenated_ranges(begins[part], words)
            parts.append((surfaces[places], np.repeat(docs, words), np.repeat(before, words) + ranks[places]))
        joined = [np.concatenate([np.empty(0, np.int32), *(part[place] for part in parts)]) for place in range(3)]
        return Tokens(joined[0], joined[1], joined[2], np.bincount(joined[1], minlength=per_doc.size))


def _batches(ends: I64) -> Iterator[tuple[int, int]]:
    """Return spans of articles of about RUNS_AT_ONCE runs each."""
    first = 0
    while first < ends.size:
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + RUNS_AT_ONCE, side="right")))
        yield first, last
        first = last


def _chains(found: I64) -> Iterator[tuple[int, int]]:
    """Return (first run, runs) of each chain of neighbours that go on in one another."""
    for group in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1):
        yield int(group[0]), group.size + 1


def _joins(run: str) -> int:
    """Say how a run may be one piece with its neighbours: 1 figures, 2 a hyphen and a small letter, 4 a word cut at a line end."""
    if not run:
        return 0
    first = run[0]
    before = 6 if "a" <= first <= "z" else 4 if "A" <= first <= "Z" else 0
    if not before and first.isalnum():
        before = 6 if _LETTER.match(run) else 1 if _DIGITS.match(run) else 0
    if run[-1].isalpha() or run[-1] in ",.":
        return before << 4
    after = 1 if _DIGIT_END.search(run) else 2 if _HYPHEN_END.search(run) else 4 if _LINE_END.search(run) else 0
    return before << 4 | after
