"""The pure parts of the pages: French typography, marks, the timeline, citations, links to sources."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Article
from search.request import Bucket, Timeline
from web import typography
from web.citation import cite, inverted
from web.links import safe_source
from web.marking import count_marked, mark, mark_paragraphs
from web.timeline import present_timeline

texts = st.text(st.sampled_from("ab é«»:!? \n1234567890’"), max_size=60)
spans = st.lists(st.tuples(st.integers(-2, 70), st.integers(-2, 70)), max_size=8)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (typography.number(1234567), "1\u202f234\u202f567"),
        (typography.articles(0), "aucun\u00a0article"),
        (typography.articles(1), "1\u00a0article"),
        (typography.articles(1234), "1\u202f234\u00a0articles"),
        (typography.day("2025-10-01"), "1er\u00a0octobre 2025"),
        (typography.day("2025-08-15"), "15\u00a0août 2025"),
        (typography.day("2025-02"), "février 2025"),
        (typography.day("2025"), "2025"),
        (typography.day(None), "sans date"),
        (typography.short_period("2025-09"), "sept. 2025"),
        (typography.duration(1400), "1,4\u00a0s"),
        (typography.held_together("« Quoi ? » à 12 000 €"), "«\u00a0Quoi\u00a0?\u00a0» à 12\u00a0000\u00a0€"),
        (typography.held_together("de 2018 à 2025 : rien"), "de 2018 à 2025\u00a0: rien"),
    ],
)
def test_numbers_days_and_quotes_are_written_as_in_a_newspaper(written: str, expected: str) -> None:
    assert written == expected


def test_accented_capitals_sort_with_their_letter() -> None:
    assert sorted(["Fès", "Énergie", "Zinder", "Eau", "œuvre", "Oran"], key=typography.collation) == [
        "Eau",
        "Énergie",
        "Fès",
        "œuvre",
        "Oran",
        "Zinder",
    ]


@given(texts, spans)
def test_marking_changes_no_letter_and_no_length(text: str, wanted: list[tuple[int, int]]) -> None:
    runs = mark(text, wanted)
    assert "".join(run.text for run in runs).replace("\u00a0", " ") == text
    marked = {place for start, end in wanted for place in range(max(0, start), min(end, len(text)))}
    place = 0
    for run in runs:
        assert all((at in marked) is run.marked for at in range(place, place + len(run.text)))
        place += len(run.text)


@given(texts, spans)
def test_marks_of_paragraphs_are_numbered_without_gap(text: str, wanted: list[tuple[int, int]]) -> None:
    numbers = [run.number for paragraph in mark_paragraphs(text, wanted, 5) for run in paragraph if run.marked]
    assert numbers == list(range(5, 5 + len(numbers)))


def test_marked_words_are_counted_whatever_their_capitals() -> None:
    counted = count_marked(mark_paragraphs("Pêche et pêche\n\npêches", [(0, 5), (9, 14), (16, 22)]))
    assert [(word.word, word.count, word.first) for word in counted] == [("Pêche", 2, 1), ("pêches", 1, 3)]


def test_the_timeline_keeps_gaps_and_scales_to_the_tallest_bar() -> None:
    buckets = (Bucket("2024-11", 1), Bucket("2025-01", 4), Bucket("2025-02", 2))
    view = present_timeline(Timeline("month", buckets), lambda since, until: f"{since}/{until}")
    assert view is not None
    assert [(bar.label, bar.height, bar.y) for bar in view.bars] == [
        ("novembre 2024", 18, 54),
        ("janvier 2025", 72, 0),
        ("février 2025", 36, 36),
    ]
    assert view.bars[2].url == "2025-02-01/2025-02-28"
    places = [float(bar.x.rstrip("%")) for bar in view.bars]
    assert places[1] - places[0] == pytest.approx(50, abs=0.1)  # December is empty, not absent
    assert [tick.label for tick in view.ticks] == ["nov. 2024", "janv. 2025"]  # as many as a phone has room for


@given(st.sets(st.dates(), min_size=2, max_size=9), st.sampled_from([("day", 10), ("month", 7), ("year", 4)]))
def test_no_bar_and_no_label_leaves_the_drawing(days: set[dt.date], unit: tuple[str, int]) -> None:
    values = sorted({day.isoformat()[: unit[1]] for day in days})
    view = present_timeline(Timeline(unit[0], tuple(Bucket(value, 3) for value in values)), lambda since, until: "")  # type: ignore[arg-type]
    for bar in view.bars if view else ():
        assert -0.01 <= float(bar.x.rstrip("%")) <= 100 - float(bar.width.rstrip("%")) + 0.02
    for tick in view.ticks if view else ():
        at, wide = float(tick.x.rstrip("%")), len(tick.label) * 2.4  # percent of 288 pixels
        left = {"start": at, "middle": at - wide / 2, "end": at - wide}[tick.anchor]
        assert -0.02 <= left <= 100.02 - wide
    assert view is None or len(view.ticks) <= 8


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Awa Sow", "SOW, Awa"),
        ("Awa SOW", "SOW, Awa"),
        ("Jean-Pierre Mbeki", "MBEKI, Jean-Pierre"),
        ("Marie NGO BISSÉ", "NGO BISSÉ, Marie"),
        ("Jean de La Fontaine", "Jean de La Fontaine"),
        ("Rédaction Essor", "Rédaction Essor"),
        ("A. T.", "A. T."),
        ("AFP", "AFP"),
    ],
)
def test_a_name_is_turned_round_only_where_it_is_safe(name: str, expected: str) -> None:
    assert inverted(name) == expected


def test_a_citation_follows_iso_690_in_french() -> None:
    article = Article(headline="La crue gagne", body="x", newspaper="L’Essor", published="2025-10-01", bylines=("Awa Sow",))
    cited = cite(article, "https://a.example/article/x", dt.date(2026, 1, 2))
    assert cited.text.replace("\u00a0", " ") == (
        "SOW, Awa. La crue gagne. L’Essor [en ligne]. 1er octobre 2025 [consulté le 2 janvier 2026]. "
        "Disponible à l’adresse : https://a.example/article/x"
    )
    assert cited.newspaper == "L’Essor"


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://essor.example/a?b=c#d", True),
        ("http://essor.example:8080/", True),
        ("HTTPS://essor.example", True),
        ("https://éssor.example/é", True),
        ("javascript:alert(1)", False),
        ("java\tscript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("//evil.example", False),
        ("https:\\\\evil.example", False),
        ("https://bank.example@evil.example/", False),
        ('https://evil.example/"onclick=x', False),
        ("ht\ntp://x.example", False),
        ("ftp://x.example", False),
        ("", False),
    ],
)
def test_only_plain_http_sources_become_links(url: str, linked: bool) -> None:
    assert safe_source(url) == (url if linked else "")
