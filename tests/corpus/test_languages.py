"""Is the language told where it is clear, and French where it is not?"""

from __future__ import annotations

import pytest

from corpus import Article
from corpus.article import article_from_record
from corpus.languages import LANGUAGES, detect_language

FRENCH = (
    "Le gouvernement du Mali a dit mardi qu’il ne prendra pas part aux pourparlers avec l’opposition, qui devaient se tenir cette semaine."
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", FRENCH),
        (
            "en",
            "The government of Mali said on Tuesday that it would not take part in the talks with the opposition, which were to be held this week.",
        ),
        (
            "es",
            "El gobierno de Malí dijo el martes que no participará en las conversaciones con la oposición, que debían celebrarse en la capital.",
        ),
        (
            "pt",
            "O governo do Mali disse na terça-feira que não participará das conversações com a oposição, que deviam realizar-se na capital do país.",
        ),
        (
            "it",
            "Il governo del Mali ha detto martedì che non parteciperà ai colloqui con l’opposizione, che si dovevano tenere nella capitale della regione.",
        ),
        (
            "de",
            "Die Regierung von Mali hat am Dienstag erklärt, dass sie nicht an den Gesprächen mit der Opposition teilnehmen werde, die in der Hauptstadt stattfinden.",
        ),
        (
            "ht",
            "Gouvènman an te di madi ke li pap patisipe nan chita pale ak opozisyon an ki ta dwe fèt nan kapital la semèn sa a pou yo jwenn yon akò.",
        ),
        ("ar", "قالت الحكومة إنها لن تشارك في المحادثات مع المعارضة التي كان من المقرر عقدها هذا الأسبوع"),
        ("ru", "Правительство заявило во вторник, что не примет участия в переговорах с оппозицией на этой неделе."),
    ],
    ids=lambda value: value if len(value) == 2 else "",
)
def test_the_language_of_a_paragraph(language: str, text: str) -> None:
    assert detect_language(text) == language
    assert language in LANGUAGES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Breaking News",
        "Résultats : Mali 2 – Togo 1, Bénin 0 – Niger 0, Ghana 3 – Tchad 2, Gabon 1 – Congo 1, Maroc 4 – Libye 0, Kenya 1 – Zambie 2, Angola 1",
        f"« The show must go on », a répété le ministre. {FRENCH}",
        "12 34 56 % € …",
    ],
    ids=["empty", "too short", "a list of names", "a quotation", "no word"],
)
def test_a_doubt_is_french(text: str) -> None:
    assert detect_language(text) == "fr"


def test_a_language_that_is_given_is_never_doubted() -> None:
    english = "The government of Mali said on Tuesday that it would not take part in the talks with the opposition, which were to be held this week."
    assert article_from_record({"texte": english}).language == "en"
    assert article_from_record({"texte": english, "langue": "bm"}).language == "bm"
    assert article_from_record({"texte": english}, language="fr").language == "fr"
    assert Article(body=english).language == "fr"
