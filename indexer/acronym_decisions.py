"""What did the archivist say of an acronym? Accepted, refused or added pairs: facts of the manifest, kept by every run and rebuild.

What the archive itself says stays in the index as it was read; a decision only changes what is offered, so that taking it back loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from corpus.cleaning import clean_line
from corpus.errors import BadRequest
from indexer.acronyms import acronym_key
from indexer.mentions import expansion_key
from indexer.places import open_base, open_writer

__all__ = ["DECISIONS", "Decision", "decide_acronym", "decisions_in"]

Decision = Literal["accepted", "refused", "added"]
DECISIONS: Final[tuple[Decision, ...]] = get_args(Decision)
ACRONYM_CHARS: Final = 20
EXPANSION_CHARS: Final = 300
_FACT: Final = "acronyms"


def decisions_in(facts: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Decision, str, str]]:
    """Return the decisions of a manifest's facts by pair of keys: the decision, acronym and expansion as they were given."""
    found = facts.get(_FACT)
    rows = found.items() if isinstance(found, dict) else ()
    return {
        (acronym_key(acronym), expansion_key(expansion)): (decision, acronym, expansion)
        for decision, pairs in rows
        if decision in DECISIONS
        for acronym, expansion in pairs
    }


def decide_acronym(location: str | os.PathLike[str], acronym: str, expansion: str, decision: Decision | None) -> bool:
    """Write a decision about a pair down, or take it back (None); return whether that changed anything.

    Raises: BadRequest for what is no acronym or no expansion; IndexMissing, IndexLocked.
    """
    open_base(location)
    acronym, expansion = clean_line(acronym).strip(), clean_line(expansion).strip()
    if not acronym_key(acronym) or len(acronym) > ACRONYM_CHARS:
        raise BadRequest("ACRONYM", acronym, f"an acronym of 1 to {ACRONYM_CHARS} characters, like CENI")
    if not expansion_key(expansion) or len(expansion) > EXPANSION_CHARS:
        raise BadRequest("EXPANSION", expansion, f"the words it stands for, at most {EXPANSION_CHARS} characters")
    with open_writer(location) as writer:
        decided = decisions_in(writer.facts)
        key = (acronym_key(acronym), expansion_key(expansion))
        before = decided.pop(key, None)
        if decision is not None:
            decided[key] = (decision, acronym, expansion)
        if (before is None and decision is None) or (before is not None and before[0] == decision):
            return False
        pairs = {name: sorted([one[1], one[2]] for one in decided.values() if one[0] == name) for name in DECISIONS}
        writer.commit(facts={**writer.facts, _FACT: {name: rows for name, rows in pairs.items() if rows}})
    return True
