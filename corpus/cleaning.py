"""What is the text of an article once the accidents of its file are gone?

NFC, no control characters, one paragraph a line, paragraphs separated by one blank line; typographic spaces stay as they
were printed. Whether a line end is a wrap or a paragraph is decided by the lines of the text itself (see docs/formats.md):
most of them must run on into the next one. A word cut at a line end (« gouver-⏎nement ») keeps its line end: only the
analysis, which has a lexicon, can tell it from a compound. Cleaning twice is cleaning once: a pass only ever removes
single line ends, and passes go on until one changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["clean_line", "clean_text", "ends_sentence", "wrap_width"]

MAX_WRAP_CHARS: Final = 130  # no typewriter, mail program or browser wraps wider: a longer line is a paragraph
COLUMN_CHARS: Final = 25  # no newspaper sets narrower columns
NARROW_CHARS: Final = 60  # below it, only lines of even length are a column; others are verse, lists, menus
SHORT_CHARS: Final = 80  # where lines are not wraps, two shorter neighbours belong together (list, verse, address)
_PASSES: Final = 4  # two are enough for any text seen; a hostile one then gets a paragraph a line

# C0, C1, BOM inside a text, bidirectional overrides (they print one thing and store another), non-characters, lone surrogates
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_LINE_SPACES = re.compile("[ \t\n\r\x0b\x0c\x85\u2028\u2029]+")
_SPACES = re.compile(r"[ \t]{2,}|\t")
# Both begin with the literal line end, which the search then jumps to: ten times as fast as looking behind first.
_EDGES = re.compile(r"\n(?:(?<=[^\S\n]\n)|[^\S\n]|\n\n)")
_PARAGRAPH = re.compile(r"\n\s*\n")
_SINGLE = re.compile(r"\n(?<!\n\n)(?!\n)")

_SENTENCE_END = re.compile(r"[.!?…][\s»”’\"')\]]*$")
_STOPPED = re.compile(r"[.!?…:;][\s»”’\"')\]]*$")  # nothing has to follow on the next line
_CUT_WORD = re.compile(r"[^\W\d_][-‐\u00ad¬]$")
_LOWER_START = re.compile(r"[«“\"(\s’']*(?:[^\W\d_])")
_ITEM = re.compile(r"(?:[-–—•●▪◦‣*·]|\d{1,2}[.)°]|[a-zA-Z]\))\s+\S")
_LABEL = re.compile(r"\(?(?:Sources?|Crédits?|Photos?|Auteure?)\s*:\s*\S.{0,79}$|Rédaction\s+\S.{0,60}$")


def clean_text(text: str) -> str:
    """Return ``text`` NFC, without control characters, wraps joined, paragraphs separated by one blank line. Twice is once."""
    text = _plain(text)
    for _ in range(_PASSES):
        if not _SINGLE.search(text):
            return text
        joined = _join_wraps(text)
        if joined == text:
            return text
        text = joined
    return _SINGLE.sub("\n\n", text)


def clean_line(text: str) -> str:
    """Return ``text`` as one NFC line; typographic spaces are kept."""
    if text.isprintable() and "  " not in text and (text.isascii() or unicodedata.is_normalized("NFC", text)):
        return text.strip(" ")  # the common case: nothing to remove
    return _LINE_SPACES.sub(" ", _normal(text)).strip()


def wrap_width(lines: Sequence[str]) -> int | None:
    """Return the width at which these lines were wrapped, None when their ends are not wraps.

    Units: characters. Lines are wraps when more of them run on (no stop at the end, lower case at the start of the next)
    than not, those that end a sentence aside, and enough are about equally long: a third (a fifth when nearly all run on:
    ragged pages), or three in five in a narrow column. A text most of whose characters stand in longer lines is not wrapped.
    """
    if 2 * sum(len(line) for line in lines if len(line) > MAX_WRAP_CHARS) > sum(map(len, lines)):
        return None
    pairs = [(a, b) for a, b in pairwise(lines) if a and b and len(a) <= MAX_WRAP_CHARS and not _CUT_WORD.search(a)]
    pairs = [(a, b) for a, b in pairs if len(b) <= MAX_WRAP_CHARS or _runs_on(a, b)]
    if not pairs:
        return None
    lengths = sorted(len(a) for a, _ in pairs)
    width = lengths[min(len(lengths) - 1, len(lengths) * 4 // 5)]
    full = sum(length >= 0.85 * width for length in lengths) / len(lengths)
    running = sum(_runs_on(a, b) for a, b in pairs)
    either = sum(ends_sentence(a) and not _starts_lower(b) for a, b in pairs)  # a wrap or a paragraph: no evidence
    run_on = running > 0.5 * (len(pairs) - either) and running >= 0.2 * len(pairs)
    even = 0.6 if width < NARROW_CHARS else 0.2 if running >= 0.8 * (len(pairs) - either) else 0.33
    return width if run_on and full >= even and width >= COLUMN_CHARS else None


def ends_sentence(line: str) -> bool:
    """Tell whether a line ends with a full stop, ! ? or …, closing quotes and brackets aside."""
    return bool(_SENTENCE_END.search(line))


def _normal(text: str) -> str:
    text = _CONTROL.sub("", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _tidy(text: str) -> bool:
    """Tell whether a text is NFC and holds nothing unprintable but line feeds and no-break spaces: a quarter of the time of the rules."""
    if not text.replace("\n", "").replace("\u00a0", "").replace("\u202f", "").isprintable():
        return False
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def _plain(text: str) -> str:
    """Return the text NFC with tidy spaces and line ends; single line ends still stand."""
    if not _tidy(text):
        text = _LINE_ENDS.sub("\n", _normal(text)).replace("\u2029", "\n\n")
    if "  " in text or "\t" in text:
        text = _SPACES.sub(" ", text)
    if "\n" in text and _EDGES.search(text):
        text = "\n\n".join("\n".join(line.strip() for line in part.split("\n")) for part in _PARAGRAPH.split(text.strip()))
    return text.strip()


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the lines of a text were made: wrap width (None = not wrapped), and whether wraps also fall early."""

    width: int | None
    ragged: bool

    def has_room(self, a: str, b: str) -> bool:
        """Tell whether the first word of ``b`` would still have fitted on line ``a``: its end was wanted."""
        return self.width is not None and len(a) + 1 + len(b.split(" ", 1)[0]) <= self.width


