"""How do several segments become one, without their deleted documents?

On arrays: the sorted dictionaries are merged once, then postings are decoded, renumbered and packed again a portion of terms
at a time, so that memory does not grow with the index. Stored blocks and headers are copied as they are where no document of
theirs is deleted. The result reads like one segment into which the live documents were written in order.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from indexer.codec.columns import NO_DAY, Days, Ordinals, write_days, write_doc_ids, write_ordinals
from indexer.codec.framing import ContainerWriter, OpenFile, open_plainly, writing
from indexer.codec.packing import concatenated_ranges
from indexer.codec.postings import Portion, PostingsWriter
from indexer.codec.segment import SegmentInfo, SegmentReader
from indexer.codec.segment_data import write_forms
from indexer.codec.sketches import SKETCHES, merged_sketches, write_sketches
from indexer.codec.stored import RowBlocksWriter, header_row, json_bytes, write_row_tables

__all__ = ["merge_segments"]

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PORTION_POSTINGS: Final = 1 << 19  # decoded at a time
_BLOCKS_HELD: Final = 1 << 12  # stored blocks copied before their pages are given back


@dataclass(frozen=True, slots=True)
class _Source:
    """One segment to merge. Shapes: live bool[max_doc], None = all; numbers i64[max_doc] new document, -1 = deleted."""

    reader: SegmentReader
    live: Mask | None
    numbers: I64
    count: int


@dataclass(frozen=True, slots=True)
class _Terms:
    """The merged terms of a field. Shapes: numbers, one array a source: old term number -> place in ``terms``, ascending."""

    terms: list[bytes]
    numbers: list[I64]


def merge_segments(
    readers: Sequence[SegmentReader],
    live: Sequence[Mask | None],
    out_path: str | Path,
    segment_id: bytes,
    *,
    extra: Mapping[str, Any] | None = None,
    open_file: OpenFile = open_plainly,
) -> SegmentInfo:
    """Write the live documents of segments, in order, as one new segment; ``live`` masks say which, None = all.

    Raises: ValueError for segments written through Whoosh's own writer, or by different schemas; IndexCorrupt, OSError.
    """
    if not readers or any(reader.plain for reader in readers):
        raise ValueError("only segments of Marbre's own writer can be merged; rebuild the index")
    sources = _sources(readers, live)
    count = sum(source.count for source in sources)
    with writing(out_path, segment_id, open_file) as file:
        out = file.out
        meta: dict[str, Any] = {"max_doc": count, "fields": {}, "ordinals": {}, "days": []}
        meta["extra"] = dict(readers[0].extra if extra is None else extra)
        _merge_fields(out, sources, meta["fields"])
        for name in _names(reader.facets() for reader in readers):
            meta["ordinals"][name] = write_ordinals(out, name, _merged_ordinals(sources, name))
        for name in _names(reader.day_fields() for reader in readers):
            write_days(out, name, _merged_days(sources, name))
            meta["days"].append(name)
        if all(reader.doc_ids() for reader in readers):
            meta["doc_ids"] = write_doc_ids(out, [doc_id for source in sources for doc_id in _doc_ids(source)])
        if all(reader.header_keys for reader in readers):
            meta["header_keys"] = _merge_headers(out, sources)
        if all(reader.has_stored for reader in readers):
            meta["stored"] = _merge_stored(out, sources)
        if any(reader.has_sketches for reader in readers):
            meta[SKETCHES] = write_sketches(out, merged_sketches([(source.reader.sketches(), source.numbers) for source in sources]), count)
        out.add("meta", json_bytes(meta))
    return SegmentInfo(file.info.length, file.info.crc, count)


def _sources(readers: Sequence[SegmentReader], live: Sequence[Mask | None]) -> list[_Source]:
    sources, base = [], 0
    for reader, mask in zip(readers, live, strict=True):
        if mask is not None and len(mask) != reader.max_doc:
            raise ValueError(f"{reader.path}: a mask of {len(mask)} documents, {reader.max_doc} expected")
        kept = np.ones(reader.max_doc, dtype=np.bool_) if mask is None else mask
        numbers = np.where(kept, base + np.cumsum(kept) - 1, -1).astype(np.int64)
        count = int(kept.sum())
        sources.append(_Source(reader, None if count == reader.max_doc else kept, numbers, count))
        base += count
    return sources


def _names(lists: Iterator[list[str]]) -> list[str]:
    return list(dict.fromkeys(itertools.chain.from_iterable(lists)))


def _merge_fields(out: ContainerWriter, sources: list[_Source], meta: dict[str, Any]) -> None:
    """Merge every field; a field that takes its positions from another follows it, and needs its new numbers."""
    numbers: dict[str, list[I64]] = {}
    names = _names(source.reader.fields() for source in sources)
    metas = {name: [s.reader.field_meta(name) for s in sources if name in s.reader.fields()] for name in names}
    for name in names:
        kinds = {(row["positions"], row.get("forms_of"), "total_length" in row) for row in metas[name]}
        if len(kinds) > 1:
            raise ValueError(f"field {name} is kept differently in the segments to merge; rebuild the index")
    needed = {row["forms_of"] for rows in metas.values() for row in rows if row.get("forms_of")}
    for name in sorted(names, key=lambda name: bool(metas[name][0].get("forms_of"))):
        merged = _merged_terms(sources, name)
        written, meta[name] = _merge_field(out, sources, name, merged)
        forms_of = metas[name][0].get("forms_of")
        if forms_of:
            meta[name]["forms_of"] = forms_of
            write_forms(out, name, _merged_forms(sources, name, forms_of, written, numbers[forms_of]), meta[name]["terms"])
        if name in needed:
            numbers[name] = written


def _merged_terms(sources: list[_Source], name: str) -> _Terms:
    lists = [source.reader.dictionary(name).terms() if name in source.reader.fields() else [] for source in sources]
    if sum(1 for terms in lists if terms) == 1:  # nothing to sort
        return _Terms(next(terms for terms in lists if terms), [np.arange(len(terms), dtype=np.int64) for terms in lists])
    every = list(itertools.chain.from_iterable(lists))
    order = sorted(range(len(every)), key=every.__getitem__)  # runs already sorted: merged, not sorted
    ordered = [every[place] for place in order]
    new = np.fromiter(map(bytes.__ne__, ordered, [b"\0\0", *ordered[:-1]]), dtype=np.bool_, count=len(ordered))
    new[:1] = True
    ranks = np.empty(len(every), dtype=np.int64)
    ranks[np.array(order, dtype=np.int64)] = np.cumsum(new) - 1
    ends = np.cumsum([len(terms) for terms in lists])
    return _Terms(list(itertools.compress(ordered, new.tolist())), np.split(ranks, ends[:-1]))


def _merge_field(out: ContainerWriter, sources: list[_Source], name: str, merged: _Terms) -> tuple[list[I64], dict[str, Any]]:
    """Write a field; return for each source old term number -> new one (-1 = gone with its documents), and its meta."""
    rows = [source.reader.field_meta(name) for source in sources if name in source.reader.fields()]
    writer = PostingsWriter(name, has_positions=rows[0]["positions"])
    place = np.full(len(merged.terms), -1, dtype=np.int64)
    totals = np.zeros(2, dtype=np.int64)  # occurrences kept, occurrences met
    count = 0
    with out.section(f"postings/{name}") as write:
        for first, last in _portions(sources, name, merged):
            portion, kept = _portion(sources, name, merged, (first, last), totals)
            place[first:last][kept] = np.arange(count, count + len(portion.terms))
            count += len(portion.terms)
            write(writer.add(portion))
            for source in sources:
                source.reader.container.release_pages()
    writer.close(out)
    meta: dict[str, Any] = {"terms": count, "postings": writer.postings, "positions": rows[0]["positions"]}
    if "total_length" in rows[0]:
        codes = [
            _kept(source, source.reader.length_codes(name)) if name in source.reader.fields() else np.zeros(source.count, dtype=np.uint8)
            for source in sources
        ]
        out.add(f"lengths/{name}", np.concatenate(codes))
        total = sum(row["total_length"] for row in rows)
        # exact where a length is the sum of the document's frequencies; near where a token has several terms
        meta["total_length"] = total if totals[0] == totals[1] else round(total * int(totals[0]) / int(totals[1]))
    return [place[numbers] for numbers in merged.numbers], meta


def _portions(sources: list[_Source], name: str, merged: _Terms) -> Iterator[tuple[int, int]]:
    """Return runs of merged terms of about PORTION_POSTINGS postings each."""
    weights = np.zeros(len(merged.terms), dtype=np.int64)
    for source, numbers in zip(sources, merged.numbers, strict=True):
        if len(numbers):
            weights[numbers] += source.reader.lists(name).doc_freqs()
    ends = np.cumsum(weights)
    first = 0
    while first < len(weights):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + PORTION_POSTINGS, side="right")))
        yield first, last
        first = last


@dataclass(frozen=True, slots=True)
class _Part:
    """What one source adds to a portion. Shapes: counts, widths i64[terms of the portion]: postings, positions."""

    docs: I64
    freqs: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int32] | None
    counts: I64
    widths: I64


def _portion(sources: list[_Source], name: str, merged: _Terms, span: tuple[int, int], totals: I64) -> tuple[Portion, Mask]:
    """Return the postings of merged terms ``span``, and which of these terms still have any."""
    first, last = span
    parts = []
    for source, numbers in zip(sources, merged.numbers, strict=True):
        old = np.searchsorted(numbers, [first, last])
        if old[0] < old[1]:
            parts.append(_part(source, name, (int(old[0]), int(old[1])), numbers[old[0] : old[1]] - first, last - first, totals))
    counts = sum((part.counts for part in parts), np.zeros(last - first, dtype=np.int64))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
    docs = _interleave([part.docs for part in parts], [part.counts for part in parts], starts)
    freqs = _interleave([part.freqs for part in parts], [part.counts for part in parts], starts)
    positions = None
    if parts and all(part.positions is not None for part in parts):
        widths = [part.widths for part in parts]
        position_starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sum(widths))])
        positions = _interleave([part.positions for part in parts], widths, position_starts)
    kept = counts > 0
    terms = merged.terms[first:last] if kept.all() else list(itertools.compress(merged.terms[first:last], kept.tolist()))
    return Portion(terms, starts[np.append(np.flatnonzero(kept), len(counts))], docs, freqs, positions), kept


def _part(source: _Source, name: str, old: tuple[int, int], places: I64, terms: int, totals: I64) -> _Part:
    starts, docs, freqs, positions = source.reader.lists(name).portion(*old)
    totals[1] += int(freqs.sum())
    numbers = source.numbers[docs]
    owner = np.repeat(places, np.diff(starts))
    if source.live is not None:
        kept = numbers >= 0
        if positions is not None:
            positions = positions[np.repeat(kept, freqs)]
        numbers, freqs, owner = numbers[kept], freqs[kept], owner[kept]
    totals[0] += int(freqs.sum())
    counts = np.bincount(owner, minlength=terms)
    widths = np.bincount(owner, weights=freqs, minlength=terms).astype(np.int64) if positions is not None else counts
    return _Part(numbers, freqs, positions, counts, widths)


def _interleave(parts: Sequence[Any], counts: list[I64], starts: I64) -> npt.NDArray[Any]:
    """Return the parts of each term side by side, in the order of the sources."""
    if len(parts) == 1:
        whole: npt.NDArray[Any] = parts[0]
        return whole
    out = np.empty(int(starts[-1]), dtype=parts[0].dtype if parts else np.int64)
    at = starts[:-1].copy()
    for part, count in zip(parts, counts, strict=True):
        out[concatenated_ranges(at, count)] = part
        at += count
    return out


def _merged_forms(sources: list[_Source], name: str, exact: str, classes: list[I64], forms: list[I64]) -> I64:
    """Return for each new exact term its new class, -1 = none."""
    count = max((int(numbers.max()) + 1 for numbers in forms if len(numbers)), default=0)
    out = np.full(count, -1, dtype=np.int64)
    for source, class_numbers, form_numbers in zip(sources, classes, forms, strict=True):
        if name in source.reader.fields():
            starts, members = source.reader.forms(name)
            new_forms = form_numbers[members]
            new_classes = np.repeat(class_numbers, (starts[1:] - starts[:-1]).astype(np.int64))
            out[new_forms[new_forms >= 0]] = new_classes[new_forms >= 0]
    return out


def _kept(source: _Source, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values if source.live is None else values[source.live]


def _merged_ordinals(sources: list[_Source], name: str) -> Ordinals:
    columns = [source.reader.ordinals(name) for source in sources]
    many = any(column.offsets is not None for column in columns)
    parts, counts = [], []
    for source, column in zip(sources, columns, strict=True):
        ordinals, sizes = column.ordinals.astype(np.int64), (column.ordinals != 0).astype(np.int64)
        if column.offsets is not None:
            sizes = (column.offsets[1:] - column.offsets[:-1]).astype(np.int64)
            ordinals = ordinals if source.live is None else ordinals[np.repeat(source.live, sizes)]
        else:
            ordinals = _kept(source, ordinals)
            ordinals = ordinals[ordinals != 0] if many else ordinals
        parts.append(ordinals)
        counts.append(_kept(source, sizes))
    used = [[column.values[number] for number in np.unique(part).tolist()] for column, part in zip(columns, parts, strict=True)]
    values = ["", *sorted({value for row in used for value in row} - {""})]
    rank = {value: number for number, value in enumerate(values)}
    tables = [np.array([rank.get(value, 0) for value in column.values], dtype=np.int64) for column in columns]
    ordinals = np.concatenate([table[part] for table, part in zip(tables, parts, strict=True)])
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.concatenate(counts))]) if many else None
    return Ordinals(values, ordinals, offsets)


def _merged_days(sources: list[_Source], name: str) -> Days:
    days, precisions = [], []
    for source in sources:
        has = name in source.reader.day_fields()
        days.append(_kept(source, source.reader.days(name)) if has else np.full(source.count, NO_DAY, dtype=np.int32))
        precisions.append(_kept(source, source.reader.day_precisions(name)) if has else np.zeros(source.count, dtype=np.uint8))
    return Days(np.concatenate(days), np.concatenate(precisions))


def _doc_ids(source: _Source) -> Iterator[str]:
    ids = source.reader.doc_ids()
    if ids is not None:
        names = ids.names()
        yield from (names[rank] for rank in _kept(source, ids.ranks()).tolist())


def _merge_headers(out: ContainerWriter, sources: list[_Source]) -> list[str]:
    keys = _names(list(source.reader.header_keys) for source in sources)
    sizes = [np.zeros(1, dtype=np.int64)]
    with out.section("headers") as write:
        for source in sources:
            same = list(source.reader.header_keys) == keys
            for rows in _batches(_live(source), 10_000):
                texts = [source.reader.header_bytes(doc_num) for doc_num in rows]
                if not same:
                    texts = [header_row(dict(zip(source.reader.header_keys, json.loads(text), strict=True)), keys) for text in texts]
                write(b"".join(texts))
                sizes.append(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
            source.reader.container.release_pages()
    out.add("headers-offsets", np.cumsum(np.concatenate(sizes)).astype("<u8"))
    return keys


def _merge_stored(out: ContainerWriter, sources: list[_Source]) -> dict[str, Any]:
    rows = RowBlocksWriter()
    sizes: list[int] = []
    with out.section("stored") as write:
        for source in sources:
            reader = source.reader.stored_rows()
            for first, part, ends in reader.blocks():
                live = None if source.live is None else source.live[first : first + len(ends)]
                if live is None or live.all():
                    rows.add_block(part, ends)
                else:
                    for place in np.flatnonzero(live).tolist():
                        rows.add(reader.row(first + place))
                for done in rows.take_parts():
                    sizes.append(len(done))
                    write(done)
                if not len(sizes) % _BLOCKS_HELD:
                    source.reader.container.release_pages()
        rest = rows.finish()
        for done in rest.parts:
            sizes.append(len(done))
            write(done)
    return write_row_tables(out, np.array(sizes, dtype=np.int64), rest.firsts, rest.ends)


def _live(source: _Source) -> Sequence[int]:
    return range(source.reader.max_doc) if source.live is None else np.flatnonzero(source.live).tolist()


def _batches(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
