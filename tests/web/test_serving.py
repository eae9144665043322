"""The site as it is served in earnest: several processes, slow clients, commits and rebuilds under load, a gentle end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from served import Served, served

from corpus import Article
from indexer import build_index
from search import Engine
from web import create_app
from web.exports import EXPORT_SLOTS
from web.limits import client_key

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="several processes need fork")

PARAGRAPH = "Le port de Mopti attend l’accord de pêche ; les pêcheurs disent « enfin ! », les mareyeurs comptent. "


def articles(count: int, start: int = 0, chars: int = 400) -> Iterator[Article]:
    said = PARAGRAPH * (1 + chars // len(PARAGRAPH))
    for number in range(start, start + count):
        body = said + " ".join(f"quai{number}{letter}{more}" for letter in "abcdefghij" for more in "klmnopqrst")  # no reprint of another
        day = f"20{10 + number % 15}-0{1 + number % 9}-1{number % 10}"
        yield Article(doc_id=f"a-{number}", newspaper=f"Journal {number % 7}", headline=f"Port {number}", body=body, published=day)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    location = tmp_path_factory.mktemp("served") / "index"
    build_index(articles(300), location)
    return location


@pytest.fixture(scope="module")
def wide_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose export has ten megabytes."""
    location = tmp_path_factory.mktemp("wide") / "index"
    build_index(articles(400, chars=25_000), location)
    return location


class Clients:
    """Threads that ask without pause, each a visitor of its own to the proxy; every answer that is not the expected one is kept."""

    def __init__(self, server: Served, paths: Iterable[str], count: int = 4) -> None:
        self.failures: list[object] = []
        self.answers = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(server, tuple(paths), number)) for number in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, server: Served, paths: tuple[str, ...], number: int) -> None:
        while not self._stop.is_set():
            for path in paths:
                try:
                    status, _, body = server.get(path, {"X-Forwarded-For": f"203.0.113.{number}"})
                except OSError as error:
                    self.failures.append((path, error))
                    continue
                self.answers += 1
                if status != 200 or not body:
                    self.failures.append((path, status, body[:300]))


def total(server: Served) -> int:
    found: int = json.loads(server.get("/recherche.json?q=port&par_page=1")[2])["total"]
    return found


def test_commits_and_rebuilds_are_taken_up_without_a_failed_request(tmp_path: Path) -> None:
    location = tmp_path / "index"
    build_index(articles(200), location)
    paths = ("/recherche?q=port", "/recherche.json?q=p%C3%AAche&journal=Journal+3", "/article/a-7", "/recherche.jsonl?q=port", "/sante")
    with served(location, "--workers", "2", "--proxy", "127.0.0.1") as server:
        assert total(server) == 200
        with Clients(server, paths, count=EXPORT_SLOTS) as clients:  # a further export could meet a process whose slots are all taken
            for step in range(1, 5):
                build_index(articles(20, start=200 + 20 * step), location)
                assert total(server) == 200 + 20 * step
            for size in (150, 90, 210):
                build_index(articles(size), location, rebuild=True)
                assert {total(server) for _ in range(8)} == {size}
        assert clients.failures == []
        assert clients.answers > 50


def slow_client(port: int, begin: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)  # before connecting: the window that is offered
    client.settimeout(10)
    client.connect(("127.0.0.1", port))
    client.sendall(begin)
    return client


