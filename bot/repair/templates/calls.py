"""Calls of the wrong function, with the wrong arguments, or where none should be.

Real bugs: `min` for `max`, `floor` for `ceil`, `append` for `extend`, `lower` for `swapcase`,
arguments the wrong way round, one forgotten (`reverse=True`, `key=len`), one too many, a distance
without `abs`, two collections compared that should be sets, the result of `list.sort()` used, a
value that should have been text or a number.
"""

import ast
import itertools
from collections.abc import Iterator

from bot.repair.templates.draft import Draft, Scene, Template, fading

_FAMILIES = (
    ("min", "max", "sum", "sorted", "len"),
    ("any", "all"),
    ("floor", "ceil", "round", "int", "trunc"),
    ("int", "float", "str", "bool"),
    ("list", "tuple", "set", "sorted", "frozenset"),
    ("range", "enumerate", "reversed", "iter"),
    ("ord", "chr"),
    ("bin", "hex", "oct", "str"),
    ("isinstance", "issubclass"),
)
_METHODS = (
    ("lower", "upper", "swapcase", "title", "capitalize", "casefold"),
    ("islower", "isupper", "isalpha", "isdigit", "isalnum", "isspace", "isnumeric"),
    ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("find", "rfind", "index", "rindex", "count"),
    ("split", "rsplit", "splitlines", "partition"),
    ("partition", "rpartition"),
    ("append", "extend", "insert", "appendleft", "add"),
    ("pop", "popleft", "remove", "discard"),
    ("add", "update", "discard"),
    ("keys", "values", "items"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("get", "pop", "setdefault"),
    ("encode", "decode"),
    ("removeprefix", "removesuffix"),
    ("match", "search", "fullmatch"),
)
_WRAPPERS = ("abs", "len", "int", "str", "list", "set", "sorted", "sum", "max", "min")
_MORE_WRAPPERS = ("tuple", "float", "bool", "reversed", "round", "any", "all", "repr", "iter")
_CHAINED = (".strip()", ".lower()", ".upper()", ".split()", ".encode()", ".copy()", ".items()")
_KEYWORDS = {
    "sorted": ("reverse=True", "key=len", "key=str", "key=abs"),
    "sort": ("reverse=True", "key=len", "key=str", "key=abs"),
    "max": ("key=len", "default=0", "default=None"),
    "min": ("key=len", "default=0", "default=None"),
    "enumerate": ("1", "start=1"),
    "sum": ("[]", "1"),
    "int": ("2", "16"),
    "round": ("2", "1"),
    "get": ("0", "None", "''", "[]"),
    "pop": ("0", "-1", "None"),
    "next": ("None",),
    "split": ("','", "' '", "'\\n'"),
    "zip": ("strict=True",),
}


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _other_function(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Call) or not (name := _name(node)):
        return
    is_method = isinstance(node.func, ast.Attribute)
    families = _METHODS if is_method else _FAMILIES
    kin = [n for family in families + _FAMILIES[2:3] if name in family for n in family]
    kin += scene.ingredients.methods if is_method else scene.ingredients.functions
    end = scene.source.span(node.func)[1]
    for other, weight in fading((n for n in dict.fromkeys(kin) if n != name), half=5):
        yield Draft(end - len(name), end, other, weight)


def _arguments_swapped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if isinstance(node, ast.Call) and len(node.args) > 1:
        for first, second in itertools.combinations(node.args, 2):
            (start, left), (right, end) = scene.source.span(first), scene.source.span(second)
            gap = scene.source.text[left:right]
            yield Draft(start, end, f"{scene.of(second)}{gap}{scene.of(first)}")


def _argument_added(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Call) or not (name := _name(node)):
        return
    known = _KEYWORDS.get(name, ())
    texts = [*known, *scene.ingredients.names(node)[:8], "0", "1", "True", "None"]
    end = scene.source.span(node)[1] - 1
    filled = scene.source.text[scene.source.span(node.func)[1] : end].strip("( \n")
    comma = ", " if filled and not filled.rstrip().endswith(",") else ""
    for text, weight in fading(texts):
        yield Draft(end, end, f"{comma}{text}", weight)
    if node.args:
        start = scene.source.span(node.args[0])[0]
        for text, weight in fading((*scene.ingredients.names(node)[:6], "0", "1", "2"), 0.6):
            yield Draft(start, start, f"{text}, ", weight)


def _argument_dropped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Call):
        return
    parts = [scene.source.span(part) for part in (*node.args, *node.keywords)]
    parts.sort()
    for index in reversed(range(len(parts))):
        start = parts[index - 1][1] if index else parts[index][0]
        end = parts[index][1] if index or len(parts) == 1 else parts[1][0]
        yield Draft(start, end, "")


