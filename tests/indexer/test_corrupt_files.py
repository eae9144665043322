"""What does a searcher answer when bytes on the disk are not what was written, and nobody ran ``check``? The truth, or one line.

Each trial damages one file of a real index (segments, manifest, table of contents, ledger, reprints, pointer), opens it and asks. Damaged
bytes give the right answer, an older one that says so, or an ``IndexProblem``. Forged segments, whose checksums are right, may say other things;
they crash nothing, and take no more memory than a sound one and twice the file.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from archives import random_archive

from corpus.errors import IndexProblem
from indexer import build_index, delete_articles
from indexer.codec.framing import Container, ContainerWriter
from indexer.verify import check
from search import SearchRequest, open_engine, page_as_json, search

TRIALS = 100_000 if os.environ.get("MARBRE_LONG") else 1_000
FORGED = TRIALS // 4
DAMAGED = TRIALS - FORGED
HANG_S = 5.0  # what never ends, not what is slow: a trial takes a hundredth of it
ASKED = tuple(
    SearchRequest(text=text, size=5, facets=facets)
    for text, facets in (
        ("migrants port", ("newspaper",)),
        ('"le port" OU p* OU titre:loi', ()),
        ("pechuer~1 date:2020..2024", ("people", "year")),
    )
)
Damage = Callable[[random.Random, bytes], bytes]


def _flip(dice: random.Random, data: bytes) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


def _overwrite(dice: random.Random, data: bytes) -> bytes:
    noise = dice.randbytes(dice.randint(1, 64))
    at = dice.randrange(len(data))
    return (data[:at] + noise + data[at + len(noise) :])[: len(data)]


def _zeros(dice: random.Random, data: bytes) -> bytes:
    at, size = dice.randrange(len(data)), dice.randint(1, 4096)
    return (data[:at] + bytes(size) + data[at + size :])[: len(data)]


def _cut(dice: random.Random, data: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _longer(dice: random.Random, data: bytes) -> bytes:
    return data + dice.randbytes(dice.randint(1, 64))


DAMAGES: tuple[Damage, ...] = (_flip, _flip, _overwrite, _zeros, _cut, _longer)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments with deletions, and the generation before."""
    path = tmp_path_factory.mktemp("corrupt") / "index"
    articles = random_archive(seed=21, articles=60, words=25)
    build_index(articles[:50], path)
    build_index(articles[50:], path)
    delete_articles([articles[3].doc_id], path)
    return path


@contextmanager
def _no_hang(trial: int) -> Iterator[None]:
    """Fail a trial that takes HANG_S, from inside whatever loop it hangs in."""

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"trial {trial} hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _answers(location: Path) -> tuple[list[dict[str, Any]], bool]:
    """Return what an index answers, and whether it said that it is an older one."""
    with open_engine(location) as engine:
        pages = [page_as_json(search(engine, request)) for request in ASKED]
        article = engine.article("a7")
    older = any("version précédente" in note for page in pages for note in page["notes"])
    for page in pages:
        del page["took_ms"]
    return [*pages, {"body": article.body if article else None}], older


@pytest.mark.timeout(7_200 if TRIALS > 1_000 else 300)
def test_damaged_bytes_give_the_right_answer_an_older_one_that_says_so_or_one_line(location: Path) -> None:
    expected, older = _answers(location)
    assert not older
    dice, told = random.Random(22), 0
    files = sorted(path for path in location.rglob("*") if path.is_file() and path.stat().st_size)
    for trial in range(DAMAGED):
        path = dice.choice(files)
        data = path.read_bytes()
        path.write_bytes(dice.choice(DAMAGES)(dice, data))
        try:
            with _no_hang(trial):
                found, older = _answers(location)
            assert older or found == expected, f"trial {trial}: {path.name} gives another answer"
        except IndexProblem as error:
            told += 1
            assert "\n" not in str(error)
        finally:
            path.write_bytes(data)
    assert told > DAMAGED // 10
    assert _answers(location) == (expected, False)


@pytest.mark.timeout(7_200 if TRIALS > 1_000 else 300)
def test_forged_segments_crash_nothing_and_take_no_more_than_twice_their_size(location: Path, tmp_path: Path) -> None:
    copy = tmp_path / "index"
    shutil.copytree(location, copy)
    segments = sorted(copy.rglob("*.mseg"))
    tracemalloc.start()
    try:
        _answers(copy)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        _answers(copy)
        usual = tracemalloc.get_traced_memory()[1] - before
        dice, other = random.Random(23), 0
        for trial in range(FORGED):
            path = dice.choice(segments)
            data = path.read_bytes()
            forged = _forged(dice, path)
            path.write_bytes(forged)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                with _no_hang(trial):
                    _answers(copy)
            except IndexProblem:
                other += 1
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak < usual + 2 * len(forged) + 100_000, f"trial {trial}: {peak} bytes for a file of {len(forged)}"
            path.write_bytes(data)
        assert other > FORGED // 10
    finally:
        tracemalloc.stop()


def _forged(dice: random.Random, path: Path) -> bytes:
    """Return a segment of the same length with one section changed, sealed anew."""
    container = Container.open(path)
    victim = dice.choice([name for name in container.names() if len(container.section(name)) and name != "meta"])
    stream = BytesIO()
    out = ContainerWriter(stream, container.segment_id)
    for name in container.names():
        content = bytes(container.section(name).data)
        out.add(name, dice.choice(DAMAGES[:4])(dice, content) if name == victim else content)
    out.finish()
    return stream.getvalue()


def test_random_bits_of_a_larger_index_are_found_and_their_file_named(sample_index: Path, tmp_path: Path) -> None:
    copy = tmp_path / "index"
    shutil.copytree(sample_index, copy)
    files = sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size)
    weights = [path.stat().st_size for path in files]
    dice = random.Random(24)
    for path in dice.choices(files, weights, k=TRIALS // 20):
        data = path.read_bytes()
        path.write_bytes(_flip(dice, data))
        name = path.relative_to(copy).as_posix()
        assert name in {problem.file for problem in check(copy, deep=True)}, name
        path.write_bytes(data)
    assert check(copy, deep=True) == []
