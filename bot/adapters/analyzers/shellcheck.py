"""ShellCheck over shell scripts, without its advice on style."""

from collections.abc import Mapping

from pydantic import BaseModel, Field, TypeAdapter

from bot.adapters.analyzers.program import Program, readable, relative
from bot.adapters.analyzers.rule_table import Match, Rule, finding, table
from bot.adapters.analyzers.source import Source, Splice
from bot.domain.edits import Patch
from bot.domain.findings import Category, Finding, Severity
from bot.domain.ports import Analysis, Sandbox


class _Replacement(BaseModel):
    line: int
    column: int
    end_line: int = Field(alias="endLine")
    end_column: int = Field(alias="endColumn")
    replacement: str


class _Fix(BaseModel):
    replacements: list[_Replacement]


class _Comment(BaseModel):
    file: str
    line: int
    column: int
    end_line: int = Field(alias="endLine")
    end_column: int = Field(alias="endColumn")
    level: str
    code: int
    message: str
    fix: _Fix | None = None


class _Report(BaseModel):
    comments: list[_Comment]


_REPORT = TypeAdapter(_Report)


class ShellCheck:
    """`shellcheck --norc`: columns of `json1` count characters, a tab as one."""

    name = "shellcheck"
    is_language_aware = True

    def __init__(self) -> None:
        self._rules = table("shellcheck", "shell")
        self._program = Program(
            self.name,
            ("--norc", "--format=json1", "--severity=info", "--color=never", "--"),
            good_exit_codes=frozenset({0, 1}),
        )

    def understands(self, path: str) -> bool:
        return path.endswith((".sh", ".bash", ".bats", ".ksh"))

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        taken, unread = readable(files, name=self.name)
        sources = {path: Source(path, data) for path, data in taken.items()}
        found: list[Finding] = []
        runs = self._program.run(sandbox, sorted(taken))
        for result in runs.results:
            for comment in self._program.parse(_REPORT, result.stdout).comments:
                source = sources.get(relative(comment.file))
                rule = self._rule(comment)
                if source is not None and rule is not None:
                    found.append(finding(rule, _match(source, comment), source, tool=self.name))
        return Analysis(tuple(found), unread | runs.unread)

    def _rule(self, comment: _Comment) -> Rule | None:
        """Return what we know of the code; of the others only what breaks the script."""
        code = f"SC{comment.code}"
        if code in self._rules:
            return self._rules[code]
        if comment.level == "error":
            return Rule(code, Severity.HIGH, Category.BUG, 0.8, "")
        return None


def _match(source: Source, comment: _Comment) -> Match:
    return Match(
        source.line_offset(comment.line, comment.column),
        source.line_offset(comment.end_line, comment.end_column),
        comment.message,
        fix=_patch(source, comment.fix),
        # Quoting is what the author meant in nearly all cases, but it changes what runs.
        is_fix_safe=False,
    )


def _patch(source: Source, fix: _Fix | None) -> Patch | None:
    if fix is None:
        return None
    splices = [
        Splice(
            source.line_offset(part.line, part.column),
            source.line_offset(part.end_line, part.end_column),
            part.replacement.encode(),
        )
        for part in fix.replacements
    ]
    return source.patch(splices)
