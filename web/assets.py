"""Where do the style sheet, the script and the icon come from? Memory: read once, compressed once, named by their content.

The address of an asset carries the digest of its bytes, so that a browser may keep it for a year and still see the next one
at once. Serving from memory leaves no file name for an address to play with.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, current_app, request, url_for

__all__ = ["Asset", "asset_url", "assets", "read_assets"]

assets = Blueprint("assets", __name__)

KEPT_SECONDS: Final = 365 * 24 * 3600
KEPT_PLAIN_SECONDS: Final = 3600  # at an address without the digest
_FOLDER: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the site."""

    data: bytes
    compressed: bytes
    media_type: str
    digest: str


def read_assets() -> dict[str, Asset]:
    """Read every static file, by name."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        data = path.read_bytes()
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = Asset(data, gzip.compress(data, 9, mtime=0), media_type, hashlib.sha256(data).hexdigest()[:10])
    return found


def asset_url(name: str) -> str:
    """Return the lasting address of an asset, for templates."""
    return url_for("assets.static", name=name, v=_held()[name].digest)


@assets.get("/static/<name>")
def static(name: str) -> Response:
    """Send one asset, compressed for whoever can read it."""
    asset = _held().get(name)
    if asset is None:
        abort(404)
    zipped = bool(request.accept_encodings.quality("gzip"))
    response = Response(asset.compressed if zipped else asset.data, content_type=_content_type(asset.media_type))
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(asset.digest, weak=True)
    lasting = request.args.get("v") == asset.digest
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable" if lasting else f"public, max-age={KEPT_PLAIN_SECONDS}"
    return response


def _held() -> dict[str, Asset]:
    held: dict[str, Asset] = current_app.extensions["marbre.assets"]
    return held


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") or media_type.endswith(("javascript", "xml")) else media_type
