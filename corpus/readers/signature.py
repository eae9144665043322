"""Where does a pasted article end, who signed it, and is what follows the cut teasers of other articles?

A page copied from a news site is the article, its signature (« Source : … », « Rédaction … », a name, an agency), then
the first words of other articles, each one line and often cut. Nothing names that tail: it is known by its making. Its
lines are much longer than the wraps of the article, none runs on into the next, and they end in « .. », « … », « […] »,
« Lire la suite », or all at the same length. When in doubt the text stays whole: a tail kept in the article makes it
too long, a tail cut off by mistake would lose its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from corpus.cleaning import clean_line, ends_sentence, wrap_width

__all__ = ["NAME", "Page", "Signature", "Teaser", "named_credit", "read_names", "read_signature", "split_page"]

# Agencies of the francophone world and those it reprints. Source: members of FAAPA and EANA, and the usual world wires.
AGENCY: Final = (
    r"(?:AFP|AP|Reuters|Belga|ATS|Keystone-ATS|Keystone|MAP|TAP|APS|AMAP|ANP|AIB|AIP|ABP|AGP|AMI|ATOP|APA(?:news)?|PANA|Panapress|ACP|ABI|ACI|"
    r"ADI|ACAP|ANI|ANTA|ANGOP|Infocongo|ATPE|Anadolu|Xinhua|EFE|ANSA|dpa|"
    r"La Presse [Cc]anadienne|Agence [A-ZÀ-Ý][\w’'\- ]{2,40})"
)
_PARTICLE = r"(?:de|du|des|de la|d[’']|le|la|ag|ben|ould|mint|el|al|bin|van|von|der|da|dos|N[’'])"
_WORD = r"(?:[A-ZÀ-Ý][\w’'\-]+|[A-ZÀ-Ý]\.(?:-?[A-ZÀ-Ý]\.)*|[dDlLN][’'][A-ZÀ-Ý][\w’'\-]+)"
NAME: Final = rf"{_WORD}(?:\s+(?:{_PARTICLE}\s+)?{_WORD}){{1,4}}"
_NAMES = rf"{NAME}(?:\s*(?:,|et|&|/)\s*{NAME}){{0,4}}"
_ROLE = r"(?:\s*(?:,\s*(?:notre\s+)?(?:envoyée?s?|correspondante?s?|stagiaires?|à)\b.{0,60}|\((?![A-Z]{2,8}\)).{2,40}\)))?"
_WITH_AGENCY = rf"(?:\s*(?:\(|/|-|–|,?\s*avec\s+(?:l[’'])?)\s*(?P<agency>{AGENCY}|agences?|[A-Z]{{3,8}})\)?)?"

_SOURCE = re.compile(r"\(?(?:Sources?|Crédits?)\s*:\s*(?P<credit>[^\s].*?)\)?[.\s]*$")
_NEWSROOM = re.compile(
    r"(?:La\s+[rR][ée]daction|R[ée]daction|(?:LA\s+)?RÉDACTION)(?:\s+(?P<link>de\s+|du\s+|des\s+|d[’'])?"
    r"(?P<name>[A-ZÀ-Ý\d].{1,58}[^.!?…]))?\s*$"
)
_BY = re.compile(
    r"(?:(?:[ÉE]crit\s+|Propos\s+recueillis\s+|Recueillis?\s+|Texte\s+|Réalisée?\s+|Traduite?\s+)?[Pp]ar|PAR|Auteure?s?\s*:|Texte\s*:|"
    r"(?:De\s+)?[Nn]otre\s+(?:envoyée?\s+spéciale?|correspondante?)(?:\s+(?:à|au|en)\s+\w[\w’'\- ]+?)?\s*,?)\s+"
    rf"(?P<names>{_NAMES}|[Ll]a [Rr]édaction.{{0,40}}){_ROLE}{_WITH_AGENCY}[.\s]*$"
)
_WITH = re.compile(
    rf"\(?[Aa]vec\s+(?P<credit>(?:l[’'])?{AGENCY}(?:\s*(?:,|et)\s*(?:l[’'])?{AGENCY})*|"
    rf"(?:les\s+)?agences?|[A-Z]{{3,8}})\)?[.\s]*$"
)
_ALONE = re.compile(rf"(?:\((?P<a>[^()]{{2,40}})\)|(?P<b>{AGENCY}))$")
_INITIALS = re.compile(
    r"\(?(?P<names>(?:[A-ZÀ-Ý]\.[\s-]?){2,5}|[A-ZÀ-Ý]{2,3}(?:/[A-ZÀ-Ý]{2,3})+)\)?"
    r"(?:\s*(?:\(|/|-|–)\s*(?P<agency>[A-Z][\w-]{1,15})\)?)?$"
)
_NAMED = re.compile(rf"(?P<names>{_NAMES}){_ROLE}{_WITH_AGENCY}$")
_SPLIT_NAMES = re.compile(r"\s*(?:,|\bet\b|&|/)\s*")
_AGENCIES = rf"(?:{AGENCY}|[A-Z]{{2,8}})(?:\s*(?:/|,|\bet\b|\bavec\b)\s*(?:l[’'])?(?:{AGENCY}|[A-Z]{{2,8}})){{0,3}}"
_END_CREDIT = re.compile(
    rf"(?:[.!?…»”]\s*[(\[](?P<any>{_AGENCIES}|[Aa]vec [\w’', /-]+)[)\]]|"
    rf"[.!?…»”]\s+[–—-]\s*(?P<dash>{AGENCY}))\.?\s*$"
)
# « BAMAKO (AFP) — », « Dakar, 3 mars (APS) – », « AFP – »; a name of letters alone is an agency only behind a day (« Jean Roux (UMP) – » is none).
_PLACE = r"[A-ZÀ-Ý][\w’'.-]*(?:[ \u00a0,/]{1,2}(?:[A-ZÀ-Ý][\w’'.-]*|de|du|des|la|le|les|sur|en|au|aux)(?![\w’'])){0,5}"
_DAY = r"(?:,? (?:le )?(?:(?:lun|mar|mercre|jeu|vendre|same)di |dimanche )?\d{1,2}(?:er)? [a-zéû]{3,9}\.?(?: \d{4})?)"
_WIRES = rf"{AGENCY}(?:(?: ?/ ?|, | et | avec )(?:l[’'])?{AGENCY}){{0,3}}"
_START_CREDIT = re.compile(
    rf"\s*(?:(?:{_PLACE}{_DAY}?,? ?[–—-]?)? ?[(\[/](?P<wires>{_WIRES})[)\]/]|{_PLACE}{_DAY},? ?[(\[/](?P<any>{_AGENCIES})[)\]/]|(?P<bare>{_WIRES})(?= [–—-] ))"
    r"(?: ?[–—:.]| ?-(?!\w))"
)
_ARTICLE = re.compile(r"\bl[’'](?=[A-Z])")

_CUT = re.compile(
    r"(?:(?<!\.)\.\.|\.{3,}|…|\[\s*(?:…|\.{2,3})\s*\]|\((?:…|\.{3})\))[\s»”\"]*(?:\b(?:Lire|Voir)\b.{0,25})?$|"
    r"\b(?:Lire|Voir)\s+(?:la suite|plus|l[’']article)[\s.…»>→\])]*$",
    re.I,
)
_SURE_CUT = re.compile(r"(?:[^.]\.\.|\[\s*(?:…|\.{2,3})\s*\]|\b(?:Lire|Voir)\s+(?:la suite|plus|l[’']article)[\s.…»>→\])]*)$", re.I)
_MENU = re.compile(
    r"(?:[àa]?\s*lire (?:aussi|également|encore)|(?:dans la )?même (?:rubrique|catégorie)|"
    r"articles? (?:similaires?|liés|récents?|connexes)|sur le même sujet|à la une|plus d[’']articles|"
    r"autres articles?|voir aussi|les plus lus|suggestions?)\s*:?$",
    re.I,
)

SIGNATURE_CHARS: Final = 120
END_CHARS: Final = 200
START_CHARS: Final = 120
SIGNATURE_LINES: Final = 4
LONG_RATIO: Final = 1.4  # a teaser is that much longer than a wrapped line
LONG_CHARS: Final = 100
SAME_LENGTH: Final = 3  # a site cuts its teasers at a fixed length, then trims a space and adds a stop


@dataclass(frozen=True, slots=True)
class Signature:
    """What the lines under an article say of its origin; ``sure`` is False for a bare name, which could be anything."""

    bylines: tuple[str, ...] = ()
    credit: str = ""
    newspaper: str = ""
    sure: bool = True

    def __add__(self, other: Signature) -> Signature:
        credit = ", ".join(dict.fromkeys(part for part in (self.credit, other.credit) if part))
        return Signature(self.bylines + other.bylines, credit, self.newspaper or other.newspaper, self.sure or other.sure)


@dataclass(frozen=True, slots=True)
class Teaser:
    """The first words of another article, as printed, under its headline when the page shows one."""

    text: str
    headline: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A pasted page: the lines of its article without the signature, what the signature says, and the teasers after it."""

    lines: tuple[str, ...]
    signature: Signature = Signature()
    teasers: tuple[Teaser, ...] = ()


