"""Which files are inside this archive? ZIP and TAR, nested once.

Each member is read by the reader of its own content. Its path is a name in messages and nothing else: nothing is written
where an archive says, no link is followed. Sizes are looked at before anything is unpacked, and counted while it is.
Source: PKWARE APPNOTE 6.3; POSIX.1-2001 ustar and pax.
"""

from __future__ import annotations

import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, Final

from corpus.article import Article
from corpus.errors import SourceUnreadable
from corpus.readers.digitised import claimed_names
from corpus.readers.source import Reject, Source
from corpus.readers.streams import INFLATED_FREE_BYTES, INFLATED_RATIO, MEMBER_BYTES, hold

__all__ = ["DEPTH", "ReadMember", "read_tar", "read_zip", "safe_zip"]

DEPTH: Final = 2  # an archive inside an archive is read, one inside that is not
MAX_MEMBERS: Final = 200_000
WHOLE_BYTES: Final = 1 << 30  # an archive that cannot be read where it lies
_DIRECTORY_BYTES: Final = 64 * 1024 * 1024  # the list of members of a ZIP
_HEADER_BYTES: Final = 1 << 20
_LONG_HEADERS: Final = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?/)|__MACOSX/|Thumbs\.db$|(?:README|LICEN[CS]E)(?:\.|$))", re.IGNORECASE)
_ASSETS = re.compile(r"([^/]+)(?:_files|_fichiers)/", re.IGNORECASE)

ReadMember = Callable[[Source], Iterator[Article | Reject]]


# --- ZIP --------------------------------------------------------------------------------------------------------------


def read_zip(source: Source, read_member: ReadMember) -> Iterator[Article | Reject]:
    """Read each file of a ZIP archive."""
    if source.depth >= DEPTH:
        yield _too_deep(source)
        return
    with source.open() as packed:
        held = hold(packed, WHOLE_BYTES)
    with held.open_as_is() as stream, safe_zip(stream) as archive:
        infos = sorted(
            (info for info in archive.infolist() if not info.is_dir() and not _HIDDEN.search(info.filename)), key=lambda one: one.filename
        )
        infos = _without_assets(infos)
        openers = {info.filename.rsplit("/", 1)[-1]: partial(_zip_bytes, archive, info) for info in infos}
        claimed = _claimed(openers)
        budget = _Budget(sum(info.compress_size for info in infos))
        for info in infos:
            if info.filename.rsplit("/", 1)[-1] in claimed:
                continue
            reason = _why_not(info)
            if reason:
                yield Reject(source.member(info.filename, stream_of_nothing).origin(), reason)
                continue
            yield from _member(source, info.filename, partial(_zip_bytes, archive, info), budget, read_member, openers)


def safe_zip(stream: BinaryIO) -> zipfile.ZipFile:
    """Open a ZIP file whose list of members is not a bomb itself.

    Raises: SourceUnreadable.
    """
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - 66_000))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at >= 0 and len(tail) >= at + 16:
        count, size = struct.unpack_from("<HI", tail, at + 10)
        if (size > _DIRECTORY_BYTES and size != 0xFFFFFFFF) or (count != 0xFFFF and count > MAX_MEMBERS):
            raise SourceUnreadable(f"a ZIP file with a list of members of {size >> 20} MB")
    stream.seek(0)
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, EOFError, struct.error) as error:
        raise SourceUnreadable(f"damaged ZIP file ({str(error)[:100].lower()}); copy it again") from error


