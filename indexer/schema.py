"""Which fields does an article have? The one table; nothing else lists them.

Each row says how a field is called (English in code and JSON, French in queries and URLs), how it is shown, how it is
analysed, and whether it is a facet. ``whoosh_schema`` derives the Whoosh schema from the table, so that a new field is
one new row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from whoosh import fields as whoosh_fields
from whoosh.analysis import Analyzer, Token
from whoosh.formats import Positions

from indexer import french

__all__ = [
    "ACRONYM_FIELD",
    "FACETS",
    "FIELDS",
    "FIELD_BY_NAME",
    "LABEL_FIELDS",
    "PARAGRAPH_TERM",
    "PRINTED_FIELD",
    "PRINTED_MARK",
    "SCHEMA_VERSION",
    "TEXT_FIELDS",
    "ClassAnalyzer",
    "ExactAnalyzer",
    "Field",
    "Kind",
    "exact_field",
    "find_field",
    "label_term",
    "whoosh_schema",
]

SCHEMA_VERSION: Final = 1
PRINTED_FIELD: Final = "printed"  # how a folded form of the bodies is mostly printed: "securite\tsécurité"
PRINTED_MARK: Final = "\t"
ACRONYM_FIELD: Final = "acronyms"  # the acronyms that articles introduce; see mentions.py
PARAGRAPH_TERM: Final = "¶"  # stands in the exact fields where a paragraph begins; no word folds to it


class Kind(StrEnum):
    """How the values of a field are indexed."""

    TEXT = "text"  # analysed: an inflection class and an exact folded form, with positions
    LABEL = "label"  # one value, kept whole, compared folded
    LABELS = "labels"  # several values, each kept whole
    DAY = "day"  # a day, month or year; may be unknown
    ID = "id"  # kept whole, compared as it is


@dataclass(frozen=True, slots=True)
class Field:
    """One row: ``name`` and ``french`` are accepted in queries, ``aliases`` too; ``label`` is for readers, in French."""

    name: str
    french: str
    label: str
    kind: Kind
    facet: bool = False
    aliases: tuple[str, ...] = ()
    facet_label: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every accepted name, English first."""
        return (self.name, self.french, *self.aliases)


FIELDS: Final[tuple[Field, ...]] = (
    Field("headline", "titre", "Titre", Kind.TEXT, aliases=("title",)),
    Field("standfirst", "chapo", "Chapô", Kind.TEXT, aliases=("chapô", "chapeau", "summary")),
    Field("body", "texte", "Texte", Kind.TEXT, aliases=("text", "content", "corps")),
    Field("newspaper", "journal", "Journal", Kind.LABEL, facet=True, aliases=("source", "newspapers"), facet_label="Journaux"),
    Field("section", "rubrique", "Rubrique", Kind.LABEL, facet=True, aliases=("category",), facet_label="Rubriques"),
    Field(
        "bylines",
        "auteur",
        "Signature",
        Kind.LABELS,
        facet=True,
        aliases=("byline", "author", "auteurs", "signature"),
        facet_label="Signatures",
    ),
    Field("kind", "type", "Type", Kind.LABEL, facet=True, facet_label="Types"),
    Field("credit", "credit", "Crédit", Kind.LABEL, facet=True, aliases=("crédit",), facet_label="Crédits"),
    Field("places", "lieu", "Lieu", Kind.LABELS, facet=True, aliases=("place", "lieux"), facet_label="Lieux"),
    Field("people", "personne", "Personne", Kind.LABELS, facet=True, aliases=("person", "personnes"), facet_label="Personnes"),
    Field(
        "organisations",
        "organisation",
        "Organisation",
        Kind.LABELS,
        facet=True,
        aliases=("organization", "organizations"),
        facet_label="Organisations",
    ),
    Field(
        "references", "reference", "Texte cité", Kind.LABELS, facet=True, aliases=("référence", "références"), facet_label="Textes cités"
    ),
    Field(
        "tags",
        "motcle",
        "Mot-clé",
        Kind.LABELS,
        facet=True,
        aliases=("tag", "keywords", "motclé", "motscles", "mots-clés"),
        facet_label="Mots-clés",
    ),
    Field("language", "langue", "Langue", Kind.LABEL, facet=True, aliases=("lang",), facet_label="Langues"),
    Field("published", "date", "Date", Kind.DAY),
    Field("updated", "maj", "Mise à jour", Kind.DAY),
    Field("added", "ajout", "Ajouté le", Kind.DAY),
    Field("doc_id", "id", "Identifiant", Kind.ID),
    Field("url", "url", "Adresse", Kind.ID),
)

