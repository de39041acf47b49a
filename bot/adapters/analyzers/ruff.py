"""Ruff over Python files, with the rules that find bugs and none that judge style."""

from collections.abc import Mapping

from pydantic import BaseModel, TypeAdapter

from bot.adapters.analyzers.program import Program, readable
from bot.adapters.analyzers.rule_table import Match, Rule, finding, table
from bot.adapters.analyzers.source import Source, Splice
from bot.domain.findings import Category, Finding
from bot.domain.ports import Analysis, Sandbox
from bot.domain.test_files import is_test_file
from bot.errors import AnalyzerFailed

# The newest Python whose annotations are evaluated at once: an older target would call newer
# syntax an error, a newer one would let a forward reference pass that fails where most run.
_TARGET = "py313"
_NEWER_SYNTAX = "(syntax was added in"
_HARMLESS_SHELL = "seems safe"
_UNREADABLE = "E902"
_SYNTAX = "invalid-syntax"
_NO_SUCH_FILE = "no-such-file"


class _Position(BaseModel):
    row: int
    column: int


class _RuffEdit(BaseModel):
    content: str
    location: _Position
    end_location: _Position


class _RuffFix(BaseModel):
    applicability: str
    edits: list[_RuffEdit]


class _Diagnostic(BaseModel):
    code: str | None
    filename: str
    message: str
    location: _Position
    end_location: _Position
    fix: _RuffFix | None = None


_REPORT = TypeAdapter(list[_Diagnostic])


class Ruff:
    """`ruff check --isolated --ignore-noqa`: nothing in the repository silences it."""

    name = "ruff"
    is_language_aware = True

    def __init__(self) -> None:
        self._rules = table("ruff", "Python")
        select = ",".join((_UNREADABLE, *(rule for rule in self._rules if rule != _SYNTAX)))
        self._program = Program(
            self.name,
            (
                "check",
                "--isolated",
                "--ignore-noqa",
                "--no-cache",
                "--exit-zero",
                "--quiet",
                "--output-format=json",
                f"--target-version={_TARGET}",
                f"--select={select}",
                "--per-file-ignores=__init__.py:F401",
                "--",
            ),
        )

    def understands(self, path: str) -> bool:
        return path.endswith((".py", ".pyi", ".pyw"))

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        taken, unread = readable(files, name=self.name)
        if not taken:
            return Analysis((), unread)
        paths = sorted(taken)
        # Ruff prints absolute paths and nobody tells us where the tree is in the sandbox. A path
        # below a regular file cannot exist, so ruff's complaint about it ends in a known name,
        # whatever the repository holds.
        probe = f"{paths[0]}/{_NO_SUCH_FILE}"
        runs = self._program.run(sandbox, paths, and_also=probe)
        sources = {path: Source(path, data) for path, data in taken.items()}
        found: list[Finding | None] = []
        for result in runs.results:
            report = self._program.parse(_REPORT, result.stdout)
            root = _root(report, probe)
            for diagnostic in report:
                path = diagnostic.filename.removeprefix(root)
                if diagnostic.code == _UNREADABLE and path in sources:
                    unread[path] = f"{self.name}: {diagnostic.message}"
                elif path in sources:
                    found.append(self._finding(sources[path], diagnostic))
        return Analysis(tuple(f for f in found if f), unread | runs.unread)

    def _finding(self, source: Source, diagnostic: _Diagnostic) -> Finding | None:
        rule = self._rules.get(diagnostic.code or _SYNTAX)
        if rule is None or _is_noise(rule, diagnostic, source.path):
            return None
        fix = diagnostic.fix
        match = Match(
            start=_offset(source, diagnostic.location),
            end=_offset(source, diagnostic.end_location),
            message=diagnostic.message,
            fix=source.patch([_splice(source, e) for e in fix.edits]) if fix else None,
            is_fix_safe=fix is not None and fix.applicability == "safe",
        )
        return finding(rule, match, source, tool=self.name)


def _root(report: list[_Diagnostic], probe: str) -> str:
    for diagnostic in report:
        if diagnostic.filename.endswith(f"/{probe}"):
            return diagnostic.filename.removesuffix(probe)
    raise AnalyzerFailed("ruff did not say where it looked")


def _is_noise(rule: Rule, diagnostic: _Diagnostic, path: str) -> bool:
    if _NEWER_SYNTAX in diagnostic.message or _HARMLESS_SHELL in diagnostic.message:
        return True
    return rule.category is Category.SECURITY and is_test_file(path)


def _splice(source: Source, edit: _RuffEdit) -> Splice:
    start, end = _offset(source, edit.location), _offset(source, edit.end_location)
    return Splice(start, end, edit.content.encode())


def _offset(source: Source, position: _Position) -> int:
    return source.offset(position.row, position.column)
