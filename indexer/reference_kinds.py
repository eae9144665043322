"""How does a text cite the acts of the Union, resolutions, conventions and articles of codes? One reader a kind.

Each takes the window that begins with the word itself and returns what it read: span in the window and normal form. Laws and decrees are
in ``references.py``, which looks for the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

from indexer.reference_parts import BLANK, SIGN, SPACES, Number, Window, day_at, day_in_words, eu_number, more_numbers, number_at, plain

__all__ = ["Read", "read_articles", "read_convention", "read_resolutions", "read_union"]

NAMES_FILE: Final = "cited_texts.txt"


class Read(NamedTuple):
    """What was read in a window."""

    start: int
    end: int
    value: str


_EU = re.compile(
    r"(?:(?P<reglement>reglement)s?|(?P<directive>directive)s?)(?![a-z])(?:[ -](?:d'execution|delegues?|europeen(?:ne)?s?|communautaires?|cadres?|general sur la protection des donnees|\(?rgpd\)?"
    r"|du parlement europeen et du conseil|du conseil|de la commission)(?![a-z])){0,3},?"
    rf"(?:{BLANK}\(?(?P<mark>ue|ce|cee|euratom|ce,? euratom|ue,? euratom)\)?(?![a-z]))?"
)
_REGION = re.compile(r" ?/?(?:CM/)?(?P<region>UEMOA|CEMAC|OHADA|CEDEAO)\b")
_EU_SUFFIX = re.compile(r" ?[/-] ?(?:UE|CEE?|Euratom|EURATOM|JAI|PESC)\b|(?:/[A-Z]{2,8})+")
_UN = re.compile(
    rf"resolution(?P<many>s)?(?![a-z])(?: (?:de l'onu|du conseil de securite|des nations unies|de l'assemblee generale|onusienne))?{SPACES}(?P<sign>{SIGN})?{SPACES}(?:s/res/|a/res/)?(?P<figures>\d{{1,4}}(?:/\d{{1,3}})?)(?![\d/x×-]|[.,]\d|[a-z])(?! ?(?:x|×|pixels?|dpi|ppp|[a-z]?px)(?![a-z]))"
)
_UN_YEAR = re.compile(r" ?\((?:\d{4})\)")
_UN_MORE = re.compile(r" ?(?:,|,? et) ?(?P<figures>\d{3,4})(?! ?\))(?![\d/-]|[.,]\d|[a-z])")
_UN_BODY = re.compile(r"(?:onu|nations unies|conseil de securite|assemblee generale)(?![a-z])")
_CONVENTION = re.compile(
    rf"convention(?P<many>s)?(?![a-z])(?! collectives?)(?: (?:internationales?|fondamentales?|de l'oit|oit|de l'organisation internationale du travail|du conseil de l'europe))?{SPACES}(?P<sign>{SIGN})?{SPACES}(?P<figures>\d{{1,3}})(?![\d/-]|[.,]\d|[a-z])"
)
_ILO = re.compile(r"(?:oit|organisation internationale du travail|bit)(?![a-z])")
_OF_A_CODE: Final = rf"{SPACES}(?:\b(?:du|de la|des|au|dans le)(?: (?:nouveau|nouvelle|futur|actuel|ancien))?{BLANK}|de (?:l'|notre |leur |votre ){SPACES})(?=code|constitution|livre|[cl][a-z]{{2,6}}\b)"
_ARTICLES = re.compile(rf"article(?P<many>s)?(?![a-z]){BLANK}(?P<list>.{{1,140}}?)" + _OF_A_CODE)
# The code stands before: in brackets or behind a comma nothing else may follow, « son article 2 » may go on.
_ARTICLES_ALONE = re.compile(rf"articles?(?![a-z]){BLANK}(?P<list>[^();:]{{1,80}}?)(?=\)|[,.;]?$|(?<![ .][lrdao])[.;,] )")
_ITS_ARTICLES = re.compile(
    rf"articles?(?![a-z]){BLANK}(?P<list>[^();:]{{1,80}}?)(?=\)|[,.;]?$|(?<![ .][lrdao])[.;,] | (?!(?:et|ou|a|bis|ter|quater|[a-z]+ies)(?![a-z]))[a-z]{{2,}})"
)
_LEADS: Final = ("(", ", ", ",\u00a0", "son ", "ses ", "nouvel ", "nouveaux ")
_EU_DAY = re.compile(r",?(?: (?:relati[fv]e|sur|concernant|etablissant|portant|dite?)[^.;:!?()]{1,110}?)?,? (?:en date )?du (?=\d)")
_CONVENTION_DAY = re.compile(
    r"(?:convention(?! collective)(?: (?:fiscale|internationale|bilaterale|judiciaire|franco-[a-z]{3,14}|de|d'|des|du|sur|relative|contre|pour|entre|europeenne)(?![a-z])[^.;:!?()\d]{0,90}?)?)?,? (?:en date )?du (?=\d|premier)"
)
_AND_ARTICLES = re.compile(
    rf"{SPACES},?{SPACES}(?:et|ou|ainsi que|que)?{BLANK}(?:(?:de |a )?l'article )?(?P<list>[lrda]?\.?{SPACES}\d.{{0,100}}?)" + _OF_A_CODE
)
_ITEM = re.compile(
    rf"(?P<letter>[lrda]\.?{SPACES}o?\.?{SPACES}\*?{SPACES})?(?P<number>\d{{1,4}}(?:er|ier)?(?![a-z])(?: ?[-.] ?\d{{1,4}}){{0,4}}(?:-[a-z]{{1,2}}(?![a-z'-]))?|premier|unique)(?P<middle> [a-z](?= (?:bis|ter|quater|quinquies)(?![a-z])))?"
    r"(?P<rank> (?:bis|ter|quater|(?:quinqu|sex|sept|oct|non|dec|undec|duodec|terdec|quaterdec|quindec|sexdec|septdec|octodec|novodec|vic|unvic|duovic|tervic|quatervic|quinvic|sexvic|septvic|octovic|novovic|tric|sept|quaterv)i?es|quinquies|sexies|septies|octies|nonies|[a-z]{3,14}cies)(?![a-z]))?"
    r"(?P<capital> [a-z]{1,2}(?![a-z']))?"
)
_BETWEEN = re.compile(r" ?(?:,|et|ou|a|ainsi que|,? et|,? ou)(?: suivants)? ?(?:(?:de |a )?l'article |les? |aux? )?| - ")
_AFTER_ITEM = re.compile(
    r"(?: ?[,(]? ?(?:(?:premier|deuxieme|second|troisieme|quatrieme|cinquieme|sixieme|dernier|avant-dernier) alinea|(?:alineas?|al\.|paragraphes?|§) ?(?:\d{1,2}(?:er|ier)?|[ivx]{1,4})(?: et \d{1,2})?"
    r"|et suivants|precite|modifie|nouveau|[ivx]{1,4}(?:-\d{1,2})?(?![a-z])) ?\)?,?){0,3},?"
)


def read_union(window: Window) -> Iterator[Read]:
    """Read a regulation or directive of the European Union, or of an African one."""
    found = _EU.match(window.plain)
    if found is None:
        return
    directive = found["directive"] is not None
    number = number_at(window, found.end())
    values = [(number, _union_value(number, window, directive, found["mark"]))] if number is not None else []
    if number is not None and values[0][1] is not None:
        values += [(more, _union_value(more, window, directive, found["mark"])) for more in more_numbers(window, number.end)]
        yield from _listed((one, value) for one, value in values if value is not None)
        return
    dated = _EU_DAY.match(window.plain, found.end())
    day = day_at(window.plain, dated.end()) if dated and (directive or found.end() > len("reglements")) else None
    if day is not None:
        yield Read(0, day[1], f"{'directive' if directive else 'règlement'} du {day_in_words(day[0])}")


def _union_value(number: Number, window: Window, directive: bool, mark: str | None) -> str | None:
    read = eu_number(number, year_first=directive)
    if read is None:
        return None
    figures, year = read
    region = _REGION.search(window.raw, number.end - 14 if number.end > 14 else 0, number.end + 14)
    if region is not None:
        return f"{'directive' if directive else 'règlement'} n° {figures} {region['region']}"
    if (mark and "euratom" in mark) or "uratom" in window.raw[number.end - 8 : number.end + 9]:
        age = "Euratom"
    else:
        age = "CEE" if year < 1994 else "CE" if year < 2010 else "UE"
    if directive:
        return f"directive (UE) {figures}" if year >= 2015 and age == "UE" else f"directive {figures}/{age}"
    return f"règlement ({age}) {'' if year >= 2015 else 'n° '}{figures}"


def _listed(values: Iterator[tuple[Number, str]]) -> Iterator[Read]:
    """Yield each of a list; the first begins with the word itself."""
    start = 0
    for number, value in values:
        yield Read(start, number.end, value)
        start = number.end + 1


def read_resolutions(window: Window) -> Iterator[Read]:
    """Read resolutions of the United Nations; other bodies number from 1 each year, so that a small number needs theirs named."""
    found = _UN.match(window.plain)
    if found is None:
        return
    after = _UN_YEAR.match(window.plain, found.end())
    end = after.end() if after else found.end()
    named = _UN_BODY.search(window.plain, 0, end + 60) is not None
    if not (len(found["figures"]) >= 3 or named or after):
        return
    yield Read(0, end, f"résolution {found['figures']}")
    while found["many"] and (more := _UN_MORE.match(window.plain, end)) is not None:
        yield Read(more.start("figures"), more.end(), f"résolution {more['figures']}")
        end = more.end()


def read_convention(window: Window) -> Iterator[Read]:
    """Read a convention by its number (of the ILO), its day or its name."""
    named = _names("convention").match(window.plain)
    found = None if named else _CONVENTION.match(window.plain)
    dated = _CONVENTION_DAY.match(window.plain, named.end() if named else 0)
    day = day_at(window.plain, dated.end()) if dated else None
    if day is not None:
        yield Read(0, day[1], f"convention du {day_in_words(day[0])}")
    elif named is not None:
        yield Read(0, named.end(), _canonical()[named[0]])
    elif found is not None and (found["sign"] or _ILO.search(window.plain, 0, found.end() + 60)):
        yield Read(0, found.end(), f"convention n° {int(found['figures'])}")
        if found["many"]:
            yield from (
                Read(more.end - len(more.figures[0]), more.end, f"convention n° {int(more.figures[0])}")
                for more in more_numbers(window, found.end())
                if len(more.figures) == 1
            )


def read_articles(window: Window) -> Iterator[Read]:
    """Read articles of a code or of the Constitution; an article of anything else is no text of its own."""
    yield from list(_before_their_code(window)) or _behind_their_code(window)


def _behind_their_code(window: Window) -> Iterator[Read]:
    """Read « le code de la sécurité intérieure (article R. 252-11) », « la Constitution, dans son article 2 »."""
    if not window.before.endswith(_LEADS):
        return
    code = _names_ending().search(plain(window.before))
    found = (_ITS_ARTICLES if code["its"] else _ARTICLES_ALONE).match(window.plain) if code is not None else None
    if code is not None and found is not None:
        items = list(_items(window, found.start("list"), found.end("list")))
        yield from (
            Read(at if number else 0, at + len(item), f"article {_article(item)} {_of(_canonical()[code['name']])}")
            for number, (at, item) in enumerate(items)
        )


def _before_their_code(window: Window) -> Iterator[Read]:
    """Read « article R. 252-11 du code de la sécurité intérieure », and lists of such."""
    found = _ARTICLES.match(window.plain)
    start = 0
    while found is not None:
        code = _names("code").match(window.plain, found.end())
        if code is None:
            return
        items = list(_items(window, found.start("list"), found.end("list")))
        for number, (at, item) in enumerate(items):
            last = number == len(items) - 1
            yield Read(
                at if number else start, code.end() if last else at + len(item), f"article {_article(item)} {_of(_canonical()[code[0]])}"
            )
        found = _AND_ARTICLES.match(window.plain, code.end()) if items else None
        start = 0 if found is None else found.start("list")


def _items(window: Window, at: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the articles of a list (« L. 1 et L. 2 », « 3 à 5 »); nothing when the list holds anything else."""
    found: list[tuple[int, str]] = []
    while True:
        item = _ITEM.match(window.plain, at, end)
        if item is None:
            return
        stop = item.end()
        if item["capital"] and not window.raw[item.start("capital") + 1 : stop].isupper():
            stop = item.start("capital")
        found.append((item.start(), window.raw[item.start() : stop]))
        after = _AFTER_ITEM.match(window.plain, stop, end)
        at = after.end() if after else stop
        if not window.plain[at:end].strip(" ,"):
            break
        between = _BETWEEN.match(window.plain, at, end) or _BETWEEN.match(window.plain, stop, end)
        if between is None:
            return
        at = between.end()
    yield from found


