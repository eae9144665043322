"""In which words does the press speak of it? Every place where a query stands, one a line, with the words left and right of it.

Read down the column of the right neighbour, a concordance shows what is said of a word (« accord *de pêche*, *de paix*,
*tacite* »). To sort the lines by their neighbours all must be known first, so the newest ARTICLES articles are read, for at
most SECONDS; the answer says how many of how many it read, and is never silently a part.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from corpus.errors import BadRequest
from indexer.french import fold, tokenize
from search.answering import checked
from search.engines import Engine, Found
from search.language import parse_query
from search.marking import marks
from search.request import SearchRequest

__all__ = ["ARTICLES", "MOST_LINES", "ORDERS", "Concordance", "Line", "Order", "concordance", "concordance_rows"]

Order = Literal["left", "right", "date", "newspaper"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
ARTICLES: Final = 500  # read at most; a reader looks at some hundred lines
MOST_LINES: Final = 5_000
SECONDS: Final = 1.0
MOST_PAGE_LINES: Final = 200
WIDTHS: Final = (20, 200)
NEIGHBOURS: Final = 3  # words that decide the order
HEADING: Final = ("avant", "mot", "après", "journal", "date", "titre", "id")
_FIELDS: Final = ("headline", "standfirst", "body")
_BLANK: Final = re.compile(r"[ \n\t]+")  # no-break spaces stay


@dataclass(frozen=True, slots=True)
class Line:
    """One place: the words before, the words found, the words after, as printed, and the article they stand in."""

    left: str
    keyword: str
    right: str
    doc_id: str
    headline: str
    newspaper: str
    published: str | None
    place: int  # from 1, among the marked places of the article's page


@dataclass(frozen=True, slots=True)
class Concordance:
    """A page of lines. ``read`` of ``total`` articles were read; ``cut`` when that is not all of them, or lines are too many."""

    text: str
    understood: str
    total: int
    read: int
    count: int
    cut: bool
    number: int
    size: int
    pages: int
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    generation: int = 0


def concordance(
    engine: Engine, request: SearchRequest, *, order: Order = "right", width: int = 60, clock: Callable[[], float] = time.monotonic
) -> Concordance:
    """Return the places of ``request.text`` in context; page and size count lines, the sort of the request is not used.

    Units: ``width`` in code points on each side.
    Raises: BadRequest for an unknown order, a width, page or size out of range, and as ``search`` does.
    """
    _check(order, width, request.size)
    return _page(engine, request, order, width, clock)


def concordance_rows(engine: Engine, request: SearchRequest, *, order: Order = "right", width: int = 60) -> Iterator[tuple[str, ...]]:
    """Yield the heading and every line as cells, for a file; the last row says so where not every article was read.

    Raises: as ``concordance`` does.
    """
    _check(order, width, 1)
    found = _page(engine, replace(request, page=1, size=MOST_LINES), order, width, time.monotonic)
    yield HEADING
    for line in found.lines:
        yield (line.left.strip(), line.keyword, line.right.strip(), line.newspaper, line.published or "", line.headline, line.doc_id)
    if found.cut:
        yield (f"{found.read} articles lus sur {found.total}",)


def _page(engine: Engine, request: SearchRequest, order: Order, width: int, clock: Callable[[], float]) -> Concordance:
    question = checked(replace(request, page=1, size=1, sort="newest", facets=(), snippets=False))
    parsed = parse_query(request.text)
    answer = engine.ask(parsed.query, replace(question, size=ARTICLES))
    ends = clock() + SECONDS
    lines: list[Line] = []
    read = 0
    for found in answer.found:
        if clock() > ends or len(lines) >= MOST_LINES:
            break
        lines += _lines(parsed.query, found, width)
        read += 1
    cut = read < answer.total or len(lines) > MOST_LINES or answer.partial
    lines = sorted(lines[:MOST_LINES], key=_KEYS[order])
    start = (request.page - 1) * request.size
    return Concordance(
        text=request.text,
        understood=parsed.understood,
        total=answer.total,
        read=read,
        count=len(lines),
        cut=cut,
        number=request.page,
        size=request.size,
        pages=-(-len(lines) // request.size),
        lines=tuple(lines[start : start + request.size]),
        notes=tuple(parsed.notes),
        generation=answer.generation,
    )


def _check(order: str, width: int, size: int) -> None:
    if order not in ORDERS:
        raise BadRequest("order", order, ", ".join(ORDERS))
    if not WIDTHS[0] <= width <= WIDTHS[1]:
        raise BadRequest("width", width, f"{WIDTHS[0]} to {WIDTHS[1]} characters")
    if not 1 <= size <= MOST_PAGE_LINES:
        raise BadRequest("size", size, f"1 to {MOST_PAGE_LINES} lines a page")


def _lines(query: Any, found: Found, width: int) -> Iterator[Line]:
    """Yield the places of one article, headline first, each text apart: no context runs from one into the next."""
    header = found.header
    stored: Mapping[str, Any] = found.stored()
    place = 0
    for field in _FIELDS:
        text = stored.get(field, "")
        for start, end in marks(query, text, field, stored.get("language", "")).spans:
            place += 1
            yield Line(
                left=_before(text, start, width),
                keyword=_BLANK.sub(" ", text[start:end]),
                right=_after(text, end, width),
                doc_id=header["doc_id"],
                headline=header["headline"],
                newspaper=header.get("newspaper", ""),
                published=header.get("published"),
                place=place,
            )


def _before(text: str, start: int, width: int) -> str:
    """Return what stands before, from the beginning of a word."""
    low = max(0, start - width)
    piece = text[low:start]
    if low and not text[low - 1].isspace():
        piece = piece[cut.end() :] if (cut := _BLANK.search(piece)) else ""
    return _BLANK.sub(" ", piece).lstrip()


def _after(text: str, end: int, width: int) -> str:
    """Return what stands after, up to the end of a word."""
    high = end + width
    piece = text[end:high]
    if high < len(text) and not text[high].isspace():
        blanks = list(_BLANK.finditer(piece))
        piece = piece[: blanks[-1].start()] if blanks else ""
    return _BLANK.sub(" ", piece).rstrip()


def _words(text: str) -> list[str]:
    return [fold(token.surface) for token in tokenize(text) if not token.joined]


def _right(line: Line) -> tuple[Any, ...]:
    return (_words(line.right)[:NEIGHBOURS], _words(line.keyword), _time(line))


def _left(line: Line) -> tuple[Any, ...]:
    return (_words(line.left)[: -NEIGHBOURS - 1 : -1], _words(line.keyword), _time(line))


def _time(line: Line) -> tuple[Any, ...]:
    """Newest first, unknown days last, then place by place; letters of an ISO day turned round sort it downwards."""
    newest = tuple(-int(part) for part in line.published.split("-")) if line.published else ()
    return (not line.published, newest, line.doc_id, line.place)


def _paper(line: Line) -> tuple[Any, ...]:
    return (not line.newspaper, fold(line.newspaper), line.newspaper, _time(line))


_KEYS: Final[Mapping[str, Callable[[Line], tuple[Any, ...]]]] = {"left": _left, "right": _right, "date": _time, "newspaper": _paper}
