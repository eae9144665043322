"""Which texts does an article cite or a question name, and at which address is the page of a text? For rooms that may not look into the index.

The address is made of the words under which the index keeps the text (« loi-numero-2012-23 »), so that every spelling leads to one page and the
page asks the index with its own address.
"""

from __future__ import annotations

import re
from typing import Final

from corpus import Article
from indexer.documents import stored_form
from indexer.mentions import mentions_of
from indexer.references import cited_texts, find_references
from indexer.schema import label_term
from search.engines import Engine
from search.nodes import Label
from search.request import SearchRequest

__all__ = ["citations_of", "citing", "slug_meant", "text_of_slug", "text_slug", "texts_asked"]

_SLUG: Final = re.compile(r"[\w.,'’·+&@#-]{1,300}")
_ELIDED: Final = re.compile(r"\b([dl])-(?=[^\W\d])", re.IGNORECASE)  # « droits-de-l-enfant »
_BETWEEN_WORDS: Final = re.compile(r"(?<!\d)-|-(?!\d)")


def citations_of(article: Article) -> tuple[str, ...]:
    """Return the texts that an article cites, those its source names first."""
    return mentions_of(stored_form(article, "")).references


def texts_asked(engine: Engine, text: str) -> list[tuple[str, int]]:
    """Return the texts that a question names and that are cited, with how many articles cite each, reprints included."""
    asked = SearchRequest(size=1, facets=(), snippets=False, reprints="all")
    counted = [(value, engine.ask(Label("references", value, whole=True), asked).total) for value in cited_texts(text)]
    return [(value, count) for value, count in counted if count]


def text_slug(value: str) -> str:
    """Return the last part of the address of a text's page; "" for a value without a letter or a figure."""
    return label_term(value).replace(" ", "-").replace("/", "-")


def text_of_slug(slug: str) -> str:
    """Return what to ask the index for, given the last part of an address; "" for nothing. Hyphens stay: « 12 345 » would be one number."""
    return slug if _SLUG.fullmatch(slug) and label_term(slug) else ""


def slug_meant(slug: str) -> str:
    """Return the usual last part of the address of the text that another spelling names (« loi-2012-023 »); "" when it names none."""
    found = find_references(_BETWEEN_WORDS.sub(" ", _ELIDED.sub(r"\1'", slug)))
    return text_slug(found[0].value) if len(found) == 1 and not found[0].start else ""


def citing(words: str) -> str:
    """Return the question for the articles that cite a text, given under which words the index keeps it."""
    return f'reference:="{words}"'
