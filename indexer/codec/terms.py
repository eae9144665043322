"""Which terms does a field have, and which of them fit a prefix, a pattern or a misspelling?

The sorted terms of a field lie in one blob, each followed by a line feed, beside an array of offsets. A term is found by
bisection; a pattern is one compiled expression over the part of the blob that its literal start leaves; a misspelling is
measured against all terms of the same first letter at once.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.framing import Container, ContainerWriter

__all__ = ["TermDictionary", "TermsWriter", "after_prefix", "edit_distances", "glob_expression"]

_CHARACTER: Final = rb"(?:[^\n\x80-\xff]|[\xc2-\xf4][\x80-\xbf]+)"
_SELECTIVE_BYTES: Final = 3  # a literal this long is searched for first: 20 times faster than the whole expression (“*tion”)
_FIND_CACHE: Final = 50_000


class TermsWriter:
    """Collect the sorted terms of one field and write them as two sections."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[bytes] = []
        self._lengths: list[npt.NDArray[np.int64]] = []
        self._last: bytes | None = None

    def add(self, terms: Sequence[bytes]) -> None:
        """Add terms that follow those added before. Raises: ValueError when they are out of order or repeated."""
        if not terms:
            return
        if not all(map(operator.lt, terms, terms[1:])) or (self._last is not None and self._last >= terms[0]):
            raise ValueError(f"terms of field {self._name} are not sorted and distinct")
        self._last = terms[-1]
        self._parts.append(b"\n".join(terms) + b"\n")
        self._lengths.append(np.fromiter(map(len, terms), dtype=np.int64, count=len(terms)) + 1)

    def write(self, out: ContainerWriter) -> int:
        """Write blob and offsets; return the number of terms. Raises: ValueError over 4 GiB of terms."""
        lengths = np.concatenate([np.zeros(1, dtype=np.int64), *self._lengths])
        offsets = np.cumsum(lengths)
        if offsets[-1] >= 1 << 32:
            raise ValueError(f"terms of field {self._name}: {offsets[-1]} bytes, less than 4 GiB expected; split the index")
        with out.section(f"terms/{self._name}") as write:
            for part in self._parts:
                write(part)
        out.add(f"term-offsets/{self._name}", offsets.astype("<u4"))
        return len(offsets) - 1


