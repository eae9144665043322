"""Does ``check`` see every damaged byte and name its file, and is a backup a whole generation whoever is writing?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from codec_model import Document, segment_data

from bench.disk_faults import QuickDisk
from bench.toy_index import SCHEMA, add_articles, articles_in, articles_of, commit_segments, write_articles
from corpus.errors import IndexCorrupt, IndexMissing, IndexProblem
from indexer.backup import backup, restore
from indexer.codec.segment import SegmentData, write_segment
from indexer.codec.whoosh_codec import MarbreSegment
from indexer.generations import Commit, current_generation, open_snapshot, rollback, segment_entry, write_session
from indexer.verify import check

QUICK = QuickDisk()


def _commit_segment(location: Path, data: SegmentData, *, rebuild: bool = False, announced: int | None = None) -> None:
    """Commit one real segment, with as many documents as are announced."""
    with write_session(location, rebuild=rebuild, files=QUICK) as session:
        segid = session.new_segment_id()
        file = f"MAIN_{segid}.mseg"
        write_segment(session.folder / file, replace(data, segment_id=segid.encode()))
        segment = MarbreSegment("MAIN", segid, data.max_doc if announced is None else announced)
        entry = segment_entry(segment, [file])
        session.commit(Commit((entry,), SCHEMA, (segment,), schema_version=1, analysis="x", articles=entry.doc_count))


def _three(word: str) -> SegmentData:
    """Return the smallest segment that has texts: three documents."""
    data = segment_data([Document(f"d{number}", (word,)) for number in range(3)])
    fields = {"body_exact": data.fields["body_exact"]}
    return replace(data, fields=fields, ordinals={}, days={}, headers=[], header_keys=(), stored=None)


@pytest.fixture
def location(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    _commit_segment(path, _three("le"))
    _commit_segment(path, _three("la"), rebuild=True)
    return path


def test_a_sound_index_has_no_problem(location: Path) -> None:
    assert check(location) == []
    assert check(location, deep=True) == []


def test_every_flipped_byte_is_seen_and_its_file_named(tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["former"], files=QUICK)
    _commit_segment(location, _three("le"), rebuild=True)
    random = Random(8)
    flips = 0
    for path in sorted(path for path in location.rglob("*") if path.is_file()):
        name = path.relative_to(location).as_posix()
        data = path.read_bytes()
        for place in range(len(data)):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :])
            kind = "former" if name.startswith("g00000001") else "damage"
            assert name in {problem.file for problem in check(location, deep=True) if problem.kind == kind}, f"{name}, byte {place}"
            flips += 1
        path.write_bytes(data)
    assert flips > 2500
    assert check(location, deep=True) == []


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _extend(path: Path) -> None:
    os.truncate(path, path.stat().st_size + 1)


@pytest.mark.parametrize("damage", [_cut, _extend, Path.unlink], ids=["cut", "extended", "removed"])
def test_a_file_of_another_length_is_seen_without_reading_it(location: Path, damage: Callable[[Path], object]) -> None:
    for path in sorted(path for path in location.rglob("*") if path.is_file() and path.name != "lock"):
        data = path.read_bytes()
        damage(path)
        if path.name.startswith("manifest") and not path.exists():
            assert [problem for problem in check(location) if problem.file.startswith(path.parent.name)]
        else:
            assert path.relative_to(location).as_posix() in {problem.file for problem in check(location)}
        path.write_bytes(data)
    assert check(location, deep=True) == []


def test_files_swapped_between_segments_are_seen(location: Path) -> None:
    one, other = sorted(location.glob("*/*.mseg"))
    one_bytes, other_bytes = one.read_bytes(), other.read_bytes()
    assert len(one_bytes) == len(other_bytes)
    one.write_bytes(other_bytes)
    other.write_bytes(one_bytes)
    assert {problem.file for problem in check(location, deep=True)} == {path.relative_to(location).as_posix() for path in (one, other)}


def test_the_damaged_section_is_named(location: Path) -> None:
    snapshot = open_snapshot(location)
    path = snapshot.path(snapshot.manifest.segments[0].file)
    data = bytearray(path.read_bytes())
    data[data.index(b"d0\nd1\nd2\n")] ^= 1
    path.write_bytes(data)
    (problem,) = check(location, deep=True)
    assert problem.section == "section terms/doc-id"
    assert str(problem) == f"g00000002/{path.name}, section terms/doc-id: checksum differs in 1 of 1 chunks, first at byte 0"


def test_a_segment_that_was_written_wrongly_is_seen_though_its_checksums_are_right(tmp_path: Path) -> None:
    data = _three("le")
    exact = data.fields["body_exact"]
    wrong = {**data.fields, "body_exact": replace(exact, docs=np.array([0, 2, 2], dtype=np.int32))}
    _commit_segment(tmp_path / "index", replace(data, fields=wrong))
    assert check(tmp_path / "index") == []
    problems = check(tmp_path / "index", deep=True)
    assert ("section postings/body_exact", "the documents of a term do not ascend") in {(one.section, one.what) for one in problems}


def test_a_segment_that_holds_fewer_documents_than_announced_is_seen(tmp_path: Path) -> None:
    _commit_segment(tmp_path / "index", _three("le"), announced=4)
    assert [(one.section, one.what) for one in check(tmp_path / "index", deep=True)] == [("section meta", "3 documents found, 4 expected")]


def test_damage_that_only_rollback_would_meet_is_told_and_the_archive_is_not_called_damaged(tmp_path: Path) -> None:
    write_articles(tmp_path / "index", ["a"], files=QUICK)
    write_articles(tmp_path / "index", ["b"], files=QUICK)
    write_articles(tmp_path / "index", ["c"], rebuild=True, files=QUICK)
    write_articles(tmp_path / "index", ["d"], files=QUICK)
    for folder, name, kind in (
        ("g00000001", "_MAIN_2.toc", "former"),
        ("g00000002", "_MAIN_3.toc", "former"),
        ("g00000002", "manifest-3.json", "former"),
        ("g00000002", "_MAIN_4.toc", "damage"),
    ):
        path = tmp_path / "index" / folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        told = [one for one in check(tmp_path / "index") if one.kind != "leftover"]
        assert [(one.file, one.kind) for one in told] == [(f"{folder}/{name}", kind)]
        assert ("rollback" in str(told[0])) == (kind == "former")
        path.write_bytes(data)


def test_what_nothing_names_is_a_leftover_and_not_damage(location: Path) -> None:
    (location / "notes.txt").write_text("x")
    (location / "g00000002/left.seg").write_text("x")
    assert {(problem.file, problem.kind) for problem in check(location)} == {("notes.txt", "leftover"), ("g00000002/left.seg", "leftover")}
    with write_session(location) as session:
        session.open_file("half.seg").write(b"x")
        assert check(location, deep=True) == []  # while somebody writes, unnamed files are no news


def test_a_toc_that_disagrees_with_the_manifest_is_seen(location: Path) -> None:
    with write_session(location, files=QUICK) as session:
        entry, _ = add_articles(session, ["a"])
        stranger = MarbreSegment("MAIN", "0" * 16, 9)
        session.commit(Commit((entry,), SCHEMA, (stranger,), schema_version=1, analysis="x", articles=5))
    assert {problem.section for problem in check(location)} == {"table of contents", "articles"}


def test_a_backup_is_a_whole_index_and_comes_back(location: Path, tmp_path: Path) -> None:
    generation = current_generation(location)
    copy = backup(location, tmp_path / "safe")
    assert copy.generation == generation
    assert check(tmp_path / "safe", deep=True) == []
    shutil.rmtree(location)
    assert restore(tmp_path / "safe", location).generation == generation
    assert check(location, deep=True) == []
    assert [file for file in open_snapshot(location).manifest.files if file.name.endswith(".mseg")] == [
        file for file in copy.manifest.files if file.name.endswith(".mseg")
    ]


def test_a_backup_is_refreshed_in_one_step_and_a_restore_can_be_rolled_back(tmp_path: Path) -> None:
    location, safe = tmp_path / "index", tmp_path / "safe"
    write_articles(location, ["a"], files=QUICK)
    backup(location, safe)
    write_articles(location, ["b"], files=QUICK)
    backup(location, safe)
    assert articles_in(safe) == {"a", "b"}
    write_articles(location, ["bad"], rebuild=True, files=QUICK)
    restore(safe, location)
    assert articles_in(location) == {"a", "b"}
    rollback(location)
    assert articles_in(location) == {"bad"}


def test_a_damaged_index_is_not_copied(location: Path, tmp_path: Path) -> None:
    path = open_snapshot(location).path(open_snapshot(location).manifest.segments[0].file)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexCorrupt, match="not what was written"):
        backup(location, tmp_path / "safe")
    assert not (tmp_path / "safe").exists()


@pytest.mark.parametrize("target", ["index", "index/inside", "."])
def test_a_copy_into_itself_is_refused(target: str, location: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexProblem, match="one is inside the other"):
        backup(location, tmp_path / target)


def test_a_backup_never_overwrites_what_is_not_a_backup(location: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("x")
    with pytest.raises(IndexProblem, match="not empty"):
        backup(location, tmp_path / "home")
    with pytest.raises(IndexMissing):
        restore(tmp_path / "home", location)


def _writer_in_child(location: Path, commits: int) -> int:
    child = os.fork()
    if child == 0:
        for number in range(commits):
            with write_session(location, rebuild=number % 7 == 6, files=QUICK) as session:
                commit_segments(session, [add_articles(session, [f"{number}-{part}"], noise_bytes=3000) for part in range(4)])
        os._exit(0)
    return child


def _is_running(child: int) -> bool:
    return os.waitpid(child, os.WNOHANG) == (0, 0)


def test_a_backup_of_an_index_that_is_being_written_is_one_generation(tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["0"], files=QUICK)
    child = _writer_in_child(location, 120)
    copies = 0
    while _is_running(child):
        target = tmp_path / f"safe{copies}"
        copy = backup(location, target, files=QUICK)
        assert len({name.partition("-")[0] for name in articles_of(copy)}) == 1
        assert check(target, deep=True) == []
        copies += 1
    assert copies > 3


def test_a_plain_copy_of_an_index_that_is_being_written_is_whole_or_told_incomplete(tmp_path: Path) -> None:
    """As ``cp -r`` and ``rsync`` do: list, then copy file after file while they change."""
    location = tmp_path / "index"
    write_articles(location, ["0"], files=QUICK)
    child = _writer_in_child(location, 200)
    copies = 0
    while _is_running(child):
        target = tmp_path / f"copy{copies}"
        copies += 1
        for folder, _, names in os.walk(location):
            place = target / Path(folder).relative_to(location)
            place.mkdir(exist_ok=True)
            for name in names:
                try:
                    (place / name).write_bytes((Path(folder) / name).read_bytes())
                except FileNotFoundError:
                    continue
        if not [problem for problem in check_or_missing(target) if problem]:
            assert len({name.partition("-")[0] for name in articles_in(target) or {"0"}}) == 1
    assert copies > 3


def check_or_missing(target: Path) -> list[str]:
    try:
        return [str(problem) for problem in check(target, deep=True) if problem.kind == "damage"]
    except IndexMissing:
        return ["no index"]
