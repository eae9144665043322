"""Which words of a web page are the article's? Its paragraphs, without menus, teasers, comments, captions, notices.

First what says by its name that it is not the article is taken out (class, id, element). Then trafilatura reads the
rest, without dates and metadata; where it returns next to nothing (a brief of two sentences, a table layout) the
paragraphs are scored here: the element whose own paragraphs have the most text outside links is the article.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

import trafilatura

from corpus.cleaning import clean_line

__all__ = ["body_paragraphs", "class_words", "has_class", "text_of", "word_set"]

ENOUGH: Final = 0.6  # trafilatura's text is taken when it has at least this share of what the scoring finds
NAME_CHARS: Final = 300
TEXT_CHARS: Final = 5_000
ARTICLE_CHARS: Final = 400  # less text than that in a « sidebar » or « video » is no article
ARTICLE_SHARE: Final = 0.6
LAYOUT_CELL_CHARS: Final = 400  # a cell of figures is shorter

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[a-zà-ÿ0-9]+")


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


_DROPPED_TAGS: Final = word_set(
    "script style noscript template iframe object embed svg canvas button select textarea form input nav aside footer figure figcaption dialog "
    "video audio picture img amp-ad amp-img amp-video amp-youtube amp-sidebar amp-consent amp-analytics amp-social-share menu"
)
# Words of class and id that name what is not the article, on French and English sites.
_FOREIGN: Final = word_set(
    "comment comments commentaire commentaires commentlist disqus respond related similaire similaires similar teaser teasers newsletter share sharing "
    "sharedaddy partage partager social socials reseaux cookie cookies consent rgpd gdpr breadcrumb breadcrumbs ariane menu menus nav navbar "
    "navigation sidebar footer pied trending populaire populaires popular recommended recommandations recommandes promo pub pubs publicite publicites ad "
    "ads advert advertisement adsense sponsor sponsored sponsorise bandeau caption captions legende legendes paywall abonnement abonnez subscribe "
    "subscription outbrain taboola player video videos toolbar modal popup overlay skip jp-relatedposts tags tag motscles keywords widget widgets "
    "connexes suggestions suggestion biographie bio toc sommaire noprint hidden pager pagination lireaussi voiraussi plus-lus lus"
)
_FOREIGN_PAIRS: Final = re.compile(
    r"\b(?:a|lire|voir) ?(?:lire|aussi|egalement)\b|\b(?:plus|articles?|most) (?:lus?|recents?|lies?|read|populaires?)\b|"
    r"\bphoto credits?\b|\bcredits? photos?\b"
)
# Where a class word is also the name of a state or of the whole: « single-post has-sidebar », « article-video ».
_STATES: Final = frozenset({"has", "with", "no", "is", "avec", "sans", "open", "closed", "without"})
_COMMENTS: Final = frozenset({"comment", "comments", "commentaire", "commentaires", "disqus"})
_WHOLE: Final = frozenset({"html", "body", "main"})

_BLOCKS: Final = word_set("p h2 h3 h4 h5 h6 li blockquote pre dd dt div section article td th tr table ul ol center header main tbody body")
_LINE: Final = re.compile(
    r"(?:(?:lire|voir|écouter|regarder)\s+(?:aussi|également|encore)|[àÀ] (?:lire|voir|écouter|regarder)(?: aussi)?|sur le même sujet|publicité|partager|imprimer|"
    r"envoyer par|abonnez-vous|s[’']abonner|newsletter|je m[’']abonne|actualiser$|inscrivez-vous à (?:la|notre|nos) (?:lettres?|newsletters?|infolettres?)|recevez (?:la|notre|nos) (?:newsletters?|infolettres?)|réagir|commenter|crédits?\s+photos?|photos?\s*[:©]|©|suivez-nous|"
    r"lecture\s*:?\s*\d+\s*min|temps de lecture|écouter l[’']article|la suite après cette publicité|article réservé|cet article est réservé|"
    r"déjà abonné|mots?[- ]cl[ée]s?\s*:|tags?\s*:|étiquettes?\s*:|cet article vous a plu|vous avez aimé cet article|retour (?:au sommaire|à l[’']accueil|en haut))(?:\b|\W|$)",
    re.I,
)
_LIST_TITLE: Final = re.compile(
    r"(?:les (?:articles )?(?:les )?plus (?:lus|récents|consultés|commentés)|[àa] lire(?: aussi| également)?|lire aussi|sur le même sujet|dans la même rubrique|"
    r"articles? (?:récents?|liés?|similaires?)|en continu)\s*:?",
    re.I,
)
LINE_CHARS: Final = 160
_HEADLINE_HERE: Final = "\f"  # what stands above the headline is not the text


def class_words(node: Any) -> list[str]:
    """Return the words in an element's class and id, in lower case: ``relatedPosts-list`` is related, posts, list."""
    names = f"{node.get('class') or ''} {node.get('id') or ''}"[:NAME_CHARS]
    return _WORDS.findall(_CAMEL.sub(" ", names).replace("é", "e").lower())


