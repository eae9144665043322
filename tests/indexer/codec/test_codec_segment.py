"""Does a segment say exactly what was written into it, and nothing at all when a byte of it is wrong?"""

from __future__ import annotations

import contextlib
import dataclasses
import fnmatch
import itertools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from codec_model import Document, answers, class_of, documents, facet_values, inverted, segment_data, written
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.codec.checking import verify_segment
from indexer.codec.columns import LENGTH_TABLE, NO_DAY, length_codes
from indexer.codec.postings import LONG_LIST
from indexer.codec.segment import FieldData, SegmentData, SegmentReader, write_segment
from indexer.codec.stored import json_bytes, read_texts
from indexer.codec.terms import edit_distances

FEW = [
    Document("a", ("le", "préfet", "le", "préfets"), "L’Essor", ("Awa Sow", "M. Keïta"), 20_000, (1, 1, 70_000)),
    Document("b", (), "", (), None),
    Document("c", ("école", "préfets"), "Nord Info", (), -3),
    Document("d", ("écoles",) * 5, "L’Essor", ("Awa Sow",), 20_001),
]


@given(documents())
def test_a_segment_reads_as_its_documents(rows: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        reader = written(Path(folder), rows)
        for name, of in (("body_exact", str), ("body", class_of)):
            expected = inverted(rows, of)
            assert reader.terms(name) == sorted(expected, key=str.encode)
            assert reader.total_length(name) == sum(len(row.words) for row in rows)
            for term, lists in expected.items():
                docs, freqs = reader.postings(name, term) or ((), ())
                assert list(zip(docs, freqs, strict=True)) == [(doc, len(positions)) for doc, positions in lists]
                docs, offsets, positions = reader.positions(name, term) or ((), (), ())
                spans = [positions[a:b].tolist() for a, b in itertools.pairwise(offsets)]
                assert list(zip(docs.tolist(), spans, strict=True)) == [(doc, sorted(places)) for doc, places in lists]
                assert reader.doc_freq(name, term) == len(lists)
        assert facet_values(reader, "newspaper") == [[row.newspaper] if row.newspaper else [] for row in rows]
        assert facet_values(reader, "bylines") == [list(row.bylines) for row in rows]
        assert reader.days("published").tolist() == [NO_DAY if row.day is None else row.day for row in rows]
        assert [reader.doc_num(row.doc_id) for row in rows] == list(range(len(rows)))
        assert [reader.stored(number)["words"] for number in range(len(rows))] == [list(row.words) for row in rows]
        assert [reader.header(number)["newspaper"] for number in range(len(rows))] == [row.newspaper for row in rows]


def test_what_is_not_there_is_none_or_empty(tmp_path: Path) -> None:
    reader = written(tmp_path, FEW)
    assert reader.postings("body", "absent") is None
    assert reader.positions("nowhere", "le") is None
    assert reader.doc_freq("nowhere", "le") == 0
    assert reader.doc_num("z") is None
    assert reader.terms("nowhere") == []
    assert reader.ordinals("tags").ordinals.tolist() == [0, 0, 0, 0]
    assert reader.lengths("nowhere").tolist() == [0, 0, 0, 0]
    with pytest.raises(IndexError):
        reader.stored(4)


@pytest.mark.parametrize("count", [LONG_LIST - 1, LONG_LIST, LONG_LIST + 63, 3 * LONG_LIST + 1])
def test_long_lists_read_one_by_one_and_all_at_once(tmp_path: Path, count: int) -> None:
    rng = np.random.default_rng(count)
    docs = np.sort(rng.choice(40_000, count, replace=False)).astype(np.int32)
    freqs = rng.integers(1, 4, count)
    positions = np.concatenate([np.sort(rng.choice(3_000, n, replace=False)) for n in freqs])
    field = FieldData(
        terms=[b"a", b"b"],
        starts=np.array([0, count, count + 1]),
        docs=np.append(docs, 7),
        freqs=np.append(freqs, 1),
        positions=np.append(positions, 99),
    )
    write_segment(tmp_path / "a.mseg", SegmentData(segment_id=b"0" * 16, max_doc=40_000, fields={"body": field}))
    reader = SegmentReader.open(tmp_path / "a.mseg")
    found, offsets, places = reader.positions("body", "a") or ((), (), ())
    assert (found.tolist(), np.diff(offsets).tolist(), places.tolist()) == (docs.tolist(), freqs.tolist(), positions.tolist())
    both = np.sort(np.append(np.repeat(docs.astype(np.int64), freqs) << 32 | positions, 7 << 32 | 99))
    assert reader.lists("body").keys([1, 0]).tolist() == both.tolist()
    starts, every, counts, all_places = reader.lists("body").portion(0, 2)
    assert starts.tolist() == [0, count, count + 1]
    assert (every[:-1].tolist(), counts[:-1].tolist(), all_places[:-1].tolist()) == (docs.tolist(), freqs.tolist(), positions.tolist())


def test_every_cut_and_every_changed_byte_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    expected = answers(written(tmp_path, FEW))
    data = (tmp_path / "a.mseg").read_bytes()
    path = tmp_path / "b.mseg"
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            assert answers(SegmentReader.open(path)) == expected
        except (IndexCorrupt, IndexForeign) as error:
            assert "b.mseg" in str(error)
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(IndexCorrupt):
            SegmentReader.open(path)


@settings(max_examples=200)
@given(st.data())
def test_noise_with_right_checksums_is_never_more_than_an_error(data: st.DataObject) -> None:
    """A forged file may say other things, but not crash, hang or allocate: each section replaced by noise in turn."""
    from io import BytesIO

    from indexer.codec.framing import Container, ContainerWriter

    with tempfile.TemporaryDirectory() as folder:
        container = written(Path(folder), FEW).container
        sections = {name: bytes(container.section(name).data) for name in container.names()}
    name = data.draw(st.sampled_from(sorted(set(sections) - {"meta"})))
    noise = data.draw(st.binary(min_size=len(sections[name]), max_size=len(sections[name])))
    stream = BytesIO()
    out = ContainerWriter(stream, b"0" * 16)
    for part, content in sections.items():
        out.add(part, noise if part == name else content)
    out.finish()
    with contextlib.suppress(IndexCorrupt):
        answers(SegmentReader(Container(stream.getvalue(), "forged.mseg")))


@given(st.lists(st.text("abé*?.", min_size=1, max_size=4), unique=True, min_size=1), st.text("ab*?é.", min_size=1, max_size=5))
def test_a_pattern_covers_what_it_says(words: list[str], glob: str) -> None:
    terms = sorted(word.encode() for word in words)
    with tempfile.TemporaryDirectory() as folder:
        field = FieldData(terms=terms, starts=np.arange(len(terms) + 1), docs=np.zeros(len(terms), dtype=np.int32))
        write_segment(Path(folder) / "a.mseg", SegmentData(segment_id=b"0" * 16, max_doc=1, fields={"f": field}))
        found, truncated = SegmentReader.open(Path(folder) / "a.mseg").expand_glob("f", glob, 1000)
    assert not truncated
    assert found == [term.decode() for term in terms if fnmatch.fnmatchcase(term.decode(), glob.replace("[", "[[]"))]


def test_a_cap_keeps_the_most_frequent_terms_and_says_so(tmp_path: Path) -> None:
    reader = written(tmp_path, FEW)
    terms, told = reader.expand_glob("body_exact", "*", 1_000)
    assert not told
    by_frequency = sorted(terms, key=lambda term: (-reader.doc_freq("body_exact", term), terms.index(term)))
    for cap in range(1, len(terms)):
        assert reader.expand_glob("body_exact", "*", cap) == (sorted(by_frequency[:cap]), True)
    assert reader.doc_freq("body_exact", by_frequency[0]) > reader.doc_freq("body_exact", by_frequency[-1])
    assert reader.starting("body_exact", "pré", 1) == [("préfets", 2)]
    assert reader.expand_fuzzy("body_exact", "préfat", 1, 9) == (["préfet"], False)
    assert reader.expand_fuzzy("body_exact", "préfte", 1, 9) == (["préfet"], False)


def _plain_distance(a: str, b: str) -> int:
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc", max_size=6), st.lists(st.text("abc", max_size=7), max_size=8))
def test_distances_of_many_words_are_those_of_each(word: str, others: list[str]) -> None:
    assert edit_distances(word, others).tolist() == [_plain_distance(word, other) for other in others]


def test_lengths_are_exact_when_short_and_near_when_long() -> None:
    assert LENGTH_TABLE[length_codes(np.arange(41))].tolist() == list(range(41))
    lengths = np.unique(np.geomspace(41, 440_000, 500).astype(np.int64))
    kept = LENGTH_TABLE[length_codes(lengths)].astype(np.int64)
    assert (kept <= lengths).all()
    assert ((lengths - kept) * 16 <= lengths).all()
    assert LENGTH_TABLE[length_codes(np.array([10**9]))][0] == LENGTH_TABLE[-1]


def test_threads_that_share_a_reader_read_the_same(tmp_path: Path) -> None:
    rows = [Document(str(number), ("le", f"mot{number}"), "L’Essor") for number in range(400)]
    reader = written(tmp_path, rows)
    expected = answers(SegmentReader.open(tmp_path / "a.mseg"))
    with ThreadPoolExecutor(8) as threads:
        assert all(found == expected for found in threads.map(lambda _: answers(reader), range(8)))


def test_unsorted_terms_are_refused(tmp_path: Path) -> None:
    field = FieldData(terms=[b"b", b"a"], starts=np.arange(3), docs=np.zeros(2, dtype=np.int32))
    with pytest.raises(ValueError, match="not sorted"):
        write_segment(tmp_path / "a.mseg", SegmentData(segment_id=b"0" * 16, max_doc=1, fields={"f": field}))
    assert list(tmp_path.iterdir()) == []


def test_a_segment_of_no_documents_is_read(tmp_path: Path) -> None:
    reader = written(tmp_path, [])
    assert (reader.max_doc, reader.terms("body")) == (0, [])
    assert segment_data([]).max_doc == 0


@given(documents())
def test_a_sound_segment_passes_the_deep_check(rows: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), rows)
        assert verify_segment(Path(folder) / "a.mseg") == []


