"""Constants that are the wrong ones, and sums that are off by one.

Real bugs: `range(n)` for `range(n + 1)`, an index or a slice bound one too far, a start value of
1 for 0, `0.5` for `2.0`, a flipped flag, the wrong one of two messages, brackets or separators, a
character too many in a literal, an alphabet that forgets the upper case, an entry of a list that
does not belong there or that is missing, minutes for seconds, `1` for `"1"`, a best value that
starts at 0 where all values may be below it.
"""

import ast
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_SEPARATORS = (" ", "", ".", ",", "\n", "-", "_", "/", ":")
_SMALL = (0, 1, -1, 2, 10)
_UNITS = (7, 12, 24, 60, 100, 365, 1000, 1024, 3600)
_COUNTING = ("range", "min", "max", "islice")
_COUNTED: tuple[tuple[tuple[type[ast.AST], ...], float], ...] = (
    ((ast.Slice,), 0.9),
    ((ast.Compare, ast.BinOp), 0.6),
    ((ast.Return, ast.Assign, ast.AugAssign), 0.5),
    ((ast.keyword, ast.IfExp, ast.Tuple, ast.GeneratorExp, ast.ListComp), 0.3),
)
_SUMMABLE = (ast.Name, ast.Call, ast.Attribute, ast.BinOp, ast.Subscript)


def _number(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if type(value) is int:
        near = (value + 1, value - 1, *_SMALL, *scene.ingredients.constants(node, int))
        others = [str(n) for n in dict.fromkeys(near) if n != value]
        others += [str(value * 2), str(value * 10), f"-{value}", str(value // 2), str(value // 10)]
        others += [str(n) for n in _UNITS] if value > _SMALL[-1] else []
    elif type(value) is float and value:
        near = (1 / value, value * 2, value / 2, value + 1, value - 1, 0.0, 1.0, -value)
        others = [repr(n) for n in near] + [
            repr(n) for n in scene.ingredients.constants(node, float) if n != value
        ]
    else:
        return
    for text, weight in fading(dict.fromkeys(others), half=4):
        yield scene.swap(node, text, weight)


def _flag(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield scene.swap(node, str(not node.value))
        yield scene.swap(node, "None", 0.2)
    elif isinstance(node, ast.Constant) and node.value is None:
        for text, weight in fading(("0", "[]", "''", "False", "True", "{}"), half=3):
            yield scene.swap(node, text, weight)


def _text(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str | bytes):
        return
    if isinstance(scene.parent(node), ast.Expr | ast.JoinedStr):
        return
    value = node.value
    near = [*_cut(value), *scene.ingredients.constants(node, type(value)), *_cases(value)]
    if isinstance(value, str):
        near += _SEPARATORS
    for text, weight in fading(dict.fromkeys(repr(t) for t in near if t != value), half=8):
        yield scene.swap(node, text, weight)


def _cut(value: str | bytes) -> Iterator[str | bytes]:
    if 1 < len(value) <= 12:
        yield value[:-1]
        yield value[1:]
        yield value.strip()


def _cases(value: str | bytes) -> Iterator[str | bytes]:
    if value.lower() == value != value.upper():
        yield value + value.upper()  # type: ignore[operator]  # both are of the type of value
        yield value.upper()
        yield value.capitalize()
    elif value.upper() == value != value.lower():
        yield value + value.lower()  # type: ignore[operator]  # both are of the type of value
        yield value.lower()


def _off_by_one(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, _SUMMABLE) or not isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        return
    weight = _countable(scene, node)
    if weight:
        text = scene.of(node) if isinstance(node, ast.BinOp) else scene.operand(node)
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            text = f"({text})"
        is_term = isinstance(scene.parent(node), ast.BinOp | ast.UnaryOp)
        left, right = ("(", ")") if is_term else ("", "")
        yield scene.swap(node, f"{left}{text} + 1{right}", weight)
        yield scene.swap(node, f"{left}{text} - 1{right}", weight)


def _countable(scene: Scene, node: ast.AST) -> float:
    """Tell how likely it is that a value counts something, by the place where it stands."""
    parent = scene.parent(node)
    if isinstance(parent, ast.Call):
        if parent.func is node:
            return 0.0
        return 1.0 if scene.of(parent.func) in _COUNTING else 0.3
    if isinstance(parent, ast.Subscript):
        return 1.0 if parent.slice is node else 0.0
    return next((weight for kinds, weight in _COUNTED if isinstance(parent, kinds)), 0.0)


def _entries(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Leave an entry of a display out."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set) or len(node.elts) < 2:
        return
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
        return
    span = scene.source.span(node)
    for index in reversed(range(len(node.elts))):
        last = index == len(node.elts) - 1
        near = node.elts[index - 1] if last else node.elts[index + 1]
        here, there = scene.source.span(node.elts[index]), scene.source.span(near)
        start, end = (there[1], here[1]) if last else (here[0], there[0])
        if span[0] <= start < end <= span[1]:
            yield Draft(start, end, "")


def _entry_added(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Put an entry that was forgotten at the end of a display, or at its start."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set) or not node.elts:
        return
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Store):
        return
    first, last = scene.source.span(node.elts[0])[0], scene.source.span(node.elts[-1])[1]
    kinds = {type(e.value) for e in node.elts if isinstance(e, ast.Constant)}
    constants = [repr(c) for kind in kinds for c in scene.ingredients.constants(node, kind)][:8]
    here = {scene.of(entry) for entry in node.elts}
    texts = (t for t in (*scene.ingredients.names(node)[:6], *constants) if t not in here)
    for text, weight in fading(dict.fromkeys(texts), half=4):
        yield Draft(last, last, f", {text}", weight)
        yield Draft(first, first, f"{text}, ", weight * 0.6)


def _retyped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """`'1'` for `1`, `1.0` for `1`, and back."""
    if not isinstance(node, ast.Constant) or isinstance(
        scene.parent(node), ast.JoinedStr | ast.Expr
    ):
        return
    if type(node.value) is int:
        yield scene.swap(node, repr(str(node.value)))
        yield scene.swap(node, f"{node.value}.0", 0.6)
    elif isinstance(node.value, str) and node.value.isdigit():
        yield scene.swap(node, str(int(node.value)))


def _start(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Start from the first value, from nothing, or from below and above everything."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return
    names = scene.ingredients.names(node)[:5]
    texts = [
        "float('-inf')",
        "float('inf')",
        *(f"{n}[0]" for n in names),
        *(f"len({n})" for n in names),
    ]
    for text, weight in fading(texts):
        yield scene.swap(node.value, text, weight)


TEMPLATES = (
    Template("number", 0.8, (ast.Constant,), _number),
    Template("flag", 0.8, (ast.Constant,), _flag),
    Template("text", 0.6, (ast.Constant,), _text),
    Template("off by one", 0.8, _SUMMABLE, _off_by_one),
    Template("entry dropped", 0.35, (ast.List, ast.Tuple, ast.Set), _entries),
    Template("entry added", 0.2, (ast.List, ast.Tuple, ast.Set), _entry_added),
    Template("constant of another type", 0.25, (ast.Constant,), _retyped),
    Template("start value", 0.25, (ast.Assign,), _start),
)
