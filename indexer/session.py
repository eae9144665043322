"""What does one writer do between taking the lock and leaving? It writes new files, makes them current, and leaves nothing else.

    segment files  -> fsync each        nothing names them yet
    TOC            -> aside, fsync, rename
    folder         -> fsync             all names and contents are durable
    manifest       -> aside, fsync, rename, fsync the folder        readers see it; only now is the commit acknowledged
    (in a new folder, then) pointer -> aside, fsync, rename, fsync the location

A session that fails is over: after a failed fsync the kernel may have dropped the bytes, and asking again would be told that all is well.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from corpus.errors import IndexCorrupt, IndexMissing, IndexProblem
from indexer.collecting import KEPT_GENERATIONS, collect_folder, collect_location, kept_generations, remove_names, remove_tree
from indexer.durable import Files, new_file, one_line_errors, replace_file, sync_file
from indexer.manifest import (
    FileEntry,
    Manifest,
    Place,
    Pointer,
    SegmentEntry,
    folder_number,
    manifest_name,
    parse_manifest,
    render_manifest,
    render_pointer,
)
from indexer.snapshots import POINTER, Snapshot, generations_in, look_at
from indexer.toc import INDEX_NAME, StockSchema, StockSegment, render_toc, toc_name

__all__ = ["Commit", "Session", "segment_entry"]

ID_CHARS: Final = 16
_ID_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit makes current: every segment of the index, old ones included, and what they were made with.

    ``stock`` are the same segments as Whoosh objects, for the TOC; ``extra_files`` are further files to keep with the generation.
    """

    segments: tuple[SegmentEntry, ...]
    schema: StockSchema
    stock: tuple[StockSegment, ...]
    schema_version: int
    analysis: str
    articles: int
    extra_files: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None


