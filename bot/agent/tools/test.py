"""`test`: the suite at the merge base and at the head; what passed before and fails now."""

from dataclasses import replace

from bot.agent.state import Observation, State
from bot.agent.testing import OpenSuite, Suite
from bot.domain import comments
from bot.domain.dependencies import is_dependency_file
from bot.domain.evidence import TestReport, compare
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.ports import NoTests
from bot.domain.test_files import is_test_control, is_test_file
from bot.policy.features import Features, cost, share

REGRESSION = "regression"
"""The rule of a finding that says: this pull request broke tests that passed."""
RED_TEST = "red-test"
"""The rule of a finding that says: a test that this pull request adds or edits fails."""


class Test:
    """Runs both sides once per run; a suite that cannot run is a limit, no suite is a note."""

    name = "test"

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run

    def features(self, state: State) -> Features:
        # A suite seldom reaches more than half of what a change touches.
        would_see = share(len(state.unseen), len(state.hunks)) / 2
        return {"unseen": would_see, "evidence": 1.0, "seconds": cost(60)}

    def run(self, state: State) -> Observation:
        plan = self._suite.plan()
        if isinstance(plan, NoTests):
            return Observation(plan.reason, notes=(plan.reason,))
        with self._suite.open(plan, seconds_left=state.seconds_left) as suite:
            base = suite.confirmed(state.change.merge_base_sha)
            traced = [path for path in state.head if not is_test_file(path)]
            head = suite.confirmed(state.change.head_sha, traced_paths=traced)
            return _observe(state, suite, base, _honest(state, head))


def _observe(state: State, suite: OpenSuite, base: TestReport, head: TestReport) -> Observation:
    facts = suite.sandbox.facts
    if head.problem is not None:
        limit = comments.tests_are_no_evidence("head", head.problem)
        return Observation(limit, limits=(limit,), sandboxes=(facts,), notes=_notes(state, base))
    found = _findings(state, base, head)
    counts = head.counts
    return Observation(
        f"head: {counts.failed} failed, {counts.passed} passed; findings: {len(found)}",
        findings=state.findings + found,
        seen=frozenset(_reached(state, head)),
        base_tests=base,
        head_tests=head,
        sandboxes=(facts,),
        notes=(*facts.notes, *_notes(state, base)),
    )


def _findings(state: State, base: TestReport, head: TestReport) -> tuple[Finding, ...]:
    broken = compare(base, head).pass_to_fail if base.is_evidence else ()
    regressed = tuple(test for test in broken if test in head.red)
    touched = {file.path for file in state.diff.files}
    new = tuple(
        test
        for test in sorted(head.red - set(regressed))
        if test.partition("::")[0] in touched and test not in base.red
    )
    groups = ((REGRESSION, regressed), (RED_TEST, new))
    return tuple(_finding(rule, tests, head) for rule, tests in groups if tests)


def _finding(rule: str, tests: tuple[str, ...], head: TestReport) -> Finding:
    path = tests[0].partition("::")[0]
    category = Category.REGRESSION if rule == REGRESSION else Category.TEST
    return Finding(
        rule=rule,
        severity=Severity.HIGH,
        category=category,
        title=comments.red_tests_title(rule == REGRESSION, tests),
        body=comments.red_tests_body(tests, head.messages),
        location=Location(path, 1, 1),
        snippet="\n".join(tests),
        source="test",
        confidence=1.0,
        evidence=tests,
    )


def _reached(state: State, head: TestReport) -> list[tuple[str, int]]:
    """Return the hunks of which a test executed an added line."""
    return [
        (path, index)
        for path, index in state.unseen
        if (lines := head.reach.get(path))
        and any(number in lines for number in state.diff.by_path[path].hunks[index].new_range)
    ]


def _honest(state: State, head: TestReport) -> TestReport:
    """Mark the report where the pull request edits what decides how tests run or report."""
    controls = any(
        is_test_control(p) for file in state.diff.files for p in (file.path, file.old_path)
    )
    return replace(head, is_self_reported=head.is_self_reported or controls)


def _notes(state: State, base: TestReport) -> tuple[str, ...]:
    notes: list[str] = []
    if base.problem is not None:
        notes.append(comments.tests_are_no_evidence("merge base", base.problem))
    changed = [file.path for file in state.diff.files if is_dependency_file(file.path)]
    if changed:
        notes.append(comments.dependencies_changed(changed))
    return tuple(notes)
