"""Zizmor over GitHub workflows, actions and Dependabot's configuration."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, TypeAdapter

from bot.adapters.analyzers.program import Program, readable, relative
from bot.adapters.analyzers.rule_table import Match, Rule, finding, table
from bot.adapters.analyzers.source import Source
from bot.domain.findings import Category, Finding, Severity
from bot.domain.ports import Analysis, CommandResult, Sandbox
from bot.domain.pull_request import printable

_READS = re.compile(
    r"(.*/)?\.github/workflows/[^/]+\.ya?ml|(.*/)?action\.ya?ml|\.github/dependabot\.ya?ml",
    re.DOTALL,
)
_SEVERITIES = {
    "High": Severity.HIGH,
    "Medium": Severity.MEDIUM,
    "Low": Severity.LOW,
}
_CONFIDENCES = {"High": 0.9, "Medium": 0.7, "Low": 0.4}
_NOTHING_TO_AUDIT = 3
_DONE = re.compile(rb"completed (\./.*)$", re.MULTILINE)


class _Span(BaseModel):
    start: int
    end: int


class _Place(BaseModel):
    offset_span: _Span


class _Concrete(BaseModel):
    location: _Place


class _LocalFile(BaseModel):
    verbatim_path: str


class _Key(BaseModel):
    Local: _LocalFile


class _Symbolic(BaseModel):
    key: _Key
    annotation: str
    kind: str


class _Location(BaseModel):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(BaseModel):
    confidence: str
    severity: str


class _Audit(BaseModel):
    ident: str
    desc: str
    determinations: _Determinations
    locations: list[_Location]


_REPORT = TypeAdapter(list[_Audit])


class Zizmor:
    """`zizmor --offline --no-config --no-ignores`, on the files themselves."""

    name = "zizmor"
    is_language_aware = True

    def __init__(self) -> None:
        self._rules = table("zizmor", "GitHub workflows")
        flags = ("--offline", "--no-config", "--no-ignores", "--no-progress", "--no-exit-codes")
        self._program = Program(
            self.name,
            (*flags, "--color=never", "--collect=all", "--format=json-v1", "--"),
            good_exit_codes=frozenset({0, _NOTHING_TO_AUDIT}),
        )

    def understands(self, path: str) -> bool:
        return bool(_READS.fullmatch(path))

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:
        taken, unread = readable(files, name=self.name)
        for path in [path for path in taken if printable(path) != path]:
            # Its log, which names the files that were audited, would not be one line per file.
            unread[path] = f"{self.name} is not given names with control characters"
            del taken[path]
        sources = {path: Source(path, data) for path, data in taken.items()}
        found: list[Finding] = []
        audited: set[str] = set()
        runs = self._program.run(sandbox, sorted(taken))
        for result in runs.results:
            found.extend(self._findings(result, sources))
            audited |= {relative(name.decode()) for name in _DONE.findall(result.stderr)}
        for path in taken.keys() - audited:
            unread[path] = f"{self.name} could not parse it"
        return Analysis(tuple(found), unread | runs.unread)

    def _findings(self, result: CommandResult, sources: Mapping[str, Source]) -> list[Finding]:
        if result.exit_code == _NOTHING_TO_AUDIT:
            return []
        report = self._program.parse(_REPORT, result.stdout)
        made = (self._finding(audit, sources) for audit in report)
        return [f for f in made if f is not None]

    def _finding(self, audit: _Audit, sources: Mapping[str, Source]) -> Finding | None:
        primary = next((p for p in audit.locations if p.symbolic.kind == "Primary"), None)
        rule = self._rule(audit)
        if primary is None or rule is None:
            return None
        source = sources.get(relative(primary.symbolic.key.Local.verbatim_path))
        if source is None:
            return None
        span = primary.concrete.location.offset_span
        match = Match(span.start, span.end, _title(audit, primary))
        return finding(rule, match, source, tool=self.name)

    def _rule(self, audit: _Audit) -> Rule | None:
        known = self._rules.get(audit.ident)
        severity = _SEVERITIES.get(audit.determinations.severity)
        confidence = _CONFIDENCES.get(audit.determinations.confidence, 0.5)
        if severity is None:
            return None
        if known is None:
            return Rule(audit.ident, severity, Category.SECURITY, confidence, "")
        worst = max(severity, known.severity, key=lambda s: s.rank)
        return Rule(audit.ident, worst, known.category, confidence, known.harm)


def _title(audit: _Audit, primary: _Location) -> str:
    said = f"{audit.desc}: {primary.symbolic.annotation}"
    return f"{said[:1].upper()}{said[1:]}"
