"""Is every byte of the index what was written? Names the file and the section of whatever is not.

``check`` reads the pointer, the kept manifests, the TOCs, and looks at each file's length; ``deep`` reads every byte under
the location, asks the format of a damaged file for the section, and compares what the parts of a sound segment say of each other. Three things
are told apart: ``damage``, a byte of the current generation that is not what was written; ``former``, the same in what is kept for
``rollback`` alone, so that the archive itself is sound; ``leftover``, a file that nothing names, which the next writer removes (or which is not ours).
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from corpus.errors import IndexCorrupt, IndexProblem
from indexer.codec.checking import verify_segment
from indexer.codec.framing import verify_container
from indexer.codec.segment import SEGMENT_EXTENSION
from indexer.collecting import KEPT_GENERATIONS
from indexer.durable import DISK, Files, checksum, one_line_errors, read_whole
from indexer.ledger_files import LEDGER_SUFFIX, verify_ledger_file
from indexer.manifest import MANIFEST_BYTES, FileEntry, Manifest, manifest_name, parse_manifest
from indexer.reprints import REPRINTS_SUFFIX
from indexer.session import segment_entry
from indexer.snapshots import LOCK, POINTER, View, generations_in, look_at
from indexer.toc import INDEX_NAME, TOC_BYTES, parse_toc

__all__ = ["Problem", "check"]

_CONTAINERS: Final = (SEGMENT_EXTENSION, REPRINTS_SUFFIX)
MAX_LOOKS: Final = 20
_SECTION: Final = re.compile(r"section \S+?(?=[:,]? )|^(?:table of sections|header|footer|directory|block \d+)\b")
_FORMER: Final = "only a former generation needs it: the archive is whole, but “marbre rollback” cannot go back there"
Kind = Literal["damage", "former", "leftover"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong; ``file`` is relative to the location, ``section`` the part of it as far as one can tell."""

    file: str
    section: str
    what: str
    kind: Kind = "damage"

    def __str__(self) -> str:
        where = f"{self.file}, {self.section}" if self.section else self.file
        return f"{where}: {self.what}" + (f" ({_FORMER})" if self.kind == "former" else "")


def check(location: Path | str, *, deep: bool = False, files: Files = DISK) -> list[Problem]:
    """Return what is wrong with an index; [] = sound. May run while a writer is at work: then leftovers are not told.

    Raises: IndexMissing.
    """
    path = Path(location)
    with one_line_errors(path, "check"):
        for _ in range(MAX_LOOKS):
            writing = _is_written(path)
            try:
                view = look_at(path, files)
            except IndexCorrupt as error:
                return [Problem(POINTER, "", _reason(error))]
            problems = list(_check(path, view, deep, files))
            if not problems or _same(path, view, files):
                return [one for one in problems if not (writing and one.kind == "leftover")]
    raise IndexProblem(f"the index at {path} changes faster than it can be checked; try again when less is written")


def _same(location: Path, view: View, files: Files) -> bool:
    try:
        return look_at(location, files) == view
    except IndexProblem:
        return True


