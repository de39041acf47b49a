"""Values as texts that mean the same in every process: no address, no order of a hash."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import io
import itertools
import re
import types
from typing import Any

from bot.adapters.inside.guarding import Caught, Hung

LONGEST = 300
_DEEPEST = 8
_MOST_ITEMS = 50
"""So much of an iterator is drawn; it may have no end."""
_LONGEST_INT = 10_000
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
_SCALARS = frozenset({bool, int, float, complex, str, bytes, type(...)})
_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def shown(value: Any) -> str:
    """Return a text for people, cut where it is long."""
    return _cut(_text(value, 0))


def compared(value: Any) -> str:
    """Return a text that differs where long values differ; iterators are drawn from."""
    if inspect.iscoroutine(value):
        value = asyncio.run(value)
    return _marked(_text(value, 0))


def raised(error: BaseException) -> str:
    """Return the text of an exception."""
    return f"raises {type(error).__name__}({_marked(_text(error.args, 0))[1:-1].rstrip(',')})"


def _cut(text: str) -> str:
    text = _ADDRESS.sub("0x", text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _marked(text: str) -> str:
    if len(text) <= LONGEST:
        return _ADDRESS.sub("0x", text)
    mark = hashlib.sha256(_ADDRESS.sub("0x", text).encode("utf-8", "replace")).hexdigest()
    return f"{_cut(text)} (all of it: {mark[:12]})"


def _text(value: Any, depth: int) -> str:
    if value is None or type(value) in _SCALARS:
        return _of_scalar(value)
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _of_container(value, depth + 1)
    if isinstance(value, _NAMED):
        return str(getattr(value, "__qualname__", type(value).__name__))
    if hasattr(type(value), "__next__") and not isinstance(value, io.IOBase):
        return _drawn(value, depth + 1)
    return _of_object(value, depth + 1)


def _of_scalar(value: Any) -> str:
    if type(value) is float:
        # Sums in another order are no other behaviour.
        return repr(float(f"{value:.12g}"))
    if type(value) is int and value.bit_length() > _LONGEST_INT:
        return hex(value)  # Python refuses to write it in decimal
    return repr(value)


def _of_container(value: Any, depth: int) -> str:
    kind, name = type(value), type(value).__name__
    if isinstance(value, dict):
        pairs = (f"{_text(k, depth)}: {_text(v, depth)}" for k, v in value.items())
        text = f"{{{', '.join(pairs)}}}"
    elif isinstance(value, (set, frozenset)):
        parts = ", ".join(sorted(_text(part, depth) for part in value))
        text = f"{{{parts}}}" if parts and kind is set else f"{name}({parts and f'{{{parts}}}'})"
    elif isinstance(value, tuple):
        parts = ", ".join(_text(part, depth) for part in value)
        text = f"({parts}{',' * (len(value) == 1)})"
    else:
        text = f"[{', '.join(_text(part, depth) for part in value)}]"
    return text if kind in (list, tuple, set, frozenset, dict) else f"{name}({text})"


def _drawn(value: Any, depth: int) -> str:
    parts: list[str] = []
    with Caught() as caught:
        parts.extend(_text(part, depth) for part in itertools.islice(value, _MOST_ITEMS))
    if isinstance(caught.error, Hung):
        raise caught.error
    if caught.error is not None:
        parts.append(raised(caught.error))
    return f"{type(value).__name__} of [{', '.join(parts)}]"


def _of_object(value: Any, depth: int) -> str:
    kind = type(value)
    own: object = kind.__repr__
    if own is not object.__repr__:
        text = ""
        with Caught() as caught:
            text = repr(value)
        if isinstance(caught.error, Hung):
            raise caught.error
        if text and not _ADDRESS.search(text):
            return text
    held = getattr(value, "__dict__", None)
    named = dict(held) if isinstance(held, dict) else {}
    for name in _slots(kind):
        with Caught():
            named[name] = getattr(value, name)
    inner = ", ".join(f"{name}={_text(named[name], depth)}" for name in sorted(map(str, named)))
    return f"{kind.__name__}({inner})"


def _slots(kind: type) -> list[str]:
    names: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if name not in ("__dict__", "__weakref__")]
