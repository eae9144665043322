"""Web pages of twenty makings: headline, day, authors, section exactly, and the words of the article without the rest."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.article import Article
from corpus.readers import pages
from corpus.readers.prescan import MAX_ATTRIBUTES, MAX_DEPTH, MAX_HTML_BYTES, why_refused
from corpus.readers.source import Reject, Source

PAGES = Path(__file__).parent / "pages"
EXPECTED: dict[str, dict[str, Any]] = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))
# Measured 1.00 on all but one of these twenty; the floor leaves room for a new release of trafilatura, not for a lost paragraph.
BODY_F1_FLOOR = 0.97
# A page of the nineties: no h1, class or meta tag; its <title> is « Newspaper : Headline », which nothing else on it tells apart.
FONTS_ONLY = pytest.mark.xfail(strict=True, reason="fonttable: only font sizes tell headline, section and text apart")
MAKINGS = [pytest.param(name, marks=FONTS_ONLY) if name == "fonttable" else name for name in EXPECTED]


def read(data: str | bytes, **defaults: str) -> Article | Reject:
    raw = data.encode() if isinstance(data, str) else data
    (found,) = pages.read(Source("page.html", lambda: io.BytesIO(raw), defaults))
    return found


def article(data: str | bytes, **defaults: str) -> Article:
    found = read(data, **defaults)
    assert isinstance(found, Article), found
    return found


def page(
    head: str = "", body: str = "<h1>Le pont a cédé</h1><p>La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba.</p>"
) -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def json_ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


def token_f1(found: str, expected: str) -> float:
    a, b = (Counter(re.findall(r"\w+", text.lower())) for text in (found, expected))
    return 2 * (a & b).total() / (a.total() + b.total())


@pytest.mark.parametrize("name", MAKINGS)
def test_a_page_of_each_making_gives_its_facts(name: str) -> None:
    expected = EXPECTED[name]
    found = article((PAGES / f"{name}.html").read_bytes())
    facts = {key: getattr(found, key) for key in ("headline", "published", "section", "newspaper")}
    assert facts == {key: expected[key] for key in facts}
    assert list(found.bylines) == expected["bylines"]


@pytest.mark.parametrize("name", MAKINGS)
def test_the_body_is_the_article_and_nothing_else(name: str) -> None:
    found = article((PAGES / f"{name}.html").read_bytes())
    assert token_f1(found.body, "\n".join(EXPECTED[name]["body"])) >= BODY_F1_FLOOR
    assert len(found.body.split("\n\n")) == len(EXPECTED[name]["body"]) or name == "paywalled"


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("classic", ["motrice 14", "marché couvert", "témoins de connexion", "Sports"]),
        ("amp", ["cookies", "Publicité", "Ouargla"]),
        ("wordpress", ["tirée de la vidéo", "Partager", "Benarès", "Coyah", "port sec"]),
        ("liveblog", ["messages plus anciens", "boîte aux lettres"]),
        ("paywalled", ["réservé", "sans engagement", "mardi et le vendredi"]),
        ("comments", ["Bravo", "tôles", "presbytère", "Musique"]),
        ("teasers", ["dix chiffres", "Hambourg", "Deux cents anneaux", "1910"]),
        ("video", ["cookies", "bloqueur", "capture d’écran"]),
        ("tables", ["Météo", "Bourse", "Imprimer", "Sports"]),
        ("bare", ["Retour", "Par Gaspard"]),
        ("divs", ["Accueil", "Par Clémence", "Publié", "Corvenne", "col de Marsanne"]),
        ("jsonld", ["PHOTO", "Inscrivez-vous", "Publicité"]),
        ("microdata", ["Keystone"]),
        ("livepost", ["EN DIRECT", "Actualiser", "Partager"]),
        ("ampstory", ["Tarvezac, la machine", "Handball"]),
        ("teaserwall", ["82 %", "traceurs", "Retour en images"]),
        ("gutenberg", ["Photo M. C.", "Faire un don", "bateaux"]),
        ("endless", ["Brignac"]),
        ("thread", ["1974", "intendants"]),
    ],
)
def test_menus_teasers_comments_and_captions_stay_out(name: str, foreign: Sequence[str]) -> None:
    body = article((PAGES / f"{name}.html").read_bytes()).body
    assert [words for words in foreign if words in body] == []


@pytest.mark.parametrize(
    ("printed", "bylines"),
    [
        ("Par Awa Sow, correspondante à Labé", ("Awa Sow",)),
        ("Par Awa Sow, notre envoyée spéciale dans le Fouta", ("Awa Sow",)),
        ("Par Awa Sow et Ali Ba, envoyés spéciaux", ("Awa Sow", "Ali Ba")),
    ],
    ids=["correspondent", "special envoy", "two envoys"],
)
def test_the_post_of_an_author_is_no_author(printed: str, bylines: tuple[str, ...]) -> None:
    text = "<p>La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba.</p>"
    found = article(page(body=f"<h1>Le pont a cédé</h1><div>{printed}</div>{text}"))
    assert found.bylines == bylines
    assert found.body.startswith("La pluie")


def test_the_newsroom_signs_only_where_nobody_else_does() -> None:
    text = "<p>La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba.</p>"
    meta = '<meta name="author" content="La rédaction">'
    assert article(page(meta, f"<h1>Le pont a cédé</h1><p class='byline'>Par Awa Sow</p>{text}")).bylines == ("Awa Sow",)
    assert article(page(meta, f"<h1>Le pont a cédé</h1>{text}")).bylines == ("La rédaction",)


def test_an_article_inside_the_article_stays_and_one_after_it_goes() -> None:
    def part(words: str) -> str:
        return "".join(f"<p>{words} tient le compte des arches tombées depuis la crue, numéro {at}.</p>" for at in range(4))

    inner = f"<article class='suite'>{part('Le maire')}</article>"
    after = f"<article><h1>Un autre pont</h1>{part('Le voisin')}</article>"
    body = article(page(body=f"<article><h1>Le pont a cédé</h1>{part('La vallée')}{inner}</article>{after}")).body
    assert [words in body for words in ("La vallée", "Le maire", "Le voisin")] == [True, True, False]


def test_a_paragraph_under_a_title_of_links_is_kept() -> None:
    lines = "".join(f"<p>La crue a emporté l’arche numéro {at} du pont de Faraba, dit le maire.</p>" for at in range(4))
    linked = "<p><a href='/a'>Un bac en attendant</a></p>"
    body = article(
        page(body=f"<h1>Le pont a cédé</h1><div>{lines}<div><p>À lire</p>{linked}</div><div><p>À lire</p>{lines}</div></div>")
    ).body
    assert "bac" not in body
    assert body.count("numéro 3") == 2


@pytest.mark.parametrize(
    ("author", "bylines"),
    [
        ("Awa Sow", ("Awa Sow",)),
        ({"@type": "Person", "name": "Awa Sow"}, ("Awa Sow",)),
        ([{"name": "Awa Sow"}, {"name": "Ali Ba"}], ("Awa Sow", "Ali Ba")),
        (["Awa Sow", "Ali Ba"], ("Awa Sow", "Ali Ba")),
        ("Awa Sow et Ali Ba", ("Awa Sow", "Ali Ba")),
        ("Le Matin", ()),
        ({"url": "https://exemple.example/a"}, ()),
        (12, ()),
    ],
    ids=["text", "object", "objects", "texts", "two in one", "the newspaper itself", "no name", "a number"],
)
def test_authors_of_json_ld_come_in_every_shape(author: object, bylines: tuple[str, ...]) -> None:
    data = {"@type": "NewsArticle", "headline": "Le pont a cédé", "author": author, "publisher": {"name": "Le Matin"}}
    assert article(page(json_ld(data))).bylines == bylines


@pytest.mark.parametrize(
    "data",
    [
        "{not json",
        [1, "a", None, {"@graph": {"@graph": []}}],
        {"@type": ["NewsArticle"], "headline": {"a": 1}, "author": {"name": {"name": []}}, "datePublished": 12, "keywords": {"a": 1}},
        {"@type": "BreadcrumbList", "itemListElement": "x"},
    ],
    ids=["broken", "odd lists", "odd values", "odd breadcrumb"],
)
def test_odd_json_ld_leaves_what_the_page_prints(data: object) -> None:
    assert article(page(json_ld(data))).headline == "Le pont a cédé"


def test_a_day_is_the_one_the_source_wrote_whatever_its_time_zone() -> None:
    assert article(page('<meta property="article:published_time" content="2025-10-09T23:30:00-05:00">')).published == "2025-10-09"


@pytest.mark.parametrize(
    ("printed", "published", "updated"),
    [
        ("<p>Publié le 14 sept. 2023 à 9 h</p>", "2023-09-14", None),
        ("<p>Mis en ligne le 1er août 2019 | Mis à jour le 3 août 2019</p>", "2019-08-01", "2019-08-03"),
        ('<time datetime="2020-02-29T10:00">samedi</time>', "2020-02-29", None),
        ("<time>samedi 29 février 2020</time>", "2020-02-29", None),
        ('<div class="comment"><time datetime="2021-01-01">hier</time></div>', None, None),
        ("<p>Le 14 juillet 1789 fut un mardi, rappelle l’historienne dans un entretien accordé à notre journal.</p>", None, None),
    ],
    ids=["published line", "both in a line", "time", "time in words", "time of a comment", "a day in the text"],
)
def test_a_day_is_read_where_the_page_prints_it(printed: str, published: str | None, updated: str | None) -> None:
    found = article(page(body=f"<h1>Le pont a cédé</h1>{printed}<p>La pluie n’a pas cessé depuis dimanche dans la vallée.</p>"))
    assert (found.published, found.updated) == (published, updated)


@pytest.mark.parametrize(
    ("title", "site", "headline"),
    [
        ("Le pont a cédé – Le Matin", "Le Matin", "Le pont a cédé"),
        ("Le pont a cédé | le matin", "Le Matin", "Le pont a cédé"),
        ("Le Matin - Le pont a cédé", "Le Matin", "Le pont a cédé"),
        ("Le pont a cédé – et après ?", "Le Matin", "Le pont a cédé – et après ?"),
        ("Le Matin", "Le Matin", "Le pont a cédé"),
    ],
    ids=["dash", "bar and case", "in front", "a dash of its own", "the site only"],
)
def test_the_name_of_the_site_is_no_part_of_the_headline(title: str, site: str, headline: str) -> None:
    found = article(page(f'<meta property="og:title" content="{title}"><meta property="og:site_name" content="{site}">'))
    assert (found.headline, found.newspaper) == (headline, site)


def test_a_brief_of_two_sentences_is_not_lost() -> None:
    text = "Un orage a interrompu le marché samedi. Il reprendra mercredi."
    assert article(page(body=f"<nav><a href='/'>Accueil</a></nav><h1>Orage</h1><p>{text}</p>")).body == text


def test_a_signature_under_the_text_becomes_byline_and_credit() -> None:
    paragraphs = "<p>La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba, où le pont a cédé.</p>" * 1
    found = article(page(body=f"<h1>Crue</h1><article>{paragraphs}<p>Source : Préfecture</p><p>Rédaction Ponant</p></article>"))
    assert (found.credit, found.bylines) == ("Préfecture", ("Rédaction Ponant",))
    assert found.body.endswith("cédé.")


@pytest.mark.parametrize(
    ("meta", "encoding"),
    [('<meta charset="iso-8859-1">', "cp1252"), ('<meta charset="utf-8">', "utf-8"), ("", "utf-8-sig"), ("", "cp1252"), ("", "utf-16")],
    ids=["latin-1 declared", "utf-8 declared", "BOM", "nothing declared", "utf-16 with BOM"],
)
def test_encodings_of_pages_are_read(meta: str, encoding: str) -> None:
    assert "n’a pas cessé" in article(page(meta).encode(encoding)).body


def test_an_encoding_named_past_the_first_bytes_is_not_looked_for() -> None:
    assert pages.declared_encoding(b" " * 5_000 + b'<meta charset="utf-16">') is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "without headline and text"),
        (b"<!-- rien -->", "without headline and text"),
        (b"<html><body><nav><a href='/'>Une</a></nav></body></html>", "without headline and text"),
        (b"<div>" * 500_000, f"nested more than {MAX_DEPTH} deep"),
        (b"<html><p " + b"a=1 " * 300_000 + b">", f"more than {MAX_ATTRIBUTES:,} attributes"),
        (b"<p>mot" * 120_000, "more than 100,000 tags"),
        (b"x" * (MAX_HTML_BYTES + 1), "more than 5 MB"),
    ],
    ids=["empty", "a comment", "a menu", "half a million divs", "300,000 attributes", "120,000 paragraphs", "too large"],
)
def test_a_page_that_is_no_article_is_rejected_with_its_reason(data: bytes, reason: str) -> None:
    found = read(data)
    assert isinstance(found, Reject)
    assert reason in found.reason


@pytest.mark.parametrize(
    "html",
    [
        "<!--><div>" + "<b>" * 600,
        '<p x=">">' + "<div>" * 600,
        "<div></span>" * 600,
        "<script>var a = '<div>';</script>" + "<div>" * 600,
        '<a x="' + "<div>" * 600 + '">' + "<i>" * 600,
    ],
    ids=["empty comment", "quoted end of tag", "foreign closing tags", "script", "tags in a value"],
)
def test_depth_cannot_be_hidden(html: str) -> None:
    assert "deep" in why_refused(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>" * 5_000,
        "<li>x" * 5_000,
        "<br>" * 5_000,
        "<div><font></div>" * 2_000,
        "<script>" + "<div>" * 600 + "</script>",
        "<!--" + "<div>" * 600 + "-->",
    ],
    ids=["p", "li", "br", "font left open", "script", "comment"],
)
def test_sloppy_but_flat_pages_are_read(html: str) -> None:
    assert why_refused(html) == ""


def test_a_home_page_is_taken_without_a_fault() -> None:
    links = "".join(f"<li><a href='/{n}'>Le titre du jour numéro {n}, un peu long</a></li>" for n in range(40))
    assert isinstance(read(page("<title>Le Matin</title>", f"<ul>{links}</ul>")), (Article, Reject))


_TAGS = st.sampled_from(
    ["<p>", "</p>", "<table>", "<td>", "</table>", "<h1>", "</h1>", "<article>", "<time datetime='2020-13-45'>", "<meta property='og:title'>", "<a rel=author>",
     "<div class='comments'>", "</div>", "<script type='application/ld+json'>[{\"@type\":\"Article\"}]</script>", "<br>", "&#0;", "&nbsp;", "Le pont a cédé hier soir. ",
     "Par Awa Sow", "Publié le 31 février 2020", "<", "\x00", "\ud800", "<svg><p>", "<body>", "<html>", "<frameset>", "<title>"]
)  # fmt: skip


@given(st.lists(_TAGS, max_size=25).map("".join))
def test_any_soup_of_tags_is_an_article_or_a_reject(soup: str) -> None:
    found = read(soup.encode("utf-8", "surrogatepass"))
    assert isinstance(found, Article) or "not readable" not in found.reason


@pytest.mark.parametrize(
    "line",
    [
        "Par Awa Sow",
        "Awa Sow 15 avril 2023",
        "Par Awa Sow, publié le 9 mai 2025 à 10 h",
        "Texte : Awa Sow",
        "Propos recueillis par Awa Sow et Ali Ba le 1er mai 2025",
    ],
)
def test_a_byline_printed_above_the_text_is_not_its_first_paragraph(line: str) -> None:
    head = json_ld({"@type": "NewsArticle", "headline": "Le pont", "author": ["Awa Sow", "Ali Ba"]})
    text = "La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba, où le pont tenait encore."
    found = article(page(head, f"<article><h1>Le pont</h1><p class='plume'>{line}</p><p>{text}</p><p>{text} Hier.</p></article>"))
    assert found.body.startswith("La pluie")


def test_a_first_sentence_about_its_author_stays() -> None:
    head = json_ld({"@type": "NewsArticle", "headline": "Le pont", "author": "Awa Sow"})
    text = "La pluie n’a pas cessé depuis dimanche dans la vallée de Faraba, où le pont tenait encore."
    found = article(page(head, f"<article><h1>Le pont</h1><p>Awa Sow a vu le pont tomber.</p><p>{text}</p></article>"))
    assert found.body.startswith("Awa Sow a vu")
