"""What do the tests of the codec compare with? A segment as a plain list of documents, and how to write and read it whole."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from indexer.codec.columns import NO_DAY, Days, ordinals_of
from indexer.codec.segment import FieldData, Forms, SegmentData, SegmentReader, write_segment
from indexer.codec.stored import RowBlocksWriter, header_row, json_bytes

KEYS = ("headline", "newspaper")
NOTHING = np.zeros(0, dtype=np.int32)
SEGMENT_ID = b"0123456789abcdef"


@dataclass(frozen=True)
class Document:
    """One article: its words, the place of each, and its columns."""

    doc_id: str
    words: tuple[str, ...]
    newspaper: str = ""
    bylines: tuple[str, ...] = ()
    day: int | None = None
    gaps: tuple[int, ...] = field(default=())

    def places(self) -> list[tuple[str, int]]:
        """Return (word, position) of each token: one apart, or as ``gaps`` says."""
        steps = itertools.chain(self.gaps, itertools.repeat(1))
        return list(zip(self.words, itertools.accumulate(next(steps) for _ in self.words), strict=True))


def class_of(word: str) -> str:
    """Return the inflection class of a word of the model: without its plural."""
    return word.rstrip("s") or word


def inverted(documents: Sequence[Document], of: Any) -> dict[str, list[tuple[int, list[int]]]]:
    """Return term -> [(document, positions)] of the documents."""
    found: dict[str, dict[int, list[int]]] = {}
    for number, document in enumerate(documents):
        for word, position in document.places():
            found.setdefault(of(word), {}).setdefault(number, []).append(position)
    return {term: list(lists.items()) for term, lists in found.items()}


def field_data(documents: Sequence[Document], of: Any, forms: Forms | None = None) -> FieldData:
    """Return one field of the documents as the arrays that a segment is written from."""
    lists = sorted(inverted(documents, of).items(), key=lambda item: item[0].encode())
    postings = [posting for _, rows in lists for posting in rows]
    return FieldData(
        terms=[term.encode() for term, _ in lists],
        starts=np.cumsum([0, *(len(rows) for _, rows in lists)]),
        docs=np.array([doc for doc, _ in postings], dtype=np.int32),
        freqs=np.array([len(positions) for _, positions in postings], dtype=np.int32),
        positions=None if forms else np.array([p for _, positions in postings for p in positions], dtype=np.int32),
        lengths=np.array([len(document.words) for document in documents], dtype=np.int64),
        forms=forms,
    )


def segment_data(documents: Sequence[Document]) -> SegmentData:
    """Return the documents as a segment."""
    exact = field_data(documents, str)
    classes = sorted({class_of(word) for document in documents for word in document.words}, key=str.encode)
    numbers = np.array([classes.index(class_of(term.decode())) for term in exact.terms], dtype=np.int64)
    rows = RowBlocksWriter(block_bytes=64)
    for document in documents:
        rows.add(json_bytes({"doc_id": document.doc_id, "words": list(document.words)}))
    days = [NO_DAY if document.day is None else document.day for document in documents]
    return SegmentData(
        segment_id=SEGMENT_ID,
        max_doc=len(documents),
        fields={"body_exact": exact, "body": field_data(documents, class_of, Forms("body_exact", numbers))},
        doc_ids=[document.doc_id for document in documents],
        ordinals={
            "newspaper": ordinals_of([document.newspaper for document in documents], many=False),
            "bylines": ordinals_of([document.bylines for document in documents], many=True),
        },
        days={"published": Days(np.array(days, dtype=np.int32), np.array([0 if d == NO_DAY else 3 for d in days], dtype=np.uint8))},
        header_keys=KEYS,
        headers=[header_row({"headline": " ".join(d.words[:3]), "newspaper": d.newspaper}, KEYS) for d in documents],
        stored=rows.finish(),
    )


def written(folder: Path, documents: Sequence[Document], name: str = "a.mseg") -> SegmentReader:
    """Write the documents and open what was written."""
    (folder / name).unlink(missing_ok=True)
    write_segment(folder / name, segment_data(documents))
    return SegmentReader.open(folder / name)


def answers(reader: SegmentReader) -> dict[str, Any]:
    """Return everything that a segment says, as plain values that can be compared."""
    found: dict[str, Any] = {"max_doc": reader.max_doc}
    for name in sorted(reader.fields()):
        found[name] = {"terms": reader.terms(name), "lengths": reader.lengths(name).tolist(), "total": reader.total_length(name)}
        for term in reader.terms(name):
            docs, freqs = reader.postings(name, term) or (NOTHING, NOTHING)
            _, offsets, positions = reader.positions(name, term) or (NOTHING, NOTHING, NOTHING)
            spans = [positions[a:b].tolist() for a, b in itertools.pairwise(offsets)]
            found[name, term] = (docs.tolist(), freqs.tolist(), spans, reader.doc_freq(name, term))
    for name in reader.facets():
        found["facet", name] = facet_values(reader, name)
    for name in reader.day_fields():
        found["day", name] = (reader.days(name).tolist(), reader.day_precisions(name).tolist())
    for number in range(reader.max_doc):
        doc_id = reader.doc_id(number)
        found["document", number] = (doc_id, reader.doc_num(doc_id), reader.header(number), reader.stored(number))
    return found


def facet_values(reader: SegmentReader, name: str) -> list[list[str]]:
    """Return the values of each document in a facet."""
    column = reader.ordinals(name)
    if column.offsets is None:
        return [[column.values[ordinal]] if ordinal else [] for ordinal in column.ordinals.tolist()]
    return [[column.values[ordinal] for ordinal in column.ordinals[a:b].tolist()] for a, b in itertools.pairwise(column.offsets.tolist())]


WORDS = ("le", "préfet", "préfets", "école", "écoles", "a", "œuvre", "0", "année", "années")


def documents(least: int = 0, most: int = 12) -> st.SearchStrategy[list[Document]]:
    """Return a strategy of documents with distinct identities."""
    one = st.builds(
        Document,
        doc_id=st.text("abcdé.:", min_size=1, max_size=6),
        words=st.lists(st.sampled_from(WORDS), max_size=12).map(tuple),
        newspaper=st.sampled_from(("", "L’Essor", "Nord Info", "Dépêche")),
        bylines=st.lists(st.sampled_from(("Awa Sow", "M. Keïta", "C. Martin")), max_size=2, unique=True).map(tuple),
        day=st.none() | st.integers(-40_000, 40_000),
        gaps=st.lists(st.sampled_from((1, 1, 60, 70_000)), max_size=4).map(tuple),
    )
    return st.lists(one, min_size=least, max_size=most, unique_by=lambda document: document.doc_id)
