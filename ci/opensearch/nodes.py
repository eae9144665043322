"""How does a machine get a real cluster to test on? Three OpenSearch processes on loopback, each stopped by its own process id.

    python ci/opensearch/nodes.py start FOLDER [--nodes 3] [--port 9301]     prints the LOCATION hosts when every node has joined
    python ci/opensearch/nodes.py stop FOLDER

The server comes from Maven Central (``mvn -f ci/opensearch/pom.xml generate-resources``) and refuses to run as root, so that root starts it as
uid 65534. Nothing here is a way to run a cluster in earnest: no TLS, no passwords, loopback only, half a gigabyte of heap.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOBODY = 65534
START_S = 120.0
HEAP_MB = 512
LOG4J = """status = error
appender.file.type = File
appender.file.name = file
appender.file.fileName = {folder}/logs/{name}.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{{ISO8601}}][%-5p][%c{{1.}}] %m%n
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""
SETTINGS = """cluster.name: marbre-test
node.name: {name}
network.host: 127.0.0.1
http.port: {http}
transport.port: {transport}
discovery.seed_hosts: [{seeds}]
cluster.initial_cluster_manager_nodes: [{names}]
path.data: {folder}/data
path.logs: {folder}/logs
cluster.routing.allocation.disk.threshold_enabled: false
cluster.publish.timeout: 10s
cluster.fault_detection.follower_check.timeout: 2s
cluster.fault_detection.leader_check.timeout: 2s
node.store.allow_mmap: false
bootstrap.system_call_filter: false
{more}
"""
DESCRIPTOR = """description=Token filters that the test distribution leaves out
version={version}
name=analysis-common
classname=org.opensearch.analysis.common.CommonAnalysisPlugin
java.version=11
opensearch.version={version}
custom.foldername=
extended.plugins=
has.native.controller=false
"""


@dataclass(slots=True)
class Node:
    """One server: where it listens, where its files are, the process."""

    name: str
    http: int
    folder: Path
    command: list[str]
    pid: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """host:port of the REST interface."""
        return f"127.0.0.1:{self.http}"

    def start(self) -> None:
        """Start the process; its words go to ``logs/stdout``."""
        (self.folder / "logs").mkdir(exist_ok=True)
        with (self.folder / "logs" / "stdout").open("ab") as out:
            self._process = subprocess.Popen(self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        self.pid = self._process.pid
        (self.folder / "pid").write_text(str(self.pid))

    def send(self, number: int) -> None:
        """Send a signal to this process and no other."""
        os.kill(self.pid, number)

    def wait_dead(self, seconds: float = 20) -> None:
        """Wait until the process is gone."""
        for _ in range(int(seconds * 10)):
            if not self.runs():
                return
            time.sleep(0.1)
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def runs(self) -> bool:
        """Tell whether the process is there."""
        if self._process is not None:
            return self._process.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def get(self, path: str, timeout: float = 5) -> object:
        """Return the JSON of a GET."""
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=timeout) as answer:
            return json.load(answer)


