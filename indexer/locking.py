"""Who may write? One process at a time, by a lock that the kernel frees whatever happens to its holder.

``flock`` on ``LOCATION/lock``: freed at death, no stale lock to remove. A forked child would keep it alive with its copy of
the descriptor (orphaned workers then block every later writer), so each child closes its copy as it is born. Process
and host are written inside, for the message only.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from corpus.errors import IndexLocked
from indexer.durable import Files
from indexer.snapshots import LOCK

__all__ = ["HOLDER", "writer_lock"]

POLL_S: Final = 0.05
HOLDER_BYTES: Final = 200
HOLDER: Final = re.compile(rb"process [0-9]{1,10} on [A-Za-z0-9_.-]{0,100}\n")

_held: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)


@contextmanager
def writer_lock(location: Path, files: Files, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the writer lock of a location.

    Units: wait_s in seconds.
    Raises: IndexLocked when another writer keeps it longer than that.
    """
    descriptor = _acquire(location, files, time.monotonic() + wait_s)
    owner = os.getpid()
    _held.add(descriptor)
    try:
        with suppress(OSError):  # the text is for people: a full disk must not stop a writer that frees room
            os.ftruncate(descriptor, 0)
            files.write(descriptor, f"process {owner} on {_host()}\n".encode("ascii"))
        yield
    finally:
        if os.getpid() == owner:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            _held.discard(descriptor)
            os.close(descriptor)


def _acquire(location: Path, files: Files, until: float) -> int:
    while True:
        descriptor = files.open_lock(location / LOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(location / LOCK, descriptor):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= until:
                holder = _holder(descriptor)
                os.close(descriptor)
                raise IndexLocked(f"{location}{holder}") from None
            time.sleep(POLL_S)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether the locked file is the one that has the name: a writer that made the folder in vain removes it again."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, HOLDER_BYTES, 0)
    return f" ({text.decode('ascii').strip()})" if HOLDER.fullmatch(text) else ""


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:100]
