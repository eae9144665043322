"""Does anything hostile in the archive run in a real browser? Two hundred payloads in every field, and a policy that would report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import hostile_articles
from test_stored_xss import LISTS
from xss_payloads import PAYLOADS

from indexer import build_index
from search import open_engine
from web import create_app

EARS = """
window.marbreReports = [];
document.addEventListener("securitypolicyviolation", event => window.marbreReports.push(event.violatedDirective + " " + event.blockedURI));
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Iterator[str]:
    location: Path = tmp_path_factory.mktemp("hostile") / "index"
    build_index(hostile_articles(PAYLOADS), location)
    with open_engine(location) as engine, serve(create_app(engine)) as address:
        yield address


def test_nothing_runs_and_the_policy_has_nothing_to_report(chromium: Any, hear: Any, hostile: str) -> None:
    context = chromium.new_context()
    context.add_init_script(EARS)
    page = context.new_page()
    site = hear(page, hostile)
    for address in (*LISTS, *(f"/article/x{place}?q=hostile" for place in range(len(PAYLOADS)))):
        page.goto(hostile + address)
        assert page.evaluate("window.marbreHit") is None, address
        assert page.evaluate("window.marbreReports") == [], address
    context.close()
    assert site.strangers == []
    assert site.complaints == []
