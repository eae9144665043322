"""How do the bytes of a file become lines and pieces of text, in bounded memory?

gzip is unpacked as it is read, and a bomb is stopped by its ratio; no line longer than RECORD_BYTES is ever held. Each line
is UTF-8 where it can be, else it is read as ``corpus.encodings`` tells.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from corpus.encodings import decode, mark_of
from corpus.errors import SourceUnreadable

__all__ = ["HEAD_BYTES", "MEMBER_BYTES", "RECORD_BYTES", "Held", "hold", "open_bytes", "text_chunks", "text_lines", "unpacked"]

HEAD_BYTES: Final = 65_536  # what the choice of a reader or an encoding looks at
RECORD_BYTES: Final = 16 * 1024 * 1024
INFLATED_RATIO: Final = 200  # bytes out for one byte in; French press text stays under 12
INFLATED_FREE_BYTES: Final = 16 * 1024 * 1024  # under this any ratio is harmless
MEMBER_BYTES: Final = 256 * 1024 * 1024  # one file inside an archive, unpacked
_IN_MEMORY_BYTES: Final = 16 * 1024 * 1024  # a longer member waits in a temporary file
_CHUNK_BYTES: Final = 1 << 18


class _Inflated(io.RawIOBase):
    """The bytes of a gzip file; stops a bomb by the ratio of bytes out to bytes in."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._unpacked = gzip.GzipFile(fileobj=self._packed)
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._unpacked.read1(len(buffer))
        self._bytes += len(data)
        if self._bytes > INFLATED_FREE_BYTES and self._bytes > INFLATED_RATIO * self._packed.tell():
            raise SourceUnreadable(f"unpacks to more than {INFLATED_RATIO} times its size")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._unpacked.close()
        self._packed.close()
        super().close()


def open_bytes(path: Path) -> BinaryIO:
    """Open the bytes of a file, unpacked where it is gzip (by its first bytes, whatever its name)."""
    return unpacked(path.open("rb"))


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return the bytes of ``stream``, which stands at its start and can seek, unpacked where they are gzip."""
    start = stream.read(2)
    stream.seek(0)
    if start != b"\x1f\x8b":
        return stream
    return io.BufferedReader(_Inflated(stream), _CHUNK_BYTES)


class Held:
    """The bytes of a member of an archive, kept until they are read: in memory, or in an unnamed temporary file."""

    def __init__(self, data: bytes, spilled: BinaryIO | None = None) -> None:
        self._data = data
        self._spilled = spilled

    def __del__(self) -> None:
        if self._spilled is not None:
            self._spilled.close()

    def open(self) -> BinaryIO:
        """Open the bytes from their start, unpacked where they are gzip."""
        return unpacked(self.open_as_is())

    def open_as_is(self) -> BinaryIO:
        """Open the bytes from their start as they came; one opening at a time when they are in a file."""
        if self._spilled is None:
            return io.BytesIO(self._data)
        stream = os.fdopen(os.dup(self._spilled.fileno()), "rb")
        stream.seek(0)
        return stream


def hold(stream: BinaryIO, limit: int = MEMBER_BYTES) -> Held:
    """Read ``stream`` to its end and keep it.

    Raises: SourceUnreadable beyond ``limit`` bytes.
    """
    data = stream.read(_IN_MEMORY_BYTES)
    if len(data) < _IN_MEMORY_BYTES:
        return Held(data)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as what holds it
    total = 0
    while data:
        total += len(data)
        if total > limit:
            file.close()
            raise SourceUnreadable(f"more than {limit >> 20} MB when unpacked")
        file.write(data)
        data = stream.read(_CHUNK_BYTES)
    file.flush()
    return Held(b"", file)


def text_lines(stream: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """Yield each line with its number from 1; None for one over RECORD_BYTES, which is skipped, not held."""
    fallback: str | None = None  # once a line was not UTF-8, later ones are read in the same encoding where it fits
    for number, data in enumerate(_byte_lines(stream), 1):
        if data is None:
            yield number, None
            continue
        line = data
        if number == 1:
            marked = mark_of(data)
            line = data[3:] if marked == "utf-8" else data
            if marked.startswith(("utf-16", "utf-32")):
                yield from _wide_lines(line, stream, marked)
                return
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError:
            decoded = decode(line, fallback)
            fallback = fallback or decoded.encoding
            yield number, decoded.text


def _byte_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    while line := stream.readline(RECORD_BYTES + 1):
        if len(line) <= RECORD_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(RECORD_BYTES)
        yield None


def _wide_lines(first: bytes, stream: BinaryIO, encoding: str) -> Iterator[tuple[int, str | None]]:
    """Yield the lines of a UTF-16 or UTF-32 stream, whose line ends are no single bytes."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    held, number = decoder.decode(first).removeprefix("\ufeff"), 1
    skipping = False
    while True:
        chunk = stream.read(_CHUNK_BYTES)
        *lines, held = (held + decoder.decode(chunk, not chunk)).split("\n")
        for line in [*lines, held] if not chunk else lines:
            yield number, None if skipping else line + "\n"
            number, skipping = number + 1, False
        if not chunk:
            return
        if len(held) > RECORD_BYTES:
            held, skipping = "", True


def text_chunks(stream: BinaryIO) -> Iterator[str]:
    """Yield the text of ``stream`` in pieces; a small file is decoded as a whole, a large one in the encoding of its head.

    Raises: UnicodeDecodeError (a ValueError) where a large file leaves that encoding.
    """
    head = stream.read(RECORD_BYTES)
    if len(head) < RECORD_BYTES:
        yield decode(head).text
        return
    encoding = decode(head[:HEAD_BYTES]).encoding if not head[:HEAD_BYTES].isascii() else "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    chunk = head
    while chunk:
        yield decoder.decode(chunk)
        chunk = stream.read(_CHUNK_BYTES)
    yield decoder.decode(b"", True)
