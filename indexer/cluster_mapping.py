"""What does an article look like to a cluster? Tokens that our own analysis made, labels to filter and count by, the article itself.

The cluster splits on blanks and does nothing else to the text: a text field is sent as ``class`` tokens (``body``) and as exact folded forms
(``body_exact``). Forms that stand at one position (an accent term, a compound and its first part) are one blank-delimited run with a bar
between them; a sentence end is a hole (``·``, which a stop filter takes out and leaves the position); paragraphs are values of an
array, each ending with ``¶``, so that positions are those of the local index to the last unit. The mapping follows from the field table.

Labels are indexed three times: whole with their folded key in front (``key U+001F value``: counted, and sorted as the local facets are), by the
key alone (filters), and word by word (``journal:essor``).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from corpus.dates import first_day
from corpus.languages import is_french
from indexer.documents import DEFAULTS
from indexer.french import PARAGRAPH_GAP, Analyzed, accent_term, analysis_digest, analyze, fold, term, tokenize
from indexer.mentions import mentions_of
from indexer.schema import (
    ACRONYM_FIELD,
    FIELDS,
    LABEL_FIELDS,
    PARAGRAPH_TERM,
    SCHEMA_VERSION,
    TEXT_FIELDS,
    Field,
    Kind,
    exact_field,
    label_term,
)
from indexer.sketching import sketches_of, word_hashes

__all__ = [
    "CLUSTER_FORMAT",
    "FOREIGN",
    "KEY_MARK",
    "LABEL_END",
    "SKETCH_FIELD",
    "SKETCH_MAPPING",
    "document",
    "index_body",
    "key_field",
    "label_key",
    "length_field",
    "meta",
    "safe_token",
    "words_field",
]

CLUSTER_FORMAT: Final = 1
KEY_MARK: Final = "\x1f"
LABEL_END: Final = PARAGRAPH_TERM
HOLE: Final = "·"
BAR: Final = "|"
FOREIGN: Final = "~"  # in the place of a class where the article is not in French: the word as it is
TOKEN_CHARS: Final = 100  # at most 200 UTF-16 units: Lucene's blank tokenizer cuts at 255
RUN_CHARS: Final = 1_000  # forms of one position together
KEYWORD_CHARS: Final = 8_000  # a term of Lucene has at most 32,766 bytes
_NORMS: Final = {"headline": 0.3, "standfirst": 0.5, "body": 0.75}  # as search.ranking has them: the cluster only chooses whom to rank
SKETCH_FIELD: Final = "sketch"  # the hashes that stand for the body (``sketching``), as signed numbers
SKETCH_MAPPING: Final = {SKETCH_FIELD: {"type": "integer"}}
_DAYS: Final = tuple(field.name for field in FIELDS if field.kind is Kind.DAY)


def safe_token(text: str) -> str:
    """Return a term as a cluster takes it: no blank, no control, no mark of ours, no half character, cut with a hash when long.

    Both engines index what ``french`` makes; this changes none of it but what Lucene would split, cut or replace.
    """
    if text.isalnum() and len(text) <= TOKEN_CHARS:
        return text
    clean = "".join("_" if _unsafe(character) else character for character in text)
    if len(clean) <= TOKEN_CHARS:
        return clean
    return f"{clean[: TOKEN_CHARS - 17]}…{hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def _unsafe(character: str) -> bool:
    return character in (HOLE, BAR) or character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


def key_field(name: str) -> str:
    """Return the field of the folded keys of a label."""
    return f"{name}_key"


def words_field(name: str) -> str:
    """Return the field of the folded words of a label."""
    return f"{name}_words"


def length_field(name: str) -> str:
    """Return the field that counts the tokens of a text."""
    return f"{name}_length"


def label_key(value: str) -> str:
    """Return under what a label is compared: folded, or as it is when nothing is left of it."""
    return label_term(value) or value


def meta() -> dict[str, Any]:
    """Return what an index on a cluster was made with."""
    return {"marbre": CLUSTER_FORMAT, "schema": SCHEMA_VERSION, "analysis": analysis_digest()}


def index_body(shards: int, replicas: int) -> dict[str, Any]:
    """Return settings and mapping of a new index; a field that the table does not have is refused by the cluster."""
    properties: dict[str, Any] = {
        "src": {"type": "object", "enabled": False},
        "seq": {"type": "long"},
        **SKETCH_MAPPING,
        ACRONYM_FIELD: {"type": "keyword", "ignore_above": KEYWORD_CHARS},
        "digest": {"type": "keyword", "index": False, "doc_values": False},
    }
    for field in FIELDS:
        properties |= _properties(field)
    hidden = [name for name in properties if name not in ("src", "seq", "digest", "doc_id", "newspaper")]
    return {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": replicas,
            "refresh_interval": "-1",
            "max_result_window": 10_000,
            "max_regex_length": 4_000,
            "analysis": {
                "tokenizer": {"blanks": {"type": "whitespace", "max_token_length": RUN_CHARS}},
                "filter": {
                    "holes": {"type": "stop", "stopwords": [HOLE]},
                    "forms": {"type": "pattern_capture", "preserve_original": False, "patterns": ["([^|]+)"]},
                },
                "analyzer": {"tokens": {"type": "custom", "tokenizer": "blanks", "filter": ["holes", "forms"]}},
            },
            "similarity": {name: {"type": "BM25", "k1": 1.2, "b": b} for name, b in _NORMS.items()},
        },
        "mappings": {"dynamic": "strict", "_meta": meta(), "_source": {"excludes": hidden}, "properties": properties},
    }


def _properties(field: Field) -> dict[str, Any]:
    name = field.name
    text = {"type": "text", "analyzer": "tokens", "search_analyzer": "whitespace", "position_increment_gap": PARAGRAPH_GAP - 1}
    keyword: dict[str, Any] = {"type": "keyword", "ignore_above": KEYWORD_CHARS}
    if field.kind is Kind.TEXT:
        return {
            name: {**text, "similarity": name},
            exact_field(name): {**text, "similarity": name},
            length_field(name): {"type": "integer", "index": False},
        }
    if field.kind in (Kind.LABEL, Kind.LABELS):
        return {
            name: keyword,
            key_field(name): {**keyword, "doc_values": False},
            words_field(name): {**text, "norms": False},
        }
    if field.kind is Kind.DAY:
        return {name: {"type": "date", "format": "strict_date"}}
    return {name: keyword if name == "doc_id" else {**keyword, "doc_values": False}}


def document(stored: Mapping[str, Any], digest: str, seq: int) -> dict[str, Any]:
    """Return the document of a stored article; ``seq`` is its place in the order of the archive, and its version."""
    mentioned = mentions_of(stored)
    made: dict[str, Any] = {"src": dict(stored), "seq": seq, "digest": digest, "doc_id": stored["doc_id"]}
    foreign = not is_french(stored.get("language", DEFAULTS["language"]))
    for name in TEXT_FIELDS:
        text = stored.get(name, "")
        if text:
            found = analyze(text)
            classes, exacts, length = _paragraphs(found, foreign)
            if name == "body" and (sketch := _sketch(found.surfaces)):
                made[SKETCH_FIELD] = sketch
            if length:
                made |= {name: classes, exact_field(name): exacts, length_field(name): length}
    for name in LABEL_FIELDS:
        value = mentioned.references if name == "references" else stored.get(name) or DEFAULTS.get(name, "")
        values = [value] if isinstance(value, str) else list(value)
        if filled := [one for one in values if one]:
            made |= _label(name, filled)
    for name in _DAYS:
        if stored.get(name):
            made[name] = first_day(stored[name]).isoformat()
    if mentioned.acronyms:
        made[ACRONYM_FIELD] = list(mentioned.acronyms)
    if stored.get("url"):
        made["url"] = stored["url"]
    return made


def _label(name: str, values: Sequence[str]) -> dict[str, Any]:
    keys = [label_key(value) for value in values]
    words = [" ".join([*(safe_token(word) for word in _words_of(value)), LABEL_END]) for value in values]
    return {
        name: [f"{key}{KEY_MARK}{value}" for key, value in zip(keys, values, strict=True)],
        key_field(name): keys,
        words_field(name): words,
    }


@lru_cache(maxsize=50_000)
def _words_of(value: str) -> tuple[str, ...]:
    return tuple(fold(token.surface) for token in tokenize(value) if not token.joined)


@lru_cache(maxsize=300_000)
def _forms(surface: str) -> tuple[str, str]:
    """Return the class and the exact forms of a surface, as they are sent."""
    folded = fold(surface)
    accented = accent_term(surface)
    exact = safe_token(folded)
    return safe_token(term(folded)), exact if accented is None else f"{exact}{BAR}{safe_token(accented)}"


def _sketch(surfaces: Sequence[str]) -> list[int]:
    """Return the hashes that a folder keeps of the same words."""
    words = word_hashes([fold(surface) for surface in surfaces])
    hashes: list[int] = sketches_of(words, np.zeros(words.size, np.int32), 1).hashes.astype(np.int32).tolist()
    return hashes


def _paragraphs(found: Analyzed, foreign: bool = False) -> tuple[list[str], list[str], int]:
    """Return a text as runs of class tokens and of exact tokens, a string a paragraph, and how many tokens it has."""
    classes: list[list[str]] = [[]]
    exacts: list[list[str]] = [[]]
    before = -1
    for surface, position in zip(found.surfaces, found.positions, strict=True):
        kind, exact = _forms(surface)
        if foreign:
            kind = FOREIGN + exact.partition(BAR)[0]
        gap = position - before - 1
        if gap < 0:  # a compound and its parts: at the place of the one before, or of an earlier part
            _beside(classes[-1], exacts[-1], (kind, exact), position - before - 1)
            continue
        if gap >= PARAGRAPH_GAP:
            gap -= PARAGRAPH_GAP
            if classes[-1]:
                classes.append([])
                exacts.append([])
        holes = [HOLE] * gap
        classes[-1] += [*holes, kind]
        exacts[-1] += [*holes, exact]
        before = position
    return _joined(classes), _joined(exacts), len(found.surfaces)


def _beside(classes: list[str], exacts: list[str], forms: tuple[str, str], place: int) -> None:
    """Put a form at a place that already has one; ``place`` counts from the end, -1 is the last."""
    for runs, form in zip((classes, exacts), forms, strict=True):
        if form not in runs[place].split(BAR):
            runs[place] = f"{runs[place]}{BAR}{form}"


def _joined(paragraphs: Iterable[Sequence[str]]) -> list[str]:
    return [" ".join([*runs, PARAGRAPH_TERM]) for runs in paragraphs if runs]
