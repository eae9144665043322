"""What does each document hold in a field: which values, which day, how many tokens, which identity?

Columns are arrays by document number: ordinals into a dictionary of values (a facet is one ``bincount``), days since
1970-01-01, lengths in one byte, and the identities in both directions.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.framing import Container, ContainerWriter
from indexer.codec.terms import TermDictionary, TermsWriter

__all__ = [
    "LENGTH_TABLE", "NO_DAY", "Days", "DocIds", "Ordinals", "length_codes", "ordinals_of", "read_days", "read_ordinals",
    "write_days", "write_doc_ids", "write_ordinals",
]  # fmt: skip

NO_DAY: Final = -(1 << 31)  # the document has no day; less than any real one
_EXACT_LENGTHS: Final = 40


def _length_table() -> npt.NDArray[np.uint32]:
    """Return the 256 lengths that one byte can say: each to 40, then sixteen an octave, to 442,368."""
    lengths = list(range(_EXACT_LENGTHS))
    step, value = 2, _EXACT_LENGTHS
    while len(lengths) < 256:
        lengths.append(value)
        value += step
        if value >= 32 * step:
            step *= 2
    return np.array(lengths, dtype=np.uint32)


LENGTH_TABLE: Final = _length_table()


def length_codes(lengths: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return the byte of each length: the greatest table entry that is not above it; exact to 40, then within 1/16."""
    codes: npt.NDArray[np.uint8] = (np.searchsorted(LENGTH_TABLE, np.minimum(lengths, LENGTH_TABLE[-1]), side="right") - 1).astype(np.uint8)
    return codes


@dataclass(frozen=True, slots=True)
class Ordinals:
    """The values of a facet. ``values[0]`` is "" and means no value; the others are sorted by code point.

    Shapes: one value a document: ordinals[max_doc], 0 = none, offsets None. Several: document d has
    ordinals[offsets[d]:offsets[d + 1]], each from 1, none = an empty run; offsets u32[max_doc + 1]. ordinals are u8, u16 or u32.
    """

    values: Sequence[str]
    ordinals: npt.NDArray[Any]
    offsets: npt.NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """Days since 1970-01-01, NO_DAY = unknown. Shapes: days i32[max_doc]; precisions u8[max_doc]: 0 none, 1 year, 2 month, 3 day."""

    days: npt.NDArray[np.int32]
    precisions: npt.NDArray[np.uint8]


def ordinals_of(values: Iterable[str | Sequence[str]], *, many: bool) -> Ordinals:
    """Return the ordinals of each document's value ("" = none) or values."""
    rows = [[value for value in ([row] if isinstance(row, str) else row) if value] for row in values]
    names = ["", *sorted({value for row in rows for value in row})]
    rank = {value: number for number, value in enumerate(names)}
    dtype = _ordinal_dtype(len(names))
    if not many:
        return Ordinals(names, np.array([rank[row[0]] if row else 0 for row in rows], dtype=dtype))
    offsets = np.zeros(len(rows) + 1, dtype=np.uint32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    return Ordinals(names, np.array([rank[value] for row in rows for value in row], dtype=dtype), offsets)


def _ordinal_dtype(values: int) -> str:
    return "<u1" if values <= 1 << 8 else "<u2" if values <= 1 << 16 else "<u4"


def write_ordinals(out: ContainerWriter, name: str, column: Ordinals) -> dict[str, Any]:
    """Write a facet column; return what the meta section says of it. Raises: ValueError for a wrong dictionary or ordinal."""
    values = list(column.values)
    if not values or values[0] != "" or not all(map(operator.lt, values, values[1:])):
        raise ValueError(f"column {name}: the values must be “” and then sorted, distinct ones")
    if len(column.ordinals) and int(column.ordinals.max()) >= len(values):
        raise ValueError(f"column {name}: ordinal {int(column.ordinals.max())} of {len(values)} values")
    encoded = [value.encode() for value in values]
    ends = np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)))
    dtype = _ordinal_dtype(len(values))
    out.add(f"values/{name}", b"".join(encoded))
    out.add(f"value-ends/{name}", ends.astype("<u4"))
    out.add(f"ordinals/{name}", column.ordinals.astype(dtype))
    if column.offsets is not None:
        out.add(f"ordinal-offsets/{name}", column.offsets.astype("<u4"))
    return {"values": len(values), "type": dtype, "many": column.offsets is not None, "count": len(column.ordinals)}