SLOW = {
    "headers that never end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "bodies that never end": b"POST /recherche HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nq=",
    "readers of one byte a second": b"GET /recherche.jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("begin", SLOW.values(), ids=SLOW.keys())
def test_a_hundred_and_fifty_slow_clients_hold_nobody_up(wide_index: Path, begin: bytes) -> None:
    with served(wide_index, "--workers", "2", "--proxy", "127.0.0.1") as server, contextlib.ExitStack() as clients:
        visitors = (begin.replace(b"localhost\r\n", b"localhost\r\nX-Forwarded-For: 203.0.113.%d\r\n" % number) for number in range(150))
        slow = [clients.enter_context(slow_client(server.port, visitor)) for visitor in visitors]
        times = []
        for _ in range(10):
            for client in slow:
                with contextlib.suppress(OSError):
                    client.recv(1) if b"jsonl" in begin else client.send(b"x")
            started = time.perf_counter()
            status, _, _ = server.get("/recherche?q=port", timeout=10)  # a held thread would answer after minutes, or never
            times.append(time.perf_counter() - started)
            assert status == 200
        print(f"a normal request beside 150 slow clients: at most {1000 * max(times):.0f} ms")


def test_an_export_under_way_is_finished_before_the_server_ends(wide_index: Path) -> None:
    with served(wide_index, "--workers", "2") as server:
        client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        client.sendall(b"GET /recherche.jsonl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = client.recv(1_000)
        server.process.send_signal(signal.SIGTERM)
        while piece := client.recv(1 << 20):
            received += piece
        client.close()
        assert received.count(b'{"doc_id"') == 400
        with pytest.raises(OSError):
            server.get("/sante", timeout=2)
        _, errors = server.process.communicate(timeout=30)
        assert (server.process.returncode, errors) == (0, "")


def test_a_killed_process_is_replaced_and_a_killed_parent_leaves_none(index: Path) -> None:
    with served(index, "--workers", "2") as server:
        until(lambda: len(server.workers()) == 2)
        first = server.workers()
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(set(server.workers()) - {first[0]}) == 2)
        assert {server.get("/sante")[0] for _ in range(10)} == {200}
        orphans = server.workers()
        server.process.kill()
        server.process.wait(timeout=10)
        until(lambda: not any(is_alive(pid) for pid in orphans))


def until(reached: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < end, "not reached"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_counts_are_whole_over_the_processes_and_the_page_is_off_by_default(index: Path) -> None:
    with served(index, "--workers", "2", "--metrics") as server:
        for _ in range(40):
            server.get("/recherche?q=port")
        server.get("/article/none")
        lines = server.get("/metriques")[2].decode().splitlines()
        assert 'marbre_requests_total{route="results",status="2xx"} 40' in lines
        assert 'marbre_requests_total{route="article",status="4xx"} 1' in lines
        assert 'marbre_request_seconds_count{route="results"} 40' in lines
        assert "marbre_articles 300" in lines
        assert "marbre_processes 2" in lines
    with served(index) as server:
        assert server.get("/metriques")[0] == 404


def test_a_visitor_over_the_limit_waits_whatever_process_answers(index: Path) -> None:
    with served(index, "--workers", "2", "--rate-limit", "25/minute") as server:
        forged = [{"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"} for number in range(40)]
        answers = [server.get("/recherche.json?q=port", headers) for headers in forged]
        assert [status for status, _, _ in answers] == [200] * 25 + [429] * 15
        refused = answers[-1]
        assert 0 < int(refused[1]["retry-after"]) <= 60
        assert json.loads(refused[2])["status"] == 429
        assert server.get("/sante")[0] == 200  # whoever watches the server is no visitor


def test_behind_a_proxy_each_visitor_has_a_count_of_his_own(index: Path) -> None:
    with served(index, "--rate-limit", "3/minute", "--proxy", "127.0.0.1") as server:
        # A visitor may write the header too; the proxy appends the address it sees, and only that one counts.
        statuses = {
            name: [server.get("/aide", {"X-Forwarded-For": f"{forged}{address}"})[0] for forged in ("", "1.1.1.1, ", "2.2.2.2, ", "")]
            for name, address in {"one": "203.0.113.9", "other": "203.0.113.10"}.items()
        }
        assert statuses == {"one": [200, 200, 200, 429], "other": [200, 200, 200, 429]}


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "unknown"),
    ],
)
def test_a_visitor_is_an_address_or_the_network_of_a_household(app: Flask, address: str, key: str) -> None:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
        assert client_key() == key


def test_the_site_is_served_under_a_prefix_a_name_and_a_page_size(index: Path, tmp_path: Path) -> None:
    logo = tmp_path / "maison.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    options = ("--path-prefix", "/presse", "--title", "La Maison", "--page-size", "7", "--logo", str(logo))
    with served(index, *options, "--base-url", "https://archives.example.org/presse") as server:
        assert server.url.endswith("/presse/")
        page = server.get("/presse/recherche?q=port")[2].decode()
        assert page.count('<li class="hit">') == 7
        assert "La Maison</title>" in page
        assert '<img class="logo" src="/presse/static/logo.svg' in page
        assert '<link rel="canonical" href="https://archives.example.org/presse/recherche?q=port">' in page
        assert 'href="/presse/recherche?q=port&amp;page=2"' in page
        assert "https://archives.example.org/presse/article/a-" in server.get("/presse/recherche.csv?q=port")[2].decode()


def test_a_name_that_is_not_ours_gets_no_page(index: Path) -> None:
    with served(index, "--trusted-host", "archives.example.org") as server:
        assert server.get("/aide", {"Host": "archives.example.org"})[0] == 200
        assert server.get("/aide", {"Host": "evil.example"})[0] == 400


def test_nothing_is_logged_of_who_asks_what(index: Path) -> None:
    with served(index, "--workers", "2") as server:
        for path in ("/recherche?q=source+secrete", "/recherche.csv?q=source+secrete", "/article/a-1?q=secrete", "/none?q=secrete"):
            server.get(path, {"User-Agent": "secrete\x1b[31m"})
        code, errors = server.stop()
    assert (code, errors) == (0, "")


def test_options_come_from_the_environment_too(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from marbre import cli

    seen: dict[str, object] = {}
    monkeypatch.setattr("marbre.serving._serve", lambda location, **options: seen.update(options))
    environment = {"MARBRE_SERVE_WORKERS": "3", "MARBRE_SERVE_RATE_LIMIT": "60/minute", "MARBRE_SERVE_TITLE": "La Maison"}
    assert CliRunner().invoke(cli, ["serve", "--index", str(index)], env=environment).exit_code == 0
    assert (seen["workers"], seen["rate_limit"], seen["title"]) == (3, "60/minute", "La Maison")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "203.0.113.1"}, "cannot listen on 203.0.113.1"),
        ({"logo": "/nowhere/logo.png"}, "expected an image file"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(index: Path, options: dict[str, str], said: str) -> None:
    from corpus.errors import SourceUnreadable
    from web.serving import ServeOptions, serve_site

    with pytest.raises(SourceUnreadable, match=said):
        serve_site(ServeOptions(location=str(index), port=0, **options))  # type: ignore[arg-type]


def test_a_limit_in_one_process_needs_no_table(engine: Engine) -> None:
    client = create_app(engine, rate_limit="2/minute").test_client()
    assert [client.get("/aide").status_code for _ in range(3)] == [200, 200, 429]
