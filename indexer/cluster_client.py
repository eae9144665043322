"""How is a cluster spoken to? One REST call at a time, with a bound on time and size, one retry elsewhere, then one clear line.

A LOCATION is ``opensearch+http(s)://host:9200[,host:9200...]/name``. Credentials come from ``MARBRE_OPENSEARCH_USER`` and
``MARBRE_OPENSEARCH_PASSWORD``, or else from a netrc file; never from the location, which is printed and logged. Certificates are verified,
always; ``MARBRE_OPENSEARCH_CA`` names the authority of a house. The client library is imported with the first connection: who searches
a folder neither needs nor loads it.
"""

from __future__ import annotations

import json
import netrc
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from corpus.errors import BadRequest, ClusterUnavailable

__all__ = ["ANSWER_BYTES", "SEARCH_S", "WRITE_S", "ClusterAddress", "ClusterClient", "Refused", "is_cluster", "parse_location"]

SCHEMES: Final = ("opensearch+http", "opensearch+https")
SEARCH_S: Final = float(os.environ.get("MARBRE_OPENSEARCH_SECONDS", "") or 2.0)  # for a question, both tries together
WRITE_S: Final = 60.0
CONNECT_S: Final = 1.0
ANSWER_BYTES: Final = 64 << 20
KEPT_CONNECTIONS: Final = 16
ELSEWHERE: Final = frozenset({429, 502, 503, 504})  # another node may answer
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_ADVICE: Final = "see that the cluster runs and can be reached, then try again"


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """Where an archive lies: nodes as (host, port), the alias, whether TLS is spoken."""

    hosts: tuple[tuple[str, int], ...]
    name: str
    secure: bool

    def __str__(self) -> str:
        return f"opensearch+http{'s' if self.secure else ''}://{','.join(f'{host}:{port}' for host, port in self.hosts)}/{self.name}"


class Refused(Exception):
    """The cluster answered with a status that is no success; ``kind`` is its name for the reason."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"{status} {kind}: {reason}"[:500])
        self.status = status
        self.kind = kind


def is_cluster(location: object) -> bool:
    """Tell whether a LOCATION names a cluster."""
    return isinstance(location, str) and location.startswith("opensearch+")


def parse_location(location: str) -> ClusterAddress:
    """Read a LOCATION. Raises: BadRequest for what cannot be one; credentials in it are refused and never repeated."""
    expected = "opensearch+http(s)://host:9200/name, the name in lower case"
    parts = urlsplit(location)
    shown = f"{parts.scheme}://.../{parts.path.lstrip('/')}"
    if "@" in parts.netloc:
        raise BadRequest("--index", shown, "a location without credentials (MARBRE_OPENSEARCH_USER and _PASSWORD, or a netrc file)")
    name = parts.path.strip("/")
    if parts.scheme not in SCHEMES or not parts.netloc or not _NAME.fullmatch(name) or parts.query or parts.fragment:
        raise BadRequest("--index", shown, expected)
    hosts = []
    for one in parts.netloc.split(","):
        try:
            split = urlsplit(f"//{one}")
            hosts.append((split.hostname or "", split.port or 9200))
        except ValueError:
            raise BadRequest("--index", shown, expected) from None
    if not all(host for host, _ in hosts):
        raise BadRequest("--index", shown, expected)
    return ClusterAddress(tuple(hosts), name, parts.scheme.endswith("s"))


class ClusterClient:
    """Calls on one cluster, from many threads. A node that does not answer goes to the end of the queue.

    Raises: ClusterUnavailable when no node gives an answer, Refused for an answer that says no.
    """

    def __init__(self, address: ClusterAddress) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._nodes = [_connection(host, port, address.secure) for host, port in address.hosts]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, object] | None = None,
        seconds: float = SEARCH_S,
        again: bool = True,
    ) -> dict[str, Any]:
        """Return the JSON of an answer. ``body``: bytes as they are, anything else as JSON; ``again``: try once more, elsewhere.

        Units: seconds for all tries together.
        """
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body, ensure_ascii=True).encode("ascii")
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        url = path if not params else f"{path}?{urlencode({name: _text(value) for name, value in params.items()})}"
        failure: Refused | ClusterUnavailable | None = None
        tries = 2 if again else 1
        for node in self._order()[:tries]:
            try:
                status, raw = self._ask(node, method, url, sent, kind, seconds / tries)
            except ClusterUnavailable as error:
                failure = error
                self._mistrust(node)
                continue
            if 200 <= status < 300:
                return self._parsed(node, raw)
            failure = _refusal(status, raw)
            if status not in ELSEWHERE:
                break
        assert failure is not None
        if isinstance(failure, Refused) and failure.status in (401, 403):
            raise ClusterUnavailable(
                self.address,
                f"it refused the credentials (status {failure.status})",
                "check MARBRE_OPENSEARCH_USER, _PASSWORD or the netrc file",
            )
        if isinstance(failure, Refused) and failure.status >= 500:
            raise ClusterUnavailable(self.address, f"it answered with status {failure.status} ({failure.kind})", _ADVICE)
        raise failure

    def close(self) -> None:
        """Close every connection."""
        for node in self._nodes:
            node.close()

    def _order(self) -> list[Any]:
        with self._lock:
            nodes = list(self._nodes)
        return nodes * 2 if len(nodes) == 1 else nodes

    def _mistrust(self, node: Any) -> None:
        with self._lock:
            self._nodes.sort(key=lambda one: one is node)

    def _ask(self, node: Any, method: str, url: str, body: bytes | None, kind: str, seconds: float) -> tuple[int, bytes]:
        from opensearchpy.exceptions import OpenSearchException

        try:
            status, _, raw = node.perform_request(method, url, body=body, timeout=seconds, headers={"content-type": kind})
        except OpenSearchException as error:
            raise ClusterUnavailable(self.address, f"{node.hostname}:{node.port} {_why(error, seconds)}", _ADVICE) from None
        return status, raw

    def _parsed(self, node: Any, raw: bytes) -> dict[str, Any]:
        try:
            found = json.loads(raw) if raw else {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ClusterUnavailable(
                self.address,
                f"{node.hostname}:{node.port} answered with something other than JSON",
                "check the address and the proxy before it",
            )
        return found


def _connection(host: str, port: int, secure: bool) -> Any:
    """Return a connection to one node: no retries of its own, no log lines, no more bytes than ANSWER_BYTES."""
    try:
        from opensearchpy import Urllib3HttpConnection
    except ImportError:
        raise ClusterUnavailable(f"{host}:{port}", "the client library is not installed", "pip install 'marbre[cluster]'") from None
    from opensearchpy.exceptions import ConnectionError as NoConnection
    from opensearchpy.exceptions import ConnectionTimeout, SSLError
    from urllib3 import Retry, Timeout
    from urllib3.exceptions import HTTPError, NewConnectionError
    from urllib3.exceptions import SSLError as TlsError
    from urllib3.exceptions import TimeoutError as TooLate

    class Connection(Urllib3HttpConnection):
        """The library's connection, quiet and bounded."""

        def perform_request(
            self, method: str, url: str, params: Any = None, body: Any = None, timeout: Any = None, ignore: Any = (), headers: Any = None
        ) -> Any:
            """Return status, headers and body of one call."""
            if self.pool is None:
                raise NoConnection("N/A", "closed", None)
            try:
                answer = self.pool.urlopen(
                    method,
                    self.url_prefix + url,
                    body,
                    retries=Retry(False),
                    redirect=False,
                    headers={**self.headers, **(headers or {})},
                    timeout=Timeout(connect=min(CONNECT_S, timeout), read=timeout),
                    preload_content=False,
                )
                try:
                    raw = _bounded(answer, timeout)
                finally:
                    answer.release_conn()
            except TlsError as error:
                raise SSLError("N/A", str(error), error) from None
            except NewConnectionError as error:
                raise NoConnection("N/A", str(error), error) from None
            except TooLate as error:
                raise ConnectionTimeout("TIMEOUT", str(error), error) from None
            except (HTTPError, OSError, ValueError) as error:
                raise NoConnection("N/A", str(error), error) from None
            return answer.status, dict(answer.headers), raw

    made = Connection(host=host, port=port, use_ssl=secure, http_auth=_credentials(host), pool_maxsize=KEPT_CONNECTIONS, **_trust(secure))
    made.port = port
    return made


