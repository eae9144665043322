"""Under which id does an article stand, so that two articles never share one and one article never has two?

In order: a source's own id is kept (of another newspaper's it becomes ``<newspaper>:<id>``); without one, the same newspaper, day and text
is the same article, whatever its headline or address became since (a correction keeps the address, a copy is no second article), unless
the text is short and both have changed (« Cet article est réservé à nos abonnés… »); the same URL, newspaper, day and headline is the same
article; and where only newspaper, day and headline made the id (« En bref »), or where six characters of hash met by chance, and the texts
have little in common, the second is numbered. The same text in two newspapers is a reprint: both stay. In doubt there is an article too
many, never one too few.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from corpus.article import Article, slug
from indexer.ledger import Ledger

__all__ = ["Identity", "Placed", "Sketch", "fingerprint", "sketch_of"]

EAGER_IDS: Final = 200_000
MIN_WORDS: Final = 12  # « Sans commentaire. » is not one article each day it is printed
_SAME_TEXT: Final = 0.5  # share of common words from which two texts under one derived id are versions of one article
_SHORT_CHARS: Final = 400  # so short, the same text under another headline at another address is a notice and not the article
NO_NEWSPAPER: Final = "sans-journal"
_SKETCH_WORDS: Final = 16
_SKETCH_CHARS: Final = 1_000
_ADDRESS = re.compile(r"https?://[^/?#]+/*(/[^/?#]|\?.)", re.IGNORECASE)  # more than the front page of a site
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


@dataclass(frozen=True, slots=True)
class _Held:
    """What an id stands for, as far as it tells two articles apart."""

    headline: str
    url: str
    sketch: Sketch


class Identity:
    """Gives each article its place.

    ``past``: the ledger whose fingerprints are known before the run. ``withdrawn``: ids that are kept out, and the sketch of what each was,
    empty when that is not known: then whatever comes to the id is taken for it.
    """

    def __init__(self, archive: Archive, past: Ledger, withdrawn: Mapping[str, Sketch] | None = None) -> None:
        self._archive = archive
        self._withdrawn = withdrawn or {}
        self._past = past
        self._known: npt.NDArray[np.uint64] | None = None
        self._past_ids: dict[int, str] | None = None
        self._taken: dict[str, str] = {}  # fingerprints of this run
        self._seen: dict[str, _Held] = {}  # what was placed since the last commit

    def place(self, article: Article) -> Placed:
        """Return the article under an id that no other article holds."""
        if article.has_own_id:
            return self._own(article)
        print_ = fingerprint(article)
        held = self._taken.get(print_) or self._of_past(print_) if print_ else None
        if held is not None and held != article.doc_id and not self._notice(article, held):
            copy = print_ in self._taken
            return Placed(replace(article, doc_id=held), print_, copy=copy)
        placed = Placed(article, print_) if held == article.doc_id else self._numbered(article, print_)
        self._seen[placed.article.doc_id] = _held_by(article)
        if print_:
            self._taken[print_] = placed.article.doc_id
        return placed

    def committed(self) -> None:
        """Forget what a look into the index tells from now on."""
        self._seen.clear()

    def _own(self, article: Article) -> Placed:
        before = self._archive.known(article.doc_id)
        if before is None or before[1] == article.newspaper or self._named_since(article, before[1]):
            if not article.newspaper:
                self._seen[article.doc_id] = _held_by(article)
            return Placed(article)
        name = slug(article.newspaper) or NO_NEWSPAPER
        for prefix in (name, f"{name}-{hashlib.sha256(article.newspaper.encode()).hexdigest()[:6]}"):  # « Le Monde », « Le-Monde »
            moved = replace(article, doc_id=f"{prefix}:{article.doc_id}")
            holder = self._archive.known(moved.doc_id)
            if holder is None or holder[1] == article.newspaper:
                break
        return Placed(moved, "", f"id {article.doc_id} belongs to {before[1] or 'no newspaper'}; this one became {moved.doc_id}")

    def _named_since(self, article: Article, newspaper: str) -> bool:
        """Tell whether an article and the one of its id, of which one names no newspaper, are the same: their headline or text tells."""
        if article.newspaper and newspaper:
            return False
        held, own = self._held(article.doc_id), _held_by(article)
        return held is not None and (held.headline == own.headline != "" or _alike(held.sketch, own.sketch))

    def _notice(self, article: Article, doc_id: str) -> bool:
        """Tell whether a short text stands under another headline at another address: a notice that stands in for many articles."""
        if not article.url or len(article.body or article.standfirst) > _SHORT_CHARS:
            return False
        held = self._held(doc_id)
        return held is not None and held.url not in ("", article.url) and held.headline != article.headline

    def _numbered(self, article: Article, print_: str) -> Placed:
        own = _held_by(article)
        number, candidate = 1, article
        while (held := self._held(candidate.doc_id)) is not None and not _same(held, own):
            number += 1
            candidate = replace(article, doc_id=f"{article.doc_id}-{number}")
        note = f"{article.doc_id} is held by another text of the same newspaper, day and headline; this one became {candidate.doc_id}"
        return Placed(candidate, print_, note if number > 1 else "")

    def _held(self, doc_id: str) -> _Held | None:
        """Return what an id stands for, in this run or in the index; None when the id is free."""
        if doc_id in self._seen:
            return self._seen[doc_id]
        if doc_id in self._withdrawn:
            return _Held("", "", self._withdrawn[doc_id])
        stored = self._archive.stored(doc_id) if self._archive.known(doc_id) else None
        if stored is None:
            return None
        text = stored.get("body", "") or stored.get("standfirst", "")
        return _Held(stored.get("headline", ""), stored.get("url", ""), sketch_of(text))

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


def _held_by(article: Article) -> _Held:
    return _Held(article.headline, article.url, sketch_of(article.body or article.standfirst))


def sketch_of(text: str) -> Sketch:
    """Return the smallest checksums of the first words of a text: two sketches have in common what the texts have."""
    return frozenset(sorted({zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in text[:_SKETCH_CHARS].lower().split()})[:_SKETCH_WORDS])


def _same(held: _Held, own: _Held) -> bool:
    """Tell whether an id and an article that came to it mean the same: by their address, else by their texts."""
    if held.url and own.url and (_ADDRESS.match(held.url) or _ADDRESS.match(own.url)):
        return held.url == own.url
    return _alike(held.sketch, own.sketch)


def _alike(held: Sketch, own: Sketch) -> bool:
    """Tell whether a text may be a version of the one held: nothing may become a text, but no text becomes nothing."""
    return not held or (bool(own) and len(held & own) >= _SAME_TEXT * min(len(held), len(own)))
