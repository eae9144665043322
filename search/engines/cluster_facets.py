"""How are facets and the timeline asked of a cluster, and what do its buckets say? Pure functions, one request for all of them.

What the reader chose goes into a filter behind the question (``post_filter``), and each facet is counted under all choices but its own, as the local
engine does. A label is counted as ``folded key U+001F value``, so that equal counts come in the order of the alphabet on every shard and here.
A count is exact when every shard told its whole list; where one did not, the facet says that it is approximate.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from indexer.cluster_mapping import KEY_MARK, key_field, label_key
from search.engines.cluster_body import ANYTHING, NOTHING, Body, any_of, days_body
from search.facets import MAX_BUCKETS, timeline_unit
from search.request import Bucket, FacetCounts, Filter, SearchRequest, Timeline

__all__ = ["aggregations", "facet_of", "newspaper_months", "post_filter", "starting_terms", "starting_values", "timeline_of", "value_of"]

SHARD_BUCKETS: Final = 5_000  # values that each shard tells; more distinct ones, and the facet may be approximate
MOST_TERMS: Final = 50_000
COMPOSITE_PAGE: Final = 5_000
_TIMELINE: Final = "timeline"
Search = Callable[[Sequence[Body]], list[dict[str, Any]]]
_SPECIAL: Final = re.compile(r'[.?+*|{}\[\]()"\\#@&<>~^$-]')
_ESCAPED: Final = r"\\\g<0>"
_FORMATS: Final = {"year": "yyyy", "month": "yyyy-MM", "day": "yyyy-MM-dd"}


def post_filter(filters: Sequence[Filter], but: str = "") -> Body | None:
    """Return the conditions of the reader's choices, those of one facet left out; None when there are none."""
    groups: dict[str, list[Filter]] = {}
    for one in filters:
        if one.field != but:
            groups.setdefault(one.field, []).append(one)
    bodies = [_passing(field, group) for field, group in groups.items()]
    return {"bool": {"filter": bodies}} if bodies else None


def aggregations(request: SearchRequest, wanted: Sequence[str], days: tuple[dt.date, dt.date] | None) -> Body:
    """Return what counts the wanted facets and the timeline; ``days``: the first and last of the archive."""
    parts: Body = {}
    for field in wanted:
        inner = _counted(field, request)
        parts[field] = {"filter": post_filter(request.filters, field) or ANYTHING, "aggs": inner}
    if request.facets != ():
        unit = timeline_unit(days[0] if days else None, days[1] if days else None, request)
        inner = {
            "bars": {"date_histogram": {"field": "published", "calendar_interval": unit, "format": _FORMATS[unit], "min_doc_count": 1}}
        }
        parts[_TIMELINE] = {"filter": post_filter(request.filters) or ANYTHING, "aggs": inner}
    return parts


def facet_of(field: str, found: Mapping[str, Any], request: SearchRequest) -> tuple[FacetCounts, bool]:
    """Read one facet; return it, and whether its counts are exact."""
    if field in ("year", "month"):
        rows = [(bucket["key_as_string"], bucket["key_as_string"], bucket["doc_count"]) for bucket in reversed(found["values"]["buckets"])]
        shown, rest = rows[:MAX_BUCKETS], rows[MAX_BUCKETS:]
        kept, other, exact = rest, sum(count for _, _, count in rest), True
    else:
        shown = [_row(bucket) for bucket in found["values"]["buckets"]]
        keys = {value for value, _, _ in shown}
        kept = [row for bucket in found.get("chosen", {}).get("buckets", ()) if (row := _row(bucket))[0] not in keys]
        other, exact = found["values"]["sum_other_doc_count"], not found["values"]["doc_count_error_upper_bound"]
    missing = found["missing"]["doc_count"]
    filters = [one for one in request.filters if one.field == field]
    if not filters:
        return FacetCounts(tuple(Bucket(value, count) for value, _, count in shown), other, missing), exact
    chosen, excluded = (_keys_of(filters, exclude) for exclude in (False, True))
    kept = [row for row in kept if row[1] in chosen | excluded]
    other -= sum(count for _, _, count in kept)
    rows = [*shown, *kept]
    rows += _absent(filters, {key for _, key, _ in rows})
    buckets = tuple(Bucket(value, count, key in chosen, key in excluded) for value, key, count in rows)
    return FacetCounts(buckets, other, missing, "" in chosen), exact


def timeline_of(found: Mapping[str, Any] | None, unit: Any) -> Timeline:
    """Read the timeline."""
    if found is None:
        return Timeline()
    return Timeline(unit, tuple(Bucket(bucket["key_as_string"], bucket["doc_count"]) for bucket in found["bars"]["buckets"]))


def starting_values(field: str, prefix: str, limit: int) -> Body:
    """Return what counts the values of a facet that have a word beginning with a folded prefix."""
    start = _SPECIAL.sub(r"\\\g<0>", prefix)
    return {"terms": {"field": field, "size": limit, "shard_size": SHARD_BUCKETS, "include": f"(.* )?{start}.*{KEY_MARK}.*"}}


