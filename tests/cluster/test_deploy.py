"""Is what is offered for deployment at least well formed? It was not run: no container engine is at hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from indexer import cluster_client

ROOT = Path(__file__).parents[2]


def test_the_compose_file_names_three_nodes_that_know_each_other() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
    nodes = [name for name in services if name.startswith("node")]
    assert nodes == ["node1", "node2", "node3"]
    for name in nodes:
        settings = services[name]["environment"]
        assert settings["node.name"] == name
        assert settings["discovery.seed_hosts"] == settings["cluster.initial_cluster_manager_nodes"] == "node1,node2,node3"
        assert "ports" not in services[name]  # only the proxy is seen from outside
    assert cluster_client.parse_location(services["site"]["environment"]["MARBRE_INDEX"]).secure


@pytest.mark.parametrize(
    "name",
    [
        "MARBRE_OPENSEARCH_USER",
        "MARBRE_OPENSEARCH_PASSWORD",
        "MARBRE_OPENSEARCH_CA",
        "MARBRE_OPENSEARCH_SECONDS",
        "MARBRE_OPENSEARCH_SHARDS",
        "MARBRE_OPENSEARCH_REPLICAS",
    ],
)
def test_every_setting_is_documented_and_read(name: str) -> None:
    assert name in (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert any(name in path.read_text(encoding="utf-8") for path in (ROOT / "indexer").glob("cluster*.py"))


def test_the_image_has_the_client_library() -> None:
    assert re.search(r"^opensearch-py==", (ROOT / "requirements-cluster.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert "requirements-cluster.lock" in (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
