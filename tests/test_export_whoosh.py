"""Does any Whoosh program read what is exported for it?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from whoosh import index as whoosh_index
from whoosh.query import Term

import marbre
from corpus import Article
from indexer import build_index
from indexer.french import term


def test_an_exported_archive_is_a_plain_whoosh_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    articles = [Article(headline="Trois lois votées", body="Les lois sont votées.", newspaper="L’Essor"), Article(body="Le maïs est bon.")]
    build_index(articles, tmp_path / "index")
    monkeypatch.setattr("sys.argv", ["marbre", "export", "--index", str(tmp_path / "index"), "--whoosh", str(tmp_path / "stock")])
    with pytest.raises(SystemExit) as ended:
        marbre.main()
    assert ended.value.code == 0
    assert "2 articles" in capsys.readouterr().out
    with whoosh_index.open_dir(tmp_path / "stock").searcher() as searcher:
        hits = searcher.search(Term("body", term("loi")))
        assert [json.loads(hit["article"])["headline"] for hit in hits] == ["Trois lois votées"]


def test_an_existing_folder_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    build_index([Article(body="Le maïs est bon.")], tmp_path / "index")
    monkeypatch.setattr("sys.argv", ["marbre", "export", "--index", str(tmp_path / "index"), "--whoosh", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        marbre.main()
    assert ended.value.code == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
