"""What do the fault tests commit? Segments that hold nothing but the names of their articles, so that loss can be seen.

A toy segment is a file with one article name a line, padded with noise; the commit protocol does not look inside. ``articles_in`` opens an
index as a reader would, verifies every byte against the manifest, and returns the names that are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from whoosh.fields import ID, Schema

from bench.disk_faults import QuickDisk
from corpus.errors import IndexMissing
from indexer.codec.whoosh_codec import MarbreSegment
from indexer.durable import DISK, Files, checksum
from indexer.generations import Commit, SegmentEntry, Session, Snapshot, open_snapshot, segment_entry, write_session
from indexer.verify import check

__all__ = [
    "SCHEMA",
    "ToySegment",
    "add_articles",
    "assert_goes_on",
    "articles_in",
    "articles_of",
    "commit_segments",
    "old_segments",
    "write_articles",
]

SCHEMA = Schema(doc_id=ID(stored=True, unique=True))
ToySegment = tuple[SegmentEntry, MarbreSegment]


def add_articles(session: Session, names: Sequence[str], noise_bytes: int = 40) -> ToySegment:
    """Write one toy segment."""
    segid = session.new_segment_id()
    file = f"MAIN_{segid}.toy"
    with session.open_file(file) as out:
        out.write("".join(f"{name}\n" for name in names).encode() + b"\n" + Random(segid).randbytes(noise_bytes))
    segment = MarbreSegment("MAIN", segid, len(names))
    return segment_entry(segment, [file]), segment


def old_segments(session: Session) -> list[ToySegment]:
    """Return the segments of the generation the session starts from."""
    return [] if session.base is None else [(entry, _stock(entry)) for entry in session.base.manifest.segments]


def _stock(entry: SegmentEntry) -> MarbreSegment:
    segment = MarbreSegment("MAIN", entry.name.removeprefix("MAIN_"), entry.doc_count)
    for number in range(entry.doc_count):
        if entry.deletions and entry.deletions[number >> 3] >> (number & 7) & 1:
            segment.delete_document(number)
    return segment


def delete_first(segment: ToySegment) -> ToySegment:
    """Delete the first article of a segment that is still there."""
    entry, _ = segment
    copy = _stock(entry)
    for number in range(entry.doc_count):
        if not copy.is_deleted(number):
            copy.delete_document(number)
            break
    return segment_entry(copy, entry.files), copy


def commit_segments(session: Session, segments: Iterable[ToySegment]) -> Snapshot:
    """Make these segments the index."""
    entries, stock = zip(*segments, strict=True) if (segments := list(segments)) else ((), ())
    articles = sum(entry.doc_count - entry.deleted_count for entry in entries)
    return session.commit(Commit(tuple(entries), SCHEMA, tuple(stock), schema_version=1, analysis="toy", articles=articles))


def write_articles(location: Path, names: Sequence[str], *, rebuild: bool = False, files: Files = DISK) -> Snapshot:
    """Add articles to an index in one session and one commit."""
    with write_session(location, rebuild=rebuild, files=files) as session:
        old = [] if rebuild else old_segments(session)
        return commit_segments(session, [*old, add_articles(session, names)])


def articles_in(location: Path) -> frozenset[str] | None:
    """Return the articles a reader finds, every byte verified; None when there is no index. An older generation is an error here."""
    try:
        snapshot = open_snapshot(location)
    except IndexMissing:
        return None
    if snapshot.fallback:
        raise AssertionError(snapshot.fallback)
    return articles_of(snapshot)


def articles_of(snapshot: Snapshot) -> frozenset[str]:
    """Return the articles of an opened index, every byte verified."""
    for entry in snapshot.manifest.files:
        if checksum(DISK, snapshot.path(entry.name)) != (entry.length, entry.crc32):
            raise AssertionError(f"{entry.name} is not what was written")
    found: set[str] = set()
    for segment in snapshot.manifest.segments:
        names = snapshot.path(segment.file).read_bytes().partition(b"\n\n")[0].decode().split("\n")
        bits = segment.deletions or bytes((segment.doc_count + 7) // 8)
        found.update(name for number, name in enumerate(names) if not bits[number >> 3] >> (number & 7) & 1)
    return frozenset(found)


def assert_goes_on(location: Path) -> None:
    """After any accident: a writer gets the lock, adds to what is there, and leaves nothing unexplained."""
    before = articles_in(location) or frozenset()
    write_articles(location, ["after"], files=QuickDisk())
    found, problems = articles_in(location), check(location, deep=True)
    if found != before | {"after"} or problems:
        raise AssertionError(f"{found} found, {before} and one more expected; {[str(problem) for problem in problems]}")
