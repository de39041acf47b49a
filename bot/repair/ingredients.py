"""What a repair may be made of: names, calls and expressions that stand near, or in the diff.

The redundancy assumption (Martinez, Weimer and Monperrus, 2014): most of what a fix needs is
already written in the same file. Everything is ordered by closeness, so that what is near comes
first, and by a stable rule, so that two runs propose the same.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bot.repair.source import Function, Source

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_MOST_EXPRESSIONS = 60
_LONGEST = 60
"""Characters of an expression that is worth copying."""


@dataclass(frozen=True)
class Hints:
    """What is known beside the file: the change under review, and how the tests fail."""

    diff_words: frozenset[str] = frozenset()
    """Identifiers on either side of the pull request's diff."""
    diff_expressions: tuple[str, ...] = ()
    """Lines that the pull request took away or added, without their indent."""
    exceptions: tuple[str, ...] = ()
    """Names of the exceptions with which tests fail."""


@dataclass(frozen=True)
class Ingredients:
    """What one file offers to the templates."""

    source: Source
    hints: Hints = field(default_factory=Hints)

    @cached_property
    def _by_function(self) -> dict[Function | None, tuple[str, ...]]:
        return {}

    def names(self, node: ast.AST) -> tuple[str, ...]:
        """Return the variables in scope at a node, the nearest first."""
        function = self.source.function(node)
        if function not in self._by_function:
            self._by_function[function] = tuple(self._names_of(function))
        return self._by_function[function]

    def _names_of(self, function: Function | None) -> list[str]:
        found: dict[str, None] = {}
        scopes: list[Function] = []
        if function is not None:
            around = self.source.ancestors(function)
            scopes = [function, *(a for a in around if isinstance(a, Function))]
        for scope in scopes:
            found |= dict.fromkeys(_bound(scope))
        found |= dict.fromkeys(_module_variables(self.source.tree))
        return list(found)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """Names that the file calls or defines as functions, the most frequent first."""
        counts: dict[str, int] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                counts[node.func.id] = counts.get(node.func.id, 0) + 1
            elif isinstance(node, Function | ast.ClassDef):
                counts.setdefault(node.name, 0)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    counts.setdefault(alias.asname or alias.name, 0)
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    @cached_property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """By the text of an owner: the attributes that the file takes of it."""
        found: dict[str, dict[str, None]] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.setdefault(node.value.id, {}).setdefault(node.attr)
        return {owner: tuple(names) for owner, names in found.items()}

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Names of methods that the file calls."""
        calls = (n.func for n in ast.walk(self.source.tree) if isinstance(n, ast.Call))
        return tuple(dict.fromkeys(f.attr for f in calls if isinstance(f, ast.Attribute)))

    @cached_property
    def keywords(self) -> tuple[str, ...]:
        """Names under which the file gives or takes arguments."""
        nodes = list(ast.walk(self.source.tree))
        given = [n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg]
        return tuple(dict.fromkeys([*given, *(n.arg for n in nodes if isinstance(n, ast.arg))]))

    @cached_property
    def dotted(self) -> tuple[str, ...]:
        """Functions of modules that the file calls, as it writes them: `math.floor`."""
        imports = [n for n in ast.walk(self.source.tree) if isinstance(n, ast.Import)]
        modules = {alias.asname or alias.name for n in imports for alias in n.names}
        called = [n.func for n in ast.walk(self.source.tree) if isinstance(n, ast.Call)]
        found = (
            f"{f.value.id}.{f.attr}"
            for f in called
            if isinstance(f, ast.Attribute)
            and isinstance(f.value, ast.Name)
            and f.value.id in modules
        )
        rounding = ("math.ceil", "math.floor", "math.sqrt") if "math" in modules else ()
        return tuple(dict.fromkeys((*found, *rounding)))

    def constants(self, node: ast.AST, kind: type) -> tuple[object, ...]:
        """Return constants of a type, those of the same function first."""
        function = self.source.function(node)
        places = [function] if function is not None else []
        found = (
            n.value
            for place in (*places, self.source.tree)
            for n in ast.walk(place)
            if isinstance(n, ast.Constant) and type(n.value) is kind and not self._is_text(n)
        )
        return tuple(dict.fromkeys(found))

    def _is_text(self, node: ast.Constant) -> bool:
        return isinstance(self.source.parents.get(node), ast.Expr)

    def expressions(self, node: ast.AST, kinds: tuple[type[ast.expr], ...]) -> list[str]:
        """Return texts of like expressions, the nearest first, then those of the diff."""
        function = self.source.function(node)
        line = getattr(node, "lineno", 0)
        near = [n for n in ast.walk(function or self.source.tree) if isinstance(n, kinds)]
        near.sort(key=lambda n: (abs(n.lineno - line), n.col_offset))
        texts = dict.fromkeys(self.source.of(n) for n in near if n is not node)
        texts |= dict.fromkeys(self._of_diff(kinds))
        return [t for t in texts if len(t) <= _LONGEST and "\n" not in t][:_MOST_EXPRESSIONS]

    def _of_diff(self, kinds: tuple[type[ast.expr], ...]) -> Iterator[str]:
        for line in self.hints.diff_expressions:
            for node in ast.walk(_parsed(line)):
                if isinstance(node, kinds):
                    yield ast.unparse(node)

    def statements(self, node: ast.stmt) -> list[ast.stmt]:
        """Return simple statements of the same function, the nearest first."""
        function = self.source.function(node)
        if function is None:
            return []
        simple = [
            n
            for n in ast.walk(function)
            if isinstance(n, ast.Assign | ast.AugAssign | ast.Expr | ast.Return)
            and n is not node
            and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        ]
        return sorted(simple, key=lambda n: (abs(n.lineno - node.lineno), n.lineno))

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers and words of the file, its comments and docstrings included."""
        return frozenset(_WORD.findall(self.source.text))


def diff_hints(lines: Iterable[str], exceptions: Sequence[str] = ()) -> Hints:
    """Read the lines of a diff, both sides, as ingredients."""
    texts = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    words = frozenset(word for text in texts for word in _WORD.findall(text))
    return Hints(words, texts[:200], tuple(exceptions))


def _bound(function: Function) -> Iterator[str]:
    arguments = function.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield each.arg
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _module_variables(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        yield from (t.id for t in targets if isinstance(t, ast.Name))


def _parsed(line: str) -> ast.AST:
    """Parse a line of a diff as far as it stands for itself."""
    for text in (line, f"{line}\n    pass", f"{line.rstrip(':')}"):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return ast.Module(body=[], type_ignores=[])
