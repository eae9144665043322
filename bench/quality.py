"""How often does the right article come first? MRR@10 and nDCG@10 per query set, beside three single pipelines.

    python -m bench.quality DATA [--json] [--match any] [--write-floors [--lower]]
    python -m bench.quality --sample [--write-floors [--lower]]        the bundled articles: each headline, unaccented, asked of the texts

One configuration for every set: the one the product ships. The pipelines are plain BM25 over the text (k1 = 1.2, b = 0.75, any
word), computed by this program: no analysis, accents folded, Snowball then folded. Queries whose source is the title are asked of the
text only. ``bench/quality-floors.json`` pins the figures with the digest of the data; a figure more than EPSILON below its floor fails
(exit 1). Floors only rise, unless ``--lower`` says that someone meant it.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from snowballstemmer.french_stemmer import FrenchStemmer
from unidecode import unidecode

import corpus
from corpus import Article, read_articles
from indexer import build_index
from search import SearchRequest, open_engine, search

FLOORS = Path(__file__).with_name("quality-floors.json")
EPSILON = 0.002  # what a change of tie order may cost
DEPTH = 10
SETS = {
    "piaf": ("piaf", None),
    "spf_cnil": ("spf_cnil", None),
    "debian unaccented": ("debian_press", "unaccented"),
    "debian plain": ("debian_press", "plain"),
    "debian inflected": ("debian_press", "inflected"),
}
Analysis = Callable[[str], list[str]]


def main() -> int:
    """Print the table; return 1 when a figure fell below its floor."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("data", type=Path, nargs="?")
    options.add_argument("--sample", action="store_true", help="the bundled articles instead of DATA")
    options.add_argument("--json", action="store_true")
    options.add_argument("--match", default="any", choices=["any", "auto", "all"])
    options.add_argument("--sets", nargs="*", choices=list(SETS))
    options.add_argument("--limit", type=int, default=0, help="queries a set (0: all)")
    options.add_argument("--write-floors", action="store_true")
    options.add_argument("--lower", action="store_true", help="let a floor fall")
    given = options.parse_args()
    if bool(given.sample) == (given.data is not None):
        options.error("expected either DATA or --sample")
    rows = [measure_sample()] if given.sample else measure(given.data, given.sets or list(SETS), given.match, given.limit)
    if given.json:
        print(json.dumps(rows, ensure_ascii=False))
    else:
        show(rows)
    if given.write_floors:
        return write_floors(rows, lower=given.lower)
    return 0 if given.limit or given.match != "any" else check_floors(rows)


def measure(data: Path, names: Iterable[str], match: str, limit: int) -> list[dict[str, Any]]:
    """Return one row a set: figures of Marbre and of the pipelines."""
    rows = []
    by_file: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_file[SETS[name][0]].append(name)
    for file, sets in by_file.items():
        articles = list(read(data / f"{file}.jsonl.gz"))
        queries = list(read(data / f"{file}.queries.jsonl.gz"))
        digest = hashlib.sha256(b"".join((data / f"{file}{end}").read_bytes() for end in (".jsonl.gz", ".queries.jsonl.gz"))).hexdigest()[:16]
        pipelines = {label: Pipeline(articles, analysis) for label, analysis in PIPELINES.items()}
        with tempfile.TemporaryDirectory() as folder:
            build_index((Article(doc_id=str(one["id"]), body=one["text"]) for one in articles), Path(folder) / "index")
            with open_engine(Path(folder) / "index") as engine:
                for name in sets:
                    asked = [query for query in queries if SETS[name][1] in (None, query.get("type"))]
                    asked = asked[:: max(1, len(asked) // limit)] if limit else asked
                    figures = {"marbre": score(asked, lambda text: ask(engine, text, match))}
                    figures |= {label: score(asked, pipeline.best) for label, pipeline in pipelines.items()}
                    rows.append({"set": name, "queries": len(asked), "digest": digest, **figures})
    return rows


def measure_sample() -> dict[str, Any]:
    """Return the row of the bundled articles: the words of each headline, folded, must find their article by its text alone."""
    folder = Path(corpus.__file__).with_name("sample")
    articles = [article for article in read_articles([folder]) if article.headline and article.body]
    digest = hashlib.sha256("\n".join(sorted(f"{article.doc_id} {article.body}" for article in articles)).encode()).hexdigest()[:16]
    queries = [{"query": " ".join(folded(article.headline)), "relevant": [article.doc_id]} for article in articles]
    records = [{"id": article.doc_id, "text": article.body} for article in articles]
    with tempfile.TemporaryDirectory() as place:
        build_index((Article(doc_id=article.doc_id, body=article.body) for article in articles), Path(place) / "index")
        with open_engine(Path(place) / "index") as engine:
            figures = {"marbre": score(queries, lambda text: ask(engine, text, "any"))}
    figures |= {label: score(queries, Pipeline(records, analysis).best) for label, analysis in PIPELINES.items()}
    return {"set": "sample", "queries": len(queries), "digest": digest, **figures}


def ask(engine: Any, text: str, match: Any) -> list[str]:
    """Return the ids of the first page."""
    return [hit.doc_id for hit in search(engine, SearchRequest(text=text, match=match, size=DEPTH, facets=(), snippets=False, reprints="all")).hits]


def score(queries: list[dict[str, Any]], best: Callable[[str], list[str]]) -> dict[str, float]:
    """Return mean reciprocal rank and nDCG at DEPTH."""
    reciprocal, gain = 0.0, 0.0
    for query in queries:
        relevant = set(map(str, query["relevant"]))
        ranks = [rank for rank, doc_id in enumerate(best(query["query"])[:DEPTH], 1) if doc_id in relevant]
        reciprocal += 1 / ranks[0] if ranks else 0
        ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), DEPTH) + 1))
        gain += sum(1 / math.log2(rank + 1) for rank in ranks) / ideal
    return {"mrr": round(reciprocal / len(queries), 4), "ndcg": round(gain / len(queries), 4)}


