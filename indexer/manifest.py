"""What belongs to one generation of the index? A manifest names every file, its length and its CRC-32; nothing else counts.

A manifest is one line of JSON that ends with the CRC-32 of everything before it, so that a flipped byte anywhere is seen before
the JSON is read. The pointer file says, in one sealed line, which folder is current and which one was before it. Both are
pure values here: bytes in, values out; what does not have the exact form that ``render`` gives is refused.
Deletions are bits (bit ``doc_num % 8`` of byte ``doc_num // 8``), deflated and in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from corpus.errors import IndexCorrupt, IndexForeign

__all__ = [
    "FileEntry",
    "Manifest",
    "Place",
    "Pointer",
    "SegmentEntry",
    "folder_name",
    "folder_number",
    "generation_of",
    "manifest_name",
    "parse_manifest",
    "parse_pointer",
    "render_manifest",
    "render_pointer",
]

FORMAT: Final = "marbre-manifest"
FORMAT_VERSION: Final = 1
MANIFEST_BYTES: Final = 64 << 20
POINTER_BYTES: Final = 64
DELETION_BYTES: Final = 64 << 20  # for all segments together, half a thousand million documents; a forged manifest inflates no further
MAX_COUNT: Final = 1 << 62
_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_FOLDER: Final = re.compile(r"g([0-9]{8})")
_MANIFEST: Final = re.compile(r"manifest-([1-9][0-9]{0,15})\.json")
_POINTER: Final = re.compile(rb"(g[0-9]{8}) (g[0-9]{8}|-) ([0-9a-f]{8})\n")
_SEAL_BYTES: Final = len(',"crc32":"00000000"}\n')


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a generation; ``length`` in bytes."""

    name: str
    length: int
    crc32: int


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: its Whoosh segment id, its files, how many documents it holds, and which of them are deleted."""

    name: str
    files: tuple[str, ...]
    doc_count: int
    deletions: bytes | None = None

    @property
    def file(self) -> str:
        """The first (for our own codec, the only) file."""
        return self.files[0]

    @property
    def deleted_count(self) -> int:
        """How many documents are deleted."""
        return int.from_bytes(self.deletions, "little").bit_count() if self.deletions else 0


@dataclass(frozen=True, slots=True)
class Place:
    """A generation and the folder that holds it."""

    folder: str
    generation: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which folder is current, and which one a rebuild put aside for ``rollback``."""

    folder: str
    previous: str | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """The folders that must stay."""
        return (self.folder,) if self.previous is None else (self.folder, self.previous)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One committed generation; ``toc`` is the file that stock Whoosh reads, ``facts`` whatever the writer wants to find again."""

    generation: int
    folder: str
    previous: Place | None
    schema_version: int
    analysis: str
    articles: int
    created: str
    toc: str
    segments: tuple[SegmentEntry, ...]
    files: tuple[FileEntry, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live_count(self) -> int:
        """How many documents its segments hold, the deleted ones left out."""
        return sum(segment.doc_count - segment.deleted_count for segment in self.segments)

    @property
    def names(self) -> frozenset[str]:
        """Every name of its folder that this generation needs, its own included."""
        return frozenset(entry.name for entry in self.files) | {manifest_name(self.generation)}

    def entry(self, name: str) -> FileEntry:
        """Return the file with this name; KeyError when the generation has none."""
        for found in self.files:
            if found.name == name:
                return found
        raise KeyError(name)


def folder_name(number: int) -> str:
    """Return the name of a generation folder."""
    return f"g{number:08d}"


def folder_number(name: str) -> int | None:
    """Return the number of a generation folder; None for any other name."""
    found = _FOLDER.fullmatch(name)
    return int(found[1]) if found else None


def manifest_name(generation: int) -> str:
    """Return the name of the manifest of a generation."""
    return f"manifest-{generation}.json"


def generation_of(name: str) -> int | None:
    """Return the generation a manifest name is for; None for any other name."""
    found = _MANIFEST.fullmatch(name)
    return int(found[1]) if found else None


def render_pointer(pointer: Pointer) -> bytes:
    """Write the pointer as one sealed line."""
    line = f"{pointer.folder} {pointer.previous or '-'}".encode("ascii")
    return line + f" {zlib.crc32(line):08x}\n".encode("ascii")


def parse_pointer(data: bytes, path: object) -> Pointer:
    """Read a pointer line.

    Raises: IndexCorrupt unless every byte is as written.
    """
    found = _POINTER.fullmatch(data)
    if not found:
        raise IndexCorrupt(path, "not a pointer to a generation folder")
    pointer = Pointer(found[1].decode(), None if found[2] == b"-" else found[2].decode())
    if render_pointer(pointer) != data:
        raise IndexCorrupt(path, "wrong checksum")
    return pointer


def render_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as JSON sealed by its CRC-32."""
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generation": manifest.generation,
        "folder": manifest.folder,
        "previous": None if manifest.previous is None else [manifest.previous.folder, manifest.previous.generation],
        "schema_version": manifest.schema_version,
        "analysis": manifest.analysis,
        "articles": manifest.articles,
        "created": manifest.created,
        "toc": manifest.toc,
        "segments": [_render_segment(segment) for segment in manifest.segments],
        "files": [[entry.name, entry.length, entry.crc32] for entry in manifest.files],
        "facts": dict(manifest.facts),
    }
    body = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":"))[:-1].encode("ascii")
    return body + _seal(body)


