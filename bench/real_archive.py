"""What do the long tests change when they are given real articles? An archive with facets and a ledger, and a writer that says what it does.

A change is noted in a journal before it is made and after it is done (``change_for_ever``), and made again when it was cut short, as an archivist
would run the command again. So whoever looks at the index after any accident knows what must be there: everything that was done, and of
the change under way each article old or new (``explained``).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import indexer.builder
from corpus import read_articles
from corpus.errors import IndexMissing
from indexer import BuildOptions, build_index, delete_articles
from indexer.former import FormerArchive
from indexer.generations import Snapshot, open_snapshot
from indexer.ledger import DELETED
from indexer.rebuilding import rebuild_index
from indexer.sources_check import check_sources
from indexer.verify import check
from search import SearchRequest, open_engine, search

__all__ = [
    "Archive",
    "Change",
    "Journal",
    "Stock",
    "articles_of",
    "assert_comes_to_rest",
    "assert_tells_one_story",
    "change_for_ever",
    "explained",
    "found_in",
    "perform",
    "plan",
]

FILES: Final = 12
ARTICLES_A_FILE: Final = 15
OFTEN: Final = 5  # articles between the commits of a run, so that a change has several
_VERSION: Final = re.compile(r"Passage ([0-9]+)\.\Z")
Content = dict[str, int]  # id -> version


@dataclass(frozen=True, slots=True)
class Change:
    """One change: a file as it will be (id -> version, empty: the file goes), articles deleted by hand, or a rebuild."""

    kind: Literal["file", "delete", "rebuild"]
    file: str = ""
    rows: Content = field(default_factory=dict)
    doc_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Archive:
    """What the index must hold: what its files give, but for what was deleted by hand."""

    files: Mapping[str, Content] = field(default_factory=dict)
    out: frozenset[str] = frozenset()

    @property
    def content(self) -> Content:
        """Every article that must be there, with its version."""
        return {doc_id: version for rows in self.files.values() for doc_id, version in rows.items() if doc_id not in self.out}

    def after(self, change: Change) -> Archive:
        """Return the archive as it is once the change is done."""
        if change.kind == "delete":
            return Archive(self.files, self.out | set(change.doc_ids))
        if change.kind == "rebuild":
            return self
        return Archive({**self.files, change.file: dict(change.rows)}, self.out)


class Stock:
    """Real articles to take from: the first lines of a JSON Lines file, or a few made here."""

    def __init__(self, articles: Path | None = None, wanted: int = FILES * ARTICLES_A_FILE) -> None:
        if articles is None:
            self._records = [_made(number) for number in range(wanted)]
        else:
            with articles.open(encoding="utf-8") as lines:
                self._records = [json.loads(line) for line in islice(lines, wanted)]

    def line(self, doc_id: str, version: int) -> str:
        """Return the line of a version of an article."""
        number, rank = map(int, doc_id.split("-"))
        record = self._records[(number * ARTICLES_A_FILE + rank) % len(self._records)]
        return json.dumps({**record, "id": doc_id, "text": f"{record['text']}\n\nPassage {version}."}, ensure_ascii=False) + "\n"

    def write(self, path: Path, rows: Content) -> None:
        """Write these versions as a file of JSON Lines."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.new")  # killed in the middle, an empty file would be there: it is taken for one cut short
        aside.write_text("".join(self.line(doc_id, version) for doc_id, version in rows.items()), encoding="utf-8")
        aside.replace(path)


def _made(number: int) -> dict[str, Any]:
    dice = Random(number)
    words = (
        "le conseil a voté budget ville marché port pêche mil pluie école route président ministre accord grève récolte fleuve pont".split()
    )
    return {
        "title": f"Titre {number}",
        "text": " ".join(dice.choices(words, k=60)),
        "newspaper": dice.choice(["L’Essor", "Le Sahel", "Le Soleil"]),
        "section": dice.choice(["Politique", "Sports"]),
        "date": f"20{dice.randrange(10, 26)}-0{dice.randrange(1, 10)}-1{dice.randrange(10)}",
    }


def plan(archive: Archive, random: Random, rebuilds: float = 0.05) -> Change:
    """Think of a change: mostly files that come or are corrected, some that vanish, articles deleted by hand, rebuilds."""
    there = sorted(archive.content)
    if len(there) > 10 and random.random() < rebuilds:
        return Change("rebuild")
    if len(there) > 20 and random.random() < 0.1:
        return Change("delete", doc_ids=tuple(random.sample(there, 3)))
    number = random.randrange(FILES)
    before = archive.files.get(f"{number:02}.jsonl", {})
    if before and random.random() < 0.15:
        return Change("file", f"{number:02}.jsonl")
    first = sum(one.startswith(f"{number}-") for one in archive.out)  # what was deleted by hand makes room for others
    ids = [f"{number}-{first + rank}" for rank in range(random.randrange(1, ARTICLES_A_FILE))]
    kept = {one: version for one, version in before.items() if one in archive.out or (one in ids and random.random() < 0.7)}
    return Change(
        "file", f"{number:02}.jsonl", kept | {one: random.randrange(10**6) for one in ids if one not in kept and one not in archive.out}
    )


def perform(change: Change, location: Path, source: Path, stock: Stock) -> None:
    """Make a change; making it twice is making it once."""
    if change.kind == "delete":
        delete_articles(change.doc_ids, location)
        return
    if change.kind == "rebuild":
        rebuild_index(location)
        return
    path = source / change.file
    if change.rows:
        stock.write(path, change.rows)
    else:
        path.unlink(missing_ok=True)
        (source / "empty.jsonl").touch()  # an empty folder would be taken for a disk that is not mounted
    bring_up(location, source)


