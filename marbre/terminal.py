"""What do all commands share? How they are told where the index is, how they print, and how they say that something failed."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from corpus.errors import SourceUnreadable
from corpus.printable import printable

__all__ = ["INDEX_OPTION", "Place", "as_text", "counted", "expect_folder_of", "fail", "next_step", "print_all", "print_json", "progress", "say", "say_all"]

class Place(click.ParamType[str]):
    """A file, a folder or a cluster; an empty name is a variable that was not set, and not this folder."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as it is."""
        return str(value) if value else self.fail("an empty name; the path of a file or folder is expected", param, ctx)


INDEX_OPTION = click.option(
    "--index",
    "location",
    type=Place(),
    default=lambda: os.environ.get("MARBRE_INDEX", "index"),
    metavar="LOCATION",
    help="Index folder [default: $MARBRE_INDEX, then ./index].",
)
_NEXT_STEPS: Final = {
    errno.ENOENT: "check the path",
    errno.EACCES: "check who may read and write there",
    errno.EPERM: "check who may read and write there",
    errno.EISDIR: "a file is expected",
    errno.ENOTDIR: "a folder is expected",
    errno.EEXIST: "choose another name, or move it away",
    errno.ENOSPC: "make room, then try again",
    errno.EROFS: "choose a place that can be written to",
}


def next_step(error: OSError) -> str:
    """Return what a person can do about an error of the system."""
    return _NEXT_STEPS.get(error.errno or 0, "check the place, then try again")


def expect_folder_of(path: str, option: str) -> None:
    """See that a file can be written, before an hour of work is done. Raises: SourceUnreadable."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise SourceUnreadable(f"{option}: {path}: there is no folder {folder}; create it, or choose another file")
    if Path(path).is_dir() or not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise SourceUnreadable(f"{option}: {path} cannot be written; choose another file")


def counted(count: int, name: str) -> str:
    """Return “1 article”, “2 articles”."""
    return f"{count} {name}{'' if count == 1 else 's'}"


def as_text(argument: str) -> str:
    """Return an argument as text: bytes that are not UTF-8 reach Python as half characters, which nothing can print."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def progress() -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None
    started = last = time.monotonic()

    def show(count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            click.echo(f"\r{count} articles, {count / (now - started):.0f} articles/s ", nl=False, err=True)

    return show


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def print_all(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def say_all(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def say(line: str) -> None:
    click.echo(printable(line), err=True)


def fail(line: str, code: int) -> NoReturn:
    say("marbre: " + " ".join(line.split()))
    sys.exit(code)
