"""What does a web page print around its article? Byline, day, section, breadcrumb and standfirst, read off the page itself.

Only names of classes, ``rel``, microdata, ``<time>`` and set words count (« Par … », « Publié le … », « Rubrique : … »).
Whatever stands in comments, teasers, side columns and footers is passed over.
"""

from __future__ import annotations

import re
from typing import Any, Final

from corpus.dates import find_day, iso_day
from corpus.readers.page_body import class_words, text_of, word_set

__all__ = ["HOME", "Printed", "day_in"]

PRINTED_CHARS: Final = 200
LEAD_CHARS: Final = 1_200
MAX_LINES: Final = 400
MAX_CHILDREN: Final = 20

_BY_CLASS: Final = word_set("byline bylines author authors auteur auteurs signature signatures redacteur journaliste")
_DATE_CLASS: Final = word_set(
    "date dates published publication publie dateline pubdate time timestamp datetime horodatage meta infos info signature byline"
)
_SECTION_CLASS: Final = word_set("rubrique section category categorie categories cat surtitre kicker")
_TRAIL_CLASS: Final = word_set("breadcrumb breadcrumbs ariane hierarchie")  # « hierarchie » is SPIP’s
_LEAD_CLASS: Final = word_set("chapo chapeau chapô standfirst lead excerpt intro introduction sommaire accroche subtitle deck")
_ASIDE_CLASS: Final = word_set("comment comments commentaires commentaire related teaser teasers sidebar footer widget")
_UPDATED_CLASS: Final = word_set("updated modified maj")
_SILENT: Final = word_set("script style body html head meta link")
HOME: Final = re.compile(r"(?:accueil|home|page d[’']accueil|la une|une|actualités?)$", re.I)
_HOME_STEP = re.compile(r"(?:accueil|home|page d[’']accueil)\s*[>»›→]", re.I)  # a breadcrumb whatever its class
_PAR = re.compile(
    r"\b(?:Par|PAR|De notre (?:correspondante?|envoyée? spéciale?))\s*:?\s+(?P<names>[^|–—•·\d]{3,120}?)"
    r"(?=\s*(?:[|–—•·\d]|,?\s*\b(?:publiée?|le|mis)\b|[Pp]ubliée?\b|[Ll]e\s+\d|\s-\s|$))"
)
_WHEN_PUBLISHED = re.compile(
    r"(?:publiée?|mise? en ligne|postée?|parue?|créée?|posted|published)\b(?:\s+(?:le|on|du))?\s*:?\s*(?P<day>[^|•·]{6,60})", re.I
)
_WHEN_UPDATED = re.compile(r"(?:mise? à jour|modifiée?|actualisée?|màj|maj|updated)\b(?:\s+(?:le|on))?\s*:?\s*(?P<day>[^|•·]{6,60})", re.I)
_RUBRIQUE = re.compile(r"(?:rubrique|catégorie)\s*:\s*(\S.{1,40})$", re.I)
_NUMERIC_DAY = re.compile(r"\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b|\b\d{4}-\d{2}-\d{2}\b")


def day_in(text: str) -> str | None:
    """Return the first full day in a printed line, in words or in figures."""
    numeric = _NUMERIC_DAY.search(text)
    return find_day(text) or (iso_day(numeric[0]) if numeric else None)


