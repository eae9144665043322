"""How many result pages a second, for how many readers at once? wrk against Marbre and against Datasette on the same articles.

    python -m bench.load --articles corpus.jsonl --index index --seconds 8

The same 200 questions (words of the corpus by frequency, two words of one article, phrases; a quarter with a newspaper chosen) are asked
of both, twenty hits and the same facets a page: newspaper, section, year, month. Marbre: ``marbre serve --workers 2``. Datasette: SQLite
FTS5, its own page for a table with ``_search`` and ``_facet``, database immutable, time limits raised so that every facet is counted.
Nothing else should run on the machine; wrk itself takes a part of it.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from corpus import Article, read_articles
from indexer.french import fold, is_stop, tokenize

SEED: Final = 2025
QUESTIONS: Final = 200
DRAWN_FROM: Final = 3_000
FACETS: Final = ("newspaper", "section", "year", "month")
START_S: Final = 60
# wrk prints the 50th, 75th, 90th and 99th percentile only.
LUA: Final = """
local paths, at = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at]) end
done = function(summary, latency, requests)
  io.write(string.format('RESULT {"requests": %%d, "seconds": %%f, "p50_ms": %%f, "p95_ms": %%f, "max_ms": %%f, "errors": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency.max / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Question:
    """What is asked: text, and a newspaper or ""."""

    text: str
    newspaper: str


def main() -> None:
    """Build what is missing, ask, print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, help="JSON Lines that both archives hold")
    parser.add_argument("--index", type=Path, required=True, help="Marbre's index of them")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=int, default=8, help="for each measurement")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    questions = draw(read_articles([given.articles]))
    rows = []
    with tempfile.TemporaryDirectory(prefix="marbre-load-") as folder:
        database = Path(folder) / "articles.db"
        fill(database, read_articles([given.articles]))
        with marbre(given.index, given.workers) as url:
            rows += measure("marbre", url, [marbre_path(one) for one in questions], given.clients, given.seconds, Path(folder))
        with datasette(database) as url:
            rows += measure("datasette", url, [datasette_path(one) for one in questions], given.clients, given.seconds, Path(folder))
    print(table(rows))
    print(json.dumps(rows))


def draw(articles: Iterator[Any]) -> list[Question]:
    """Draw the questions from the first articles, the same for the same articles."""
    chance = random.Random(SEED)
    read = list(islice((one for one in articles if isinstance(one, Article)), DRAWN_FROM))
    counts: Counter[str] = Counter()
    words_of = []
    for article in read:
        words = [fold(token.surface) for token in tokenize(article.body[:3_000]) if not is_stop(token.surface) and token.surface.isalpha()]
        words_of.append(words)
        counts.update(set(words))
    frequent = [word for word, count in counts.items() if count > 0.05 * len(read) and len(word) > 3]
    rare = [word for word, count in counts.items() if 3 <= count <= 0.05 * len(read) and len(word) > 3]
    newspapers = sorted({article.newspaper for article in read if article.newspaper})
    questions = []
    for number in range(QUESTIONS):
        words = chance.choice([words for words in words_of if len(words) > 20])
        text = (
            chance.choice(frequent),
            chance.choice(rare),
            " ".join(chance.sample(words, 2)),
            '"{} {}"'.format(*chance.choice(list(pairwise(words)))),
        )[number % 4]
        questions.append(Question(text, chance.choice(newspapers) if number % 16 < 4 and newspapers else ""))
    return questions


def fill(database: Path, articles: Iterator[Any]) -> None:
    """Write the articles as Datasette's users do: a table, an FTS5 index on it, indexes on what is faceted."""
    base = sqlite3.connect(database)
    base.execute("CREATE TABLE articles (id TEXT PRIMARY KEY, headline, standfirst, body, newspaper, section, published, year, month)")
    rows = (
        (a.doc_id, a.headline, a.standfirst, a.body, a.newspaper, a.section, a.published, (a.published or "")[:4], (a.published or "")[:7])
        for a in articles
        if isinstance(a, Article)
    )
    base.executemany("INSERT OR REPLACE INTO articles VALUES (?,?,?,?,?,?,?,?,?)", rows)
    base.execute(
        "CREATE VIRTUAL TABLE articles_fts USING fts5(headline, standfirst, body, content='articles', tokenize='unicode61 remove_diacritics 2')"
    )
    base.execute("INSERT INTO articles_fts (rowid, headline, standfirst, body) SELECT rowid, headline, standfirst, body FROM articles")
    for column in FACETS:
        base.execute(f"CREATE INDEX by_{column} ON articles ({column})")
    base.commit()
    base.execute("ANALYZE")
    base.close()


def marbre_path(question: Question) -> str:
    """Return the address of Marbre's page (it has every facet of the archive, not only the four)."""
    args = [("q", question.text)] + ([("journal", question.newspaper)] if question.newspaper else [])
    return "/recherche?" + urlencode(args)


def datasette_path(question: Question) -> str:
    """Return the address of Datasette's page."""
    args = [("_search", question.text), ("_size", "20"), *(("_facet", name) for name in FACETS)]
    args += [("newspaper", question.newspaper)] if question.newspaper else []
    return "/articles/articles?" + urlencode(args)


@contextmanager
def marbre(index: Path, workers: int) -> Iterator[str]:
    """Serve the index on a free port."""
    command = [sys.executable, "-m", "marbre", "serve", "--index", str(index), "--port", "0", "--workers", str(workers)]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://[^\s/]+", process.stdout.readline())
            assert found
            wait_for(found[0] + "/sante")
            yield found[0]
        finally:
            process.terminate()


@contextmanager
def datasette(database: Path, port: int = 8_713) -> Iterator[str]:
    """Serve the database, immutable, with time for every facet."""
    settings = {"sql_time_limit_ms": "20000", "facet_time_limit_ms": "20000", "default_cache_ttl": "0", "num_sql_threads": "4"}
    options = [part for name, value in settings.items() for part in ("--setting", name, value)]
    command = [sys.executable, "-m", "datasette", "serve", "-i", str(database), "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/-/versions.json")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    """Wait until an address answers."""
    end = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def measure(name: str, url: str, paths: Sequence[str], clients: Sequence[int], seconds: int, folder: Path) -> list[dict[str, Any]]:
    """Ask with each number of clients; the first round, not counted, warms both up."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    listed, script = folder / f"{name}.paths", folder / f"{name}.lua"
    listed.write_text("".join(path + "\n" for path in paths), encoding="utf-8")
    script.write_text(LUA % listed, encoding="utf-8")
    rows = []
    for count in (8, *clients):
        command = ["wrk", "-t", "1", "-c", str(count), "-d", f"{seconds}s", "--timeout", "60s", "-s", str(script), url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"RESULT (\{.*\})", said)
        assert found, said
        row = json.loads(found[1])
        rows.append({"server": name, "clients": count, "per_second": round(row["requests"] / row["seconds"], 1), **row})
    return rows[1:]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures for people."""
    lines = [f"{'server':<10} {'clients':>7} {'pages/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8} {'errors':>6}"]
    lines += [
        f"{row['server']:<10} {row['clients']:>7} {row['per_second']:>8.1f} {row['p50_ms']:>8.0f} "
        f"{row['p95_ms']:>8.0f} {row['max_ms']:>8.0f} {row['errors']:>6}"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
