"""How do articles become sorted postings and columns? Integers in buffers, one sort a field, nothing per posting in Python.

While articles come in, their text is only cut into pieces (a word with its punctuation), and each distinct piece gets a number:
one integer a word. ``segment`` then analyses each distinct piece once, unfolds the numbers into tokens, and sorts those: by exact form,
article and position for the exact field, by class and article for the class field. T runs once per surface form.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.dates import first_day
from indexer.codec.columns import NO_DAY, Days, Ordinals
from indexer.codec.packing import concatenated_ranges
from indexer.codec.segment import FieldData, Forms, SegmentData
from indexer.codec.stored import RowBlocksWriter, header_row
from indexer.documents import DEFAULTS, HEADER_KEYS
from indexer.french import PARAGRAPH_GAP, accent_term, fold, piece_words, pieces, term
from indexer.lexicon import load_lexicon
from indexer.schema import FIELDS, LABEL_FIELDS, PARAGRAPH_TERM, PRINTED_FIELD, PRINTED_MARK, TEXT_FIELDS, Kind, exact_field, label_term

__all__ = ["BYTES_A_TOKEN", "Inverter", "Numbered"]

BYTES_A_TOKEN: Final = 56  # in the buffers and, at the peak of a flush, in the sort; measured
BYTES_A_PIECE: Final = 250  # of a distinct piece: its text, its number, its words
MANY_PIECES: Final = 600_000  # kept from flush to flush
MANY_FORMS: Final = 20_000  # distinct surface forms from which the lexicon is taken apart at once
_EPOCH: Final = 719_163  # ordinal of 1970-01-01
_DAY_FIELDS: Final = tuple(field.name for field in FIELDS if field.kind is Kind.DAY)
_MANY: Final = frozenset(field.name for field in FIELDS if field.kind is Kind.LABELS)
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class Numbered(dict[str, int]):
    """A dictionary that numbers what it is first asked for."""

    def __missing__(self, key: str) -> int:
        number = self[key] = len(self)
        return number


class _FieldBuffer:
    """The pieces of one text field, by number, and how many each article has."""

    def __init__(self) -> None:
        self.pieces = array("i")
        self.counts = array("i")

    def add(self, pieces: Sequence[int]) -> None:
        self.pieces.extend(pieces)
        self.counts.append(len(pieces))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Tokens in the order of articles and positions. Shapes: three arrays of one length; ``lengths`` tokens per article."""

    surfaces: I32
    docs: I32
    positions: I32
    lengths: I64


class _Pieces:
    """What each numbered piece of text holds: its surfaces (numbered too), their ranks, how far it moves the position."""

    def __init__(self) -> None:
        self.numbers = Numbered()
        self.surfaces = Numbered()
        self._clear()

    def _clear(self) -> None:
        self._words = array("i")  # surfaces of all pieces, one after the other
        self._ranks = array("i")
        self._ends = array("q", [0])
        self._advances = array("i")

    def forget(self) -> None:
        """Let go of everything: after a flush, when the memory is worth more than what it saves."""
        self.numbers, self.surfaces = Numbered(), Numbered()
        self._clear()

    def learn(self) -> None:
        """Analyse the pieces met since the last time."""
        known = len(self._advances)
        for piece in islice(self.numbers, known, None):
            surfaces, ranks, advance = piece_words(piece)
            self._words.extend([self.surfaces[surface] for surface in surfaces])
            self._ranks.extend(ranks)
            self._ends.append(len(self._words))
            self._advances.append(advance)

    def tokens(self, buffer: _FieldBuffer) -> _Tokens:
        """Return the tokens of a field, all at once."""
        pieces, per_doc = np.array(buffer.pieces, np.int32), np.array(buffer.counts, np.int64)
        ends, advances = np.array(self._ends), np.array(self._advances, np.int64)[pieces]
        counts = (ends[1:] - ends[:-1])[pieces]
        before = np.cumsum(advances) - advances  # where each piece begins, counted from the first article
        first = np.concatenate(([0], np.cumsum(per_doc)))[:-1]
        starts = np.zeros(per_doc.size, np.int64)
        starts[per_doc > 0] = before[first[per_doc > 0]]
        before -= np.repeat(starts, per_doc)
        places = concatenated_ranges(ends[:-1][pieces], counts)
        docs = np.repeat(np.repeat(np.arange(per_doc.size, dtype=np.int32), per_doc), counts)
        return _Tokens(
            surfaces=np.array(self._words, np.int32)[places],
            docs=docs,
            positions=(np.repeat(before, counts) + np.array(self._ranks, np.int32)[places]).astype(np.int32),
            lengths=np.bincount(docs, minlength=per_doc.size),
        )