def starting_terms(field: str, prefix: str, limit: int | None) -> Body:
    """Return what counts the terms of a field that begin so."""
    size = MOST_TERMS if limit is None else max(1, limit)
    include = {"include": beginning(prefix)} if prefix else {}
    return {"terms": {"field": field, "size": size, "shard_size": max(size, SHARD_BUCKETS), **include}}


def beginning(text: str) -> str:
    """Return the pattern of terms that begin so, in a form that OpenSearch 2.19 does not take for a plain prefix: of an absent one it fails."""
    return f"({_SPECIAL.sub(_ESCAPED, text)})(.*)"


def value_of(bucket: Mapping[str, Any]) -> str:
    """Return the printed value of a bucket of labels."""
    return str(bucket["key"]).partition(KEY_MARK)[2]


def newspaper_months(search: Search) -> Iterator[tuple[str, str, int]]:
    """Yield (newspaper, month, articles) wherever there are any, in the order of the cluster."""
    sources = [
        {"newspaper": {"terms": {"field": "newspaper", "missing_bucket": True}}},
        {"month": {"date_histogram": {"field": "published", "calendar_interval": "month", "format": "yyyy-MM", "missing_bucket": True}}},
    ]
    composite: Body = {"size": COMPOSITE_PAGE, "sources": sources}
    while True:
        found = search([{"size": 0, "aggs": {"pairs": {"composite": composite}}}])[0]["aggregations"]["pairs"]
        for bucket in found["buckets"]:
            paper = value_of({"key": bucket["key"]["newspaper"] or ""})
            yield paper, bucket["key"]["month"] or "", bucket["doc_count"]
        if "after_key" not in found:
            return
        composite["after"] = found["after_key"]


def _counted(field: str, request: SearchRequest) -> Body:
    if field in ("year", "month"):
        histogram = {"field": "published", "calendar_interval": field, "format": _FORMATS[field], "min_doc_count": 1}
        return {"values": {"date_histogram": histogram}, "missing": {"missing": {"field": "published"}}}
    size = min(request.facet_size, MAX_BUCKETS)
    inner: Body = {
        "values": {"terms": {"field": field, "size": max(1, size), "shard_size": max(SHARD_BUCKETS, size)}},
        "missing": {"missing": {"field": field}},
    }
    keys = [key for exclude in (False, True) for key in _keys_of([one for one in request.filters if one.field == field], exclude) if key]
    if keys:
        pattern = "|".join(beginning(key + KEY_MARK) for key in sorted(keys))
        inner["chosen"] = {"terms": {"field": field, "size": MAX_BUCKETS, "include": pattern}}
    return inner


def _row(bucket: Mapping[str, Any]) -> tuple[str, str, int]:
    key, _, value = str(bucket["key"]).partition(KEY_MARK)
    return value, key, bucket["doc_count"]


def _passing(field: str, group: Sequence[Filter]) -> Body:
    """Return the condition of one facet: one of the chosen values and none of the excluded."""
    chosen, excluded = (_keys_of(group, exclude) for exclude in (False, True))
    return {
        "bool": {
            "filter": [_having(field, chosen)] if chosen else [ANYTHING],
            **({"must_not": [_having(field, excluded)]} if excluded else {}),
        }
    }


def _having(field: str, keys: set[str]) -> Body:
    bodies: list[Body] = []
    name = "published" if field in ("year", "month") else field
    if "" in keys:
        bodies.append({"bool": {"filter": [ANYTHING], "must_not": [{"exists": {"field": name}}]}})
    values = sorted(keys - {""})
    if values and name == "published":
        bodies += [_period(value) for value in values]
    elif values:
        bodies.append({"terms": {key_field(field): values}})
    return any_of(bodies)


def _period(value: str) -> Body:
    year = int(value[:4])
    if not year:
        return NOTHING
    first = dt.date(year, int(value[5:7]) if len(value) > 4 else 1, 1)
    last = dt.date(year, 12, 31) if len(value) == 4 or first.month == 12 else dt.date(year, first.month + 1, 1) - dt.timedelta(days=1)
    return days_body("published", first, last)


def _keys_of(filters: Sequence[Filter], exclude: bool) -> set[str]:
    return {_key(one.field, value) for one in filters if one.exclude is exclude for value in one.values}


def _key(field: str, value: str) -> str:
    return value if field in ("year", "month") or not value else label_key(value)


def _absent(filters: Sequence[Filter], shown: set[str]) -> list[tuple[str, str, int]]:
    """Return chosen values that no counted article has: a choice must stay visible, so that it can be taken back."""
    absent: dict[str, str] = {}
    for one in filters:
        for value in one.values:
            if value and _key(one.field, value) not in shown:
                absent.setdefault(_key(one.field, value), value)
    return [(value, key, 0) for key, value in absent.items()]
