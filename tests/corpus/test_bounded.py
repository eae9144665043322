"""Does a file that takes too long, too much, or kills its reader cost one reject, and the next file nothing?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import Article, read_articles
from corpus.bounded import BoundedReader, Bounds
from corpus.readers import Reject, Source

SAMPLE = Path(__file__).resolve().parent.parent.parent / "corpus" / "sample"
HOSTILE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from corpus.article import Article, Origin
from corpus.bounded import limit_memory, serve
from corpus.readers import Reject, Source
def read(source):
    yield Article(headline="Avant", origin=Origin(source.name, "item 1"))
    if "slow" in source.name: time.sleep(600)
    if "large" in source.name: bytearray(8 << 30)
    if "dead" in source.name: os._exit(3)
    if "loud" in source.name: print("bruit")
    yield Reject(source.origin("item 2"), "mauvais", "rien")
    yield Article(headline="Après", tags=("a", "b"), extra={"page": 3, "mots": ["x"]})
limit_memory(int(sys.argv[2]))
answers, sys.stdout = sys.stdout.buffer, sys.stderr
serve(read, lambda request: Source(request["name"], None), sys.stdin.buffer, answers)
"""


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[BoundedReader]:
    """A worker whose reader behaves as the name of the file says."""
    monkeypatch.setattr("corpus.bounded._PROGRAM", HOSTILE)
    with BoundedReader(Bounds(seconds=5.0 if sys.platform == "linux" else 20.0)) as reader:
        yield reader


def source(name: str) -> Source:
    return Source(name, lambda: open("/dev/null", "rb"), path=Path(name))


def told(reader: BoundedReader, name: str) -> list[str]:
    return [item.headline if isinstance(item, Article) else str(item) for item in reader.read(source(name))]


def test_articles_and_rejects_come_through_as_they_are(beside: BoundedReader) -> None:
    first, second, third = beside.read(source("good"))
    assert isinstance(first, Article)
    assert str(first.origin) == "good, item 1"
    assert isinstance(second, Reject)
    assert (second.reason, second.advice, str(second.origin)) == ("mauvais", "rien", "good, item 2")
    assert third == Article(headline="Après", tags=("a", "b"), extra={"page": 3, "mots": ["x"]})


@pytest.mark.parametrize(
    ("name", "said"),
    [("slow", "takes longer than"), ("large", "takes more than 1024 MB of memory"), ("dead", "exit code 3")],
)
def test_what_overruns_is_one_reject_and_the_next_file_is_read(beside: BoundedReader, name: str, said: str) -> None:
    if name == "slow":
        beside.bounds = Bounds(seconds=1.0)
    before, reject = told(beside, name)
    assert before == "Avant"
    assert said in reject
    beside.bounds = Bounds()
    assert told(beside, "good")[::2] == ["Avant", "Après"]


def test_what_a_library_prints_is_no_answer(beside: BoundedReader) -> None:
    assert told(beside, "loud") == told(beside, "loud")


def test_a_file_left_in_the_middle_does_not_answer_for_the_next(beside: BoundedReader) -> None:
    reading = beside.read(source("good"))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert len(told(beside, "good")) == 3


def test_the_sample_reads_the_same_in_the_worker_as_here() -> None:
    here = read_articles([SAMPLE])
    expected = list(here)
    with BoundedReader() as beside:
        stream = read_articles([SAMPLE])
        stream.beside = beside
        found = list(stream)
    assert found == expected
    assert [one.origin for one in found] == [one.origin for one in expected]
    assert stream.rejects == here.rejects


def test_json_lines_start_no_worker(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"titre": "Port"}\n', encoding="utf-8")
    with BoundedReader() as beside:
        stream = read_articles([tmp_path])
        stream.beside = beside
        assert len(list(stream)) == 1
        assert beside._process is None