class _LabelBuffer:
    """The values of one label field: each distinct value has a number, each article a run of numbers."""

    def __init__(self) -> None:
        self._numbers = Numbered()
        self._flat = array("i")
        self._counts = array("i")

    def add(self, value: str | Sequence[str]) -> None:
        if isinstance(value, str):
            if value:
                self._flat.append(self._numbers[value])
            self._counts.append(1 if value else 0)
        else:
            self._flat.extend([self._numbers[one] for one in value])
            self._counts.append(len(value))

    def ordinals(self, *, many: bool) -> Ordinals:
        """Return the facet column."""
        values = sorted(self._numbers)
        rank = np.zeros(len(values), np.uint32)
        rank[[self._numbers[value] for value in values]] = np.arange(1, len(values) + 1)
        flat = rank[np.array(self._flat, np.int64)]
        counts = np.array(self._counts, np.int64)
        dtype = next(name for name in ("<u1", "<u2", "<u4") if len(values) < 1 << 8 * int(name[2]))
        if not many:
            column = np.zeros(counts.size, dtype)
            column[counts > 0] = flat
            return Ordinals(["", *values], column)
        return Ordinals(["", *values], flat.astype(dtype), np.concatenate(([0], np.cumsum(counts))).astype(np.uint32))

    def postings(self) -> FieldData:
        """Return which articles have each value, compared folded."""
        terms, ranks = np.unique(np.array([label_term(value) for value in self._numbers], dtype=object), return_inverse=True)
        docs = np.repeat(np.arange(len(self._counts), dtype=np.int64), np.array(self._counts, np.int64))
        key = np.unique(ranks[np.array(self._flat, np.int64)].astype(np.int64) << 32 | docs) if docs.size else docs
        return _keyed([term.encode("utf-8", "surrogatepass") for term in terms.tolist()], key)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Sorted terms of a field kind, and the rank of the term of each surface (-1: none)."""

    terms: list[bytes]
    ranks: npt.NDArray[np.int32]


class Inverter:
    """Takes stored articles, gives segments. ``tokens`` and ``held_bytes`` tell when to flush."""

    def __init__(self) -> None:
        self._pieces = _Pieces()
        self._clear()

    def _clear(self) -> None:
        self._fields = {name: _FieldBuffer() for name in TEXT_FIELDS}
        self._labels = {name: _LabelBuffer() for name in LABEL_FIELDS}
        self._days: dict[str, list[str | None]] = {name: [] for name in _DAY_FIELDS}
        self._urls: list[str] = []
        self._headers: list[bytes] = []
        self._stored = RowBlocksWriter()
        self.doc_ids: list[str] = []
        self.tokens = 0
        self._row_bytes = 0

    @property
    def held_bytes(self) -> int:
        """About how much memory a flush will have needed."""
        return self.tokens * BYTES_A_TOKEN + self._row_bytes + self._stored.held_bytes + BYTES_A_PIECE * len(self._pieces.numbers)

    def __len__(self) -> int:
        return len(self.doc_ids)

    def add(self, stored: Mapping[str, Any], row: bytes, header: Mapping[str, Any]) -> None:
        """Add one article: its stored form, the same as JSON, its header. All or nothing: an article that fails leaves no trace."""
        number = self._pieces.numbers.__getitem__
        pieced = [list(map(number, pieces(stored.get(name, "")))) for name in TEXT_FIELDS]
        head = header_row(header, HEADER_KEYS)
        labels = [stored.get(name) or DEFAULTS.get(name, "") for name in LABEL_FIELDS]
        days = [stored.get(name) for name in _DAY_FIELDS]
        doc_id, url = stored["doc_id"], stored.get("url", "")
        # From here on nothing can fail but the machine.
        for name, numbers in zip(TEXT_FIELDS, pieced, strict=True):
            self._fields[name].add(numbers)
            self.tokens += len(numbers)
        for name, value in zip(LABEL_FIELDS, labels, strict=True):
            self._labels[name].add(value)
        for name, day in zip(_DAY_FIELDS, days, strict=True):
            self._days[name].append(day)
        self._urls.append(url)
        self._headers.append(head)
        self._stored.add(row)
        self.doc_ids.append(doc_id)
        self._row_bytes += len(head) + 400

    def segment(self, segment_id: bytes) -> SegmentData:
        """Return everything added as one segment, and begin anew."""
        fields, count = self._fields, len(self.doc_ids)
        data = SegmentData(
            segment_id=segment_id,
            max_doc=count,
            fields=self._indexed(fields, self._labels, self._urls, self.doc_ids),
            doc_ids=self.doc_ids,
            ordinals={name: buffer.ordinals(many=name in _MANY) for name, buffer in self._labels.items()},
            days={name: _days(values) for name, values in self._days.items()},
            header_keys=HEADER_KEYS,
            headers=self._headers,
            stored=self._stored.finish(),
        )
        self._clear()
        return data

    def _indexed(
        self, fields: Mapping[str, _FieldBuffer], labels: Mapping[str, _LabelBuffer], urls: list[str], doc_ids: list[str]
    ) -> Iterator[tuple[str, FieldData]]:
        self._pieces.learn()
        surfaces = list(self._pieces.surfaces)
        if len(surfaces) > MANY_FORMS:
            load_lexicon().read_all()
        folded = [fold(surface) for surface in surfaces]
        exact = _ranked(folded, extra=(PARAGRAPH_TERM,))
        classes = _ranked([term(form) for form in folded])
        accents = _ranked([accent_term(surface) for surface in surfaces])
        for name, buffer in fields.items():
            tokens = self._pieces.tokens(buffer)
            if name == "body":
                yield PRINTED_FIELD, _printed_field(surfaces, folded, np.bincount(tokens.surfaces, minlength=len(surfaces)))
            yield from _text_field(name, tokens, exact, classes, accents)
        if len(self._pieces.numbers) > MANY_PIECES:
            self._pieces.forget()
        for name, label in labels.items():
            yield name, label.postings()
        yield "url", _whole_values(urls)
        yield "doc_id", _whole_values(doc_ids)


def _ranked(terms: Sequence[str | None], extra: Sequence[str] = ()) -> _Terms:
    """Return the distinct terms in byte order and the rank of each given one."""
    distinct = sorted({one.encode("utf-8", "surrogatepass") for one in (*terms, *extra) if one})
    rank = {one.decode("utf-8", "surrogatepass"): number for number, one in enumerate(distinct)}
    return _Terms(distinct, np.fromiter((rank.get(one or "", -1) for one in terms), np.int32, len(terms)))


def _text_field(name: str, tokens: _Tokens, exact: _Terms, classes: _Terms, accents: _Terms) -> Iterator[tuple[str, FieldData]]:
    """Yield the exact field (with accent terms and paragraph starts) and the class field of one text field."""
    surfaces, docs, positions, counts = tokens.surfaces, tokens.docs, tokens.positions, tokens.lengths
    # One number space for the three kinds of exact terms, in byte order: words, accent terms, the paragraph sign.
    both = sorted([*exact.terms, *accents.terms])
    of_exact = np.searchsorted(_blob(both), _blob(exact.terms)).astype(np.int32)
    of_accent = np.searchsorted(_blob(both), _blob(accents.terms)).astype(np.int32)
    sign = of_exact[exact.terms.index(PARAGRAPH_TERM.encode())]
    accent_ranks = accents.ranks[surfaces]
    accented = np.flatnonzero(accent_ranks >= 0)
    starts = _paragraph_starts(docs, positions)
    all_terms = np.concatenate((of_exact[exact.ranks[surfaces]], of_accent[accent_ranks[accented]], np.full(starts.size, sign, np.int32)))
    all_docs = np.concatenate((docs, docs[accented], docs[starts]))
    all_positions = np.concatenate((positions, positions[accented], positions[starts]))
    del accent_ranks, accented, starts
    order = _sorted_order(all_terms)
    by_term, by_doc, placed = all_terms[order], all_docs[order], all_positions[order]
    del order, all_terms, all_docs, all_positions
    posting = _run_starts(by_term, by_doc)
    freqs = np.diff(np.append(posting, by_term.size)).astype(np.int32)
    post_terms, post_docs = by_term[posting], by_doc[posting]
    kept, first = np.unique(post_terms, return_index=True)
    yield exact_field(name), FieldData(
        terms=[both[number] for number in kept.tolist()],
        starts=np.append(first, post_terms.size),
        docs=post_docs,
        freqs=freqs,
        positions=placed,
        lengths=counts,
    )
    del placed, by_term, by_doc
    # The class of each exact term: every surface of one folded form has the same class.
    class_of = np.full(len(both), -1, np.int32)
    class_of[of_exact[exact.ranks]] = classes.ranks
    yield name, _class_field(name, class_of, kept, (post_terms, post_docs, freqs), classes.terms, counts)


def _class_field(
    name: str,
    class_of: npt.NDArray[np.int32],
    exact_kept: npt.NDArray[np.int32],
    postings: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]],
    terms: list[bytes],
    lengths: I64,
) -> FieldData:
    """Return the class field: the postings of the forms of each class added up; its positions are theirs."""
    post_terms, post_docs, freqs = postings
    wanted = class_of[post_terms]
    having = wanted >= 0
    key = wanted[having].astype(np.int64) << 32 | post_docs[having]
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if key.size else np.empty(0, np.int64)
    added = np.add.reduceat(freqs[having][order], first).astype(np.int32) if key.size else np.empty(0, np.int32)
    key = key[first]
    class_ranks, docs = (key >> 32).astype(np.int32), (key & 0xFFFFFFFF).astype(np.int32)
    kept, starts = np.unique(class_ranks, return_index=True)
    place = np.full(len(terms) + 1, -1, np.int32)
    place[kept] = np.arange(kept.size, dtype=np.int32)
    return FieldData(
        terms=[terms[number] for number in kept.tolist()],
        starts=np.append(starts, class_ranks.size),
        docs=docs,
        freqs=added,
        lengths=lengths,
        forms=Forms(exact_field(name), place[class_of[exact_kept]]),
    )


def _blob(terms: list[bytes]) -> npt.NDArray[np.object_]:
    return np.array(terms, dtype=object)


def _paragraph_starts(docs: npt.NDArray[np.int32], positions: npt.NDArray[np.int32]) -> I64:
    """Return the tokens that begin a paragraph."""
    if not docs.size:
        return np.empty(0, np.int64)
    begins = np.ones(docs.size, np.bool_)
    begins[1:] = (docs[1:] != docs[:-1]) | (positions[1:] - positions[:-1] >= PARAGRAPH_GAP)
    return np.flatnonzero(begins)


def _sorted_order(terms: npt.NDArray[np.int32]) -> I64:
    """Return the order by term, then as added.

    numpy sorts plain int64 several times faster than it argsorts. Accent terms and paragraph signs were appended behind the words and
    are never words themselves, so that the postings of each term stay in the order of articles and positions.
    """
    bits = max(1, (terms.size - 1).bit_length()) if terms.size else 1
    assert int(terms.max(initial=0)).bit_length() + bits < 63
    return np.sort(terms.astype(np.int64) << bits | np.arange(terms.size)) & ((1 << bits) - 1)


def _run_starts(terms: npt.NDArray[np.int32], docs: npt.NDArray[np.int32]) -> I64:
    if not terms.size:
        return np.empty(0, np.int64)
    begins = np.ones(terms.size, np.bool_)
    begins[1:] = (terms[1:] != terms[:-1]) | (docs[1:] != docs[:-1])
    return np.flatnonzero(begins)


def _whole_values(values: Sequence[str]) -> FieldData:
    """Return a field of one whole value an article ("" = none), compared as it is."""
    rows = sorted((value.encode("utf-8", "surrogatepass"), number) for number, value in enumerate(values) if value)
    terms = [term for at, (term, _) in enumerate(rows) if not at or rows[at - 1][0] != term]
    starts = [at for at, (term, _) in enumerate(rows) if not at or rows[at - 1][0] != term]
    return FieldData(
        terms=terms,
        starts=np.array([*starts, len(rows)], np.int64),
        docs=np.array([number for _, number in rows], np.int32),
        freqs=np.ones(len(rows), np.int32),
    )


def _keyed(terms: list[bytes], key: I64) -> FieldData:
    """Return a field from ascending, distinct ``term << 32 | article``; every term has an article."""
    starts = np.searchsorted(key, np.arange(len(terms) + 1, dtype=np.int64) << 32)
    return FieldData(terms=terms, starts=starts, docs=(key & 0xFFFFFFFF).astype(np.int32), freqs=np.ones(key.size, np.int32))


def _printed_field(surfaces: Sequence[str], folded: Sequence[str], counts: npt.NDArray[Any]) -> FieldData:
    """Return the commonest spelling of each folded form of the bodies, where it has accents; the first article stands for all."""
    best: dict[str, tuple[int, str]] = {}
    for surface, form, count in zip(surfaces, folded, counts.tolist(), strict=True):
        if count and (form not in best or (count, surface) > best[form]):
            best[form] = (count, surface)
    terms = sorted(f"{form}{PRINTED_MARK}{surface}".encode("utf-8", "surrogatepass") for form, (_, surface) in best.items() if surface != form)
    ones = np.ones(len(terms), np.int32)
    return FieldData(terms=terms, starts=np.arange(len(terms) + 1), docs=np.zeros(len(terms), np.int32), freqs=ones)


def _days(values: Sequence[str | None]) -> Days:
    days = np.fromiter((NO_DAY if not day else first_day(day).toordinal() - _EPOCH for day in values), np.int32, len(values))
    precisions = np.fromiter((0 if not day else (len(day) - 1) // 3 for day in values), np.uint8, len(values))
    return Days(days, precisions)

