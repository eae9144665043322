"""Does every command, and the site, take a cluster for a LOCATION? And does an archive move there and back without loss?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import marbre
from corpus import read_articles
from corpus.errors import IndexForeign, IndexLocked, IndexMissing, IndexProblem
from indexer import build_index
from indexer.cluster import ClusterWriter, connect
from indexer.withdrawals import rollback_archive, withdraw_article
from search import SearchRequest, open_engine, search
from web import create_app

pytestmark = pytest.mark.cluster
SAMPLE = Path(__file__).parents[2] / "corpus" / "sample"
LINES = [
    {"id": "a1", "title": "La loi du port", "text": "Le port de Mopti a une loi.", "date": "2025-01-02", "source": "L’Essor"},
    {"id": "a2", "title": "Un marché", "text": "Le marché de Ségou.", "date": "2025-02-03", "source": "Le Sahel"},
    {"id": "a3", "title": "Une école", "text": "L’école du port rouvre.", "date": "2024-02-03", "source": "L’Essor"},
]


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command; return exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["marbre", *arguments])
    with pytest.raises(SystemExit) as left:
        marbre.main()
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def archive(tmp_path: Path, new_location) -> tuple[str, Path]:
    """Three articles of one file on the cluster, and the file."""
    location, file = new_location(), written(tmp_path / "a.jsonl", LINES)
    assert build_index(read_articles([file]), location).added == 3
    return location, file


def test_every_command_takes_a_cluster(archive, monkeypatch, capsys, tmp_path: Path) -> None:
    location, file = archive
    at = ("--index", location)
    code, out, _ = run(monkeypatch, capsys, "index", str(file), *at, "--json")
    assert (code, json.loads(out)["unchanged"], json.loads(out)["articles"]) == (0, 3, 3)
    code, out, _ = run(monkeypatch, capsys, "search", "port", *at, "--json")
    assert (code, json.loads(out)["total"]) == (0, 2)
    code, out, _ = run(monkeypatch, capsys, "stats", *at, "--json")
    assert (json.loads(out)["articles"], json.loads(out)["newspapers"]) == (3, {"L’Essor": 2, "Le Sahel": 1})
    assert run(monkeypatch, capsys, "check", "--sources", *at)[0] == 0
    code, out, _ = run(monkeypatch, capsys, "export", "port", *at, "--format", "jsonl")
    assert sorted(json.loads(line)["doc_id"] for line in out.splitlines()) == ["a1", "a3"]
    assert run(monkeypatch, capsys, "delete", "a2", *at)[0] == 0
    assert run(monkeypatch, capsys, "delete", "a2", *at)[0] == 1
    assert run(monkeypatch, capsys, "withdraw", "a3", "--reason", "demande", *at)[0] == 0
    code, out, _ = run(monkeypatch, capsys, "search", "", *at, "--json")
    assert [hit["doc_id"] for hit in json.loads(out)["hits"]] == ["a1"]
    assert run(monkeypatch, capsys, "index", "--rebuild", *at)[0] == 0
    code, out, _ = run(monkeypatch, capsys, "search", "", *at, "--json")
    assert [hit["doc_id"] for hit in json.loads(out)["hits"]] == ["a1"]
    for verb in ("backup", "restore"):
        code, _, err = run(monkeypatch, capsys, verb, str(tmp_path / "copy"), *at)
        assert (code, err.count("\n")) == (1, 1)
        assert "snapshots" in err


def test_a_correction_and_a_file_without_an_article_are_followed(archive, monkeypatch, capsys) -> None:
    location, file = archive
    written(file, [{**LINES[0], "text": "Le port de Mopti a deux lois."}, LINES[1]])
    code, out, _ = run(monkeypatch, capsys, "index", str(file), "--index", location, "--delete-missing", "--json")
    report = json.loads(out)
    assert (code, report["replaced"], report["unchanged"], report["deleted"], report["articles"]) == (0, 1, 1, 1, 2)
    with open_engine(location) as engine:
        article = engine.article("a1")
        assert article is not None
        assert article.updated
        assert search(engine, SearchRequest(text='"deux lois"')).total == 1
        assert search(engine, SearchRequest(text='"une loi"')).total == 0
        assert engine.withdrawn("a3") is None


def test_a_rebuild_can_be_taken_back_and_what_was_withdrawn_stays_out(archive) -> None:
    location, file = archive
    written(file, LINES[:2])
    assert build_index(read_articles([file]), location, rebuild=True).articles == 2
    assert withdraw_article("a1", "demande", location)
    with pytest.raises(IndexProblem, match="--to rebuild"):
        rollback_archive(location)
    rollback_archive(location, to="rebuild")
    with open_engine(location) as engine:
        assert sorted(hit.doc_id for hit in search(engine, SearchRequest()).hits) == ["a2", "a3"]
        assert engine.withdrawn("a1") == "demande"


def test_two_writers_are_one_too_many(archive) -> None:
    location, file = archive
    with ClusterWriter(location), pytest.raises(IndexLocked):
        build_index(read_articles([file]), location)
    assert build_index(read_articles([file]), location).unchanged == 3


def test_what_a_writer_did_not_commit_is_seen_by_nobody(new_location, archive) -> None:
    location, _ = archive
    fresh = new_location()
    with ClusterWriter(fresh):
        pass
    with pytest.raises(IndexMissing):
        open_engine(fresh)
    state = connect(fresh)
    assert state.indexes() == []
    state.client.close()
    with open_engine(location) as engine:
        assert engine.stats().articles == 3


def test_an_archive_of_another_analysis_is_refused_until_it_is_rebuilt(archive) -> None:
    location, file = archive
    state = connect(location)
    found = state.find()
    assert found is not None
    index, made = found
    state.send("PUT", f"/{index}/_mapping", {"_meta": {**made, "analysis": "of-another-year"}})
    state.client.close()
    with pytest.raises(IndexForeign, match="analysis"):
        open_engine(location)
    with pytest.raises(IndexForeign, match="analysis"):
        build_index(read_articles([file]), location)
    assert build_index(read_articles([file]), location, rebuild=True).articles == 3


@pytest.mark.parametrize(("workers", "questions"), [(1, 200), (2, 20)])
def test_an_archive_goes_to_a_cluster_and_back(
    sample_index: Path, new_location, tmp_path: Path, monkeypatch, capsys, workers: int, questions: int
) -> None:
    location, back = new_location(), str(tmp_path / "back")
    for source, target in ((str(sample_index), location), (location, back)):
        code, out, err = run(
            monkeypatch, capsys, "migrate", source, target, "--workers", str(workers), "--questions", str(questions), "--json"
        )
        report = json.loads(out)
        assert (code, report["different"], report["questions"]) == (0, [], questions), err
        assert report["articles"] == 160
    code, out, _ = run(monkeypatch, capsys, "migrate", str(sample_index), location, "--questions", "5", "--json")
    assert (json.loads(out)["added"], json.loads(out)["unchanged"]) == (0, 160)
    with open_engine(sample_index) as one, open_engine(back) as other:
        hits = search(one, SearchRequest(size=100, reprints="all")).hits
        assert [other.article(hit.doc_id) for hit in hits] == [one.article(hit.doc_id) for hit in hits]


@pytest.mark.parametrize(
    "path",
    ["/", "/recherche?q=eau", "/recherche?q=eau&journal=", "/recherche.csv?q=eau", "/recherche.atom?q=eau", "/concordance?q=eau", "/comparer?q=eau&q=loi",
     "/couverture", "/suggestions?q=mar", "/aide", "/sante", "/recherche?q=zzzzz", "/recherche?q=eau&tri=recent&page=2", "/recherche.ris?q=eau"],
)  # fmt: skip
def test_every_page_of_the_site_works_on_a_cluster(samples_location: str, path: str) -> None:
    with open_engine(samples_location) as engine:
        client = create_app(engine).test_client()
        answer = client.get(path)
        assert answer.status_code == 200, path
        if path == "/recherche?q=eau":
            assert "<mark>" in answer.text
            first = search(engine, SearchRequest(text="eau")).hits[0].doc_id
            assert client.get(f"/article/{first}").status_code == 200


@pytest.fixture(scope="module")
def samples_location(new_location) -> str:
    """The sample archive on the cluster."""
    location: str = new_location()
    build_index(read_articles([SAMPLE]), location)
    return location
