"""What a patch costs: the same passing tests without it and with it, by their CPU time.

Where the two first runs agree, that is the answer. Where they do not, both sides run twice more and
the least counts, because what else a machine does only ever makes a test slower.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.agent.testing import OpenSuite
from bot.domain.bisection import Overlay
from bot.domain.evidence import TestReport
from bot.domain.pull_request import Sha
from bot.domain.quality import DEAD_BAND, LEAST_SECONDS

MORE_RUNS = 2
MOST_SECONDS = 5.0
"""Of CPU for the tests of one run: the slowest ones are left out, not the whole answer."""
MOST_TESTS = 50
"""They are named on a command line."""

Pairs = tuple[tuple[float, float], ...]
"""CPU seconds of a test without the patch and with it."""


@dataclass(frozen=True)
class Sides:
    """A head, and what is laid over it without a patch and with it."""

    suite: OpenSuite
    head: Sha
    before: Overlay
    after: Overlay

    def costs(self, passing: frozenset[str], known: TestReport) -> Pairs:
        """Return what each test costs; `known` is an untraced run with the patch.

        Empty where no test is slow enough to say anything, or a run ends otherwise this time.
        """
        tests = _worth_it(passing, known.cpu_seconds)
        if not tests:
            return ()
        sides = ([self._run(self.before, tests)], [known.cpu_seconds])
        if _differ(sides, tests):
            for _ in range(MORE_RUNS):
                sides[0].append(self._run(self.before, tests))
                sides[1].append(self._run(self.after, tests))
        if any(set(tests) - run.keys() for side in sides for run in side):
            return ()
        least = [[min(run[test] for run in side) for test in tests] for side in sides]
        return tuple(zip(*least, strict=True))

    def _run(self, overlay: Overlay, tests: Sequence[str]) -> Mapping[str, float]:
        report = self.suite.run(self.head, overlay, only=tests)
        return {t: s for t, s in report.cpu_seconds.items() if t in report.green}


def _worth_it(passing: frozenset[str], known: Mapping[str, float]) -> list[str]:
    """Return tests that take long enough to be measured, the quickest of those first."""
    found: list[str] = []
    spent = 0.0
    for test, seconds in sorted(known.items(), key=lambda row: (row[1], row[0])):
        if test not in passing or seconds < LEAST_SECONDS:
            continue
        spent += seconds
        if spent > MOST_SECONDS or len(found) == MOST_TESTS:
            break
        found.append(test)
    return found


def _differ(sides: Sequence[Sequence[Mapping[str, float]]], tests: Sequence[str]) -> bool:
    was, now = (sum(side[0].get(test, 0.0) for test in tests) for side in sides)
    return now > was * (1 + DEAD_BAND)