def has_class(node: Any, words: frozenset[str]) -> bool:
    """Tell whether one of ``words`` stands in an element's class or id."""
    return not words.isdisjoint(class_words(node))


def text_of(node: Any, limit: int = TEXT_CHARS) -> str:
    """Return the text of an element as one line, no further than ``limit`` characters: tags may be nested around all of it."""
    if not len(node):
        return clean_line((node.text or "")[:limit])
    parts: list[str] = []
    for part in node.itertext():
        parts.append(part)
        limit -= len(part)
        if limit < 0:
            break
    return clean_line(" ".join(parts))


def body_paragraphs(tree: Any) -> list[str]:
    """Return the paragraphs of the article in a parsed page; the tree is left as it is."""
    tree = copy.deepcopy(tree)
    _prune(tree)
    is_laid_out = _open_layout_tables(tree)
    own = _scored(tree)
    read = [] if is_laid_out and own else _trafilatura(copy.deepcopy(tree))
    chosen = read if _chars(read) >= ENOUGH * _chars(own) and read else own
    return [line for line in chosen if not is_notice(line)]


def is_notice(line: str) -> bool:
    """Tell whether a paragraph is the site speaking, not the article: « Lire aussi : … », « Publicité »."""
    return len(line) <= LINE_CHARS and bool(_LINE.match(line))


def _chars(paragraphs: list[str]) -> int:
    return sum(map(len, paragraphs))


def _trafilatura(tree: Any) -> list[str]:
    """Read the body with trafilatura; its dates, metadata, comments and its slow second opinions are off."""
    text = trafilatura.extract(
        tree, output_format="txt", fast=True, include_comments=False, include_tables=True, with_metadata=False, include_formatting=False
    )
    return [line for line in (clean_line(part) for part in (text or "").split("\n")) if line]


def _prune(tree: Any) -> None:
    whole = _paragraph_chars(tree)
    for node in list(tree.iter(*_DROPPED_TAGS)):
        if node.tag not in {"form", "aside", "figure"} or not _holds_article(node, whole):
            _drop(node)
    for node in list(tree.iter()):
        if isinstance(node.tag, str) and node.getparent() is not None and (_is_foreign(node, whole) or _is_list_of_others(node)):
            _drop(node)


def _open_layout_tables(tree: Any) -> bool:
    """Turn the tables that lay out an old page into plain blocks and tell whether there were any; tables of figures stay."""
    found = False
    for table in list(tree.iter("table")):
        cells = list(table.iter("td", "th"))
        holds = table.find(".//table") is not None or table.find(".//h1") is not None
        is_layout = holds or any(len(text_of(cell)) > LAYOUT_CELL_CHARS for cell in cells)
        found = found or is_layout
        if is_layout:
            for node in (table, *table.iter("thead", "tbody", "tfoot", "tr", "td", "th", "caption")):
                node.tag = "div"
    return found


