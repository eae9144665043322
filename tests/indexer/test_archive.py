"""Is nothing lost, nothing done twice, and everything refused told? Runs over files that change, vanish, move and are half read."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from archivist import content, index_folder, ledger_of, old, record, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import press_files
from bench.archive import kill_trials
from bench.press_files import Piece
from corpus import Article, read_articles
from corpus.article import article_from_record
from corpus.errors import BadRequest, IndexCorrupt, IndexMissing, IndexProblem, MarbreError
from indexer import BuildOptions, build_index, delete_articles
from indexer.backup import backup
from indexer.generations import current_generation, open_snapshot
from indexer.rebuilding import needs_rebuild, rebuild_index, refresh_index
from indexer.sources_check import check_sources, repair_sources
from indexer.verify import check
from indexer.watching import watch_folder
from indexer.withdrawals import restore_archive, rollback_archive, withdraw_article
from search import SearchRequest, export, open_engine, search
from search.exporting import Heading, render

TEXT = "Le conseil municipal a voté hier soir le budget de la ville et la rénovation du marché central de Mopti, après de longs débats."


@pytest.fixture
def location(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def presse(tmp_path: Path) -> Path:
    """Three files of ten articles."""
    for file in range(3):
        write_jsonl(tmp_path / "presse" / f"{file}.jsonl", [record(10 * file + number) for number in range(10)])
    return tmp_path / "presse"


def counts(source: Path, location: Path, **options: object) -> tuple[int, int, int, int]:
    report = index_folder(source, location, **options)
    return report.added, report.replaced, report.unchanged, report.articles


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_second_run_reads_no_file_and_makes_no_generation(presse: Path, location: Path) -> None:
    assert counts(presse, location) == (30, 0, 0, 30)
    before = current_generation(location)
    report = index_folder(presse, location)
    assert (report.unchanged, report.articles, report.files_read, report.files_skipped) == (30, 30, 0, 3)
    assert current_generation(location) == before


def test_only_the_changed_file_is_read_and_only_the_changed_article_replaced(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    write_jsonl(presse / "1.jsonl", [record(10, "Une baleine."), *(record(number) for number in range(11, 20))])
    report = index_folder(presse, location)
    assert (report.added, report.replaced, report.unchanged, report.articles) == (0, 1, 29, 30)
    assert (report.files_read, report.files_skipped) == (1, 2)
    assert content(location)["n10"]["body"] == "Une baleine."


def test_lines_that_are_as_before_are_not_parsed_again(presse: Path, location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index_folder(presse, location)
    delete_articles(["n14"], location)
    write_jsonl(presse / "1.jsonl", [record(77), *(record(number) for number in range(19, 9, -1)), "kaputt"])
    parsed: list[str] = []
    monkeypatch.setattr(
        "corpus.readers.records.article_from_record",
        lambda one, *rest, **more: parsed.append(one["id"]) or article_from_record(one, *rest, **more),
    )
    report = index_folder(presse, location)
    assert (report.added, report.replaced, report.unchanged, report.rejected, report.articles) == (1, 0, 29, 1, 30)
    assert parsed == ["n77", "n14"]  # what was deleted is looked at, and stays out
    assert check_sources(location) == []
    places = {row.doc_id: row.place for row in ledger_of(location).rows(str(presse / "1.jsonl"))}
    assert (places["n77"], places["n19"], places["n10"]) == ("line 1", "line 2", "line 11")


def test_a_file_of_the_same_bytes_and_another_time_is_not_read(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    old(presse / "0.jsonl")
    assert index_folder(presse, location).files_read == 0


def test_a_change_within_the_grain_of_the_clock_is_seen(tmp_path: Path, location: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [record(1, "Un chat.")])
    os.utime(source)  # now: too fresh to be trusted
    times = source.stat()
    index_folder(source, location)
    write_jsonl(source, [record(1, "Un rat..")])
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source.stat().st_size == times.st_size
    assert counts(source, location) == (0, 1, 0, 1)


def test_an_issue_is_read_again_when_only_one_of_its_pages_changes(tmp_path: Path, location: Path) -> None:
    pieces = [Piece(number=1, headline="Le pont"), Piece(number=2, headline="La récolte", body=("Le mil a été rentré avant les pluies.",))]
    for name, data in press_files.mets_issue(pieces).items():
        (tmp_path / "presse" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "presse" / name).write_bytes(data)
        old(tmp_path / "presse" / name)
    assert counts(tmp_path / "presse", location) == (2, 0, 0, 2)
    assert counts(tmp_path / "presse", location) == (0, 0, 2, 2)
    page = tmp_path / "presse" / "alto" / "page-00002.xml"
    page.write_bytes(page.read_bytes().replace(b"onze", b"dix"))
    old(page)
    assert [one.kind for one in check_sources(location)] == ["changed"]
    assert counts(tmp_path / "presse", location) == (0, 1, 1, 2)
    assert any("dix mois" in stored["body"] for stored in content(location).values())
    assert not check_sources(location)


@pytest.mark.parametrize("late", [False, True], ids=["in one run", "after it was told gone"])
def test_a_moved_file_keeps_its_articles_without_being_read(presse: Path, location: Path, tmp_path: Path, late: bool) -> None:
    index_folder(presse, location)
    (presse / "2.jsonl").rename(tmp_path / "2.jsonl")
    if late:
        assert index_folder(presse, location).missing == 10
    (tmp_path / "2.jsonl").rename(presse / "archive-2.jsonl")
    report = index_folder(presse, location, delete_missing=True)
    assert (report.files_read, report.unchanged, report.missing, report.deleted) == (0, 30, 0, 0)
    assert any("another place" in note for note in report.notes)
    assert index_folder(presse, location, delete_missing=True).articles == 30
    assert check_sources(location) == []


@pytest.mark.parametrize("late", [False, True], ids=["asked at once", "asked in a later run"])
def test_what_vanished_stays_until_its_deletion_is_asked_for(presse: Path, location: Path, late: bool) -> None:
    index_folder(presse, location)
    (presse / "0.jsonl").unlink()
    write_jsonl(presse / "1.jsonl", [record(number) for number in range(10, 17)])
    if late:
        report = index_folder(presse, location)
        assert (report.articles, report.missing) == (30, 13)
        assert any("--delete-missing" in note for note in report.notes)
    report = index_folder(presse, location, delete_missing=True)
    assert (report.deleted, report.articles, report.missing) == (13, 17, 0)
    assert set(content(location)) == {f"n{number}" for number in range(10, 30)} - {"n17", "n18", "n19"}
    assert counts(presse, location) == (0, 0, 17, 17)


def test_an_article_that_another_file_gives_too_is_not_deleted(presse: Path, location: Path) -> None:
    write_jsonl(presse / "9.jsonl", [record(0)])
    index_folder(presse, location)
    (presse / "0.jsonl").unlink()
    index_folder(presse, location, delete_missing=True)
    assert "n0" in content(location)
    assert "n1" not in content(location)


def test_a_file_that_breaks_in_the_middle_deletes_nothing(presse: Path, location: Path) -> None:
    import gzip

    packed = presse / "3.jsonl.gz"
    packed.write_bytes(
        gzip.compress(b"".join(json.dumps(record(number, os.urandom(900).hex())).encode() + b"\n" for number in range(100, 160)))
    )
    old(packed)
    index_folder(presse, location)
    packed.write_bytes(packed.read_bytes()[:20_000])
    old(packed)
    report = index_folder(presse, location, delete_missing=True)
    assert (report.rejected, report.deleted, report.articles) == (1, 0, 90)


def test_a_file_emptied_by_accident_keeps_its_articles_and_each_run_says_so_until_it_is_removed(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    (presse / "1.jsonl").write_bytes(b"")
    for _ in range(2):  # the second time the file is left alone
        old(presse / "1.jsonl")
        report = index_folder(presse, location, delete_missing=True)
        assert (report.rejected, report.deleted, report.articles) == (1, 0, 30)
        assert [note for note in report.notes if "could not be read whole, which stay in the index: 10;" in note]
    (presse / "1.jsonl").unlink()
    report = index_folder(presse, location, delete_missing=True)
    assert (report.deleted, report.articles, report.notes) == (10, 20, [])


def test_a_source_that_is_not_mounted_empties_nothing(presse: Path, location: Path, tmp_path: Path) -> None:
    index_folder(presse, location)
    presse.rename(tmp_path / "ailleurs")
    presse.mkdir()
    with pytest.raises(MarbreError, match="no file to read"):
        index_folder(presse, location, delete_missing=True)
    assert len(content(location)) == 30


def test_another_newspaper_on_the_command_line_reads_the_files_again(tmp_path: Path, location: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"id": "1", "titre": "Note"}])
    build_index(read_articles([source]), location)
    build_index(read_articles([source], newspaper="Le Sahel"), location)
    assert content(location)["1"]["newspaper"] == "Le Sahel"


def test_the_same_bytes_read_under_another_newspaper_leave_no_double(tmp_path: Path, location: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{"titre": f"Sans id {number}", "texte": f"{number} {TEXT}"} for number in range(3)])
    build_index(read_articles([source]), location)
    report = build_index(read_articles([source], newspaper="Le Sahel"), location)
    assert (report.added, report.articles, report.missing, report.deleted) == (3, 3, 0, 0)
    assert {article["newspaper"] for article in content(location).values()} == {"Le Sahel"}
    assert (rebuild_index(location).articles, check_sources(location)) == (3, [])


def test_what_comes_through_a_pipe_each_day_is_noted_once(location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        lines = "".join(json.dumps(record(number)) + "\n" for number in range(4)).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))
        report = build_index(read_articles(["-"]), location)
    assert (report.unchanged, report.articles) == (4, 4)
    ledger = ledger_of(location)
    assert sum(1 for one in ledger.records() for _ in ledger.rows(one.name)) == 4


# --- stopped and gone on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_at", [1, 4, 11, 15, 29], ids=lambda at: f"at article {at}")
def test_a_run_that_was_stopped_goes_on_where_the_last_commit_ended(
    presse: Path, location: Path, tmp_path: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.builder.FIRST_COMMIT", 4)

    def stop(number: int) -> None:
        if number == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_folder(presse, location, progress=stop, commit_articles=4)
    kept = len(content(location)) if stop_at >= 4 else 0
    assert kept == stop_at // 4 * 4
    report = index_folder(presse, location)
    assert (report.added, report.articles) == (30 - kept, 30)
    assert report.files_skipped == kept // 10
    index_folder(presse, tmp_path / "whole")
    assert content(location) == content(tmp_path / "whole")
    assert check_sources(location) == []


@pytest.mark.parametrize("stop_at", [4, 9, 14], ids=lambda at: f"at article {at}")
@pytest.mark.parametrize("after", ["as it was", "changed again", "gone"])
def test_an_update_stopped_within_a_file_still_knows_what_the_file_gave_before(
    presse: Path, location: Path, tmp_path: Path, stop_at: int, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.builder.FIRST_COMMIT", 3)

    def stop(number: int) -> None:
        if number == stop_at:
            raise KeyboardInterrupt

    index_folder(presse, location)
    write_jsonl(presse / "1.jsonl", [record(number, "Neuf.") for number in [*range(100, 105), *range(15, 20), *range(105, 110)]])
    with pytest.raises(KeyboardInterrupt):
        index_folder(presse, location, progress=stop, commit_articles=3)
    if after == "changed again":
        write_jsonl(presse / "1.jsonl", [record(number, "Encore.") for number in (12, 101, 200)])
    elif after == "gone":
        (presse / "1.jsonl").unlink()
    index_folder(presse, location, delete_missing=True)
    index_folder(presse, tmp_path / "whole")
    assert content(location, ["updated"]) == content(tmp_path / "whole")
    assert check_sources(location) == []
    assert index_folder(presse, location).missing == 0


# --- what was refused -------------------------------------------------------------------------------------------------


def test_refusals_of_files_left_alone_are_told_again(presse: Path, location: Path) -> None:
    write_jsonl(presse / "3.jsonl", ["kaputt", record(99), '{"texte": ""}'])
    (presse / "4.pdf").write_bytes(b"%PDF-1.7")
    first = index_folder(presse, location)
    second = index_folder(presse, location)
    assert first.rejected == second.rejected == 3
    assert sorted(map(str, first.rejects)) == sorted(map(str, second.rejects))
    assert second.files_read == 0
    assert first.reasons()[0][1] == 1


def test_refusals_can_be_tried_again_without_reading_the_rest(presse: Path, location: Path) -> None:
    write_jsonl(presse / "3.jsonl", ["kaputt", record(99)])
    index_folder(presse, location)
    report = refresh_index(location, options=BuildOptions(retry_rejects=True))
    assert (report.files_read, report.files_skipped, report.rejected, report.unchanged) == (1, 3, 1, 31)


def test_strict_stops_at_the_first_refusal_and_keeps_what_was_committed(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    write_jsonl(presse / "0.jsonl", [record(77), "kaputt"])
    with pytest.raises(MarbreError, match="line 2"):
        build_index(read_articles([presse], strict=True), location)
    assert len(content(location)) == 30


def test_one_percent_of_bad_articles_of_many_kinds_leaves_exactly_the_good_ones(tmp_path: Path, location: Path) -> None:
    bad = [
        '{"titre": ',
        "[1, 2]",
        '"texte"',
        "null",
        "{}",
        '{"titre": 3.5, "texte": {}}',
        '{"titre": "a", "titre": "b"}',
        "\x00\x01",
        '{"id": [1], "titre": "x"}',
        '{"titre": "' + "x" * 10 + '", "texte": ' + "[" * 40 + "]" * 40 + "}",
    ]
    lines: list[dict[str, str] | str] = [record(number) for number in range(1_000)]
    for at, line in enumerate(bad):
        lines.insert(at * 97, line)
    report = index_folder(write_jsonl(tmp_path / "a.jsonl", lines), location)
    assert set(content(location)) >= {f"n{number}" for number in range(1_000)}
    assert report.added == len(content(location)) == 1_010 - report.rejected
    assert report.rejected == len(report.rejects) >= 8


# --- corrections, versions, identity ----------------------------------------------------------------------------------


def test_a_correction_keeps_address_and_day_of_entry_and_says_when(tmp_path: Path, location: Path) -> None:
    source = write_jsonl(tmp_path / "a.jsonl", [{**record(1), "added": "2001-02-03"}])
    index_folder(source, location)
    write_jsonl(source, [record(1, "Le conseil a rejeté le budget.")])
    index_folder(source, location)
    article = content(location)["n1"]
    assert (article["added"], article["body"]) == ("2001-02-03", "Le conseil a rejeté le budget.")
    assert len(article["updated"]) == 10
    assert "extra" not in article
    assert counts(source, location) == (0, 0, 1, 1)
    old(source)
    assert counts(source, location, reread=frozenset([str(source)])) == (0, 0, 1, 1)


def test_former_versions_are_kept_where_the_archivist_says_so(tmp_path: Path, location: Path) -> None:
    source = tmp_path / "a.jsonl"
    for text in ("Un.", "Deux.", "Trois."):
        index_folder(write_jsonl(source, [record(1, text)]), location, keep_versions=True if text == "Un." else None)
    versions = content(location)["n1"]["extra"]["former_versions"]
    assert [version["body"] for version in versions] == ["Un.", "Deux."]
    assert index_folder(source, location, reread=frozenset([str(source)])).unchanged == 1


def test_an_older_version_than_the_one_there_is_left_aside(tmp_path: Path, location: Path) -> None:
    index_folder(write_jsonl(tmp_path / "a.jsonl", [{**record(1, "Neuf."), "maj": "2025-11-02"}]), location)
    report = index_folder(write_jsonl(tmp_path / "b.jsonl", [{**record(1, "Vieux."), "maj": "2025-11-01"}]), location)
    assert content(location)["n1"]["body"] == "Neuf."
    assert any("older version" in note for note in report.notes)


def piece(**more: str) -> Article:
    return replace(
        Article(newspaper="L’Essor", headline="Budget voté", published="2025-10-09", body=TEXT, url="https://essor.example/1"),
        **{"doc_id": "", **more},
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"url": "https://essor.example/1?utm=x"}, {"headline": "Le budget est voté"}], ids=["another address", "another headline"]
)
def test_the_same_newspaper_day_and_text_is_the_same_article(location: Path, change: dict[str, str]) -> None:
    first = build_index([piece(), piece(**change)], location)
    assert (first.added, first.unchanged, first.articles) == (1, 1, 1)
    again = build_index([piece(**change)], location)
    assert (again.replaced, again.articles) == (1, 1)
    assert set(content(location)) == {piece().doc_id}


def test_the_same_text_in_two_newspapers_is_a_reprint_and_both_stay(location: Path) -> None:
    assert build_index([piece(), piece(newspaper="Le Sahel")], location).articles == 2
    assert build_index([piece(published="2025-10-10")], location).articles == 3


def test_different_source_ids_are_different_articles_whatever_their_text(location: Path) -> None:
    assert build_index([piece(doc_id="a1"), piece(doc_id="a2")], location).articles == 2


# --- dates ------------------------------------------------------------------------------------------------------------


def test_dates_that_cannot_be_trusted_are_kept_aside_and_told(tmp_path: Path, location: Path) -> None:
    records = [
        {**record(1), "date": "31 février 2025"},
        {**record(2), "date": "2087-01-02"},
        {**record(3), "date": "jeudi 9 octobre"},
        {**record(4), "date": "12 mai"},
        record(5),
    ]
    report = index_folder(write_jsonl(tmp_path / "essor-2025-10-10.jsonl", records), location)
    found = content(location)
    assert [found[f"n{number}"].get("published") for number in range(1, 6)] == [None, None, "2025-10-09", None, "2025-10-09"]
    assert found["n1"]["extra"] == {"published_as_written": "31 février 2025"}
    assert found["n2"]["extra"] == {"published_as_written": "2087-01-02"}
    assert found["n3"]["extra"] == {"published_as_written": "jeudi 9 octobre", "published_inferred": True}
    assert [note.partition(" (")[0] for note in report.notes] == [
        "dates that do not exist or cannot be read, kept as written: 2",
        "dates in the far future, kept aside: 1",
        "dates without a year, completed from the day of their file: 1",
    ]
    assert "line 1" in report.notes[0]


# --- killed -----------------------------------------------------------------------------------------------------------


def test_runs_killed_at_random_moments_lose_nothing_and_end_as_if_never_killed(tmp_path: Path) -> None:
    figures = kill_trials(tmp_path, kills=6, seed=7)
    assert figures["kills"] == 6
    assert (figures["fell below"], figures["differed"], figures["unsound"]) == (0, 0, 0)


@pytest.mark.parametrize("limit", [0, 100, 300, 700, 1_500, 3_000, 6_000, 12_000, 25_000], ids=lambda limit: f"{limit} bytes a file")
@pytest.mark.parametrize("rebuild", [False, True], ids=["update", "rebuild"])
def test_a_disk_that_takes_no_more_costs_one_line_and_nothing_else(presse: Path, location: Path, limit: int, rebuild: bool) -> None:
    index_folder(presse, location)
    before = content(location)
    write_jsonl(presse / "1.jsonl", [record(number, f"{number} {TEXT}") for number in range(10, 60)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with contextlib.suppress(IndexProblem):
            rebuild_index(location) if rebuild else index_folder(presse, location)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    if limit <= 3_000:
        assert content(location) == before
    assert check(location, deep=True) == []
    assert index_folder(presse, location).articles == 60
    assert check(location, deep=True) == []
    assert check_sources(location) == []


def test_a_disk_that_takes_no_more_is_told_in_one_line_when_workers_write(
    presse: Path, location: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    index_folder(presse, location)
    before = content(location)
    articles = [piece(doc_id=f"w{number}", body=f"{number} {TEXT}") for number in range(200)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(IndexProblem, match="File too large; what was committed before is intact"):
            build_index(articles, location, workers=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Traceback" not in capfd.readouterr().err
    assert content(location) == before
    assert build_index(articles, location, workers=2).added == 200
    assert check(location, deep=True) == []


# --- withdrawn, deleted, rolled back ----------------------------------------------------------------------------------


def test_a_withdrawn_article_stays_out_of_every_later_run(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    assert withdraw_article("n3", "Décision de justice", location)
    assert not withdraw_article("n999", "Jamais venu", location)
    write_jsonl(presse / "0.jsonl", [record(number, "Corrigé.") for number in range(10)])
    report = index_folder(presse, location)
    assert (report.articles, report.withdrawn, report.missing) == (29, 1, 0)
    assert rebuild_index(location).articles == 29
    assert rebuild_index(location, from_stored=True).articles == 29
    rollback_archive(location)
    build_index(read_articles([presse]), location, rebuild=True)
    assert "n3" not in content(location)
    assert check_sources(location) == []


def test_another_text_under_the_derived_id_of_a_withdrawn_one_is_not_kept_out(tmp_path: Path) -> None:
    location = tmp_path / "index"
    words = "la mairie ouvre un registre pour les riverains du marché central jusqu’à la fin du mois".split()
    first = Article(newspaper="L’Essor", published="2025-10-09", headline="En bref", body=" ".join(words))
    corrected = replace(first, body=" ".join([*words, "prochain"]))
    other = replace(first, body="Trois pirogues chargées de mil ont chaviré hier soir près du pont ; aucun blessé n’est à déplorer, dit la police.")
    assert build_index([first], location).added == 1
    assert withdraw_article(first.doc_id, "Décision de justice", location)
    report = build_index([corrected, other], location)
    assert (report.withdrawn, report.added) == (1, 1)
    with open_engine(location) as engine:
        assert [hit.headline for hit in search(engine, SearchRequest(text="pirogues")).hits] == ["En bref"]
        assert search(engine, SearchRequest(text="registre")).total == 0


def test_a_rollback_does_not_bring_a_withdrawn_article_back(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    withdraw_article("n3", "Décision de justice", location)
    assert rollback_archive(location).manifest.articles == 29
    assert "n3" not in content(location)


@pytest.mark.parametrize(
    ("doc_id", "reason"),
    [("n1", " "), ("n1", "x" * 501), ("../n1", "oui"), ("", "oui")],
    ids=["no reason", "a long one", "no id", "empty id"],
)
def test_a_withdrawal_needs_an_id_and_a_reason(presse: Path, location: Path, doc_id: str, reason: str) -> None:
    index_folder(presse, location)
    with pytest.raises(BadRequest):
        withdraw_article(doc_id, reason, location)


def test_a_deleted_article_stays_out_until_its_file_gives_another_version(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    delete_articles(["n3", "n4"], location)
    assert check_sources(location) == []
    assert counts(presse, location)[3] == 28
    assert (rebuild_index(location).articles, rebuild_index(location, from_stored=True).articles, rebuild_index(location).articles) == (
        28,
        28,
        28,
    )
    write_jsonl(presse / "0.jsonl", [record(number, "Neuf.") if number == 3 else record(number) for number in range(10)])
    assert counts(presse, location)[3] == 29
    assert {"n3", "n4"} & set(content(location)) == {"n3"}
    build_index([Article(doc_id="n4", headline="De la main")], location)
    assert check_sources(location) == []


def test_a_restored_backup_does_not_bring_a_withdrawn_article_back(presse: Path, location: Path, tmp_path: Path) -> None:
    index_folder(presse, location)
    backup(location, tmp_path / "copie")
    withdraw_article("n3", "Décision de justice", location)
    assert restore_archive(tmp_path / "copie", location).manifest.articles == 29
    assert "n3" not in content(location)
    shutil.rmtree(location)
    assert restore_archive(tmp_path / "copie", location).manifest.articles == 30


def test_nothing_is_withdrawn_from_or_deleted_in_an_index_that_is_not_there(location: Path) -> None:
    with pytest.raises(IndexMissing):
        withdraw_article("n1", "oui", location)
    with pytest.raises(IndexMissing):
        delete_articles(["n1"], location)
    assert not location.exists()


# --- rebuilding -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rich(presse: Path, location: Path) -> Path:
    """An archive with all that a rebuild must keep: old days of entry, a correction, a vanished file, articles of no file, a withdrawal."""
    write_jsonl(
        presse / "3.jsonl",
        [{**record(90), "added": "1999-01-01"}, {"journal": "L’Essor", "titre": "Sans id", "texte": TEXT, "date": "2025"}],
    )
    write_jsonl(presse / "4.jsonl", [record(95), record(96)])
    index_folder(presse, location, keep_versions=True)
    write_jsonl(presse / "3.jsonl", [record(90, "Corrigé."), {"journal": "L’Essor", "titre": "Autre titre", "texte": TEXT, "date": "2025"}])
    build_index([Article(doc_id="pipe", headline="Par la conduite", added="2000-01-01")], location)
    (presse / "4.jsonl").unlink()
    index_folder(presse, location)
    withdraw_article("n5", "Décision de justice", location)
    return presse


@pytest.mark.parametrize("from_stored", [False, True], ids=["from the sources", "from the index alone"])
def test_a_rebuild_gives_the_same_archive(rich: Path, location: Path, from_stored: bool) -> None:
    before, files = content(location), {one.name: one.articles for one in ledger_of(location).records() if not one.is_stream}
    if from_stored:
        shutil.rmtree(rich)
    report = rebuild_index(location, from_stored=from_stored)
    assert content(location) == before
    assert report.articles == len(before) == 34
    assert {one.name: one.articles for one in ledger_of(location).records() if not one.is_stream and one.articles} | files == files
    if not from_stored:
        assert check_sources(location) == [one for one in check_sources(location) if one.kind == "gone"]
        assert (index_folder(rich, location).files_read, index_folder(rich, location).articles) == (0, 34)


def test_two_rebuilds_change_nothing_more(rich: Path, location: Path) -> None:
    rebuild_index(location)
    before = content(location)
    rebuild_index(location, from_stored=True)
    rebuild_index(location)
    assert content(location) == before


def test_a_rebuild_without_what_is_gone(rich: Path, location: Path) -> None:
    rebuild_index(location, delete_missing=True)
    assert {"n95", "n96"} & set(content(location)) == set()
    assert "pipe" in content(location)


def test_a_rebuild_is_needed_only_for_a_reason(presse: Path, location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index_folder(presse, location)
    assert needs_rebuild(location) == ""
    write_jsonl(presse / "5.jsonl", [record(50)])
    assert "5.jsonl" in needs_rebuild(location)
    assert needs_rebuild(location, from_stored=True) == ""
    (presse / "5.jsonl").unlink()
    (presse / "0.jsonl").unlink()
    assert "gone" in needs_rebuild(location)
    monkeypatch.setattr("indexer.rebuilding.analysis_digest", lambda: "another")
    assert "analysis" in needs_rebuild(location)


def test_a_rebuild_from_sources_says_when_there_is_none(location: Path, presse: Path) -> None:
    build_index([Article(headline="Seul")], location)
    with pytest.raises(IndexProblem, match="--from-stored"):
        rebuild_index(location)
    index_folder(presse, location)
    shutil.rmtree(presse)
    with pytest.raises(IndexProblem, match="mount them"):
        rebuild_index(location)


# --- check and repair -------------------------------------------------------------------------------------------------


def test_files_ledger_and_index_are_compared_and_just_the_difference_mended(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    assert check_sources(location) == []
    write_jsonl(presse / "0.jsonl", [record(number, "Changé.") for number in range(10)])
    write_jsonl(presse / "7.jsonl", [record(70)])
    (presse / "2.jsonl").unlink()
    found = check_sources(location)
    assert sorted(one.kind for one in found) == ["changed", "gone", "new"]
    report = repair_sources(location, found)
    assert (report.added, report.replaced, report.files_read) == (1, 10, 2)
    assert [one.kind for one in check_sources(location)] == ["gone"]


def test_an_article_missing_from_the_index_is_named_with_its_place_and_brought_back(presse: Path, location: Path) -> None:
    from indexer.writer import ArchiveWriter

    index_folder(presse, location)
    with ArchiveWriter(location) as writer:  # an index that lost an article, which no command does
        writer.delete("n12")
        writer.commit()
    (found,) = check_sources(location)
    assert (found.kind, found.what) == ("missing", "n12 is not in the index")
    assert "1.jsonl, line 3" in found.file
    repair_sources(location, [found])
    assert check_sources(location) == []


def test_an_article_that_no_record_names_is_told_and_kept(presse: Path, location: Path) -> None:
    from indexer.writer import ArchiveWriter

    index_folder(presse, location)
    with ArchiveWriter(location) as writer:
        writer.commit(extra_files=(), facts={**writer.facts, "sources": []})
    assert {one.kind for one in check_sources(location)} == {"orphaned"}
    repair_sources(location, check_sources(location))
    assert len(content(location)) == 30


# --- the whole archive out and in -------------------------------------------------------------------------------------

ENGLISH = "The government of Mali said that it would not take part in the talks with the opposition which were to be held this week."
FRENCH = "Le gouvernement du Mali a dit qu’il ne prendra pas part aux pourparlers avec l’opposition qui devaient se tenir cette semaine."
_line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=20)
_article = st.fixed_dictionaries(
    {"titre": _line, "texte": st.text(max_size=60) | st.sampled_from((ENGLISH, FRENCH))},
    optional={
        "id": st.from_regex(r"[a-z0-9._:-]{1,8}", fullmatch=True),
        "journal": st.sampled_from(["L’Essor", "Le Sahel"]),
        "date": st.sampled_from(["2025", "2025-10", "2025-10-09", "hier"]),
        "auteur": st.lists(_line, max_size=2),
        "langue": st.sampled_from(["fr", "en", "", "FR-ml", "und"]),  # given against what the text tells, too
        "cote": st.one_of(_line, st.integers(), st.lists(_line, max_size=2)),
    },
)


@given(st.lists(_article, min_size=1, max_size=6))
@settings(max_examples=25)
def test_an_archive_exported_and_indexed_again_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    report = index_folder(write_jsonl(folder / "a.jsonl", records), folder / "one")
    exported = folder / "export.jsonl"
    with open_engine(folder / "one") as engine:
        lines = "".join(render("jsonl", export(engine, SearchRequest()), Heading("", "2026-11-23")))
    exported.write_text(lines, encoding="utf-8")
    again = index_folder(exported, folder / "two")
    assert (again.rejected, again.articles) == (0, report.articles)
    assert content(folder / "two") == content(folder / "one")
    assert index_folder(exported, folder / "one").replaced == 0


# --- watching ---------------------------------------------------------------------------------------------------------


def test_what_is_dropped_into_a_folder_is_indexed_once_it_has_come_to_rest(presse: Path, location: Path) -> None:
    lines = watch_folder(presse, location, every_s=0.0, rounds=6)
    assert next(lines).startswith("30 added")
    write_jsonl(presse / "8.jsonl", [record(80)])
    assert next(lines).startswith("1 added")
    assert list(lines) == []
    with pytest.raises(MarbreError, match="no such folder"):
        next(watch_folder(presse / "nowhere", location))


def _never() -> Iterator[Article]:
    raise AssertionError("nothing is read")
    yield


def test_a_rebuild_from_stored_reads_no_source(presse: Path, location: Path) -> None:
    index_folder(presse, location)
    report = build_index(_never(), location, rebuild=True, options=BuildOptions(from_stored=True))
    assert (report.carried, report.articles) == (30, 30)


def test_a_rebuild_mends_a_damaged_article_that_its_file_gives_and_stops_at_one_that_none_gives(tmp_path: Path) -> None:
    source, location = tmp_path / "presse", tmp_path / "index"
    write_jsonl(source / "0.jsonl", [record(0)])
    write_jsonl(source / "1.jsonl", [record(1)])
    index_folder(source, location)
    for path in location.rglob("*.mseg"):
        data = bytearray(path.read_bytes())
        data[data.index(b"Titre 0")] ^= 1  # in the headers, one checksum for both
        path.write_bytes(bytes(data))
    kept = (source / "1.jsonl").rename(tmp_path / "1.jsonl")
    with pytest.raises(IndexCorrupt, match="headers"):
        rebuild_index(location)
    kept.rename(source / "1.jsonl")
    report = rebuild_index(location)
    assert set(content(location)) == {"n0", "n1"}
    assert any("former version is damaged, taken anew from their files: 2" in note for note in report.notes)
    (left,) = check(location, deep=True)
    assert "g00000001" in str(left)  # the generation before, kept for a rollback
    assert open_snapshot(location).folder.name == "g00000002"
