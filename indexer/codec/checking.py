"""Is a segment sound, byte by byte and number by number?

``verify_container`` finds every changed byte. This goes further, for a segment that was written wrongly: it decodes
every list, column and row, and compares what must agree.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.codec.framing import verify_container
from indexer.codec.segment import SegmentReader

__all__ = ["verify_segment"]

TERMS_AT_ONCE: Final = 4096


def verify_segment(path: str | Path, documents: int | None = None) -> list[str]:
    """Return what is wrong with a segment file, each problem naming file and section; [] = sound. ``documents``: how many it must hold."""
    problems = verify_container(path)
    if problems:
        return problems
    try:
        reader = SegmentReader.open(path, cache_bytes=0)
        found = [f"{path}: {problem}" for problem in _problems(reader)]
        if documents not in (None, reader.max_doc):
            found.append(f"{path}: section meta: {reader.max_doc} documents found, {documents} expected")
        reader.close()
    except (IndexCorrupt, IndexForeign) as error:
        return [str(error)]
    return found


def _problems(reader: SegmentReader) -> Iterator[str]:
    for name in reader.fields():
        yield from _field_problems(reader, name)
    for name in reader.facets():
        reader.ordinals(name)
    for name in reader.day_fields():
        if ((reader.days(name) == np.iinfo(np.int32).min) != (reader.day_precisions(name) == 0)).any():
            yield f"section precisions/{name}: a day without a precision, or the reverse"
    ids = reader.doc_ids()
    if ids is not None and len(set(ids.ranks().tolist())) != len(ids.names()):
        yield "section doc-id-ranks: an identity without a document"
    for number in range(reader.max_doc):
        if reader.header_keys and len(json.loads(reader.header_bytes(number))) != len(reader.header_keys):
            yield f"section headers: document {number} has another number of values than there are keys"
        if reader.has_stored:
            reader.stored(number)


def _field_problems(reader: SegmentReader, name: str) -> Iterator[str]:
    terms = reader.dictionary(name).terms()
    if any(a >= b for a, b in itertools.pairwise(terms)):
        yield f"section terms/{name}: terms are not sorted and distinct"
    postings = 0
    for first in range(0, len(terms), TERMS_AT_ONCE):
        starts, docs, freqs, positions = reader.lists(name).portion(first, min(first + TERMS_AT_ONCE, len(terms)))
        postings += len(docs)
        inside = np.ones(len(docs), dtype=np.bool_)
        inside[starts[:-1]] = False
        if (np.diff(docs, prepend=-1)[inside] <= 0).any() or (len(docs) and not 0 <= int(docs.min()) <= int(docs.max()) < reader.max_doc):
            yield f"section postings/{name}: the documents of a term do not ascend"
        if positions is not None and len(positions):
            inside = np.ones(len(positions), dtype=np.bool_)
            inside[(np.cumsum(freqs, dtype=np.int64) - freqs)] = False
            if (np.diff(positions, prepend=-1)[inside] < 0).any():
                yield f"section postings/{name}: the positions in a document do not ascend"
    if postings != reader.field_meta(name)["postings"]:
        yield f"section postings/{name}: {postings} postings found, {reader.field_meta(name)['postings']} expected"
    if reader.field_meta(name).get("forms_of"):
        yield from _forms_problems(reader, name, terms)


def _forms_problems(reader: SegmentReader, name: str, terms: list[bytes]) -> Iterator[str]:
    """Compare each class with the union of its forms: the two must be in the same documents, as often."""
    for number, term in enumerate(terms):
        docs, freqs = reader.postings_of(name, number)
        found = reader.positions(name, term)
        if found is None or not np.array_equal(found[0], docs) or not np.array_equal(np.diff(found[1]), freqs):
            yield f"section forms/{name}: the forms of {term.decode('utf-8', 'replace')!r} are in other places than it"
            return
