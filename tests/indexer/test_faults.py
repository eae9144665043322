"""Does the index survive a kill, a failing disk and a power cut at any moment? Old or new, never between, never nothing."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.disk_faults import EVERY_ERROR, DyingDisk, FailingDisk, QuickDisk
from bench.power_cuts import model_trials
from bench.toy_index import add_articles, articles_in, assert_goes_on, commit_segments, delete_first, old_segments, write_articles
from corpus.errors import IndexProblem
from indexer.backup import backup, restore
from indexer.collecting import remove_tree
from indexer.durable import DISK, Files
from indexer.generations import rollback, write_session
from indexer.verify import check

QUICK = QuickDisk()
Work = Callable[[Path, Files], object]


def _nothing(base: Path) -> None:
    pass


def _two_generations(base: Path) -> None:
    write_articles(base / "index", ["a", "b"], files=QUICK)
    write_articles(base / "index", ["c"], files=QUICK)


def _rebuilt(base: Path) -> None:
    _two_generations(base)
    write_articles(base / "index", ["z"], rebuild=True, files=QUICK)


def _killed_leftovers(base: Path) -> None:
    _rebuilt(base)
    (base / "index/g00000002/MAIN_left.toy").write_bytes(b"left")
    (base / "index/g00000002/manifest-9.json.new").write_bytes(b"left")
    (base / "index/g00000007").mkdir()
    (base / "index/g00000007/_MAIN_1.toc").write_bytes(b"left")


def _backed_up(base: Path) -> None:
    _rebuilt(base)
    backup(base / "index", base / "safe", files=QUICK)
    write_articles(base / "index", ["later"], files=QUICK)


def _merge_and_delete(base: Path, files: Files) -> None:
    with write_session(base / "index", files=files) as session:
        first, *_ = old_segments(session)
        commit_segments(session, [delete_first(first), add_articles(session, ["c", "d"])])


WORKS: dict[str, tuple[Callable[[Path], None], Work]] = {
    "first commit": (_nothing, lambda base, files: write_articles(base / "index", ["a"], files=files)),
    "small commit": (_two_generations, lambda base, files: write_articles(base / "index", ["d"], files=files)),
    "merge and delete": (_two_generations, _merge_and_delete),
    "rebuild": (_two_generations, lambda base, files: write_articles(base / "index", ["x"], rebuild=True, files=files)),
    "second rebuild": (_rebuilt, lambda base, files: write_articles(base / "index", ["x"], rebuild=True, files=files)),
    "rollback": (_two_generations, lambda base, files: rollback(base / "index", files=files)),
    "rollback of a rebuild": (_rebuilt, lambda base, files: rollback(base / "index", files=files)),
    "commit over leftovers": (_killed_leftovers, lambda base, files: write_articles(base / "index", ["x"], files=files)),
    "restore": (_backed_up, lambda base, files: restore(base / "safe", base / "index", files=files)),
}
every_work = pytest.mark.parametrize("work", WORKS)


def _old_and_new(folder: Path, work: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    prepare, act = WORKS[work]
    folder.mkdir()
    prepare(folder)
    old = articles_in(folder / "index")
    act(folder, QUICK)
    return old, articles_in(folder / "index")


def _in_child(act: Callable[[], object]) -> int:
    """Run in a forked process and return its exit code; 0 when it came to the end."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:  # noqa: BLE001 - the child must not go on as a second pytest
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _dies_by_seam(k: int, base: Path, act: Work) -> None:
    act(base, DyingDisk(k))


