"""Puts a candidate into a running program that cannot be swapped: its module is executed again.

What was imported from the module by name is bound anew. It is enough to see what functions return,
and no more: instances of the module's classes are still those of the old ones.
"""

from __future__ import annotations

import gc
import sys
import types
from typing import TYPE_CHECKING, Any

from bot.adapters.inside.swaps import Edit, edited

if TYPE_CHECKING:
    from bot.adapters.inside.swaps import Sources


def executed_again(sources: Sources, edits: list[Edit]) -> dict[str, Any]:
    """Execute the edited modules, and return their new functions by the names of `Place`.

    Raises whatever the edited modules raise.
    """
    found: dict[str, Any] = {}
    for path in sorted({edit.path for edit in edits}):
        source = sources.of(path)
        for module in list(sys.modules.values()) if source else ():
            if source and getattr(module, "__file__", None) == source.file:
                text = edited(source.text, [edit for edit in edits if edit.path == path])
                found.update(_executed(module, compile(text, source.file, "exec")))
    return found


def _executed(module: Any, code: Any) -> dict[str, Any]:
    scope = vars(module)
    before = dict(scope)
    old = [thing for thing in gc.get_objects() if type(thing) is types.FunctionType]
    known = set(map(id, old))
    exec(code, scope)  # noqa: S102 - the candidate, in a fork that is there for it
    for other in list(sys.modules.values()):
        held = getattr(other, "__dict__", {})
        for name in set(before) & set(held) if other is not module else ():
            if held[name] is before[name] and not name.startswith("__"):
                held[name] = scope[name]
    return {
        thing.__qualname__: thing
        for thing in gc.get_objects()
        if type(thing) is types.FunctionType
        and thing.__globals__ is scope
        and id(thing) not in known
    }
