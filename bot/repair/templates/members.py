"""Attributes and keywords: the right object, and not the part of it that was meant.

Real bugs: `order` for `order.total` and the other way round, a local name where the object's own
`self.limit` was meant, a forgotten method call's parentheses, a keyword argument under the name of
its neighbour.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading


def _is_read(scene: Scene, node: ast.expr) -> bool:
    parent = scene.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return False
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load)


def _added(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Take an attribute of a name: those of the same name in the file first."""
    if not isinstance(node, ast.Name) or not _is_read(scene, node):
        return
    if isinstance(scene.parent(node), ast.Attribute):
        return
    known = scene.ingredients.attributes
    others = (
        attr for owner, attrs in known.items() if owner not in (node.id, "self") for attr in attrs
    )
    for attr, weight in fading(dict.fromkeys((*known.get(node.id, ()), *others)), half=4):
        yield scene.swap(node, f"{node.id}.{attr}", weight)


def _of_self(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """`self.limit` for `limit`, and back."""
    own = scene.ingredients.attributes.get("self", ())
    if isinstance(node, ast.Name) and node.id in own and node.id != "self":
        yield scene.swap(node, f"self.{node.id}")
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=attr):
            if attr in scene.ingredients.names(node):
                yield scene.swap(node, attr)


def _dropped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Attribute) and _is_read(scene, node):
        yield scene.swap(node, scene.of(node.value))


def _called(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Call a method whose parentheses were forgotten."""
    is_last = not isinstance(scene.parent(node), ast.Attribute)
    if is_last and isinstance(node, ast.Attribute) and _is_read(scene, node):
        yield scene.swap(node, f"{scene.of(node)}()")


def _renamed(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Give a keyword argument the name of another one that the file knows."""
    if not isinstance(node, ast.Call):
        return
    for keyword in node.keywords:
        if keyword.arg is None:
            continue
        start = scene.source.span(keyword)[0]
        others = (name for name in scene.ingredients.keywords if name != keyword.arg)
        for name, weight in fading(others, half=4):
            yield Draft(start, start + len(keyword.arg), name, weight)


TEMPLATES = (
    Template("attribute taken", 0.25, (ast.Name,), _added),
    Template("attribute of self", 0.5, (ast.Name, ast.Attribute), _of_self),
    Template("attribute dropped", 0.25, (ast.Attribute,), _dropped),
    Template("method called", 0.4, (ast.Attribute,), _called),
    Template("keyword renamed", 0.3, (ast.Call,), _renamed),
)
