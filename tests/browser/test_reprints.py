"""Can a reader unfold a text that several newspapers printed, with the keyboard, on a phone, with and without JavaScript?"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_versions_unfold_and_lead_to_the_differences(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=Kass%C3%A9n%C3%A9&tri=ancien", java_script_enabled=scripted)
    versions = page.locator("details.versions").first
    assert not versions.locator("ul").is_visible()
    versions.locator("summary").focus()
    page.keyboard.press("Enter")
    assert versions.locator("ul").is_visible()
    assert versions.locator("li").count() == 3
    versions.get_by_role("link", name="fait douze morts").click()
    page.wait_for_url("**/article/l-echo-des-hautes-terres-*")
    page.locator("ul.versions").get_by_role("link", name="différences").first.click()
    page.wait_for_url("**/version/*")
    assert page.locator("article ins").count() > 0
    assert page.locator("article del").count() > 0


def test_all_reprints_are_shown_on_demand(open_page: Any) -> None:
    page = open_page("/recherche?q=Kass%C3%A9n%C3%A9")
    before = page.locator(".hits .hit").count()
    page.get_by_role("link", name="Montrer toutes les reprises").click()
    page.wait_for_url("**reprises=toutes**")
    assert page.locator(".hits .hit").count() == 3 * before


def test_nothing_is_wider_than_a_phone(open_page: Any) -> None:
    page = open_page("/article/asd-2021-02-18-0240", viewport={"width": 320, "height": 700})
    page.locator("ul.versions").get_by_role("link", name="différences").first.click()
    page.wait_for_url("**/version/*")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
