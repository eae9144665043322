"""Is the archive on a cluster whole? What the cluster says of its shards, and what the last commit said must be there."""

from __future__ import annotations

from corpus.errors import IndexForeign
from indexer.cluster import connect
from indexer.cluster_client import WRITE_S
from indexer.verify import Problem

__all__ = ["check_cluster"]


def check_cluster(location: str) -> list[Problem]:
    """Return what is wrong with an archive on a cluster; [] = sound. Raises: IndexMissing, ClusterUnavailable."""
    state = connect(location)
    try:
        try:
            index, facts = state.opened()
        except IndexForeign as error:
            return [Problem(str(state.location), "", str(error))]
        problems = []
        health = state.send("GET", f"/_cluster/health/{index}", None)
        if health["status"] == "red":
            problems.append(Problem(index, "", "a shard is lost (status red): bring its node back, or restore a snapshot"))
        elif health["status"] == "yellow":
            problems.append(
                Problem(
                    index, "", f"{health['unassigned_shards']} copies of shards are missing (status yellow): a node is away", "leftover"
                )
            )
        found = int(state.client.call("GET", f"/{index}/_count", seconds=WRITE_S)["count"])
        if found != facts.articles:
            problems.append(Problem(index, "", f"{found} articles found, {facts.articles} committed; run “marbre check --sources”"))
        return problems
    finally:
        state.client.close()
