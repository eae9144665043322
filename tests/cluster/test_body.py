"""Which body does a question become? One table a reader can follow; no cluster needed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from archives import questions
from hypothesis import given
from hypothesis import strategies as st
from whoosh.query import Every, NullQuery

from indexer.cluster_mapping import TOKEN_CHARS, document, index_body, label_key, safe_token
from indexer.documents import stored_form
from indexer.french import analyze
from indexer.schema import FACETS, FIELDS
from search.engines.cluster import sizes_in
from search.engines.cluster_body import glob_regexp, match_body, most_of_body, score_body
from search.engines.cluster_facets import aggregations, facet_of, post_filter
from search.language import parse_query
from search.marking import glob_pattern
from search.nodes import AtLeast, Word
from search.relaxing import relaxed
from search.request import Bucket, Filter, SearchRequest


def term(field: str, *tokens: str) -> dict[str, Any]:
    return {"term": {field: tokens[0]}} if len(tokens) == 1 else {"terms": {field: list(tokens)}}


def either(*bodies: dict[str, Any]) -> dict[str, Any]:
    return {"bool": {"should": list(bodies), "minimum_should_match": 1}}


def token(text: str, field: str) -> dict[str, Any]:
    return {"match": {"query": text, "analyzer": "whitespace", "use_field": field}}


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("titre:lois", term("headline", "loi.", "~lois")),
        ("titre:=lois", term("headline_exact", "lois")),
        ("titre:maïs", term("headline_exact", "´maïs")),
        ("titre:p*", {"prefix": {"headline_exact": {"value": "p", "rewrite": "constant_score"}}}),
        ("id:essor-1", {"term": {"doc_id": "essor-1"}}),
        ("date:2025-10", {"range": {"published": {"gte": "2025-10-01", "lte": "2025-10-31"}}}),
        ("journal:essor", {"term": {"newspaper_words": "essor"}}),
        (
            'journal:"l\'essor du mali"',
            {
                "intervals": {
                    "newspaper_words": {
                        "all_of": {
                            "intervals": [{"match": {"query": word, "analyzer": "whitespace"}} for word in ("essor", "du", "mali")],
                            "filter": {"not_containing": {"match": {"query": "¶", "analyzer": "whitespace"}}},
                        }
                    }
                }
            },
        ),
        ('titre:"accord de paix"', {"match_phrase": {"headline_exact": {"query": "accord de paix", "analyzer": "whitespace"}}}),
        ("titre:(loi -port)", {"bool": {"filter": [term("headline", "loi.", "~loi")], "must_not": [term("headline", "port.", "~port")]}}),
    ],
)
def test_a_question_becomes_this_body(text: str, body: dict[str, Any]) -> None:
    assert match_body(parse_query(text).query) == body


def test_closeness_counts_the_words_between_in_french_and_as_printed() -> None:
    body = match_body(parse_query("titre:(loi ADJ/3 port)").query)
    both = [[token("loi.", "headline"), token("port.", "headline")], [token("~loi", "headline"), token("~port", "headline")]]
    sources = [{"all_of": {"ordered": True, "max_gaps": 3, "intervals": pair}} for pair in both]
    assert body == {"intervals": {"headline": {"any_of": {"intervals": sources}}}}


def test_a_word_found_three_times_is_shared_among_the_texts_in_every_way() -> None:
    body = match_body(AtLeast(Word("loi"), 3))
    shares = [len(way["bool"]["filter"]) for way in body["bool"]["should"]]
    assert sorted(shares) == [1, 1, 1, 2, 2, 2, 2, 2, 2, 3]


def test_words_of_one_field_are_one_clause() -> None:
    assert match_body(parse_query("titre:(loi OU port OU paix)").query) == term(
        "headline", *sorted(("loi.", "~loi", "port.", "~port", "paix", "~paix"))
    )


def test_nothing_and_everything() -> None:
    assert match_body(NullQuery) == {"match_none": {}}
    assert match_body(Every()) == {"match_all": {}}


def test_what_cannot_be_asked_is_an_error_of_the_program() -> None:
    with pytest.raises(TypeError, match="no body for str"):
        match_body("loi")  # type: ignore[arg-type]


def test_most_of_the_words_is_a_number_of_clauses() -> None:
    query = relaxed(parse_query("loi port paix journal:essor").query)
    assert query is not None
    body = most_of_body(query, 2)["bool"]
    assert (len(body["should"]), body["minimum_should_match"], len(body["filter"])) == (3, 2, 1)


@given(query=questions())
def test_every_question_has_a_body_without_scripts(query: Any) -> None:
    text = str(score_body(query, match_body(query)))
    assert "script" not in text
    assert "query_string" not in text


@given(glob=st.text("ab*?.[é", min_size=1, max_size=6), word=st.text("ab.[é", min_size=1, max_size=6))
def test_a_glob_is_the_same_as_a_regular_expression(glob: str, word: str) -> None:
    assert bool(re.fullmatch(glob_regexp(glob), word)) == bool(glob_pattern(glob).fullmatch(word))


@pytest.mark.parametrize("mark", ["¶", "´cote"])
def test_a_pattern_never_finds_our_marks(mark: str) -> None:
    assert not re.fullmatch(glob_regexp("*"), mark)
    assert not re.fullmatch(glob_regexp("?*"), mark)


@given(text=st.text(max_size=300))
def test_every_token_keeps_the_contract(text: str) -> None:
    found = document({"doc_id": "a", "body": text, "added": "2025-01-01"}, "", 1)
    for run in (run for value in [*found.get("body", ()), *found.get("body_exact", ())] for run in value.split(" ")):
        assert 0 < len(run) <= 1_000
        assert not any(character.isspace() or "\ud800" <= character <= "\udfff" or character < " " for character in run)
        assert all(0 < len(form) <= TOKEN_CHARS + 1 for form in run.split("|"))


@given(text=st.text(max_size=300))
def test_words_stand_where_the_local_index_has_them(text: str) -> None:
    """A hole is a position without a word; a paragraph's end is one, and the next begins a hundred further."""
    found = document({"doc_id": "a", "body": text, "added": "2025-01-01"}, "", 1)
    places, at = [], 0
    for value in found.get("body", ()):
        for run in value.split(" "):
            places += [at] * len(run.split("|")) if run not in "·¶" else []
            at += 1
        at += 99
    known = analyze(text)
    first, start = (known.positions[0], places[0]) if places else (0, 0)
    assert sorted({place - start for place in places}) == sorted({place - first for place in known.positions})


