"""How many reprints are found, and how many are none? Pairs found in a built index, against those that were made.

    python -m bench.reprints --data DIR [--rewrites 2000] [--seed 9] [--skip 0] [--json]
    python -m bench.reprints --sample [--json]             the bundled articles, against the reprints their README lists

DIR holds JSON Lines of articles (``.jsonl``, ``.jsonl.gz``). From them ``--rewrites`` articles of 60 words and more are taken; each is rewritten
once (``bench/rewrites.py``: cut, reordered, expanded, 5 to 40 % of its words edited; always with another headline and signature), and
all are indexed together with texts of routine. A pair of articles in one group is right when one is the rewrite of the other, or both are of
one article. Articles that are alike by themselves, measured on runs of five words and not by the code that is judged, are not
asked for: of two such articles only the first is taken. The thresholds were chosen with seed 9 and the first 2,000 articles in view; another ``--seed`` and
``--skip 2200`` (articles passed over) make a set that nobody looked at.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

import corpus
from bench.rewrites import KINDS, rewrite, routine_texts
from corpus import Article, read_articles
from indexer import build_index
from search import SearchRequest, open_engine
from search.answering import export

SAMPLE_TABLE = Path(__file__).with_name("sample-reprints.tsv")  # first publication, version: as the README of the sample has them
FEWEST_WORDS = 60
MOST_WORDS = 3_000
ROUTINE_DAYS = 120
LENDERS = 200
RUN_WORDS = 5
ALIKE = 0.1  # of the runs of the shorter article
SEED = 9
Pair = tuple[str, str]


def main() -> int:
    """Print precision and recall; return 1 below .95."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--data", type=Path)
    options.add_argument("--sample", action="store_true")
    options.add_argument("--rewrites", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=SEED, help="of the rewrites")
    options.add_argument("--skip", type=int, default=0, help="distinct articles passed over before the first that is rewritten")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if given.sample == (given.data is not None):
        options.error("expected either --data DIR or --sample")
    figures = of_sample() if given.sample else of_rewrites(given.data, given.rewrites, given.seed, given.skip)
    if given.json:
        print(json.dumps(figures, ensure_ascii=False))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value:.3f}" if isinstance(value, float) else f"{name:24} {value}")
    return 0 if min(figures["precision"], figures["recall"]) >= 0.95 else 1


def of_sample() -> dict[str, float]:
    """Return how the reprints of the bundled articles are found."""
    folder = Path(corpus.__file__).parent / "sample"
    families = defaultdict(set)
    for line in SAMPLE_TABLE.read_text(encoding="utf-8").splitlines():
        family, doc_id = line.split("\t")
        families[family].add(doc_id)
    made = {pair for ids in families.values() for pair in combinations(sorted(ids), 2)}
    return _judged(made, _found(read_articles([folder])))


def of_rewrites(data: Path, count: int, seed: int = SEED, skip: int = 0) -> dict[str, float]:
    """Return how generated rewrites of real articles are found, and how often routine is taken for a reprint."""
    chance = random.Random(seed)
    taken = distinct(_dated(_articles(data)), skip + count + LENDERS)[skip:]
    originals, lenders = taken[:-LENDERS], taken[-LENDERS:]  # what is added to a text must not be another article of the archive
    rewrites = [rewrite(article, number, lenders, chance) for number, article in enumerate(originals)]
    routine = routine_texts(ROUTINE_DAYS, chance)
    mixed = [*originals, *(one.article for one in rewrites), *routine]
    chance.shuffle(mixed)
    started = time.perf_counter()
    found = _found(mixed)
    made = {_pair(article.doc_id, one.article.doc_id) for article, one in zip(originals, rewrites, strict=True)}
    figures = _judged(made, found)
    figures |= _by_kind(
        [(one.kind, _pair(article.doc_id, one.article.doc_id)) for article, one in zip(originals, rewrites, strict=True)], found
    )
    plain = {article.doc_id for article in routine}
    figures |= {"routine texts": len(routine), "pairs of routine": sum(bool(plain & set(pair)) for pair in found)}
    return figures | {"seconds to index": time.perf_counter() - started}


def _by_kind(made: list[tuple[str, Pair]], found: set[Pair]) -> dict[str, float]:
    """Return recall for each kind of rewriting, and precision: of the pairs that an article rewritten so is in, how many are right."""
    kinds = {doc_id: kind for kind, pair in made for doc_id in pair}
    asked, right, read = Counter(kind for kind, _ in made), Counter(kind for kind, pair in made if pair in found), Counter[str]()
    read.update(kind for pair in found for kind in {kinds[doc_id] for doc_id in pair if doc_id in kinds})
    return {f"recall, {kind}": right[kind] / asked[kind] for kind in KINDS} | {
        f"precision, {kind}": right[kind] / read[kind] if read[kind] else 1.0 for kind in KINDS
    }


def distinct(articles: Iterable[Article], count: int) -> list[Article]:
    """Return the first ``count`` articles none of which is like another, by runs of five words."""
    owners: dict[int, int] = {}
    sizes: list[int] = []
    taken: list[Article] = []
    for article in articles:
        words = article.body.casefold().split()
        if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
            continue
        runs = {hash(tuple(words[at : at + RUN_WORDS])) for at in range(len(words) - RUN_WORDS + 1)}
        shared = Counter(owners[run] for run in runs if run in owners)
        if any(number >= ALIKE * min(len(runs), sizes[owner]) for owner, number in shared.items()):
            continue
        owners.update(dict.fromkeys(runs, len(taken)))
        sizes.append(len(runs))
        taken.append(article)
        if len(taken) == count:
            break
    return taken


def _articles(data: Path) -> Iterator[Article]:
    """Yield articles of every file in turn, so that no one kind of text makes up the set."""
    files = sorted(path for path in data.iterdir() if path.name.endswith((".jsonl", ".jsonl.gz")) and "queries" not in path.name)
    streams = [iter(read_articles([path])) for path in files]
    while streams:
        for stream in list(streams):
            article = next(stream, None)
            if article is None:
                streams.remove(stream)
            else:
                yield article


def _dated(articles: Iterable[Article]) -> Iterator[Article]:
    for number, article in enumerate(articles):
        day = (
            article.published if article.published and len(article.published) == 10 else f"2024-{1 + number % 12:02d}-{1 + number % 28:02d}"
        )
        yield Article(doc_id=f"a{number}", headline=article.headline, body=article.body, newspaper="Agence", published=day)


def _found(articles: Iterable[Article]) -> set[Pair]:
    """Return the pairs of articles in one group, once all are indexed."""
    with tempfile.TemporaryDirectory() as folder:
        build_index(articles, folder)
        with open_engine(folder) as engine:
            ids = [article.doc_id for article in export(engine, SearchRequest(reprints="all"))]
            groups = {tuple(one.doc_id for one in versions) for versions in engine.versions(ids).values()}
    return {_pair(*pair) for group in groups for pair in combinations(group, 2)}


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def _judged(made: set[Pair], found: set[Pair]) -> dict[str, float]:
    right = len(made & found)
    return {
        "pairs made": len(made),
        "pairs found": len(found),
        "precision": right / len(found) if found else 0.0,
        "recall": right / len(made) if made else 0.0,
    }


if __name__ == "__main__":
    sys.exit(main())
