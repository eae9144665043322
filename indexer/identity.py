"""Under which id does an article stand, so that two articles never share one and one article never has two?

In order: a source's own id is kept (of another newspaper's it becomes ``<newspaper>:<id>``); without one, the same newspaper, day and text
is the same article, whatever its headline or address became since (a correction keeps the address, a copy is no second article); the same
URL is the same article; and where only newspaper, day and headline made the id (« En bref »), and the texts have little in common,
the second is numbered. The same text in two newspapers is a reprint: both stay.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from corpus.article import Article, slug
from indexer.ledger import Ledger

__all__ = ["Identity", "Placed", "fingerprint"]

EAGER_IDS: Final = 200_000
MIN_WORDS: Final = 12  # « Sans commentaire. » is not one article each day it is printed
_SAME_TEXT: Final = 0.5  # share of common words from which two texts under one derived id are versions of one article
_SKETCH_WORDS: Final = 16
_SKETCH_CHARS: Final = 1_000
_NO_WORD = re.compile(r"[\W_]+")
Sketch = frozenset[int]


class Archive(Protocol):
    """What is known of the articles already there."""

    def known(self, doc_id: str) -> tuple[str, str] | None: ...
    def stored(self, doc_id: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Placed:
    """An article under the id that is its own. ``note``: why it is another than it came with; ``copy``: it was taken already in this run."""

    article: Article
    fingerprint: str = ""
    note: str = ""
    copy: bool = False


def fingerprint(article: Article) -> str:
    """Return what tells an article without a source id: a hash of newspaper, day and words; "" when the text is too short to tell."""
    if article.has_own_id:
        return ""
    words = _NO_WORD.sub(" ", article.body or article.standfirst).casefold().split()
    if len(words) < MIN_WORDS:
        return ""
    content = "\x1f".join([article.newspaper, article.published or "", " ".join(words)])
    return hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Identity:
    """Gives each article its place. ``past``: the ledger whose fingerprints are known before the run."""

    def __init__(self, archive: Archive, past: Ledger) -> None:
        self._archive = archive
        self._past = past
        self._known: npt.NDArray[np.uint64] | None = None
        self._past_ids: dict[int, str] | None = None
        self._taken: dict[str, str] = {}  # fingerprints of this run
        self._seen: dict[str, Sketch] = {}

    def place(self, article: Article) -> Placed:
        """Return the article under an id that no other article holds."""
        if article.has_own_id:
            return self._own(article)
        print_ = fingerprint(article)
        held = self._taken.get(print_) or self._of_past(print_) if print_ else None
        if held is not None and held != article.doc_id:
            copy = print_ in self._taken
            return Placed(replace(article, doc_id=held), print_, copy=copy)
        placed = Placed(article, print_) if article.url or held else self._numbered(article, print_)
        if print_:
            self._taken[print_] = placed.article.doc_id
        return placed

    def committed(self) -> None:
        """Forget what a look into the index tells from now on."""
        self._seen.clear()

    def _own(self, article: Article) -> Placed:
        before = self._archive.known(article.doc_id)
        if before is None or before[1] == article.newspaper or not article.newspaper or not before[1]:
            return Placed(article)  # an article that named no newspaper and names one now is the same
        moved = replace(article, doc_id=f"{slug(article.newspaper)}:{article.doc_id}")
        return Placed(moved, "", f"id {article.doc_id} belongs to {before[1]}; this one became {moved.doc_id}")

    def _numbered(self, article: Article, print_: str) -> Placed:
        own = _sketch(article.body or article.standfirst)
        number, candidate = 1, article
        while (held := self._held(candidate.doc_id)) is not None and not _alike(held, own):
            number += 1
            candidate = replace(article, doc_id=f"{article.doc_id}-{number}")
        self._seen[candidate.doc_id] = own
        note = f"{article.doc_id} is held by another text of the same newspaper, day and headline; this one became {candidate.doc_id}"
        return Placed(candidate, print_, note if number > 1 else "")

    def _held(self, doc_id: str) -> Sketch | None:
        """Return the sketch of the text that an id stands for, of this run or of the index; None when the id is free."""
        if doc_id in self._seen:
            return self._seen[doc_id]
        stored = self._archive.stored(doc_id) if self._archive.known(doc_id) else None
        return None if stored is None else _sketch(stored.get("body", "") or stored.get("standfirst", ""))

    def _of_past(self, print_: str) -> str | None:
        """Return the id that a text had before this run. Of many, eight bytes an article are held; the ids only once one is asked for."""
        if self._known is None:
            self._known = np.sort(np.fromiter((value for value, _ in self._past.fingerprints()), np.uint64))
            if self._known.size <= EAGER_IDS:
                self._past_ids = dict(self._past.fingerprints())
        value = np.uint64(int(print_, 16))
        at = int(np.searchsorted(self._known, value))
        if at >= self._known.size or self._known[at] != value:
            return None
        if self._past_ids is None:
            self._past_ids = dict(self._past.fingerprints())
        return self._past_ids.get(int(value))


def _sketch(text: str) -> Sketch:
    """Return the smallest hashes of the first words of a text: two sketches have in common what the texts have."""
    return frozenset(sorted({hash(word) for word in text[:_SKETCH_CHARS].lower().split()})[:_SKETCH_WORDS])


def _alike(one: Sketch, other: Sketch) -> bool:
    return not one or not other or len(one & other) >= _SAME_TEXT * min(len(one), len(other))