class Printed:
    """The short texts that a page prints, collected in one walk over its elements."""

    def __init__(self, tree: Any) -> None:
        self.trail: list[str] = []  # the steps of the breadcrumb
        self.standfirst = ""
        self._by: list[str] = []
        self._dates: list[str] = []
        self._sections: list[str] = []
        self._rel_author: list[str] = []
        self._times: list[Any] = []
        self._lines: list[str] = []
        aside: set[Any] = set()
        for node in tree.iter():
            if not isinstance(node.tag, str):
                continue
            if node.getparent() in aside or _is_aside(node):
                if node.getparent() not in aside and not self.trail and not _TRAIL_CLASS.isdisjoint(class_words(node)):
                    self.trail = [text_of(link) for link in node.iter("a")]  # <nav class="breadcrumb">
                aside.add(node)
            elif node.tag not in _SILENT:
                self._look(node)

    def _look(self, node: Any) -> None:
        words = set(class_words(node))
        if node.tag == "time" and not words & _UPDATED_CLASS and node.get("itemprop") != "dateModified":
            self._times.append(node)
        if node.get("rel") == "author" or node.get("itemprop") == "author":
            name = node.find(".//*[@itemprop='name']")
            self._rel_author.append(text_of(node if name is None else name))
        text = _short_text(node)
        if text and len(self._lines) < MAX_LINES:
            self._lines.append(text)
        if words & _TRAIL_CLASS and not self.trail:
            self.trail = [text_of(link) for link in node.iter("a")]
            return
        if not self.trail and _HOME_STEP.match(text):
            self.trail = [text_of(link) for link in node.iter("a")]
        # An excerpt in a list is that of another article.
        if words & _LEAD_CLASS and not self.standfirst and all(above.tag != "li" for above in node.iterancestors()):
            lead = text_of(node)
            self.standfirst = lead if len(lead) <= LEAD_CHARS else ""
        for names, found in ((_BY_CLASS, self._by), (_DATE_CLASS, self._dates), (_SECTION_CLASS, self._sections)):
            if text and words & names:
                found.append(text)

    def authors(self) -> list[str]:
        """Return the authors as printed: marked as such, in a byline, or on a line « Par … »."""
        if self._rel_author:
            return self._rel_author
        for text in self._by:
            if found := _PAR.search(text):
                return [found["names"]]
        named = [text for text in self._by if 3 <= len(text) <= 60 and not re.search(r"\d", text)]
        if named:
            return named[:1]
        lines = (_PAR.match(text) for text in self._lines if len(text) <= 120)
        return next(([found["names"]] for found in lines if found and found["names"][:1].isupper()), [])

    def day(self) -> str | None:
        """Return the day of publication: ``<time>``, « Publié le … », a date set apart."""
        for node in self._times:
            if day := iso_day(node.get("datetime") or "") or day_in(text_of(node)):
                return day
        for text in (*self._dates, *self._lines):
            if (found := _WHEN_PUBLISHED.search(text)) and (day := day_in(found["day"])):
                return day
        first = (day_in(_WHEN_UPDATED.sub("", text)) for text in self._dates)
        alone = (day_in(_WHEN_UPDATED.sub("", text)) for text in self._lines if len(text) <= 60)
        return next((day for day in (*first, *alone) if day), None)

    def updated(self) -> str | None:
        """Return the day in « Mis à jour le … »."""
        found = (_WHEN_UPDATED.search(text) for text in (*self._dates, *self._lines))
        return next((day for match in found if match and (day := day_in(match["day"]))), None)

    def section(self) -> str:
        """Return the section above the headline."""
        labelled = [found[1] for text in self._lines if (found := _RUBRIQUE.match(text))]
        return next((text for text in (*labelled, *self._sections) if 2 <= len(text) <= 40 and not HOME.match(text)), "")

    def lines(self) -> list[str]:
        """Return the printed lines that are fields, to be kept out of the text."""
        stated = [text for text in self._lines if len(text) <= 120 and (_PAR.match(text) or day_in(text) or _RUBRIQUE.match(text))]
        return [*self._by, *self._dates, *self._sections, *stated]


def _is_aside(node: Any) -> bool:
    if node.tag in {"aside", "footer", "nav"}:
        return True
    named = _ASIDE_CLASS.intersection(class_words(node))
    if node.tag in {"body", "html"} or not named or node.find(".//h1") is not None:
        return False
    return named != {"footer"} or not any("hentry" in class_words(above) for above in node.iterancestors())  # signed at its foot: Blogger


def _short_text(node: Any) -> str:
    text = text_of(node, PRINTED_CHARS + 1) if len(node) <= MAX_CHILDREN else ""
    return text if 0 < len(text) <= PRINTED_CHARS else ""
