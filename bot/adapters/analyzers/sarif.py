"""Reads what any tool wrote as SARIF 2.1.0, and believes only what fits the files we hold."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from pydantic import TypeAdapter, ValidationError

from bot.adapters.analyzers.rule_table import Match, Rule, finding
from bot.adapters.analyzers.sarif_log import (
    Artifact,
    Change,
    Descriptor,
    Fix,
    Log,
    Region,
    Result,
    Run,
)
from bot.adapters.analyzers.source import Columns, Source, Splice
from bot.domain.edits import Edit, EditRefused, Patch
from bot.domain.findings import Category, Finding, Severity
from bot.domain.ports import Analysis, Sandbox
from bot.errors import AnalyzerFailed

MAX_SARIF_BYTES = 32 << 20
MAX_SARIF_RESULTS = 5_000
_MAX_MESSAGE = 600
_MAX_NAME = 80
_MAX_BASES = 8
_CONFIDENCE = 0.6
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}
# GitHub's own bounds for the property `security-severity`.
_SECURITY = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
_LOG = TypeAdapter(Log)


def read_sarif(data: bytes, files: Mapping[str, bytes], *, root: str = "") -> tuple[Finding, ...]:
    """Return the findings in the given files; those in other files are left out.

    `root` is the absolute folder that the tool ran in, for logs with absolute paths. Raises
    AnalyzerFailed when this is not a SARIF 2.1.0 log or holds too much.
    """
    log = _parse(data)
    total = sum(len(run.results or ()) for run in log.runs)
    if total > MAX_SARIF_RESULTS:
        raise AnalyzerFailed(
            f"the SARIF file has {total} results, the limit is {MAX_SARIF_RESULTS}"
        )
    readers = (_Reader(run, files, root) for run in log.runs)
    return tuple(found for reader in readers for found in reader.findings())


@dataclass(frozen=True, slots=True)
class SarifFile:
    """Another tool's log as an analyzer: what it found counts like any finding.

    Its tool is not run again, so a fix of its own can never be proved, only shown.
    """

    data: bytes
    root: str = ""
    name: str = "sarif"
    is_language_aware: bool = False

    def understands(self, path: str) -> bool:  # noqa: ARG002 - a log may be about any file
        return True

    def analyze(self, sandbox: Sandbox, files: Mapping[str, bytes]) -> Analysis:  # noqa: ARG002 - nothing runs
        return Analysis(read_sarif(self.data, files, root=self.root))


def _parse(data: bytes) -> Log:
    if len(data) > MAX_SARIF_BYTES:
        raise AnalyzerFailed(
            f"the SARIF file has {len(data)} bytes, the limit is {MAX_SARIF_BYTES}"
        )
    try:
        log = _LOG.validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "its start"
        raise AnalyzerFailed(f"the SARIF file is malformed at {place}: {first['msg']}") from None
    if log.version != "2.1.0":
        raise AnalyzerFailed(f"the SARIF file has version {log.version[:20]}, not 2.1.0")
    return log


class _Reader:
    """One run of a log: its tool, its rules and its way of naming files."""

    def __init__(self, run: Run, files: Mapping[str, bytes], root: str) -> None:
        self._run = run
        self._files = files
        self._root = root.rstrip("/")
        self._sources: dict[str, Source] = {}
        self._descriptors = {rule.id: rule for rule in run.tool.driver.rules}
        is_utf16 = run.columns != "unicodeCodePoints"
        self._columns = Columns.UTF16 if is_utf16 else Columns.CODE_POINTS

    def findings(self) -> list[Finding]:
        made = (self._finding(r) for r in self._run.results or () if _is_open(r))
        return [found for found in made if found is not None]

    def _finding(self, result: Result) -> Finding | None:
        place = result.locations[0].physical if result.locations else None
        source = self._source(place.artifact) if place else None
        if place is None or source is None:
            return None
        start, end = self._span(source, place.region) if place.region else (0, 0)
        rule = _rule(result, self._descriptor(result))
        said = result.message.text or rule.harm or rule.id
        match = Match(start, end, said.split(". ")[0], fix=self._fix(result))
        return finding(rule, match, source, tool=self._run.tool.driver.name[:_MAX_NAME])

    def _descriptor(self, result: Result) -> Descriptor | None:
        known = self._descriptors.get(result.rule_id or result.rule.id or "")
        index = max(result.rule_index, result.rule.index)
        rules = self._run.tool.driver.rules
        return known or (rules[index] if 0 <= index < len(rules) else None)

    def _source(self, artifact: Artifact) -> Source | None:
        if artifact.uri is None and 0 <= artifact.index < len(self._run.artifacts):
            artifact = self._run.artifacts[artifact.index].location
        path = self._path(artifact)
        if path is None or path not in self._files:
            return None
        return self._sources.setdefault(path, Source(path, self._files[path]))

    def _path(self, artifact: Artifact) -> str | None:
        """Return the path from the root of the repository, or None for what is not below it."""
        joined = ""
        for _ in range(_MAX_BASES):
            part = _path_of(artifact.uri or "")
            if part is None:
                return None
            joined = posixpath.join(part, joined) if joined else part
            base = self._run.bases.get(artifact.base or "")
            # Without a root, an absolute base is the tool's own root, wherever that was.
            if base is None or joined.startswith("/") or self._is_foreign_root(base):
                break
            artifact = base
        return _below(joined, self._root)

    def _is_foreign_root(self, base: Artifact) -> bool:
        return not self._root and (base.uri or "").startswith("file:")

    def _span(self, source: Source, region: Region) -> tuple[int, int]:
        if region.start_line is not None:
            end_line = region.end_line or region.start_line
            start = source.offset(region.start_line, region.start_column, self._columns)
            if region.end_column is None:
                return start, max(start, source.offset(end_line + 1, 1) - 1)
            return start, max(start, source.offset(end_line, region.end_column, self._columns))
        size = len(source.data)
        start = min(region.byte_offset or 0, size)
        return start, min(start + region.byte_length, size)

    def _fix(self, result: Result) -> Patch | None:
        """Return the first fix that fits the files, all of its changes or none."""
        patches = (self._patch(fix) for fix in result.fixes[:3])
        return next((patch for patch in patches if patch is not None), None)

    def _patch(self, fix: Fix) -> Patch | None:
        edits: list[Edit] = []
        for change in fix.changes:
            source = self._source(change.artifact)
            patch = self._change(source, change) if source else None
            if patch is None:
                return None
            edits += patch.edits
        try:
            return Patch(tuple(edits)) if edits else None
        except EditRefused:
            return None

    def _change(self, source: Source, change: Change) -> Patch | None:
        if not all(part.deleted.is_exact for part in change.replacements):
            return None
        splices = [
            Splice(*self._span(source, part.deleted), part.inserted.text.encode())
            for part in change.replacements
        ]
        return source.patch(splices)


def _is_open(result: Result) -> bool:
    is_suppressed = any(s.status == "accepted" for s in result.suppressions)
    return result.kind == "fail" and not is_suppressed


def _rule(result: Result, known: Descriptor | None) -> Rule:
    level = result.level or (known.configuration.level if known else None) or "warning"
    score = _security_score(known)
    severity = _LEVELS.get(level, Severity.LOW)
    if score is not None:
        severity = next((s for bound, s in _SECURITY if score >= bound), Severity.LOW)
    name = result.rule_id or result.rule.id or (known.id if known else "") or "sarif"
    said = " ".join((result.message.text or (known.short.text if known else "")).split())
    return Rule(
        id=name[:_MAX_NAME],
        severity=severity,
        category=Category.BUG if score is None else Category.SECURITY,
        confidence=_CONFIDENCE,
        harm=said[:_MAX_MESSAGE],
    )


def _security_score(known: Descriptor | None) -> float | None:
    try:
        return float(str(known.properties["security-severity"])) if known else None
    except (KeyError, ValueError):
        return None


def _path_of(uri: str) -> str | None:
    """Return the decoded path of a relative or `file:` URI, or None for any other."""
    try:
        url = urlsplit(uri)
    except ValueError:
        return None
    if url.scheme not in ("", "file"):
        return None
    return unquote_to_bytes(url.path).decode("utf-8", "surrogateescape")


def _below(path: str, root: str) -> str | None:
    if path.startswith("/"):
        if not root or not path.startswith(f"{root}/"):
            return None
        path = path[len(root) + 1 :]
    clean = posixpath.normpath(path)
    return None if clean.startswith(("../", "/")) or clean in ("..", ".") else clean
