"""Which press releases are in this mail? EML files and mbox archives: the subject, the text, and what is attached.

Source: RFC 5322 and 2045-2047 (MIME), RFC 4155 (mbox). The text part is taken before the HTML part; attachments are given
to the reader of their own content.
"""

from __future__ import annotations

import email
import email.header
import email.message
import email.utils
import io
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

from corpus.article import Article, article_from_record
from corpus.encodings import decode
from corpus.errors import ArticleInvalid
from corpus.readers.feeds import text_of_html
from corpus.readers.prescan import MAX_HTML_BYTES, why_refused
from corpus.readers.signature import named_credit
from corpus.readers.source import Reject, Source
from corpus.readers.streams import unpacked

__all__ = ["MESSAGE_BYTES", "is_mail", "parts_of", "read_eml", "read_mbox"]

MESSAGE_BYTES: Final = 64 * 1024 * 1024
MAX_PARTS: Final = 500
_LINE_BYTES: Final = 1 << 20
_FROM_LINE = re.compile(rb"From \S+ .{0,10}\w{3} .{5,60}\d{4}|From - ")
_HEADER_LINE = re.compile(
    r"(?:From|To|Subject|Date|Received|Message-I[Dd]|MIME-Version|Return-Path|Delivered-To|Content-Type|Reply-To|X-[\w-]+): ?.*"
)
_PREFIX = re.compile(r"(?i)^(?:(?:re|tr|fw|fwd|rép|ref)\s*:\s*)+")
_LABEL = re.compile(
    r"(?i)^\[?(?:communiqué(?: de presse)?|cp|presse|press release)\]?\s*[:–—-]\s*|^\[(?:communiqué(?: de presse)?|cp|presse)\]\s*"
)
_READ_KINDS: Final = ("text/", "application/", "message/rfc822")

ReadMember = Callable[[Source], Iterator[Article | Reject]]


def is_mail(text: str) -> bool:
    """Tell whether a text begins with the header of a mail: two known lines at least, before the first empty one."""
    lines = text.split("\n\n", 1)[0].replace("\r\n", "\n").split("\n\n", 1)[0].split("\n")
    named = [line for line in lines[:100] if _HEADER_LINE.fullmatch(line.rstrip("\r"))]
    return (
        len(named) >= 3
        and bool(_HEADER_LINE.fullmatch(lines[0].rstrip("\r")))
        and any(line.startswith(("Subject:", "From:")) for line in named)
    )


def read_eml(source: Source, read_member: ReadMember) -> Iterator[Article | Reject]:
    """Read one mail."""
    with source.open() as stream:
        data = stream.read(MESSAGE_BYTES + 1)
    yield from _message(source, "", data, read_member)


def read_mbox(source: Source, read_member: ReadMember) -> Iterator[Article | Reject]:
    """Read every mail of an mbox file, one in memory at a time."""
    with source.open() as stream:
        for number, data in enumerate(_messages(stream), 1):
            yield from _message(source, f"message {number}", data, read_member)


