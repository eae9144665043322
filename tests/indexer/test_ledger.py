"""Does the ledger say what came from which file, after any number of commits, and is every byte of it looked after?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from archivist import index_folder, ledger_of, record, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import IndexCorrupt
from indexer.generations import open_snapshot, write_session
from indexer.ledger import LEDGER_SUFFIX, FileRecord, Ledger, Refusal, Row
from indexer.verify import check

NAMES = ("/a", "/b", "/c")


@given(
    st.lists(st.tuples(st.sampled_from(["read", "put", "remove", "write", "half"]), st.sampled_from(NAMES), st.integers(0, 4)), max_size=25)
)
@settings(max_examples=60)
def test_a_ledger_of_many_commits_reads_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    model: dict[str, list[str]] = {}
    with write_session(tmp_path_factory.mktemp("ledger") / "index") as session:
        ledger = Ledger(session.folder)
        names: tuple[str, ...] = ()
        for step, (what, name, count) in enumerate(steps):
            if what in ("read", "half"):
                ledger.begin(FileRecord(name, name, size=step))
                model[name] = [f"{step}-{number}" for number in range(count)]
                for number, doc_id in enumerate(model[name]):
                    ledger.add(Row(doc_id, f"line {number}", "d" * 16))
                    if what == "half" and number == 1:
                        names = ledger.write(session)
                ledger.end()
            elif what == "put" and (known := ledger.record(name)) is not None:
                ledger.put(known)
            elif what == "remove" and name in model:
                ledger.remove(name)
                del model[name]
            elif what == "write":
                names = ledger.write(session)
        names = ledger.write(session)
        for seen in (ledger, Ledger(session.folder, names)):
            assert {one.name: [row.doc_id for row in seen.rows(one.name)] for one in seen.records()} == model
            assert {one.name: one.articles for one in seen.records()} == {name: len(rows) for name, rows in model.items()}
        assert len(names) <= 6


def test_rows_and_refusals_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [Row("n1", "line 1", "ab" * 8), Row("essor-1", "", "cd" * 8, "0123456789abcdef"), Row("n3", "line 9", "ef" * 8, "", True)]
    refusal = Refusal("line 4", "pas du JSON", "réparez « la ligne »")
    with write_session(tmp_path / "index") as session:
        ledger = Ledger(session.folder)
        ledger.begin(FileRecord("/x.jsonl", "x.jsonl", 12, 34, "f" * 32))
        for row in rows:
            ledger.add(row)
        ledger.refuse(refusal)
        ledger.end(reader="records.read_json_lines")
        again = Ledger(session.folder, ledger.write(session))
        assert list(again.rows("/x.jsonl")) == rows
        assert list(again.refusals("/x.jsonl")) == [refusal]
        found = again.record("/x.jsonl")
        assert found is not None
        assert (found.articles, found.missing, found.rejected, found.reader, found.state) == (2, 1, 1, "records.read_json_lines", "whole")


def test_thirty_years_of_daily_commits_leave_a_handful_of_files(tmp_path: Path) -> None:
    with write_session(tmp_path / "index") as session:
        ledger = Ledger(session.folder)
        for day in range(300):
            ledger.begin(FileRecord(f"/{day}", str(day)))
            ledger.add(Row(f"n{day}", "", f"{random.Random(day).getrandbits(64):016x}"))
            ledger.end()
            names = ledger.write(session)
        assert len(names) <= 10
        assert len(list(session.folder.glob(f"*{LEDGER_SUFFIX}"))) == len(names)  # merged ones of the same session are gone
        assert sum(1 for _ in Ledger(session.folder, names).records()) == 300


def test_every_flipped_byte_of_the_ledger_is_found_and_named(tmp_path: Path) -> None:
    location = tmp_path / "index"
    index_folder(write_jsonl(tmp_path / "a.jsonl", [record(1), record(2), "kaputt"]), location)
    assert check(location, deep=True) == []
    snapshot = open_snapshot(location)
    path = snapshot.path(snapshot.manifest.facts["ledger"][0])
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert [problem.file.rpartition("/")[2] for problem in check(location, deep=True)] == [path.name]
    path.write_bytes(whole)
    assert check(location, deep=True) == []


def test_a_damaged_ledger_is_refused_in_one_line_and_never_read_wrong(tmp_path: Path) -> None:
    location = tmp_path / "index"
    index_folder(write_jsonl(tmp_path / "a.jsonl", [record(number) for number in range(3)]), location)
    snapshot = open_snapshot(location)
    path = snapshot.path(snapshot.manifest.facts["ledger"][0])
    whole = path.read_bytes()
    expected = [row for one in ledger_of(location).records() for row in ledger_of(location).rows(one.name)]
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            ledger = Ledger(snapshot.folder, [path.name])
            found = [row for one in ledger.records() for row in ledger.rows(one.name)]
        except IndexCorrupt as error:
            assert "\n" not in str(error)
        else:
            assert found == expected
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(IndexCorrupt):
            Ledger(snapshot.folder, [path.name])
