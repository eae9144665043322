"""Can a segment be read from `docs/file-format.md` alone? A reader of the page, which shares no line with the codec.

It knows struct, CRC-32 and Zstandard, and nothing of this repository but the bytes of a segment that a build has written.
"""

from __future__ import annotations

import json
import struct
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from archives import random_archive

from corpus import Article
from indexer import build_index

WIDTHS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 16, 32)
CHUNK = 65_536


def sections_of(data: bytes) -> dict[str, bytes]:
    """Return the sections of a container (section 1 of the page), every checksum of it compared."""
    magic, version, flags = struct.unpack_from("<8sII", data)
    assert (magic, version, flags) == (b"\x89MARBRE\n", 1, 0)
    assert struct.unpack_from("<I", data, 60)[0] == zlib.crc32(data[:60])
    total, table_at, sums_at, count, crc = struct.unpack_from("<QQQII", data, len(data) - 64)
    assert data[-8:] == b"\x89MRBEND\n"
    assert data[16:32] == data[len(data) - 32 :][:16]
    assert struct.unpack_from("<I", data, len(data) - 12)[0] == zlib.crc32(data[-64:-12])
    assert total == len(data)
    assert crc == zlib.crc32(data[table_at : len(data) - 64])
    found = {}
    for _ in range(count):
        offset, length, first, size = struct.unpack_from("<QQIH", data, table_at)
        name = data[table_at + 22 : table_at + 22 + size].decode()
        table_at += 22 + size
        found[name] = data[offset : offset + length]
        assert offset % 64 == 0
        sums = [zlib.crc32(found[name][at : at + CHUNK]) for at in range(0, length, CHUNK)]
        assert sums == list(struct.unpack_from(f"<{len(sums)}I", data, sums_at + 4 * first))
    return found


def numbers(data: bytes, kind: str) -> tuple[int, ...]:
    """Return a section of numbers of one kind."""
    return struct.unpack(f"<{len(data) // struct.calcsize('<' + kind)}{kind}", data)


def terms_of(sections: dict[str, bytes], field: str) -> list[bytes]:
    """Return the terms of a field (section 3)."""
    offsets, blob = numbers(sections[f"term-offsets/{field}"], "I"), sections[f"terms/{field}"]
    return [blob[start : end - 1] for start, end in pairwise(offsets)]


def unpacked(words: tuple[int, ...], at: int, count: int, head: int) -> tuple[list[int], int]:
    """Return a packed list (section 2), and the number of the word after it."""
    width, exceptions = WIDTHS[head >> 24], head & 0xFFFFFF
    per = 32 // width if width else 0
    rows = -(-count // per) if width else 0
    body = words[at : at + rows]
    if width in (8, 16, 32):
        kind = {8: "B", 16: "H", 32: "I"}[width]
        values = list(numbers(struct.pack(f"<{rows}I", *body), kind))[:count]
    else:
        values = [body[i % rows] >> i // rows * width & (1 << width) - 1 if width else 0 for i in range(count)]
    at += rows
    for place, high in zip(words[at : at + exceptions], words[at + exceptions : at + 2 * exceptions], strict=True):
        values[place] |= high << width
    return values, at + 2 * exceptions


def postings_of(sections: dict[str, bytes], field: str, rank: int, positions: bool) -> tuple[list[int], list[int], list[int]]:
    """Return documents, frequencies and positions of a term in fewer than 4,096 documents (section 3)."""
    count, pointer = numbers(sections[f"df/{field}"], "I")[rank], numbers(sections[f"pointers/{field}"], "Q")[rank]
    if pointer >> 63:
        side = pointer >> 32 & 0x7FFFFFFF
        return ([pointer & 0xFFFFFFFF], [1], [side]) if positions else ([pointer & 0xFFFFFFFF], [side], [])
    words = numbers(sections[f"postings/{field}"], "I")
    heads = words[pointer : pointer + 2 + positions]
    gaps, at = unpacked(words, pointer + len(heads), count, heads[0])
    docs = [sum(gaps[: rank + 1]) + rank for rank in range(count)]
    freqs, at = unpacked(words, at, count, heads[1])
    freqs = [freq + 1 for freq in freqs]
    return docs, freqs, unpacked(words, at, sum(freqs), heads[2])[0] if positions else []


def stored_of(sections: dict[str, bytes], documents: int) -> list[dict[str, object]]:
    """Return the stored articles (section 4)."""
    bytes_at, firsts, ends = (
        numbers(sections[f"stored-{name}"], kind) for name, kind in (("offsets", "Q"), ("firsts", "I"), ("ends", "I"))
    )
    rows: list[dict[str, object]] = []
    for block in range(len(firsts) - 1):
        data, start = zstandard.decompress(sections["stored"][bytes_at[block] : bytes_at[block + 1]]), 0
        for document in range(firsts[block], firsts[block + 1]):
            rows.append(json.loads(data[start : ends[document]]))
            start = ends[document]
    assert len(rows) == documents
    return rows


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], list[Article]]:
    folder: Path = tmp_path_factory.mktemp("page")
    articles = random_archive(seed=31, articles=120, words=40)
    build_index(articles, folder / "index")
    (segment,) = (folder / "index").glob("g*/*.mseg")
    return sections_of(segment.read_bytes()), articles


def test_the_stored_articles_are_read_from_the_page_alone(archive: tuple[dict[str, bytes], list[Article]]) -> None:
    sections, articles = archive
    rows = stored_of(sections, json.loads(sections["meta"])["max_doc"])
    assert {row["doc_id"]: row.get("body", "") for row in rows} == {article.doc_id: article.body for article in articles}


def test_terms_documents_and_positions_are_read_from_the_page_alone(archive: tuple[dict[str, bytes], list[Article]]) -> None:
    sections, articles = archive
    fields = json.loads(sections["meta"])["fields"]
    rows = stored_of(sections, len(articles))
    for field, told in fields.items():
        terms = terms_of(sections, field)
        assert len(terms) == told["terms"]
        assert terms == sorted(set(terms))
        for rank in range(len(terms)):
            docs, freqs, places = postings_of(sections, field, rank, bool(told["positions"]))
            assert docs == sorted(set(docs))
            assert docs[-1] < len(rows)
            assert not told["positions"] or len(places) == sum(freqs)
    identities = [terms_of(sections, "doc-id")[rank].decode() for rank in numbers(sections["doc-id-ranks"], "I")]
    assert identities == [row["doc_id"] for row in rows]


def test_a_word_is_found_where_the_articles_print_it(archive: tuple[dict[str, bytes], list[Article]]) -> None:
    sections, articles = archive
    rows = stored_of(sections, len(articles))
    exact = json.loads(sections["meta"])["fields"]["body"]["forms_of"]
    rank = terms_of(sections, exact).index(b"trafic")
    docs, freqs, _ = postings_of(sections, exact, rank, positions=True)
    printed = [str(row.get("body", "")).replace(",", " ").replace(".", " ").split().count("trafic") for row in rows]
    assert dict(zip(docs, freqs, strict=True)) == {number: count for number, count in enumerate(printed) if count}
