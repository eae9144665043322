"""Are the files of an archive found, opened and given to the right reader, and is nothing left out in silence?"""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

from corpus import MarbreError, read_articles
from corpus.errors import ArticleInvalid, SourceUnreadable
from corpus.readers import choose_reader, feeds, pages, records, streams, texts

LINE = json.dumps({"titre": "Le pont de Kayes", "texte": "Il rouvre."})


def reasons(stream):
    return [f"{Path(reject.origin.file).name}: {reject.reason}" for reject in stream.rejects]


@pytest.mark.parametrize(
    ("name", "head", "reader"),
    [
        ("a.jsonl", LINE, records.read_json_lines),
        ("a.txt", f"{LINE}\n{LINE}", records.read_json_lines),
        ("a", LINE, records.read_json_lines),
        ("a.jsonl", "{broken", records.read_json_lines),
        ("a.json", f"{LINE}\n{LINE}", records.read_json_lines),
        ("a.json", f"[{LINE}]", records.read_json),
        ("a.json", '{"articles": []}', records.read_json),
        ("a.json", '{\n "titre": "a"}', records.read_json),
        ("a.txt", '[\n {"titre": "a"}]', records.read_json),
        ("a.csv", "foo,bar", records.read_csv),
        ("a.txt", "titre;texte;date\na;b;c", records.read_csv),
        ("a.txt", "Titre, texte et date d’un article", texts.read),
        ("a.txt", "[Communiqué] Le ministère annonce", texts.read),
        ("a.txt", "{Le ministère} annonce", texts.read),
        ("a.md", "# Titre\n\nTexte", texts.read),
        ("a.2024", "Un texte", texts.read),
        ("a.xml", '<?xml version="1.0"?><!-- x --><rss version="2.0">', feeds.read),
        ("a.txt", '<feed xmlns="http://www.w3.org/2005/Atom">', feeds.read),
        ("a.rdf", "<rdf:RDF xmlns:rdf='x'>", feeds.read),
        ("a.xml", '<!DOCTYPE rss [<!ENTITY x "y">]><rss>', feeds.read),
        ("a.html", "<p>Texte</p>", pages.read),
        ("a.txt", "<!DOCTYPE html><html>", pages.read),
        ("a.xml", '<?xml version="1.0"?><html xmlns="x">', pages.read),
        ("a.htm", "Texte", pages.read),
        ("a.txt", "<3 le fleuve", texts.read),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_reader_is_chosen_by_content_then_suffix(name, head, reader, encoding):
    assert choose_reader(name, head.encode(encoding)) is reader


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("a.rtf", b"{\\rtf1", "an RTF document"),
        ("a.txt", b"Rar!\x1a\x07", "a RAR archive"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "an image"),
        ("a.dat", bytes(range(256)), "a binary file"),
        ("a.css", b"p { color: red }", ".css"),
        ("a.xml", b'<?xml version="1.0"?><svg/>', "its first element is “svg”"),
        ("a.txt", b" \r\n ", "empty"),
    ],
)
def test_what_is_not_read_here_says_what_it_is(name, head, reason):
    assert reason in str(choose_reader(name, head))


def test_a_folder_is_walked_in_order_without_hidden_files_and_readmes(tmp_path):
    for name in ("b/2.jsonl", "b/10.jsonl", "a.jsonl", ".hidden.jsonl", ".git/x.jsonl", "README.md", "LICENSE", "b/LICENCE.txt", "c.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(LINE)
    stream = read_articles([tmp_path])
    assert [Path(article.origin.file).relative_to(tmp_path).as_posix() for article in stream] == [
        "a.jsonl",
        "b/10.jsonl",
        "b/2.jsonl",
        "c.jsonl",
    ]
    assert (stream.files, stream.rejects) == (4, [])


def test_one_bad_file_is_a_reject_and_the_others_are_read(tmp_path):
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1}")
    (tmp_path / "b.jsonl").write_text(LINE)
    (tmp_path / "c.txt").write_text("")
    stream = read_articles([tmp_path])
    assert len(list(stream)) == 1
    assert reasons(stream) == ["a.rtf: an RTF document is not read here", "c.txt: the file is empty"]


