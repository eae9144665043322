"""Does the ledger hold under strain? A hundred bad lines of thirty kinds, sixty commits with readers, a folder copied while it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from archivist import content, index_folder, record, write_jsonl

from bench.copies import copy_trials
from bench.many_commits import commit_trials
from indexer import delete_articles
from indexer.sources_check import check_sources
from search import SearchRequest, open_engine, search

GHOST = "fantomatique"  # stands in every bad line, and in no good one
BAD = (
    f'{{"titre": "{GHOST}',
    f'["{GHOST}"]',
    f'"{GHOST}"',
    f'{{"titre": {{"{GHOST}": 1}}}}',
    f'{{"titre": 3.5, "texte": {{"a": "{GHOST}"}}}}',
    f'{{"{GHOST}": 1}}',
    f'{{"titre": "{GHOST}", "texte": ' + "[" * 40 + "]" * 40 + "}",
    f'{{"id": [1], "titre": "{GHOST}"}}',
    f'{{"id": {{}}, "titre": "{GHOST}"}}',
    f'{{"titre": "{GHOST}", "url": 5.5, "texte": [1]}}',
    f'{{"titre": ["{GHOST}", 1]}}',
    f'{{"titre": "{GHOST}", "texte": 1e999}}' + "x",
    f'{{"titre": "{GHOST}"}} {{"titre": "{GHOST}"}}',
    f"{{'titre': '{GHOST}'}}",
    f'{{"titre": "{GHOST}",}}',
    f'{{titre: "{GHOST}"}}',
    f"<article>{GHOST}</article>",
    f"{GHOST};2025;a",
    f'\x00{{"titre": "{GHOST}"}}',
    f'{{"titre": "{GHOST}" "texte": "a"}}',
    f'{{"titre": "{GHOST}"]',
    f'{{"titre": "{GHOST}\\x"}}',
    f'{{"titre": "{GHOST}", "texte": tru}}',
    f'{{"titre": "{GHOST}", "auteur": {{"a": [1]}}}}',
    f'{{"titre": "{GHOST}", "tags": 5}}',
    f'{{"titre": "{GHOST}", "lieux": true}}',
    f'{{"titre": "{GHOST}", "date": {{"a": 1}}}}',
    f'{{"titre": "{GHOST}", "chapo": {{"a": 1}}}}',
    f'{{"titre": "{GHOST}", "journal": [[1]]}}',
    f'{{"titre": "{GHOST}", "texte": "' + "a" * 2_000_001 + '"}',
)


def test_one_percent_of_bad_lines_of_thirty_kinds_leaves_the_good_ones_and_no_ghost(tmp_path: Path) -> None:
    location = tmp_path / "index"
    lines: list[dict[str, str] | str] = [record(number, f"Le pont numéro {number}.") for number in range(9_900)]
    kinds = [*BAD[:-1] * 3, *BAD[:-1], BAD[-1]][:100]
    kinds += [BAD[0]] * (100 - len(kinds))
    for at, line in enumerate(kinds):
        lines.insert(at * 99 + 50, line)
    report = index_folder(write_jsonl(tmp_path / "a.jsonl", lines), location)
    assert (report.articles, report.rejected) == (9_900, 100)
    assert {stored["doc_id"] for stored in content(location).values()} == {f"n{number}" for number in range(9_900)}
    assert {reject.origin.place for reject in report.rejects} == {f"line {at * 99 + 51}" for at in range(100)}
    assert all(reject.reason for reject in report.rejects)
    with open_engine(location) as engine:
        assert search(engine, SearchRequest(text=GHOST)).total == 0
        assert search(engine, SearchRequest(text="pont")).total == 9_900
    assert index_folder(tmp_path / "a.jsonl", location).rejected == 100  # told again, from the ledger
    assert check_sources(location) == []


@pytest.fixture(scope="module")
def after_commits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What sixty corrections with readers meanwhile left behind; a thousand: ``python -m bench.torture commits``."""
    return commit_trials(tmp_path_factory.mktemp("commits"), commits=60, warm_up=20)


def test_sixty_commits_with_readers_leave_no_file_no_descriptor_and_no_memory_behind(after_commits: dict[str, float]) -> None:
    assert after_commits["reads"] > 10
    assert after_commits["unreferenced"] == 0
    assert after_commits["most files"] < 50
    assert after_commits["writer: descriptors more"] == 0
    assert after_commits["readers: descriptors more"] == 0
    assert after_commits["writer: MB at the end"] < 1.1 * after_commits["writer: MB warm"]
    assert after_commits["readers: MB at the end"] < 1.3 * after_commits["readers: MB warm"]  # few reads: not warm yet


def test_a_folder_copied_while_it_changes_is_whole_or_says_that_it_is_not(tmp_path: Path) -> None:
    """Each copy is compared with what its generation held; beside a writer that does not wait: ``python -m bench.torture copies``."""
    figures = copy_trials(tmp_path, trials=24)
    assert figures["whole"] >= 3
    assert figures["told"] >= 3


def test_an_article_that_came_back_after_its_deletion_goes_with_its_file(tmp_path: Path) -> None:
    source, location = tmp_path / "presse", tmp_path / "index"
    write_jsonl(source / "0.jsonl", [record(0)])
    write_jsonl(source / "1.jsonl", [record(1)])
    index_folder(source, location)
    delete_articles(["n1"], location)
    write_jsonl(source / "1.jsonl", [record(1, "Une autre version.")])
    index_folder(source, location)
    assert set(content(location)) == {"n0", "n1"}
    (source / "1.jsonl").unlink()
    index_folder(source, location, delete_missing=True)
    assert set(content(location)) == {"n0"}
