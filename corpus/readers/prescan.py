"""May this page be given to a tree parser? One linear look at its tags first.

Tree parsers take minutes for half a million nested tags or attributes; a page of a newspaper has thirty levels and ten
attributes. The look follows the tokenizer of HTML as far as the limits need it: comments, raw text, quoted values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

__all__ = ["MAX_ATTRIBUTES", "MAX_DEPTH", "MAX_HTML_BYTES", "MAX_TAGS", "why_refused"]

MAX_HTML_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 512
MAX_ATTRIBUTES: Final = 1_000
MAX_TAGS: Final = 100_000  # the busiest home page has a tenth; twice as many take the parsers of the text half a minute

_OPEN = re.compile(r"<!--|<(/?)([a-zA-Z][^\s/<>]{0,60})")
_ATTRIBUTES = re.compile(r"(?:[^>\"'=]++|=\s*+\"[^\"]*+\"|=\s*+'[^']*+'|[=\"'])*+")
_QUOTED = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
# Elements without content, and those that a sibling closes: they do not nest by being left open.
_FLAT_NAMES = "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th thead tbody tfoot option optgroup rp rt colgroup"
_FLAT = frozenset(_FLAT_NAMES.split())


def why_refused(html: str) -> str:
    """Return why a page must not be parsed, "" when it may be."""
    open_tags: list[str] = []
    count: Counter[str] = Counter()
    for number, (closing, name, attributes) in enumerate(_tags(html), 1):
        if number > MAX_TAGS:
            return f"more than {MAX_TAGS:,} tags"
        if len(attributes) > MAX_ATTRIBUTES and len(_QUOTED.sub("= ", attributes).split()) > MAX_ATTRIBUTES:
            return f"a tag of more than {MAX_ATTRIBUTES:,} attributes"
        if name in _FLAT:
            continue
        if not closing:
            open_tags.append(name)
            count[name] += 1
            if len(open_tags) > MAX_DEPTH:
                return f"tags nested more than {MAX_DEPTH} deep"
        elif count[name]:
            while True:
                last = open_tags.pop()
                count[last] -= 1
                if last == name:
                    break
    return ""


def _tags(html: str) -> Iterator[tuple[bool, str, str]]:
    """Yield (closing, name, attributes) for each tag outside comments and raw text; every character is looked at once."""
    at = 0
    while found := _OPEN.search(html, at):
        if found[2] is None:
            end = html.find("-->", found.start() + 2)  # <!--> is a whole comment
            if end < 0:
                return
            at = end + 3
            continue
        name, closing = found[2].lower(), bool(found[1])
        inside = _ATTRIBUTES.match(html, found.end())
        at = inside.end() if inside else found.end()
        yield closing, name, inside[0] if inside else ""
        if name in _RAW and not closing:
            end = _end_of_raw(html, name, at)
            if end < 0:
                return
            at = end


def _end_of_raw(html: str, name: str, at: int) -> int:
    found = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
    return found.start() if found else -1
