"""A package of real size, written by rule: 20,000 lines in 40 modules with 2,000 tests.

The functions are of the kinds that business code is made of (totals, tiers, groups, searches,
carries, records with a state), call those of modules before theirs, and differ in names and
numbers. What a test expects is what the function returns before a bug is put in. The same seed
gives the same bytes.
"""

import ast
import contextlib
import importlib
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.large_shapes import CALLER, NOUNS, SHAPES
from bot.repair.source import Source

PACKAGE = "depot"
MODULES, LINES, TESTS = 40, 505, 50


@dataclass(frozen=True)
class Function:
    """One function with the arguments of its tests."""

    name: str
    module: str
    text: str
    calls: tuple[str, ...]
    takes_one: bool


@dataclass(frozen=True)
class Package:
    """The texts of a package and of its tests, by path."""

    modules: Mapping[str, str]
    tests: Mapping[str, str]
    expected: Mapping[str, Sequence[tuple[str, object]]]
    """By path of a module: calls of its functions, and what they return."""


@dataclass(frozen=True)
class Bug:
    """One edit that makes tests fail."""

    path: str
    line: int
    before: str
    after: str
    text: str
    """The module with it."""


def package(seed: int) -> Package:
    """Return the package of a seed."""
    random_ = random.Random(seed)  # noqa: S311  (a benchmark is repeatable)
    written: list[list[Function]] = []
    for index in range(MODULES):
        written.append(_module(index, written, random_))
    modules = {_path(number): _text(functions) for number, functions in enumerate(written)}
    modules[f"{PACKAGE}/__init__.py"] = '"""A depot."""\n'
    tests: dict[str, str] = {}
    expected: dict[str, list[tuple[str, object]]] = {}
    with _imported(modules) as loaded:
        for number, functions in enumerate(written):
            calls = _spread([(f.name, f.calls) for f in functions], TESTS)
            module = loaded[number]
            rows = [(call, eval(call, vars(module))) for call in calls]  # noqa: S307  (our own)
            expected[_path(number)] = rows
            tests[f"tests/test_{_name(number)}.py"] = _tests(_name(number), rows)
    return Package(modules, tests, expected)


def bugs(made: Package, count: int, seed: int) -> Iterator[Bug]:
    """Yield bugs at random places, each of which a test of its module notices."""
    random_ = random.Random(seed)  # noqa: S311  (a benchmark is repeatable)
    found = 0
    with _imported(made.modules):
        while found < count:
            path = random_.choice(sorted(made.expected))
            bug = _bug(path, made.modules[path], random_)
            if _is_noticed(bug.text, made.expected[path]):
                found += 1
                yield bug


def _path(number: int) -> str:
    return f"{PACKAGE}/{_name(number)}.py"


def _name(number: int) -> str:
    return f"{NOUNS[number % len(NOUNS)]}_{number:02}"


def _module(
    index: int, before: Sequence[Sequence[Function]], random_: random.Random
) -> list[Function]:
    functions: list[Function] = []
    lines = 12
    while lines < LINES:
        earlier = [f for module in before[-6:] for f in module if f.takes_one]
        is_caller = bool(earlier) and random_.random() < 0.2
        made = (
            _caller(index, len(functions), random_.choice(earlier), random_) if is_caller else None
        )
        functions.append(made or _plain(index, len(functions), random_))
        lines += functions[-1].text.count("\n") + 2
    return functions


def _plain(index: int, number: int, random_: random.Random) -> Function:
    shape, calls = random_.choice(SHAPES)
    noun = random_.choice(NOUNS)
    name = f"{noun}_{'abcdefghij'[number % 10]}{number}"
    a, b = random_.randint(2, 7), random_.randint(8, 40)
    words: dict[str, Any] = {
        "name": name,
        "noun": noun,
        "a": a,
        "b": b,
        "kind": name.title().replace("_", ""),
    }
    given = tuple(call.format(**words) for call in calls)
    takes_one = all(", " not in _outside(call) for call in given)
    return Function(name, _name(index), shape.format(**words), given, takes_one)


def _outside(call: str) -> str:
    """Return the commas of a call that separate its arguments."""
    tree = ast.parse(f"f({call})", mode="eval").body
    return ", " * (len(tree.args) - 1) if isinstance(tree, ast.Call) else ""


