"""Which dates of this run cannot be trusted? Far-away ones are kept aside as they are written; all are counted and told.

A date in the far future is a typing error or a template's (2087, 2099-12-31), and would stand first in every list by date. Dates that do not exist, or lack
a year that nothing decides, were put aside when the article was read; those completed from the file's day are marked as inferred.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Final

from corpus.article import Article

__all__ = ["DateDoubts", "today"]

AHEAD_YEARS: Final = 1  # an annual is dated ahead; nothing is dated further
_ORIGINS: Final = 3  # examples told for each kind


class DateDoubts:
    """Counts the doubtful dates of a run. ``today``: ISO."""

    def __init__(self, today: str) -> None:
        self._last_year = int(today[:4]) + AHEAD_YEARS
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}

    def settled(self, article: Article) -> Article:
        """Return the article without a date that cannot be right, which is kept in ``extra``."""
        day = article.published
        if day is not None and int(day[:4]) > self._last_year:
            article = replace(
                article,
                published=None,
                doc_id=article.doc_id if article.has_own_id else "",
                extra={**article.extra, "published_as_written": day},
            )
            self._note("in the far future, kept aside", article, day)
        elif article.extra and day is None and "published_as_written" in article.extra:
            self._note("that do not exist or cannot be read, kept as written", article, str(article.extra["published_as_written"]))
        elif article.extra and "published_inferred" in article.extra:
            self._note("without a year, completed from the day of their file", article, str(article.extra.get("published_as_written", "")))
        return article

    def notes(self) -> list[str]:
        """Return a line for each kind, with the first places."""
        return [
            f"dates {kind}: {count} ({'; '.join(self._examples[kind])}{'; ...' if count > _ORIGINS else ''})"
            for kind, count in self._counts.items()
        ]

    def _note(self, kind: str, article: Article, written: str) -> None:
        self._counts[kind] += 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < _ORIGINS:
            examples.append(f"“{' '.join(written.split())[:40]}” in {article.origin or article.doc_id}")


def today() -> str:
    """Return this day. The one clock of the indexing room."""
    return dt.datetime.now(dt.UTC).date().isoformat()
