"""Conditions that are asked wrongly.

Real bugs: a condition turned round, branches in each other's place, a condition that another one
of the file should stand for, a conjunct that was forgotten (a bound, an emptiness or None check),
a guard that was never written.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_TESTED = (ast.If, ast.While, ast.IfExp, ast.comprehension)


def _tests(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        return [node.test]
    return node.ifs if isinstance(node, ast.comprehension) else []


def _negated(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    for test in _tests(node):
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            continue
        atom = scene.of(test) if isinstance(test, ast.Compare) else scene.operand(test)
        yield scene.swap(test, f"not {atom}")


def _replaced(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    for test in _tests(node):
        others = scene.ingredients.expressions(test, (ast.Compare, ast.BoolOp))
        for text, weight in fading(others):
            yield scene.swap(test, text, weight)
        for text, weight in fading(_parts(test), 0.6):
            yield scene.swap(test, text, weight)


def _parts(test: ast.expr) -> list[str]:
    names = [n for n in ast.walk(test) if isinstance(n, ast.Name)]
    return [t for n in dict.fromkeys(n.id for n in names) for t in (n, f"not {n}")]


def _extended(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    for test in _tests(node):
        text = scene.operand(test) if isinstance(test, ast.BoolOp | ast.IfExp) else scene.of(test)
        conditions = scene.ingredients.expressions(test, (ast.Compare,))
        conditions += [f"{name} is not None" for name in scene.ingredients.names(test)[:4]]
        conditions += list(scene.ingredients.names(test)[:6])
        for other, weight in fading(conditions):
            yield scene.swap(test, f"{text} and {other}", weight)
            yield scene.swap(test, f"{text} or {other}", weight * 0.8)
            yield scene.swap(test, f"{text} and not {other}", weight * 0.3)


def _shorted(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Take one way always or never."""
    for test in _tests(node):
        yield scene.swap(test, "True")
        yield scene.swap(test, "False")


def _branches(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.IfExp):
        yield scene.swap(node, scene.of(node.body))
        yield scene.swap(node, scene.of(node.orelse))


def _returned(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Compare | ast.BoolOp | ast.Name):
        text = scene.operand(node.value)
        yield scene.swap(node.value, f"not {text}")


TEMPLATES = (
    Template("condition negated", 0.5, _TESTED, _negated),
    Template("condition replaced", 0.35, _TESTED, _replaced),
    Template("condition extended", 0.35, _TESTED, _extended),
    Template("condition shorted", 0.1, _TESTED, _shorted),
    Template("branch alone", 0.15, (ast.IfExp,), _branches),
    Template("result negated", 0.3, (ast.Return,), _returned),
)