def _dies_by_audit(k: int, base: Path, act: Work) -> None:
    """Die before the k-th file operation that Python itself announces, so that one that avoids the seam is met too."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.truncate", "os.chmod"):
            if seen == k:
                os._exit(137)
            seen += 1

    sys.addaudithook(hook)
    act(base, QUICK)


@every_work
@pytest.mark.parametrize("die", [_dies_by_seam, _dies_by_audit], ids=["at the seam", "at an audit event"])
def test_a_kill_before_any_file_operation_leaves_old_or_new(work: str, die: Callable[[int, Path, Work], None], tmp_path: Path) -> None:
    prepare, act = WORKS[work]
    old, new = _old_and_new(tmp_path / "reference", work)
    for k in range(1000):
        base = tmp_path / str(k)
        base.mkdir()
        prepare(base)
        code = _in_child(lambda base=base, k=k: die(k, base, act))  # type: ignore[misc]
        assert code in (0, 137)
        assert articles_in(base / "index") in ((new,) if code == 0 else (old, new)), f"before operation {k}"
        assert_goes_on(base / "index")
        if code == 0:
            assert k > 10
            return
    pytest.fail("the work never ends")


@every_work
@pytest.mark.parametrize("code", EVERY_ERROR.values(), ids=EVERY_ERROR)
def test_a_failed_file_operation_is_told_in_one_line_and_leaves_old_or_new(work: str, code: int, tmp_path: Path) -> None:
    prepare, act = WORKS[work]
    old, new = _old_and_new(tmp_path / "reference", work)
    open_before = len(os.listdir("/proc/self/fd"))
    for k in range(1000):
        base = tmp_path / str(k)
        base.mkdir()
        prepare(base)
        disk = FailingDisk(k, code)
        try:
            act(base, disk)
        except IndexProblem as error:
            assert "\n" not in str(error)
            assert articles_in(base / "index") in (old, new), f"operation {k}"
        else:  # what failed was only the removal of something superfluous
            assert articles_in(base / "index") == new
        if articles_in(base / "index") == old:
            act(base, QUICK)
            assert articles_in(base / "index") == new
        assert_goes_on(base / "index")
        if disk.steps <= k:
            break
    assert k > 10
    assert len(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.parametrize("limit", [0, 30, 300, 3000, 30_000, 60_000])
def test_a_full_disk_leaves_the_old_index_and_frees_the_space_and_the_lock(limit: int, tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["a"])

    def act() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            with write_session(location) as session:
                commit_segments(session, [*old_segments(session), add_articles(session, ["big"], noise_bytes=100_000)])
        except IndexProblem as error:
            assert "free some room" in str(error)
            assert "\n" not in str(error)
        else:
            os._exit(3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert articles_in(location) == {"a"}
        assert check(location, deep=True) == []
        assert_goes_on(location)

    assert _in_child(act) == 0


def test_no_power_cut_loses_an_acknowledged_article(tmp_path: Path) -> None:
    assert model_trials(tmp_path, lives=50, cuts=20) == 1000


def test_a_kill_leaves_the_lock_free_though_a_child_lives_on(tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["a"])
    ready, tell = os.pipe()
    stay, stop = os.pipe()
    writer = os.fork()
    if writer == 0:
        with write_session(location):
            if os.fork() == 0:  # a worker of the writer, orphaned below
                os.close(stop)
                os.write(tell, b"x")
                os.read(stay, 1)
                os._exit(0)
            signal.pause()
    assert os.read(ready, 1) == b"x"
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    with write_session(location, wait_s=1.0) as session:
        assert session.base is not None
    for descriptor in (ready, tell, stay, stop):
        os.close(descriptor)


def test_a_worker_born_in_a_session_can_neither_commit_nor_clean_up(tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["a"])
    with write_session(location) as session:
        segment = add_articles(session, ["b"])

        def act() -> None:
            with pytest.raises(IndexProblem, match="another process"):
                commit_segments(session, [segment])
            session.close()

        assert _in_child(act) == 0
        commit_segments(session, [*old_segments(session), segment])
    assert articles_in(location) == {"a", "b"}


def test_a_session_that_failed_refuses_to_go_on(tmp_path: Path) -> None:
    location = tmp_path / "index"
    write_articles(location, ["a"])
    with write_session(location, files=_FailingSync()) as session:
        segment = add_articles(session, ["b"])
        with pytest.raises(IndexProblem, match="No space left"):
            commit_segments(session, [segment])
        with pytest.raises(IndexProblem, match="start a new one"):
            commit_segments(session, [segment])
    assert articles_in(location) == {"a"}
    assert check(location, deep=True) == []


def test_a_folder_loses_its_manifests_for_good_before_any_file_that_they_name(tmp_path: Path) -> None:
    """Else a power cut might leave a manifest without its files, which would look like damage."""
    done: list[str] = []

    class Watching(QuickDisk):
        def unlink(self, path: Path) -> None:
            done.append("manifest" if path.suffix == ".json" else "file")
            super().unlink(path)

        def sync_folder(self, path: Path) -> None:
            done.append("sync")
            super().sync_folder(path)

    write_articles(tmp_path / "index", ["a"], files=QUICK)
    write_articles(tmp_path / "index", ["b"], files=QUICK)
    remove_tree(tmp_path / "index/g00000001", Watching())
    assert done[:4] == ["manifest", "manifest", "sync", "file"]
    assert set(done[4:]) == {"file"}


class _FailingSync(QuickDisk):
    def sync(self, descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_real_disk_passes_every_sync_on_to_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    (tmp_path / "file").write_bytes(b"x")
    descriptor = DISK.open_read(tmp_path / "file")
    DISK.sync(descriptor)
    os.close(descriptor)
    DISK.sync_folder(tmp_path)
    assert synced == [str(tmp_path / "file"), str(tmp_path)]


def test_the_real_disk_is_asked_to_sync_every_file_and_folder(tmp_path: Path) -> None:
    """The model above believes in ``sync``; this is the test that production means it."""
    synced: list[str] = []

    class Watching(type(DISK)):  # type: ignore[misc]
        def sync(self, descriptor: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            super().sync(descriptor)

        def sync_folder(self, path: Path) -> None:
            synced.append(str(path))
            super().sync_folder(path)

    write_articles(tmp_path / "index", ["a"], files=Watching())
    folder = tmp_path / "index/g00000001"
    named = {name.removesuffix(".new") for name in synced}
    assert named >= {str(path) for path in folder.iterdir()} | {
        str(folder),
        str(folder.parent),
        str(tmp_path),
        str(tmp_path / "index/current"),
    }