def segment_entry(segment: Any, files: Iterable[str]) -> SegmentEntry:
    """Describe a Whoosh segment and its files for a commit."""
    documents = segment.doc_count_all()
    bits = bytearray((documents + 7) // 8)
    for doc_num in segment.deleted_docs():
        bits[doc_num >> 3] |= 1 << (doc_num & 7)
    return SegmentEntry(segment.segment_id(), tuple(files), documents, bytes(bits) if any(bits) else None)


class Session:
    """One writer at work; made by ``write_session``, which holds the lock.

    ``base`` is the generation it starts from (None: no index, or a damaged one that is rebuilt), ``folder`` where its files go,
    ``leftovers`` what could not be removed.
    """

    def __init__(self, location: Path, folder: Path, base: Snapshot | None, pointer: Pointer | None, files: Files) -> None:
        self.location: Final = location
        self.folder: Final = folder
        self.base = base
        self.leftovers: list[str] = []
        self._files = files
        self._pointer = pointer
        self._next = 1 + _highest_generation(location, files)
        self._kept = kept_generations(folder, files)
        self._streams: dict[str, BufferedWriter] = {}
        self._owner = os.getpid()
        self._failed = False

    def new_segment_id(self) -> str:
        """Return 16 random letters and digits, the form Whoosh gives to ``Segment.segid``."""
        return "".join(secrets.choice(_ID_LETTERS) for _ in range(ID_CHARS))

    def new_name(self, suffix: str) -> str:
        """Return a file name that no file has: ``MAIN_<segid><suffix>``."""
        return f"{INDEX_NAME}_{self.new_segment_id()}{suffix}"

    def open_file(self, name: str) -> BufferedWriter:
        """Open a new file of the session's folder for writing; ``commit`` makes it durable, leaving without commit removes it."""
        with one_line_errors(self.location, "write"):
            self._streams[name] = new_file(self._files, self.folder / name)
        return self._streams[name]

    def commit(self, content: Commit) -> Snapshot:
        """Make the content the current generation; it is durable when this returns. May be called again with more.

        Raises: IndexProblem in one line; what was committed before is then intact, and the session must be left.
        """
        self._refuse_misuse()
        draft = Manifest(
            generation=self._next,
            folder=self.folder.name,
            previous=None,
            schema_version=content.schema_version,
            analysis=content.analysis,
            articles=content.articles,
            created="",
            toc="",
            segments=content.segments,
            files=(),
            facts=dict(content.facts or {}),
        )
        names = [name for segment in content.segments for name in segment.files] + list(content.extra_files)
        return self.publish(draft, names, render_toc(content.schema, content.stock, self._next))

    def publish(self, draft: Manifest, names: Sequence[str], toc: bytes) -> Snapshot:
        """Make a drafted manifest the next generation, with the named files and the TOC: the protocol at the top of this module.

        What the draft already says of a file is what the file must be.
        """
        self._refuse_misuse()
        self._failed = True  # until the end is reached
        with one_line_errors(self.location, "write"):
            manifest = self._write_generation(draft, names, toc)
            pointer = self._point_here()
        self._failed = False
        return self._acknowledge(manifest, pointer)

    @property
    def next_generation(self) -> int:
        """The number that the next commit gets."""
        return self._next

    def skip_to(self, generation: int) -> None:
        """Let the next commit have at least this number: a copy keeps the number of its original."""
        self._next = max(self._next, generation)

    def close(self) -> None:
        """Leave: remove what was not committed. Does nothing in a forked child."""
        if os.getpid() != self._owner:
            return
        for stream in self._streams.values():
            with suppress(OSError, IndexProblem):  # a full disk refuses the rest of a file that goes away anyway
                stream.close()
        try:
            self._remove_uncommitted()
        except (OSError, IndexProblem) as error:
            self.leftovers.append(f"{self.folder}: {error}")

    def _refuse_misuse(self) -> None:
        if self._failed or os.getpid() != self._owner:
            raise IndexProblem(f"this writing of the index at {self.location} has failed, or belongs to another process; start a new one")

    def _write_generation(self, draft: Manifest, names: Sequence[str], toc: bytes) -> Manifest:
        expected = {entry.name: entry for entry in draft.files}
        entries = [self._make_durable(name, expected.get(name)) for name in dict.fromkeys(names)]
        name = toc_name(self._next)
        replace_file(self._files, self.folder / name, toc)
        entries.append(FileEntry(name, len(toc), crc32(toc)))
        manifest = replace(
            draft,
            generation=self._next,
            folder=self.folder.name,
            previous=None if self.base is None else Place(self.base.folder.name, self.base.generation),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            toc=name,
            files=tuple(entries),
        )
        path, rendered = self.folder / manifest_name(self._next), render_manifest(manifest)
        parse_manifest(rendered, path, self.location)  # a writer's mistake must not become an index that nobody can open
        self._files.sync_folder(self.folder)
        replace_file(self._files, path, rendered)
        self._files.sync_folder(self.folder)
        return manifest

    def _make_durable(self, name: str, expected: FileEntry | None) -> FileEntry:
        if name in self._streams:
            self._streams.pop(name).close()
        for manifest in self._kept:
            for entry in manifest.files:
                if entry.name == name:
                    return entry  # a file is never changed once it is named
        found = FileEntry(name, *sync_file(self._files, self.folder / name))
        if expected is not None and found != expected:
            raise IndexCorrupt(self.folder / name, "the copy differs from the original")
        return found

    def _point_here(self) -> Pointer:
        if self._pointer is not None and self._pointer.folder == self.folder.name:
            return self._pointer
        pointer = Pointer(self.folder.name, None if self._pointer is None else self._pointer.folder)
        replace_file(self._files, self.location / POINTER, render_pointer(pointer))
        self._files.sync_folder(self.location)
        return pointer

    def _acknowledge(self, manifest: Manifest, pointer: Pointer) -> Snapshot:
        """Take the commit for granted, then remove what it made superfluous; files of the session itself are not touched."""
        old = self._kept[KEPT_GENERATIONS - 1 :]
        self._kept = (manifest, *self._kept[: KEPT_GENERATIONS - 1])
        needed = frozenset[str]().union(*(kept.names for kept in self._kept))
        self._next = manifest.generation + 1
        superfluous = frozenset[str]().union(*(dropped.names for dropped in old)) - needed
        self.leftovers += remove_names(self.folder, superfluous, self._files)
        if pointer != self._pointer:
            self._pointer = pointer
            self._tolerate_collect(pointer)
        self.base = Snapshot(self.location, self.folder, manifest, pointer)
        return self.base

    def _tolerate_collect(self, pointer: Pointer) -> None:
        try:
            self.leftovers += collect_location(self.location, pointer, self._files)
        except OSError as error:
            self.leftovers.append(f"{self.location}: {error.strerror}")

    def _remove_uncommitted(self) -> None:
        pointer = self._pointer
        if self._failed:  # the pointer may have moved without being acknowledged: ask the disk
            with suppress(IndexMissing):
                view = look_at(self.location, self._files)
                pointer = pointer if view.pointer_lost else view.pointer
        if pointer is not None and self.folder.name in pointer.kept:
            self.leftovers += collect_folder(self.folder, self._files)
        else:
            remove_tree(self.folder, self._files)


def _highest_generation(location: Path, files: Files) -> int:
    folders = [location / name for name in files.names(location) if folder_number(name) is not None]
    return max((numbers[0] for folder in folders if (numbers := generations_in(folder, files))), default=0)
