"""Which characters do these bytes stand for? The text, and the encoding it was read in.

In order: a byte-order mark, the declared encoding when it fits, strict UTF-8, then the old one-byte encodings of French
systems, told apart by counting French letters where French letters can stand. Statistical guessers are refused: on
undeclared French in cp1252 the usual one is right in 5 to 52 % of texts.

A text may also have been read wrongly before it came here, and written as UTF-8 again: « dÃ©jÃ  ». ``repaired`` turns that
back, line by line, and only where wrong letters outnumber right ones: an article about « Ã© » stays as it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["REPAIRED", "Decoded", "decode", "is_garbled", "mark_of", "repaired"]

_MARKS: Final = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a declaration may name, by Python's normal name. latin-1 is read as cp1252, as browsers do: the bytes where they
# differ (’ œ …) are control characters in latin-1. Codecs that are no encodings of text (zip, rot13, idna) stay out.
_DECLARABLE: Final = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32": "utf-32",
    "ascii": "utf-8",
    "cp1252": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-15": "iso8859-15",
    "iso8859-2": "iso8859-2",
    "iso8859-9": "cp1254",
    "cp1250": "cp1250",
    "cp1254": "cp1254",
    "mac-roman": "mac-roman",
    "cp850": "cp850",
    "cp437": "cp437",
    "cp858": "cp858",
}
# Ties go to the first: a text whose letters are the same in cp1252 and latin-9 is cp1252. UTF-8 is here for files with
# a few broken bytes; where it is right every other reading is full of Ã and ©.
_CANDIDATES: Final = ("cp1252", "iso8859-15", "mac-roman", "cp850", "utf-8")
_SAMPLE_RUNS: Final = 4_000  # runs of non-ASCII bytes that are scored
_RUN = re.compile(rb"[\x80-\xff]{1,64}")

_LOWER: Final = frozenset("éèêëàâîïôûùüçœæÿñ")
_UPPER: Final = frozenset("ÉÈÊËÀÂÎÏÔÛÙÜÇŒÆŸ")
_SIGNS: Final = frozenset("«»“”‘’–—…°€·•§²³№ªº\xa0\u202f\u2011")
_FREQUENT: Final = frozenset("éèàê’«»ç\xa0")


def _misread(char: str, encoding: str) -> str:
    """Return how the UTF-8 bytes of ``char`` look when read in a one-byte encoding; bytes it has no character for as in latin-1."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in char.encode())


# « Ã© », « â€™ », « Â« »: French letters and signs in UTF-8 read as cp1252, latin-1 or MacRoman. A no-break space may have become a space.
_GARBLED: Final = re.compile(
    "|".join(
        sorted(
            {re.escape(_misread(char, name)) for char in _LOWER | _UPPER | _SIGNS for name in ("cp1252", "latin-1", "mac-roman")} | {"Ã "}
        )
    )
)
REPAIRED: Final = "encoded twice, repaired"  # what an article says of itself under extra["encoding"]
_GARBLED_MARKS: Final = ("Ã", "Â", "â", "Å", "√", "¬", "‚Ä")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the name of the encoding it was read in."""

    text: str
    encoding: str


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Read ``data`` as text; never fails, and replaces a byte by U+FFFD only where no encoding has a character for it.

    A declared one-byte encoding gives way to UTF-8 where the bytes are strict UTF-8 with non-ASCII letters: no French
    text in a one-byte encoding is that by chance, and pages that declare the wrong one are common.
    """
    marked = mark_of(data)
    if marked:
        return Decoded(_without_mark(data, marked).decode(marked, "replace"), marked)
    if data.isascii() and not _has_wide_units(data):
        return Decoded(data.decode("ascii"), "utf-8")
    for encoding in ("utf-8", *_declared(declared)):
        if encoding.startswith("utf-16") or not _has_wide_units(data):
            text = _strictly(data, encoding)
            if text is not None:
                return Decoded(text, encoding)
    best = _wide_order(data) if _has_wide_units(data) else _best_of(data)
    return Decoded(data.decode(best, "replace"), best)


def mark_of(data: bytes) -> str:
    """Return the encoding that a byte-order mark at the start of ``data`` names, "" without one."""
    return next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")


def is_garbled(text: str) -> bool:
    """Tell whether a line holds more letters of UTF-8 read wrongly than right French ones."""
    if not any(mark in text for mark in _GARBLED_MARKS):
        return False
    wrong = len(_GARBLED.findall(text))
    return wrong > 0 and wrong > sum(char in _LOWER or char in _UPPER for char in _GARBLED.sub("", text))


def repaired(text: str) -> str | None:
    """Return a text that was encoded twice as it was meant, line by line; None when there is nothing to repair."""
    if text.isascii() or not any(mark in text for mark in _GARBLED_MARKS):
        return None
    lines = text.split("\n")
    mended = [_fixed(line) if is_garbled(line) else line for line in lines]
    return "\n".join(mended) if mended != lines else None


def _fixed(line: str) -> str:
    from ftfy import fix_encoding  # late: one archive in many needs it

    return fix_encoding(line)


def _without_mark(data: bytes, encoding: str) -> bytes:
    return data[next(len(mark) for mark, name in _MARKS if name == encoding) :]


def _declared(declared: str | None) -> Iterable[str]:
    if not declared:
        return ()
    try:
        name = codecs.lookup(declared.strip().strip("\"'")).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return ()
    known = _DECLARABLE.get(name)
    if known is None:
        return ()
    return (known, "latin-1") if name == "iso8859-1" else (known,)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _has_wide_units(data: bytes) -> bool:
    """Say whether every second byte is mostly NUL, as in UTF-16 of a Latin script without a mark."""
    head = data[:4096]
    return b"\x00" in head and max(head[::2].count(0), head[1::2].count(0)) * 5 > len(head) * 2


def _wide_order(data: bytes) -> str:
    head = data[:4096]
    return "utf-16-be" if head[::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _best_of(data: bytes) -> str:
    runs = _sample(data)
    return max(_CANDIDATES, key=lambda encoding: sum(_score(run, encoding) for run in runs))


def _sample(data: bytes) -> list[bytes]:
    """Return the non-ASCII runs of ``data``, each with the byte before and after it."""
    runs: list[bytes] = []
    for found in _RUN.finditer(data):
        start = found.start()
        runs.append((data[start - 1 : start] if start else b" ") + data[start : found.end() + 1].ljust(found.end() - start + 1))
        if len(runs) >= _SAMPLE_RUNS:
            break
    return runs


def _score(run: bytes, encoding: str) -> int:
    text = run.decode(encoding, "replace")
    return sum(_plausible(text[i - 1], text[i], text[i + 1]) for i in range(1, len(text) - 1) if text[i] >= "\x80")


def _plausible(before: str, char: str, after: str) -> int:
    """Say how well ``char`` stands between its neighbours in a French text, from 4 (well) to -6 (no character at all)."""
    if char == "\ufffd":
        return -6
    if char in _LOWER:
        joined = before.isalpha() and after.isalpha() if char == "ÿ" else before.isalpha() or after.isalpha() or char == "à"
        fits = joined and not (before.isupper() and before.isascii() and after.isupper())
        return (3 if fits else -2) + (char in _FREQUENT)
    if char in _UPPER:  # « prÈsident » is é of a Mac read as cp1252
        return -3 if before.islower() else 2 if after.isalpha() or before.isupper() else 0 if after == "." else -2
    if char in "’‘":
        return 4 if before.isalpha() and after.isalpha() else 0
    if char in _SIGNS:
        return -1 if before.isalpha() and after.isalpha() else 2
    return -3 if before.isalpha() or after.isalpha() else -1
