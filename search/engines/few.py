"""How are a few articles ranked that came from elsewhere? Analysed again, as one small segment, with the counts of the whole archive.

A cluster finds the articles worth ranking; the formula is ours (``ranking.py``, ``rescoring.py``) and runs here over their texts, so that closeness,
early places and accents count as they do in a folder. Only how many articles of the archive have a word, and how long texts are on
the average, must be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from corpus.dates import first_day
from indexer.documents import DEFAULTS, header_form, shown_header
from indexer.french import PARAGRAPH_GAP, accent_term, analyze, fold, term
from indexer.schema import PARAGRAPH_TERM, TEXT_FIELDS, exact_field
from search.collection import NO_DAY, Collection, Docs, Mask, Ordinals, Positions, Postings
from search.evaluate import Evaluation, Occurring
from search.marking import glob_pattern, within_distance
from search.matches import Occurrences
from search.ranking import idf

__all__ = ["FewCollection", "FewEvaluation", "FewLeaf"]

_EPOCH: Final = 719_163
_ANALYSED: Final = 4_000  # texts remembered
_TEXT_OF: Final = {name: name for name in TEXT_FIELDS} | {exact_field(name): name for name in TEXT_FIELDS}
Frequency = Callable[[Occurring, str], int]
I64 = npt.NDArray[np.int64]


@lru_cache(maxsize=_ANALYSED)
def _analysed(text: str) -> tuple[tuple[str, ...], npt.NDArray[np.int32]]:
    found = analyze(text)
    return tuple(found.surfaces), np.array(found.positions, np.int32)


class _Text:
    """One text field of all the articles. Shapes: numbers, docs, positions of one length; starts[articles + 1]."""

    def __init__(self, texts: Sequence[str]) -> None:
        parts = [_analysed(text) for text in texts]
        known: dict[str, int] = {}
        self.numbers = np.array([known.setdefault(surface, len(known)) for surfaces, _ in parts for surface in surfaces], np.int64)
        self.lengths = np.array([len(surfaces) for surfaces, _ in parts], np.int32)
        self.docs = np.repeat(np.arange(len(parts), dtype=np.int32), self.lengths)
        self.positions = np.concatenate([np.empty(0, np.int32), *(positions for _, positions in parts)])
        self.surfaces = list(known)

    @cached_property
    def exact(self) -> dict[str, list[int]]:
        """The surfaces of each exact folded form and of each accented form."""
        found: dict[str, list[int]] = {}
        for number, surface in enumerate(self.surfaces):
            found.setdefault(fold(surface), []).append(number)
            accented = accent_term(surface)
            if accented is not None:
                found.setdefault(accented, []).append(number)
        return found

    @cached_property
    def classes(self) -> dict[str, list[int]]:
        """The surfaces of each inflection class."""
        found: dict[str, list[int]] = {}
        for number, surface in enumerate(self.surfaces):
            found.setdefault(term(fold(surface)), []).append(number)
        return found

    def rows(self, numbers: Sequence[int]) -> I64:
        """Return the tokens that are one of some surfaces."""
        if len(numbers) == 1:
            return np.flatnonzero(self.numbers == numbers[0])
        chosen = np.zeros(len(self.surfaces), np.bool_)
        chosen[list(numbers)] = True
        return np.flatnonzero(chosen[self.numbers])

    def paragraphs(self) -> I64:
        """Return the tokens that begin a paragraph."""
        begins = np.ones(self.docs.size, np.bool_)
        begins[1:] = (self.docs[1:] != self.docs[:-1]) | (self.positions[1:] - self.positions[:-1] >= PARAGRAPH_GAP)
        return np.flatnonzero(begins)


class FewLeaf:
    """Some stored articles as a segment, in the order given."""

    def __init__(self, articles: Sequence[Mapping[str, Any]]) -> None:
        self._articles = list(articles)
        self.max_doc = len(articles)
        self.live: Mask | None = None
        self._texts: dict[str, _Text] = {}

    def postings(self, field: str, term: str) -> Postings | None:
        """Return articles and frequencies of a term."""
        found = self.positions(field, term)
        return None if found is None else Postings(found.docs, np.diff(found.offsets).astype(np.int32))

    def positions(self, field: str, term: str, docs: Docs | None = None) -> Positions | None:
        """Return the positions of a term."""
        text = self._text(field)
        if term == PARAGRAPH_TERM:
            rows = text.paragraphs()
        else:
            rows = text.rows((text.classes if field in TEXT_FIELDS else text.exact).get(term, []))
        if docs is not None:
            wanted = np.zeros(self.max_doc, np.bool_)
            wanted[docs] = True
            rows = rows[wanted[text.docs[rows]]]
        if not rows.size:
            return None
        having, starts = np.unique(text.docs[rows], return_index=True)
        return Positions(having, np.append(starts, rows.size).astype(np.int64), text.positions[rows])

    def several(self, field: str, terms: Sequence[str]) -> Postings:
        """Return articles and frequencies of several terms, one after the other."""
        parts = [found for text in terms if (found := self.postings(field, text)) is not None]
        docs, freqs = ([np.empty(0, np.int32), *rows] for rows in ([part.docs for part in parts], [part.freqs for part in parts]))
        return Postings(np.concatenate(docs), np.concatenate(freqs))

    def lengths(self, field: str) -> npt.NDArray[np.int32]:
        """Return how many tokens each article has in a field."""
        return self._text(field).lengths

    def expand_glob(self, field: str, glob: str, cap: int) -> tuple[list[str], bool]:
        """Return the terms that match a glob."""
        pattern = glob_pattern(glob)
        return self._terms(field, lambda text: pattern.fullmatch(text) is not None, cap)

    def expand_fuzzy(self, field: str, word: str, distance: int, cap: int) -> tuple[list[str], bool]:
        """Return the terms near a word."""
        return self._terms(field, lambda text: text[:1] == word[:1] and within_distance(text, word, distance), cap)

    def starting(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return terms that begin with ``prefix``, the most frequent first."""
        found = [(text, self.doc_freq(field, text)) for text in self._text(field).exact if text.startswith(prefix)]
        return sorted(found, key=lambda row: -row[1])[:limit]

    def doc_freq(self, field: str, term: str) -> int:
        """Return how many of the articles have a term."""
        found = self.postings(field, term)
        return 0 if found is None else int(found.docs.size)

    def ordinals(self, field: str) -> Ordinals:
        """Return a column of single values: the language, which decides how words are read; what a cluster counts is not counted again."""
        rows = [article.get(field) or DEFAULTS.get(field, "") for article in self._articles]
        values = ["", *sorted({row for row in rows if row and isinstance(row, str)})]
        return Ordinals(values, np.array([values.index(row) if isinstance(row, str) else 0 for row in rows], np.int32))

    def days(self, field: str) -> npt.NDArray[np.int32]:
        """Return a day column."""
        days = [first_day(day).toordinal() - _EPOCH if (day := article.get(field)) else NO_DAY for article in self._articles]
        return np.array(days, np.int32)

    def doc_num(self, doc_id: str) -> int | None:
        """Return the number of an article."""
        return next((number for number, article in enumerate(self._articles) if article["doc_id"] == doc_id), None)

    def header(self, doc_num: int) -> dict[str, Any]:
        """Return what a list shows of an article."""
        return shown_header(header_form(self._articles[doc_num]))

    def stored(self, doc_num: int) -> dict[str, Any]:
        """Return a whole article."""
        return dict(self._articles[doc_num])

    def _text(self, field: str) -> _Text:
        name = _TEXT_OF[field]
        if name not in self._texts:
            self._texts[name] = _Text([article.get(name, "") for article in self._articles])
        return self._texts[name]

    def _terms(self, field: str, wanted: Callable[[str], bool], cap: int) -> tuple[list[str], bool]:
        found = sorted(text for text in self._text(field).exact if text[:1] != "´" and wanted(text))
        return found[:cap], len(found) > cap