class Cluster:
    """Some nodes below one folder. ``more`` are further lines of opensearch.yml."""

    def __init__(self, folder: Path, nodes: int = 3, port: int = 9301, more: str = "") -> None:
        self.folder = folder.resolve()
        names = [f"n{number + 1}" for number in range(nodes)]
        self.nodes = [Node(name, port + number, self.folder / name, self._command(self.folder / name)) for number, name in enumerate(names)]
        self._port, self._more = port, more

    @property
    def hosts(self) -> str:
        """The addresses as a LOCATION has them."""
        return ",".join(node.address for node in self.nodes)

    def start(self) -> None:
        """Make the folders, start every node, wait until all have joined. Raises: RuntimeError with the end of the logs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        home = self._home()
        seeds = ", ".join(f'"127.0.0.1:{node.http + 100}"' for node in self.nodes)
        for node in self.nodes:
            if not (node.folder / "config").exists():
                for part in ("config", "data", "logs", "tmp"):
                    (node.folder / part).mkdir(parents=True)
                (node.folder / "config" / "opensearch.yml").write_text(
                    SETTINGS.format(
                        name=node.name,
                        http=node.http,
                        transport=node.http + 100,
                        seeds=seeds,
                        names=", ".join(one.name for one in self.nodes),
                        folder=node.folder,
                        more=self._more,
                    )
                )
                (node.folder / "config" / "log4j2.properties").write_text(LOG4J.format(folder=node.folder, name=node.name))
                (node.folder / "config" / "jvm.options").touch()
        if os.geteuid() == 0:
            for path in (self.folder, home, *self.folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        for node in self.nodes:
            node.start()
        self.wait_joined(len(self.nodes))

    def wait_joined(self, count: int, seconds: float = START_S) -> None:
        """Wait until ``count`` nodes are one cluster. Raises: RuntimeError."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for node in self.nodes:
                try:
                    health = node.get("/_cluster/health")
                except (OSError, http.client.HTTPException, ValueError):
                    continue
                if isinstance(health, dict) and health["number_of_nodes"] == count and health["status"] != "red":
                    return
            time.sleep(0.5)
        raise RuntimeError(f"the cluster did not come up in {seconds:.0f} s\n{self._last_words()}")

    def stop(self) -> None:
        """End every process that was started here, by its id."""
        running = [node for node in self.nodes if node.pid and node.runs()]
        for node in running:
            node.send(signal.SIGCONT)
            node.send(signal.SIGTERM)
        for node in running:
            node.wait_dead()

    def _home(self) -> Path:
        target = HERE / "target"
        servers = sorted(target.glob("opensearch-*"))
        if not servers:
            raise RuntimeError("no server below ci/opensearch/target; fetch it: mvn -f ci/opensearch/pom.xml generate-resources")
        home = self.folder / "server"
        if not home.exists():
            shutil.copytree(servers[-1], home)
            module = home / "modules" / "analysis-common"
            module.mkdir()
            for jar in (target / "jars").glob("*.jar"):
                shutil.copy(jar, module)
            version = servers[-1].name.removeprefix("opensearch-")
            (module / "plugin-descriptor.properties").write_text(DESCRIPTOR.format(version=version))
        return home

    def _command(self, folder: Path) -> list[str]:
        home = self.folder / "server"
        java = str(Path(os.environ["JAVA_HOME"]) / "bin" / "java") if "JAVA_HOME" in os.environ else "java"
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        return [
            *drop,
            java,
            f"-Xms{HEAP_MB}m",
            f"-Xmx{HEAP_MB}m",
            f"-Djava.io.tmpdir={folder}/tmp",
            f"-Dopensearch.path.home={home}",
            f"-Dopensearch.path.conf={folder}/config",
            "-Dopensearch.distribution.type=zip",
            "-Dopensearch.bundled_jdk=false",
            "-Djava.security.manager=allow",  # 2.x on a JDK from 18 on
            "-cp",
            f"{home}/lib/*",
            "org.opensearch.bootstrap.OpenSearch",
        ]

    def _last_words(self) -> str:
        lines = []
        for node in self.nodes:
            for log in ("stdout", f"{node.name}.log"):
                path = node.folder / "logs" / log
                if path.exists():
                    lines += [f"--- {node.name} {log}", *path.read_text(errors="replace").splitlines()[-15:]]
        return "\n".join(lines)


def main() -> int:
    """Start or stop a cluster from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("start", "stop"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--port", type=int, default=9301)
    parser.add_argument("--more", default="", help="further lines of opensearch.yml")
    given = parser.parse_args()
    cluster = Cluster(given.folder, given.nodes, given.port, given.more)
    if given.verb == "start":
        try:
            cluster.start()
        except RuntimeError as error:
            cluster.stop()
            print(error, file=sys.stderr)
            return 1
        print(cluster.hosts)
        return 0
    for node in cluster.nodes:
        path = node.folder / "pid"
        if path.exists():
            node.pid = int(path.read_text())
            path.unlink()
    cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