def read_signature(line: str) -> Signature | None:
    """Return what a signature line says; None when the line is no signature."""
    line = clean_line(line)
    if not line or len(line) > SIGNATURE_CHARS:
        return None
    if found := _SOURCE.match(line):
        return Signature(credit=found["credit"])
    if found := _NEWSROOM.match(line):
        return Signature(bylines=(line,), newspaper=_newsroom_newspaper(found["link"], found["name"]))
    if found := _WITH.match(line):
        return Signature(credit=_ARTICLE.sub("", found["credit"]))
    if found := _BY.match(line):
        return Signature(bylines=read_names(found["names"]), credit=found["agency"] or "")
    if found := _INITIALS.match(line):
        return Signature(bylines=(found["names"].strip(),), credit=found["agency"] or "")
    if found := _ALONE.match(line):
        return _alone(found["a"] or found["b"])
    if found := _NAMED.match(line):
        return Signature(bylines=read_names(found["names"]), credit=found["agency"] or "", sure=bool(found["agency"]))
    return None


def read_names(text: str) -> tuple[str, ...]:
    """Return the people in « Awa Sow, Ali Ba et Léa Roy »; a newsroom stays one name."""
    text = clean_line(text).strip(" .,")
    if re.match(r"(?:la )?rédaction\b", text, re.I):
        return (text,)
    return tuple(name for name in _SPLIT_NAMES.split(text) if name)


