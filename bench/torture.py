"""What do the long reliability tests say? ``python -m bench.torture`` prints a table; each row is a promise and what was counted.

    kills      a writer killed at random moments (SIGKILL); reopened each time
    model      power cuts on the recording disk of ``power_cuts.py``
    workers    a worker killed at a random moment of a run, then the writer above its workers (``worker_kills.py``)
    copies     the folder copied while it changes, file after file, and beside a writer that does not wait (``copies.py``)
    commits    a thousand small corrections with readers meanwhile (``many_commits.py``)
    readers    a writer that commits for a quarter of a minute, with 200 readers in four processes (``readers_torture.py``)
    growth     a thousand small commits of a toy index
    cost       what a durable commit takes, with and without fsync
    power      real power cuts: an ext4 image on a loop device, cloned while a writer commits, mounted again (needs root)
    old        one small commit on a large synced index, then the cut (needs root)
    full       disks (tmpfs) with too little room (needs root)

``--articles FILE`` (JSON Lines) makes kills, power, old and full work on real articles with facets and a ledger (``real_faults.py``), and gives copies
and commits real texts. Without it the former commit a toy index (``toy_index.py``): the protocol does not look inside segments. Nothing here is a test;
the suite runs the short forms.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from statistics import median

from bench.copies import copy_trials, live_trials
from bench.disk_faults import QuickDisk
from bench.disk_images import cut as cut_power
from bench.disk_images import mounted, new_image, run, unmount
from bench.disk_images import shelf as disk_shelf
from bench.many_commits import commit_trials
from bench.power_cuts import model_trials
from bench.readers_torture import torture_readers
from bench.real_faults import full_disks, kill_trials, old_trials, power_trials
from bench.toy_index import add_articles, articles_in, assert_goes_on, commit_segments, old_segments, write_articles
from bench.worker_kills import worker_trials, writer_trials
from corpus.errors import IndexMissing, IndexProblem
from indexer.durable import DISK, Files
from indexer.generations import open_snapshot, rollback, write_session
from indexer.verify import check

Figures = dict[str, object]
SEGMENTS_AT_REST = 8


def write_for_ever(location: Path, acknowledge: Callable[[str], object], seed: int, files: Files) -> None:
    """Commit batches named by a number until killed; each is acknowledged after its commit, rebuilds carry everything over."""
    random = Random(seed)
    while True:
        with suppress(IndexProblem), write_session(location, wait_s=1.0, files=files) as session:
            everything = sorted(articles_in(location) or (), key=int)
            number = str(1 + int(everything[-1])) if everything else "0"
            segments = old_segments(session)
            if len(segments) >= SEGMENTS_AT_REST:  # a merge: everything in one new segment
                segments = [add_articles(session, everything, noise_bytes=20_000)]
            commit_segments(session, [*segments, add_articles(session, [number], noise_bytes=random.randrange(20_000))])
            acknowledge(number)
        if random.random() < 0.05:
            everything = sorted(articles_in(location) or (), key=int)
            write_articles(location, everything, rebuild=True, files=files)
        if random.random() < 0.03:
            rollback(location, files=files)  # and back: nothing acknowledged is gone at the end
            rollback(location, files=files)


def _spawn_writer(location: Path, seed: int, files: Files = DISK) -> tuple[int, int]:
    """Start the endless writer; return its process and the pipe it acknowledges on."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            write_for_ever(location, lambda number: os.write(writer, f"{number}\n".encode()), seed, files)
        finally:
            os._exit(1)
    os.close(writer)
    os.set_blocking(reader, False)
    return child, reader


def _acknowledged(reader: int) -> list[str]:
    data = bytearray()
    with suppress(BlockingIOError):
        while piece := os.read(reader, 65536):
            data += piece
    return data.decode().split()


