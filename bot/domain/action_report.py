"""What one step of the Action tells: its outputs, the job summary, and how it ends."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain import comments
from bot.domain.action_state import without_state
from bot.domain.action_words import DRY, failed, not_posted, nothing_to_do
from bot.domain.forge import Annotation, ReviewComment
from bot.domain.markdown import details, prose
from bot.domain.markers import without_marker
from bot.domain.pull_request import printable
from bot.domain.review import Review
from bot.domain.untrusted import one_line
from bot.domain.verdict import Conclusion

OUTPUTS = (
    "verdict",
    "conclusion",
    "findings_count",
    "results_file",
    "sarif_file",
    "summary",
    "coverage",
    "commit_sha",
    "branch_name",
    "comment_url",
    "total_cost_usd",
    "input_tokens",
    "output_tokens",
)
"""Every output of `action.yml`, in its order."""
_TITLE = "## Pullwright"


@dataclass(frozen=True, slots=True)
class StepReport:
    """What became of one step; what nothing was done for has its defaults."""

    headline: str
    """One sentence, as the output `summary` has it."""
    conclusion: str = Conclusion.NOT_REVIEWED.value
    review: Review | None = None
    body: str = ""
    """What was posted or would have been, as Markdown."""
    unposted: tuple[ReviewComment, ...] = ()
    """Comments next to the code that the token did not allow."""
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    number: int | None = None
    is_dry: bool = False
    notes: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    """The worst first."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Outputs that are no part of a review."""
    is_failure: bool = False


def nothing(reason: str, number: int | None = None) -> StepReport:
    """Return the report of a step that had nothing to do."""
    return StepReport(one_line(nothing_to_do(reason), limit=1000), number=number)


def broken(reason: str) -> StepReport:
    """Return the report of a step that ended early."""
    return StepReport(one_line(failed(reason), limit=1000), Conclusion.ERROR.value, is_failure=True)


def outputs(report: StepReport) -> dict[str, str]:
    """Return every output; what is not known is empty, and a figure of nothing is 0."""
    review = report.review
    found = dict.fromkeys(OUTPUTS, "") | {
        "conclusion": report.conclusion,
        "summary": report.headline,
        "findings_count": "0",
        "total_cost_usd": "0",
        "input_tokens": "0",
        "output_tokens": "0",
        "verdict": json.dumps({"conclusion": report.conclusion}),
    }
    if review is not None:
        coverage, cost = review.verdict.coverage, review.verdict.cost
        found |= {
            "verdict": _verdict(review),
            "findings_count": str(len(review.open_findings)),
            "coverage": f"{coverage.hunks_seen}/{coverage.hunks_total}",
            "total_cost_usd": f"{cost.usd:.6f}".rstrip("0").rstrip("."),
            "input_tokens": str(cost.prompt_tokens),
            "output_tokens": str(cost.completion_tokens),
        }
    return found | dict(report.extra)


def job_summary(report: StepReport) -> str:
    """Return the job summary: what people see where nothing could be posted, too."""
    parts = [_TITLE, _body(report)]
    if report.is_dry:
        parts.append(DRY)
    if report.missing and report.number is not None:
        parts.append(not_posted(report.missing, report.number))
    parts += [f"- {prose(note, limit=600)}" for note in report.notes]
    parts += [_comment(one) for one in report.unposted]
    return "\n\n".join(part for part in parts if part) + "\n"


def headline_of(review: Review) -> str:
    """Return line one of a review."""
    return one_line(comments.headline(review.verdict, review.open_findings), limit=1000)


def _body(report: StepReport) -> str:
    return without_marker(without_state(report.body)) if report.body else prose(report.headline)


def _comment(one: ReviewComment) -> str:
    where = f"{printable(one.path)}{f':{one.line}' if one.line is not None else ''}"
    title = prose(one_line(where)).replace("<", "&lt;")
    return details(title, without_marker(one.body))


def _verdict(review: Review) -> str:
    verdict = review.verdict
    coverage, cost = verdict.coverage, verdict.cost
    return json.dumps(
        {
            "conclusion": verdict.conclusion.value,
            "coverage": {
                "hunks_seen": coverage.hunks_seen,
                "hunks_total": coverage.hunks_total,
                "files_skipped": [
                    {"path": printable(f.path), "reason": f.reason}
                    for f in coverage.files_skipped[:100]
                ],
            },
            "limits": [one_line(limit) for limit in verdict.limits],
            "tools": list(verdict.tools),
            "cost": {
                "prompt_tokens": cost.prompt_tokens,
                "completion_tokens": cost.completion_tokens,
                "usd": cost.usd,
                "seconds": cost.seconds,
            },
        }
    )
