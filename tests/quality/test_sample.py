"""Does the right article still come first? The floor of the bundled sample, as ``python -m bench.quality --sample`` measures it."""

from __future__ import annotations

import json

import pytest

from bench.quality import EPSILON, FLOORS, PIPELINES, check_floors, measure_sample, write_floors


@pytest.fixture(scope="module")
def row() -> dict[str, object]:
    return measure_sample()


def test_the_sample_keeps_its_floor(row: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert check_floors([row]) == 0
    assert "no floor" not in capsys.readouterr().err, "the sample changed: python -m bench.quality --sample --write-floors"


def test_no_single_pipeline_finds_the_sample_better(row: dict[str, dict[str, float]]) -> None:
    assert row["marbre"]["mrr"] >= max(row[label]["mrr"] for label in PIPELINES) - EPSILON


def test_a_broken_floor_is_seen_and_not_lowered_by_accident(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "floors.json"
    monkeypatch.setattr("bench.quality.FLOORS", path)
    good = {"set": "x", "digest": "d", "marbre": {"mrr": 0.5, "ndcg": 0.5}}
    bad = {"set": "x", "digest": "d", "marbre": {"mrr": 0.4, "ndcg": 0.4}}
    assert write_floors([good], lower=False) == 0
    assert check_floors([bad]) == 1
    assert write_floors([bad], lower=False) == 1
    assert json.loads(path.read_text())["x"]["mrr"] == 0.5
    assert write_floors([bad], lower=True) == 0
    assert path != FLOORS