def _messages(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the mails between « From » lines that follow an empty line; of a longer one MESSAGE_BYTES + 1."""
    held: list[bytes] = []
    size, was_empty = 0, True
    while line := stream.readline(_LINE_BYTES):
        if was_empty and _FROM_LINE.match(line):
            if held:
                yield b"".join(held)
            held, size = [], 0
        elif size <= MESSAGE_BYTES:
            held.append(line[1:] if line.startswith(b">From ") else line)
            size += len(line)
        was_empty = line in {b"\n", b"\r\n"}
    if held:
        yield b"".join(held)


def _message(source: Source, place: str, data: bytes, read_member: ReadMember) -> Iterator[Article | Reject]:
    origin = source.origin(place)
    if len(data) > MESSAGE_BYTES:
        yield Reject(origin, f"a mail of more than {MESSAGE_BYTES >> 20} MB", "save its attachments as files of their own")
        return
    try:
        message = email.message_from_bytes(data)
        parts = parts_of(message)
        record = _record(message, parts)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:  # the parser fails in many ways
        found = "its parts are nested too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}"
        yield Reject(origin, f"not readable as a mail ({found})", "save it again from the mail program")
        return
    attached = [part for part in parts if _is_attachment(part)]
    if record.get("body") or not attached:
        yield _article(source, place, record)
    for part in attached:
        yield from _attachment(source, place, part, read_member)


def _article(source: Source, place: str, record: dict[str, Any]) -> Article | Reject:
    try:
        if not record.get("body") and not record.get("headline"):
            return Reject(source.origin(place), "a mail without subject and text")
        return article_from_record(record, source.origin(place), **source.defaults)
    except ArticleInvalid as error:
        return Reject(source.origin(place), str(error))


def parts_of(message: email.message.Message) -> list[email.message.Message]:
    """Return the parts of a message that hold something, in order, at most MAX_PARTS; no recursion."""
    parts: list[email.message.Message] = []
    pending: list[Any] = [message]
    while pending and len(parts) < MAX_PARTS:
        part = pending.pop(0)
        if part.get_content_type() == "message/rfc822" and part is not message:
            parts.append(part)
        elif part.is_multipart():
            pending[:0] = part.get_payload()
        else:
            parts.append(part)
    return parts


def _is_attachment(part: email.message.Message) -> bool:
    if part.get_content_type() == "message/rfc822":
        return True
    named = part.get_filename() is not None or part.get_content_disposition() == "attachment"
    return named and part.get_content_type().startswith(_READ_KINDS)


def _record(message: email.message.Message, parts: list[email.message.Message]) -> dict[str, Any]:
    body = _body([part for part in parts if not _is_attachment(part)])
    sender, address = email.utils.parseaddr(_header(message, "From"))
    subject = _PREFIX.sub("", _header(message, "Subject"))
    record = {
        "doc_id": _header(message, "Message-ID").strip("<> "),
        "headline": _LABEL.sub("", subject) or subject,
        "body": body,
        "published": _header(message, "Date"),
        "newspaper": _header(message, "Organization") or _header(message, "Organisation"),
        "credit": sender.strip("\"' ") or named_credit(body) or address.rpartition("@")[2],
        "kind": "communiqué",
        "language": re.split(r"[-_,;]", _header(message, "Content-Language"))[0].strip().lower(),
        "tags": [word.strip() for word in re.split(r"[,;]", _header(message, "Keywords")) if word.strip()],
        "section": _header(message, "X-Section") or _header(message, "X-Rubrique"),
    }
    return {name: value for name, value in record.items() if value}


def _header(message: email.message.Message, name: str) -> str:
    """Return a header decoded; bytes outside ASCII, which break the standard, are read by the rule for any text."""
    value = message.get(name)
    if value is None:
        return ""
    pieces = []
    for piece, charset in email.header.decode_header(str(value) if isinstance(value, str) else value):
        if isinstance(piece, bytes):
            pieces.append(decode(piece, charset if charset != "unknown-8bit" else None).text)
        else:
            pieces.append(decode(piece.encode("utf-8", "surrogateescape")).text)
    return " ".join("".join(pieces).split())


def _body(parts: list[email.message.Message]) -> str:
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind:
                text = _text(part, kind)
                if text:
                    return text
    return ""


def _text(part: email.message.Message, kind: str) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    text = decode(data[:MAX_HTML_BYTES], part.get_content_charset()).text
    if kind == "text/html":
        text = "" if why_refused(text) else text_of_html(re.sub(r"(?is)<head\b.*?</head>|<title\b.*?</title>", "", text))
    elif part.get_param("format") == "flowed":  # RFC 3676: a space at the line end is a soft break
        text = re.sub(r" \r?\n(?!\r?\n)", " ", text)
    return re.split(r"(?m)^-- ?\r?$", text)[0].strip()  # RFC 3676, 4.3: the signature of the sender


def _attachment(source: Source, place: str, part: email.message.Message, read_member: ReadMember) -> Iterator[Article | Reject]:
    if source.depth >= 2:
        yield Reject(source.origin(place), "a mail attached to a mail attached to a mail", "save it as a file of its own")
        return
    try:
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            data = payload[0].as_bytes() if isinstance(payload, list) and payload and isinstance(payload[0], email.message.Message) else b""
            name = "mail.eml"
        else:
            decoded = part.get_payload(decode=True)
            data, name = decoded if isinstance(decoded, bytes) else b"", part.get_filename() or "attachment"
            name = "".join(
                text if isinstance(text, str) else decode(text, charset).text for text, charset in email.header.decode_header(name)
            )
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        yield Reject(source.origin(place), "an attachment that cannot be decoded")
        return
    name = re.split(r"[/\\]", name)[-1]
    yield from read_member(source.member(f"{place} > {name}" if place else name, lambda: unpacked(io.BytesIO(data))))
