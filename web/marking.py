"""Which words of a text are marked? Spans of code points become runs of text; only a template writes the mark itself. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from web.typography import held_together

__all__ = ["MarkedWord", "Run", "count_marked", "mark", "mark_paragraphs"]

Span = tuple[int, int]
WORDS_SHOWN: Final = 24

_PARAGRAPH_BREAK = re.compile(r"\n{2,}")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text, marked or not; ``number`` counts the marked ones of a page from 1 (0: no anchor wanted)."""

    text: str
    marked: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class MarkedWord:
    """A form that was found in an article, how often, and the number of its first mark."""

    word: str
    count: int
    first: int


def mark(text: str, spans: Iterable[Span], number: int = 0) -> tuple[Run, ...]:
    """Cut ``text`` at its spans; overlapping spans merge, spans outside the text are cut to it.

    The text is set in French on the way (``held_together``: same length). With ``number`` > 0 the marked runs are numbered
    from it, for anchors.
    """
    text = held_together(text)
    runs: list[Run] = []
    end = 0
    for start, stop in _disjoint(spans, len(text)):
        if start > end:
            runs.append(Run(text[end:start]))
        runs.append(Run(text[start:stop], True, number))
        number += number > 0
        end = stop
    if end < len(text):
        runs.append(Run(text[end:]))
    return tuple(runs)


def mark_paragraphs(text: str, spans: Iterable[Span], number: int = 1) -> tuple[tuple[Run, ...], ...]:
    """Cut ``text`` into paragraphs at blank lines, each cut at its spans; marks are numbered from ``number`` on."""
    wanted = _disjoint(spans, len(text))
    paragraphs = []
    place = 0
    for start, end in _paragraph_bounds(text):
        inside = []
        while place < len(wanted) and wanted[place][0] < end:
            span = wanted[place]
            if span[1] > start:
                inside.append((max(span[0], start) - start, min(span[1], end) - start))
            place += 1
        paragraphs.append(mark(text[start:end], inside, number))
        number += len(inside)
    return tuple(paragraphs)


def count_marked(paragraphs: Iterable[Sequence[Run]]) -> tuple[MarkedWord, ...]:
    """Count the marked forms, whatever their capitals; the most frequent first, as first printed."""
    counts: Counter[str] = Counter()
    firsts: dict[str, Run] = {}
    for run in (run for paragraph in paragraphs for run in paragraph if run.marked and run.number):
        folded = run.text.casefold()
        counts[folded] += 1
        firsts.setdefault(folded, run)
    return tuple(MarkedWord(firsts[word].text, count, firsts[word].number) for word, count in counts.most_common(WORDS_SHOWN))


def _disjoint(spans: Iterable[Span], length: int) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if start >= end:
            continue
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _paragraph_bounds(text: str) -> list[Span]:
    bounds = []
    start = 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        bounds.append((start, gap.start()))
        start = gap.end()
    bounds.append((start, len(text)))
    return [(begin, end) for begin, end in bounds if text[begin:end].strip()]
