"""A small archive, built once by the real indexer and searched by the real engine; the pages under test are the served ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hostile_texts import HOSTILE, hostile_article

from corpus import Article
from indexer import build_index
from search import Engine, open_engine
from web import create_app


def articles() -> Iterator[Article]:
    yield Article(
        doc_id="peche-1",
        newspaper="L’Essor",
        section="Économie",
        headline="Accord de pêche : le port attend",
        standfirst="Un accord attendu depuis 2018.",
        body="Le port de Mopti attend l’accord de pêche.\n\nLes pêcheurs disent : « enfin ! » Ils étaient 1 234.",
        published="2025-10-01",
        bylines=("Awa Sow", "Jean de La Fontaine"),
        tags=("pêche", "port"),
        places=("Mopti",),
        url="https://essor.example/peche",
    )
    yield Article(
        doc_id="brute-2", newspaper="Le Républicain", body="Sans titre, mais avec un accord au port.", published="2024-03", kind="brève"
    )
    yield Article(doc_id="sans-date", headline="Un accord sans date ni journal", body="Le port dort.", url="javascript:alert(1)")
    for place, payload in enumerate(HOSTILE):
        yield hostile_article(f"hostile-{place}", payload, f"https://x.example/{payload}")
    for number in range(45):
        yield Article(
            doc_id=f"brève-{number:02d}".replace("è", "e"),
            newspaper="L’Essor" if number % 3 else "Le Républicain",
            section="Sport" if number % 2 else "Culture",
            headline=f"Match numéro {number}",
            body=f"Le match numéro {number} a eu lieu au stade.",
            published=f"20{18 + number % 8}-0{1 + number % 9}-1{number % 10}",
            bylines=(f"Signature {number:02d}",),
        )


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    location: Path = tmp_path_factory.mktemp("web") / "index"
    build_index(articles(), location)
    with open_engine(location) as opened:
        yield opened


@pytest.fixture(scope="session")
def app(engine: Engine) -> Flask:
    return create_app(engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
