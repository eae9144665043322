"""How is XML from a stranger read without harm? As UTF-8 text, item by item, without a document type of its own.

A DOCTYPE that only names an address is passed over (NITF and NewsML 1.2 have one; nothing is fetched); one that declares
anything is refused, because entities can read files or fill memory. The encoding is settled here, so no codec of the XML
library (UTF-7, EBCDIC) can hide a declaration. Named entities of HTML, which exports forget to declare, become characters.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, Final

from lxml import etree

from corpus.cleaning import clean_line
from corpus.encodings import decode, mark_of
from corpus.errors import SourceUnreadable

__all__ = ["ITEM_BYTES", "XmlNode", "all_of", "block_text", "document", "first", "items", "line_of", "local", "text_in"]

ITEM_BYTES: Final = 64 * 1024 * 1024  # XML fed to the parser since the last item ended
_HEAD_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 18

_DECLARED = re.compile(rb"""\A[^<]{0,16}<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]{0,300}\?>")
_PROLOG_PART = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\s[^<>\[]*>", re.IGNORECASE | re.DOTALL)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # no character of XML 1.0
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]{2,8}\d{0,2});")

_BLOCKS: Final = frozenset(
    "p h1 h2 h3 h4 h5 h6 hl1 hl2 li tr block div blockquote bq pre table ul ol dl dt dd hr ab head lg l sp item list quote body section".split()
)

XmlNode = Any  # lxml has no exported type for its elements


