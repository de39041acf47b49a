"""Which arguments tests give to some functions: copied when the call begins."""

from __future__ import annotations

import copy
import inspect
import sys
from typing import TYPE_CHECKING, Any

from bot.adapters.inside.guarding import Caught, Hung
from bot.adapters.inside.variants import Call

if TYPE_CHECKING:
    from types import CodeType, FrameType

LONGEST_CALL = 2000
"""Characters of a call that is worth repeating hundreds of times."""


class Recorder:
    """Sees calls of some code; what cannot be copied, or is huge, is left out."""

    def __init__(self, names: dict[CodeType, str], most: int) -> None:
        self._names = names
        self._most = most
        self._calls: dict[str, Call] = {}

    @property
    def calls(self) -> list[Call]:
        """The different calls, in the order in which they were first made."""
        return list(self._calls.values())

    @property
    def is_full(self) -> bool:
        """Tell whether no more calls are kept."""
        return len(self._calls) >= self._most

    def start(self) -> None:
        """Begin to see the calls of this thread."""
        sys.setprofile(self._hear)

    def stop(self) -> None:
        """See no more of them."""
        sys.setprofile(None)

    def _hear(self, frame: FrameType, event: str, argument: object) -> None:
        name = self._names.get(frame.f_code) if event == "call" else None
        # A generator is entered again after each of its values: those are no calls.
        if name is None or self.is_full or frame.f_lineno != frame.f_code.co_firstlineno:
            return
        with Caught() as caught:
            call = _call_of(frame, name)
            text = call.text
            if len(text) <= LONGEST_CALL:
                self._calls.setdefault(text, call)
        if isinstance(caught.error, Hung):
            raise caught.error


def _call_of(frame: FrameType, name: str) -> Call:
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount
    known = code.co_varnames
    positional = [values[key] for key in known[:count]]
    end = count + code.co_kwonlyargcount
    named = {key: values[key] for key in known[count:end]}
    if code.co_flags & inspect.CO_VARARGS:
        positional += values[known[end]]
        end += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        named.update(values[known[end]])
    given: tuple[Any, Any] = copy.deepcopy((tuple(positional), named))
    return Call(name, *given)
