"""What does a reader get, and what does it give back? A source of bytes in; articles and rejects out, in order.

A reader is a function ``read(source: Source) -> Iterator[Article | Reject]``. It streams, keeps its place, and never raises
for bad content: one bad record is one ``Reject``, the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from corpus.article import Article, Origin

__all__ = ["Reader", "Reject", "Source"]


@dataclass(frozen=True, slots=True)
class Reject:
    """One input that was not taken: where, why, and what the archivist can do."""

    origin: Origin
    reason: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}" + (f"; {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class Source:
    """A file as readers see it: its name for messages, a way to open its (decompressed) bytes, defaults for empty fields.

    ``defaults`` has the keyword arguments of ``article_from_record`` (newspaper, language, kind).
    """

    name: str
    open: Callable[[], BinaryIO]
    defaults: Mapping[str, str] = field(default_factory=dict)

    def origin(self, place: str = "") -> Origin:
        """Return the place ``place`` ("line 12", "item 3") inside this source."""
        return Origin(self.name, place)


class Reader(Protocol):
    """A family of formats: bytes to articles, streaming."""

    def __call__(self, source: Source) -> Iterator[Article | Reject]: ...
