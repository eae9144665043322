"""Which questions does a CSV file ask? One a row, in its column “query”; the other columns are the reader's own and are handed back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from corpus.errors import BadRequest

__all__ = ["batch_rows"]

CELL_CHARS: Final = 131_072


def batch_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a file in order, each with its “query”. Raises: BadRequest, naming the file and the line; OSError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest("--batch", path, "a CSV file in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    csv.field_size_limit(CELL_CHARS)  # of the process: a reader of archives may have raised it
    try:
        if "query" not in (reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "nothing"
            raise BadRequest("--batch", path, f"a CSV file with a column “query” (found: {found})")
        for row in reader:
            yield {key: value or "" for key, value in row.items() if key is not None}
    except csv.Error as error:
        raise BadRequest("--batch", path, f"a CSV file ({error} in line {reader.line_num + 1})") from None
