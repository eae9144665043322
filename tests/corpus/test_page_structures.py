"""Are pages read whose structure no template of ours has? Eight more ways in which newspapers of the web have built a page.

Written after the markup of the systems named (Drupal, SPIP, Joomla, Blogger, Ghost, Next.js) and two pages without any system; texts our own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from corpus import Article, read_articles

BODY = (
    "Le conseil municipal de Faraba a voté hier soir, par dix-sept voix contre huit, le budget de l’année qui vient.",
    "Le marché central, dont la toiture fuit depuis trois saisons, recevra à lui seul le tiers des investissements prévus.",
    "« On nous promet cette toiture depuis l’ancien maire, et l’ancien maire est mort », a rappelé une vendeuse de gombo.",
    "Les travaux doivent commencer après la saison des pluies et durer sept mois, si l’entreprise choisie tient son calendrier.",
)
ASIDE = "Abonnez-vous à notre lettre", "À lire aussi : la récolte de mil s’annonce bonne dans tout le delta", "Partager sur les réseaux"
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in BODY)


@dataclass(frozen=True)
class Facts:
    headline: str = "Faraba : le budget du marché est voté"
    published: str | None = "2025-03-14"
    bylines: tuple[str, ...] = ("Awa Sow",)
    section: str = "Société"


PAGES: dict[str, tuple[str, Facts]] = {
    "Drupal": (
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté | Le Matin</title>
        <meta property="og:site_name" content="Le Matin"><meta name="Generator" content="Drupal 10"></head><body class="node-type-article">
        <nav class="block-menu"><ul><li><a href="/">Accueil</a></li><li><a href="/sport">Sport</a></li></ul></nav>
        <nav class="breadcrumb"><ol><li><a href="/">Accueil</a></li><li><a href="/societe">Société</a></li></ol></nav>
        <h1 class="page-title"><span class="field field--name-title">Faraba : le budget du marché est voté</span></h1>
        <div class="node__meta"><span>Par <a class="username" rel="author" href="/u/3">Awa Sow</a></span>
        <time datetime="2025-03-14T08:12:00+00:00">ven 14/03/2025 - 08:12</time></div>
        <div class="node__content"><div class="field field--name-body field__item">{PARAGRAPHS}</div></div>
        <div class="block-views"><h2>{ASIDE[0]}</h2><ul><li><a href="/2">{ASIDE[1]}</a></li></ul></div></body></html>""",
        Facts(),
    ),
    "SPIP": (
        f"""<html lang="fr"><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté - Le Matin</title>
        <meta name="generator" content="SPIP 4.2"></head><body class="page_article"><div id="entete"><a href="spip.php?page=sommaire">Le Matin</a></div>
        <p id="hierarchie"><a href="/">Accueil</a> &gt; <a href="-Societe-">Société</a> &gt; <strong>Faraba : le budget du marché est voté</strong></p>
        <div class="cartouche"><h1 class="crayon article-titre-12">Faraba : le budget du marché est voté</h1>
        <p class="info-publi">vendredi <abbr class="published" title="2025-03-14T08:12:00Z">14 mars 2025</abbr>,
        <span class="auteurs">par <a class="url fn spip_in" href="_Awa-Sow_">Awa Sow</a></span></p></div>
        <div class="crayon article-texte-12 texte entry-content">{PARAGRAPHS}</div>
        <div id="navigation"><h2>Dans la même rubrique</h2><ul><li><a href="13">{ASIDE[1]}</a></li></ul></div></body></html>""",
        Facts(),
    ),
    "Joomla": (
        f"""<!DOCTYPE html><html lang="fr-fr"><head><meta charset="utf-8"><meta name="author" content="Awa Sow"><meta name="generator" content="Joomla!">
        <title>Faraba : le budget du marché est voté</title></head><body><div class="moduletable"><h3>Menu</h3><a href="/">Accueil</a></div>
        <div class="item-page" itemscope itemtype="https://schema.org/Article"><div class="page-header"><h2 itemprop="headline">Faraba : le budget du marché est voté</h2></div>
        <dl class="article-info"><dd class="createdby" itemprop="author"><span itemprop="name">Awa Sow</span></dd>
        <dd class="category-name">Catégorie : <a href="/societe"><span itemprop="articleSection">Société</span></a></dd>
        <dd class="published"><time datetime="2025-03-14T08:12:00+00:00" itemprop="datePublished">Publication : 14 mars 2025</time></dd></dl>
        <div itemprop="articleBody">{PARAGRAPHS}</div><ul class="pager"><li><a href="/2">Suivant</a></li></ul></div>
        <div class="moduletable"><h3>{ASIDE[0]}</h3><p>{ASIDE[1]}</p></div></body></html>""",
        Facts(),
    ),
    "Next.js": (
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté</title>
        <meta property="article:published_time" content="2025-03-14T08:12:00.000Z"><meta property="article:section" content="Société">
        <meta property="article:author" content="Awa Sow"></head><body><div id="__next"><header class="css-1x9k"><a href="/">Le Matin</a></header>
        <main class="css-8f3a"><article class="css-0"><h1 class="css-77">Faraba : le budget du marché est voté</h1>
        <div class="css-a1">{PARAGRAPHS}</div></article></main><aside class="css-9"><p>{ASIDE[1]}</p></aside></div>
        <script id="__NEXT_DATA__" type="application/json">{{"props": {{"secret": "jamais dans le texte"}}}}</script></body></html>""",
        Facts(),
    ),
    "Ghost": (
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté</title>
        <script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Article", "publisher": {{"@type": "Organization", "name": "Le Matin"}},
        "author": {{"@type": "Person", "name": "Awa Sow"}}, "headline": "Faraba : le budget du marché est voté", "datePublished": "2025-03-14T08:12:00.000Z", "articleSection": "Société"}}</script>
        </head><body class="post-template"><article class="gh-article post"><header><h1 class="gh-article-title">Faraba : le budget du marché est voté</h1></header>
        <section class="gh-content gh-canvas">{PARAGRAPHS}</section></article><form class="gh-subscribe">{ASIDE[0]}</form>
        <section class="gh-readmore"><h4>{ASIDE[1]}</h4></section></body></html>""",
        Facts(),
    ),
    "Blogger": (
        f"""<html lang="fr"><head><meta charset="utf-8"><title>Le Matin: Faraba : le budget du marché est voté</title>
        <meta property="og:title" content="Faraba : le budget du marché est voté"></head><body><div class="date-outer"><h2 class="date-header"><span>vendredi 14 mars 2025</span></h2>
        <div class="post hentry"><h3 class="post-title entry-title">Faraba : le budget du marché est voté</h3>
        <div class="post-body entry-content">{"<br /><br />".join(BODY)}</div>
        <div class="post-footer"><span class="post-author vcard">Publié par <span class="fn">Awa Sow</span></span> à
        <abbr class="published" title="2025-03-14T08:12:00-08:00">08:12</abbr> Libellés : <a href="/search/label/Soci%C3%A9t%C3%A9" rel="tag">Société</a></div></div></div>
        <div class="sidebar"><h2>Archives</h2><p>{ASIDE[0]}</p></div></body></html>""",
        Facts(section=""),
    ),
    "breaks in a single cell": (
        f"""<html><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté</title></head><body bgcolor="#ffffff">
        <font size="5"><b>Faraba : le budget du marché est voté</b></font><br><font size="2">Par Awa Sow<br>Publié le 14 mars 2025</font><br><br>
        {"<br><br>".join(BODY)}<br><br><a href="index.html">Retour</a></body></html>""",
        Facts(section=""),
    ),
    "sections without classes": (
        f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Faraba : le budget du marché est voté</title></head><body>
        <header><a href="/">Le Matin</a><ul><li><a href="/a">Politique</a></li><li><a href="/b">Sport</a></li></ul></header>
        <main><section><h1>Faraba : le budget du marché est voté</h1><p>Par Awa Sow</p><p>Publié le 14 mars 2025 à 8 h 12</p></section>
        <section>{PARAGRAPHS}</section><section><h2>À lire aussi</h2><ul><li><a href="/2">{ASIDE[1]}</a></li></ul></section></main>
        <footer><p>© Le Matin. Tous droits réservés.</p></footer></body></html>""",
        Facts(section=""),
    ),
}


def page(folder: Path, name: str) -> Article:
    (folder / "page.html").write_text(PAGES[name][0], encoding="utf-8")
    (article,) = read_articles([folder])
    return article


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))


def f1(found: str, expected: str) -> float:
    one, other = words(found), words(expected)
    return 2 * (one & other).total() / (one.total() + other.total())


@pytest.mark.parametrize("name", PAGES)
def test_the_facts_of_a_page_are_exact(tmp_path: Path, name: str) -> None:
    found, facts = page(tmp_path, name), PAGES[name][1]
    assert Facts(found.headline, found.published, found.bylines, found.section) == facts


@pytest.mark.parametrize("name", PAGES)
def test_the_text_of_a_page_is_the_article(tmp_path: Path, name: str) -> None:
    found = page(tmp_path, name)
    assert f1(found.body, "\n".join(BODY)) >= 0.95
    assert not any(text in found.body for text in (*ASIDE, "jamais dans le texte"))