def named_credit(text: str) -> str:
    """Return the agency that a text names after its last full stop (« … a-t-il dit. (AFP) ») or in its dateline (« BAMAKO (AFP) — »)."""
    found = _END_CREDIT.search(text[-END_CHARS:]) or _START_CREDIT.match(text[:START_CHARS])
    return _ARTICLE.sub("", re.sub(r"^[Aa]vec\s+", "", next(filter(None, found.groups())))) if found else ""


def split_page(lines: Sequence[str]) -> Page:
    """Split the lines of a pasted page into the article, its signature and the teasers of other articles.

    Every line comes back in one of them, except the heading of a list of links (« Lire aussi »).
    """
    lines = [line.strip() for line in lines]
    for start, end, signature in _signatures(lines):
        teasers = _teasers(lines[:start], lines[end:], signature)
        if teasers is not None:
            return Page(_body(lines[:start]), signature, teasers)
    start = _unsigned_tail(lines)
    return Page(_body(lines[:start]), Signature(), tuple(Teaser(line) for line in lines[start:] if line))


def _newsroom_newspaper(link: str | None, name: str | None) -> str:
    """Return the newspaper in « rédaction de L’Aube », « rédaction du Matin »; « rédaction de Dakar » names a place."""
    if name and link and link.startswith("du"):
        return f"Le {name}"
    if name and link and link.startswith("des"):
        return f"Les {name}"
    return name if name and link and re.match(r"(?:L[’']|L[ea]s?\s)", name) else ""


def _alone(text: str) -> Signature | None:
    if re.fullmatch(rf"(?:[Aa]vec\s+)?(?:{AGENCY}|[A-Z]{{3,8}})(?:\s*(?:,|/|et|avec)\s*(?:{AGENCY}|[A-Z]{{3,8}}))*", text):
        return Signature(credit=re.sub(r"^[Aa]vec\s+", "", text))
    if re.fullmatch(_NAMES, text):
        return Signature(bylines=read_names(text))
    return None


