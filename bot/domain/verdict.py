"""One verdict per head SHA: what was concluded, and what was looked at to conclude it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.findings import Finding, FindingState, Severity


class Conclusion(StrEnum):
    """`success` means everything was looked at and nothing was found; silence never means it."""

    SUCCESS = "success"
    FINDINGS = "findings"
    PARTIAL = "partial"
    NOT_REVIEWED = "not_reviewed"
    ERROR = "error"


class FailOn(StrEnum):
    """What turns a verdict into a failure: `fail_on` of the repository's configuration."""

    PARTIAL = "partial"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A changed file that was not reviewed."""

    path: str
    reason: str
    is_exempt: bool
    """Nothing is expected to understand it (prose, data, lock, generated, binary): it does not
    make the verdict partial."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the diff a tool that understands its language has read."""

    hunks_seen: int
    hunks_total: int
    """Hunks of exempt files are in neither figure."""
    files_skipped: tuple[SkippedFile, ...] = ()

    @property
    def is_whole(self) -> bool:
        """No hunk is unseen, and no file that somebody should have read was passed over."""
        is_all_read = all(file.is_exempt for file in self.files_skipped)
        return self.hunks_seen >= self.hunks_total and is_all_read


@dataclass(frozen=True, slots=True)
class Cost:
    """What the run used."""

    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The machine-readable answer for one head SHA."""

    conclusion: Conclusion
    coverage: Coverage
    limits: tuple[str, ...]
    """What cut the run short or kept a tool from looking, one sentence each."""
    tools: tuple[str, ...]
    """The tools that ran, in order, each once."""
    cost: Cost


def conclude(
    findings: Sequence[Finding],
    *,
    coverage: Coverage,
    limits: Sequence[str],
    tools: Sequence[str],
    cost: Cost,
) -> Verdict:
    """Return the verdict: findings win over partial, and an unseen hunk is never success."""
    is_open = any(finding.state is FindingState.OPEN for finding in findings)
    if is_open:
        conclusion = Conclusion.FINDINGS
    elif coverage.hunks_total and not coverage.hunks_seen:
        conclusion = Conclusion.NOT_REVIEWED
    elif limits or not coverage.is_whole:
        conclusion = Conclusion.PARTIAL
    else:
        conclusion = Conclusion.SUCCESS
    return Verdict(conclusion, coverage, tuple(limits), tuple(dict.fromkeys(tools)), cost)


def has_gap(verdict: Verdict) -> bool:
    """Tell whether anything could not be looked at, whatever else was found."""
    return bool(verdict.limits) or not verdict.coverage.is_whole


def is_failure(
    verdict: Verdict, findings: Sequence[Finding], *, fail_on: Collection[FailOn]
) -> bool:
    """Tell whether anything in `fail_on` turns this verdict into a failure."""
    ranks = [Severity(choice.value).rank for choice in fail_on if choice is not FailOn.PARTIAL]
    open_ranks = [f.severity.rank for f in findings if f.state is FindingState.OPEN]
    is_severe = any(rank <= allowed for rank in open_ranks for allowed in ranks)
    return is_severe or (FailOn.PARTIAL in fail_on and has_gap(verdict))
