"""Which written forms does French have, and which of them are inflections of one another?

Rewrites `words.txt.xz`, beside this file, from the hunspell dictionary of French (Debian package
`hunspell-fr-comprehensive`, MPL-2.0):

    python -m indexer.data.build_words [--hunspell /usr/share/hunspell] [--out words.txt.xz]

Every entry of the dictionary is expanded with its affix rules into its forms; every form is folded; and each
folded form is given the term of its inflection class. The stemmer runs here and only here: a word that the
lexicon does not hold is a name and is never stemmed, so a running index needs neither the stemmer nor its version.

Format of the file: line 1 is the notice, plain text; then an xz stream of sorted ASCII lines

    form [TAB code] [TAB "*"]

where code is how many letters to drop from the form and which to add to obtain its term ("4", "3eur", "" = the form
itself), and "*" says that several accented spellings fold to this form (cote: côte, côté, cote).
"""

from __future__ import annotations

import argparse
import collections
import importlib.metadata
import lzma
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from snowballstemmer.french_stemmer import FrenchStemmer

from indexer.terms import fold

HERE = pathlib.Path(__file__).resolve().parent
NOTICE = (
    "# Forms of French and their inflection classes. Derived by build_words.py from hunspell-fr 7.0 (Grammalecte/Dicollecte, "
    "https://grammalecte.net), Mozilla Public License 2.0; terms by snowballstemmer {version}. xz stream follows.\n"
)
# The two auxiliaries own their forms, but for the ones that are better known as another word.
AUXILIARIES = {"etre", "avoir"}
NOT_AUXILIARY = {"est", "ete", "etes", "sommes", "avions", "fut", "futs"}
# Restores the accents that the stemmer needs, on folded text. Source: measured on 419,000 folded forms; longest first.
RESTORED = (("erent", "èrent"), ("ieres", "ières"), ("ites", "ités"), ("iere", "ière"), ("ite", "ité"), ("ees", "ées"), ("ee", "ée"))


class Suffix(NamedTuple):
    """One line of an affix table: drop `strip`, add `add`, where `condition` holds; `tags` are its grammatical marks."""

    strip: str
    add: str
    condition: re.Pattern[str]
    tags: str


class Lemma(NamedTuple):
    """A dictionary entry: its head word, whether it is a verb, its folded forms and, of these, its past participles."""

    head: str
    verb: bool
    forms: tuple[str, ...]
    participles: frozenset[str]


def read_suffixes(lines: Iterable[str]) -> dict[str, list[Suffix]]:
    """Read the suffix tables of an .aff file; prefixes there are elisions only (l', d', qu') and are not words."""
    tables: dict[str, list[Suffix]] = collections.defaultdict(list)
    for line in lines:
        parts = line.split()
        if len(parts) < 5 or parts[0] != "SFX":
            continue
        strip, add = ("" if part == "0" else part for part in (parts[2], parts[3].split("/")[0].replace("0", "")))
        tables[parts[1]].append(Suffix(strip, add, re.compile(f"(?:{parts[4]})$"), " ".join(parts[5:])))
    return tables


def read_entries(lines: Iterable[str]) -> Iterator[tuple[str, list[str], str]]:
    """Yield (word, two-letter flags, tags) for every entry of a .dic file."""
    for line in lines:
        word, _, tags = line.strip().partition(" ")
        word, _, flags = word.partition("/")
        yield word, [flags[at : at + 2] for at in range(0, len(flags), 2)], tags


def expand(word: str, flags: list[str], tables: dict[str, list[Suffix]]) -> Iterator[tuple[str, str]]:
    """Yield the forms of an entry and their marks; "aimè-je" forms are left out, they fold like "aime"."""
    if "()" not in flags:  # NEEDAFFIX: the bare entry is not a word
        yield word, ""
    for flag in flags:
        for suffix in tables.get(flag, ()):
            if word.endswith(suffix.strip) and suffix.condition.search(word) and "po:1isg" not in suffix.tags:
                yield word[: len(word) - len(suffix.strip)] + suffix.add, suffix.tags


def is_word(word: str, tags: str) -> bool:
    """Tell whether an entry is a common word: no names, no symbols, no capital letters."""
    if re.search(r"po:(npr|prn|patr|titr|sign|ponc|pfx|sfx|err|div|nbro)\b", tags) and not re.search(r"po:(nom|adj)\b", tags):
        return False
    return re.fullmatch(r"[a-zà-öø-ÿœ'’-]*[a-zà-öø-ÿœ]", word) is not None and fold(word).isalpha()  # not the xixᵉ


