"""Text that is not formatted, and exceptions that are not caught.

Real bugs: the forgotten `f` of an f-string, a handler for the wrong exception, an exception raised
that callers do not expect, a literal where the variable of the same name was meant.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_RAISED = ("ValueError", "TypeError", "KeyError", "IndexError", "RuntimeError")


def _formatted(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{" in node.value:
        text = scene.of(node)
        if text[:1] in "'\"":
            yield scene.swap(node, f"f{text}")


def _unquoted(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """`'text'` where the variable `text` was meant."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    name = str(node.value) if isinstance(node, ast.Constant) else ""
    if is_text and name in scene.ingredients.names(node):
        yield scene.swap(node, name)
        yield scene.swap(node, f"{name}.encode()", 0.5)
        yield scene.swap(node, f"str({name})", 0.3)


def _caught(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        here = scene.of(node.type)
        for name, weight in fading(scene.ingredients.hints.exceptions, half=3):
            if name not in here:
                known = here.strip("()")
                yield scene.swap(node.type, f"({known}, {name})", weight)
                yield scene.swap(node.type, name, weight * 0.8)


def _raised(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Raise) and node.exc is not None:
        name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        others = dict.fromkeys((*scene.ingredients.hints.exceptions, *_RAISED))
        for other, weight in fading((n for n in others if n != scene.of(name)), half=3):
            yield scene.swap(name, other, weight)


TEMPLATES = (
    Template("f-string", 0.9, (ast.Constant,), _formatted),
    Template("quotes dropped", 0.6, (ast.Constant,), _unquoted),
    Template("exception caught", 0.6, (ast.ExceptHandler,), _caught),
    Template("exception raised", 0.4, (ast.Raise,), _raised),
)
