"""Which few numbers stand for a text, so that its other versions can be looked up? The least of the hashes of its runs of three words.

Each text keeps a handful of the hashes of its runs: always the smallest ones, so that two texts that share runs share kept hashes too (MinHash
with one permutation, the *k* least; k grows slowly with the length, since a cut version shares only a part of the longer text).
Done for a whole flush at once, on the numbers that inverting has made of the words anyway. Source: A. Broder, On the resemblance
and containment of documents, 1997. Rejected: bands of several hashes (a text edited in every third line shares none), whole sets
of runs on disk (1.2 kB an article), a library (datasketch takes 3 ms an article, this takes 0.02).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from indexer.codec.sketches import Sketches

__all__ = ["KEPT_AT_LEAST", "WORDS_A_KEPT", "sketches_of", "word_hashes"]

KEPT_AT_LEAST: Final = 10  # hashes a text
WORDS_A_KEPT: Final = 48  # and one more for so many words
WORDS_READ: Final = 20_000
RUN_WORDS: Final = 3
_SLICE: Final = 1 << 15  # runs at a time, which stay in the caches of a processor
_SPARE: Final = 3  # times as many as will be kept are sorted; of short texts all
U64 = npt.NDArray[np.uint64]


def word_hashes(words: Sequence[str]) -> U64:
    """Return a number for each word, the same on every machine and in every year."""
    crcs = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), np.uint64, len(words))
    return _mixed(crcs + np.uint64(1))


def sketches_of(words: U64, docs: npt.NDArray[np.int32], doc_count: int) -> Sketches:
    """Return the sketches of texts. Shapes: words and docs [tokens], in the order of the texts; docs ascend from 0 to ``doc_count``."""
    counts = np.bincount(docs, minlength=doc_count)
    if docs.size < RUN_WORDS:
        return Sketches.empty()
    kept_counts = KEPT_AT_LEAST + np.minimum(counts, WORDS_READ) // WORDS_A_KEPT
    share = np.minimum(1.0, _SPARE * kept_counts / np.maximum(1, counts))
    limits = np.minimum(share * 2.0**64, float(2**64 - 2**12)).astype(np.uint64)
    parts = [_least_runs(words[at : at + _SLICE + 2], docs[at : at + _SLICE + 2], limits) for at in range(0, docs.size - 2, _SLICE)]
    hashes, owners = (np.concatenate(column) for column in zip(*parts, strict=True))
    bits = np.uint64(doc_count.bit_length())
    # by text, then by hash: one key, since the bits that it drops of a hash decide once in a million texts, and then between two that count alike
    order = np.argsort(owners.astype(np.uint64) << (np.uint64(64) - bits) | hashes >> bits)
    hashes, owners = hashes[order], owners[order]
    new = np.ones(hashes.size, np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    hashes, owners = hashes[new], owners[new]
    first = np.searchsorted(owners, np.arange(doc_count))
    least = np.arange(owners.size) - first[owners] < kept_counts[owners]
    return Sketches.of((hashes[least] & np.uint64(0xFFFFFFFF)).astype(np.uint32), owners[least].astype(np.uint32))


def _least_runs(words: U64, docs: npt.NDArray[np.int32], limits: U64) -> tuple[U64, npt.NDArray[np.int64]]:
    """Return hash and text of the runs below the limit of their text."""
    runs = words[1:-1] * np.uint64(3)
    runs += words[:-2]
    runs += words[2:] * np.uint64(7)
    runs = _mixed(runs)
    chosen = np.flatnonzero(runs <= limits[docs[:-2]])
    chosen = chosen[docs[chosen] == docs[chosen + 2]]
    return runs[chosen], docs[chosen].astype(np.int64)


def _mixed(values: U64) -> U64:
    """Return well spread numbers. Source: the finisher of SplitMix64 (Steele, Lea, Flood 2014)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
