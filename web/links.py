"""Where does a link of the site lead? Addresses made of two paths and a state; the paths come from the routes, prefix included. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlencode

from web.state import SearchState

__all__ = ["Links", "safe_source"]

# A host name or address, a port, then anything printable: no user name (it can fake a host), no backslash, no space.
_SOURCE: Final = re.compile(r"https?://[^\s/?#@\\:\[\]<>\"'`{}|^]+(?::[0-9]{1,5})?(?:[/?#][^\s\\<>\"`{}|^]*)?", re.IGNORECASE)

_ANY_PERIOD: Final = (dt.date.min, dt.date.max)


@dataclass(frozen=True, slots=True)
class Links:
    """The paths of the two pages that a result page points to most."""

    results: str
    articles: str  # ends with "/"
    language: tuple[tuple[str, str], ...] = ()  # ("ui", "en") where the page is not French
    values: str = ""  # all values of a facet; ends with "/"
    texts: str = ""  # the pages of cited texts; ends with "/"

    @property
    def root(self) -> str:
        """The address of the home page, prefix included; ends with "/"."""
        return self.results.rpartition("/")[0] + "/"

    def search(self, state: SearchState) -> str:
        """Return the address of a search."""
        return self.results + state.query_string(*self.language)

    def periods(self, state: SearchState) -> Callable[[dt.date, dt.date], str]:
        """Return the maker of the addresses of a search in other periods: a timeline has dozens, and they differ by two days only."""
        asked = state.within(*_ANY_PERIOD)
        before, _period, after = self.search(asked).partition(_period_args(*_ANY_PERIOD))
        return lambda since, until: before + _period_args(since, until) + after

    def article(self, doc_id: str, state: SearchState | None = None, rank: int = 0) -> str:
        """Return the address of an article: the permanent one, or the one that remembers the search it was found by."""
        path = self.articles + quote(doc_id, safe=":")
        if state is None or not rank:
            return path
        before, after = _around_rank(state, state.usual_size, self.language)
        return f"{path}{before}{rank}{after}"

    def reading(self, doc_id: str) -> str:
        """Return the address of an article without a search, in the language of the page."""
        return self.article(doc_id) + ("?" + urlencode(self.language) if self.language else "")

    def comparison(self, doc_id: str, other: str) -> str:
        """Return the address of the differences between two versions of a text."""
        path = f"{self.articles}{quote(doc_id, safe=':')}/version/{quote(other, safe=':')}"
        return path + ("?" + urlencode(self.language) if self.language else "")

    def marked(self, doc_id: str, text: str, place: int) -> str:
        """Return the address of one marked place in an article."""
        return f"{self.article(doc_id)}{SearchState(text=text).query_string(*self.language)}#m{place}"

    def survey(self, page: str, state: SearchState) -> str:
        """Return the address of the concordance or the comparison of a search; they have an order of their own."""
        plain = replace(state, sort=state.usual_sort, view="list", size=state.usual_size, page=1)
        return f"{self.root}{page}{plain.query_string(*self.language)}"

    def text(self, slug: str, page: int = 1) -> str:
        """Return the address of the page of a cited text."""
        args = [*self.language, *([("page", str(page))] if page > 1 else [])]
        return self.texts + quote(slug) + ("?" + urlencode(args) if args else "")

    def facet(self, parameter: str, state: SearchState) -> str:
        """Return the address of all values of a facet."""
        return self.values + quote(parameter) + state.at_page(1).query_string(*self.language)


def safe_source(url: str) -> str:
    """Return ``url`` if a reader may be sent there (http or https, a plain host), else ""."""
    return url if _SOURCE.fullmatch(url) else ""


def _period_args(since: dt.date, until: dt.date) -> str:
    """Return two days as they stand in an address; no other parameter can hold an equals sign unescaped."""
    return f"du={since.isoformat()}&au={until.isoformat()}"


@lru_cache(maxsize=16)  # the hits of a page remember the same search and differ by their rank
def _around_rank(state: SearchState, _usual_size: int, language: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return what stands before and after the rank in the address of an article; ``usual_size`` makes no two states unequal."""
    search = state.at_page(1).query_string()
    return f"{search}&rang=" if search else "?rang=", "&" + urlencode(language) if language else ""
