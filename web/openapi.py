"""What may a program ask here, and what does it get? The site as OpenAPI 3.1, made of the tables that the site itself reads.

Parameters come from the field table, limits from the constants that enforce them; a test asks the site thousands of questions made
from this page and fails on any answer it does not announce.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any, Final

from flask import Blueprint, Response, current_app, jsonify, url_for

from search.concordance import ORDERS
from search.request import MAX_PAGE_SIZE, RESULT_WINDOW
from web.asking import absolute
from web.state import LABELS, MAX_FILTER_VALUES, PARAMETERS, VALUE_CHARS

__all__ = ["openapi", "specification"]

openapi = Blueprint("openapi", __name__)

Schema = dict[str, Any]

_NO_CONTROLS: Final = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_MAYBE_TEXT: Final[Schema] = {"type": ["string", "null"]}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_SPANS: Final[Schema] = {
    "type": "array",
    "description": "Half-open ranges in code points of the text",
    "items": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
}
_DAY: Final[Schema] = {"type": "string", "pattern": "^(?:[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8]))?$"}
_CITED: Final = "Laws, decrees and other texts that the article cites, in normal form: those of its references, then those read in its text"
_FILES: Final = {
    "/recherche.jsonl": ("application/jsonl", "Every article of an answer, one JSON object a line; marbre index reads it"),
    "/recherche.csv": ("text/csv", "Every article of an answer as a table, safe to open in a spreadsheet"),
    "/recherche.ris": ("application/x-research-info-systems", "Every article of an answer for reference managers"),
    "/recherche.bib": ("application/x-bibtex", "Every article of an answer for BibTeX and BibLaTeX"),
    "/recherche.atom": ("application/atom+xml", "The last articles added that answer a search, as an Atom feed"),
}
_ARTICLE_FILES: Final = {
    "json": ("application/json", "An article under the names of its fields"),
    "txt": ("text/plain", "An article as text, with its reference"),
    "ris": ("application/x-research-info-systems", "The reference of an article for reference managers"),
    "bib": ("application/x-bibtex", "The reference of an article for BibTeX and BibLaTeX"),
    "csl": ("application/vnd.citationstyles.csl+json", "The reference of an article as CSL-JSON"),
}


@openapi.get("/api/openapi.json")
def document() -> Response:
    """Send the description."""
    return jsonify(specification(current_app.config["SITE_NAME"], absolute(url_for("site.home", ui=None)) or url_for("site.home", ui=None)))


def specification(site_name: str, root: str) -> Schema:
    """Return the whole description of a site at the address ``root``."""
    paths: dict[str, Schema] = {
        "/recherche.json": _get("A page of results", [*_search_parameters(), *_page_parameters()], "application/json", _ref("ResultPage"))
    }
    for path, (media_type, summary) in _FILES.items():
        paths[path] = _get(summary, _search_parameters(), media_type, _TEXT, busy=True)
    order = _parameter("ordre", "Order of the lines", {"type": "string", "enum": ["droite", "gauche", "journal", *ORDERS, ""]})
    paths["/concordance.csv"] = _get("Where the words of a query stand, in context", [*_search_parameters(), order], "text/csv", _TEXT)
    typed = [_parameter("q", "The query, of which the last word is being typed", _TEXT)]
    pair = {"type": "array", "items": {"anyOf": [_TEXT, _TEXTS]}, "minItems": 2, "maxItems": 4}
    paths["/suggestions"] = _get("How the query may go on, as OpenSearch has it", typed, "application/x-suggestions+json", pair)
    for ending, (media_type, summary) in _ARTICLE_FILES.items():
        schema = {"json": _ref("Article"), "csl": {"type": "array", "items": {"type": "object"}}}.get(ending, _TEXT)
        paths[f"/article/{{doc_id}}.{ending}"] = _get(summary, [_doc_id()], media_type, schema, missing=True)
    paths["/sante"] = _get("Does the archive answer?", [], "application/json", _ref("Health"))
    paths["/opensearch.xml"] = _get("The site as a search engine of a browser", [], "application/opensearchdescription+xml", _TEXT)
    paths["/robots.txt"] = _get("Rules for crawlers", [], "text/plain", _TEXT)
    paths["/api/openapi.json"] = _get("This description", [], "application/json", {"type": "object"})
    return {
        "openapi": "3.1.0",
        "info": {"title": site_name, "version": importlib.metadata.version("marbre"), "description": "Full-text search of the press."},
        "servers": [{"url": root.rstrip("/") or "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _search_parameters() -> list[Schema]:
    """Return the parameters of a search, in the order of its address."""
    rows = [_parameter("q", "The query, see the help of the site", _TEXT)]
    for field, name in PARAMETERS.items():
        values = {"type": "string", "pattern": _value_pattern(field), "maxLength": VALUE_CHARS}
        both = {"type": "array", "items": values, "maxItems": MAX_FILTER_VALUES // (2 * len(PARAMETERS))}
        rows.append(_parameter(name, f"{LABELS[field]}: one of these values; an empty one means without value", both))
        rows.append(_parameter(f"-{name}", f"{LABELS[field]}: none of these values", both))
    rows.append(_parameter("du", "Published on this day or later; not after « au »", _DAY))
    rows.append(_parameter("au", "Published on this day or earlier", _DAY))
    printed = "Texts that several newspapers printed: one line each (usual in pages and feeds), or every article (usual in files)"
    rows.append(_parameter("reprises", printed, {"type": "string", "enum": ["groupees", "toutes", ""]}))
    rows.append(_parameter("tri", "Order", {"type": "string", "enum": ["pertinence", "recent", "ancien", "ajout", ""]}))
    return rows


def _page_parameters() -> list[Schema]:
    """Return which part of the answer is shown; a file has all of it."""
    size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}
    number = {"type": "integer", "minimum": 1, "maximum": RESULT_WINDOW}
    return [
        _parameter("par_page", "Articles a page", size),
        _parameter("page", f"Page; page × par_page is at most {RESULT_WINDOW}", number),
    ]


def _value_pattern(field: str) -> str:
    return {"year": "^(?:[0-9]{4})?$", "month": "^(?:[0-9]{4}-(?:0[1-9]|1[0-2]))?$"}.get(field, _NO_CONTROLS)


def _parameter(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "required": False, "schema": schema}


def _doc_id() -> Schema:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,260}$"}
    return {"name": "doc_id", "in": "path", "description": "The lasting id of an article", "required": True, "schema": schema}


def _get(summary: str, parameters: list[Schema], media_type: str, schema: Schema, missing: bool = False, busy: bool = False) -> Schema:
    """Return a path that is only read."""
    answers = {"200": {"description": "The answer", "content": {media_type: {"schema": schema}}}}
    problems = {"304": "Not changed since", "400": "A parameter that cannot be read", "429": "Too many questions", "503": "Not now"}
    problems |= {"404": "No such article", "410": "Withdrawn for ever"} if missing else {}
    problems |= {"503": "Every export slot is taken, or the archive cannot be read; see Retry-After"} if busy else {}
    error = {media: {"schema": shape} for media, shape in (("application/json", _ref("Error")), ("text/html", _TEXT))}
    for status, meaning in sorted(problems.items()):
        answers[status] = {"description": meaning} if status == "304" else {"description": meaning, "content": error}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _schemas() -> dict[str, Schema]:
    counts = _object(value=_TEXT, count=_NUMBER)
    bucket = _object(value=_TEXT, count=_NUMBER, selected={"type": "boolean"})
    facet = _object(buckets={"type": "array", "items": bucket}, other=_NUMBER, missing=_NUMBER)
    marked = _object(text=_TEXT, spans=_SPANS)
    plain = dict.fromkeys(("doc_id", "headline", "newspaper", "section", "kind", "url"), _TEXT)
    hit = _object(**plain, published=_MAYBE_TEXT, bylines=_TEXTS, score={"type": "number"}, snippet=marked, headline_spans=_SPANS)
    hit["properties"]["reprints"] = _NUMBER
    version = _object(
        **dict.fromkeys(("doc_id", "headline", "newspaper"), _TEXT), published=_MAYBE_TEXT, kept=_NUMBER, first={"type": "boolean"}
    )
    hit["properties"]["versions"] = {"type": "array", "items": version}
    texts = dict.fromkeys(("doc_id", "headline", "standfirst", "body", "newspaper", "section", "credit", "kind", "language", "url"), _TEXT)
    lists = dict.fromkeys(("bylines", "places", "people", "organisations", "tags", "references"), _TEXTS)
    days = dict.fromkeys(("published", "updated", "added"), _MAYBE_TEXT)
    return {
        "ResultPage": _object(
            query=_object(text=_TEXT, understood=_TEXT),
            total=_NUMBER,
            took_ms={"type": "number"},
            page=_object(number=_NUMBER, size=_NUMBER, pages=_NUMBER),
            hits={"type": "array", "items": hit},
            facets={"type": "object", "additionalProperties": facet},
            timeline=_object(unit={"type": "string", "enum": ["day", "month", "year"]}, buckets={"type": "array", "items": counts}),
            relaxed={"type": "boolean"},
            notes=_TEXTS,
            suggestion=_MAYBE_TEXT,
            partial={"type": "boolean"},
            approximate={"type": "boolean"},
            generation=_NUMBER,
            articles=_NUMBER,
            reprints={"type": "string", "enum": ["grouped", "all"]},
        ),
        "Article": _object(**texts, **lists, **days, cited_texts={**_TEXTS, "description": _CITED}),
        "Health": _object(ok={"type": "boolean"}, generation=_NUMBER, articles=_NUMBER),
        "Error": _object(ok={"type": "boolean", "const": False}, error=_TEXT, status=_NUMBER),
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
