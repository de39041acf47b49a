"""What a file defines and calls: the port `Outline`, by `ast` for Python, else by tree-sitter.

Files are hostile, so nothing here recurses and a walk ends after so many nodes; what it did not
reach is not in the outline, which is a help for readers and never evidence.
"""

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

import tree_sitter

from bot.adapters.tree_sitter_syntax import definitions, name_of, outline_of, text_of
from bot.domain.ports import Symbol

_MAX_NODES = 200_000
_FILES_KEPT = 64
_CALLS = frozenset(("call_expression", "new_expression"))
_LAST_NAME = ("property", "field")
"""Where the last name of `a.b` is, in JavaScript and in Go."""


class TreeSitterOutline:
    """Implements the port `Outline`; what is known of the last files is kept."""

    def __init__(self) -> None:
        self._symbols = lru_cache(maxsize=_FILES_KEPT)(_symbols)
        self._calls = lru_cache(maxsize=_FILES_KEPT)(_calls)

    def symbols(self, path: str, data: bytes) -> Sequence[Symbol]:
        return self._symbols(path, data)

    def calls(self, path: str, data: bytes, *, first_line: int, last_line: int) -> frozenset[str]:
        called = self._calls(path, data)
        start = bisect_left(called, (first_line, ""))
        end = bisect_left(called, (last_line + 1, ""))
        return frozenset(name for _, name in called[start:end])


def _symbols(path: str, data: bytes) -> tuple[Symbol, ...]:
    tree = outline_of(path, data)
    match tree:
        case None:
            return ()
        case ast.Module():
            return _in_order([Symbol(name, *span) for *span, name in definitions(tree)])
        case _:
            return _in_order(_walked(tree)[0])


def _calls(path: str, data: bytes) -> tuple[tuple[int, str], ...]:
    """Return each call with its line, in order."""
    tree = outline_of(path, data)
    match tree:
        case None:
            return ()
        case ast.Module():
            return tuple(sorted(_python_calls(tree)))
        case _:
            return tuple(sorted(_walked(tree)[1]))


def _python_calls(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                yield node.lineno, name


def _walked(tree: tree_sitter.Tree) -> tuple[list[Symbol], list[tuple[int, str]]]:
    symbols: list[Symbol] = []
    called: list[tuple[int, str]] = []
    waiting: list[tuple[tree_sitter.Node, str]] = [(tree.root_node, "")]
    for _ in range(_MAX_NODES):
        if not waiting:
            break
        node, prefix = waiting.pop()
        if name := name_of(node):
            first, last = node.start_point.row + 1, node.end_point.row + 1
            symbols.append(Symbol(prefix + name, first, last))
            prefix = f"{prefix}{name}."
        if node.type in _CALLS and (callee := _callee(node)):
            called.append((node.start_point.row + 1, callee))
        waiting.extend((child, prefix) for child in node.named_children)
    return symbols, called


def _callee(node: tree_sitter.Node) -> str:
    """Return the last name of what is called, or an empty string for what has no name."""
    target = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    if target is None:
        return ""
    if target.type == "identifier":
        return text_of(target)
    parts = (target.child_by_field_name(field) for field in _LAST_NAME)
    return next((text_of(part) for part in parts if part is not None), "")


def _in_order(symbols: list[Symbol]) -> tuple[Symbol, ...]:
    return tuple(sorted(symbols, key=lambda s: (s.first_line, -s.last_line, s.name)))
