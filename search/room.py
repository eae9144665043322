"""How much memory may a searcher keep? A part of what its process may have, read once.

A million articles need about two gigabytes to keep what words add unpacked; a small machine must not be filled by it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["hot_bytes"]

LEAST: Final = 512 << 20
MOST: Final = 2 << 30
PART: Final = 16
_GROUP: Final = Path("/sys/fs/cgroup/memory.max")


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
