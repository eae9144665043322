"""How long does a question take to be read, and does the time grow with its length only? Prints JSON, then a table.

Times are those of the processor (``time.thread_time``), so that neighbours on the machine do not count; the percentiles are also
given by the clock on the wall.

    python bench/parsing.py [--questions 100000] [--characters 8192]

Random questions (those of the tests) give the percentiles; 25 hostile patterns at n and 2n characters give the growth, with the
limits lifted so that everything is read, and the time of an 8 kB question with the limits as they are.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "search")]

from fuzz_queries import fuzz_queries  # noqa: E402

from search.language import Limits, parse_query  # noqa: E402

LIFTED = Limits(characters=10_000_000, clauses=10_000_000, pattern=10_000_000)
PATTERNS = {
    "ANDNOT": "ba ANDNOT ",
    "AND NOT": "ba AND NOT ",
    "words": "mali ",
    "short words": "a ",
    "one long word": "a",
    "open": "(",
    "close": ")",
    "open close": "()",
    "quotes": '"',
    "guillemets": "«",
    "phrases": '"a b" ',
    "brackets": "[a TO ",
    "date ranges": "date:[2024 TO ",
    "wildcards": "*?",
    "patterns": "a*b? ",
    "NOT": "NOT ",
    "hyphens": "-",
    "excluded": "-a ",
    "near": "a PROCHE/5 ",
    "or": "a OU ",
    "fields": "titre:",
    "addresses": "url:((",
    "fuzzy": "a~",
    "apostrophes": "l’",
    "hyphenated": "a-",
    "spaced digits": "1 000 ",
    "combining": "e\u0301\u0338",
}


def best_of(text: str, limits: Limits, times: int = 5) -> float:
    """Return the shortest of some runs, in milliseconds."""
    shortest = float("inf")
    for _ in range(times):
        started = time.thread_time()
        parse_query(text, limits=limits)
        shortest = min(shortest, time.thread_time() - started)
    return shortest * 1000


def percentiles(count: int) -> dict[str, float]:
    """Parse random questions one by one; milliseconds."""
    parse_query("une première question charge le lexique")
    times, wall = [], []
    for text in fuzz_queries(count, seed=7):
        started, clock = time.thread_time(), time.perf_counter()
        parse_query(text)
        times.append((time.thread_time() - started) * 1000)
        wall.append((time.perf_counter() - clock) * 1000)
    times.sort()
    wall.sort()
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    found = {name: times[int(count * share)] for name, share in shares.items()}
    return {"questions": count, **found, "max": times[-1], "p99 on the wall": wall[int(count * 0.99)]}


def growth(characters: int) -> list[dict[str, float | str]]:
    """Measure each pattern at n and 2n characters without limits, and at n with them; milliseconds."""
    rows: list[dict[str, float | str]] = []
    for name, piece in PATTERNS.items():
        text = piece * (characters // len(piece))
        single, double = best_of(text, LIFTED), best_of(text + text, LIFTED)
        rows.append({"pattern": name, "n": single, "2n": double, "ratio": double / single, "limited": best_of(text, Limits())})
    return rows


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--questions", type=int, default=100_000)
    options.add_argument("--characters", type=int, default=8_192)
    chosen = options.parse_args()
    gc.freeze()
    random_times, rows = percentiles(chosen.questions), growth(chosen.characters)
    print(json.dumps({"unit": "ms", "random": random_times, "characters": chosen.characters, "patterns": rows}, ensure_ascii=False))
    print("random questions: " + " · ".join(f"{name} {value:.3f}" for name, value in random_times.items()))
    for row in rows:
        print("{pattern:16} n {n:9.3f} ms · 2n {2n:9.3f} ms · ratio {ratio:.2f} · with limits {limited:.3f} ms".format(**row))


if __name__ == "__main__":
    main()
