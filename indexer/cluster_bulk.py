"""How do many articles reach a cluster without one of them getting lost? Bulk requests, a few at a time, refused items sent again.

A cluster that cannot keep up refuses (429): then half as many requests are under way at once, and one more after each that went well.
What is refused is sent again after a while; what is wrong (400) is a dead letter and is reported; an older version than the one there (409) is
done. A request that got no answer is sent again as a whole: versions make that harmless.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final

from corpus.errors import ClusterUnavailable, IndexProblem
from indexer.cluster_client import WRITE_S, ClusterClient, Refused

__all__ = ["BULK_BYTES", "BULK_ITEMS", "BulkSender", "DeadLetter", "Gate", "Operation", "delete_operation", "index_operation"]

BULK_ITEMS: Final = 500
BULK_BYTES: Final = 5 << 20
MOST_AT_ONCE: Final = 8
FIRST_AT_ONCE: Final = 2
GIVE_UP_S: Final = 180.0  # without any progress
LONGEST_PAUSE_S: Final = 5.0
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Operation:
    """One line or two of a bulk request, and the article they are about."""

    doc_id: str
    lines: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An article that the cluster will never take."""

    doc_id: str
    reason: str


class Gate:
    """Lets so many through at once as the cluster bears."""

    def __init__(self, allowed: int = FIRST_AT_ONCE) -> None:
        self.allowed = allowed
        self._inside = 0
        self._changed = threading.Condition()

    def enter(self) -> None:
        """Wait for a place."""
        with self._changed:
            while self._inside >= self.allowed:
                self._changed.wait()
            self._inside += 1

    def leave(self, *, refused: bool) -> None:
        """Give the place back; say how it went."""
        with self._changed:
            self._inside -= 1
            self.allowed = max(1, self.allowed // 2) if refused else min(MOST_AT_ONCE, self.allowed + 1)
            self._changed.notify_all()


class BulkSender:
    """Sends operations to one index. ``dead`` are those refused for good, ``resent`` counts items sent again."""

    def __init__(self, client: ClusterClient, index: str) -> None:
        self._client = client
        self._path = f"/{index}/_bulk"
        self._gate = Gate()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, "bulk")
        self._running: set[Future[None]] = set()
        self._held: list[Operation] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.dead: list[DeadLetter] = []
        self.resent = 0

    def add(self, operation: Operation) -> None:
        """Take one operation; wait when too many are under way. Raises: ClusterUnavailable, IndexProblem of an earlier request."""
        self._held.append(operation)
        self._bytes += len(operation.lines)
        if len(self._held) >= BULK_ITEMS or self._bytes >= BULK_BYTES:
            self._send()

    def flush(self) -> None:
        """Wait until everything is on the cluster or refused for good. Raises: ClusterUnavailable, IndexProblem."""
        self._send()
        while self._running:
            self._settle()

    def close(self) -> None:
        """Stop; what was not sent is left."""
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def _send(self) -> None:
        if not self._held:
            return
        while len(self._running) >= MOST_AT_ONCE:
            self._settle()
        batch, self._held, self._bytes = self._held, [], 0
        self._running.add(self._pool.submit(self._deliver, batch))

    def _settle(self) -> None:
        done, self._running = wait(self._running, return_when=FIRST_COMPLETED)
        for one in done:
            one.result()

    def _deliver(self, batch: Sequence[Operation]) -> None:
        """Send a batch until every item of it is done or dead."""
        pause, progress = 0.1, time.monotonic()
        while batch and not self._stop.is_set():
            self._gate.enter()
            refused, failure = True, None
            try:
                left = self._once(batch)
                refused = bool(left)
            except ClusterUnavailable as error:
                left, failure = list(batch), error
            except Refused as error:
                if error.status not in _AGAIN:
                    raise IndexProblem(f"the cluster at {self._client.address} refused a bulk request: {error}; see its log") from None
                left = list(batch)
            finally:
                self._gate.leave(refused=refused)
            if len(left) < len(batch):
                progress, pause = time.monotonic(), 0.1
            elif time.monotonic() - progress > GIVE_UP_S:
                raise failure or IndexProblem(
                    f"the cluster at {self._client.address} took nothing for {GIVE_UP_S:.0f} s; what was committed is kept, run it again"
                )
            batch = left
            if batch:
                with self._lock:
                    self.resent += len(batch)
                self._stop.wait(pause * (0.5 + random.random()))
                pause = min(LONGEST_PAUSE_S, pause * 2)

    def _once(self, batch: Sequence[Operation]) -> list[Operation]:
        """Send a batch once; return what must be sent again."""
        answer = self._client.call("POST", self._path, b"".join(one.lines for one in batch), seconds=WRITE_S, again=False)
        items = answer.get("items", [])
        if len(items) != len(batch):
            return list(batch)
        left = []
        for operation, item in zip(batch, items, strict=True):
            outcome = next(iter(item.values()))
            status = int(outcome.get("status", 500))
            if status in _AGAIN:
                left.append(operation)
            elif status >= 400 and status not in (404, 409):
                with self._lock:
                    self.dead.append(DeadLetter(operation.doc_id, _reason(outcome)))
        return left


def index_operation(doc_id: str, seq: int, document: bytes) -> Operation:
    """Return the operation that puts a document, unless a newer one is there."""
    head = json.dumps({"index": {"_id": doc_id, "version": seq, "version_type": "external_gte"}}, ensure_ascii=True).encode("ascii")
    return Operation(doc_id, head + b"\n" + document + b"\n")


def delete_operation(doc_id: str, seq: int) -> Operation:
    """Return the operation that removes a document, unless a newer one is there."""
    head = json.dumps({"delete": {"_id": doc_id, "version": seq, "version_type": "external_gte"}}, ensure_ascii=True).encode("ascii")
    return Operation(doc_id, head + b"\n")


def _reason(outcome: dict[str, object]) -> str:
    error = outcome.get("error")
    words = str(error.get("reason", "")) if isinstance(error, dict) else str(error)
    return "".join(character if character.isprintable() else " " for character in words[:300]) or f"status {outcome.get('status')}"
