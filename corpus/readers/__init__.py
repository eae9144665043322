"""Which articles do these files hold? Files and folders in, a stream of articles and a list of what was refused out.

A file's reader is chosen by its content first and its suffix second: a .txt that holds JSON Lines is JSON Lines. Folders
are walked in sorted order, gzip is read as it comes, « - » is JSON Lines on standard input. One bad article never stops
a file, one bad file never stops a folder, unless ``strict``. The readers and their libraries are imported when the first
file is opened: a search, which opens none, starts in half the time.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from corpus.article import Article, Origin
from corpus.bounded import BoundedReader
from corpus.dates import day_of_name
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.mapping import mapping_for
from corpus.readers.mending import credited, mended, was_mended
from corpus.readers.source import FileVisitor, Reader, Reject, Source, shown
from corpus.readers.streams import open_bytes

__all__ = ["ArticleStream", "Reader", "Reject", "Source", "choose_reader", "items_here", "read_articles", "read_recorded"]

STANDARD_INPUT: Final = "-"

_SKIPPED = re.compile(r"\.|(README|LICEN[CS]E)(\.|$)|marbre\.toml$", re.IGNORECASE)


class ArticleStream(Iterator[Article]):
    """Articles in order of files and places; ``rejects`` and ``files`` (files opened so far) grow while it is read.

    Raises: SourceUnreadable or ArticleInvalid at the first reject, when ``strict``.
    """

    def __init__(self, files: Iterable[_File | Reject], *, strict: bool = False) -> None:
        self.rejects: list[Reject] = []
        self.files = 0
        self.beside: BoundedReader | None = None  # the process for readers that hold a whole file; None: this one
        self.visitor: FileVisitor | None = None  # asked before each file, when there is one
        self.roots: dict[str, Mapping[str, str]] = {}  # the places that were given, absolute or « - », and the defaults of each
        self._repaired: Counter[str] = Counter()
        self._strict = strict
        self._articles = self._read(files)

    def __next__(self) -> Article:
        return next(self._articles)

    @property
    def notes(self) -> list[str]:
        """What the archivist should know of the articles that were read: in which files texts were encoded twice."""
        return [
            f"{file}: {count} articles were encoded twice (“Ã©” for “é”) and were repaired"
            for file, count in self._repaired.items()
            if count
        ]

    def _read(self, files: Iterable[_File | Reject]) -> Iterator[Article]:
        from corpus.readers.formats import guarded

        for file in files:
            if isinstance(file, Reject):
                self._refuse(file)
                continue
            visitor = self.visitor
            if visitor is not None and not visitor.begin(file.source):
                continue
            self.files += 1
            source = file.source if visitor is None else replace(file.source, unchanged=visitor.unchanged)
            chosen: list[str] = []
            for item in guarded(source, file.reader, chosen, self.beside):
                if not isinstance(item, Reject):
                    article = credited(mended(item))
                    self._repaired[file.source.name] += was_mended(article)
                    yield article
                    continue
                if visitor is not None:
                    visitor.refuse(item)
                self._refuse(item)
            if visitor is not None:
                visitor.end("".join(chosen))

    def _refuse(self, reject: Reject) -> None:
        self.rejects.append(reject)
        if self._strict:
            raise (ArticleInvalid if reject.origin.place else SourceUnreadable)(str(reject))


def choose_reader(name: str, head: bytes) -> Reader | str:
    """Return the reader for a file called ``name`` (without .gz) that begins with ``head``, or why there is none."""
    from corpus.readers import formats

    return formats.choose_reader(name, head)


def items_here(source: Source) -> Iterator[Article | Reject]:
    """Read one file in this process; whatever goes wrong in it becomes one reject."""
    from corpus.readers.formats import read_one

    yield from read_one(source)


def read_articles(
    sources: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
    *,
    newspaper: str = "",
    language: str = "",
    query: str = "",
    strict: bool = False,
) -> ArticleStream:
    """Read every article of ``sources``: files, folders, or « - » for JSON Lines on standard input.

    ``newspaper`` and ``language`` fill articles that do not name theirs; ``query`` gives the rows of databases.
    Raises: SourceUnreadable, before anything is read, for a path that is missing or unreadable or a folder without files.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    defaults = {name: value for name, value in (("newspaper", newspaper), ("language", language), ("query", query)) if value}
    return read_recorded([(os.fspath(place), defaults) for place in given], strict=strict)


def read_recorded(sources: Iterable[tuple[str, Mapping[str, str]]], *, strict: bool = False) -> ArticleStream:
    """Read sources that have defaults of their own, as an index remembers them. Raises: SourceUnreadable, as ``read_articles``."""
    given = list(sources)
    for place, _ in given:
        _check(place)
    stream = ArticleStream((file for place, defaults in given for file in _files(place, defaults)), strict=strict)
    stream.roots = {place if place == STANDARD_INPUT else os.path.abspath(place): defaults for place, defaults in given}  # noqa: PTH100 - links keep the name they were given
    return stream


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    source: Source
    reader: Reader | None = None  # None: to be chosen by content


