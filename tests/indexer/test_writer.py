"""What if a worker dies, the writer is killed, articles are refused, or readers come while it writes? Nothing lost, nothing left behind.

Through the public functions only; long versions of the first two run with ``--count`` of ``bench.torture`` on the commit protocol.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from archives import random_archive, random_article
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from corpus import Article, read_articles
from corpus.errors import IndexProblem
from indexer import build_index, delete_articles
from indexer.documents import stored_form
from indexer.generations import rollback
from indexer.verify import check
from search import Filter, SearchRequest, open_engine, page_as_json, search

ROOT = Path(__file__).resolve().parent.parent.parent
ASKED = (
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


def ids_in(location: Path) -> set[str]:
    with open_engine(location) as engine:
        return {article.doc_id for article in engine.export(_everything(), SearchRequest())}


def _everything() -> object:
    from search.language import parse_query

    return parse_query("").query


def articles(count: int, prefix: str = "w") -> list[Article]:
    dice = random.Random(count)
    return [random_article(dice, f"{prefix}{number}", 30) for number in range(count)]


# --- R12: killed ------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(60)
@pytest.mark.parametrize("trial", range(4))
def test_a_worker_killed_at_any_moment_fails_the_commit_and_loses_nothing(trial: int, tmp_path: Path) -> None:
    location, kept = tmp_path / "index", articles(20, "k")
    build_index(kept, location)
    dice = random.Random(trial)
    moment = dice.randrange(1, 400)

    def killing() -> Iterator[Article]:
        for number, article in enumerate(articles(400)):
            if number == moment:
                victim = dice.choice(multiprocessing.active_children())
                assert victim.pid is not None
                os.kill(victim.pid, signal.SIGKILL)
            yield article

    with pytest.raises(IndexProblem, match="nothing was committed"):
        build_index(killing(), location, workers=2)
    assert multiprocessing.active_children() == []
    assert ids_in(location) == {article.doc_id for article in kept}
    assert build_index(articles(30), location, workers=2).articles == 50  # the lock is free, and nothing of the failed run is in the way
    assert check(location, deep=True) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize("trial", range(2))
def test_a_killed_writer_leaves_no_worker_no_lock_and_the_former_index(trial: int, tmp_path: Path) -> None:
    location, kept = tmp_path / "index", articles(20, "k")
    build_index(kept, location)
    child = subprocess.Popen([sys.executable, "-c", _WRITER, str(location)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    workers = [int(pid) for pid in child.stdout.readline().split()]
    assert len(workers) == 2
    time.sleep(random.Random(trial).random() / 2)
    child.kill()
    child.wait()
    child.stdout.close()
    _gone(workers)
    assert build_index(articles(1, "after"), location).articles == 21
    assert ids_in(location) == {"after0", *(article.doc_id for article in kept)}
    assert check(location, deep=True) == []


_WRITER = """
import itertools, multiprocessing, sys
from corpus import Article
from indexer import build_index

def endless():
    for number in itertools.count():
        if number == 100:
            print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        yield Article(doc_id=f"never{number % 5000}", headline=f"Titre {number}", body="Le port attend un accord. " * 40)

if __name__ == "__main__":
    build_index(endless(), sys.argv[1], workers=2)
