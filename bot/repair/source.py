"""One file as the templates see it: a tree with the spans of its nodes in characters."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.repair.candidates import SpanEdit

Span = tuple[int, int]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True)
class Source:
    """The text of one Python file; raises SyntaxError or ValueError where it does not parse."""

    path: str
    text: str

    def __post_init__(self) -> None:
        self.tree  # noqa: B018  (a file that does not parse is refused here and not in a template)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        return starts

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Every node's parent."""
        nodes = ast.walk(self.tree)
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def offset(self, line: int, column_bytes: int) -> int:
        """Turn a position of `ast`, which counts bytes, into a character offset."""
        start = self._line_starts[line - 1]
        row = self.text[start : self._line_starts[line] - 1]
        if row.isascii():
            return start + column_bytes
        return start + len(row.encode("utf-8")[:column_bytes].decode("utf-8", "ignore"))

    def span(self, node: ast.AST) -> Span:
        """Return where an expression or statement stands."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line, end_column = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", 0)
        return self.offset(line, column), self.offset(end_line, end_column)

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def whole_lines(self, first: ast.AST, last: ast.AST) -> Span | None:
        """Return the span of the lines of some statements, or None where they share a line."""
        start, end = self.span(first)[0], self.span(last)[1]
        begin = self.text.rfind("\n", 0, start) + 1
        stop = self.text.find("\n", end)
        stop = len(self.text) if stop < 0 else stop + 1
        rest = self.text[end:stop].strip()
        is_alone = not self.text[begin:start].strip() and (not rest or rest.startswith("#"))
        return (begin, stop) if is_alone else None

    def indent(self, node: ast.AST) -> str:
        """Return the white space in front of a statement."""
        start = self.span(node)[0]
        return self.text[self.text.rfind("\n", 0, start) + 1 : start]

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the parents of a node, the nearest first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def function(self, node: ast.AST) -> Function | None:
        """Return the innermost function around a node."""
        return next((a for a in self.ancestors(node) if isinstance(a, Function)), None)

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """Return the innermost statement around a node, or the node itself."""
        if isinstance(node, ast.stmt):
            return node
        return next((a for a in self.ancestors(node) if isinstance(a, ast.stmt)), None)

    def block(self, statement: ast.stmt) -> Sequence[ast.stmt]:
        """Return the statements among which this one stands."""
        parent = self.parents.get(statement)
        for name in _BLOCKS:
            statements = getattr(parent, name, None)
            if isinstance(statements, list) and statement in statements:
                return statements
        return [statement]


def applied(text: str, edits: Sequence[SpanEdit]) -> str:
    """Return the text with edits that do not overlap."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def composed(text: str, first: Sequence[SpanEdit], then: SpanEdit) -> tuple[SpanEdit, ...]:
    """Return edits of `text` that do `first` and then `then`, whose offsets are those after it.

    What touches is merged into one edit, everything else is kept as it was.
    """
    after = applied(text, first)
    start, end, before_start, before_end = then.start, then.end, 0, 0
    kept: list[SpanEdit] = []
    shift = 0
    for edit in sorted(first, key=lambda e: (e.start, e.end)):
        new_start, growth = edit.start + shift, len(edit.text) - (edit.end - edit.start)
        new_end = new_start + len(edit.text)
        shift += growth
        if new_end < then.start or new_start > then.end:
            kept.append(edit)
            before_start += growth if new_end < then.start else 0
            before_end += growth if new_end < then.start else 0
        else:
            start, end = min(start, new_start), max(end, new_end)
            before_end += growth
    new = after[start : then.start] + then.text + after[then.end : end]
    merged = SpanEdit(then.path, start - before_start, end - before_end, new)
    return tuple(sorted((*kept, merged), key=lambda e: e.start))
