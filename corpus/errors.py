"""What can go wrong, as one tree: each error says what, where, what was expected and what to do next.

    MarbreError
    ├── ArticleInvalid        one article cannot be taken: counted, reported, skipped
    ├── SourceUnreadable      a file or folder cannot be read at all
    ├── IndexProblem
    │   ├── IndexMissing      no index at this place
    │   ├── IndexForeign      made by another analysis or schema: rebuild
    │   ├── IndexCorrupt      a byte on disk is not what was written
    │   ├── IndexLocked       another writer is at work
    │   └── ClusterUnavailable  no node of a cluster gives an answer
    └── BadRequest            a question with an impossible field, date, page or size

Every message is one line. A caller prints ``str(error)`` and nothing else; no traceback reaches a user.
"""

from __future__ import annotations

__all__ = [
    "ArticleInvalid",
    "BadRequest",
    "ClusterUnavailable",
    "IndexCorrupt",
    "IndexForeign",
    "IndexLocked",
    "IndexMissing",
    "IndexProblem",
    "MarbreError",
    "SourceUnreadable",
]


class MarbreError(Exception):
    """Anything Marbre says no to; ``str()`` is the one line for the person who asked."""


class ArticleInvalid(MarbreError):
    """One article that cannot be taken, and why."""


class SourceUnreadable(MarbreError):
    """A file, folder or stream that cannot be read: names the place and the reason."""


class IndexProblem(MarbreError):
    """Anything about an index as a whole."""


class IndexMissing(IndexProblem):
    """There is no index at this location."""

    def __init__(self, location: object) -> None:
        super().__init__(
            f"no index at {location}: expected a folder made by “marbre index”; create it with: marbre index SOURCE --index {location}"
        )


class IndexForeign(IndexProblem):
    """The index was made by another analysis, schema or format version."""

    def __init__(self, location: object, what: str, found: object, expected: object) -> None:
        super().__init__(
            f"the index at {location} was made with another {what} (found {found}, expected {expected}); rebuild it with: marbre index SOURCE --index {location} --rebuild"
        )


class IndexCorrupt(IndexProblem):
    """A file of the index does not hold what was written to it."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"damaged index file {path}: {reason}; see “marbre check --deep”, then “marbre rollback” or rebuild")


class IndexLocked(IndexProblem):
    """Another process is writing to the index."""

    def __init__(self, location: object) -> None:
        super().__init__(f"the index at {location} is being written by another process; wait for it to end, then try again")


class ClusterUnavailable(IndexProblem):
    """No node of the cluster gives an answer: down, slow, refusing, or not to be trusted."""

    def __init__(self, location: object, found: str, advice: str) -> None:
        super().__init__(f"no answer from the cluster at {location}: {found}; {advice}")


class BadRequest(MarbreError):
    """A question that cannot be asked: names the parameter, the value found and what was expected."""

    def __init__(self, parameter: str, found: object, expected: str) -> None:
        shown = str(found)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        super().__init__(f"{parameter}: “{shown}” found, expected {expected}")
        self.parameter = parameter
        self.found = shown
        self.expected = expected
