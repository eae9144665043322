"""How does an answer read in a terminal? Values in, lines of text out, without their line ends; nothing is printed here. Pure.

What comes from the archive is shown without what could steer a terminal. What a reader of results sees is French, what an archivist is
told of files and counts is English, as everywhere in the command.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from corpus.printable import printable
from indexer.french import accent_term, fold, is_stop, term, tokenize
from indexer.report import BuildReport
from search.engines import ArchiveStats
from search.exporting import csv_line
from search.holdings import Holding, holdings_as_json
from search.request import Hit, ResultPage, Span, Version, page_as_json

__all__ = [
    "analysis_lines",
    "analysis_of",
    "count_line",
    "hit_rows",
    "holding_lines",
    "note_lines",
    "page_lines",
    "refusal_lines",
    "stats_as_json",
]

HIT_COLUMNS: Final = ("doc_id", "headline", "newspaper", "published", "section", "bylines", "kind", "url", "score", "snippet")
MOST_LISTED: Final = 20
MOST_REASONS: Final = 5
MOST_GAPS: Final = 5


def page_lines(page: ResultPage, bold: bool = False) -> Iterator[str]:
    """Yield a result page for a reader; marks in bold, else in brackets."""
    counts = _counted(page.total, "article", 2)
    if page.articles > page.total:
        counts = f"{_counted(page.total, 'texte', 2)}, {_counted(page.articles, 'article', 2)} avec les reprises"
    yield f"{counts} ({page.took_ms:.0f} ms) — compris comme : {page.understood}"
    for note in page.notes:
        yield f"  {note}"
    if page.relaxed:
        yield "  Aucun article ne contient tous ces mots : voici ceux qui en contiennent le plus."
    if page.suggestion:
        yield f"  Essayez : {page.suggestion}"
    last = -(-page.total // page.size)
    if last and page.number > last:
        yield f"  Il n’y a pas de page {page.number} : la dernière est la page {last}."
    for rank, hit in enumerate(page.hits, (page.number - 1) * page.size + 1):
        yield ""
        yield from _hit_lines(rank, hit, bold)


def hit_rows(page: ResultPage, form: str) -> Iterator[str]:
    """Yield the hits of a page as lines of JSON (``jsonl``) or of a CSV table (``csv``)."""
    hits = page_as_json(page)["hits"]
    if form == "jsonl":
        yield from (json.dumps(hit, ensure_ascii=False) for hit in hits)
        return
    yield csv_line(HIT_COLUMNS).removesuffix("\n")  # RFC 4180 ends a line with CR LF
    for hit in hits:
        row = {**hit, "bylines": "; ".join(hit["bylines"]), "snippet": hit["snippet"]["text"]}
        yield csv_line(row[name] for name in HIT_COLUMNS).removesuffix("\n")


def count_line(report: BuildReport, location: str) -> str:
    """Return what a build did, in one line."""
    rate = (report.added + report.replaced + report.unchanged) / report.seconds if report.seconds else 0
    rarer = "".join(f", {count} {name}" for name, count in list(report.as_json().items())[6:])
    return (
        f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged, {report.rejected} rejected{rarer}; "
        f"{_counted(report.articles, 'article')} in {location} ({report.seconds:.1f} s, {rate:.0f} articles/s)"
    )


def note_lines(notes: Sequence[str]) -> Iterator[str]:
    """Yield what an archivist should know of a build."""
    yield from (f"note: {note}" for note in notes[:MOST_LISTED])
    if len(notes) > MOST_LISTED:
        yield f"note: {len(notes) - MOST_LISTED} more notes"


def refusal_lines(report: BuildReport, listed: bool) -> Iterator[str]:
    """Yield what was refused, unless it is ``listed`` in a file already, and the most frequent reasons."""
    if not listed:
        yield from (f"rejected: {reject}" for reject in report.rejects[:MOST_LISTED])
        if report.rejected > MOST_LISTED:
            yield f"rejected: {report.rejected - MOST_LISTED} more; list all with --rejects FILE"
    if report.rejected > MOST_LISTED:
        yield from (f"rejected: {count} times: {reason}" for reason, count in report.reasons()[:MOST_REASONS])


def stats_as_json(stats: ArchiveStats, held: tuple[Holding, ...] | None = None) -> dict[str, Any]:
    """Return the statistics of the contract, and with ``held`` its years, gaps and doubtful dates."""
    return {
        "articles": stats.articles,
        "generation": stats.generation,
        "newspapers": dict(stats.newspapers),
        "since": stats.since,
        "until": stats.until,
        "segments": stats.segments,
        "bytes": stats.bytes,
        **(holdings_as_json(held) if held is not None else {}),
    }


def holding_lines(stats: ArchiveStats, held: tuple[Holding, ...]) -> Iterator[str]:
    """Yield what the archive holds: newspapers with their years, what is undated or doubtful, the longest gaps."""
    yield (
        f"{_counted(stats.articles, 'article')}, {stats.since or '?'} to {stats.until or '?'}, {stats.bytes / 1e6:.1f} MB, "
        f"generation {stats.generation}, {_counted(stats.segments, 'segment')}"
    )
    years = {one.newspaper: one.years for one in held}
    for name, count in stats.newspapers:
        yield f"{count:8d}  {printable(name)}"
        if years.get(name):
            yield "          " + ", ".join(f"{year}: {articles}" for year, articles in years[name])
    more = holdings_as_json(held)
    if more["undated"]:
        yield f"{_counted(more['undated'], 'article')} without a date"
    for one in more["doubtful"]:
        yield f"doubtful date: {_counted(one['articles'], 'article')} of {printable(one['newspaper']) or 'no newspaper'} in {one['month']}"
    for one in more["gaps"][:MOST_GAPS]:
        yield f"gap: {_counted(one['months'], 'month')} of {printable(one['newspaper'])}, {one['first']} to {one['last']}"


def analysis_of(text: str) -> list[dict[str, Any]]:
    """Return each token of a text with its place, the rule that made it and the forms the index keeps of it."""
    return [
        {
            "token": text[token.start : token.end],
            "start": token.start,
            "end": token.end,
            "position": token.position,
            "rule": token.rule,
            "exact": fold(token.surface),
            "term": term(fold(token.surface)),
            "accent": accent_term(token.surface),
            "stop": is_stop(token.surface, text[token.start : token.end]),
        }
        for token in tokenize(text)
    ]


def analysis_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield an analysis as a table."""
    yield f"{'token':<20} {'span':<9} {'pos':>4} {'rule':<16} {'exact':<20} {'term':<20} accent"
    for row in rows:
        span, stop = f"{row['start']}-{row['end']}", " (stop word)" if row["stop"] else ""
        yield (
            f"{row['token']:<20} {span:<9} {row['position']:>4} {row['rule']:<16} {row['exact']:<20} {row['term']:<20} {row['accent'] or ''}{stop}"
        )