def read_lemmas(folder: pathlib.Path) -> tuple[list[Lemma], dict[str, set[str]]]:
    """Read the dictionary into lemmas, and the accented spellings of each folded form."""
    tables = read_suffixes((folder / "fr.aff").read_text(encoding="utf-8").splitlines())
    paradigms: dict[tuple[str, bool], dict[str, bool]] = collections.defaultdict(dict)
    spellings: dict[str, set[str]] = collections.defaultdict(set)
    for word, flags, tags in read_entries((folder / "fr.dic").read_text(encoding="utf-8").splitlines()[1:]):
        if not is_word(word, tags) or "{}" in flags:
            continue
        verb = re.search(r"po:v\d", tags) is not None
        head = re.search(r"\bst:(\S+)", tags)
        for form, marks in expand(word, flags, tables):
            folded = fold(form)
            if re.fullmatch(r"[a-z]+", folded):
                paradigm = paradigms[head[1] if head else word, verb]
                paradigm[folded] = paradigm.get(folded, False) or "po:ppas" in marks
                spellings[folded].add(form.replace("-", "").replace("'", ""))
    lemmas = [
        Lemma(fold(head), verb, tuple(forms), frozenset(form for form, participle in forms.items() if participle))
        for (head, verb), forms in paradigms.items()
    ]
    return lemmas, spellings


def stem(folded: str, stemmer: FrenchStemmer = FrenchStemmer()) -> str:  # noqa: B008 - one stemmer, one thread: a script
    """Reduce a folded form: plural in -s after a vowel, accents the stemmer looks for, Snowball, fold."""
    word = folded
    if len(word) > 3 and re.search(r"[iuoa]s$", word) and not re.search(r"(ais|ois|uis)$", word):
        word = word[:-1]  # Snowball keeps the s of lois, élus, jurys
    for plain, accented in RESTORED:
        if word.endswith(plain) and len(word) > len(plain) + 1:
            word = word[: -len(plain)] + accented
            break
    return fold(stemmer.stemWord(word))


def choose_term(lemma: Lemma, stems: dict[str, str]) -> str:
    """Choose the class of a lemma: the stem of its head word for names of things, the commonest stem for verbs."""
    if not lemma.verb and lemma.head in stems:
        return stems[lemma.head]
    counted = collections.Counter(stems[form] for form in lemma.forms)
    return min(counted, key=lambda term: (-counted[term], term != stems.get(lemma.head), term))


def assign(lemmas: list[Lemma]) -> dict[str, str]:
    """Give each folded form the term of its class."""
    owners: dict[str, list[Lemma]] = collections.defaultdict(list)
    for lemma in lemmas:
        for form in lemma.forms:
            owners[form].append(lemma)
    stems = {form: stem(form) for form in owners}
    chosen = {id(lemma): choose_term(lemma, stems) for lemma in lemmas}

    def rank(lemma: Lemma, form: str) -> tuple[object, ...]:
        """Order the lemmas that share a form: couvent is a convent before couver, tué is from tuer before taire."""
        auxiliary = lemma.verb and lemma.head in AUXILIARIES and form not in NOT_AUXILIARY
        verb = lemma.verb or len(lemma.head) < 2
        return not auxiliary, verb, form != lemma.head, stems[form] != chosen[id(lemma)], -len(lemma.forms), lemma.head

    for lemma in lemmas:  # élu is a form of élire, and le devoir of devoir, before it is a noun: the whole noun goes with its verb
        form = lemma.forms[0]
        shared = (owner for owner in owners[form] if owner.verb)
        verbs = [owner for owner in shared if owner.head == lemma.head or owner.participles.issuperset(lemma.forms)]
        if verbs and not lemma.verb:
            chosen[id(lemma)] = chosen[id(min(verbs, key=lambda verb: rank(verb, form)))]
    return {form: chosen[id(min(owned, key=lambda lemma: rank(lemma, form)))] for form, owned in owners.items()}


def encode(form: str, term: str) -> str:
    """Write a term as letters to drop from the form and letters to add."""
    shared = next((at for at, (a, b) in enumerate(zip(form, term, strict=False)) if a != b), min(len(form), len(term)))
    return "" if form == term else f"{len(form) - shared}{term[shared:]}"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hunspell", type=pathlib.Path, default=pathlib.Path("/usr/share/hunspell"))
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "words.txt.xz")
    options = parser.parse_args(arguments)
    lemmas, spellings = read_lemmas(options.hunspell)
    terms = assign(lemmas)
    lines = []
    for form in sorted(terms):
        fields = [form, encode(form, terms[form]), "*" if len(spellings[form]) > 1 else ""]
        lines.append("\t".join(fields).rstrip("\t"))
    body = lzma.compress("\n".join(lines).encode("ascii"), preset=9 | lzma.PRESET_EXTREME)
    options.out.write_bytes(NOTICE.format(version=importlib.metadata.version("snowballstemmer")).encode() + body)
    print(f"{len(lemmas)} lemmas, {len(terms)} folded forms, {sum(line.endswith('*') for line in lines)} ambiguous, {len(body)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
