"""One run as a timeline: which tool, why that one, what it cost, what it found and proved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.adapters.html_page import StepView, step_view
from bot.agent.state import Observation
from bot.domain import comments
from bot.domain.evidence import Grade
from bot.domain.findings import Finding
from bot.domain.ledger import RunEnding, StepRecord
from bot.domain.record_json import RecordUnreadable, load
from bot.domain.review import Decision
from bot.domain.verdict import Verdict

T = TypeVar("T")

MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class ProofShown:
    """A finding with the evidence for its suggestion."""

    finding: Finding
    grade: Grade
    receipt: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step, and its place on the line of time."""

    record: StepRecord
    begins: float
    """In percent of the run."""
    lasts: float
    view: StepView | None
    """None where another version wrote it."""
    seen: Observation | None
    proofs: tuple[ProofShown, ...] = ()
    """Of suggestions that were tried in this step."""

    @property
    def usd(self) -> float:
        """What the model cost in this step."""
        return self.seen.spending.usd if self.seen is not None else 0.0

    @property
    def tokens(self) -> int:
        """What the model read and wrote in this step."""
        if self.seen is None:
            return 0
        usage = self.seen.spending.usage
        return usage.prompt_tokens + usage.completion_tokens


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything that the steps and the ending of a run say."""

    steps: tuple[StepShown, ...]
    findings: tuple[ProofShown, ...]
    more_findings: int
    verdict: Verdict | None


def run_view(steps: Sequence[StepRecord], ending: RunEnding | None) -> RunView:
    """Return a run as it is shown; what cannot be read is left out, and its step says so."""
    shown = tuple(_steps(steps))
    found: tuple[Finding, ...] = ()
    for step in shown:
        if step.seen is not None and step.seen.findings is not None:
            found = step.seen.findings
    listed = tuple(_proof(finding) for finding in found[:MOST_FINDINGS])
    return RunView(shown, listed, len(found) - len(listed), _verdict(ending))


def _steps(steps: Sequence[StepRecord]) -> Iterator[StepShown]:
    total = sum(step.seconds for step in steps) or 1.0
    begun, before = 0.0, frozenset[Finding]()
    for step in steps:
        decision, seen = _load(Decision, step.decision), _load(Observation, step.observation)
        findings = seen.findings if seen is not None and seen.findings is not None else ()
        yield StepShown(
            step,
            begins=round(100 * begun / total, 2),
            lasts=round(100 * step.seconds / total, 2),
            view=step_view(decision) if decision is not None else None,
            seen=seen,
            proofs=tuple(_proof(f) for f in findings if _is_tried(f) and f not in before),
        )
        begun += step.seconds
        before = frozenset(findings) or before


def _is_tried(finding: Finding) -> bool:
    return finding.suggestion is not None and finding.suggestion.proof is not None


def _proof(finding: Finding) -> ProofShown:
    proof = finding.suggestion.proof if finding.suggestion is not None else None
    grade = proof.grade if proof is not None else Grade.NOT_VERIFIED
    receipt = comments.receipt(proof) if finding.suggestion is not None else ""
    return ProofShown(finding, grade, receipt)


def _load(kind: type[T], text: str) -> T | None:
    try:
        return load(kind, text)
    except RecordUnreadable:
        return None


def _verdict(ending: RunEnding | None) -> Verdict | None:
    return _load(Verdict, ending.verdict) if ending is not None else None
