"""What does an archive on a cluster know of itself, and which index answers for it? An alias, and a small index beside it.

``<name>`` is an alias; the articles lie in ``<name>-<time>-<random>``. ``<name>-state`` holds, for each such index, its facts (generation, sources,
withdrawals, names of the ledger files), the ledger files themselves in pieces, and the lock of the one writer. The lock is a document that is
created or refused; a writer renews it, and one that was not renewed for LOCK_S is taken over: should both go on, the higher version of
each article stays, so that nothing is lost by it.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from corpus.errors import ClusterUnavailable, IndexForeign, IndexLocked, IndexMissing, IndexProblem
from indexer.cluster_client import WRITE_S, ClusterClient, Refused
from indexer.cluster_mapping import CLUSTER_FORMAT, index_body, meta
from indexer.reprints import REPRINTS_FACT
from indexer.schema import SCHEMA_VERSION

__all__ = ["ClusterBase", "ClusterFacts", "ClusterState", "next_facts"]

LOCK_S: Final = 120.0
BLOB_BYTES: Final = 4 << 20
_QUIET: Final = {"type": "keyword", "index": False, "doc_values": False}
_STATE_MAPPING: Final = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "1s"},
    "mappings": {
        "dynamic": "strict",
        "properties": {"json": _QUIET, "data": _QUIET, "kind": {"type": "keyword"}, "of": {"type": "keyword"}},
    },
}


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What stands in the manifest of a folder: here a document."""

    facts: dict[str, Any] = field(default_factory=dict)
    articles: int = 0
    analysis: str = ""
    schema_version: int = 0
    generation: int = 0

    @property
    def names(self) -> frozenset[str]:
        """The files that belong to this generation."""
        linked = self.facts.get(REPRINTS_FACT)
        return frozenset(self.facts.get("ledger", ())) | ({str(linked)} if linked else frozenset())


@dataclass(frozen=True, slots=True)
class ClusterBase:
    """The state a writer starts from: the index behind the alias, its facts, and a folder for its ledger files."""

    index: str
    manifest: ClusterFacts
    folder: Path

    @property
    def generation(self) -> int:
        """The number of the last commit."""
        return self.manifest.generation


