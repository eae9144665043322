"""What do kills, power cuts and full disks do to real articles with facets and a ledger? The trials of ``bench.torture --articles FILE``.

The writer changes files and runs the command over them (``real_archive.py``). Looked for afterwards: every change that was done, each article of
the change under way old or new, segments, facets and ledger of one generation, and a next run that brings all together.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from bench.disk_images import cut, mounted, new_image, run, shelf, unmount
from bench.real_archive import (
    Archive,
    Change,
    Journal,
    Stock,
    assert_comes_to_rest,
    assert_tells_one_story,
    bring_up,
    explained,
    found_in,
    perform,
    plan,
    spawn,
)
from corpus.errors import IndexLocked, IndexProblem
from indexer import delete_articles
from indexer.generations import open_snapshot, write_session
from indexer.rebuilding import rebuild_index

__all__ = ["full_disks", "kill_trials", "old_trials", "power_trials"]

IMAGE_MB = 96
OLD_FILES = 134  # of 15 articles: 2,010
PAGE_BYTES = 4096
Figures = dict[str, object]


class _Findings:
    """Counts of what went wrong, each with a line on stderr."""

    def __init__(self) -> None:
        self.done = self.lost = self.damaged = self.stuck = self.failed = 0

    def look(self, location: Path, start: Archive, changes: Sequence[Change], at_least: int, trial: int) -> None:
        """Look as a reader does, at an index that nobody writes."""
        try:
            found = found_in(location)
            if not explained(found, start, changes, at_least):
                self.lost += 1
                self._say(trial, f"{len(found)} articles, not those of {at_least} changes or more")
            if found and not (at_least == 0 and open_snapshot(location).pointer_lost):  # the first commit, cut before it was acknowledged
                assert_tells_one_story(location, found)
        except (IndexProblem, AssertionError) as error:
            self.damaged += 1
            self._say(trial, error)

    def rest(self, location: Path, source: Path, ever_out: frozenset[str], trial: int) -> None:
        """Run the command once more."""
        try:
            assert_comes_to_rest(location, source, ever_out)
        except (IndexProblem, AssertionError) as error:
            self.damaged += 1
            self._say(trial, error)

    def figures(self) -> Figures:
        """Return the counts."""
        return {
            "changes done": self.done,
            "lost": self.lost,
            "damaged": self.damaged,
            "lock stuck": self.stuck,
            "writer gave up": self.failed,
        }

    @staticmethod
    def _say(trial: int, what: object) -> None:
        print(f"trial {trial}: {what}", file=sys.stderr, flush=True)


def kill_trials(folder: Path, kills: int, articles: Path | None, seed: int = 1) -> Figures:
    """R1: a writer killed at random moments, again and again on one archive, which goes on from what each kill left."""
    stock, random, findings = Stock(articles), Random(seed), _Findings()
    location, source, archive, pending = folder / "index", folder / "presse", Archive(), None
    for trial in range(kills):
        journal = Journal(folder / f"journal{trial}")
        writer = spawn(location, source, stock, journal, archive, pending, trial)
        time.sleep(random.uniform(0.02, 0.8))
        _kill(writer)
        changes, done, failure = journal.read()
        if not changes and pending is not None:
            changes = [pending]  # killed before it could say that it goes on with it: half of it may be there
        _note_failure(findings, failure, trial)
        findings.look(location, archive, changes, len(done), trial)
        findings.stuck += _is_locked(location)
        for change in changes[: len(done)]:
            archive = archive.after(change)
        pending = changes[len(done)] if len(changes) > len(done) else None
        findings.done += len(done)
    if pending is not None:
        perform(pending, location, source, stock)
    findings.rest(location, source, archive.after(pending).out if pending else archive.out, kills)
    return {"kills": kills, **findings.figures()}


def _kill(writer: int) -> None:
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)


def _note_failure(findings: _Findings, failure: str, trial: int) -> None:
    if failure:
        findings.failed += 1
        print(f"trial {trial}: the writer gave up: {failure}", file=sys.stderr, flush=True)


def _is_locked(location: Path) -> bool:
    try:
        with write_session(location, wait_s=1.0):
            return False
    except IndexLocked:
        return True
    except IndexProblem:
        return False  # told by ``look`` already


def power_trials(folder: Path, trials: int, articles: Path | None, options: str, *, fsync: bool = True) -> Figures:
    """R4: the power cut at a random moment of continuous changes; the sources lie on another disk."""
    stock, random, mount, findings = Stock(articles), Random(2), folder / "mount", _Findings()
    with shelf(folder) as place:
        for trial in range(trials):
            source, journal = folder / f"presse{trial}", Journal(folder / f"journal{trial}")
            image = new_image(place / "disk.img", IMAGE_MB, "ext4")
            with mounted(image, mount, options):
                writer = spawn(mount / "index", source, stock, journal, Archive(), None, trial, fsync=fsync)
                time.sleep(random.uniform(0.3, 2.5))
                done = len(journal.read()[1])  # before the cut: later ones may not be there
                copy = cut(image, place / "cut.img")
                _kill(writer)
            changes, _, failure = journal.read()
            _note_failure(findings, failure, trial)
            findings.done += done
            with mounted(copy, mount):
                findings.look(mount / "index", Archive(), changes, done, trial)
                findings.rest(mount / "index", source, _ever_out(changes), trial)
            shutil.rmtree(source)
    return {"power cuts": trials, "mount": options, "fsync": fsync, **findings.figures()}


def _ever_out(changes: Sequence[Change]) -> frozenset[str]:
    return frozenset(doc_id for change in changes for doc_id in change.doc_ids)


def old_trials(folder: Path, trials: int, articles: Path | None, wait_s: float) -> Figures:
    """R5: an archive of 2,010 articles that was synced, one small change, the cut up to ``wait_s`` later."""
    stock, random, mount, findings = Stock(articles, OLD_FILES * 15), Random(3), folder / "mount", _Findings()
    source, archive = folder / "presse", Archive()
    for number in range(OLD_FILES):
        rows = {f"{number}-{rank}": 0 for rank in range(15)}
        stock.write(source / f"{number:02}.jsonl", rows)
        archive = archive.after(Change("file", f"{number:02}.jsonl", rows))
    bring_up(folder / "old", source)
    with shelf(folder) as place:
        for trial in range(trials):
            changed = folder / "changed"
            shutil.rmtree(changed, ignore_errors=True)
            image = new_image(place / "disk.img", IMAGE_MB, "ext4")
            with mounted(image, mount):
                shutil.copytree(folder / "old", mount / "index")
                run("sync", "-f", str(mount))
                change = plan(archive, random, rebuilds=0.1)
                before = (source / change.file).read_bytes() if change.kind == "file" else b""
                perform(change, mount / "index", source, stock)
                time.sleep(random.uniform(0, wait_s))
                copy = cut(image, place / "cut.img")
            findings.done += 1
            with mounted(copy, mount):
                findings.look(mount / "index", archive, [change], 1, trial)
                findings.rest(mount / "index", source, frozenset(change.doc_ids), trial)
            if change.kind == "file":
                (source / change.file).write_bytes(before)
    return {"power cuts": trials, "seconds after": wait_s, "old articles": len(archive.content), **findings.figures()}


# --- full disks ---------------------------------------------------------------------------------------------------------

Work = Callable[[Path, Path], object]
_DELETED = ("1-1", "2-2")
_WORKS: dict[str, tuple[Change, Work, int]] = {  # what changes, how, and more bytes than it ever takes
    "first index": (Change("rebuild"), bring_up, 500_000),
    "update": (Change("file", "00.jsonl", {f"0-{rank}": 1 for rank in range(15)}), bring_up, 300_000),
    "rebuild": (Change("rebuild"), lambda location, _: rebuild_index(location), 500_000),
    "deletion": (Change("delete", doc_ids=_DELETED), lambda location, _: delete_articles(_DELETED, location), 60_000),
}


def full_disks(folder: Path, steps: int, articles: Path | None) -> Figures:
    """R7: a first index, an update, a rebuild and a deletion find less room than they need, from none to enough, in ``steps`` sizes each."""
    stock, mount, findings, archive = Stock(articles), folder / "mount", _Findings(), Archive()
    counts = {"trials": 0, "told": 0, "space given back": 0, "went through": 0}
    mount.mkdir(exist_ok=True)
    for number in range(6):
        archive = archive.after(Change("file", f"{number:02}.jsonl", {f"{number}-{rank}": 0 for rank in range(15)}))
    for name in _WORKS:
        for step in range(steps):
            run("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(mount))
            try:
                _full_trial(folder, name, archive, stock, step / steps, findings, counts)
            finally:
                unmount(mount)
    return {**counts, "lost": findings.lost, "damaged": findings.damaged}


def _full_trial(folder: Path, name: str, archive: Archive, stock: Stock, share: float, findings: _Findings, counts: dict[str, int]) -> None:
    """Fill the disk but for a share of what the work needs, and try."""
    source, location, (change, work, needed) = folder / "presse", folder / "mount/index", _WORKS[name]
    shutil.rmtree(source, ignore_errors=True)
    for file, rows in archive.files.items():
        stock.write(source / file, rows)
    before = Archive() if name == "first index" else archive
    if before.files:
        bring_up(location, source)
    if change.kind == "file":
        stock.write(source / change.file, change.rows)
    with _ballast(folder / "mount", leaving=int(share * needed)):
        used = _used_bytes(folder / "mount")
        try:
            work(location, source)
            counts["went through"] += 1
        except IndexProblem as error:
            counts["told"] += "\n" not in str(error) and "free some" in str(error)
            counts["space given back"] += _used_bytes(folder / "mount") <= used + PAGE_BYTES  # the lock
        counts["trials"] += 1
        if before.files:
            findings.look(location, before, [change], 0, counts["trials"])
    findings.rest(location, source, frozenset(change.doc_ids), counts["trials"])


@contextmanager
def _ballast(mount: Path, leaving: int) -> Iterator[None]:
    """Fill a disk but for so many bytes."""
    figures = os.statvfs(mount)
    with (mount / "ballast").open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, figures.f_bfree * figures.f_frsize - leaving // PAGE_BYTES * PAGE_BYTES)
    try:
        yield
    finally:
        (mount / "ballast").unlink()


def _used_bytes(mount: Path) -> int:
    figures = os.statvfs(mount)
    return (figures.f_blocks - figures.f_bfree) * figures.f_frsize
