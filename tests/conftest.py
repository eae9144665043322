"""What do the tests share? The sample archive, indexed once, and a way to index a few articles of one's own.

Indexes are made and asked through the public functions only, so that a test says nothing of how they lie on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from corpus import Article, read_articles
from indexer import build_index
from search import open_engine
from search.engines.local import LocalEngine

SAMPLE = Path(__file__).resolve().parent.parent / "corpus" / "sample"
MakeIndex = Callable[[Iterable[Article]], Path]
MakeEngine = Callable[[Iterable[Article]], LocalEngine]

# No deadline: it would be a timing assertion. The same examples each time: a red run can be repeated.
settings.register_profile("marbre", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("marbre")


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the index of the bundled sample archive; nobody writes to it."""
    location = tmp_path_factory.mktemp("sample") / "index"
    build_index(read_articles([SAMPLE]), location)
    return location


@pytest.fixture(scope="session")
def sample_engine(sample_index: Path) -> Iterator[LocalEngine]:
    """An engine on the sample archive."""
    with open_engine(sample_index) as engine:
        yield engine


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """Index articles in a new folder of this test and return the folder."""
    made: list[Path] = []

    def make(articles: Iterable[Article]) -> Path:
        location = tmp_path / f"index-{len(made)}"
        made.append(location)
        build_index(articles, location)
        return location

    return make


@pytest.fixture
def make_engine(make_index: MakeIndex) -> Iterator[MakeEngine]:
    """Index articles and return an engine on them, closed when the test ends."""
    opened: list[LocalEngine] = []

    def make(articles: Iterable[Article]) -> LocalEngine:
        opened.append(open_engine(make_index(articles)))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()
