"""Our values as JSON and back, exactly: what a durable step returned is what a resumed run reads.

Any frozen dataclass of ours will do: nested ones, enums, times, tuples, frozensets, mappings with
text or numbers as keys, `None` beside empty. Text may hold what no UTF-8 can, such as the lone
surrogates that stand for undecodable bytes; bytes are written as such text. Mappings keep their
order, because a run that goes on has to meet them as the run that died did; sets are sorted, so one
value always has one text. A field that a record lacks takes its default, so that a newer version
reads older records.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from bot.errors import PullwrightError, Refused

T = TypeVar("T")

_ESCAPE = "\ufdd0"
"""No character by definition of Unicode, so it is rare, and it is escaped like all others."""
_SPLIT_PAIR = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")
_ESCAPED = re.compile(f"{_ESCAPE}([01])")


_BROKEN = (TypeError, ValueError, KeyError, AttributeError, RecursionError, OverflowError)


ASK_AGAIN = ": another version wrote it, so ask for the work again"
"""What helps where a record is a step of some work."""


class RecordUnreadable(Refused):
    """A record was not written by this version or one before it."""


class RecordNewer(RecordUnreadable):
    """A record says of itself that a newer version wrote it."""


def dump(value: object) -> str:
    """Return the value as one line of ASCII; raises ValueError for a number that is not finite."""
    return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))


def load(kind: type[T], text: str) -> T:
    """Return the value of a type that `dump` wrote; raises RecordUnreadable."""
    try:
        return cast("T", _value(kind, json.loads(text)))
    except Refused:
        raise
    except (*_BROKEN, PullwrightError) as error:
        # A value can be of its form and have parts that do not go together.
        raise RecordUnreadable(
            f"a stored {kind.__name__} cannot be read ({error}){ASK_AGAIN}"
        ) from error


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case frozenset() | tuple():
            ordered = sorted(value) if isinstance(value, frozenset) else value
            return [_plain(item) for item in ordered]
        case _ if is_dataclass(value):
            return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        case _:
            return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case str():
            return _escape(value)
        case bytes():
            return _escape(value.decode("utf-8", "surrogateescape"))
        case None | bool() | int() | float():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")


def _key(key: object) -> str:
    return str(key) if isinstance(key, int) else _escape(cast("str", key))


def _escape(text: str) -> str:
    """Keep a high and a low surrogate apart: JSON would read the two as one character."""
    if text.isascii():
        return text
    return _SPLIT_PAIR.sub(f"{_ESCAPE}1", text.replace(_ESCAPE, f"{_ESCAPE}0"))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda match: _ESCAPE if match[1] == "0" else "", text)


def _value(kind: object, data: object) -> object:
    """Return what `data` stands for where `kind` is expected."""
    if kind in _PLAIN_KINDS:  # most of a log is numbers: ask nothing else of them
        return _scalar(cast("type", kind), data)
    if isinstance(kind, NewType):
        return _value(kind.__supertype__, data)
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return None if data is None else _value(_other_than_none(kind), data)
    if origin is not None:
        return _BUILDERS[origin](get_args(kind), data)
    if not isinstance(kind, type):
        raise TypeError(f"{kind} has no form in JSON")
    if is_dataclass(kind):
        return _dataclass(kind, cast("dict[str, object]", data))
    return kind(data) if issubclass(kind, Enum) else _scalar(kind, data)


_PLAIN_KINDS: frozenset[object] = frozenset({str, int, float, bool})


def _other_than_none(union: object) -> object:
    (kind,) = (part for part in get_args(union) if part is not NoneType)
    return kind


def _scalar(kind: type, data: object) -> object:
    if kind is datetime:
        return datetime.fromisoformat(cast("str", data))
    if kind is bytes:
        return cast("str", _scalar(str, data)).encode("utf-8", "surrogateescape")
    allowed = (int, float) if kind is float else (kind,)
    is_truth_for_number = isinstance(data, bool) and kind is not bool
    if not isinstance(data, allowed) or is_truth_for_number:
        raise TypeError(f"{type(data).__name__} where {kind.__name__} was expected")
    return _unescape(data) if isinstance(data, str) else data


def _dataclass(kind: type, data: dict[str, object]) -> object:
    known = _fields(kind)
    if unknown := data.keys() - known.keys():
        raise TypeError(f"{kind.__name__} has no {min(unknown)}")
    present = {name: _value(known[name][0], item) for name, item in data.items()}
    for name, (_, field) in known.items():
        is_needed = field.default is MISSING and field.default_factory is MISSING
        if is_needed and name not in present:
            raise TypeError(f"{kind.__name__} needs {name}")
    return kind(**present)


@lru_cache(maxsize=256)
def _fields(kind: type) -> "dict[str, tuple[object, Field[object]]]":
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name], field) for field in fields(kind)}


def _tuple(kinds: tuple[object, ...], data: object) -> object:
    items = _list(data)
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], item) for item in items)
    return tuple(_value(kind, item) for kind, item in zip(kinds, items, strict=True))


def _frozenset(kinds: tuple[object, ...], data: object) -> object:
    return frozenset(_value(kinds[0], item) for item in _list(data))


def _list(data: object) -> list[object]:
    if not isinstance(data, list):
        raise TypeError(f"{type(data).__name__} where a list was expected")
    return data


def _mapping(kinds: tuple[object, ...], data: object) -> object:
    read_key: Callable[[str], object] = int if kinds[0] is int else _unescape
    pairs = cast("dict[str, object]", data).items()
    return {read_key(key): _value(kinds[1], item) for key, item in pairs}


_BUILDERS: Mapping[object, Callable[[tuple[object, ...], object], object]] = {
    tuple: _tuple,
    frozenset: _frozenset,
    Mapping: _mapping,
}
