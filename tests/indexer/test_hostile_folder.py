"""What can a folder given by a stranger do to us? Nothing: no pickle runs, no link is followed, no pipe waits, no length is believed."""

from __future__ import annotations

import ast
import os
import pickle
import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from bench.disk_faults import QuickDisk
from bench.toy_index import SCHEMA, add_articles, articles_in, commit_segments, old_segments, write_articles
from corpus.errors import IndexCorrupt, IndexForeign, IndexProblem
from indexer import toc
from indexer.generations import (
    open_snapshot,
    read_toc,
    write_session,
)
from indexer.manifest import FileEntry, render_manifest
from indexer.verify import check

QUICK = QuickDisk()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def location(tmp_path: Path) -> Path:
    path = tmp_path / "index"
    write_articles(path, ["a", "b"], files=QUICK)
    write_articles(path, ["c"], files=QUICK)
    return path


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
