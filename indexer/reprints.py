"""Which articles are one dispatch in several newspapers, which came first, and how much of it is left in each?

Sketches lie in the segments, which never change; groups do change (a new article may join two of them, a deleted one may part
one), so they lie in one file beside the segments, written again when something moved. A commit links what is new, and what stood in a group
with something that is gone; nothing else is read. A group is what hangs together by pairs of versions, so that it does not
matter in which order the articles came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexCorrupt
from indexer.codec.columns import NO_DAY
from indexer.codec.framing import Container, writing
from indexer.codec.segment import SegmentReader
from indexer.codec.stored import json_bytes
from indexer.linking import Source, Texts, Together, linked_pairs
from indexer.resemblance import kept_percent

__all__ = ["FIRST", "REPRINTS_FACT", "Reprints", "SegmentGroups", "read_groups", "read_meta"]

REPRINTS_FACT: Final = "reprints"  # of the manifest: the name of the file
REPRINTS_SUFFIX: Final = ".reprints"
FIRST: Final = 255  # in the place of the share kept: the first publication itself
MEASURED_AT_ONCE: Final = 2_048  # versions
_DISPATCH: Final = "dépêche"
Mask = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SegmentGroups:
    """The articles of a segment that have other versions. Shapes: docs u32[n] ascending, groups u32[n] from 1, kept u8[n].

    Units: kept in percent of the first publication, FIRST for that one itself.
    """

    docs: npt.NDArray[np.uint32]
    groups: npt.NDArray[np.uint32]
    kept: npt.NDArray[np.uint8]


_NONE: Final = SegmentGroups(np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.uint8))


class Reprints:
    """The groups of an index being written."""

    def __init__(self, path: Path | None, following: int = 1) -> None:
        self._path = path
        self._groups, self._next = ({}, following) if path is None else _read(path)
        self._changed = False

    def link(self, segments: Sequence[tuple[str, SegmentReader, Mask]]) -> None:
        """Find the versions of what is new, and of what stood beside something gone. Segments: name, reader, which are deleted."""
        sources = _sources(segments)
        groups, kept = self._spread(segments)
        wanted = np.concatenate(
            [
                np.empty(0, np.bool_),
                *(source.live & (name not in self._groups) for (name, _, _), source in zip(segments, sources, strict=True)),
            ]
        )
        self.relink(sources, wanted, groups, kept)
        self._gather(segments, groups, kept)

    def relink(self, sources: Sequence[Source], wanted: Mask, groups: I64, kept: npt.NDArray[np.uint8]) -> None:
        """Find the versions of what is wanted, and of what stood in a group with something gone; ``groups`` and ``kept`` are changed."""
        live = np.concatenate([np.empty(0, np.bool_), *(source.live for source in sources)])
        parted = np.isin(groups, np.unique(groups[(groups > 0) & ~live])) & (groups > 0)
        wanted |= parted & live
        groups[parted] = kept[parted] = 0
        if wanted.any() or parted.any():
            texts = Texts(sources)
            changed = self._settle(linked_pairs(sources, wanted, groups, texts), groups)
            _measure(texts, groups, kept, changed)
            self._changed |= bool(changed or parted.any())

    @property
    def following(self) -> int:
        """The number of the next new group."""
        return self._next

    def merged(self, name: str, parts: Sequence[tuple[str, Mask]]) -> None:
        """Follow a merge: the name of the new segment, names and live articles of the old ones, in order."""
        base, found = 0, [_NONE]
        for old, live in parts:
            own = self._groups.pop(old, _NONE)
            numbers = base + np.cumsum(live) - 1
            there = live[own.docs]
            found.append(SegmentGroups(numbers[own.docs][there].astype(np.uint32), own.groups[there], own.kept[there]))
            base += int(np.count_nonzero(live))
        self._groups[name] = SegmentGroups(
            np.concatenate([part.docs for part in found]),
            np.concatenate([part.groups for part in found]),
            np.concatenate([part.kept for part in found]),
        )
        self._changed = True

    def write(self, folder: Path, name: str, file_id: str) -> Path:
        """Write the groups to a new file, unless the former one still says the same; return the file to keep."""
        if self._path is not None and not self._changed:
            return self._path
        path = folder / f"{name}_{file_id}{REPRINTS_SUFFIX}"
        with writing(path, file_id.encode()) as file:
            file.out.add(
                "meta", json_bytes({"next": self._next, "segments": {name: int(own.docs.size) for name, own in self._groups.items()}})
            )
            for segment, own in self._groups.items():
                file.out.add(f"docs/{segment}", own.docs.astype("<u4"))
                file.out.add(f"groups/{segment}", own.groups.astype("<u4"))
                file.out.add(f"kept/{segment}", own.kept)
        self._path, self._changed = path, False
        return path

    def keep(self, names: Iterable[str]) -> None:
        """Forget the segments that are no longer part of the index."""
        gone = self._groups.keys() - set(names)
        for name in gone:
            del self._groups[name]
        self._changed |= bool(gone)

    def _spread(self, segments: Sequence[tuple[str, SegmentReader, Mask]]) -> tuple[I64, npt.NDArray[np.uint8]]:
        groups, kept = [np.empty(0, np.int64)], [np.empty(0, np.uint8)]
        for name, _, deleted in segments:
            own = self._groups.get(name, _NONE)
            groups.append(np.zeros(deleted.size, np.int64))
            kept.append(np.zeros(deleted.size, np.uint8))
            groups[-1][own.docs], kept[-1][own.docs] = own.groups, own.kept
        return np.concatenate(groups), np.concatenate(kept)

    def _gather(self, segments: Sequence[tuple[str, SegmentReader, Mask]], groups: I64, kept: npt.NDArray[np.uint8]) -> None:
        base = 0
        for name, _, deleted in segments:
            own = groups[base : base + deleted.size]
            docs = np.flatnonzero(own)
            self._changed |= name not in self._groups
            self._groups[name] = SegmentGroups(docs.astype(np.uint32), own[docs].astype(np.uint32), kept[base : base + deleted.size][docs])
            base += deleted.size

    def _settle(self, together: Together, groups: I64) -> set[int]:
        """Write down what belongs together; return the groups that are new or larger."""
        changed: set[int] = set()
        renamed: dict[int, int] = {}
        for numbers in together.sets():
            old = sorted(-number for number in numbers if number < 0)
            group = old[0] if old else self._next
            self._next += not old
            renamed.update(dict.fromkeys(old[1:], group))
            groups[[number for number in numbers if number >= 0]] = group
            changed.add(group)
        if renamed:
            table = np.arange(self._next)
            table[list(renamed)] = list(renamed.values())
            groups[:] = table[groups]
        return changed


def read_groups(path: Path) -> Mapping[str, SegmentGroups]:
    """Return the groups of each segment. Raises: FileNotFoundError, IndexCorrupt, IndexForeign."""
    return _read(path)[0]


def _read(path: Path) -> tuple[dict[str, SegmentGroups], int]:
    container = Container.open(path)
    sizes, following = read_meta(
        container, lambda meta: ({str(name): int(size) for name, size in meta["segments"].items()}, int(meta["next"]))
    )
    found = {
        name: SegmentGroups(
            container.section(f"docs/{name}").array("<u4", size).copy(),
            container.section(f"groups/{name}").array("<u4", size).copy(),
            container.section(f"kept/{name}").array("<u1", size).copy(),
        )
        for name, size in sizes.items()
    }
    container.close()
    return found, following


def read_meta(container: Container, take: Callable[[dict[str, Any]], T]) -> T:
    """Return what ``take`` finds in what a file of groups says of itself. Raises: IndexCorrupt."""
    section = container.section("meta")
    try:
        return take(json.loads(bytes(section.read(0, len(section)))))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexCorrupt(container.path, f"section meta cannot be read ({error})") from error


def _sources(segments: Sequence[tuple[str, SegmentReader, Mask]]) -> list[Source]:
    sources, base = [], 0
    for _, reader, deleted in segments:
        sources.append(Source(reader, ~deleted, base))
        base += deleted.size
    return sources


def _measure(texts: Texts, groups: I64, kept: npt.NDArray[np.uint8], changed: set[int]) -> None:
    """Find the first publication of each changed group, and say how much of it the others have kept."""
    members = np.flatnonzero(np.isin(groups, list(changed)))
    members = members[np.argsort(groups[members], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[members], prepend=0))
    unmeasured: list[tuple[int, int]] = []
    for numbers in np.split(members, starts[1:]):
        if not numbers.size:
            continue
        first = _first_of(texts, numbers.tolist())
        if kept[first] != FIRST:
            kept[numbers] = 0
            kept[first] = FIRST
        unmeasured += [(first, number) for number in numbers[kept[numbers] == 0].tolist()]
    for start in range(0, len(unmeasured), MEASURED_AT_ONCE):
        part = unmeasured[start : start + MEASURED_AT_ONCE]
        pairs = texts.pairs({number for both in part for number in both})
        for first, number in part:
            kept[number] = max(1, kept_percent(pairs[first], pairs[number]))


def _first_of(texts: Texts, numbers: Sequence[int]) -> int:
    """Return the first publication: by day (unknown ones last), of one day a dispatch before an article, then by id."""
    days = {}
    for number in numbers:
        source, inside = texts.place(number)
        day = int(source.days[inside])
        days[number] = day if day != NO_DAY else 1 << 31
    earliest = min(days.values())
    firsts = [number for number in numbers if days[number] == earliest]
    return firsts[0] if len(firsts) == 1 else min(firsts, key=lambda number: _rank(texts, number))


def _rank(texts: Texts, number: int) -> tuple[bool, str]:
    source, inside = texts.place(number)
    return source.reader.header(inside).get("kind") != _DISPATCH, source.reader.doc_id(inside)
