"""Which passage of the article shows best why it was found? One window of the text as printed, with the spans to mark.

The window that holds most of the question wins: each word asked counts once by its weight, a second time for much less, so
that a passage with two of the words beats one with the same word three times. It grows to whole sentences where they fit;
where it is cut, « … » says so. Spans are code points of the snippet's own text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from whoosh.query import Query

from search.marking import Mark, MarkedText, marks
from search.request import Snippet, Span

__all__ = ["SNIPPET_CHARS", "MarkedArticle", "mark_stored", "snippet_of"]

SNIPPET_CHARS: Final = 240
_AGAIN: Final = 0.1  # worth of a second occurrence of a word in one window
# Begins with the blank, so that the search leaps from blank to blank; the same breaks as (?<=[.!?…»])\s+(?=[«A-Z…])|\n\s*\n at half the cost.
_SENTENCE: Final = re.compile(r"\s(?:(?<=[.!?…»]\s)\s*(?=[«“\"A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ0-9—–-])|(?<=\n)\s*\n)")
_BLANKS: Final = " \n"  # never a no-break space: « 1 234 » and « Oui ! » stay whole
_LEAD_CHARS: Final = 180  # a sentence that begins further before its last mark is cut at its beginning
_LONG_WORD_CHARS: Final = 120  # addresses; a longer run without a blank is cut anywhere


@dataclass(frozen=True, slots=True)
class MarkedArticle:
    """What to mark in each text of an article, in code points of the text as stored."""

    headline: tuple[Span, ...] = ()
    standfirst: tuple[Span, ...] = ()
    body: tuple[Span, ...] = ()


def mark_stored(query: Query, stored: Mapping[str, Any]) -> MarkedArticle:
    """Return the spans of a whole article that answer the question."""
    language = stored.get("language", "")
    return MarkedArticle(*(marks(query, stored.get(field, ""), field, language).spans for field in ("headline", "standfirst", "body")))


def snippet_of(query: Query, stored: Mapping[str, Any]) -> Snippet:
    """Return the best passage of the body or the standfirst; its beginning where nothing is to be marked."""
    best: tuple[float, str, Span, MarkedText] | None = None
    for field, preference in (("body", 1.0), ("standfirst", 0.999)):
        text = stored.get(field, "")
        marked = marks(query, text, field, stored.get("language", ""))
        if text and marked.marks:
            worth, window = _best_window(text, marked.marks)
            if best is None or worth * preference > best[0]:
                best = (worth * preference, text, window, marked)
    if best is None:
        text = stored.get("standfirst", "") or stored.get("body", "")
        return _cut(text, (0, _word_end(text, 0, SNIPPET_CHARS)), ())
    return _cut(best[1], best[2], best[3].spans)


def _best_window(text: str, found: Sequence[Mark]) -> tuple[float, Span]:
    """Return the worth and place of the window with most of the question; the first of equals."""
    best, best_at, first = -1.0, 0, 0
    inside: dict[int, int] = {}
    worth = 0.0
    for last, mark in enumerate(found):
        worth += 1.0 if not inside.get(mark.node) else _AGAIN
        inside[mark.node] = inside.get(mark.node, 0) + 1
        while found[first].start < mark.end - SNIPPET_CHARS and first < last:
            out = found[first].node
            inside[out] -= 1
            worth -= 1.0 if not inside[out] else _AGAIN
            first += 1
        if worth > best + 1e-9:
            best, best_at = worth, first
    start = found[best_at].start
    end = max(mark.end for mark in found[best_at:] if mark.end <= max(start + SNIPPET_CHARS, found[best_at].end))
    return best, _grown(text, start, end)


def _grown(text: str, start: int, end: int) -> Span:
    """Return the window grown to whole sentences where they fit into SNIPPET_CHARS, else to whole words around it."""
    breaks = list(_SENTENCE.finditer(text, max(0, end - SNIPPET_CHARS - 2), min(len(text), start + SNIPPET_CHARS + 2)))
    starts = [0, *(found.end() for found in breaks if found.end() <= start)]
    ends = [*(found.start() for found in breaks if found.start() >= end), len(text)]
    low, high = starts[-1], ends[0]
    if high - low <= SNIPPET_CHARS:
        high = max(at for at in ends if at - low <= SNIPPET_CHARS)  # what follows says more than what went before
        return min(at for at in starts if high - at <= SNIPPET_CHARS), high
    if end - low > _LEAD_CHARS:
        low = _word_start(text, max(0, start - max(0, SNIPPET_CHARS - (end - start)) // 3), start)
    limit = max(end, low + SNIPPET_CHARS)
    whole = [at for at in ends if low + SNIPPET_CHARS // 2 <= at <= limit]
    return low, whole[-1] if whole else _word_end(text, end, limit)


def _word_start(text: str, at: int, least: int) -> int:
    """Return where a word begins, at ``at`` or after it but not after ``least``; before it where one long word fills that."""
    for place in range(at, least + 1):
        if place == 0 or text[place - 1] in _BLANKS:
            return place
    before = max(text.rfind(blank, max(0, at - _LONG_WORD_CHARS), at) for blank in _BLANKS) + 1
    return before if before or at <= _LONG_WORD_CHARS else at


def _word_end(text: str, least: int, at: int) -> int:
    """Return where a word ends, at ``at`` or before it but not before ``least``; after it where one long word fills that."""
    if at >= len(text):
        return len(text)
    cut = max(text.rfind(blank, least, at + 1) for blank in _BLANKS)
    if cut != -1:
        return cut
    after = [place for blank in _BLANKS if (place := text.find(blank, at, at + _LONG_WORD_CHARS)) != -1]
    return min(after) if after else len(text) if len(text) - at <= _LONG_WORD_CHARS else at


def _cut(text: str, window: Span, spans: Sequence[Span]) -> Snippet:
    """Return the window as one line, its spans moved with it, « … » where the text goes on."""
    start, end = window
    piece = text[start:end].rstrip()
    end = start + len(piece)
    head = "… " if start and not _SENTENCE.search(text, max(0, start - 2), start + 1) else ""
    tail = "" if end >= len(text) or piece[-1:] in ".!?…»" else " …"
    moved = tuple((low - start + len(head), high - start + len(head)) for low, high in spans if start <= low and high <= end)
    return Snippet(head + piece.replace("\n", " ") + tail, moved)
