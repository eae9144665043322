"""What becomes of a question when the cluster is down, slow, broken, an impostor, or talks without end? One line, in time; run everywhere."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("opensearchpy", reason="the optional client library is not installed: pip install 'marbre[cluster]'")

from corpus.errors import BadRequest, ClusterUnavailable, IndexMissing
from indexer import cluster_client
from indexer.cluster_bulk import BulkSender, Gate, index_operation
from indexer.cluster_client import ClusterClient, Refused, parse_location
from search import open_engine
from web import create_app

Answer = Callable[[BaseHTTPRequestHandler], None]
SECRET = "mot-de-passe-très-secret"


class Fake:
    """A server that answers as it is told; ``asked`` are the requests it heard."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.stop = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                fake.asked.append((self.command, self.path, self.headers.get("authorization", "")))
                try:
                    answer(self)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def serve() -> Iterator[Callable[..., Fake]]:
    """Start fake servers; they end with the test."""
    started: list[Fake] = []

    def start(answer: Answer, context: ssl.SSLContext | None = None) -> Fake:
        started.append(Fake(answer, context))
        return started[-1]

    yield start
    for fake in started:
        fake.stop.set()
        fake.server.shutdown()
        fake.server.server_close()


def says(status: int, body: bytes | str = b"{}") -> Answer:
    """An answer of one status."""
    raw = body.encode() if isinstance(body, str) else body

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    return answer


def never(request: BaseHTTPRequestHandler) -> None:
    """No answer at all."""
    threading.Event().wait(5)


def endless(request: BaseHTTPRequestHandler) -> None:
    """A hundred megabytes."""
    request.send_response(200)
    request.send_header("content-length", str(100 << 20))
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" " * (1 << 20))


def dripping(request: BaseHTTPRequestHandler) -> None:
    """One byte at a time."""
    request.send_response(200)
    request.send_header("content-length", "1000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        threading.Event().wait(0.05)


def client_of(*hosts: str, scheme: str = "opensearch+http") -> ClusterClient:
    return ClusterClient(parse_location(f"{scheme}://{','.join(hosts)}/presse"))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (never, "did not answer within 0.2 s"),
        (dripping, "did not finish its answer within 0.2 s"),
        (endless, "answered with more than 64 MB"),
        (says(503), "status 503"),
        (says(500, '{"error": {"root_cause": [{"type": "boom", "reason": "x"}]}}'), "status 500 (boom)"),
        (says(200, "<html>a proxy</html>"), "something other than JSON"),
        (says(200, "[" * 200_000), "something other than JSON"),
        (says(401), "refused the credentials"),
    ],
    ids=["silent", "dripping", "endless", "503", "500", "a proxy’s page", "nested without end", "401"],
)
def test_a_cluster_that_gives_no_answer_is_one_line(serve: Callable[..., Fake], answer: Answer, why: str) -> None:
    client = client_of(serve(answer).address)
    with pytest.raises(ClusterUnavailable) as caught:
        client.call("GET", "/", seconds=10 if answer is endless else 0.4)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    client.close()


def test_a_cluster_that_is_not_there_is_one_line() -> None:
    port = free_port()
    with pytest.raises(ClusterUnavailable, match=f"127.0.0.1:{port} cannot be reached"):
        open_engine(f"opensearch+http://127.0.0.1:{port}/presse")


def test_another_node_is_asked_once(serve: Callable[..., Fake]) -> None:
    broken, sound = serve(says(503)), serve(says(200, '{"ok": 1}'))
    client = client_of(broken.address, sound.address, f"127.0.0.1:{free_port()}")
    assert client.call("GET", "/_ping") == {"ok": 1}
    assert (len(broken.asked), len(sound.asked)) == (1, 1)
    client.close()


def test_a_node_that_is_gone_is_asked_last_from_then_on(serve: Callable[..., Fake]) -> None:
    sound = serve(says(200, "{}"))
    client = client_of(f"127.0.0.1:{free_port()}", sound.address)
    for _ in range(3):
        client.call("GET", "/")
    assert next(one.port for one in client._order()) == sound.server.server_port
    client.close()


