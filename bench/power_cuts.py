"""What is left of an index when the power goes? Random lives of a toy index on a recording disk, cut at random moments."""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.disk_faults import RecordingDisk, state_after_cut, write_state
from bench.toy_index import add_articles, articles_in, assert_goes_on, commit_segments, delete_first, old_segments
from corpus.errors import IndexProblem
from indexer.generations import rollback, write_session

__all__ = ["model_trials"]


def _live_through(random: Random, location: Path, disk: RecordingDisk) -> None:
    """A random life of an index: commits, merges, deletions, rebuilds, rollbacks, sessions left without commit."""
    for number in range(6):
        choice = random.choice(["commit", "commit", "commit", "merge", "twice", "rebuild", "rollback", "abandon"])
        names = [f"{number}-{rank}" for rank in range(random.randint(1, 4))]
        if choice == "rollback":
            try:
                rollback(location, files=disk)
            except IndexProblem:
                continue
        else:
            with write_session(location, rebuild=choice == "rebuild", files=disk) as session:
                old = [] if choice == "rebuild" else old_segments(session)
                segment = add_articles(session, names)
                if choice == "abandon":
                    continue
                if choice == "merge":
                    old = [delete_first(one) for one in old[:1]]
                commit_segments(session, [*old, segment])
                if choice == "twice":
                    disk.note(articles_in(location))
                    commit_segments(session, [*old, segment, add_articles(session, [f"{number}-second"])])
        disk.note(articles_in(location))


def model_trials(folder: Path, lives: int, cuts: int, first_seed: int = 0) -> int:
    """Cut the power ``cuts`` times in each of ``lives`` random lives; return how many trials were made. Raises AssertionError on any loss."""
    trials = 0
    for seed in range(first_seed, first_seed + lives):
        origin = folder / f"life{seed}"
        origin.mkdir()
        disk = RecordingDisk()
        _live_through(Random(seed), origin / "index", disk)
        for cut_seed in range(cuts):
            random = Random(seed * 1_000_003 + cut_seed)
            cut = random.randrange(1, len(disk.log) + 1)
            target = folder / f"life{seed}-cut{cut_seed}"
            write_state(state_after_cut(disk.log, cut, random), origin, target)
            _assert_nothing_lost(disk, cut, target / "index")
            trials += 1
    return trials


def _assert_nothing_lost(disk: RecordingDisk, cut: int, location: Path) -> None:
    acknowledged = [step[1] for step in disk.log[:cut] if step[0] == "note"]
    to_come = [step[1] for step in disk.log[cut:] if step[0] == "note"]
    allowed = [*(acknowledged[-1:] or [None]), *to_come[:1]]
    assert articles_in(location) in allowed
    assert_goes_on(location)
