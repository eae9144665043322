"""Who may die while several processes index? A worker from its birth to the end of the run, or the writer above them all.

Killed by the clock, wherever they are then; two hundred times: ``python -m bench.torture workers``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.worker_kills import worker_trials, writer_trials


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
