"""What do the browser tests share? A Chromium from the system, the site served to it, and ears for whatever it complains of.

The tests are skipped, with the reason printed, where there is no Chromium or no Playwright: neither is needed to run Marbre.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from search import open_engine
from web import create_app

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox",  # the tests may run as root in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chromium", metavar="PATH", default=None, help="the Chromium for the browser tests (else the first one found)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Site:
    """The site as served: its root, and what the browser asked of anybody or complained of."""

    root: str
    requests: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    expected: str = "\0"  # a part of the complaints that a test is about

    @property
    def complaints(self) -> list[str]:
        """What the browser complained of, beyond what was expected."""
        return [text for text in self.heard if self.expected not in text]

    @property
    def strangers(self) -> list[str]:
        """Requests that left for another host."""
        return [url for url in self.requests if urlsplit(url).scheme in ("http", "https", "ws") and not url.startswith(self.root)]


Open = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A headless Chromium."""
    if find_spec("playwright") is None:
        pytest.skip("Playwright is not installed (pip install playwright)")
    path = request.config.getoption("--chromium", default=None) or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium found ({', '.join(NAMES)}); give one with --chromium PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def serve() -> Callable[[Flask], AbstractContextManager[str]]:
    """A way to serve an application of the test’s own."""
    return served


@pytest.fixture
def hear() -> Callable[[Any, str], Site]:
    """A way to listen to a page of such an application."""

    def hear_(page: Any, root: str) -> Site:
        site = Site(root)
        listen(page, site)
        return site

    return hear_


@pytest.fixture(scope="session")
def root(sample_index: Path) -> Iterator[str]:
    """The address of the site of the sample archive."""
    with open_engine(sample_index) as engine, served(create_app(engine)) as address:
        yield address


@pytest.fixture
def site(root: str) -> Site:
    """The site of the sample archive, heard from the beginning."""
    return Site(root)


@pytest.fixture
def open_page(chromium: Any, site: Site) -> Iterator[Open]:
    """Open an address in a browser window of its own; keywords go to Playwright (viewport, color_scheme, java_script_enabled)."""
    contexts = []

    def open_(path: str, **options: Any) -> Any:
        context = chromium.new_context(locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        listen(page, site)
        page.goto(site.root + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert site.strangers == []
    assert site.complaints == []


def listen(page: Any, site: Site) -> None:
    """Note every request, every error on the console, every exception and dialog of a page."""
    page.on("request", lambda request: site.requests.append(request.url))
    page.on("pageerror", lambda error: site.heard.append(f"exception: {error}"))
    page.on("console", lambda message: site.heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("dialog", lambda dialog: (site.heard.append(f"dialog: {dialog.message}"), dialog.dismiss()))
