"""The ``marbre`` command: parse the arguments, call the rooms, print the answer. No logic of search lives here.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some input was rejected. An error is one line on standard error.
"""

from __future__ import annotations

import csv
import datetime as dt
import importlib.metadata
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from corpus.dates import first_day, iso_day, last_day
from corpus.errors import BadRequest, MarbreError

INDEX_OPTION = click.option(
    "--index",
    "location",
    default=lambda: os.environ.get("MARBRE_INDEX", "index"),
    metavar="LOCATION",
    help="Index folder [default: $MARBRE_INDEX, then ./index].",
)
CSV_COLUMNS = ("doc_id", "headline", "newspaper", "published", "section", "bylines", "kind", "url", "score", "snippet")
FORMULA_STARTS = tuple("=+-@\t\r\0＝＋－＠")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="marbre", prog_name="marbre")
def cli() -> None:
    """Full-text search for the francophone press: index an archive, search it, serve it."""


@cli.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@INDEX_OPTION
@click.option("--rebuild", is_flag=True, help="Build a new index aside and swap it in.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that analyse articles.")
@click.option("--memory", default=512, show_default=True, type=click.IntRange(64), metavar="MB", help="Memory for the buffers, shared by the workers.")
@click.option("--rejects", type=click.Path(dir_okay=False), help="Write what was refused to this file, as JSON Lines.")
@click.option("--newspaper", default="", help="Newspaper of the articles that name none.")
@click.option("--strict", is_flag=True, help="Stop at the first article or file that is refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def index(
    sources: tuple[str, ...],
    location: str,
    rebuild: bool,
    workers: int,
    memory: int,
    rejects: str | None,
    newspaper: str,
    strict: bool,
    as_json: bool,
) -> None:
    """Index files and folders ("-": JSON Lines on standard input). What is there already stays as it is."""
    from corpus import read_articles
    from indexer import build_index

    stream = read_articles(sources, newspaper=newspaper, strict=strict)
    report = build_index(stream, location, rebuild=rebuild, workers=workers, memory=memory << 20, progress=_progress())
    if rejects is not None:
        lines = (
            json.dumps({"file": one.origin.file, "place": one.origin.place, "reason": one.reason, "advice": one.advice}, ensure_ascii=False)
            for one in report.rejects
        )
        Path(rejects).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    for note in report.notes:
        _say(f"note: {note}")
    if as_json:
        _print_json(report.as_json())
    else:
        rate = (report.added + report.replaced + report.unchanged) / report.seconds if report.seconds else 0
        click.echo(
            f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged, {report.rejected} rejected; "
            f"{report.articles} articles in {location} ({report.seconds:.1f} s, {rate:.0f} articles/s)"
        )
    if report.rejected:
        if rejects is None:
            for reject in report.rejects[:20]:
                _say(f"rejected: {reject}")
            if report.rejected > 20:
                _say(f"rejected: {report.rejected - 20} more; list all with --rejects FILE")
        sys.exit(3)


@cli.command()
@click.argument("query", required=False)
@INDEX_OPTION
@click.option("--size", default=10, show_default=True, type=int, help="Hits a page.")
@click.option("--page", default=1, show_default=True, type=int)
@click.option("--sort", default="relevance", show_default=True, type=click.Choice(["relevance", "newest", "oldest"]))
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
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "json", "jsonl", "csv"]))
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--explain", is_flag=True, help="Say for each hit where its score comes from.")
@click.option(
    "--batch", type=click.Path(dir_okay=False), metavar="FILE.csv", help="Answer each row of a CSV file (column “query”), as JSON Lines."
)
def search(query: str | None, location: str, batch: str | None, form: str, as_json: bool, **options: Any) -> None:
    """Search the archive; several words are all required. See the query language in docs/query-language.md."""
    from search import open_engine, page_as_json
    from search import search as ask

    if (query is None) == (batch is None):
        raise click.UsageError("expected either QUERY or --batch FILE.csv")
    request = _request(query or "", **options)
    with open_engine(location) as engine:
        if batch is not None:
            for row in _batch_rows(Path(batch)):
                page = ask(engine, replace(request, text=row["query"]))
                click.echo(json.dumps({**page_as_json(page), "row": row}, ensure_ascii=False))
            return
        page = ask(engine, request)
    _show_page(page, "json" if as_json else form)


