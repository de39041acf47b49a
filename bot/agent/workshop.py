"""Tries code that was written on request: it has to be as good as a patch that mends something.

What is tried is laid over the head; nothing is written anywhere. New tests have to be red without
the code and green with it, and nothing else may get worse: it parses, no linter and no test
complains.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.agent.linting import Linter, kinds
from bot.agent.state import State
from bot.agent.testing import OpenSuite, Suite
from bot.domain import comments
from bot.domain.evidence import TestReport, compare, file_of
from bot.domain.ports import NoTests, Syntax, Workspace
from bot.domain.pull_request import printable

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a trial showed."""

    problem: str | None
    """What is wrong with the code, for whoever wrote it; None where it is proved."""
    tests: tuple[str, ...] = ()
    """The new tests, which are red without the code and green with it."""
    passed: int = 0
    seconds: float = 0.0
    image: str = ""


class Workshop:
    """Judges written code on the head of one change."""

    def __init__(self, workspace: Workspace, suite: Suite, linter: Linter, syntax: Syntax) -> None:
        self.workspace = workspace
        self.suite = suite
        self._linter = linter
        self._syntax = syntax

    def judge(self, state: State, code: Files, tests: Files) -> Judged:
        """Return what is wrong with the code and its tests; raises SandboxUnavailable."""
        plan = self.suite.plan()
        if isinstance(plan, NoTests):
            return Judged(f"nothing can be proved here: {plan.reason}")
        written = {**code, **tests}
        problem = self._unparsed(written) or self._new_lint(state, written)
        if problem is not None:
            return Judged(problem)
        with self.suite.open(plan, seconds_left=state.seconds_left) as suite:
            return _Trial(state, suite, code, tests).run()

    def _unparsed(self, written: Files) -> str | None:
        broken = [
            path for path, data in written.items() if self._syntax.parses(path, data) is False
        ]
        return f"{printable(broken[0])} does not parse" if broken else None

    def _new_lint(self, state: State, written: Files) -> str | None:
        head = state.change.head_sha
        before = {f.path: f.data for f in self.workspace.files(head, written)}
        was = kinds(self._linter.look(before).findings) if before else {}
        now = self._linter.look(written).findings
        more = {key for key, count in kinds(now).items() if count > was.get(key, 0)}
        new = [f for f in now if (f.location.path, f.rule, f.symbol) in more]
        if not new:
            return None
        shown = (f"{f.rule} {printable(f.location.path)}:{f.location.start_line}" for f in new[:5])
        return f"the linters report: {', '.join(shown)}"


@dataclass(frozen=True)
class _Trial:
    state: State
    suite: OpenSuite
    code: Files
    tests: Files

    def run(self) -> Judged:
        """Run the new tests without the code, then everything with it."""
        head, paths = self.state.change.head_sha, sorted(self.tests)
        before = self.state.head_tests or self.suite.confirmed(head)
        without = self.suite.run(head, self.tests, only=paths) if self.code else None
        after = self.suite.confirmed(head, {**self.code, **self.tests})
        if not before.is_evidence or not after.is_evidence:
            return Judged(f"the tests prove nothing: {after.problem or before.problem}")
        problem = self._problem(before, without, after)
        new = tuple(sorted(t for t in after.green if file_of(t) in self.tests))
        image, passed = self.suite.sandbox.facts.image, after.counts.passed
        return Judged(problem, new, passed, after.seconds, image)

    def _problem(
        self, before: TestReport, without: TestReport | None, after: TestReport
    ) -> str | None:
        new = {test for test in after.outcomes if file_of(test) in self.tests}
        red = sorted(new & after.red) or sorted(after.red & set(self.tests))
        broken = compare(before, after).pass_to_fail
        if red:
            return f"new tests fail: {_listed(red, after)}"
        if broken:
            return f"tests break: {_listed(broken, after)}"
        if not new & after.green:
            return "the new test files have no test that runs"
        if without is not None and new & without.green:
            early = sorted(new & without.green)
            return f"these tests pass without the code too: {', '.join(early[:3])}"
        return None


def _listed(tests: "tuple[str, ...] | list[str]", report: TestReport) -> str:
    """Name some tests with how the first of them fails."""
    said = report.messages.get(tests[0], "")[-1_500:]
    names = ", ".join(comments.spoken_test(test) or test for test in tests[:5])
    return f"{names}\n{said}" if said else names
