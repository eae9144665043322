"""Does a container give back what was put in, and notice every byte that is not what was written?"""

from __future__ import annotations

import itertools
import os
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.codec.framing import CHUNK_BYTES, FORMAT_VERSION, Container, ContainerWriter, verify_container, writing

SECTIONS = {"meta": b"{}", "postings/body": bytes(range(256)) * 3, "empty": b"", "été": b"x"}
ID = b"0123456789abcdef"


def _bytes(sections: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    out = ContainerWriter(stream, ID)
    for name, data in sections.items():
        out.add(name, data)
    assert out.finish().length == len(stream.getvalue())
    return stream.getvalue()


def _read(data: bytes) -> dict[str, bytes]:
    container = Container(data, "a.mseg")
    return {name: bytes(container.section(name).read(0, len(container.section(name)))) for name in container.names()}


def test_sections_come_back_aligned_and_in_order() -> None:
    data = _bytes(SECTIONS)
    assert _read(data) == SECTIONS
    assert data.index(SECTIONS["postings/body"]) % 64 == 0


@given(st.lists(st.integers(0, 3 * CHUNK_BYTES), max_size=6))
def test_a_section_written_in_pieces_is_the_pieces_joined(sizes: list[int]) -> None:
    pieces = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    stream = BytesIO()
    out = ContainerWriter(stream, ID)
    with out.section("all") as write:
        for piece in pieces:
            write(piece)
    out.finish()
    assert _read(stream.getvalue()) == {"all": b"".join(pieces)}


def test_every_cut_is_corrupt() -> None:
    data = _bytes(SECTIONS)
    for length in range(len(data)):
        with pytest.raises(IndexCorrupt, match=r"a\.mseg"):
            Container(data[:length], "a.mseg")
    with pytest.raises(IndexCorrupt):
        Container(data + b"\0", "a.mseg")


def test_every_changed_byte_is_found_and_named_with_its_section(tmp_path: Path) -> None:
    data, path = _bytes(SECTIONS), tmp_path / "a.mseg"
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        problems = verify_container(path)
        assert problems, f"byte {place} was changed unseen"
        assert all(
            "a.mseg" in problem and ("section" in problem or "file" in problem or "header" in problem or "foot" in problem)
            for problem in problems
        )
        try:
            assert _read(bytes(changed)) == SECTIONS
        except (IndexCorrupt, IndexForeign):
            continue


@pytest.mark.parametrize("damaged", range(3))
def test_a_damaged_chunk_is_refused_each_time_by_every_read_that_touches_it_and_by_no_other(damaged: int) -> None:
    content = bytes(range(256)) * (5 * CHUNK_BYTES // 512)  # two chunks and a half
    data = bytearray(_bytes({"all": content}))
    data[data.index(content[:512]) + damaged * CHUNK_BYTES + 7] ^= 1
    section = Container(data, "a.mseg").section("all")
    edges = [0, 7, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1, len(content)]
    for start, stop in [*itertools.combinations(edges, 2)] * 2:
        if start // CHUNK_BYTES <= damaged <= (stop - 1) // CHUNK_BYTES:
            with pytest.raises(IndexCorrupt, match=rf"section all, bytes from {damaged * CHUNK_BYTES}: checksum"):
                section.read(start, stop)
        else:
            assert section.read(start, stop) == content[start:stop]
    with pytest.raises(IndexCorrupt, match="checksum"):
        section.array("<u4")


def test_a_sound_container_has_no_problem(tmp_path: Path) -> None:
    (tmp_path / "a.mseg").write_bytes(_bytes(SECTIONS))
    assert verify_container(tmp_path / "a.mseg") == []
    assert verify_container(tmp_path / "b.mseg") == [f"{tmp_path / 'b.mseg'}: file missing"]


def test_another_format_version_is_foreign_not_corrupt() -> None:
    import struct
    import zlib

    data = bytearray(_bytes(SECTIONS))
    data[8:12] = struct.pack("<I", FORMAT_VERSION + 1)
    data[60:64] = struct.pack("<I", zlib.crc32(data[:60]))
    with pytest.raises(IndexForeign, match="format version"):
        Container(bytes(data), "a.mseg")


def test_a_missing_section_an_odd_size_and_a_far_range_are_corrupt() -> None:
    container = Container(_bytes(SECTIONS), "a.mseg")
    with pytest.raises(IndexCorrupt, match="section pointers is missing"):
        container.section("pointers")
    with pytest.raises(IndexCorrupt, match="multiple of 4"):
        container.section("été").array("<u4")
    with pytest.raises(IndexCorrupt, match="769"):
        container.section("postings/body").read(0, 769)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_not_a_regular_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.mseg"
    if kind == "link":
        (tmp_path / "b").write_bytes(_bytes(SECTIONS))
        path.symlink_to(tmp_path / "b")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(IndexCorrupt):
        Container.open(path)


class _FailingFile:
    """A file whose n-th write fails."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file, self._left = file, left

    def write(self, data: Any) -> int:
        self._left -= 1
        if self._left < 0:
            raise OSError(28, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("left", range(12))
def test_a_write_that_fails_leaves_no_file(tmp_path: Path, left: int) -> None:
    path = tmp_path / "a.mseg"

    def open_file(name: str, mode: str) -> Any:
        return _FailingFile(open(name, mode), left)

    with pytest.raises(OSError, match="No space"), writing(path, ID, open_file) as file:
        for number in range(12):
            file.out.add(f"s{number}", np.arange(100, dtype="<u4"))
    assert list(tmp_path.iterdir()) == []


def test_a_container_is_synced_whole_before_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, int]] = []
    real = os.fsync

    def watched(descriptor: int) -> None:
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor).st_size))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    with writing(tmp_path / "a.mseg", b"0" * 16) as file:
        file.out.add("x", b"abc" * 1000)
    assert synced == [(str(tmp_path / "a.mseg"), (tmp_path / "a.mseg").stat().st_size)]
    assert Container.open(tmp_path / "a.mseg").section("x").read(0, 3) == b"abc"


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.mseg").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        writing(tmp_path / "a.mseg", ID)
    assert (tmp_path / "a.mseg").read_bytes() == b"kept"
