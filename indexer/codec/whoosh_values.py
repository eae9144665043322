"""How is a stored value of any plain type written without pickle? As JSON in which what JSON cannot say is tagged.

Whoosh lets a field store any Python value. Text, numbers, booleans, None, bytes, dates, decimals, lists, tuples, sets and
dicts come back as they were; anything else is refused when it is written, not when it is read.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
from collections.abc import Callable
from typing import Any, Final

__all__ = ["decode_value", "encode_value", "tag_value"]

TAG: Final = "\x00type"

_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "bytes": lambda text: base64.b64decode(text),
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": lambda parts: dt.timedelta(*parts),
    "decimal": decimal.Decimal,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
}


def encode_value(value: Any) -> bytes:
    """Return a plain value as bytes. Raises: ValueError for a value of another type."""
    return json.dumps(tag_value(value), separators=(",", ":")).encode()


def decode_value(data: bytes) -> Any:
    """Return the value of bytes made by ``encode_value``. Raises: ValueError, KeyError for other bytes."""
    return json.loads(data, object_hook=_untagged)


def tag_value(value: Any) -> Any:
    """Return a plain value as JSON can say it. Raises: ValueError for a value of another type."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, str):
        return str(value)
    if kind is list:
        return [tag_value(item) for item in value]
    if kind is dict and all(type(key) is str and key != TAG for key in value):
        return {key: tag_value(item) for key, item in value.items()}
    return {TAG: _name_and_parts(value)}


def _name_and_parts(value: Any) -> list[Any]:
    kind = type(value)
    if kind is dict:
        return ["dict", [[tag_value(key), tag_value(item)] for key, item in value.items()]]
    if kind in (tuple, set, frozenset):
        return [kind.__name__, [tag_value(item) for item in value]]
    if isinstance(value, (bytes, bytearray)):
        return ["bytes", base64.b64encode(value).decode()]
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return ["datetime" if isinstance(value, dt.datetime) else kind.__name__, value.isoformat()]
    if isinstance(value, dt.timedelta):
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    if isinstance(value, decimal.Decimal):
        return ["decimal", str(value)]
    raise ValueError(f"a stored value of type {kind.__name__} found, a plain value expected (text, number, date, list, dict...)")


def _untagged(value: dict[str, Any]) -> Any:
    if TAG not in value:
        return value
    name, parts = value[TAG]
    return _READ[name](parts)
