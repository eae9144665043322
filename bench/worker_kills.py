"""What if a worker is killed while articles are inverted, or the writer above its workers? The commit fails and says so; nobody waits, nobody stays.

A worker dies at a random moment, from its birth to the end of the run: the run raises and the index is as it was, or (killed when its work was
done) everything is there. The writer dies at a random moment: no worker outlives it, the lock is free, and what is there is the beginning of
what was given, without a hole. The figures tell how long the slowest took; a busy machine needs longer than the bounds of a quiet one.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import indexer.builder
from corpus import Article
from corpus.article import article_from_record
from corpus.errors import IndexProblem
from indexer import BuildOptions, build_index
from indexer.former import FormerArchive
from indexer.generations import open_snapshot, write_session
from indexer.verify import check

__all__ = ["worker_trials", "writer_trials"]

HANG_S: Final = 10.0
LOCK_S: Final = 2.0
GONE_S: Final = 30.0  # a worker that is just being born reads its modules to the end before it sees that nobody is there
KEPT: Final = 20
GIVEN: Final = 400
WORKERS: Final = 2
OFTEN: Final = 60  # articles between the commits of the writer that is killed
_BODY: Final = "Le port attend un accord sur la pêche. "


def _article(name: str) -> Article:
    return article_from_record({"id": name, "titre": f"Titre {name}", "texte": f"{name} {_BODY * 20}", "journal": "L’Essor"})


def _ids(location: Path) -> set[str]:
    with FormerArchive(open_snapshot(location)) as archive:
        return set(archive.ids())


def _base(location: Path) -> set[str]:
    build_index([_article(f"k{number}") for number in range(KEPT)], location)
    return _ids(location)


def _expect_sound(location: Path) -> None:
    problems = [str(problem) for problem in check(location, deep=True)]
    assert not problems, problems


# --- a worker is killed ---------------------------------------------------------------------------------------------------


def worker_trials(folder: Path, trials: int, seed: int = 1, hang_s: float = HANG_S) -> dict[str, float]:
    """Kill a worker at a random moment of a run.

    Units: hang_s in seconds after the kill.
    Raises: AssertionError for a wrong count, a silent failure, a hang, an orphan.
    """
    location, random = folder / "index", Random(seed)
    figures: dict[str, float] = {"killed": 0, "commit raised": 0, "killed when its work was done": 0, "told after s at most": 0.0}
    before, usual_s = _base(location), 0.8
    for trial in itertools.count():
        names = [f"w{trial}-{number}" for number in range(GIVEN)]
        started, raised = time.monotonic(), False
        with _killing(random.uniform(0, usual_s), random, hang_s) as killed:
            try:
                build_index(map(_article, names), location, workers=WORKERS)
            except IndexProblem as error:
                raised = True
                assert "nothing was committed" in str(error), error
            ended = time.monotonic()
        if killed:
            figures["told after s at most"] = max(figures["told after s at most"], round(ended - killed[0], 2))
        else:
            usual_s = time.monotonic() - started  # as long as a whole run takes on this machine at this hour
        assert raised <= bool(killed), "the run failed, and nobody was killed"
        assert not _children(os.getpid()), "a worker outlives the run"
        found = _ids(location)
        assert found == (before if raised else before | set(names)), f"{len(found)} articles, {len(before)} before, raised: {raised}"
        _expect_sound(location)
        before = found
        figures["killed"] += bool(killed)
        figures["commit raised"] += raised
        figures["killed when its work was done"] += bool(killed) and not raised
        if figures["killed"] == trials:
            break
    return figures


@contextmanager
def _killing(after_s: float, random: Random, hang_s: float) -> Iterator[list[float]]:
    """Kill a worker of this process after a while, and note when; when the run has not ended ``hang_s`` later, end it as hung."""
    killed, done, parent = list[float](), threading.Event(), os.getpid()

    def kill() -> None:
        until = time.monotonic() + after_s
        while not (workers := _children(parent)) or time.monotonic() < until:
            if done.wait(0.002):
                return
        victim = random.choice(workers)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            killed.append(time.monotonic())
        if not done.wait(hang_s):
            os.kill(parent, signal.SIGUSR1)

    def hung(_signal: int, _frame: object) -> None:
        raise AssertionError(f"the run hangs {hang_s:.0f} s after a worker was killed")

    before = signal.signal(signal.SIGUSR1, hung)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        done.set()
        killer.join()
        signal.signal(signal.SIGUSR1, before)


def _children(parent: int) -> list[int]:
    """Return the worker processes of a process; the tracker that Python starts with the first of them is none."""
    found = []
    for task in _listed(Path(f"/proc/{parent}/task")):
        with suppress(OSError):
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return [pid for pid in found if b"spawn_main" in _command(pid) and _runs(pid)]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _runs(pid: int) -> bool:
    """Tell whether a process is there; a zombie that nobody has taken away is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- the writer is killed -------------------------------------------------------------------------------------------------


