"""Where does a link of the site lead? Addresses made of two paths and a state; the paths come from the routes, prefix included. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from web.state import SearchState

__all__ = ["Links", "safe_source"]

# A host name or address, a port, then anything printable: no user name (it can fake a host), no backslash, no space.
_SOURCE: Final = re.compile(r"https?://[^\s/?#@\\:\[\]<>\"'`{}|^]+(?::[0-9]{1,5})?(?:[/?#][^\s\\<>\"`{}|^]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Links:
    """The paths of the two pages that a result page points to most."""

    results: str
    articles: str  # ends with "/"

    def search(self, state: SearchState) -> str:
        """Return the address of a search."""
        return self.results + state.query_string()

    def article(self, doc_id: str, state: SearchState | None = None, rank: int = 0) -> str:
        """Return the address of an article: the permanent one, or the one that remembers the search it was found by."""
        path = self.articles + quote(doc_id, safe=":")
        if state is None or not rank:
            return path
        return path + state.at_page(1).query_string(("rang", str(rank)))


def safe_source(url: str) -> str:
    """Return ``url`` if a reader may be sent there (http or https, a plain host), else ""."""
    return url if _SOURCE.fullmatch(url) else ""
