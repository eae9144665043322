"""Can people go the ways they go? Keyboard alone, facets on and off, back, article and back; with and without JavaScript."""

from __future__ import annotations

import re
from typing import Any

import pytest

SCRIPTED = pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])


def count_of(page: Any) -> int:
    """Return the number of articles announced."""
    text = page.locator("h1 .count").inner_text()
    found = re.match(r"[\d\s\u202f\u00a0]+", text)
    return int(re.sub(r"\D", "", found[0])) if found else 0


def focused(page: Any) -> str:
    text: str = page.evaluate("(document.activeElement.innerText || document.activeElement.name || '').trim()")
    return text


def tab_to(page: Any, wanted: str, most: int = 80) -> None:
    """Press the tab key until the element with this text has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page).startswith(wanted):
            return
    raise AssertionError(f"{wanted!r} was not reached in {most} tabs")


@SCRIPTED
def test_from_the_question_to_the_text_and_back_by_keyboard_alone(open_page: Any, scripted: bool) -> None:
    page = open_page("/", java_script_enabled=scripted)
    page.keyboard.type("accord pêche")  # the box has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?*")
    assert count_of(page) > 0
    headline = page.locator(".hits h2 a").first.inner_text()
    tab_to(page, headline)
    page.keyboard.press("Enter")
    page.wait_for_url("**/article/*")
    assert page.locator("article h1").inner_text() == headline
    assert page.locator("article mark").count() > 0
    tab_to(page, "Suivant")
    page.keyboard.press("Enter")
    page.wait_for_url("**rang=2**")
    tab_to(page, "Retour aux résultats")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?*")
    assert page.locator(".hits h2 a").first.inner_text() == headline


def test_the_skip_link_comes_first_and_leads_to_the_content(open_page: Any) -> None:
    page = open_page("/aide")
    page.keyboard.press("Tab")
    assert focused(page) == "Aller au contenu"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"


def test_every_stop_of_the_keyboard_is_seen(open_page: Any) -> None:
    page = open_page("/recherche?q=eau")
    for _ in range(40):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => { const s = getComputedStyle(document.activeElement), b = document.activeElement.getBoundingClientRect();
                       return [s.outlineStyle, parseFloat(s.outlineWidth), b.width * b.height, document.activeElement.outerHTML.slice(0, 80)] }"""
        )
        assert style[0] != "none", style
        assert style[1] >= 2, style
        assert style[2] > 0, style


