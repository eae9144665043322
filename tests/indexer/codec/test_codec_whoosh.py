"""Does stock Whoosh read and write our segments as it does its own?"""

from __future__ import annotations

import datetime as dt
import decimal
import pickle
from pathlib import Path
from typing import Any

import pytest
from codec_model import Document, class_of, documents, inverted, segment_data
from hypothesis import given
from hypothesis import strategies as st
from whoosh import fields, formats, index, query, scoring
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.reading import SegmentReader as WhooshReader

from indexer.codec.framing import verify_container
from indexer.codec.segment import write_segment
from indexer.codec.whoosh_codec import MarbreCodec, MarbreSegment
from indexer.codec.whoosh_values import decode_value, encode_value

SCHEMA = fields.Schema(
    id=fields.ID(unique=True, stored=True),
    body=fields.TEXT(stored=True, vector=formats.Frequency()),
    title=fields.TEXT(chars=True, field_boost=2.0, sortable=True),
    day=fields.DATETIME(sortable=True, stored=True),
    number=fields.NUMERIC(sortable=True, stored=True),
    tags=fields.KEYWORD(commas=True),
)
WORDS = ("alfa", "bravo", "charlie", "delta", "echo")


def _row(number: int) -> dict[str, Any]:
    words = [WORDS[(number * k) % 5] for k in range(1, 2 + number % 7)]
    return {
        "id": str(number),
        "body": " ".join(words),
        "title": words[0],
        "day": dt.datetime(2020, 1, 1) + dt.timedelta(days=number),
        "number": number % 13,
        "tags": ",".join(set(words)),
    }


def _filled(ix: Any, codec: Any) -> Any:
    for part in range(3):
        with ix.writer(codec=codec) as writer:
            writer.merge = False
            for number in range(part * 60, part * 60 + 60):
                writer.add_document(**_row(number))
    with ix.writer(codec=codec) as writer:
        writer.merge = False
        writer.update_document(**(_row(7) | {"body": "zulu alfa"}))
        writer.delete_by_term("id", "8")
    return ix


def _answers(ix: Any) -> list[Any]:
    queries = [
        query.Term("body", "alfa"),
        query.And([query.Term("body", "alfa"), query.Term("body", "bravo")]),
        query.Or([query.Term("title", "delta"), query.Term("body", "zulu")]),
        query.Phrase("body", ["alfa", "charlie"]),
        query.Prefix("body", "c"),
        query.Wildcard("body", "*l*a"),
        query.FuzzyTerm("body", "alfo"),
        query.NumericRange("number", 3, 6),
        query.Every(),
    ]
    found: list[Any] = []
    with ix.searcher(weighting=scoring.BM25F()) as searcher:
        for one in queries:
            hits = searcher.search(one, limit=None)
            found.append((str(one), sorted((hit["id"], hit["body"], round(hit.score or 0, 5)) for hit in hits)))
        found.append([hit["id"] for hit in searcher.search(query.Every(), limit=None, sortedby=["number", "day"])])
        grouped = searcher.search(query.Every(), limit=None, groupedby="number").groups()
        found.append({value: len(members) for value, members in grouped.items()})
        found.append([term for term in searcher.reader().all_terms() if term[0] != "number" and term[0] != "day"])
        found.append(sorted(searcher.reader().terms_within("body", "brava", 1)))
        found.append(searcher.doc_count())
    return found


@pytest.mark.parametrize("optimized", [False, True], ids=["segments", "optimized"])
@pytest.mark.parametrize("kept", ["memory", "folder"])
def test_our_codec_answers_as_the_stock_codec(tmp_path: Path, kept: str, optimized: bool) -> None:
    stock = _filled(RamStorage().create_index(SCHEMA), None)
    ours = _filled(RamStorage().create_index(SCHEMA) if kept == "memory" else index.create_in(str(tmp_path), SCHEMA), MarbreCodec())
    if optimized:
        stock.writer().commit(optimize=True)
        ours.writer(codec=MarbreCodec()).commit(optimize=True)
    assert _answers(ours) == _answers(stock)
    if kept == "folder":
        segments = sorted(tmp_path.glob("*.m*"))
        assert all(path.suffix == ".mseg" and verify_container(path) == [] for path in segments)
        assert len(segments) == (1 if optimized else 4)


