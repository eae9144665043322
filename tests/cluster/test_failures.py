"""What is lost when a node is killed, paused, or too busy, or the index is swapped under load? No article, and no search.

These tests start three nodes of their own, with room for two waiting writes each, and kill them by their process ids.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import random_article

from corpus import Article
from corpus.errors import ClusterUnavailable
from indexer import build_index
from indexer.cluster_bulk import BulkSender, index_operation
from indexer.cluster_client import ClusterClient, parse_location
from indexer.cluster_crew import rendered
from indexer.cluster_state import ClusterState
from indexer.documents import stored_form
from search import SearchRequest, open_engine, search

sys.path.insert(0, str(Path(__file__).parents[2] / "ci" / "opensearch"))
from nodes import Cluster, Node

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(420)]
ARTICLES = 2_000
TINY_QUEUE = "thread_pool.write.queue_size: 2"


@pytest.fixture(scope="module")
def cluster(hosts: str) -> Iterator[Cluster]:
    """Three nodes of our own."""
    folder = Path(tempfile.mkdtemp(prefix="marbre-nodes-"))  # pytest's own folders are closed to the user the servers run as
    folder.chmod(0o755)
    made = Cluster(folder, nodes=3, port=9501, more=TINY_QUEUE)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def location_of(cluster: Cluster, name: str) -> str:
    return f"opensearch+http://{cluster.hosts}/{name}"


def made_articles(count: int = ARTICLES, seed: int = 7) -> list[Article]:
    dice = random.Random(seed)
    return [random_article(dice, f"a{number}", 40) for number in range(count)]


def manager_of(cluster: Cluster) -> Node:
    for node in cluster.nodes:
        try:
            rows = node.get("/_cat/cluster_manager?format=json")
        except OSError:
            continue
        return next(one for one in cluster.nodes if one.name == rows[0]["node"])
    raise AssertionError("no node answers")


def wait_green(cluster: Cluster, location: str) -> None:
    state = ClusterState(ClusterClient(parse_location(location)))
    assert state.send("GET", f"/_cluster/health/{state.name}?wait_for_status=green&timeout=100s", None, seconds=220)["status"] == "green"
    state.client.close()


class Searching:
    """Four readers who ask without pause; ``errors`` and ``totals`` are what they were told."""

    def __init__(self, location: str, text: str = "") -> None:
        self.errors: list[str] = []
        self.totals: list[int] = []
        self._stop = threading.Event()
        self._engine = open_engine(location)
        self._request = SearchRequest(text=text, size=5, facets=("newspaper",), reprints="all")
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]

    def __enter__(self) -> Searching:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._engine.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.totals.append(search(self._engine, self._request).total)
            except Exception as error:  # noqa: BLE001 - every failure is counted
                self.errors.append(f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("which", ["a data node", "the elected manager"])
def test_a_killed_node_costs_no_search_and_no_article(cluster: Cluster, which: str) -> None:
    location = location_of(cluster, "killed-" + which.split()[-1])
    articles = made_articles()
    build_index(articles[:500], location)
    wait_green(cluster, location)
    manager = manager_of(cluster)
    victim = manager if which == "the elected manager" else next(node for node in cluster.nodes if node is not manager)

    def kill(number: int) -> None:
        if number == 1_000:
            victim.send(signal.SIGKILL)

    with Searching(location) as readers:
        report = build_index(articles[500:], location, progress=kill)
        asked = len(readers.totals)
    assert readers.errors == []
    assert asked > 0
    assert set(readers.totals) <= {500, ARTICLES} | {500 + 1_000}  # commits only, never a part of one
    assert (report.rejected, report.articles) == (0, ARTICLES)
    with open_engine(location) as engine:
        assert engine.stats().articles == ARTICLES
        assert all(engine.article(article.doc_id) is not None for article in articles[::50])
    victim.wait_dead()
    victim.start()
    cluster.wait_joined(3)
    wait_green(cluster, location)


def test_a_cluster_that_refuses_most_writes_loses_none(cluster: Cluster) -> None:
    location = location_of(cluster, "queue")
    build_index(made_articles(10), location)
    state = ClusterState(ClusterClient(parse_location(location)))
    found = state.find()
    assert found is not None
    index, rows = found[0], made_articles(2_000, seed=8)
    senders = [BulkSender(state.client, index) for _ in range(4)]

    def send(sender: BulkSender, mine: list[Article]) -> None:
        for number, article in enumerate(mine):
            sender.add(
                index_operation(
                    f"q{article.doc_id}",
                    10**16 + number,
                    rendered({**stored_form(article, "2025-01-01"), "doc_id": f"q{article.doc_id}"}, "x", 10**16 + number),
                )
            )
            if number % 20 == 19:
                sender._send()
        sender.flush()

    threads = [threading.Thread(target=send, args=(sender, rows[at::4])) for at, sender in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state.send("POST", f"/{index}/_refresh", None)
    count = state.send("POST", f"/{index}/_count", {"query": {"prefix": {"doc_id": "qa"}}})["count"]
    print(f"refused and sent again: {sum(sender.resent for sender in senders)} items")
    assert [sender.dead for sender in senders] == [[], [], [], []]
    assert count == 2_000
    for sender in senders:
        sender.close()
    state.client.close()


def test_an_alias_moves_under_load_without_an_error(cluster: Cluster) -> None:
    location = location_of(cluster, "swapped")
    articles = made_articles(400)
    build_index(articles, location)
    with Searching(location, "migrants OU port") as readers:
        for _ in range(3):
            assert build_index(articles, location, rebuild=True).articles == 400
    assert readers.errors == []
    assert len(set(readers.totals)) == 1


def test_a_paused_node_is_an_answer_or_one_clear_line_and_then_an_answer(cluster: Cluster) -> None:
    location = location_of(cluster, "paused")
    build_index(made_articles(300), location)
    wait_green(cluster, location)
    manager = manager_of(cluster)
    victim = next(node for node in cluster.nodes if node is not manager)
    with open_engine(location) as engine:
        whole = search(engine, SearchRequest(text="port", reprints="all")).total
        victim.send(signal.SIGSTOP)
        try:
            unanswered = 0
            for _ in range(60):
                try:
                    page = search(engine, SearchRequest(text="port", reprints="all"))
                except ClusterUnavailable:
                    unanswered += 1
                    continue
                assert page.total == whole or page.partial
                if page.total == whole and not page.partial:
                    break
            else:
                pytest.fail("no whole answer although two nodes are well")
        finally:
            victim.send(signal.SIGCONT)
        print(f"questions without an answer while the node was paused: {unanswered}")
    cluster.wait_joined(3)
