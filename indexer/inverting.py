"""How do articles become sorted postings and columns? Integers in buffers, one sort a field, nothing per posting in Python.

While articles come in, their text is only cut into runs (a word with its punctuation), and each distinct run gets a number: one integer
a word. ``segment`` then learns each new run once (``vocabulary.py``), unfolds the numbers into tokens, and sorts those: by exact form,
article and position for the exact field, by class and article for the class field.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.dates import first_day
from indexer.codec.columns import NO_DAY, Days, Ordinals
from indexer.codec.segment import FieldData, Forms, SegmentData
from indexer.codec.sketches import Sketches
from indexer.codec.stored import RowBlocksWriter, header_row
from indexer.documents import DEFAULTS, HEADER_KEYS
from indexer.french import PARAGRAPH_GAP
from indexer.mentions import mentions_of
from indexer.schema import (
    ACRONYM_FIELD,
    FIELDS,
    LABEL_FIELDS,
    PARAGRAPH_TERM,
    PRINTED_FIELD,
    PRINTED_MARK,
    TEXT_FIELDS,
    Kind,
    exact_field,
    label_term,
)
from indexer.sketching import sketches_of, word_hashes
from indexer.vocabulary import NO_TERM, Numbered, Runs, Tokens, Words, cut_runs

__all__ = ["BYTES_A_TOKEN", "Inverter"]

BYTES_A_TOKEN: Final = 46  # in the buffers and, at the peak of a flush, in the sort; measured
BYTES_A_RUN: Final = 250  # of a distinct run: its text, its number, its words
MANY_RUNS: Final = 600_000  # kept from flush to flush
MAX_KEY_BITS: Final = 62  # of numbers sorted as one
SLICE_TOKENS: Final = 1 << 20
_EPOCH: Final = 719_163  # ordinal of 1970-01-01
_DAY_FIELDS: Final = tuple(field.name for field in FIELDS if field.kind is Kind.DAY)
_MANY: Final = frozenset(field.name for field in FIELDS if field.kind is Kind.LABELS)
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class _FieldBuffer:
    """The runs of one text field, by number, and how many each article has."""

    def __init__(self) -> None:
        self.runs = array("i")
        self.counts = array("i")

    def add(self, runs: Sequence[str], number: Callable[[str], int]) -> None:
        self.runs.extend(map(number, runs))
        self.counts.append(len(runs))


class _LabelBuffer:
    """The values of one label field: each distinct value has a number, each article that has any a run of numbers."""

    def __init__(self) -> None:
        self._numbers = Numbered()
        self._flat = array("i")
        self._docs = array("i")

    def add(self, doc: int, value: str | Sequence[str]) -> None:
        for one in (value,) if isinstance(value, str) else value:
            self._flat.append(self._numbers[one])
            self._docs.append(doc)

    def ordinals(self, count: int, *, many: bool) -> Ordinals:
        """Return the facet column of ``count`` articles."""
        values = sorted(self._numbers)
        rank = np.zeros(len(values), np.uint32)
        rank[[self._numbers[value] for value in values]] = np.arange(1, len(values) + 1)
        flat, docs = rank[np.array(self._flat, np.int64)], np.array(self._docs, np.int64)
        dtype = next(name for name in ("<u1", "<u2", "<u4") if len(values) < 1 << 8 * int(name[2]))
        if not many:
            column = np.zeros(count, dtype)
            column[docs] = flat
            return Ordinals(["", *values], column)
        counts = np.bincount(docs, minlength=count)
        return Ordinals(["", *values], flat.astype(dtype), np.concatenate(([0], np.cumsum(counts))).astype(np.uint32))

    def postings(self, term: Callable[[str], str] = label_term) -> FieldData:
        """Return which articles have each value, compared folded."""
        terms, ranks = np.unique(np.array([term(value) for value in self._numbers], dtype=object), return_inverse=True)
        docs = np.array(self._docs, np.int64)
        key = np.unique(ranks[np.array(self._flat, np.int64)].astype(np.int64) << 32 | docs) if docs.size else docs
        return _keyed([one.encode("utf-8", "surrogatepass") for one in terms.tolist()], key)


class Inverter:
    """Takes stored articles, gives segments. ``tokens`` and ``held_bytes`` tell when to flush."""

    def __init__(self) -> None:
        self._runs = Runs()
        self._clear()

    def _clear(self) -> None:
        self._fields = {name: _FieldBuffer() for name in TEXT_FIELDS}
        self._labels = {name: _LabelBuffer() for name in LABEL_FIELDS}
        self._acronyms = _LabelBuffer()
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
        return self.tokens * BYTES_A_TOKEN + self._row_bytes + self._stored.held_bytes + BYTES_A_RUN * len(self._runs.numbers)

    def __len__(self) -> int:
        return len(self.doc_ids)

    def add(self, stored: Mapping[str, Any], row: bytes, header: Mapping[str, Any]) -> None:
        """Add one article: its stored form, the same as JSON, its header. All or nothing: an article that fails leaves no trace."""
        number = self._runs.numbers.__getitem__
        cut = [cut_runs(stored.get(name, "")) for name in TEXT_FIELDS]
        head = header_row(header, HEADER_KEYS)
        mentioned = mentions_of(stored)
        labels = [(name, value) for name in LABEL_FIELDS if (value := stored.get(name) or DEFAULTS.get(name)) and name != "references"]
        labels.append(("references", mentioned.references))
        days = [stored.get(name) for name in _DAY_FIELDS]
        doc_id, url = stored["doc_id"], stored.get("url", "")
        # From here on nothing can fail but the machine.
        number_here = len(self.doc_ids)
        for name, runs in zip(TEXT_FIELDS, cut, strict=True):
            self._fields[name].add(runs, number)
            self.tokens += len(runs)
        for name, value in labels:
            self._labels[name].add(number_here, value)
        self._acronyms.add(number_here, mentioned.acronyms)
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
        sketches: list[Sketches] = []  # filled while the fields are made
        data = SegmentData(
            segment_id=segment_id,
            max_doc=count,
            fields=self._indexed(fields, {**self._labels, ACRONYM_FIELD: self._acronyms}, self._urls, self.doc_ids, sketches),
            doc_ids=self.doc_ids,
            ordinals={name: buffer.ordinals(count, many=name in _MANY) for name, buffer in self._labels.items()},
            days={name: _days(values) for name, values in self._days.items()},
            header_keys=HEADER_KEYS,
            headers=self._headers,
            stored=self._stored.finish(),
            sketches=lambda: sketches[0],
        )
        self._clear()
        return data

    def _indexed(
        self,
        fields: Mapping[str, _FieldBuffer],
        labels: Mapping[str, _LabelBuffer],
        urls: list[str],
        doc_ids: list[str],
        sketches: list[Sketches],
    ) -> Iterator[tuple[str, FieldData]]:
        for name, buffer in fields.items():
            tokens = self._runs.tokens(np.array(buffer.runs, np.int32), np.array(buffer.counts, np.int64))
            words = self._runs.words
            words.learn()
            if name == "body":
                sketches.append(sketches_of(word_hashes(words.folded)[tokens.surfaces], tokens.docs, len(doc_ids)))
                yield PRINTED_FIELD, _printed_field(words, np.bincount(tokens.surfaces, minlength=len(words.surfaces)))
            ordered, lengths = _ordered(tokens, words), tokens.lengths
            del tokens  # a third of the memory that a flush takes
            yield from _text_field(name, ordered, lengths, words)
            del ordered
        if len(self._runs.numbers) > MANY_RUNS:
            self._runs = Runs()
        for name, label in labels.items():
            yield name, label.postings(str if name == ACRONYM_FIELD else label_term)
        yield "url", _whole_values(urls)
        yield "doc_id", _whole_values(doc_ids)


@dataclass(slots=True)
class _Ordered:
    """Tokens of a field in the order of term, article and position. Shapes: ``numbers`` of the terms, in the order of their bytes;
    the other three one a token: place of its term, article, position."""

    terms: list[bytes]
    numbers: I32
    by_term: I32
    docs: I32
    positions: I32


def _text_field(name: str, ordered: _Ordered, lengths: I64, words: Words) -> Iterator[tuple[str, FieldData]]:
    """Yield the exact field (with accent terms and paragraph starts) and the class field of one text field."""
    posting = _run_starts(ordered.by_term, ordered.docs)
    freqs = np.diff(posting, append=ordered.by_term.size).astype(np.int32)
    post_terms, post_docs = ordered.by_term[posting], ordered.docs[posting]
    del posting
    ordered.by_term = ordered.docs = np.empty(0, np.int32)
    yield exact_field(name), FieldData(
        terms=ordered.terms,
        starts=np.searchsorted(post_terms, np.arange(len(ordered.terms) + 1, dtype=np.int32)),
        docs=post_docs,
        freqs=freqs,
        positions=ordered.positions,
        lengths=lengths,
    )
    ordered.positions = np.empty(0, np.int32)
    yield name, _class_field(name, words, ordered.numbers, (post_terms, post_docs, freqs), lengths)


def _ordered(tokens: Tokens, words: Words) -> _Ordered:
    """Sort the tokens, their accent terms and the paragraph signs: the place of the term and the number of the token, as one integer.

    numpy sorts plain int64 at 10 ns each, several times faster than it argsorts; two terms of one token have different places.
    """
    exact, accents = words.exact(), words.accents()
    met = np.flatnonzero(np.bincount(tokens.surfaces, minlength=exact.size))
    starts = _paragraph_starts(tokens.docs, tokens.positions)
    used = np.concatenate((exact[met], accents[met], np.full(min(1, starts.size), words.terms[PARAGRAPH_TERM], np.int32)))
    terms, numbers = _in_order(used[used >= 0], list(words.terms))
    place = np.full(len(words.terms) + 1, NO_TERM, np.int32)  # the last: of no term
    place[numbers] = np.arange(numbers.size, dtype=np.int32)
    accented = np.flatnonzero((accents >= 0)[tokens.surfaces])
    count = tokens.surfaces.size
    bits = max(1, (count - 1).bit_length())
    assert numbers.size.bit_length() + bits <= MAX_KEY_BITS
    key = np.empty(count + accented.size + starts.size, np.int64)
    key[:count] = place[exact][tokens.surfaces]
    key[count : count + accented.size] = place[accents][tokens.surfaces[accented]]
    key[count + accented.size :] = place[words.terms[PARAGRAPH_TERM]]
    key <<= bits
    key[:count] += np.arange(count, dtype=np.int32)
    key[count : count + accented.size] += accented
    key[count + accented.size :] += starts
    del accented, starts
    key.sort()
    by_term = np.empty(key.size, np.int32)
    for first in range(0, key.size, SLICE_TOKENS):
        by_term[first : first + SLICE_TOKENS] = key[first : first + SLICE_TOKENS] >> bits
    key &= (1 << bits) - 1
    return _Ordered(terms, numbers, by_term, tokens.docs[key], tokens.positions[key])


def _in_order(numbers: I32, names: Sequence[str]) -> tuple[list[bytes], I32]:
    """Return the distinct names that ``numbers`` stand for, in the order of their bytes (which is that of their code points)."""
    used = np.flatnonzero(np.bincount(numbers, minlength=len(names))).tolist()
    used.sort(key=names.__getitem__)
    return [names[number].encode("utf-8", "surrogatepass") for number in used], np.array(used, np.int32)


def _class_field(name: str, words: Words, kept: I32, postings: tuple[I32, I32, I32], lengths: I64) -> FieldData:
    """Return the class field: the postings of the forms of each class added up; its positions are theirs."""
    post_terms, post_docs, freqs = postings
    class_of = words.class_of()[kept]  # of each exact term of the field
    names, used = _in_order(class_of[class_of >= 0], list(words.classes))
    place = np.full(len(words.classes) + 1, NO_TERM, np.int32)
    place[used] = np.arange(used.size, dtype=np.int32)
    class_of = place[class_of]
    wanted = class_of[post_terms]
    having = wanted >= 0
    classes, docs, added = _by_class(wanted[having], post_docs[having], freqs[having])
    posting = _run_starts(classes, docs)
    if posting.size:
        added = np.add.reduceat(added, posting).astype(np.int32)
    classes = classes[posting]
    return FieldData(
        terms=names,
        starts=np.searchsorted(classes, np.arange(len(names) + 1, dtype=np.int32)),
        docs=docs[posting],
        freqs=added,
        lengths=lengths,
        forms=Forms(exact_field(name), class_of),
    )


def _by_class(classes: I32, docs: I32, freqs: I32) -> tuple[I32, I32, I32]:
    """Return postings in the order of class and article: the three numbers sorted as one, when they fit."""
    doc_bits, freq_bits = (int(values.max(initial=0)).bit_length() for values in (docs, freqs))
    if int(classes.max(initial=0)).bit_length() + doc_bits + freq_bits > MAX_KEY_BITS:
        order = np.lexsort((docs, classes))
        return classes[order], docs[order], freqs[order]
    key = (classes.astype(np.int64) << doc_bits | docs) << freq_bits | freqs
    key.sort()
    freqs = (key & ((1 << freq_bits) - 1)).astype(np.int32)
    key >>= freq_bits
    docs = (key & ((1 << doc_bits) - 1)).astype(np.int32)
    key >>= doc_bits
    return key.astype(np.int32), docs, freqs


def _paragraph_starts(docs: npt.NDArray[np.int32], positions: npt.NDArray[np.int32]) -> I64:
    """Return the tokens that begin a paragraph."""
    if not docs.size:
        return np.empty(0, np.int64)
    begins = np.ones(docs.size, np.bool_)
    begins[1:] = (docs[1:] != docs[:-1]) | (positions[1:] - positions[:-1] >= PARAGRAPH_GAP)
    return np.flatnonzero(begins)


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


def _printed_field(words: Words, counts: npt.NDArray[Any]) -> FieldData:
    """Return the commonest spelling of each folded form of the bodies, where it has accents; the first article stands for all."""
    surfaces = list(words.surfaces)
    best: dict[str, tuple[int, str]] = {}
    for number in np.flatnonzero(counts).tolist():
        form, found = words.folded[number], (int(counts[number]), surfaces[number])
        if form not in best or found > best[form]:
            best[form] = found
    terms = sorted(f"{form}{PRINTED_MARK}{surface}".encode("utf-8", "surrogatepass") for form, (_, surface) in best.items() if surface != form)
    ones = np.ones(len(terms), np.int32)
    return FieldData(terms=terms, starts=np.arange(len(terms) + 1), docs=np.zeros(len(terms), np.int32), freqs=ones)


def _days(values: Sequence[str | None]) -> Days:
    numbers = {day: first_day(day).toordinal() - _EPOCH if day else NO_DAY for day in set(values)}
    days = np.fromiter(map(numbers.__getitem__, values), np.int32, len(values))
    precisions = np.fromiter((0 if not day else (len(day) - 1) // 3 for day in values), np.uint8, len(values))
    return Days(days, precisions)
