"""Does an archive lie in a folder or on a cluster? The one place that asks; who builds, deletes or withdraws is handed a writer and goes on."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.cluster import ClusterFormer, ClusterWriter, connect, open_cluster
from indexer.cluster_client import is_cluster
from indexer.cluster_state import ClusterBase
from indexer.former import FormerArchive
from indexer.generations import Snapshot, open_snapshot
from indexer.writer import MEMORY_BYTES, ArchiveWriter

__all__ = ["Former", "Writer", "former_of", "is_cluster", "open_base", "open_writer", "read_archive"]

Writer = ArchiveWriter | ClusterWriter
Former = FormerArchive | ClusterFormer


def open_writer(location: str | os.PathLike[str], *, rebuild: bool = False, workers: int = 1, memory: int = MEMORY_BYTES) -> Writer:
    """Return the writer of an archive; a context manager. Raises: IndexLocked, IndexForeign, ClusterUnavailable."""
    if is_cluster(location):
        return ClusterWriter(str(location), rebuild=rebuild, workers=workers)
    return ArchiveWriter(Path(location), rebuild=rebuild, workers=workers, memory=memory)


def open_base(location: str | os.PathLike[str], *, any_analysis: bool = False) -> Snapshot | ClusterBase:
    """Return the current generation of an archive: what its manifest says. A folder is looked at whatever made it, a cluster if asked so.

    Raises: IndexMissing, IndexCorrupt, ClusterUnavailable.
    """
    return open_cluster(str(location), any_analysis=any_analysis) if is_cluster(location) else open_snapshot(Path(location))


def former_of(writer: Writer, *, rebuild: bool) -> Former:
    """Return the articles that a rebuild replaces; of no rebuild, none."""
    if isinstance(writer, ClusterWriter):
        return writer.former() if rebuild else ClusterFormer(writer.state, None)
    return FormerArchive(writer.session.base if rebuild else None)


@contextmanager
def read_archive(location: str | os.PathLike[str]) -> Iterator[Former]:
    """Give the articles, facts and ledger of the current generation. Raises: IndexMissing, IndexCorrupt, ClusterUnavailable."""
    if not is_cluster(location):
        with FormerArchive(open_snapshot(Path(location))) as archive:
            yield archive
        return
    with tempfile.TemporaryDirectory(prefix="marbre-ledger-") as folder:
        base = open_cluster(str(location), Path(folder))
        state = connect(str(location))
        try:
            yield ClusterFormer(state, base)
        finally:
            state.client.close()