def _drop(node: Any) -> None:
    if node.getparent() is not None:
        node.drop_tree()


def _is_foreign(node: Any, whole: int) -> bool:
    if node.tag in _WHOLE:
        return False
    if node.get("hidden") is not None or node.get("role") in {"navigation", "complementary", "contentinfo", "search", "menu"}:
        return not _holds_article(node, whole)
    words = class_words(node)
    named = any(word in _FOREIGN and not (at and words[at - 1] in _STATES) for at, word in enumerate(words))
    return (named or bool(_FOREIGN_PAIRS.search(" ".join(words)))) and not _holds_article(node, whole)


def _is_list_of_others(node: Any) -> bool:
    """Tell whether an element is a title such as « Les plus lus » and nothing but links under it, whatever its class."""
    if len(node) < 2 or node.tag in _WHOLE or not _LIST_TITLE.fullmatch(text_of(node[0], LINE_CHARS)):
        return False
    return all(isinstance(child.tag, str) and _is_links(child) and not (child.tail or "").strip() for child in node[1:])


def _holds_article(node: Any, whole: int) -> bool:
    """Tell whether the article stands inside: its headline does, or most of the ``whole`` text of the page."""
    if node.find(".//h1") is not None or node.find(".//*[@itemprop='articleBody']") is not None or node.get("itemprop") == "articleBody":
        return True
    if not _COMMENTS.isdisjoint(class_words(node)):  # longer than many a short article
        return False
    return _paragraph_chars(node) > max(ARTICLE_CHARS, ARTICLE_SHARE * whole)


def _paragraph_chars(node: Any) -> int:
    return sum(len(text_of(p)) for p in node.iter("p"))


def _scored(tree: Any) -> list[str]:
    """Return the paragraphs of the element whose own paragraphs have the most text outside links."""
    scores: dict[Any, float] = {}
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag not in _BLOCKS:
            continue
        own = _own_chars(node)
        if own < 25:
            continue
        holder = node if node.tag in {"div", "td", "section", "article", "center", "body", "main"} else node.getparent()
        scores[holder] = scores.get(holder, 0.0) + own
        if holder is not None and holder.getparent() is not None:
            scores[holder.getparent()] = scores.get(holder.getparent(), 0.0) + 0.6 * own
    best = max(scores, key=lambda node: scores[node], default=None)
    lines = [] if best is None else [line for line in _paragraphs(best) if line]
    return lines[max((at + 1 for at, line in enumerate(lines) if line == _HEADLINE_HERE), default=0) :]


def _own_chars(node: Any) -> int:
    """Count the characters of an element outside links and outside blocks inside it."""
    chars = len((node.text or "").strip())
    for child in node:
        if isinstance(child.tag, str) and child.tag not in _BLOCKS and child.tag != "a":
            chars += len(text_of(child))
        chars += len((child.tail or "").strip())
    return chars


def _paragraphs(node: Any) -> Iterator[str]:
    parts: list[str] = []
    yield from _walk(node, parts)
    yield clean_line("".join(parts))


def _walk(node: Any, parts: list[str]) -> Iterator[str]:
    """Yield a line at each block and each <br>; ``parts`` is the line begun."""
    parts.append(node.text or "")
    for child in node:
        is_block = isinstance(child.tag, str) and (child.tag in _BLOCKS or child.tag in {"br", "h1"})
        if is_block:
            yield clean_line("".join(parts))
            parts.clear()
        if child.tag == "h1":
            yield _HEADLINE_HERE
        elif isinstance(child.tag, str) and not (child.tag in _BLOCKS and _is_links(child)):
            yield from _walk(child, parts)
        if is_block:
            yield clean_line("".join(parts))
            parts.clear()
        parts.append(child.tail or "")


def _is_links(node: Any) -> bool:
    text = len(text_of(node))
    return text > 0 and sum(len(text_of(link)) for link in node.iter("a")) > 0.7 * text
