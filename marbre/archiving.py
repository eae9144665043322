"""How is an archive kept? The commands of whoever feeds, mends and guards it: index, delete, withdraw, check, backup and the like."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from corpus.printable import printable
from marbre.terminal import INDEX_OPTION, Place, counted, expect_folder_of, fail, print_json, progress, say, say_all

__all__ = ["COMMANDS"]


@click.command()
@click.argument("sources", nargs=-1, type=Place(), metavar="[SOURCE...]")
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

    if rejects is not None:
        expect_folder_of(rejects, "--rejects")
    report = _index(sources, location, **options)
    if report is None:
        click.echo(f"nothing to rebuild: schema, analysis and sources of {location} are as they were")
        return
    if rejects is not None:
        Path(rejects).write_text(
            "".join(json.dumps(reject.as_json(), ensure_ascii=False) + "\n" for reject in report.rejects), encoding="utf-8"
        )
    say_all(note_lines(report.notes))
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(count_line(report, location))
    if report.rejected:
        say_all(refusal_lines(report, listed=rejects is not None))
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
        say(f"note: rebuilding, since {why}")
    crew: dict[str, Any] = {"workers": workers, "memory": memory << 20, "progress": progress()}
    if aside and not sources:
        return rebuilding.rebuild_index(location, from_stored=from_stored, delete_missing=how["delete_missing"], **crew)
    options = BuildOptions(retry_rejects=retry_rejects, **how)
    if not sources:
        return rebuilding.refresh_index(location, strict=strict, progress=crew["progress"], options=options)
    stream = read_articles(sources, newspaper=newspaper, query=query, strict=strict)
    with BoundedReader() as stream.beside:
        return build_index(stream, location, rebuild=rebuild, **crew, options=options)


@click.command()
@click.argument("doc_ids", nargs=-1, required=True, metavar="DOC_ID...")
@INDEX_OPTION
@click.option("--json", "as_json", is_flag=True)
def delete(doc_ids: tuple[str, ...], location: str, as_json: bool) -> None:
    """Delete articles from the index."""
    from indexer import delete_articles

    deleted, missing = delete_articles(doc_ids, location)
    if as_json:
        print_json({"deleted": deleted, "missing": missing})
    else:
        click.echo(f"{len(deleted)} deleted")
    for doc_id in missing:
        say(f"no article {doc_id} in {location}; find its id with: marbre search QUERY --format json")
    if missing:
        sys.exit(1)


@click.command()
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
        print_json({"withdrawn": doc_id, "was_there": was_there})
    else:
        click.echo(f"{doc_id} withdrawn" + ("" if was_there else "; it was not in the index, and will not come in"))


@click.command()
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
        print_json({"generation": snapshot.generation, "articles": snapshot.manifest.articles})
    else:
        click.echo(
            f"generation {snapshot.generation} is current, with {counted(snapshot.manifest.articles, 'article')}, as before the last {'commit' if to == 'generation' else to}"
        )


@click.command()
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
        print_json({"problems": [str(one) for one in problems], "sources": [str(one) for one in disagreements]})
    else:
        for one in [*problems, *disagreements]:
            click.echo(printable(str(one)))
        state = "damaged" if damaged else "sound"
        if not damaged and any(one.kind == "former" for one in problems):
            state = "sound, but for a former generation that rollback would need"
        click.echo(f"{state}{f', disagreements with the sources: {len(disagreements)}' if sources else ''}: {location}")
    if repair and disagreements:
        report = repair_sources(location, disagreements)
        left = check_sources(location)
        say(f"repaired: {report.added} added, {report.replaced} replaced; {len(left)} disagreements left")
        disagreements = [one for one in left if one.kind in ("changed", "new", "missing")]
    if damaged or any(one.kind in ("changed", "new", "missing") for one in disagreements):
        sys.exit(1)


@click.command()
@click.argument("source", type=Place(), metavar="FROM")
@click.argument("target", type=Place(), metavar="TO")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that analyse articles.")
@click.option("--questions", default=200, show_default=True, type=click.IntRange(0, 10_000), help="Questions asked of both at the end.")
@click.option("--json", "as_json", is_flag=True)
def migrate(source: str, target: str, workers: int, questions: int, as_json: bool) -> None:
    """Copy an archive from a folder to a cluster or back, then ask both the same questions; started again, it goes on."""
    from search import open_engine
    from search.migrating import migrate as copy
    from search.migrating import verify

    report = copy(source, target, workers=workers, progress=progress())
    with open_engine(source) as one, open_engine(target) as other:
        same, different = verify(one, other, questions=questions)
    if as_json:
        print_json({**report.as_json(), "questions": same + len(different), "different": list(different)})
    else:
        click.echo(f"{counted(report.articles, 'article')} in {target} ({report.added} added, {report.unchanged} were there); {same} of {same + len(different)} questions have the same answer")
    if different:
        fail(f"{len(different)} questions have another answer in {target} than in {source}, the first: {different[0]}; keep {source}, and run “marbre check” on both", 1)


@click.command()
@click.argument("folder", type=Place(), metavar="DIR")
@INDEX_OPTION
def backup(folder: str, location: str) -> None:
    """Copy the index to DIR, every byte verified, while a writer may be at work."""
    from indexer.backup import backup as copy
    from indexer.cluster import refuse_cluster

    refuse_cluster(location, "backup")
    _tell_generation(copy(location, folder), f"in {folder}")


@click.command()
@click.argument("folder", type=Place(), metavar="DIR")
@INDEX_OPTION
def restore(folder: str, location: str) -> None:
    """Make the backup in DIR the current index; what was there stays for “marbre rollback --to rebuild”."""
    from indexer.withdrawals import restore_archive

    _tell_generation(restore_archive(folder, location), f"current in {location}")


@click.command()
@click.argument("folder", type=Place(), metavar="DIR")
@INDEX_OPTION
@click.option("--newspaper", default="", help="Newspaper of the articles that name none.")
@click.option("--every", default=5.0, show_default=True, type=click.FloatRange(0.2), metavar="SECONDS", help="How often to look.")
@click.option("--rounds", default=0, type=click.IntRange(0), metavar="N", help="Stop after N looks [default: at Ctrl-C].")
def watch(folder: str, location: str, newspaper: str, every: float, rounds: int) -> None:
    """Index what is dropped into DIR, until Ctrl-C."""
    from indexer.watching import watch_folder

    for line in watch_folder(folder, location, newspaper=newspaper, every_s=every, rounds=rounds):
        click.echo(printable(line))
        sys.stdout.flush()


def _tell_generation(snapshot: Any, where: str) -> None:
    click.echo(f"generation {snapshot.generation} with {counted(snapshot.manifest.articles, 'article')} is {where}")


COMMANDS = (index, delete, withdraw, rollback, check, migrate, backup, restore, watch)
