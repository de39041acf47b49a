"""Which changed lines no test reaches: free with the suite's run, where coverage is known."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.diff import Diff
from bot.domain.evidence import TestReport
from bot.domain.pull_request import printable
from bot.domain.test_files import is_test_file

_RANGES_AT_MOST = 20
_FILES_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class DiffCoverage:
    """The statements that a change added or edited, by whether a test runs them."""

    reached: int
    unreached: Mapping[str, tuple[int, ...]]
    """By path, in order."""

    @property
    def total(self) -> int:
        """How many there are."""
        return self.reached + sum(map(len, self.unreached.values()))


def diff_coverage(
    diff: Diff, report: TestReport | None, contents: Mapping[str, bytes]
) -> DiffCoverage | None:
    """Return what the run at head reaches of the change; None where that is unknown.

    Only the first line of a statement in a function counts: a definition is run by every import.
    """
    if report is None or not report.is_evidence or not report.reach:
        return None
    reached, bare = 0, {}
    for file in diff.files:
        lines = report.reach.get(file.path, {})
        if is_test_file(file.path) or not file.path.endswith(".py"):
            continue
        added = set(file.added_lines) & _statements(contents.get(file.path, b""))
        reached += len(added & set(lines))
        if missed := sorted(added - set(lines)):
            bare[file.path] = tuple(missed)
    found = DiffCoverage(reached, bare)
    return found if found.total else None


def spoken(coverage: DiffCoverage | None) -> tuple[str, ...]:
    """Say the share, and the lines that no test reaches, by file."""
    if coverage is None:
        return ()
    share = f"tests reach {coverage.reached} of {coverage.total} changed statements"
    bare = coverage.unreached.items()
    rows = [f"no test reaches {printable(path)}: {_ranges(lines)}" for path, lines in bare]
    more = [f"and {len(rows) - _FILES_AT_MOST} more files"] if len(rows) > _FILES_AT_MOST else []
    return (share, *rows[:_FILES_AT_MOST], *more)


def _ranges(lines: Sequence[int]) -> str:
    """Write 3, 4, 5, 9 as `3-5, 9`."""
    groups: list[list[int]] = []
    for line in lines:
        if groups and line == groups[-1][-1] + 1:
            groups[-1].append(line)
        else:
            groups.append([line])
    words = [str(g[0]) if len(g) == 1 else f"{g[0]}-{g[-1]}" for g in groups[:_RANGES_AT_MOST]]
    more = ["..."] if len(groups) > _RANGES_AT_MOST else []
    return ", ".join((*words, *more))


def _statements(data: bytes) -> set[int]:
    """Return the first lines of statements in functions; none where the file does not parse."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {
        node.lineno
        for function in functions
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.stmt) and not _is_text(node)
    }


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
