"""A searcher keeps a part of the memory it may have, never all of a small machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.room import LEAST, MOST, Hot, _group_limit, bounded, hot_bytes


@pytest.mark.parametrize(
    ("has", "kept"),
    [(1 << 30, LEAST), (8 << 30, LEAST), (16 << 30, 1 << 30), (24 << 30, 1536 << 20), (256 << 30, MOST)],
    ids=["1 GB", "8 GB", "16 GB", "24 GB", "256 GB"],
)
def test_a_sixteenth_of_the_memory_is_kept(has: int, kept: int) -> None:
    assert bounded(has) == kept
    assert LEAST <= hot_bytes() <= MOST


@pytest.mark.parametrize(("said", "limit"), [("1073741824\n", 1 << 30), ("max\n", None), ("", None)], ids=["a limit", "none", "empty"])
def test_the_limit_of_a_container_is_read(tmp_path: Path, said: str, limit: int | None) -> None:
    (tmp_path / "memory.max").write_text(said)
    assert _group_limit(tmp_path / "memory.max") == limit
    assert _group_limit(tmp_path / "nothing here") is None


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    hot = Hot(8_000)
    for number in range(9):
        hot.put(number, f"value {number}", 1_000)
        assert hot.get(0) == "value 0"
    assert [number for number in range(9) if hot.get(number) is None] == [1]
    hot.put("too large", "value", 1_001)
    assert hot.get("too large") is None


def test_a_question_is_seen_from_the_second_time_on() -> None:
    hot = Hot(8_000)
    assert [hot.seen("préfet"), hot.seen("préfet"), hot.seen("école")] == [False, True, False]