def items(stream: BinaryIO, names: Collection[str]) -> Iterator[XmlNode]:
    """Yield each element whose local name is in ``names``, whole; it is forgotten when the next one is asked for.

    Raises: SourceUnreadable for XML that is refused or broken; what stood before the fault was yielded.
    """
    parser = etree.XMLPullParser(
        events=("end",),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    since_item = 0
    try:
        for chunk in _clean_chunks(stream):
            since_item += len(chunk)
            parser.feed(chunk.encode())
            for _, node in parser.read_events():
                yield node
                since_item = 0
                _forget(node)
            if since_item > ITEM_BYTES:
                raise SourceUnreadable(f"an element of more than {ITEM_BYTES >> 20} MB")
        parser.close()
    except etree.XMLSyntaxError as error:
        raise SourceUnreadable(_fault(error)) from error


def document(stream: BinaryIO) -> XmlNode:
    """Parse a whole XML file, at most ITEM_BYTES of it.

    Raises: SourceUnreadable for XML that is refused or broken.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    size = 0
    try:
        for chunk in _clean_chunks(stream):
            size += len(chunk)
            if size > ITEM_BYTES:
                raise SourceUnreadable(f"an XML file of more than {ITEM_BYTES >> 20} MB")
            parser.feed(chunk.encode())
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise SourceUnreadable(_fault(error)) from error


def local(node: XmlNode) -> str:
    """Return the name of an element without its namespace."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def all_of(node: XmlNode, path: str) -> Iterator[XmlNode]:
    """Yield the elements at ``path``, local names separated by « / »: children of ``node``, or descendants after « // »."""
    steps = path.removeprefix("//").split("/")
    found = iter(node.iter(f"{{*}}{steps[0]}")) if path.startswith("//") else node.iterchildren(f"{{*}}{steps[0]}")
    for step in steps[1:]:
        found = _children(found, step)
    yield from found


def _children(parents: Iterator[XmlNode], name: str) -> Iterator[XmlNode]:
    for parent in parents:
        yield from parent.iterchildren(f"{{*}}{name}")


def first(node: XmlNode, *paths: str) -> XmlNode | None:
    """Return the first element at the first of ``paths`` that has one."""
    return next((found for path in paths for found in all_of(node, path)), None)


def text_in(node: XmlNode | None, *paths: str) -> str:
    """Return the text of the first element at one of ``paths`` that has any (of ``node`` itself without paths), as one line."""
    if node is None:
        return ""
    found = (line_of(item) for path in paths for item in all_of(node, path)) if paths else iter((line_of(node),))
    return next((text for text in found if text), "")


def line_of(node: XmlNode) -> str:
    """Return all the text inside an element as one line."""
    return clean_line("".join(node.itertext("*"))) if node is not None else ""


def block_text(node: XmlNode, silent: frozenset[str] = frozenset()) -> str:
    """Return the text of an element, a blank line between its blocks; elements named in ``silent`` are left out."""
    parts: list[str] = []
    pending: list[Any] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            parts.append(item)
            continue
        name = local(item)
        if not name or (name in silent and item is not node):
            continue
        edge = "\f" if name in _BLOCKS else "\v" if name in {"br", "lb"} else ""
        inside: list[Any] = [edge, item.text or ""]
        for child in item:
            inside += [child, child.tail or ""]
        inside.append(edge if edge == "\f" else "")
        pending.extend(reversed(inside))
    blocks = (clean_line(block.replace("\v", " ")) for block in "".join(parts).split("\f"))
    return "\n\n".join(block for block in blocks if block)


def _forget(node: XmlNode) -> None:
    """Free an element that was read, and what stands before it, so that memory does not grow with the file."""
    node.clear()
    parent = node.getparent()
    while parent is not None and node.getprevious() is not None:
        del parent[0]


def _fault(error: etree.XMLSyntaxError) -> str:
    line = error.lineno or 0
    reason = str(error.msg or "").split(", line ")[0]
    if "Excessive depth" in reason:
        return "elements nested deeper than 256 levels"
    return f"broken XML at line {line} ({reason[:120]})"


def _clean_chunks(stream: BinaryIO) -> Iterator[str]:
    """Yield the text of an XML file in pieces that the parser may see.

    Raises: SourceUnreadable where its prolog declares entities.
    """
    texts = _texts(stream)
    head = next(texts, "")
    start = _prolog_end(head)
    if re.match(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", head[start : start + 12], re.IGNORECASE):
        raise SourceUnreadable("the XML declares entities of its own (a DTD), which are refused because they can read files or fill memory")
    if not re.match(r"<[A-Za-z_]", head[start : start + 2]):
        raise SourceUnreadable("not XML: no element where the first one is expected")
    held = _ILLEGAL.sub("", head[start:])
    for text in texts:
        cut = held.rfind("&", len(held) - 12)  # an entity may go on in the next piece
        ready, held = (held, "") if cut < 0 else (held[:cut], held[cut:])
        yield _NAMED.sub(_character, ready)
        held += _ILLEGAL.sub("", text)
    yield _NAMED.sub(_character, held)


def _character(found: re.Match[str]) -> str:
    said = html.unescape(found[0])
    return said if said != found[0] and said not in "<>&" else "\ufffd"


def _prolog_end(text: str) -> int:
    start = 1 if text.startswith("\ufeff") else 0
    while part := _PROLOG_PART.match(text, start):
        start = part.end()
    return start


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Yield the file decoded: a small one as a whole by the rule for any text, a large one in its declared encoding or UTF-8."""
    head = stream.read(_HEAD_BYTES)
    found = _DECLARED.match(head)
    declared = found[1].decode("ascii") if found else None
    rest = stream.read(_CHUNK_BYTES) if len(head) == _HEAD_BYTES else b""
    if not rest:
        yield _DECLARATION.sub("", decode(head, declared).text)
        return
    decoder = codecs.getincrementaldecoder(_encoding_of(head, declared))("replace")
    yield _DECLARATION.sub("", decoder.decode(head).removeprefix("\ufeff"))
    while rest:
        yield decoder.decode(rest)
        rest = stream.read(_CHUNK_BYTES)


def _encoding_of(head: bytes, declared: str | None) -> str:
    marked = mark_of(head)
    if marked:
        return marked
    cut = head.rfind(b">") + 1  # not in the middle of a character
    return decode(head[:cut] or head, declared).encoding
