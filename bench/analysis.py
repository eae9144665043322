"""How fast is the French analysis, and how much of French does it bring together?

    python bench/analysis.py --data FOLDER [--megabytes 8] [--json]

Throughput: `analyze` on parliamentary debates, warm, one core, beside `re.findall(r"\\w+")` over the same text in the same run.
Parity: accented forms of Lefff whose unaccented spelling has the same term. Inflection: for every noun, adjective and verb form
of Lefff, the share of the other forms of its lemmas that it reaches, averaged over forms. Over-stemming: the share of the
pairs of forms without a common lemma that the analysis takes for the same (Paice). Both beside Snowball then folding.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import pathlib
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from snowballstemmer.french_stemmer import FrenchStemmer

from indexer.french import analyze, fold, required_accent, term, tokenize
from indexer.terms import STOP_WORDS

INFLECTED = {"nc", "adj", "v"}
ROUNDS = 5


def read_text(folder: pathlib.Path, megabytes: float) -> list[str]:
    """Read speeches until so many megabytes (of UTF-8) are there."""
    texts: list[str] = []
    wanted = megabytes * 1e6
    with gzip.open(folder / "debats_an.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            texts.append(json.loads(line)["text"])
            wanted -= len(texts[-1].encode())
            if wanted <= 0:
                break
    return texts


def best_seconds(work: Callable[[str], object], texts: Iterable[str]) -> float:
    """Return the seconds of the best of a few rounds over the texts."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for text in texts:
            work(text)
        times.append(time.perf_counter() - begun)
    return min(times)


def measure_speed(texts: list[str]) -> dict[str, float]:
    """Measure the passes; the first one, cold, fills the memo."""
    words = re.compile(r"\w+").findall
    begun = time.perf_counter()
    tokens = sum(len(analyze(text).surfaces) for text in texts)
    cold = time.perf_counter() - begun
    plain, bare, spans = (best_seconds(work, texts) for work in (words, lambda text: analyze(text), lambda text: analyze(text, spans=True)))
    characters = sum(map(len, texts))
    return {
        "characters": characters,
        "tokens": tokens,
        "cold_tokens_per_s": round(tokens / cold),
        "findall_s": round(plain, 4),
        "analyze_s": round(bare, 4),
        "analyze_spans_s": round(spans, 4),
        "analyze_times_findall": round(bare / plain, 2),
        "analyze_spans_times_findall": round(spans / plain, 2),
        "warm_tokens_per_s": round(tokens / bare),
    }


def read_lefff(folder: pathlib.Path) -> tuple[set[str], dict[str, set[tuple[str, str]]]]:
    """Return all the single-word forms of Lefff, and the lemmas of its nouns, adjectives and verbs."""
    forms: set[str] = set()
    lemmas: dict[str, set[tuple[str, str]]] = collections.defaultdict(set)
    with gzip.open(folder / "lefff.tsv.gz", "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            form, lemma, category = line.rstrip("\n").split("\t")
            if re.search(r"[\W\d_]", form.replace("-", "").replace("'", "").replace("’", "")) or not form:
                continue
            forms.add(form)
            if category in INFLECTED:
                lemmas[form].add((lemma, category))
    return forms, lemmas


def strip_accents(form: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", form) if not unicodedata.combining(c)).replace("œ", "oe").replace("æ", "ae")


def measure_parity(forms: set[str]) -> dict[str, object]:
    """Compare what an accented form and its unaccented spelling ask for, as whole queries."""

    def asked(form: str) -> tuple[object, ...]:
        return tuple((term(fold(token.surface)), required_accent(token.surface)) for token in tokenize(form))

    accented = sorted(form for form in forms if strip_accents(form) != form)
    different = [form for form in accented if asked(form) != asked(strip_accents(form))]
    stop = [form for form in different if any(fold(token.surface) in STOP_WORDS for token in tokenize(form))]
    return {
        "accented_forms": len(accented),
        "same": round(1 - len(different) / len(accented), 6),
        "excepted_stop_words": stop,
        "other_differences": [form for form in different if form not in stop],
    }


def measure_inflection(lemmas: dict[str, set[tuple[str, str]]], reduce: Callable[[str], str]) -> dict[str, float]:
    """Measure the recall over inflections and the over-stemming of a reduction of forms to terms."""
    forms_of: dict[tuple[str, str], set[str]] = collections.defaultdict(set)
    for form, owners in lemmas.items():
        for owner in owners:
            forms_of[owner].add(form)
    terms = {form: reduce(form) for form in lemmas}
    shares: list[float] = []
    for form, owners in lemmas.items():
        others = set().union(*(forms_of[owner] for owner in owners)) - {form}
        if others:
            shares.append(sum(terms[other] == terms[form] for other in others) / len(others))
    classes: dict[str, list[str]] = collections.defaultdict(list)
    for form, its_term in terms.items():
        classes[its_term].append(form)
    wrong = total = 0
    for members in classes.values():
        for at, form in enumerate(members):
            wrong += sum(lemmas[form].isdisjoint(lemmas[other]) for other in members[at + 1 :])
    total = len(terms) * (len(terms) - 1) // 2
    return {
        "forms": len(shares),
        "inflection_recall": round(sum(shares) / len(shares), 4),
        "over_stemming_1e5": round(1e5 * wrong / total, 3),
        "classes": len(classes),
    }


def measure_language(folder: pathlib.Path) -> dict[str, Mapping[str, object]]:
    """Measure parity and inflection over Lefff."""
    forms, lemmas = read_lefff(folder)
    stemmer = FrenchStemmer()
    return {
        "parity": measure_parity(forms),
        "marbre": measure_inflection(lemmas, lambda form: term(fold(form))),
        "snowball_then_fold": measure_inflection(lemmas, lambda form: fold(stemmer.stemWord(form.lower()))),
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of debats_an.jsonl.gz and lefff.tsv.gz")
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    figures: dict[str, Mapping[str, object]] = {"speed": measure_speed(read_text(options.data, options.megabytes))}
    figures |= measure_language(options.data)
    if options.json:
        print(json.dumps(figures, ensure_ascii=False, indent=1))
        return
    for subject, values in figures.items():
        print(subject)
        for name, value in values.items():
            shown = f"{len(value)}: {' '.join(value)}" if isinstance(value, list) else value
            print(f"  {name:30} {shown}")


if __name__ == "__main__":
    main(sys.argv[1:])