def _seal(body: bytes) -> bytes:
    return f',"crc32":"{zlib.crc32(body):08x}"}}\n'.encode("ascii")


def _render_segment(segment: SegmentEntry) -> list[Any]:
    bits = None if segment.deletions is None else base64.b64encode(zlib.compress(segment.deletions, 6)).decode("ascii")
    return [segment.name, list(segment.files), segment.doc_count, bits]


def parse_manifest(data: bytes, path: object, location: object = "") -> Manifest:
    """Read a manifest, the seal first.

    Raises: IndexCorrupt unless every byte is as written; IndexForeign when a later version wrote it.
    """
    body, seal = data[:-_SEAL_BYTES], data[-_SEAL_BYTES:]
    if seal != _seal(body):
        raise IndexCorrupt(path, "wrong checksum")
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(path, "not a manifest (its JSON cannot be read)") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise IndexCorrupt(path, "not a manifest (its format name is missing)")
    if record.get("version") != FORMAT_VERSION:
        raise IndexForeign(location or path, "manifest version", _shown(record.get("version")), FORMAT_VERSION)
    try:
        return _manifest_from(record)
    except (KeyError, IndexError, TypeError, ValueError, zlib.error, binascii.Error) as error:
        raise IndexCorrupt(path, f"not a manifest ({_shown(error)})") from error


def _shown(value: object) -> str:
    return ascii(str(value))[1:-1][:80]


def _manifest_from(record: Mapping[str, Any]) -> Manifest:
    files = tuple(FileEntry(_name(name), _count(length), _count(crc)) for name, length, crc in _list(record["files"]))
    named = {entry.name for entry in files}
    if len(named) != len(files):
        raise ValueError("a file is named twice")
    rows = [_list(row) for row in _list(record["segments"])]
    if sum((_count(row[2]) + 7) // 8 for row in rows if row[3] is not None) > DELETION_BYTES:
        raise ValueError("more deletions than any index has")
    segments = tuple(_segment_from(row, named) for row in rows)
    if record["toc"] not in named:
        raise ValueError("its table of contents is not among its files")
    return Manifest(
        generation=_count(record["generation"]),
        folder=_folder(record["folder"]),
        previous=None if record["previous"] is None else _place(_list(record["previous"])),
        schema_version=_count(record["schema_version"]),
        analysis=_text(record["analysis"]),
        articles=_count(record["articles"]),
        created=_text(record["created"]),
        toc=_name(record["toc"]),
        segments=segments,
        files=files,
        facts=_mapping(record["facts"]),
    )


def _segment_from(row: list[Any], named: set[str]) -> SegmentEntry:
    name, files, doc_count, bits = row
    names = tuple(_name(file) for file in _list(files))
    if not names or not named.issuperset(names):
        raise ValueError("a segment needs a file that is not named")
    return SegmentEntry(_name(name), names, _count(doc_count), None if bits is None else _bits(_text(bits), _count(doc_count)))


def _bits(text: str, doc_count: int) -> bytes:
    expected = (doc_count + 7) // 8
    inflate = zlib.decompressobj()
    bits = inflate.decompress(base64.b64decode(text, validate=True), expected + 1)  # bounded: a bomb stops here
    if len(bits) != expected or not inflate.eof:
        raise ValueError(f"{expected} bytes of deletions expected")
    if int.from_bytes(bits, "little") >> doc_count:
        raise ValueError("a document beyond the last is deleted")
    return bits


def _place(row: list[Any]) -> Place:
    folder, generation = row
    return Place(_folder(folder), _count(generation))


def _folder(value: object) -> str:
    if not isinstance(value, str) or folder_number(value) is None:
        raise ValueError("not a folder name")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not _SAFE_NAME.fullmatch(value):
        raise ValueError("not a file name")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_COUNT:
        raise ValueError("not a count")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return value