def bring_up(location: Path, source: Path) -> None:
    """Run the command that an archivist runs."""
    build_index(read_articles([source]), location, options=BuildOptions(commit_articles=OFTEN, delete_missing=True))


# --- a writer that says what it does --------------------------------------------------------------------------------------


class Journal:
    """Lines in a file: what survives the writer. A line is one write, so that none is half there after a kill."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, **line: object) -> None:
        """Add a line."""
        with self._path.open("ab", buffering=0) as out:
            out.write((json.dumps(line) + "\n").encode())

    def read(self) -> tuple[list[Change], list[int], str]:
        """Return the changes begun, the generation after each that was done, and what made the writer give up."""
        changes, done, failure = list[Change](), list[int](), ""
        for line in self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else ():
            told = json.loads(line)
            if "begin" in told:
                changes.append(Change(**{**told["begin"], "doc_ids": tuple(told["begin"]["doc_ids"])}))
            elif "done" in told:
                done.append(told["done"])
            else:
                failure = told["failed"]
        return changes, done, failure


def change_for_ever(
    location: Path, source: Path, stock: Stock, journal: Journal, archive: Archive, pending: Change | None, seed: int
) -> None:
    """Change the archive until killed; a change that was cut short is made again first."""
    indexer.builder.FIRST_COMMIT = OFTEN  # type: ignore[misc]
    random = Random(seed)
    try:
        while True:
            change = pending or plan(archive, random)
            pending = None
            journal.note(begin=asdict(change))
            perform(change, location, source, stock)
            archive = archive.after(change)
            journal.note(done=open_snapshot(location).generation)
    except Exception as error:  # noqa: BLE001 - whatever stops the writer is a finding of the test
        journal.note(failed=f"{type(error).__name__}: {error}")


# --- looking ------------------------------------------------------------------------------------------------------------


def found_in(location: Path) -> Content:
    """Return what a reader finds, every article read; an older generation than the newest is an error here."""
    try:
        snapshot = open_snapshot(location)
    except IndexMissing:
        return {}
    if snapshot.fallback:
        raise AssertionError(snapshot.fallback)
    return articles_of(snapshot)


def articles_of(snapshot: Snapshot) -> Content:
    """Return id and version of every article of an opened generation."""
    with FormerArchive(snapshot) as archive:
        return {stored["doc_id"]: _version(stored) for stored, _ in archive.everything()}


def _version(stored: Mapping[str, Any]) -> int:
    found = _VERSION.search(stored["body"])
    if found is None:
        raise AssertionError(f"{stored['doc_id']}: its text ends with {stored['body'][-40:]!r}")
    return int(found[1])


def explained(found: Content, start: Archive, changes: Sequence[Change], at_least: int) -> bool:
    """Tell whether this is the archive after at least so many of the changes, each article of the next one old or new."""
    return any(_between(found, one, then) for one, then in islice(_states(start, changes), at_least, None))


def _states(start: Archive, changes: Sequence[Change]) -> Iterator[tuple[Content, Content]]:
    archive = start
    for change in changes:
        then = archive.after(change)
        yield archive.content, then.content
        archive = then
    yield archive.content, archive.content


def _between(found: Content, one: Content, then: Content) -> bool:
    return all(found.get(doc_id) in (one.get(doc_id), then.get(doc_id)) for doc_id in {*found, *one, *then})


def assert_tells_one_story(location: Path, content: Content) -> None:
    """Segments, facets and ledger are of one generation, whatever moment that is."""
    damage = [str(problem) for problem in check(location, deep=True) if problem.kind == "damage"]
    if damage:
        raise AssertionError(f"damaged: {damage}")
    newspapers: dict[str, int] = {}
    with FormerArchive(open_snapshot(location)) as former:
        for stored, _ in former.everything():
            newspapers[stored["newspaper"]] = newspapers.get(stored["newspaper"], 0) + 1
        rows = {row.doc_id for record in former.ledger.records() if record.name != DELETED for row in former.ledger.rows(record.name)}
    if missing := sorted(set(content) - rows):
        raise AssertionError(f"the ledger does not know {missing[:5]}")
    with open_engine(location) as engine:
        page = search(engine, SearchRequest(text="", facets=("newspaper",), facet_size=1000, snippets=False, reprints="all"))
    counted = {bucket.value: bucket.count for bucket in page.facets["newspaper"].buckets}
    if page.total != len(content) or counted != newspapers:
        raise AssertionError(f"{page.total} found, {len(content)} stored; newspapers {counted}, stored {newspapers}")


def assert_comes_to_rest(location: Path, source: Path, ever_out: frozenset[str] = frozenset()) -> Content:
    """The next run brings index and files together and leaves nothing unexplained; return what is there then.

    ``ever_out`` are articles that may have been deleted by hand.
    """
    bring_up(location, source)
    content = found_in(location)
    problems: list[object] = [*check(location, deep=True), *check_sources(location)]
    given = {
        record["id"]: _version({"doc_id": record["id"], "body": record["text"]})
        for path in sorted(source.glob("*.jsonl"))
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    }
    wrong = {doc_id for doc_id in {*given, *content} if content.get(doc_id) != given.get(doc_id)} - ever_out
    if problems or wrong or not set(content) <= set(given):
        raise AssertionError(f"{[str(problem) for problem in problems]}; not as the files: {sorted(wrong)[:5]}")
    return content


def spawn(
    location: Path, source: Path, stock: Stock, journal: Journal, archive: Archive, pending: Change | None, seed: int, *, fsync: bool = True
) -> int:
    """Start the endless writer in a forked process; return its number. Without ``fsync`` it is the control of the power cuts."""
    child = os.fork()
    if child == 0:
        try:
            if not fsync:
                os.fsync = lambda _descriptor: None
            change_for_ever(location, source, stock, journal, archive, pending, seed)
        finally:
            os._exit(1)
    return child
