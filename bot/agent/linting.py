"""Looks at files with every analyzer: the one way that `lint` and the proofs use."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from bot.domain import comments
from bot.domain.exempt import odd_encoding
from bot.domain.findings import Finding
from bot.domain.gaming import defused
from bot.domain.hidden_text import hidden_text
from bot.domain.ports import Analyzer, Purpose, Sandboxes, SandboxFacts, SourceFile, Syntax
from bot.errors import AnalyzerFailed

_INVISIBLE = "PLE25"
"""Ruff's rules about bidirectional and invisible characters."""


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the analyzers said of some files."""

    findings: tuple[Finding, ...]
    read: frozenset[str]
    """Files that an analyzer with rules for their language has read."""
    failures: tuple[str, ...]
    """Analyzers that could not look, one sentence each."""
    facts: SandboxFacts


class Linter:
    """All analyzers in one sandbox of the tools image, opened anew for each look."""

    def __init__(self, sandboxes: Sandboxes, analyzers: Sequence[Analyzer], syntax: Syntax) -> None:
        self._sandboxes = sandboxes
        self._analyzers = tuple(analyzers)
        self._syntax = syntax

    def understands(self, path: str) -> bool:
        """Tell whether any analyzer has rules for this file's language."""
        return any(a.understands(path) for a in self._analyzers if a.is_language_aware)

    def look(self, files: Mapping[str, bytes]) -> LintReport:
        """Return every finding in these files; raises SandboxUnavailable."""
        found: list[Finding] = []
        read: set[str] = set()
        failures: list[str] = []
        with closing(self._sandboxes.open(Purpose.TOOLS)) as sandbox:
            # The copy that the tools read; places and snippets come from the files themselves.
            sandbox.put(SourceFile(path, defused(data)) for path, data in sorted(files.items()))
            for analyzer in self._analyzers:
                theirs = {p: d for p, d in files.items() if analyzer.understands(p)}
                if not theirs:
                    continue
                try:
                    analysis = analyzer.analyze(sandbox, theirs)
                except AnalyzerFailed as error:
                    failures.append(str(error))
                    continue
                found.extend(analysis.findings)
                read |= theirs.keys() - analysis.unread if analyzer.is_language_aware else set()
            facts = sandbox.facts
        # Some tools name such a line too, and with a fix.
        named_lines = {f.location for f in found if f.rule.startswith(_INVISIBLE)}
        found += [f for f in hidden(files) if f.location not in named_lines]
        for path, encoding in _odd_encodings(files):
            read.discard(path)
            failures.append(comments.odd_encoding(path, encoding))
        named = tuple(self._with_symbol(_with_true_fix(f), files) for f in found)
        return LintReport(named, frozenset(read), tuple(failures), facts)

    def _with_symbol(self, finding: Finding, files: Mapping[str, bytes]) -> Finding:
        place = finding.location
        symbol = self._syntax.enclosing_symbol(place.path, files[place.path], place.start_line)
        return replace(finding, symbol=symbol)


def hidden(files: Mapping[str, bytes]) -> list[Finding]:
    """Return what files of any kind hide from their readers; no tool is needed for that."""
    return [finding for path, data in files.items() for finding in hidden_text(path, data)]


def _with_true_fix(finding: Finding) -> Finding:
    """Leave a fix out where it may hold words of the copy that was made for the tools."""
    edits = finding.fix.edits if finding.fix is not None else ()
    olds = [edit.old_text.encode("utf-8", "surrogateescape") for edit in edits]
    return finding if all(defused(old) == old for old in olds) else replace(finding, fix=None)


def _odd_encodings(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    found = ((p, odd_encoding(d)) for p, d in sorted(files.items()) if p.endswith((".py", ".pyi")))
    return [(path, encoding) for path, encoding in found if encoding is not None]


def kinds(findings: Iterable[Finding]) -> dict[tuple[str, str, str], int]:
    """Count findings by path, rule and symbol: what a patch may not increase."""
    counts: dict[tuple[str, str, str], int] = {}
    for finding in findings:
        key = (finding.location.path, finding.rule, finding.symbol)
        counts[key] = counts.get(key, 0) + 1
    return counts
