"""How does the archive become a plain Whoosh index? With the stock codec, so that any Whoosh program opens it without us.

This is the way out (``marbre export --whoosh``) and the oracle of the tests; it is slow, and knows nothing of generations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whoosh import index as whoosh_index

from corpus.errors import SourceUnreadable
from indexer.mentions import mentions_of
from indexer.schema import ACRONYM_FIELD, FIELDS, Kind, exact_field, label_term, whoosh_schema

__all__ = ["stock_fields", "write_stock_index"]


def write_stock_index(articles: Iterable[dict[str, Any]], folder: Path) -> int:
    """Write stored articles (see ``stored_form``) as a stock Whoosh index in a new folder; return how many.

    Raises: SourceUnreadable for a folder that is there or cannot be made.
    """
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        found = "is there already" if isinstance(error, FileExistsError) else error.strerror
        raise SourceUnreadable(f"{folder}: {found}; a new folder is expected: choose another name") from error
    writer = whoosh_index.create_in(folder, whoosh_schema()).writer(limitmb=256)
    count = 0
    for stored in articles:
        writer.add_document(**stock_fields(stored))
        count += 1
    writer.commit(optimize=True)
    return count


def stock_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the Whoosh fields of one stored article."""
    values: dict[str, Any] = {"article": json.dumps(stored, ensure_ascii=False)}
    found = mentions_of(stored)
    if found.acronyms:
        values[ACRONYM_FIELD] = list(found.acronyms)
    for field in FIELDS:
        value = found.references if field.name == "references" else stored.get(field.name)
        if not value:
            continue
        if field.kind is Kind.TEXT:
            values[field.name] = values[exact_field(field.name)] = value
        elif field.kind in (Kind.LABEL, Kind.LABELS):
            values[field.name] = [label_term(one) for one in ([value] if isinstance(value, str) else value)]
        elif field.name == "doc_id":
            values[field.name] = value
        else:
            values[field.name] = [value]
    return values