class Pipeline:
    """Plain BM25 over one way to analyse."""

    def __init__(self, articles: list[dict[str, Any]], analysis: Analysis) -> None:
        self.analysis = analysis
        self.ids = [str(article["id"]) for article in articles]
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths = np.zeros(len(articles))
        for number, article in enumerate(articles):
            tokens = analysis(article["text"])
            lengths[number] = len(tokens)
            for token, count in Counter(tokens).items():
                postings[token].append((number, count))
        norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        self.weights = {}
        for token, pairs in postings.items():
            docs, counts = np.array(pairs).T
            idf = math.log1p((len(articles) - len(docs) + 0.5) / (len(docs) + 0.5))
            self.weights[token] = (docs, idf * counts * 2.2 / (counts + norm[docs]))

    def best(self, text: str) -> list[str]:
        """Return the ids of the DEPTH best articles."""
        scores = np.zeros(len(self.ids))
        for token in set(self.analysis(text)):
            if token in self.weights:
                docs, weights = self.weights[token]
                scores[docs] += weights
        return [self.ids[number] for number in np.argsort(-scores, kind="stable")[:DEPTH] if scores[number] > 0]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def show(rows: list[dict[str, Any]]) -> None:
    """Print the figures as a table, with the difference to the best pipeline of each row."""
    labels = ["marbre", *PIPELINES]
    print(f"{'MRR@10 (nDCG@10)':<20} {'queries':>7} " + " ".join(f"{label:>17}" for label in labels) + "   beyond the best")
    gains = []
    for row in rows:
        gain = row["marbre"]["mrr"] - max(row[label]["mrr"] for label in PIPELINES)
        gains.append(gain)
        cells = " ".join(f"{row[label]['mrr']:>8.3f} ({row[label]['ndcg']:.3f})" for label in labels)
        print(f"{row['set']:<20} {row['queries']:>7} {cells}   {gain:+.3f}")
    print(f"{'mean':<20} {'':>7} {'':>71}   {sum(gains) / len(gains):+.3f}")


def check_floors(rows: list[dict[str, Any]]) -> int:
    """Compare with the floors of the same data; return 1 when one is broken."""
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    broken = 0
    for row in rows:
        floor = floors.get(row["set"])
        if floor is None or floor["digest"] != row["digest"]:
            print(f"{row['set']}: no floor for this data", file=sys.stderr)
        elif row["marbre"]["mrr"] < floor["mrr"] - EPSILON:
            print(f"{row['set']}: MRR {row['marbre']['mrr']} fell below its floor {floor['mrr']}", file=sys.stderr)
            broken = 1
    return broken


def write_floors(rows: list[dict[str, Any]], *, lower: bool) -> int:
    """Pin the figures as floors; a lower one needs ``lower``."""
    floors = json.loads(FLOORS.read_text()) if FLOORS.exists() else {}
    for row in rows:
        before = floors.get(row["set"])
        if before and before["digest"] == row["digest"] and row["marbre"]["mrr"] < before["mrr"] and not lower:
            print(f"{row['set']}: {row['marbre']['mrr']} is below the floor {before['mrr']}; use --lower when that is meant", file=sys.stderr)
            return 1
        floors[row["set"]] = {"digest": row["digest"], **row["marbre"]}
    FLOORS.write_text(json.dumps(floors, indent=2, ensure_ascii=False) + "\n")
    return 0


_STEMMER = FrenchStemmer()
_STEMS: dict[str, str] = {}


def words(text: str) -> list[str]:
    """No analysis: words in lower case."""
    return re.findall(r"\w+", text.lower())


def folded(text: str) -> list[str]:
    """Accents folded."""
    return [unidecode(word) for word in words(text)]


def stemmed(text: str) -> list[str]:
    """Snowball, then folded."""
    found = []
    for word in words(text):
        if word not in _STEMS:
            _STEMS[word] = unidecode(_STEMMER.stemWord(word))
        found.append(_STEMS[word])
    return found


PIPELINES: dict[str, Analysis] = {"no analysis": words, "folded": folded, "snowball, folded": stemmed}


if __name__ == "__main__":
    sys.exit(main())
