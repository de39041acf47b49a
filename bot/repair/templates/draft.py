"""What a template is: a rule that looks at one node and writes what could stand there instead."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.repair.ingredients import Ingredients
from bot.repair.source import Source


@dataclass(frozen=True, slots=True)
class Draft:
    """One proposal: new text for one span, with its share of the template's prior."""

    start: int
    end: int
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Scene:
    """The file that a template looks at."""

    source: Source
    ingredients: Ingredients

    def swap(self, node: ast.AST, text: str, weight: float = 1.0) -> Draft:
        """Put a text in the place of a node."""
        start, end = self.source.span(node)
        return Draft(start, end, text, weight)

    def between(
        self, left: ast.AST, right: ast.AST, text: str, weight: float = 1.0
    ) -> Draft | None:
        """Put a text between two operands; None where a comment or a bracket stands there."""
        start, end = self.source.span(left)[1], self.source.span(right)[0]
        gap = self.source.text[start:end]
        if "#" in gap or "\n" in gap:
            return None
        opened, closed = gap.count("("), gap.count(")")
        head, tail = gap[: gap.rfind(")") + 1], gap[gap.find("(") :] if opened else ""
        return Draft(start, end, f"{head if closed else ''} {text} {tail}", weight)

    def before(self, node: ast.stmt, text: str, weight: float = 1.0) -> Draft | None:
        """Put a statement in front of another one; None where that does not begin its line."""
        span = self.source.whole_lines(node, node)
        if span is None or self.source.text.startswith("elif", self.source.span(node)[0]):
            return None
        return Draft(span[0], span[0], f"{self.source.indent(node)}{text}\n", weight)

    def of(self, node: ast.AST) -> str:
        """Return the text of a node."""
        return self.source.of(node)

    def operand(self, node: ast.expr) -> str:
        """Return the text of an expression so that an operator may be put at its side."""
        text = self.source.of(node)
        return text if isinstance(node, ATOMS) else f"({text})"

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self.source.parents.get(node)


Propose = Callable[[Scene, ast.AST], Iterable[Draft]]
Kinds = tuple[type[ast.AST], ...]
ATOMS = (
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
)


RESULTS = ("None", "0", "[]", "False", "True", "''", "1", "-1", "{}", "set()")
"""What a function returns in a case that was not thought of."""


@dataclass(frozen=True)
class Template:
    """A kind of small edit."""

    name: str
    prior: float
    """How often this kind mends a bug, against the others; in (0, 1]."""
    kinds: Kinds
    propose: Propose
    """Yields what is likely first."""


def fading(
    texts: Iterable[str], start: float = 1.0, *, half: int = 8
) -> Iterator[tuple[str, float]]:
    """Pair each text with a weight that falls to one half after `half` of them."""
    for index, text in enumerate(texts):
        yield text, start * half / (half + index)
