"""In which language does the site speak to this reader? French, or English with ``ui=en`` in the address.

The French sentence is the key of the catalogue (``translations/en``): the pages read as they are written, and a sentence
without a translation is shown in French rather than not at all. Outside a request everything is French. What comes from the
archive and what the query language answers stays French in both; the pages say so with ``lang``.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import quote, urlencode

from flask import Flask, request, url_for
from flask_babel import Babel, get_translations, gettext, ngettext  # type: ignore[import-untyped]

from corpus.errors import BadRequest

__all__ = ["FIELD_LABELS", "INTERFACES", "PARAMETER", "Interface", "_", "interface", "many", "noted", "prepare"]

Interface = Literal["fr", "en"]
INTERFACES: Final[tuple[Interface, ...]] = get_args(Interface)
PARAMETER: Final = "ui"
_language: ContextVar[Interface] = ContextVar("language", default="fr")
_FOLDER: Final = Path(__file__).parent / "translations"


def noted(sentence: str) -> str:
    """Return a sentence as it is: it is translated where it is shown, and found by the extraction here."""
    return sentence


# The labels of the field table, which is made where nothing knows of languages; a test compares the two.
FIELD_LABELS: Final = (
    *(noted("Journal"), noted("Journaux"), noted("Rubrique"), noted("Rubriques"), noted("Signature"), noted("Signatures")),
    *(noted("Type"), noted("Types"), noted("Crédit"), noted("Crédits"), noted("Lieu"), noted("Lieux")),
    *(noted("Personne"), noted("Personnes"), noted("Organisation"), noted("Organisations")),
    *(noted("Texte cité"), noted("Textes cités"), noted("Mot-clé"), noted("Mots-clés"), noted("Langue"), noted("Langues")),
    *(noted("Année"), noted("Années"), noted("Mois")),
)


def prepare(app: Flask) -> None:
    """Give an application its catalogues, and every address it makes the language of the page it stands on."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_FOLDER)
    Babel(app, default_locale="fr", locale_selector=interface)
    app.before_request(_begin)
    app.teardown_request(_end)
    app.url_defaults(_keep)
    app.jinja_env.globals.update(interface=interface, other_language=_other_language)
    translating: Any = app.jinja_env  # a page has some two hundred sentences: French ones are not looked up
    translating.install_gettext_callables(_, _form, newstyle=True)


def interface() -> Interface:
    """Return the language of the page being made."""
    return _language.get()


def _(sentence: str, **values: object) -> str:
    """Return a sentence in the language of the page, with its ``%(name)s`` filled in."""
    if _language.get() == "fr":
        return sentence % values if values else sentence
    said: str = gettext(sentence, **values)
    return said


def many(one: str, more: str, number: int, **values: object) -> str:
    """Return the form for ``number``: French takes the plural from two on, English beside one."""
    if _language.get() == "fr":
        return (one if number < 2 else more) % values
    said: str = ngettext(one, more, number, **values)
    return said


def _form(one: str, more: str, number: int) -> str:
    """Return the form for ``number``, its values not yet filled in: what templates ask for."""
    if _language.get() == "fr":
        return one if number < 2 else more
    said: str = get_translations().ungettext(one, more, number)
    return said


def _begin() -> None:
    asked = request.args.get(PARAMETER)
    _language.set("en" if asked == "en" else "fr")
    if asked is not None and asked not in INTERFACES:
        raise BadRequest(PARAMETER, asked, _("fr ou en"))


def _end(_error: BaseException | None) -> None:
    _language.set("fr")


def _keep(endpoint: str, values: dict[str, Any]) -> None:
    """Carry the language along; ``ui=None`` asks for an address without it."""
    if interface() != "fr" and PARAMETER not in values and not endpoint.startswith("assets."):
        values[PARAMETER] = interface()


def _other_language() -> str:
    """Return the address of this very page in the other language; of the home page where there is no page at this address.

    A path that no route knows is the visitor’s own text, and « //evil.example » would lead away.
    """
    if request.url_rule is None:
        return url_for("site.home", ui="en" if interface() == "fr" else None)
    args = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
    args += [(PARAMETER, "en")] if interface() == "fr" else []
    path = request.script_root + quote(request.path)
    return path + "?" + urlencode(args) if args else path
