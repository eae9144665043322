"""Does a cluster link the same reprints as a folder, and give the same lines of them?"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from archives import NEWSPAPERS, PEOPLE, VOCABULARY, questions, random_archive, random_article
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.query import And, Every, Not, Query

from corpus import Article
from corpus.errors import IndexCorrupt
from indexer import BuildOptions, build_index, cluster_mapping, delete_articles
from indexer.cluster import ClusterWriter
from indexer.cluster_mapping import SKETCH_FIELD, document
from indexer.cluster_reprints import read_groups
from indexer.cluster_state import ClusterFacts
from indexer.codec.framing import writing
from indexer.documents import stored_form, stored_row
from indexer.reprints import REPRINTS_FACT
from search import Filter, SearchRequest, export, open_engine, search
from search.engines import Engine
from search.engines.local import LocalEngine
from search.engines.segments import SegmentLeaf
from search.facets import ALL_FACETS
from search.migrating import migrate

LINES = SearchRequest(size=100, snippets=False, reprints="grouped")
VALUES = {
    "newspaper": ("L’Essor", "l'essor", "Wal Fadjri", ""),
    "section": ("politique", "Sport", ""),
    "kind": ("article", "dépêche"),
    "people": ("Éléonore N’Diaye", ""),
    "year": ("2024", ""),
    "month": ("2024-03", "2024-12"),
}


@dataclass(frozen=True)
class Twins:
    """One archive, twice."""

    folder: Engine
    cluster: Engine
    doc_ids: list[str]


def dispatches(dice: random.Random) -> list[list[Article]]:
    """Texts that up to five newspapers print within days, some of them twice on one day."""
    found = []
    for number in range(24):
        text = " ".join(dice.choice(VOCABULARY) for _ in range(dice.randint(22, 60)))
        first = replace(
            random_article(dice, f"d{number}", 9),
            headline="Accord au port",
            standfirst="",
            body=text,
            published="2024-03-05",
            language="fr",
        )
        found.append(
            [
                replace(
                    first,
                    doc_id=f"d{number}-{rank}",
                    newspaper=dice.choice(NEWSPAPERS),
                    published=dice.choice((None, "2024-02-28", "2024-03-05", "2024-03-05", "2024-03-06")),
                    kind=dice.choice(("article", "dépêche")),
                    bylines=dice.choice(((), PEOPLE[:1])),
                    people=dice.choice(((), PEOPLE[:1], PEOPLE[:2])),
                )
                for rank in range(dice.randint(1, 5))
            ]
        )
    return found


def build(place: str) -> list[str]:
    """Fill a place in seven commits: prints of one text in one and in several, some corrected, some deleted; return the ids that are left."""
    dice = random.Random(5)
    texts = dispatches(dice)
    every = [article for text in texts for article in text]
    dice.shuffle(every)
    articles = {article.doc_id: article for article in [*random_archive(seed=4), *every]}
    rewritten = [random_article(dice, text[0].doc_id, 9) for text in texts[:6]]  # no longer versions
    corrected = [replace(text[-1], headline="Accord signé au port") for text in texts[4:10]]
    joined = [
        replace(text[0], doc_id=f"late-{at}", newspaper=NEWSPAPERS[at % 3], published="2024-03-09") for at, text in enumerate(texts[:8])
    ]
    gone = [texts[number][0].doc_id for number in range(10, 18)]
    batches = (list(articles.values())[:60], list(articles.values())[60:], rewritten, corrected)
    for batch in batches:
        build_index(batch, place)
    delete_articles(gone, place)
    build_index(joined, place)
    delete_articles(["late-2"], place)
    articles.update((article.doc_id, article) for article in [*rewritten, *corrected, *joined])
    return [doc_id for doc_id in articles if doc_id not in {*gone, "late-2"}]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory, new_location) -> Iterator[Twins]:
    """The archive in a folder and on the cluster."""
    folder, location = str(tmp_path_factory.mktemp("reprints") / "index"), new_location()
    doc_ids = build(folder)
    assert build(location) == doc_ids
    with open_engine(folder) as one, open_engine(location) as other:
        assert len(one.versions(doc_ids)) > 40
        yield Twins(one, other, doc_ids)


def same_lines(twins: Twins, query: Query, request: SearchRequest = LINES) -> None:
    """Hold both engines to one answer."""
    one, other = twins.folder.ask(query, request), twins.cluster.ask(query, request)
    assert (other.total, other.articles, other.matched) == (one.total, one.articles, one.matched)
    assert {found.header["doc_id"]: found.versions for found in other.found} == {
        found.header["doc_id"]: found.versions for found in one.found
    }
    assert other.facets == one.facets
    assert other.timeline == one.timeline
    assert (other.partial, other.approximate) == (False, False)


def test_a_document_keeps_the_hashes_that_a_folder_keeps(tmp_path: Path) -> None:
    articles = {article.doc_id: article for article in random_archive(seed=3)}
    build_index(articles.values(), tmp_path)
    with LocalEngine(tmp_path) as engine:
        for leaf in engine.collection().leaves:
            assert isinstance(leaf, SegmentLeaf)
            sketches = leaf.reader.sketches()
            for number in range(leaf.max_doc):
                sent = document(stored_form(articles[leaf.reader.doc_id(number)], ""), "", 1).get(SKETCH_FIELD, [])
                assert sorted(one & 0xFFFFFFFF for one in sent) == sketches.hashes[sketches.docs == number].tolist()
            assert sketches.hashes.size > 100


@pytest.mark.cluster
def test_both_link_the_same_versions(twins: Twins) -> None:
    assert twins.cluster.versions([*twins.doc_ids, "zz"]) == twins.folder.versions(twins.doc_ids)


@pytest.mark.cluster
@given(query=questions(), most=st.booleans())
@settings(max_examples=300)
def test_random_questions_have_the_same_lines(twins: Twins, query: Query, most: bool) -> None:
    same_lines(twins, And([Every(), Not(query)]) if most else query)


@pytest.mark.cluster
@given(
    text=st.sampled_from(("", "migrants OU port OU loi", "accord", "pech*", "xyzzy", "signé")),
    chosen=st.lists(
        st.sampled_from(sorted(VALUES)).flatmap(
            lambda field: st.builds(
                Filter, st.just(field), st.lists(st.sampled_from(VALUES[field]), min_size=1, max_size=2).map(tuple), st.booleans()
            )
        ),
        max_size=3,
    ),
    since=st.none() | st.sampled_from((dt.date(2024, 3, 1), dt.date(2024, 3, 5), dt.date(2024, 3, 6))),
    until=st.none() | st.just(dt.date(2024, 3, 31)),
    size=st.sampled_from((1, 3, 50)),
    page=st.sampled_from((1, 2)),
    sort=st.sampled_from(("newest", "oldest", "added")),
)
@settings(max_examples=300)
def test_choices_days_orders_and_pages_are_of_lines(twins: Twins, text, chosen, since, until, size, page, sort) -> None:
    request = replace(LINES, text=text, filters=tuple(chosen), since=since, until=until, facet_size=size, sort=sort, page=page, size=10)
    one, other = search(twins.folder, request), search(twins.cluster, request)
    assert (other.total, other.articles) == (one.total, one.articles)
    assert [(hit.doc_id, hit.versions) for hit in other.hits] == [(hit.doc_id, hit.versions) for hit in one.hits]
    for name in ALL_FACETS:
        assert other.facets[name] == one.facets[name], name
    assert other.timeline == one.timeline


@pytest.mark.cluster
def test_an_export_gives_one_article_a_line(twins: Twins) -> None:
    request = replace(LINES, text="", sort="oldest")
    one, other = ([article.doc_id for article in export(engine, request)] for engine in (twins.folder, twins.cluster))
    assert other == one
    assert len(one) < len(twins.doc_ids)


@pytest.mark.cluster
def test_a_migrated_archive_is_linked(twins: Twins, tmp_path: Path, new_location) -> None:
    location = new_location()
    dice = random.Random(6)
    articles = [article for text in dispatches(dice) for article in text]
    build_index(articles, tmp_path / "one")
    migrate(str(tmp_path / "one"), location)
    migrate(location, str(tmp_path / "back"))
    ids = [article.doc_id for article in articles]
    with open_engine(str(tmp_path / "one")) as one, open_engine(location) as there, open_engine(str(tmp_path / "back")) as back:
        assert one.versions(ids) == there.versions(ids) == back.versions(ids) != {}


@pytest.mark.cluster
def test_what_a_killed_writer_sent_is_linked_by_the_next(new_location) -> None:
    location = new_location()
    text = next(text for text in dispatches(random.Random(7)) if len(text) > 2)
    build_index(text[:1], location)
    stored = stored_form(text[1], "2024-05-01")
    row, digest = stored_row(stored)
    with ClusterWriter(location) as writer:  # sends, and never commits
        writer.add(stored, row, digest)
        writer._sender.flush()
        writer.state.send("POST", f"/{writer._index}/_refresh", None)
    build_index(text[2:], location)
    with open_engine(location) as engine:
        assert {version.doc_id for version in engine.versions([text[1].doc_id])[text[1].doc_id]} == {article.doc_id for article in text}


@pytest.mark.cluster
def test_a_corrected_article_is_linked_again_and_never_lost(new_location) -> None:
    location = new_location()
    text = next(text for text in dispatches(random.Random(7)) if len(text) > 2)
    build_index(text, location)
    build_index([replace(text[0], headline="Un autre titre")], location)
    with open_engine(location) as engine:
        told = engine.versions([text[1].doc_id])[text[1].doc_id]
        assert {version.doc_id for version in told} == {article.doc_id for article in text}
        assert "Un autre titre" in {version.headline for version in told}
    build_index([replace(text[0], body="Rien de tout cela n’est plus vrai depuis hier soir, dit la mairie.")], location)
    with open_engine(location) as engine:
        assert engine.versions([text[0].doc_id]) == {}
        assert engine.stats().articles == len(text)


@pytest.mark.cluster
def test_a_hash_that_a_whole_site_keeps_links_nothing(new_location, tmp_path: Path) -> None:
    """Small commits, which ask for hashes, drop the boilerplate that a build of the whole drops."""
    dice = random.Random(8)
    footer = "Retrouvez chaque jour toute notre actualité sur notre site et sur les réseaux sociaux"
    many = [
        replace(
            random_article(dice, f"m{number}", 9), body=" ".join(dice.choice(VOCABULARY) for _ in range(30)) + " " + footer, language="fr"
        )
        for number in range(320)
    ]
    text = next(text for text in dispatches(dice) if len(text) > 3)
    late = [replace(article, body=f"{article.body} {footer}") for article in text]
    location = new_location()
    for place in (str(tmp_path / "index"), location):
        build_index(many, place)
        for article in late:
            build_index([article], place)
    ids = [article.doc_id for article in [*many, *late]]
    with open_engine(str(tmp_path / "index")) as one, open_engine(location) as other:
        assert one.versions(ids) == other.versions(ids)
        assert {article.doc_id for article in late} <= other.versions(ids).keys()


@pytest.mark.cluster
def test_an_index_from_before_there_were_sketches_goes_on(new_location, monkeypatch: pytest.MonkeyPatch) -> None:
    location = new_location()
    one, other = [text for text in dispatches(random.Random(9)) if len(text) > 3][:2]
    with monkeypatch.context() as before:
        before.setattr(cluster_mapping, "SKETCH_MAPPING", {})
        before.setattr(cluster_mapping, "_sketch", lambda surfaces: [])
        build_index(one, location)
    build_index(other, location)
    with open_engine(location) as engine:
        assert engine.versions([article.doc_id for article in one]) == {}
        assert len(engine.versions([article.doc_id for article in other])) == len(other)
    build_index((), location, rebuild=True, options=BuildOptions(from_stored=True))
    with open_engine(location) as engine:
        assert len(engine.versions([article.doc_id for article in [*one, *other]])) == len(one) + len(other)


@pytest.mark.parametrize("meta", [b"[]", b"{", b'{"size": 0}', b'{"size": "x", "following": 1, "linked": 0}'])
def test_a_file_of_groups_that_says_nothing_sound_of_itself_is_told_in_one_line(tmp_path: Path, meta: bytes) -> None:
    with writing(tmp_path / "a.reprints", b"0" * 16) as file:
        file.out.add("meta", meta)
    with pytest.raises(IndexCorrupt, match="section meta cannot be read"):
        read_groups(tmp_path, ClusterFacts(facts={REPRINTS_FACT: "a.reprints"}))
