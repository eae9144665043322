"""How is the server doing? Counts and times for Prometheus, whole over all its processes; no query, no address of anybody.

Off unless ``serve --metrics`` asks for it. The labels are a closed set (a kind of page, a class of status), so that no visitor can
make the table grow.
"""

from __future__ import annotations

import time
from typing import Final

from flask import Blueprint, Flask, Response, abort, current_app, g, request

from web.asking import engine
from web.shared import SharedTable

__all__ = ["WIDTH", "metrics", "prepare"]

metrics = Blueprint("metrics", __name__)

ROUTES: Final = ("home", "results", "article", "export", "feed", "json", "static", "other")
STATUSES: Final = ("2xx", "3xx", "4xx", "5xx")
BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_ROUTE_OF: Final = {
    "site.home": "home",
    "site.results": "results",
    "site.article": "article",
    "feeds.feed": "feed",
    "api.results": "json",
    "assets.static": "static",
}
_CELLS: Final = len(STATUSES) + len(BOUNDS_S) + 2  # a route: statuses, buckets, the bucket without bound, the sum of seconds
WIDTH: Final = len(ROUTES) * _CELLS


@metrics.get("/metriques")
def text() -> Response:
    """Send the counts in the text format of Prometheus."""
    table = current_app.config["METRICS"]
    if table is None:
        abort(404)
    stats = engine().stats()
    lines = [*_lines(table), *_gauge("marbre_generation", "Generation of the index", stats.generation)]
    lines += _gauge("marbre_articles", "Articles that can be found", stats.articles)
    lines += _gauge("marbre_processes", "Processes of the server", table.rows)
    response = Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def prepare(app: Flask) -> None:
    """Count every request of an application, when it has a table to count in."""
    table: SharedTable | None = app.config["METRICS"]
    if table is None:
        return

    def begin() -> None:
        g.began = time.perf_counter()

    def count(response: Response) -> Response:
        _observe(table, _route(request.endpoint), response.status_code, time.perf_counter() - g.get("began", time.perf_counter()))
        return response

    app.before_request(begin)
    app.after_request(count)


def _route(endpoint: str | None) -> str:
    if endpoint is not None and endpoint.startswith("exports."):
        return "export"
    return _ROUTE_OF.get(endpoint or "", "other")


def _observe(table: SharedTable, route: str, status: int, seconds: float) -> None:
    """Units: seconds until the answer began (an export goes on after that)."""
    start = ROUTES.index(route) * _CELLS
    table.add(start + min(max(status // 100 - 2, 0), len(STATUSES) - 1), 1)
    bucket = next((place for place, bound in enumerate(BOUNDS_S) if seconds <= bound), len(BOUNDS_S))
    table.add(start + len(STATUSES) + bucket, 1)
    table.add(start + _CELLS - 1, seconds)


def _lines(table: SharedTable) -> list[str]:
    lines = ["# HELP marbre_requests_total Requests answered", "# TYPE marbre_requests_total counter"]
    for place, route in enumerate(ROUTES):
        for offset, status in enumerate(STATUSES):
            lines.append(f'marbre_requests_total{{route="{route}",status="{status}"}} {table.total(place * _CELLS + offset):.0f}')
    lines += ["# HELP marbre_request_seconds Time until an answer begins", "# TYPE marbre_request_seconds histogram"]
    for place, route in enumerate(ROUTES):
        start, count = place * _CELLS + len(STATUSES), 0.0
        for offset, bound in enumerate((*BOUNDS_S, "+Inf")):
            count += table.total(start + offset)
            lines.append(f'marbre_request_seconds_bucket{{route="{route}",le="{bound}"}} {count:.0f}')
        lines.append(f'marbre_request_seconds_sum{{route="{route}"}} {table.total((place + 1) * _CELLS - 1):.6f}')
        lines.append(f'marbre_request_seconds_count{{route="{route}"}} {count:.0f}')
    return lines


def _gauge(name: str, meaning: str, value: int) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {value}"]