def _trust(secure: bool) -> dict[str, Any]:
    if not secure:
        return {}
    authority = os.environ.get("MARBRE_OPENSEARCH_CA", "")
    return {"verify_certs": True, "ssl_assert_hostname": None, **({"ca_certs": authority} if authority else {})}


def _bounded(answer: Any, seconds: float) -> bytes:
    """Read an answer to its end. Raises: ValueError beyond ANSWER_BYTES or the time."""
    import time

    ends = time.monotonic() + seconds
    parts: list[bytes] = []
    held = 0
    while part := answer.read1(1 << 16, decode_content=True):
        parts.append(part)
        held += len(part)
        if held > ANSWER_BYTES:
            answer.close()
            raise ValueError(f"answered with more than {ANSWER_BYTES >> 20} MB")
        if time.monotonic() > ends:
            answer.close()
            raise ValueError(f"did not finish its answer within {seconds:g} s")
    return b"".join(parts)


def _credentials(host: str) -> tuple[str, str] | None:
    user, password = os.environ.get("MARBRE_OPENSEARCH_USER", ""), os.environ.get("MARBRE_OPENSEARCH_PASSWORD", "")
    if user:
        return user, password
    try:
        known = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    return None if known is None else (known[0], known[2] or "")


def _refusal(status: int, raw: bytes) -> Refused:
    """Read why a call was refused; what a server writes is cut and printable."""
    kind, reason = "error", ""
    try:
        error = json.loads(raw).get("error", "")
        if isinstance(error, dict):
            causes = error.get("root_cause") or [error]
            kind, reason = str(causes[0].get("type", "error")), str(causes[0].get("reason", ""))
        else:
            reason = str(error)
    except (ValueError, AttributeError, IndexError, KeyError, TypeError, RecursionError):
        pass
    clean = "".join(character if character.isprintable() else " " for character in reason[:300])
    return Refused(status, re.sub(r"[^a-z_]", "", kind)[:60] or "error", clean)


def _why(error: Any, seconds: float) -> str:
    from opensearchpy.exceptions import ConnectionTimeout, SSLError

    if isinstance(error, SSLError):
        return "has a certificate that cannot be verified (name the authority with MARBRE_OPENSEARCH_CA; it is never ignored)"
    if isinstance(error, ConnectionTimeout):
        return f"did not answer within {seconds:g} s"
    words = str(getattr(error, "error", ""))
    if words.startswith(("answered with", "did not finish")):
        return words
    return "cannot be reached"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
