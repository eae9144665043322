"""Which lists were asked for last? They are kept unpacked, up to a number of bytes, for all threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Final

import numpy.typing as npt

__all__ = ["PostingsCache"]

_ENTRY_BYTES: Final = 300  # what a kept list costs beside its arrays


class PostingsCache:
    """The lists used last, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._lists: OrderedDict[tuple[str, int, str], tuple[Any, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int, str]) -> tuple[Any, ...] | None:
        """Return what was kept under a key, None when it was not or no longer is."""
        with self._lock:
            found = self._lists.get(key)
            if found is not None:
                self._lists.move_to_end(key)
            return found

    def put(self, key: tuple[str, int, str], arrays: tuple[npt.NDArray[Any], ...]) -> None:
        """Keep arrays, and forget those asked for longest ago; they may not be written to any more."""
        size = _ENTRY_BYTES + sum(array.nbytes for array in arrays)
        for array in arrays:
            array.flags.writeable = False
        if size > self._limit // 4:
            return
        with self._lock:
            if key not in self._lists:
                self._lists[key] = arrays
                self._held += size
            while self._held > self._limit:
                _, dropped = self._lists.popitem(last=False)
                self._held -= _ENTRY_BYTES + sum(array.nbytes for array in dropped)
