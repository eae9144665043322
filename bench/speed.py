"""How long does a page take, here and elsewhere? Every peer answers every question, one after the other, in the same minutes.

The order of the peers turns from question to question, so that a busy moment of the machine hurts all alike. The first round is told
apart (``first``: nothing decoded yet), then the median of the later rounds stands for a question; a row is p50 and p95 over its questions.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.peers import Page, Unsupported
from bench.queries import KINDS, Question

__all__ = ["compare_totals", "measure_open", "measure_speed", "speed_table"]

ROUNDS: Final = 5
SLOW_MS: Final = 200.0  # an answer that takes so long is not asked again
Times = dict[str, dict[str, list[list[float]]]]  # peer -> kind -> question -> round


def measure_speed(
    peers: Mapping[str, Any], questions: Sequence[Question], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Any]:
    """Return per kind and peer: first p50, p50, p95 and the ratio of the p50 to Marbre's. Units: milliseconds.

    ``time.thread_time`` as clock counts the processor time of the asking thread: what a busy machine cannot spoil (no peer searches with
    threads of its own).
    """
    asked, pages = _prepared(peers, questions)
    times: list[dict[str, list[float]]] = [defaultdict(list) for _ in questions]
    names = list(peers)
    gc.collect()
    gc.disable()
    for turn in range(rounds + 1):
        for number in range(len(questions)):
            for name in names[(turn + number) % len(names) :] + names[: (turn + number) % len(names)]:
                ask = asked[number].get(name)
                if ask is None or (turn > 1 and times[number][name][-1] > SLOW_MS):
                    continue
                started = clock()
                page = ask()
                times[number][name].append((clock() - started) * 1000)
                if not turn:
                    pages[number][name] = page
    gc.enable()
    rows = {kind: _row(kind, questions, times, names) for kind in KINDS if any(question.kind == kind for question in questions)}
    return {"kinds": rows, "geometric mean": _means(rows, names), "totals": compare_totals(questions, pages)}


def _prepared(peers: Mapping[str, Any], questions: Sequence[Question]) -> tuple[list[dict[str, Any]], list[dict[str, Page]]]:
    asked: list[dict[str, Any]] = []
    for question in questions:
        row = {}
        for name, peer in peers.items():
            try:
                row[name] = peer.prepare(question)
            except Unsupported:
                continue
        asked.append(row)
    return asked, [{} for _ in questions]


def _row(kind: str, questions: Sequence[Question], times: Sequence[Mapping[str, list[float]]], names: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    mine = [taken for question, taken in zip(questions, times, strict=True) if question.kind == kind]
    for name in names:
        answered = [taken[name] for taken in mine if taken.get(name)]
        if not answered:
            continue
        settled = sorted(statistics.median(rounds[1:] or rounds) for rounds in answered)
        row[name] = {
            "first": round(statistics.median(rounds[0] for rounds in answered), 3),
            "p50": round(statistics.median(settled), 3),
            "p95": round(settled[min(len(settled) - 1, math.ceil(0.95 * len(settled)) - 1)], 3),
        }
    for name in row:
        row[name]["marbre / it"] = round(row["marbre"]["p50"] / row[name]["p50"], 3) if "marbre" in row else None
    return {"questions": len(mine), **row}


def _means(rows: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    means = {}
    for name in names:
        ratios = [row[name]["marbre / it"] for row in rows.values() if name in row and row[name]["marbre / it"]]
        if ratios and name != "marbre":
            means[name] = round(math.exp(statistics.fmean(map(math.log, ratios))), 3)
    return means


def compare_totals(questions: Sequence[Question], pages: Sequence[Mapping[str, Page]]) -> dict[str, Any]:
    """Return, per peer, how many questions have Marbre's total and counts, and of which kinds the others are."""
    found: dict[str, Any] = {}
    for question, by_peer in zip(questions, pages, strict=True):
        mine = by_peer.get("marbre")
        for name, page in by_peer.items():
            if mine is None or name == "marbre":
                continue
            row = found.setdefault(name, {"same": 0, "different": defaultdict(int)})
            counts, own = page.counts(), mine.counts()
            same = page.total == mine.total and all(sum(counts[facet].values()) == sum(own[facet].values()) for facet in own)
            if same:
                row["same"] += 1
            else:
                row["different"][question.kind] += 1
    return found


def measure_open(open_it: Any, folder: Path, times: int = 7) -> float:
    """Return the median time to open an index and be ready to answer. Units: milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        open_it(folder)
        taken.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(taken), 3)


def speed_table(figures: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the figures as a table of p50 / p95, with Marbre's p50 over the peer's."""
    others = [name for name in names if name != "marbre"]
    head = (
        f"{'ms: p50 / p95 (first p50)':<18}"
        + "".join(f"{name:>26}" for name in names)
        + "".join(f"{'marbre/' + name:>16}" for name in others)
    )
    lines = [head]
    for kind, row in figures["kinds"].items():
        cells = "".join(_cell(row.get(name)) for name in names)
        ratios = "".join(f"{row[name]['marbre / it']:>16.3f}" if name in row else f"{'-':>16}" for name in others)
        lines.append(f"{kind:<18}{cells}{ratios}")
    means = "".join(f"{figures['geometric mean'].get(name, math.nan):>16.3f}" for name in others)
    lines.append(f"{'geometric mean':<18}" + " " * 26 * len(names) + means)
    return "\n".join(lines)


def _cell(row: Mapping[str, float] | None) -> str:
    if row is None:
        return f"{'-':>26}"
    return f"{row['p50']:>10.2f} /{row['p95']:>7.2f}" + f"({row['first']:.1f})".rjust(7)
