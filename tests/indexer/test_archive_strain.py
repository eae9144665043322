"""Does the ledger hold under strain? A hundred bad lines of thirty kinds, a hundred commits with readers, a folder copied meanwhile."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from pathlib import Path

from archivist import content, index_folder, ledger_of, record, write_jsonl

from corpus.errors import MarbreError
from indexer import delete_articles
from indexer.generations import open_snapshot
from indexer.sources_check import check_sources
from indexer.verify import check
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


def test_a_hundred_commits_with_readers_leave_no_file_and_no_descriptor_behind(tmp_path: Path) -> None:
    source, location = tmp_path / "presse", tmp_path / "index"
    write_jsonl(source / "0.jsonl", [record(0)])
    index_folder(source, location)
    stop, seen, failures = threading.Event(), [0], list[str]()

    def read() -> None:
        while not stop.is_set():
            try:
                with open_engine(location) as engine:
                    found = search(engine, SearchRequest(text="conseil", facets=(), snippets=False)).total
                if found < seen[0]:
                    failures.append(f"{found} articles where {seen[0]} were acknowledged before")
            except Exception as error:  # noqa: BLE001 - whatever a reader sees must fail the test
                failures.append(f"{type(error).__name__}: {error}")

    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 100):
        write_jsonl(source / f"{number % 10}.jsonl", [record(one) for one in range(number % 10, number + 1, 10)])
        seen[0] = index_folder(source, location).articles - 1  # the reader may have opened the generation before
    stop.set()
    reader.join()
    assert failures == []
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    snapshot = open_snapshot(location)
    named = set(snapshot.manifest.names) | {path.name for path in snapshot.folder.glob("manifest-*.json")}
    kept = {path.name for path in snapshot.folder.iterdir()}
    assert len([name for name in kept if name.endswith(".ledger")]) <= 16
    assert len(kept - named) <= len(named)  # what the generation before still needs, and nothing else
    assert len(content(location)) == 100
    assert check(location, deep=True) == []
    assert check_sources(location) == []


def test_a_folder_copied_while_a_writer_runs_is_whole_or_says_that_it_is_not(tmp_path: Path) -> None:
    source, location = tmp_path / "presse", tmp_path / "index"
    write_jsonl(source / "0.jsonl", [record(number) for number in range(50)])
    index_folder(source, location)
    stop = threading.Event()

    def write() -> None:
        number = 50
        while not stop.is_set():
            write_jsonl(source / f"{number}.jsonl", [record(number)])
            index_folder(source, location)
            delete_articles([f"n{number}"], location)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        whole = 0
        for trial in range(12):
            copy = tmp_path / f"copy{trial}"
            try:
                shutil.copytree(location, copy)
                if not check(copy, deep=True):
                    assert len(content(copy)) >= 50
                    assert set((ledger_of(copy).record(str(source / "0.jsonl")) and {"n0"}) or ()) <= set(content(copy))
                    whole += 1
            except (shutil.Error, FileNotFoundError, MarbreError):
                continue  # incomplete, and told
    finally:
        stop.set()
        writer.join()
    assert check(location, deep=True) == []
    shutil.copytree(location, tmp_path / "quiet")
    assert check(tmp_path / "quiet", deep=True) == []