def _arguments_anew(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """`max(best, n)` for `max(numbers)`: other arguments of names in scope."""
    if not isinstance(node, ast.Call) or not 1 <= len(node.args) <= 2 or node.keywords:
        return
    start, end = scene.source.span(node.args[0])[0], scene.source.span(node.args[-1])[1]
    names = scene.ingredients.names(node)[:7]
    pairs = (f"{a}, {b}" for a, b in itertools.permutations(names, 2))
    for text, weight in fading((*pairs, *names), half=16):
        yield Draft(start, end, text, weight)


def _wrapped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not _may_wrap(scene, node):
        return
    text = scene.of(node)
    others = (*scene.ingredients.dotted[:5], *_own_functions(scene))
    for name, weight in fading(dict.fromkeys((*_WRAPPERS, *others, *_MORE_WRAPPERS))):
        yield scene.swap(node, f"{name}({text})", weight)
    if isinstance(node, ast.expr):
        atom = scene.operand(node)
        for chained, weight in fading(
            (*_CHAINED, *(f".{m}()" for m in scene.ingredients.methods)), 0.4
        ):
            yield scene.swap(node, f"{atom}{chained}", weight)


def _own_functions(scene: Scene) -> tuple[str, ...]:
    return scene.ingredients.functions[:6]


def _may_wrap(scene: Scene, node: ast.AST) -> bool:
    parent = scene.parent(node)
    if isinstance(parent, ast.Attribute | ast.Expr | ast.JoinedStr | ast.Starred):
        return False
    is_called = isinstance(parent, ast.Call) and parent.func is node
    return isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and not is_called


def _both_wrapped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Both sides of a comparison, which were to be compared as something else."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        (start, left), (right, end) = (
            scene.source.span(n) for n in (node.left, node.comparators[0])
        )
        gap = scene.source.text[left:right]
        first, second = scene.of(node.left), scene.of(node.comparators[0])
        for name, weight in fading(("set", "sorted", "len", "abs", "str", "int", "list")):
            yield Draft(start, end, f"{name}({first}){gap}{name}({second})", weight)
        for name, weight in fading(("lower", "strip"), 0.5):
            yield Draft(start, end, f"{first}.{name}(){gap}{second}.{name}()", weight)


def _bounded(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    """Keep a value within a bound: `min(x, n)`, `max(x, 0)`."""
    if isinstance(node, ast.BinOp | ast.Name | ast.Subscript) and _may_wrap(scene, node):
        others = ("0", "1", *scene.ingredients.names(node)[:5])
        for other, weight in fading(others):
            yield scene.swap(node, f"max({scene.of(node)}, {other})", weight)
            yield scene.swap(node, f"min({scene.of(node)}, {other})", weight)


def _unwrapped(scene: Scene, node: ast.AST) -> Iterator[Draft]:
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute):
        yield scene.swap(node, scene.of(node.func.value))
    for argument in node.args[:2]:
        if not isinstance(argument, ast.Starred | ast.GeneratorExp):
            yield scene.swap(node, scene.operand(argument))


TEMPLATES = (
    Template("other function", 0.6, (ast.Call,), _other_function),
    Template("arguments swapped", 0.5, (ast.Call,), _arguments_swapped),
    Template("argument added", 0.4, (ast.Call,), _argument_added),
    Template("argument dropped", 0.4, (ast.Call,), _argument_dropped),
    Template("arguments anew", 0.25, (ast.Call,), _arguments_anew),
    Template("wrapped", 0.3, (ast.expr,), _wrapped),
    Template("both wrapped", 0.35, (ast.Compare,), _both_wrapped),
    Template("bounded", 0.15, (ast.BinOp, ast.Name, ast.Subscript), _bounded),
    Template("unwrapped", 0.4, (ast.Call,), _unwrapped),
)
