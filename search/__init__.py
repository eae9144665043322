"""What was asked, what do we answer?

with open_engine("index") as engine:
    page = search(engine, SearchRequest(text="trafic de migrants", size=20))
    page.total, page.hits[0].headline, page.facets["newspaper"].buckets
"""

from __future__ import annotations

import os
from pathlib import Path

from indexer.cluster_client import is_cluster
from search.answering import export, mark_article, search
from search.engines import ArchiveStats, Engine
from search.engines.cluster import ClusterEngine
from search.engines.local import LocalEngine
from search.request import Filter, Hit, ResultPage, SearchRequest, Snippet, page_as_json
from search.snippets import MarkedArticle

__all__ = [
    "ArchiveStats",
    "Engine",
    "Filter",
    "Hit",
    "MarkedArticle",
    "ResultPage",
    "SearchRequest",
    "Snippet",
    "export",
    "mark_article",
    "open_engine",
    "page_as_json",
    "search",
]


def open_engine(location: str | os.PathLike[str]) -> LocalEngine | ClusterEngine:
    """Open the archive at a location; the engine may be used with or without ``with``, from many threads.

    Raises: IndexMissing, IndexForeign, IndexCorrupt, ClusterUnavailable.
    """
    return ClusterEngine(str(location)) if is_cluster(location) else LocalEngine(Path(location))
