"""What is new for the searches that I keep? Saved searches from a small file; each article is told once.

    [[search]]                                  # alertes.toml
    name = "Pêche"
    query = "accord de pêche OU licence"
    filters = { journal = ["L’Essor"] }         # optional, as are: exclude, match, to
    to = ["redaction@example.org"]

    [mail]                                      # needed for --mail only
    host = "localhost"
    from = "marbre@example.org"

A search looks at the articles by the day they were *added*, the last first, and stops before the day of its last run. Every id told
is remembered, since a day may bring more after it was looked at, and a rebuild may date everything anew. What is told is written
down *before* it is told: a crash in between loses a message, it never sends one twice. When telling fails, the memory is taken back.
"""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from corpus.article import Article
from corpus.errors import BadRequest, SourceUnreadable
from search.answering import checked, export, passage
from search.engines import Engine
from search.request import Filter, Match, SearchRequest, Snippet

__all__ = ["Alert", "AlertFile", "Mail", "Memory", "News", "NewsItem", "look", "read_alerts", "remembering"]

STATE_VERSION: Final = 1
MOST_SEARCHES: Final = 1_000
MOST_LISTED: Final = 1_000  # articles of one search in one run
_KEYS: Final = frozenset({"name", "query", "filters", "exclude", "match", "to"})
_MAIL_KEYS: Final = frozenset({"host", "port", "from", "to", "user", "password_env", "starttls", "tls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One saved search and who is told."""

    name: str
    request: SearchRequest
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How messages leave. The password stands in the environment, never in the file."""

    host: str = "localhost"
    port: int = 25
    sender: str = ""
    to: tuple[str, ...] = ()
    user: str = ""
    password_env: str = ""
    starttls: bool = False
    tls: bool = False


@dataclass(frozen=True, slots=True)
class AlertFile:
    """What a file of saved searches holds."""

    alerts: tuple[Alert, ...]
    mail: Mail | None = None


@dataclass(frozen=True, slots=True)
class NewsItem:
    """An article that is told, and the passage that shows why."""

    article: Article
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class News:
    """The articles of one search that were not told before; ``since`` is the day of the last look, None at the first.

    ``count`` may be more than the ``items`` listed: a first look can find half the archive.
    """

    alert: Alert
    items: tuple[NewsItem, ...]
    count: int
    since: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the news for programs."""
        rows = [
            {
                "doc_id": item.article.doc_id,
                "headline": item.article.shown_headline,
                "newspaper": item.article.newspaper,
                "published": item.article.published,
                "added": item.article.added,
                "url": item.article.url,
                "snippet": {"text": item.snippet.text, "spans": [list(span) for span in item.snippet.spans]},
            }
            for item in self.items
        ]
        return {"name": self.alert.name, "query": self.alert.request.text, "since": self.since, "new": self.count, "hits": rows}


@dataclass(slots=True)
class Memory:
    """What was told already: for each search the day of the last article seen, and every id told."""

    searches: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_alerts(path: Path) -> AlertFile:
    """Read a file of saved searches. Raises: SourceUnreadable, BadRequest naming the entry and what is expected."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceUnreadable(f"{path}: {error.strerror or error}; expected a TOML file with [[search]] entries") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceUnreadable(f"{path}: not TOML ({' '.join(str(error).split())}); see docs/operate.md") from error
    entries = values.get("search", [])
    if not isinstance(entries, list) or not entries or len(entries) > MOST_SEARCHES:
        raise BadRequest("search", "no entry" if not entries else "too many", f"1 to {MOST_SEARCHES} entries [[search]] in {path}")
    unknown = values.keys() - {"search", "mail"}
    if unknown:
        raise BadRequest(str(path), ", ".join(sorted(unknown)), "only [[search]] and [mail]")
    alerts = tuple(_alert(number, entry) for number, entry in enumerate(entries, 1))
    names = [alert.name for alert in alerts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRequest("name", twice, "a different name for each search: what was told is remembered by it")
    return AlertFile(alerts, _mail(values["mail"]) if "mail" in values else None)


def look(engine: Engine, alert: Alert, memory: Memory) -> News:
    """Return what is new for one search, and remember it as told."""
    known = memory.searches.get(alert.name, {})
    since, told = known.get("until"), set(known.get("told", ()))
    items: list[NewsItem] = []
    before, latest = len(told), since or ""
    for article in export(engine, alert.request):
        day = article.added or ""
        if since is not None and day < since:
            break  # the last added come first
        latest = max(latest, day)
        if article.doc_id in told:
            continue
        told.add(article.doc_id)
        if len(items) < MOST_LISTED:
            items.append(NewsItem(article, passage(alert.request.text, article)))
    memory.searches[alert.name] = {"until": latest or None, "told": sorted(told)}
    return News(alert, tuple(items), len(told) - before, since)


@contextmanager
def remembering(path: Path) -> Iterator[tuple[Memory, Any]]:
    """Yield what was told before, and the function that writes it down (atomically); one run at a time.

    Raises: SourceUnreadable when another run holds the file, or when it cannot be read or written.
    """
    try:
        with path.with_name(path.name + ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SourceUnreadable(f"{path}: another “marbre alert” is at work; wait for it to end") from error
            memory = _read_memory(path)
            yield memory, lambda: _write_memory(path, memory)
    except OSError as error:
        raise SourceUnreadable(f"{path}: {error.strerror or error}; choose another place with --state") from error


def _read_memory(path: Path) -> Memory:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Memory()
    except ValueError as error:
        raise SourceUnreadable(f"{path}: not what “marbre alert” wrote; remove it to be told everything again") from error
    if not isinstance(values, dict) or values.get("version") != STATE_VERSION or not isinstance(values.get("searches"), dict):
        raise SourceUnreadable(f"{path}: version {STATE_VERSION} expected; remove it to be told everything again")
    return Memory(values["searches"])


def _write_memory(path: Path, memory: Memory) -> None:
    """Replace the file in one step: a reader and a power cut see the old one or the new one."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with open(descriptor, "w", encoding="utf-8") as out:  # noqa: PTH123  (a descriptor, opened without following links)
        json.dump({"version": STATE_VERSION, "searches": memory.searches}, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _alert(number: int, entry: Any) -> Alert:
    where = f"search {number}"
    if not isinstance(entry, dict):
        raise BadRequest(where, entry, "a table [[search]]")
    unknown = entry.keys() - _KEYS
    if unknown:
        raise BadRequest(where, ", ".join(sorted(unknown)), ", ".join(sorted(_KEYS)))
    query = _text(where, entry, "query")
    match = cast(Match, _text(where, entry, "match") or "all")
    filters = (*_filters(where, entry.get("filters", {})), *_filters(where, entry.get("exclude", {}), exclude=True))
    if not query and not filters:
        raise BadRequest(where, "neither query nor filters", "one of them")
    request = checked(SearchRequest(text=query, filters=filters, match=match, sort="added", facets=()))
    return Alert(name=_text(where, entry, "name") or query, request=request, to=_texts(where, entry.get("to", ())))


def _filters(where: str, given: Any, exclude: bool = False) -> Iterator[Filter]:
    if not isinstance(given, Mapping):
        raise BadRequest(where, given, 'filters as { journal = ["L’Essor"] }')
    for name, values in given.items():
        yield Filter(str(name), _texts(where, values), exclude)


def _mail(values: Any) -> Mail:
    if not isinstance(values, dict) or values.keys() - _MAIL_KEYS:
        found = ", ".join(sorted(values.keys() - _MAIL_KEYS)) if isinstance(values, dict) else values
        raise BadRequest("mail", found, ", ".join(sorted(_MAIL_KEYS)))
    port = values.get("port", 465 if values.get("tls") else 587 if values.get("starttls") else 25)
    if not isinstance(port, int) or not 0 < port < 65_536:
        raise BadRequest("port", port, "a number from 1 to 65535")
    names = {name: _text("mail", values, name) for name in ("host", "user", "password_env")}
    sender = _text("mail", values, "from")
    if "@" not in sender:
        raise BadRequest("mail from", sender, "an address like marbre@example.org")
    return Mail(
        **{name: value for name, value in names.items() if value},
        port=port,
        sender=sender,
        to=_texts("mail", values.get("to", ())),
        starttls=values.get("starttls") is True,
        tls=values.get("tls") is True,
    )


def _text(where: str, entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(f"{where}, {name}", value, "text")
    return " ".join(value.split())


def _texts(where: str, values: Any) -> tuple[str, ...]:
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise BadRequest(where, values, "a text or a list of texts")
    return tuple(" ".join(value.split()) for value in values)
