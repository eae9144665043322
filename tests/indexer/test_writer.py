"""What if a worker dies, the writer is killed or articles are refused? Nothing lost, nothing left behind, whatever the order of things.

Through the public functions only. MARBRE_LONG=1 asks ten times as many trials of the killed and 5,000 sequences of the model.
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
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from archives import random_article
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from corpus import Article, read_articles
from corpus.errors import IndexProblem
from indexer import BuildOptions, build_index, builder, delete_articles
from indexer.documents import stored_form
from indexer.generations import rollback
from indexer.verify import check
from indexer.writer import MERGED_AT_ONCE
from search import SearchRequest, open_engine, search

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = bool(os.environ.get("MARBRE_LONG"))
KILLED_WORKERS = 120 if LONG else 10
KILLED_WRITERS = 80 if LONG else 4
SEQUENCES = 5_000 if LONG else 200
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
@pytest.mark.parametrize("trial", range(KILLED_WORKERS))
def test_a_worker_killed_at_any_moment_fails_the_commit_and_loses_nothing(trial: int, tmp_path: Path) -> None:
    location, kept = tmp_path / "index", articles(20, "k")
    build_index(kept, location)
    dice = random.Random(trial)
    moment = dice.randrange(1, 150)

    def killing() -> Iterator[Article]:
        for number, article in enumerate(articles(150)):
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
@pytest.mark.parametrize("trial", range(KILLED_WRITERS))
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
from indexer import build_index, builder

builder.FIRST_COMMIT = 1_000_000  # a fast machine takes a thousand before it is killed

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


def test_a_merge_that_the_disk_has_no_room_for_is_refused_and_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = tmp_path / "index"
    for number in range(MERGED_AT_ONCE - 1):
        build_index(articles(1, f"m{number}-"), location)
    full = SimpleNamespace(f_bavail=0, f_frsize=4096, f_blocks=1000)
    with monkeypatch.context() as patch, pytest.raises(IndexProblem, match="not enough room on the disk"):
        patch.setattr(os, "statvfs", lambda _path: full)
        build_index(articles(1, "last"), location)
    assert len(ids_in(location)) == MERGED_AT_ONCE - 1
    assert check(location, deep=True) == []
    assert build_index(articles(1, "last"), location).articles == MERGED_AT_ONCE


@pytest.mark.parametrize("workers", [1, 3])
def test_an_article_given_again_after_a_commit_of_the_same_run_is_one_article(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "FIRST_COMMIT", 5)
    given = [*articles(12), *(replace(article, headline="Corrigé") for article in articles(12))]
    report = build_index(given, tmp_path / "index", workers=workers, options=BuildOptions(commit_articles=5))
    assert report.articles == 12
    with open_engine(tmp_path / "index") as engine:
        assert engine.stats().generation > 3
        hits = search(engine, SearchRequest(size=100, snippets=False, facets=(), reprints="all")).hits
        assert sorted((hit.doc_id, hit.headline) for hit in hits) == sorted((article.doc_id, "Corrigé") for article in given[:12])


def test_several_workers_write_the_same_archive_as_one(tmp_path: Path) -> None:
    given = [*articles(151), *(replace(article, headline="Corrigé") for article in articles(40))]  # 151: dealt in turn, a correction meets another worker
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


# --- R14: a model -----------------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 11)
WORDS = ("port", "loi", "accord", "pêche")


class WriterModel(RuleBasedStateMachine):
    """An index beside a dictionary of what it must hold: id -> headline."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="marbre-model-"))
        self.location = self.folder / "index"
        self.held: dict[str, str] = {}
        self.former: dict[str, str] | None = None
        self.merged = False
        build_index([], self.location)
        self.engine = open_engine(self.location)  # stays open, and must follow every change

    @rule(
        numbers=st.lists(NUMBERS, min_size=1, max_size=6),
        word=st.sampled_from(WORDS),
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

    @precondition(lambda self: not self.merged)
    @rule(rounds=st.integers(6, 8))
    def commit_until_segments_are_merged(self, rounds: int) -> None:
        self.merged = True  # once a sequence: it is slow
        for number in range(rounds):
            after = self.held | {f"m{number}": f"loi {number}"}
            build_index([Article(doc_id=f"m{number}", headline=f"loi {number}", body="Une loi.")], self.location)
            self._committed(after)

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
        with open_engine(self.location) as fresh:
            for engine in (fresh, self.engine):
                page = search(engine, SearchRequest(size=100, snippets=False, facets=(), reprints="all"))
                assert {hit.doc_id: hit.headline for hit in page.hits} == self.held
                assert len(page.hits) == page.total == len(self.held) == engine.stats().articles
            for word in WORDS[len(self.held) % 2 :: 2]:
                found = search(fresh, SearchRequest(text=f"titre:{word}", size=100, snippets=False, facets=(), reprints="all"))
                assert {hit.doc_id for hit in found.hits} == {doc_id for doc_id, headline in self.held.items() if word in headline}
            for doc_id, headline in self.held.items():
                article = fresh.article(doc_id)
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


@pytest.mark.timeout(3_600 if LONG else 300)
def test_any_sequence_of_changes_leaves_what_a_dictionary_would_hold() -> None:
    run_state_machine_as_test(WriterModel, settings=settings(max_examples=SEQUENCES, stateful_step_count=6))
