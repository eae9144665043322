"""Which questions does a CSV file ask? One a row, in its column “query”; the other columns are the reader's own and are handed back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from corpus.errors import SourceUnreadable

__all__ = ["batch_rows"]

CELL_CHARS: Final = 131_072


def batch_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file in order, each with its “query”. Raises: SourceUnreadable, naming the file and the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SourceUnreadable(f"--batch: {path} is not in UTF-8; save it as CSV in UTF-8, then try again") from None
    except OSError as error:
        raise SourceUnreadable(f"--batch: {path}: {error.strerror or error}; a CSV file with a column “query” is expected") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    csv.field_size_limit(CELL_CHARS)  # of the process: a reader of archives may have raised it
    try:
        if "query" not in (reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "nothing"
            raise SourceUnreadable(f"--batch: {path} has no column “query” (found: {found}); name the column of the questions so")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise SourceUnreadable(f"--batch: {path}, line {reader.line_num + 1}: {error}; a CSV file is expected, save it again as such") from None
