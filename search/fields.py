"""Which fields may a question name? The one table of the indexer, handed to the rooms that may not look inside it."""

from __future__ import annotations

from indexer.schema import FACETS, FIELDS, TEXT_FIELDS, Field, find_field

__all__ = ["FACETS", "FIELDS", "TEXT_FIELDS", "Field", "find_field"]
