"""Which laws, decrees, resolutions, treaties and articles of codes does a text cite, and where? One normal form for every spelling.

« loi n°2012-023 », « LOI N° 2012-23 du 12 juillet 2012 » and « loi 2012/023 » are « loi n° 2012-23 »; a text cited by its day alone is « loi du 11
février 2005 ». Leading zeros, suffixes of the office (/AN, /PR) and the sign before the number are spelling; figures are not: 2012-032 is another
law. A text must have a number or a whole day (« la loi de 1905 » may be any of that year), an article its code, a convention a name of the list.
Bills are no laws: « projet de loi n° 1234 » is not read. ``find_references`` looks for a few stems and reads on only where one stands,
so that most articles cost some microseconds. Nothing here raises, and every pattern has bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from indexer.reference_kinds import Read, read_articles, read_convention, read_resolutions, read_union
from indexer.reference_parts import (
    BLANK,
    SIGN,
    SPACES,
    Number,
    Window,
    act_number,
    day_at,
    day_in_words,
    more_numbers,
    number_at,
    plain,
    window_at,
)

__all__ = ["Reference", "cited_texts", "find_references", "normal_reference"]


Reader = Callable[[Window], Iterator[Read]]


@dataclass(frozen=True, slots=True)
class Reference:
    """One text cited: the span as printed, half-open, and its normal form."""

    start: int
    end: int
    value: str


_BILL = re.compile(r"(?:projet|proposition|avant-projet)s? (?:de |d')$")
_LOOK_BACK: Final = 24
_DIGIT = re.compile(r"\d")
# A figure as citations have it: behind « du », « n° », « numéro », the word itself; with another behind a hyphen; an article of a code. Looked for
# in one byte a character with every figure a 0, so that the search can jump from figure to figure; « ? » stands for all that Latin-1 has not.
_SIGNAL = re.compile(
    rb"0(?<!0.)(?:(?<=[ \xa0?].)(?:(?<=[Dd][Uu]..)|(?<=[\xb0\xbaos.?LRDAO]..)|(?<=[LRDAO]...)|(?<=pris le .)|(?<=rise le .)"
    rb"|(?<=di .)(?:(?<=[Dd]u (?:lun|mar|jeu)di .)|(?<=[Dd]u samedi .)|(?<=[Dd]u (?:vendredi|mercredi|dimanche) .))"
    rb"|(?<=(?i: loi|lois|cret|rets|r[\xea\xca]t[\xe9\xc9]|rete|[\xea\xca]t[\xe9\xc9]s|etes|ance|nces|ment|ents|tive|ives|tion|ions|icle|cles|ique|ques|ahir| oit|\(ue\)|\(ce\)|cee\))..))"
    rb"|(?<=[\xb0\xbao?.LRDAOlrda].)|(?<=\n.)(?:(?<=[LRDA]\.\n.)|(?<=[LRDA]\.\n\n.))|(?=0{0,4}[-/.?]0))"
)
_FIGURES: Final = bytes.maketrans(b"123456789", b"000000000")
_SMALL: Final = bytes(plain(bytes([byte]).decode("latin-1")).encode("latin-1")[0] for byte in range(256))
_DIGIT_CHARS: Final = 150  # from the word to the first figure of its number or day
_ARTICLE_BEGINS = re.compile(r"[Aa]rticles?[^\S\n]{1,3}(?:[LRDAlrda][ .\u00a0\u202f\dO*]|\d|premier|unique)|ARTICLES? ")

_SORTS: Final = "organiques?|constitutionnell?e?s?|federale?s?|ordinaires?|cadres?|uniformes?|speciale?s?|fondamentale?s?"
_ACT = re.compile(
    rf"(?:(?P<loi>loi)(?P<many>s)?(?:[- ](?P<sort>{_SORTS}))?|(?P<decret>decret)(?P<decrets>s)?(?:-lois?)?|(?P<arrete>arrete)(?P<arretes>s)?"
    r"|(?P<ordonnance>ordonnance)(?P<ordonnances>s)?(?:-lois?)?|(?P<dahir>dahir)(?P<dahirs>s)?)(?![a-z])"
    r"(?: (?:(?:inter)?ministeriels?|prefectora(?:l|ux)|municipa(?:l|ux)|roya(?:l|le|ux|les)|conjoints?|grand-duca(?:l|ux)|presidentiels?|executifs?"
    r"|gouvernementa(?:l|ux)|souveraines?|imperia(?:l|ux)|legislatifs?|federa(?:l|le|ux|les)|communa(?:l|ux)|regiona(?:l|ux))(?![a-z])){0,2}"
)
_KINDS: Final = {"loi": "loi", "decret": "décret", "arrete": "arrêté", "ordonnance": "ordonnance", "dahir": "dahir"}
_SORT_NAMES: Final = {"orga": "loi organique", "cons": "loi constitutionnelle", "fede": "loi fédérale", "unif": "loi uniforme"}
_TITLE = re.compile(  # what may stand between « loi » and its day: its title, its name, its author
    rf"(?P<title>(?:,?{BLANK}(?:dite?s? )?[«\"][^«»\".]{{1,80}}[»\"])?(?:,?{BLANK}(?:dite?s? |de |d'|des |du |sur |en |relati[fv]es? |portant |pour |contre |visant |tendant |"
    r"renforcant |garantissant |autorisant |instituant |creant |modifiant |instaurant |fixant |completant |organisant |ratifiant |abrogeant )[^«».;:!?()]{1,110}?)??)"
    rf",?{BLANK}(?:en date )?(?P<before>du|de ce|prise? le) (?=\d|premier [a-z]{{3,9}} \d|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
)
_NAMED = re.compile(
    r"(?P<title>(?: {1,3}[A-ZÉÈÎÔ][\w’'-]{1,20}| {1,3}(?:de|du|la|des|et)){1,5}),? {1,3}du (?=\d)"
)  # loi Fillioud du 29 juillet 1982
_ADJECTIVES = re.compile(
    r"(?P<title>(?: {1,3}[a-z][a-z'-]{2,18}){1,3}?),? {1,3}(?:du|prise? le) (?=\d)"
)  # loi pénitentiaire du 24 novembre 2009
_DESCRIBED: Final = ("loi", "decret", "ordonnance")  # « décret très récent du 14 juin 2017 »; « arrêté » is a participle, too
_SPAN_OF_DAYS = re.compile(r" (?:au|jusqu'au) (?:\d|[a-z]+ \d)")  # du 1er janvier au 31 décembre 2015 is no day of a law
_TITLED_NUMBER = re.compile(rf"(?:{BLANK}[^«».;:!?()\d]{{1,90}}?)?[, (]{{1,3}}(?={SIGN}{SPACES}\d)")
_STOPS = re.compile(
    r"\b(?:compter|partir|depuis|qui|que|qu'|dont|seance|scrutin|avant|apres|vigueur|est|sont|ont|avait|sera|jusqu|lors|amendements?|projets?|propositions?|seances?|reunions?"
    r"|articles?|lois?|decrets?|arretes?|ordonnances?|directives?|reglements?|numeros?|annexes?|tables?|vote[er]?s?|adoptee?s?|publiee?s?|debats?|journaux|rapports?|audience|jugement|audition|accord)(?![a-z])"
)
_NUMBER_BEHIND = re.compile(rf"(?=[, (]{{1,3}}{SIGN}{SPACES}\d)")
_WITH_DAY = re.compile(
    r",?(?: {1,3}| ?\( ?)(?:en date )?du (?=\d|premier [a-z]{3,9} \d|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
)
_PLAIN_LAW = re.compile(
    r"loi (?:n ?° ?|no )?(\d{2,3})(?! ?[-/%€°.]\d|\d| ?[%€]| (?:articles?|amendements?|ans?|mois|jours?|fois|lois?|pages?|euros?|francs?|millions?|milliards?)(?![a-z]))(?![a-z])"
)


def find_references(text: str) -> list[Reference]:
    """Return what a text cites, in order of place; spans do not overlap."""
    found = [
        Reference(start + read.start, start + read.end, read.value)
        for start, reader in _heads(text)
        for read in reader(window_at(text, start))
    ]
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Reference] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def cited_texts(*texts: str) -> tuple[str, ...]:
    """Return the normal forms of what texts cite, each once, in order of place."""
    return tuple(dict.fromkeys(one.value for text in texts for one in find_references(text)))


def normal_reference(value: str) -> str:
    """Return the normal form of a value that is a citation as a whole (as sources put it into their metadata), or the value itself."""
    found = find_references(value)
    return found[0].value if len(found) == 1 and len(value.strip()) == found[0].end - found[0].start else value


def _heads(text: str) -> Iterator[tuple[int, Reader]]:
    """Yield where a word stands that may begin a citation, and who reads on from there.

    Looked at are only the stretches before a figure that stands as in a citation (and conventions, which have names); in one byte a character
    and small plain letters.
    """
    coded = text.encode("latin-1", "replace")
    small = coded.translate(_SMALL)
    for start, end in _stretches(coded):
        for stem, before, reader in _STEMS:
            at = small.find(stem, start, end)
            while at >= 0:
                yield from _head(text, at - before, reader)
                at = small.find(stem, at + len(stem), end)
    at = small.find(_CONVENTION_STEM)
    while at >= 0:
        yield from _head(text, at, read_convention)
        at = small.find(_CONVENTION_STEM, at + len(_CONVENTION_STEM))


def _stretches(coded: bytes) -> list[list[int]]:
    """Return where, before which figures, a word may stand that cites."""
    stretches: list[list[int]] = []
    for signal in _SIGNAL.finditer(coded.translate(_FIGURES)):
        end = signal.start()
        start = max(0, end - _DIGIT_CHARS)
        if stretches and start <= stretches[-1][1]:
            stretches[-1][1] = end
        else:
            stretches.append([start, end])
    return stretches


def _head(text: str, start: int, reader: Reader) -> Iterator[tuple[int, Reader]]:
    if start >= 0 and not (start and text[start - 1].isalnum()) and _may_cite(text, start, reader) and not _is_bill(text, start):
        yield start, reader


def _may_cite(text: str, start: int, reader: Reader) -> bool:
    """Tell whether it is worth reading on: with a figure near; a convention may be cited by its name alone."""
    if reader is read_articles and not _ARTICLE_BEGINS.match(text, start):
        return False
    return reader is read_convention or _DIGIT.search(text, start, start + _DIGIT_CHARS) is not None


def _is_bill(text: str, start: int) -> bool:
    before = plain(text[max(0, start - _LOOK_BACK) : start])
    return before.endswith((" de ", "'")) and _BILL.search(before) is not None


def _read_act(window: Window) -> Iterator[Read]:
    """Read a law, decree, order, ordinance or dahir: by its number, or else by its day."""
    found = _ACT.match(window.plain)
    if found is None:
        return
    kind = next(name for name in _KINDS if found[name])
    label = _SORT_NAMES.get((found["sort"] or "")[:4], _KINDS[kind]) if kind == "loi" else _KINDS[kind]
    number = number_at(window, found.end())
    value = act_number(number) if number is not None else None
    if number is None or value is None:
        titled = _TITLED_NUMBER.match(window.plain, found.end())
        if titled is not None and not _STOPS.search(titled[0]):
            number = number_at(window, titled.end())
            value = act_number(number) if number is not None and len(number.figures) > 1 else None
    if number is not None and value is not None:
        yield from _numbered(window, label, number, value)
    elif kind == "loi" and not found["many"] and (short := _PLAIN_LAW.match(window.plain)) is not None:
        yield Read(0, short.end(), f"loi n° {short[1]}")
    else:
        yield from _dated(window, label, found.end(), kind)


def _numbered(window: Window, label: str, number: Number, value: str) -> Iterator[Read]:
    """Yield a text by its number, and the further ones of a list; a plain number is completed by its day."""
    end = number.end
    with_day = _WITH_DAY.match(window.plain, end)
    day = day_at(window.plain, with_day.end()) if with_day else None
    if day is not None:
        end = day[1]
        if "-" not in value:
            value = f"{value} du {day_in_words(day[0])}"
    yield Read(0, end, f"{label} n° {value}")
    for more in more_numbers(window, end):
        other = act_number(more) if len(more.figures) > 1 else None
        if other is None:
            return
        yield Read(more.end - len("-".join(more.figures)), more.end, f"{label} n° {other}")


def _dated(window: Window, label: str, at: int, kind: str) -> Iterator[Read]:
    """Yield a text by its day: at once, behind its title, or behind the name of its author; with its number if that follows."""
    ways = [
        _TITLE.match(window.plain, at),
        _NAMED.match(window.raw, at),
        _ADJECTIVES.match(window.plain, at) if kind in _DESCRIBED else None,
    ]
    titles = [way for way in ways if way is not None and not _STOPS.search(plain(way["title"]))]
    day = day_at(window.plain, titles[0].end()) if titles and _is_title(titles[0]["title"], kind) else None
    if day is None or _SPAN_OF_DAYS.match(window.plain, day[1]):
        return
    after = _NUMBER_BEHIND.match(window.plain, day[1])
    number = number_at(window, after.end()) if after else None
    value = act_number(number) if number is not None and len(number.figures) > 1 else None
    if number is not None and value is not None:
        yield Read(0, number.end, f"{label} n° {value}")
    else:
        yield Read(0, day[1], f"{label} du {day_in_words(day[0])}")


def _is_title(title: str, kind: str) -> bool:
    """Tell whether words can stand between the kind and the day: « arrêté » is a participle, too (« arrêté pour vol »)."""
    return (
        kind != "arrete" or not title or re.match(r" {1,3}(?:du |de la |des |relatif |portant |fixant |modifiant |en )", title) is not None
    )


# The stems that are looked for (in small plain letters), how many letters of the word stand before them, who reads on.
_STEMS: Final[tuple[tuple[bytes, int, Reader], ...]] = (
    (b"loi", 0, _read_act),
    (b"cret", 2, _read_act),
    (b"arrete", 0, _read_act),
    (b"ordonnance", 0, _read_act),
    (b"dahir", 0, _read_act),
    (b"article", 0, read_articles),
    (b"glement", 2, read_union),
    (b"directive", 0, read_union),
    (b"solution", 2, read_resolutions),
)
_CONVENTION_STEM: Final = b"convention"
