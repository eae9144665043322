"""How fast is an archive indexed, how large is the index, how much memory does it take? Each build in a process of its own.

Every engine reads the same JSON Lines and does its own analysis: Marbre everything that ``marbre index`` does, tantivy a French stemming
field and a folded one with its own tokenizers, stock Whoosh Marbre's schema. With ``--workers 1`` the process is held on one core, helpers
included; with 2 on two. ``articles/CPU s`` is what a busy machine cannot spoil (all processes and threads added). Memory is the sum of VmHWM over the processes of the build
(``/proc``), and the most that they held at one moment.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from bench.peers import folder_bytes

__all__ = ["BUILDERS", "COST_BUILDS", "building_table", "cost_table", "measure_build"]

POLL_S: Final = 0.05
COST_BUILDS: Final = ("marbre", "marbre-without-reprints", "marbre-without-mentions", "marbre-with-neither")


def measure_build(name: str, source: Path, folder: Path, workers: int) -> dict[str, Any]:
    """Build once; return articles/s, peak RSS and bytes. The index stays in ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "bench.building", name, str(source), str(folder), "--workers", str(workers)]
    peaks: dict[int, int] = {}
    together = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        while process.poll() is None:
            memory = _memory(process.pid)
            peaks.update({pid: peak for pid, (peak, _) in memory.items()})
            together = max(together, sum(now for _, now in memory.values()))
            time.sleep(POLL_S)
        printed = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{name}: the build ended with {process.returncode}")
    figures = json.loads(printed.splitlines()[-1])
    size, articles = figures.get("bytes") or folder_bytes(folder), figures["articles"]
    return {
        "peer": name,
        "workers": workers,
        "articles": articles,
        "seconds": round(figures["seconds"], 2),
        "articles/s": round(articles / figures["seconds"]),
        "articles/CPU s": round(articles / figures["cpu"]),
        "peak MB": round(sum(peaks.values()) / 1024),
        "at one time MB": round(together / 1024),
        "bytes/article": round(size / articles),
        "bytes / JSON bytes": round(size / source.stat().st_size, 3),
        "with the generation before": round(folder_bytes(folder) / source.stat().st_size, 3),
    }


def _memory(root: int) -> dict[int, tuple[int, int]]:
    """Return VmHWM and VmRSS of a process and all below it. Units: kB; what processes share is counted in each."""
    found = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
        said = dict(line.split(":", 1) for line in status.splitlines())
        if "VmHWM" in said:
            found[pid] = int(said["VmHWM"].split()[0]), int(said["VmRSS"].split()[0])
    return found


def _marbre(source: Path, folder: Path, workers: int) -> int:
    from corpus import read_articles
    from indexer import build_index

    return build_index(read_articles([source]), folder, workers=workers).articles


def _marbre_without_reprints(source: Path, folder: Path, workers: int) -> int:
    """Build without sketches and without looking for versions: what `marbre` costs more is the cost of reprints. One process only."""
    from indexer.codec.sketches import Sketches

    with (
        patch("indexer.inverting.sketches_of", lambda *_: Sketches.empty()),
        patch("indexer.inverting.word_hashes", lambda words: np.zeros(len(words), np.uint64)),
        patch("indexer.reprints.Reprints.link", lambda *_: None),
    ):
        return _marbre(source, folder, 1)


def _marbre_without_mentions(source: Path, folder: Path, workers: int) -> int:
    """Build without looking for cited texts and acronyms. One process only."""
    from indexer.mentions import mentions_of

    nothing = mentions_of({})
    with patch("indexer.inverting.mentions_of", lambda _: nothing):
        return _marbre(source, folder, 1)


def _marbre_with_neither(source: Path, folder: Path, workers: int) -> int:
    """Build what tantivy builds: no reprints, no cited texts, no acronyms. One process only."""
    from indexer.mentions import mentions_of

    nothing = mentions_of({})
    with patch("indexer.inverting.mentions_of", lambda _: nothing):
        return _marbre_without_reprints(source, folder, 1)