def _join_wraps(text: str) -> str:
    paragraphs = [part.split("\n") for part in text.split("\n\n")]
    lines = [line for part in paragraphs if _open_ends(part) for line in (*part, "")]
    manner = _manner(lines)
    return "\n\n".join(part[0] if len(part) == 1 else _join(part, manner) for part in paragraphs)


def _open_ends(part: Sequence[str]) -> bool:
    return any(not _CUT_WORD.search(line) for line in part[:-1])


def _manner(lines: Sequence[str]) -> _Manner:
    width = wrap_width(lines)
    manner = _Manner(width, ragged=False)
    pairs = [(a, b) for a, b in pairwise(lines) if a and b]
    early = sum(_runs_on(a, b) and manner.has_room(a, b) for a, b in pairs)
    return _Manner(width, ragged=early >= 2 and early * 10 >= len(pairs))


def _join(lines: Sequence[str], manner: _Manner) -> str:
    if manner.width is not None and _is_verse(lines, manner.width):
        manner = _Manner(None, ragged=False)
    has_items = sum(bool(_ITEM.match(line)) for line in lines) >= 2
    out = [lines[0]]
    for a, b in pairwise(lines):
        out += (_between(a, b, manner, has_items), b)
    return "".join(out)


def _is_verse(lines: Sequence[str], width: int) -> bool:
    return len(lines) >= 3 and all(len(line) < 0.7 * width for line in lines)


def _between(a: str, b: str, manner: _Manner, has_items: bool) -> str:
    """Return what belongs between two lines: a space (wrap), a line end (list, verse, cut word) or a blank line (paragraph)."""
    if _CUT_WORD.search(a) and b[0].isalpha():
        return "\n"
    if _ITEM.match(b) and (has_items or _STOPPED.search(a)):
        return "\n"
    if _LABEL.match(a) or _LABEL.match(b):
        return "\n" if _LABEL.match(a) and _LABEL.match(b) else "\n\n"
    if manner.width is None or max(len(a), len(b)) > MAX_WRAP_CHARS:
        return _between_whole_lines(a, b)
    if a.endswith(":") and manner.has_room(a, b):
        return "\n"
    if _starts_lower(b) or not (manner.has_room(a, b) or _cut_early(a, b, manner)):
        return " "
    return "\n\n" if ends_sentence(a) or not manner.ragged else " "


def _between_whole_lines(a: str, b: str) -> str:
    if len(a) > SHORT_CHARS and _runs_on(a, b) and not a.endswith(","):
        return " "
    return "\n" if max(len(a), len(b)) <= SHORT_CHARS else "\n\n"


def _cut_early(a: str, b: str, manner: _Manner) -> bool:
    """Tell whether a full line ends a sentence and a very short one begins the next: ragged pages open paragraphs so."""
    return manner.ragged and ends_sentence(a) and len(b) < (manner.width or 0) // 3


def _runs_on(a: str, b: str) -> bool:
    return not _STOPPED.search(a) and _starts_lower(b)


def _starts_lower(line: str) -> bool:
    found = _LOWER_START.match(line)
    return found is not None and line[found.end() - 1].islower() and not _ITEM.match(line)