@cli.command()
@INDEX_OPTION
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def serve(location: str, host: str, port: int) -> None:
    """Serve the archive to browsers."""
    _serve(location, host, port)


@cli.command()
@INDEX_OPTION
@click.option("--json", "as_json", is_flag=True)
def stats(location: str, as_json: bool) -> None:
    """Say what the archive holds."""
    from search import open_engine

    with open_engine(location) as engine:
        found = engine.stats()
    row = {
        "articles": found.articles,
        "generation": found.generation,
        "newspapers": dict(found.newspapers),
        "since": found.since,
        "until": found.until,
        "segments": found.segments,
        "bytes": found.bytes,
    }
    if as_json:
        _print_json(row)
        return
    click.echo(
        f"{found.articles} articles, {found.since or '?'} to {found.until or '?'}, {found.bytes / 1e6:.1f} MB, generation {found.generation}, {found.segments} segments"
    )
    for name, count in found.newspapers:
        click.echo(f"{count:8d}  {name}")


@cli.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True)
def analyze(text: str, as_json: bool) -> None:
    """Show the words of TEXT as the index sees them, and which rule made each."""
    from indexer.french import accent_term, fold, is_stop, term, tokenize

    rows = [
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
    if as_json:
        _print_json(rows)
        return
    click.echo(f"{'token':<20} {'span':<9} {'pos':>4} {'rule':<16} {'exact':<20} {'term':<20} accent")
    for row in rows:
        span = f"{row['start']}-{row['end']}"
        stop = " (stop word)" if row["stop"] else ""
        click.echo(
            f"{str(row['token'])!s:<20} {span:<9} {row['position']:>4} {row['rule']:<16} {row['exact']:<20} {row['term']:<20} {row['accent'] or ''}{stop}"
        )


@cli.command()
@click.argument("doc_ids", nargs=-1, required=True, metavar="DOC_ID...")
@INDEX_OPTION
@click.option("--json", "as_json", is_flag=True)
def delete(doc_ids: tuple[str, ...], location: str, as_json: bool) -> None:
    """Delete articles from the index."""
    from corpus.errors import IndexMissing
    from indexer import delete_articles

    if not Path(location).exists():
        raise IndexMissing(location)
    deleted, missing = delete_articles(doc_ids, location)
    if as_json:
        _print_json({"deleted": deleted, "missing": missing})
    else:
        click.echo(f"{len(deleted)} deleted")
    for doc_id in missing:
        _say(f"no article {doc_id} in {location}; find its id with: marbre search QUERY --format json")
    if missing:
        sys.exit(1)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
def demo(host: str, port: int) -> None:
    """Build the sample archive in a temporary place and serve it."""
    from corpus import read_articles
    from indexer import build_index

    sample = Path(__file__).parent / "corpus" / "sample"
    with tempfile.TemporaryDirectory(prefix="marbre-demo-") as folder:
        location = str(Path(folder) / "index")
        report = build_index(read_articles([sample]), location)
        click.echo(f"{report.added} sample articles indexed in {report.seconds:.1f} s (fictional, see corpus/sample/README.md)")
        _serve(location, host, port)


def main() -> NoReturn:
    """Run the command; every error is one line, never a traceback."""
    try:
        _refuse_two_whooshes()
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "marbre"
        _fail(f"{error.format_message().rstrip('.')}; see: {command} --help", 2)
    except click.ClickException as error:
        _fail(error.format_message(), 1)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; what was committed is kept", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MarbreError as error:
        _fail(str(error), 1)
    except OSError as error:
        _fail(f"{error.filename or 'input/output'}: {error.strerror or error}", 1)
    except Exception as error:
        if os.environ.get("MARBRE_DEBUG"):
            raise
        _fail(
            f"unexpected {type(error).__name__}: {error}; this is a fault of Marbre: please report it with the output of MARBRE_DEBUG=1", 1
        )
    sys.exit(0)


def _refuse_two_whooshes() -> None:
    owners = {
        dist.metadata["Name"]
        for dist in importlib.metadata.distributions()
        if dist.name.lower().startswith("whoosh") and any(str(path).startswith("whoosh/") for path in dist.files or ())
    }
    if len(owners) > 1:
        _fail(
            f"two distributions own the package “whoosh”: {', '.join(sorted(owners))}; keep one: pip uninstall {' '.join(sorted(owners))} && pip install whoosh3==3.54.0",
            1,
        )


def _serve(location: str, host: str, port: int) -> None:
    import waitress

    from web import create_app

    server = waitress.create_server(
        create_app(location),
        host=host,
        port=port,
        ident=None,
        threads=4,
        connection_limit=1_000,
        channel_timeout=15,
        max_request_body_size=65_536,
        max_request_header_size=16_384,
    )
    actual = getattr(server, "effective_port", port)
    click.echo(f"Marbre serves {location} at http://{host}:{actual}/ (stop: Ctrl-C)")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        server.close()


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


def _batch_rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("--batch", path, "a CSV file in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "query" not in (reader.fieldnames or ()):
        raise BadRequest("--batch", path, f"a CSV file with a column “query” (found: {', '.join(reader.fieldnames or ()) or 'nothing'})")
    for row in reader:
        yield {key: value or "" for key, value in row.items() if key is not None}


def _show_page(page: Any, form: str) -> None:
    from search import page_as_json

    answer = page_as_json(page)
    if form == "json":
        _print_json(answer)
    elif form == "jsonl":
        for hit in answer["hits"]:
            click.echo(json.dumps(hit, ensure_ascii=False))
    elif form == "csv":
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(CSV_COLUMNS)
        for hit in answer["hits"]:
            row = {**hit, "bylines": "; ".join(hit["bylines"]), "snippet": hit["snippet"]["text"]}
            writer.writerow([_cell(row[name]) for name in CSV_COLUMNS])
        click.echo(out.getvalue(), nl=False)
    else:
        _show_text(page)


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula. Source: OWASP ASVS 5.0, 1.2.10."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _show_text(page: Any) -> None:
    bold = sys.stdout.isatty()
    click.echo(f"{page.total} articles ({page.took_ms:.0f} ms) — compris comme : {page.understood}")
    for note in page.notes:
        click.echo(f"  {note}")
    if page.relaxed:
        click.echo("  Aucun article ne contient tous ces mots : voici ceux qui en contiennent le plus.")
    if page.suggestion:
        click.echo(f"  Essayez : {page.suggestion}")
    for rank, hit in enumerate(page.hits, (page.number - 1) * page.size + 1):
        click.echo()
        click.echo(f"{rank}. {_marked(hit.headline, hit.headline_spans, bold)}")
        click.echo(
            "   " + " · ".join(part for part in (hit.newspaper, hit.published or "sans date", hit.section, ", ".join(hit.bylines)) if part)
        )
        if hit.snippet.text:
            click.echo("   " + _marked(hit.snippet.text, hit.snippet.spans, bold))
        click.echo(f"   {hit.doc_id}")
        if hit.explanation:
            click.echo("   " + json.dumps(hit.explanation, ensure_ascii=False))


def _marked(text: str, spans: Iterable[tuple[int, int]], bold: bool) -> str:
    before, after = ("\033[1m", "\033[0m") if bold else ("[", "]")
    out, at = "", 0
    for start, end in spans:
        out += _printable(text[at:start]) + before + _printable(text[start:end]) + after
        at = end
    return out + _printable(text[at:])


def _printable(text: str) -> str:
    """Return text without what could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter in "\u00a0\u202f" else " " for letter in text)


def _progress() -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None
    started = last = time.monotonic()

    def show(count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            click.echo(f"\r{count} articles, {count / (now - started):.0f} articles/s ", nl=False, err=True)

    return show


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def _say(line: str) -> None:
    click.echo(_printable(line), err=True)


def _fail(line: str, code: int) -> NoReturn:
    _say("marbre: " + " ".join(line.split()))
    sys.exit(code)


if __name__ == "__main__":
    main()
