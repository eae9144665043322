"""Does a merged segment read like one into which the live documents were written in order?"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from codec_model import Document, answers, documents, facet_values, segment_data, written
from hypothesis import given
from hypothesis import strategies as st

from indexer.codec import merging
from indexer.codec.columns import ordinals_of
from indexer.codec.framing import verify_container
from indexer.codec.merging import merge_segments
from indexer.codec.segment import SegmentReader, write_segment


@given(st.lists(documents(most=6), min_size=1, max_size=4), st.data())
def test_a_merge_reads_like_writing_everything(groups: list[list[Document]], data: st.DataObject) -> None:
    masks = [data.draw(st.none() | st.lists(st.booleans(), min_size=len(group), max_size=len(group))) for group in groups]
    live = [
        row for group, mask in zip(groups, masks, strict=True) for row, kept in zip(group, mask or [True] * len(group), strict=True) if kept
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        readers = [written(folder, group, f"{number}.mseg") for number, group in enumerate(groups)]
        arrays = [None if mask is None else np.array(mask, dtype=np.bool_) for mask in masks]
        info = merge_segments(readers, arrays, folder / "merged.mseg", b"f" * 16)
        assert verify_container(folder / "merged.mseg") == []
        assert info.doc_count == len(live)
        assert info.length == (folder / "merged.mseg").stat().st_size
        assert answers(SegmentReader.open(folder / "merged.mseg")) == answers(written(folder, live, "expected.mseg"))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_column_of_one_value_an_article_and_one_of_several_are_merged(order: tuple[int, int], tmp_path: Path) -> None:
    parts: list[tuple[list[Any], bool]] = [(["Awa Sow", "", "C. Martin"], False), ([("C. Martin", "Awa Sow"), ()], True)]
    readers = []
    for values, many in parts:
        data = segment_data([Document(f"{many}{number}", ("le",)) for number in range(len(values))])
        path = tmp_path / f"{many}.mseg"
        write_segment(path, replace(data, ordinals={"bylines": ordinals_of(values, many=many)}))
        readers.append(SegmentReader.open(path))
    expected = [[["Awa Sow"], [], ["C. Martin"]], [["C. Martin", "Awa Sow"], []]]
    merge_segments([readers[number] for number in order], [None, None], tmp_path / "merged.mseg", b"f" * 16)
    merged = SegmentReader.open(tmp_path / "merged.mseg")
    assert facet_values(merged, "bylines") == [row for number in order for row in expected[number]]


def test_small_portions_give_the_same_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Document(f"d{number}", tuple(f"mot{n}" for n in range(number % 17)), "L’Essor", ("Awa Sow",), number) for number in range(200)]
    readers = [written(tmp_path, rows[:90], "a.mseg"), written(tmp_path, rows[90:], "b.mseg")]
    merge_segments(readers, [None, None], tmp_path / "whole.mseg", b"f" * 16)
    monkeypatch.setattr(merging, "PORTION_POSTINGS", 50)
    merge_segments(readers, [None, None], tmp_path / "portions.mseg", b"f" * 16)
    assert (tmp_path / "whole.mseg").read_bytes() == (tmp_path / "portions.mseg").read_bytes()
    assert answers(SegmentReader.open(tmp_path / "whole.mseg")) == answers(written(tmp_path, rows, "c.mseg"))


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    reader = written(tmp_path, [Document("a", ("le",))])
    with pytest.raises(ValueError, match="a mask of 2 documents, 1 expected"):
        merge_segments([reader], [np.ones(2, dtype=np.bool_)], tmp_path / "b.mseg", b"f" * 16)
    assert not (tmp_path / "b.mseg").exists()
