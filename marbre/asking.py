"""How is an archive asked? The commands of whoever searches it: search, export, alert, stats, analyze, acronyms."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from corpus.dates import first_day, iso_day, last_day
from corpus.errors import BadRequest, SourceUnreadable
from corpus.printable import printable
from marbre.terminal import INDEX_OPTION, as_text, expect_folder_of, print_all, print_json, say

__all__ = ["COMMANDS"]


@click.command()
@click.argument("query", required=False)
@INDEX_OPTION
@click.option("--size", default=10, show_default=True, type=int, help="Hits a page.")
@click.option("--page", default=1, show_default=True, type=int)
@click.option("--sort", default="relevance", show_default=True, type=click.Choice(["relevance", "newest", "oldest", "added"]))
@click.option(
    "--match",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "all", "any"]),
    help="All words, any word, or all and else the most.",
)
@click.option(
    "--filter", "filters", multiple=True, metavar="FIELD=VALUE", help="Keep a value of a facet (empty: without value); repeat for OR."
)
@click.option("--exclude", "excludes", multiple=True, metavar="FIELD=VALUE", help="Leave a value of a facet out.")
@click.option("--from", "since", metavar="DAY", help="From this day, month or year on.")
@click.option("--to", "until", metavar="DAY", help="Up to this day, month or year.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "json", "jsonl", "csv", "ris", "bibtex"]))
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--reprints",
    type=click.Choice(["grouped", "all"]),
    help="One line a text that several newspapers printed (to read), or every article (in csv, ris and bibtex).",
)
@click.option("--explain", is_flag=True, help="Say for each hit where its score comes from.")
@click.option(
    "--batch", type=click.Path(dir_okay=False), metavar="FILE.csv", help="Answer each row of a CSV file (column “query”), as JSON Lines."
)
def search(query: str | None, location: str, batch: str | None, form: str, as_json: bool, **options: Any) -> None:
    """Search the archive; several words are all required. See the query language in docs/query-language.md."""
    from search import open_engine, page_as_json
    from search import search as ask
    from search.batch import batch_rows

    if (query is None) == (batch is None):
        raise click.UsageError("expected either QUERY or --batch FILE.csv")
    options["reprints"] = options["reprints"] or ("all" if form in ("csv", "ris", "bibtex") and not as_json else "grouped")
    if batch is not None and form not in ("text", "json", "jsonl"):
        raise click.UsageError(f"--batch answers in JSON Lines; leave --format {form} out")
    request = _request(as_text(query or ""), **options)
    with open_engine(location) as engine:
        if batch is not None:
            for row in batch_rows(Path(batch)):
                page = ask(engine, replace(request, text=row["query"]))
                click.echo(json.dumps({**page_as_json(page), "row": row}, ensure_ascii=False))
            return
        page = ask(engine, request)
        if form in ("ris", "bibtex") and not as_json:
            found = (article for hit in page.hits if (article := engine.article(hit.doc_id)) is not None)
            _write_export(form, found, query or "")
            return
    _show_page(page, "json" if as_json else form)


@click.command()
@click.argument("query", required=False, default="")
@INDEX_OPTION
@click.option("--format", "form", default="jsonl", show_default=True, type=click.Choice(["jsonl", "json", "csv", "ris", "bibtex", "csl"]))
@click.option("--sort", default="relevance", show_default=True, type=click.Choice(["relevance", "newest", "oldest", "added"]))
@click.option("--match", default="auto", show_default=True, type=click.Choice(["auto", "all", "any"]))
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE", help="Keep a value of a facet (empty: without value).")
@click.option("--exclude", "excludes", multiple=True, metavar="FIELD=VALUE", help="Leave a value of a facet out.")
@click.option("--from", "since", metavar="DAY", help="From this day, month or year on.")
@click.option("--to", "until", metavar="DAY", help="Up to this day, month or year.")
@click.option("--reprints", default="all", show_default=True, type=click.Choice(["grouped", "all"]), help="Every article, or one a text.")
@click.option("--base-url", default="", envvar="MARBRE_BASE_URL", help="Address of the site, for lasting links [env: MARBRE_BASE_URL].")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Write to this file [default: standard output].")
@click.option(
    "--whoosh", "whoosh_folder", type=click.Path(file_okay=False), metavar="DIR", help="Write a plain Whoosh index to this new folder."
)
def export(query: str, location: str, form: str, base_url: str, output: str | None, whoosh_folder: str | None, **options: Any) -> None:
    """Write every article of an answer (without QUERY: of the archive), in order, in flat memory."""
    from indexer.documents import stored_form
    from indexer.stock import write_stock_index
    from search import export as every

    request = _request(query, size=1, page=1, explain=False, **options)
    with _archive(location) as engine:
        if whoosh_folder is None:
            _write_export(form, every(engine, request), query, base_url, output)
            return
        count = write_stock_index((stored_form(article, "") for article in every(engine, request)), Path(whoosh_folder))
        click.echo(f"{count} articles written to {whoosh_folder} as a plain Whoosh index")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), metavar="FILE")
@INDEX_OPTION
@click.option(
    "--state", "state", type=click.Path(dir_okay=False), help="What was told already [default: FILE with the ending .state.json]."
)
@click.option("--mail", "by_mail", is_flag=True, help="Send mail as [mail] of FILE says, print nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the news as JSON.")
@click.option("--base-url", default="", envvar="MARBRE_BASE_URL", help="Address of the site, for links [env: MARBRE_BASE_URL].")
def alert(file: str, location: str, state: str | None, by_mail: bool, as_json: bool, base_url: str) -> None:
    """Run the saved searches of FILE (TOML) and tell what is new since the last run; for cron."""
    from search.alerting import tell

    with _archive(location) as engine:
        try:
            found = tell(engine, Path(file), Path(state) if state else Path(file).with_suffix(".state.json"), by_mail, base_url)
        except BadRequest as error:  # what a file says wrong is no wrong use of the command
            raise SourceUnreadable(str(error)) from error
    if as_json:
        print_json([news.as_json() for news in found])
    elif not by_mail:
        from search.telling import as_text

        for news in found:
            if news.count:
                print_all(map(printable, [*as_text(news, base_url).split("\n"), ""]))


@click.command()
@INDEX_OPTION
@click.option("--coverage", "covered", is_flag=True, help="With --json: years, undated, doubtful dates and gaps too.")
@click.option("--json", "as_json", is_flag=True)
def stats(location: str, covered: bool, as_json: bool) -> None:
    """Say what the archive holds."""
    from search.coverage import coverage
    from search.holdings import holdings
    from search.printing import holding_lines, stats_as_json

    with _archive(location) as engine:
        found = engine.stats()
        held = holdings(coverage(engine), dt.datetime.now(dt.UTC).date().isoformat()[:7])
    if as_json:
        print_json(stats_as_json(found, held if covered else None))
    else:
        print_all(holding_lines(found, held))


@click.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True)
def analyze(text: str, as_json: bool) -> None:
    """Show the words of TEXT as the index sees them, and which rule made each."""
    from search.printing import analysis_lines, analysis_of

    rows = analysis_of(text)
    if as_json:
        print_json(rows)
    else:
        print_all(analysis_lines(rows))


@click.command()
@click.argument("acronym", required=False, default="")
@click.argument("expansion", required=False, default="")
@INDEX_OPTION
@click.option("--accept", is_flag=True, help="Always offer this pair, however rare.")
@click.option("--refuse", is_flag=True, help="Never offer this pair.")
@click.option("--add", is_flag=True, help="Offer a pair that no article introduces.")
@click.option("--forget", is_flag=True, help="Take a decision back.")
@click.option("--refused", is_flag=True, help="List refused pairs, too.")
@click.option("--size", default=50, show_default=True, type=click.IntRange(1), help="Pairs listed.")
@click.option("--json", "as_json", is_flag=True)
def acronyms(acronym: str, expansion: str, location: str, refused: bool, size: int, as_json: bool, **decisions: bool) -> None:
    """List the acronyms that the archive explains (or those that begin with ACRONYM), or decide about a pair."""
    from indexer.acronym_decisions import decide_acronym
    from search import open_engine
    from search.acronyms import acronym_table, check_pair, with_uses
    from search.acronyms import as_json as row
    from search.acronyms import as_text as line

    chosen = [name for name, given in decisions.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"one decision at a time: --{' and --'.join(chosen)} found")
    if bool(chosen) != bool(expansion):
        raise click.UsageError("expected a pair and a decision: marbre acronyms CENI “Commission électorale indépendante” --accept")
    acronym, expansion = as_text(acronym), as_text(expansion)
    if chosen:
        if chosen != ["add"]:
            with open_engine(location) as engine:
                check_pair(engine, acronym, expansion)
        decision: Any = {"accept": "accepted", "refuse": "refused", "add": "added", "forget": None}[chosen[0]]
        changed = decide_acronym(location, acronym, expansion, decision)
        print_json({"changed": changed}) if as_json else click.echo("noted" if changed else "nothing to change: so it is already")
        return
    with open_engine(location) as engine:
        table = acronym_table(engine, acronym, refused=refused)
        found = [with_uses(engine, one) for one in table[:size]]
    if as_json:
        print_json([row(one) for one in found])
    else:
        print_all(line(one) for one in found)
    if not table:
        say("the archive explains no acronym" + (f" that begins with {acronym}" if acronym else ""))
    elif len(table) > size:
        say(f"{size} of {len(table)} pairs; --size {len(table)} lists all, ACRONYM those that begin so")


@contextmanager
def _archive(location: str) -> Iterator[Any]:
    """Open an archive for a command whose answer has no room for remarks, and say when only an older version of it can be read."""
    from search import open_engine

    with open_engine(location) as engine:
        if engine.outdated:
            say(f"note: the newest version of {location} is damaged, what follows is of the one before; see: marbre check")
        yield engine


def _write_export(form: str, articles: Iterable[Any], query: str, base_url: str = "", output: str | None = None) -> None:
    from search.exporting import Heading, article_link, render

    if output is not None:
        expect_folder_of(output, "--output")
    pieces = render(form, articles, Heading(query, dt.date.today().isoformat()), article_link(base_url))
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    with Path(output).open("w", encoding="utf-8", newline="") as out:
        out.writelines(pieces)


def _request(
    query: str,
    *,
    size: int,
    page: int,
    sort: Any,
    match: Any,
    filters: tuple[str, ...],
    excludes: tuple[str, ...],
    since: str | None,
    until: str | None,
    explain: bool,
    reprints: Any,
) -> Any:
    from search import SearchRequest

    return SearchRequest(
        text=query,
        size=size,
        page=page,
        sort=sort,
        match=match,
        filters=(*_filters(filters, "--filter"), *_filters(excludes, "--exclude", exclude=True)),
        since=_day(since, "--from", first_day),
        until=_day(until, "--to", last_day),
        explain=explain,
        reprints=reprints,
    )


def _filters(given: Iterable[str], option: str, exclude: bool = False) -> Iterator[Any]:
    from search import Filter

    for one in given:
        field, equals, value = one.partition("=")
        if not equals:
            raise BadRequest(option, one, "FIELD=VALUE, for example journal=L’Essor")
        yield Filter(field.strip(), (value,), exclude)


def _day(text: str | None, option: str, end: Callable[[str], dt.date]) -> dt.date | None:
    if text is None:
        return None
    iso = iso_day(text)
    if iso is None:
        raise BadRequest(option, text, "a day, month or year like 2025-10-09, 2025-10 or 2025")
    return end(iso)


def _show_page(page: Any, form: str) -> None:
    from search import page_as_json
    from search.printing import hit_rows, page_lines

    if form == "json":
        print_json(page_as_json(page))
    elif form == "text":
        print_all(page_lines(page, bold=sys.stdout.isatty()))
    else:
        print_all(hit_rows(page, form))


COMMANDS = (search, export, alert, stats, analyze, acronyms)
