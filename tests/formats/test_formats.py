"""Is an index that an earlier version wrote still read? Every frozen one, for ever.

What is stored is read whatever analysis the index was made with. Its answers are compared where the analysis is still the same; where it
is not, opening it to search is refused with the command that rebuilds it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import IndexForeign
from indexer.former import FormerArchive
from indexer.french import analysis_digest
from indexer.generations import open_snapshot
from indexer.verify import check
from indexer.writer import live_mask
from search import SearchRequest, open_engine, search

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("v*/expected.json"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def frozen(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of a frozen index, and what it must hold."""
    location = tmp_path / "archive"
    shutil.copytree(request.param / "archive", location)
    expected: dict[str, Any] = json.loads((request.param / "expected.json").read_text(encoding="utf-8"))
    return location, expected


def test_a_format_is_frozen() -> None:
    assert FOLDERS


def test_every_article_of_a_frozen_index_is_read(frozen: tuple[Path, dict[str, Any]]) -> None:
    location, expected = frozen
    with FormerArchive(open_snapshot(location)) as archive:
        assert {stored["doc_id"]: stored for stored, _ in archive.everything()} == expected["articles"]
        assert archive.articles == len(expected["articles"])
        for doc_id, stored in expected["articles"].items():
            found = archive.find(doc_id)
            assert found is not None
            assert found[0] == stored


def test_a_frozen_index_has_deleted_articles_too(frozen: tuple[Path, dict[str, Any]]) -> None:
    masks = [live_mask(segment) for segment in open_snapshot(frozen[0]).manifest.segments]
    assert any(mask is not None and not mask.all() for mask in masks)


def test_a_frozen_index_is_checked_to_the_last_byte(frozen: tuple[Path, dict[str, Any]]) -> None:
    assert check(frozen[0], deep=True) == []


def test_a_frozen_index_answers_as_it_did_or_says_how_to_rebuild_it(frozen: tuple[Path, dict[str, Any]]) -> None:
    location, expected = frozen
    if expected["analysis"] != analysis_digest():
        with pytest.raises(IndexForeign, match=r"marbre index SOURCE --index .* --rebuild"):
            open_engine(location)
        return
    with open_engine(location) as engine:
        for text, answer in expected["answers"].items():
            page = search(engine, SearchRequest(text=text, size=100, facet_size=1000, snippets=False))
            assert {hit.doc_id for hit in page.hits} == set(answer["hits"])
            for name, rows in answer["facets"].items():
                assert {bucket.value: bucket.count for bucket in page.facets[name].buckets} == dict(rows)
            assert [[bucket.value, bucket.count] for bucket in page.timeline.buckets] == answer["timeline"]
