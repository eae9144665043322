"""How is an index of today kept for the tests of every later version?

    python -m tests.formats.freeze v1 --again

writes ``tests/formats/v1/``: ``archive`` (a small index with replaced and deleted articles) and ``expected.json`` (what it
holds and what it answered). A format that was released is never frozen again: a new format gets a new folder, and the old one is read for
ever. ``--again`` replaces the folder of a format that was not released yet.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus import Article, read_articles
from indexer import build_index, delete_articles
from indexer.former import FormerArchive
from indexer.french import analysis_digest
from indexer.generations import open_snapshot
from search import SearchRequest, open_engine, search

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "corpus" / "sample"
QUESTIONS = (
    "",
    "ville",
    "école OU port",
    '"de la"',
    "pr*",
    "ville -port",
    "préisdent~1",
    "année PROCHE/20 ville",
    "journal:essor",
    "date:2025..",
)
REQUEST = SearchRequest(size=100, facet_size=1000, snippets=False)


def freeze(folder: Path) -> None:
    """Write the index and what it answers."""
    articles = list(read_articles([SAMPLE]))[:24]
    location = folder / "archive"
    build_index(articles[:16], location)
    build_index([_corrected(article) for article in articles[2:5]] + articles[16:], location)
    delete_articles([articles[0].doc_id, articles[20].doc_id], location)
    (location / "lock").unlink(missing_ok=True)
    expected = {"analysis": analysis_digest(), "articles": stored_in(location), "answers": answers_of(location)}
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def stored_in(location: Path) -> dict[str, Any]:
    """Return every stored article, whatever analysis the index was made with."""
    with FormerArchive(open_snapshot(location)) as archive:
        return {stored["doc_id"]: stored for stored, _ in archive.everything()}


def answers_of(location: Path) -> dict[str, Any]:
    """Return ids and scores, facets and timeline of each question."""
    with open_engine(location) as engine:
        return {text: _answer(search(engine, replace(REQUEST, text=text))) for text in QUESTIONS}


def _answer(page: Any) -> dict[str, Any]:
    facets = {name: [[bucket.value, bucket.count] for bucket in facet.buckets] for name, facet in page.facets.items()}
    timeline = [[bucket.value, bucket.count] for bucket in page.timeline.buckets]
    return {"hits": {hit.doc_id: round(hit.score, 4) for hit in page.hits}, "facets": facets, "timeline": timeline}


def _corrected(article: Article) -> Article:
    return replace(article, body=article.body + "\n\nCorrection : la première version citait une autre ville.")


def main() -> int:
    """Freeze; return 1 when the format is frozen already."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("version", help="the folder: v1, v2...")
    options.add_argument("--again", action="store_true", help="the format was never released: replace it")
    given = options.parse_args()
    folder = HERE / given.version
    if folder.exists() and not given.again:
        print(f"{folder} is frozen; a new format needs a new version", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    freeze(folder)
    print(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) >> 10} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
