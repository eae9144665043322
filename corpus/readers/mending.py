"""Was this article encoded twice on its way here (« dÃ©jÃ  »)? Then it is mended, and says so.

Files that are decoded as a whole are mended before they are read; this is for records that come as right UTF-8 of wrong letters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from corpus.article import Article
from corpus.encodings import REPAIRED, repaired

__all__ = ["mended", "was_mended"]

_TEXTS: Final = ("headline", "standfirst", "body", "newspaper", "section", "credit")
_LISTS: Final = ("bylines", "places", "people", "organisations", "tags")


def mended(article: Article) -> Article:
    """Return an article with its texts as they were meant; the same one when nothing is wrong with them."""
    if not _is_marked(article.body) and not _is_marked(article.headline) and not _is_marked(article.standfirst):
        return article
    changes: dict[str, Any] = {name: text for name in _TEXTS if (text := repaired(getattr(article, name))) is not None}
    for name in _LISTS:
        values = getattr(article, name)
        texts = tuple(repaired(value) or value for value in values)
        if texts != values:
            changes[name] = texts
    if not changes:
        return article
    extra = {**article.extra, "encoding": REPAIRED}
    return replace(article, **changes, extra=extra, doc_id=article.doc_id if article.has_own_id else "")


def _is_marked(text: str) -> bool:
    return not text.isascii() and ("Ã" in text or "â€" in text or "Â" in text or "√" in text)


def was_mended(article: Article) -> bool:
    """Tell whether an article was encoded twice, here or where its file was decoded."""
    return article.extra.get("encoding") == REPAIRED
