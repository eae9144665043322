"""How is the archive asked in a browser? A small Flask site over one engine, in French, without JavaScript.

    app = create_app("index")                                  # a location, or an engine already open
    app = create_app(engine, public_url="https://archives.example.org/presse")

The site shows what ``search`` answers and computes nothing of its own: addresses in ``state``, layout in ``presenters`` and
``reading``, HTML only in ``templates``. It is served under any prefix that the server passes as SCRIPT_NAME.
"""

from __future__ import annotations

import os
from typing import Any, Final

from flask import Flask

from search import Engine, open_engine
from web import api, assets, cited, discovery, exports, feeds, limits, metrics, openapi, responses, surveys, typography, views, wording
from web.state import DEFAULT_SIZE

__all__ = ["create_app"]

DEFAULTS: Final[dict[str, object]] = {
    "site_name": "Marbre",
    "public_url": "",  # scheme, host and prefix under which readers know the site; without it only local hosts get absolute addresses
    "page_size": DEFAULT_SIZE,  # articles a page, where the address names no other number
    "https": False,  # send Strict-Transport-Security
    "logo": "",  # an image file shown beside the name
    "trusted_hosts": (),  # host names that the site answers to; none given: any, and none is repeated
    "rate_limit": "",  # questions of one visitor: "120/minute"
    "rate_table": None,  # where the processes of a server count them together
    "export_table": None,  # where they count the exports that run
    "metrics": None,  # where they count requests for /metriques
}
BODY_BYTES: Final = 64 * 1024
FORM_PARTS: Final = 100


def create_app(archive: Engine | str | os.PathLike[str], **config: object) -> Flask:
    """Return the site of an archive: a location to open, or an engine that somebody else closes.

    ``config``: the names of DEFAULTS; a name in capitals is passed to Flask as it is (TESTING).
    Raises: IndexProblem when there is no usable index at the location; TypeError for an unknown option.
    """
    unknown = [name for name in config if name not in DEFAULTS and not name.isupper()]
    if unknown:
        raise TypeError(f"create_app: unknown option {', '.join(unknown)}; expected {', '.join(DEFAULTS)}")
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=BODY_BYTES, MAX_FORM_PARTS=FORM_PARTS)
    app.config.update({name.upper(): value for name, value in (DEFAULTS | config).items()})
    app.config["TRUSTED_HOSTS"] = list(app.config["TRUSTED_HOSTS"]) or None
    app.extensions["marbre"] = open_engine(archive) if isinstance(archive, (str, os.PathLike)) else archive
    app.url_map.merge_slashes = False  # //path is no page: a redirect would echo the Host header
    _prepare_templates(app)
    wording.prepare(app)
    app.extensions["marbre.assets"] = assets.read_assets(str(app.config["LOGO"]))
    app.register_blueprint(assets.assets)
    app.register_blueprint(views.site)
    app.register_blueprint(surveys.surveys)
    app.register_blueprint(cited.cited)
    app.register_blueprint(api.api)
    for blueprint in (exports.exports, feeds.feeds, discovery.discovery, openapi.openapi, metrics.metrics):
        app.register_blueprint(blueprint)
    exports.prepare(app)
    discovery.prepare(app)
    metrics.prepare(app)  # counts what responses has finished
    limits.prepare(app)
    responses.prepare(app)
    return app


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["number"] = typography.number
    app.jinja_env.filters["articles"] = typography.articles
    app.jinja_env.filters["day"] = typography.day
    fixed: dict[str, Any] = {"asset": assets.asset_url, "site_name": app.config["SITE_NAME"], "logo": assets.logo_url}
    app.jinja_env.globals.update(fixed)
