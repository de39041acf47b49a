"""Calls like those that tests make: the same ones, and then others with one argument changed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.guarding import Caught
from bot.adapters.inside.texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_STEPS = 3
"""So often a call may be changed; what is near the tests comes first."""
_ELEMENTS = 4
_EACH = 3
"""So many changes of so many elements of a container."""


class Call(NamedTuple):
    """Arguments of one call of one function."""

    function: str
    """Its name with the names of its classes."""
    positional: tuple[Any, ...]
    named: dict[str, Any]

    @property
    def text(self) -> str:
        """The call as a person would write it."""
        given = [shown(value) for value in self.positional]
        given += [f"{name}={shown(value)}" for name, value in self.named.items()]
        return f"{self.function}({', '.join(given)})"

    @property
    def slots(self) -> list[Any]:
        """Where it holds a value: a number or a name."""
        return [*range(len(self.positional)), *self.named]

    def value(self, slot: Any) -> Any:
        """Return the value of a slot."""
        return self.positional[slot] if isinstance(slot, int) else self.named[slot]

    def changed(self, slot: Any, value: Any) -> Call:
        """Return it with another value in a slot."""
        if not isinstance(slot, int):
            return self._replace(named={**self.named, slot: value})
        before, after = self.positional[:slot], self.positional[slot + 1 :]
        return self._replace(positional=(*before, value, *after))


def like(seen: list[Call], most: int) -> list[Call]:
    """Return the calls that were seen, and others like them; no two read the same."""
    found: dict[str, Call] = {}
    streams: list[Iterable[Call]] = [seen]
    for _ in range(_STEPS + 1):
        fresh: list[Call] = []
        for call in _in_turn(streams):
            text = call.text
            if text not in found:
                found[text] = call
                fresh.append(call)
            if len(found) >= most:
                return list(found.values())
        streams = [_neighbours(call, seen) for call in fresh]
    return list(found.values())


def _neighbours(call: Call, seen: list[Call]) -> Iterator[Call]:
    """Yield the calls with one value changed, or exchanged for one seen in its place."""
    return _in_turn([_at(call, slot, seen) for slot in call.slots])


def _at(call: Call, slot: Any, seen: list[Call]) -> Iterator[Call]:
    for value in variants(call.value(slot)):
        yield call.changed(slot, value)
    for other in seen:
        if other.function == call.function and slot in other.slots:
            yield call.changed(slot, other.value(slot))


def _in_turn(streams: Iterable[Iterable[Call]]) -> Iterator[Call]:
    """Yield one of each stream, then the next of each, to the end of the longest."""
    left = [iter(stream) for stream in streams]
    end = object()
    while left:
        going = []
        for stream in left:
            value = next(stream, end)
            if isinstance(value, Call):
                yield value
                going.append(stream)
        left = going


def variants(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield values of the same kind, the likely edges first."""
    make = _MAKERS.get(type(value))
    if make is not None:
        yield from make(value)
    elif type(value) in (list, tuple):
        yield from _of_sequence(value, depth)
    elif type(value) is dict:
        yield from _of_dict(value, depth)
    elif type(value) in (set, frozenset):
        yield from _of_set(value)
    elif not depth and isinstance(getattr(value, "__dict__", None), dict):
        yield from _of_object(value)


def _of_int(value: int) -> list[Any]:
    return [value + 1, value - 1, 0, -value, 2 * value]


def _of_float(value: float) -> list[Any]:
    return [value + 1, value - 1, 0.0, -value, 2 * value, value / 2]


def _of_text(value: Any) -> list[Any]:
    half = len(value) // 2
    return [value[:0], value[:-1], value + value, value[1:], value[half:], value.swapcase()]


_MAKERS: dict[type, Callable[[Any], list[Any]]] = {
    bool: lambda value: [not value],
    int: _of_int,
    float: _of_float,
    str: _of_text,
    bytes: _of_text,
}


def _of_sequence(value: Any, depth: int) -> Iterator[Any]:
    yield value[:0]
    yield value[:-1]
    yield value[::-1]
    yield value + value
    yield value[1:]
    for place in range(min(_ELEMENTS, len(value)) if depth < 2 else 0):
        for number, part in enumerate(variants(value[place], depth + 1)):
            if number == _EACH:
                break
            yield value[:place] + type(value)([part]) + value[place + 1 :]


def _of_dict(value: dict[Any, Any], depth: int) -> Iterator[Any]:
    yield {}
    names = list(value)[:_ELEMENTS]
    for name in names:
        yield {key: held for key, held in value.items() if key != name}
    for name in names if depth < 2 else ():
        for number, part in enumerate(variants(value[name], depth + 1)):
            if number == _EACH:
                break
            yield {**value, name: part}


def _of_set(value: Any) -> Iterator[Any]:
    yield type(value)()
    for part in sorted(value, key=shown)[:_ELEMENTS]:
        yield value - {part}


def _of_object(value: Any) -> Iterator[Any]:
    """Yield an object with one attribute changed, as its own methods might leave it."""
    for name, part in list(vars(value).items()):
        for new in variants(part, 1) if not isinstance(value, type) else ():
            other: Any = None
            with Caught():  # how to copy itself is up to the object
                other = copy.copy(value)
                vars(other)[name] = new
            if other is not None:
                yield other