FIELD_BY_NAME: Final[dict[str, Field]] = {field.name: field for field in FIELDS}
TEXT_FIELDS: Final[tuple[str, ...]] = tuple(field.name for field in FIELDS if field.kind is Kind.TEXT)
FACETS: Final[tuple[str, ...]] = tuple(field.name for field in FIELDS if field.facet)
LABEL_FIELDS: Final[tuple[str, ...]] = tuple(field.name for field in FIELDS if field.kind in (Kind.LABEL, Kind.LABELS))

_BY_ANY_NAME: Final[dict[str, Field]] = {name.casefold(): field for field in FIELDS for name in field.names}


def find_field(name: str) -> Field | None:
    """Return the row for an English or French name or an alias, in any case; None when no field is called so."""
    return _BY_ANY_NAME.get(name.casefold())


def exact_field(name: str) -> str:
    """Return the name of the index field that holds the exact folded forms of a text field."""
    return f"{name}_exact"


@lru_cache(maxsize=200_000)
def label_term(value: str) -> str:
    """Return the form under which a label is compared: accents, case and apostrophes folded, words joined by one space."""
    return " ".join(french.fold(token.surface) for token in french.tokenize(value) if not token.joined)


class ClassAnalyzer(Analyzer):
    """The analysis as a Whoosh analyzer: one inflection class a token, so that any Whoosh tool reads and writes our fields."""

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        """Yield one (reused) Whoosh token per token of ``value``."""
        whoosh_token = Token(positions=True, chars=True, removestops=True, mode=kwargs.get("mode", ""))
        for token in french.tokenize(value):
            for text in self._terms(token.surface):
                whoosh_token.text = text
                whoosh_token.boost = 1.0
                whoosh_token.stopped = False
                whoosh_token.pos = token.position
                whoosh_token.startchar, whoosh_token.endchar = token.start, token.end
                yield whoosh_token

    def _terms(self, surface: str) -> Iterator[str]:
        yield french.term(french.fold(surface))


class ExactAnalyzer(ClassAnalyzer):
    """The exact folded form of each token, its accented form where the folding is ambiguous (´côté), and where paragraphs begin (¶)."""

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        """Yield one (reused) Whoosh token per form of ``value``."""
        before = -french.PARAGRAPH_GAP
        for token in super().__call__(value, **kwargs):
            text, position = token.text, token.pos
            if position - before >= french.PARAGRAPH_GAP and kwargs.get("mode") == "index":
                token.text = PARAGRAPH_TERM
                yield token
                token.text = text
            before = position
            yield token

    def _terms(self, surface: str) -> Iterator[str]:
        yield french.fold(surface)
        accented = french.accent_term(surface)
        if accented is not None:
            yield accented


def whoosh_schema() -> whoosh_fields.Schema:
    """Return the Whoosh schema of the table: two fields a text field, one term a label, the article itself stored as JSON."""
    schema = whoosh_fields.Schema()
    for field in FIELDS:
        if field.kind is Kind.TEXT:
            schema.add(field.name, whoosh_fields.FieldType(Positions(), ClassAnalyzer(), scorable=True))
            schema.add(exact_field(field.name), whoosh_fields.FieldType(Positions(), ExactAnalyzer(), scorable=True))
        elif field.name == "doc_id":
            schema.add(field.name, whoosh_fields.ID(unique=True, stored=True))
        else:
            schema.add(field.name, whoosh_fields.KEYWORD(commas=True))
    schema.add(PRINTED_FIELD, whoosh_fields.KEYWORD(commas=True))
    schema.add(ACRONYM_FIELD, whoosh_fields.KEYWORD(commas=True))
    schema.add("article", whoosh_fields.STORED())
    return schema
