"""Does the command do what the contract says: exit codes, one line for each error, clean output for programs?"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import marbre
from search.exporting import cell

ROOT = Path(__file__).resolve().parent.parent
PAGE_KEYS = {"query", "total", "took_ms", "page", "hits", "facets", "timeline", "relaxed", "notes", "suggestion", "partial", "approximate", "generation", "articles", "reprints"}
RECORDS: list[dict[str, Any]] = [
    {"id": "n1", "journal": "L’Essor", "titre": "Accord de pêche au port", "texte": "La sécurité du port.", "date": "2025-10-09", "rubrique": "Économie"},
    {"id": "n2", "journal": "Le Sahel", "titre": "=SOMME(A1:A9)", "texte": "Un accord de calcul.", "date": "2024-03", "auteur": ["-Awa", "Ève Ba"]},
    {"id": "n3", "titre": "Le port dort", "texte": "Rien au port."},
]


@dataclass(frozen=True)
class Run:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Marbre:
    """Runs the command in this process; the arguments and the two streams are those of a shell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def __call__(self, *args: object) -> Run:
        self.monkeypatch.setattr(sys, "argv", ["marbre", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            marbre.main()
        streams = self.capsys.readouterr()
        return Run(int(ended.value.code or 0), streams.out, streams.err)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Marbre:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MARBRE_INDEX", raising=False)
    monkeypatch.delenv("MARBRE_DEBUG", raising=False)
    return Marbre(monkeypatch, capsys)


def write_source(folder: Path, records: list[dict[str, Any]] = RECORDS, name: str = "presse.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def indexed(run: Marbre, tmp_path: Path) -> Marbre:
    """A shell in a folder with the index of three articles at ./index."""
    assert run("index", write_source(tmp_path)).code == 0
    return run


def is_one_line(run: Run, *said: str) -> bool:
    assert run.err.startswith("marbre: ")
    assert run.err.count("\n") == 1, run.err
    assert "Traceback" not in run.err
    assert "unexpected" not in run.err
    for part in said:
        assert part in run.err
    return run.out == ""


# --- index ------------------------------------------------------------------------------------------------------------


def test_indexing_reports_in_json_and_a_second_time_changes_nothing(run: Marbre, tmp_path: Path) -> None:
    source = write_source(tmp_path)
    first, second = (run("index", source, "--index", tmp_path / "x", "--json") for _ in range(2))
    assert list(first.json) == ["added", "replaced", "unchanged", "rejected", "articles", "seconds"]
    assert [first.json[key] for key in ("added", "replaced", "unchanged", "rejected", "articles")] == [3, 0, 0, 0, 3]
    assert [second.json[key] for key in ("added", "replaced", "unchanged", "rejected", "articles")] == [0, 0, 3, 0, 3]
    assert (first.code, second.code, first.err, second.err) == (0, 0, "", "")


def test_indexing_says_in_words_what_it_did(run: Marbre, tmp_path: Path) -> None:
    done = run("index", write_source(tmp_path))
    assert done.code == 0
    assert done.out.startswith("3 added, 0 replaced, 0 unchanged, 0 rejected; 3 articles in index")
    assert done.err == ""  # quiet when piped


def test_what_was_refused_makes_exit_3_and_is_listed(run: Marbre, tmp_path: Path) -> None:
    source = write_source(tmp_path)
    source.write_text(source.read_text(encoding="utf-8") + 'pas du JSON\n{"titre": ""}\n', encoding="utf-8")
    done = run("index", source, "--json")
    assert (done.code, done.json["added"], done.json["rejected"]) == (3, 3, 2)
    assert done.err.count("\n") == 2
    assert "line 4" in done.err and "line 5" in done.err
    again = run("index", source, "--rejects", tmp_path / "rejects.jsonl", "--json")
    assert (again.code, again.err) == (3, "")
    rows = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["file"], row["place"]) for row in rows] == [(str(source), "line 4"), (str(source), "line 5")]
    assert all(row["reason"] for row in rows)


def test_the_newspaper_may_be_given_and_the_index_rebuilt(run: Marbre, tmp_path: Path) -> None:
    source = write_source(tmp_path, [{"titre": "Note"}])
    run("index", source, "--newspaper", "L’Essor")
    assert run("stats", "--json").json["newspapers"] == {"L’Essor": 1}
    assert run("index", write_source(tmp_path), "--rebuild", "--json").json["articles"] == 3


def test_the_place_of_the_index_comes_from_the_environment(run: Marbre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARBRE_INDEX", str(tmp_path / "là-bas"))
    run("index", write_source(tmp_path))
    assert (tmp_path / "là-bas").is_dir()
    assert not (tmp_path / "index").exists()
    assert run("stats", "--json").json["articles"] == 3


# --- search -----------------------------------------------------------------------------------------------------------


def test_a_search_in_json_is_the_result_page_and_nothing_else(indexed: Marbre) -> None:
    done = indexed("search", "securite", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert set(done.json) == PAGE_KEYS
    (hit,) = done.json["hits"]
    ((start, end),) = hit["snippet"]["spans"]
    assert hit["snippet"]["text"][start:end] == "sécurité"
    assert indexed("search", "securite", "--json").json["hits"] == done.json["hits"]


def test_no_hit_is_no_failure(indexed: Marbre) -> None:
    done = indexed("search", "xyzzy", "--json")
    assert (done.code, done.json["total"], done.json["hits"]) == (0, 0, [])
    assert indexed("search", "xyzzy", "--format", "jsonl").out == ""


def test_a_search_in_json_lines_is_one_hit_a_line(indexed: Marbre) -> None:
    lines = indexed("search", "port OU accord", "--format", "jsonl").out.splitlines()
    assert {json.loads(line)["doc_id"] for line in lines} == {"n1", "n2", "n3"}


def test_no_cell_of_a_csv_is_a_formula(indexed: Marbre) -> None:
    rows = list(csv.DictReader(io.StringIO(indexed("search", "accord", "--format", "csv").out)))
    by_id = {row["doc_id"]: row for row in rows}
    assert set(by_id) == {"n1", "n2"}
    assert by_id["n2"]["headline"] == "'=SOMME(A1:A9)"
    assert by_id["n2"]["bylines"] == "'-Awa; Ève Ba"
    assert by_id["n1"]["headline"] == "Accord de pêche au port"
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row.values() if cell)


@pytest.mark.parametrize("start", list("=+-@\t\r＝＋－＠"), ids=ascii)
def test_every_start_of_a_formula_is_guarded(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell("1+1") == "1+1"
    assert cell(-1.5) == -1.5


def test_a_search_in_text_shows_marks_and_no_control_characters(run: Marbre, tmp_path: Path) -> None:
    run("index", write_source(tmp_path, [{"id": "n", "titre": "Le port", "texte": "Au port. \u009b31m \u200e fin"}]))
    out = run("search", "port").out
    assert "[port]" in out
    assert "compris comme : port" in out
    assert all(letter.isprintable() or letter in "\n\u00a0\u202f" for letter in out)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from", "2025"], {"n1"}),
        (["--to", "2024"], {"n2"}),
        (["--from", "2024-03", "--to", "2024-03"], {"n2"}),
        (["--from", "9 octobre 2025"], {"n1"}),
        (["--filter", "journal=L'Essor"], {"n1"}),
        (["--filter", "newspaper=l’essor", "--filter", "journal=LE SAHEL"], {"n1", "n2"}),
        (["--filter", "journal="], {"n3"}),
        (["--exclude", "journal=L’Essor"], {"n2", "n3"}),
        (["--exclude", "journal="], {"n1", "n2"}),
        (["--filter", "annee=2025", "--filter", "rubrique=economie"], {"n1"}),
        (["--match", "all"], {"n1", "n2", "n3"}),
        (["--size", "1", "--sort", "newest"], {"n1"}),
        (["--size", "1", "--page", "2", "--sort", "newest"], {"n2"}),
        (["--size", "1", "--sort", "oldest"], {"n2"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_narrow_and_order_the_answer(indexed: Marbre, options: list[str], expected: set[str]) -> None:
    assert {hit["doc_id"] for hit in indexed("search", "port OU accord", *options, "--json").json["hits"]} == expected


@pytest.mark.parametrize(("match", "total", "relaxed"), [("auto", 3, True), ("all", 0, False), ("any", 3, False)])
def test_match_says_what_happens_when_no_article_has_every_word(indexed: Marbre, match: str, total: int, relaxed: bool) -> None:
    answer = indexed("search", "port calcul", "--match", match, "--json").json
    assert (answer["total"], answer["relaxed"]) == (total, relaxed)


def test_an_explanation_names_the_parts_of_the_score(indexed: Marbre) -> None:
    (hit,) = indexed("search", "securite", "--explain", "--json").json["hits"]
    assert hit["explanation"]["words"][0]["word"] == "securite"


def test_a_batch_answers_each_row_in_order_and_echoes_it(indexed: Marbre, tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text('\ufeffquery,note\nport,"première, ici"\n,vide\nxyzzy,\n"accord ""', encoding="utf-8")
    done = indexed("search", "--batch", "questions.csv", "--size", "1", "--match", "all")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert [set(row) for row in rows] == [PAGE_KEYS | {"row"}] * 4
    assert [(row["total"], row["row"]) for row in rows[:3]] == [
        (2, {"query": "port", "note": "première, ici"}),
        (3, {"query": "", "note": "vide"}),
        (0, {"query": "xyzzy", "note": ""}),
    ]
    assert all(len(row["hits"]) <= 1 for row in rows)


# --- the other commands -----------------------------------------------------------------------------------------------


def test_statistics_have_the_keys_of_the_contract(indexed: Marbre) -> None:
    stats = indexed("stats", "--json").json
    assert list(stats)[:7] == ["articles", "generation", "newspapers", "since", "until", "segments", "bytes"]
    assert (stats["articles"], stats["newspapers"]) == (3, {"L’Essor": 1, "Le Sahel": 1})
    assert (stats["since"], stats["until"]) == ("2024-03-01", "2025-10-09")
    assert indexed("stats").out.startswith("3 articles, 2024-03-01 to 2025-10-09")


def _flip(path: Path, place: int) -> bytes:
    """Change one byte of a file; return what it held."""
    data = path.read_bytes()
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    return data


@pytest.mark.parametrize(
    ("suffix", "place", "section"),
    [
        (".mseg", 70, "section "),
        (".mseg", -70, "table of sections: "),
        (".mseg", -3, "footer: "),
        (".ledger", 20, "block 1: "),
        (".ledger", -30, "directory: "),
        (".reprints", 66, "section meta: "),
        ("manifest-1.json", 40, "manifest: "),
        ("_MAIN_1.toc", 40, ""),
        ("current", 3, ""),
    ],
)
def test_check_names_the_file_and_the_section_that_is_damaged(indexed: Marbre, tmp_path: Path, suffix: str, place: int, section: str) -> None:
    (path,) = (path for path in (tmp_path / "index").rglob("*") if path.name.endswith(suffix))
    _flip(path, place)
    run = indexed("check", "--deep")
    assert (run.code, run.err) == (1, "")
    name = path.relative_to(tmp_path / "index").as_posix()
    assert run.out.startswith(f"{name}, {section}" if section else f"{name}: ")
    assert run.out.endswith("damaged: index\n")


def test_an_archive_mended_by_a_rebuild_is_sound_though_the_former_one_is_kept(indexed: Marbre, tmp_path: Path) -> None:
    (path,) = (tmp_path / "index").rglob("*.mseg")
    _flip(path, 70)
    assert indexed("check", "--deep").code == 1
    assert indexed("index", "--rebuild").code == 0
    run = indexed("check", "--deep")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"g00000001/{path.name}, section ")
    assert "“marbre rollback” cannot go back there" in run.out
    assert run.out.endswith("\nsound, but for a former generation that rollback would need: index\n")


@pytest.mark.parametrize("command", [("stats",), ("stats", "--json"), ("export",), ("export", "--whoosh", "stock")], ids=" ".join)
def test_what_comes_from_an_older_generation_says_so(indexed: Marbre, tmp_path: Path, command: tuple[str, ...]) -> None:
    indexed("index", write_source(tmp_path, [{"id": "later", "titre": "Plus tard"}], "more.jsonl"))
    assert indexed(*command).err == ""
    shutil.rmtree(tmp_path / "stock", ignore_errors=True)
    _flip(tmp_path / "index/g00000001/manifest-2.json", 40)
    run = indexed(*command)
    assert run.code == 0
    assert run.err == "note: the newest version of index is damaged, what follows is of the one before; see: marbre check\n"


def test_the_analysis_is_shown_word_by_word(run: Marbre) -> None:
    text = "L’école, aujourd’hui : les Maliens"
    rows = run("analyze", text, "--json").json
    assert [text[row["start"] : row["end"]] for row in rows] == [row["token"] for row in rows] == ["école", "aujourd’hui", "les", "Maliens"]
    assert {"token", "start", "end", "position", "rule", "exact", "term", "accent", "stop"} <= set(rows[0])
    table = run("analyze", text)
    assert (table.code, table.out.count("\n")) == (0, 5)
    assert run("analyze", "", "--json").json == []


def test_deleted_articles_are_gone_and_an_unknown_id_fails_in_one_line(indexed: Marbre) -> None:
    done = indexed("delete", "n1", "--json")
    assert (done.code, done.json, done.err) == (0, {"deleted": ["n1"], "missing": []}, "")
    again = indexed("delete", "n1", "n2", "--json")
    assert (again.code, again.json) == (1, {"deleted": ["n2"], "missing": ["n1"]})
    assert again.err.count("\n") == 1
    assert "n1" in again.err
    assert indexed("stats", "--json").json["articles"] == 1


def test_an_id_never_seen_is_withdrawn_only_by_force(indexed: Marbre) -> None:
    refused = indexed("withdraw", "n99", "--reason", "demande")
    assert refused.code == 1
    assert is_one_line(refused, "no article n99", "--force")
    assert indexed("withdraw", "n99", "--reason", "demande", "--force", "--json").json == {"withdrawn": "n99", "was_there": False}
    assert indexed("withdraw", "n1", "--reason", "demande", "--json").json == {"withdrawn": "n1", "was_there": True}
    assert indexed("withdraw", "n1", "--reason", "autre motif", "--json").json == {"withdrawn": "n1", "was_there": False}


def test_one_is_singular_and_a_page_past_the_last_is_said(indexed: Marbre) -> None:
    assert indexed("search", "securite").out.startswith("1 article (")
    assert indexed("search", "xyzzy").out.startswith("0 article (")
    assert indexed("search", "port").out.startswith("2 articles (")
    assert "Il n’y a pas de page 9 : la dernière est la page 1." in indexed("search", "port", "--page", "9").out
    assert "pas de page" not in indexed("search", "port").out
    assert "1 article without a date" in indexed("stats").out


def test_a_file_that_cannot_be_written_is_said_before_any_work(indexed: Marbre, tmp_path: Path) -> None:
    for args in (["index", "presse.jsonl", "--rejects", "nulle-part/refus.jsonl"], ["export", "--output", "nulle-part/export.jsonl"]):
        done = indexed(*args)
        assert done.code == 1
        assert is_one_line(done, "nulle-part", "create it, or choose another file")
        assert done.out == ""
    assert indexed("stats", "--json").json["generation"] == 1


def test_articles_without_a_newspaper_make_no_gap(run: Marbre, tmp_path: Path) -> None:
    rows = [{"id": f"g{year}{journal}", "titre": "t", "texte": f"Texte {year} {journal}.", "date": f"{year}-01-01", "journal": journal} for year in (2020, 2024) for journal in ("", "L’Essor")]
    run("index", write_source(tmp_path, rows))
    assert [line for line in run("stats").out.splitlines() if line.startswith("gap")] == ["gap: 47 months of L’Essor, 2020-02 to 2023-12"]
    assert [gap["newspaper"] for gap in run("stats", "--coverage", "--json").json["gaps"]] == ["L’Essor"]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["index", "nowhere.jsonl"], ["nowhere.jsonl"]),
        (["index", "empty"], ["empty"]),
        (["search", "port", "--index", "nowhere"], ["no index at nowhere", "marbre index"]),
        (["search", "port", "--index", "empty"], ["no index at empty"]),
        (["search", "port", "--index", "presse.jsonl"], ["presse.jsonl"]),
        (["stats", "--index", "nowhere"], ["no index at nowhere"]),
        (["delete", "x", "--index", "nowhere"], ["no index at nowhere"]),
        (["delete", "x", "--index", "empty"], ["no index at empty"]),
        (["index", "presse.jsonl", "--index", "presse.jsonl"], ["a folder is expected", "choose another place"]),
        (["backup", "presse.jsonl"], ["write the index at", "a folder is expected"]),
        (["export", "--whoosh", "empty"], ["empty", "choose another name"]),
        (["search", "--batch", "nowhere.csv"], ["nowhere.csv", "a CSV file with a column"]),
        (["search", "--batch", "presse.jsonl"], ["query"]),
        (["search", "--batch", "latin1.csv"], ["latin1.csv", "UTF-8"]),
        (["search", "--batch", "long.csv"], ["long.csv"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_failure_is_one_line_and_exit_1(indexed: Marbre, tmp_path: Path, args: list[str], said: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin1.csv").write_bytes("query\nsécurité\n".encode("latin-1"))
    (tmp_path / "long.csv").write_bytes(b"query\n" + b"x" * 200_000 + b"\0\n")
    done = indexed(*args)
    assert done.code == 1
    assert is_one_line(done, *said)
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["search", "port", "--filter", "couleur=bleu"], ["couleur", "newspaper"]),
        (["search", "port", "--filter", "headline=Note"], ["headline"]),
        (["search", "port", "--filter", "journal"], ["--filter", "FIELD=VALUE"]),
        (["search", "port", "--filter", "month=2025-13"], ["month", "2025-13"]),
        (["search", "port", "--filter", "mois=20-2510"], ["month", "20-2510"]),
        (["search", "port", "--from", "hier"], ["--from", "hier"]),
        (["search", "port", "--from", "2025", "--to", "2024"], ["2025"]),
        (["search", "port", "--size", "0"], ["size"]),
        (["search", "port", "--size", "1000"], ["size"]),
        (["search", "port", "--page", "0"], ["page"]),
        (["search", "port", "--page", "99999999999999999999"], ["page"]),
        (["search", "--batch", "questions.csv", "--format", "ris"], ["--batch", "JSON Lines"]),
        (["watch", ".", "--rounds", "-1"], ["--rounds"]),
        (["watch", ""], ["empty name"]),
        (["index", ""], ["empty name"]),
        (["index", "presse.jsonl", "--index", ""], ["empty name"]),
        (["migrate", "index", "index"], ["TO", "another place than index"]),
        (["serve", "--rate-limit", "beaucoup"], ["--rate-limit", "120/minute"]),
        (["withdraw", "n1", "--reason", ""], ["--reason", "1 to"]),
        (["stats", "--index", "opensearch+http://nom:mot@hote:9200/presse"], ["--index", "without credentials"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_value_that_cannot_be_is_wrong_usage(indexed: Marbre, args: list[str], said: list[str]) -> None:
    done = indexed(*args)
    assert done.code == 2
    assert is_one_line(done, *said)


@pytest.mark.parametrize(
    "args",
    [["search"], ["search", "port", "--batch", "x.csv"], ["search", "--batch", "."], ["search", "port", "--sort", "random"], ["search", "port", "--size", "dix"], ["index"], ["nonsense"], ["search", "port", "--nonsense"], ["delete"]],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exit_2(indexed: Marbre, args: list[str]) -> None:
    done = indexed(*args)
    assert done.code == 2
    assert is_one_line(done, "--help")


def test_without_a_command_the_help_is_shown(run: Marbre) -> None:
    done = run()
    assert done.code == 2
    assert "Commands:\n" in done.out + done.err


@pytest.mark.parametrize("command", ["", "index", "search", "serve", "stats", "analyze", "delete", "demo"])
def test_every_command_has_help(run: Marbre, command: str) -> None:
    done = run(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: marbre" in done.out


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_one_line(run: Marbre, tmp_path: Path) -> None:
    source = write_source(tmp_path)
    source.chmod(0)
    done = run("index", source)
    assert done.code in (1, 3)
    assert done.err.count("\n") == 1
    assert str(source) in done.err


def test_a_link_to_itself_is_one_line(run: Marbre, tmp_path: Path) -> None:
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    done = run("index", "loop.jsonl")
    assert done.code in (1, 3)
    assert done.err.count("\n") == 1
    assert "loop.jsonl" in done.err


def test_a_folder_of_files_that_hold_nothing_is_said(run: Marbre, tmp_path: Path) -> None:
    (tmp_path / "dossier").mkdir()
    (tmp_path / "dossier" / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    done = run("index", "dossier")
    assert done.code in (1, 3)
    assert "Traceback" not in done.err
    assert done.err


QUERIES = ["", " ", '"', "(((((", "-", "OU OU", "\x00", "\udcff", "e\u0301" * 300, "titre:", "*" * 400, "date:2025-99", "~9", "’", "x" * 100_000, "🙂 PROCHE/5 🙂"]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: ascii(query)[:20])
@pytest.mark.parametrize("form", ["json", "text", "csv"])
def test_any_question_gets_an_answer(indexed: Marbre, query: str, form: str) -> None:
    done = indexed("search", "--format", form, "--", query)
    assert (done.code, done.err) == (0, "")
    if form == "json":
        assert set(done.json) == PAGE_KEYS


# --- the real thing: another process ----------------------------------------------------------------------------------


def shell(*args: object, before: str = "pass", stdin: str = "", **environment: str) -> Run:
    code = f"import sys; {before}; from marbre import main; sys.argv[0] = 'marbre'; main()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)], input=stdin, capture_output=True, encoding="utf-8", cwd=ROOT, env={**os.environ, **environment}, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr)


def test_json_lines_are_read_from_standard_input_and_searched(tmp_path: Path) -> None:
    location = tmp_path / "index"
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS)
    first = shell("index", "-", "--index", location, "--json", stdin=lines)
    assert (first.code, first.json["added"], first.err) == (0, 3, "")
    found = shell("search", "sécurité", "--index", location, "--json", LC_ALL="C")
    assert (found.code, found.json["total"], found.err) == (0, 1, "")


def test_an_index_of_another_analysis_is_refused_with_the_command_that_rebuilds_it(tmp_path: Path) -> None:
    location, source = tmp_path / "index", write_source(tmp_path)
    other = (
        "import indexer, search; "
        "[setattr(module, 'analysis_digest', lambda: 'f' * 64) for module in list(sys.modules.values()) if hasattr(module, 'analysis_digest')]"
    )
    assert shell("index", source, "--index", location, before=other).code == 0
    for args in (["search", "port"], ["stats"], ["index", source], ["delete", "n1"]):
        refused = shell(*args, "--index", location)
        assert refused.code == 1
        assert is_one_line(refused, "another", "--rebuild")
    assert shell("index", source, "--index", location, "--rebuild", "--json").json["articles"] == 3
    assert shell("search", "port", "--index", location, "--json").json["total"] == 2


def test_a_reader_that_goes_away_is_no_failure(sample_index: Path) -> None:
    code = "import sys; from marbre import main; main()"
    command = [sys.executable, "-W", "error", "-c", code, "search", "", "--size", "100", "--json", "--index", str(sample_index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        errors = process.stderr.read()
        assert (process.wait(60), errors) == (0, b"")


def test_the_sample_archive_is_read_without_a_refusal(run: Marbre, tmp_path: Path) -> None:
    done = run("index", ROOT / "corpus" / "sample", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["added"] == done.json["articles"] >= 60


def test_acronyms_are_listed_and_decided(run: Marbre, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"id": "a", "titre": "t", "texte": "La Politique nationale de migration (Ponam).", "date": "2025-10-10"}\n', encoding="utf-8")
    index = str(tmp_path / "index")
    run("index", str(source), "--index", index)
    assert run("acronyms", "--index", index).out == "Ponam = Politique nationale de migration: 1 article, 2025-10-10\n"
    assert json.loads(run("acronyms", "PONAM", "politique nationale de migration", "--refuse", "--json", "--index", index).out) == {"changed": True}
    assert run("acronyms", "--index", index).out == ""
    assert json.loads(run("acronyms", "po", "--refused", "--json", "--index", index).out)[0]["state"] == "refused"
    assert run("acronyms", "PONAM", "politique nationale de migration", "--forget", "--index", index).out == "noted\n"
    assert run("acronyms", "PONAM", "--accept", "--index", index).code == 2
    assert run("acronyms", "PONAM", "x y", "--index", index).code == 2
    both = run("acronyms", "PONAM", "politique nationale de migration", "--accept", "--refuse", "--index", index)
    assert both.code == 2 and "--accept and --refuse" in both.err
    slip = run("acronyms", "PONAM", "politique nationale de migrations et", "--refuse", "--index", index)
    assert slip.code == 2 and "nearest: Ponam “Politique nationale de migration”); --add" in slip.err
    assert run("acronyms", "FAO", "Organisation pour l’alimentation", "--add", "--index", index).out == "noted\n"
    assert run("acronyms", "FAO", "Organisation pour l’alimentation", "--forget", "--index", index).out == "noted\n"


def test_a_list_of_acronyms_says_how_many_more_there_are(run: Marbre, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"id": "a", "texte": "Politique nationale de migration (Ponam). Union postale universelle (UPU). Office des forêts (ODF)."}\n', encoding="utf-8")
    index = str(tmp_path / "index")
    run("index", str(source), "--index", index)
    cut = run("acronyms", "--size", "1", "--json", "--index", index)
    assert (len(cut.json), cut.err) == (1, "1 of 3 pairs; --size 3 lists all, ACRONYM those that begin so\n")
    assert run("acronyms", "--size", "3", "--index", index).err == ""
    none = run("acronyms", "ZZZ", "--index", index)
    assert (none.code, none.out, none.err) == (0, "", "the archive explains no acronym that begins with ZZZ\n")
