"""How many questions may one visitor ask, how many exports take at once? Counts that all processes of the server share.

A visitor is an address: an IPv4 address, or the /64 of an IPv6 one (a household gets that many). The address is the one of the
connection, or what the trusted proxy says of it; no header of the visitor counts. Nothing is written down: an address becomes a
place in a table of numbers, and two addresses share a place once in 65,536.
"""

from __future__ import annotations

import ipaddress
import time
import zlib
from typing import Any, Final

from flask import Flask, request
from flask_limiter import Limiter
from limits import parse_many
from limits.storage import Storage

from corpus.errors import BadRequest
from web.shared import SharedTable

__all__ = ["EXPORT_WIDTH", "WIDTH", "Running", "client_key", "prepare"]

PLACES: Final = 65_536
WIDTH: Final = 2 * PLACES  # end of the window, count
EXPORT_WIDTH: Final = PLACES
EXEMPT: Final = frozenset({"assets.static", "api.health", "metrics.text", "discovery.robots"})


class SharedStorage(Storage):
    """Fixed windows in a shared table: the count of a visitor is the sum over the rows whose window is the current one."""

    STORAGE_SCHEME = ["marbre-shared"]  # noqa: RUF012  (the registry of limits reads a list)

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, table: SharedTable, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self.table = table

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """No storage of ours can be out of reach."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return the count of the window over all processes."""
        place, now = _place(key), time.time()
        with self.table.lock:
            end = max(self.table.column(place))
            if end <= now:
                end = now + expiry
            mine = self.table.get(place + 1) if self.table.get(place) == end else 0
            self.table.put(place + 1, mine + amount)
            self.table.put(place, end)
        return self.get(key)

    def get(self, key: str) -> int:
        """Return the count of the current window."""
        place = _place(key)
        ends, counts = self.table.column(place), self.table.column(place + 1)
        current = max(ends)
        if current <= time.time():
            return 0
        return int(sum(count for end, count in zip(ends, counts, strict=True) if end == current))

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since the epoch."""
        return max(*self.table.column(_place(key)), time.time())

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Not needed: windows end by themselves."""
        return None

    def clear(self, key: str) -> None:
        """Forget what this process counted for a key."""
        self.table.put(_place(key), 0)


class Running:
    """How many of something runs for each visitor now, over all processes; a process that begins has nothing running."""

    def __init__(self, table: SharedTable, most: int) -> None:
        self._table, self._most = table, most
        table.clear_row()  # what a killed process had running ended with it

    def begin(self, key: str) -> bool:
        """Count one more, unless the visitor has as many as allowed. Two that begin at the same instant may both be refused."""
        place = _hashed(key)
        self._table.add(place, 1)
        if self._table.total(place) <= self._most:
            return True
        self.end(key)
        return False

    def end(self, key: str) -> None:
        """Count one less."""
        self._table.add(_hashed(key), -1)


def client_key() -> str:
    """Return who asks: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"  # a Unix socket
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def prepare(app: Flask) -> None:
    """Refuse (429 and Retry-After) what a visitor asks over the limit; "" is no limit. Raises: BadRequest for what is no limit."""
    limit: str = app.config["RATE_LIMIT"]
    if not limit:
        return
    try:
        parse_many(limit)
    except ValueError:
        raise BadRequest("--rate-limit", limit, "a number of questions in a time, like 120/minute") from None
    table: SharedTable = app.config["RATE_TABLE"] or SharedTable(1, WIDTH)
    limiter = Limiter(
        client_key,
        app=app,
        application_limits=[limit],
        storage_uri="marbre-shared://",
        storage_options={"table": table},  # type: ignore[dict-item]  # passed on to SharedStorage
        headers_enabled=True,
        strategy="fixed-window",
    )
    limiter.request_filter(lambda: request.endpoint in EXEMPT)


def _place(key: str) -> int:
    return 2 * _hashed(key)


def _hashed(key: str) -> int:
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % PLACES