def read_ordinals(container: Container, name: str, meta: dict[str, Any], max_doc: int) -> Ordinals:
    """Read a facet column. Raises: IndexCorrupt."""
    section = container.section(f"values/{name}")
    blob = bytes(section.read(0, len(section)))
    ends = container.section(f"value-ends/{name}").array("<u4", int(meta["values"])).tolist()
    dtype = str(meta["type"])
    if dtype not in ("<u1", "<u2", "<u4") or not ends or ends[-1] != len(blob) or ends != sorted(ends):
        raise IndexCorrupt(container.path, f"section values/{name} does not fit its dictionary")
    values = [blob[start:end].decode("utf-8", "replace") for start, end in zip([0, *ends], ends, strict=False)]
    many = bool(meta["many"])
    ordinals = container.section(f"ordinals/{name}").array(dtype, int(meta["count"]) if many else max_doc)
    offsets = container.section(f"ordinal-offsets/{name}").array("<u4", max_doc + 1) if many else None
    if len(ordinals) and int(ordinals.max()) >= len(values):
        raise IndexCorrupt(container.path, f"section ordinals/{name}: an ordinal has no value")
    if offsets is not None and (int(offsets[-1]) != len(ordinals) or bool((offsets[1:] < offsets[:-1]).any())):
        raise IndexCorrupt(container.path, f"section ordinal-offsets/{name} does not fit its ordinals")
    return Ordinals(tuple(values), ordinals, offsets)


def write_days(out: ContainerWriter, name: str, column: Days) -> None:
    """Write a column of days."""
    out.add(f"days/{name}", column.days.astype("<i4"))
    out.add(f"precisions/{name}", column.precisions.astype("<u1"))


def read_days(container: Container, name: str, max_doc: int) -> Days:
    """Read a column of days. Raises: IndexCorrupt."""
    return Days(container.section(f"days/{name}").array("<i4", max_doc), container.section(f"precisions/{name}").array("<u1", max_doc))


def write_doc_ids(out: ContainerWriter, doc_ids: Sequence[str]) -> int:
    """Write the identities of all documents; return how many distinct ones. An identity met twice leads to its last document."""
    last = {doc_id: doc_num for doc_num, doc_id in enumerate(doc_ids)}
    names = sorted(last)
    rank = {doc_id: number for number, doc_id in enumerate(names)}
    writer = TermsWriter("doc-id")
    writer.add([name.encode() for name in names])
    writer.write(out)
    out.add("doc-id-docs", np.array([last[name] for name in names], dtype="<u4"))
    out.add("doc-id-ranks", np.array([rank[doc_id] for doc_id in doc_ids], dtype="<u4"))
    return len(names)


class DocIds:
    """Identity -> document and document -> identity."""

    def __init__(self, container: Container, distinct: int, max_doc: int) -> None:
        self._container = container
        self._names = TermDictionary(container, "doc-id", distinct)
        self._distinct = distinct
        self._max_doc = max_doc
        self._docs: npt.NDArray[Any] | None = None
        self._ranks: npt.NDArray[Any] | None = None

    def doc_num(self, doc_id: str) -> int | None:
        """Return the document of an identity (the last one written), None when there is none."""
        rank = self._names.find(doc_id.encode("utf-8", "surrogatepass"))
        if rank < 0:
            return None
        if self._docs is None:
            self._docs = self._container.section("doc-id-docs").array("<u4", self._distinct)
        return int(self._docs[rank])

    def doc_id(self, doc_num: int) -> str:
        """Return the identity of a document."""
        return self._names.term(int(self.ranks()[doc_num])).decode("utf-8", "replace")

    def ranks(self) -> npt.NDArray[Any]:
        """Return for each document the rank of its identity among the sorted ones."""
        if self._ranks is None:
            ranks = self._container.section("doc-id-ranks").array("<u4", self._max_doc)
            if len(ranks) and int(ranks.max()) >= self._distinct:
                raise IndexCorrupt(self._container.path, "section doc-id-ranks: a rank has no identity")
            self._ranks = ranks
        return self._ranks

    def names(self) -> list[str]:
        """Return the distinct identities, sorted."""
        return [name.decode("utf-8", "replace") for name in self._names.terms()]
