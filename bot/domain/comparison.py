"""What `/agent test` answers: the same tests at the merge base and at the head, side by side."""

from collections import Counter
from collections.abc import Sequence

from bot.domain.evidence import Outcome, TestReport, compare
from bot.domain.markdown import code, fitted, prose
from bot.domain.pull_request import Sha
from bot.domain.review import Review

_TESTS_SHOWN_BYTES = 8_000
_DIGEST_LENGTH = 19
_OPERATOR = (
    "Where code may run is set up by the operator of this App: `pullwright doctor` says how."
)
_NAME_A_COMMAND = (
    "Who may push to the base branch names the command as `tests.command` in "
    "`.github/pullwright.yml`."
)
_HEAD = "| Tests | Passed | Failed | Skipped |\n|---|---|---|---|"


def difference(review: Review) -> str:
    """Return both sides in numbers, what changed, what stood in the way, and where it ran."""
    base, head = review.base_tests, review.head_tests
    if base is None or head is None:
        return _not_looked(review)
    change = review.change
    rows = [_row("merge base", change.merge_base_sha, base), _row("head", change.head_sha, head)]
    parts = ["\n".join([_HEAD, *rows]), *_changes(base, head), *_circumstances(review)]
    return "\n\n".join([*parts, _receipt(base, head)])


def _not_looked(review: Review) -> str:
    """Say that there is no comparison, why, and who must act."""
    limits, notes = review.verdict.limits, review.notes
    if not limits:
        reason = "; ".join(notes) or "the run ended before the tests ran"
        return f"{prose(f'Nothing was run: {reason}.')}\n\n{_NAME_A_COMMAND}"
    said = prose(f"I could not look: {'; '.join(limits)}.")
    if not review.sandboxes:
        return f"{said}\n\n{_OPERATOR}"
    where = ", ".join(code(facts.image) for facts in review.sandboxes)
    return f"{said}\n\nIt ran in {where}."


def _row(side: str, sha: Sha, report: TestReport) -> str:
    counts = report.counts
    skipped = Counter(report.outcomes.values())[Outcome.SKIPPED]
    name = f"{side} {code(sha[:12])}"
    return f"| {name} | {counts.passed} | {counts.failed} | {skipped} |"


def _changes(base: TestReport, head: TestReport) -> list[str]:
    if not (base.is_evidence and head.is_evidence):
        return ["The two sides cannot be compared."]
    found = compare(base, head)
    lists = (
        ("Passed before and not now", found.pass_to_fail),
        ("Failed before and pass now", found.fail_to_pass),
        ("Fail on both sides", found.still_red),
        ("Red once and green once on the same tree, so no evidence", found.flaky),
    )
    shown = [_listed(title, tests) for title, tests in lists if tests]
    if not found.pass_to_fail and not found.fail_to_pass:
        shown.insert(0, "No test changed sides.")
    return shown


def _listed(title: str, tests: Sequence[str]) -> str:
    rows, left_over = fitted(
        (f"- {code(test)}" for test in tests), limit_bytes=_TESTS_SHOWN_BYTES, separator="\n"
    )
    more = f"\n- and {left_over} more" if left_over else ""
    return f"{title} ({len(tests)}):\n\n{rows}{more}"


def _circumstances(review: Review) -> list[str]:
    lines = [*review.verdict.limits, *review.notes]
    return ["\n".join(f"- {prose(line, limit=300)}" for line in lines)] if lines else []


def _receipt(base: TestReport, head: TestReport) -> str:
    """Return what ran, for how long, and where."""
    place = "on this machine, without a container"
    if head.image != "process":
        image = head.image if len(head.image) <= _DIGEST_LENGTH else f"{head.image[:19]}…"
        place = f"image {image}"
    seconds = base.seconds + head.seconds
    return f"{code(' '.join(head.command))} · {seconds:.1f} s · {place}"
