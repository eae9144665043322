"""What do the processes of one server know together? A table of numbers in shared memory: each process writes its own row, all read every row.

No lock between processes: a row has one writer, so a process that is killed leaves nothing locked, and a sum over the rows is at
most one addition behind.
"""

from __future__ import annotations

import mmap
import threading
from typing import Final

__all__ = ["SharedTable"]

NUMBER_BYTES: Final = 8


class SharedTable:
    """``rows`` of ``width`` doubles, made before the processes part; each then takes the row that is its own."""

    def __init__(self, rows: int, width: int) -> None:
        self.rows, self.width = rows, width
        self._numbers = memoryview(mmap.mmap(-1, rows * width * NUMBER_BYTES)).cast("d")
        self._start = 0
        self.lock = threading.Lock()  # among the threads of this process

    def take_row(self, row: int) -> None:
        """Write into this row from now on; a new process goes on where the one before it stopped."""
        self._start = row * self.width
        self.lock = threading.Lock()

    def get(self, column: int) -> float:
        """Return a number of our own row."""
        return float(self._numbers[self._start + column])

    def put(self, column: int, value: float) -> None:
        """Set a number of our own row; the caller holds ``lock`` where it depends on the old one."""
        self._numbers[self._start + column] = value

    def add(self, column: int, value: float) -> None:
        """Add to a number of our own row."""
        with self.lock:
            self._numbers[self._start + column] += value

    def clear_row(self) -> None:
        """Begin our own row at zero: for what ends with the process that counted it."""
        with self.lock:
            for column in range(self._start, self._start + self.width):
                if self._numbers[column]:
                    self._numbers[column] = 0.0

    def column(self, column: int) -> list[float]:
        """Return a number of every row."""
        return list(self._numbers[column :: self.width])

    def total(self, column: int) -> float:
        """Return the sum over every process."""
        return float(sum(self.column(column)))