def _why_not(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "encrypted: give the file without its password"
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return "a symbolic link inside an archive, which is not followed"
    if info.file_size > MEMBER_BYTES:
        return f"more than {MEMBER_BYTES >> 20} MB when unpacked"
    if info.file_size > INFLATED_FREE_BYTES and info.file_size > INFLATED_RATIO * max(info.compress_size, 1):
        return f"unpacks to more than {INFLATED_RATIO} times its size"
    return ""


def _zip_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return archive.open(info)  # type: ignore[return-value]


def _without_assets(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Leave out the folder of pictures and scripts that a browser saves beside a page (« page_files/ »)."""
    pages = {re.sub(r"(?i)\.x?html?$", "", info.filename) for info in infos if re.search(r"(?i)\.x?html?$", info.filename)}
    return [info for info in infos if not any(info.filename[: found.end(1)] in pages for found in _ASSETS.finditer(info.filename))]


def _claimed(openers: Mapping[str, Callable[[], BinaryIO]]) -> frozenset[str]:
    """Return the names of the ALTO files that a METS file of this archive gives its text from."""
    names: frozenset[str] = frozenset()
    for name, opener in openers.items():
        if "mets" in name.lower() and name.lower().endswith(".xml"):
            with opener() as stream:
                names |= claimed_names(stream)
    return names


# --- TAR --------------------------------------------------------------------------------------------------------------


def read_tar(source: Source, read_member: ReadMember) -> Iterator[Article | Reject]:
    """Read each file of a TAR archive, as it streams by."""
    if source.depth >= DEPTH:
        yield _too_deep(source)
        return
    budget = _Budget(None)
    with source.open() as stream:
        number = 0
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for number, info in enumerate(archive, 1):
                    if number > MAX_MEMBERS:
                        yield Reject(source.origin(), f"an archive of more than {MAX_MEMBERS:,} files", "split it")
                        return
                    archive.members = []  # type: ignore[attr-defined]  # they would be kept for a second look
                    yield from _tar_member(source, archive, info, budget, read_member)
        except (tarfile.TarError, ValueError, OverflowError) as error:
            fault = f"damaged TAR file after {number} files ({str(error)[:100]})"
            yield Reject(source.origin(), fault, "what stood before the damage was read; copy the file again")


class _TarInfo(tarfile.TarInfo):
    """A member whose names and attributes are not a bomb themselves: the library would hold them whole."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:
        if self.type in _LONG_HEADERS and self.size > _HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {self.size:,} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar_member(
    source: Source, archive: tarfile.TarFile, info: tarfile.TarInfo, budget: _Budget, read_member: ReadMember
) -> Iterator[Article | Reject]:
    if info.isdir() or _HIDDEN.search(info.name):
        return
    if not info.isfile() or info.issparse():
        what = "a link inside an archive, which is not followed" if info.issym() or info.islnk() else "not a regular file"
        yield Reject(source.member(info.name, stream_of_nothing).origin(), what)
        return
    if info.size > MEMBER_BYTES:
        yield Reject(source.member(info.name, stream_of_nothing).origin(), f"more than {MEMBER_BYTES >> 20} MB")
        return

    def opened() -> BinaryIO:
        return archive.extractfile(info) or io.BytesIO()  # type: ignore[return-value]

    yield from _member(source, info.name, opened, budget, read_member, {})


# --- members ----------------------------------------------------------------------------------------------------------


class _Budget:
    """How many bytes an archive may still unpack to: overlapping members unpack the same bytes again and again."""

    def __init__(self, packed: int | None) -> None:
        self._left = None if packed is None else INFLATED_FREE_BYTES * 4 + INFLATED_RATIO * packed

    def take(self, size: int) -> None:
        """Count ``size`` bytes.

        Raises: SourceUnreadable when they are too many.
        """
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                raise SourceUnreadable(f"unpacks to more than {INFLATED_RATIO} times its size")


def stream_of_nothing() -> BinaryIO:
    """Open no bytes: what a member that is refused unread is opened with."""
    return io.BytesIO()


def _too_deep(source: Source) -> Reject:
    return Reject(source.origin(), "an archive inside an archive inside an archive", "unpack the outer one first")


def _member(
    source: Source,
    name: str,
    opened: Callable[[], BinaryIO],
    budget: _Budget,
    read_member: ReadMember,
    openers: Mapping[str, Callable[[], BinaryIO]],
) -> Iterator[Article | Reject]:
    """Unpack one member aside and give it to its reader."""
    try:
        with opened() as packed:
            held = hold(packed)
    except SourceUnreadable as error:
        yield Reject(source.member(name, stream_of_nothing).origin(), str(error))
        return
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, tarfile.TarError, ValueError) as error:
        yield Reject(
            source.member(name, stream_of_nothing).origin(), f"damaged inside the archive ({str(error)[:100]})", "copy the archive again"
        )
        return
    member = source.member(name, held.open)
    with held.open_as_is() as again:
        again.seek(0, io.SEEK_END)
        budget.take(again.tell())
    yield from read_member(_with_neighbours(member, openers))


def _with_neighbours(member: Source, openers: Mapping[str, Callable[[], BinaryIO]]) -> Source:
    if not openers:
        return member
    return replace(member, beside=lambda: {name: _unpacked(one) for name, one in openers.items()})


def _unpacked(opener: Callable[[], BinaryIO]) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        with opener() as packed:
            return hold(packed).open()

    return opened
