"""Do readers and writers meet safely? What is opened, kept, removed, refused; links, pipes and pickles planted by a stranger."""

from __future__ import annotations

import ast
import io
import json
import os
import pickle
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest
from whoosh import index as whoosh_index
from whoosh.fields import Schema
from whoosh.query import Term

from bench.disk_faults import QuickDisk
from bench.toy_index import SCHEMA, add_articles, articles_in, commit_segments, old_segments, write_articles
from corpus.errors import IndexCorrupt, IndexForeign, IndexLocked, IndexMissing, IndexProblem
from indexer import toc
from indexer.codec.whoosh_codec import MarbreCodec
from indexer.generations import (
    Commit,
    current_generation,
    expect_made_with,
    open_snapshot,
    read_toc,
    require_space,
    rollback,
    segment_entry,
    write_session,
)
from indexer.manifest import FileEntry, render_manifest
from indexer.schema import whoosh_schema
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
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


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


# Stock Whoosh opens the current folder


def test_stock_whoosh_opens_a_generation_folder_and_finds_the_article(tmp_path: Path) -> None:
    source = tmp_path / "stock"
    source.mkdir()
    stock = whoosh_index.create_in(str(source), whoosh_schema())
    writer = stock.writer(codec=MarbreCodec())
    writer.add_document(doc_id="essor-1", headline="Le marché de Bamako")
    writer.commit()
    (segment,) = stock._read_toc().segments
    with write_session(tmp_path / "index") as session:
        files = [path for path in source.iterdir() if path.name.startswith(segment.segment_id())]
        for path in files:
            with session.open_file(path.name) as out:
                out.write(path.read_bytes())
        entry = segment_entry(segment, [path.name for path in files])
        session.commit(Commit((entry,), whoosh_schema(), (segment,), schema_version=1, analysis="x", articles=1))
    opened = whoosh_index.open_dir(str(open_snapshot(tmp_path / "index").folder))
    with opened.searcher() as searcher:
        assert [hit["doc_id"] for hit in searcher.search(Term("doc_id", "essor-1"))] == ["essor-1"]
    assert check(tmp_path / "index", deep=True) == []