class ClusterState:
    """Reads and changes what the archive at one address knows of itself. Raises: ClusterUnavailable, IndexProblem."""

    def __init__(self, client: ClusterClient) -> None:
        self.client = client
        self.location = client.address
        self.name = client.address.name
        self.store = f"{self.name}-state"
        self._lock: tuple[int, int] | None = None
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    # --- which index ------------------------------------------------------------------------------------------------

    def find(self) -> tuple[str, dict[str, Any]] | None:
        """Return the index behind the alias and its ``_meta``; None when there is no such alias."""
        try:
            found = self.client.call("GET", f"/{self.name}/_mapping")
        except Refused as error:
            if error.status == 404:
                return None
            raise self.problem(error) from None
        if len(found) != 1:
            raise IndexProblem(f"the name {self.name} stands for {len(found)} indexes at {self.location}; let the alias name one of them")
        index, row = next(iter(found.items()))
        return index, row.get("mappings", {}).get("_meta", {})

    def opened(self, *, any_analysis: bool = False) -> tuple[str, ClusterFacts]:
        """Return the index that answers and its facts. Raises: IndexMissing, IndexForeign."""
        found = self.find()
        if found is None:
            raise IndexMissing(self.location)
        index, made = found
        expected = meta()
        if made.get("marbre") != CLUSTER_FORMAT:
            raise IndexForeign(self.location, "program or format", made.get("marbre", "none"), CLUSTER_FORMAT)
        for what, key in (("schema", "schema"), ("analysis", "analysis")):
            if made.get(key) != expected[key] and not any_analysis:
                raise IndexForeign(self.location, what, str(made.get(key))[:12], str(expected[key])[:12])
        return index, self.facts(index)

    def facts(self, index: str) -> ClusterFacts:
        """Return the facts of one index; none are known of one that never was committed."""
        found = self._document(f"facts-{index}")
        return ClusterFacts() if found is None else ClusterFacts(**json.loads(found["json"]))

    def write_facts(self, index: str, facts: ClusterFacts) -> None:
        """Make facts those of an index, durably."""
        text = json.dumps(
            {
                "facts": facts.facts,
                "articles": facts.articles,
                "analysis": facts.analysis,
                "schema_version": facts.schema_version,
                "generation": facts.generation,
            }
        )
        self._put(f"facts-{index}", {"kind": "facts", "of": index, "json": text})

    def create_index(self) -> str:
        """Make a new, empty index that no alias names yet; return its name."""
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
        index = f"{self.name}-{stamp}-{secrets.token_hex(3)}"
        shards = int(os.environ.get("MARBRE_OPENSEARCH_SHARDS", "") or 1)
        nodes = int(self.client.call("GET", "/_cluster/health", seconds=WRITE_S).get("number_of_data_nodes", 1))
        wanted = os.environ.get("MARBRE_OPENSEARCH_REPLICAS", "")
        self.send("PUT", f"/{index}", index_body(shards, int(wanted) if wanted else min(1, nodes - 1)))
        return index

    def point_at(self, index: str) -> None:
        """Let the alias name one index, in one step for whoever asks."""
        actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": self.name}}]
        found = self.find()
        if found is not None and found[0] != index:
            if found[0] == self.name:
                raise IndexProblem(f"{self.name} is an index at {self.location} and no alias; choose another name")
            actions.insert(0, {"remove": {"index": found[0], "alias": self.name}})
        self.send("POST", "/_aliases", {"actions": actions})

    def drop(self, index: str) -> None:
        """Remove an index and what is known of it."""
        with suppress(Refused):
            self.client.call("DELETE", f"/{index}", seconds=WRITE_S)
        with suppress(Refused):
            for doc_id, _ in self._of(index):
                self.client.call("DELETE", f"/{self.store}/_doc/{doc_id}", seconds=WRITE_S)

    def indexes(self) -> list[str]:
        """Return every index of this archive, the oldest first."""
        found = self.send("GET", f"/{self.name}-*/_alias", None)
        ours = re.compile(rf"{re.escape(self.name)}-\d{{14}}-[0-9a-f]{{6}}")  # another archive may be called <name>-more
        return sorted(name for name in found if ours.fullmatch(name))

    # --- ledger files -----------------------------------------------------------------------------------------------

    def fetch_files(self, index: str, names: frozenset[str], folder: Path) -> None:
        """Write the files of an index into a folder. Raises: IndexProblem when one is not whole."""
        for name in sorted(names):
            with (folder / name).open("wb") as out:
                part = 0
                while (found := self._document(f"blob-{index}-{name}-{part}")) is not None:
                    out.write(base64.b64decode(found["data"]))
                    part += 1
            if not part:
                raise IndexProblem(
                    f"the file {name} of the archive at {self.location} is gone; rebuild with: marbre index SOURCE --index {self.location} --rebuild"
                )

    def store_files(self, index: str, names: frozenset[str], folder: Path) -> None:
        """Keep files of a folder with an index."""
        for name in sorted(names):
            data = (folder / name).read_bytes()
            for part in range(-(-len(data) // BLOB_BYTES)):
                piece = base64.b64encode(data[part * BLOB_BYTES : (part + 1) * BLOB_BYTES]).decode("ascii")
                self._put(f"blob-{index}-{name}-{part}", {"kind": "blob", "of": index, "data": piece})

    def drop_files(self, index: str, names: frozenset[str]) -> None:
        """Remove files that are not named any more."""
        for name in names:
            part = 0
            with suppress(Refused):
                while True:
                    self.client.call("DELETE", f"/{self.store}/_doc/blob-{index}-{name}-{part}", seconds=WRITE_S)
                    part += 1

    # --- the lock -----------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        """Become the one writer. Raises: IndexLocked."""
        self._ready()
        held = self._document("lock", whole=True)
        if held is not None:
            before = json.loads(held["_source"]["json"])
            if time.time() - float(before["at"]) < LOCK_S:
                raise IndexLocked(self.location)
            params = {"if_seq_no": held["_seq_no"], "if_primary_term": held["_primary_term"]}
        else:
            params = {"op_type": "create"}
        self._renew(params)

    def renew(self) -> None:
        """Say that the writer is still at work. Raises: IndexLocked when another took over."""
        if self._lock is not None:
            self._renew({"if_seq_no": self._lock[0], "if_primary_term": self._lock[1]})

    def unlock(self) -> None:
        """Let the next writer in."""
        if self._lock is not None:
            with suppress(Refused, ClusterUnavailable):
                self.client.call(
                    "DELETE",
                    f"/{self.store}/_doc/lock",
                    params={"if_seq_no": self._lock[0], "if_primary_term": self._lock[1]},
                    seconds=WRITE_S,
                )
            self._lock = None

    def _renew(self, params: Mapping[str, object]) -> None:
        row = {"kind": "lock", "json": json.dumps({"owner": self._owner, "at": time.time()})}
        try:
            done = self.client.call("PUT", f"/{self.store}/_doc/lock", row, params=params, seconds=WRITE_S)
        except Refused as error:
            if error.status != 409:
                raise self.problem(error) from None
            mine = self._document("lock", whole=True)  # a first try whose answer was lost has done it
            if mine is None or json.loads(mine["_source"]["json"])["owner"] != self._owner:
                raise IndexLocked(self.location) from None
            done = mine
        self._lock = (int(done["_seq_no"]), int(done["_primary_term"]))

    # --- documents ------------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: Any, seconds: float = WRITE_S) -> dict[str, Any]:
        """Make a call that changes something. Raises: IndexProblem when it is refused."""
        try:
            return self.client.call(method, path, body, seconds=seconds)
        except Refused as error:
            raise self.problem(error) from None

    def problem(self, error: Refused) -> IndexProblem:
        """Return the one line for a refusal."""
        return IndexProblem(f"the cluster at {self.location} refused: {error}; see its log, or ask who runs it")

    def _ready(self) -> None:
        try:
            self.client.call("PUT", f"/{self.store}", _STATE_MAPPING, seconds=WRITE_S)
        except Refused as error:
            if error.kind != "resource_already_exists_exception":
                raise self.problem(error) from None

    def _document(self, doc_id: str, *, whole: bool = False) -> dict[str, Any] | None:
        try:
            found = self.client.call("GET", f"/{self.store}/_doc/{doc_id}")
        except Refused as error:
            if error.status == 404:
                return None
            raise self.problem(error) from None
        row: dict[str, Any] = found if whole else found["_source"]
        return row

    def _put(self, doc_id: str, row: dict[str, Any]) -> None:
        self.send("PUT", f"/{self.store}/_doc/{doc_id}", row)

    def _of(self, index: str) -> Iterator[tuple[str, str]]:
        body = {"size": 1_000, "_source": ["kind"], "query": {"term": {"of": index}}}
        for hit in self.client.call("POST", f"/{self.store}/_search", body, seconds=WRITE_S)["hits"]["hits"]:
            yield hit["_id"], hit["_source"]["kind"]


def next_facts(before: ClusterFacts, facts: Mapping[str, Any], articles: int) -> ClusterFacts:
    """Return the facts of the commit after ``before``."""
    return replace(
        before,
        facts=dict(facts),
        articles=articles,
        analysis=meta()["analysis"],
        schema_version=SCHEMA_VERSION,
        generation=before.generation + 1,
    )