@pytest.mark.parametrize("word", ["aujourd'hui", "3.5", "n°12", "été", "معا", "x" * 99])
def test_an_ordinary_term_is_sent_as_it_is(word: str) -> None:
    assert safe_token(word) == word


def test_a_long_term_is_cut_and_stays_apart_from_others() -> None:
    one, other = safe_token("x" * 500), safe_token("x" * 499)
    assert one != other
    assert {len(one), len(other)} == {TOKEN_CHARS}


def test_the_mapping_has_every_field_and_takes_no_other() -> None:
    body = index_body(3, 1)
    assert body["mappings"]["dynamic"] == "strict"
    assert {field.name for field in FIELDS} <= body["mappings"]["properties"].keys()
    assert {"marbre", "schema", "analysis"} == body["mappings"]["_meta"].keys()


@given(text=st.text(max_size=40))
def test_a_document_has_only_mapped_fields(text: str) -> None:
    from corpus import Article

    article = Article(
        doc_id="a1", headline=f"Titre {text}", body=text, newspaper=text, bylines=(text,) if text else (), published="2025-10"
    )
    made = document(stored_form(article, "2025-01-01"), "d", 7)
    assert made.keys() <= index_body(1, 0)["mappings"]["properties"].keys()
    assert made["published"] == "2025-10-01"


def test_each_facet_is_counted_under_all_choices_but_its_own() -> None:
    chosen = (Filter("newspaper", ("L’Essor",)), Filter("year", ("2025",)), Filter("section", ("",), exclude=True))
    request = SearchRequest(filters=chosen)
    parts = aggregations(request, FACETS, None)
    assert parts["newspaper"]["filter"] == post_filter(chosen[1:])
    assert parts["kind"]["filter"] == post_filter(chosen)
    assert parts["newspaper"]["aggs"]["chosen"]["terms"]["include"] == f"({label_key('L’Essor')}\x1f)(.*)"
    assert post_filter(()) is None


def test_a_facet_tells_what_was_chosen_what_is_cut_and_what_is_missing() -> None:
    request = SearchRequest(filters=(Filter("newspaper", ("sahel", "Inconnu", "")),), facet_size=1)
    found = {
        "values": {"buckets": [{"key": "essor\x1fL’Essor", "doc_count": 5}], "sum_other_doc_count": 4, "doc_count_error_upper_bound": 0},
        "chosen": {"buckets": [{"key": "sahel\x1fSahel", "doc_count": 3}]},
        "missing": {"doc_count": 2},
    }
    facet, exact = facet_of("newspaper", found, request)
    assert facet.buckets == (Bucket("L’Essor", 5), Bucket("Sahel", 3, True), Bucket("Inconnu", 0, True))
    assert (facet.other, facet.missing, facet.missing_selected, exact) == (1, 2, True, True)


def test_a_shard_that_did_not_tell_its_whole_list_makes_a_facet_approximate() -> None:
    found = {"values": {"buckets": [], "sum_other_doc_count": 0, "doc_count_error_upper_bound": 1}, "missing": {"doc_count": 0}}
    assert facet_of("newspaper", found, SearchRequest())[1] is False


def test_sizes_are_none_while_no_primary_can_tell() -> None:
    assert sizes_in({"_all": {"primaries": {}}}) == (0, 0)
    assert sizes_in({"_all": {"primaries": {"segments": {"count": 3}, "store": {"size_in_bytes": 70}}}}) == (3, 70)