def cost_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what reprints and mentions add to a build, from the rows of COST_BUILDS. Units: microseconds of processor time an article."""
    taken = {row["peer"]: 1e6 / row["articles/CPU s"] for row in rows}
    whole = taken["marbre"]
    lines = [f"{'':<26} {'us/article':>10} {'adds us':>8} {'adds':>6}", f"{'everything':<26} {whole:>10.0f}"]
    lines += [
        f"{name.removeprefix('marbre-'):<26} {taken[name]:>10.0f} {whole - taken[name]:>8.0f} {whole / taken[name] - 1:>6.0%}"
        for name in COST_BUILDS[1:]
    ]
    return "\n".join(lines)


def _tantivy(source: Path, folder: Path, workers: int) -> int:
    import tantivy

    builder = tantivy.SchemaBuilder()
    for field in ("headline", "body"):
        builder.add_text_field(field, tokenizer_name="french")
        builder.add_text_field(f"{field}_exact", tokenizer_name="folded")
    for field in ("newspaper", "section", "byline"):
        builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    for field in ("day", "year", "month"):
        builder.add_integer_field(field, fast=True, indexed=True)
    builder.add_text_field("doc_id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("article", stored=True)
    folder.mkdir(parents=True)
    index = tantivy.Index(builder.build(), str(folder))
    words = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(40)).filter(tantivy.Filter.lowercase())
    )
    index.register_tokenizer("french", words.filter(tantivy.Filter.stemmer("french")).filter(tantivy.Filter.ascii_fold()).build())
    words = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(40)).filter(tantivy.Filter.lowercase())
    )
    index.register_tokenizer("folded", words.filter(tantivy.Filter.ascii_fold()).build())
    writer = index.writer(512_000_000, workers)
    count = 0
    with source.open("rb") as lines:
        for line in lines:
            writer.add_document(_tantivy_document(json.loads(line), line))
            count += 1
    writer.commit()
    writer.wait_merging_threads()
    return count


def _tantivy_document(record: Mapping[str, Any], line: bytes) -> Any:
    import tantivy

    document = tantivy.Document()
    headline, body, day = record["title"], record["text"], record["date"][:10]
    for field, text in (("headline", headline), ("body", body)):
        document.add_text(field, text)
        document.add_text(f"{field}_exact", text)
    for field, key in (("newspaper", "newspaper"), ("section", "section"), ("byline", "author")):
        if record.get(key):
            document.add_text(field, record[key])
    document.add_integer("day", int(day.replace("-", "")))
    document.add_integer("year", int(day[:4]))
    document.add_integer("month", int(day[:4] + day[5:7]))
    document.add_text("doc_id", record["id"])
    document.add_bytes("article", line)
    return document


def _whoosh(source: Path, folder: Path, workers: int) -> int:
    from corpus import read_articles
    from indexer.documents import stored_form
    from indexer.stock import write_stock_index

    return write_stock_index((stored_form(article, "2025-01-01") for article in read_articles([source])), folder)


def _sqlite(source: Path, folder: Path, workers: int) -> int:
    import sqlite3

    folder.mkdir(parents=True)
    base = sqlite3.connect(folder / "articles.db")
    base.executescript(
        "CREATE TABLE article (number INTEGER PRIMARY KEY, doc_id TEXT UNIQUE, newspaper TEXT, section TEXT, day TEXT, article TEXT);"
        "CREATE VIRTUAL TABLE words USING fts5(headline, body, content='', tokenize='unicode61 remove_diacritics 2');"
    )
    count = 0
    with source.open(encoding="utf-8") as lines:
        for count, line in enumerate(lines, 1):
            one = json.loads(line)
            row = (count, one["id"], one.get("newspaper"), one.get("section"), one["date"][:10], line)
            base.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?, ?)", row)
            base.execute("INSERT INTO words (rowid, headline, body) VALUES (?, ?, ?)", (count, one["title"], one["text"]))
    base.execute("INSERT INTO words (words) VALUES ('optimize')")
    base.commit()
    base.close()
    return count


BUILDERS: Final[Mapping[str, Callable[[Path, Path, int], int]]] = {
    "marbre": _marbre,
    "tantivy": _tantivy,
    "sqlite": _sqlite,
    "whoosh": _whoosh,
    "marbre-without-reprints": _marbre_without_reprints,
    "marbre-without-mentions": _marbre_without_mentions,
    "marbre-with-neither": _marbre_with_neither,
}
SINGLE: Final = ("sqlite", "whoosh")  # write with one worker whatever is asked


def building_table(rows: list[dict[str, Any]]) -> str:
    """Return the builds as a table."""
    if not rows:
        return ""
    lines = ["".join(f"{name:>20}" for name in rows[0])]
    lines += ["".join(f"{value:>20}" for value in row.values()) for row in rows]
    return "\n".join(lines)


def _current_bytes(peer: str, folder: Path) -> int:
    """Return the bytes of what readers open: Marbre keeps the generation before until the next commit. 0: all there is."""
    if not peer.startswith("marbre"):
        return 0
    from indexer.generations import open_snapshot

    return sum(file.length for file in open_snapshot(folder).manifest.files)


def main() -> None:
    """Build one index in this process, held on as many cores as workers; print seconds and articles."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("peer", choices=list(BUILDERS))
    options.add_argument("source", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))[-given.workers :]
    os.sched_setaffinity(0, cores)
    started = time.perf_counter()
    articles = BUILDERS[given.peer](given.source, given.folder, given.workers)
    seconds, used = time.perf_counter() - started, os.times()
    cpu = used.user + used.system + used.children_user + used.children_system
    print(json.dumps({"articles": articles, "seconds": seconds, "cpu": cpu, "bytes": _current_bytes(given.peer, given.folder)}))


if __name__ == "__main__":
    main()
