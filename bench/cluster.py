"""Folder, one node, three nodes: what does the same archive cost to fill and to ask, in one run?

    python -m bench.cluster CORPUS.jsonl [--limit 20000] [--one HOST:PORT] [--three HOSTS] [--questions 20] [--json FILE]

A cluster that is not named is not measured (``python ci/opensearch/nodes.py start FOLDER --nodes 1`` starts one). Every engine is asked the same
questions, in turns, so that a busy machine is as busy for all; totals are compared, and so are the best ten. Times are of a whole page: parsed,
asked, ranked, marked.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from bench.queries import Question, draw_questions
from corpus import Article, read_articles
from indexer import build_index
from indexer.cluster import connect
from search import open_engine, search
from search.request import SearchRequest

DRAWN_FROM = 5_000


def main() -> None:
    """Fill, ask, print a table; JSON in --json FILE."""
    options = argparse.ArgumentParser(
        prog="python -m bench.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("corpus", type=Path)
    options.add_argument("--limit", type=int, default=20_000)
    options.add_argument("--one", default="", help="address of a single node")
    options.add_argument("--three", default="", help="addresses of three nodes, with commas")
    options.add_argument("--questions", type=int, default=20, help="of each kind")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="marbre-bench-"))
        places = {"folder": f"{folder}/index"}
        for name, hosts in (("one node", given.one), ("three nodes", given.three)):
            if hosts:
                places[name] = f"opensearch+http://{hosts}/bench-{secrets.token_hex(4)}"
                stack.callback(_forget, places[name])
        figures: dict[str, Any] = {"filling": {}}
        for name, place in places.items():
            figures["filling"][name] = _fill(given.corpus, given.limit, place, given.workers)
        figures["asking"] = _ask(places, list(islice(read_articles([given.corpus]), DRAWN_FROM)), given.questions)
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    if given.json:
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


def _fill(corpus: Path, limit: int, place: str, workers: Sequence[int]) -> dict[str, Any]:
    """Build an archive with each number of workers; the last one stays."""
    rates: dict[str, Any] = {}
    for count in workers:
        report = build_index(islice(read_articles([corpus]), limit), place, rebuild=count != workers[0], workers=count)
        rates[f"articles/s, {count} worker{'s' if count > 1 else ''}"] = round(report.added / report.seconds)
    with open_engine(place) as engine:
        stats = engine.stats()
    return rates | {"articles": stats.articles, "bytes an article": round(stats.bytes / max(1, stats.articles))}


def _ask(places: dict[str, str], articles: Sequence[Article], count: int) -> dict[str, Any]:
    """Ask every engine every question, in turns."""
    questions = draw_questions(articles, count)
    with ExitStack() as stack:
        engines = {name: stack.enter_context(open_engine(place)) for name, place in places.items()}
        times: dict[str, list[float]] = {name: [] for name in engines}
        again: dict[str, list[float]] = {name: [] for name in engines}
        different, shared, wanted = [], 0, 0
        for question in questions:
            pages = {}
            for name, engine in engines.items():
                for taken in (times, again):
                    started = time.perf_counter()
                    pages[name] = search(engine, _plain(question))
                    taken[name].append((time.perf_counter() - started) * 1_000)
            best = [hit.doc_id for hit in pages["folder"].hits[:10]]
            for name, page in pages.items():
                if page.total != pages["folder"].total:
                    different.append(f"{name}: {_plain(question).text}: {page.total} for {pages['folder'].total}")
                if name != "folder":
                    wanted += len(best)
                    shared += len(set(best) & {hit.doc_id for hit in page.hits[:10]})
    return {
        "questions": len(questions),
        "ms, first time": {name: _spread(found) for name, found in times.items()},
        "ms, again": {name: _spread(found) for name, found in again.items()},
        "other totals": different[:10],
        "share of the best ten": round(shared / wanted, 3) if wanted else None,
    }


def _plain(question: Question) -> SearchRequest:
    return replace(question.request, reprints="all")


def _spread(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def _forget(place: str) -> None:
    state = connect(place)
    for index in [*state.indexes(), state.store]:
        state.send("DELETE", f"/{index}", None)
    state.client.close()


if __name__ == "__main__":
    main()
