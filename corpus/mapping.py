"""What does the archivist say of these files? A ``marbre.toml`` in a folder: newspaper, language, kind, columns and dates, for it and below it.

    newspaper = "L’Essor"                    # of articles that name none; also language, kind, section, credit
    date_format = "%m/%d/%Y"                 # how dates are written here, where it is not the French way
    [columns]
    "Titre de l’article" = "titre"           # column or key = field, by any of its names; "" leaves it out
    [[files]]                                # for some files: the pattern is of the path below this folder
    pattern = "sahel/*.csv"
    newspaper = "Le Sahel"

The file nearest to an article counts most, ``[[files]]`` more than the folder, and what the command line says more than all. A key or field that is not
known is an error in one line, before anything of the folder is read: a misspelt « jounal » would cost every article its newspaper.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from corpus.article import INPUT_NAMES
from corpus.errors import SourceUnreadable

__all__ = ["MAPPING_FILE", "Mapped", "mapped_record", "mapping_for"]

MAPPING_FILE: Final = "marbre.toml"
MAPPING_BYTES: Final = 1 << 20
DATE_FORMAT: Final = "\0date_format"  # stands among the names of a source; no column is called so
DEFAULTS: Final = ("newspaper", "language", "kind", "section", "credit")
_FRENCH: Final = {"journal": "newspaper", "langue": "language", "type": "kind", "rubrique": "section", "format_date": "date_format", "colonnes": "columns", "fichiers": "files", "motif": "pattern"}  # fmt: skip
_KNOWN: Final = frozenset({*DEFAULTS, "date_format", "columns"})
_FIELDS: Final = {name: field for field, names in INPUT_NAMES.items() for name in names}
_DAYS: Final = ("published", "updated")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What holds for one file: ``defaults`` of empty fields, ``names`` of columns (lower case) to fields."""

    defaults: Mapping[str, str]
    names: Mapping[str, str]


def mapping_for(path: Path, root: Path) -> Mapped:
    """Return what the mapping files from ``root`` (a folder) down to the folder of ``path`` say of a file.

    Raises: SourceUnreadable for a mapping file that cannot be understood.
    """
    defaults: dict[str, str] = {}
    names: dict[str, str] = {}
    for folder in _folders(path.parent, root):
        for section in _sections(folder / MAPPING_FILE):
            pattern = section.get("pattern")
            if pattern is None or fnmatchcase(path.relative_to(folder).as_posix(), pattern):
                defaults |= {name: section[name] for name in DEFAULTS if name in section}
                names |= section["columns"]
                if "date_format" in section:
                    names[DATE_FORMAT] = section["date_format"]
    return Mapped(defaults, names)


def mapped_record(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a record under the names of our fields, its dates read as the mapping says; a date of another form stays as it is."""
    mapped: dict[str, Any] = {}
    for key, value in record.items():
        field = names.get(str(key).strip().lower())
        if field is None:
            mapped.setdefault(str(key), value)
        elif field and value not in (None, ""):
            mapped[field] = value
    if DATE_FORMAT in names:
        for key in list(mapped):
            if _FIELDS.get(key.strip().lower()) in _DAYS:
                mapped[key] = _day(mapped[key], names[DATE_FORMAT])
    return mapped


def _day(value: Any, form: str) -> Any:
    try:
        return dt.datetime.strptime(str(value).strip(), form).date().isoformat()
    except ValueError:
        return value


def _folders(folder: Path, root: Path) -> Iterator[Path]:
    """Yield the folders from the root down to ``folder``."""
    if folder == root or root not in folder.parents:
        yield folder
        return
    yield from _folders(folder.parent, root)
    yield folder


def _sections(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return _parsed(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _parsed(path: Path, _mtime_ns: int, size: int) -> tuple[dict[str, Any], ...]:
    """Return the sections of a mapping file: the folder's own, then those of patterns."""
    if size > MAPPING_BYTES:
        raise SourceUnreadable(f"{path}: a mapping file of {size} bytes; at most {MAPPING_BYTES} expected")
    try:
        table = _english(tomllib.loads(path.read_bytes().decode("utf-8")))
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"{path}: not a mapping file ({str(error).splitlines()[0]}); TOML in UTF-8 is expected") from error
    parts = table.pop("files", [])
    if not isinstance(parts, list) or not all(isinstance(part, dict) and isinstance(part.get("pattern"), str) for part in parts):
        raise SourceUnreadable(f'{path}: each [[files]] needs a pattern, such as pattern = "sahel/*.csv"')
    return (_section(path, table, _KNOWN), *(_section(path, part, _KNOWN | {"pattern"}) for part in parts))


def _english(value: Any) -> Any:
    """Return a table under the English names of its keys; columns are the archivist's own."""
    if not isinstance(value, dict):
        return value
    named = {_FRENCH.get(key, key): part for key, part in value.items()}
    return {
        key: [_english(part) for part in found] if key == "files" and isinstance(found, list) else found for key, found in named.items()
    }


def _section(path: Path, table: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    for key, value in table.items():
        if key not in known:
            raise SourceUnreadable(f"{path}: key “{key[:60]}” is not known; one of {', '.join(sorted(known))} is expected")
        if key != "columns" and (not isinstance(value, str) or not value):
            raise SourceUnreadable(f"{path}: {key}: a text in double quotes is expected")
    if "%" not in table.get("date_format", "%"):
        raise SourceUnreadable(f"{path}: date_format: “{table['date_format'][:60]}” found, a form such as %d/%m/%Y or %m/%d/%y expected")
    return {**table, "columns": _columns(path, table.get("columns", {}))}


def _columns(path: Path, columns: Any) -> dict[str, str]:
    if not isinstance(columns, dict):
        raise SourceUnreadable(f'{path}: [columns] holds lines such as "Titre de l’article" = "titre"')
    names = {}
    for column, field in columns.items():
        english = _FIELDS.get(field.strip().lower(), "") if isinstance(field, str) else ""
        if not english and field != "":
            shown = re.sub(r"\s+", " ", str(field))[:60]
            raise SourceUnreadable(
                f"{path}: column “{column[:60]}”: field “{shown}” is not known; one of {', '.join(INPUT_NAMES)} is expected"
            )
        names[column.strip().lower()] = english
    return names
