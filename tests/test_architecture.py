"""Does the code keep to the plan of the house? Imports point left, vendors stay at home, pure modules touch nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("corpus", "indexer", "search", "web")  # each may import itself and what stands left of it

VENDOR_HOMES = {
    "whoosh": (
        "indexer/schema.py",
        "indexer/writer.py",
        "indexer/generations.py",
        "indexer/toc.py",
        "indexer/stock.py",
        "indexer/codec/",
        "search/language.py",
        "search/operands.py",
        "search/nodes.py",
        "search/asked.py",
        "search/suggest.py",
        "search/understood.py",
        "search/relaxing.py",
        "search/evaluate.py",
        "search/places.py",
        "search/rescoring.py",
        "search/explain.py",
        "search/marking.py",
        "search/snippets.py",
        "search/answering.py",
        "search/engines/",
    ),
    "opensearchpy": ("indexer/cluster", "search/engines/cluster"),
    "flask": ("web/",),
    "flask_limiter": ("web/limits.py",),
    "limits": ("web/limits.py",),
    "werkzeug": ("web/",),
    "jinja2": ("web/",),
    "markupsafe": ("web/",),
    "click": ("marbre/",),
    "waitress": ("web/serving.py",),
    "snowballstemmer": ("indexer/terms.py", "indexer/data/build_words.py"),
    "unidecode": ("indexer/terms.py", "corpus/article.py"),
    "feedparser": ("corpus/readers/",),
    "trafilatura": ("corpus/readers/",),
    "lxml": ("corpus/readers/",),
}
PURE = (
    "indexer/french.py",
    "indexer/tokenizer.py",
    "indexer/terms.py",
    "indexer/acronyms.py",
    "indexer/mentions.py",
    "indexer/references.py",
    "indexer/reference_parts.py",
    "indexer/manifest.py",
    "indexer/codec/packing.py",
    "corpus/dates.py",
    "corpus/cleaning.py",
    "corpus/printable.py",
    "search/language.py",
    "search/operands.py",
    "search/symbols.py",
    "search/understood.py",
    "search/nodes.py",
    "search/request.py",
    "search/asked.py",
    "search/counting.py",
    "search/facets.py",
    "search/differences.py",
    "search/reprints.py",
    "indexer/resemblance.py",
    "indexer/sketching.py",
    "search/ranking.py",
    "search/matches.py",
    "search/relaxing.py",
    "search/marking.py",
    "search/snippets.py",
    "search/citations.py",
    "search/exporting.py",
    "search/printing.py",
    "web/citation.py",
    "web/state.py",
)
IMPURE_MODULES = {
    "os",
    "io",
    "pathlib",
    "socket",
    "time",
    "logging",
    "tempfile",
    "shutil",
    "subprocess",
    "urllib.request",
    "random",
    "sys",
    "threading",
}
IMPURE_CALLS = {"open", "print", "input"}
CLOCKS = {"now", "today", "utcnow"}


def product_files() -> Iterator[Path]:
    """Yield every module of the product."""
    yield from sorted((ROOT / "marbre").glob("*.py"))
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names of every import, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the arrow"
            yield node.module or ""


def arrows_to_the_right(name: str, source: str) -> list[str]:
    """Return the imports of a room that stands right of the file's own, or of the command."""
    room = name.split("/")[0]
    if room not in ROOMS:
        return []
    forbidden = {*ROOMS[ROOMS.index(room) + 1 :], "marbre", *(("indexer",) if room == "web" else ())}
    return [module for module in imported(ast.parse(source)) if module.split(".")[0] in forbidden]


def vendors_away_from_home(name: str, source: str) -> list[str]:
    """Return the imports of a vendor outside its home."""
    tops = {module.split(".")[0] for module in imported(ast.parse(source))}
    return [vendor for vendor in sorted(tops & VENDOR_HOMES.keys()) if not name.startswith(VENDOR_HOMES[vendor])]


def impurities(source: str) -> list[str]:
    """Return what a module reads or changes outside its arguments: files, sockets, clocks, logs."""
    tree = ast.parse(source)
    found = [module for module in imported(tree) if module in IMPURE_MODULES or module.split(".")[0] in IMPURE_MODULES - {"os"}]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
                found.append(node.func.id)
            if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS | {"read_text", "write_text", "read_bytes", "write_bytes"}:
                found.append(node.func.attr)
    return found


@pytest.mark.parametrize("path", list(product_files()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_left_and_vendors_stay_at_home(path: Path) -> None:
    name, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    assert arrows_to_the_right(name, source) == []
    assert vendors_away_from_home(name, source) == []


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_touch_nothing(name: str) -> None:
    assert impurities((ROOT / name).read_text(encoding="utf-8")) == []


def test_a_wrong_arrow_a_strayed_vendor_and_hidden_input_are_seen() -> None:
    assert arrows_to_the_right("corpus/article.py", "def f():\n    from indexer import french") == ["indexer"]
    assert arrows_to_the_right("web/views.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import indexer.schema") == [
        "indexer.schema"
    ]
    assert arrows_to_the_right("search/facets.py", "import marbre") == ["marbre"]
    assert vendors_away_from_home("corpus/dates.py", "import whoosh.fields") == ["whoosh"]
    assert impurities("import datetime\ndef f():\n    return datetime.date.today()") == ["today"]
    assert impurities("def f(p):\n    return open(p)") == ["open"]


def test_nothing_is_unpickled_or_evaluated_outside_the_table_of_contents() -> None:
    for path in product_files():
        name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
        modules = {module.split(".")[0] for module in imported(tree)}
        calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not calls & {"eval", "exec"}, name
        if name != "indexer/toc.py":
            assert not modules & {"pickle", "marshal", "shelve", "dill"}, name


def test_every_module_says_what_question_it_answers() -> None:
    silent = [
        path.relative_to(ROOT).as_posix() for path in product_files() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
