"""How does an archive move from a folder to a cluster, or back, and how do we know that it arrived? Streamed, counted, then asked.

Articles go in the order in which they entered, through the same build as any others: a migration that was stopped is started again and finds
what is there unchanged. Withdrawals go first, so that nothing withdrawn arrives. At the end the numbers must be equal, and a few hundred questions made
of the archive's own words must have the same totals and facets on both sides.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from corpus.article import Article
from corpus.errors import BadRequest, IndexMissing, IndexProblem
from indexer import BuildReport, build_index
from indexer.builder import Progress
from indexer.documents import article_from_stored
from indexer.french import fold, is_stop, tokenize
from indexer.places import open_base, open_writer, read_archive
from search.answering import search
from search.engines import Engine
from search.request import SearchRequest

__all__ = ["Migration", "migrate", "sampled_questions", "verify"]

QUESTIONS: Final = 200
SAMPLED: Final = 100  # articles whose words are asked
_FACTS: Final = ("withdrawn", "acronyms", "keep_versions", "sources")


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did. ``questions`` had the same answer on both sides; ``different`` had not."""

    report: BuildReport
    articles: int
    questions: int
    different: tuple[str, ...]


def migrate(source: str, target: str, *, workers: int = 1, progress: Progress | None = None) -> BuildReport:
    """Copy every article of one archive into another, in order; what is there already stays as it is.

    Raises: BadRequest for one place given twice, IndexMissing about the source, IndexLocked, ClusterUnavailable; IndexProblem when articles of the source did not arrive.
    """
    if source == target:
        raise BadRequest("TO", target, f"another place than {source}")
    with read_archive(source) as archive:
        _take_facts(archive.facts, target)
        before = archive.articles
        report = build_index(_articles(archive.everything()), target, workers=workers, progress=progress)
    arrived = report.added + report.replaced + report.unchanged
    if arrived != before:
        raise IndexProblem(
            f"{before} articles are in {source}, {arrived} arrived in {target} ({report.rejected} rejected); {source} is as it was: run “marbre check” on both, then migrate again"
        )
    return report


def verify(source: Engine, target: Engine, *, questions: int = QUESTIONS) -> tuple[int, tuple[str, ...]]:
    """Ask both archives the same questions; return how many had one answer, and those that had not."""
    different = []
    asked = sampled_questions(source, questions)
    for text in asked:
        request = SearchRequest(text=text, size=1, snippets=False, reprints="all", match="all")
        one, other = search(source, request), search(target, request)
        if one.total != other.total or one.facets != other.facets:
            different.append(text)
    return len(asked) - len(different), tuple(different)


def sampled_questions(engine: Engine, count: int, seed: int = 2025) -> list[str]:
    """Return questions made of words of the archive: one word, two, a phrase, an exclusion, a beginning, a closeness."""
    dice = random.Random(seed)
    found = search(engine, SearchRequest(size=SAMPLED, sort="newest", facets=(), snippets=False, reprints="all")).hits
    older = search(engine, SearchRequest(size=SAMPLED, sort="oldest", facets=(), snippets=False, reprints="all")).hits
    texts = [article.body for hit in (*found, *older) if (article := engine.article(hit.doc_id)) is not None and article.body]
    runs = [words for text in texts if len(words := _plain_words(text)) > 3]
    questions: dict[str, None] = {}
    for _ in range(20 * count if runs else 0):
        if len(questions) == count:
            break
        words = dice.choice(runs)
        at = dice.randrange(len(words) - 1)
        one, other = words[at], words[dice.randrange(len(words))]
        shape = dice.choice(("{0}", "{0} {1}", "{0} OU {1}", "{0} -{1}", '"{0} {2}"', "={0}", "{3}*", "{0} PROCHE/8 {1}", "titre:{0}"))
        questions.setdefault(shape.format(one, other, words[at + 1], fold(one)[:4]))
    return list(questions)


def _plain_words(text: str) -> list[str]:
    return [
        token.surface
        for token in tokenize(text[:5_000])
        if token.surface.isalpha() and len(token.surface) > 3 and not is_stop(token.surface)
    ]


def _articles(rows: Iterator[tuple[dict[str, object], str]]) -> Iterator[Article]:
    for stored, _ in rows:
        yield article_from_stored(stored)


def _take_facts(facts: dict[str, object], target: str) -> None:
    """Give the target what the source knows besides its articles, where the target does not know better."""
    told = {name: facts[name] for name in _FACTS if facts.get(name)}
    try:
        held = open_base(target).manifest.facts
    except IndexMissing:
        held = {}
    merged = {name: {**value, **held.get(name, {})} if isinstance(value, dict) else held.get(name, value) for name, value in told.items()}
    if any(held.get(name) != value for name, value in merged.items()):
        with open_writer(target) as writer:
            writer.commit(facts={**writer.facts, **merged})