class TermDictionary:
    """The sorted terms of one field of an opened container; everything is read at the first question, none at opening."""

    def __init__(self, container: Container, name: str, count: int) -> None:
        self._container = container
        self._name = name
        self._count = count
        self._read: tuple[memoryview, memoryview, npt.NDArray[Any]] | None = None
        self._has_line_feeds: bool | None = None
        self._found: dict[bytes, int] = {}

    def __len__(self) -> int:
        return self._count

    def _open(self) -> tuple[memoryview, memoryview, npt.NDArray[Any]]:
        if self._read is None:
            section = self._container.section(f"terms/{self._name}")
            blob = section.read(0, len(section))
            offsets = self._container.section(f"term-offsets/{self._name}").array("<u4", self._count + 1)
            if int(offsets[-1]) != len(blob) or (self._count and bool((offsets[1:] <= offsets[:-1]).any())):
                raise IndexCorrupt(self._container.path, f"section term-offsets/{self._name} does not fit its terms")
            self._read = (blob, offsets.data, offsets)
        return self._read

    def term(self, number: int) -> bytes:
        """Return the term of a number from 0."""
        blob, offsets, _ = self._open()
        return bytes(blob[offsets[number] : offsets[number + 1] - 1])

    def terms(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Return the terms numbered ``start`` to ``stop``, in order."""
        blob, offsets, _ = self._open()
        stop = self._count if stop is None else min(stop, self._count)
        if start >= stop:
            return []
        if self._splits():
            return bytes(blob[offsets[start] : offsets[stop] - 1]).split(b"\n")
        return [self.term(number) for number in range(start, stop)]

    def at_or_after(self, term: bytes) -> int:
        """Return the number of the first term that is not less than ``term``."""
        self._open()
        return bisect_left(range(self._count), term, key=self.term)

    def find(self, term: bytes) -> int:
        """Return the number of a term, -1 when the field does not have it."""
        found = self._found.get(term)
        if found is None:
            found = self.at_or_after(term)
            if found == self._count or self.term(found) != term:
                found = -1
            if len(self._found) >= _FIND_CACHE:
                self._found.clear()
            self._found[term] = found
        return found

    def range_of(self, prefix: bytes) -> tuple[int, int]:
        """Return (first, one past the last) number of the terms that start with ``prefix``."""
        if not prefix:
            return 0, self._count
        end = after_prefix(prefix)
        return self.at_or_after(prefix), self._count if end is None else self.at_or_after(end)

    def matching(self, glob: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the terms that a pattern with ``*`` and ``?`` covers, ascending."""
        prefix = re.split(r"[*?]", glob, maxsplit=1)[0]
        first, last = self.range_of(prefix.encode())
        if first == last or glob == prefix + "*":
            return np.arange(first, last, dtype=np.int64)
        if prefix == glob:
            found = self.find(glob.encode())
            return np.arange(found, found + 1, dtype=np.int64) if found >= 0 else np.zeros(0, dtype=np.int64)
        expression = glob_expression(glob)
        if not self._splits():
            whole = re.compile(expression + rb"\Z")
            return np.array([n for n in range(first, last) if whole.match(self.term(n))], dtype=np.int64)
        blob, offsets, numbers = self._open()
        base = int(offsets[first])
        rare = _longest_literal(glob[len(prefix) :])
        if len(rare) >= _SELECTIVE_BYTES:
            places = [match.start() for match in re.finditer(re.escape(rare), blob[base : offsets[last]])]
            candidates = np.unique(np.searchsorted(numbers, np.array(places, dtype=np.int64) + base, side="right") - 1)
            whole = re.compile(expression)
            return np.array([n for n in candidates.tolist() if whole.fullmatch(self.term(n))], dtype=np.int64)
        places = [match.start() for match in re.finditer(rb"^" + expression + rb"(?=\n)", blob[base : offsets[last]], re.MULTILINE)]
        return np.searchsorted(numbers, np.array(places, dtype=np.int64) + base).astype(np.int64)

    def near(self, word: str, distance: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return (numbers, edit distances) of the terms within ``distance`` edits that share the first letter of ``word``."""
        first, last = self.range_of(word[:1].encode())
        terms = self.terms(first, last)
        lengths = np.fromiter(map(len, terms), dtype=np.int64, count=len(terms))
        # A term of the bytes b has between b / 4 and b characters.
        near = np.flatnonzero((lengths >= len(word) - distance) & (lengths <= 4 * (len(word) + distance)))
        near = near[_may_be_near(word.encode(), [terms[n] for n in near.tolist()], distance)]
        words = [terms[n].decode("utf-8", "replace") for n in near.tolist()]
        found = edit_distances(word, words)
        kept = found <= distance
        return near[kept] + first, found[kept]

    def _splits(self) -> bool:
        """Tell whether line feeds only end terms, so that the blob can be split and searched as lines."""
        if self._has_line_feeds is None:
            self._has_line_feeds = bytes(self._open()[0]).count(b"\n") != self._count
        return not self._has_line_feeds


def after_prefix(prefix: bytes) -> bytes | None:
    """Return the least byte string greater than every string that starts with ``prefix``; None when there is none."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else None


def glob_expression(glob: str) -> bytes:
    """Return the expression of a pattern: ``*`` any characters, ``?`` one character, anything else itself."""
    parts = re.findall(r"\*+|\?|[^*?]+", glob)
    return b"".join(rb"[^\n]*" if part[0] == "*" else _CHARACTER if part == "?" else re.escape(part.encode()) for part in parts)


def _longest_literal(glob: str) -> bytes:
    """Return the longest run of a pattern that stands for itself, with the line feed after it when it ends the pattern."""
    runs = [run.encode() for run in re.split(r"[*?]+", glob)]
    runs[-1] += b"\n" if runs[-1] else b""
    return max(runs, key=len)


def _may_be_near(word: bytes, others: list[bytes], distance: int) -> npt.NDArray[np.bool_]:
    """Tell which words have nearly the letters of ``word``: an edit brings in one kind of letter at most, and takes one away.

    Looked at as 32 kinds of bytes, which is less than there are, so that it may only let too many through.
    """
    if not others:
        return np.zeros(0, dtype=np.bool_)
    letters = np.array(others, dtype=np.bytes_).view(np.uint8).reshape(len(others), -1)
    kinds = np.bitwise_or.reduce(np.where(letters, np.uint32(1) << (letters & 31).astype(np.uint32), np.uint32(0)), axis=1)
    own = np.uint32(0)
    for letter in word:
        own |= np.uint32(1 << (letter & 31))
    allowed = distance if word.isascii() else 4 * distance  # a character is up to four bytes
    others_ascii = (letters < 128).all(axis=1)
    limit = np.where(others_ascii, allowed, 4 * distance)
    close: npt.NDArray[np.bool_] = (np.bitwise_count(kinds & ~own) <= limit) & (np.bitwise_count(own & ~kinds) <= limit)
    return close


def edit_distances(word: str, others: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the number of insertions, deletions, substitutions and swaps of neighbours between ``word`` and each other word.

    Source: optimal string alignment (Damerau 1964, restricted), one column of its table at a time for all words together.
    """
    if not others:
        return np.zeros(0, dtype=np.int64)
    letters = np.array(others, dtype=np.str_).view(np.uint32).reshape(len(others), -1)
    lengths = np.fromiter(map(len, others), dtype=np.int64, count=len(others))
    code = [ord(letter) for letter in word]
    rows = [np.full(len(others), row, dtype=np.int16) for row in range(len(word) + 1)]
    before: list[npt.NDArray[np.int16]] = rows
    out = np.where(lengths == 0, len(word), 0).astype(np.int64)
    for column in range(1, letters.shape[1] + 1):
        here = letters[:, column - 1]
        above: list[npt.NDArray[np.int16]] = [np.full(len(others), column, dtype=np.int16)]
        for row in range(1, len(word) + 1):
            best = np.minimum(np.minimum(above[row - 1], rows[row]) + np.int16(1), rows[row - 1] + (here != code[row - 1]))
            if row > 1 and column > 1 and code[row - 1] != code[row - 2]:
                swapped = (here == code[row - 2]) & (letters[:, column - 2] == code[row - 1])
                best = np.where(swapped, np.minimum(best, before[row - 2] + np.int16(1)), best)
            above.append(best.astype(np.int16))
        before, rows = rows, above
        ends = lengths == column
        out[ends] = rows[-1][ends]
    return out
