"""Can a file make us reach out? Every file that names an address is read beside a server that counts who comes."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import press_files as make
from bench.press_files import Piece
from corpus import read_articles
from corpus.bounded import BoundedReader

ROOT = Path(__file__).resolve().parent.parent.parent
WAYS = {
    "a socket": "socket.create_connection(('127.0.0.1', port), 5)",
    "a socket made before": "early.connect(('127.0.0.1', port))",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
    "a name": "socket.getaddrinfo('exemple.example', 80)",
    "an address": "urllib.request.urlopen(f'http://127.0.0.1:{port}/')",
    "a server": "socket.create_server(('127.0.0.1', 0))",
    "a program": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a child": "os.fork()",
}
PROGRAM = """
import os, socket, subprocess, sys, urllib.request
sys.path.insert(0, sys.argv[1])
from corpus.bounded import forbid_connections
port, early = int(sys.argv[2]), socket.socket()
if sys.argv[3] == "forbidden": forbid_connections()
try:
    WAY
    print("done")
except PermissionError as error:
    print(error)
"""


class Listener:
    """A server that counts its visitors and tells them nothing."""

    def __init__(self) -> None:
        self.visitors = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visitors += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    # What the files of the hostile set ask of the path of their secret.
    def as_uri(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret"

    __str__ = as_uri


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def run(way: str, port: int, fence: str) -> str:
    command = [sys.executable, "-c", PROGRAM.replace("WAY", way), str(ROOT), str(port), fence]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_the_reader_process_opens_no_connection_and_starts_no_program(way: str, listener: Listener) -> None:
    assert "opens no connection" in run(way, listener.port, "forbidden")
    assert listener.visitors == 0


def test_the_same_program_without_the_fence_is_counted(listener: Listener) -> None:
    assert "done" in run(WAYS["a socket"], listener.port, "open")
    assert listener.visitors == 1


def hostile_files(listener: Listener) -> dict[str, bytes]:
    spec = importlib.util.spec_from_file_location("bad_files", ROOT / "tests/corpus/hostile/bad_files.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bad_files"] = module
    spec.loader.exec_module(module)
    address = listener.as_uri()
    naming = {name: data for name, bad in module.BAD.items() if address.encode() in (data := bad.data(listener))}
    page = (
        make.page(Piece())
        .decode()
        .replace(
            "<head>",
            f'<head><base href="{address}/"><meta http-equiv="refresh" content="0; url={address}"><link rel="stylesheet" href="{address}.css">'
            f'<link rel="canonical" href="{address}"><script src="{address}.js"></script><link rel="alternate" type="application/rss+xml" href="{address}">',
            1,
        )
        .replace("<p>", f'<p><img src="{address}.png"><iframe src="{address}"></iframe>', 1)
    )
    assert address in page
    alto = make.mets_issue([Piece()])["issue-mets.xml"].replace(b"file://./alto/page-00001.xml", address.encode())
    feed = f'<?xml version="1.0"?><?xml-stylesheet href="{address}"?><rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel><xi:include href="{address}"/><item><title>a</title><link>{address}</link><enclosure url="{address}"/></item></channel></rss>'
    sheet = f'<!DOCTYPE nitf SYSTEM "{address}"><nitf xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="{address}"><head/><body/></nitf>'
    return {**naming, "page.html": page.encode(), "issue-mets.xml": alto, "feed.xml": feed.encode(), "nitf.xml": sheet.encode()}


def test_no_file_of_the_hostile_set_reaches_the_address_it_names(listener: Listener, tmp_path: Path) -> None:
    files = hostile_files(listener)
    assert len(files) >= 15
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    stream = read_articles([tmp_path])
    with BoundedReader() as stream.beside:
        found = list(stream)
    assert any(article.origin is not None and article.origin.file.endswith("page.html") for article in found)
    assert listener.visitors == 0