"""


def _gone(pids: list[int]) -> None:
    """Wait until no process has one of these numbers; a zombie that nobody has taken away is gone too."""
    for _ in range(100):
        if not any(_runs(pid) for pid in pids):
            return
        time.sleep(0.1)
    raise AssertionError(f"workers {pids} outlive their writer")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_several_workers_write_the_same_archive_as_one(tmp_path: Path) -> None:
    given = [*articles(150), *(replace(article, headline="Corrigé") for article in articles(40))]
    for workers, memory in ((1, 1 << 30), (3, 300_000)):
        build_index(given, tmp_path / f"{workers}", workers=workers, memory=memory)
    with open_engine(tmp_path / "1") as one, open_engine(tmp_path / "3") as three:
        for text in ASKED:
            request = SearchRequest(text=text, size=100, snippets=False)
            first, second = search(one, request), search(three, request)
            assert (first.total, first.facets, first.timeline) == (second.total, second.facets, second.timeline)
            assert {hit.doc_id: hit.score for hit in first.hits[:50]} == pytest.approx(
                {hit.doc_id: hit.score for hit in second.hits[:50]}, abs=1e-4
            )


# --- R13: refused -----------------------------------------------------------------------------------------------------

REFUSED = {
    "no headline and no text": {"id": "r1", "journal": "FANTÔME"},
    "a text far too long": {"id": "r2", "titre": "FANTÔME", "texte": "FANTÔME " * 300_000},
    "not an object": ["FANTÔME"],
}


def test_refused_articles_leave_no_trace_among_good_ones(tmp_path: Path) -> None:
    source, location = tmp_path / "mixed.jsonl", tmp_path / "index"
    good = articles(60)
    lines = [json.dumps(stored_form(article, "2025-01-01"), ensure_ascii=False) for article in good]
    for at, record in enumerate(REFUSED.values()):
        lines.insert(at * 9, json.dumps(record, ensure_ascii=False))
    source.write_text("\n".join([*lines, '{"id": "r9", "titre": "FANTÔME']) + "\n", encoding="utf-8")
    report = build_index(read_articles([source]), location)
    assert (report.added, report.rejected) == (60, len(REFUSED) + 1)
    assert len({str(reject) for reject in report.rejects}) == len(REFUSED) + 1
    with open_engine(location) as engine:
        assert search(engine, SearchRequest(text="fantôme OU fant* OU journal:fantôme OU phantome~2")).total == 0
        assert engine.vocabulary().frequency("fantome") == 0
        assert engine.stats().articles == 60
    assert ids_in(location) == {article.doc_id for article in good}


# --- R10, R11: read meanwhile, and by many ----------------------------------------------------------------------------


def test_readers_see_whole_commits_while_a_writer_commits_merges_and_rebuilds(tmp_path: Path) -> None:
    location, batch = tmp_path / "index", 5
    build_index(articles(batch, "c0-"), location)
    acknowledged, done, reads = [batch], threading.Event(), [0]

    def read(_number: int) -> None:
        engine = open_engine(location)
        while not done.is_set() or reads[0] < 200:
            least = acknowledged[-1]
            with open_engine(location) as fresh:
                for one in (engine, fresh):
                    page = search(one, SearchRequest(text="", size=10, facets=("newspaper",), reprints="all"))
                    facet = page.facets["newspaper"]
                    assert page.total >= least
                    assert page.total % batch == 0
                    assert sum(bucket.count for bucket in facet.buckets) + facet.missing == page.total
                    reads[0] += 1

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, number) for number in range(4)]
        try:
            for number in range(1, 16):
                build_index(articles(batch, f"c{number}-"), location)
                acknowledged.append(batch * (number + 1))
            everything = [article for number in range(17) for article in articles(batch, f"c{number}-")]
            build_index(everything, location, rebuild=True)
            acknowledged.append(len(everything))
        finally:
            done.set()
        for reader in readers:
            reader.result()
    assert check(location, deep=True) == []


def test_sixteen_threads_on_one_engine_answer_as_one_thread_does(tmp_path: Path) -> None:
    location = tmp_path / "index"
    for seed in range(3):
        build_index([replace(article, doc_id=f"s{seed}-{article.doc_id}") for article in random_archive(seed, 40, 30)], location)
    requests = [SearchRequest(text=text, size=20) for text in ASKED]
    requests += [
        SearchRequest(text="port", filters=(Filter("newspaper", ("L’Essor",)), Filter("year", ("2023",)))),
        SearchRequest(text="loi", sort="newest"),
    ]
    with open_engine(location) as engine:
        expected = [_answer(engine, request) for request in requests]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with open_engine(location) as engine, ThreadPoolExecutor(16) as pool:
            order = [number for _ in range(40) for number in range(len(requests))]
            random.Random(7).shuffle(order)
            for number, found in zip(order, pool.map(lambda number: _answer(engine, requests[number]), order), strict=True):
                assert found == expected[number]
    finally:
        sys.setswitchinterval(before)


def _answer(engine: object, request: SearchRequest) -> object:
    page = page_as_json(search(engine, request))  # type: ignore[arg-type]
    return {name: value for name, value in page.items() if name != "took_ms"}


# --- R14: a model -----------------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 11)


class WriterModel(RuleBasedStateMachine):
    """An index beside a dictionary of what it must hold: id -> headline."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="marbre-model-"))
        self.location = self.folder / "index"
        self.held: dict[str, str] = {}
        self.former: dict[str, str] | None = None
        build_index([], self.location)

    @rule(
        numbers=st.lists(NUMBERS, min_size=1, max_size=6),
        word=st.sampled_from(("port", "loi", "accord", "pêche")),
        memory=st.sampled_from((1, 1 << 20)),
    )
    def add_or_update(self, numbers: list[int], word: str, memory: int) -> None:
        batch = [Article(doc_id=f"m{number}", headline=f"{word} {rank}", body=f"Un {word} au Mali.") for rank, number in enumerate(numbers)]
        after = self.held | {article.doc_id: article.headline for article in batch}
        report = build_index(batch, self.location, memory=memory)
        assert report.articles == len(after)
        self._committed(after)

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=4, unique=True))
    def delete(self, numbers: list[int]) -> None:
        ids = [f"m{number}" for number in numbers]
        deleted, missing = delete_articles(ids, self.location)
        assert (set(deleted), set(missing)) == (set(ids) & set(self.held), set(ids) - set(self.held))
        self._committed({doc_id: headline for doc_id, headline in self.held.items() if doc_id not in ids})

    @rule()
    def fail(self) -> None:
        def failing() -> Iterator[Article]:
            yield Article(doc_id="m0", headline="jamais", body="jamais")
            raise OSError("the source is gone")

        with pytest.raises(OSError, match="the source is gone"):
            build_index(failing(), self.location)

    @precondition(lambda self: self.former is not None)
    @rule()
    def roll_back(self) -> None:
        rollback(self.location)
        assert self.former is not None
        self.held, self.former = self.former, None

    @rule()
    def rebuild(self) -> None:
        build_index(
            [Article(doc_id=doc_id, headline=headline, body="Un port.") for doc_id, headline in self.held.items()],
            self.location,
            rebuild=True,
        )
        self.former = None

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "location"):
            return
        with open_engine(self.location) as engine:
            page = search(engine, SearchRequest(size=100, snippets=False, facets=()))
            assert {hit.doc_id: hit.headline for hit in page.hits} == self.held
            assert page.total == len(self.held) == engine.stats().articles
            for doc_id, headline in self.held.items():
                article = engine.article(doc_id)
                assert article is not None
                assert article.headline == headline

    def teardown(self) -> None:
        if hasattr(self, "location"):
            problems = check(self.location, deep=True)
            shutil.rmtree(self.folder)
            assert problems == []

    def _committed(self, after: dict[str, str]) -> None:
        if after != self.held:
            self.former = self.held
        self.held = after


def test_any_sequence_of_changes_leaves_what_a_dictionary_would_hold() -> None:
    run_state_machine_as_test(WriterModel, settings=settings(max_examples=25, stateful_step_count=12))
