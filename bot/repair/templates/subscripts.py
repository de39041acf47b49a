"""Indices and slices that take the wrong part.

Real bugs: the last element left out or a first one too many, `[1:]` forgotten, a list not walked
backwards, `rows[j]` for `rows[i][j]`, one element taken where all were meant, a copy forgotten.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import ATOMS, Draft, Scene, Template, fading

_SLICES = ("[1:]", "[:-1]", "[::-1]", "[:]", "[0]", "[-1]", "[1:-1]", "[1]", "[::2]", "[2:]")
_REDUCERS = ("sum", "len", "max", "min", "set", "sorted", "any", "all")


def _sliced(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    parent = scene.parent(node)
    if not isinstance(node, ATOMS) or isinstance(node, ast.Constant):
        return
    if isinstance(parent, ast.Attribute | ast.Expr | ast.Call) and not _is_argument(parent, node):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    names = (f"[{name}]" for name in scene.ingredients.names(node)[:5])
    for text, weight in fading((*_SLICES, *names)):
        yield scene.swap(node, f"{scene.of(node)}{text}", weight)


def _is_argument(parent: ast.AST | None, node: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and parent.func is not node


def _bounds(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Slice):
        return
    lower, upper, step = (scene.of(p) if p else "" for p in (node.lower, node.upper, node.step))
    tail = f":{step}" if step else ""
    names = ("1", "-1", "0", "2", *scene.ingredients.names(node)[:6])
    forms = [f"{lower}:{tail}", f":{upper}{tail}", f"{lower}:{upper}", f"{lower}:{upper}:-1"]
    forms += [f"{name}:{upper}{tail}" for name in names]
    forms += [f"{lower}:{name}{tail}" for name in names]
    if upper:
        forms += [f"{lower}:{lower} + {upper}{tail}" if lower else f"-{upper}:{tail}"]
        forms += [f"{upper}:{tail}", f":-{upper}{tail}"]
    here = scene.of(node)
    for text, weight in fading(t for t in dict.fromkeys(forms) if t != here):
        yield scene.swap(node, text, weight)


def _index_dropped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        whole = scene.of(node.value)
        yield scene.swap(node, whole)
        for name, weight in fading(_REDUCERS, 0.6):
            yield scene.swap(node, f"{name}({whole})", weight)


def _mirrored(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Count from the other end."""
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple):
        index = node.slice
        text = scene.operand(index)
        yield scene.swap(index, f"-{text} - 1")
        yield scene.swap(index, f"-{text}", 0.8)
        yield scene.swap(index, f"len({scene.of(node.value)}) - 1 - {text}", 0.7)


def _safe_lookup(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Look a key up that may be missing."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice):
        return
    if isinstance(node.ctx, ast.Load):
        share = 1.0 if "KeyError" in scene.ingredients.hints.exceptions else 0.3
        owner, key = scene.of(node.value), scene.of(node.slice)
        for default in ("", ", 0", ", []", ", ''", f", {key}"):
            yield scene.swap(node, f"{owner}.get({key}{default})", share)


TEMPLATES = (
    Template("part taken", 0.2, ATOMS, _sliced),
    Template("slice", 0.5, (ast.Slice,), _bounds),
    Template("index dropped", 0.35, (ast.Subscript,), _index_dropped),
    Template("index mirrored", 0.2, (ast.Subscript,), _mirrored),
    Template("safe lookup", 0.3, (ast.Subscript,), _safe_lookup),
)
