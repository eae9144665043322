"""What do many small commits leave behind, while readers come and go? No file that nothing names, no descriptor, no memory, no needless bytes.

An archive of real articles is corrected again and again: its size stays, so that whatever grows is a leak. Readers in a process of their own, as
a site is, open it, ask and close, in several threads; one keeps its engine, which follows the commits.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from bench.real_archive import ARTICLES_A_FILE, FILES, Archive, Change, Stock, bring_up, found_in, perform
from corpus import read_articles
from indexer import build_index
from indexer.generations import open_snapshot
from indexer.verify import check
from search import Engine, SearchRequest, open_engine, search

__all__ = ["commit_trials"]

PAUSE_S: Final = 0.03
READERS: Final = 2
CORRECTED: Final = 3  # articles of a commit
REQUEST: Final = SearchRequest(text="conseil OU ministre", facets=("newspaper", "section"))
Figures = dict[str, float]


def commit_trials(folder: Path, commits: int, articles: Path | None = None, *, files: int = FILES, warm_up: int = 40) -> Figures:
    """Commit small corrections while readers come and go; return what was left and what had grown.

    Units: megabytes where named; ratios of bytes against an index built afresh of the same files.
    Raises: AssertionError for a reader that failed or saw fewer articles than there are, and for a wrong archive at the end.
    """
    stock, random, archive = Stock(articles, files * ARTICLES_A_FILE), Random(1), Archive()
    location, source = folder / "index", folder / "presse"
    for number in range(files):
        rows = {f"{number}-{rank}": 0 for rank in range(ARTICLES_A_FILE)}
        archive = archive.after(Change("file", f"{number:02}.jsonl", rows))
        stock.write(source / f"{number:02}.jsonl", rows)
    bring_up(location, source)
    memory, descriptors, names, sizes = list[int](), list[int](), list[int](), list[int]()
    with _readers(location, expected=len(archive.content), told=folder / "told"):
        for _ in range(warm_up + commits):
            change = _correction(archive, random)
            perform(change, location, source, stock)
            archive = archive.after(change)
            memory.append(_resident_bytes())
            descriptors.append(len(os.listdir("/proc/self/fd")))
            names.append(sum(path.is_file() for path in location.rglob("*")))
            sizes.append(_named_bytes(location))
    assert found_in(location) == archive.content, "the archive is not what was committed"
    build_index(read_articles([source]), folder / "fresh", rebuild=True)
    readers = [json.loads(line) for line in (folder / "told").read_text().splitlines()]
    warm_reads = len(readers) * warm_up // (warm_up + commits)
    return {
        "commits": commits,
        "reads": readers[-1]["reads"],
        "unreferenced": len(check(location, deep=True)),
        "most files": max(names),
        "size at the end / fresh": round(sizes[-1] / _named_bytes(folder / "fresh"), 2),
        "size at most / fresh": round(max(sizes) / _named_bytes(folder / "fresh"), 2),
        "writer: descriptors more": descriptors[-1] - descriptors[warm_up],
        "readers: descriptors more": readers[-1]["descriptors"],
        **_growth("writer", memory[warm_up:]),
        **_growth("readers", [one["bytes"] for one in readers[warm_reads:]]),
    }


def _growth(who: str, memory: list[int]) -> Figures:
    """Compare the least of the first third after the warm-up with the least of the last: between them the number of segments goes up and down."""
    third = len(memory) // 3
    return {
        f"{who}: MB warm": round(min(memory[:third]) / 1e6, 1),
        f"{who}: MB at the end": round(min(memory[-third:]) / 1e6, 1),
    }


def _correction(archive: Archive, random: Random) -> Change:
    name = random.choice(sorted(archive.files))
    rows = dict(archive.files[name])
    for doc_id in random.sample(sorted(rows), CORRECTED):
        rows[doc_id] += 1
    return Change("file", name, rows)


@contextmanager
def _readers(location: Path, expected: int, told: Path) -> Iterator[None]:
    """Open, ask and close in another process meanwhile. Raises: AssertionError for a reader that failed."""
    child = os.fork()
    if child == 0:
        try:
            _read_for_ever(location, expected, told)
        finally:
            os._exit(1)
    try:
        yield
    finally:
        ended = os.waitpid(child, os.WNOHANG)[0]
        if not ended:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
    failures = [line["failure"] for line in map(json.loads, told.read_text().splitlines()) if line["failure"]]
    assert not ended, "the readers died"
    assert not failures, failures[:3]


def _read_for_ever(location: Path, expected: int, told: Path) -> None:
    """Read until told to end; then close everything and count what is left open."""
    reads, failures, stop = count(1), list[str](), threading.Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    gc.collect()

    def read() -> None:
        with open_engine(location) as kept:
            while not stop.wait(PAUSE_S):
                try:
                    with open_engine(location) as fresh:
                        _look(fresh, expected)
                    _look(kept, expected)
                except Exception as error:  # noqa: BLE001 - whatever a reader sees is a finding
                    failures.append(f"{type(error).__name__}: {error}")
                next(reads)

    with open_engine(location) as first:  # what a process opens once and keeps is there before it is counted
        _look(first, expected)
    with told.open("a", buffering=1) as out:
        before = _descriptors()
        threads = [threading.Thread(target=read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        while threads:
            if stop.wait(10 * PAUSE_S):
                for thread in threads:
                    thread.join()
                threads = []
            line = {"bytes": _resident_bytes(), "descriptors": _descriptors() - before, "failure": "; ".join(failures[:3])}
            out.write(json.dumps({"reads": next(reads) - 1, **line}) + "\n")


def _descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def _look(engine: Engine, expected: int) -> None:
    everything, some = search(engine, SearchRequest(text="", snippets=False, reprints="all")), search(engine, REQUEST)
    assert everything.total == expected, f"{everything.total} articles seen, {expected} expected"
    assert some.total, "a word that many articles have is not found"


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _named_bytes(location: Path) -> int:
    return sum(entry.length for entry in open_snapshot(location).manifest.files)
