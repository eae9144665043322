"""What is a reader told when a question was not taken exactly as typed? Every sentence, in French, in one place."""

from __future__ import annotations

from typing import Final

__all__ = [
    "BRACKET_ALONE",
    "FIELDS_APART",
    "NOTHING",
    "QUOTE_ALONE",
    "cut_pattern",
    "cut_text",
    "far",
    "fuzzy_capped",
    "label_is_whole",
    "no_date",
    "no_fuzzy_number",
    "no_value",
    "not_near",
    "operator_alone",
    "pattern_without_letter",
    "read_as_words",
    "too_deep",
    "too_many",
]

NOTHING: Final = "Il n’y a aucun mot à chercher dans cette question."
BRACKET_ALONE: Final = "Une parenthèse sans sa pareille a été ignorée."
QUOTE_ALONE: Final = "Un guillemet sans son pendant a été ignoré."
FIELDS_APART: Final = "Deux mots proches se cherchent dans un même champ : les deux mots sont cherchés, sans la distance."


def _quoted(text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "…"
    return f"« {shown} »"


def cut_text(characters: int) -> str:
    """The query was longer than the limit."""
    return f"La question dépasse {characters} caractères : la fin n’est pas cherchée."


def too_deep(depth: int) -> str:
    """Parentheses were nested deeper than the limit."""
    return f"Plus de {depth} parenthèses emboîtées : les plus profondes sont ignorées."


def too_many(clauses: int) -> str:
    """There were more words and conditions than the limit."""
    return f"La question compte plus de {clauses} mots ou conditions : les derniers ne sont pas cherchés."


def operator_alone(operator: str) -> str:
    """An operator had nothing to its left or right."""
    return f"{_quoted(operator)} ne relie rien ici : il a été ignoré."


def read_as_words(text: str) -> str:
    """Nothing but operators was left, so they are words."""
    return f"{_quoted(text)} est cherché comme de simples mots."


def no_value(name: str) -> str:
    """A field name was glued to nothing usable."""
    return f"{_quoted(name + ':')} n’est suivi de rien que l’on puisse y chercher : le nom est pris comme un mot."


def no_date(text: str) -> str:
    """A date field was followed by something that is no date."""
    return f'{_quoted(text)} n’est pas une date (2025, 2025-10, 2025-10-09, "octobre 2025", 2024..2025-03) : cherché comme des mots.'


def label_is_whole(text: str) -> str:
    """A wildcard or another sign in a label field means nothing there."""
    return f"{_quoted(text)} : ce champ se cherche par mots entiers, sans *, ~ ni >=."


def not_near(operator: str) -> str:
    """An operand of a closeness operator has no place in a text."""
    return f"{_quoted(operator)} relie des mots, des expressions ou des (mots OU mots) : il est lu ici comme ET."


def far(operator: str, distance: int) -> str:
    """A distance was larger than the limit."""
    return f"{_quoted(operator)} : la distance est ramenée à {distance} mots."


def pattern_without_letter(text: str) -> str:
    """A pattern was made of wildcards only."""
    return f"{_quoted(text)} : il faut au moins une lettre ou un chiffre à côté de * ou ?."


def cut_pattern(text: str, characters: int) -> str:
    """A pattern was longer than the limit."""
    return f"{_quoted(text)} : seuls les {characters} premiers caractères sont cherchés."


def fuzzy_capped(text: str, distance: int) -> str:
    """A fuzzy distance was larger than the limit."""
    return f"{_quoted(text)} : l’approximation est ramenée à {distance} lettres."


def no_fuzzy_number(text: str) -> str:
    """Only single words made of letters are approximated."""
    return f"{_quoted(text)} : l’approximation ne vaut que pour un mot fait de lettres ; il est cherché tel quel."
