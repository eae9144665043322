"""Did you mean, and completion: words as printed, only when they find more."""

from __future__ import annotations

import pytest

from indexer.french import fold
from search.language import parse_query
from search.suggest import Completion, better_spelling, completions, nearest

PRINTED = {
    "migrants": 900,
    "migration": 400,
    "migratoire": 90,
    "sécheresse": 300,
    "sécurité": 800,
    "marché": 500,
    "marche": 120,
    "militaire": 700,
    "milliardaire": 3,
    "Mopti": 250,
    "paix": 600,
    "pays": 900,
    "2024": 5000,
    "2025": 1,
    "écoles": 200,
}


class Shelf:
    """A vocabulary of a dozen words, by brute force."""

    def starting(self, prefix_folded: str, limit: int) -> list[tuple[str, int]]:
        found = [(word, count) for word, count in PRINTED.items() if fold(word).startswith(prefix_folded)]
        return sorted(found, key=lambda pair: -pair[1])[:limit]

    def frequency(self, folded: str) -> int:
        return sum(count for word, count in PRINTED.items() if fold(word) == folded)

    def neighbours(self, folded: str, distance: int) -> list[tuple[str, int]]:
        return [
            (word, count)
            for word, count in PRINTED.items()
            if fold(word)[0] == folded[0] and edits(fold(word), folded) <= distance and fold(word) != folded
        ]


def edits(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for at, letter in enumerate(left, start=1):
        before, row[0] = row[0], at
        for to, other in enumerate(right, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (letter != other))
    return row[-1]


SHELF = Shelf()


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        ("migr", ["migrants", "migration", "migratoire"]),
        ("SEC", ["sécurité", "sécheresse"]),
        ("séch", ["sécheresse"]),
        ("trafic de migrat", ["trafic de migration", "trafic de migratoire"]),
        ("l’éco", ["l’écoles"]),
        ("titre:mop", ["titre:Mopti"]),
        ("« paix et mili", ["« paix et militaire"]),
        ("(paix OU -mop", ["(paix OU -Mopti"]),
        ("", []),
        ("paix ", []),
        ("mig*", []),
        ("zzz", []),
    ],
)
def test_the_last_word_is_completed_as_it_is_printed(typed: str, texts: list[str]) -> None:
    assert sorted(found.text for found in completions(typed, SHELF)) == sorted(texts)


def test_completions_come_most_frequent_first_and_no_more_than_asked() -> None:
    assert completions("m", SHELF, limit=2) == [Completion("migrants", 900), Completion("militaire", 700)]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("militiare", "militaire"),
        ("militaire", None),
        ("Secheresse", None),
        ("secheresses", "sécheresse"),
        ("sécheressse", "sécheresse"),
        ("marhce", "marché"),
        ("marche", None),
        ("migrats", "migrants"),
        ("milliardaire", None),
        ("2026", None),
        ("pai", None),
        ("paid", "paix"),
        ("dans", None),
        ("xylophone", None),
    ],
)
def test_a_spelling_is_proposed_only_when_it_finds_far_more(word: str, meant: str | None) -> None:
    assert nearest(word, SHELF) == meant


def test_a_question_is_corrected_word_by_word_in_the_query_language() -> None:
    assert better_spelling(parse_query("titre:migrats (militiare OU paix) -migrats").query, SHELF) == (
        "titre:migrants ET (militaire OU paix) SAUF migrats"
    )


@pytest.mark.parametrize("text", ["migrants", "=migrats", '"migrats"', "migrat*", "-migrats", ""])
def test_what_is_right_exact_or_excluded_is_left_alone(text: str) -> None:
    assert better_spelling(parse_query(text).query, SHELF) is None
