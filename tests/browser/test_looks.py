"""Is every page light, readable and whole: weight over the wire, axe, 320 pixels, 200 %, print, and nothing asked of others?"""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.util import find_spec
from typing import Any
from urllib.request import urlopen

import pytest

PAGES = {
    "home": "/",
    "results": "/recherche?q=eau&journal=Le+Rivage&-rubrique=Sport&du=2018",
    "table": "/recherche?q=eau&vue=tableau",
    "nothing": "/recherche?q=zorglub+accord&journal=Le+Rivage&du=2010&au=2011",
    "values": "/valeurs/auteur?q=eau",
    "concordance": "/concordance?q=accord",
    "coverage": "/couverture",
    "compare": "/comparer?q=eau&q=accord&q=école",
    "help": "/aide",
    "acronym and law": "/recherche?q=SAHS+OU+loi+2021-033",
    "cited text": "/texte/loi-numero-2021-33",
    "error": "/rien",
    "bad": "/recherche?page=0",
    "English": "/recherche?q=eau&ui=en",
}
ARTICLE = "article"
FIRST_BYTES = 40_000
AFTER_BYTES = 15_000


@pytest.fixture(params=[*PAGES, ARTICLE])
def address(request: pytest.FixtureRequest, root: str) -> str:
    """The address of a page of each kind; that of an article is found by searching."""
    if request.param != ARTICLE:
        return PAGES[request.param]
    return article_address(root)


def article_address(root: str) -> str:
    with urlopen(f"{root}/recherche.json?q=accord") as answer:
        return f"/article/{json.load(answer)['hits'][0]['doc_id']}?q=accord&rang=1"


@pytest.fixture
def tolerant(site: Any) -> None:
    """Chromium notes an answer of 4xx on its console as an error; the error pages are meant to be ones."""
    site.expected = "the server responded with a status of 4"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(open_page: Any, tolerant: None, address: str, scheme: str) -> None:
    if find_spec("axe_playwright_python") is None:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python)")
    page = open_page(address, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == []


@pytest.mark.parametrize(
    "options",
    [{"viewport": {"width": 320, "height": 640}}, {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}],
    ids=["320 pixels", "zoom 200 %"],
)
def test_nothing_is_cut_off_or_scrolls_sideways(open_page: Any, tolerant: None, address: str, options: dict[str, Any]) -> None:
    page = open_page(address, **options)
    width = options["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """width => [...document.querySelectorAll('main a, main button, main input, main select, header a')]
            .filter(e => !e.closest('.wide') && !e.closest('svg') && e.offsetParent && !e.closest('.vh'))
            .filter(e => { const b = e.getBoundingClientRect(); return b.width && (b.right > width + 1 || b.left < -1) })
            .map(e => e.outerHTML.slice(0, 100))""",
        width,
    )
    assert outside == []


def test_a_cited_text_has_room_for_fingers_and_labels_on_a_phone(open_page: Any, root: str) -> None:
    page = open_page(PAGES["cited text"], viewport={"width": 320, "height": 640})
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    small = page.evaluate(
        """() => [...document.querySelectorAll('main a, main summary, main button, .bottom a')]
            .filter(e => !e.closest('svg') && e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 100))"""
    )
    assert small == []
    labels = page.evaluate(
        "[...document.querySelectorAll('.timeline text')].map(e => e.getBoundingClientRect()).map(b => [Math.floor(b.left), Math.ceil(b.right)])"
    )
    assert labels and all(left >= 0 and right <= 320 for left, right in labels)


def transferred(page: Any, path: str) -> int:
    """Return the bytes that came over the wire for a page, as the network panel counts them (bodies as sent)."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    session.detach()
    return int(sum(sizes))


def test_pages_are_light_the_first_time_and_lighter_after(open_page: Any, tolerant: None, site: Any) -> None:
    page = open_page("/robots.txt")  # which has no icon: Chromium asks for /favicon.ico and complains
    results = f"{site.root}/recherche?q=eau"
    assert transferred(page, results) <= FIRST_BYTES
    assert transferred(page, f"{site.root}/recherche?q=accord") <= AFTER_BYTES
    path = article_address(site.root)
    assert transferred(page, site.root + path) <= AFTER_BYTES + len(page.locator("article").inner_text().encode())
    for name in ("coverage", "compare", "concordance", "values"):
        assert transferred(page, site.root + PAGES[name]) <= AFTER_BYTES, name


def test_print_shows_the_text_and_not_the_tools(open_page: Any, root: str) -> None:
    page = open_page(article_address(root))
    page.emulate_media(media="print")
    assert page.locator("article .body").is_visible()
    assert page.locator("#citation").is_visible()
    for tool in (".box", ".top nav", ".walk >> nth=0", ".bottom"):
        assert not page.locator(tool).is_visible(), tool
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_no_page_asks_anything_of_another_host(open_page: Any, tolerant: None, site: Any, address: str) -> None:
    page = open_page(address)
    page.wait_for_load_state("networkidle")
    assert site.requests
    assert site.strangers == []
