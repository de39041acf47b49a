"""Names that stand for the wrong thing.

Real bugs: `i` for `j`, `total` for `count` after copy and paste, the wrong one of two arguments,
a result kept in the wrong variable, the wrong attribute of the right object, the members of a pair
the wrong way round, an expression written twice where the second should differ.
"""

import ast
import builtins
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_BUILTINS = frozenset(dir(builtins))
_REPLACEABLE = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Constant, ast.UnaryOp)


def _variable(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if (
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and not _is_called(scene, node)
    ):
        others = (n for n in scene.ingredients.names(node) if n != node.id)
        for name, weight in fading(others, half=5):
            yield scene.swap(node, name, weight)


def _is_called(scene: Scene, node: ast.AST) -> bool:
    parent = scene.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _target(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Store):
        return
    if isinstance(scene.parent(node), ast.Assign | ast.AugAssign | ast.Tuple):
        others = (n for n in scene.ingredients.names(node) if n != node.id)
        for name, weight in fading(others, half=5):
            yield scene.swap(node, name, weight)


def _attribute(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Attribute) or _is_called(scene, node):
        return
    known = scene.ingredients.attributes
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    others = dict.fromkeys((*known.get(owner, ()), *known.get("self", ())))
    start = scene.source.span(node)[1] - len(node.attr)
    for name, weight in fading((n for n in others if n != node.attr), half=5):
        yield Draft(start, start + len(node.attr), name, weight)


def _pair(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Tuple) and 2 <= len(node.elts) <= 4:
        for index in range(len(node.elts) - 1):
            first, second = node.elts[index], node.elts[index + 1]
            (start, left), (right, end) = scene.source.span(first), scene.source.span(second)
            gap = scene.source.text[left:right]
            if "(" not in gap and ")" not in gap and "#" not in gap:
                yield Draft(start, end, f"{scene.of(second)}{gap}{scene.of(first)}")


def _expression(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Put another expression of the file, or a name, in the place of one."""
    if not isinstance(node, _REPLACEABLE) or not _is_value(scene, node):
        return
    here = scene.of(node)
    names = scene.ingredients.names(node)
    texts = [*names[:8], *(f"-{name}" for name in names[:4])]
    texts += scene.ingredients.expressions(node, (ast.Call, ast.Subscript, ast.BinOp))
    for text, weight in fading(t for t in dict.fromkeys(texts) if t != here):
        yield scene.swap(node, text if text.isidentifier() else _safe(scene, node, text), weight)


def _safe(scene: Scene, node: ast.AST, text: str) -> str:
    return f"({text})" if isinstance(scene.parent(node), ast.BinOp | ast.UnaryOp) else text


def _is_value(scene: Scene, node: ast.expr) -> bool:
    parent = scene.parent(node)
    if isinstance(parent, ast.JoinedStr | ast.FormattedValue | ast.Expr | ast.Attribute):
        return False
    if isinstance(node, ast.Constant) and isinstance(parent, ast.Slice):
        return True
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not _is_called(scene, node)


def _operand_added(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Add a term that was forgotten: `a + b` for `a`, with what stands near."""
    if not isinstance(node, ast.Name | ast.BinOp | ast.Call | ast.Subscript):
        return
    if not _is_value(scene, node) or isinstance(scene.parent(node), ast.BinOp | ast.Compare):
        return
    text, names = scene.of(node), scene.ingredients.names(node)
    numbers = [str(n) for n in scene.ingredients.constants(node, int)][:4]
    for name, weight in fading((*names[:8], *numbers)):
        for operator, share in (("+", 1.0), ("-", 0.9), ("*", 0.6), ("%", 0.3), ("//", 0.3)):
            left = text if operator in "+-" or not isinstance(node, ast.BinOp) else f"({text})"
            yield scene.swap(node, f"{left} {operator} {name}", weight * share)


def _term_between(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Add a term that was forgotten in the middle: `a + sep + b` for `a + b`."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return
    texts = [repr(t) for t in (" ", ".", ",", "-", "_", "/", ":", "\n")]
    own = (repr(t) for t in scene.ingredients.constants(node, str) if len(str(t)) < 12)
    for text, weight in fading(dict.fromkeys((*own, *texts)), half=4):
        if (draft := scene.between(node.left, node.right, f"+ {text} +", weight)) is not None:
            yield draft


TEMPLATES = (
    Template("variable", 0.6, (ast.Name,), _variable),
    Template("target", 0.4, (ast.Name,), _target),
    Template("attribute", 0.6, (ast.Attribute,), _attribute),
    Template("pair swapped", 0.6, (ast.Tuple,), _pair),
    Template("expression", 0.2, _REPLACEABLE, _expression),
    Template("operand added", 0.2, (ast.Name, ast.BinOp, ast.Call, ast.Subscript), _operand_added),
    Template("term between", 0.2, (ast.BinOp,), _term_between),
)
