"""`test`: the suite at the merge base and at the head; what passed before and fails now."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.agent.guard import guard_overlay, untouched
from bot.agent.state import Observation, State
from bot.agent.testing import Suite
from bot.domain import comments
from bot.domain.dependencies import is_dependency_file
from bot.domain.evidence import TestReport, compare, file_of
from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.ports import NoTests, SandboxFacts
from bot.domain.test_files import is_test_file
from bot.policy.features import Features, cost, share

REGRESSION = "regression"
"""The rule of a finding that says: this pull request broke tests that passed."""
RED_TEST = "red-test"
"""The rule of a finding that says: a test that this pull request adds or edits fails."""
LOST_TEST = "lost-test"
"""The rule of a finding that says: tests that passed do not run any more."""


class Test:
    """Runs both sides once per run; a suite that cannot run is a limit, no suite is a note."""

    name = "test"

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run

    def features(self, state: State) -> Features:
        # A suite seldom reaches more than half of what a change touches.
        would_see = share(len(state.unseen), len(state.fresh)) / 2
        return {"unseen": would_see, "evidence": 1.0, "seconds": cost(60)}

    def run(self, state: State) -> Observation:
        plan = self._suite.plan()
        if isinstance(plan, NoTests):
            return Observation(plan.reason, notes=(plan.reason,))
        overlay = guard_overlay(state)
        change = state.change
        with self._suite.open(plan, seconds_left=state.seconds_left) as suite:
            base = suite.confirmed(change.merge_base_sha)
            traced = [path for path in state.head if not is_test_file(path)]
            head = suite.confirmed(change.head_sha, traced_paths=traced)
            guard = suite.confirmed(change.head_sha, overlay) if overlay else None
            facts = suite.sandbox.facts
        head = replace(head, is_self_reported=bool(overlay))
        runs = _Runs(state, base, head, guard, has_base_tests=self._suite.has_base_tests())
        return runs.observation(facts)


@dataclass(frozen=True)
class _Runs:
    """The suite at the merge base, at the head, and at the guard where there is one."""

    state: State
    base: TestReport
    head: TestReport
    guard: TestReport | None
    has_base_tests: bool

    def observation(self, facts: SandboxFacts) -> Observation:
        """Return what these runs say together."""
        limits, notes = self._limits(), (*facts.notes, *self._notes())
        found, counts = self._findings(), self.head.counts
        if self.head.problem is not None:
            all_found = self.state.findings + found
            return Observation(
                limits[0], findings=all_found, limits=limits, sandboxes=(facts,), notes=notes
            )
        return Observation(
            f"head: {counts.failed} failed, {counts.passed} passed; findings: {len(found)}",
            findings=self.state.findings + found,
            seen=frozenset(reached(self.state, self.head)),
            base_tests=self.base,
            head_tests=self.head,
            guard_tests=self.guard,
            sandboxes=(facts,),
            limits=limits,
            notes=notes,
        )

    def _findings(self) -> tuple[Finding, ...]:
        regressed = self._regressed()
        touched = {file.path for file in self.state.diff.files}
        new = {t for t in self.head.red if file_of(t) in touched} - self.base.red - set(regressed)
        messages = {**(self.guard.messages if self.guard else {}), **self.head.messages}
        groups = (
            (REGRESSION, regressed),
            (RED_TEST, tuple(sorted(new))),
            (LOST_TEST, self._lost()),
        )
        return tuple(red_finding(rule, tests, messages) for rule, tests in groups if tests)

    def _regressed(self) -> tuple[str, ...]:
        """Return tests that passed and are red: at head, or with the merge base's own tests."""
        if not self.base.is_evidence:
            return ()
        broken = set(compare(self.base, self.head).pass_to_fail) & self.head.red
        if self.guard is not None and self.guard.is_evidence:
            owed = untouched(self.state, self.base.green)
            broken |= owed & self.guard.red
        return tuple(sorted(broken))

    def _lost(self) -> tuple[str, ...]:
        """Return tests that passed and are neither run nor red any more, whoever made them so."""
        if not (self.base.is_evidence and self.head.is_evidence):
            return ()
        owed = untouched(self.state, self.base.green)
        broken_files = {test for test in self.head.red if "::" not in test}
        lost = owed - self.head.green - self.head.red - self.head.flaky
        return tuple(sorted(test for test in lost if file_of(test) not in broken_files))

    def _limits(self) -> tuple[str, ...]:
        """Name what could not be looked at."""
        limits: list[str] = []
        if self.head.problem is not None:
            limits.append(comments.tests_are_no_evidence("head", self.head.problem))
        if self.base.problem is not None and self.has_base_tests:
            limits.append(comments.tests_are_no_evidence("merge base", self.base.problem))
        unsteady = sorted(self.head.flaky & (self.base.green | self.base.flaky))
        if unsteady:
            limits.append(comments.unsteady_tests(unsteady))
        return tuple(limits)

    def _notes(self) -> tuple[str, ...]:
        changed = [f.path for f in self.state.diff.files if is_dependency_file(f.path)]
        notes = [comments.dependencies_changed(changed)] if changed else []
        if self.head.is_self_reported:
            notes.append(comments.tests_are_self_reported())
        return tuple(notes)


def red_finding(rule: str, tests: tuple[str, ...], messages: Mapping[str, str]) -> Finding:
    """Return the finding of one of this tool's rules about some tests."""
    category = Category.REGRESSION if rule == REGRESSION else Category.TEST
    is_lost = rule == LOST_TEST
    return Finding(
        rule=rule,
        severity=Severity.MEDIUM if is_lost else Severity.HIGH,
        category=category,
        title=comments.lost_tests_title(tests)
        if is_lost
        else comments.red_tests_title(rule == REGRESSION, tests),
        body=comments.lost_tests_body(tests)
        if is_lost
        else comments.red_tests_body(tests, messages),
        location=Location(file_of(tests[0]), 1, 1),
        snippet="\n".join(tests),
        source="test",
        confidence=1.0,
        evidence=tests,
    )


def reached(state: State, head: TestReport) -> list[tuple[str, int]]:
    """Return the hunks of which a test executed an added line."""
    return [
        (path, index)
        for path, index in state.unseen
        if (lines := head.reach.get(path))
        and index < len(state.diff.by_path[path].hunks)
        and any(number in lines for number in state.diff.by_path[path].hunks[index].new_range)
    ]
