"""Does the Python of the contract run as it is written there?"""

from __future__ import annotations

from pathlib import Path

import pytest

LINES = '{"journal": "L\'Essor", "titre": "Trafic de migrants", "texte": "Des migrants arrêtés.", "date": "2025-10-01"}\n' + (
    '{"journal": "Le Sahel", "titre": "Trafic de migrants", "texte": "Un autre.", "date": "2025-10-02"}\n{"titre": ""}\n'
)


def test_the_python_of_the_contract_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("presse").mkdir()
    Path("presse/octobre.jsonl").write_text(LINES, encoding="utf-8")

    from corpus import Article, read_articles
    from indexer import build_index
    from search import Filter, SearchRequest, open_engine, search

    report = build_index(read_articles(["presse/"]), "index")
    assert (report.added, report.replaced, report.unchanged, report.rejected) == (2, 0, 0, 1)
    with open_engine("index") as engine:
        page = search(engine, SearchRequest(text="trafic de migrants", filters=(Filter("newspaper", ("L'Essor",)),), size=20))
        assert page.total == 1
        assert page.hits[0].headline == "Trafic de migrants"
        assert [bucket.count for bucket in page.facets["newspaper"].buckets] == [1, 1]
        assert isinstance(engine.article(page.hits[0].doc_id), Article)


def test_an_engine_may_be_used_without_with_and_from_many_threads(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from corpus import Article
    from indexer import build_index
    from search import SearchRequest, open_engine, search

    build_index((Article(doc_id=f"t{number}", headline="Le port", body="L’accord de pêche. " * number) for number in range(50)), tmp_path / "index")
    engine = open_engine(tmp_path / "index")
    with ThreadPoolExecutor(8) as pool:
        totals = list(pool.map(lambda _: search(engine, SearchRequest(text="port pêche")).total, range(64)))
    engine.close()
    assert totals == [49] * 64


def test_every_public_name_is_there() -> None:
    import corpus
    import indexer
    import search

    for package in (corpus, indexer, search):
        missing = [name for name in package.__all__ if not hasattr(package, name)]
        assert not missing