def _check(place: str) -> None:
    """Refuse a path of the user that cannot be read.

    Raises: SourceUnreadable.
    """
    if place == STANDARD_INPUT:
        return
    path = Path(place)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            if next(_walk(path), None) is None:
                from corpus.readers.formats import READ_HERE

                raise SourceUnreadable(f"{shown(place)}: the folder holds no file to read; {READ_HERE}")
        elif stat.S_ISREG(mode):
            path.open("rb").close()
        else:
            raise SourceUnreadable(f"{shown(place)}: neither a file nor a folder; pipe a stream of JSON Lines into: marbre index -")
    except FileNotFoundError:
        raise SourceUnreadable(f"{shown(place)}: no such file or folder (seen from {Path.cwd()}); check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise SourceUnreadable(f"{shown(place)}: cannot be read ({_why(error)}); check the path and its permissions") from error


def _files(place: str, defaults: Mapping[str, str]) -> Iterator[_File | Reject]:
    if place == STANDARD_INPUT:
        from corpus.readers import records

        yield _File(Source(STANDARD_INPUT, lambda: sys.stdin.buffer, defaults), records.read_json_lines)
    elif Path(place).is_dir():
        for path in _walk(Path(place)):
            yield path if isinstance(path, Reject) else _File(file_source(path, defaults, Path(place)))
    else:
        yield _File(file_source(Path(place), defaults))


def _walk(folder: Path) -> Iterator[Path | Reject]:
    """Yield the files below ``folder`` in sorted order; links are not followed, those that lead out are refused."""
    root = folder.resolve()
    pending = [folder]
    claimed: frozenset[str] = frozenset()  # the pages of an issue, which its METS file reads
    while pending:
        path = pending.pop()
        try:
            if path is folder or (path.is_dir() and not path.is_symlink()):
                inside = _inside(path)
                claimed |= _claimed(inside)
                pending.extend(reversed(inside))
            elif path.is_symlink():
                if not path.resolve().is_relative_to(root):  # one inside is read under its own name
                    yield _refusal(path, "a symbolic link that leads out of the folder", "name its target as a source of its own")
            elif path.is_file():
                if path.name not in claimed:
                    yield path
            else:
                yield _refusal(path, "not a regular file")
        except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself, until Python 3.12
            yield _refusal(path, f"cannot be read ({_why(error)})", "check its permissions")


def _inside(folder: Path) -> list[Path]:
    """Return what stands in a folder, sorted, without the folders of pictures that a browser saves beside a page."""
    inside = sorted((item for item in folder.iterdir() if not _SKIPPED.match(item.name)), key=lambda item: item.name)
    pages = {item.stem for item in inside if item.suffix.lower() in {".html", ".htm"}}
    assets = {f"{page}{ending}" for page in pages for ending in ("_files", "_fichiers", "_Files")}
    return [item for item in inside if item.name not in assets]


def _claimed(inside: Iterable[Path]) -> frozenset[str]:
    """Return the names of the files that the METS files among ``inside`` give their text from."""
    from corpus.readers.digitised import claimed_names

    names: frozenset[str] = frozenset()
    for path in inside:
        if _is_issue(path) and path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                names |= claimed_names(stream)
    return names


def _is_issue(path: Path) -> bool:
    return "mets" in path.name.lower() and path.suffix.lower() == ".xml"


def _pages(path: Path) -> tuple[Path, ...]:
    from corpus.readers.digitised import page_files

    return page_files(path)


def _refusal(path: Path, reason: str, advice: str = "") -> Reject:
    return Reject(Origin(shown(str(path))), reason, advice)


def file_source(path: Path, defaults: Mapping[str, str], root: Path | None = None) -> Source:
    """Return a file on disk as readers see it, with what the mapping files from ``root`` (its own folder when None) down say of it.

    Raises: SourceUnreadable for a mapping file that cannot be understood.
    """
    mapped = mapping_for(path, path.parent if root is None else root)
    near = day_of_name("/".join(path.parts[-4:]))  # a time of change is no day of a newspaper: copying sets it
    fields = {**({"near": near} if near else {}), **mapped.defaults, **{name: value for name, value in defaults.items() if name != "query"}}
    query = defaults.get("query", "")
    pages = partial(_pages, path) if _is_issue(path) else tuple
    return Source(shown(str(path)), partial(open_bytes, path), fields, path=path, query=query, names=mapped.names, pages=pages)


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
