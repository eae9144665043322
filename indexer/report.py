"""What is asked of a build, and what is told of it?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from corpus.readers import Reject

__all__ = ["BuildOptions", "BuildReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """How a build goes about it. Units: ``commit_seconds``; ``commit_articles`` a count.

    ``delete_missing``: what no source file gives any more is deleted. ``retry_rejects``: files with refusals are read again. ``keep_versions``: the
    text that a correction replaced stays with the article (None: as the index was told last). ``carry``: a rebuild takes what no source gives
    from the former index. ``from_stored``: it takes everything from there. ``reread``: these files are read although they are as before, and
    are no sources of their own.
    """

    delete_missing: bool = False
    reread: frozenset[str] | None = None
    retry_rejects: bool = False
    keep_versions: bool | None = None
    carry: bool = False
    from_stored: bool = False
    commit_articles: int = 50_000
    commit_seconds: float = 30.0


@dataclass(slots=True)
class BuildReport:
    """What a build did. ``articles`` = how many the index holds now; ``notes`` = what an archivist should know of it.

    ``missing`` are articles of the index that their files no longer give, ``withdrawn`` those kept out for ever, ``carried`` those a rebuild
    took from the former index, ``files_skipped`` the files left alone.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: int = 0
    articles: int = 0
    seconds: float = 0.0
    rejects: list[Reject] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    deleted: int = 0
    missing: int = 0
    withdrawn: int = 0
    carried: int = 0
    files_read: int = 0
    files_skipped: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the counts of the contract, and after them those of rarer things that happened."""
        counts: dict[str, Any] = {
            "added": self.added,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "articles": self.articles,
            "seconds": round(self.seconds, 3),
        }
        return counts | {name: count for name in ("deleted", "missing", "withdrawn", "carried") if (count := getattr(self, name))}

    def reasons(self) -> list[tuple[str, int]]:
        """Return the reasons of refusal and how often each was given, the most frequent first."""
        return Counter(reject.reason for reject in self.rejects).most_common()
