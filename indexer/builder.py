"""How does an archive become an index, and what happened to each article? One pass, one report.

An article whose content is already there is left alone; one with a known id replaces the former version. Two articles
are never merged by accident: where only newspaper, day and headline made the id (« En bref »), and the texts have little
in common, the second keeps its own place under a numbered id.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from corpus.article import Article, slug
from corpus.readers import ArticleStream, Reject
from indexer.documents import stored_form, stored_row
from indexer.writer import MEMORY_BYTES, ArchiveWriter

__all__ = ["BuildReport", "Progress", "build_index", "delete_articles"]

_SAME_TEXT: Final = 0.5  # share of common words from which two texts under one derived id are versions of one article
_SKETCH_WORDS: Final = 16
_SKETCH_CHARS: Final = 1_000
COMMIT_EVERY: Final = 50_000  # articles: readers see progress, and a stopped run loses little
Progress = Callable[[int], None]
Sketch = frozenset[int]


@dataclass(slots=True)
class BuildReport:
    """What a build did. ``articles`` = how many the index holds now; ``notes`` = ids that had to change, and why."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: int = 0
    articles: int = 0
    seconds: float = 0.0
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the counts of the contract."""
        return {
            "added": self.added,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "articles": self.articles,
            "seconds": round(self.seconds, 3),
        }


def build_index(
    articles: Iterable[Article],
    location: str | os.PathLike[str],
    *,
    rebuild: bool = False,
    workers: int = 1,
    memory: int = MEMORY_BYTES,
    progress: Progress | None = None,
) -> BuildReport:
    """Index ``articles`` at ``location``: durable and visible when it returns, and every COMMIT_EVERY articles before (not when rebuilding).

    Units: memory in bytes, shared by the workers.
    Raises: IndexLocked while another writer is at work, IndexForeign for an index of another analysis (without ``rebuild``).
    """
    report, started = BuildReport(), time.monotonic()
    today = dt.datetime.now(dt.UTC).date().isoformat()
    with ArchiveWriter(Path(location), rebuild=rebuild, workers=workers, memory=memory) as writer:
        seen: dict[str, Sketch] = {}
        for number, article in enumerate(articles, 1):
            _take(writer, article, today, seen, report)
            if writer.pending >= COMMIT_EVERY and not rebuild:
                writer.commit()
                seen.clear()
            if progress is not None:
                progress(number)
        writer.commit()
        report.articles = writer.articles
    if isinstance(articles, ArticleStream):
        report.rejects = articles.rejects
        report.rejected = len(articles.rejects)
    report.seconds = time.monotonic() - started
    return report


def delete_articles(doc_ids: Iterable[str], location: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """Delete articles by id; return the deleted ids and those that were not there."""
    deleted: list[str] = []
    missing: list[str] = []
    with ArchiveWriter(Path(location)) as writer:
        for doc_id in doc_ids:
            (deleted if writer.delete(doc_id) else missing).append(doc_id)
        if deleted:
            writer.commit()
    return deleted, missing


def _take(writer: ArchiveWriter, article: Article, today: str, seen: dict[str, Sketch], report: BuildReport) -> None:
    article = _own_place(writer, article, seen, report)
    before = writer.known(article.doc_id)
    stored = stored_form(article, today)
    row, digest = stored_row(stored)
    if before is not None and before[0] == digest:
        report.unchanged += 1
        return
    if before is not None and article.added is None:  # a new version entered the archive when the first one did
        stored["added"] = (writer.stored(article.doc_id) or stored)["added"]
        row, _ = stored_row(stored)
    writer.add(stored, row, digest)
    if before is None:
        report.added += 1
    else:
        report.replaced += 1


def _own_place(writer: ArchiveWriter, article: Article, seen: dict[str, Sketch], report: BuildReport) -> Article:
    """Return the article under an id that no other article holds."""
    before = writer.known(article.doc_id)
    if article.has_own_id:
        if before is not None and before[1] != article.newspaper and article.newspaper:
            moved = replace(article, doc_id=f"{slug(article.newspaper)}:{article.doc_id}")
            report.notes.append(
                f"id {article.doc_id} belongs to {before[1] or 'an article without newspaper'}; this one became {moved.doc_id}"
            )
            return moved
        return article
    if article.url:  # the same address is the same article
        return article
    own = _sketch(article.body or article.standfirst)
    number, candidate = 1, article
    while (held := _held(writer, candidate.doc_id, seen)) is not None and not _alike(held, own):
        number += 1
        candidate = replace(article, doc_id=f"{article.doc_id}-{number}")
    if number > 1:
        report.notes.append(
            f"{article.doc_id} is held by another text of the same newspaper, day and headline; this one became {candidate.doc_id}"
        )
    seen[candidate.doc_id] = own
    return candidate


def _held(writer: ArchiveWriter, doc_id: str, seen: dict[str, Sketch]) -> Sketch | None:
    """Return the sketch of the text that an id stands for, of this run or of the index; None when the id is free."""
    if doc_id in seen:
        return seen[doc_id]
    stored = writer.stored(doc_id) if writer.known(doc_id) else None
    return None if stored is None else _sketch(stored.get("body", "") or stored.get("standfirst", ""))


def _sketch(text: str) -> Sketch:
    """Return the smallest hashes of the first words of a text: two sketches have in common what the texts have."""
    return frozenset(sorted({hash(word) for word in text[:_SKETCH_CHARS].lower().split()})[:_SKETCH_WORDS])


def _alike(one: Sketch, other: Sketch) -> bool:
    return not one or not other or len(one & other) >= _SAME_TEXT * min(len(one), len(other))
