"""How are articles of an index on a cluster read: one by its id, or all in the order of the archive?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from indexer.cluster_client import WRITE_S, Refused
from indexer.cluster_state import ClusterState

__all__ = ["PAGE", "read_document", "scan"]

PAGE: Final = 2_000


def read_document(state: ClusterState, index: str, doc_id: str, *, seconds: float = WRITE_S) -> dict[str, Any] | None:
    """Return ``src``, ``digest`` and ``seq`` of an article, as it was sent last."""
    if not doc_id or len(doc_id.encode()) > 512:
        return None
    try:
        found = state.client.call("POST", f"/{index}/_mget", {"ids": [doc_id]}, seconds=seconds)["docs"][0]
    except Refused as error:
        raise state.problem(error) from None
    source: dict[str, Any] | None = found.get("_source") if found.get("found") else None
    return source


def scan(
    state: ClusterState, index: str, source: Sequence[str], fields: Sequence[Any] = (), query: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every article of an index (or those of a query) in the order of the archive, ``source`` and ``fields`` of each; a shard that cannot tell is a refusal."""
    body: dict[str, Any] = {
        "size": PAGE if not fields else 5 * PAGE,
        "sort": [{"seq": "asc"}],
        "_source": list(source) or False,
        "docvalue_fields": list(fields),
        "track_total_hits": False,
        **({} if query is None else {"query": query}),
    }
    while True:
        hits = state.send("POST", f"/{index}/_search?allow_partial_search_results=false", body)["hits"]["hits"]
        yield from hits
        if not hits:
            return
        body["search_after"] = hits[-1]["sort"]
