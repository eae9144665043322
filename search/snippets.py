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
_SENTENCE: Final = re.compile(r"(?<=[.!?…»])\s+(?=[«“\"A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ0-9—–-])|\n\s*\n")
_WORD_EDGE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class MarkedArticle:
    """What to mark in each text of an article, in code points of the text as stored."""

    headline: tuple[Span, ...] = ()
    standfirst: tuple[Span, ...] = ()
    body: tuple[Span, ...] = ()


def mark_stored(query: Query, stored: Mapping[str, Any]) -> MarkedArticle:
    """Return the spans of a whole article that answer the question."""
    return MarkedArticle(*(marks(query, stored.get(field, ""), field).spans for field in ("headline", "standfirst", "body")))


def snippet_of(query: Query, stored: Mapping[str, Any]) -> Snippet:
    """Return the best passage of the body or the standfirst; its beginning where nothing is to be marked."""
    best: tuple[float, str, Span, MarkedText] | None = None
    for field, preference in (("body", 1.0), ("standfirst", 0.999)):
        text = stored.get(field, "")
        marked = marks(query, text, field)
        if text and marked.marks:
            worth, window = _best_window(text, marked.marks)
            if best is None or worth * preference > best[0]:
                best = (worth * preference, text, window, marked)
    if best is None:
        text = stored.get("standfirst", "") or stored.get("body", "")
        return _cut(text, (0, min(len(text), SNIPPET_CHARS)), ())
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
    return best, _grown(text, start, min(end, start + 4 * SNIPPET_CHARS))


def _grown(text: str, start: int, end: int) -> Span:
    """Return the window grown to whole sentences where they fit into SNIPPET_CHARS, else to whole words around it."""
    room = SNIPPET_CHARS - (end - start)
    low, high = max(0, start - max(room, 0)), min(len(text), end + max(room, 0))
    edges = [0, *(match.end() for match in _SENTENCE.finditer(text, max(0, low - 2), min(len(text), high + 2)))]
    starts = [edge for edge in edges if low <= edge <= start]
    before = starts[0] if starts and (0 in starts or edges) and low <= starts[0] else None
    if before is not None and end - before <= SNIPPET_CHARS:
        start = _last_fitting(starts, end)
    else:
        start = _word_start(text, max(0, start - max(room, 0) // 3))
    stop = min(len(text), max(end, start + SNIPPET_CHARS))
    ends = [match.start() for match in _SENTENCE.finditer(text, end, stop)]
    if stop == len(text):
        return start, stop
    paragraph = text.find("\n\n", end, stop)
    if ends and ends[-1] - start >= SNIPPET_CHARS // 2:
        return start, ends[-1]
    return start, paragraph if paragraph != -1 and paragraph - start >= SNIPPET_CHARS // 2 else _word_end(text, end, stop)


def _last_fitting(starts: Sequence[int], end: int) -> int:
    return next(start for start in starts if end - start <= SNIPPET_CHARS)


def _word_start(text: str, at: int) -> int:
    if at == 0:
        return 0
    edge = _WORD_EDGE.search(text, at - 1)
    return edge.end() if edge and edge.end() - at < 40 else at


def _word_end(text: str, least: int, at: int) -> int:
    cut = max(text.rfind(" ", least, at + 1), text.rfind("\n", least, at + 1))
    return cut if cut > least else max(least, at)


def _cut(text: str, window: Span, spans: Sequence[Span]) -> Snippet:
    """Return the window as one line, its spans moved with it, « … » where the text goes on."""
    start, end = window
    piece = text[start:end].rstrip()
    end = start + len(piece)
    if end < len(text) and not spans and end == SNIPPET_CHARS:
        end = _word_end(text, start, end)
        piece = text[start:end]
    head = "… " if start and not _SENTENCE.search(text, max(0, start - 2), start + 1) else ""
    tail = "" if end >= len(text) or piece[-1:] in ".!?…»" else " …"
    line = piece.replace("\n", " ")
    moved = tuple(
        (max(low, start) - start + len(head), min(high, end) - start + len(head)) for low, high in spans if low < end and high > start
    )
    return Snippet(head + line + tail, moved)
