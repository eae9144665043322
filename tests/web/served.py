"""How does a test serve an archive in earnest? The command itself, on a free port of this machine, stopped by its pid."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
ANSWER_S = 30.0


@dataclass
class Served:
    """A running server: its address and its process."""

    url: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port
        return port

    def get(self, path: str, headers: dict[str, str] | None = None, timeout: float = ANSWER_S) -> tuple[int, dict[str, str], bytes]:
        """Ask over a connection of one's own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the pids of the processes of the server."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue  # it has just ended
            if int(parent) == self.process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def stop(self) -> tuple[int, str]:
        """Stop it gently; return the exit code and what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=ANSWER_S)
        return self.process.returncode, errors


@contextmanager
def served(index: Path, *options: str) -> Iterator[Served]:
    """Run ``marbre serve`` on an index until the block ends."""
    command = [sys.executable, "-m", "marbre", "serve", "--index", str(index), "--port", "0", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MARBRE_")}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, (line, process.communicate(timeout=ANSWER_S))
        yield Served(found[0], process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=ANSWER_S)
            except subprocess.TimeoutExpired:
                process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
