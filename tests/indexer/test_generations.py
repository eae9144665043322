"""Do readers and writers meet safely? What is opened, kept, removed, refused; links, pipes and pickles planted by a stranger."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.disk_faults import QuickDisk
from bench.toy_index import add_articles, articles_in, commit_segments, old_segments, write_articles
from corpus.errors import IndexCorrupt, IndexForeign, IndexLocked, IndexMissing, IndexProblem
from indexer.generations import (
    Snapshot,
    change_marks,
    current_generation,
    expect_made_with,
    open_snapshot,
    require_space,
    rollback,
    write_session,
)
from indexer.verify import check

QUICK = QuickDisk()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def location(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    write_articles(path, ["a", "b"], files=QUICK)
    write_articles(path, ["c"], files=QUICK)
    return path


def test_a_commit_is_what_the_next_reader_opens(location: Path) -> None:
    snapshot = open_snapshot(location)
    assert (snapshot.generation, snapshot.manifest.articles, snapshot.notes) == (2, 3, ())
    assert articles_in(location) == {"a", "b", "c"}
    assert current_generation(location) == 2


def test_there_is_no_index_in_a_missing_an_empty_and_a_strange_place(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name in ("missing", "empty", "file"):
        for ask in (open_snapshot, current_generation, rollback, check):
            with pytest.raises(IndexMissing):
                ask(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


def test_a_folder_with_other_files_is_never_taken_for_an_index(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(IndexProblem, match=r"not empty \(it holds thesis.txt\)"):
        write_articles(tmp_path, ["a"], rebuild=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("thesis.txt", "years of work")]


def test_leaving_without_commit_leaves_no_trace(location: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for place, rebuild in ((location, False), (location, True), (tmp_path / "new", False)):
        with write_session(place, rebuild=rebuild) as session:
            add_articles(session, ["lost"])
            session.open_file("unfinished").write(b"x")
        with pytest.raises(KeyError), write_session(place, rebuild=rebuild) as session:
            add_articles(session, ["lost"])
            raise KeyError
        assert sorted(tmp_path.rglob("*")) == before


def test_several_commits_of_one_session_leave_the_last_two(location: Path) -> None:
    with write_session(location, files=QUICK) as session:
        segments = old_segments(session)
        for name in "defg":
            segments.append(add_articles(session, [name]))
            commit_segments(session, segments)
        assert session.leftovers == []
    assert articles_in(location) == set("abcdefg")
    assert check(location, deep=True) == []
    assert sorted(path.name for path in location.glob("*/*.json")) == ["manifest-5.json", "manifest-6.json"]


def test_a_commit_that_no_reader_could_open_is_refused(location: Path) -> None:
    with write_session(location, files=QUICK) as session:
        entry, stock = add_articles(session, ["d"])
        with pytest.raises(IndexCorrupt, match="bytes of deletions expected"):
            commit_segments(session, [(replace(entry, deletions=b"too long"), stock)])
    assert articles_in(location) == {"a", "b", "c"}
    assert check(location, deep=True) == []


def test_a_rebuild_is_invisible_until_its_commit(location: Path) -> None:
    with write_session(location, rebuild=True, files=QUICK) as session:
        segment = add_articles(session, ["z"])
        assert articles_in(location) == {"a", "b", "c"}
        commit_segments(session, [segment])
        assert articles_in(location) == {"z"}
    assert current_generation(location) == 3


def test_only_one_rebuild_is_kept(location: Path) -> None:
    for name in "xyz":
        write_articles(location, [name], rebuild=True, files=QUICK)
    assert sorted(path.name for path in location.iterdir()) == ["current", "g00000003", "g00000004", "lock"]


def test_rollback_goes_back_and_back_again_under_new_numbers(location: Path) -> None:
    assert rollback(location).generation == 3
    assert articles_in(location) == {"a", "b"}
    assert rollback(location).generation == 4
    assert articles_in(location) == {"a", "b", "c"}
    assert check(location, deep=True) == []


def test_rollback_undoes_a_rebuild_even_after_updates(location: Path) -> None:
    write_articles(location, ["z"], rebuild=True, files=QUICK)
    write_articles(location, ["zz"], files=QUICK)
    snapshot = rollback(location, to="rebuild")
    assert (snapshot.folder.name, snapshot.generation) == ("g00000001", 5)
    assert articles_in(location) == {"a", "b", "c"}
    rollback(location)
    assert articles_in(location) == {"z", "zz"}
    assert check(location, deep=True) == []


def test_rollback_says_when_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    write_articles(tmp_path / "index", ["a"])
    with pytest.raises(IndexProblem, match="nothing to go back to"):
        rollback(tmp_path / "index")
    with pytest.raises(IndexProblem, match="nothing to go back to"):
        rollback(tmp_path / "index", to="rebuild")
    assert articles_in(tmp_path / "index") == {"a"}


def test_rollback_refuses_a_generation_that_is_damaged(location: Path) -> None:
    write_articles(location, ["z"], rebuild=True, files=QUICK)
    victim = next((location / "g00000001").glob("*.toy"))
    victim.write_bytes(bytes(victim.stat().st_size))
    with pytest.raises(IndexCorrupt, match="wrong checksum"):
        rollback(location)
    assert articles_in(location) == {"z"}


def test_a_damaged_manifest_is_passed_over_and_said_and_stops_writers(location: Path) -> None:
    manifest = location / "g00000001/manifest-2.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"toy", b"joy"))
    snapshot = open_snapshot(location)
    assert snapshot.generation == 1
    assert snapshot.fallback is not None
    assert "generation 2 is damaged" in snapshot.fallback
    with pytest.raises(IndexCorrupt, match="generation 2 is damaged"), write_session(location):
        pass
    assert manifest.exists()  # evidence is not cleaned away
    assert rollback(location).generation == 3
    assert articles_in(location) == {"a", "b"}
    assert check(location, deep=True) == []


@pytest.mark.parametrize("change", [-1, 1], ids=["cut", "lengthened"])
def test_a_generation_with_a_file_of_another_length_is_passed_over_and_said(location: Path, change: int) -> None:
    snapshot = open_snapshot(location)
    path = snapshot.path(snapshot.manifest.segments[-1].file)
    os.truncate(path, path.stat().st_size + change)
    older = open_snapshot(location)
    assert older.generation == 1
    assert older.fallback is not None
    assert f"{path.name}: {path.stat().st_size} bytes found, {path.stat().st_size - change} expected" in older.fallback


def test_a_damaged_index_can_be_rebuilt(location: Path) -> None:
    for path in location.glob("*/*.json"):
        path.write_bytes(b"{}")
    with pytest.raises(IndexCorrupt):
        open_snapshot(location)
    write_articles(location, ["new"], rebuild=True, files=QUICK)
    assert articles_in(location) == {"new"}


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"g00000001 - 00000000\n")], ids=["lost", "damaged"])
def test_a_pointer_is_found_again_from_the_generations(location: Path, damage: Callable[[Path], object]) -> None:
    write_articles(location, ["z"], rebuild=True, files=QUICK)
    damage(location / "current")
    snapshot = open_snapshot(location)
    assert snapshot.folder.name == "g00000002"
    assert "pointer file" in snapshot.notes[0]
    write_articles(location, ["y"], files=QUICK)
    assert open_snapshot(location).notes == ()
    assert articles_in(location) == {"z", "y"}
    damage(location / "current")
    assert rollback(location).notes == ()
    assert open_snapshot(location).notes == ()
    assert articles_in(location) == {"z"}


def test_an_index_of_another_analysis_or_schema_is_foreign(location: Path) -> None:
    snapshot = open_snapshot(location)
    expect_made_with(snapshot, schema_version=1, analysis="toy")
    with pytest.raises(IndexForeign, match="text analysis"):
        expect_made_with(snapshot, schema_version=1, analysis="other")
    with pytest.raises(IndexForeign, match="schema"):
        expect_made_with(snapshot, schema_version=2, analysis="toy")


def test_two_writers_never_meet(location: Path) -> None:
    with write_session(location):
        with pytest.raises(IndexLocked, match=f"process {os.getpid()} on"), write_session(location):
            pass
        with pytest.raises(IndexLocked):
            rollback(location)
    with write_session(location):
        pass


def test_a_writer_waits_for_another_as_long_as_it_is_told(location: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with write_session(location):
            entered.set()
            leave.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait()
    threading.Timer(0.1, leave.set).start()
    with write_session(location, wait_s=20.0) as session:
        assert session.base is not None
    holder.join()


def test_a_work_larger_than_the_disk_is_refused_before_it_starts(tmp_path: Path) -> None:
    require_space(tmp_path / "not" / "yet", 1000)
    with pytest.raises(IndexProblem, match="not enough room"):
        require_space(tmp_path, 1 << 60)


def test_readers_in_many_threads_never_fail_while_a_process_commits_and_rebuilds(location: Path) -> None:
    done = threading.Event()
    errors: list[Exception] = []
    seen: list[int] = []

    def read() -> None:
        latest = 0
        try:
            while not done.is_set():
                snapshot = open_snapshot(location)
                assert snapshot.fallback is None
                assert snapshot.generation >= latest
                assert current_generation(location) >= snapshot.generation
                latest = snapshot.generation
                seen.append(latest)
        except Exception as error:  # noqa: BLE001 - told by the main thread
            errors.append(error)

    writer = os.fork()
    if writer == 0:
        for number in range(150):
            write_articles(location, [str(number)], rebuild=number % 10 == 0, files=QUICK)
        os._exit(0)
    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    assert os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) == 0
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert len(seen) > 100
    assert current_generation(location) == 152


def test_many_commits_grow_nothing_but_the_index(location: Path) -> None:
    def size() -> tuple[int, int, int]:
        files = [path for path in location.rglob("*") if path.is_file()]
        return len(files), sum(path.stat().st_size for path in files), len(os.listdir("/proc/self/fd"))

    def commit(number: int) -> None:
        with write_session(location, files=QUICK) as session:
            commit_segments(session, [add_articles(session, [f"{number:05}"])])

    for number in range(5):
        commit(number)
    after_warm_up = size()
    for number in range(150):
        commit(number)
    assert size()[0::2] == after_warm_up[0::2]
    assert size()[1] < after_warm_up[1] * 1.05  # the numbers get longer
    assert check(location, deep=True) == []


def test_a_manifest_is_plain_json_for_other_tools(location: Path) -> None:
    record = json.loads((location / "g00000001/manifest-2.json").read_text())
    assert (record["format"], record["version"], record["generation"], record["articles"]) == ("marbre-manifest", 1, 2, 3)


@pytest.mark.parametrize("rebuild", [False, True], ids=["commit", "rebuild"])
def test_marks_of_change_differ_after_a_change_and_are_not_trusted_while_fresh(location: Path, rebuild: bool) -> None:
    snapshot = open_snapshot(location)
    assert change_marks(snapshot) is None
    before = _aged(snapshot, by_s=3_600)
    assert before is not None
    assert change_marks(snapshot) == before
    write_articles(location, ["d"], rebuild=rebuild, files=QUICK)
    assert change_marks(snapshot) is None
    assert _aged(snapshot, by_s=60) != before
    shutil.rmtree(location)
    assert change_marks(snapshot) is None


def _aged(snapshot: Snapshot, by_s: int) -> tuple[int, ...] | None:
    for folder in (snapshot.location, snapshot.folder):
        if folder.exists():
            then = os.stat(folder).st_mtime - by_s
            os.utime(folder, (then, then))
    return change_marks(snapshot)
