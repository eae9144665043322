"""What leaves the site, whatever the page? Headers, compression, validators, and the pages of what went wrong.

One ``finish`` sees every answer of every status, static files included, so that no page can forget a header. An error says
what to do next and nothing about the machine: no path, no version, no stack.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, jsonify, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import Gone, HTTPException, ServiceUnavailable

from corpus.errors import BadRequest, IndexProblem
from web import typography
from web.wording import _, noted

__all__ = ["SANDBOX", "SECURITY_HEADERS", "error_answer", "prepare"]

SECURITY_HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # search terms are in the addresses
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Vary", "Accept, Accept-Language, Accept-Encoding"),
)
SANDBOX: Final = "sandbox"  # a file to download: whatever opens it in a page runs nothing
HSTS: Final = ("Strict-Transport-Security", "max-age=31536000")
GZIP_FROM_BYTES: Final = 600
GZIP_LEVEL: Final = 5  # 6 saves 1.6 % of a results page and costs a third more time
_TEXTUAL: Final = ("text/", "application/json", "application/javascript", "image/svg+xml", "application/xml")

_log = logging.getLogger(__name__)

# A title and a sentence for each status; any other takes those of 400 or 500.
MESSAGES: Final[dict[int, tuple[str, str]]] = {
    400: (noted("Demande incompréhensible"), noted("L’adresse de cette page contient une valeur que le site ne peut pas lire.")),
    404: (
        noted("Page introuvable"),
        noted("Il n’y a rien à cette adresse. Si vous cherchiez un article, essayez quelques mots de son titre."),
    ),
    405: (noted("Méthode refusée"), noted("Cette page se lit, elle ne se modifie pas.")),
    410: (
        noted("Article retiré"),
        noted("Cet article a été retiré de l’archive. Son adresse reste réservée\u202f; son texte n’est plus consultable."),
    ),
    413: (noted("Demande trop longue"), noted("La demande envoyée dépasse la taille acceptée.")),
    414: (noted("Adresse trop longue"), noted("L’adresse de cette page dépasse la longueur acceptée.")),
    429: (noted("Trop de demandes"), noted("Le site a reçu trop de demandes de votre part. Attendez un instant, puis recommencez.")),
    500: (
        noted("Une erreur est survenue"),
        noted("La page n’a pas pu être composée. L’incident est consigné\u202f; vous pouvez recommencer."),
    ),
    503: (noted("Archive indisponible"), noted("L’archive ne répond pas pour le moment. Recommencez dans quelques instants.")),
}

BUSY: Final = (noted("Trop de fichiers à la fois"), noted("D’autres fichiers sont en préparation. Recommencez dans quelques secondes."))


def prepare(app: Flask) -> None:
    """Give an application its error pages and its headers."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(BadRequest, lambda error: error_answer(400, _bad_request_sentence(error)))
    app.register_error_handler(IndexProblem, _index_problem)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_finisher(app))


def error_answer(status: int, sentence: str = "", title: str = "") -> tuple[Response | str, int]:
    """Return the page (or the JSON, for a program) of an error."""
    named, usual = (_(text) for text in MESSAGES.get(status) or MESSAGES[400 if status < 500 else 500])
    if _wants_json():
        return jsonify(ok=False, error=sentence or usual, status=status), status
    if request_ctx.url_adapter is None:  # a Host header that is no host name: no address can be built for a page
        return Response(f"{title or named}. {sentence or usual}\n", content_type="text/plain; charset=utf-8"), status
    query = request.args.get("q", "")[:500]
    return render_template("error.html", title=title or named, sentence=sentence or usual, status=status, query=query), status


def _bad_request_sentence(error: BadRequest) -> str:
    name, found = typography.quoted(error.parameter), typography.quoted(error.found)
    return _(
        "Le paramètre %(name)s ne peut pas valoir %(found)s\u202f; valeur attendue\u00a0: %(expected)s.",
        name=name,
        found=found,
        expected=error.expected,
    )


def _http_problem(error: HTTPException) -> tuple[Response | str, int, dict[str, str]]:
    allowed, retry = getattr(error, "valid_methods", None), getattr(error, "retry_after", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    sentence, title = _withdrawal(error.description or "") if isinstance(error, Gone) else "", ""
    if isinstance(error, ServiceUnavailable):  # the slots of exports; an archive that cannot be read is an IndexProblem
        title, sentence = _(BUSY[0]), _(BUSY[1])
    return *error_answer(error.code or 500, sentence, title), headers | ({"Retry-After": str(retry)} if retry else {})


def _withdrawal(reason: str) -> str:
    """Say that an article was withdrawn and, as the archivist wrote it for readers, why."""
    return " ".join((_(MESSAGES[410][1]), _("Motif\u00a0: %(reason)s", reason=reason)))


def _index_problem(error: IndexProblem) -> tuple[Response | str, int]:
    _log.error("index unusable: %s", error)
    return error_answer(503)


def _unexpected(error: Exception) -> tuple[Response | str, int]:
    _log.exception("page failed: %r", request.path)
    return error_answer(500)


def _wants_json() -> bool:
    if request.path.endswith(".json") or request.path == "/sante":
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _finisher(app: Flask) -> Callable[[Response], Response]:
    secure = SECURITY_HEADERS + ((HSTS,) if app.config["HTTPS"] else ())

    def finish(response: Response) -> Response:
        for name, value in secure:
            if not (name == "Content-Security-Policy" and response.headers.get(name) == SANDBOX):
                response.headers[name] = value
        if response.status_code != 200:
            response.headers["Cache-Control"] = "no-store"
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"  # kept, but asked again: the validator changes with the index
        if response.status_code == 200 and response.headers["Cache-Control"] != "no-store":
            _validate(response)
        return _compress(response)

    return finish


def _validate(response: Response) -> None:
    """Answer 304 to a browser that has this very page; weak, since it may be compressed or not."""
    if not response.get_etag()[0]:
        response.add_etag(weak=True)
    response.make_conditional(request)


def _compress(response: Response) -> Response:
    if (
        response.is_streamed
        or response.status_code in (204, 206, 304)
        or response.headers.get("Content-Encoding")
        or not request.accept_encodings.quality("gzip")
    ):
        return response
    if not (response.content_type or "").startswith(_TEXTUAL):
        return response
    data = response.get_data()
    if len(data) < GZIP_FROM_BYTES:
        return response
    etag = response.get_etag()[0]
    response.set_data(gzip.compress(data, GZIP_LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(etag, weak=True)
    return response
