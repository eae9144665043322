"""Which questions would break a parser? Random ones, always the same for a seed: grammar, Unicode, mutations of real ones.

A third is put together from the pieces of the query language in no order, a third is random Unicode (controls, lone
surrogates, combining marks, bidi, other scripts) and a third is a real question with characters deleted, doubled or swapped.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

PIECES: Final = tuple(
    """
    ( ) (( )) " “ ” « » ' ’ - + = ~ * ? ~1 ~2 ~9 >=3 ≥2 / : .. , . ! [ ]
    ET OU SAUF AND OR NOT ANDNOT PROCHE/5 ADJ/2 NEAR/0 PROCHE/ MEMEPAR TO
    titre: chapo: texte: auteur: journal: rubrique: lieu: id: url: date: maj: langue:
    2025 2025-10 2025-10-09 2024..2025 [2024 octobre 300 000 1er XXe n° € 3,5 F-16 2012-023
    le la et est Est mali Mali maïs vice-président porte-parole l’école d'or qu’il aujourd’hui N’Djamena O.N.U. élu(e)s
    étudiant·e·s député migr* *tion m?t pré*fixe a b redaction@exemple.ml http://exemple.ml/a?b=c #JeSuisCharlie œuvre
    """.split()
)
REAL: Final = (
    "trafic de migrants",
    "médaille d’or -Paris",
    "titre:(loi OU décret) date:2024..2025-03",
    "« accord de paix » SAUF (Mopti OU Ségou)",
    '"président mali"~5 journal:"L\'Essor"',
    "sécheresse PROCHE/5 récolte lieu:kayes",
    "à 9 h 30 : Yannick, « Mali : la loi »",
    "vice-président>=3 migr* mot~1 =pêche",
    'date:"octobre 2025" auteur:diallo id:essor-2025',
)
SPICE: Final = (
    "\0\x1b\u00a0\u00ad\u0301\u0338\u200b\u200d\u202e\u2028\u202f\ud800\udfff\ufeff\uffff\U0001f600\U000e0041½②ﬁſİıßŒÆɛɓߒⵣمаΩ字ｅ！＂"
)


def fuzz_queries(count: int, *, seed: int = 2025) -> Iterator[str]:
    """Yield ``count`` questions, the same for the same seed."""
    chance = random.Random(seed)
    makers = (_grammar, _unicode, _mutated)
    for number in range(count):
        yield makers[number % 3](chance)


def _grammar(chance: random.Random) -> str:
    pieces = chance.choices(PIECES, k=chance.randint(1, 24))
    return "".join(piece + chance.choice((" ", " ", " ", "", "\u00a0", "\n")) for piece in pieces)


def _unicode(chance: random.Random) -> str:
    length = chance.randint(0, 60)
    return "".join(_character(chance) for _ in range(length))


def _character(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return chr(chance.randrange(0x20, 0x180))
    if kind < 0.65:
        return chance.choice('abeélsàœ0129 (): "«»’-*?~=+[].,')
    if kind < 0.85:
        return chance.choice(SPICE)
    return chr(chance.randrange(0x110000))


def _mutated(chance: random.Random) -> str:
    text = list(chance.choice(REAL))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(text) + 1)
        act = chance.randrange(4)
        if act == 0:
            del text[at : at + chance.randint(1, 3)]
        elif act == 1:
            text.insert(at, _character(chance))
        elif act == 2:
            text[at:at] = text[at : at + chance.randint(1, 6)]
        else:
            text.insert(at, chance.choice(PIECES))
    return "".join(text)
