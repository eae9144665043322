"""What is a folder worth that was copied while a writer was at work? ``check`` says that it is incomplete, or it opens at one generation.

Copied as people do it, file after file: by folders (``cp -r``), from a list made at the start (``rsync``), over an older copy. Here the
changes are made between two files, so that a trial can be repeated; ``live_trials`` copies beside a writer that does not wait.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final, Literal

from bench.real_archive import (
    Archive,
    Change,
    Content,
    Journal,
    Stock,
    articles_of,
    assert_tells_one_story,
    explained,
    perform,
    plan,
    spawn,
)
from corpus.errors import IndexProblem
from indexer.generations import open_snapshot
from indexer.verify import check

__all__ = ["copy_trials", "live_trials"]

Way = Literal["by folders", "from a list", "over an older copy"]
WAYS: Final[tuple[Way, ...]] = ("by folders", "from a list", "over an older copy")
CHANGE_CHANCE: Final = 0.12  # between two files
LOOKS: Final = ("whole", "told", "opened older")


class _History:
    """What the index held at each generation that a change ended with, and what was done in between."""

    def __init__(self) -> None:
        self.start = Archive()
        self.changes: list[Change] = []
        self.generations: list[int] = []

    def explains(self, generation: int, found: Content) -> bool:
        """Tell whether a generation holds what it must: exactly where a change ended with it, between two changes otherwise."""
        archive = self.start
        for number, (change, ended) in enumerate(zip(self.changes, self.generations, strict=False)):
            if generation < ended:
                return explained(found, archive, [change], 0)
            archive = archive.after(change)
            if generation == ended and self.generations[number + 1 : number + 2] != [ended]:
                return found == archive.content
        return explained(found, archive, self.changes[len(self.generations) :], 0)


def copy_trials(folder: Path, trials: int, articles: Path | None = None, seed: int = 1) -> dict[str, int]:
    """Copy an archive that changes between two files; judge each copy. Raises: AssertionError for a copy that is neither whole nor told."""
    stock, random, history, archive = Stock(articles), Random(seed), _History(), Archive()
    location, source = folder / "index", folder / "presse"

    def change() -> None:
        nonlocal archive
        next_one = plan(archive, random, rebuilds=0.15)
        perform(next_one, location, source, stock)
        archive = archive.after(next_one)
        history.changes.append(next_one)
        history.generations.append(open_snapshot(location).generation)

    for _ in range(8):
        change()
    figures, target = dict.fromkeys(LOOKS, 0), folder / "copy"
    for trial in range(trials):
        way = WAYS[trial % len(WAYS)]
        if way != "over an older copy":
            shutil.rmtree(target, ignore_errors=True)
        for _ in _copy(location, target, way, random):
            if random.random() < CHANGE_CHANCE:
                change()
        figures[_judge(target, history)] += 1
    return {"copies": trials, **figures, "generations": history.generations[-1]}


def _copy(location: Path, target: Path, way: Way, random: Random) -> Iterator[None]:
    """Copy file after file, going on when one has vanished, as the commands do; stop between two files."""
    if way == "by folders":
        target.mkdir()
        places = random.sample(names := os.listdir(location), len(names))
        for name in places:
            if (location / name).is_dir():
                (target / name).mkdir()
                inside: list[str] = []
                with suppress(FileNotFoundError):
                    inside = os.listdir(location / name)
                for file in random.sample(inside, len(inside)):
                    _copy_file(location / name / file, target / name / file)
                    yield
            else:
                _copy_file(location / name, target / name)
                yield
        return
    listed = [Path(place, name).relative_to(location) for place, _, names in os.walk(location) for name in names]
    yield
    for path in random.sample(listed, len(listed)):
        (target / path.parent).mkdir(parents=True, exist_ok=True)
        _copy_file(location / path, target / path)
        yield


def _copy_file(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        data = source.read_bytes()
        target.unlink(missing_ok=True)
        target.write_bytes(data)


def _judge(copy: Path, history: _History) -> str:
    """Say what a copy is worth; a copy that is told incomplete may still open, at one older generation and saying so."""
    told = _told(copy)
    try:
        snapshot = open_snapshot(copy)
        found = articles_of(snapshot)
    except IndexProblem as error:
        if not told:
            raise AssertionError(f"check finds nothing wrong, and it cannot be opened: {error}") from error
        return "told"
    if not history.explains(snapshot.generation, found):
        raise AssertionError(f"the copy holds {len(found)} articles that generation {snapshot.generation} did not")
    if told:
        return "opened older"
    if snapshot.fallback:
        raise AssertionError(f"check finds nothing wrong, and {snapshot.fallback}")
    assert_tells_one_story(copy, found)
    return "whole"


def _told(copy: Path) -> bool:
    try:
        return any(problem.kind == "damage" for problem in check(copy, deep=True))
    except IndexProblem:
        return True


def live_trials(folder: Path, trials: int, articles: Path | None = None, seed: int = 1) -> dict[str, int]:
    """Copy beside a writer that does not wait, with ``cp -r`` and slowly file after file."""
    stock, random, history, journal = Stock(articles), Random(seed), _History(), Journal(folder / "journal")
    location, target = folder / "index", folder / "copy"
    writer = spawn(location, folder / "presse", stock, journal, Archive(), None, seed)
    figures = dict.fromkeys(LOOKS, 0)
    try:
        while len(journal.read()[1]) < 8:
            time.sleep(0.05)
        ways: tuple[Callable[[], object], ...] = (
            lambda: subprocess.run(["cp", "-r", str(location), str(target)], check=False, capture_output=True),
            lambda: [time.sleep(random.uniform(0, 0.02)) for _ in _copy(location, target, random.choice(WAYS[:2]), random)],
        )
        for trial in range(trials):
            shutil.rmtree(target, ignore_errors=True)
            ways[trial % 2]()
            history.changes, history.generations, failure = journal.read()
            if failure:
                raise AssertionError(f"the writer gave up: {failure}")
            figures[_judge(target, history)] += 1
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
    return {"copies": trials, **figures, "generations": history.generations[-1]}