def _caller(index: int, number: int, callee: Function, random_: random.Random) -> Function:
    noun = random_.choice(NOUNS)
    name = f"all_{noun}_{number}"
    words = {"name": name, "noun": noun, "a": random_.randint(1, 3)}
    text = CALLER.format(**words, callee=callee.name, module=callee.module)
    calls = (f"[{', '.join(callee.calls)}]", f"[{callee.calls[0]}]", "[]")
    return Function(name, _name(index), text, calls, takes_one=False)


def _text(functions: Sequence[Function]) -> str:
    used = sorted(set(_modules_of(functions)))
    head = ['"""Part of the depot."""\n']
    if used:
        head.append(f"from {PACKAGE} import {', '.join(used)}\n")
    return "\n\n".join(["\n".join(head), *(function.text for function in functions)])


def _modules_of(functions: Sequence[Function]) -> Iterator[str]:
    for function in functions:
        for node in ast.walk(ast.parse(function.text)):
            owner = node.value if isinstance(node, ast.Attribute) else None
            if isinstance(owner, ast.Name) and owner.id[-2:].isdigit() and "_" in owner.id:
                yield owner.id


def _spread(functions: Sequence[tuple[str, tuple[str, ...]]], count: int) -> list[str]:
    """Return calls of all functions in turn, so many in all."""
    calls: list[str] = []
    for turn in range(10):
        calls += [f"{name}({given[turn]})" for name, given in functions if turn < len(given)]
    return calls[:count]


def _tests(module: str, rows: Sequence[tuple[str, object]]) -> str:
    lines = [f"from {PACKAGE}.{module} import *\n"]
    for number, (call, value) in enumerate(rows):
        lines.append(f"\ndef test_{number}():\n    assert {call} == {value!r}\n")
    return "\n".join(lines)


@contextlib.contextmanager
def _imported(modules: Mapping[str, str]) -> Iterator[list[Any]]:
    """Import the package from a folder of its own, and forget it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in modules.items():
            Path(folder, path).parent.mkdir(exist_ok=True)
            Path(folder, path).write_text(text, encoding="utf-8")
        sys.path.insert(0, folder)
        try:
            names = [f"{PACKAGE}.{_name(number)}" for number in range(MODULES)]
            yield [importlib.import_module(name) for name in names]
        finally:
            sys.path.remove(folder)
            for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
                del sys.modules[name]


_CHANGES: tuple[tuple[type[ast.AST], Mapping[str, str]], ...] = (
    (ast.Compare, {" <= ": " < ", " < ": " <= ", " >= ": " > ", " > ": " >= ", " == ": " != "}),
    (ast.BinOp, {" + ": " - ", " - ": " + ", " // ": " % ", " % ": " // "}),
    (ast.AugAssign, {" += ": " -= ", " -= ": " += "}),
    (ast.BoolOp, {" and ": " or ", " or ": " and "}),
    (ast.Slice, {"start + size": "start", "i:": "i + 1:", "j:": "j + 1:"}),
    (ast.Assign, {" = 0": " = 1", ", 1": ", 0", "False": "True"}),
    (ast.Return, {"sums": "rows", "middle": "low", "taken": "units", "merged": "left"}),
)


def _bug(path: str, text: str, random_: random.Random) -> Bug:
    """Return a module with one small edit, which may be one that nothing notices."""
    source = Source(path, text)
    sites: set[tuple[int, str, str]] = set()
    for node in ast.walk(source.tree):
        for kind, changes in _CHANGES:
            if isinstance(node, kind) and "\n" not in (here := source.of(node)):
                begin = source.span(node)[0]
                found = ((old, new) for old, new in changes.items() if old in here)
                sites |= {(begin + here.index(old), old, new) for old, new in found}
    at, old, new = random_.choice(sorted(sites))
    changed = text[:at] + new + text[at + len(old) :]
    line = text.count("\n", 0, at) + 1
    before, after = (each.splitlines()[line - 1].strip() for each in (text, changed))
    return Bug(path, line, before, after, changed)


def _is_noticed(text: str, expected: Sequence[tuple[str, object]]) -> bool:
    """Tell whether a bug changes what a tested call returns; one that hangs does not count."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 1.0)
    names: dict[str, Any] = {}
    try:
        exec(text, names)  # noqa: S102  (our own)
        return any(eval(call, names) != value for call, value in expected)  # noqa: S307  (our own)
    except TimeoutError:
        return False
    except Exception:  # noqa: BLE001  (the bug's)
        return True
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
