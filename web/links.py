"""Where does a link of the site lead? Addresses made of two paths and a state; the paths come from the routes, prefix included. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, urlencode

from web.state import SearchState

__all__ = ["Links", "safe_source"]

# A host name or address, a port, then anything printable: no user name (it can fake a host), no backslash, no space.
_SOURCE: Final = re.compile(r"https?://[^\s/?#@\\:\[\]<>\"'`{}|^]+(?::[0-9]{1,5})?(?:[/?#][^\s\\<>\"`{}|^]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Links:
    """The paths of the two pages that a result page points to most."""

    results: str
    articles: str  # ends with "/"
    language: tuple[tuple[str, str], ...] = ()  # ("ui", "en") where the page is not French
    values: str = ""  # all values of a facet; ends with "/"

    @property
    def root(self) -> str:
        """The address of the home page, prefix included; ends with "/"."""
        return self.results.rpartition("/")[0] + "/"

    def search(self, state: SearchState) -> str:
        """Return the address of a search."""
        return self.results + state.query_string(*self.language)

    def article(self, doc_id: str, state: SearchState | None = None, rank: int = 0) -> str:
        """Return the address of an article: the permanent one, or the one that remembers the search it was found by."""
        path = self.articles + quote(doc_id, safe=":")
        if state is None or not rank:
            return path
        return path + state.at_page(1).query_string(("rang", str(rank)), *self.language)

    def reading(self, doc_id: str) -> str:
        """Return the address of an article without a search, in the language of the page."""
        return self.article(doc_id) + ("?" + urlencode(self.language) if self.language else "")

    def marked(self, doc_id: str, text: str, place: int) -> str:
        """Return the address of one marked place in an article."""
        return f"{self.article(doc_id)}{SearchState(text=text).query_string(*self.language)}#m{place}"

    def survey(self, page: str, state: SearchState) -> str:
        """Return the address of the concordance or the comparison of a search; they have an order of their own."""
        plain = replace(state, sort=state.usual_sort, view="list", size=state.usual_size, page=1)
        return f"{self.root}{page}{plain.query_string(*self.language)}"

    def facet(self, parameter: str, state: SearchState) -> str:
        """Return the address of all values of a facet."""
        return self.values + quote(parameter) + state.at_page(1).query_string(*self.language)


def safe_source(url: str) -> str:
    """Return ``url`` if a reader may be sent there (http or https, a plain host), else ""."""
    return url if _SOURCE.fullmatch(url) else ""
