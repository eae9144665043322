"""Who may die while an archive is written? The writer, a worker from its birth to the end of the run, or the writer above several.

Killed by the clock, wherever they are then; by the hundred: ``python -m bench.torture kills workers``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.real_faults import kill_trials
from bench.worker_kills import worker_trials, writer_trials


@pytest.mark.timeout(300)
def test_fifty_kills_of_a_writer_lose_nothing_damage_nothing_and_leave_no_lock(tmp_path: Path) -> None:
    figures = kill_trials(tmp_path, 50, None, seed=3)
    assert figures["kills"] == 50
    assert figures["changes done"] > 10
    assert (figures["lost"], figures["damaged"], figures["lock stuck"], figures["writer gave up"]) == (0, 0, 0, 0)


@pytest.mark.timeout(120)
def test_a_worker_killed_by_the_clock_fails_the_commit_and_nobody_hangs(tmp_path: Path) -> None:
    figures = worker_trials(tmp_path, trials=5, hang_s=60.0)
    assert figures["killed"] == 5
    assert figures["commit raised"] > 0


@pytest.mark.timeout(120)
def test_a_killed_writer_leaves_no_worker_no_lock_and_whole_commits(tmp_path: Path) -> None:
    figures = writer_trials(tmp_path, trials=4)
    assert figures["killed"] == 4
    assert figures["with workers"] > 0
    assert figures["articles committed meanwhile"] > 0
