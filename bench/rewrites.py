"""What do newspapers do to a dispatch? They cut it, move its sentences, give it another headline, edit it, add to it, sign it.

Made by a seeded generator, so that a figure can be printed again; and texts of routine (weather, lottery, death notices), whose
words are the same each time and which are no reprints of one another. Names and figures in them are made up.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from corpus import Article

__all__ = ["KINDS", "Rewrite", "rewrite", "routine_texts"]

KINDS = ("cut", "reorder", "expand", "edit 5", "edit 10", "edit 20", "edit 30", "edit 40", "cut, edit 10", "reorder, edit 20")
LONGEST_EDIT = 4  # words changed in a row
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_PAPERS = ("L’Aube du Sud", "Le Rivage d’Or", "La Plume libre", "Le Carrefour", "L’Écho des Plaines")
_CREDITS = ("(ASD)", "(avec ASD)", "avec AFIL", "Source : Agence Sahel Dépêches", "")
_TOWNS = "Ségou Bamako Kayes Mopti Sikasso Dakar Thiès Louga Abidjan Bouaké Man Namur Dinant Nantes Vannes Brest Sion Nyon Jacmel Moncton".split()
_FIRST = "Awa Moussa Fatou Ibrahima Jeanne Pierre Léa Yves Marie Luc Aminata Paul Nora Issa Odile René Salif Anne Karim Denise".split()
_LAST = (
    "Traoré Diallo Martin Le Goff Dubois Ndiaye Keïta Lambert Roux Cissé Morel Koné Girard Sow Blanc Faye Petit Sarr Leroy Barry".split()
)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One newspaper's version of an article, and what was done to it."""

    article: Article
    kind: str


def rewrite(article: Article, number: int, others: Sequence[Article], chance: random.Random) -> Rewrite:
    """Return a version of ``article``; ``number`` chooses the kind, ``others`` lend headlines, words and sentences."""
    kind = KINDS[number % len(KINDS)]
    stranger = chance.choice(others)
    sentences = _SENTENCE.split(article.body)
    if "cut" in kind:
        sentences = sentences[: max(1, round(len(sentences) * chance.uniform(0.35, 0.8)))]
    if "reorder" in kind:
        at = chance.randrange(len(sentences))
        sentences = sentences[at:] + sentences[:at]
        chance.shuffle(sentences[: len(sentences) // 2])
    if "expand" in kind:
        more = _SENTENCE.split(stranger.body)
        sentences += more[: max(1, round(len(sentences) * chance.uniform(0.2, 0.6)))]
    text = " ".join(sentences)
    if "edit" in kind:
        text = _edited(text, int(kind.rsplit(" ", 1)[1]) / 100, stranger.body.split(), chance)
    credit = chance.choice(_CREDITS)
    day = date.fromisoformat(article.published or "2020-01-01") + timedelta(days=chance.randrange(4))
    version = replace(
        article,
        doc_id=f"{article.doc_id}-r{number}",
        headline=stranger.headline or "Sans titre",
        body=f"{text}\n\n{credit}".strip(),
        newspaper=chance.choice(_PAPERS),
        published=day.isoformat(),
        url="",
        bylines=(f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",),
    )
    return Rewrite(version, kind)


def routine_texts(count: int, chance: random.Random) -> list[Article]:
    """Return weather reports, draws and death notices, of ``count`` days each."""
    found = []
    for number in range(count):
        day = (date(2024, 1, 1) + timedelta(days=number)).isoformat()
        for kind, text in (("meteo", _weather(chance)), ("loto", _lottery(chance)), ("deces", _notice(chance))):
            found.append(Article(doc_id=f"{kind}-{number}", headline=kind, body=text, newspaper=chance.choice(_PAPERS), published=day))
    return found


def _edited(text: str, share: float, words: Sequence[str], chance: random.Random) -> str:
    """Return a text of which ``share`` of the words were replaced, dropped or put between, a few in a row."""
    kept = text.split()
    left = round(share * len(kept))
    touched: set[int] = set()
    while left > 0 and len(touched) < len(kept):
        length = min(left, chance.randint(1, LONGEST_EDIT))
        at = chance.randrange(len(kept))
        fresh = [place for place in range(at, min(at + length, len(kept))) if place not in touched]
        for place in fresh:
            way = chance.random()
            stranger = words[chance.randrange(len(words))] if words else "mot"
            kept[place] = stranger if way < 0.6 else "" if way < 0.8 else f"{kept[place]} {stranger}"
        touched.update(fresh)
        left -= len(fresh)
    return " ".join(word for word in kept if word)


def _weather(chance: random.Random) -> str:
    towns = chance.sample(_TOWNS, 5)
    degrees = "; ".join(
        f"{town}, {chance.randint(14, 27)} degrés le matin et {chance.randint(24, 43)} degrés l’après-midi" for town in towns
    )
    sky = chance.choice(("dégagé", "voilé", "nuageux", "couvert"))
    return (
        f"Prévisions de la météorologie nationale pour la journée de demain. Le ciel sera {sky} sur l’ensemble du territoire, avec des passages "
        f"nuageux dans l’après-midi. Les températures attendues sont les suivantes : {degrees}. Le vent soufflera du secteur "
        f"{chance.choice(('nord', 'est', 'sud', 'ouest'))} à {chance.randint(5, 60)} km/h, avec des rafales à {chance.randint(61, 95)} km/h. "
        f"La visibilité sera de {chance.randint(4, 10)} kilomètres. La prudence est recommandée aux usagers de la route et aux pêcheurs."
    )


def _lottery(chance: random.Random) -> str:
    numbers = " - ".join(str(number) for number in sorted(chance.sample(range(1, 50), 5)))
    return (
        f"Voici les résultats du tirage de la loterie nationale effectué sous le contrôle d’un huissier de justice. Les numéros gagnants sont : {numbers}. "
        f"Numéro chance : {chance.randint(1, 10)}. Le gros lot de {chance.randint(1, 30)} 000 000 de francs "
        f"{chance.choice(('a été remporté', 'n’a pas été remporté'))}. {chance.randint(20, 900)} joueurs ont trouvé quatre bons numéros et "
        f"gagnent {chance.randint(1000, 9999)} francs chacun. Les gagnants ont soixante jours pour se présenter au siège de la loterie."
    )


def _notice(chance: random.Random) -> str:
    who, kin = (f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" for _ in range(2))
    town = chance.choice(_TOWNS)
    return (
        f"La famille {who.split(' ', 1)[1]}, parents, alliés et amis ont la profonde douleur de faire part du décès de {who}, survenu à {town} à l’âge de "
        f"{chance.randint(48, 97)} ans des suites d’une longue maladie. La levée du corps aura lieu à {chance.randint(8, 11)} heures "
        f"{chance.randint(10, 50)}, suivie de l’inhumation au cimetière de {chance.choice(_TOWNS)}. {kin}, son époux, ses enfants et petits-enfants "
        f"remercient toutes les personnes qui leur ont témoigné leur sympathie dans cette douloureuse épreuve."
    )
