"""Is this a French word, and which inflection class does it belong to?

The full list of the language's forms (425,000 once folded) stays one sorted block of bytes, searched by bisection: it
loads in 60 ms and takes 6 MB, where a set of strings took 200 ms and 60 MB; a look-up costs some 8 µs, and every caller
keeps what it found. Only folded forms are known here: `indexer.french.fold` first.
"""

from __future__ import annotations

import hashlib
import lzma
import threading
from dataclasses import dataclass
from functools import cache
from importlib import resources

WORDS_FILE = "words.txt.xz"
CURATED_FILE = "curated.tsv"
NAMES_TERM = "="  # in the curated list: each form of the line is a name, a class of its own


@dataclass(frozen=True, slots=True)
class Entry:
    """What the lexicon knows of a folded form: its class, and whether several accented spellings fold to it."""

    term: str
    ambiguous: bool


class Lexicon:
    """The folded forms of French and their classes; immutable, so any number of threads may ask."""

    __slots__ = ("_block", "_lines")

    def __init__(self, block: bytes) -> None:
        """Take the sorted lines `form [TAB code] [TAB "*"]`, in ASCII, without a newline at either end."""
        self._block = b"\n" + block + b"\n"
        self._lines: dict[bytes, bytes] | None = None

    def digest(self) -> str:
        """Return the sha256 of the words; asked for when an index is written or opened, never on the way of a word."""
        return hashlib.sha256(self._block).hexdigest()

    def read_all(self) -> None:
        """Take all lines apart at once (0.3 s, 60 MB): worth it for whoever asks for tens of thousands of forms, as a writer does."""
        if self._lines is None:
            lines = self._block[1:-1].split(b"\n")
            self._lines = {line.partition(b"\t")[0]: line for line in lines}

    def __contains__(self, folded: str) -> bool:
        return self._line(folded) is not None

    def find(self, folded: str) -> Entry | None:
        """Return what is known of a folded form, None for a form that French does not have."""
        line = self._line(folded)
        if line is None:
            return None
        _, code, mark = (*line.decode("ascii").split("\t"), "", "")[:3]
        dropped = code.rstrip("abcdefghijklmnopqrstuvwxyz")
        term = folded[: len(folded) - int(dropped)] + code[len(dropped) :] if dropped else folded
        return Entry(term, mark == "*")

    def _line(self, folded: str) -> bytes | None:
        if not (folded.isascii() and folded.isalpha()):
            return None
        wanted = folded.encode("ascii")
        if self._lines is not None:
            return self._lines.get(wanted)
        block = self._block
        low, high = 0, len(block) - 1  # both always at a newline; the line sought starts after one in [low, high)
        while low < high:
            start = block.rfind(b"\n", low, (low + high) // 2 + 1)
            end = block.index(b"\n", start + 1)
            line = block[start + 1 : end]
            form = line.partition(b"\t")[0]
            if form == wanted:
                return line
            if form < wanted:
                low = end
            else:
                high = start
        return None


@dataclass(frozen=True, slots=True)
class Curated:
    """The hand-made list: whole forms and prefixes, each with the class a person gave it."""

    exact: dict[str, str]
    prefixes: dict[str, str]
    digest: str

    def find(self, folded: str) -> str | None:
        """Return the class of a folded form, the longest pattern winning."""
        found = self.exact.get(folded)
        if found is not None:
            return found
        for length in range(len(folded), 2, -1):
            found = self.prefixes.get(folded[:length])
            if found is not None:
                return found
        return None


def parse_curated(text: str) -> Curated:
    """Parse lines `term TAB pattern pattern*`; a term "=" makes each form of its line a name.

    Raises: ValueError for a pattern that is on two lines, since the order of lines must not matter.
    """
    exact: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        target, _, patterns = line.partition("\t")
        for pattern in patterns.split():
            table, form = (prefixes, pattern[:-1]) if pattern.endswith("*") else (exact, pattern)
            chosen = NAMES_TERM + form if target == NAMES_TERM else target
            if table.setdefault(form, chosen) != chosen:
                raise ValueError(f"{CURATED_FILE}: {pattern!r} is on two lines; keep one")
    return Curated(exact, prefixes, hashlib.sha256(text.encode("utf-8")).hexdigest())


_loading = threading.Lock()


@cache
def _read_lexicon() -> Lexicon:
    packed = (resources.files("indexer.data") / WORDS_FILE).read_bytes()
    return Lexicon(lzma.decompress(packed[packed.index(b"\n") + 1 :]))


@cache
def _read_curated() -> Curated:
    return parse_curated((resources.files("indexer.data") / CURATED_FILE).read_text(encoding="utf-8"))


def load_lexicon() -> Lexicon:
    """Return the lexicon, read at the first call; threads that ask meanwhile wait for that reading."""
    with _loading:
        return _read_lexicon()


def load_curated() -> Curated:
    """Return the hand-made list, read at the first call."""
    with _loading:
        return _read_curated()