def test_the_deep_check_sees_what_checksums_cannot(tmp_path: Path) -> None:
    data = segment_data(FEW)
    body = data.fields["body"]  # type: ignore[index]
    wrong = dataclasses.replace(body, forms=dataclasses.replace(body.forms, classes=np.roll(body.forms.classes, 1)))
    write_segment(tmp_path / "a.mseg", dataclasses.replace(data, fields={**data.fields, "body": wrong}))
    assert ["section forms/body" in problem for problem in verify_segment(tmp_path / "a.mseg")] == [True]


def test_a_file_of_another_segment_is_refused(tmp_path: Path) -> None:
    written(tmp_path, FEW)
    with pytest.raises(IndexCorrupt, match="expected"):
        SegmentReader.open(tmp_path / "a.mseg", segment_id=b"f" * 16)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doc_ids": ["a"]}, "doc_ids: 1 documents found, 4 expected"),
        ({"headers": []}, "headers: 0 documents"),
        ({"max_doc": 3}, "4 documents found, 3 expected"),
    ],
    ids=["identities", "headers", "documents"],
)
def test_data_of_the_wrong_size_is_refused_before_anything_is_written(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_segment(tmp_path / "a.mseg", dataclasses.replace(segment_data(FEW), **change))
    assert list(tmp_path.iterdir()) == []


def test_an_article_read_for_its_texts_has_those_of_the_whole_one(tmp_path: Path) -> None:
    rows = [{"body": "L’école", "extra": {"n": 2**70}}, {"body": "\ud800 seul"}, {"body": "Rien"}]
    assert [read_texts(json_bytes(row)) for row in rows[1:]] == [None, rows[2]]
    assert (read_texts(json_bytes(rows[0])) or {})["body"] == "L’école"
    assert [read_texts(row) for row in (b"[1]", b"{", b"")] == [None, None, None]
    reader = written(tmp_path, FEW)
    assert [reader.stored_texts(number) for number in range(len(FEW))] == [reader.stored(number) for number in range(len(FEW))]
