"""How does stock Whoosh read our containers: terms, documents, columns, vectors?

Two kinds of field answer here: the packed ones of our own writer, whose posting values are made for Whoosh when it asks,
and the plain ones that came through Whoosh's writer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.columns import ColumnReader
from whoosh.filedb.structfile import BufferFile
from whoosh.reading import TermInfo, TermNotFound

from corpus.errors import IndexCorrupt
from indexer.codec.columns import LENGTH_TABLE
from indexer.codec.framing import Container
from indexer.codec.segment import SegmentReader
from indexer.codec.stored import RowBlocksReader
from indexer.codec.whoosh_fields import PackedField, PlainField
from indexer.codec.whoosh_matching import ListOfPostings, MarbreMatcher
from indexer.codec.whoosh_values import decode_value
from indexer.codec.whoosh_writing import WHOOSH_LENGTHS

__all__ = ["DictionaryReader", "DocumentsReader"]

_NO_PLAIN: Final[dict[str, Any]] = {"fields": {}, "lengths": {}, "vectors": [], "columns": [], "blocks": 0}


class DictionaryReader(base.TermsReader):
    """Terms and postings of one segment."""

    def __init__(self, container: Container) -> None:
        self.segment = SegmentReader(container)
        plain = plain_meta(self.segment)
        self._plain = {name: int(row["terms"]) for name, row in plain["fields"].items()}
        self._names = sorted([*self.segment.fields(), *self._plain])
        self._fields: dict[str, PlainField | PackedField] = {}

    def _field(self, name: str) -> PlainField | PackedField | None:
        if name not in self._fields:
            if name in self._plain:
                self._fields[name] = PlainField(self.segment.container, name, self._plain[name])
            elif name in self._names:
                self._fields[name] = PackedField(self.segment, name)
        return self._fields.get(name)

    def _number(self, name: str, text: bytes) -> tuple[PlainField | PackedField, int]:
        field = self._field(name)
        number = -1 if field is None else field.dictionary.find(text)
        if field is None or number < 0:
            raise TermNotFound(f"No term {name}:{text!r}")
        return field, number

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        field = self._field(term[0])
        return field is not None and field.dictionary.find(term[1]) >= 0

    def indexed_field_names(self) -> list[str]:
        """Return the names of the fields that have postings."""
        return list(self._names)

    def cursor(self, fieldname: str, fieldobj: Any) -> base.FieldCursor:
        """Return a cursor over the terms of a field."""
        field = self._field(fieldname)
        return Cursor(field, fieldobj) if field is not None and len(field.dictionary) else base.EmptyCursor()

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Return every (field, term), sorted."""
        return (term for term, _ in self._items(None, b""))

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Return every (field, term) from one on."""
        return (term for term, _ in self._items(fieldname, prefix))

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Return every ((field, term), statistics), sorted."""
        return ((term, info()) for term, info in self._items(None, b""))

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Return every ((field, term), statistics) from one on."""
        return ((term, info()) for term, info in self._items(fieldname, prefix))

    def _items(self, fieldname: str | None, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], Callable[[], TermInfo]]]:
        for name in self._names:
            field = self._field(name)
            if field is None or (fieldname is not None and name < fieldname):
                continue
            for number in range(field.dictionary.at_or_after(prefix) if name == fieldname else 0, len(field.dictionary)):
                yield (name, field.dictionary.term(number)), partial(field.info, number)

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return the statistics of a term. Raises: TermNotFound."""
        field, number = self._number(fieldname, text)
        return field.info(number)

    def frequency(self, fieldname: str, text: bytes) -> float:
        """Return the total weight of a term; 0 when it is not there."""
        try:
            return float(self.term_info(fieldname, text).weight())
        except TermNotFound:
            return 0.0

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Return in how many documents a term is; 0 when it is not there."""
        try:
            return int(self.term_info(fieldname, text).doc_frequency())
        except TermNotFound:
            return 0

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> MarbreMatcher:
        """Return the postings of a term as a Whoosh matcher. Raises: TermNotFound."""
        field, number = self._number(fieldname, text)
        lengths = field_lengths(self.segment, fieldname)
        return MarbreMatcher(field.postings(number, format_), format_, scorer, (fieldname, text), lengths)

    def close(self) -> None:
        """Drop the mapping."""
        self.segment.close()


class Cursor(base.FieldCursor):
    """A place among the sorted terms of one field."""

    def __init__(self, field: PlainField | PackedField, fieldobj: Any) -> None:
        self._field = field
        self._fieldobj = fieldobj
        self._at = 0

    def first(self) -> Any:
        """Go to the first term and return it."""
        self._at = 0
        return self.text()

    def find(self, term: Any) -> Any:
        """Go to the first term not less than ``term`` and return it."""
        self._at = self._field.dictionary.at_or_after(term if isinstance(term, bytes) else self._fieldobj.to_bytes(term))
        return self.text()

    def next(self) -> Any:
        """Go to the next term and return it."""
        self._at = min(self._at + 1, len(self._field.dictionary))
        return self.text()

    def text(self) -> Any:
        """Return the term here, None after the last."""
        return self._fieldobj.from_bytes(self._field.dictionary.term(self._at)) if self.is_valid() else None

    def term_info(self) -> TermInfo | None:
        """Return the statistics of the term here, None after the last."""
        return self._field.info(self._at) if self.is_valid() else None

    def is_valid(self) -> bool:
        """Tell whether there is a term here."""
        return self._at < len(self._field.dictionary)


class DocumentsReader(base.PerDocumentReader):
    """Stored fields, lengths, columns, vectors and deletions of one segment."""

    def __init__(self, container: Container, segment: Any) -> None:
        self._reader = SegmentReader(container)
        self._container = container
        self._segment = segment
        self._plain = plain_meta(self._reader)
        self._count = self._reader.max_doc
        self._rows: RowBlocksReader | None = None
        self._vectors: dict[str, _VectorReader] = {}

    def close(self) -> None:
        """Drop the mapping."""
        self._reader.close()

    def doc_count(self) -> int:
        """Return how many documents are not deleted."""
        return self._count - int(self._segment.deleted_count())

    def doc_count_all(self) -> int:
        """Return how many documents there are, deleted or not."""
        return self._count

    def has_deletions(self) -> bool:
        """Tell whether any document is deleted."""
        return bool(self._segment.has_deletions())

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether a document is deleted."""
        return bool(self._segment.is_deleted(docnum))

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted documents."""
        found: Iterator[int] = self._segment.deleted_docs()
        return found

    def supports_columns(self) -> bool:
        """Tell Whoosh that columns can be asked for."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Tell whether a field has a column here."""
        return fieldname in self._plain["columns"] or fieldname in self._reader.facets()

    def list_columns(self) -> list[str]:
        """Return the names of the fields that have a column here."""
        return [*self._plain["columns"], *self._reader.facets()]

    def column_reader(self, fieldname: str, column: Any) -> Any:
        """Return Whoosh's reader over its own column, or the first value of each document over a facet of ours."""
        if fieldname not in self._plain["columns"]:
            return FacetColumnReader(self._reader, fieldname)
        section = self._container.section(f"plain-column/{fieldname}")
        return column.reader(BufferFile(section.read(0, len(section))), 0, len(section), self._count)

    def doc_field_length(self, docnum: int, fieldname: str, default: Any = 0) -> Any:
        """Return how many tokens a field of a document has."""
        lengths = field_lengths(self._reader, fieldname)
        return int(lengths[docnum]) if lengths is not None else default

    def doc_field_length_reader(self, fieldname: str, default: Any = 0) -> Callable[[int], Any]:
        """Return a function from document to length."""
        lengths = field_lengths(self._reader, fieldname)
        return (lambda docnum: default) if lengths is None else lengths.tolist().__getitem__

    def field_length(self, fieldname: str) -> int:
        """Return how many tokens a field has in all."""
        return int(self._plain["lengths"].get(fieldname, self._reader.total_length(fieldname)))

    def min_field_length(self, fieldname: str) -> int:
        """Return the least number of tokens of a field."""
        lengths = field_lengths(self._reader, fieldname)
        return int(lengths.min()) if lengths is not None and len(lengths) else 0

    def max_field_length(self, fieldname: str) -> int:
        """Return the greatest number of tokens of a field."""
        lengths = field_lengths(self._reader, fieldname)
        return int(lengths.max()) if lengths is not None and len(lengths) else 0

    def has_vector(self, docnum: int, fieldname: str) -> bool:
        """Tell whether a field of a document has a vector."""
        return fieldname in self._plain["vectors"] and self._vector(fieldname).place(docnum) is not None

    def vector(self, docnum: int, fieldname: str, format_: Any) -> MarbreMatcher:
        """Return the vector of a document's field: a matcher whose ids are terms. Raises: KeyError without one."""
        place = self._vector(fieldname).place(docnum) if fieldname in self._plain["vectors"] else None
        if place is None:
            raise KeyError(f"field {fieldname} of document {docnum} has no vector")
        return MarbreMatcher(self._vector(fieldname).postings(place), format_, None, None, None)

    def _vector(self, fieldname: str) -> _VectorReader:
        if fieldname not in self._vectors:
            self._vectors[fieldname] = _VectorReader(self._container, fieldname)
        return self._vectors[fieldname]

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return the stored fields of a document."""
        if self._reader.has_stored:
            return self._reader.stored(docnum)
        if not self._plain["blocks"]:
            return {}
        if self._rows is None:
            self._rows = RowBlocksReader(self._container, int(self._plain["blocks"]), self._count, "plain-stored")
        try:
            fields: dict[str, Any] = decode_value(self._rows.row(docnum))
        except (ValueError, KeyError, TypeError) as error:
            raise IndexCorrupt(self._container.path, f"section plain-stored, document {docnum}: {error}") from error
        return fields


class FacetColumnReader(ColumnReader):
    """A facet column of ours as Whoosh sorts and groups by it: the first value of each document, as UTF-8."""

    def __init__(self, segment: SegmentReader, name: str) -> None:
        column = segment.ordinals(name)
        self._values = [value.encode() for value in column.values]
        self._doccount = segment.max_doc
        ordinals = column.ordinals.astype(np.int64)
        if column.offsets is not None:
            starts = column.offsets[:-1]
            filled = starts < column.offsets[1:]
            first = np.zeros(segment.max_doc, dtype=np.int64)
            first[filled] = ordinals[starts[filled]]
            ordinals = first
        self._ordinals = ordinals

    def __getitem__(self, docnum: int) -> bytes:
        return self._values[int(self._ordinals[docnum])]


class _VectorReader:
    """The vectors of one field."""

    def __init__(self, container: Container, name: str) -> None:
        def section(kind: str, dtype: str) -> npt.NDArray[Any]:
            return container.section(f"plain-vector-{kind}/{name}").array(dtype)

        self._docs = section("docs", "<u4").tolist()
        self._starts = section("starts", "<u8").tolist()
        self._terms = bytes(section("terms", "<u1"))
        self._term_ends = section("term-ends", "<u8").tolist()
        self._weights = section("weights", "<f4")
        self._values = bytes(section("values", "<u1"))
        self._value_ends = section("value-ends", "<u8").tolist()

    def place(self, docnum: int) -> int | None:
        at = bisect_left(self._docs, docnum)
        return at if at < len(self._docs) and self._docs[at] == docnum else None

    def postings(self, place: int) -> ListOfPostings:
        start, stop = self._starts[place], self._starts[place + 1]
        terms = [_slice(self._terms, self._term_ends, at).decode("utf-8", "surrogatepass") for at in range(start, stop)]
        return ListOfPostings(terms, self._weights[start:stop], lambda i: _slice(self._values, self._value_ends, start + i), None)


def _slice(data: bytes, ends: list[int], number: int) -> bytes:
    return data[ends[number - 1] if number else 0 : ends[number]]


def plain_meta(segment: SegmentReader) -> dict[str, Any]:
    """Return what the meta section says of the fields written through Whoosh."""
    found: dict[str, Any] = segment.plain or _NO_PLAIN
    return found


def field_lengths(segment: SegmentReader, name: str) -> npt.NDArray[Any] | None:
    """Return the lengths of a field by document, None when they are not kept."""
    if name in plain_meta(segment)["lengths"]:
        plain: npt.NDArray[Any] = WHOOSH_LENGTHS[segment.container.section(f"plain-lengths/{name}").array("<u1", segment.max_doc)]
        return plain
    if name in segment.fields() and "total_length" in segment.field_meta(name):
        lengths: npt.NDArray[Any] = LENGTH_TABLE[segment.length_codes(name)]
        return lengths
    return None
