"""Which archives does the oracle ask? Five, each made in our index by way of many commits, and once more as a stock Whoosh index."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from archives import NEWSPAPERS, PEOPLE, VOCABULARY, random_article
from whoosh import index as whoosh_index
from whoosh.scoring import BM25F
from whoosh.searching import Searcher

from corpus import Article
from indexer import build_index, delete_articles
from indexer.documents import stored_form
from indexer.french import analyze
from indexer.stock import write_stock_index
from search import open_engine
from search.collection import Collection
from search.engines.local import LocalEngine
from search.engines.stock import StockLeaf
from search.ranking import Constants
from search.request import Version

TOLERANCE = 1e-4  # of scores
SMALL_MEMORY = 40_000  # bytes: the first build must write several segments
# The ranking set to BM25F alone, as stock Whoosh has it.
PLAIN = Constants(length=dict.fromkeys(("headline", "standfirst", "body"), 0.75), weight=dict.fromkeys(("headline", "standfirst", "body"), 1.0),
                  exact=0, accent=0, close=0, lead=0)  # fmt: skip


class ExactStockLeaf(StockLeaf):
    """A stock segment with the lengths of its texts: Whoosh rounds them to one byte, which shows in the second decimal of a score."""

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        texts = [self.stored(number).get(field, "") for number in range(self.max_doc)]
        return np.array([len(analyze(text).surfaces) for text in texts], np.int32)


class StockEngine(LocalEngine):
    """The same questions to a stock Whoosh index."""

    def __init__(self, location: Path) -> None:
        self._stock = Collection([ExactStockLeaf(leaf) for leaf, _ in whoosh_index.open_dir(location).reader().leaf_readers()])

    def collection(self) -> Collection:
        return self._stock


@dataclass(frozen=True)
class Archive:
    """One archive, thrice; ``versions`` are those of each article that has any, the first publication first."""

    engine: LocalEngine
    stock: StockEngine
    searcher: Searcher
    articles: Sequence[Article]
    versions: Mapping[str, Sequence[Version]]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Tell Hypothesis what to print of a failing example: not seventy articles."""
        printer.text(f"Archive of {len(self.articles)} articles")


# --- the archives -----------------------------------------------------------------------------------------------------


def _article(dice: random.Random, number: int, round_: int = 0) -> Article:
    """Return an article of a round of corrections: a later one is corrected later, or does not say when."""
    day = f"{2020 + round_}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
    entered = f"{dice.randint(2023, 2026)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
    return replace(random_article(dice, f"a{number}", 12), updated=dice.choice((None, day)), added=entered)


def several_segments(location: Path) -> list[Article]:
    """A build of many flushes, merged at its end, and two that add too little to be merged with it."""
    dice = random.Random(11)
    articles = [_article(dice, number) for number in range(48)]
    for batch in (articles[:40], articles[40:44], articles[44:]):
        build_index(batch, location, memory=SMALL_MEMORY)
    return articles


def updates(location: Path) -> list[Article]:
    """Some articles replaced, some of them twice."""
    articles = {article.doc_id: article for article in several_segments(location)}
    dice = random.Random(12)
    for round_, numbers in enumerate((range(0, 12, 3), range(8, 48, 12), range(0, 16, 4)), 1):
        batch = [_article(dice, number, round_) for number in numbers]
        build_index(batch, location)
        articles.update((article.doc_id, article) for article in batch)
    return list(articles.values())


def deletions(location: Path) -> list[Article]:
    """Some of the replaced and of the untouched deleted, one of them back again."""
    articles = {article.doc_id: article for article in updates(location)}
    gone = ["a0", "a1", "a3", "a9", "a17", "a29", "a44"]
    assert delete_articles(gone, location) == (gone, [])
    back = _article(random.Random(13), 3, 4)
    build_index([back], location)
    return [*(article for article in articles.values() if article.doc_id not in gone), back]


def merges(location: Path) -> list[Article]:
    """Many small commits with deletions between them: more than any tier keeps."""
    articles = {article.doc_id: article for article in deletions(location)}
    dice = random.Random(14)
    for number in range(60, 72):
        batch = [_article(dice, number), _article(dice, number - 30, 5)]
        build_index(batch, location)
        articles.update((article.doc_id, article) for article in batch)
    delete_articles(["a65"], location)
    del articles["a65"]
    return list(articles.values())


def reprints(location: Path) -> list[Article]:
    """Dispatches that up to four newspapers print within days, among articles that stand alone; some replaced, some deleted."""
    articles = {article.doc_id: article for article in several_segments(location)}
    dice = random.Random(15)
    for number in range(100, 112):
        text = " ".join(dice.choice(VOCABULARY) for _ in range(dice.randint(22, 28)))  # of at most forty words: lengths are exact so far
        first = replace(_article(dice, number), headline="Accord au port", standfirst="", body=text, published="2024-03-05", language="fr")
        papers = dice.sample(NEWSPAPERS, dice.randint(1, 4))
        copies = [
            replace(
                first,
                doc_id=f"a{number}-{rank}",
                newspaper=paper,
                published=f"2024-03-{5 + rank // 2:02d}",
                kind=dice.choice(("article", "dépêche")),
                bylines=dice.choice(((), PEOPLE[:1])),
            )
            for rank, paper in enumerate(papers)
        ]
        dice.shuffle(copies)
        build_index(copies, location)
        articles.update((copy.doc_id, copy) for copy in copies)
    gone = ["a100-0", "a104-0", "a105-1"]
    delete_articles(gone, location)
    for number in (101, 103, 106):  # small segments are merged as one size: these stay, so that the versions of a text lie in several
        late = replace(articles[f"a{number}-0"], doc_id=f"a{number}-9", newspaper=NEWSPAPERS[number % len(NEWSPAPERS)], published="2024-03-09")
        build_index([late], location)
        articles[late.doc_id] = late
    return [article for article in articles.values() if article.doc_id not in gone]


ARCHIVES: Sequence[Callable[[Path], list[Article]]] = (several_segments, updates, deletions, merges, reprints)


@contextmanager
def made(make: Callable[[Path], list[Article]], folder: Path) -> Iterator[Archive]:
    """Make one of ``ARCHIVES`` in a new folder, thrice."""
    given = make(folder / "ours")
    with open_engine(folder / "ours") as engine:
        assert 1 < engine.stats().segments < 12
        articles = [_as_kept(engine, article) for article in given]
        write_stock_index((stored_form(article, "") for article in articles), folder / "stock")
        versions = engine.versions([article.doc_id for article in articles])
        assert len(versions) > 15 or make is not reprints
        with whoosh_index.open_dir(folder / "stock").searcher(weighting=BM25F(B=PLAIN.length["body"], K1=PLAIN.k1)) as searcher:
            yield Archive(engine, StockEngine(folder / "stock"), searcher, articles, versions)


def _as_kept(engine: LocalEngine, article: Article) -> Article:
    """Return the article with its day of correction, which a build sets where the source says none; all else must be as given."""
    kept = engine.article(article.doc_id)
    assert kept is not None
    assert replace(kept, updated=None) == replace(article, updated=None)
    return replace(article, updated=kept.updated)
