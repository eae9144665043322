"""Does a folder of bad files cost nothing but its bad files? Each is refused with a reason, the good articles stay, no secret leaks."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from corpus import read_articles
from corpus.readers import databases


def _load(name: str) -> ModuleType:
    """Load a module of this folder, which is on no path."""
    spec = importlib.util.spec_from_file_location(f"hostile_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bad_files = _load("bad_files")
BAD = bad_files.BAD
SECRET = bad_files.SECRET


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a reader opened a connection")

    for call in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, call, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    yield


def test_there_are_enough_bad_files() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_a_reason_and_the_good_beside_it_stays(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "STEP_SECONDS", 1.0)
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes(BAD[name].data(secret))
    stream = read_articles([folder])
    articles = list(stream)
    assert any(BAD[name].reason in str(reject) for reject in stream.rejects), [str(reject) for reject in stream.rejects]
    assert not any("the reader failed" in reject.reason for reject in stream.rejects), [str(reject) for reject in stream.rejects]
    assert not BAD[name].good or any(article.headline == BAD[name].good for article in articles)
    said = json.dumps([str(article) for article in articles] + [str(reject) for reject in stream.rejects])
    assert SECRET not in said
    assert all(str(reject).isprintable() for reject in stream.rejects)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "secret.txt"]