class FewCollection(Collection):
    """A few articles that know how long the texts of their archive are. ``averages``: tokens, by text field."""

    def __init__(self, articles: Sequence[Mapping[str, Any]], averages: Mapping[str, float]) -> None:
        super().__init__([FewLeaf(articles)])
        self._of_archive = averages

    def average_length(self, field: str) -> float:
        """Return the mean length of a field in the archive."""
        return self._of_archive.get(_TEXT_OF[field]) or 1.0


class FewEvaluation(Evaluation):
    """Weighs words by how many articles of the archive have them. ``frequency``: articles that have a node in one of its forms."""

    def __init__(self, collection: FewCollection, articles: int, frequency: Frequency) -> None:
        super().__init__(collection, seconds=float("inf"))
        self._articles = articles
        self._frequency = frequency

    def idf(self, node: Occurring) -> float:
        """Return the idf of a node in the archive."""
        return idf(self._articles, self._frequency(node, "main"))

    def forms(self, node: Occurring) -> list[tuple[str, float, Occurrences]]:
        """Return the forms of a node that score, each with its weight in the archive."""
        worth = {"exact": self.constants.exact, "accent": self.constants.accent}
        rows = super().forms(node)
        if not rows or rows[0][0] != "class":
            return rows
        return [rows[0], *((form, worth[form] * idf(self._articles, self._frequency(node, form)), found) for form, _, found in rows[1:])]
