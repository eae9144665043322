"""Does a mapping file say which column is which field, for its folder and for patterns, and is a mistake in it one clear line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus import Article, read_articles
from corpus.errors import SourceUnreadable


@pytest.fixture
def presse(tmp_path: Path) -> Path:
    """Two newspapers, each with columns of its own."""
    (tmp_path / "sahel").mkdir()
    (tmp_path / "sahel" / "mai.csv").write_text("Titre de l’article;Jour\nLe fleuve monte;05/12/2025\n", encoding="utf-8")
    (tmp_path / "essor.jsonl").write_text(
        '{"Manchette": "Budget voté", "Interne": "x7", "journal": "Autre"}\n{"Manchette": "Pluie"}\n', encoding="utf-8"
    )
    return tmp_path


def read(folder: Path, **options: str) -> dict[str, Article]:
    stream = read_articles([folder], **options)  # type: ignore[arg-type]
    found = {article.headline: article for article in stream}
    assert stream.rejects == []
    return found


MAPPING = """
newspaper = "L’Essor"
[columns]
"Manchette" = "titre"
"interne" = ""
[[files]]
pattern = "sahel/*.csv"
newspaper = "Le Sahel"
date_format = "%m/%d/%Y"
columns = {"Titre de l’article" = "headline", "Jour" = "date"}
"""


def test_columns_newspapers_and_dates_follow_the_mapping(presse: Path) -> None:
    (presse / "marbre.toml").write_text(MAPPING, encoding="utf-8")
    found = read(presse)
    assert (found["Le fleuve monte"].newspaper, found["Le fleuve monte"].published) == ("Le Sahel", "2025-05-12")
    assert (found["Pluie"].newspaper, found["Budget voté"].newspaper) == ("L’Essor", "Autre")
    assert dict(found["Budget voté"].extra) == {}


def test_the_command_line_says_more_than_the_mapping(presse: Path) -> None:
    (presse / "marbre.toml").write_text(MAPPING, encoding="utf-8")
    assert read(presse, newspaper="La Croisée")["Le fleuve monte"].newspaper == "La Croisée"


def test_the_nearest_mapping_counts_most(presse: Path) -> None:
    (presse / "marbre.toml").write_text(MAPPING, encoding="utf-8")
    (presse / "sahel" / "marbre.toml").write_text('journal = "Sahel Dimanche"\nlangue = "ha"\n', encoding="utf-8")
    found = read(presse)["Le fleuve monte"]
    assert (found.newspaper, found.language) == ("Sahel Dimanche", "ha")


def test_a_file_given_by_itself_has_the_mapping_of_its_folder(presse: Path) -> None:
    (presse / "marbre.toml").write_text(MAPPING, encoding="utf-8")
    assert [article.newspaper for article in read_articles([presse / "essor.jsonl"])] == ["Autre", "L’Essor"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('jounal = "L’Essor"', "“jounal” is not known"),
        ("newspaper = 3", "a text in double quotes"),
        ("newspaper = ", "not a mapping file"),
        ('[columns]\n"Titre" = "titer"', "field “titer” is not known"),
        ('columns = "titre"', "[columns] holds lines"),
        ('[[files]]\nnewspaper = "x"', "needs a pattern"),
        ('date_format = "jj/mm/aaaa"', "%d/%m/%Y"),
        ("\udcff", "not a mapping file"),
    ],
    ids=["unknown key", "number", "broken", "unknown field", "no table", "no pattern", "date format", "not UTF-8"],
)
def test_a_mistake_in_the_mapping_stops_before_anything_is_read(presse: Path, text: str, said: str) -> None:
    (presse / "marbre.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SourceUnreadable) as caught:
        list(read_articles([presse]))
    assert said in str(caught.value)
    assert "marbre.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
