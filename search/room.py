"""What does a searcher keep unpacked, and how much? What was asked last, up to a part of the memory its process may have, read once.

A million articles need about two gigabytes to keep what words add unpacked; a small machine must not be filled by it.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any, Final

__all__ = ["Hot", "hot_bytes"]

LEAST: Final = 512 << 20
MOST: Final = 2 << 30
PART: Final = 16
_SEEN: Final = "seen"
_SEEN_BYTES: Final = 400  # a key in two dictionaries
_GROUP: Final = Path("/sys/fs/cgroup/memory.max")


class Hot:
    """Arrays used last, up to a limit of bytes: what is asked often is unpacked and weighted once. For many threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """Return what was kept under a key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def seen(self, key: Hashable) -> bool:
        """Tell whether this was asked before, as far as it is remembered, and remember that it was."""
        known = self.get((_SEEN, key)) is not None
        if not known:
            self.put((_SEEN, key), True, _SEEN_BYTES)
        return known

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keep a value of so many bytes; what was asked for longest ago is forgotten."""
        if size > self._limit // 8:
            return
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (value, size)
                self._held += size
            while self._held > self._limit:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._held -= dropped


@cache
def hot_bytes() -> int:
    """Return how many bytes may be kept: a sixteenth of the memory, at least 512 MB and at most 2 GB.

    Source: what the machine has, or the limit of its control group where that is lower (a container).
    """
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else LEAST
    return bounded(min(has, _group_limit(_GROUP) or has))


def bounded(has: int) -> int:
    """Return the part of ``has`` bytes that may be kept."""
    return min(max(has // PART, LEAST), MOST)


def _group_limit(path: Path) -> int | None:
    try:
        said = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(said) if said.isdigit() else None  # « max »: none
