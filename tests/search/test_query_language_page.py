"""docs/query-language.md cannot lie: every example of it is parsed, and every field of the table is shown in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from search.fields import FIELDS
from search.language import Limits, parse_query

PAGE = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)


def test_the_page_has_its_examples() -> None:
    assert len(ROWS) >= 60


@pytest.mark.parametrize(("typed", "understood"), ROWS, ids=[typed for typed, _ in ROWS])
def test_an_example_is_understood_as_the_page_says(typed: str, understood: str) -> None:
    parsed = parse_query(typed)
    assert parsed.understood == understood
    assert parse_query(understood).query == parsed.query


def test_every_field_is_on_the_page() -> None:
    assert [field.french for field in FIELDS if f"`{field.french}:" not in PAGE] == []


def test_the_limits_on_the_page_are_those_of_the_parser() -> None:
    limits = Limits()
    for said in (f"{limits.characters} characters", f"{limits.clauses} words", f"{limits.depth} nested", f"{limits.pattern} characters"):
        assert said in PAGE
