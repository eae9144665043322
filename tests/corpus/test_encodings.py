"""Is a French text read in the encoding it was written in?"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corpus
from corpus import read_articles
from corpus.encodings import REPAIRED, decode, repaired

TEXTS = {
    "news": "Le président s’est rendu à l’école où « l’été » a été fêté : où sont passés les élèves, ça et là ?",
    "plain": "La cérémonie d'ouverture, tenue à Ségou, a réuni des élus, des médecins et des bénévoles du secteur privé.",
    "short": "Décès d'un journaliste à Thiès",
    "initial capitals": "Éducation nationale : l'État prépare la rentrée. À Évry, l'École de la Île reste fermée.",
    "accents at word ends": "Il a décidé, il a parlé, il a gagné la majorité à l'assemblée du comté où il est né.",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso8859-15", "mac-roman", "cp850")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_an_undeclared_text_is_read_as_written(name, encoding):
    data = TEXTS[name].encode(encoding, "ignore")
    assert decode(data).text == data.decode(encoding)


def test_the_ligature_tells_latin_9_from_windows():
    text = "Le cœur des sœurs et les œuvres : 12 € le dîner."
    assert decode(text.encode("iso8859-15")).text == text
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "iso8859-15", "mac-roman", "cp850", "utf-16"])
@given(text=st.text(alphabet="abc éèàçùêîôû.,'\n", max_size=80))
def test_a_correct_declaration_is_followed(encoding, text):
    assert decode(text.encode(encoding), encoding).text == text


def test_a_page_that_declares_latin_1_but_is_utf_8_is_read_as_utf_8():
    assert decode("Été à Kédougou".encode(), "iso-8859-1").text == "Été à Kédougou"


def test_latin_1_is_read_as_windows_as_browsers_do():
    assert decode("l’œuvre, déjà".encode("cp1252"), "ISO-8859-1").text == "l’œuvre, déjà"


@pytest.mark.parametrize("declared", ["rot13", "zip", "idna", "unicode_escape", "nul\0", "x" * 500, "utf-7"])
def test_a_declaration_that_is_no_encoding_of_text_is_passed_over(declared):
    assert decode("déjà +AGE- \\u0041".encode(), declared).text == "déjà +AGE- \\u0041"


def test_a_broken_byte_in_a_utf_8_text_costs_one_character():
    data = "Les élèves où étaient-ils ? À l’école.".encode()
    assert decode(data[:4] + b"\xff" + data[4:]).text == "Les \ufffdélèves où étaient-ils ? À l’école."


@given(st.binary(max_size=300), st.none() | st.text(max_size=12))
def test_any_bytes_are_read_without_failing(data, declared):
    assert isinstance(decode(data, declared).text, str)


@given(st.text(max_size=200).filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_utf_8_is_always_read_back(text):
    assert decode(text.encode("utf-8", "ignore")).text == text.encode("utf-8", "ignore").decode()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_encoded_twice_is_read_as_it_was_meant(name, encoding):
    text = TEXTS[name].replace("’", "'") if encoding == "latin-1" else TEXTS[name]
    twice = "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())
    assert decode(twice.encode()).text == twice
    assert (repaired(twice) or twice) == text


@pytest.mark.parametrize(
    "text",
    [
        "Le sigle « Ã© » apparaît à la place d’un é.",
        "São Paulo, Ângela et Ãngelo",
        "Château, âge, Âge, âpreté, Ålesund",
        "Le maître a dit : « Â » est une lettre.",
        "√2 est irrationnel",
        "",
    ],
)
def test_a_right_text_is_left_alone(text):
    assert repaired(text) is None


@given(st.text(alphabet="abcdéèàçùêîôûœ’«» .,'\n", max_size=200))
def test_nothing_right_is_repaired(text):
    assert repaired(text) is None


def test_an_article_encoded_twice_is_mended_and_reported(tmp_path):
    path = tmp_path / "a.jsonl"
    garbled = "Le maire a dÃ©clarÃ© qu’il Ã©tait dÃ©jÃ\xa0 parti.".replace("’", "â€™")
    path.write_text(f'{{"titre": "Le dÃ©part", "texte": "{garbled}"}}\n{{"titre": "Déjà", "texte": "Rien à réparer."}}\n', "utf-8")
    stream = read_articles([path])
    articles = list(stream)
    assert [(one.headline, one.body) for one in articles] == [
        ("Le départ", "Le maire a déclaré qu’il était déjà parti."),
        ("Déjà", "Rien à réparer."),
    ]
    assert [one.extra.get("encoding") for one in articles] == [REPAIRED, None]
    assert len(stream.notes) == 1 and "1 articles were encoded twice" in stream.notes[0]


@cache
def _sample_bodies() -> list[str]:
    folder = Path(corpus.__file__).parent / "sample"
    return [article.body[:600] for article in read_articles([folder]) if len(article.body) > 300]


@pytest.mark.parametrize("encoding", [*ENCODINGS, "latin-1"])
def test_the_sample_articles_are_read_in_every_encoding(encoding):
    bodies = _sample_bodies()
    data = [body.encode(encoding, "ignore") for body in bodies]
    right = sum(decode(one).text == one.decode(encoding) for one in data)
    assert right >= 0.99 * len(bodies)


def test_the_sample_articles_encoded_twice_are_repaired_and_the_others_left_alone():
    bodies = _sample_bodies()
    assert [body for body in bodies if repaired(body) is not None] == []
    twice = [body.encode().decode("latin-1") for body in bodies]
    assert sum(repaired(one) == body for one, body in zip(twice, bodies, strict=True)) >= 0.99 * len(bodies)
