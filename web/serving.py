"""How is the site served in earnest? One waitress a core over one listening socket, watched by a parent that asks nothing of the index.

The parent opens the socket and makes the processes; each opens the index for itself (the pages of the files are shared by the system),
follows every commit and swapped rebuild from one question to the next, and is replaced when it dies. SIGTERM or SIGINT: nobody new is
let in, whoever is being answered gets the answer (GRACE_S), then the processes end. Nothing is logged of who asks what.

Waitress reads and writes for slow clients in one loop, so that they hold no thread. Source of the settings: measured on 150 clients
that never finish a request and 150 that read one byte a second (tests/web/test_serving.py).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import waitress
from flask import Flask

from corpus.errors import BadRequest, SourceUnreadable
from web import create_app
from web import limits as rate_limits
from web import metrics as site_metrics
from web.shared import SharedTable

__all__ = ["ServeOptions", "serve_site"]

GRACE_S: Final = 10.0
LOOP_S: Final = 1.0
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
BACKLOG: Final = 1_024
LEAST_LIFE_S: Final = 1.0  # a process that lived shorter is replaced after that long, not at once
SETTINGS: Final[dict[str, Any]] = {
    "ident": None,  # no Server header
    "connection_limit": 1_000,
    "channel_timeout": 15,
    "cleanup_interval": 5,
    "max_request_body_size": 65_536,
    "max_request_header_size": 16_384,
    "asyncore_use_poll": True,
    "clear_untrusted_proxy_headers": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """How to serve. ``port=0`` takes a free one; ``proxy`` is the address whose X-Forwarded-* headers are believed."""

    location: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 4
    prefix: str = ""
    proxy: str = ""
    metrics: bool = False
    rate_limit: str = ""
    base_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    page_size: int = 20
    title: str = "Marbre"
    logo: str = ""
    https: bool = False

    @property
    def path(self) -> str:
        """The prefix with a slash before it and none behind; "" for none."""
        inner = self.prefix.strip("/")
        return f"/{inner}" if inner else ""

    def site(self) -> dict[str, object]:
        """Return what ``create_app`` is told, with the tables that the processes share."""
        told: dict[str, object] = {"site_name": self.title, "public_url": self.base_url, "trusted_hosts": self.trusted_hosts}
        told |= {"page_size": self.page_size, "logo": self.logo, "https": self.https}
        told["export_table"] = SharedTable(self.workers, rate_limits.EXPORT_WIDTH)
        if self.metrics:
            told["metrics"] = SharedTable(self.workers, site_metrics.WIDTH)
        if self.rate_limit:
            told |= {"rate_limit": self.rate_limit, "rate_table": SharedTable(self.workers, rate_limits.WIDTH)}
        return told


def serve_site(options: ServeOptions, announce: Callable[[str], None] = lambda url: None) -> None:
    """Serve until SIGTERM or SIGINT; ``announce`` is told the address once it answers.

    Raises: IndexProblem for an unusable index, SourceUnreadable for an address that cannot be listened on, BadRequest for an option.
    """
    if options.workers > 1 and not hasattr(os, "fork"):
        raise BadRequest("--workers", options.workers, "1 on this system (it has no fork)")
    site = options.site()
    _close(create_app(options.location, **site))  # an unusable index or option is said now, once, by the parent
    listening = _listen(options.host, options.port)
    host, port = listening.getsockname()[:2]
    announce(f"http://{f'[{host}]' if ':' in host else host}:{port}{options.path}/")
    try:
        if options.workers == 1:
            _work(options, site, listening, row=0)
        else:
            own = os.getpid()  # read before a child is born: it may be orphaned before it could ask
            _Processes(lambda row: _work(options, site, listening, row, own)).keep(options.workers)
    finally:
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise SourceUnreadable(
            f"cannot listen on {host}:{port}: {error.strerror or error}; choose another --port or stop what uses it"
        ) from error
    listening.setblocking(False)
    return listening


def _work(options: ServeOptions, site: dict[str, object], listening: socket.socket, row: int, parent: int | None = None) -> None:
    """Answer until told to stop, or until the parent named is gone, then finish what is begun."""
    told = _StopSignal()
    logging.getLogger("waitress").setLevel(logging.ERROR)  # a queue of two is no news
    for table in site.values():
        if isinstance(table, SharedTable):
            table.take_row(row)
    app = create_app(options.location, **site)
    channels: dict[int, Any] = {}
    server = waitress.create_server(
        app, map=channels, sockets=[listening], threads=options.threads, url_prefix=options.path, **SETTINGS, **_proxy(options.proxy)
    )
    told.wake = server.pull_trigger
    while not told.stopped and (parent is None or os.getppid() == parent):  # a killed parent leaves no process behind
        server.asyncore.loop(timeout=LOOP_S, use_poll=True, map=channels, count=1)
    server.del_channel(channels)  # nobody new; the listening socket stays open for the other processes
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end and any(_is_busy(channel) for channel in list(channels.values())):
        server.asyncore.loop(timeout=0.05, use_poll=True, map=channels, count=1)
    server.task_dispatcher.shutdown(timeout=1)
    server.asyncore.close_all(channels)
    _close(app)


def _is_busy(channel: Any) -> bool:
    """Is this connection being answered? Idle ones and the server's own channels are not."""
    return bool(getattr(channel, "requests", None) or getattr(channel, "request", None) or getattr(channel, "total_outbufs_len", 0))


def _proxy(address: str) -> dict[str, Any]:
    if not address:
        return {}
    headers = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return {"trusted_proxy": address, "trusted_proxy_count": 1, "trusted_proxy_headers": headers}


def _close(app: Flask) -> None:
    app.extensions["marbre"].close()


class _StopSignal:
    """SIGTERM and SIGINT as a flag that the loop looks at; ``wake`` ends its waiting."""

    def __init__(self) -> None:
        self.stopped = False
        self.wake: Callable[[], None] = lambda: None
        for number in STOPPING:
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped = True
        self.wake()


class _Processes:
    """The processes of a server: as many as wanted until told to stop, then none."""

    def __init__(self, work: Callable[[int], None]) -> None:
        self._work = work
        self._rows: dict[int, tuple[int, float]] = {}  # by pid: the row, and when it was born
        self._stopping = False

    def keep(self, count: int) -> None:
        """Make ``count`` processes, replace those that die, return when all have ended after a signal."""
        for number in STOPPING:
            signal.signal(number, self._stop)
        for row in range(count):
            self._start(row)
        while self._rows:
            pid, _ = os.wait()
            if pid not in self._rows:
                continue
            row, born = self._rows.pop(pid)
            if not self._stopping:
                time.sleep(max(0.0, LEAST_LIFE_S - (time.monotonic() - born)))
                self._start(row)

    def _start(self, row: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # the child takes no signal before it has a handler of its own
        pid = os.fork()
        if pid:
            self._rows[pid] = (row, time.monotonic())
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            if self._stopping:  # the signal came before this child was known
                self._stop(signal.SIGTERM, None)
            return
        status = 1
        try:
            self._work(row)
            status = 0
        finally:
            os._exit(status)  # never back into the parent's code

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for pid in list(self._rows):
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
