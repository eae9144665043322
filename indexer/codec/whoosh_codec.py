"""How does Whoosh see our segments? As a codec like its own: ``index.writer(codec=MarbreCodec())``.

An index written by our writer and one written through Whoosh's ``IndexWriter`` are both read by stock Whoosh as long as this
package is importable. Through Whoosh's writer any field, format and column works, kept plainly (``docs/file-format.md`` 6).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from whoosh.codec import base

from indexer.codec.framing import Container, ContainerWriter, writing
from indexer.codec.segment import SEGMENT_EXTENSION
from indexer.codec.whoosh_reading import DictionaryReader, DocumentsReader
from indexer.codec.whoosh_writing import DocumentsWriter, IndexedFieldsWriter, joined_meta

__all__ = ["DOCUMENTS_EXTENSION", "MarbreCodec", "MarbreSegment"]

DOCUMENTS_EXTENSION: Final = ".mdoc"  # the documents, until the postings follow and both become one file


class MarbreCodec(base.Codec):
    """Whoosh's door to the container format."""

    length_stats = True

    def per_document_writer(self, storage: Any, segment: Any) -> DocumentsWriter:
        """Return the writer of stored fields, lengths, columns and vectors."""
        return DocumentsWriter(segment, lambda sections: _write(storage, segment, DOCUMENTS_EXTENSION, sections))

    def field_writer(self, storage: Any, segment: Any) -> IndexedFieldsWriter:
        """Return the writer of postings; its end makes the segment's one file."""

        def seal(sections: list[tuple[str, Any]], meta: dict[str, Any]) -> None:
            try:
                documents = _open(storage, segment, (DOCUMENTS_EXTENSION,))
            except FileNotFoundError:  # postings alone
                _write(storage, segment, SEGMENT_EXTENSION, joined_meta(sections, meta, segment.doc_count_all()))
                return
            kept = [(part, bytes(documents.section(part).read(0, len(documents.section(part))))) for part in documents.names()]
            documents.close()
            _write(storage, segment, SEGMENT_EXTENSION, joined_meta([*kept, *sections], meta, segment.doc_count_all()))
            storage.delete_file(segment.make_filename(DOCUMENTS_EXTENSION))

        return IndexedFieldsWriter(seal)

    def terms_reader(self, storage: Any, segment: Any) -> DictionaryReader:
        """Return the reader of terms and postings."""
        return DictionaryReader(_open(storage, segment, (SEGMENT_EXTENSION,)))

    def per_document_reader(self, storage: Any, segment: Any) -> DocumentsReader:
        """Return the reader of everything by document."""
        return DocumentsReader(_open(storage, segment, (SEGMENT_EXTENSION, DOCUMENTS_EXTENSION)), segment)

    def new_segment(self, storage: Any, indexname: str) -> MarbreSegment:
        """Return a new, empty segment of an index."""
        return MarbreSegment(indexname)


class MarbreSegment(base.Segment):
    """A segment as the TOC lists it: its name, its size, and its deletions as packed bits. Its state is plain types only."""

    def __init__(self, indexname: str, segid: str | None = None, doc_count: int = 0) -> None:
        self.indexname = indexname
        self.segid = self._random_id() if segid is None else segid
        self.compound = False
        self._doc_count = doc_count
        self._deleted = bytearray()  # bit n = document n, least bit first; empty = none deleted
        self._deleted_count = 0

    def __getstate__(self) -> dict[str, Any]:
        return {"indexname": self.indexname, "segid": self.segid, "doc_count": self._doc_count, "deleted": bytes(self._deleted)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.indexname, self.segid, self.compound = str(state["indexname"]), str(state["segid"]), False
        self._doc_count = int(state["doc_count"])
        self._deleted = bytearray(state["deleted"])
        self._deleted_count = int(self.deleted_mask().sum())

    def codec(self) -> MarbreCodec:
        """Return the codec that reads the segment."""
        return MarbreCodec()

    def should_assemble(self) -> bool:
        """Tell Whoosh not to wrap the file in its own compound file: it is one already."""
        return False

    @property
    def file_name(self) -> str:
        """The name of the segment's file."""
        return str(self.make_filename(SEGMENT_EXTENSION))

    def set_doc_count(self, count: int) -> None:
        """Set how many documents the segment holds, deleted or not."""
        self._doc_count = count

    def doc_count_all(self) -> int:
        """Return how many documents the segment holds, deleted or not."""
        return self._doc_count

    def deleted_count(self) -> int:
        """Return how many documents are deleted."""
        return self._deleted_count

    def deleted_mask(self) -> npt.NDArray[np.bool_]:
        """Return which documents are deleted. Shapes: bool[doc_count_all]."""
        if not self._deleted:
            return np.zeros(self._doc_count, dtype=np.bool_)
        bits = np.unpackbits(np.frombuffer(bytes(self._deleted), dtype=np.uint8), bitorder="little")
        mask = np.zeros(self._doc_count, dtype=np.bool_)
        mask[: len(bits)] = bits[: self._doc_count]
        return mask

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted documents, ascending."""
        return iter(np.flatnonzero(self.deleted_mask()).tolist())

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether a document is deleted."""
        return docnum >> 3 < len(self._deleted) and bool(self._deleted[docnum >> 3] >> (docnum & 7) & 1)

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Delete a document, or bring it back. Raises: IndexError for a number that the segment does not have."""
        if not 0 <= docnum < self._doc_count:
            raise IndexError(f"document {docnum} of {self._doc_count}")
        if self.is_deleted(docnum) == delete:
            return
        if not self._deleted:
            self._deleted = bytearray(-(-self._doc_count // 8))
        self._deleted[docnum >> 3] ^= 1 << (docnum & 7)
        self._deleted_count += 1 if delete else -1


def _id_bytes(segment: Any) -> bytes:
    return str(segment.segid).encode()[:16].ljust(16, b"\0")


def _path(storage: Any, name: str) -> Path | None:
    """Return where a storage keeps a file, None for one that is not a folder."""
    folder = getattr(storage, "folder", None)
    return Path(os.path.join(folder, name)) if isinstance(folder, str) and folder else None


def _write(storage: Any, segment: Any, extension: str, sections: list[tuple[str, Any]]) -> None:
    name = segment.make_filename(extension)
    path = _path(storage, name)
    if path is not None:
        with writing(path, _id_bytes(segment)) as file:
            for section, data in sections:
                file.out.add(section, data)
        return
    stream = BytesIO()
    out = ContainerWriter(stream, _id_bytes(segment))
    for section, data in sections:
        out.add(section, data)
    out.finish()
    with storage.create_file(name) as file:
        file.write(stream.getvalue())


def _open(storage: Any, segment: Any, extensions: tuple[str, ...]) -> Container:
    """Open the first of a segment's files that is there. Raises: FileNotFoundError, IndexCorrupt, IndexForeign."""
    for extension in extensions[:-1]:
        name = segment.make_filename(extension)
        path = _path(storage, name)
        if path.exists() if path is not None else storage.file_exists(name):
            return _open(storage, segment, (extension,))
    name = segment.make_filename(extensions[-1])
    path = _path(storage, name)
    if path is not None:
        return Container.open(path, _id_bytes(segment))
    if not storage.file_exists(name):
        raise FileNotFoundError(name)
    with storage.open_file(name) as file:
        return Container(bytes(file.read()), name).expecting(_id_bytes(segment))
