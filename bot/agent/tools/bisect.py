"""`bisect`: which hunks broke the tests; the revert of them is the evidence."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bot.agent.guard import guard_overlay
from bot.agent.state import Observation, State
from bot.agent.testing import OpenSuite, Suite
from bot.agent.tools.test import REGRESSION
from bot.domain import comments
from bot.domain.bisection import Unit, minimal_culprits, reverting_patch, taken_back, units
from bot.domain.findings import Finding, Location, Suggestion
from bot.domain.ports import NoTests
from bot.domain.pull_request import printable
from bot.domain.test_files import is_test_file
from bot.policy.features import Features, cost


class Bisect:
    """Locates the regression of this run by delta debugging over hunks, once."""

    name = "bisect"

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def is_eligible(self, state: State) -> bool:
        return self.name not in state.tools_run and _regression(state) is not None

    def features(self, state: State) -> Features:
        seconds = state.head_tests.seconds if state.head_tests is not None else 60.0
        runs = 3 * math.log2(max(2, len(units(state.diff))))
        return {
            "unlocated": 1.0,
            "red_tests": 1.0,
            "evidence": 1.0,
            "seconds": cost(seconds * runs),
        }

    def run(self, state: State) -> Observation:
        finding = _regression(state)
        plan = self._suite.plan()
        if finding is None or isinstance(plan, NoTests):
            return Observation("there is no regression to locate")
        with self._suite.open(plan, seconds_left=state.seconds_left) as suite:
            search = _Search(state, suite, finding.evidence)
            candidates = search.candidates()
            if not candidates:
                limit = comments.not_bisected(finding.evidence)
                return Observation(limit, limits=(limit,))
            culprits = minimal_culprits(candidates, search.is_culprit)
        located = _located(finding, culprits)
        return Observation(
            f"{len(culprits)} of {len(units(state.diff))} hunks, in {search.runs} runs",
            findings=tuple(located if f is finding else f for f in state.findings),
        )


class _Search:
    """Asks the tests which sets of units, taken back, make the red tests pass."""

    def __init__(self, state: State, suite: OpenSuite, tests: Sequence[str]) -> None:
        self._state = state
        self._suite = suite
        self._tests = frozenset(tests)
        self._guard = _guard(state, self._tests)
        self._only = self._selection()
        self.runs = 0

    def _selection(self) -> Sequence[str]:
        """Return the tests alone, or nothing for the whole suite where they fail only in it."""
        head = self._state.change.head_sha
        alone = self._suite.run(head, self._guard, only=sorted(self._tests))
        return sorted(self._tests) if alone.red >= self._tests else ()

    def candidates(self) -> tuple[Unit, ...]:
        """Return the units to search in, or none where even taking all back does not help.

        Code first: the tests of the pull request are only suspected when the code alone is not it.
        """
        everything = units(self._state.diff)
        code = tuple(unit for unit in everything if not is_test_file(unit.file.path))
        for suspects in (code, everything):
            if suspects and self.is_culprit(suspects):
                return suspects
        return ()

    def is_culprit(self, chosen: Sequence[Unit]) -> bool | None:
        """Tell whether the red tests pass without these units; None when the run says nothing."""
        state = self._state
        overlay = taken_back(chosen, base=state.base, head=state.head)
        self.runs += 1
        overlay = {**overlay, **self._guard}
        report = self._suite.run(state.change.head_sha, overlay, only=self._only)
        return report.passes(self._tests) if report.is_evidence else None


def _guard(state: State, tests: frozenset[str]) -> dict[str, bytes | None]:
    """Return the merge base's tests, where only those show the regression."""
    is_shown = state.head_tests is not None and state.head_tests.red >= tests
    return {} if is_shown else guard_overlay(state)


def _regression(state: State) -> Finding | None:
    return next((f for f in state.findings if f.rule == REGRESSION and f.suggestion is None), None)


def _located(finding: Finding, culprits: tuple[Unit, ...]) -> Finding:
    """Move the finding from its test to the first culprit hunk, with the revert as suggestion."""
    first = culprits[0]
    patch = reverting_patch(culprits)
    places = tuple(f"{printable(unit.file.path)}:{unit.line}" for unit in culprits)
    return replace(
        finding,
        location=_place(first),
        snippet=_added_text(first),
        body=comments.regression_located(finding.body, places),
        suggestion=Suggestion(patch, source="bisect") if patch is not None else None,
    )


def _place(unit: Unit) -> Location:
    """Return the added lines of the unit, or the line where something was taken out."""
    if unit.hunk is None:
        return Location(unit.file.path, 1, 1)
    added = [n for line in unit.hunk.lines if (n := line.new_number) and line.old_number is None]
    start = min(added, default=unit.line)
    return Location(unit.file.path, start, max(added, default=start))


def _added_text(unit: Unit) -> str:
    if unit.hunk is None:
        return unit.file.path
    return "".join(line.text for line in unit.hunk.lines if line.old_number is None)
