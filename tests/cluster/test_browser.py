"""Can a reader go the main ways through a site whose archive is on a cluster? Search, facet, timeline, article, files; as served by the command.

The site must count what the same archive counts in a folder. Where there is no cluster, no Chromium or no Playwright: skipped, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from browser.conftest import NAMES, QUIET, Site, listen
from served import Served

from corpus import read_articles
from indexer import build_index
from search import Filter, ResultPage, SearchRequest, search
from search.engines import Engine

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).resolve().parents[2]
EAU = "/recherche?q=eau"

Visit = Callable[[str, Callable[[Any], None]], None]


@pytest.fixture(scope="module")
def root(new_location: Callable[[], str]) -> Iterator[str]:
    """The address of the site that ``marbre serve`` gives of the sample archive on the cluster."""
    location = new_location()
    build_index(read_articles([ROOT / "corpus" / "sample"]), location)
    command = [sys.executable, "-m", "marbre", "serve", "--index", location, "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MARBRE_")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r" at (http://\S+)/ ", line)  # the location holds addresses too
        server = Served(found[1] if found else "", process)
        try:
            assert found, (line, server.stop())
            yield server.url
        finally:
            code, errors = server.stop() if found else (0, "")
        assert (code, errors) == (0, "")


@pytest.fixture
def visit(request: pytest.FixtureRequest, hosts: str) -> Visit:
    """A way to open a page and walk on from there, in a thread of its own: one thread holds one Playwright, and the browser tests keep theirs."""
    if find_spec("playwright") is None:
        pytest.skip("Playwright is not installed (pip install playwright)")
    chromium = request.config.getoption("--chromium", default=None) or next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        pytest.skip(f"no Chromium found ({', '.join(NAMES)}); give one with --chromium PATH")
    site = Site(request.getfixturevalue("root"))

    def visit_(path: str, walk: Callable[[Any], None]) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_walk, chromium, site, path, walk).result()
        assert (site.strangers, site.complaints) == ([], [])

    return visit_


def _walk(chromium: str, site: Site, path: str, walk: Callable[[Any], None]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        try:
            page = browser.new_page(locale="fr-FR")
            listen(page, site)
            page.goto(site.root + path)
            walk(page)
        finally:
            browser.close()


def in_folder(engine: Engine, text: str, *chosen: Filter) -> ResultPage:
    """Ask the same archive in a folder."""
    return search(engine, SearchRequest(text=text, filters=chosen, size=100))


def count_of(page: Any) -> int:
    """Return the number of articles announced."""
    return int(re.sub(r"\D", "", page.locator("h1 .count").inner_text()))


def test_a_question_typed_leads_to_the_article_and_back(visit: Visit, sample_engine: Engine) -> None:
    def walk(page: Any) -> None:
        page.keyboard.type('"accord de pêche"')
        page.keyboard.press("Enter")
        page.wait_for_url("**/recherche?*")
        assert count_of(page) == in_folder(sample_engine, '"accord de pêche"').total > 0
        headline = page.locator(".hits h2 a").first.inner_text()
        page.locator(".hits h2 a").first.click()
        page.wait_for_url("**/article/**")
        assert page.locator("article h1").inner_text() == headline
        assert "pêche" in " ".join(page.locator("article mark").all_inner_texts())
        page.get_by_role("link", name="Retour aux résultats").first.click()
        page.wait_for_url("**/recherche?*")
        assert page.locator(".hits h2 a").first.inner_text() == headline

    visit("/", walk)


def test_a_facet_has_the_counts_of_a_folder_and_is_set_and_taken_away(visit: Visit, sample_engine: Engine) -> None:
    whole = in_folder(sample_engine, "eau")

    def walk(page: Any) -> None:
        assert count_of(page) == whole.total
        box = page.locator("#filtres input[name=journal]").first
        value, shown = box.get_attribute("value"), int(page.locator("#filtres details .n").first.inner_text())
        box.check()
        page.get_by_role("button", name="Appliquer les filtres").click()
        page.wait_for_url("**journal=**")
        assert count_of(page) == shown == in_folder(sample_engine, "eau", Filter("newspaper", (value,))).total < whole.total
        assert page.locator("#filtres input[name=journal]:checked").count() == 1
        page.locator(".chips a").first.click()
        page.wait_for_load_state()
        assert count_of(page) == whole.total

    visit(EAU, walk)


def test_a_bar_of_the_timeline_leads_to_the_articles_it_counts(visit: Visit, sample_engine: Engine) -> None:
    buckets = [bucket.count for bucket in in_folder(sample_engine, "eau").timeline.buckets if bucket.count]

    def walk(page: Any) -> None:
        titles = page.locator(".timeline svg a title").all_text_contents()
        shown = [int(re.sub(r"\D", "", title.rpartition(":")[2])) for title in titles]
        assert shown == buckets
        bar = shown.index(max(shown))
        page.locator(".timeline svg a").nth(bar).locator("rect").click()
        page.wait_for_url("**du=**")
        assert count_of(page) == shown[bar]

    visit(EAU, walk)


@pytest.mark.parametrize("name", ["JSON Lines", "CSV"])
def test_the_export_link_gives_every_article_found(visit: Visit, sample_engine: Engine, name: str) -> None:
    every = search(sample_engine, SearchRequest(text="eau", size=100, reprints="all"))  # a file has each reprint, where the page has a line
    wanted = {hit.doc_id for hit in every.hits}

    def walk(page: Any) -> None:
        with page.expect_download() as download:
            page.locator(".files").get_by_role("link", name=name, exact=True).click()
        text = Path(download.value.path()).read_text(encoding="utf-8")
        if name == "JSON Lines":
            assert {json.loads(line)["doc_id"] for line in text.splitlines()} == wanted
        assert all(doc_id in text for doc_id in wanted)

    visit(EAU, walk)
