"""Does a segment give back the hashes of its documents, and does a merge read like one segment?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import IndexCorrupt
from indexer.codec import sketches as module
from indexer.codec.framing import Container, writing
from indexer.codec.sketches import Sketches, merged_sketches, read_sketches, write_sketches

PAIRS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 99)), max_size=80)


def sketches_of(pairs: list[tuple[int, int]]) -> Sketches:
    return Sketches.of(np.array([one for one, _ in pairs], np.uint32), np.array([doc for _, doc in pairs], np.uint32))


def as_pairs(sketches: Sketches) -> list[tuple[int, int]]:
    return list(zip(sketches.hashes.tolist(), sketches.docs.tolist(), strict=True))


def written(path: Path, sketches: Sketches, max_doc: int) -> Sketches:
    path.unlink(missing_ok=True)
    with writing(path, b"0123456789abcdef") as file:
        meta = write_sketches(file.out, sketches, max_doc)
    assert meta is not None
    return read_sketches(Container.open(path), meta, max_doc)


@given(pairs=PAIRS)
@pytest.mark.parametrize("max_doc", [100, 70_000], ids=["few documents", "many documents"])
@pytest.mark.parametrize("many", [0, 1 << 18], ids=["packed by place", "plain"])
def test_hashes_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], max_doc: int, many: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MANY_PAIRS", many)
        found = written(tmp_path_factory.mktemp("sketches") / "file", sketches_of(pairs), max_doc)
    assert as_pairs(found) == sorted(set(pairs))


@given(PAIRS, PAIRS, st.sets(st.integers(0, 99)))
def test_a_merge_has_the_hashes_of_the_live_documents_under_their_new_numbers(
    one: list[tuple[int, int]], other: list[tuple[int, int]], deleted: set[int]
) -> None:
    numbers = np.full(100, -1, np.int64)
    live = [doc for doc in range(100) if doc not in deleted]
    numbers[live] = np.arange(len(live))
    merged = merged_sketches([(sketches_of(one), numbers), (sketches_of(other), np.arange(100, 200))])
    wanted = {(value, int(numbers[doc])) for value, doc in one if doc not in deleted} | {(value, doc + 100) for value, doc in other}
    assert as_pairs(merged) == sorted(wanted)


def test_a_document_that_is_not_there_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(IndexCorrupt):
        written(tmp_path / "file", sketches_of([(7, 99)]), 50)
