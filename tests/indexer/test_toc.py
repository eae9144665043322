"""Does stock Whoosh open what we commit, and do we read its table of contents without trusting it?"""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
from whoosh import index as whoosh_index
from whoosh.fields import Schema
from whoosh.query import Term

from bench.toy_index import SCHEMA
from corpus.errors import IndexCorrupt
from indexer import toc
from indexer.codec.whoosh_codec import MarbreCodec
from indexer.generations import (
    Commit,
    open_snapshot,
    segment_entry,
    write_session,
)
from indexer.schema import whoosh_schema
from indexer.verify import check


def test_stock_whoosh_opens_a_generation_folder_and_finds_the_article(tmp_path: Path) -> None:
    source = tmp_path / "stock"
    source.mkdir()
    stock = whoosh_index.create_in(str(source), whoosh_schema())
    writer = stock.writer(codec=MarbreCodec())
    writer.add_document(doc_id="essor-1", headline="Le marché de Bamako")
    writer.commit()
    (segment,) = stock._read_toc().segments
    with write_session(tmp_path / "index") as session:
        files = [path for path in source.iterdir() if path.name.startswith(segment.segment_id())]
        for path in files:
            with session.open_file(path.name) as out:
                out.write(path.read_bytes())
        entry = segment_entry(segment, [path.name for path in files])
        session.commit(Commit((entry,), whoosh_schema(), (segment,), schema_version=1, analysis="x", articles=1))
    opened = whoosh_index.open_dir(str(open_snapshot(tmp_path / "index").folder))
    with opened.searcher() as searcher:
        assert [hit["doc_id"] for hit in searcher.search(Term("doc_id", "essor-1"))] == ["essor-1"]
    assert check(tmp_path / "index", deep=True) == []


def test_the_closed_list_holds_what_our_schema_needs() -> None:
    met: set[tuple[str, str]] = set()

    class Listening(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> object:
            met.add((module, name))
            return super().find_class(module, name)

    schema = whoosh_schema()
    schema.clean()
    Listening(io.BytesIO(pickle.dumps(schema, 2))).load()
    assert met | {("indexer.codec.whoosh_codec", "MarbreSegment")} == toc.ALLOWED_NAMES
    assert read_back(schema).schema.names() == schema.names()


def read_back(schema: Schema) -> toc.StockToc:
    return toc.parse_toc(toc.render_toc(schema, [], 5), "t")


def test_a_toc_gets_another_number_without_being_read() -> None:
    data = toc.render_toc(whoosh_schema(), [], 5)
    assert toc.parse_toc(toc.renumber_toc(data, 77), "t").generation == 77
    assert toc.renumber_toc(toc.renumber_toc(data, 77), 5) == data


def test_every_truncation_of_a_toc_is_refused() -> None:
    data = toc.render_toc(SCHEMA, [], 5)
    for length in range(len(data)):
        with pytest.raises(IndexCorrupt):
            toc.parse_toc(data[:length], "t")
    with pytest.raises(IndexCorrupt):
        toc.parse_toc(data + b"x", "t")
