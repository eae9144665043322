"""Does one folder with every format, forty good files among the bad ones, give all the good articles and a reason for each bad file?"""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench import press_files as make
from bench.press_files import Piece

_SPEC = importlib.util.spec_from_file_location("hostile_bad_files_of_folder", Path(__file__).with_name("bad_files.py"))
assert _SPEC is not None and _SPEC.loader is not None
bad_files = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = bad_files
_SPEC.loader.exec_module(bad_files)

_WORDS = [
    a + b
    for a in ("pal", "mor", "ten", "gui", "sab", "dor", "lim", "vak", "fer", "rou")
    for b in ("ane", "otte", "ine", "ule", "age", "erie", "ier", "ure")
]

# Slow on purpose (10 s until it is stopped); test_hostile.py reads it with a shorter patience.
_SLOW = "loop.db"


def _text(number: int, at: int) -> tuple[str, ...]:
    """Return a text of its own: two articles of one paper and day with nearly the same text are one article."""
    words = random.Random(f"{number}-{at}").sample(_WORDS, 24)
    return (f"Le {' '.join(words[:12])} a rouvert dimanche.", f"La {' '.join(words[12:])} suivra mardi.")


def good_files() -> dict[str, tuple[dict[str, bytes], Piece, set[str]]]:
    """Return forty good files: name -> (files, what is in them, facts the format has no place for)."""
    writers = {
        "g2.xml": (lambda one: make.newsml_g2([one]), set()),
        "newsml.xml": (lambda one: make.newsml_1([one]), set()),
        "nitf.xml": (make.nitf, set()),
        "ninjs.json": (make.ninjs, set()),
        "ninjs2.json": (make.ninjs_2, set()),
        "tei.xml": (lambda one: make.tei([one]), set()),
        "page.html": (make.page, set()),
        "page.mhtml": (make.mhtml, set()),
        "web.warc": (lambda one: make.warc([one]), set()),
        "web.warc.gz": (lambda one: gzip.compress(make.warc([one])), set()),
        "blog.xml": (lambda one: make.wxr([one]), set()),
        "mail.eml": (make.eml, {"section", "bylines"}),
        "mail.mbox": (lambda one: make.mbox([one]), {"section", "bylines"}),
        "text.docx": (make.docx, {"newspaper"}),
        "text.odt": (make.odt, {"newspaper", "section"}),
        "table.xlsx": (lambda one: make.xlsx([one]), set()),
        "table.ods": (lambda one: make.ods([one]), set()),
        "print.pdf": (make.pdf_article, {"newspaper", "section"}),
        "pages.zip": (lambda one: make.zipped({"b/c.html": make.page(one)}), set()),
        "pages.tar": (lambda one: make.tarred({"b/c.html": make.page(one)}), set()),
    }
    found: dict[str, tuple[dict[str, bytes], Piece, set[str]]] = {}
    for number, paper in enumerate(("Le Matin de Faraba", "L’Écho du Gué"), 1):
        for at, (name, (write, absent)) in enumerate(writers.items()):
            one = Piece(
                number=1_000 * number + at, headline=f"Bonne nouvelle {number}-{at} du gué", body=_text(number, at), newspaper=paper
            )
            found[f"good-{number}-{name}"] = ({f"good-{number}-{name}": write(one)}, one, absent)
    return found


@pytest.mark.timeout(300)
def test_a_mixed_folder_gives_every_good_article_and_a_reason_for_every_bad_file(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    bad = bad_files.make_all(folder)
    (folder / _SLOW).unlink()
    good = good_files()
    for files, _, _ in good.values():
        for name, data in files.items():
            (folder / name).write_bytes(data)
    assert len(good) == 40 and len(bad) >= 60
    rejects = tmp_path / "rejects.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "marbre", "index", str(folder), "--index", str(tmp_path / "index"), "--rejects", str(rejects), "--json"],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    refused: dict[str, str] = {}
    for line in rejects.read_text("utf-8").splitlines():
        row = json.loads(line)
        refused[Path(row["file"]).name] = refused.get(Path(row["file"]).name, "") + f" {row['place']} {row['reason']};"
    assert {name for name in bad if name != _SLOW} - set(refused) == set()
    assert {name: refused[name] for name, one in bad.items() if name in refused and one.reason not in refused[name]} == {}
    assert not any("the reader failed" in reason for reason in refused.values())
    assert not set(good) & set(refused)

    exported = subprocess.run(
        [sys.executable, "-m", "marbre", "search", "titre:(bonne nouvelle)", "--index", str(tmp_path / "index"), "--size", "100", "--format", "json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    hits = {hit["headline"]: hit for hit in json.loads(exported.stdout)["hits"]}
    for _, one, absent in good.values():
        hit = hits[one.headline]
        expected = {"published": one.day, "newspaper": one.newspaper, "section": one.section, "bylines": [one.byline]}
        assert {key: hit[key] for key in expected if key not in absent} == {k: v for k, v in expected.items() if k not in absent}
    secret = subprocess.run(
        [sys.executable, "-m", "marbre", "search", bad_files.SECRET, "--index", str(tmp_path / "index"), "--format", "json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(secret.stdout)["total"] == 0
    assert not any(bad_files.SECRET.encode() in path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file())
