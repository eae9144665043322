"""What of a text may reach a terminal? Letters of any script; nothing that moves the cursor, hides or reorders what is read."""

from __future__ import annotations

from typing import Final

__all__ = ["printable"]

_KEPT: Final = "\u00a0\u202f"  # the no-break spaces of French: not printable to Python, harmless to a terminal


def printable(text: str) -> str:
    """Return text as one line without what could steer a terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in _KEPT else " " for letter in text)
