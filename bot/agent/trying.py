"""Candidates tried with the project's own test command, one run each: for what runs nowhere else.

It is slow and knows every language: the engine inside the sandbox is for Python alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bot.agent.state import State
from bot.agent.testing import OpenSuite, Suite
from bot.agent.trees import contents, tree
from bot.domain import mending
from bot.domain.evidence import TestReport
from bot.domain.ports import NoTests, Sandbox, SourceFile, TestPlan, Workspace
from bot.domain.pull_request import Sha
from bot.errors import Refused
from bot.repair.candidates import Candidate, Fate, Spectrum, Trial, Validator
from bot.repair.source import applied

_ENGINE, _RUNS = (400, 256), (24, 2)
"""Patience and the first batch; a run of the test command takes seconds for each candidate."""
_ALONE_AT_MOST = 50
"""Tests that are named on a command line; more of them are run as the whole suite."""


@dataclass(frozen=True)
class SuiteValidator:
    """Tries candidates on the head of a change."""

    suite: OpenSuite
    head: Sha
    report: TestReport
    """The suite at head, with what its tests reach."""

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        """Return what the run at head said; it traced the files of the change."""
        reach = {p: lines for p, lines in self.report.reach.items() if not paths or p in paths}
        return Spectrum(reach, {}, self.report.red, self.report.green)

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        """Run the targets for each candidate, and the rest where all of them pass."""
        trials: list[Trial] = []
        left = cpu_seconds
        for candidate in batch:
            if left <= 0:
                break
            trial, seconds = self._tried(candidate, tuple(targets), tuple(checked))
            trials.append(trial)
            left -= seconds
        return trials

    def _tried(
        self, candidate: Candidate, targets: tuple[str, ...], checked: tuple[str, ...]
    ) -> tuple[Trial, float]:
        overlay = self._overlay(candidate)
        first = self.suite.run(self.head, overlay, only=_only(targets))
        red = tuple(test for test in targets if test not in first.green)
        if not first.is_evidence:
            return Trial(Fate.CRASHED, red, None), first.seconds
        if red:
            fate = Fate.PARTIAL if len(red) < len(targets) else Fate.FAILED
            return Trial(fate, red, None), first.seconds
        rest = self.suite.run(self.head, overlay)
        is_whole = rest.is_evidence and rest.green >= {*targets, *checked}
        fate = Fate.FIXED if is_whole else Fate.BROKE
        return Trial(fate, (), None), first.seconds + rest.seconds

    def _overlay(self, candidate: Candidate) -> dict[str, bytes | None]:
        paths = list(dict.fromkeys(edit.path for edit in candidate.edits))
        files = contents(self.suite.workspace, self.head, paths)
        return {
            path: applied(
                data.decode("utf-8", "surrogateescape"),
                [edit for edit in candidate.edits if edit.path == path],
            ).encode("utf-8", "surrogateescape")
            for path, data in files.items()
        }

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        """Return nothing: a command shows no values."""
        del candidates, targets, cpu_seconds
        return ()


MakeValidator = Callable[[Sandbox, Iterable[SourceFile], TestPlan], Validator]
"""Returns the engine inside a sandbox; raises Refused where it cannot run this plan's tests."""


@dataclass(frozen=True)
class OpenBench:
    """An open sandbox, a validator in it, and what that saw of the head."""

    validator: Validator
    spectrum: Spectrum
    workspace: Workspace
    head: Sha
    patience: int
    at_once: int
    notes: tuple[str, ...] = ()

    def texts(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the head's text of these files, with their bytes kept."""
        files = contents(self.workspace, self.head, list(paths))
        return {path: data.decode("utf-8", "surrogateescape") for path, data in files.items()}


@dataclass(frozen=True)
class Benches:
    """Opens a sandbox for a search; raises Refused where the tests say nothing."""

    suite: Suite
    make: MakeValidator | None = None
    """The fast engine, where there is one; the test command is used for what it refuses."""

    @contextmanager
    def open(self, state: State) -> Iterator[OpenBench]:
        """Open it for the length of a tool call."""
        plan, report = self.suite.plan(), state.head_tests
        if isinstance(plan, NoTests):
            raise Refused(plan.reason)
        if report is None or not report.is_evidence:
            raise Refused("the tests at head are no evidence, so nothing can be repaired by them")
        with self.suite.open(plan, seconds_left=state.seconds_left) as opened:
            yield self._bench(opened, state.change.head_sha, report)

    def _bench(self, opened: OpenSuite, head: Sha, report: TestReport) -> OpenBench:
        notes: tuple[str, ...] = ()
        if self.make is not None:
            try:
                engine = self.make(opened.sandbox, tree(opened.workspace, head), opened.plan)
                spectrum = engine.spectrum(())
            except Refused as error:
                notes = (mending.slowly(str(error)),)
            else:
                return OpenBench(engine, spectrum, opened.workspace, head, *_ENGINE)
        slow = SuiteValidator(opened, head, report)
        spectrum = slow.spectrum(())
        return OpenBench(slow, spectrum, opened.workspace, head, *_RUNS, notes)


def _only(tests: tuple[str, ...]) -> tuple[str, ...]:
    return tests if len(tests) <= _ALONE_AT_MOST else ()
