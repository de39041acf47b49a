"""The verdict as a check run: conclusion, annotations, buttons, and the JSON for programs."""

import json
from collections.abc import Collection, Sequence

from bot.domain import comments, posts
from bot.domain.command_parser import button_identifier
from bot.domain.diff import Side
from bot.domain.evidence import Grade
from bot.domain.findings import Category, Finding, Severity
from bot.domain.forge import (
    Annotation,
    AnnotationLevel,
    Button,
    CheckConclusion,
    CheckRun,
    CheckStatus,
)
from bot.domain.markdown import fence, is_postable, prose
from bot.domain.posts import Wording
from bot.domain.pull_request import Sha, printable
from bot.domain.review import Review
from bot.domain.untrusted import one_line, shown
from bot.domain.verdict import Conclusion, FailOn, Verdict, is_failure

CHECK_NAME = "pullwright / review"
FIX, RERUN, DISMISS = "fix", "rerun", "dismiss"
"""The identifiers of the buttons, as they come back in a delivery."""
MAX_ANNOTATIONS = 50
"""What GitHub takes in one request: the number of calls does not grow with the findings."""

_LEVELS = {
    Severity.CRITICAL: AnnotationLevel.FAILURE,
    Severity.HIGH: AnnotationLevel.FAILURE,
    Severity.MEDIUM: AnnotationLevel.WARNING,
    Severity.LOW: AnnotationLevel.NOTICE,
}
_STOPPED = "The review was stopped"
_NOT_LOOKED = (Conclusion.PARTIAL, Conclusion.NOT_REVIEWED, Conclusion.ERROR)


def check_id(run_id: str, number: int | None) -> str:
    """Return the external id of a check run; a re-run of a fork's check is known by its end only.

    GitHub names no pull request where the head is in a fork.
    """
    return run_id if number is None else f"{run_id}#{number}"


def started_check(head_sha: Sha, run_id: str, number: int | None = None) -> CheckRun:
    """Return the check run of a review that is under way."""
    return CheckRun(
        name=CHECK_NAME,
        head_sha=head_sha,
        status=CheckStatus.IN_PROGRESS,
        title=comments.review_under_way(),
        summary=comments.review_under_way(),
        external_id=check_id(run_id, number),
    )


def stopped_check(head_sha: Sha, run_id: str, number: int | None = None) -> CheckRun:
    """Return the check run of a review that somebody stopped."""
    return CheckRun(
        name=CHECK_NAME,
        head_sha=head_sha,
        status=CheckStatus.COMPLETED,
        title=_STOPPED,
        summary=f"{_STOPPED}: nothing is known of this head. Re-run it for a verdict.",
        external_id=check_id(run_id, number),
        conclusion=CheckConclusion.CANCELLED,
        buttons=_buttons((), number),
    )


def not_reviewed_check(
    head_sha: Sha, run_id: str, reason: str, number: int | None = None
) -> CheckRun:
    """Return the check run of a head that could not be looked at, and why (rule R26)."""
    return CheckRun(
        name=CHECK_NAME,
        head_sha=head_sha,
        status=CheckStatus.COMPLETED,
        title="Not reviewed",
        summary=prose(f"Not reviewed: {reason}."),
        external_id=check_id(run_id, number),
        conclusion=CheckConclusion.NEUTRAL,
    )


def verdict_check(
    review: Review, findings: Sequence[Finding], *, fail_on: Collection[FailOn], wording: Wording
) -> CheckRun:
    """Return the check run of a finished review; `findings` are those that people see."""
    return CheckRun(
        name=CHECK_NAME,
        head_sha=review.change.head_sha,
        status=CheckStatus.COMPLETED,
        title=one_line(comments.headline(review.verdict, review.open_findings)),
        summary=posts.summary(review, findings, (), wording),
        external_id=check_id(review.run_id, wording.number),
        conclusion=check_conclusion(review.verdict, findings, fail_on=fail_on),
        text=fence(json.dumps(_verdict_json(review), indent=2), "json"),
        annotations=_annotations(findings),
        buttons=_buttons(findings, wording.number),
    )


def check_conclusion(
    verdict: Verdict, findings: Sequence[Finding], *, fail_on: Collection[FailOn]
) -> CheckConclusion:
    """Return success only where everything was looked at and nothing was found.

    Anything else is neutral, or a failure where the configuration says so.
    """
    is_gap = verdict.conclusion in _NOT_LOOKED and FailOn.PARTIAL in fail_on
    if is_gap or is_failure(verdict, findings, fail_on=fail_on):
        return CheckConclusion.FAILURE
    if verdict.conclusion is Conclusion.SUCCESS:
        return CheckConclusion.SUCCESS
    return CheckConclusion.NEUTRAL


def _annotations(findings: Sequence[Finding]) -> tuple[Annotation, ...]:
    placed = [f for f in findings if f.location.side is Side.RIGHT and is_postable(f.location.path)]
    return tuple(_annotation(finding) for finding in placed[:MAX_ANNOTATIONS])


def _annotation(finding: Finding) -> Annotation:
    where = finding.location
    return Annotation(
        path=where.path,
        start_line=max(1, where.start_line),
        end_line=max(1, where.start_line, where.end_line),
        level=_LEVELS[finding.severity],
        title=f"{finding.id} {one_line(finding.title)}",
        message=shown(finding.body)[:4_000] or one_line(finding.title),
    )


def _buttons(findings: Sequence[Finding], number: int | None) -> tuple[Button, ...]:
    fix, again, off = (_identifier(name, number) for name in (FIX, RERUN, DISMISS))
    rerun = Button("Re-run", "Review this head again", again)
    if not findings:
        return (rerun,)
    dismiss = Button("Dismiss", "Dismiss the open findings", off)
    if not any(_is_fixable(finding) for finding in findings):
        return (rerun, dismiss)
    return (Button("Fix", "Commit what can be proved to mend", fix), rerun, dismiss)


def _identifier(name: str, number: int | None) -> str:
    return name if number is None else button_identifier(name, number)


def _is_fixable(finding: Finding) -> bool:
    """Tell whether the button may end in a commit: a proved patch, or red tests to search with."""
    if finding.category in (Category.REGRESSION, Category.TEST):
        return True
    suggestion = finding.suggestion
    if suggestion is None or suggestion.proof is None or suggestion.source == "bisect":
        return False
    return suggestion.proof.grade is Grade.PROVED


def _verdict_json(review: Review) -> dict[str, object]:
    verdict = review.verdict
    coverage, cost = verdict.coverage, verdict.cost
    return {
        "head_sha": review.change.head_sha,
        "conclusion": verdict.conclusion.value,
        "coverage": {
            "hunks_seen": coverage.hunks_seen,
            "hunks_total": coverage.hunks_total,
            "files_skipped": len(coverage.files_skipped),
        },
        "limits": [one_line(limit) for limit in verdict.limits[:50]],
        "tools": [printable(tool) for tool in verdict.tools],
        "cost": {
            "prompt_tokens": cost.prompt_tokens,
            "completion_tokens": cost.completion_tokens,
            "usd": cost.usd,
            "seconds": cost.seconds,
        },
    }