def test_the_closed_list_holds_what_our_schema_needs() -> None:
    met: set[tuple[str, str]] = set()

    class Listening(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            met.add((module, name))
            return super().find_class(module, name)

    schema = whoosh_schema()
    schema.clean()
    Listening(io.BytesIO(pickle.dumps(schema, 2))).load()
    assert met | {("indexer.codec.whoosh_codec", "MarbreSegment")} == toc.ALLOWED_NAMES
    assert read_back(schema).schema.names() == schema.names()


def read_back(schema: Schema) -> toc.StockToc:
    return toc.parse_toc(toc.render_toc(schema, [], 5), "t")


def test_a_toc_gets_another_number_without_being_read() -> None:
    data = toc.render_toc(whoosh_schema(), [], 5)
    assert toc.parse_toc(toc.renumber_toc(data, 77), "t").generation == 77
    assert toc.renumber_toc(toc.renumber_toc(data, 77), 5) == data


def test_every_truncation_of_a_toc_is_refused() -> None:
    data = toc.render_toc(SCHEMA, [], 5)
    for length in range(len(data)):
        with pytest.raises(IndexCorrupt):
            toc.parse_toc(data[:length], "t")
    with pytest.raises(IndexCorrupt):
        toc.parse_toc(data + b"x", "t")


# A folder given by a stranger


class _Runs:
    """What a stranger would like to be called."""

    def __init__(self, called: object, *arguments: object) -> None:
        self._call = (called, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._call  # type: ignore[return-value]


def _touch(marker: Path) -> Iterator[tuple[str, bytes]]:
    command = f"touch {marker}"
    yield "os.system", pickle.dumps(_Runs(os.system, command), 2)
    yield "eval", pickle.dumps(_Runs(eval, f"open({str(marker)!r}, 'w')"), 4)
    yield "a list of it", pickle.dumps([_Runs(os.system, command)], 5)
    yield "protocol 0", pickle.dumps(_Runs(os.system, command), 0)
    yield "a dotted name", b"\x80\x04\x8c\x0dwhoosh.fields\x8c\x1dSchema.__init__.__globals__\x93."
    yield "a persistent id", b"\x80\x02U\x01xQ."
    yield "an extension", b"\x80\x02\x82\x01."
    yield "a forged memo of 32 GB", b"\x80\x02Nr\xff\xff\xff\xff."
    yield "bytes of 2**60", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x."
    yield "deep nesting", b"\x80\x02" + b"(" * 300_000 + b"t" * 300_000 + b"."
    yield "nothing", b""
    yield "noise", bytes(range(256))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _plant_toc(location: Path, data: bytes) -> None:
    """Put bytes in the place of the TOC and make manifest and checksums agree, as a forger would."""
    snapshot = open_snapshot(location)
    path = snapshot.path(snapshot.manifest.toc)
    path.write_bytes(data)
    files = [entry for entry in snapshot.manifest.files if entry.name != path.name]
    forged = replace(snapshot.manifest, files=(*files, FileEntry(path.name, len(data), crc32(data))))
    snapshot.path(f"manifest-{snapshot.generation}.json").write_bytes(render_manifest(forged))


@pytest.mark.parametrize("place", ["schema", "segments"])
@pytest.mark.parametrize("payload", [name for name, _ in _touch(Path())])
def test_no_payload_in_a_toc_is_run(payload: str, place: str, location: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    wanted = dict(_touch(marker))[payload]
    good = toc.render_toc(SCHEMA, [], 2)
    schema_pickle, end = toc._split(good, "t")
    head = good[: good.index(schema_pickle) - len(_varint(len(schema_pickle)))]
    schema, segments = (wanted, good[end + 8 :]) if place == "schema" else (schema_pickle, wanted)
    _plant_toc(location, head + _varint(len(schema)) + schema + good[end : end + 8] + segments)
    snapshot = open_snapshot(location)  # opening does not read the TOC
    with pytest.raises(IndexCorrupt) as refusal:
        read_toc(snapshot)
    assert "\n" not in str(refusal.value)
    assert [problem.section for problem in check(location, deep=True)][:1] == ["table of contents"]
    assert not marker.exists()


@pytest.mark.parametrize("start", [0, 20, 200])
def test_a_length_beyond_the_file_is_refused(start: int) -> None:
    data = toc.render_toc(SCHEMA, [], 2)
    for forged in (b"\xff" * 8 + b"\x7f", b"\xff" * 40, b"\xff\xff\xff\xff\x0f"):
        with pytest.raises((IndexCorrupt, IndexForeign)):
            toc.parse_toc(data[:start] + forged + data[start:], "t")


def _link_to_outside(path: Path) -> None:
    outside = path.parents[2] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    os.truncate(path, 1 << 40)  # sparse


PLANTS = [_link_to_outside, _pipe, _folder, _endless, _huge]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
@pytest.mark.parametrize("victim", ["current", "g*/manifest-2.json", "g*/_MAIN_2.toc", "g*/*.toy"])
def test_what_is_not_a_plain_file_is_refused_at_once(victim: str, plant: Callable[[Path], None], tmp_path: Path) -> None:
    location = tmp_path / "deep" / "index"
    location.parent.mkdir()
    write_articles(location, ["a", "b"], files=QUICK)
    write_articles(location, ["c"], files=QUICK)
    plant(next(location.glob(victim)))
    try:
        assert open_snapshot(location).notes  # the generation before was opened, or the pointer guessed: both said
    except IndexCorrupt:
        assert victim == "g*/*.toy"  # a file that both generations need
    assert check(location, deep=True)


def test_a_generation_folder_that_is_a_link_is_refused(location: Path, tmp_path: Path) -> None:
    (location / "g00000001").rename(tmp_path / "elsewhere")
    (location / "g00000001").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IndexCorrupt, match="a link or file"):
        open_snapshot(location)
    assert check(location)


def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        location = tmp_path / "index"
        write_articles(location, ["a"])
        with write_session(location) as session:
            segment = add_articles(session, ["b"])
            (session.folder / segment[0].file).chmod(0o666)  # a vendor that opens files by itself
            commit_segments(session, [*old_segments(session), segment])
        write_articles(location, ["c"], rebuild=True)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [location, *location.rglob("*")] if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in location.rglob("*") if path.is_file()} == {0o600}


@pytest.mark.parametrize(
    "name",
    [
        "lock",
        "current.new",
        "g00000001/_MAIN_3.toc",
        "g00000001/_MAIN_3.toc.new",
        "g00000001/manifest-3.json.new",
        "g00000002",
        "g00000009",
    ],
)
def test_no_planted_link_is_followed(name: str, location: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (location / name).unlink(missing_ok=True)
    (location / name).symlink_to(victim)
    try:
        write_articles(location, ["d"], rebuild=name.startswith("g0000000"), files=QUICK)
    except IndexProblem:
        assert articles_in(location) == {"a", "b", "c"}
    assert victim.read_text() == "precious"
    assert victim.is_file()


def test_only_one_module_unpickles() -> None:
    refused = {"pickle", "marshal", "shelve", "dill", "cPickle", "_pickle"}
    found = set()
    for package in ("corpus", "indexer", "search", "web"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
                if calls or refused.intersection(names):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == {"indexer/toc.py"}


def test_a_manifest_is_plain_json_for_other_tools(location: Path) -> None:
    record = json.loads((location / "g00000001/manifest-2.json").read_text())
    assert (record["format"], record["version"], record["generation"], record["articles"]) == ("marbre-manifest", 1, 2, 3)