def test_a_refusal_is_not_asked_again(serve: Callable[..., Fake]) -> None:
    fake = serve(says(404, '{"error": "no"}'))
    client = client_of(fake.address)
    with pytest.raises(Refused, match="404"):
        client.call("GET", "/nothing")
    assert len(fake.asked) == 1
    client.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command: it makes the certificate of an impostor")
    folder = tmp_path_factory.mktemp("tls")
    made = [
        "-keyout",
        f"{folder}/key.pem",
        "-out",
        f"{folder}/cert.pem",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    return folder


def test_a_certificate_that_nobody_vouches_for_is_refused(
    serve: Callable[..., Fake], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    fake = serve(says(200, '{"ok": 1}'), context)
    client = client_of(fake.address, scheme="opensearch+https")
    with pytest.raises(ClusterUnavailable, match="certificate that cannot be verified"):
        client.call("GET", "/")
    assert fake.asked == []
    client.close()
    monkeypatch.setenv("MARBRE_OPENSEARCH_CA", str(certificate / "cert.pem"))
    client = client_of(fake.address, scheme="opensearch+https")
    assert client.call("GET", "/") == {"ok": 1}
    client.close()


def test_credentials_are_sent_and_never_said(
    serve: Callable[..., Fake], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("MARBRE_OPENSEARCH_USER", "archive")
    monkeypatch.setenv("MARBRE_OPENSEARCH_PASSWORD", SECRET.encode("ascii", "ignore").decode())
    caplog.set_level(0)
    fake = serve(says(401, json.dumps({"error": "no"})))
    client = client_of(fake.address)
    with pytest.raises(ClusterUnavailable) as caught:
        client.call("GET", "/")
    assert fake.asked[0][2].startswith("Basic ")
    for told in (str(caught.value), caplog.text, repr(caught.value)):
        assert "mot-de-passe" not in told
        assert fake.asked[0][2].removeprefix("Basic ") not in told
    client.close()


def test_credentials_come_from_a_netrc_file_too(serve: Callable[..., Fake], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login archive password abc\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MARBRE_OPENSEARCH_USER", raising=False)
    fake = serve(says(200))
    client = client_of(fake.address)
    client.call("GET", "/")
    assert fake.asked[0][2] == "Basic YXJjaGl2ZTphYmM="
    client.close()


@pytest.mark.parametrize(
    "location",
    [
        f"opensearch+http://archive:{SECRET}@localhost:9200/presse",
        "opensearch+http://localhost:9200/",
        "opensearch+http://localhost:9200/Presse",
        "opensearch+http://localhost:port/presse",
        "opensearch+http:///presse",
        "opensearch+ftp://localhost/presse",
        "opensearch+http://localhost:9200/presse?q=1",
    ],
    ids=["credentials", "no name", "capitals", "port", "no host", "scheme", "query"],
)
def test_what_is_no_location_is_refused_without_repeating_it(location: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_location(location)
    assert SECRET not in str(caught.value)
    assert "archive" not in str(caught.value)


def test_several_nodes_and_the_usual_port_are_understood() -> None:
    address = parse_location("opensearch+https://a.example,b.example:9201/presse-2025")
    assert address.hosts == (("a.example", 9200), ("b.example", 9201))
    assert str(address) == "opensearch+https://a.example:9200,b.example:9201/presse-2025"


def test_an_archive_that_is_not_there_is_said_missing(serve: Callable[..., Fake]) -> None:
    fake = serve(says(404, '{"error": {"type": "index_not_found_exception"}}'))
    with pytest.raises(IndexMissing):
        open_engine(f"opensearch+http://{fake.address}/presse")


class Gone:
    """An engine whose cluster went away."""

    def __getattr__(self, name: str) -> object:
        def refuse(*_args: object, **_named: object) -> object:
            raise ClusterUnavailable("opensearch+http://cluster:9200/presse", "cluster:9200 did not answer within 2 s", "try again")

        return refuse


@pytest.mark.parametrize("path", ["/recherche?q=loi", "/recherche.json?q=loi", "/", "/article/x"])
def test_the_site_says_that_the_archive_does_not_answer(path: str) -> None:
    answer = create_app(Gone()).test_client().get(path)  # type: ignore[arg-type]
    assert answer.status_code == 503
    assert "Traceback" not in answer.text
    assert "cluster:9200" not in answer.text


def test_the_time_of_a_question_is_for_both_tries_together(serve: Callable[..., Fake]) -> None:
    fake = serve(never)
    client = client_of(fake.address)
    with pytest.raises(ClusterUnavailable, match=r"within 0\.1 s"):
        client.call("GET", "/", seconds=0.2)
    assert len(fake.asked) == 2
    client.close()
    assert cluster_client.SEARCH_S >= 2.0


def test_refused_items_are_sent_again_and_wrong_ones_are_reported(serve: Callable[..., Fake]) -> None:
    """Of four items: one done, one refused twice and then done, one that is older than what is there, one that will never do."""
    rounds = iter(([201, 429, 409, 400], [429], [201]))

    def answer(request: BaseHTTPRequestHandler) -> None:
        items = [{"index": {"status": status, "error": {"reason": "no such\nfield"}}} for status in next(rounds)]
        says(200, json.dumps({"items": items}))(request)

    fake = serve(answer)
    client = client_of(fake.address)
    sender = BulkSender(client, "presse-1")
    for number in range(4):
        sender.add(index_operation(f"a{number}", number, b"{}"))
    sender.flush()
    assert [(dead.doc_id, dead.reason) for dead in sender.dead] == [("a3", "no such field")]
    assert (sender.resent, len(fake.asked)) == (2, 3)
    sender.close()
    client.close()


def test_a_cluster_that_refuses_is_asked_half_as_much_at_once() -> None:
    gate = Gate(8)
    seen = []
    for refused in (True, True, False, True, True, True):
        gate.enter()
        gate.leave(refused=refused)
        seen.append(gate.allowed)
    assert seen == [4, 2, 3, 1, 1, 1]
