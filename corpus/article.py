"""What is an article? One frozen, validated value, and the lasting identity it keeps through every rebuild.

Readers make articles with ``article_from_record``, which knows the names that sources give to the fields. Texts are
cleaned when the article is made, so that spans computed later point into exactly what is stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from unidecode import unidecode

from corpus.cleaning import clean_line, clean_text
from corpus.dates import complete_day, iso_day
from corpus.errors import ArticleInvalid
from corpus.languages import detect_language

__all__ = ["BODY_CHARS", "INPUT_NAMES", "KINDS", "Article", "Origin", "article_from_record", "first_words", "slug"]

BODY_CHARS: Final = 2_000_000  # a longer text is not an article but a dump of many
LINE_CHARS: Final = 2_000  # headline, newspaper, byline...: longer ones are cut at a word
ID_CHARS: Final = 200
KINDS: Final = ("article", "communiqué", "dépêche", "brève")

_OWN_ID = re.compile(r"[A-Za-z0-9._:\-]{1,200}")
_SLUG_CHARS: Final = 60
_HASH_CHARS: Final = 6

# Which keys of a source's record fill which field; compared in lower case. Source: the contract in the README.
INPUT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "doc_id": ("doc_id", "id", "identifiant", "guid"),
    "newspaper": ("newspaper", "journal", "source", "publication"),
    "headline": ("headline", "titre", "title"),
    "standfirst": ("standfirst", "chapo", "chapô", "chapeau", "summary", "description"),
    "body": ("body", "texte", "text", "content", "contenu", "corps"),
    "published": ("published", "date", "date_publication", "pubdate", "parution"),
    "updated": ("updated", "maj", "mise_a_jour", "modified"),
    "section": ("section", "rubrique", "category", "catégorie", "categorie"),
    "bylines": ("bylines", "byline", "author", "authors", "auteur", "auteurs", "signature"),
    "credit": ("credit", "crédit", "agence", "agency"),
    "kind": ("kind", "type", "genre"),
    "places": ("places", "place", "lieu", "lieux"),
    "people": ("people", "person", "personne", "personnes"),
    "organisations": ("organisations", "organisation", "organization", "organizations"),
    "tags": ("tags", "tag", "motcle", "mots_cles", "mots-clés", "motsclés", "keywords"),
    "references": ("references", "reference", "référence", "références"),
    "language": ("language", "langue", "lang"),
    "url": ("url", "link", "lien", "adresse"),
    "added": ("added", "ajout"),
}
_MANY: Final = frozenset({"bylines", "places", "people", "organisations", "tags", "references"})
_FIELD_OF_KEY: Final = {name: target for target, names in INPUT_NAMES.items() for name in names}
_SEPARATORS = re.compile(r"\s*[;|]\s*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article was read: a file (or "-") and a place inside it ("line 12", "item 3", "")."""

    file: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.file}, {self.place}" if self.place else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One piece as a newspaper or agency published it; the unit that is indexed and shown.

    Texts are NFC, without control characters; paragraphs of ``body`` are separated by a blank line. ``published`` and
    ``updated`` are ISO days of the source's own time zone, possibly only YYYY-MM or YYYY; None = unknown. ``extra`` keeps
    what the source said and no field holds. Without ``doc_id`` it is made from newspaper, day and headline.

    Raises: ArticleInvalid without headline and text, or for a value of the wrong type, an impossible date, a text over BODY_CHARS.
    """

    headline: str = ""
    body: str = ""
    standfirst: str = ""
    newspaper: str = ""
    section: str = ""
    bylines: tuple[str, ...] = ()
    published: str | None = None
    updated: str | None = None
    credit: str = ""
    kind: str = "article"
    places: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    language: str = "fr"
    url: str = ""
    added: str | None = None
    doc_id: str = ""
    has_own_id: bool = False  # doc_id comes from the source, not from the content
    extra: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("headline", "newspaper", "section", "credit", "kind", "language", "url"):
            if (value := getattr(self, name)) != "":
                put(self, name, _line(name, value))
        for name in ("body", "standfirst"):
            if (text := getattr(self, name)) == "":
                continue
            if not isinstance(text, str):
                raise ArticleInvalid(f"{name}: text expected, {type(text).__name__} found")
            if len(text) > BODY_CHARS:
                raise ArticleInvalid(f"{name}: {len(text)} characters, at most {BODY_CHARS} expected; split the file into articles")
            put(self, name, clean_text(text))
        for name in _MANY:
            if (value := getattr(self, name)) != ():
                put(self, name, _lines(name, value))
        for name in ("published", "updated", "added"):
            if (value := getattr(self, name)) is not None:
                put(self, name, _day(name, value))
        put(self, "kind", self.kind.lower() or "article")
        put(self, "language", self.language.lower() or "fr")
        if not self.body and not self.headline and not self.standfirst:
            raise ArticleInvalid("neither headline nor text: an article needs one of them")
        if not isinstance(self.doc_id, str):
            raise ArticleInvalid(f"doc_id: text expected, {type(self.doc_id).__name__} found")
        if self.doc_id:
            put(self, "has_own_id", self.has_own_id or not _derived_from(self, self.doc_id))
            put(self, "doc_id", own_id(self.doc_id))
        else:
            put(self, "doc_id", derived_id(self))

    @property
    def shown_headline(self) -> str:
        """The headline, or the first words of the text where the source has none (never indexed as a headline)."""
        return self.headline or first_words(self.standfirst or self.body)

    def with_newspaper(self, newspaper: str) -> Article:
        """Return the article under a newspaper that its source did not name; a derived doc_id follows."""
        return replace(self, newspaper=newspaper, doc_id=self.doc_id if self.has_own_id else "")


def article_from_record(record: Mapping[str, Any], origin: Origin | None = None, **defaults: str) -> Article:
    """Make an article of a source's record: English, French and usual key names, unknown keys kept in ``extra``.

    ``defaults`` fill fields that the record leaves empty (newspaper, language, kind); ``near`` is the file's own day, for dates without a year.
    Raises: ArticleInvalid, see Article.
    """
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in record.items():
        target = _FIELD_OF_KEY.get(key) or _FIELD_OF_KEY.get(str(key).strip().lower())
        if value is None or value == "" or value == []:
            continue
        if str(key) == "extra" and isinstance(value, Mapping):
            extra.update(value)
        elif target is None or target in values:
            extra[str(key)] = value
        else:
            values[target] = _value(target, value)
    near = defaults.pop("near", "")
    for name, default in defaults.items():
        if default and not values.get(name):
            values[name] = default
    if not values.get("language"):
        text = values.get("body") or values.get("standfirst") or ""
        values["language"] = detect_language(text) if isinstance(text, str) else ""
    article = Article(**values, extra=extra, origin=origin)
    unread = {name: values[name] for name in ("published", "updated") if values.get(name) and getattr(article, name) is None}
    return _with_doubts(article, unread, near) if unread else article


def _with_doubts(article: Article, unread: Mapping[str, Any], near: str) -> Article:
    """Keep dates that cannot be trusted as they are written; one without a year is completed where the day ``near`` it decides."""
    extra = {**article.extra, **{f"{name}_as_written": text for name, text in unread.items()}}
    inferred = complete_day(str(unread["published"]), near) if near and "published" in unread else None
    if inferred is None:
        return replace(article, extra=extra)
    doc_id = article.doc_id if article.has_own_id else ""
    return replace(article, published=inferred, doc_id=doc_id, extra={**extra, "published_inferred": True})


def slug(text: str, chars: int = _SLUG_CHARS) -> str:
    """Return ``text`` as lower-case ASCII words joined by hyphens, cut at a word to at most ``chars`` characters."""
    words = re.findall(r"[a-z0-9]+", unidecode(text.replace("’", " ").replace("'", " ")).lower())
    joined = "-".join(words)
    if len(joined) <= chars:
        return joined
    return joined[: chars + 1].rsplit("-", 1)[0][:chars] if "-" in joined[: chars + 1] else joined[:chars]


def own_id(text: str) -> str:
    """Return a source's own id, as it is when made of letters, digits and ``. _ : -``, else slugged.

    A slugged id carries a hash of the original, because two ids may have one slug.
    """
    if _OWN_ID.fullmatch(text) and text.strip("."):
        return text
    return f"{slug(text, ID_CHARS - 10) or 'id'}-{_digest(text)}"


def derived_id(article: Article) -> str:
    """Return ``<newspaper>-<date>-<headline>`` as slugs plus six characters of a hash that leaves the text out.

    So a corrected typo in the text keeps the address. Only where headline and URL are both empty does the text count:
    nothing else would tell two briefs of one day apart.
    """
    shown = article.headline if article.url else article.shown_headline  # an address alone must outlive a typo in the first words
    names = (slug(article.newspaper), article.published or "", slug(shown))
    return "-".join([part for part in names if part] + [_identity(article)])


def _identity(article: Article) -> str:
    parts = [article.newspaper, article.published or "", article.headline, article.url]
    if not article.headline and not article.url:
        parts += [article.standfirst, article.body]
    return _digest("\x1f".join(parts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]


def _derived_from(article: Article, doc_id: str) -> bool:
    """Tell whether an id is the one that the article would get: an export read again (the cheap half is looked at first)."""
    if doc_id[-_HASH_CHARS - 1 : -_HASH_CHARS] not in ("-", ""):
        return False
    return doc_id.endswith(_identity(article)) and doc_id == derived_id(article)


def _value(target: str, value: Any) -> Any:
    if type(value) is str and target not in _MANY:  # the common case
        return value.strip() if target == "doc_id" else value
    if target in _MANY:
        if isinstance(value, str):
            return tuple(_SEPARATORS.split(value))
        return tuple(_name(item) for item in value) if isinstance(value, (list, tuple)) else value
    if target == "doc_id" and isinstance(value, (str, int)):
        return str(value).strip()
    if isinstance(value, Mapping):
        return _name(value)
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
        return "\n\n".join(value) if target in {"body", "standfirst"} else value[0]
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, (int, float)) else value


def _name(item: Any) -> Any:
    """Return the name in ``{"name": "Awa Sow"}``, as feeds and exports of sites write authors."""
    return item["name"] if isinstance(item, Mapping) and isinstance(item.get("name"), str) else item


def _line(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ArticleInvalid(f"{name}: text expected, {type(value).__name__} found")
    line = clean_line(value)
    return line if len(line) <= LINE_CHARS else line[:LINE_CHARS].rsplit(" ", 1)[0]


def _lines(name: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, (list, tuple)):
        raise ArticleInvalid(f"{name}: a list of texts expected, {type(values).__name__} found")
    return tuple(dict.fromkeys(line for line in (_line(name, value) for value in values) if line))


def _day(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ArticleInvalid(f"{name}: a date as text expected, {type(value).__name__} found")
    return _known_day(value)


@lru_cache(4_096)  # articles of a file are of few days
def _known_day(text: str) -> str | None:
    return iso_day(text)


def first_words(text: str, chars: int = 80) -> str:
    """Return how an article without a headline is shown: the beginning of its text."""
    paragraph = text.split("\n", 1)[0]
    return paragraph if len(paragraph) <= chars else paragraph[:chars].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
