"""What a patch costs is measured on the same tests, and a busy machine blames no patch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from bot.agent.fix import Asked, fix
from bot.agent.testing import OpenSuite, Suite
from bot.agent.timing import MORE_RUNS, Sides
from bot.domain.evidence import Outcome, TestReport
from bot.domain.ports import TestPlan
from tests.agent.repair_room import BELOW, NONE, Room
from tests.fakes.sandbox import FakeSandboxes
from tests.fakes.test_runner import FakeTestRunner
from tests.fakes.workspace import FakeWorkspace

HEAD = {"a.py": b"x = 1\n", "test_a.py": b""}
SLOW, QUICK = "test_a.py::slow", "test_a.py::quick"
AFTER = {"a.py": b"x = 2\n"}


@dataclass
class Clocked:
    """A suite whose tests cost what a list says, run after run."""

    before: list[float]
    after: list[float]
    runs: list[str] = field(default_factory=list)

    def cpu(self, tree: Mapping[str, bytes]) -> Mapping[str, float]:
        is_after = tree["a.py"] == AFTER["a.py"]
        self.runs.append("after" if is_after else "before")
        return {SLOW: (self.after if is_after else self.before).pop(0), QUICK: 0.01}

    def costs(self, known: Mapping[str, float]) -> tuple[tuple[float, float], ...]:
        workspace, sandboxes = FakeWorkspace(HEAD, HEAD), FakeSandboxes()
        runner = FakeTestRunner(
            lambda _tree: {SLOW: Outcome.PASSED, QUICK: Outcome.PASSED}, cpu=self.cpu
        )
        suite = Suite(workspace, sandboxes, runner)
        plan = suite.plan()
        assert isinstance(plan, TestPlan)
        report = TestReport((), 0, {}, 0.1, cpu_seconds=known)
        with suite.open(plan, seconds_left=60) as opened:
            assert isinstance(opened, OpenSuite)
            sides = Sides(opened, workspace.change.head_sha, {}, AFTER)
            return sides.costs(frozenset({SLOW, QUICK}), report)


def test_a_patch_that_costs_the_same_is_measured_with_one_run_more() -> None:
    clocked = Clocked(before=[1.0], after=[])

    assert clocked.costs({SLOW: 1.1, QUICK: 0.01}) == ((1.0, 1.1),)
    assert clocked.runs == ["before"]


def test_a_patch_that_seems_slow_is_measured_again_and_the_least_counts() -> None:
    clocked = Clocked(before=[1.0, 1.2, 1.1], after=[1.05, 2.5])

    assert clocked.costs({SLOW: 2.0, QUICK: 0.01}) == ((1.0, 1.05),)
    assert clocked.runs == ["before", *["before", "after"] * MORE_RUNS]


@pytest.mark.parametrize("known", [{}, {QUICK: 0.04}, {SLOW: 99.0}])
def test_tests_that_are_too_quick_or_too_slow_are_not_run_for_it(
    known: Mapping[str, float],
) -> None:
    clocked = Clocked(before=[], after=[])

    assert clocked.costs(known) == ()
    assert clocked.runs == []


@pytest.mark.parametrize(("slowed", "coverage"), [(1.0, 1.0), (4.0, 1.0)])
def test_the_receipt_of_a_repair_counts_what_it_costs(slowed: float, coverage: float) -> None:
    quality = {cost: _proof(cost) for cost in (1.0, slowed)}

    assert quality[slowed][1] == coverage
    assert (quality[slowed][0] < quality[1.0][0]) == (slowed > 1)


def _proof(slowed: float) -> tuple[float, float]:
    room = Room(cpu=_costing(slowed))

    outcome = fix(room.workspace, room.prover, room.review(), Asked())

    (patch,) = outcome.patches
    assert patch.proof.quality is not None
    assert patch.proof.quality_coverage is not None
    return patch.proof.quality, patch.proof.quality_coverage


def _costing(slowed: float) -> Callable[[Mapping[str, bytes]], Mapping[str, float]]:
    def cpu(tree: Mapping[str, bytes]) -> Mapping[str, float]:
        is_mended = b"<=" not in tree["shop.py"]
        return {BELOW: 1.0, NONE: slowed if is_mended else 1.0}

    return cpu
