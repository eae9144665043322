"""What does an archive cost to keep, and what does it lose? ``python -m bench.archive`` prints a table; each row is a promise and what was counted.

    kills      runs killed at random moments (SIGKILL): a first index, an update, a rebuild, in turn, sources changing in between; after each kill no
               acknowledged article is missing, and the next run gives the index that a run without kills gives, article by article
    again      100,000 articles in 250 files: a first run, a second without changes, 100 articles changed in as many files
    memory     peak memory of an index of 10,000 and of 100,000 articles, and when the first article can be found

The archive of ``kills`` is made here; ``again`` and ``memory`` take a JSON Lines file of 100,000 articles (``--articles FILE``). Nothing here is a
test; the suite runs ``kill_trials`` with few kills.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from corpus.errors import IndexMissing
from indexer.former import FormerArchive
from indexer.generations import open_snapshot
from indexer.sources_check import check_sources
from indexer.verify import check

ROOT: Final = Path(__file__).resolve().parent.parent
FILES: Final = 12
ARTICLES_A_FILE: Final = 60
WORDS: Final = (
    "le conseil municipal a voté hier soir budget ville marché central port pêche mil pluie école route président ministre accord "
    "grève hôpital récolte fleuve pont délégation enquête procès élection"
).split()
_KILLED_RUN: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import indexer.builder
from corpus import read_articles
from indexer import BuildOptions, build_index
from indexer.rebuilding import rebuild_index
indexer.builder.FIRST_COMMIT = 50
what, source, location = sys.argv[2:5]
print("begin", flush=True)
if what == "rebuild":
    rebuild_index(location)
else:
    build_index(read_articles([source]), location, options=BuildOptions(commit_articles=100, delete_missing=True))
print("end", flush=True)
"""
Figures = dict[str, object]


# --- kills ------------------------------------------------------------------------------------------------------------


def make_sources(folder: Path, chance: random.Random) -> None:
    """Write a first state of the sources."""
    for number in range(FILES):
        _write_file(folder / f"{number:02d}.jsonl", number, chance)


def change_sources(folder: Path, chance: random.Random) -> None:
    """Change some files, take one away, add one."""
    files = sorted(folder.glob("*.jsonl"))
    for path in chance.sample(files, 3):
        _write_file(path, int(path.stem), chance)
    if len(files) > FILES - 3:
        chance.choice(files).unlink()
    number = chance.randrange(FILES, 3 * FILES)
    _write_file(folder / f"{number:02d}.jsonl", number, chance)