def _is_written(location: Path) -> bool:
    try:
        descriptor = os.open(location / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _check(location: Path, view: View, deep: bool, files: Files) -> Iterator[Problem]:
    if view.pointer_lost:
        yield Problem(POINTER, "", view.pointer_lost)
    for name in sorted(files.names(location)):
        if name in view.pointer.kept or name == POINTER:
            continue
        if name == LOCK:
            if not stat.S_ISREG(os.lstat(location / name).st_mode):
                yield Problem(LOCK, "", "not a regular file")
        else:
            yield Problem(name, "", "nothing names it", "leftover")
    for name in view.pointer.kept:
        yield from _Folder(location, name, deep, files, "damage" if name == view.pointer.folder else "former").problems()


class _Folder:
    """One generation folder under check; each file is read once, whatever the generations that name it."""

    def __init__(self, location: Path, name: str, deep: bool, files: Files, kind: Kind) -> None:
        self._location = location
        self._kind: Kind = kind  # of what is found from here on
        self._path = location / name
        self._deep = deep
        self._files = files
        self._read: dict[FileEntry, list[Problem]] = {}

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong in the folder."""
        try:
            generations = generations_in(self._path, self._files)
        except IndexCorrupt as error:
            yield self._problem("", _reason(error))
            return
        if not generations:
            yield self._problem("", "no manifest: the folder is missing, or was not copied whole")
        explained = {manifest_name(generation) for generation in generations[:KEPT_GENERATIONS]}
        for generation in generations[:KEPT_GENERATIONS]:
            manifest = self._manifest(generation)
            if isinstance(manifest, Problem):
                yield manifest
                continue
            explained |= manifest.names
            yield from self._generation(manifest)
            self._kind = "former"  # what older generations need besides
        if generations:
            for name in sorted(set(self._files.names(self._path)) - explained):
                yield self._problem(name, "no kept manifest names it", kind="leftover")

    def _problem(self, name: str, what: str, section: str = "", kind: Kind | None = None) -> Problem:
        return Problem(str((self._path / name).relative_to(self._location)), section, what, kind or self._kind)

    def _manifest(self, generation: int) -> Manifest | Problem:
        name = manifest_name(generation)
        try:
            manifest = parse_manifest(read_whole(self._files, self._path / name, MANIFEST_BYTES), self._path / name, self._location)
        except (IndexProblem, OSError) as error:
            return self._problem(name, _reason(error), "manifest")
        if (manifest.folder, manifest.generation) != (self._path.name, generation):
            return self._problem(name, f"it belongs to generation {manifest.generation} of {manifest.folder}", "manifest")
        return manifest

    def _generation(self, manifest: Manifest) -> Iterator[Problem]:
        if manifest.articles != manifest.live_count:
            what = f"{manifest.articles} articles announced, its segments hold {manifest.live_count}"
            yield self._problem(manifest_name(manifest.generation), what, "articles")
        documents = {name: segment.doc_count for segment in manifest.segments for name in segment.files}
        for entry in manifest.files:
            if entry not in self._read:
                self._read[entry] = list(self._file(entry, self._deep or entry.name == manifest.toc, documents.get(entry.name)))
                yield from self._read[entry]
        if not self._read[manifest.entry(manifest.toc)]:
            yield from self._toc(manifest)

    def _file(self, entry: FileEntry, read: bool, documents: int | None) -> Iterator[Problem]:
        path = self._path / entry.name
        try:
            length = os.lstat(path).st_size
            if length != entry.length:
                yield self._problem(entry.name, f"{length} bytes found, {entry.length} expected", "length")
            elif read and checksum(self._files, path)[1] != entry.crc32:
                yield from self._sections(entry.name) or [self._problem(entry.name, "the checksum of the whole file differs")]
            elif read:
                yield from self._sections(entry.name, documents)
        except FileNotFoundError:
            yield self._problem(entry.name, "the file is missing")
        except (IndexProblem, OSError) as error:
            yield self._problem(entry.name, _reason(error))

    def _sections(self, name: str, documents: int | None = None) -> list[Problem]:
        """Ask the format of a file which part of it is wrong; of a sound segment, whether its parts agree on that many documents."""
        path, found = self._path / name, list[str]()
        if name.endswith(LEDGER_SUFFIX):
            found = verify_ledger_file(path)
        elif documents is not None and name.endswith(SEGMENT_EXTENSION):
            found = verify_segment(path, documents)
        elif name.endswith(_CONTAINERS):
            found = verify_container(path)
        parts = (_parted(_shortened(what, path)) for what in found)
        return [self._problem(name, what, section) for section, what in parts]

    def _toc(self, manifest: Manifest) -> Iterator[Problem]:
        """Compare what stock Whoosh reads with the manifest."""
        path = self._path / manifest.toc
        try:
            toc = parse_toc(read_whole(self._files, path, TOC_BYTES), path)
            told = [_counts(segment_entry(segment, ())) for segment in toc.segments]
        except (IndexProblem, OSError) as error:
            yield self._problem(manifest.toc, _reason(error), "table of contents")
            return
        if toc.generation != manifest.generation or told != [_counts(segment) for segment in manifest.segments]:
            yield self._problem(manifest.toc, "it does not hold the generation and segments of the manifest", "table of contents")


def _counts(segment: Any) -> tuple[str, int, bytes | None]:
    return segment.name.removeprefix(f"{INDEX_NAME}_"), segment.doc_count, segment.deletions  # named with or without the index name


def _reason(error: Exception) -> str:
    """Return what an error says, without the place that the problem names already."""
    return _shortened(str(error), getattr(error, "filename", "") or "")


def _shortened(text: str, path: object) -> str:
    text = text.partition("; see “marbre check")[0]
    return re.sub(r"damaged index file .*?: ", "", text).removeprefix(f"{path}: ")


def _parted(what: str) -> tuple[str, str]:
    """Return the section that a problem speaks of, "" for none, and what it says of it."""
    found = _SECTION.search(what)
    section = found[0] if found else ""
    return section, re.sub(r"^[:,]? +", "", what.removeprefix(section)) if section else what
