"""What does stock Whoosh read when it opens the folder, and how do we read it without running what is inside?

The table of contents (TOC) is a header and two pickles: the schema, and the list of segments. It is there so that
``whoosh.index.open_dir`` opens a generation folder; we ourselves open by the manifest. This is the only module that unpickles:
the opcodes are scanned first (a forged memo index would make the unpickler fill the memory), and names are looked up in a
closed list, never imported from what the file says.
"""

from __future__ import annotations

import io
import pickle  # the one home of pickle: see the two guards below
import pickletools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from whoosh.codec.base import Segment
from whoosh.fields import Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.index import TOC
from whoosh.system import _FLOAT_SIZE, _INT_SIZE, _LONG_SIZE

from corpus.errors import IndexCorrupt, IndexForeign
from indexer.durable import DISK, Files, read_whole
from indexer.snapshots import Snapshot

__all__ = [
    "ALLOWED_NAMES",
    "INDEX_NAME",
    "StockSchema",
    "StockSegment",
    "StockToc",
    "parse_toc",
    "read_toc",
    "render_toc",
    "renumber_toc",
    "toc_name",
]

StockSchema = Schema  # the two Whoosh classes that a commit is given; their other users need not import Whoosh
StockSegment = Segment

INDEX_NAME: Final = "MAIN"
TOC_BYTES: Final = 64 << 20
TOC_VERSION: Final = -111
BYTE_ORDER_MARK: Final = -12345

ALLOWED_NAMES: Final[frozenset[tuple[str, str]]] = frozenset(
    (module, name)
    for module, names in {
        "whoosh.fields": "Schema FieldType ID KEYWORD STORED",
        "whoosh.formats": "Existence Frequency Positions",
        "whoosh.analysis.analyzers": "CompositeAnalyzer",
        "whoosh.analysis.tokenizers": "IDTokenizer RegexTokenizer",
        "whoosh.analysis.filters": "StripFilter",
        "re": "_compile",
        "indexer.schema": "ClassAnalyzer ExactAnalyzer",
        "indexer.codec.whoosh_codec": "MarbreSegment",
    }.items()
    for name in names.split()
)
"""Every name a TOC of ours can hold; a test pickles the schema and fails when one is missing or superfluous."""

_OPCODE_NAMES: Final = (
    "PROTO STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINUNICODE "
    "BINBYTES SHORT_BINBYTES EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS EMPTY_DICT SETITEM SETITEMS "
    "EMPTY_SET ADDITEMS FROZENSET GLOBAL STACK_GLOBAL REDUCE NEWOBJ BUILD BINPUT LONG_BINPUT BINGET LONG_BINGET MEMOIZE FRAME"
)
_OPCODES: Final = frozenset(_OPCODE_NAMES.split())


@dataclass(frozen=True, slots=True)
class StockToc:
    """What a TOC holds: the Whoosh schema and the Whoosh segments."""

    schema: Schema
    segments: tuple[Segment, ...]
    generation: int


def toc_name(generation: int) -> str:
    """Return the file name under which stock Whoosh looks for a generation."""
    return f"_{INDEX_NAME}_{generation}.toc"


def render_toc(schema: Schema, segments: Sequence[Segment], generation: int) -> bytes:
    """Let Whoosh itself write a TOC, and return its bytes."""
    storage: Any = cast(Any, RamStorage)()  # Whoosh is not annotated here
    cast(Any, TOC)(schema, list(segments), generation).write(storage, INDEX_NAME)
    with storage.open_file(toc_name(generation)) as stream:
        return bytes(stream.read())


def renumber_toc(data: bytes, generation: int, path: object = "TOC") -> bytes:
    """Return the same TOC for another generation, without reading the pickles."""
    _, place = _split(data, path)
    return data[:place] + struct.pack("!i", generation) + data[place + 4 :]


def read_toc(snapshot: Snapshot, files: Files = DISK) -> StockToc:
    """Read the TOC of a snapshot through the closed list.

    Raises: IndexCorrupt when a name is not on the list or anything is not as Whoosh writes it.
    """
    path = snapshot.path(snapshot.manifest.toc)
    return parse_toc(read_whole(files, path, TOC_BYTES), path)


def parse_toc(data: bytes, path: object) -> StockToc:
    """Read the bytes of a TOC through the closed list."""
    schema_pickle, place = _split(data, path)
    if len(data) < place + 8:
        raise IndexCorrupt(path, "the table of contents is cut short")
    (generation,) = struct.unpack_from("!i", data, place)
    schema = _load(schema_pickle, path)
    segments = _load(data[place + 8 :], path)
    if not isinstance(schema, Schema) or not isinstance(segments, list) or not all(isinstance(one, Segment) for one in segments):
        raise IndexCorrupt(path, "the table of contents does not hold a schema and segments")
    return StockToc(schema, tuple(segments), generation)


def _split(data: bytes, path: object) -> tuple[bytes, int]:
    """Return the schema pickle and the place of the generation number."""
    try:
        place = _header(data, path)
        start, end = _string(data, place)
    except (struct.error, IndexError) as error:
        raise IndexCorrupt(path, "the table of contents is cut short") from error
    return data[start:end], end


def _header(data: bytes, path: object) -> int:
    place = 0
    for size in (_INT_SIZE, _LONG_SIZE, _FLOAT_SIZE):
        found, place = _varint(data, place)
        if found != size:
            raise IndexCorrupt(path, "not a table of contents, or from another kind of computer")
    mark, version = struct.unpack_from("!ii", data, place)
    if mark != BYTE_ORDER_MARK:
        raise IndexCorrupt(path, "not a table of contents")
    if version != TOC_VERSION:
        raise IndexForeign(path, "Whoosh format", version, TOC_VERSION)
    place += 8
    for _ in range(3):
        _, place = _varint(data, place)
    return place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise IndexError("a number without end")


def _string(data: bytes, place: int) -> tuple[int, int]:
    length, start = _varint(data, place)
    if start + length > len(data):
        raise IndexError("a length beyond the end")
    return start, start + length


class _ClosedUnpickler(pickle.Unpickler):
    """An unpickler that knows a closed list of names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED_NAMES:
            raise pickle.UnpicklingError(f"the name {module!a}.{name!a} is not on the closed list")
        return super().find_class(module, name)


def _load(data: bytes, path: object) -> object:
    try:
        _scan(data)
        return _ClosedUnpickler(io.BytesIO(data)).load()
    except Exception as error:  # whatever a forged pickle makes its objects raise
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise IndexCorrupt(path, f"the table of contents is refused: {reason}") from error


def _scan(data: bytes) -> None:
    """Refuse opcodes we never write and memo places that are not the next ones."""
    end = 0
    for count, (opcode, argument, place) in enumerate(pickletools.genops(data)):
        if opcode.name not in _OPCODES:
            raise pickle.UnpicklingError(f"the operation {opcode.name} is not on the closed list")
        if opcode.name in ("BINPUT", "LONG_BINPUT") and int(argument or 0) > count:
            raise pickle.UnpicklingError("a forged memo")
        end = (place or 0) + 1
    if end != len(data):
        raise pickle.UnpicklingError("bytes after its end")
