"""What if an index was written by another version of Marbre? It is refused in one line by whoever reads or writes, and not a byte of it is touched.

An index of an earlier released version opens (``tests/formats``); here each number that a version is known by is raised, with right checksums.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archivist import index_folder, record, write_jsonl

from corpus.errors import IndexForeign, MarbreError
from indexer import delete_articles
from indexer.generations import open_snapshot
from indexer.verify import check
from search import SearchRequest, open_engine, search


def _forge_manifest(location: Path, **changes: Any) -> None:
    """Write the newest manifest anew, with these changes and a right seal."""
    snapshot = open_snapshot(location)
    path = snapshot.folder / f"manifest-{snapshot.generation}.json"
    told = json.loads(path.read_text(encoding="ascii")) | changes
    del told["crc32"]
    body = json.dumps(told).removesuffix("}").encode()
    path.write_bytes(body + f',"crc32":"{zlib.crc32(body):08x}"}}\n'.encode())


def _forge_file(location: Path, suffix: str, forge: Callable[[bytearray], None]) -> None:
    """Change a file of the newest generation, and what its manifest says of it."""
    snapshot = open_snapshot(location)
    entries = [[entry.name, entry.length, entry.crc32] for entry in snapshot.manifest.files]
    entry = next(one for one in entries if one[0].endswith(suffix))
    data = bytearray((snapshot.folder / entry[0]).read_bytes())
    forge(data)
    (snapshot.folder / entry[0]).write_bytes(data)
    entry[2] = zlib.crc32(data)
    _forge_manifest(location, files=entries)


def _later_segment(data: bytearray) -> None:
    data[8:12] = struct.pack("<I", struct.unpack("<I", data[8:12])[0] + 1)
    data[60:64] = struct.pack("<I", zlib.crc32(data[:60]))


def _later_ledger(data: bytearray) -> None:
    assert data.startswith(b"MARBRE LEDGER 1\n")
    data[14:15] = b"2"


OTHERS: dict[str, Callable[[Path], None]] = {
    "manifest": lambda location: _forge_manifest(location, version=2),
    "schema": lambda location: _forge_manifest(location, schema_version=10_000),
    "text analysis": lambda location: _forge_manifest(location, analysis="0" * 32),
    "segment": lambda location: _forge_file(location, ".mseg", _later_segment),
}


@pytest.fixture
def location(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "presse" / "0.jsonl", [record(number) for number in range(5)])
    index_folder(tmp_path / "presse", tmp_path / "index")
    write_jsonl(tmp_path / "presse" / "1.jsonl", [record(7)])
    index_folder(tmp_path / "presse", tmp_path / "index")
    return tmp_path / "index"


def _bytes(location: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(location.rglob("*")) if path.is_file() and path.name != "lock"}


@pytest.mark.parametrize("forge", OTHERS.values(), ids=OTHERS)
def test_an_index_of_another_version_is_refused_by_name_and_left_alone(
    forge: Callable[[Path], None], location: Path, tmp_path: Path
) -> None:
    forge(location)
    before = _bytes(location)
    write_jsonl(tmp_path / "presse" / "2.jsonl", [record(9)])

    def ask() -> object:
        with open_engine(location) as engine:
            return search(engine, SearchRequest(text="conseil"))

    for act in (ask, lambda: index_folder(tmp_path / "presse", location), lambda: delete_articles(["n1"], location)):
        with pytest.raises(IndexForeign) as refused:
            act()
        assert "\n" not in str(refused.value)
    assert _bytes(location) == before


def test_a_ledger_of_another_version_stops_the_writer_and_is_named(location: Path, tmp_path: Path) -> None:
    _forge_file(location, ".ledger", _later_ledger)
    before = _bytes(location)
    write_jsonl(tmp_path / "presse" / "0.jsonl", [record(9)])
    with pytest.raises(MarbreError, match=r"another format of the ledger \(found 2, expected 1\); rebuild it"):
        index_folder(tmp_path / "presse", location)
    assert _bytes(location) == before


def test_check_names_a_manifest_and_a_segment_of_another_version(location: Path) -> None:
    _forge_file(location, ".mseg", _later_segment)
    assert any(".mseg" in problem.file and "version" in problem.what for problem in check(location, deep=True))
    _forge_manifest(location, version=2)
    assert any("manifest-" in problem.file and "version" in problem.what for problem in check(location))
