"""Do two hundred readers ever meet an error or half a commit while a writer commits, merges and rebuilds?  python -m bench.readers_torture

Readers are threads of several processes. Each opens the index anew, and asks an engine that its process shares some times; a total below what was
acknowledged before the question, a part of a commit, or facets that do not add up count as errors, as does any exception. An answer that
says it was cut short by the clock (two hundred threads on few processors) is counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from corpus import Article
from indexer import build_index
from indexer.verify import check
from search import SearchRequest, open_engine, search
from search.engines import Engine
from search.request import ResultPage

__all__ = ["BATCH", "torture_readers"]

BATCH: Final = 5  # articles of a commit; every total is a multiple of it
SHARED_ASKS: Final = 11  # questions to the shared engine for one to an engine opened anew, which costs as much as all of them
ROOT: Final = Path(__file__).resolve().parent.parent
_REQUESTS: Final = tuple(SearchRequest(text=text, size=10, facets=("newspaper",), reprints="all") for text in ("", "accord", "accord port"))


def torture_readers(
    folder: Path, *, processes: int, threads: int, going_on: Callable[[int], bool], rebuild_every: int = 16, reads_each: int = 0
) -> dict[str, object]:
    """Commit while ``going_on(number of the commit)`` or a reader has read less than ``reads_each``; return what was counted."""
    location, told = folder / "index", folder / "acknowledged"
    build_index(_batch(0), location)
    _tell(told, BATCH)
    command = [sys.executable, "-m", "bench.readers_torture", "--read", str(folder), "--threads", str(threads), "--reads", str(reads_each)]
    readers = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            reader.stdout.readline()  # it reads now
        commits = _write(
            location,
            told,
            lambda number: going_on(number) or len([*folder.glob("enough-*")]) < processes * threads,
            rebuild_every,
        )
    finally:
        counted = [json.loads(reader.communicate()[0].splitlines()[-1]) for reader in readers]
    return {
        "readers": processes * threads,
        "commits": commits,
        "reads": sum(one["reads"] for one in counted),
        "cut short": sum(one["cut short"] for one in counted),
        "errors": [error for one in counted for error in one["errors"]],
        "damage": [str(problem) for problem in check(location, deep=True)],
    }


def _write(location: Path, told: Path, going_on: Callable[[int], bool], rebuild_every: int) -> int:
    number = 1
    while going_on(number):
        build_index(_batch(number), location)
        _tell(told, BATCH * (number + 1))
        build_index(_batch(number // 2), location)  # corrected: as many as before
        if number % rebuild_every == 0:
            build_index((article for one in range(number + 1) for article in _batch(one)), location, rebuild=True)
        number += 1
    return number - 1


def _batch(number: int) -> list[Article]:
    """Return the articles of one commit; a minute later their text is another."""
    text = f"L’accord du port numéro {number} attend ({time.monotonic_ns()})."
    return [Article(doc_id=f"c{number}-{rank}", headline="Accord", body=text, newspaper=f"Journal {rank % 3}") for rank in range(BATCH)]


def _tell(told: Path, acknowledged: int) -> None:
    aside = told.with_suffix(".new")
    aside.write_text(str(acknowledged))
    os.replace(aside, told)


def _read_until_told(folder: Path, threads: int, enough: int) -> None:
    """Read in many threads until standard input closes, then print what was counted as a line of JSON."""
    done, reads, cut, errors = threading.Event(), [0] * threads, [0] * threads, list[str]()

    def read(number: int, shared: Engine) -> None:
        try:
            while not done.is_set():
                with open_engine(folder / "index") as fresh:
                    for engine in (fresh, *[shared] * SHARED_ASKS):
                        request = _REQUESTS[reads[number] % len(_REQUESTS)]
                        least = int((folder / "acknowledged").read_text())
                        page = search(engine, request)
                        reads[number] += 1
                        if page.partial:
                            cut[number] += 1
                        else:
                            _check(page, least)
                if reads[number] >= enough:
                    (folder / f"enough-{os.getpid()}-{number}").touch()
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is counted
            errors.append(f"{type(error).__name__}: {error}")
            (folder / f"enough-{os.getpid()}-{number}").touch()

    with open_engine(folder / "index") as shared:
        running = [threading.Thread(target=read, args=(number, shared)) for number in range(threads)]
        for thread in running:
            thread.start()
        print("reading", flush=True)
        sys.stdin.read()
        done.set()
        for thread in running:
            thread.join()
    print(json.dumps({"reads": sum(reads), "cut short": sum(cut), "errors": errors}))


def _check(page: ResultPage, least: int) -> None:
    facet = page.facets["newspaper"]
    assert page.total >= least, f"{page.total} articles, {least} were acknowledged before"
    assert page.total % BATCH == 0, f"{page.total} articles: part of a commit"
    assert sum(bucket.count for bucket in facet.buckets) + facet.missing == page.total, "a facet that does not add up"


def main(arguments: list[str] | None = None) -> None:
    """Run the readers and print a line of JSON; exit status 1 when one met an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--threads", type=int, default=50, help="readers in each process")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--reads", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.read is not None:
        _read_until_told(chosen.read, chosen.threads, chosen.reads)
        return
    end = time.monotonic() + chosen.seconds
    with tempfile.TemporaryDirectory(prefix="marbre-readers-") as folder:
        figures = torture_readers(
            Path(folder), processes=chosen.processes, threads=chosen.threads, going_on=lambda _number: time.monotonic() < end
        )
    print(json.dumps({"test": "readers", **figures, "seconds": chosen.seconds}, ensure_ascii=False))
    sys.exit(1 if figures["errors"] or figures["damage"] else 0)


if __name__ == "__main__":
    main()
