"""Are packed lists of integers the lists that were packed, at every width and length?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.codec.packing import WIDTHS, concatenated_ranges, pack_lists, unpack_list, unpack_lists, words_of

VALUES = st.one_of(*(st.integers(0, (1 << width) - 1) for width in (0, 1, 3, 8, 11, 16, 31, 32)))


def _packed(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray, object]:
    starts = np.cumsum([0, *map(len, lists)])
    values = np.array([value for row in lists for value in row], dtype=np.uint32)
    return values, starts, pack_lists(values, starts)


@given(st.lists(st.lists(VALUES, max_size=80), max_size=12))
def test_every_list_is_unpacked_as_it_was_packed(lists: list[list[int]]) -> None:
    _, _, packed = _packed(lists)
    for number, row in enumerate(lists):
        words = packed.words[packed.offsets[number] : packed.offsets[number + 1]]
        assert unpack_list(words, len(row), int(packed.classes[number]), int(packed.exceptions[number])).tolist() == row


@given(st.lists(st.lists(VALUES, max_size=80), max_size=12))
def test_many_lists_unpacked_at_once_are_the_lists_one_by_one(lists: list[list[int]]) -> None:
    values, starts, packed = _packed(lists)
    assert unpack_lists(packed.words, packed.offsets[:-1], np.diff(starts), packed.classes, packed.exceptions).tolist() == values.tolist()


@pytest.mark.parametrize("width", [1, 2, 5, 7, 9, 12, 20, 32])
@pytest.mark.parametrize("count", [1023, 1024, 1025, 5000])
def test_long_lists_with_rare_wide_values_keep_them(width: int, count: int) -> None:
    values = np.random.default_rng(width * count).integers(0, 1 << width, count, dtype=np.uint64).astype(np.uint32)
    values[:: count // 3] = 0xFFFFFFFF
    packed = pack_lists(values, np.array([0, count]))
    assert unpack_list(packed.words, count, int(packed.classes[0]), int(packed.exceptions[0])).tolist() == values.tolist()
    counts = np.array([count])
    assert unpack_lists(packed.words, packed.offsets[:-1], counts, packed.classes, packed.exceptions).tolist() == values.tolist()


@given(st.lists(VALUES, max_size=200))
def test_a_list_takes_as_many_words_as_the_format_says(row: list[int]) -> None:
    _, _, packed = _packed([row])
    assert len(packed.words) == words_of(int(packed.classes[0]), len(row), int(packed.exceptions[0]))
    assert int(packed.classes[0]) < len(WIDTHS)


def test_equal_small_values_take_no_words() -> None:
    assert len(pack_lists(np.zeros(10_000, dtype=np.uint32), np.array([0, 9, 10_000])).words) == 0


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 5))))
def test_concatenated_ranges_are_the_ranges(ranges: list[tuple[int, int]]) -> None:
    starts, counts = np.array([a for a, _ in ranges], dtype=np.int64), np.array([n for _, n in ranges], dtype=np.int64)
    assert concatenated_ranges(starts, counts).tolist() == [value for a, n in ranges for value in range(a, a + n)]
