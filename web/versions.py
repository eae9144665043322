"""What is shown of a text that several newspapers printed? Who had it first, who took it up, how much of it is left in each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpus import Article
from corpus.dates import first_day
from search.differences import PARAGRAPH, Piece, differences
from search.request import Version
from web import typography
from web.links import Links
from web.wording import _

__all__ = ["DifferencesView", "VersionView", "present_differences", "present_versions", "reprinted"]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version; ``kept`` says how much of the first publication it has, ``compare_url`` shows the differences ("" = none to show)."""

    headline: str
    newspaper: str
    day: str
    iso_day: str
    kept: str
    url: str
    compare_url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One of two versions that are compared."""

    newspaper: str
    day: str
    iso_day: str
    headline: str
    url: str


@dataclass(frozen=True, slots=True)
class DifferencesView:
    """Two versions woven together: headline, then the text; ``summary`` says how much stayed."""

    before: Side
    after: Side
    swapped_url: str
    headline: tuple[tuple[Piece, ...], ...]
    paragraphs: tuple[tuple[Piece, ...], ...]
    summary: str
    cut: bool


def present_differences(before: Article, after: Article, links: Links) -> DifferencesView:
    """Lay out what ``after`` changed in ``before``."""
    text = differences(_text(before), _text(after))
    removed = typography.plural(text.words - text.kept, "%(count)s\u00a0mot retiré ou changé", "%(count)s\u00a0mots retirés ou changés")
    added = typography.plural(text.added, "%(count)s\u00a0mot ajouté ou changé", "%(count)s\u00a0mots ajoutés ou changés")
    return DifferencesView(
        before=_side(before, links),
        after=_side(after, links),
        swapped_url=links.comparison(after.doc_id, before.doc_id),
        headline=_held(differences(before.headline, after.headline).paragraphs),
        paragraphs=_held(text.paragraphs),
        summary=f"{removed}, {added}." if text.kept < text.words or text.added else _("Le texte est resté le même."),
        cut=text.cut,
    )


def reprinted(versions: Sequence[Version]) -> str:
    """Return « AFP, 3 mars 2025 : repris par 14 titres en 3 jours »; "" without versions."""
    if len(versions) < 2:
        return ""
    first, rest = versions[0], versions[1:]
    papers = {version.newspaper for version in rest if version.newspaper} - {first.newspaper}
    if papers and len(papers) >= len(rest) / 2:
        said = typography.plural(len(papers), "repris par %(count)s\u00a0titre", "repris par %(count)s\u00a0titres")
    else:
        said = typography.plural(len(rest), "%(count)s\u00a0autre version", "%(count)s\u00a0autres versions")
    origin = ", ".join(part for part in (first.newspaper, typography.day(first.published)) if part)
    return _("%(origin)s\u00a0: %(said)s", origin=origin, said=said) + _span(versions)


def present_versions(versions: Sequence[Version], links: Links, of: str = "") -> tuple[VersionView, ...]:
    """Lay the versions of a text out; ``of`` is the article whose page shows them."""
    return tuple(
        VersionView(
            headline=typography.held_together(one.headline) or _("Sans titre"),
            newspaper=one.newspaper,
            day=typography.day(one.published),
            iso_day=one.published or "",
            kept=_("première parution") if one.first else _("%(share)s\u00a0%% du texte", share=one.kept),
            url=links.reading(one.doc_id),
            compare_url=links.comparison(of, one.doc_id) if of and of != one.doc_id else "",
            current=of == one.doc_id,
        )
        for one in versions
    )


def _held(paragraphs: Sequence[Sequence[Piece]]) -> tuple[tuple[Piece, ...], ...]:
    return tuple(tuple(Piece(piece.kind, typography.held_together(piece.text)) for piece in pieces) for pieces in paragraphs)


def _text(article: Article) -> str:
    return PARAGRAPH.join(part for part in (article.standfirst, article.body) if part)


def _side(article: Article, links: Links) -> Side:
    headline = typography.held_together(article.shown_headline)
    return Side(article.newspaper, typography.day(article.published), article.published or "", headline, links.reading(article.doc_id))


def _span(versions: Sequence[Version]) -> str:
    """Return « en 3 jours » where it took more than one day."""
    days = [first_day(one.published) for one in versions if one.published and len(one.published) == 10]
    if len(days) < 2:
        return ""
    apart = (max(days) - min(days)).days
    return " " + typography.plural(apart, "en %(count)s\u00a0jour", "en %(count)s\u00a0jours") if apart else " " + _("le jour même")
