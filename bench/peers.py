"""Who stands beside Marbre? One interface, so that every peer does the whole work of a page for the same question.

The work is: the exact total, the counts of newspaper, section, year and month (a chosen facet counted without its own choice), and the
twenty best with their headlines. Peers are asked Marbre's own query tree, translated before the clock starts; Marbre is timed from the text.
Their search indexes hold Marbre's terms, class and exact, so that the totals can be compared; what is built against the clock in
``bench.building`` is each engine's own way instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.queries import FACETS, Question
from corpus import Article
from indexer import build_index
from search import open_engine, search
from search.engines.local import LocalEngine

__all__ = ["PEERS", "Marbre", "Page", "Peer", "Unsupported", "folder_bytes", "open_peer"]


class Unsupported(Exception):
    """This peer has no way to ask this."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a peer answered: enough to see that the work was done. ``counts`` puts what it counted in one form, to be compared: not timed."""

    total: int
    headlines: list[str]
    counts: Callable[[], Mapping[str, Mapping[str, int]]] = dict


class Peer(Protocol):
    """An engine that was given the articles and answers questions; ``prepare`` is not timed, what it returns is."""

    name: str

    def __init__(self, folder: Path) -> None: ...

    @staticmethod
    def build(articles: Iterable[Article], folder: Path) -> None:
        """Write the index of these articles."""

    def prepare(self, question: Question) -> Callable[[], Page]:
        """Translate a question. Raises: Unsupported."""


class Marbre:
    """The engine itself, timed at ``search(engine, request)``: parsing, ranking, rescoring and facets included."""

    name = "marbre"

    def __init__(self, folder: Path) -> None:
        self.engine: LocalEngine = open_engine(folder)

    @staticmethod
    def build(articles: Iterable[Article], folder: Path) -> None:
        build_index(articles, folder)

    def prepare(self, question: Question) -> Callable[[], Page]:
        """Return the search; the query text is parsed inside it."""
        engine, request = self.engine, question.request

        def ask() -> Page:
            page = search(engine, request)

            def counts() -> dict[str, dict[str, int]]:
                return {name: {bucket.value: bucket.count for bucket in page.facets[name].buckets} for name in FACETS}

            return Page(page.total, [hit.headline for hit in page.hits], counts)

        return ask


def open_peer(name: str, folder: Path) -> Any:
    """Return a peer on its index, or its class when there is no index yet.

    Raises: ImportError when the package of the peer is not installed (``requirements-bench.lock``).
    """
    peer = _class(name)
    return peer(folder)


def _class(name: str) -> Any:
    if name == "marbre":
        return Marbre
    if name == "whoosh":
        from bench.peer_whoosh import StockWhoosh

        return StockWhoosh
    if name == "sqlite":
        from bench.peer_sqlite import SqliteFts

        return SqliteFts
    from bench.peer_tantivy import Tantivy

    return Tantivy


PEERS = ("marbre", "tantivy", "sqlite", "whoosh")


def build_peer(name: str, articles: Iterable[Article], folder: Path) -> None:
    """Write the search index of a peer."""
    _class(name).build(articles, folder)


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(os.lstat(path).st_size for path in folder.rglob("*") if path.is_file())
