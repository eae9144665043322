"""Who turns articles into documents of a cluster? This process, or a few beside it: analysis is most of the work.

Batches of JSON go through a pipe, documents come back; each worker has one batch at a time, so that nothing piles up. A worker that ends early
fails the build: never an archive with fewer articles than were given.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from corpus.errors import IndexProblem
from indexer.cluster_bulk import Operation, index_operation
from indexer.cluster_mapping import document

__all__ = ["RenderCrew", "rendered"]

BATCH: Final = 64  # articles sent to a worker at once


class RenderCrew:
    """Processes that analyse articles. What comes through a pipe is JSON in bytes."""

    def __init__(self, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._workers: list[tuple[BaseProcess, Connection]] = []
        self._asked: list[int] = []
        self._next = 0
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._workers.append((process, ours))
            self._asked.append(0)
        self._batch: list[tuple[str, bytes, str, int]] = []

    def add(self, doc_id: str, row: bytes, digest: str, seq: int) -> list[Operation]:
        """Take an article; return operations that are ready."""
        self._batch.append((doc_id, row, digest, seq))
        return self._send() if len(self._batch) >= BATCH else []

    def flush(self) -> list[Operation]:
        """Return the operations of everything that was given."""
        ready = self._send() if self._batch else []
        for number in range(len(self._workers)):
            ready += self._receive(number)
        return ready

    def close(self) -> None:
        """End the processes."""
        for process, pipe in self._workers:
            pipe.close()
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()

    def _send(self) -> list[Operation]:
        number = self._next
        self._next = (number + 1) % len(self._workers)
        ready = self._receive(number)
        try:
            self._workers[number][1].send(self._batch)
        except OSError as error:
            raise self._lost(number) from error
        self._asked[number] = len(self._batch)
        self._batch = []
        return ready

    def _receive(self, number: int) -> list[Operation]:
        if not self._asked[number]:
            return []
        try:
            rows = self._workers[number][1].recv()
        except (EOFError, OSError) as error:
            raise self._lost(number) from error
        if len(rows) != self._asked[number]:
            raise self._lost(number)
        self._asked[number] = 0
        return [index_operation(doc_id, seq, rendered) for doc_id, seq, rendered in rows]

    def _lost(self, number: int) -> IndexProblem:
        process = self._workers[number][0]
        process.join(1.0)
        return IndexProblem(
            f"a worker process ended early (exit code {process.exitcode}); what was committed is kept, try again with fewer --workers"
        )


def _work(pipe: Connection) -> None:
    """Render what comes through the pipe until it ends."""
    while True:
        try:
            batch = pipe.recv()
            pipe.send([(doc_id, seq, rendered(json.loads(row), digest, seq)) for doc_id, row, digest, seq in batch])
        except (EOFError, OSError, KeyboardInterrupt):
            return


def rendered(stored: Mapping[str, Any], digest: str, seq: int) -> bytes:
    """Return the document of a stored article as it is sent."""
    return json.dumps(document(stored, digest, seq), ensure_ascii=True, separators=(",", ":")).encode("ascii")
