"""Which articles of a cluster are one dispatch in several newspapers? The linking of a folder, over what a commit must look at.

Each document keeps the hashes of its body. A commit reads the new articles, asks which others keep one of their hashes, and lays all of
these (with whole groups that they belong to) before the code that links segments. What it finds lies in one file beside the ledger, not in the
documents: groups change when articles come and go, and a document that is written for that alone must be analysed again, its version
raised, and could hide a correction. The file is named by the facts, so that readers move to articles and groups in one step.

An article is new when it lies behind the last one that was linked: what a killed writer has sent is linked by the next commit.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from indexer.cluster_mapping import SKETCH_FIELD
from indexer.cluster_reading import scan
from indexer.cluster_state import ClusterFacts, ClusterState
from indexer.codec.columns import NO_DAY
from indexer.codec.framing import Container, writing
from indexer.codec.sketches import Sketches
from indexer.codec.stored import json_bytes
from indexer.linking import BOILERPLATE, Source
from indexer.reprints import REPRINTS_FACT, Reprints, read_meta

__all__ = ["MOST_TERMS", "ClusterGroups", "having_seqs", "link", "read_groups", "write_groups"]

MOST_TERMS: Final = 60_000  # in one condition; a cluster takes 65,536
HASHES_ASKED: Final = 2_000
TEXTS_AT_ONCE: Final = 100
TEXTS_KEPT: Final = 4_000
ALL_FROM: Final = 4  # when one article in so many is new, all are read
_DAY_MS: Final = 86_400_000
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]


def _none() -> I64:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ClusterGroups:
    """The articles of an archive that have other versions. Shapes: seqs i64[n] ascending, groups i64[n] from 1, kept u8[n], days i64[n].

    ``linked`` is the place in the order of the archive up to which all were looked at, ``following`` the number of the next group.
    """

    seqs: I64 = field(default_factory=_none)
    groups: I64 = field(default_factory=_none)
    kept: U8 = field(default_factory=lambda: np.empty(0, np.uint8))
    days: I64 = field(default_factory=_none)
    following: int = 1
    linked: int = 0


class _Session(Protocol):
    folder: Path

    def new_name(self, suffix: str) -> str: ...


def write_groups(groups: ClusterGroups, session: _Session) -> str:
    """Write groups to a new file of a run; return its name."""
    name = session.new_name(".reprints")
    with writing(session.folder / name, name[:16].encode()) as file:
        file.out.add("meta", json_bytes({"following": groups.following, "linked": groups.linked, "size": int(groups.seqs.size)}))
        file.out.add("seqs", groups.seqs.astype("<i8"))
        file.out.add("groups", groups.groups.astype("<u4"))
        file.out.add("kept", groups.kept)
        file.out.add("days", groups.days.astype("<i8"))
    return name


def read_groups(folder: Path, facts: ClusterFacts) -> ClusterGroups:
    """Return the groups that the facts name, from a folder with the files of a commit. Raises: IndexCorrupt."""
    name = facts.facts.get(REPRINTS_FACT)
    if not name:
        return ClusterGroups()
    container = Container.open(folder / str(name))
    size, following, linked = read_meta(container, lambda meta: (int(meta["size"]), int(meta["following"]), int(meta["linked"])))
    groups = ClusterGroups(
        container.section("seqs").array("<i8", size).astype(np.int64),
        container.section("groups").array("<u4", size).astype(np.int64),
        container.section("kept").array("<u1", size).copy(),
        container.section("days").array("<i8", size).astype(np.int64),
        following,
        linked,
    )
    container.close()
    return groups


def having_seqs(seqs: I64) -> Iterator[dict[str, Any]]:
    """Yield the conditions that articles of some places in the order of the archive meet."""
    for first in range(0, seqs.size, MOST_TERMS):
        yield {"terms": {"seq": seqs[first : first + MOST_TERMS].tolist()}}


def link(state: ClusterState, index: str, former: ClusterGroups, stay: Callable[[], None]) -> ClusterGroups:
    """Return the groups of what the index shows now; ``former`` itself when nothing came or went. ``stay`` is called between requests."""
    asked = _Asked(state, index, stay)
    gone = former.seqs[~np.isin(former.seqs, asked.present(former.seqs))]
    parted = np.isin(former.groups, former.groups[np.isin(former.seqs, gone)])
    asked.read({"range": {"seq": {"gt": former.linked}}})
    newest = max(asked.rows, default=former.linked)
    if newest == former.linked and not gone.size:
        return former
    new = np.array(list(asked.rows), np.int64)
    asked.read_seqs(former.seqs[parted & ~np.isin(former.seqs, gone)])
    asked.read_candidates()
    touched = former.groups[np.isin(former.seqs, np.array(list(asked.rows), np.int64))]
    whole = np.isin(former.groups, touched)
    asked.read_seqs(former.seqs[whole])
    reader = _Rows(asked, gone)
    own = np.searchsorted(reader.seqs, former.seqs[whole | parted])
    groups, kept = np.zeros(reader.seqs.size, np.int64), np.zeros(reader.seqs.size, np.uint8)
    groups[own], kept[own] = former.groups[whole | parted], former.kept[whole | parted]
    reprints = Reprints(None, former.following)
    source = _Source(reader, ~np.isin(reader.seqs, gone), 0)
    reprints.relink([source], np.isin(reader.seqs, new) & source.live, groups, kept)
    left, found = ~(whole | parted), np.flatnonzero((groups > 0) & source.live)
    seqs = np.concatenate((former.seqs[left], reader.seqs[found]))
    order = np.argsort(seqs)
    return ClusterGroups(
        seqs[order],
        np.concatenate((former.groups[left], groups[found]))[order],
        np.concatenate((former.kept[left], kept[found]))[order],
        np.concatenate((former.days[left], source.days[found]))[order],
        reprints.following,
        newest,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    doc_id: str
    day: int
    sketch: npt.NDArray[np.int32]


class _Asked:
    """What was read of the index: ``rows`` by their place in the order of the archive, and the hashes that too many articles keep."""

    def __init__(self, state: ClusterState, index: str, stay: Callable[[], None]) -> None:
        self._state, self._index, self._stay = state, index, stay
        self.rows: dict[int, _Row] = {}
        self.boilerplate: set[int] = set()

    def present(self, seqs: I64) -> I64:
        """Return which of some places are still taken."""
        found = [_none()]
        for query in having_seqs(seqs):
            asked = np.array(query["terms"]["seq"], np.int64)
            if self._count(query) != asked.size:
                asked = np.array([hit["sort"][0] for hit in self._scan(query)], np.int64)
            found.append(asked)
        return np.concatenate(found)

    def read(self, query: dict[str, Any]) -> None:
        """Read the articles of a query."""
        for hit in self._scan(query):
            fields = hit.get("fields", {})
            day = int(fields["published"][0]) // _DAY_MS if "published" in fields else NO_DAY
            self.rows.setdefault(hit["sort"][0], _Row(hit["_id"], day, np.array(fields.get(SKETCH_FIELD, ()), np.int32)))

    def read_seqs(self, seqs: I64) -> None:
        """Read the articles at some places, if they were not read before."""
        for query in having_seqs(np.array([seq for seq in seqs.tolist() if seq not in self.rows], np.int64)):
            self.read(query)

    def read_candidates(self) -> None:
        """Read the articles that keep a hash of those read, unless too many keep it."""
        if len(self.rows) * ALL_FROM >= self._count({"match_all": {}}):
            self.read({"match_all": {}})
            return
        hashes = np.unique(np.concatenate([np.empty(0, np.int32), *(row.sketch for row in self.rows.values())])).tolist()
        for first in range(0, len(hashes), HASHES_ASKED):
            batch = hashes[first : first + HASHES_ASKED]
            counted = {"terms": {"field": SKETCH_FIELD, "size": len(batch), "shard_size": len(batch), "include": batch, "min_doc_count": 2}}
            body = {"size": 0, "query": {"terms": {SKETCH_FIELD: batch}}, "aggs": {"kept": counted}}
            buckets = self._state.send("POST", f"/{self._index}/_search?allow_partial_search_results=false", body)["aggregations"]["kept"][
                "buckets"
            ]
            self.boilerplate |= {int(bucket["key"]) for bucket in buckets if bucket["doc_count"] > BOILERPLATE}
            shared = [int(bucket["key"]) for bucket in buckets if bucket["doc_count"] <= BOILERPLATE]
            if shared:
                self.read({"terms": {SKETCH_FIELD: shared}})

    def texts(self, doc_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield id and what linking reads of articles."""
        body = {"ids": list(doc_ids)}
        path = f"/{self._index}/_mget?_source=src.body,src.newspaper,src.kind"
        for found in self._state.send("POST", path, body)["docs"]:
            yield found["_id"], found.get("_source", {}).get("src", {})
        self._stay()

    def _count(self, query: dict[str, Any]) -> int:
        """Count what a query finds; a shard that cannot tell counts none, and then all is read, which a missing shard refuses."""
        return int(self._state.send("POST", f"/{self._index}/_count", {"query": query})["count"])

    def _scan(self, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        fields = [SKETCH_FIELD, {"field": "published", "format": "epoch_millis"}]
        yield from scan(self._state, self._index, (), fields, query)
        self._stay()


class _NoPages:
    """Nothing to give back: texts came over the network."""

    def release_pages(self) -> None:
        """Do nothing."""


class _Rows:
    """Articles that a cluster has sent, as linking asks for them: numbered in the order of the archive, with those that are gone."""

    def __init__(self, asked: _Asked, gone: I64) -> None:
        self._asked = asked
        self.seqs = np.unique(np.concatenate((np.array(list(asked.rows), np.int64), gone)))
        self._rows = [asked.rows.get(seq) for seq in self.seqs.tolist()]
        self._texts: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.container = _NoPages()

    @cached_property
    def lengths(self) -> I64:
        """How many hashes each article keeps, those of boilerplate too."""
        return np.array([0 if row is None else row.sketch.size for row in self._rows], np.int64)

    def sketches(self) -> Sketches:
        """Return the hashes that link."""
        hashes = np.concatenate([np.empty(0, np.int32), *(row.sketch for row in self._rows if row is not None)])
        docs = np.repeat(np.arange(self.lengths.size), self.lengths)
        linking = ~np.isin(hashes, np.array(list(self._asked.boilerplate), np.int32))
        return Sketches.of(hashes[linking].view(np.uint32), docs[linking].astype(np.uint32))

    def day_fields(self) -> Collection[str]:
        """Return the one field that linking asks for."""
        return ("published",)

    def days(self, field: str) -> npt.NDArray[np.int32]:
        """Return when articles were published."""
        return np.array([NO_DAY if row is None else row.day for row in self._rows], np.int32)

    def doc_id(self, doc_num: int) -> str:
        """Return the id of an article."""
        row = self._rows[doc_num]
        return "" if row is None else row.doc_id

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what kind of article it is."""
        return self.stored_texts(doc_num)

    def stored_texts(self, doc_num: int) -> dict[str, Any]:
        """Return body, newspaper and kind; those of the articles that share hashes with it are fetched along."""
        doc_id = self.doc_id(doc_num)
        if doc_id not in self._texts:
            wanted = {self.doc_id(number): None for number in [doc_num, *self._alike(doc_num)]}
            self._texts.update(self._asked.texts([one for one in wanted if one not in self._texts]))
            while len(self._texts) > TEXTS_KEPT:
                self._texts.popitem(last=False)
        return self._texts[doc_id]

    @cached_property
    def _order(self) -> I64:
        """The articles so that those that share their least hashes stand together."""
        sketches = self._sketches
        least = np.full(self.seqs.size, 1 << 32, np.int64)
        _, places, counts = np.unique(sketches.hashes, return_inverse=True, return_counts=True)
        shared = counts[places.reshape(-1)] > 1
        np.minimum.at(least, sketches.docs[shared], sketches.hashes[shared])
        return np.argsort(least, kind="stable")

    @cached_property
    def _sketches(self) -> Sketches:
        return self.sketches()

    @cached_property
    def _places(self) -> I64:
        places = np.empty(self.seqs.size, np.int64)
        places[self._order] = np.arange(self.seqs.size)
        return places

    def _alike(self, doc_num: int) -> Iterable[int]:
        first = max(0, int(self._places[doc_num]) - TEXTS_AT_ONCE // 2)
        found: list[int] = self._order[first : first + TEXTS_AT_ONCE].tolist()
        return [number for number in found if self._rows[number] is not None]


@dataclass(frozen=True)
class _Source(Source):
    """The articles of a cluster as one segment."""

    reader: _Rows

    @cached_property
    def kept(self) -> I64:
        """How many hashes stand for each article, whether they link or not."""
        return self.reader.lengths
