"""How many of the citations and acronyms that a reader sees are read, and how many of those read are right? Precision and recall.

    python -m bench.mentions --data DIR [--json] [--errors]

DIR has the articles as ``*.jsonl.gz`` (id, text). ``mentions_expected.json`` beside this file says what 300 of them cite and what 300 introduce,
as normal forms under the ids of the articles: their texts are not part of this project. The lists were drawn up by a reader, who went through every
place where a word of the kind stands near a figure or a code (citations), or capitals near a bracket, comma or dash (acronyms), corrected what
had been read there and added what had not. An acronym whose letters are not the initials (USA, JNIM) is not expected.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from indexer.acronyms import acronym_key, find_introductions
from indexer.mentions import expansion_key, mentions_of
from indexer.references import cited_texts

EXPECTED = Path(__file__).with_name("mentions_expected.json")
FLOORS = {"references": (0.98, 0.95), "acronyms": (0.97, 0.9)}


def main() -> int:
    """Print the figures; return 1 when one is below its floor."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--data", type=Path, required=True, help="folder of *.jsonl.gz")
    options.add_argument("--json", action="store_true")
    options.add_argument("--errors", action="store_true", help="list what differs")
    given = options.parse_args()
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    texts = read_texts(given.data, {doc_id for rows in expected.values() for doc_id in rows})
    figures = {
        "references": compared(
            expected["references"], {doc_id: set(cited_texts(texts[doc_id])) for doc_id in expected["references"]}, given.errors
        ),
        "acronyms": compared(
            {doc_id: [pair(*row) for row in rows] for doc_id, rows in expected["acronyms"].items()},
            {doc_id: {pair(one.acronym, one.expansion) for one in find_introductions(texts[doc_id])} for doc_id in expected["acronyms"]},
            given.errors,
        ),
    }
    figures["references"]["us_an_article"] = figures["acronyms"]["us_an_article"] = cost(texts.values())
    if given.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, row in figures.items():
            print(
                f"{name:<12}"
                + "  ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items())
            )
    return int(any(figures[name]["precision"] < least[0] or figures[name]["recall"] < least[1] for name, least in FLOORS.items()))


def read_texts(folder: Path, wanted: set[str]) -> dict[str, str]:
    """Return the texts of the articles wanted."""
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts |= {row["id"]: row["text"] for row in map(json.loads, lines) if row.get("id") in wanted and "text" in row}
    missing = wanted - texts.keys()
    if missing:
        sys.exit(f"{folder}: {len(missing)} articles of {EXPECTED.name} are not there, {min(missing)} for one")
    return texts


def pair(acronym: str, expansion: str) -> tuple[str, str]:
    """Return under what a pair is compared."""
    return acronym_key(acronym), expansion_key(expansion)


def compared(expected: dict[str, list[object]], found: dict[str, set[object]], tell: bool) -> dict[str, float]:
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
