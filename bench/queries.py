"""What is asked in the bench? Three sets of questions drawn from the corpus itself: words by frequency, phrases, headlines.

The same seed and the same articles give the same questions. Words that are asked together come from one article, so that the answer
is not empty; phrases and headlines are copied from where they stand.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from corpus import Article
from indexer.french import Token, fold, is_stop, tokenize
from search import Filter, SearchRequest
from search.language import parse_query

__all__ = ["FACETS", "KINDS", "PAGE_SIZE", "Question", "draw_questions"]

PAGE_SIZE: Final = 20
FACETS: Final = ("newspaper", "section", "year", "month")
FREQUENT: Final = (0.05, 0.40)  # share of the articles that have the word
MIDDLING: Final = (0.004, 0.05)
RARE: Final = (3, 12)  # articles of those read
COMMON: Final = (MIDDLING[0], FREQUENT[1])
DRAWN_FROM: Final = 4_000  # articles read for frequencies, phrases and headlines


@dataclass(frozen=True)
class Question:
    """One question: the row of the table it belongs to, and what Marbre is asked; peers translate ``tree``."""

    kind: str
    request: SearchRequest

    @cached_property
    def tree(self) -> Any:
        """The query tree that Marbre understands, so that every peer is asked the same."""
        return parse_query(self.request.text).query


@dataclass
class Words:
    """What the questions are drawn from."""

    articles: Sequence[Article]
    dice: random.Random
    frequencies: Counter[str]
    printed: dict[str, str]
    newspapers: list[str]
    _bands: dict[tuple[float, float], list[str]] = field(default_factory=dict)

    def between(self, low: float, high: float) -> list[str]:
        """Return printed words that so many articles have (a share below 1, or a count)."""
        size = len(self.articles) if high <= 1 else 1
        return sorted(self.printed[word] for word, count in self.frequencies.items() if low * size <= count <= high * size)

    def one(self, band: tuple[float, float]) -> str:
        """Return a word of a band."""
        return self.dice.choice(self._band(band))

    def together(self, count: int, articles: Sequence[Article] = ()) -> tuple[Article, list[str]]:
        """Return one of the articles and different words that it has, neither rare nor in every second article."""
        allowed = set(self._band(COMMON))
        while True:
            article = self.dice.choice(articles or self.articles)
            there = sorted({token.surface for token in tokenize(article.body)} & allowed)
            if len(there) >= count:
                return article, self.dice.sample(there, count)

    def phrase(self, count: int) -> str:
        """Return words that stand side by side, the first and the last of them not stop words."""
        while True:
            tokens = [token for token in tokenize(self.dice.choice(self.articles).body) if not token.joined]
            runs = [run for at in range(len(tokens) - count) if _is_phrase(run := tokens[at : at + count])]
            if runs:
                return " ".join(token.surface for token in self.dice.choice(runs))

    def _band(self, band: tuple[float, float]) -> list[str]:
        if band not in self._bands:
            self._bands[band] = self.between(*band)
        return self._bands[band]


def draw_questions(articles: Sequence[Article], count: int, *, seed: int = 2025, kinds: Sequence[str] = ()) -> list[Question]:
    """Return ``count`` questions of each kind (one when it takes no words), always the same for the same articles."""
    words = _read(articles[:DRAWN_FROM], random.Random(seed))
    questions = []
    for kind in kinds or KINDS:
        seen: dict[SearchRequest, None] = {}
        for _ in range(count * 20):
            if len(seen) == (1 if kind == "everything" else count):
                break
            seen.setdefault(_MAKERS[kind](words))
        questions += [Question(kind, request) for request in seen]
    return questions


def _read(articles: Sequence[Article], dice: random.Random) -> Words:
    frequencies: Counter[str] = Counter()
    printed: dict[str, str] = {}
    for article in articles:
        here = {token.surface for token in tokenize(article.body) if _is_asked(token)}
        printed.update((fold(surface), surface) for surface in here)
        frequencies.update({fold(surface) for surface in here})
    papers = Counter(article.newspaper for article in articles if article.newspaper)
    return Words(articles, dice, frequencies, printed, [paper for paper, _ in papers.most_common(6)])


def _is_asked(token: Token) -> bool:
    return len(token.surface) >= 4 and token.surface.isalpha() and not token.joined and not is_stop(token.surface)


def _is_phrase(run: Sequence[Token]) -> bool:
    whole = all(after.position == before.position + 1 for before, after in pairwise(run))
    return whole and _is_asked(run[0]) and _is_asked(run[-1]) and all(token.surface.isalpha() for token in run)


def _request(text: str, **more: Any) -> SearchRequest:
    return SearchRequest(text=text, size=PAGE_SIZE, facets=FACETS, snippets=False, reprints="all", **more)


def _dated(words: Words) -> SearchRequest:
    since = dt.date(words.dice.randint(2013, 2016), words.dice.randint(1, 12), 1)
    return _request(words.one(FREQUENT), since=since, until=since + dt.timedelta(days=words.dice.choice((200, 400, 800))))


def _wildcard(words: Words) -> SearchRequest:
    word = words.one(MIDDLING)
    at = words.dice.randint(2, len(word) - 2)
    return _request(word[:at] + "*" + word[at + 1 :])


def _fuzzy(words: Words) -> SearchRequest:
    word = words.one(MIDDLING)
    at = words.dice.randint(1, len(word) - 2)
    return _request(word[:at] + word[at + 1] + word[at] + word[at + 2 :] + "~1")


def _headline(words: Words) -> SearchRequest:
    return _request(words.dice.choice(words.articles).headline)


def _together(words: Words, count: int, joiner: str = " ") -> SearchRequest:
    return _request(joiner.join(words.together(count)[1]))


def _used_page(words: Words) -> SearchRequest:
    article, asked = words.together(2, [one for one in words.articles if one.newspaper in words.newspapers and one.section])
    chosen = (Filter("newspaper", (article.newspaper,)), Filter("section", (article.section,)))
    return _request(" ".join(asked), filters=chosen)


_MAKERS: Final[dict[str, Callable[[Words], SearchRequest]]] = {
    "frequent word": lambda words: _request(words.one(FREQUENT)),
    "rare word": lambda words: _request(words.one(RARE)),
    "two with AND": lambda words: _together(words, 2),
    "three with AND": lambda words: _together(words, 3),
    "four with OR": lambda words: _together(words, 4, " OU "),
    "phrase of two": lambda words: _request(f'"{words.phrase(2)}"'),
    "phrase of four": lambda words: _request(f'"{words.phrase(4)}"'),
    "prefix": lambda words: _request(words.one(MIDDLING)[:4] + "*"),
    "wildcard": _wildcard,
    "fuzzy": _fuzzy,
    "date range": _dated,
    "one newspaper": lambda words: _request(words.one(FREQUENT), filters=(Filter("newspaper", (words.dice.choice(words.newspapers),)),)),
    "everything": lambda words: _request(""),
    "headline": _headline,
    "page as used": _used_page,
}
KINDS: Final = tuple(_MAKERS)
