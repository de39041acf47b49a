"""Parsers: `ast` for Python, tree-sitter for JavaScript, TypeScript and Go, and the data formats.

Files are hostile. Whatever is too large or too deep for a parser to answer about is "cannot tell",
and nothing here recurses over what was parsed.
"""

import ast
import json
import posixpath
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NoReturn

import tree_sitter
import tree_sitter_go
import tree_sitter_javascript
import tree_sitter_typescript
import yaml

from bot.adapters.tree_sitter_complexity import complexity_of

MAX_BYTES = 1 << 19
"""Tree-sitter needs two seconds for this much garbage, and a tenth for this much source."""

_MAX_YAML_DEPTH = 100
_MAX_TOML_DOTS = 200
_MAX_NODES_VISITED = 20_000
_TREES_KEPT = 16

_GRAMMARS: Mapping[str, Callable[[], object]] = {
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), tree_sitter_javascript.language),
    **dict.fromkeys((".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript),
    ".tsx": tree_sitter_typescript.language_tsx,
    ".go": tree_sitter_go.language,
}
_PYTHON = (".py", ".pyi")
_WITH_COMMENTS = ("tsconfig", "jsconfig", "devcontainer", "api-extractor")
"""Files called `.json` whose readers take comments."""

_NAMED = frozenset(
    (
        *("function_declaration", "generator_function_declaration", "method_definition"),
        *("class_declaration", "class", "abstract_class_declaration", "interface_declaration"),
        *("enum_declaration", "internal_module", "module"),
        *("type_spec", "method_declaration"),
    )
)
"""Nodes that are a symbol by themselves; their name is the field `name`."""
_HOLDERS = {
    "variable_declarator": ("name", "value"),
    "field_definition": ("property", "value"),
    "public_field_definition": ("name", "value"),
    "pair": ("key", "value"),
    "assignment_expression": ("left", "right"),
}
"""Nodes that give a function its name, with the fields of the name and of the function."""
_FUNCTIONS = frozenset(("arrow_function", "function_expression", "generator_function", "class"))
_Span = tuple[int, int, str]
"""First line, last line and dotted name."""


class TreeSitterSyntax:
    """Implements the port `Syntax`; the last trees are kept, since findings come in groups."""

    def __init__(self) -> None:
        self._tree = lru_cache(maxsize=_TREES_KEPT)(_tree)
        self._python_spans = lru_cache(maxsize=_TREES_KEPT)(_python_spans)

    def parses(self, path: str, data: bytes) -> bool | None:
        """Tell whether the file parses, or None when no parser of ours can tell."""
        suffix = _suffix(path)
        if len(data) > MAX_BYTES:
            return None
        if suffix in _GRAMMARS:
            return not self._tree(suffix, data).root_node.has_error
        check = _data_check(path, suffix)
        if check is None:
            return None
        try:
            check(data)
        except (SyntaxError, ValueError, yaml.YAMLError):
            return False
        except (RecursionError, MemoryError):
            return None
        return True

    def enclosing_symbol(self, path: str, data: bytes, line: int) -> str:
        """Return the dotted name of the function or class around a line, or an empty string."""
        suffix = _suffix(path)
        if len(data) > MAX_BYTES:
            return ""
        if suffix in _GRAMMARS:
            return _symbol_at(self._tree(suffix, data), line - 1)
        if suffix in _PYTHON:
            around = [
                name for first, last, name in self._python_spans(data) if first <= line <= last
            ]
            return max(around, key=lambda name: name.count("."), default="")
        return ""

    def complexity(self, path: str, data: bytes) -> int | None:
        """Return how hard the flow of a file is to follow, or None when no parser knows it."""
        return complexity_of(outline_of(path, data))


def outline_of(path: str, data: bytes) -> tree_sitter.Tree | ast.Module | None:
    """Return what `tree_sitter_outline` walks, or None for a file that no parser of ours knows."""
    suffix = _suffix(path)
    if len(data) > MAX_BYTES:
        return None
    if suffix in _GRAMMARS:
        return _tree(suffix, data)
    if suffix not in _PYTHON:
        return None
    try:
        return _python(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _suffix(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def _data_check(path: str, suffix: str) -> Callable[[bytes], object] | None:
    """Return what raises where the file is broken, for formats that are parsed whole."""
    match suffix:
        case _ if suffix in _PYTHON:
            return _python
        case ".json" if not _takes_comments(path):
            return _json
        case ".yml" | ".yaml":
            return _yaml
        case ".toml":
            return _toml
        case _:
            return None


def _takes_comments(path: str) -> bool:
    folder, name = posixpath.split(path)
    return posixpath.basename(folder) == ".vscode" or name.startswith(_WITH_COMMENTS)


def _python(data: bytes) -> ast.Module:
    # An invalid escape only warns; under `-W error` it would read as a syntax error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def _json(data: bytes) -> None:
    json.loads(data, parse_int=str, parse_float=str, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _yaml(data: bytes) -> None:
    """Read events only: nothing is built, so there is no bomb to go off."""
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    depth = 0
    for event in yaml.parse(data, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        # libyaml needs time that is quadratic in the depth.
        if depth > _MAX_YAML_DEPTH:
            raise RecursionError(f"YAML nested {depth} deep")


def _toml(data: bytes) -> None:
    # tomllib needs time that is quadratic in the parts of a dotted key.
    if max(line.count(b".") for line in data.split(b"\n")) > _MAX_TOML_DOTS:
        raise RecursionError(f"more than {_MAX_TOML_DOTS} dots in a line of TOML")
    tomllib.loads(data.decode("utf-8"))


def _python_spans(data: bytes) -> tuple[_Span, ...]:
    try:
        module = _python(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(definitions(module))


def definitions(module: ast.Module) -> Iterator[_Span]:
    """Yield first line, last line and dotted name of every function and class."""
    waiting: list[tuple[ast.AST, str]] = [(module, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in _statements(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                name = prefix + child.name
                yield first, child.end_lineno or child.lineno, name
                waiting.append((child, f"{name}."))
            else:
                waiting.append((child, prefix))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is nested in a statement: no expression holds a definition."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        children = getattr(node, name, ())
        if isinstance(children, list):
            yield from children


def _tree(suffix: str, data: bytes) -> tree_sitter.Tree:
    return tree_sitter.Parser(tree_sitter.Language(_GRAMMARS[suffix]())).parse(data)


def _symbol_at(tree: tree_sitter.Tree, row: int) -> str:
    """Return the longest chain of names among the nodes that cover a row."""
    best: tuple[str, ...] = ()
    waiting: list[tuple[tree_sitter.Node, tuple[str, ...]]] = [(tree.root_node, ())]
    for _ in range(_MAX_NODES_VISITED):
        if not waiting:
            break
        node, outer = waiting.pop()
        name = name_of(node)
        names = (*outer, name) if name else outer
        best = max(best, names, key=len)
        waiting.extend((child, names) for child in _children_on(node, row))
    return ".".join(best)


def _children_on(node: tree_sitter.Node, row: int) -> Iterator[tree_sitter.Node]:
    cursor = node.walk()
    if cursor.goto_first_child_for_point(tree_sitter.Point(row, 0)) is None:
        return
    while (child := cursor.node) is not None and child.start_point.row <= row:
        yield child
        if not cursor.goto_next_sibling():
            return


def name_of(node: tree_sitter.Node) -> str:
    """Return the name that a node gives to what is inside it, or an empty string."""
    if node.type in _NAMED:
        return _receiver(node) + text_of(node.child_by_field_name("name"))
    if node.type in _HOLDERS:
        name, value = (node.child_by_field_name(field) for field in _HOLDERS[node.type])
        if value is not None and value.type in _FUNCTIONS:
            return text_of(name)
    return ""


def _receiver(node: tree_sitter.Node) -> str:
    """Return the type that a method of Go belongs to, with a dot, without star or parameters."""
    receiver = node.child_by_field_name("receiver")
    if receiver is None:
        return ""
    last_word = text_of(receiver).strip("()").split("[")[0].split(" ")[-1]
    return last_word.strip("* ") + "."


def text_of(node: tree_sitter.Node | None) -> str:
    """Return what a node says, without quotation marks; empty for none."""
    text = b"" if node is None or node.text is None else node.text
    return text.decode("utf-8", "replace").strip("'\"`")[:100]
