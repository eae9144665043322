"""How do articles enter an archive on a cluster? Through the same build as a folder: a writer that knows, adds, deletes and commits.

A commit sends what waits, has every shard show it (no shard shows anything by itself before), and then writes the facts with the next number.
A rebuild fills a new index that nobody asks yet, compares the counts, and moves the alias: readers never see half of it. The index
before stays for ``marbre rollback --to rebuild``; those before it go. The ledger lies on the cluster too, so that any machine can go on.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from corpus.article import Origin
from corpus.errors import IndexProblem
from corpus.readers import Reject
from indexer.cluster_bulk import BulkSender, Operation, delete_operation, index_operation
from indexer.cluster_client import ClusterClient, is_cluster, parse_location
from indexer.cluster_crew import RenderCrew, rendered
from indexer.cluster_mapping import KEY_MARK, SKETCH_MAPPING
from indexer.cluster_reading import read_document, scan
from indexer.cluster_reprints import ClusterGroups, link, read_groups, write_groups
from indexer.cluster_state import ClusterBase, ClusterFacts, ClusterState, next_facts
from indexer.ledger import Ledger
from indexer.reprints import REPRINTS_FACT

__all__ = [
    "ClusterFormer",
    "ClusterSession",
    "ClusterWriter",
    "back_to_previous",
    "connect",
    "open_cluster",
    "read_document",
    "refuse_cluster",
    "scan",
]

LOOKED_UP: Final = 300  # single look-ups after which the ids of the index are read as a whole
MOST_IDS: Final = 1_000_000
SETTLE_S: Final = 20.0
_PREVIOUS: Final = "previous"


def connect(location: str) -> ClusterState:
    """Return what speaks to the archive at a LOCATION; nothing is sent yet. Raises: BadRequest."""
    return ClusterState(ClusterClient(parse_location(location)))


def open_cluster(location: str, folder: Path | None = None, *, any_analysis: bool = False) -> ClusterBase:
    """Return the index, facts and (with a folder) ledger files behind a LOCATION. Raises: IndexMissing, IndexForeign, ClusterUnavailable."""
    state = connect(location)
    try:
        index, facts = state.opened(any_analysis=any_analysis)
        if folder is not None:
            state.fetch_files(index, facts.names, folder)
        return ClusterBase(index, facts, folder or Path())
    finally:
        state.client.close()


def refuse_cluster(location: object, verb: str) -> None:
    """Say what a cluster does its own way. Raises: IndexProblem for a cluster."""
    if is_cluster(location):
        raise IndexProblem(
            f"“marbre {verb}” copies folders, and {location} is a cluster: take its snapshots instead, or copy the archive with “marbre migrate”"
        )


def back_to_previous(location: str) -> None:
    """Let the index before the last rebuild answer; the one that did is kept, so that a second time undoes the first.

    Raises: IndexProblem when there is none, IndexLocked.
    """
    state = connect(location)
    try:
        state.lock()
        index, facts = state.opened(any_analysis=True)
        previous = facts.facts.get(_PREVIOUS)
        if previous not in state.indexes():
            raise IndexProblem(f"the archive at {location} has no index from before a rebuild to go back to")
        before = state.facts(str(previous))
        state.write_facts(
            str(previous),
            replace(before, facts={**before.facts, _PREVIOUS: index}, generation=max(before.generation, facts.generation) + 1),
        )
        state.point_at(str(previous))
    finally:
        state.unlock()
        state.client.close()


class ClusterSession:
    """Where the ledger of a run is written: a folder here, kept on the cluster with each commit."""

    def __init__(self, folder: Path, base: ClusterBase | None) -> None:
        self.folder = folder
        self.base = base

    def new_name(self, suffix: str) -> str:
        """Return a file name that no file has."""
        return f"{secrets.token_hex(8)}{suffix}"

    def open_file(self, name: str) -> BufferedWriter:
        """Open a new file for writing."""
        return (self.folder / name).open("xb")


class ClusterFormer:
    """The articles of an index on the cluster, read while another is filled; what a rebuild asks."""

    def __init__(self, state: ClusterState, base: ClusterBase | None) -> None:
        self._state = state
        self._base = base
        self.articles = 0 if base is None else base.manifest.articles
        self.facts: dict[str, Any] = {} if base is None else dict(base.manifest.facts)
        self.ledger = Ledger() if base is None else Ledger(base.folder, self.facts.get("ledger", ()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Nothing is held."""

    def find(self, doc_id: str) -> tuple[dict[str, Any], str] | None:
        """Return the stored form and the content digest of an article."""
        if self._base is None:
            return None
        found = read_document(self._state, self._base.index, doc_id)
        return None if found is None else (found["src"], found["digest"])

    def has(self, doc_id: str) -> bool:
        """Tell whether an article is there."""
        return self.find(doc_id) is not None

    def ids(self) -> Iterator[str]:
        """Yield the ids in the order of the archive."""
        for stored, _ in self.everything():
            yield stored["doc_id"]

    def everything(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield stored form and digest of every article, in the order of the archive."""
        if self._base is not None:
            for hit in scan(self._state, self._base.index, ["src", "digest"]):
                yield hit["_source"]["src"], hit["_source"]["digest"]


class ClusterWriter:
    """One writer of one archive on a cluster; what it did not commit is seen by nobody after the next commit.

    Raises: IndexLocked while another writer is at work, IndexForeign for an index of another analysis (without ``rebuild``).
    """

    def __init__(self, location: str, *, rebuild: bool = False, workers: int = 1) -> None:
        self._stack = ExitStack()
        try:
            self.state = connect(location)
            self._stack.callback(self.state.client.close)
            self.state.lock()
            self._stack.callback(self.state.unlock)
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="marbre-ledger-")))
            before = self._before(folder, rebuild)
            fresh = rebuild or before is None
            self._index = self.state.create_index() if fresh or before is None else before.index
            self._sender = BulkSender(self.state.client, self._index)
            self._stack.callback(self._sender.close)
            self._crew = RenderCrew(workers) if workers > 1 else None
            if self._crew is not None:
                self._stack.callback(self._crew.close)
        except BaseException:
            self._stack.close()
            raise
        self.session = ClusterSession(folder, before)
        self._facts = ClusterFacts(generation=0 if before is None else before.generation) if fresh or before is None else before.manifest
        self._past = before
        self._groups = ClusterGroups()
        if not fresh and before is not None:
            self.state.send("PUT", f"/{self._index}/_mapping", {"properties": SKETCH_MAPPING})  # made before there were sketches
            self._groups = read_groups(folder, before.manifest)
        self.facts: dict[str, Any] = {} if before is None else dict(before.manifest.facts)
        self._pending: dict[str, tuple[str, str]] = {}
        self._deleted: set[str] = set()
        self._empty, self._visible = fresh, not fresh
        self._changed = before is None
        self._table: dict[str, tuple[str, str]] | None = {} if fresh else None
        self._looked = 0
        self._count = 0 if fresh else self._counted()
        self._seq = max(time.time_ns() // 1_000, self._highest())
        self._renewed = time.monotonic()
        self.rejects: list[Reject] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        try:
            if not self._visible:
                self.state.drop(self._index)
        finally:
            self._stack.close()

    @property
    def articles(self) -> int:
        """How many articles the archive holds, those of the next commit included."""
        return self._count

    @property
    def pending(self) -> int:
        """How many articles wait for the next commit."""
        return len(self._pending)

    @property
    def changed(self) -> bool:
        """Whether the next commit has something to write."""
        return self._changed

    @property
    def generation(self) -> int:
        """The number of the last commit."""
        return self._facts.generation

    def known(self, doc_id: str) -> tuple[str, str] | None:
        """Return content digest and newspaper of an article already there, committed or not."""
        if doc_id in self._pending:
            return self._pending[doc_id]
        if doc_id in self._deleted:
            return None
        if self._table is None:
            self._looked += 1
            if self._looked > LOOKED_UP and self._count <= MOST_IDS:
                self._table = dict(self._ids())
            else:
                found = read_document(self.state, self._index, doc_id)
                return None if found is None else (found["digest"], found["src"].get("newspaper", ""))
        return self._table.get(doc_id)

    def stored(self, doc_id: str) -> dict[str, Any] | None:
        """Return the committed article of an id."""
        if self._empty:
            return None
        found = read_document(self.state, self._index, doc_id)
        return None if found is None else found["src"]

    def add(self, stored: dict[str, Any], row: bytes, digest: str) -> None:
        """Add an article, replacing the one of the same id."""
        doc_id = stored["doc_id"]
        if self.known(doc_id) is None:
            self._count += 1
        self._pending[doc_id] = (digest, stored.get("newspaper", ""))
        self._deleted.discard(doc_id)
        self._seq += 1
        self._changed = True
        if self._crew is None:
            self._sender.add(index_operation(doc_id, self._seq, rendered(stored, digest, self._seq)))
        else:
            self._take(self._crew.add(doc_id, row, digest, self._seq))
        self._stay()

    def delete(self, doc_id: str) -> bool:
        """Delete an article; False when there is none of this id."""
        if self.known(doc_id) is None:
            return False
        self._settle_crew()
        self._seq += 1
        self._sender.add(delete_operation(doc_id, self._seq))
        self._pending.pop(doc_id, None)
        self._deleted.add(doc_id)
        self._count -= 1
        self._changed = True
        return True

    def former(self) -> ClusterFormer:
        """Return what a rebuild replaces."""
        return ClusterFormer(self.state, self._past)

    def commit(self, *, extra_files: Sequence[str] | None = None, facts: Mapping[str, Any] | None = None, settle: bool = False) -> None:
        """Make everything added and deleted durable and visible, with the ledger files and facts. ``settle`` is the cluster's own affair."""
        wanted = dict(self.facts if facts is None else facts)
        wanted["ledger"] = list(self.facts.get("ledger", ()) if extra_files is None else extra_files)
        wanted.pop(REPRINTS_FACT, None)  # a rebuild begins anew
        wanted |= {name: fact for name, fact in self._facts.facts.items() if name == REPRINTS_FACT}
        if not (self._changed or wanted != self._facts.facts):
            return
        self._settle_crew()
        self._sender.flush()
        self._note_dead()
        self.state.renew()
        found = self._shown()
        if found != self._count:
            raise IndexProblem(
                f"{self._count} articles should be on the cluster at {self.state.location}, {found} are; run it again, nothing of it is lost"
            )
        groups = link(self.state, self._index, self._groups, self._stay)
        if groups != self._groups:
            wanted[REPRINTS_FACT] = write_groups(groups, self.session)
            self._groups = groups
        names = replace(self._facts, facts=wanted).names
        stale = self._facts.names - names
        self.state.store_files(self._index, names - self._facts.names, self.session.folder)
        before = self.state.find() if not self._visible else None
        if not self._visible:
            wanted[_PREVIOUS] = before[0] if before else None
        self._facts = next_facts(self._facts, wanted, found)
        self.state.write_facts(self._index, self._facts)
        if not self._visible:
            self.state.point_at(self._index)
            self._visible = True
            self._collect(before[0] if before else None)
        self.state.drop_files(self._index, stale)
        self.facts = wanted
        if self._table is not None:
            self._table.update(self._pending)
            for doc_id in self._deleted:
                self._table.pop(doc_id, None)
        self._empty = False
        self._pending, self._deleted, self._changed = {}, set(), False

    def _shown(self) -> int:
        """Have every shard show what it has, and count; again for a while when a node has just gone."""
        ends = time.monotonic() + SETTLE_S
        while True:
            self.state.send("POST", f"/{self._index}/_refresh", None)
            found = self._counted()
            if found == self._count or time.monotonic() > ends:
                return found
            time.sleep(0.5)

    def _before(self, folder: Path, rebuild: bool) -> ClusterBase | None:
        if self.state.find() is None:
            return None
        index, facts = self.state.opened(any_analysis=rebuild)
        self.state.fetch_files(index, facts.names, folder)
        return ClusterBase(index, facts, folder)

    def _take(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self._sender.add(operation)

    def _settle_crew(self) -> None:
        if self._crew is not None:
            self._take(self._crew.flush())

    def _stay(self) -> None:
        if time.monotonic() - self._renewed > 20:
            self.state.renew()
            self._renewed = time.monotonic()

    def _note_dead(self) -> None:
        """Report what the cluster will never take; the article is not there."""
        for dead in self._sender.dead:
            self.rejects.append(
                Reject(Origin(f"article {dead.doc_id}", ""), f"the cluster refused it: {dead.reason}", "correct the article")
            )
            self._pending.pop(dead.doc_id, None)
            self._count -= 1
        self._sender.dead = []

    def _counted(self) -> int:
        return int(self.state.send("GET", f"/{self._index}/_count", None)["count"])

    def _highest(self) -> int:
        body = {"size": 0, "aggs": {"highest": {"max": {"field": "seq"}}}}
        found = self.state.send("POST", f"/{self._index}/_search", body)["aggregations"]["highest"]["value"]
        return int(found or 0) + 1

    def _ids(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for hit in scan(self.state, self._index, ["digest"], ["doc_id", "newspaper"]):
            fields = hit["fields"]
            paper = fields.get("newspaper", [""])[0].partition(KEY_MARK)[2]
            yield fields["doc_id"][0], (hit["_source"]["digest"], paper)

    def _collect(self, previous: str | None) -> None:
        """Remove the indexes before the one before; what a broken rebuild left goes too."""
        for index in self.state.indexes():
            if index not in (self._index, previous):
                self.state.drop(index)