def _body(lines: Sequence[str]) -> tuple[str, ...]:
    kept = list(lines)
    while kept and (not kept[-1] or _MENU.match(kept[-1])):
        kept.pop()
    return tuple(kept)


def _signatures(lines: Sequence[str]) -> list[tuple[int, int, Signature]]:
    """Return (start, end, signature) for each run of signature lines that closes a sentence, first to last."""
    runs: list[tuple[int, int, Signature]] = []
    at = 0
    while at < len(lines):
        run = _run(lines, at)
        if run is None:
            at += 1
            continue
        before = next((line for line in reversed(lines[:at]) if line), "")
        if before and (ends_sentence(before) or run[2].sure):
            runs.append(run)
        at = run[1]
    return runs


def _run(lines: Sequence[str], start: int) -> tuple[int, int, Signature] | None:
    total: Signature | None = None
    end = at = start
    while at < len(lines) and at - start < 2 * SIGNATURE_LINES:
        if lines[at]:
            signature = read_signature(lines[at])
            if signature is None:
                break
            total = signature if total is None else total + signature
            end = at + 1
        at += 1
        if at == start + 1 and total is None:
            return None
    return None if total is None else (start, end, total)


def _teasers(main: Sequence[str], tail: Sequence[str], signature: Signature) -> tuple[Teaser, ...] | None:
    """Return the teasers in ``tail`` (none is fine); None when the tail is the rest of the article."""
    rest = [line for line in tail if line and not _MENU.match(line)]
    if not rest:
        return ()
    if any(_runs_into(a, b) for a, b in pairwise(rest)):
        return None
    width = wrap_width(main)
    if width is not None:
        return _series(rest, max(LONG_RATIO * width, LONG_CHARS))
    sure = sum(bool(_SURE_CUT.search(line)) for line in rest)
    teasers = _series(rest, LONG_CHARS)
    if teasers is None or not signature.sure:
        return None
    cuts = _cuts([teaser.text for teaser in teasers])
    return teasers if sure == len(rest) or (len(teasers) >= 2 and cuts >= 0.6 * len(teasers)) else None


def _series(rest: Sequence[str], long_chars: float) -> tuple[Teaser, ...] | None:
    teasers: list[Teaser] = []
    headline = ""
    for at, line in enumerate(rest):
        if len(line) >= long_chars or (_CUT.search(line) and len(line) > len(headline)):
            teasers.append(Teaser(line, headline))
            headline = ""
        elif headline or ends_sentence(line) or at + 1 == len(rest) or len(rest[at + 1]) < long_chars:
            return None
        else:
            headline = line
    return tuple(teasers)


def _cuts(texts: Sequence[str]) -> int:
    """Count the texts that end with a mark of cutting, or at the length where the others were cut: in characters or in bytes."""
    same: set[int] = set()
    for lengths in ([len(text) for text in texts], [len(text.encode("utf-8", "replace")) for text in texts]):
        longest = max(lengths)
        equal = {at for at, length in enumerate(lengths) if length >= longest - SAME_LENGTH and longest >= LONG_CHARS}
        if len(equal) >= 3:  # two paragraphs of one length may be chance
            same |= equal
    return sum(at in same or bool(_CUT.search(text)) for at, text in enumerate(texts))


def _unsigned_tail(lines: Sequence[str]) -> int:
    """Return where the teasers begin on a page without a signature, ``len(lines)`` when there are none."""
    start = len(lines)
    while start and (not lines[start - 1] or len(lines[start - 1]) >= LONG_CHARS):
        start -= 1
    main = lines[:start]
    width = wrap_width(main)
    before = next((line for line in reversed(main) if line and not _MENU.match(line)), "")
    if width is None or not ends_sentence(before):
        return len(lines)
    rest = [line for line in lines[start:] if line]
    is_series = all(len(line) >= LONG_RATIO * width for line in rest) and not any(_runs_into(a, b) for a, b in pairwise(rest))
    sure = any(_SURE_CUT.search(line) for line in rest)
    enough = _cuts(rest) >= 0.5 * len(rest) if rest else False
    return start if is_series and enough and (sure or len(rest) >= 2) else len(lines)


def _runs_into(a: str, b: str) -> bool:
    return b[:1].islower() and not ends_sentence(a)
