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

from corpus.errors import SourceUnreadable

__all__ = ["Asset", "asset_url", "assets", "logo_url", "read_assets"]

assets = Blueprint("assets", __name__)

KEPT_SECONDS: Final = 365 * 24 * 3600
KEPT_PLAIN_SECONDS: Final = 3600  # at an address without the digest
_LOGO: Final = "logo"
_FOLDER: Final = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the site."""

    data: bytes
    compressed: bytes
    media_type: str
    digest: str


def read_assets(logo: str = "") -> dict[str, Asset]:
    """Read every static file, by name, and the image of the house as ``logo.<its ending>``.

    Raises: SourceUnreadable for a logo that is no image or cannot be read.
    """
    found = {path.name: _read(path) for path in sorted(_FOLDER.iterdir())}
    if logo:
        path = Path(logo)
        try:
            found[f"{_LOGO}{path.suffix.lower()}"] = image = _read(path)
        except OSError as error:
            raise SourceUnreadable(f"logo {logo}: {error.strerror or error}; expected an image file") from error
        if not image.media_type.startswith("image/"):
            raise SourceUnreadable(f"logo {logo}: {image.media_type} found, expected an image (.svg, .png, .jpg, .webp)")
    return found


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(data, gzip.compress(data, 9, mtime=0), media_type, hashlib.sha256(data).hexdigest()[:10])


def logo_url() -> str:
    """Return the address of the image of the house, "" when it has none."""
    return next((asset_url(name) for name in _held() if name.startswith(_LOGO)), "")


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
