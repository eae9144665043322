"""What does a reader get, and what does it give back? A source of bytes in; articles and rejects out, in order.

A reader is a function ``read(source: Source) -> Iterator[Article | Reject]``. It streams, keeps its place, and never raises
for bad content: one bad record is one ``Reject``, the rest goes on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from corpus.article import Article, Origin

__all__ = ["FileVisitor", "Reader", "Reject", "Source", "shown"]


@dataclass(frozen=True, slots=True)
class Reject:
    """One input that was not taken: where, why, and what the archivist can do."""

    origin: Origin
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}" + (f"; {self.advice}" if self.advice else "")

    def as_json(self) -> dict[str, str]:
        """Return file, place, reason and advice."""
        return {"file": self.origin.file, "place": self.origin.place, "reason": self.reason, "advice": self.advice}


def _alone() -> Mapping[str, Callable[[], BinaryIO]]:
    return {}


@dataclass(frozen=True, slots=True)
class Source:
    """A file as readers see it: its name for messages, a way to open its (decompressed) bytes, defaults for empty fields.

    ``defaults`` has the keyword arguments of ``article_from_record`` (newspaper, language, kind). ``inside`` is the member of
    an archive that this source is, ``depth`` how many archives stand around it; ``path`` is the file on disk, None for a
    member; ``query`` the SQL of the user; ``beside`` gives the other files of its folder or archive by their last name;
    ``pages`` the files on disk that this one gives its text from; ``names`` the columns or keys that a mapping file gives to fields; ``unchanged``, when there is one, is told place and text of a
    record before it is parsed, and says that it need not be.
    """

    name: str
    open: Callable[[], BinaryIO]
    defaults: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    depth: int = 0
    path: Path | None = None
    query: str = ""
    beside: Callable[[], Mapping[str, Callable[[], BinaryIO]]] = _alone
    pages: Callable[[], tuple[Path, ...]] = tuple
    names: Mapping[str, str] = field(default_factory=dict)
    unchanged: Callable[[str, str], bool] | None = None

    def origin(self, place: str = "") -> Origin:
        """Return the place ``place`` ("line 12", "item 3") inside this source."""
        return Origin(self.name, ", ".join(part for part in (self.inside, place) if part))

    @property
    def own_name(self) -> str:
        """The name that tells the format: of the member, or of the file."""
        return self.inside or self.name

    def member(self, name: str, opener: Callable[[], BinaryIO]) -> Source:
        """Return the file called ``name`` inside this archive; the name is for messages and suffixes only."""
        inside = shown(name)[-200:]
        return replace(
            self,
            open=opener,
            inside=f"{self.inside} > {inside}" if self.inside else inside,
            depth=self.depth + 1,
            path=None,
            beside=_alone,
            pages=tuple,
        )


class FileVisitor(Protocol):
    """Who keeps account of the files of a stream, and may leave some out."""

    def begin(self, source: Source) -> bool:
        """Say whether a file shall be read."""

    def unchanged(self, place: str, record: str) -> bool:
        """Say that a record of the current file is, letter by letter, one that was taken before."""

    def refuse(self, reject: Reject) -> None:
        """Hear of something in the current file that was not taken."""

    def end(self, reader: str) -> None:
        """Hear that the current file was read to its end, and by which reader ("": by none)."""


class Reader(Protocol):
    """A family of formats: bytes to articles, streaming."""

    def __call__(self, source: Source) -> Iterator[Article | Reject]: ...


def shown(path: str) -> str:
    """Return ``path`` as it may stand in a message: no control, direction or undecodable character."""
    return "".join("\ufffd" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c for c in path)
