"""What did a newspaper change in a text that it took over? Two texts word by word: what stayed, what went, what came. Pure.

The matcher of the standard library leaves words that stand everywhere (« de », « la ») out of its search for common passages, so that it stays
nearly linear; of very long texts only the beginning is compared, and the answer says so. A word or two that happens to be equal
between two changes is part of the change: confetti tells a reader nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

__all__ = ["MOST_WORDS", "Differences", "Piece", "differences"]

Kind = Literal["same", "removed", "added"]
MOST_WORDS: Final = 4_000  # of each text; compared within a few tenths of a second
FEWEST_SAME: Final = 3  # words between two changes that are worth showing as unchanged
PARAGRAPH: Final = "\n\n"
_WORD: Final = re.compile(r"\n{2,}|\S+[^\S\n]*(?:\n(?!\n))?")
_APOSTROPHES: Final = str.maketrans({"'": "’", "\u00a0": " ", "\u202f": " "})
_Block = tuple[Kind, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words as printed that stayed, went or came."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Differences:
    """The two texts woven together, paragraph by paragraph; ``kept`` words of the first text stayed, of ``words``.

    ``cut``: only the first MOST_WORDS words were compared.
    """

    paragraphs: tuple[tuple[Piece, ...], ...]
    kept: int
    words: int
    added: int
    cut: bool = False


def differences(before: str, after: str) -> Differences:
    """Return what changed from one text to another."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    cut = max(len(old), len(new)) > MOST_WORDS
    old, new = old[:MOST_WORDS], new[:MOST_WORDS]
    blocks = list(_merged(_blocks([_compared(word) for word in old], [_compared(word) for word in new])))
    pieces: list[Piece] = []
    for kind, first, last, start, end in blocks:
        if kind == "same":
            pieces.append(Piece("same", "".join(new[start:end])))
            continue
        pieces += [Piece("removed", "".join(old[first:last]))] if last > first else []
        pieces += [Piece("added", "".join(new[start:end]))] if end > start else []
    return Differences(
        paragraphs=tuple(_paragraphs(pieces)),
        kept=sum(_count(old[first:last]) for kind, first, last, _, _ in blocks if kind == "same"),
        words=_count(old),
        added=sum(_count(new[start:end]) for kind, _, _, start, end in blocks if kind != "same"),
        cut=cut,
    )


def _compared(word: str) -> str:
    return PARAGRAPH if word.startswith("\n\n") else word.translate(_APOSTROPHES).strip()


def _count(words: Sequence[str]) -> int:
    return sum(not word.startswith("\n\n") for word in words)


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[_Block]:
    for tag, first, last, start, end in SequenceMatcher(None, old, new).get_opcodes():
        yield "same" if tag == "equal" else "removed", first, last, start, end


def _merged(blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Yield the blocks with what is equal by chance taken into the changes around it."""
    every = list(blocks)
    held: _Block | None = None
    for number, (kind, first, last, start, end) in enumerate(every):
        inside = 0 < number < len(every) - 1
        if kind == "same" and not (inside and last - first < FEWEST_SAME):
            if held is not None:
                yield held
                held = None
            yield kind, first, last, start, end
        else:
            held = ("removed", first if held is None else held[1], last, start if held is None else held[3], end)
    if held is not None:
        yield held


def _paragraphs(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Yield the pieces cut where a paragraph ends."""
    paragraph: list[Piece] = []
    for piece in pieces:
        for number, part in enumerate(re.split(r"\n{2,}", piece.text)):
            if number and paragraph:
                yield tuple(paragraph)
                paragraph = []
            text = part if piece.kind == "same" else part.rstrip()
            if text.strip():
                if piece.kind == "added" and paragraph and paragraph[-1].kind == "removed":
                    paragraph.append(Piece("same", " "))
                paragraph.append(Piece(piece.kind, text))
            if len(text) < len(part):  # the blank behind a change is no part of it
                paragraph.append(Piece("same", part[len(text) :]))
    if paragraph:
        yield tuple(paragraph)