def test_links_are_not_followed_out_of_the_folder_nor_in_circles(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.jsonl").write_text(LINE)
    (tmp_path / "secret.jsonl").write_text(LINE)
    (inside / "out.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (inside / "circle").symlink_to(inside)
    (inside / "self").symlink_to(inside / "self")
    (inside / "same.jsonl").symlink_to(inside / "a.jsonl")
    stream = read_articles([inside])
    assert len(list(stream)) == 1
    assert "out.jsonl: a symbolic link that leads out of the folder" in reasons(stream)
    assert not any("circle" in reason or "same" in reason for reason in reasons(stream))


def test_a_pipe_in_a_folder_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    stream = read_articles([tmp_path])
    assert list(stream) == []
    assert reasons(stream) == ["pipe.jsonl: not a regular file"]


@pytest.mark.parametrize("missing", ["absent.jsonl", "absent/", "nul\0.txt", "x" * 300])
def test_a_path_that_cannot_be_read_is_refused_at_the_call_in_one_line(tmp_path, missing):
    with pytest.raises(SourceUnreadable) as caught:
        read_articles([tmp_path, str(tmp_path / missing)])
    assert "\n" not in str(caught.value)
    assert "\0" not in str(caught.value)


def test_an_empty_folder_is_refused_at_the_call(tmp_path):
    (tmp_path / ".hidden").write_text(LINE)
    with pytest.raises(SourceUnreadable, match="holds no file to read"):
        read_articles([tmp_path])


def test_a_device_is_refused_at_the_call():
    with pytest.raises(SourceUnreadable, match="neither a file nor a folder"):
        read_articles(["/dev/null"])


def test_strict_stops_at_the_first_reject(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f"{LINE}\n[1]\n{LINE}\n")
    stream = read_articles([path], strict=True)
    next(stream)
    with pytest.raises(ArticleInvalid, match="line 2: a list found"):
        next(stream)
    (tmp_path / "b.rtf").write_bytes(b"{\\rtf1}")
    with pytest.raises(MarbreError, match="an RTF document"):
        list(read_articles([tmp_path / "b.rtf"], strict=True))


def test_defaults_fill_what_the_source_leaves_open(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINE + '\n{"titre": "b", "journal": "L’Essor", "langue": "bm"}')
    articles = list(read_articles([tmp_path], newspaper="Le Fleuve", language="wo"))
    assert [(article.newspaper, article.language) for article in articles] == [("Le Fleuve", "wo"), ("L’Essor", "bm")]


def test_one_path_may_be_given_alone(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINE)
    assert len(list(read_articles(tmp_path / "a.jsonl"))) == len(list(read_articles(str(tmp_path)))) == 1


def test_a_hyphen_reads_json_lines_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{LINE}\n[1]\n".encode())))
    stream = read_articles(["-"])
    assert [str(article.origin) for article in stream] == ["-, line 1"]
    assert [str(reject.origin) for reject in stream.rejects] == ["-, line 2"]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.JSONL.GZ", "a.jsonl", "a.txt.gz"])
def test_gzip_is_read_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(f"{LINE}\n".encode()) + gzip.compress(f"{LINE}\n".encode()))
    stream = read_articles([tmp_path])
    assert len(list(stream)) == 2
    assert stream.rejects == []


def test_a_damaged_gzip_file_gives_what_stands_before_the_damage(tmp_path):
    lines = b"".join(json.dumps({"titre": os.urandom(200).hex()}).encode() + b"\n" for _ in range(5000))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines)[:-2000])
    stream = read_articles([tmp_path])
    assert 4000 < len(list(stream)) < 5000
    assert len(stream.rejects) == 1 and "damaged gzip file" in stream.rejects[0].reason


def test_a_gzip_bomb_is_stopped_by_its_ratio(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "INFLATED_FREE_BYTES", 1 << 20)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(f"{LINE}\n".encode() + b" " * (8 << 20)))
    stream = read_articles([tmp_path])
    assert len(list(stream)) == 1
    assert reasons(stream) == ["a.jsonl.gz: unpacks to more than 200 times its size"]


def test_a_fault_of_a_reader_costs_one_file(tmp_path, monkeypatch):
    def broken(source):
        raise RuntimeError("of the library")
        yield

    monkeypatch.setattr(texts, "read", broken)
    (tmp_path / "a.txt").write_text("Un texte")
    (tmp_path / "b.jsonl").write_text(LINE)
    stream = read_articles([tmp_path])
    assert len(list(stream)) == 1
    assert reasons(stream) == ["a.txt: the reader failed: RuntimeError: of the library"]


@pytest.mark.parametrize("name", ["a\n.jsonl", "a\x1b[31m.jsonl", "a\u202e.jsonl", os.fsdecode(b"a\xff.jsonl")])
def test_a_hostile_file_name_is_shown_harmless(tmp_path, name):
    (tmp_path / name).write_text("[1]")
    stream = read_articles([tmp_path])
    list(stream)
    message = str(stream.rejects[0])
    assert message.isprintable()
    message.encode()
