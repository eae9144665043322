"""What do programs get? The same answers as the pages, as JSON, and a sign of life."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from search import page_as_json, search
from web.asking import asked_state, engine

__all__ = ["api"]

api = Blueprint("api", __name__)


@api.get("/recherche.json")
def results() -> Response:
    """Answer a search in the contract form of a result page."""
    return _json(page_as_json(search(engine(), asked_state().request())))


@api.get("/sante")
def health() -> Response:
    """Say that the archive answers, what generation of it, and how many articles."""
    stats = engine().stats()
    response = _json({"ok": True, "generation": stats.generation, "articles": stats.articles})
    response.headers["Cache-Control"] = "no-store"
    return response


def _json(answer: dict[str, Any]) -> Response:
    """Keep the order of the keys and the letters as they are: people read these answers too."""
    return Response(
        current_app.json.dumps(answer, ensure_ascii=False, sort_keys=False, separators=(",", ":")) + "\n", mimetype="application/json"
    )
