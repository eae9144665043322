"""Which other articles are about the same thing? Those that share the words that make this one unlike the others.

The sixteen classes of the article with the largest tf · idf are asked together with OR, and the ranking of every search does
the rest. Named things weigh by being rare. An article that repeats the text word for word is no discovery but a reprint: it
is told apart, whatever newspaper signed it; its longer versions, cut or edited, are known since indexing and left out.
Source: Salton and Buckley, « Term-weighting approaches in automatic text retrieval », 1988 (tf · idf); the way of Lucene’s
MoreLikeThis (terms of the article as a disjunction).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from corpus.article import Article
from indexer.french import fold, is_stop, term, tokenize
from search.engines import Engine, Found
from search.nodes import Word, disjunction
from search.request import SearchRequest

__all__ = ["Neighbour", "Similar", "similar", "telling_words"]

TERMS: Final = 16
READ_CHARS: Final = 20_000  # of the body: what it is about is said by then
SHORTEST_LETTERS: Final = 3
HEADLINE_WORTH: Final = 3  # times a word of the body
COMMONEST_SHARE: Final = 0.02  # of the archive: a word in more articles tells little and costs most of the time
SMALL_ARCHIVE: Final = 50  # articles; below, every share is too coarse
LOOKED_AT: Final = 12  # hits beyond those wanted, to find reprints among them
LEAST_OF_BEST: Final = 0.25  # of the best score: a tail that shares one word is noise


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An article near another one."""

    doc_id: str
    headline: str
    newspaper: str
    published: str | None
    score: float


@dataclass(frozen=True, slots=True)
class Similar:
    """What is near an article, the nearest first; ``reprints`` have its very text; ``words`` are what was shared."""

    articles: tuple[Neighbour, ...]
    reprints: tuple[Neighbour, ...]
    words: tuple[str, ...]


def similar(engine: Engine, doc_id: str, size: int = 5) -> Similar:
    """Return up to ``size`` articles about what the article ``doc_id`` is about; nothing when there is no such article."""
    article = engine.article(doc_id)
    words = telling_words(article, engine) if article else ()
    if article is None or not words:
        return Similar((), (), ())
    request = SearchRequest(size=size + LOOKED_AT, facets=(), snippets=False)
    answer = engine.ask(disjunction(Word(word) for word in words), request)
    near: list[Neighbour] = []
    reprints: list[Neighbour] = []
    text = _plain(article.body)
    versions = {version.doc_id for version in engine.versions([doc_id]).get(doc_id, ())}
    for found in answer.found:
        if found.header["doc_id"] not in {doc_id, *versions}:
            (reprints if text and _plain(found.stored().get("body", "")) == text else near).append(_neighbour(found))
    least = LEAST_OF_BEST * max((one.score for one in near), default=0.0)
    return Similar(tuple(one for one in near[:size] if one.score >= least), tuple(reprints), words)


def telling_words(article: Article, engine: Engine) -> tuple[str, ...]:
    """Return the words of an article, one a class, that are frequent in it and rare in the archive: the most telling first."""
    vocabulary, articles = engine.vocabulary(), max(engine.stats().articles, 1)
    forms = _forms(article)
    commonest = max(articles * COMMONEST_SHARE, SMALL_ARCHIVE)
    scored = []
    for surfaces in forms.values():
        surface = min(surfaces, key=lambda word: (-surfaces[word], word))
        frequency = max(vocabulary.frequency(fold(word)) for word in surfaces)
        if 1 < frequency <= commonest:  # a word of this article alone leads nowhere
            count = sum(surfaces.values())
            scored.append(((1 + math.log(count)) * math.log(articles / frequency + 1), surface))
    return tuple(surface for _, surface in sorted(scored, key=lambda row: (-row[0], row[1]))[:TERMS])


def _forms(article: Article) -> Mapping[str, Counter[str]]:
    """Return by class how often each printed form stands in the article; words of the headline count several times."""
    forms: dict[str, Counter[str]] = {}
    for text, worth in ((article.headline, HEADLINE_WORTH), (article.standfirst, 1), (article.body[:READ_CHARS], 1)):
        for token in tokenize(text):
            surface = token.surface
            if len(surface) >= SHORTEST_LETTERS and not token.joined and not surface[0].isdigit() and not is_stop(surface):
                forms.setdefault(term(fold(surface)), Counter())[surface] += worth
    return forms


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _neighbour(found: Found) -> Neighbour:
    header: dict[str, Any] = found.header
    return Neighbour(header["doc_id"], header["headline"], header.get("newspaper", ""), header.get("published"), found.score)
