"""What does a Markdown file say, and in which fields? Front matter, headline, and the text without its markup.

Only what a newsroom writes by hand is understood: ``key: value`` front matter with lists, headings, emphasis, links,
quotations. It is not YAML and not CommonMark on purpose: neither may turn « le 12 mai : oui » into another type.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["front_matter", "plain_markdown", "take_heading"]

FRONT_MATTER_LINES: Final = 200

_KEY = re.compile(r"([\w][\w \-]{0,40}?)\s*:(?:\s+(.*))?$")
_ITEM = re.compile(r"\s*-\s+(.*)$")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_IMAGE = re.compile(r"!\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)")
_LINK = re.compile(r"\[([^\]\n]{1,300})\](?:\([^)\n]{0,1000}\)|\[[^\]\n]{0,100}\])")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{1,100}\]:\s+\S.*$", re.M)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,1000})>")
_STRONG = re.compile(r"(\*\*|__)(?=\S)([^\n]{1,1000}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,1000})(?<=\S)\*(?![\w*])|(?<![\w_])_(?=[^\s_])([^_\n]{1,1000})(?<=\S)_(?![\w_])")
_CODE = re.compile(r"`([^`\n]{1,300})`")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.M)
_UNDERLINE = re.compile(r"^(?:={3,}|-{3,}|\*{3,}|_{3,}|(?:[*_-] ){2,}[*_-])\s*$", re.M)
_QUOTE = re.compile(r"^ {0,3}> ?", re.M)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>|~])")
_TITLE = re.compile(r"\s*(?: {0,3}#\s+(?P<hash>[^\n]+?)[ #]*(?:\n|$)|(?P<under>[^\n]+)\n={3,}[ \t]*(?:\n|$))")


def front_matter(text: str) -> tuple[dict[str, str | list[str]], str]:
    """Return the keys between the two ``---`` lines at the top of a text, and the rest; no keys when there is no such block."""
    text = text.lstrip("\ufeff")
    lines = text.split("\n", FRONT_MATTER_LINES + 1)
    if lines[0].rstrip() != "---":
        return {}, text
    end = next((at for at, line in enumerate(lines[: FRONT_MATTER_LINES + 1]) if at and line.rstrip() in {"---", "..."}), 0)
    if not end:
        return {}, text
    record = _pairs(lines[1:end])
    return (record, "\n".join(lines[end + 1 :])) if record else ({}, text)


def take_heading(text: str) -> tuple[str, str]:
    """Return the ``# heading`` that opens a text and the rest; an empty headline when none opens it."""
    found = _TITLE.match(text)
    if not found:
        return "", text
    return plain_markdown(found["hash"] or found["under"]), text[found.end() :]


def plain_markdown(text: str) -> str:
    """Return the words of a Markdown text: no markup, no picture, the words of links without their addresses."""
    for pattern in (_COMMENT, _IMAGE, _DEFINITION, _UNDERLINE):
        text = pattern.sub("", text)
    text = _QUOTE.sub("", text)
    text = _HEADING.sub(r"\n\1\n", text)
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text))
    text = _STRONG.sub(r"\2", text)
    text = _EMPHASIS.sub(lambda found: found[1] or found[2], text)
    return _ESCAPE.sub(r"\1", _CODE.sub(r"\1", text)).strip()


def _pairs(lines: list[str]) -> dict[str, str | list[str]]:
    record: dict[str, str | list[str]] = {}
    key = ""
    for line in lines:
        item = _ITEM.match(line)
        pair = None if line[:1].isspace() else _KEY.match(line.rstrip())
        if item and key:
            known = record.get(key)
            record[key] = [*(known if isinstance(known, list) else [known] if known else []), _unquoted(item[1])]
        elif pair:
            key = pair[1].strip()
            record[key] = _value(pair[2] or "")
        elif line.strip() and key and isinstance(folded := record[key], str):
            record[key] = f"{folded} {line.strip()}".strip()
    return {name: value for name, value in record.items() if value}


def _value(text: str) -> str | list[str]:
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_unquoted(part) for part in re.findall(r"\"[^\"]*\"|'[^']*'(?=\s*(?:,|$))|[^,]+", text[1:-1]) if part.strip()]
    return "" if text in {"|", ">", "|-", ">-", "null", "~"} else _unquoted(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].replace('\\"', '"') if text[0] == '"' else text[1:-1].replace("''", "'")
    return text
