"""How many of the citations and acronyms that a reader sees are read, and how many of those read are right? Precision and recall.

    python -m bench.mentions --data DIR [--json] [--errors]

DIR has the articles as ``*.jsonl.gz`` (id, text). Two lists beside this file say what articles cite and introduce, as normal forms under the ids of
the articles: their texts are not part of this project. ``mentions_expected.json`` (300 and 300 articles) was drawn up by a reader who went through
every place where a word of the kind stands near a figure or a code (citations), or capitals near a bracket, comma or dash (acronyms), corrected what
had been read there and added what had not; rules were written with it in view. ``mentions_heldout.json`` (160 and 160: one hundred read whole, sixty
each in the passages of such words) was written down before any recogniser had seen the articles, and so were ``mentions_third.json`` and
``mentions_fourth.json`` (100 and 100, 120 and 100: in such passages of articles drawn among those that have them; each says how). After each blind
run what had been amiss was mended by general rules: docs/performance.md has the figures of the blind runs, this prints those of today.
An acronym whose letters are not the initials (USA, JNIM) is not expected.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from indexer.acronyms import acronym_key, find_introductions
from indexer.mentions import expansion_key, mentions_of
from indexer.references import cited_texts

LISTS = {
    label: Path(__file__).with_name(f"mentions_{name}.json")
    for label, name in (("", "expected"), (", held out", "heldout"), (", third", "third"), (", fourth", "fourth"))
}
FLOORS = {"references": (0.98, 0.95), "acronyms": (0.97, 0.9)}


def main() -> int:
    """Print the figures; return 1 when one is below its floor."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--data", type=Path, required=True, help="folder of *.jsonl.gz")
    options.add_argument("--json", action="store_true")
    options.add_argument("--errors", action="store_true", help="list what differs")
    given = options.parse_args()
    lists = {label: json.loads(path.read_text(encoding="utf-8")) for label, path in LISTS.items()}
    texts = read_texts(given.data, {doc_id for expected in lists.values() for kind in FLOORS for doc_id in expected[kind]})
    figures = {f"{name}{label}": row for label, expected in lists.items() for name, row in judged(expected, texts, given.errors).items()}
    spent = cost(texts.values())
    if given.json:
        print(json.dumps({**figures, "us_an_article": spent}, indent=2))
    else:
        for name, row in figures.items():
            print(f"{name:<22}" + "  ".join(f"{key} {value:{'.3f' if isinstance(value, float) else ''}}" for key, value in row.items()))
        print(f"both: {spent:.1f} us an article")
    floors = [(row, FLOORS[name.partition(",")[0]]) for name, row in figures.items()]
    return int(any(row["precision"] < least[0] or row["recall"] < least[1] for row, least in floors))


def judged(expected: dict[str, Any], texts: dict[str, str], tell: bool) -> dict[str, dict[str, float]]:
    """Return the figures of both recognisers on one list."""
    cited, introduced = expected["references"], expected["acronyms"]
    return {
        "references": compared(cited, {doc_id: set(cited_texts(texts[doc_id])) for doc_id in cited}, tell),
        "acronyms": compared(
            {doc_id: [pair(*row) for row in rows] for doc_id, rows in introduced.items()},
            {doc_id: {pair(one.acronym, one.expansion) for one in find_introductions(texts[doc_id])} for doc_id in introduced},
            tell,
        ),
    }


def read_texts(folder: Path, wanted: set[str]) -> dict[str, str]:
    """Return the texts of the articles wanted."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts |= {row["id"]: row["text"] for row in map(json.loads, lines) if row.get("id") in wanted and "text" in row}
    missing = wanted - texts.keys()
    if missing:
        sys.exit(f"{folder}: {len(missing)} articles of the lists are not there, {min(missing)} for one")
    return texts


def pair(acronym: str, expansion: str) -> tuple[str, str]:
    """Return under what a pair is compared."""
    return acronym_key(acronym), expansion_key(expansion)


def compared(expected: Mapping[str, list[Any]], found: Mapping[str, set[Any]], tell: bool) -> dict[str, float]:
    """Return precision and recall over distinct mentions of each article."""
    right = sum(len(found[doc_id] & set(rows)) for doc_id, rows in expected.items())
    read, wanted = sum(map(len, found.values())), sum(len(set(rows)) for rows in expected.values())
    for doc_id, rows in expected.items() if tell else ():
        for sign, difference in (("+", found[doc_id] - set(rows)), ("-", set(rows) - found[doc_id])):
            for one in sorted(map(str, difference)):
                print(sign, doc_id, one)
    return {
        "articles": len(expected),
        "expected": wanted,
        "read": read,
        "precision": right / read if read else 1.0,
        "recall": right / wanted if wanted else 1.0,
    }


def cost(texts: Iterable[str]) -> float:
    """Return the processor time of both recognisers. Units: microseconds an article."""
    stored = [{"body": text} for text in texts]
    started = time.process_time()
    for one in stored:
        mentions_of(one)
    return (time.process_time() - started) / max(1, len(stored)) * 1e6


if __name__ == "__main__":
    sys.exit(main())
