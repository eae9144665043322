"""How does Marbre stand beside its peers? One command that asks, builds and measures, and prints a table and JSON.

    python -m bench SPEED.jsonl                        every peer answers the same questions (indexes are kept in --work)
    python -m bench --build SPEED.jsonl                articles/s with 1 and 2 workers, memory, bytes
    python -m bench --growth 10K.jsonl 100K.jsonl 1M.jsonl     Marbre alone, larger and larger

A corpus is a file of JSON Lines (id, title, text, date, newspaper, section). The peers need ``requirements-bench.lock``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

from bench.building import BUILDERS, COST_BUILDS, SINGLE, building_table, cost_table, measure_build
from bench.peers import PEERS, build_peer, folder_bytes, open_peer
from bench.queries import DRAWN_FROM, KINDS, draw_questions
from bench.speed import ROUNDS, measure_open, measure_speed, speed_table
from corpus import read_articles


def main() -> None:
    """Run what was asked; tables on the standard output, JSON in --json FILE."""
    given = _options().parse_args()
    figures: dict[str, Any] = {}
    for corpus in given.corpus:
        if given.build:
            figures[corpus.name] = _build(corpus, given)
        elif given.cost:
            figures[corpus.name] = _cost(corpus, given)
        elif given.growth:
            figures[corpus.name] = _growth(corpus, given)
        else:
            figures[corpus.name] = _speed(corpus, given)
    if given.json:
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path, nargs="+")
    options.add_argument("--build", action="store_true", help="measure building instead of asking")
    options.add_argument("--cost", action="store_true", help="what reprints and mentions add to a build, and tantivy beside; one worker")
    options.add_argument("--growth", action="store_true", help="Marbre alone: build, open and ask each corpus")
    options.add_argument("--peers", nargs="+", default=list(PEERS), choices=PEERS)
    options.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, metavar="KIND", help=f"of {', '.join(KINDS)}")
    options.add_argument("--questions", type=int, default=20, help="of each kind")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--work", type=Path, default=Path("bench-work"), help="where the indexes are kept")
    options.add_argument("--cpu", action="store_true", help="processor time instead of the clock on the wall: for a busy machine")
    options.add_argument("--fresh", action="store_true", help="build Marbre's index anew")
    options.add_argument("--json", type=Path, metavar="FILE")
    return options


def _speed(corpus: Path, given: argparse.Namespace) -> dict[str, Any]:
    folders = {name: _indexed(name, corpus, given) for name in given.peers}
    questions = draw_questions(list(islice(read_articles([corpus]), DRAWN_FROM)), given.questions, kinds=given.kinds)
    peers = {name: open_peer(name, folder) for name, folder in folders.items()}
    figures = measure_speed(peers, questions, given.rounds, time.thread_time if given.cpu else time.perf_counter)
    figures["open ms"] = {name: measure_open(lambda path, name=name: open_peer(name, path), folder) for name, folder in folders.items()}
    print(f"\n{corpus.name}: {len(questions)} questions, {given.rounds} rounds after the first{', processor time' if given.cpu else ''}")
    print(speed_table(figures, given.peers))
    for name, row in figures["totals"].items():
        different = ", ".join(f"{count} {kind}" for kind, count in row["different"].items()) or "none"
        print(f"same totals as {name}: {row['same']}; different: {different}")
    print("open ms: " + ", ".join(f"{name} {taken}" for name, taken in figures["open ms"].items()))
    return figures


def _indexed(name: str, corpus: Path, given: argparse.Namespace) -> Path:
    """Return the folder of a peer's search index, built when it is not there yet."""
    folder = given.work / corpus.stem / name
    if name == "marbre" and given.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    done = folder.with_suffix(".done")
    if not (folder.exists() and done.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        build_peer(name, read_articles([corpus]), folder)
        done.touch()
        print(f"{name}: search index of {corpus.name} built in {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return folder


def _build(corpus: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for workers in given.workers:
        for name in given.peers:
            if workers == 1 or name not in SINGLE:
                rows.append(measure_build(name, corpus, given.work / corpus.stem / f"built-{name}", workers))
                print("\n" + building_table(rows[-1:]), flush=True)
    assert set(given.peers) <= set(BUILDERS)
    print(f"\n{corpus.name}\n{building_table(rows)}")
    return rows


def _cost(corpus: Path, given: argparse.Namespace) -> list[dict[str, Any]]:
    rows = [measure_build(name, corpus, given.work / corpus.stem / f"built-{name}", 1) for name in (*COST_BUILDS, "tantivy")]
    print(f"\n{corpus.name}\n{building_table(rows)}\n\n{cost_table(rows)}")
    return rows


def _growth(corpus: Path, given: argparse.Namespace) -> dict[str, Any]:
    folder = given.work / corpus.stem / "grown"
    built = measure_build("marbre", corpus, folder, max(given.workers))
    questions = draw_questions(list(islice(read_articles([corpus]), DRAWN_FROM)), given.questions, kinds=given.kinds)
    clock = time.thread_time if given.cpu else time.perf_counter
    figures = measure_speed({"marbre": open_peer("marbre", folder)}, questions, given.rounds, clock)
    opened = measure_open(lambda path: open_peer("marbre", path), folder)
    print(
        f"\n{corpus.name}: opens in {opened} ms, {folder_bytes(folder) >> 20} MB\n{building_table([built])}\n{speed_table(figures, ['marbre'])}",
        flush=True,
    )
    return {"build": built, "open ms": opened, **figures}


if __name__ == "__main__":
    main()
