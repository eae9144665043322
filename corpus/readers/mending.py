"""Was this article encoded twice on its way here (« dÃ©jÃ  »), or is an agency among its authors? Then it is mended.

Files that are decoded as a whole are mended before they are read; this is for records that come as right UTF-8 of wrong letters, and says so.
« Awa Sow avec ASD » is one author and a credit, whatever the format; « Awa Sow avec Ali Ba » stays as it is written.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from corpus.article import Article
from corpus.encodings import REPAIRED, repaired
from corpus.readers.signature import AGENCY, named_credit

__all__ = ["credited", "mended", "was_mended"]

_TEXTS: Final = ("headline", "standfirst", "body", "newspaper", "section", "credit")
_LISTS: Final = ("bylines", "places", "people", "organisations", "tags")


_ONE_AGENCY = rf"(?:l[’'])?(?:{AGENCY}|(?:les\s+)?agences?|[A-Z]{{2,8}})"
_WITH = re.compile(rf"(?:(?P<name>.*?)[\s,(/–-]+)?\b[Aa]vec\s+(?P<credit>{_ONE_AGENCY}(?:\s*(?:,|et)\s*{_ONE_AGENCY})*)\)?[\s.]*$")


def credited(article: Article) -> Article:
    """Return an article whose agencies are its credit and no authors; without one, the agency its text names at an end (« … (AFP) »)."""
    if not article.credit and (named := named_credit(article.body)):
        article = replace(article, credit=named, doc_id=article.doc_id if article.has_own_id else "")
    if not any("vec " in byline for byline in article.bylines):
        return article
    found = [(byline, _WITH.match(byline)) for byline in article.bylines]
    names = tuple(byline if with_ is None else with_["name"] or "" for byline, with_ in found)
    credits_ = [with_["credit"].removeprefix("l’").removeprefix("l'") for _, with_ in found if with_]
    if not credits_:
        return article
    doc_id = article.doc_id if article.has_own_id else ""
    return replace(article, bylines=names, credit=article.credit or ", ".join(dict.fromkeys(credits_)), doc_id=doc_id)


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
