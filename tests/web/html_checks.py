"""What would a browser make of a page? The tree of an HTML5 parser, and whatever in it could run or style."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import html5lib

__all__ = ["executable_nodes", "parse_errors", "parsed"]

_HTML = "{http://www.w3.org/1999/xhtml}"
_ACTIVE = {"iframe", "frame", "object", "embed", "base", "applet", "style", "template", "animate", "set", "foreignobject", "math"}
_ADDRESSES = {"href", "src", "action", "formaction", "data", "{http://www.w3.org/1999/xlink}href", "poster", "background", "srcset"}
_BAD_ADDRESS = re.compile(r"[\x00-\x20]*(?:j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t|vbscript|data)\s*:|[\\/]{2}", re.IGNORECASE)


def parsed(text: str) -> Any:
    """Return the tree an HTML5 parser makes."""
    return html5lib.parse(text, treebuilder="etree")


def parse_errors(text: str) -> list[str]:
    """Return what the parser had to mend."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"))
    parser.parse(text)
    return [f"{code} {data} at {place}" for place, code, data in parser.errors]


def executable_nodes(tree: Any) -> list[str]:
    """Return every node that runs, loads, redirects or styles beyond the site’s own two files."""
    return [found for node in tree.iter() if isinstance(node.tag, str) for found in _faults(node)]


def _faults(node: Any) -> Iterator[str]:
    name = node.tag.rpartition("}")[2].lower()
    if name == "script" and not (node.get("src") or "").startswith("/static/") and node.get("type") != "application/ld+json":
        yield "script"
    if name == "link" and "stylesheet" in (node.get("rel") or "") and not (node.get("href") or "").startswith("/static/"):
        yield "link"
    if name in _ACTIVE or (name == "meta" and node.get("http-equiv")):
        yield name
    for attribute, value in node.attrib.items():
        if attribute.lower().startswith("on") or attribute in ("style", "srcdoc"):
            yield f"{name}@{attribute}"
        if attribute in _ADDRESSES and _BAD_ADDRESS.match(value):
            yield f"{name}@{attribute}={value[:40]}"
