"""Is a manifest read only when every byte is as written, whatever its JSON claims?"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.manifest import (
    FileEntry,
    Manifest,
    Place,
    Pointer,
    SegmentEntry,
    folder_name,
    folder_number,
    parse_manifest,
    parse_pointer,
    render_manifest,
    render_pointer,
)

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
counts = st.integers(0, 2**40)
folders = st.integers(0, 99_999_999).map(folder_name)
facts = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers(-5, 5) | st.text(max_size=5) | st.lists(st.booleans(), max_size=2), max_size=3
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    files = draw(st.lists(st.builds(FileEntry, names, counts, counts), min_size=1, max_size=4, unique_by=lambda entry: entry.name))
    segments = []
    for entry in files:
        documents = draw(st.integers(0, 40))
        deleted = draw(st.none() | st.integers(0, 2**documents - 1))
        bits = None if deleted is None else deleted.to_bytes((documents + 7) // 8, "little")
        segments.append(SegmentEntry(draw(names), (entry.name,), documents, bits))
    return Manifest(
        generation=draw(counts),
        folder=draw(folders),
        previous=draw(st.none() | st.builds(Place, folders, counts)),
        schema_version=draw(counts),
        analysis=draw(st.text(max_size=10)),
        articles=draw(counts),
        created=draw(st.text(max_size=10)),
        toc=files[0].name,
        segments=tuple(segments),
        files=tuple(files),
        facts=draw(facts),
    )


SMALL = Manifest(
    7,
    "g00000001",
    None,
    1,
    "abc",
    9,
    "",
    "_MAIN_7.toc",
    (SegmentEntry("s", ("s.seg",), 9, b"\x01\x01"),),
    (FileEntry("s.seg", 5, 6), FileEntry("_MAIN_7.toc", 5, 6)),
)


@given(manifests())
def test_a_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    assert parse_manifest(render_manifest(manifest), "m") == manifest


@given(folders, st.none() | folders)
def test_a_pointer_is_read_as_it_was_written(folder: str, previous: str | None) -> None:
    assert parse_pointer(render_pointer(Pointer(folder, previous)), "p") == Pointer(folder, previous)


def _parse_manifest(data: bytes) -> object:
    return parse_manifest(data, "m")


def _parse_pointer(data: bytes) -> object:
    return parse_pointer(data, "p")


SEALED = {
    "manifest": (render_manifest(SMALL), _parse_manifest),
    "pointer": (render_pointer(Pointer("g00000002", "g00000001")), _parse_pointer),
}


@pytest.mark.parametrize(("data", "parse"), SEALED.values(), ids=SEALED)
def test_every_flipped_bit_truncation_and_extension_is_seen(data: bytes, parse: Callable[[bytes], object]) -> None:
    damaged = [data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :] for place in range(len(data)) for bit in range(8)]
    damaged += [data[:length] for length in range(len(data))] + [data + b" ", data + data, b" " + data]
    for wrong in damaged:
        with pytest.raises(IndexCorrupt):
            parse(wrong)


def _sealed(text: str) -> bytes:
    body = text.rstrip().removesuffix("}").encode()
    return body + f',"crc32":"{zlib.crc32(body):08x}"}}\n'.encode()


def _forged(**changes: Any) -> bytes:
    record = json.loads(render_manifest(SMALL))
    del record["crc32"]
    return _sealed(json.dumps(record | changes))


BOMB = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
HOSTILE = {
    "a path as file name": _forged(files=[["../../etc/passwd", 5, 6], ["_MAIN_7.toc", 5, 6]]),
    "an absolute path": _forged(files=[["/dev/zero", 5, 6], ["_MAIN_7.toc", 5, 6]]),
    "a hidden name": _forged(files=[[".x", 5, 6], ["_MAIN_7.toc", 5, 6]]),
    "a name with a line end": _forged(files=[["s\n", 5, 6], ["_MAIN_7.toc", 5, 6]]),
    "a file named twice": _forged(files=[["_MAIN_7.toc", 5, 6], ["_MAIN_7.toc", 5, 6]]),
    "a negative length": _forged(files=[["s.seg", -1, 6], ["_MAIN_7.toc", 5, 6]]),
    "a length beyond any disk": _forged(files=[["s.seg", 1 << 80, 6], ["_MAIN_7.toc", 5, 6]]),
    "a length that is true": _forged(files=[["s.seg", True, 6], ["_MAIN_7.toc", 5, 6]]),
    "a row too short": _forged(files=[["s.seg"]]),
    "a toc that is not named": _forged(toc="other.toc"),
    "a segment without file": _forged(segments=[["s", [], 9, None]]),
    "a segment in a file that is not named": _forged(segments=[["s", ["x.seg"], 9, None]]),
    "deletions that inflate to 50 MB": _forged(segments=[["s", ["s.seg"], 9, BOMB]]),
    "deletions too short": _forged(segments=[["s", ["s.seg"], 99, base64.b64encode(zlib.compress(b"1")).decode()]]),
    "a deletion beyond the last document": _forged(segments=[["s", ["s.seg"], 7, base64.b64encode(zlib.compress(b"\x80")).decode()]]),
    "deletions that are not base64": _forged(segments=[["s", ["s.seg"], 9, "é"]]),
    "2**61 documents deleted": _forged(segments=[["s", ["s.seg"], 1 << 61, BOMB]]),
    "a thousand segments of 8 GB of deletions": _forged(segments=[["s", ["s.seg"], 1 << 36, BOMB]] * 1000),
    "a folder above": _forged(folder=".."),
    "a key missing": _sealed('{"format":"marbre-manifest","version":1}'),
    "another format": _forged(format="other"),
    "a list": _sealed("[1}"),
    "deep nesting": _sealed("[" * 200_000 + "}"),
    "a number of 5,000 digits": _sealed('{"format":' + "9" * 5000 + "}"),
    "facts that are a list": _forged(facts=[1]),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_forged_manifest_with_a_right_checksum_is_refused(data: bytes) -> None:
    with pytest.raises(IndexCorrupt) as refusal:
        parse_manifest(data, "m")
    assert "\n" not in str(refusal.value)


def test_a_manifest_of_a_later_version_is_foreign_not_corrupt() -> None:
    with pytest.raises(IndexForeign, match=r"found 2, expected 1.*--rebuild"):
        parse_manifest(_forged(version=2), "m", "index")


@given(st.binary(max_size=300))
def test_random_bytes_are_corrupt(data: bytes) -> None:
    with pytest.raises(IndexCorrupt):
        parse_manifest(data, "m")
    with pytest.raises(IndexCorrupt):
        parse_pointer(data, "p")


@pytest.mark.parametrize("name", ["g1", "g000000001", "g0000000a", "h00000001", "g00000001 ", "g00000001\n", ""])
def test_only_folder_names_have_a_number(name: str) -> None:
    assert folder_number(name) is None
    assert folder_number("g00000042") == 42
