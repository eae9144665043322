"""What does this request ask, and of which archive? What every view begins with; the addresses it answers with."""

from __future__ import annotations

import hashlib
from typing import Final, NoReturn
from urllib.parse import urlsplit

from flask import Response, current_app, request, url_for
from werkzeug.exceptions import Gone, NotFound

from search import Engine
from web.links import Links
from web.state import SearchState
from web.wording import PARAMETER, interface

__all__ = ["absolute", "asked_state", "engine", "links", "missing", "validated"]

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def engine() -> Engine:
    """Return the engine of the archive that is served."""
    serving: Engine = current_app.extensions["marbre"]
    return serving


def asked_state() -> SearchState:
    """Return the search in the address of this request. Raises: BadRequest."""
    return SearchState.from_args(request.args.items(multi=True), current_app.config["PAGE_SIZE"])


def links() -> Links:
    """Return the maker of addresses, prefix included; it may be used after the request has ended."""
    language = () if interface() == "fr" else ((PARAMETER, interface()),)
    results, article, values, texts = (
        url_for("site.results", ui=None),
        url_for("site.article", doc_id="_", ui=None),
        url_for("surveys.values", parameter="_", ui=None),
        url_for("cited.text", slug="_", ui=None),
    )
    return Links(results, article.removesuffix("_"), language, values.removesuffix("_"), texts.removesuffix("_"))


def missing(doc_id: str) -> NoReturn:
    """Answer that there is no article of this id: 410 with the reason where it was withdrawn for ever, else 404."""
    reason = engine().withdrawn(doc_id)
    raise Gone(reason) if reason is not None else NotFound()


def absolute(path: str) -> str:
    """Return a full address, or "" where only the Host header would vouch for it: anybody can write that one."""
    base: str = current_app.config["PUBLIC_URL"].rstrip("/")
    if base:
        return base + path.removeprefix(request.script_root)
    host = urlsplit(request.host_url)
    return f"{host.scheme}://{host.netloc}{path}" if host.hostname in _LOCAL_HOSTS else ""


def validated(response: Response, generation: int, *more: str) -> Response:
    """Give an answer a validator made of the question and the generation of the index."""
    key = "\x1f".join((str(generation), request.script_root, request.full_path, request.host, *more))
    response.set_etag(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:20], weak=True)
    return response
