"""Text that is not formatted, and exceptions that are not caught.

Real bugs: the forgotten `f` of an f-string, two digits for one (`.1f` for `.2f`), a pattern that
wants one or more where none is allowed too, that is not anchored or whose dot was not escaped, a
handler for the wrong exception, an exception raised that callers do not expect, a literal where the
variable of the same name was meant.
"""

import ast
import re
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_SPEC = re.compile(r"\.(\d)[fge%]")
_OPENED = re.compile(r"[rRbBuU]{0,2}(?:'|\")")
_PARTS = {
    "+": ("*", "?", ""),
    "*": ("+", "?"),
    "?": ("*", "+", ""),
    "\\d": (r"\w", r"\d+", "[0-9]"),
    "\\w": (r"\d", r"\w+", r"\S", r"[\w-]"),
    "\\s": (r"\s*", r"\s+", r"\S"),
    "\\b": ("",),
    "^": ("",),
    "$": ("",),
    ".": (r"\.",),
    "\\.": (".",),
}
_PART = re.compile(r"\\[dwsb.]|[+*?^$.]")
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


def _specified(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Change the digits of a format."""
    if not _is_text(scene, node):
        return
    start, text = scene.source.span(node)[0], scene.of(node)
    for found in _SPEC.finditer(text):
        for digits in ("1", "2", "3", "0", "4", "6"):
            if digits != found[1]:
                yield Draft(start + found.start(1), start + found.end(1), digits)


def _patterned(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Change one part of a regular expression."""
    if not isinstance(node, ast.Constant) or not _is_text(scene, node):
        return
    start, text = scene.source.span(node)[0], scene.of(node)
    opened = _OPENED.match(text)
    if opened is None or not (_is_pattern(scene, node) or text[:1] in "rR"):
        return
    first, last = start + opened.end(), start + len(text) - 1
    for found in _PART.finditer(text, opened.end(), len(text) - 1):
        for other, weight in fading(_PARTS[found[0]], half=3):
            yield Draft(start + found.start(), start + found.end(), other, weight)
    yield Draft(first, first, "^", 0.7)
    yield Draft(last, last, "$", 0.7)


def _is_text(scene: Scene, node: ast.AST) -> bool:
    if isinstance(scene.parent(node), ast.Expr | ast.JoinedStr):
        return False
    is_plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return (is_plain or isinstance(node, ast.JoinedStr)) and "\n" not in scene.of(node)


def _is_pattern(scene: Scene, node: ast.AST) -> bool:
    call = scene.parent(node)
    return (
        isinstance(call, ast.Call)
        and scene.of(call.func).startswith("re.")
        and call.args[:1] == [node]
    )


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
    Template("format", 0.5, (ast.Constant, ast.JoinedStr), _specified),
    Template("pattern", 0.5, (ast.Constant,), _patterned),
    Template("exception caught", 0.6, (ast.ExceptHandler,), _caught),
    Template("exception raised", 0.4, (ast.Raise,), _raised),
)
