"""How can a page or an archive be read without risk for the run? By a process beside it, bounded in time and memory.

JSON Lines, JSON and CSV are streamed in this process: their readers hold one record and no library parses them. Everything else goes to one
worker that is kept from file to file (a start costs more than a page); a file that takes too long or too much ends the worker, costs one
reject, and the next file gets a new one. Requests and answers are JSON lines through pipes: nothing is unpickled. The time counts from
the last article that came, and only while we wait, so that a slow index is not the file's fault. The worker cannot reach the network.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from corpus.article import Article, Origin
from corpus.readers.source import Reject, Source

__all__ = ["BoundedReader", "Bounds", "forbid_connections", "limit_memory", "serve"]

SECONDS: Final = 30.0
MEMORY_BYTES: Final = 1 << 30
START_SECONDS: Final = 60.0  # importing the libraries of pages, on a busy machine
_ROOT: Final = Path(__file__).resolve().parent.parent
_CHUNK: Final = 1 << 16
_NAMES: Final = tuple(one.name for one in fields(Article) if one.name != "origin")
_PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv[1]); from corpus.readers.worker import main; main()"
Item = Article | Reject


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may take. Units: ``seconds`` from one article to the next, ``memory`` bytes of the whole worker process."""

    seconds: float = SECONDS
    memory: int = MEMORY_BYTES


class _Overrun(Exception):
    """The worker was too slow, too large, or died."""


class BoundedReader:
    """A worker process, started with the first file, and the pipes to it; a context manager for one thread."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._process: subprocess.Popen[bytes] | None = None
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    def read(self, source: Source) -> Iterator[Item]:
        """Yield what the worker reads of a file; an overrun is one reject, after what was read before it."""
        request = {
            "path": os.fspath(source.path or source.name),
            "name": source.name,
            "defaults": dict(source.defaults),
            "names": dict(source.names),
            "query": source.query,
        }
        finished = False
        try:
            self._ask(request)
            while (answer := self._answer()) is not None:
                yield _item(answer)
            finished = True
        except _Overrun as overrun:
            finished = True
            self.close()
            yield Reject(source.origin(), str(overrun), "split the file, or look at what it holds")
        finally:
            if not finished:  # whoever read went away in the middle: the rest must not be taken for the next file
                self.close()

    def close(self) -> None:
        """End the worker."""
        process, self._process, self._held = self._process, None, b""
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()

    def _ask(self, request: Mapping[str, Any]) -> None:
        process = self._started()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise self._ended() from error

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-c", _PROGRAM, str(_ROOT), str(self.bounds.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
        )
        if self._answer(START_SECONDS) is not None:
            raise _Overrun("the reader process did not start")
        return self._process

    def _answer(self, seconds: float | None = None) -> dict[str, Any] | None:
        """Return the next answer; None at the end of a file."""
        limit = time.monotonic() + (seconds or self.bounds.seconds)
        while b"\n" not in self._held:
            self._held += self._more(limit)
        line, _, self._held = self._held.partition(b"\n")
        answer: dict[str, Any] | None = json.loads(line)
        return answer

    def _more(self, limit: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        ready, _, _ = select.select([out], [], [], max(0.0, limit - time.monotonic()))
        if not ready:
            raise _Overrun(f"takes longer than {self.bounds.seconds:g} seconds")
        data = os.read(out, _CHUNK)
        if not data:
            raise self._ended()
        return data

    def _ended(self) -> _Overrun:
        code = self._process.wait() if self._process is not None else None
        if code == _NO_MEMORY:
            return _Overrun(f"takes more than {self.bounds.memory >> 20} MB of memory")
        return _Overrun(f"ended the process that read it (exit code {code})")


_NO_MEMORY: Final = 77  # an exit code of our own


def serve(
    read: Callable[[Source], Iterator[Item]], make: Callable[[Mapping[str, Any]], Source], requests: IO[bytes], answers: IO[bytes]
) -> None:
    """Be the worker: answer requests until they end. Runs in the other process."""
    answers.write(b"null\n")
    answers.flush()
    for line in requests:
        try:
            for item in read(make(json.loads(line))):
                answers.write(_rendered(item))
                answers.flush()
        except MemoryError:
            os._exit(_NO_MEMORY)
        answers.write(b"null\n")
        answers.flush()


def limit_memory(memory: int) -> None:
    """Bound the address space of this process. Units: bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))


def forbid_connections() -> None:
    """Let nothing that runs in this process from now on open a connection or start a program; there is no way back.

    Two fences: the interpreter refuses what Python code asks for (so that the reject says why), and where the system lets us, a network
    of our own without any interface holds what libraries in C might do. The second is refused in some containers and left out there.
    """
    sys.addaudithook(_refuse_connection)
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare") and libc.unshare(_NEW_NETWORK) and os.geteuid():  # root would lose its rights to files by a new user space
        libc.unshare(_NEW_NETWORK | _NEW_USERS)


_NEW_NETWORK: Final = 0x4000_0000  # Source: linux/sched.h, CLONE_NEWNET and CLONE_NEWUSER
_NEW_USERS: Final = 0x1000_0000
_REFUSED_EVENTS: Final = (  # Source: the table of audit events in the documentation of Python
    "socket.__new__",
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "urllib.Request",
    "http.client.connect",
    "ftplib.connect",
    "smtplib.connect",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
)


def _refuse_connection(event: str, _arguments: object) -> None:
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"a reader opens no connection and starts no program ({event})")


def _rendered(item: Item) -> bytes:
    if isinstance(item, Reject):
        value: dict[str, Any] = {"reject": [item.origin.file, item.origin.place, item.reason, item.advice]}
    else:
        value = {name: dict(found) if name == "extra" else found for name in _NAMES if (found := getattr(item, name))}
        value["origin"] = [item.origin.file, item.origin.place] if item.origin else None
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str).encode("ascii") + b"\n"


def _item(answer: dict[str, Any]) -> Item:
    if "reject" in answer:
        file, place, reason, advice = answer["reject"]
        return Reject(Origin(file, place), reason, advice)
    origin = answer.pop("origin", None)
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in answer.items() if name in _NAMES}
    return Article(**values, origin=Origin(*origin) if origin else None)
