"""Why does this article have this score? Every factor of the formula, by name, for one article."""

from __future__ import annotations

from typing import Any

import numpy as np
from whoosh.query import Query

from search.evaluate import Evaluation, scoring_nodes
from search.matches import values_at
from search.ranking import closeness, lead, saturated
from search.rescoring import rescore
from search.understood import render

__all__ = ["explain"]


def explain(evaluation: Evaluation, query: Query, number: int) -> dict[str, Any]:
    """Return the parts of the score of article ``number``: words by form, closeness, early places. The parts give the score."""
    docs = np.array([number], np.int32)
    constants = evaluation.constants
    words = []
    for node in scoring_nodes(query):
        for form, weight, occurrences in evaluation.forms(node):
            pseudo = values_at(docs, occurrences.docs, occurrences.pseudo)
            if pseudo[0] > 0:
                words.append(
                    {
                        "word": render(node),
                        "form": form,
                        "articles": int(occurrences.docs.size),
                        "weight": round(weight, 4),
                        "frequency": round(float(pseudo[0]), 4),
                        "score": round(float(saturated(pseudo, weight, constants)[0]), 4),
                    }
                )
    added = rescore(evaluation, query, docs)
    pairs = [
        {
            "words": [render(word) for word in pair.words],
            "distance": int(pair.distances[0]),
            "score": round(float(closeness([pair.distances], [pair.weight], constants)[0]), 4),
        }
        for pair in added.pairs
        if pair.distances[0] > 0
    ]
    early = [
        {
            "word": render(place.word),
            "place": int(place.firsts[0]),
            "score": round(float(lead([place.firsts], [place.weight], constants)[0]), 4),
        }
        for place in added.places
        if place.firsts[0] >= 0
    ]
    return {
        "words": words,
        "closeness": pairs,
        "lead": early,
        "score": round(float(evaluation.weigh(query, docs)[0]) + float(added.bonus[0]), 4),
    }
