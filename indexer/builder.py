"""How does an archive become an index, and what happened to each article? One pass, one report.

Files that are as the ledger has them are left alone; of the others, an article whose content is already there is left alone, and one with a
known id replaces the former version, keeps its address and its day of entry, and gets ``updated`` where its text changed and its
source names no day. Index and ledger are committed together, early (readers see the first thousand articles soon) and then at intervals,
so that a run that is stopped has little to do again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from corpus.article import Article
from corpus.errors import IndexCorrupt, IndexProblem
from corpus.readers import ArticleStream
from indexer.cluster import ClusterWriter
from indexer.documents import stored_form, stored_row
from indexer.doubts import DateDoubts, today
from indexer.filing import STREAM, Filing
from indexer.former import FormerArchive
from indexer.identity import Identity
from indexer.ledger import DELETED, FileRecord, Ledger, Row
from indexer.places import Former, Writer, former_of, open_base, open_writer
from indexer.report import BuildOptions, BuildReport
from indexer.withdrawals import withdrawn_in, withdrawn_sketches
from indexer.workers import rare_collections
from indexer.writer import MEMORY_BYTES

__all__ = ["BuildOptions", "BuildReport", "Progress", "build_index", "delete_articles"]

FIRST_COMMIT: Final = 1_000  # articles
VERSIONS_KEY: Final = "former_versions"  # in ``extra``: what an export carries
_TEXTS: Final = ("headline", "standfirst", "body")
Progress = Callable[[int], None]


def build_index(
    articles: Iterable[Article],
    location: str | os.PathLike[str],
    *,
    rebuild: bool = False,
    workers: int = 1,
    memory: int = MEMORY_BYTES,
    progress: Progress | None = None,
    options: BuildOptions | None = None,
) -> BuildReport:
    """Index ``articles`` at ``location``: durable and visible when it returns, and at intervals before (not when rebuilding).

    Units: memory in bytes, shared by the workers.
    Raises: IndexLocked while another writer is at work, IndexForeign for an index of another analysis (without ``rebuild``).
    """
    started = time.monotonic()
    with rare_collections(), open_writer(location, rebuild=rebuild, workers=workers, memory=memory) as writer:
        base = writer.session.base
        with _former(writer, rebuild, options) as former:
            past = former.ledger if rebuild or base is None else Ledger(base.folder, writer.facts.get("ledger", ()))
            build = _Build(writer, Ledger() if rebuild else past, past, former if rebuild else None, options or BuildOptions())
            build.run(articles, progress)
    build.report.seconds = time.monotonic() - started
    return build.report


def delete_articles(doc_ids: Iterable[str], location: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """Delete articles by id; return the deleted ids and those that were not there.

    One comes back when its file gives another version of it, or when it is given again by hand (standard input); rebuilds keep it out.

    Raises: IndexMissing, IndexLocked.
    """
    open_base(location)
    deleted: list[str] = []
    missing: list[str] = []
    digests: dict[str, str] = {}
    with open_writer(location) as writer:
        for doc_id in doc_ids:
            known = writer.known(doc_id)
            if known is None or not writer.delete(doc_id):
                missing.append(doc_id)
                continue
            deleted.append(doc_id)
            digests[doc_id] = known[0]
        if deleted:
            folder = writer.session.base.folder if writer.session.base else None
            ledger = Ledger(folder, writer.facts.get("ledger", ()))
            rows = [*ledger.rows(DELETED), *(Row(doc_id, "", digest) for doc_id, digest in digests.items())]
            ledger.begin(FileRecord(DELETED, DELETED))
            for row in dict.fromkeys(rows):
                ledger.add(row)
            ledger.end()
            writer.commit(extra_files=ledger.write(writer.session))
    return deleted, missing


def _former(writer: Writer, rebuild: bool, options: BuildOptions | None) -> Former:
    """Open what a rebuild replaces; a damaged index is rebuilt from its sources, unless its articles are asked for."""
    try:
        return former_of(writer, rebuild=rebuild)
    except (IndexCorrupt, IndexProblem):
        if options is not None and options.from_stored:
            raise
        return FormerArchive(None)


class _Build:
    """One build under way."""

    def __init__(self, writer: Writer, ledger: Ledger, past: Ledger, former: Former | None, options: BuildOptions) -> None:
        self.report = BuildReport()
        self._writer = writer
        self._ledger = ledger
        self._former = former
        self._options = options
        self._filing = Filing(
            ledger,
            past,
            retry_rejects=options.retry_rejects,
            read_all=former is not None,
            reread=options.reread,
            is_there=lambda doc_id: writer.known(doc_id) is not None,
        )
        self._withdrawn = withdrawn_in(writer.facts)
        self._identity = Identity(writer, past, withdrawn_sketches(writer.facts))
        keeps = former is None or options.carry or options.from_stored
        self._deleted = {(row.doc_id, row.digest) for row in past.rows(DELETED)} if keeps else set()
        self._today = today()
        self._doubts = DateDoubts(self._today)
        facts = dict(writer.facts)
        if options.keep_versions is not None:
            facts["keep_versions"] = options.keep_versions
        self._facts = facts
        self._unreadable: list[str] = []  # ids whose former version is damaged
        self._reused: list[str] = []  # ids whose article was replaced by quite another one
        self._last_commit = time.monotonic()
        self._next_commit = FIRST_COMMIT

    def run(self, articles: Iterable[Article], progress: Progress | None) -> None:
        """Take every article, then settle what is missing and commit."""
        stream = articles if isinstance(articles, ArticleStream) else None
        if self._options.from_stored:
            self._carry_everything(progress)
        else:
            self._take_all(articles, stream, progress)
        if self._former is not None and self._options.carry:
            self._carry_rest()
        self._settle(stream)
        self._commit(settle=True)
        self._tell(stream)

    def _take_all(self, articles: Iterable[Article], stream: ArticleStream | None, progress: Progress | None) -> None:
        if stream is None:
            self._filing.begin_stream(STREAM)
        else:
            stream.visitor = self._filing
            self._note_sources(stream)
        for number, article in enumerate(articles, 1):
            self._take(article)
            if self._due():
                self._commit()
            if progress is not None:
                progress(number)
        if stream is None:
            self._filing.end_stream()

    def _take(self, article: Article) -> None:
        placed = self._identity.place(self._doubts.settled(article))
        article = placed.article
        if placed.note:
            self.report.notes.append(placed.note)
        doc_id = article.doc_id
        if doc_id in self._withdrawn:
            self._filing.said_before(doc_id, "")
            self.report.withdrawn += 1
            return
        stored = stored_form(article, self._today)
        row, digest = stored_row(stored)
        said_before = self._filing.said_before(doc_id, digest)
        before = self._writer.known(doc_id)
        if before is None and (doc_id, digest) in self._deleted and not self._filing.in_stream:
            return
        if before is not None and (said_before or placed.copy or before[0] == digest):
            self.report.unchanged += 1
            if self._filing.in_stream:
                return  # what comes each day through a pipe is noted once
        else:
            self._put(article, stored, row, digest, known=before is not None)
        place = article.origin.place if article.origin is not None else ""
        self._ledger.add(Row(doc_id, place, digest, placed.fingerprint, record=self._filing.record))

    def _put(self, article: Article, stored: dict[str, Any], row: bytes, digest: str, *, known: bool) -> None:
        """Add an article, or replace its former version."""
        former = self._before(article.doc_id, known)
        if former is not None:
            if former[1] == digest or (known and _same(former[0], stored)):
                self.report.unchanged += known
                if known:
                    return
                stored = former[0]  # a rebuild: the article as it stood, with its day of entry and what corrections left
            elif _is_older(stored, former[0]):
                self.report.notes.append(f"{article.doc_id}: an older version ({stored['updated']}) than the one here was left aside")
                self.report.unchanged += 1
                return
            else:
                if known and _is_another(former[0], stored):
                    self._reused.append(article.doc_id)
                self._follow(stored, former[0], article)
            row, _ = stored_row(stored)
        self._writer.add(stored, row, digest)
        if known:
            self.report.replaced += 1
        else:
            self.report.added += 1

    def _before(self, doc_id: str, known: bool) -> tuple[dict[str, Any], str] | None:
        """Return the version that an article replaces: of this index, or of the one that is rebuilt."""
        if known:
            stored = self._writer.stored(doc_id)
            return None if stored is None else (stored, "")
        try:
            return self._former.find(doc_id) if self._former is not None else None
        except IndexCorrupt:  # its source gives it: a rebuild is what mends a damaged index
            self._unreadable.append(doc_id)
            return None

    def _follow(self, stored: dict[str, Any], former: dict[str, Any], article: Article) -> None:
        """Make a new version go on where the former one stood."""
        if article.added is None:
            stored["added"] = former.get("added", stored["added"])
        changed = any(stored.get(name) != former.get(name) for name in _TEXTS)
        if not changed:
            if former.get("updated") and not stored.get("updated"):
                stored["updated"] = former["updated"]
            return
        if not stored.get("updated") or stored.get("updated") == former.get("updated"):
            stored["updated"] = self._today
        kept = list(former.get("extra", {}).get(VERSIONS_KEY, ()))
        if self._facts.get("keep_versions"):
            kept.append({"until": self._today, **{name: former[name] for name in _TEXTS if name in former}})
        if kept:
            stored["extra"] = {**stored.get("extra", {}), VERSIONS_KEY: kept}

    # --- rebuilding -------------------------------------------------------------------------------------------------------

    def _carry_everything(self, progress: Progress | None) -> None:
        former = self._former
        if former is None:
            raise IndexProblem("only a rebuild takes its articles from the index; add --rebuild")
        for number, (stored, digest) in enumerate(former.everything(), 1):
            self._carry(stored, digest)
            if progress is not None:
                progress(number)
        for record in former.ledger.records():
            self._ledger.adopt(record, former.ledger.blocks(record.name))

    def _carry_rest(self) -> None:
        """Take from the former index what no source gave; not what a file, unchanged and read as a whole, gives under another id now."""
        former = self._former
        if former is None or self._options.from_stored:
            return
        dropped = self._replaced_by_reading(former.ledger)
        for doc_id in former.ids():
            if self._writer.known(doc_id) is None and doc_id not in dropped and (found := former.find(doc_id)) is not None:
                self._carry(*found)
        for record in former.ledger.records():
            if record.name not in self._filing.visited:
                self._ledger.adopt(record, former.ledger.blocks(record.name))

    def _replaced_by_reading(self, past: Ledger) -> set[str]:
        dropped: set[str] = set()
        for record in past.records():
            now = self._ledger.record(record.name)
            if record.name in self._filing.same_content and now is not None and now.articles >= record.articles:
                dropped.update(row.doc_id for row in past.rows(record.name) if not row.missing)
        return dropped - {
            row.doc_id for record in past.records() if record.name not in self._filing.visited for row in past.rows(record.name)
        }

    def _carry(self, stored: dict[str, Any], digest: str) -> None:
        if stored["doc_id"] in self._withdrawn:
            return
        row, own = stored_row(stored)
        self._writer.add(stored, row, digest or own)
        self.report.carried += 1

    # --- the end ------------------------------------------------------------------------------------------------------------

    def _settle(self, stream: ArticleStream | None) -> None:
        """Find what is gone; delete it where that is asked for."""
        if stream is not None and not self._options.from_stored:
            self._filing.vanished(root for root in stream.roots if root != STREAM)
        self._filing.touches()
        doubtful = [record for record in self._ledger.records() if record.missing or record.state == "gone"]
        going: dict[str, set[str]] = {record.name: self._going(record) for record in doubtful}
        candidates = set().union(*going.values())
        if candidates:
            self._commit()  # what is deleted must be there first
            for record in self._ledger.records():
                if record.state != "gone" and record.name != DELETED:
                    candidates.difference_update(row.doc_id for row in self._ledger.rows(record.name) if not row.missing)
            deleted = sum(self._writer.delete(doc_id) for doc_id in sorted(candidates))
            self.report.deleted = deleted if self._options.delete_missing else 0
        for record in doubtful:
            self._forget(record, going[record.name])
        left = [record for record in self._ledger.records() if record.missing or record.state == "gone"]
        self.report.missing = sum(record.articles + record.missing if record.state == "gone" else record.missing for record in left)

    def _going(self, record: FileRecord) -> set[str]:
        """Return the articles of a file that shall go: all it gives no longer where that is asked for, else what it gives under other ids."""
        superseded = self._filing.superseded.get(record.name, frozenset())
        if not self._options.delete_missing and not superseded:
            return set()
        rows = (row for row in self._ledger.rows(record.name) if row.missing or record.state == "gone")
        return {row.doc_id for row in rows if self._options.delete_missing or row.doc_id in superseded}

    def _forget(self, record: FileRecord, gone: set[str]) -> None:
        """Take the rows of what was deleted out of the ledger."""
        if record.state == "gone" and self._options.delete_missing:
            self._ledger.remove(record.name)
        elif gone:
            blocks = [
                replace(block, rows=tuple(row for row in block.rows if not (row.missing and row.doc_id in gone)))
                for block in self._ledger.blocks(record.name)
            ]
            self._ledger.adopt(replace(record, missing=sum(row.missing for block in blocks for row in block.rows)), blocks)

    def _due(self) -> bool:
        if self._former is not None:
            return False  # a rebuild is seen when it is whole
        pending = self._writer.pending
        waited = time.monotonic() - self._last_commit
        return pending >= self._next_commit or (pending > 0 and waited >= self._options.commit_seconds)

    def _commit(self, *, settle: bool = False) -> None:
        self._filing.before_commit()
        if not (self._writer.changed or self._ledger.changed or self._facts != self._writer.facts):
            return
        self._writer.commit(extra_files=self._ledger.write(self._writer.session), facts=self._facts, settle=settle)
        self._facts = dict(self._writer.facts)
        self._identity.committed()
        self._last_commit = time.monotonic()
        self._next_commit = self._options.commit_articles

    def _note_sources(self, stream: ArticleStream) -> None:
        """Remember what was given, so that ``--rebuild`` and ``check --sources`` need not be told again."""
        sources = [list(one) for one in self._facts.get("sources", ())] if self._former is None or self._options.carry else []
        for root, defaults in stream.roots.items():
            if root != STREAM and (self._options.reread is None):
                sources = [one for one in sources if one[0] != root] + [[root, dict(defaults)]]
        if sources:
            self._facts["sources"] = sources

    def _tell(self, stream: ArticleStream | None) -> None:
        report, account = self.report, self._filing.account
        report.articles = self._writer.articles
        report.unchanged += account.unchanged
        report.files_read, report.files_skipped = account.read, account.skipped
        report.rejects = self._filing.rejects + (stream.rejects if stream is not None else [])
        if isinstance(self._writer, ClusterWriter):
            report.rejects += self._writer.rejects
            report.added -= min(report.added, len(self._writer.rejects))
        report.rejected = len(report.rejects)
        report.notes += self._doubts.notes() + (stream.notes if stream is not None else [])
        if self._reused:
            report.notes.append(
                f"ids that gave way to an article of another headline, day and text: {len(self._reused)} (such as {self._reused[0]}); "
                "where each file counts from 1, name the newspaper of each in marbre.toml"
            )
        if self._unreadable:
            report.notes.append(
                f"articles whose former version is damaged, taken anew from their files: {len(self._unreadable)} (such as "
                f"{self._unreadable[0]}); their day of entry and kept versions are lost"
            )
        report.notes += account.notes()
        if report.withdrawn:
            report.notes.append(f"articles withdrawn, which stay out: {report.withdrawn}")
        if report.missing:
            report.notes.append(
                f"articles no longer in their files, which stay in the index: {report.missing}; --delete-missing removes them"
            )


def _same(former: dict[str, Any], stored: dict[str, Any]) -> bool:
    """Tell whether an article is as it stands in the index: an export read back, with what corrections left."""
    return {**former, "added": ""} == {**stored, "added": ""}


def _is_another(former: dict[str, Any], stored: dict[str, Any]) -> bool:
    """Tell whether nothing that a reader knows an article by is as it was: its source gave one id twice."""
    return all(former.get(name) and stored.get(name) and former[name] != stored[name] for name in ("headline", "published", "body"))


def _is_older(stored: dict[str, Any], former: dict[str, Any]) -> bool:
    """Tell whether a version is older than the one there, by the days that their sources give."""
    mine, theirs = stored.get("updated", ""), former.get("updated", "")
    return len(mine) == len(theirs) == 10 and mine < theirs
