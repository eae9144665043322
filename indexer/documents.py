"""What of an article is kept in the index? Its stored form, the header that lists show, and the digest that tells a change.

The stored form is JSON of plain values under the English field names; empty fields are left out. It gives the article back
as it was (``article_from_stored``), so that an index can be exported or rebuilt without its sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from corpus.article import Article, first_words
from indexer.codec.stored import json_bytes

__all__ = ["DEFAULTS", "HEADER_FIELDS", "HEADER_KEYS", "article_from_stored", "header_form", "shown_header", "stored_form", "stored_row"]

HEADER_FIELDS: Final[tuple[str, ...]] = ("doc_id", "headline", "newspaper", "published", "section", "bylines", "kind", "url")
HEADER_KEYS: Final = (*HEADER_FIELDS, "headline_derived", "digest")  # the order of a header row on disk
DEFAULTS: Final = {"kind": "article", "language": "fr"}
_NOTHING_SHOWN: Final = dict.fromkeys(HEADER_FIELDS, "") | {"published": None, "kind": DEFAULTS["kind"], "headline_derived": False}
_NAMES: Final = tuple(field.name for field in fields(Article) if field.name not in ("origin", "has_own_id"))  # the id itself tells whether it is an own one


def stored_form(article: Article, added: str) -> dict[str, Any]:
    """Return the JSON values of an article that enters the archive on the day ``added`` (ISO)."""
    stored: dict[str, Any] = {}
    for name in _NAMES:
        value = getattr(article, name)
        if value and value != DEFAULTS.get(name):
            stored[name] = list(value) if isinstance(value, tuple) else dict(value) if name == "extra" else value
    stored["added"] = article.added or added
    return stored


def article_from_stored(stored: dict[str, Any]) -> Article:
    """Return the article that ``stored_form`` was made of (with the day it was added)."""
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items() if name in _NAMES}
    return Article(**values)


def header_form(stored: Mapping[str, Any], digest: str = "") -> dict[str, Any]:
    """Return what a list of hits shows, without reading the whole article, and the digest that tells a change."""
    header: dict[str, Any] = {name: stored[name] for name in HEADER_FIELDS if name in stored}
    if "headline" not in header:
        header["headline"], header["headline_derived"] = first_words(stored.get("standfirst", "") or stored.get("body", "")), True
    if digest:
        header["digest"] = digest
    return header


def shown_header(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return a header with every field of HEADER_FIELDS: what an article has no value for is "", no day None, the kind the usual one."""
    shown = {name: value for name, value in header.items() if value is not None}
    return {**_NOTHING_SHOWN, **shown, "bylines": tuple(shown.get("bylines", ()))}


def stored_row(stored: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the stored form as JSON, and a digest of everything but the day of entry: equal digests are an unchanged article."""
    content = {name: value for name, value in stored.items() if name != "added"}
    row = json_bytes(content)
    digest = hashlib.blake2b(row, digest_size=8).hexdigest()
    return row[:-1] + b',"added":' + json_bytes(stored["added"]) + b"}", digest
