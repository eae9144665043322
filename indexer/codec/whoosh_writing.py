"""How does what Whoosh's writer says, document by document and posting by posting, become sections of a container?

Any format, boost, vector and column is taken as it is and kept plainly. A document counts only once it is finished: one
that fails on the way leaves no length, column value or vector behind.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.filedb.structfile import StructFile
from whoosh.util.numeric import byte_to_length, length_to_byte

from indexer.codec.stored import RowBlocksWriter, json_bytes
from indexer.codec.whoosh_values import tag_value

__all__ = ["STATS", "DocumentsWriter", "IndexedFieldsWriter", "WHOOSH_LENGTHS", "joined_meta"]

Sections = list[tuple[str, Any]]
WHOOSH_LENGTHS: Final = np.array(
    [byte_to_length(code) for code in range(256)], dtype=np.uint32
)  # so that scores equal those of its own codec
STATS: Final = 6  # weight, least length, greatest length, greatest weight, first document, last document


class DocumentsWriter(base.PerDocumentWriter):
    """Stored fields, lengths, columns and vectors; ``write`` takes the sections when the last document is done."""

    def __init__(self, segment: Any, write: Callable[[Sections], None]) -> None:
        self._segment = segment
        self._write = write
        self._rows = RowBlocksWriter()
        self._count = 0
        self._in_doc = False
        self._stored: dict[str, Any] = {}
        self._waiting: list[Callable[[], None]] = []
        self._lengths: dict[str, array[int]] = {}
        self._totals: dict[str, int] = {}
        self._columns: dict[str, tuple[BytesIO, Any]] = {}
        self._vectors: dict[str, _Vectors] = {}
        self.is_closed = False

    def start_doc(self, docnum: int) -> None:
        """Begin a document; they come in order. One begun before and not finished has failed, and is forgotten."""
        if docnum != self._count:
            raise ValueError(f"document {docnum} begun, {self._count} expected")
        self._in_doc = True
        self._stored, self._waiting = {}, []

    def add_field(self, fieldname: str, fieldobj: Any, value: Any, length: int) -> None:
        """Keep a stored value and a length of the document begun."""
        if value is not None:
            self._stored[fieldname] = tag_value(value)
        if length:
            self._waiting.append(lambda: self._add_length(fieldname, length))

    def add_column_value(self, fieldname: str, columnobj: Any, value: Any) -> None:
        """Keep a column value of the document begun."""
        docnum = self._count
        self._waiting.append(lambda: self._column(fieldname, columnobj).add(docnum, value))

    def add_vector_items(self, fieldname: str, fieldobj: Any, items: Iterable[tuple[str, float, bytes]]) -> None:
        """Keep the vector of a field of the document begun."""
        kept = list(items)
        if kept:
            docnum = self._count
            self._waiting.append(lambda: self._vectors.setdefault(fieldname, _Vectors()).add(docnum, kept))

    def finish_doc(self) -> None:
        """Take the document begun into the segment."""
        row = json_bytes(self._stored)
        for add in self._waiting:
            add()
        self._rows.add(row)
        self._count += 1
        self._in_doc = False

    def cancel_doc(self) -> None:
        """Forget the document begun."""
        self._in_doc = False
        self._stored, self._waiting = {}, []

    def close(self) -> None:
        """Hand all sections over."""
        if self._in_doc:
            self.finish_doc()
        sections: Sections = []
        for name, lengths in self._lengths.items():
            lengths.extend([0] * (self._count - len(lengths)))
            sections.append((f"plain-lengths/{name}", np.array(lengths, dtype="<u1")))
        for name, (stream, column) in self._columns.items():
            column.finish(self._count)
            sections.append((f"plain-column/{name}", stream.getvalue()))
        for name, vectors in self._vectors.items():
            sections += vectors.sections(name)
        rows = self._rows.finish()
        sizes = np.array([0, *map(len, rows.parts)], dtype=np.int64)
        sections += [("plain-stored", b"".join(rows.parts)), ("plain-stored-offsets", np.cumsum(sizes).astype("<u8"))]
        sections += [("plain-stored-firsts", rows.firsts.astype("<u4")), ("plain-stored-ends", rows.ends.astype("<u4"))]
        meta = empty_meta(self._count)
        meta["plain"] |= {
            "lengths": self._totals,
            "blocks": len(rows.parts),
            "vectors": sorted(self._vectors),
            "columns": sorted(self._columns),
        }
        self._write([*sections, ("meta", json_bytes(meta))])
        self.is_closed = True

    def _add_length(self, name: str, length: int) -> None:
        lengths = self._lengths.setdefault(name, array("B"))
        lengths.extend([0] * (self._count - len(lengths)))
        lengths.append(length_to_byte(length))
        self._totals[name] = self._totals.get(name, 0) + length

    def _column(self, name: str, column: Any) -> Any:
        if name not in self._columns:
            stream = BytesIO()
            self._columns[name] = (stream, column.writer(StructFile(stream)))
        return self._columns[name][1]


class _Vectors:
    """The vectors of one field, document after document."""

    def __init__(self) -> None:
        self.docs = array("I")
        self.starts = array("Q", [0])
        self.terms: list[bytes] = []
        self.weights = array("f")
        self.values: list[bytes] = []

    def add(self, docnum: int, items: list[tuple[str, float, bytes]]) -> None:
        self.docs.append(docnum)
        for text, weight, value in items:
            self.terms.append(text.encode("utf-8", "surrogatepass"))
            self.weights.append(weight)
            self.values.append(value)
        self.starts.append(len(self.terms))

    def sections(self, name: str) -> Sections:
        return [
            (f"plain-vector-docs/{name}", np.array(self.docs, dtype="<u4")),
            (f"plain-vector-starts/{name}", np.array(self.starts, dtype="<u8")),
            (f"plain-vector-terms/{name}", b"".join(self.terms)),
            (f"plain-vector-term-ends/{name}", _ends(self.terms)),
            (f"plain-vector-weights/{name}", np.array(self.weights, dtype="<f4")),
            (f"plain-vector-values/{name}", b"".join(self.values)),
            (f"plain-vector-value-ends/{name}", _ends(self.values)),
        ]


class IndexedFieldsWriter(base.FieldWriter):
    """Postings, field by field and term by term; ``seal`` takes the sections and what ``meta`` says of the fields."""

    def __init__(self, seal: Callable[[Sections, dict[str, Any]], None]) -> None:
        self._seal = seal
        self._sections: Sections = []
        self._meta: dict[str, Any] = {}
        self._name: str | None = None
        self.is_closed = False

    def start_field(self, fieldname: str, fieldobj: Any) -> None:
        """Begin a field."""
        self._name = fieldname
        self._terms: list[bytes] = []
        self._starts = array("Q", [0])
        self._docs = array("I")
        self._weights = array("f")
        self._lengths = array("Q")
        self._values: list[bytes] = []

    def start_term(self, text: bytes) -> None:
        """Begin a term of the field begun."""
        if self._name is None:
            raise ValueError("a term begun outside of a field")
        self._terms.append(text)

    def add(self, docnum: int, weight: float, vbytes: bytes, length: int) -> None:
        """Add a posting of the term begun."""
        self._docs.append(docnum)
        self._weights.append(weight)
        self._values.append(vbytes)
        self._lengths.append(length or 0)

    def finish_term(self) -> None:
        """End the term begun."""
        self._starts.append(len(self._docs))

    def finish_field(self) -> None:
        """Turn the field begun into sections."""
        if self._name is None:
            raise ValueError("a field ended before it was begun")
        name, self._name = self._name, None
        starts = np.array(self._starts, dtype=np.int64)
        docs, weights = np.array(self._docs, dtype="<u4"), np.array(self._weights, dtype="<f4")
        ends = _ends([term + b"\n" for term in self._terms]).astype(np.int64)
        self._sections += [
            (f"terms/{name}", b"".join(term + b"\n" for term in self._terms)),
            (f"term-offsets/{name}", np.concatenate([np.zeros(1, dtype=np.int64), ends]).astype("<u4")),
            (f"df/{name}", np.diff(starts).astype("<u4")),
            (f"plain-docs/{name}", docs),
            (f"plain-weights/{name}", weights),
            (f"plain-values/{name}", b"".join(self._values)),
            (f"plain-value-ends/{name}", _ends(self._values)),
            (f"plain-stats/{name}", _stats(starts, docs, weights, np.array(self._lengths, dtype=np.int64))),
        ]
        self._meta[name] = {"terms": len(self._terms), "postings": len(docs)}

    def close(self) -> None:
        """Make the segment's one file."""
        self._seal(self._sections, self._meta)
        self.is_closed = True