def _article(item: str) -> str:
    """Return « L. 123-4 », « 199 sexvicies », « 1er » for an article as printed."""
    found = _ITEM.match(plain(item))
    if found is None:
        return item
    letters = re.sub(r"[^a-z*]", "", found["letter"] or "").upper()
    number = "1er" if found["number"] == "premier" else re.sub(r" ?[-.] ?", "-", found["number"]).replace("ier", "er")
    number = re.sub(r"-([a-z]{1,2})$", lambda letter: letter[0].upper(), number)
    rest = (found["middle"] or "").upper() + (found["rank"] or "") + (found["capital"] or "").upper()
    lead = {"": "", "LO": "L.O. "}.get(letters, f"{letters[:1]}. {letters[1:]}" if len(letters) < 2 else f"{letters[0]}. {letters[1:]}")
    return f"{lead}{number}{rest}"


def _of(name: str) -> str:
    return f"de la {name}" if name == "Constitution" else f"du {name}"


@lru_cache(maxsize=1)
def _canonical() -> dict[str, str]:
    """Return the names of the list, in plain letters, and what each stands for."""
    lines = (resources.files("indexer.data") / NAMES_FILE).read_text(encoding="utf-8").splitlines()[1:]
    rows = [line.split(" = ") for line in lines if line]
    return {plain(name): names[0] for names in rows for name in names}


@lru_cache(maxsize=2)
def _names(kind: str) -> re.Pattern[str]:
    """Return a pattern of the names that are conventions, or of the others, the longest first."""
    names = sorted((name for name in _canonical() if name.startswith("convention") == (kind == "convention")), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, names))})(?![a-z])")


@lru_cache(maxsize=1)
def _names_ending() -> re.Pattern[str]:
    """Return a pattern of a name that is no convention, with the bracket or comma that ends a text."""
    names = sorted((name for name in _canonical() if not name.startswith("convention")), key=len, reverse=True)
    return re.compile(
        rf"(?<![a-z'])(?P<name>{'|'.join(map(re.escape, names))})"
        r"(?: ?\(|, |(?P<its>,? (?:(?:(?:dans|en|a|par|et|selon) )?(?:son|ses) (?:nouvel |nouveaux )?|(?:un|l'|de|les) ?(?:nouvel|nouveaux) )))$"
    )
