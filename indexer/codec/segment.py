"""What can a segment be asked? Everything our own searcher and writer need, as arrays.

What is written is in ``segment_data``, offered here too: a segment is written and read through this one module.
``SegmentReader`` answers from the mapped file, and reads a section when it is first asked for. One reader serves many threads: what it keeps is only ever replaced by its equal.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.cache import PostingsCache
from indexer.codec.columns import LENGTH_TABLE, NO_DAY, Days, DocIds, Ordinals, read_days, read_ordinals
from indexer.codec.framing import Container
from indexer.codec.postings import PostingsReader, positions_at, union_of_positions
from indexer.codec.segment_data import FieldData, Forms, SegmentData, SegmentInfo, write_segment
from indexer.codec.sketches import SKETCHES, Sketches, read_sketches
from indexer.codec.stored import RowBlocksReader, RowsReader, read_texts
from indexer.codec.terms import TermDictionary

__all__ = [
    "SEGMENT_EXTENSION",
    "FieldData",
    "Forms",
    "SegmentData",
    "SegmentInfo",
    "SegmentReader",
    "write_segment",
]

SEGMENT_EXTENSION: Final = ".mseg"
_FEW_DOCUMENTS: Final = 1 << 16  # even documents of which nothing is kept take no more room than this in memory
CACHE_BYTES: Final = 64 << 20
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
_FIRST_DAY: Final = dt.date.min.toordinal() - _EPOCH
_LAST_DAY: Final = dt.date.max.toordinal() - _EPOCH
_TOGETHER: Final = 8  # lists: from here on one pass over all of them is quicker

T = TypeVar("T")
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


class SegmentReader:
    """An opened segment; arrays it returns must not be written to."""

    def __init__(self, container: Container, cache_bytes: int = CACHE_BYTES) -> None:
        self.container = container
        self.path = container.path
        self.segment_id = container.segment_id
        self._meta = _read_meta(container)
        self.max_doc: int = self._meta["max_doc"]
        self._kept: dict[tuple[str, str], Any] = {}
        self._cache = PostingsCache(cache_bytes)

    @classmethod
    def open(cls, path: str | Path, cache_bytes: int = CACHE_BYTES, segment_id: bytes | None = None) -> SegmentReader:
        """Open a segment file, that of ``segment_id`` where it is given. Raises: FileNotFoundError, IndexCorrupt, IndexForeign."""
        return cls(Container.open(path, segment_id), cache_bytes)

    def close(self) -> None:
        """Forget everything kept; the mapping ends with the last array that shows it."""
        self._kept = {}
        self._cache = PostingsCache(0)
        self.container.close()

    # Fields -------------------------------------------------------------------------------------------------------

    def fields(self) -> list[str]:
        """Return the names of the indexed fields."""
        return list(self._meta["fields"])

    def field_meta(self, field: str) -> Mapping[str, Any]:
        """Return what the meta section says of a field."""
        found: Mapping[str, Any] = self._meta["fields"][field]
        return found

    @property
    def extra(self) -> Mapping[str, Any]:
        """What the writer of the segment noted beside the data."""
        found: Mapping[str, Any] = self._meta.get("extra", {})
        return found

    @property
    def plain(self) -> dict[str, Any]:
        """What the meta section says of fields written through Whoosh's own writer; empty without any."""
        found: dict[str, Any] = self._meta.get("plain", {})
        return found

    def dictionary(self, field: str) -> TermDictionary:
        """Return the dictionary of a field; KeyError when the segment has no such field."""
        return self._keep("terms", field, lambda: TermDictionary(self.container, field, int(self._meta["fields"][field]["terms"])))

    def lists(self, field: str) -> PostingsReader:
        """Return the posting lists of a field, by term number."""
        meta = self._meta["fields"][field]
        return self._keep(
            "lists",
            field,
            lambda: PostingsReader(self.container, field, int(meta["terms"]), self.max_doc, has_positions=bool(meta["positions"])),
        )

    def term_number(self, field: str, term: str | bytes) -> int:
        """Return the number of a term in its field, -1 when it is not there."""
        if field not in self._meta["fields"]:
            return -1
        return self.dictionary(field).find(term.encode("utf-8", "surrogatepass") if isinstance(term, str) else term)

    def doc_freq(self, field: str, term: str | bytes) -> int:
        """Return in how many documents a term is, deleted ones included."""
        number = self.term_number(field, term)
        return self.lists(field).doc_freq(number) if number >= 0 else 0

    def postings(self, field: str, term: str | bytes) -> tuple[I32, I32] | None:
        """Return (docs ascending, freqs) of a term, None when the field does not have it."""
        number = self.term_number(field, term)
        return self.postings_of(field, number) if number >= 0 else None

    def postings_of(self, field: str, number: int) -> tuple[I32, I32]:
        """Return (docs ascending, freqs) of the term of that number."""
        key = (field, number, "docs")
        found = self._cache.get(key)
        if found is None:
            found = self.lists(field).postings(number)
            self._cache.put(key, found)
        return found[0], found[1]

    def several(self, field: str, terms: Sequence[str]) -> tuple[I32, I32]:
        """Return (docs, freqs) of several terms, one after the other; neighbours (all words of a prefix) are unpacked together."""
        numbers = [number for term in terms if (number := self.term_number(field, term)) >= 0]
        if len(numbers) >= _TOGETHER and numbers[-1] - numbers[0] == len(numbers) - 1:
            return self.lists(field).run(numbers[0], numbers[-1] + 1)
        found = [self.postings_of(field, number) for number in numbers]
        none = np.zeros(0, dtype=np.int32)
        return np.concatenate([none, *(docs for docs, _ in found)]), np.concatenate([none, *(freqs for _, freqs in found)])

    def has_positions(self, field: str) -> bool:
        """Tell whether ``positions`` can answer for a field."""
        meta = self._meta["fields"].get(field, {})
        return bool(meta.get("positions") or meta.get("forms_of"))

    def positions(self, field: str, term: str | bytes, docs: I32 | None = None) -> tuple[I32, I64, I32] | None:
        """Return (docs, offsets, positions): document i has positions[offsets[i]:offsets[i + 1]]; None as in ``postings``.

        With ``docs`` (ascending), only of those among them that have the term: a look-up each, whatever the length of the list.
        Raises: ValueError when the field keeps no positions.
        """
        number = self.term_number(field, term)
        if number < 0:
            return None
        if not self.has_positions(field):
            raise ValueError(f"field {field} keeps no positions")
        if docs is not None:
            return union_of_positions([self._some(name, form, docs) for name, form in self._forms_of(field, number)])
        key = (field, number, "positions")
        found = self._cache.get(key)
        if found is None:
            found = self._positions(field, number)
            self._cache.put(key, found)
        return found[0], found[1], found[2]

    def _positions(self, field: str, number: int) -> tuple[I32, I64, I32]:
        forms = self._forms_of(field, number)
        if len(forms) == 1:
            return self.lists(forms[0][0]).positions(forms[0][1])
        return positions_at(self.lists(forms[0][0]).keys([form for _, form in forms])) if forms else union_of_positions([])

    def _forms_of(self, field: str, number: int) -> list[tuple[str, int]]:
        """Return the lists that hold the positions of a term: its own, or those of the forms of its class."""
        exact = self._meta["fields"][field].get("forms_of")
        if not exact:
            return [(field, number)]
        starts, members = self.forms(field)
        own = members[starts[number] : starts[number + 1]].tolist()
        if own and max(own) >= int(self._meta["fields"][exact]["terms"]):
            raise IndexCorrupt(self.path, f"section forms/{field}: a form has no term")
        return [(exact, form) for form in own]

    def _some(self, field: str, number: int, wanted: I32) -> tuple[I32, I64, I32]:
        docs, freqs = self.postings_of(field, number)
        at = np.searchsorted(docs, wanted)
        chosen = at[docs[np.minimum(at, len(docs) - 1)] == wanted]
        lists = self.lists(field)
        if not len(chosen):
            return docs[:0], np.zeros(1, dtype=np.int64), docs[:0]
        if lists.is_alone(number):
            return lists.positions(number)
        offsets, found = lists.some_positions(number, self._starts(field, number, freqs), chosen)
        return docs[chosen], offsets, found

    def _starts(self, field: str, number: int, freqs: I32) -> I64:
        """Return where the positions of each document of a list begin."""
        key = (field, number, "starts")
        found = self._cache.get(key)
        if found is None:
            found = (np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(freqs, dtype=np.int64))),)
            self._cache.put(key, found)
        starts: I64 = found[0]
        return starts

    def forms(self, field: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return (starts, members): class n is made of the exact terms members[starts[n]:starts[n + 1]]."""
        count = int(self._meta["fields"][field]["terms"])

        def read() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
            starts = self.container.section(f"form-starts/{field}").array("<u4", count + 1)
            if bool((starts[1:] < starts[:-1]).any()):
                raise IndexCorrupt(self.path, f"section form-starts/{field} does not ascend")
            return starts, self.container.section(f"forms/{field}").array("<u4", int(starts[-1]))

        return self._keep("forms", field, read)

    def lengths(self, field: str) -> npt.NDArray[np.float32]:
        """Return the number of tokens of each document, as one byte says it. Shapes: f32[max_doc]."""
        if "total_length" not in self._meta["fields"].get(field, {}):
            return self._keep("lengths", field, lambda: np.zeros(self.max_doc, dtype=np.float32))
        table = LENGTH_TABLE.astype(np.float32)
        return self._keep("lengths", field, lambda: table[self.length_codes(field)])

    def length_codes(self, field: str) -> npt.NDArray[np.uint8]:
        """Return the bytes of the lengths: indexes of LENGTH_TABLE."""
        return self.container.section(f"lengths/{field}").array("<u1", self.max_doc)

    def total_length(self, field: str) -> int:
        """Return the exact number of tokens of a field, deleted documents included."""
        return int(self._meta["fields"].get(field, {}).get("total_length", 0))

    # Expansions ---------------------------------------------------------------------------------------------------

    def terms(self, field: str) -> list[str]:
        """Return every term of a field, in order."""
        return [term.decode("utf-8", "replace") for term in self.dictionary(field).terms()] if field in self._meta["fields"] else []

    def expand_glob(self, field: str, glob: str, cap: int) -> tuple[list[str], bool]:
        """Return the terms that ``*`` and ``?`` cover, in order, and whether the rarest were left out to keep to ``cap``."""
        if field not in self._meta["fields"]:
            return [], False
        numbers = self.dictionary(field).matching(glob)
        truncated = len(numbers) > cap
        if truncated:
            frequencies = self.lists(field).doc_freqs()[numbers].astype(np.int64)
            numbers = np.sort(numbers[np.argsort(-frequencies, kind="stable")[:cap]])
        return self._named(field, numbers), truncated

    def expand_fuzzy(self, field: str, word: str, distance: int, cap: int) -> tuple[list[str], bool]:
        """Return the terms within ``distance`` edits and with the same first letter, nearest and then most frequent first."""
        if field not in self._meta["fields"] or not word:
            return [], False
        numbers, edits = self.dictionary(field).near(word, distance)
        frequencies = self.lists(field).doc_freqs()[numbers].astype(np.int64)
        order = np.lexsort((numbers, -frequencies, edits))
        return self._named(field, numbers[order[:cap]]), len(numbers) > cap

    def starting(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return (term, document frequency) of the most frequent terms that start with ``prefix``."""
        if field not in self._meta["fields"]:
            return []
        first, last = self.dictionary(field).range_of(prefix.encode())
        frequencies = self.lists(field).doc_freqs()[first:last].astype(np.int64)
        chosen = np.argsort(-frequencies, kind="stable")[:limit]
        return list(zip(self._named(field, chosen + first), frequencies[chosen].tolist(), strict=True))

    def _named(self, field: str, numbers: npt.NDArray[Any]) -> list[str]:
        dictionary = self.dictionary(field)
        return [dictionary.term(number).decode("utf-8", "replace") for number in numbers.tolist()]

    # Columns ------------------------------------------------------------------------------------------------------

    def facets(self) -> list[str]:
        """Return the names of the fields that have ordinals."""
        return list(self._meta["ordinals"])

    def ordinals(self, field: str) -> Ordinals:
        """Return the facet column of a field; without one, no document has a value."""
        meta = self._meta["ordinals"].get(field)
        if meta is None:
            return self._keep("ordinals", field, lambda: Ordinals(("",), np.zeros(self.max_doc, dtype=np.uint8)))
        return self._keep("ordinals", field, lambda: read_ordinals(self.container, field, meta, self.max_doc))

    def day_fields(self) -> list[str]:
        """Return the names of the fields that have days."""
        return list(self._meta["days"])

    def days(self, field: str) -> npt.NDArray[np.int32]:
        """Return days since 1970-01-01, NO_DAY = unknown. Shapes: i32[max_doc]. Raises: IndexCorrupt without such a column."""
        return self._days(field).days

    def day_precisions(self, field: str) -> npt.NDArray[np.uint8]:
        """Return how exact each day is: 0 unknown, 1 year, 2 month, 3 day. Shapes: u8[max_doc]."""
        return self._days(field).precisions

    def _days(self, field: str) -> Days:
        return self._keep("days", field, lambda: self._read_days(field))

    def _read_days(self, field: str) -> Days:
        column = read_days(self.container, field, self.max_doc)
        if int(column.days.max(initial=NO_DAY)) > _LAST_DAY or np.count_nonzero(column.days < _FIRST_DAY) != np.count_nonzero(
            column.days == NO_DAY
        ):
            raise IndexCorrupt(self.path, f"section days/{field}: a day outside of the years 1 to 9999")
        return column

    # Documents ----------------------------------------------------------------------------------------------------

    def doc_ids(self) -> DocIds | None:
        """Return the identities, None when the segment keeps none."""
        distinct = self._meta.get("doc_ids")
        return None if distinct is None else self._keep("ids", "", lambda: DocIds(self.container, int(distinct), self.max_doc))

    def doc_num(self, doc_id: str) -> int | None:
        """Return the number of the last document written under an identity, deleted or not; None = never in this segment."""
        ids = self.doc_ids()
        return ids.doc_num(doc_id) if ids else None

    def doc_id(self, doc_num: int) -> str:
        """Return the identity of a document."""
        ids = self.doc_ids()
        return ids.doc_id(doc_num) if ids else ""

    @property
    def header_keys(self) -> tuple[str, ...]:
        """The keys of every hit header."""
        return tuple(self._meta.get("header_keys", ()))

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what a list of hits shows of a document. Raises: IndexError, IndexCorrupt."""
        row = self._json(self.header_bytes(doc_num), "headers", list)
        return dict(zip(self.header_keys, row, strict=False))

    def header_bytes(self, doc_num: int) -> bytes:
        """Return a hit header as it is on disk: the JSON list of its values."""
        return self._keep("headers", "", lambda: RowsReader(self.container, self.max_doc)).row(doc_num)

    def stored(self, doc_num: int) -> dict[str, Any]:
        """Return a stored article. Raises: IndexError, IndexCorrupt."""
        value: dict[str, Any] = self._json(self.stored_rows().row(doc_num), "stored", dict)
        return value

    def stored_texts(self, doc_num: int) -> dict[str, Any]:
        """Return a stored article as ``read_texts`` does. Raises: IndexError, IndexCorrupt."""
        return read_texts(self.stored_rows().row(doc_num)) or self.stored(doc_num)  # which says what is wrong

    def stored_rows(self) -> RowBlocksReader:
        """Return the stored rows as bytes."""
        meta = self._meta.get("stored") or {"blocks": 0}
        return self._keep("stored", "", lambda: RowBlocksReader(self.container, int(meta["blocks"]), self.max_doc))

    def sketches(self) -> Sketches:
        """Return what stands for each text when its other versions are looked up; nothing in a segment without sketches."""
        return read_sketches(self.container, self._meta[SKETCHES], self.max_doc) if self.has_sketches else Sketches.empty()

    @property
    def has_sketches(self) -> bool:
        """Whether the writer of this segment knew of sketches."""
        return SKETCHES in self._meta

    @property
    def has_stored(self) -> bool:
        """Whether articles are stored in this segment."""
        return "stored" in self._meta

    def _json(self, row: bytes, section: str, kind: type) -> Any:
        try:
            value = json.loads(row)
        except (ValueError, RecursionError) as error:
            raise IndexCorrupt(self.path, f"section {section}: {error}") from error
        if not isinstance(value, kind):
            raise IndexCorrupt(self.path, f"section {section}: {type(value).__name__} found, {kind.__name__} expected")
        return value

    def _keep(self, kind: str, name: str, read: Callable[[], T]) -> T:
        """Return what was read before, or read it; two threads may both read, and keep equal things."""
        found: T | None = self._kept.get((kind, name))
        if found is None:
            found = self._kept[kind, name] = read()
        return found


def _read_meta(container: Container) -> dict[str, Any]:
    section = container.section("meta")
    try:
        meta = json.loads(bytes(section.read(0, len(section))))
        sound = isinstance(meta["max_doc"], int) and 0 <= meta["max_doc"] < 1 << 31
        sound = sound and isinstance(meta["fields"], dict) and isinstance(meta["ordinals"], dict)
        sound = sound and isinstance(meta["days"], list) and all(isinstance(row["terms"], int) for row in meta["fields"].values())
        sound = sound and meta["max_doc"] <= 64 * container.length + _FEW_DOCUMENTS
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexCorrupt(container.path, f"section meta cannot be read ({error})") from error
    if not sound:
        raise IndexCorrupt(container.path, "section meta has values of the wrong type")
    return dict(meta)
