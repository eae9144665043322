"""What is a segment made of, and how is it written? Arrays that are already sorted, packed field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.codec.columns import Days, Ordinals, length_codes, write_days, write_doc_ids, write_ordinals
from indexer.codec.framing import ContainerWriter, OpenFile, open_plainly, writing
from indexer.codec.postings import Portion, PostingsWriter, portions_of
from indexer.codec.sketches import SKETCHES, Sketches, write_sketches
from indexer.codec.stored import RowBlocks, json_bytes, write_row_blocks, write_rows

__all__ = ["FieldData", "Forms", "SegmentData", "SegmentInfo", "write_field", "write_forms", "write_segment"]


@dataclass(frozen=True, slots=True)
class Forms:
    """Which exact terms make up each inflection class: the class's positions are the union of theirs.

    Shapes: classes i32[terms of ``field``]: the number of the class term of each exact term, -1 = none.
    """

    field: str
    classes: npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldData:
    """One indexed field. Shapes: as Portion; lengths [max_doc] tokens per document, None = not kept."""

    terms: Sequence[bytes]
    starts: npt.NDArray[Any]
    docs: npt.NDArray[Any]
    freqs: npt.NDArray[Any] | None = None
    positions: npt.NDArray[Any] | None = None
    lengths: npt.NDArray[Any] | None = None
    forms: Forms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentData:
    """A whole segment. ``fields`` may be an iterable that makes each field when it is asked for.

    ``headers`` are rows made by ``header_row(header, header_keys)``; ``stored`` comes from a RowBlocksWriter.
    """

    segment_id: bytes  # 16
    max_doc: int
    fields: Mapping[str, FieldData] | Iterable[tuple[str, FieldData]]
    doc_ids: Sequence[str] | None = None
    ordinals: Mapping[str, Ordinals] = field(default_factory=dict)
    days: Mapping[str, Days] = field(default_factory=dict)
    header_keys: Sequence[str] = ()
    headers: Sequence[bytes] = ()
    stored: RowBlocks | None = None
    sketches: Callable[[], Sketches] | None = None  # asked for after the fields, which they are made of
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What a manifest says of a segment. ``crc`` is the CRC-32 of the whole file."""

    length: int
    crc: int
    doc_count: int


def write_segment(path: str | Path, data: SegmentData, open_file: OpenFile = open_plainly) -> SegmentInfo:
    """Write a segment to a new file and make its bytes last. Raises: FileExistsError, OSError, ValueError for data that is
    unsorted or of the wrong size.
    """
    _check_sizes(data)
    with writing(path, data.segment_id, open_file) as file:
        out = file.out
        meta: dict[str, Any] = {"max_doc": data.max_doc, "fields": {}, "ordinals": {}, "days": sorted(data.days), "extra": dict(data.extra)}
        for name, column in data.fields.items() if isinstance(data.fields, Mapping) else data.fields:
            _check_field(name, column, data.max_doc)
            portion = Portion(column.terms, column.starts, column.docs, column.freqs, column.positions)
            meta["fields"][name] = write_field(out, name, portions_of(portion), column)
        for name, ordinals in data.ordinals.items():
            meta["ordinals"][name] = write_ordinals(out, name, ordinals)
        for name, days in data.days.items():
            write_days(out, name, days)
        if data.doc_ids is not None:
            meta["doc_ids"] = write_doc_ids(out, data.doc_ids)
        if data.header_keys:
            meta["header_keys"] = list(data.header_keys)
            write_rows(out, data.headers)
        if data.stored is not None:
            meta["stored"] = write_row_blocks(out, data.stored)
        if data.sketches is not None:
            meta[SKETCHES] = write_sketches(out, data.sketches(), data.max_doc)
        out.add("meta", json_bytes(meta))
    return SegmentInfo(file.info.length, file.info.crc, data.max_doc)


def _check_sizes(data: SegmentData) -> None:
    sizes = {f"the day column {name}": len(days.days) for name, days in data.days.items()}
    sizes |= {f"the facet {name}": len(o.ordinals) if o.offsets is None else len(o.offsets) - 1 for name, o in data.ordinals.items()}
    if data.doc_ids is not None:
        sizes["doc_ids"] = len(data.doc_ids)
    if data.header_keys:
        sizes["headers"] = len(data.headers)
    if data.stored is not None:
        sizes["stored"] = len(data.stored.ends)
    for what, size in sizes.items():
        if size != data.max_doc:
            raise ValueError(f"{what}: {size} documents found, {data.max_doc} expected")


def _check_field(name: str, column: FieldData, max_doc: int) -> None:
    if column.lengths is not None and len(column.lengths) != max_doc:
        raise ValueError(f"the lengths of {name}: {len(column.lengths)} documents found, {max_doc} expected")
    if len(column.starts) != len(column.terms) + 1 or int(column.starts[-1]) != len(column.docs):
        raise ValueError(f"field {name}: starts, terms and docs do not fit each other")
    if len(column.docs) and not 0 <= int(column.docs.min()) <= int(column.docs.max()) < max_doc:
        raise ValueError(f"field {name}: documents {int(column.docs.min())} to {int(column.docs.max())} found, 0 to {max_doc - 1} expected")
    if column.freqs is not None and len(column.freqs) and (len(column.freqs) != len(column.docs) or int(column.freqs.min()) < 1):
        raise ValueError(f"field {name}: a frequency from 1 expected for each document")
    if column.positions is not None:
        occurrences = len(column.docs) if column.freqs is None else int(np.sum(column.freqs, dtype=np.int64))
        if len(column.positions) != occurrences:
            raise ValueError(f"field {name}: {len(column.positions)} positions found, {occurrences} expected")


def write_field(out: ContainerWriter, name: str, portions: Iterable[Portion], column: FieldData) -> dict[str, Any]:
    """Write one field from portions in term order; return what the meta section says of it."""
    writer = PostingsWriter(name, has_positions=column.positions is not None)
    with out.section(f"postings/{name}") as write:
        for portion in portions:
            write(writer.add(portion))
    count = writer.close(out)
    meta: dict[str, Any] = {"terms": count, "postings": writer.postings, "positions": column.positions is not None}
    if column.lengths is not None:
        out.add(f"lengths/{name}", length_codes(column.lengths))
        meta["total_length"] = int(np.sum(column.lengths, dtype=np.int64))
    if column.forms is not None:
        meta["forms_of"] = column.forms.field
        write_forms(out, name, column.forms.classes, count)
    return meta


def write_forms(out: ContainerWriter, name: str, classes: npt.NDArray[Any], count: int) -> None:
    """Write which exact terms make up each of ``count`` classes."""
    members = np.flatnonzero(np.asarray(classes) >= 0)
    members = members[np.argsort(np.asarray(classes)[members], kind="stable")]
    starts = np.searchsorted(np.asarray(classes)[members], np.arange(count + 1))
    out.add(f"form-starts/{name}", starts.astype("<u4"))
    out.add(f"forms/{name}", members.astype("<u4"))
