"""A test runner without a process: a function that judges the tree, and a log of what was run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.evidence import Outcome, TestReport, file_of
from bot.domain.ports import NoTests, Sandbox, TestPlan, TreeEntry
from tests.fakes.sandbox import FakeSandbox

Judge = Callable[[Mapping[str, bytes]], Mapping[str, Outcome]]
"""Takes the tree by path and says what becomes of each test on it."""

PLAN = TestPlan("pytest", ("{python}", "-m", "pytest"), "junit.xml", "pytest: a fake", 60.0)


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run that the fake was asked for."""

    tree: Mapping[str, bytes]
    only: tuple[str, ...]
    traced_paths: tuple[str, ...]


@dataclass
class FakeTestRunner:
    """Judges the tree of a `FakeSandbox`; a tree without a file named `test_` has no tests."""

    judge: Judge
    problem: str | None = None
    """Set to make every later run no evidence."""
    reach: Mapping[str, Mapping[int, frozenset[str]]] = field(default_factory=dict)
    seconds: float = 0.1
    cpu: Callable[[Mapping[str, bytes]], Mapping[str, float]] = lambda _tree: {}
    """CPU seconds of tests on a tree."""
    runs: list[TestRun] = field(default_factory=list)

    def plan(self, entries: Sequence[TreeEntry], files: Mapping[str, bytes]) -> TestPlan | NoTests:
        del files  # names are enough for a fake
        has_tests = any(entry.path.rpartition("/")[2].startswith("test_") for entry in entries)
        return PLAN if has_tests else NoTests("no test files were found")

    def run(
        self,
        sandbox: Sandbox,
        plan: TestPlan,
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
    ) -> TestReport:
        assert isinstance(sandbox, FakeSandbox), "the fake runner reads a fake sandbox's tree"
        self.runs.append(TestRun(sandbox.tree, tuple(only), tuple(traced_paths)))
        found = self.judge(sandbox.tree)
        outcomes = {i: o for i, o in found.items() if not only or i in only or file_of(i) in only}
        is_red = any(outcome.is_red for outcome in outcomes.values())
        reach = {path: lines for path, lines in self.reach.items() if path in traced_paths}
        return TestReport(
            command=plan.command,
            exit_code=int(is_red),
            outcomes={} if self.problem else outcomes,
            seconds=self.seconds,
            problem=self.problem if outcomes or self.problem else "no tests were collected",
            messages={i: f"{i} is red" for i, o in outcomes.items() if o.is_red},
            reach=reach,
            image=sandbox.facts.image,
            cpu_seconds={i: s for i, s in self.cpu(sandbox.tree).items() if i in outcomes},
        )