def _missing(location: Path, acknowledged: set[str], in_flight_rollback: bool) -> set[str]:
    """Return acknowledged articles that a reader does not find; a cut between rollback and its undoing may hide the last one."""
    found = articles_in(location) or frozenset()
    lost = acknowledged - found
    if lost and in_flight_rollback:
        rollback(location)
        lost = acknowledged - (articles_in(location) or frozenset())
    return lost


def kills(folder: Path, count: int) -> Figures:
    """R1: 0 acknowledged article lost, 0 unopenable, the lock free within a second."""
    location, random, acknowledged = folder / "index", Random(1), set[str]()
    lost = unopenable = stuck = 0
    for seed in range(count):
        child, reader = _spawn_writer(location, seed)
        time.sleep(random.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged.update(_acknowledged(reader))
        os.close(reader)
        try:
            lost += len(_missing(location, acknowledged, in_flight_rollback=True)) if acknowledged else 0
            with write_session(location, wait_s=1.0):
                pass
            unopenable += bool(check(location, deep=True)) if acknowledged else 0
        except IndexMissing:
            unopenable += bool(acknowledged)
        except IndexProblem:
            stuck += 1
    return {"kills": count, "acknowledged": len(acknowledged), "lost": lost, "damaged or unexplained": unopenable, "lock stuck": stuck}


def model(folder: Path, seeds: int) -> Figures:
    """R3: every trial asserts old-or-new, and that a writer goes on; a loss ends the run."""
    cuts, done = 25, 0
    for first in range(0, seeds // cuts, 10):
        place = folder / f"model{first}"
        place.mkdir()
        done += model_trials(place, min(10, seeds // cuts - first), cuts, 10_000 + first)
        shutil.rmtree(place)
    return {"power cuts in the model": done, "lost": 0, "unopenable": 0}


def power(folder: Path, trials: int, options: str, files: Files) -> Figures:
    """R4: cut while commits follow each other; 0 unopenable, 0 acknowledged article lost."""
    random, mount, figures = Random(2), folder / "mount", {"acknowledged": 0, "lost": 0, "unopenable": 0}
    with disk_shelf(folder) as shelf:
        for trial in range(trials):
            image = new_image(shelf / "disk.img", 48, "ext4")
            with mounted(image, mount, options):
                child, reader = _spawn_writer(mount / "index", trial, files)
                time.sleep(random.uniform(0.3, 2.5))
                acknowledged = set(_acknowledged(reader))  # before the cut: later ones may not be there
                cut = cut_power(image, shelf / "cut.img")
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                os.close(reader)
            figures["acknowledged"] += len(acknowledged)
            _look_after(cut, mount, acknowledged, figures, trial)
    return {"power cuts": trials, "mount": options, "fsync": files is DISK, **figures}


def _look_after(cut: Path, mount: Path, acknowledged: set[str], figures: dict[str, int], trial: int) -> None:
    """Mount the disk again and look: everything acknowledged is there, and a writer goes on."""
    with mounted(cut, mount):
        try:
            figures["lost"] += len(_missing(mount / "index", acknowledged, in_flight_rollback=True)) if acknowledged else 0
            assert_goes_on(mount / "index")
        except (IndexProblem, AssertionError) as error:
            print(f"trial {trial}: {error}", file=sys.stderr)
            figures["unopenable"] += 1


def old(folder: Path, trials: int, wait_s: float) -> Figures:
    """R5: 2,000 old articles synced, one small commit, the cut up to ``wait_s`` later; no old article lost."""
    random, mount, figures = Random(3), folder / "mount", {"lost": 0, "unopenable": 0}
    names = [str(number) for number in range(2000)]
    with disk_shelf(folder) as shelf:
        for trial in range(trials):
            image = new_image(shelf / "disk.img", 48, "ext4")
            with mounted(image, mount):
                with write_session(mount / "index") as session:
                    commit_segments(
                        session, [add_articles(session, names[at : at + 250], noise_bytes=500_000) for at in range(0, 2000, 250)]
                    )
                run("sync", "-f", str(mount))
                write_articles(mount / "index", ["2000"])
                time.sleep(random.uniform(0, wait_s))
                cut = cut_power(image, shelf / "cut.img")
            _look_after(cut, mount, {*names, "2000"}, figures, trial)
    return {"power cuts": trials, "seconds after": wait_s, **figures}


def full(folder: Path) -> Figures:
    """R7: a tmpfs of 3 to 6 MB is filled; the old index intact, the space given back, the next writer at work."""
    mount, failed, intact, freed = folder / "mount", 0, 0, 0
    mount.mkdir(exist_ok=True)
    sizes = [3.0, 3.5, 4.0, 4.5, 5.0, 6.0]
    for size in sizes:
        run("mount", "-t", "tmpfs", "-o", f"size={int(size * 1024)}k", "tmpfs", str(mount))
        try:
            location = mount / "index"
            write_articles(location, ["a"])
            before = os.statvfs(mount).f_bfree
            try:
                with write_session(location) as session:
                    segments = old_segments(session)
                    while True:
                        segments.append(add_articles(session, ["big"], noise_bytes=400_000))
            except IndexProblem:
                failed += 1
            intact += articles_in(location) == frozenset("a")
            freed += os.statvfs(mount).f_bfree == before
            assert_goes_on(location)
        finally:
            unmount(mount)
    return {"full disks": len(sizes), "told": failed, "old index intact": intact, "space given back": freed}


def growth(folder: Path, count: int) -> Figures:
    """R15: files, bytes, descriptors and memory after many commits against those after ten."""
    location = folder / "index"

    def commit(number: int) -> None:
        with write_session(location, files=QuickDisk()) as session:
            commit_segments(session, [add_articles(session, [f"{number:06}"])])
        open_snapshot(location)

    def measured() -> tuple[int, int, int, int]:
        files = [path for path in location.rglob("*") if path.is_file()]
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(files), sum(path.stat().st_size for path in files), len(os.listdir("/proc/self/fd")), pages * 4096

    for number in range(10):
        commit(number)
    before = measured()
    for number in range(count):
        commit(number)
    after = measured()
    names = ("files", "bytes", "descriptors", "rss")
    return {"commits": count, "unreferenced": len(check(location))} | {
        name: f"{then} -> {now}" for name, then, now in zip(names, before, after, strict=True)
    }


def cost(folder: Path, count: int) -> Figures:
    """R20: milliseconds for the commit of one small segment, and the speed of a bulk build, durable or not."""
    return {
        "small commit ms p50": round(_commit_ms(folder / "durable", DISK, count), 2),
        "without fsync": round(_commit_ms(folder / "quick", QuickDisk(), count), 2),
        "open ms p50": round(_open_ms(folder / "durable"), 3),
        "bulk speed of durable": f"{_bulk_s(folder / 'bulk-quick', QuickDisk()) / _bulk_s(folder / 'bulk-durable', DISK):.2f}",
    }


def _commit_ms(location: Path, files: Files, count: int) -> float:
    times = []
    for number in range(count):
        with write_session(location, files=files) as session:
            segments = [*old_segments(session)[-SEGMENTS_AT_REST:], add_articles(session, [str(number)] * 10, noise_bytes=40_000)]
            start = time.perf_counter()
            commit_segments(session, segments)
            times.append(time.perf_counter() - start)
    return median(times) * 1000


def _open_ms(location: Path) -> float:
    times = []
    for _ in range(200):
        start = time.perf_counter()
        open_snapshot(location)
        times.append(time.perf_counter() - start)
    return median(times) * 1000


def _bulk_s(location: Path, files: Files) -> float:
    """20 segments of 10 MB, each made with the work of compressing noise as a stand-in for indexing."""
    start = time.perf_counter()
    with write_session(location, files=files) as session:
        segments = []
        for number in range(20):
            for _ in range(4):
                zlib.compress(Random(number).randbytes(2_000_000), 6)
            segments.append(add_articles(session, [str(number)], noise_bytes=10_000_000))
        commit_segments(session, segments)
    return time.perf_counter() - start


def workers(folder: Path, count: int) -> Figures:
    """R12: half of the kills meet a worker, half the writer; any finding ends the run."""
    parents = folder / "parents"
    parents.mkdir()
    return {"worker": worker_trials(folder, (count + 1) // 2), "writer": writer_trials(parents, count // 2)}


def copies(folder: Path, count: int, articles: Path | None) -> Figures:
    """R17: two copies of three with changes between two files, one of three beside a writer that does not wait."""
    for name in ("between", "beside"):
        (folder / name).mkdir()
    return {
        "changed between two files": copy_trials(folder / "between", count * 2 // 3, articles),
        "beside a writer": live_trials(folder / "beside", count // 3, articles),
    }


def readers(folder: Path, seconds: float) -> Figures:
    """R10: 200 readers open, search and close beside a writer; each sees one whole generation, never an older one than before."""
    end = time.monotonic() + seconds
    return dict(torture_readers(folder, processes=4, threads=50, going_on=lambda number: time.monotonic() < end))


def _tests(chosen: argparse.Namespace) -> dict[str, Callable[[Path], Figures]]:
    count, articles = chosen.count, chosen.articles
    toy: dict[str, Callable[[Path], Figures]] = {
        "kills": lambda folder: kills(folder, count or 500),
        "power": lambda folder: power(folder, count or 200, chosen.mount, QuickDisk() if chosen.without_fsync else DISK),
        "old": lambda folder: old(folder, count or 100, chosen.wait),
        "full": full,
    }
    real: dict[str, Callable[[Path], Figures]] = {
        "kills": lambda folder: kill_trials(folder, count or 500, articles),
        "power": lambda folder: power_trials(folder, count or 200, articles, chosen.mount, fsync=not chosen.without_fsync),
        "old": lambda folder: old_trials(folder, count or 100, articles, chosen.wait),
        "full": lambda folder: full_disks(folder, count or 50, articles),
    }
    return (real if articles else toy) | {
        "model": lambda folder: model(folder, count or 10_000),
        "workers": lambda folder: workers(folder, count or 200),
        "copies": lambda folder: copies(folder, count or 600, articles),
        "commits": lambda folder: dict(commit_trials(folder, count or 1000, articles, files=80)),
        "readers": lambda folder: readers(folder, count or 15),
        "growth": lambda folder: growth(folder, count or 1000),
        "cost": lambda folder: cost(folder, count or 200),
    }


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen tests and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["kills", "model", "workers", "copies", "commits", "readers", "growth", "cost"], metavar="TEST")
    parser.add_argument("--count", type=int, default=0, help="how many trials (each test has its own default); seconds for “readers”")
    parser.add_argument("--articles", type=Path, help="real articles: a file of JSON Lines (id, title, text, newspaper, date, section)")
    parser.add_argument("--mount", default="commit=1", help="options of the ext4 mount for “power” (commit=1, defaults)")
    parser.add_argument("--wait", type=float, default=5.0, help="seconds up to the cut for “old”")
    parser.add_argument("--without-fsync", action="store_true", help="the control of “power”: the same writer, unsafe")
    parser.add_argument("--folder", type=Path, help="where to work (a disk, not a memory file system)")
    chosen = parser.parse_args(arguments)
    tests = _tests(chosen)
    for what in chosen.what:
        if what not in tests:
            parser.error(f"{what}: one of {', '.join(tests)} expected")
        folder = Path(tempfile.mkdtemp(prefix="marbre-torture-", dir=chosen.folder))
        start = time.perf_counter()
        try:
            figures = tests[what](folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps({"test": what, **figures, "seconds": round(time.perf_counter() - start, 1)}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
