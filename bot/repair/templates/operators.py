"""Operators that are the wrong ones.

Real bugs: `<` for `<=` at a bound, `==` for `!=` after a condition was turned round, `and` for
`or`, a forgotten or needless `not`, `+` for `-` in a formula, `/` for `//`, `+=` for `-=` or `=`,
operands the wrong way round (`j % i`), one term or conjunct too many left by an edit or a merge,
one that was forgotten, `best = n` for `best = max(best, n)`.
"""

import ast
import itertools
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">", ">=", "==", "!="),
    ast.LtE: ("<", ">=", ">", "==", "!="),
    ast.Gt: (">=", "<", "<=", "==", "!="),
    ast.GtE: (">", "<=", "<", "==", "!="),
    ast.Eq: ("!=", "<", ">", "<=", ">=", "in", "is"),
    ast.NotEq: ("==", "<", ">", "<=", ">=", "not in"),
    ast.Is: ("is not", "=="),
    ast.IsNot: ("is", "!="),
    ast.In: ("not in", "=="),
    ast.NotIn: ("in", "!="),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "*", "//"),
    ast.Sub: ("+", "%", "*", "//"),
    ast.Mult: ("+", "/", "//", "**", "-"),
    ast.Div: ("//", "*", "%", "-"),
    ast.FloorDiv: ("/", "%", "*", "-"),
    ast.Mod: ("//", "/", "-", "*"),
    ast.Pow: ("*", "//", "+"),
    ast.LShift: (">>", "*"),
    ast.RShift: ("<<", "//"),
    ast.BitOr: ("&", "^"),
    ast.BitAnd: ("|", "^"),
    ast.BitXor: ("|", "&"),
}
_PLACES = (ast.Name, ast.Subscript, ast.Attribute)
_SYMBOLS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
}


def _comparison(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Compare):
        return
    pairs = itertools.pairwise((node.left, *node.comparators))
    for (left, right), operator in zip(pairs, node.ops, strict=True):
        for text, weight in fading(_COMPARISONS[type(operator)], half=3):
            if (draft := scene.between(left, right, text, weight)) is not None:
                yield draft


def _arithmetic(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.BinOp) or _is_formatting(node):
        return
    for text, weight in fading(_ARITHMETIC.get(type(node.op), ()), half=3):
        if (draft := scene.between(node.left, node.right, text, weight)) is not None:
            yield draft


def _is_formatting(node: ast.BinOp) -> bool:
    is_text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
    return is_text and isinstance(node.op, ast.Mod)


def _boolean(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.BoolOp):
        return
    other = "or" if isinstance(node.op, ast.And) else "and"
    for left, right in itertools.pairwise(node.values):
        if (draft := scene.between(left, right, other)) is not None:
            yield draft


def _negation(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield scene.swap(node, scene.of(node.operand))
        if isinstance(node.op, ast.USub):
            yield scene.swap(node, f"abs({scene.of(node.operand)})", 0.2)


def _minus(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    is_read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not _is_called(scene, node)
    is_part = isinstance(scene.parent(node), ast.Attribute | ast.UnaryOp | ast.Starred | ast.Expr)
    if is_read and not is_part:
        yield scene.swap(node, f"-{scene.of(node)}")


def _is_called(scene: Scene, node: ast.AST) -> bool:
    parent = scene.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _augmented(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    target: ast.expr
    if isinstance(node, ast.AugAssign):
        target, start = node.target, 1.0
        signs = tuple(f"{sign}=" for sign in (*_ARITHMETIC.get(type(node.op), ()), ""))
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], _PLACES):
        target, start, signs = node.targets[-1], 0.5, ("+=", "-=", "*=")
    else:
        return
    for text, weight in fading(signs, start, half=3):
        if (draft := scene.between(target, node.value, text, weight)) is not None:
            yield draft


def _accumulated(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Keep the best or the sum where only the last value was kept, or the other way round."""
    if not isinstance(node, ast.AugAssign | ast.Assign):
        return
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    if not isinstance(target, _PLACES) or (isinstance(node, ast.Assign) and node.targets[1:]):
        return
    start, end = scene.source.span(node)
    name, value = scene.of(target), scene.of(node.value)
    for function in ("max", "min"):
        yield Draft(start, end, f"{name} = {function}({name}, {value})")
    for word in ("and", "or"):
        yield Draft(start, end, f"{name} = {name} {word} {value}", 0.3)


def _operand_swap(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult | ast.BitOr | ast.BitAnd):
        left, right = scene.source.span(node.left), scene.source.span(node.right)
        gap = scene.source.text[left[1] : right[0]]
        if "#" not in gap and "(" not in gap and ")" not in gap:
            yield scene.swap(node, f"{scene.of(node.right)}{gap}{scene.operand(node.left)}")


def _term_drop(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.BinOp):
        yield scene.swap(node, scene.operand(node.left))
        yield scene.swap(node, scene.operand(node.right), 0.7)


def _conjunct_drop(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.BoolOp):
        return
    word = " and " if isinstance(node.op, ast.And) else " or "
    for left_out in reversed(range(len(node.values))):
        rest = [
            scene.operand(v) if isinstance(v, ast.BoolOp) else scene.of(v)
            for i, v in enumerate(node.values)
            if i != left_out
        ]
        yield scene.swap(node, word.join(rest))


def _regrouped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Write `a + b * c` for `(a + b) * c`, and the other way round."""
    if not isinstance(node, ast.BinOp) or type(node.op) not in _SYMBOLS:
        return
    outer = _SYMBOLS[type(node.op)]
    left, right = node.left, node.right
    if isinstance(left, ast.BinOp) and type(left.op) in _SYMBOLS:
        first, second = scene.operand(left.left), scene.operand(left.right)
        inner = _SYMBOLS[type(left.op)]
        yield scene.swap(node, f"{first} {inner} ({second} {outer} {scene.operand(right)})")
    if isinstance(right, ast.BinOp) and type(right.op) in _SYMBOLS:
        first, second = scene.operand(right.left), scene.operand(right.right)
        inner = _SYMBOLS[type(right.op)]
        yield scene.swap(node, f"({scene.operand(left)} {outer} {first}) {inner} {second}")


TEMPLATES = (
    Template("comparison", 1.0, (ast.Compare,), _comparison),
    Template("arithmetic", 0.9, (ast.BinOp,), _arithmetic),
    Template("and-or", 0.8, (ast.BoolOp,), _boolean),
    Template("negation dropped", 0.6, (ast.UnaryOp,), _negation),
    Template("minus added", 0.25, (ast.Name, ast.Call, ast.Subscript), _minus),
    Template("augmented assignment", 0.6, (ast.AugAssign, ast.Assign), _augmented),
    Template("accumulated", 0.2, (ast.AugAssign, ast.Assign), _accumulated),
    Template("operands swapped", 0.5, (ast.BinOp,), _operand_swap),
    Template("term dropped", 0.55, (ast.BinOp,), _term_drop),
    Template("condition part dropped", 0.6, (ast.BoolOp,), _conjunct_drop),
    Template("terms regrouped", 0.3, (ast.BinOp,), _regrouped),
)
