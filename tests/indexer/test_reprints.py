"""Are the versions of a text found, whatever newspapers do to it, and is a routine no reprint? Does the order of arrival matter?"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.reprints import SAMPLE_TABLE, distinct
from bench.rewrites import KINDS, rewrite, routine_texts
from corpus import Article, read_articles
from corpus.errors import IndexCorrupt
from indexer import build_index
from indexer.builder import delete_articles
from indexer.codec.segment import SegmentReader
from indexer.generations import open_snapshot
from indexer.reprints import FIRST, REPRINTS_FACT, read_groups
from indexer.writer import live_mask

SAMPLE = Path(__file__).parents[2] / "corpus" / "sample"
Groups = dict[frozenset[str], dict[str, int]]
Pair = frozenset[str]


def groups_in(location: Path) -> Groups:
    """Return the groups of an index: the ids of each, and what each version has kept of the first."""
    snapshot = open_snapshot(location)
    by_segment = read_groups(snapshot.path(snapshot.manifest.facts[REPRINTS_FACT]))
    rows: dict[int, dict[str, int]] = {}
    for entry in snapshot.manifest.segments:
        reader, own, live = SegmentReader.open(snapshot.folder / entry.file), by_segment[entry.name], live_mask(entry)
        for doc, group, kept in zip(own.docs.tolist(), own.groups.tolist(), own.kept.tolist(), strict=True):
            assert live is None or live[doc]
            rows.setdefault(group, {})[reader.doc_id(doc)] = kept
    return {frozenset(kept): kept for kept in rows.values()}


def pairs_of(groups: Iterable[frozenset[str]]) -> set[Pair]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def sample_families() -> set[frozenset[str]]:
    families: dict[str, set[str]] = {}
    for line in SAMPLE_TABLE.read_text(encoding="utf-8").splitlines():
        family, doc_id = line.split("\t")
        families.setdefault(family, set()).add(doc_id)
    return {frozenset(ids) for ids in families.values()}


def singles() -> list[Article]:
    """Return the articles of the sample that nobody reprinted, long enough to be told apart."""
    reprinted = {doc_id for family in sample_families() for doc_id in family}
    return distinct((one for one in read_articles([SAMPLE]) if one.published and one.doc_id not in reprinted), 100)


def test_the_reprints_of_the_sample_are_those_its_readme_lists(sample_index: Path) -> None:
    found = groups_in(sample_index)
    assert set(found) == sample_families()


def test_the_first_publication_of_each_text_of_the_sample_is_known(sample_index: Path) -> None:
    firsts = {doc_id for group in groups_in(sample_index).values() for doc_id, kept in group.items() if kept == FIRST}
    assert firsts == {line.split("\t")[0] for line in SAMPLE_TABLE.read_text(encoding="utf-8").splitlines()}


def test_every_version_has_kept_a_part_of_the_first(sample_index: Path) -> None:
    shares = [kept for group in groups_in(sample_index).values() for kept in group.values() if kept != FIRST]
    assert len(shares) == 33
    assert all(0 < share <= 100 for share in shares)


def test_rewrites_of_articles_are_found_and_strangers_are_not(tmp_path: Path) -> None:
    chance = random.Random(1)
    taken = singles()
    originals, lenders = taken[:-20], taken[-20:]
    rewrites = [rewrite(article, number, lenders, chance) for number, article in enumerate(originals)]
    assert {one.kind for one in rewrites} == set(KINDS)
    build_index([*originals, *(one.article for one in rewrites), *routine_texts(20, chance)], tmp_path / "index")
    found = pairs_of(groups_in(tmp_path / "index"))
    made = {frozenset((article.doc_id, one.article.doc_id)) for article, one in zip(originals, rewrites, strict=True)}
    assert len(found & made) >= 0.95 * len(made)
    assert len(found & made) >= 0.95 * len(found)


def test_weather_draws_and_death_notices_are_no_reprints(tmp_path: Path) -> None:
    build_index(routine_texts(40, random.Random(2)), tmp_path / "index")
    assert groups_in(tmp_path / "index") == {}


def test_a_stub_of_a_few_words_is_no_reprint(tmp_path: Path) -> None:
    stubs = [Article(doc_id=f"s{n}", headline=f"Titre {n}", body="Cet article est réservé à nos abonnés. Pour lire la suite, connectez-vous.") for n in range(5)]
    build_index(stubs, tmp_path / "index")
    assert groups_in(tmp_path / "index") == {}


def _versions() -> list[Article]:
    """Return three texts in three versions each and two texts that stand alone."""
    chance = random.Random(3)
    taken = singles()
    out = [replace(article, published="2024-03-01") for article in taken[:5]]
    for number, article in enumerate(out[:3]):
        out += [rewrite(article, kind, taken[30:], chance).article for kind in (number, number + 1)]
    return out


VERSIONS = _versions()


@settings(max_examples=12)
@given(order=st.permutations(range(len(VERSIONS))), cuts=st.sets(st.integers(1, len(VERSIONS) - 1), max_size=4), data=st.data())
def test_groups_do_not_depend_on_the_order_of_arrival(tmp_path_factory: pytest.TempPathFactory, order: list[int], cuts: set[int], data: st.DataObject) -> None:
    location, scratch = (tmp_path_factory.mktemp("order") / name for name in ("index", "scratch"))
    arriving = [VERSIONS[place] for place in order]
    bounds = [0, *sorted(cuts), len(arriving)]
    there: dict[str, Article] = {}
    for start, end in pairwise(bounds):
        build_index(arriving[start:end], location)
        there |= {article.doc_id: article for article in arriving[start:end]}
        gone = data.draw(st.sets(st.sampled_from(sorted(there)), max_size=2))
        if gone and len(gone) < len(there):
            delete_articles(sorted(gone), location)
            there = {doc_id: article for doc_id, article in there.items() if doc_id not in gone}
    changed = data.draw(st.sampled_from(sorted(there)))
    there[changed] = replace(there[changed], body=data.draw(st.sampled_from([VERSIONS[0].body, VERSIONS[3].body])))
    build_index([there[changed]], location)
    build_index([there[doc_id] for doc_id in sorted(there)], scratch)
    assert groups_in(location) == groups_in(scratch)


def test_a_group_that_loses_what_held_it_together_parts(tmp_path: Path) -> None:
    whole = next(article for article in singles() if len(article.body.split()) > 250)
    words = whole.body.split()
    head, tail = (replace(whole, doc_id=name, newspaper=name, body=" ".join(part)) for name, part in (("head", words[:110]), ("tail", words[-110:])))
    location = tmp_path / "index"
    build_index([whole, head, tail], location)
    assert set(groups_in(location)) == {frozenset((whole.doc_id, "head", "tail"))}
    delete_articles([whole.doc_id], location)
    assert groups_in(location) == {}


def test_many_small_commits_that_are_merged_keep_their_groups(tmp_path: Path) -> None:
    location = tmp_path / "index"
    for article in VERSIONS:
        build_index([article], location)
    assert len(open_snapshot(location).manifest.segments) < len(VERSIONS)
    build_index(VERSIONS, tmp_path / "at once")
    assert groups_in(location) == groups_in(tmp_path / "at once")


def test_workers_find_the_same_groups(tmp_path: Path, sample_index: Path) -> None:
    build_index(read_articles([SAMPLE]), tmp_path / "index", workers=2)
    assert groups_in(tmp_path / "index") == groups_in(sample_index)


def test_a_commit_that_moves_no_group_writes_no_file(tmp_path: Path) -> None:
    location = tmp_path / "index"
    build_index(VERSIONS, location)
    before = open_snapshot(location).manifest.facts[REPRINTS_FACT]
    assert build_index(VERSIONS, location).unchanged == len(VERSIONS)
    assert open_snapshot(location).manifest.facts[REPRINTS_FACT] == before


def test_a_damaged_file_of_groups_is_reported(tmp_path: Path) -> None:
    build_index(VERSIONS, tmp_path / "index")
    snapshot = open_snapshot(tmp_path / "index")
    path = snapshot.path(snapshot.manifest.facts[REPRINTS_FACT])
    path.write_bytes(path.read_bytes()[:-70])
    with pytest.raises(IndexCorrupt):
        read_groups(path)
