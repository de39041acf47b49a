"""Conditions that are asked wrongly.

Real bugs: a condition turned round, or one part of it, branches in each other's place, a condition
that another one of the file should stand for, a conjunct that was forgotten (a bound, an emptiness
or None check), a comprehension that forgets to leave something out, two branches of which only one
should be taken, a result that is compared with too little.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_TESTED = (ast.If, ast.While, ast.IfExp, ast.comprehension)
_VALUED = (ast.Return, ast.Assign, ast.GeneratorExp, ast.ListComp, ast.Lambda)
_ASKING = (ast.Compare, ast.BoolOp)


def _tests(node: ast.AST) -> list[ast.expr]:
    """Return the conditions of a node, also those whose answer is kept as a value."""
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.comprehension):
        return node.ifs
    value: ast.expr | None = None
    match node:
        case ast.Return() | ast.Assign():
            value = node.value
        case ast.GeneratorExp() | ast.ListComp():
            value = node.elt
        case ast.Lambda():
            value = node.body
    return [value] if isinstance(value, _ASKING) else []


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


def _part_negated(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.BoolOp):
        return
    for part in node.values:
        if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            continue  # "negation dropped" is for these
        text = scene.of(part) if isinstance(part, ast.Compare) else scene.operand(part)
        yield scene.swap(part, f"not {text}")


def _filtered(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Leave something out of a comprehension: `if x`, or a condition of the file."""
    if not isinstance(node, ast.comprehension) or node.ifs or not isinstance(node.target, ast.Name):
        return
    name, end = node.target.id, scene.source.span(node.iter)[1]
    own = (
        name,
        f"{name} is not None",
        f"{name} != 0",
        f"not {name}",
        f"{name} > 0",
        f"{name} >= 0",
    )
    near = scene.ingredients.expressions(node.iter, (ast.Compare,))
    for text, weight in fading((*own, *near), half=4):
        yield Draft(end, end, f" if {text}", weight)


def _exclusive(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """`elif` for an `if` that follows another one, and the other way round."""
    if not isinstance(node, ast.If):
        return
    start = scene.source.span(node)[0]
    if scene.source.text.startswith("elif", start):
        yield Draft(start, start + 4, "if")
        return
    block = scene.source.block(node)
    before = block[block.index(node) - 1] if block.index(node) else None
    if isinstance(before, ast.If) and not _last(before).orelse:
        yield Draft(start, start, "el")


def _last(node: ast.If) -> ast.If:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return node


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
    Template("condition part negated", 0.4, (ast.BoolOp,), _part_negated),
    Template("condition replaced", 0.35, _TESTED, _replaced),
    Template("condition extended", 0.35, _TESTED, _extended),
    Template("answer replaced", 0.2, _VALUED, _replaced),
    Template("answer extended", 0.2, _VALUED, _extended),
    Template("filter added", 0.3, (ast.comprehension,), _filtered),
    Template("exclusive branch", 0.4, (ast.If,), _exclusive),
    Template("condition shorted", 0.1, _TESTED, _shorted),
    Template("branch alone", 0.15, (ast.IfExp,), _branches),
    Template("result negated", 0.3, (ast.Return,), _returned),
)
