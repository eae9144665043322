"""How is an index made anew without losing an article, and when is there no need to?

A rebuild reads the recorded sources again, aside, while readers go on with the old index; what no source gives any more (a vanished
file, standard input) is taken from the stored articles, so that day of entry, ids and withdrawals stay. The counts are compared before
the swap. ``needs_rebuild`` says why one is due: another schema, another analysis (its digest covers word tables and the terms of probe
sentences, not source code), or sources that changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.bounded import BoundedReader
from corpus.errors import IndexProblem
from corpus.readers import ArticleStream, read_recorded
from indexer.builder import BuildOptions, BuildReport, Progress, build_index
from indexer.filing import Filing
from indexer.french import analysis_digest
from indexer.places import Former, open_base, read_archive
from indexer.schema import SCHEMA_VERSION
from indexer.writer import MEMORY_BYTES

__all__ = ["needs_rebuild", "rebuild_index", "recorded_stream", "refresh_index"]


def recorded_stream(location: str | os.PathLike[str], *, strict: bool = False) -> tuple[ArticleStream, list[str]]:
    """Return a stream of the recorded sources that are there, and a note for each that is not.

    Raises: IndexMissing, IndexProblem when no source is recorded or none is left.
    """
    recorded = _sources(open_base(location).manifest.facts)
    if not recorded:
        raise IndexProblem(
            f"the index at {location} knows no source file; name the sources: marbre index SOURCE... --index {location}, or rebuild it with --from-stored"
        )
    there = [(root, defaults) for root, defaults in recorded if Path(root).exists()]
    notes = [f"the source {root} is not there; its articles stay as they are" for root, _ in recorded if not Path(root).exists()]
    if not there:
        raise IndexProblem(
            f"none of the sources of {location} is there any more ({recorded[0][0]}...); mount them, or rebuild with --from-stored"
        )
    return read_recorded(there, strict=strict), notes


def refresh_index(
    location: str | os.PathLike[str], *, strict: bool = False, progress: Progress | None = None, options: BuildOptions
) -> BuildReport:
    """Index the recorded sources again: what changed, appeared or vanished. Raises: IndexMissing, IndexProblem without recorded sources."""
    stream, notes = recorded_stream(location, strict=strict)
    with BoundedReader() as stream.beside:
        report = build_index(stream, location, progress=progress, options=options)
    report.notes[:0] = notes
    return report


def rebuild_index(
    location: str | os.PathLike[str],
    *,
    from_stored: bool = False,
    delete_missing: bool = False,
    workers: int = 1,
    memory: int = MEMORY_BYTES,
    progress: Progress | None = None,
) -> BuildReport:
    """Make an index anew from its recorded sources and, for what they lack, its stored articles; or from the latter alone.

    Raises: IndexMissing, IndexCorrupt, IndexProblem when no source is left or articles would be lost: the old index then stays as it is.
    """
    options = BuildOptions(carry=not from_stored, from_stored=from_stored, delete_missing=delete_missing)
    stream, notes = (read_recorded(()), []) if from_stored else recorded_stream(location)
    with BoundedReader() as stream.beside:
        report = build_index(stream, location, rebuild=True, workers=workers, memory=memory, progress=progress, options=options)
    report.notes[:0] = notes
    return report


def needs_rebuild(location: str | os.PathLike[str], *, from_stored: bool = False) -> str:
    """Return why a rebuild is due, in a few words; "" when schema, analysis and sources are as they were. Raises: IndexMissing."""
    snapshot = open_base(location, any_analysis=True)
    if snapshot.manifest.schema_version != SCHEMA_VERSION:
        return f"schema {snapshot.manifest.schema_version} found, {SCHEMA_VERSION} expected"
    if snapshot.manifest.analysis != analysis_digest():
        return "the text analysis has changed"
    if from_stored:
        return ""
    with read_archive(location) as archive:
        return _changed_sources(archive)


def _changed_sources(archive: Former) -> str:
    filing = Filing(archive.ledger, archive.ledger)
    stream = read_recorded([(root, defaults) for root, defaults in _sources(archive.facts) if Path(root).exists()])
    stream.visitor = filing
    first = next(stream, None)  # a file that is as recorded is left alone: what comes through is changed or new
    filing.vanished(stream.roots)
    if first is not None:
        return f"{first.origin} is new or changed" if first.origin else "a source is new or changed"
    if filing.account.read or filing.account.gone or filing.account.moved:
        return "a source file is new, changed, moved or gone"
    return ""


def _sources(facts: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    return [(str(root), dict(defaults)) for root, defaults in facts.get("sources", ())]
