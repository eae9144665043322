"""Who inverts the articles? This process, or a few beside it: one interface, so that the writer need not know.

A crew takes articles and, when it is told to flush, gives back the segments that it wrote. Workers get whole batches through a
pipe and write their own files; what they answer is counted against what they were sent. A worker ends when its pipe does, so that
none outlives a writer that was killed; the lock is not theirs (file descriptors that Python opens are not inherited).
"""

from __future__ import annotations

import ctypes
import gc
import json
import multiprocessing
import secrets
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Protocol

from corpus.errors import IndexProblem, MarbreError
from indexer.codec.segment import SEGMENT_EXTENSION, write_segment
from indexer.documents import header_form
from indexer.durable import one_line_errors
from indexer.inverting import Inverter
from indexer.toc import INDEX_NAME

__all__ = ["Crew", "LocalCrew", "NewSegment", "WorkerCrew", "give_back_memory", "rare_collections"]

FIXED_BYTES: Final = 250 << 20  # of a process that inverts, beside its buffers: Python, numpy, the lexicon, holes; measured
GARBAGE_OBJECTS: Final = 100_000  # made since the last look; 700 by default
BATCH: Final = 64  # articles sent at once
STOP_S: Final = 5.0
_TRIM: Final = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
Entry = tuple[bytes, str]  # stored form as JSON, digest


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment just written: ``superseded`` are articles that came again later in the same segment."""

    name: str
    file: str
    doc_count: int
    superseded: Sequence[int]


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let Python look for cycles rarely meanwhile: a build makes none, and its millions of values are looked through for nothing (4 %)."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def give_back_memory() -> None:
    """Let the C library give freed memory back to the system (glibc; elsewhere nothing): of a flush it keeps 200 MB in holes otherwise."""
    if _TRIM is not None:
        _TRIM(0)


class Crew(Protocol):
    """Takes articles, gives segments."""

    def add(self, stored: dict[str, Any], row: bytes, digest: str) -> None:
        """Take one article: its stored form, the same as JSON, its digest."""

    def flush(self) -> list[NewSegment]:
        """Return every segment written since the last flush; of one id, the later article stands in the later segment."""

    def close(self) -> None: ...


class LocalCrew:
    """Inverts in this process; writes a segment when the memory is used up."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._room = max(memory // 2, memory - FIXED_BYTES)
        self._inverter = Inverter()
        self._written: list[NewSegment] = []

    def add(self, stored: dict[str, Any], row: bytes, digest: str) -> None:
        """Invert one article."""
        self._inverter.add(stored, row, header_form(stored, digest))
        if self._inverter.held_bytes > self._room:
            self._write()

    def flush(self) -> list[NewSegment]:
        """Write what is held; return every segment written since the last flush."""
        if len(self._inverter):
            self._write()
        written, self._written = self._written, []
        return written

    def close(self) -> None:
        """Nothing is held outside memory."""

    def _write(self) -> None:
        name = "".join(secrets.choice(_LETTERS) for _ in range(16))
        last = {doc_id: number for number, doc_id in enumerate(self._inverter.doc_ids)}
        superseded = [number for number, doc_id in enumerate(self._inverter.doc_ids) if last[doc_id] != number]
        file = f"{INDEX_NAME}_{name}{SEGMENT_EXTENSION}"
        with one_line_errors(self._folder.parent, "write"):
            info = write_segment(self._folder / file, self._inverter.segment(name.encode()))
        self._written.append(NewSegment(name, file, info.doc_count, superseded))
        give_back_memory()


class WorkerCrew:
    """Inverts in worker processes. An id always goes to the same worker, so that the last version of an article is the one kept."""

    def __init__(self, folder: Path, memory: int, workers: int) -> None:
        context = multiprocessing.get_context("spawn")  # no lock, no open file and no thread of ours goes along
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._batches: list[list[Entry]] = [[] for _ in range(workers)]
        self._sent = [0] * workers
        try:
            for _ in range(workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, str(folder), memory // workers), daemon=True)
                process.start()
                theirs.close()
                self._workers.append((process, ours))
        except BaseException:
            self.close()
            raise

    def add(self, stored: dict[str, Any], row: bytes, digest: str) -> None:
        """Give one article to its worker."""
        number = zlib.crc32(stored["doc_id"].encode("utf-8", "surrogatepass")) % len(self._workers)
        self._batches[number].append((row, digest))
        if len(self._batches[number]) >= BATCH:
            self._send(number)

    def flush(self) -> list[NewSegment]:
        """Let every worker write what it holds; count what came back. Raises: IndexProblem for a worker that died or failed."""
        for number in range(len(self._workers)):
            self._send(number)
            self._put(number, None)
        segments: list[NewSegment] = []
        for number in range(len(self._workers)):
            answer = self._get(number)
            if isinstance(answer, str):
                raise IndexProblem(f"a worker could not write its articles ({answer}); nothing was committed, try again")
            if sum(segment.doc_count for segment in answer) != self._sent[number]:
                raise IndexProblem(f"a worker lost articles ({self._sent[number]} given); nothing was committed, try again")
            self._sent[number] = 0
            segments += answer
        return segments

    def close(self) -> None:
        """End the workers."""
        for _, pipe in self._workers:
            pipe.close()
        for process, _ in self._workers:
            process.join(STOP_S)
            if process.is_alive():
                process.kill()
                process.join()
        self._workers = []

    def _send(self, number: int) -> None:
        batch, self._batches[number] = self._batches[number], []
        if batch:
            self._put(number, batch)
            self._sent[number] += len(batch)

    def _put(self, number: int, message: list[Entry] | None) -> None:
        try:
            self._workers[number][1].send(message)
        except OSError as error:
            raise self._lost(number) from error

    def _get(self, number: int) -> Any:
        try:
            return self._workers[number][1].recv()
        except (EOFError, OSError) as error:
            raise self._lost(number) from error

    def _lost(self, number: int) -> IndexProblem:
        process = self._workers[number][0]
        process.join(1.0)
        return IndexProblem(
            f"a worker process ended early (exit code {process.exitcode}; -9 is often too little memory); nothing was committed, try again with fewer --workers"
        )


def _work(pipe: Connection, folder: str, memory: int) -> None:
    """Invert what comes through the pipe until it ends."""
    crew = LocalCrew(Path(folder), memory)
    failure = ""
    gc.set_threshold(GARBAGE_OBJECTS)
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        try:
            if message is None:
                pipe.send(failure or crew.flush())
            elif not failure:
                for row, digest in message:
                    crew.add(json.loads(row), row, digest)
        except (EOFError, BrokenPipeError):
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it and commit nothing
            failure = str(error) if isinstance(error, MarbreError) else f"{type(error).__name__}: {error}"
            if message is None:
                with suppress(OSError):  # another worker failed first, and the parent is gone
                    pipe.send(failure)
