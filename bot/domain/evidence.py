"""Evidence: what the tests said, before and after, and which grade a suggestion earns by it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"

    @property
    def is_red(self) -> bool:
        """A failure or an error."""
        return self in (Outcome.FAILED, Outcome.ERROR)


class StopReason(StrEnum):
    """Why a command ended. Anything but `exited` means its results are not evidence."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    OUTPUT_LIMIT = "output limit"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tests failed (errors included) and passed."""

    failed: int
    passed: int


@dataclass(frozen=True, slots=True)
class TestReport:
    """One run of the tests on one tree.

    It is evidence only when `problem` is None: the command ended by itself, wrote a result file,
    and its exit code agrees with that file (rule R14).
    """

    command: tuple[str, ...]
    exit_code: int | None
    outcomes: Mapping[str, Outcome]
    """By test id as the framework prints it, such as `tests/test_a.py::test_b`."""
    seconds: float
    stop: StopReason = StopReason.EXITED
    problem: str | None = None
    """One sentence on why this run proves nothing, or None when it does."""
    messages: Mapping[str, str] = field(default_factory=dict)
    """The failure text of red tests, at most 4,000 characters each."""
    reach: Mapping[str, Mapping[int, frozenset[str]]] = field(default_factory=dict)
    """Path to line to the ids of tests that executed it; empty where coverage is unknown."""
    is_self_reported: bool = False
    """The pull request changed files that control how tests report, so this is its own word."""
    image: str = ""
    """The image digest, or `process` for a run on the person's own machine."""
    flaky: frozenset[str] = frozenset()
    """Tests that said one thing and then another on the same tree; they are no evidence."""
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of each test, its fixtures left out, processes that it waited for included; empty where
    nobody measured."""

    @property
    def is_evidence(self) -> bool:
        """True when the run may prove something."""
        return self.problem is None

    @property
    def red(self) -> frozenset[str]:
        """Tests that failed or broke, flaky ones left out."""
        return frozenset(i for i, o in self.outcomes.items() if o.is_red) - self.flaky

    @property
    def green(self) -> frozenset[str]:
        """Tests that passed, flaky ones left out."""
        return frozenset(i for i, o in self.outcomes.items() if o is Outcome.PASSED) - self.flaky

    def passes(self, tests: Iterable[str]) -> bool:
        """Tell whether these pass; a file that could not be loaded does where a test of it does."""
        return frozenset(tests) <= self.green | (_files(self) - frozenset(self.outcomes))

    @property
    def counts(self) -> Counts:
        """How many failed and passed."""
        return Counts(failed=len(self.red), passed=len(self.green))


@dataclass(frozen=True, slots=True)
class TestComparison:
    """The same tests on two trees."""

    fail_to_pass: tuple[str, ...]
    pass_to_fail: tuple[str, ...]
    """A test that passed before and is red, skipped or gone after."""
    still_red: tuple[str, ...]
    flaky: tuple[str, ...]


def compare(before: TestReport, after: TestReport) -> TestComparison:
    """Return what changed between two runs; flaky tests of either run count for nothing.

    A test that vanished or is skipped counts as pass-to-fail: that is not fixing it. A file that
    could not be loaded stands for its tests: broken when they passed before, mended when one
    passes now.
    """
    flaky = before.flaky | after.flaky
    gone = before.green - after.green - after.red
    broken = after.red & (before.green | _files(before))
    mended = before.red & after.green | (before.red & _files(after)) - frozenset(after.outcomes)
    return TestComparison(
        fail_to_pass=tuple(sorted(mended - flaky)),
        pass_to_fail=tuple(sorted((broken | gone) - flaky)),
        still_red=tuple(sorted(before.red & after.red)),
        flaky=tuple(sorted(flaky)),
    )


def file_of(test_id: str) -> str:
    """Return the part of a test id that names its file, or its package for Go."""
    return test_id.partition("::")[0]


def _files(report: TestReport) -> frozenset[str]:
    """Return the files that were loaded and of which a test passed."""
    return frozenset(file_of(test_id) for test_id in report.green if "::" in test_id)


@dataclass(frozen=True, slots=True)
class Together:
    """What all patches of a fix did as one."""

    is_sound: bool
    """Every target ended and nothing got worse."""
    before: Counts | None = None
    """The suite at head; None where no tests ran on both sides."""
    after: Counts | None = None


def together(before: TestReport | None, after: TestReport | None, *, is_sound: bool) -> Together:
    """Return what two runs of the suite say of patches as one."""
    if before is None or after is None:
        return Together(is_sound)
    return Together(is_sound, before.counts, after.counts)


class Grade(StrEnum):
    """The three grades of evidence; only `proved` is ever one-click."""

    PROVED = "proved"
    CHECKED = "checked"
    NOT_VERIFIED = "not verified"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried with one patch on the exact head, and what came of it."""

    target: str
    """The rule or the test id that has to be gone."""
    is_applied: bool
    is_parsed: bool | None
    """None where no parser knows the language."""
    new_lint: tuple[str, ...] | None
    """Rules that fire only with the patch; None when no linter could look."""
    is_target_gone: bool
    """With the patch."""
    is_target_back: bool
    """Without it again."""
    before: Counts | None = None
    """The suite at head; None when there are no tests or they could not run."""
    after: Counts | None = None
    fail_to_pass: tuple[str, ...] = ()
    pass_to_fail: tuple[str, ...] = ()
    reaching: int | None = None
    """How many tests execute an edited line; None where coverage is unknown."""
    is_self_reported: bool = False
    image: str = ""
    quality: float | None = None
    """The quality score Q in [0, 1]."""
    quality_coverage: float | None = None
    """The share of Q that could be measured."""
    seconds: float = 0.0
    run_id: str = ""
    head_sha: str = ""
    """The head that it was tried on; empty for the head of the review that holds it."""
    problem: str | None = None
    """What kept the evidence from being complete, as one clause."""

    def is_of(self, head_sha: str) -> bool:
        """Tell whether the patch was tried on this very head."""
        return self.head_sha in ("", head_sha)

    @property
    def has_passed(self) -> bool:
        """A suite in which nothing passes can show that nothing broke as little as no suite."""
        if self.before is None or self.after is None:
            return False
        return bool(self.after.passed and (self.before.passed or self.fail_to_pass))

    @property
    def grade(self) -> Grade:
        """Proved: the target is gone with the patch and back without it, and nothing got worse.

        Without a parser, a linter or a suite that ran before and after, the best is `checked`.
        """
        is_sound = self.is_applied and self.is_parsed is not False and not self.new_lint
        if not is_sound or not self.is_target_gone or self.pass_to_fail:
            return Grade.NOT_VERIFIED
        looked = (self.is_parsed, self.new_lint, self.before, self.after)
        is_complete = None not in looked and self.is_target_back and self.has_passed
        if not is_complete or self.problem is not None or self.is_self_reported:
            return Grade.CHECKED
        return Grade.PROVED
