"""How does a reference manager take an article? As RIS, BibTeX, CSL-JSON or COinS: text made of an article and its address. Pure.

A name is cut into family and given name only where it is safe: two words, or a family name in capitals. « Jean de La Fontaine »
and « Rédaction de L’Essor » stay whole, because a wrongly cut name is worse than one in natural order. The address is the lasting
one of the archive; without one (a command without ``--base-url``) it is the source's own.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

from corpus.article import Article

__all__ = ["as_bibtex", "as_coins", "as_csl", "as_ris", "family_and_given", "source_address"]

_CORPORATE: Final = frozenset(
    {"rédaction", "agence", "correspondant", "correspondante", "envoyé", "envoyée", "service", "le", "la", "les", "avec", "par"}
)
_NAME_WORD: Final = re.compile(r"[^\W\d_][^\W\d_’'.\-]*(?:[-’'][^\W\d_]+)*\.?")
_HTTP: Final = re.compile(r"https?://[^\s<>\"\\{}|^`]+", re.IGNORECASE)
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_LATEX_TABLE: Final = str.maketrans(_LATEX)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LANGUAGES: Final = {"fr": "french", "en": "english", "es": "spanish", "pt": "portuguese", "de": "german", "it": "italian", "ar": "arabic"}
_COINS_BEGIN: Final = urlencode({"ctx_ver": "Z39.88-2004", "rft_val_fmt": "info:ofi/fmt:kev:mtx:dc", "rft.type": "newspaperArticle"})


def family_and_given(name: str) -> tuple[str, str] | None:
    """Return (Sow, Awa) for « Awa Sow », (SOW, Awa) for « Awa SOW », None where a cut would be a guess."""
    words = name.split()
    if len(words) < 2 or words[0].casefold().rstrip(".") in _CORPORATE or not all(_NAME_WORD.fullmatch(word) for word in words):
        return None
    family = [word for word in words if len(word) > 1 and word.isupper() and not word.endswith(".")]
    if family and words[-len(family) :] == family and len(family) < len(words):
        return " ".join(family), " ".join(words[: -len(family)])
    if len(words) == 2 and all(word[0].isupper() and not word.endswith(".") for word in words):
        return words[1], words[0]
    return None


def source_address(article: Article) -> str:
    """Return where the article was published, "" unless that is a plain web address."""
    return article.url if _HTTP.fullmatch(article.url) else ""


def as_ris(article: Article, address: str = "") -> str:
    """Return one RIS record, lines ended by CR LF.

    Source: RIS format specification (Research Information Systems), type NEWS.
    """
    date = (article.published or "").split("-")
    rows = [("TY", "NEWS"), ("ID", article.doc_id), ("TI", article.shown_headline)]
    rows += [("AU", ", ".join(family_and_given(name) or (_no_comma(name),))) for name in article.bylines]
    rows += [("T2", article.newspaper), ("SE", article.section), ("PY", date[0])]
    rows += [("DA", "/".join(date) + "/" * (3 - len(date)))] if article.published else []
    rows += [("AB", article.standfirst), *(("KW", word) for word in _keywords(article))]
    rows += [("LA", article.language), ("M3", article.kind), ("UR", address or source_address(article))]
    rows += [("N1", _note(article, address))]
    return "".join(f"{tag}  - {_one_line(value)}\r\n" for tag, value in rows if value) + "ER  - \r\n\r\n"


def as_bibtex(article: Article, address: str = "") -> str:
    """Return one BibTeX entry; its key is the doc_id. Letters stay as they are: BibLaTeX and BibTeX 0.99 read UTF-8."""
    people = [family_and_given(name) for name in article.bylines]
    authors = [
        f"{_latex(cut[0])}, {_latex(cut[1])}" if cut else f"{{{_latex(name)}}}" for name, cut in zip(article.bylines, people, strict=True)
    ]
    date = (article.published or "").split("-")
    url = address or source_address(article)
    rows = [
        ("title", f"{{{_latex(article.shown_headline)}}}"),
        ("author", " and ".join(authors)),
        ("journal", _latex(article.newspaper)),
        ("date", article.published or ""),
        ("year", date[0]),
        ("abstract", _latex(article.standfirst)),
        ("keywords", _latex(", ".join(_keywords(article)))),
        ("langid", _LANGUAGES.get(article.language, "")),
        ("url", quote(url, safe="%:/?#[]@!$&'()*+,;=-._~")),
        ("note", _latex(_note(article, address))),
    ]
    lines = [f"  {name} = {{{value}}}" for name, value in rows if value]
    if len(date) > 1:
        lines.append(f"  month = {_MONTHS[int(date[1]) - 1]}")
    return f"@article{{{article.doc_id},\n" + ",\n".join(lines) + "\n}\n\n"


def as_csl(article: Article, address: str = "") -> dict[str, Any]:
    """Return one item of CSL-JSON. Source: citation style language, csl-data.json 1.0.2."""
    authors = [family_and_given(name) or name for name in article.bylines]
    item: dict[str, Any] = {
        "id": article.doc_id,
        "type": "article-newspaper",
        "title": article.shown_headline,
        "container-title": article.newspaper,
        "author": [{"literal": cut} if isinstance(cut, str) else {"family": cut[0], "given": cut[1]} for cut in authors],
        "section": article.section,
        "abstract": article.standfirst,
        "keyword": ", ".join(_keywords(article)),
        "language": article.language,
        "URL": address or source_address(article),
        "note": _note(article, address),
    }
    if article.published:
        item["issued"] = {"date-parts": [[int(part) for part in article.published.split("-")]]}
    return {name: value for name, value in item.items() if value}


def as_coins(headline: str, newspaper: str, published: str | None, bylines: tuple[str, ...], address: str) -> str:
    """Return the title of a COinS span: what Zotero reads from a list of hits.

    Source: OpenURL COinS, NISO Z39.88-2004, Dublin Core format as Zotero writes it.
    """
    rows = [
        ("rft.title", headline),
        ("rft.source", newspaper),
        ("rft.date", published or ""),
        ("rft.identifier", address),
        *(("rft.creator", name) for name in bylines),
    ]
    return _COINS_BEGIN + "".join(f"&{name}={quote_plus(value)}" for name, value in rows if value)


def _note(article: Article, address: str) -> str:
    """Say where the text first stood, when the citation leads to the archive."""
    source = source_address(article) if address else ""
    return f"Adresse d’origine : {source}" if source else ""


def _keywords(article: Article) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*article.tags, *article.places, *article.people, *article.organisations)))


def _no_comma(name: str) -> str:
    """A comma would cut a name that we do not cut ourselves."""
    return name.replace(",", " ").strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _latex(text: str) -> str:
    return _one_line(text).translate(_LATEX_TABLE)
