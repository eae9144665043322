"""Which articles must never come back, and why? A withdrawn article is deleted, and kept out of every later run and rebuild.

Withdrawals are facts of the manifest, so that they are committed with the deletion. ``rollback_archive`` goes back to an older generation and keeps
the withdrawals of the newer one: a text that had to go does not return by a way round.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

from corpus.article import own_id
from corpus.errors import BadRequest, IndexProblem
from indexer.backup import restore
from indexer.cluster import back_to_previous, open_cluster, refuse_cluster
from indexer.cluster_state import ClusterBase
from indexer.doubts import today
from indexer.generations import Snapshot, open_snapshot, rollback
from indexer.identity import Sketch, sketch_of
from indexer.places import is_cluster, open_base, open_writer
from indexer.writer import ArchiveWriter

__all__ = ["restore_archive", "rollback_archive", "withdraw_article", "withdrawn_in", "withdrawn_sketches"]

REASON_CHARS: Final = 500
_FACT: Final = "withdrawn"


def withdrawn_in(facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the withdrawn articles of a manifest's facts: id to ``{"reason", "day"}``."""
    found = facts.get(_FACT)
    return {str(doc_id): dict(entry) for doc_id, entry in found.items() if isinstance(entry, dict)} if isinstance(found, dict) else {}


def withdrawn_sketches(facts: Mapping[str, Any]) -> dict[str, Sketch]:
    """Return the withdrawn articles: id to checksums of some words of the text, so that another text under a derived id is not taken for it."""
    return {doc_id: frozenset(map(int, entry.get("words", "").split())) for doc_id, entry in withdrawn_in(facts).items()}


def withdraw_article(doc_id: str, reason: str, location: str | os.PathLike[str], *, force: bool = True) -> bool:
    """Delete an article and keep it out for ever; return whether it was there. With ``force`` an id that is not there is kept out too.

    Raises: BadRequest without a reason, or for what cannot be an id; IndexProblem without ``force`` for an id that is neither in the index
    nor withdrawn already; IndexMissing, IndexLocked.
    """
    open_base(location)
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_CHARS:
        raise BadRequest("--reason", reason, f"a reason of 1 to {REASON_CHARS} characters; readers of the page will see it")
    if own_id(doc_id) != doc_id:
        raise BadRequest("DOC_ID", doc_id, "the id of an article, as search results and addresses show it")
    with open_writer(location) as writer:
        known = writer.known(doc_id)
        if not (known or force or doc_id in withdrawn_in(writer.facts)):
            raise IndexProblem(
                f"no article {doc_id} in {location}; find its id with: marbre search QUERY --format json (or keep the id out all the same with --force)"
            )
        stored = writer.stored(doc_id) if known else None
        was_there = writer.delete(doc_id)
        entry = {"reason": reason, "day": today()}
        if stored is not None:
            entry["words"] = " ".join(map(str, sorted(sketch_of(stored.get("body", "") or stored.get("standfirst", "")))))
        writer.commit(facts={**writer.facts, _FACT: {**withdrawn_in(writer.facts), doc_id: entry}})
    return was_there


def rollback_archive(location: str | os.PathLike[str], *, to: Literal["generation", "rebuild"] = "generation") -> Snapshot | ClusterBase:
    """Make the former generation current again, or the one before the last rebuild; what was withdrawn since stays withdrawn.

    Raises: IndexMissing, IndexLocked, IndexCorrupt, IndexProblem when there is nothing to go back to.
    """
    if is_cluster(location):
        return _cluster_back(str(location), to)
    place = Path(location)
    withdrawn = withdrawn_in(open_snapshot(place).manifest.facts)
    return _still_withdrawn(place, rollback(place, to=to), withdrawn)


def _cluster_back(location: str, to: str) -> ClusterBase:
    """Let the index before the last rebuild answer again."""
    if to != "rebuild":
        raise IndexProblem(
            f"the archive at {location} keeps no single commits; go back to the last rebuild (--to rebuild) or to a snapshot of the cluster"
        )
    withdrawn = withdrawn_in(open_base(location, any_analysis=True).manifest.facts)
    back_to_previous(location)
    with open_writer(location) as writer:
        there = withdrawn_in(writer.facts)
        for doc_id in withdrawn:
            writer.delete(doc_id)
        writer.commit(facts={**writer.facts, _FACT: {**there, **withdrawn}})
    return open_cluster(location)


def restore_archive(source: str | os.PathLike[str], location: str | os.PathLike[str]) -> Snapshot:
    """Make a backup the current index; what was withdrawn from the index there since stays withdrawn.

    Raises: IndexMissing and IndexCorrupt about the backup, IndexLocked about the location.
    """
    refuse_cluster(location, "restore")
    place = Path(location)
    withdrawn: dict[str, dict[str, str]] = {}
    with suppress(IndexProblem):  # no index there, or one too damaged to be read: that is why a backup is restored
        withdrawn = withdrawn_in(open_snapshot(place).manifest.facts)
    return _still_withdrawn(place, restore(Path(source), place), withdrawn)


def _still_withdrawn(place: Path, snapshot: Snapshot, withdrawn: Mapping[str, dict[str, str]]) -> Snapshot:
    """Withdraw again what an older generation still had."""
    there = withdrawn_in(snapshot.manifest.facts)
    if all(doc_id in there for doc_id in withdrawn):
        return snapshot
    with ArchiveWriter(place) as writer:
        for doc_id in withdrawn:
            writer.delete(doc_id)
        writer.commit(facts={**writer.facts, _FACT: {**there, **withdrawn}})
    return open_snapshot(place)