@SCRIPTED
def test_a_facet_is_set_and_taken_away(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=eau", java_script_enabled=scripted)
    whole = count_of(page)
    box = page.locator("#filtres input[name=journal]").first
    value, expected = box.get_attribute("value"), int(page.locator("#filtres details .n").first.inner_text())
    box.check()
    page.get_by_role("button", name="Appliquer les filtres").click()
    page.wait_for_url("**journal=**")
    assert count_of(page) == expected < whole
    assert page.locator(".chips a").first.inner_text().endswith(f"{value} ×")
    assert page.locator("#filtres input[name=journal]:checked").count() == 1
    page.locator("#filtres input[name=journal]:not(:checked)").first.check()  # a second value is OR
    page.get_by_role("button", name="Appliquer les filtres").click()
    page.wait_for_load_state()
    assert expected < count_of(page) < whole
    page.get_by_role("link", name="Tout retirer").click()
    page.wait_for_load_state()
    assert count_of(page) == whole


@SCRIPTED
def test_a_value_is_excluded_and_the_chip_brings_it_back(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=eau", java_script_enabled=scripted)
    whole = count_of(page)
    page.get_by_role("button", name=re.compile("^Exclure ")).first.click()
    page.wait_for_url("**-journal=**")
    assert count_of(page) < whole
    page.locator(".chips a.out").click()
    page.wait_for_load_state()
    assert count_of(page) == whole


@SCRIPTED
def test_the_back_button_gives_every_step_again(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=eau", java_script_enabled=scripted)
    counts = [count_of(page)]
    page.locator("#filtres input[name=rubrique]").first.check()
    page.get_by_role("button", name="Appliquer les filtres").click()
    page.wait_for_url("**rubrique=**")
    counts.append(count_of(page))
    page.locator(".hits h2 a").first.click()
    page.wait_for_url("**/article/**")
    page.go_back()
    assert count_of(page) == counts[1]
    assert page.locator("#filtres input[name=rubrique]:checked").count() == 1
    page.go_back()
    assert count_of(page) == counts[0]
    assert page.locator("#filtres input:checked").count() == 0


@SCRIPTED
def test_dates_order_and_pages_are_kept_together(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=le+OU+la", java_script_enabled=scripted)
    page.get_by_label("Du", exact=True).fill("2021")
    page.get_by_role("button", name="Appliquer les filtres").click()
    page.wait_for_url("**du=2021**")
    page.get_by_label("Trier", exact=True).first.select_option(label="du plus ancien")
    if not scripted:
        page.get_by_role("button", name="Trier").click()
    page.wait_for_url("**tri=ancien**")
    first = page.locator(".hits time").first.get_attribute("datetime")
    assert first.startswith("2021")
    page.get_by_role("link", name="Suivante").click()
    page.wait_for_url("**page=2**")
    assert "tri=ancien" in page.url
    assert "du=2021" in page.url
    assert page.locator(".hits time").first.get_attribute("datetime") >= first


@SCRIPTED
def test_a_long_facet_is_searched_and_chosen_from_its_own_page(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=eau", java_script_enabled=scripted)
    page.goto(page.url.split("/recherche")[0] + page.locator("#filtres .all a[href*='/valeurs/auteur']").get_attribute("href"))
    page.get_by_role("searchbox", name="Chercher dans cette liste").fill("clem")
    page.get_by_label("Ranger").select_option(label="par ordre alphabétique")
    page.get_by_role("button", name="Montrer").click()
    page.wait_for_url("**contient=clem**")
    page.get_by_role("checkbox", name="Clémentine Vassart", exact=True).check()
    page.get_by_role("button", name="Appliquer les filtres").click()
    page.wait_for_url("**/recherche?**auteur=**")
    assert count_of(page) > 0
    assert all("Clémentine Vassart" in text for text in page.locator(".hit .foot").all_inner_texts())


@SCRIPTED
def test_concordance_and_comparison_begin_at_the_results(open_page: Any, scripted: bool) -> None:
    page = open_page("/recherche?q=accord", java_script_enabled=scripted)
    page.locator(".also a", has_text="Concordance").click()
    page.wait_for_url("**/concordance?q=accord")
    keyword = page.locator(".kwic mark").first.inner_text()
    page.locator(".kwic a").first.click()
    page.wait_for_url("**/article/**#m*")
    assert page.locator("mark:target").inner_text() == keyword
    page.go_back()
    page.goto(page.url.replace("/concordance", "/comparer"))
    page.get_by_label("Question 2").fill("eau")
    page.get_by_role("button", name="Comparer").click()
    page.wait_for_url("**q=eau**")
    assert page.locator("svg.lines path.c2").count() == 1


def test_the_script_jumps_to_the_box_and_walks_through_hits_and_marks(open_page: Any) -> None:
    page = open_page("/recherche?q=accord")
    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("j")
    assert focused(page) != first
    page.keyboard.press("k")
    assert focused(page) == first
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.goto(page.url.split("/recherche")[0] + page.locator(".hits h2 a").first.get_attribute("href"))
    page.keyboard.press("n")
    assert page.locator("mark.at").count() == 1


def test_nothing_found_offers_ways_on_that_lead_somewhere(open_page: Any) -> None:
    page = open_page("/recherche?q=accord&journal=Le+Rivage&du=2010&au=2011")
    assert count_of(page) == 0
    assert "n’est pas couvert dans cette période" in page.locator("p.gap").inner_text()
    page.locator(".nothing ul a").first.click()
    page.wait_for_load_state()
    assert count_of(page) > 0


def test_the_other_language_keeps_the_search(open_page: Any) -> None:
    page = open_page("/recherche?q=eau&journal=Le+Rivage")
    count = count_of(page)
    page.get_by_role("link", name="English").click()
    page.wait_for_url("**ui=en**")
    assert page.get_by_role("heading", name="Refine").count() == 1
    assert count_of(page) == count
    page.locator(".hits h2 a").first.click()
    page.wait_for_url("**/article/**")
    assert page.get_by_role("link", name="Back to the results").count() == 2