def _ends(parts: list[bytes]) -> npt.NDArray[np.uint64]:
    return np.cumsum(np.fromiter(map(len, parts), dtype="<u8", count=len(parts)), dtype="<u8")


def _stats(
    starts: npt.NDArray[Any], docs: npt.NDArray[Any], weights: npt.NDArray[Any], lengths: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return the statistics of each term. Shapes: f64[terms, STATS]; a length of 0 is not known and does not count."""
    terms = len(starts) - 1
    stats = np.zeros((terms, STATS), dtype="<f8")
    if terms:
        first = starts[:-1]
        stats[:, 0] = np.add.reduceat(weights.astype(np.float64), first)
        known = np.where(lengths > 0, lengths, np.iinfo(np.int64).max)
        least = np.minimum.reduceat(known, first)
        stats[:, 1] = np.where(least == np.iinfo(np.int64).max, 0, least)
        stats[:, 2] = np.maximum.reduceat(lengths, first)
        stats[:, 3] = np.maximum.reduceat(weights, first)
        stats[:, 4], stats[:, 5] = docs[first], docs[starts[1:] - 1]
    return stats


def empty_meta(doc_count: int) -> dict[str, Any]:
    """Return what ``meta`` says of a segment written through Whoosh, before any field."""
    plain = {"fields": {}, "lengths": {}, "vectors": [], "columns": [], "blocks": 0}
    return {"max_doc": doc_count, "fields": {}, "ordinals": {}, "days": [], "plain": plain}


def joined_meta(sections: Sections, fields: dict[str, Any], doc_count: int) -> Sections:
    """Return the sections with one ``meta`` that knows documents and fields; ``doc_count`` where no document was written."""
    if not any(name == "meta" for name, _ in sections):
        sections = [*sections, ("meta", json_bytes(empty_meta(doc_count)))]
    meta = json.loads(next(bytes(data) for name, data in sections if name == "meta"))
    meta["plain"]["fields"] = fields
    return [*((name, data) for name, data in sections if name != "meta"), ("meta", json_bytes(meta))]
