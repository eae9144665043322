"""Do readers meet an error, half a commit or another thread's answer? Many of them while a writer works, and many threads on one engine."""

from __future__ import annotations

import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from archives import random_archive

from bench.readers_torture import torture_readers
from corpus.errors import IndexProblem
from indexer import build_index
from indexer.generations import current_generation
from search import Filter, SearchRequest, open_engine, page_as_json, search
from search.engines import Engine
from search.engines.local import LocalEngine

READS = 10_000
LIGHT = 10_000  # answers that are compared, of few articles and facets; and 560 whole pages
WHOLE = (
    *(
        SearchRequest(text=text)
        for text in (
            "migrants",
            "port OU accord",
            '"porte la"',
            "p*",
            "l’État -loi",
            "migrent~1",
            "",
            "vice-président",
            "titre:loi",
            "mali date:2020..2023",
        )
    ),
    SearchRequest(text="port", filters=(Filter("newspaper", ("L’Essor",)), Filter("year", ("2023",)))),
    SearchRequest(text="loi", sort="newest"),
    SearchRequest(text="port loi accord pêche migrants introuvable"),
    SearchRequest(text="port PROCHE/5 loi"),
)


def test_readers_see_whole_commits_while_a_writer_commits_merges_and_rebuilds(tmp_path: Path) -> None:
    figures = torture_readers(tmp_path, processes=2, threads=8, going_on=lambda number: number <= 10, rebuild_every=9, reads_each=READS // 16)
    assert (figures["errors"], figures["damage"]) == ([], [])
    assert figures["commits"] >= 10  # type: ignore[operator]
    assert figures["reads"] - figures["cut short"] >= READS  # type: ignore[operator]


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments of forty articles."""
    path = tmp_path_factory.mktemp("readers") / "index"
    for seed in range(3):
        build_index([replace(article, doc_id=f"s{seed}-{article.doc_id}") for article in random_archive(seed, 40, 30)], path)
    return path


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads interrupt each other after some hundred steps."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
@pytest.mark.parametrize(
    ("requests", "rounds"),
    [
        pytest.param(WHOLE, 40, id="whole pages"),
        pytest.param([replace(one, size=3, facets=("newspaper",), snippets=False) for one in WHOLE], -(-LIGHT // len(WHOLE)), id="light"),
    ],
)
def test_sixteen_threads_on_one_engine_answer_as_one_thread_does(location: Path, requests: Sequence[SearchRequest], rounds: int) -> None:
    with open_engine(location) as engine:
        expected = [_answer(engine, request) for request in requests]
    order = [number for _ in range(rounds) for number in range(len(requests))]
    random.Random(7).shuffle(order)
    with open_engine(location) as engine, ThreadPoolExecutor(16) as pool:
        for number, found in zip(order, pool.map(lambda number: _answer(engine, requests[number]), order), strict=True):
            assert found == expected[number]


def test_threads_that_see_a_commit_at_once_open_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that open side by side may end in the other order, and an older generation would replace a newer one."""
    build_index(random_archive(1, 3, 10), tmp_path / "index")
    inside: list[int] = []
    most: list[int] = []

    def slow_open(engine: LocalEngine, opened: Callable[[LocalEngine], Any] = LocalEngine._open) -> Any:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)  # so that whoever may come in does
        inside.pop()
        return opened(engine)

    with LocalEngine(tmp_path / "index") as engine, ThreadPoolExecutor(8) as pool:
        build_index(random_archive(2, 5, 10), tmp_path / "index")
        monkeypatch.setattr(LocalEngine, "_open", slow_open)
        newest = current_generation(tmp_path / "index")
        assert [*pool.map(lambda _: engine.collection().generation, range(8))] == [newest] * 8
    assert most == [1]


def _answer(engine: Engine, request: SearchRequest) -> dict[str, Any]:
    page = page_as_json(search(engine, request))
    while page["partial"]:  # a busy machine may take a second; the answer says that it was cut short, and is asked again
        page = page_as_json(search(engine, request))
    return {name: value for name, value in page.items() if name != "took_ms"}


def test_engines_opened_left_open_or_refused_keep_no_descriptor(location: Path, tmp_path: Path) -> None:
    with open_engine(location) as engine:
        search(engine, WHOLE[0])
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for number in range(300):
        engine = open_engine(location)
        search(engine, WHOLE[number % len(WHOLE)])
        if number % 3:
            engine.close()
        with pytest.raises(IndexProblem):
            open_engine(tmp_path / "nothing")
    del engine
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before
