"""Runs the project's tests on trees of the change: the one way that all tools use."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from bot.agent.trees import NOTHING, tree
from bot.domain.bisection import Overlay
from bot.domain.dependencies import dependency_files
from bot.domain.evidence import TestReport
from bot.domain.ports import (
    Dependencies,
    NoTests,
    Purpose,
    Sandbox,
    Sandboxes,
    TestPlan,
    TestRunner,
    Workspace,
)
from bot.domain.pull_request import Sha
from bot.domain.test_files import is_test_control

_CONFIRMED_AT_MOST = 200
"""Red tests that are run again to tell flaky ones; more than that is no flake but a broken tree."""


@dataclass(frozen=True)
class OpenSuite:
    """A sandbox of the test image and how to run the tests in it."""

    workspace: Workspace
    runner: TestRunner
    sandbox: Sandbox
    plan: TestPlan

    def run(
        self,
        sha: Sha,
        overlay: Overlay = NOTHING,
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        """Run the tests on a fresh copy of the tree."""
        self.sandbox.put(tree(self.workspace, sha, overlay))
        return self.runner.run(self.sandbox, self.plan, only=only, traced_paths=traced_paths)

    def confirmed(
        self, sha: Sha, overlay: Overlay = NOTHING, *, traced_paths: Sequence[str] = ()
    ) -> TestReport:
        """Run the tests, and all of them once more where any is red.

        What turns green by itself is flaky. The whole suite is run again and not the red tests
        alone: a test that fails only after another one fails every time, and is no flake.
        """
        report = self.run(sha, overlay, traced_paths=traced_paths)
        if not report.is_evidence or not report.red or len(report.red) > _CONFIRMED_AT_MOST:
            return report
        again = self.run(sha, overlay)
        return replace(report, flaky=report.flaky | (report.red & again.green))


class Suite:
    """The tests of one change; dependencies always come from the base side."""

    def __init__(
        self,
        workspace: Workspace,
        sandboxes: Sandboxes,
        runner: TestRunner,
        *,
        setup: str | None = None,
    ) -> None:
        self._workspace = workspace
        self._sandboxes = sandboxes
        self._runner = runner
        self._setup = setup

    def plan(self) -> TestPlan | NoTests:
        """Return how the tests are run.

        The merge base says so where it has tests: a pull request that could choose the suite could
        choose one in which nothing fails.
        """
        change = self._workspace.change
        plan = self._plan_of(change.merge_base_sha)
        return self._plan_of(change.head_sha) if isinstance(plan, NoTests) else plan

    def _plan_of(self, sha: Sha) -> TestPlan | NoTests:
        entries = self._workspace.entries(sha)
        small = [e.path for e in entries if is_test_control(e.path) or "/" not in e.path]
        files = {f.path: f.data for f in self._workspace.files(sha, small)}
        return self._runner.plan(entries, files)

    def has_base_tests(self) -> bool:
        """Tell whether the merge base has tests, so that its silence is news."""
        return not isinstance(self._plan_of(self._workspace.change.merge_base_sha), NoTests)

    @contextmanager
    def open(self, plan: TestPlan, *, seconds_left: float) -> Iterator[OpenSuite]:
        """Open one sandbox for the length of a tool call; no run in it outlives the budget."""
        limited = replace(plan, timeout_s=max(1.0, min(plan.timeout_s, seconds_left)))
        with closing(self._sandboxes.open(Purpose.TESTS, self._dependencies())) as sandbox:
            yield OpenSuite(self._workspace, self._runner, sandbox, limited)

    def _dependencies(self) -> Dependencies:
        base = self._workspace.change.merge_base_sha
        paths = dependency_files(e.path for e in self._workspace.entries(base))
        files = {f.path: f.data for f in self._workspace.files(base, paths)}
        return Dependencies(lock_files=files, setup=self._setup)
