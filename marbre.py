"""The ``marbre`` command: parse the arguments, call the rooms, print the answer. No logic of search lives here.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some input was rejected. An error is one line on standard error.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
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
from corpus.printable import printable

INDEX_OPTION = click.option(
    "--index",
    "location",
    default=lambda: os.environ.get("MARBRE_INDEX", "index"),
    metavar="LOCATION",
    help="Index folder [default: $MARBRE_INDEX, then ./index].",
)


class _Commands(click.Group):
    """The commands, ending without a word when the reader of the output goes away (| head): click itself would exit 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "auto_envvar_prefix": "MARBRE"}
)
@click.version_option(package_name="marbre", prog_name="marbre")
def cli() -> None:
    """Full-text search for the francophone press: index an archive, search it, serve it."""


@cli.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE...]")
@INDEX_OPTION
@click.option("--rebuild", is_flag=True, help="Build a new index aside and swap it in; without SOURCE, from what is recorded.")
@click.option("--from-stored", is_flag=True, help="Rebuild from the stored articles alone.")
@click.option("--if-needed", is_flag=True, help="Rebuild only for another schema, another analysis or changed sources.")
@click.option("--delete-missing", is_flag=True, help="Delete articles that their files no longer give.")
@click.option("--retry-rejects", is_flag=True, help="Read files again of which something was refused; without SOURCE, those recorded.")
@click.option(
    "--keep-versions/--no-keep-versions", default=None, help="Keep the text that a correction replaces (remembered) [default: no]."
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that analyse articles.")
@click.option(
    "--memory", default=512, show_default=True, type=click.IntRange(64), metavar="MB",
    help="Memory to work in, shared by the workers; a process takes some 300 at least.",
)
@click.option("--rejects", type=click.Path(dir_okay=False), help="Write what was refused to this file, as JSON Lines.")
@click.option("--newspaper", default="", help="Newspaper of the articles that name none.")
@click.option("--query", default="", metavar="SQL", help="Take the rows of this SELECT from SQLite files.")
@click.option("--strict", is_flag=True, help="Stop at the first article or file that is refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def index(sources: tuple[str, ...], location: str, rejects: str | None, as_json: bool, **options: Any) -> None:
    """Index files and folders ("-": JSON Lines on standard input). What is there already stays as it is."""
    from search.printing import count_line, note_lines, refusal_lines

    report = _index(sources, location, **options)
    if report is None:
        click.echo(f"nothing to rebuild: schema, analysis and sources of {location} are as they were")
        return
    if rejects is not None:
        Path(rejects).write_text(
            "".join(json.dumps(reject.as_json(), ensure_ascii=False) + "\n" for reject in report.rejects), encoding="utf-8"
        )
    _say_all(note_lines(report.notes))
    if as_json:
        _print_json(report.as_json())
    else:
        click.echo(count_line(report, location))
    if report.rejected:
        _say_all(refusal_lines(report, listed=rejects is not None))
        sys.exit(3)


def _index(
    sources: tuple[str, ...],
    location: str,
    *,
    rebuild: bool,
    from_stored: bool,
    if_needed: bool,
    retry_rejects: bool,
    workers: int,
    memory: int,
    newspaper: str,
    query: str,
    strict: bool,
    **how: Any,
) -> Any:
    """Build, build again or rebuild; None when no rebuild is needed."""
    from corpus import read_articles
    from corpus.bounded import BoundedReader
    from indexer import BuildOptions, build_index, rebuilding

    aside = rebuild or from_stored or if_needed
    if not sources and not aside and not retry_rejects:
        raise click.UsageError("expected SOURCE..., or --rebuild or --retry-rejects for the recorded sources")
    if sources and (from_stored or if_needed):
        raise click.UsageError("--from-stored and --if-needed take what is recorded; leave SOURCE out")
    if if_needed:
        why = rebuilding.needs_rebuild(location, from_stored=from_stored)
        if not why:
            return None
        _say(f"note: rebuilding, since {why}")
    crew: dict[str, Any] = {"workers": workers, "memory": memory << 20, "progress": _progress()}
    if aside and not sources:
        return rebuilding.rebuild_index(location, from_stored=from_stored, delete_missing=how["delete_missing"], **crew)
    options = BuildOptions(retry_rejects=retry_rejects, **how)
    if not sources:
        return rebuilding.refresh_index(location, strict=strict, progress=crew["progress"], options=options)
    stream = read_articles(sources, newspaper=newspaper, query=query, strict=strict)
    with BoundedReader() as stream.beside:
        return build_index(stream, location, rebuild=rebuild, **crew, options=options)


@cli.command()
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
    request = _request(_text(query or ""), **options)
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


@cli.command()
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
    from search import open_engine

    request = _request(query, size=1, page=1, explain=False, **options)
    with open_engine(location) as engine:
        if whoosh_folder is None:
            _write_export(form, every(engine, request), query, base_url, output)
            return
        count = write_stock_index((stored_form(article, "") for article in every(engine, request)), Path(whoosh_folder))
        click.echo(f"{count} articles written to {whoosh_folder} as a plain Whoosh index")


@cli.command()
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
    from search import open_engine
    from search.alerting import tell

    with open_engine(location) as engine:
        found = tell(engine, Path(file), Path(state) if state else Path(file).with_suffix(".state.json"), by_mail, base_url)
    if as_json:
        _print_json([news.as_json() for news in found])
    elif not by_mail:
        from search.telling import as_text

        for news in found:
            if news.count:
                _print_all(map(printable, [*as_text(news, base_url).split("\n"), ""]))


@cli.command()
@INDEX_OPTION
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; one a core.")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(2, 64), help="Threads a process.")
@click.option("--base-url", default="", help="Address readers know: https://archives.example.org/presse.")
@click.option("--path-prefix", "prefix", default="", metavar="/PATH", help="Path under which a proxy serves the site.")
@click.option("--trusted-host", "trusted_hosts", multiple=True, metavar="NAME", help="Answer to this host name only (repeatable).")
@click.option("--proxy", default="", metavar="ADDRESS", help="Believe X-Forwarded-For, -Proto and -Host of this address.")
@click.option("--page-size", default=20, show_default=True, type=click.IntRange(1, 100), help="Articles a page.")
@click.option("--rate-limit", default="", metavar="N/PERIOD", help="Questions of one visitor: 120/minute [default: no limit].")
@click.option("--title", default="Marbre", show_default=True, help="Name of the house.")
@click.option("--logo", default="", type=click.Path(dir_okay=False), help="Image beside the name.")
@click.option("--https", is_flag=True, help="The proxy speaks HTTPS: send Strict-Transport-Security.")
@click.option("--metrics", is_flag=True, help="Answer /metriques (Prometheus).")
def serve(location: str, **options: Any) -> None:
    """Serve the archive to browsers; each option may stand in the environment as MARBRE_SERVE_<NAME>."""
    _serve(location, **options)


@cli.command()
@INDEX_OPTION
@click.option("--coverage", "covered", is_flag=True, help="With --json: years, undated, doubtful dates and gaps too.")
@click.option("--json", "as_json", is_flag=True)
def stats(location: str, covered: bool, as_json: bool) -> None:
    """Say what the archive holds."""
    from search import open_engine
    from search.coverage import coverage
    from search.holdings import holdings
    from search.printing import holding_lines, stats_as_json

    with open_engine(location) as engine:
        found = engine.stats()
        held = holdings(coverage(engine), dt.datetime.now(dt.UTC).date().isoformat()[:7])
    if as_json:
        _print_json(stats_as_json(found, held if covered else None))
    else:
        _print_all(holding_lines(found, held))


@cli.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True)
def analyze(text: str, as_json: bool) -> None:
    """Show the words of TEXT as the index sees them, and which rule made each."""
    from search.printing import analysis_lines, analysis_of

    rows = analysis_of(text)
    if as_json:
        _print_json(rows)
    else:
        _print_all(analysis_lines(rows))


@cli.command()
@click.argument("doc_ids", nargs=-1, required=True, metavar="DOC_ID...")
@INDEX_OPTION
@click.option("--json", "as_json", is_flag=True)
def delete(doc_ids: tuple[str, ...], location: str, as_json: bool) -> None:
    """Delete articles from the index."""
    from indexer import delete_articles

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
@click.argument("doc_id", metavar="DOC_ID")
@click.option("--reason", required=True, help="Why; readers of the page will see it.")
@click.option("--force", is_flag=True, help="Keep an id out that is not in the index.")
@INDEX_OPTION
@click.option("--json", "as_json", is_flag=True)
def withdraw(doc_id: str, reason: str, force: bool, location: str, as_json: bool) -> None:
    """Take an article out for ever: no later run or rebuild brings it back."""
    from indexer.withdrawals import withdraw_article

    was_there = withdraw_article(doc_id, reason, location, force=force)
    if as_json:
        _print_json({"withdrawn": doc_id, "was_there": was_there})
    else:
        click.echo(f"{doc_id} withdrawn" + ("" if was_there else "; it was not in the index, and will not come in"))


@cli.command()
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
    from search.acronyms import acronym_table, as_text, check_pair, with_uses
    from search.acronyms import as_json as row

    chosen = [name for name, given in decisions.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"one decision at a time: --{' and --'.join(chosen)} found")
    if bool(chosen) != bool(expansion):
        raise click.UsageError("expected a pair and a decision: marbre acronyms CENI “Commission électorale indépendante” --accept")
    acronym, expansion = _text(acronym), _text(expansion)
    if chosen:
        if chosen != ["add"]:
            with open_engine(location) as engine:
                check_pair(engine, acronym, expansion)
        decision: Any = {"accept": "accepted", "refuse": "refused", "add": "added", "forget": None}[chosen[0]]
        changed = decide_acronym(location, acronym, expansion, decision)
        _print_json({"changed": changed}) if as_json else click.echo("noted" if changed else "nothing to change: so it is already")
        return
    with open_engine(location) as engine:
        table = acronym_table(engine, acronym, refused=refused)
        found = [with_uses(engine, one) for one in table[:size]]
    if as_json:
        _print_json([row(one) for one in found])
    else:
        _print_all(as_text(one) for one in found)
    if len(table) > size:
        _say(f"{size} of {len(table)} pairs; --size {len(table)} lists all, ACRONYM those that begin so")


@cli.command()
@INDEX_OPTION
@click.option(
    "--to",
    default="generation",
    show_default=True,
    type=click.Choice(["generation", "rebuild"]),
    help="The commit before, or the last rebuild.",
)
@click.option("--json", "as_json", is_flag=True)
def rollback(location: str, to: Any, as_json: bool) -> None:
    """Make the former generation current again; a second rollback undoes the first."""
    from indexer.withdrawals import rollback_archive

    snapshot = rollback_archive(location, to=to)
    if as_json:
        _print_json({"generation": snapshot.generation, "articles": snapshot.manifest.articles})
    else:
        click.echo(
            f"generation {snapshot.generation} is current, with {snapshot.manifest.articles} articles, as before the last {'commit' if to == 'generation' else to}"
        )


@cli.command()
@INDEX_OPTION
@click.option("--deep", is_flag=True, help="Read every byte.")
@click.option("--sources", is_flag=True, help="Compare source files, ledger and index.")
@click.option("--repair", is_flag=True, help="With --sources: read again just what does not agree.")
@click.option("--json", "as_json", is_flag=True)
def check(location: str, deep: bool, sources: bool, repair: bool, as_json: bool) -> None:
    """Verify the index: its files, and with --sources what they came from."""
    from indexer.cluster_check import check_cluster
    from indexer.places import is_cluster
    from indexer.sources_check import check_sources, repair_sources
    from indexer.verify import check as verify

    if repair and not sources:
        raise click.UsageError("--repair goes with --sources")
    problems: list[Any] = check_cluster(location) if is_cluster(location) else list(verify(location, deep=deep))
    damaged = any(one.kind == "damage" for one in problems)
    disagreements = check_sources(location) if sources and not damaged else []
    if as_json:
        _print_json({"problems": [str(one) for one in problems], "sources": [str(one) for one in disagreements]})
    else:
        for one in [*problems, *disagreements]:
            click.echo(printable(str(one)))
        click.echo(
            f"{'damaged' if damaged else 'sound'}{f', disagreements with the sources: {len(disagreements)}' if sources else ''}: {location}"
        )
    if repair and disagreements:
        report = repair_sources(location, disagreements)
        left = check_sources(location)
        _say(f"repaired: {report.added} added, {report.replaced} replaced; {len(left)} disagreements left")
        disagreements = [one for one in left if one.kind in ("changed", "new", "missing")]
    if damaged or any(one.kind in ("changed", "new", "missing") for one in disagreements):
        sys.exit(1)


@cli.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that analyse articles.")
@click.option("--questions", default=200, show_default=True, type=click.IntRange(0, 10_000), help="Questions asked of both at the end.")
@click.option("--json", "as_json", is_flag=True)
def migrate(source: str, target: str, workers: int, questions: int, as_json: bool) -> None:
    """Copy an archive from a folder to a cluster or back, then ask both the same questions; started again, it goes on."""
    from search import open_engine
    from search.migrating import migrate as copy
    from search.migrating import verify

    report = copy(source, target, workers=workers, progress=_progress())
    with open_engine(source) as one, open_engine(target) as other:
        same, different = verify(one, other, questions=questions)
    if as_json:
        _print_json({**report.as_json(), "questions": same + len(different), "different": list(different)})
    else:
        click.echo(f"{report.articles} articles in {target} ({report.added} added, {report.unchanged} were there); {same} of {same + len(different)} questions have the same answer")
    if different:
        _fail(f"{len(different)} questions have another answer in {target} than in {source}, the first: {different[0]}; keep {source}, and run “marbre check” on both", 1)


@cli.command()
@click.argument("folder", metavar="DIR")
@INDEX_OPTION
def backup(folder: str, location: str) -> None:
    """Copy the index to DIR, every byte verified, while a writer may be at work."""
    from indexer.backup import backup as copy
    from indexer.cluster import refuse_cluster

    refuse_cluster(location, "backup")
    _tell_generation(copy(location, folder), f"in {folder}")


@cli.command()
@click.argument("folder", metavar="DIR")
@INDEX_OPTION
def restore(folder: str, location: str) -> None:
    """Make the backup in DIR the current index; what was there stays for “marbre rollback --to rebuild”."""
    from indexer.withdrawals import restore_archive

    _tell_generation(restore_archive(folder, location), f"current in {location}")


@cli.command()
@click.argument("folder", metavar="DIR")
@INDEX_OPTION
@click.option("--newspaper", default="", help="Newspaper of the articles that name none.")
@click.option("--every", default=5.0, show_default=True, type=click.FloatRange(0.2), metavar="SECONDS", help="How often to look.")
@click.option("--rounds", default=0, metavar="N", help="Stop after N looks [default: at Ctrl-C].")
def watch(folder: str, location: str, newspaper: str, every: float, rounds: int) -> None:
    """Index what is dropped into DIR, until Ctrl-C."""
    from indexer.watching import watch_folder

    for line in watch_folder(folder, location, newspaper=newspaper, every_s=every, rounds=rounds):
        click.echo(printable(line))
        sys.stdout.flush()


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
        cli.main(prog_name="marbre", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "marbre"
        _fail(f"{error.format_message().rstrip('.')}; see: {command} --help", 2)
    except click.ClickException as error:
        _fail(error.format_message(), 1)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; what was committed is kept", 130)
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


def _serve(location: str, host: str, port: int, **options: Any) -> None:
    from web.serving import ServeOptions, serve_site

    def announce(url: str) -> None:
        click.echo(f"Marbre serves {location} at {url} (stop: Ctrl-C)")
        sys.stdout.flush()

    serve_site(ServeOptions(location=location, host=host, port=port, **options), announce)


def _write_export(form: str, articles: Iterable[Any], query: str, base_url: str = "", output: str | None = None) -> None:
    from search.exporting import Heading, article_link, render

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


def _text(argument: str) -> str:
    """Return an argument as text: bytes that are not UTF-8 reach Python as half characters, which nothing can print."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
        _print_json(page_as_json(page))
    elif form == "text":
        _print_all(page_lines(page, bold=sys.stdout.isatty()))
    else:
        _print_all(hit_rows(page, form))


def _tell_generation(snapshot: Any, where: str) -> None:
    click.echo(f"generation {snapshot.generation} with {snapshot.manifest.articles} articles is {where}")


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


def _print_all(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _say_all(lines: Iterable[str]) -> None:
    for line in lines:
        _say(line)


def _say(line: str) -> None:
    click.echo(printable(line), err=True)


def _fail(line: str, code: int) -> NoReturn:
    _say("marbre: " + " ".join(line.split()))
    sys.exit(code)


if __name__ == "__main__":
    main()