def _write_file(path: Path, number: int, chance: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for article in range(chance.randrange(ARTICLES_A_FILE // 2, ARTICLES_A_FILE)):
        text = " ".join(chance.choices(WORDS, k=60))
        lines.append(
            json.dumps({"id": f"{number}-{article}", "journal": "L’Essor", "titre": f"Titre {article}", "texte": text}, ensure_ascii=False)
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.utime(path, (1_600_000_000 + chance.randrange(10**8),) * 2)


def run_once(what: str, source: Path, location: Path, kill_after_s: float | None = None) -> float | None:
    """Run a first index, an update or a rebuild in a process; return its seconds, None when it was killed before its end.

    Units: kill_after_s in seconds from the moment the work begins.
    """
    command = [sys.executable, "-c", _KILLED_RUN, str(ROOT), what, str(source), str(location)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        started = time.monotonic()
        timer = threading.Timer(kill_after_s or 0.0, process.send_signal, [signal.SIGKILL])
        if kill_after_s is not None:
            timer.start()
        ended = process.stdout.readline().strip() == "end"
        timer.cancel()
        process.wait()
        if not ended and kill_after_s is None:
            raise RuntimeError(process.stderr.read())
        return time.monotonic() - started if ended else None


def content(location: Path) -> dict[str, dict[str, Any]]:
    """Return every article of an index by id, but for the days that depend on when it came in."""
    with FormerArchive(open_snapshot(location)) as archive:
        return {
            stored["doc_id"]: {key: value for key, value in stored.items() if key not in ("added", "updated")}
            for stored, _ in archive.everything()
        }


def acknowledged(location: Path) -> int:
    """Return how many articles a reader finds, 0 where there is no index yet."""
    try:
        return open_snapshot(location).manifest.articles
    except IndexMissing:
        return 0


def kill_trials(folder: Path, kills: int, seed: int = 1) -> Figures:
    """Kill runs at random moments; compare with a run that was not killed. Raises: AssertionError at the first difference."""
    chance = random.Random(seed)
    figures: dict[str, int] = {"kills": 0, "first index": 0, "update": 0, "rebuild": 0, "resumed part": 0, "fell below": 0, "differed": 0, "unsound": 0}
    trial, usual = 0, dict.fromkeys(("first index", "update", "rebuild"), 0.6)
    while figures["kills"] < kills:
        what = ("first index", "update", "rebuild")[trial % 3]
        trial += 1
        place = folder / str(trial)
        source, location = place / "presse", place / "index"
        make_sources(source, chance)
        if what != "first index":
            run_once("first index", source, location)
            change_sources(source, chance)
        before = acknowledged(location)
        seconds = run_once(what, source, location, chance.uniform(0.0, usual[what]))
        if seconds is not None:
            usual[what] = seconds  # as long as a whole run takes on this machine at this hour
        else:
            figures["kills"] += 1
            figures[what] += 1
        after = acknowledged(location)
        lowest = before if what != "update" else min(before, _still_given(location, source))
        figures["fell below"] += after < lowest
        figures["resumed part"] += seconds is None and what == "first index" and after > 0
        change_sources(source, chance)
        run_once("first index", source, location)
        run_once("first index", source, place / "whole")
        figures["differed"] += content(location) != content(place / "whole")
        figures["unsound"] += bool(check(location, deep=True)) + bool(check_sources(location))
        shutil.rmtree(place)
    return dict(figures)


def _still_given(location: Path, source: Path) -> int:
    """Return how many articles an update that deletes must leave at least: those that the sources give."""
    given = {json.loads(line)["id"] for path in source.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()}
    with FormerArchive(open_snapshot(location)) as archive:
        return len(given & set(archive.ids()))


# --- speed and memory -------------------------------------------------------------------------------------------------


def split_articles(articles: Path, folder: Path, files: int, count: int) -> None:
    """Write the first ``count`` lines as ``files`` files."""
    folder.mkdir(parents=True)
    with articles.open(encoding="utf-8") as lines:
        for number in range(files):
            with (folder / f"{number:03d}.jsonl").open("w", encoding="utf-8") as out:
                for _ in range(count // files):
                    out.write(next(lines))
            os.utime(folder / f"{number:03d}.jsonl", (1_600_000_000 + number,) * 2)


def timed_run(source: Path, location: Path) -> tuple[float, dict[str, Any], int, float | None]:
    """Run ``marbre index``; return its seconds, report, peak memory in bytes, and seconds until an article could be found."""
    first: list[float] = []
    started = time.monotonic()
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            if acknowledged(location):
                first.append(time.monotonic() - started)
                return

    watcher = threading.Thread(target=look)
    if not location.exists():
        watcher.start()
    command = ["/usr/bin/time", "-v", sys.executable, "-m", "marbre", "index", str(source), "--index", str(location), "--json"]
    if not Path("/usr/bin/time").exists():
        command = [sys.executable, "-c", _PEAK, *command[2:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - started
    stop.set()
    if watcher.is_alive():
        watcher.join()
    peak = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
    return seconds, json.loads(done.stdout), int(peak[1]) * 1024 if peak else 0, first[0] if first else None


_PEAK: Final = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("Maximum resident set size (kbytes):", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def again(folder: Path, articles: Path) -> Figures:
    """A second run over 250 files, then 100 changed articles."""
    source, location = folder / "presse", folder / "index"
    split_articles(articles, source, 250, 100_000)
    first, _, peak, found = timed_run(source, location)
    second, report, _, _ = timed_run(source, location)
    for number in range(100):
        path = source / f"{number:03d}.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        record = json.loads(lines[7])
        lines[7] = json.dumps({**record, "text": f"{record['text']} Rectifié."}, ensure_ascii=False) + "\n"
        path.write_text("".join(lines), encoding="utf-8")
    third, changed, _, _ = timed_run(source, location)
    return {
        "first run s": round(first, 1),
        "first article found s": round(found, 1) if found else None,
        "peak MB": peak >> 20,
        "second run s": round(second, 2),
        "unchanged": report["unchanged"],
        "100 changed s": round(third, 2),
        "replaced": changed["replaced"],
        "ledger MB": round(sum(path.stat().st_size for path in location.glob("*/*.ledger")) / 1e6, 1),
    }


def memory(folder: Path, articles: Path) -> Figures:
    """Peak memory of an index of ten thousand and of a hundred thousand articles."""
    peaks: Figures = {}
    for count in (10_000, 100_000):
        split_articles(articles, folder / str(count), 25, count)
        _, _, peak, found = timed_run(folder / str(count), folder / f"index-{count}")
        peaks[f"{count} articles, MB"] = peak >> 20
        peaks[f"{count} articles, first found s"] = round(found, 1) if found else None
        shutil.rmtree(folder / f"index-{count}")
    return peaks


def main(arguments: Iterable[str] | None = None) -> None:
    """Run what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=["kills", "again", "memory"])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--articles", type=Path, help="JSON Lines of 100,000 articles")
    options = parser.parse_args(None if arguments is None else list(arguments))
    for what in options.what:
        with tempfile.TemporaryDirectory(prefix="marbre-archive-") as name:
            folder = Path(name)
            if what == "kills":
                figures = kill_trials(folder, options.kills)
            else:
                if options.articles is None:
                    parser.error(f"{what} needs --articles FILE")
                figures = (again if what == "again" else memory)(folder, options.articles)
        print(json.dumps({what: figures}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
