"""What every test runner promises; the real one and the fake run every clause on one project."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.evidence import Outcome, TestReport
from bot.domain.ports import NoTests, Sandbox, SourceFile, TestPlan, TestRunner, TreeEntry

GOOD = b"def double(x):\n    return x + x\n"
BAD = b"def double(x):\n    return x + 1\n"
TESTS = (
    b"from calc import double\n"
    b"def test_one(): assert double(1) == 2\n"
    b"def test_two(): assert double(2) == 4\n"
)
ONE, TWO = "test_calc.py::test_one", "test_calc.py::test_two"


def contract_judge(tree: Mapping[str, bytes]) -> Mapping[str, Outcome]:
    """Say for the fake what pytest says of the contract's project."""
    if "test_calc.py" not in tree:
        return {}
    two = Outcome.FAILED if tree["calc.py"] == BAD else Outcome.PASSED
    return {ONE: Outcome.PASSED, TWO: two}


@dataclass(frozen=True)
class Subject:
    """A runner and the sandbox it runs in."""

    runner: TestRunner
    sandbox: Sandbox

    def run(
        self,
        files: Mapping[str, bytes],
        *,
        only: Sequence[str] = (),
        traced_paths: Sequence[str] = (),
        timeout_s: float = 60.0,
    ) -> TestReport:
        plan = self.plan(files)
        assert isinstance(plan, TestPlan)
        self.sandbox.put(SourceFile(path, data) for path, data in files.items())
        limited = TestPlan(plan.framework, plan.command, plan.junit_file, plan.reason, timeout_s)
        return self.runner.run(self.sandbox, limited, only=only, traced_paths=traced_paths)

    def plan(self, files: Mapping[str, bytes]) -> TestPlan | NoTests:
        entries = [TreeEntry(path, "100644", len(data)) for path, data in sorted(files.items())]
        return self.runner.plan(entries, files)


Clause = Callable[[Subject], None]


def a_tree_without_tests_has_no_plan_and_says_why(subject: Subject) -> None:
    plan = subject.plan({"README.md": b"words\n"})

    assert isinstance(plan, NoTests)
    assert plan.reason


def green_tests_are_evidence(subject: Subject) -> None:
    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS})

    assert (sorted(report.green), sorted(report.red)) == ([ONE, TWO], [])
    assert report.exit_code == 0
    assert report.is_evidence
    assert report.image == subject.sandbox.facts.image


def red_tests_are_evidence_too_and_say_something(subject: Subject) -> None:
    report = subject.run({"calc.py": BAD, "test_calc.py": TESTS})

    assert (sorted(report.green), sorted(report.red)) == ([ONE], [TWO])
    assert report.exit_code == 1
    assert report.is_evidence
    assert report.messages[TWO]


def only_the_named_tests_are_reported(subject: Subject) -> None:
    report = subject.run({"calc.py": BAD, "test_calc.py": TESTS}, only=[ONE])

    assert report.outcomes == {ONE: Outcome.PASSED}
    assert report.is_evidence


def the_name_of_a_file_means_all_its_tests(subject: Subject) -> None:
    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS}, only=["test_calc.py"])

    assert sorted(report.outcomes) == [ONE, TWO]


def a_test_that_is_gone_is_missing_and_stops_no_other(subject: Subject) -> None:
    gone = "test_gone.py::test_it"
    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS}, only=[ONE, gone])

    assert report.outcomes == {ONE: Outcome.PASSED}


def naming_only_tests_that_are_gone_is_no_evidence(subject: Subject) -> None:
    report = subject.run({"calc.py": GOOD, "test_calc.py": TESTS}, only=["test_calc.py::gone"])

    assert not report.outcomes
    assert not report.is_evidence


def tracing_changes_no_outcome(subject: Subject) -> None:
    report = subject.run(
        {"calc.py": BAD, "test_calc.py": TESTS}, traced_paths=["calc.py", "README.md"]
    )

    assert (sorted(report.green), sorted(report.red)) == ([ONE], [TWO])
    assert report.reach == {"calc.py": {2: {ONE, TWO}}}


CONTRACT: tuple[Clause, ...] = (
    a_tree_without_tests_has_no_plan_and_says_why,
    green_tests_are_evidence,
    red_tests_are_evidence_too_and_say_something,
    only_the_named_tests_are_reported,
    the_name_of_a_file_means_all_its_tests,
    a_test_that_is_gone_is_missing_and_stops_no_other,
    naming_only_tests_that_are_gone_is_no_evidence,
    tracing_changes_no_outcome,
)
