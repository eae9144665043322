"""Are lists that are joined, summed and looked up the same as sums taken article by article?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.local import highest
from search.weighed import FAR, Weighed, joined, standing_of, summed

MAX_DOC = 40
LISTS = st.lists(st.dictionaries(st.integers(0, MAX_DOC - 1), st.sampled_from([0.25, 0.5, 1.0, 4.0]), max_size=MAX_DOC), min_size=1, max_size=4)


def weighed(row: dict[int, float]) -> Weighed:
    docs = np.array(sorted(row), np.int32)
    return Weighed.kept(docs, np.array([row[doc] for doc in sorted(row)], np.float32), 1.0, MAX_DOC)


def as_rows(docs: np.ndarray, scores: np.ndarray) -> dict[int, float]:
    assert docs.tolist() == sorted(docs.tolist())
    return dict(zip(docs.tolist(), scores.tolist(), strict=True))


@given(rows=LISTS)
def test_what_is_in_every_list_is_worth_the_sum(rows: list[dict[int, float]]) -> None:
    expected = {doc: sum(row[doc] for row in rows) for doc in rows[0] if all(doc in row for row in rows)}
    assert as_rows(*joined([weighed(row) for row in rows])) == expected


@given(rows=LISTS, plain=st.sets(st.integers(0, MAX_DOC - 1)), max_doc=st.sampled_from([MAX_DOC, 100 * MAX_DOC]))
def test_what_is_in_any_list_is_worth_the_sum_and_what_only_selects_is_worth_nothing(
    rows: list[dict[int, float]], plain: set[int], max_doc: int
) -> None:
    lists = [Weighed(found.docs, found.scores) if max_doc > MAX_DOC else found for found in map(weighed, rows)]
    expected = {doc: sum(row.get(doc, 0.0) for row in rows) for doc in plain.union(*rows)}
    assert as_rows(*summed(lists, [np.array(sorted(plain), np.int32)], max_doc)) == expected


@given(row=st.dictionaries(st.integers(0, MAX_DOC - 1), st.just(2.0)), docs=st.sets(st.integers(0, MAX_DOC - 1)))
def test_a_list_is_looked_up_alike_with_and_without_its_dense_form(row: dict[int, float], docs: set[int]) -> None:
    asked = np.array(sorted(docs), np.int32)
    dense = weighed(row)
    sparse = Weighed(dense.docs, dense.scores)
    assert dense.at(asked).tolist() == sparse.at(asked).tolist() == [row.get(doc, 0.0) for doc in sorted(docs)]


SPOTS = st.dictionaries(st.sampled_from(["headline", "body", "standfirst"]), st.sets(st.tuples(st.integers(0, 9), st.integers(0, 99))))


@given(fields=SPOTS)
def test_places_of_three_fields_keep_their_articles_and_the_first_place_that_counts(fields: dict[str, set[tuple[int, int]]]) -> None:
    found = standing_of({name: np.array(sorted(doc << 32 | at for doc, at in spots), np.int64) for name, spots in fields.items()})
    docs = sorted({doc for spots in fields.values() for doc, _ in spots})
    assert found.docs.tolist() == docs
    rows, ranks = found.among(np.arange(10, dtype=np.int32))
    assert rows.tolist() == docs
    for doc, first in zip(docs, found.firsts(ranks).tolist(), strict=True):
        in_body = [at for where, at in fields.get("body", ()) if where == doc]
        in_headline = any(where == doc for where, _ in fields.get("headline", ()))
        assert first == (0 if in_headline else min(in_body, default=-1))
    for at, doc in enumerate(docs):
        own = found.spots[found.starts[at] : found.starts[at + 1]]
        assert own.size == sum(where == doc for spots in fields.values() for where, _ in spots)
        gaps = np.diff(own)
        assert ((gaps > FAR) | (gaps <= 99)).all()


@pytest.mark.parametrize("size", [1, 200, 999, 5_000, 60_000])
@pytest.mark.parametrize("kinds", [2, 50, 10**6], ids=["two scores", "few scores", "all different"])
def test_the_highest_are_all_that_sorting_finds_and_all_equal_to_the_last(size: int, kinds: int) -> None:
    scores = np.random.default_rng(size + kinds).integers(0, kinds, size).astype(np.float32)
    for wanted in {1, min(size, 200), size}:
        high = highest(scores, wanted)
        assert (np.diff(high) > 0).all()
        assert set(np.flatnonzero(scores >= np.sort(scores)[size - wanted])) <= set(high.tolist())
