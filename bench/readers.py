"""How fast are the readers, how much memory do they take, and how well are pages read? One table for each question.

    python -m bench.readers                 articles a second of processor time and peak memory, one large file of each format
    python -m bench.readers --pages         the pages of tests/corpus/pages, one line a template: facts right, token F1 of the text
    python -m bench.readers --hostile       seconds and peak memory of each bad file of tests/corpus/hostile

Every file is read by a process of its own, started for it; its peak memory is that process's, libraries included.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench import press_files as make
from corpus import read_articles

PAGES = Path("tests/corpus/pages")
HOSTILE = Path("tests/corpus/hostile/bad_files.py")


def main() -> None:
    """Measure what was asked and print a table."""
    options = argparse.ArgumentParser(
        prog="python -m bench.readers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--articles", type=int, default=20_000, help="in each large file")
    options.add_argument("--each", type=int, help="in archives and in files of one article each [default: a tenth of --articles]")
    options.add_argument("--pages", action="store_true")
    options.add_argument("--hostile", action="store_true")
    options.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(_read_here(given.child)))
    elif given.pages:
        _score_pages()
    elif given.hostile:
        _measure_hostile()
    else:
        _measure_formats(given.articles, given.each or max(1, given.articles // 10))


def _read_here(path: Path) -> dict[str, Any]:
    import corpus.readers.formats  # noqa: F401 - its libraries are loaded before the clock starts

    started = time.process_time()
    stream = read_articles([path])
    count = sum(1 for _ in stream)
    seconds = time.process_time() - started
    # Not ru_maxrss, which a child inherits from the process that started it.
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024  # type: ignore[index]
    return {"articles": count, "rejects": [reject.reason for reject in stream.rejects[:3]], "seconds": seconds, "peak": peak}


def _read_beside(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.readers", "--child", str(path)], capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        return {"articles": 0, "rejects": [done.stderr[-200:]], "seconds": float("nan"), "peak": float("nan")}
    return dict(json.loads(done.stdout))


# --- speed ------------------------------------------------------------------------------------------------------------


def _measure_formats(count: int, each: int) -> None:
    print(f"{'format':<22} {'MB':>7} {'articles':>9} {'a/CPU s':>11} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, files in _large_files(count, each):
            place = Path(folder) / name.replace(" ", "-")
            for inside, data in files.items():
                (place / inside).parent.mkdir(parents=True, exist_ok=True)
                (place / inside).write_bytes(data)
            found = _read_beside(place)
            size = sum(map(len, files.values())) / 1e6
            print(
                f"{name:<22} {size:>7.1f} {found['articles']:>9} {found['articles'] / found['seconds']:>11.0f} {found['peak']:>8.0f}",
                *found["rejects"],
                flush=True,
            )


def _large_files(count: int, each: int) -> Any:
    """Yield the name of a format and a large file of it (or a folder, where a file holds one article)."""
    many = make.pieces(count)
    lines = "".join(json.dumps({"titre": one.headline, "texte": " ".join(one.body), "date": one.day}) + "\n" for one in many).encode()
    yield "JSON Lines", {"a.jsonl": lines}
    for name, (suffix, write) in make.WRITERS.items():
        yield name, {f"a{suffix}": write(many)}
    few = many[:each]
    yield "WARC in gzip", {"a.warc.gz": gzip.compress(make.warc(few))}
    yield "METS with ALTO", make.mets_issue(few)
    yield "NITF, a file each", {f"{one.number}.xml": make.nitf(one) for one in few}
    yield "ninjs in a list", {"a.json": b"[" + b",".join(map(make.ninjs, many)) + b"]"}
    yield "HTML, a file each", {f"{one.number}.html": make.page(one) for one in few}
    yield "HTML in ZIP", {"a.zip": make.zipped({f"{one.number}.html": make.page(one) for one in few})}
    yield "HTML in TAR.GZ", {"a.tgz": make.tarred({f"{one.number}.html": make.page(one) for one in few}, "w:gz")}
    yield "MHTML, a file each", {f"{one.number}.mhtml": make.mhtml(one) for one in few}
    yield "DOCX, a file each", {f"{one.number}.docx": make.docx(one) for one in few}
    yield "ODT, a file each", {f"{one.number}.odt": make.odt(one) for one in few}
    yield "PDF, a file each", {f"{one.number}.pdf": make.pdf_article(one) for one in few}
    yield "PDF of 200 pages", {"a.pdf": make.pdf([list(one.body) * 20 for one in many[:200]])}


# --- pages ------------------------------------------------------------------------------------------------------------


def _score_pages() -> None:
    expected = json.loads((PAGES / "expected.json").read_text("utf-8"))
    print(f"{'template':<12} {'headline':>8} {'date':>5} {'byline':>6} {'section':>7} {'newspaper':>9} {'F1':>6}")
    scores = []
    for name, facts in expected.items():
        (found,) = read_articles([PAGES / f"{name}.html"])
        right = [getattr(found, key) == facts[key] for key in ("headline", "published")]
        right += [list(found.bylines) == facts["bylines"], found.section == facts["section"], found.newspaper == facts["newspaper"]]
        scores.append(_token_f1(found.body, "\n".join(facts["body"])))
        marks = ["yes" if one else "NO" for one in right]
        print(f"{name:<12} {marks[0]:>8} {marks[1]:>5} {marks[2]:>6} {marks[3]:>7} {marks[4]:>9} {scores[-1]:>6.3f}")
    print(f"{'mean':<12} {'':>39} {sum(scores) / len(scores):>6.3f}")


def _token_f1(found: str, expected: str) -> float:
    a, b = (Counter(re.findall(r"\w+", text.lower())) for text in (found, expected))
    return 2 * (a & b).total() / (a.total() + b.total())


# --- bad files --------------------------------------------------------------------------------------------------------


def _measure_hostile() -> None:
    spec = importlib.util.spec_from_file_location("bad_files", HOSTILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bad_files"] = module
    spec.loader.exec_module(module)
    print(f"{'file':<26} {'s':>6} {'peak MB':>8} {'articles':>8}  reason")
    slowest, largest = 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret.txt"
        secret.write_text(module.SECRET)
        for name, bad in module.BAD.items():
            path = Path(folder) / name
            path.write_bytes(bad.data(secret))
            found = _read_beside(path)
            path.unlink()
            slowest, largest = max(slowest, found["seconds"]), max(largest, found["peak"])
            reason = found["rejects"][0] if found["rejects"] else "NOT REFUSED"
            print(f"{name:<26} {found['seconds']:>6.2f} {found['peak']:>8.0f} {found['articles']:>8}  {reason[:90]}", flush=True)
    print(f"{len(module.BAD)} files; slowest {slowest:.1f} s, largest {largest:.0f} MB")


if __name__ == "__main__":
    main()
