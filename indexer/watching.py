"""What is dropped into this folder? Looks again and again, and indexes what has come to rest.

A look costs one stat a file, needs no notification service, and works on network folders. A file that changed since the last look is still
being written and waits for the next one; what a file no longer gives stays in the index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from corpus.bounded import BoundedReader
from corpus.errors import IndexLocked, SourceUnreadable
from corpus.readers import read_articles
from indexer.builder import build_index

__all__ = ["watch_folder"]

_Seen = dict[str, tuple[int, int]]
WAIT_WORD: Final = "waiting"


def watch_folder(
    folder: str | os.PathLike[str], location: str | os.PathLike[str], *, newspaper: str = "", every_s: float = 5.0, rounds: int = 0
) -> Iterator[str]:
    """Index what comes into ``folder``; yield a line for each run that changed something. ``rounds``: looks, 0 = for ever.

    Units: every_s in seconds.
    Raises: SourceUnreadable when the folder is not there.
    """
    if not Path(folder).is_dir():
        raise SourceUnreadable(f"{folder}: no such folder; create it, then watch it")
    before: _Seen = {}
    indexed: _Seen = {}
    done = 0
    while True:
        now = _look(Path(folder))
        if now and now == before and now != indexed:
            line = _run(folder, location, newspaper)
            indexed = now if line is not None else indexed
            if line:
                yield line
        before = now
        done += 1
        if rounds and done >= rounds:
            return
        time.sleep(every_s)


def _run(folder: str | os.PathLike[str], location: str | os.PathLike[str], newspaper: str) -> str | None:
    """Index the folder; None when another writer is at work, and the next look tries again."""
    try:
        stream = read_articles([folder], newspaper=newspaper)
        with BoundedReader() as stream.beside:
            report = build_index(stream, location)
    except IndexLocked:
        return None
    except SourceUnreadable as error:
        return f"not read: {error}"
    if not (report.added or report.replaced or report.files_read):
        return ""
    return f"{report.added} added, {report.replaced} replaced, {report.rejected} rejected; {report.articles} articles"


def _look(folder: Path) -> _Seen:
    """Return size and time of every file that does not begin with a full stop."""
    seen: _Seen = {}
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = f"{root}{os.sep}{name}"
            if not name.startswith("."):
                try:
                    found = Path(path).stat()
                except OSError:
                    continue  # it was taken away meanwhile
                seen[path] = (found.st_size, found.st_mtime_ns)
    return seen
