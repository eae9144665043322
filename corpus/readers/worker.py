"""What runs in the reader process? The readers of this package, with a bound on memory; see ``corpus/bounded.py``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.bounded import forbid_connections, limit_memory, serve
from corpus.readers import Source, file_source
from corpus.readers.formats import read_one

__all__ = ["main"]


def main() -> None:
    """Serve requests from standard input; what a library prints must not look like an answer."""
    limit_memory(int(sys.argv[2]))
    forbid_connections()
    answers, sys.stdout = sys.stdout.buffer, sys.stderr
    serve(read_one, _source, sys.stdin.buffer, answers)


def _source(request: Mapping[str, Any]) -> Source:
    source = file_source(Path(request["path"]), request["defaults"])
    return replace(source, name=request["name"], names=request["names"], query=request["query"])
