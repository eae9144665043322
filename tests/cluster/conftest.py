"""What do the tests on a real cluster share? Its address, and archives on it that are gone when the test is.

``MARBRE_TEST_CLUSTER`` holds the addresses of a running cluster (``make cluster`` prints them); without it these tests are skipped, and say so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from indexer.cluster import connect
from indexer.cluster_client import Refused

NewLocation = Callable[[], str]


@pytest.fixture(scope="session")
def hosts() -> str:
    """The addresses of the nodes: host:port,host:port."""
    found = os.environ.get("MARBRE_TEST_CLUSTER", "")
    if not found:
        pytest.skip("no cluster: start one with “make cluster”, then MARBRE_TEST_CLUSTER=127.0.0.1:9301,... make test")
    return found


@pytest.fixture(scope="session")
def new_location(hosts: str) -> Iterator[NewLocation]:
    """A LOCATION that nothing uses; its indexes are removed at the end."""
    made: list[str] = []

    def make() -> str:
        made.append(f"opensearch+http://{hosts}/test-{secrets.token_hex(4)}")
        return made[-1]

    yield make
    for location in made:
        forget(location)


def forget(location: str) -> None:
    """Remove every index of an archive."""
    state = connect(location)
    for index in [*state.indexes(), state.store]:
        try:
            state.client.call("DELETE", f"/{index}", seconds=30)
        except Refused as error:
            assert error.status == 404
    state.client.close()