def test_what_a_cancelled_writer_leaves_is_gone_after_the_next_commit(tmp_path: Path) -> None:
    ix = index.create_in(str(tmp_path), SCHEMA)
    writer = ix.writer(codec=MarbreCodec())
    writer.add_document(**_row(1))
    writer.cancel()
    with ix.writer(codec=MarbreCodec()) as writer:
        writer.add_document(**_row(2))
    assert len(list(tmp_path.glob("*.m*"))) == 1
    with ix.searcher() as searcher:
        assert [hit["id"] for hit in searcher.search(query.Every(), limit=None)] == ["2"]


def test_a_document_that_fails_leaves_no_trace() -> None:
    ix = RamStorage().create_index(SCHEMA)
    writer = ix.writer(codec=MarbreCodec())
    writer.add_document(**_row(1))
    with pytest.raises(ValueError, match="plain value"):
        writer.add_document(_stored_body=object(), body="zulu")
    writer.add_document(**_row(2))
    writer.commit()
    with ix.searcher() as searcher:
        assert [hit["id"] for hit in searcher.search(query.Every(), limit=None, sortedby="number")] == ["1", "2"]
        assert searcher.reader().doc_field_length(1, "body") == len(_row(2)["body"].split())


def test_vectors_and_characters_come_back() -> None:
    ix = _filled(RamStorage().create_index(SCHEMA), MarbreCodec())
    with ix.reader() as reader:
        number = next(number for number, stored in reader.iter_docs() if stored["id"] == "11")
        words = _row(11)["body"].split()
        assert dict(reader.vector_as("frequency", number, "body")) == {word: words.count(word) for word in words}
        matcher = reader.postings("title", "bravo")
        assert [span.startchar for span in matcher.spans()] == [0]


def test_the_state_of_a_segment_is_plain_and_keeps_its_deletions() -> None:
    segment = MarbreSegment("MAIN", doc_count=20)
    for number in (0, 7, 8, 19):
        segment.delete_document(number)
    segment.delete_document(8, delete=False)
    state = segment.__getstate__()
    assert {type(value) for value in state.values()} <= {str, int, bytes}
    again = pickle.loads(pickle.dumps(segment))
    assert (list(again.deleted_docs()), again.deleted_count(), again.doc_count()) == ([0, 7, 19], 3, 17)
    assert (again.segment_id(), again.file_name) == (segment.segment_id(), segment.file_name)
    with pytest.raises(IndexError):
        segment.delete_document(20)


@given(documents(least=1, most=6))
def test_whoosh_reads_the_segments_of_our_own_writer(rows: list[Document]) -> None:
    import tempfile

    schema = fields.Schema(
        body=fields.TEXT, body_exact=fields.TEXT, newspaper=fields.ID(sortable=True), doc_id=fields.STORED, words=fields.STORED
    )
    with tempfile.TemporaryDirectory() as folder:
        segment = MarbreSegment("MAIN", "0123456789abcdef", len(rows))
        write_segment(Path(folder) / segment.file_name, segment_data(rows))
        reader = WhooshReader(FileStorage(folder), schema, segment)
        for name, of in (("body_exact", str), ("body", class_of)):
            for term, lists in inverted(rows, of).items():
                matcher = reader.postings(name, term)
                assert list(matcher.items_as("positions")) == [(doc, sorted(places)) for doc, places in lists]
                assert reader.doc_frequency(name, term) == len(lists)
                assert reader.frequency(name, term) == sum(len(places) for _, places in lists)
        assert [stored["doc_id"] for stored in reader.all_stored_fields()] == [row.doc_id for row in rows]
        assert [reader.column_reader("newspaper")[number] for number in range(len(rows))] == [row.newspaper for row in rows]
        reader.close()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.lists(inner).map(tuple) | st.sets(st.integers()),
)


@given(PLAIN)
def test_plain_values_come_back_of_the_same_type(value: Any) -> None:
    found = decode_value(encode_value(value))
    assert (found, type(found)) == (value, type(value))


def test_other_values_are_refused_when_written() -> None:
    assert decode_value(encode_value({"\x00type": ["bytes", 1]})) == {"\x00type": ["bytes", 1]}
    assert decode_value(encode_value(decimal.Decimal("1.50"))) == decimal.Decimal("1.50")
    with pytest.raises(ValueError, match="plain value expected"):
        encode_value(object())