def _counted(count: int, name: str, plural_from: int = 0) -> str:
    """Return « 0 article » in French (``plural_from`` 2), “0 articles” in English: there, one alone is singular."""
    plural = count >= plural_from if plural_from else count != 1
    return f"{count} {name}{'s' if plural else ''}"


def _hit_lines(rank: int, hit: Hit, bold: bool) -> Iterator[str]:
    yield f"{rank}. {_marked(hit.headline, hit.headline_spans, bold)}"
    facts = (hit.newspaper, hit.published or "sans date", hit.section, ", ".join(hit.bylines))
    yield "   " + " · ".join(fact for fact in facts if fact)
    if hit.snippet.text:
        yield "   " + _marked(hit.snippet.text, hit.snippet.spans, bold)
    if hit.versions:
        yield f"   versions : {' ; '.join(map(_version, hit.versions[:MOST_LISTED]))}"
    yield f"   {hit.doc_id}"
    if hit.explanation:
        yield "   " + json.dumps(hit.explanation, ensure_ascii=False)


def _version(one: Version) -> str:
    """Return « L’Aube, 2021-02-19 (84 %) »."""
    share = "première parution" if one.first else f"{one.kept} %"
    return printable(", ".join(part for part in (one.newspaper, one.published or "sans date") if part)) + f" ({share})"


def _marked(text: str, spans: Iterable[Span], bold: bool) -> str:
    before, after = ("\033[1m", "\033[0m") if bold else ("[", "]")
    out, at = "", 0
    for start, end in spans:
        out += printable(text[at:start]) + before + printable(text[start:end]) + after
        at = end
    return out + printable(text[at:])