def writer_trials(folder: Path, trials: int, seed: int = 1) -> dict[str, float]:
    """Kill the writer above its workers. Raises: AssertionError for an orphan, a lock that stays, a hole or an article lost."""
    random = Random(seed)
    figures: dict[str, float] = {"killed": 0, "with workers": 0, "articles committed meanwhile": 0, "workers gone after s at most": 0.0}
    kept = _base(folder / "base")
    for trial in range(trials):
        location, told = folder / f"index{trial}", folder / f"told{trial}"
        shutil.copytree(folder / "base", location)
        writer = _spawn_writer(location, told)
        if trial % 2:  # half of them are killed between commits, half wherever they are
            _await_commit(told)
        time.sleep(random.uniform(0.0, 0.5 if trial % 2 else 1.0))
        workers = _children(writer)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        with write_session(location, wait_s=LOCK_S):  # IndexLocked when the lock stays
            pass
        figures["workers gone after s at most"] = max(figures["workers gone after s at most"], _seconds_until_gone(workers))
        with write_session(location):  # what a worker wrote in its last moments goes with the next writer
            pass
        found, acknowledged = _ids(location), _last_line(told)
        count = len(found) - KEPT
        assert len(found) >= acknowledged, f"{len(found)} articles, {acknowledged} acknowledged"
        assert found == kept | {f"n{number}" for number in range(count)}, "an article is missing among those committed"
        _expect_sound(location)
        figures["killed"] += 1
        figures["with workers"] += bool(workers)
        figures["articles committed meanwhile"] += count
        shutil.rmtree(location)
    return figures


def _spawn_writer(location: Path, told: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            indexer.builder.FIRST_COMMIT = OFTEN  # type: ignore[misc]
            build_index(_endless(location, told), location, workers=WORKERS, options=BuildOptions(commit_articles=OFTEN))
        finally:
            os._exit(1)
    return child


def _endless(location: Path, told: Path) -> Iterable[Article]:
    """Give articles for ever; write down how many the index is known to hold."""
    for number in itertools.count():
        if number % 50 == 0:
            with told.open("a") as out:
                out.write(f"{open_snapshot(location).manifest.articles}\n")
        yield _article(f"n{number}")


def _await_commit(told: Path) -> None:
    until = time.monotonic() + GONE_S
    while _last_line(told) <= KEPT:
        assert time.monotonic() < until, "nothing was committed"
        time.sleep(0.01)


def _last_line(told: Path) -> int:
    lines = told.read_text().split("\n")[:-1] if told.exists() else []
    return int(lines[-1]) if lines else 0


def _seconds_until_gone(workers: list[int]) -> float:
    started = time.monotonic()
    while any(map(_runs, workers)):
        assert time.monotonic() < started + GONE_S, f"workers {workers} outlive their writer"
        time.sleep(0.01)
    return round(time.monotonic() - started, 2)
