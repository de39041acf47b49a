"""Leads the trials of one batch from the warm process: chunks, second passes, confirmations.

The warm process has imported the project once. It runs no candidate itself: every chunk has its
fork, and a candidate that passes there has to pass again, alone, in a fork that ran nothing else.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.forks import End, Limits, Pipe, run_child
from bot.adapters.inside.guarding import Progress, confine
from bot.adapters.inside.lines import Steps
from bot.adapters.inside.swaps import Cold, Edit, Sources
from bot.adapters.inside.trials import PASSED, Judge, Question, Remains, Tester, Trials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.adapters.inside.suites import Suite
    from bot.adapters.inside.tree_copy import TreeCopy

RETRIES = 20
"""So many candidates that hung get a second, longer try; the first ones, as they rank best."""
RETRY_LIMIT_S = 2.0
LEAST_LIMIT_S = 0.03
SLACK = 10
"""A test may take so many times as long as the slowest passing one."""
STEPPED = 20
MEASURED = 50
MEASURED_CPU_S = 5.0


class Job(NamedTuple):
    """What the host asks for."""

    candidates: list[list[Edit]]
    targets: list[str]
    checked: list[str]
    cpu_s: float
    chunk: int
    """So many candidates share a fork."""


class Fact(NamedTuple):
    """What one test does without a candidate."""

    ended: str
    quick: str
    """How its shortcut ends; nothing where it has none."""
    cpu_s: float
    wall_s: float


class Station(NamedTuple):
    """Where a child runs."""

    root: Path
    tree: TreeCopy
    progress: Progress
    spared: tuple[int, ...]
    """Processes that no candidate may kill."""


class Baseline:
    """What the tests do without a candidate, and how long they take."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.checked: list[str] = []
        self.shortcuts: dict[str, Any] = {}
        self.passing_cpu_s = 0.0
        self.wall_s = 0.0

    @property
    def limit_s(self) -> float:
        """The CPU time of one test."""
        return max(LEAST_LIMIT_S, SLACK * self.passing_cpu_s)

    @property
    def limits(self) -> Limits:
        """When a child counts as stalled."""
        return Limits(idle_s=max(1.5, SLACK * self.wall_s))


class Batch:
    """One batch in one warm process."""

    def __init__(self, suite: Suite, job: Job, station: Station, report: Pipe) -> None:
        self._suite = suite
        self._job = job
        self._station = station
        self._report = report
        self._base = Baseline()
        self._sources = Sources(station.root)
        self._used_s = 0.0
        self._chunk = job.chunk
        self._answers: dict[int, tuple[str, list[str]]] = {}
        self._is_changed = self._is_spent = False
        self._base_steps: int | None = None

    def run(self, numbers: list[int]) -> None:
        """Try these candidates and report each once its fate is sure."""
        problem = self._measure()
        if problem:
            self._report.send("problem", problem)
            return
        self._report.send("ready")
        paths = {edit.path for edits in self._job.candidates for edit in edits}
        self._sources.load(paths)
        self._remains = Remains(self._station.root, paths)
        while numbers and not self._is_spent:
            head, numbers = numbers[: self._chunk], numbers[self._chunk :]
            self._try(head)
            self._settle(head)
        self._retry()
        self._report.send("done")

    def _measure(self) -> str:
        """Run the tests as they are; return why no candidate can be tried, or nothing."""
        known, base, job = set(self._suite.ids), self._base, self._job
        targets = [test_id for test_id in job.targets if test_id in known]
        checked = [test_id for test_id in job.checked if test_id in known]
        seen = {**self._measured(targets[:MEASURED]), **self._measured(checked)}
        unseen = Fact("", "", 0.0, 0.0)
        base.targets = [t for t in targets if seen.get(t, unseen).ended != PASSED]
        base.checked = [t for t in checked if seen.get(t, unseen).ended in (PASSED, "")]
        for test_id in (*base.targets, *base.checked):
            fact = seen.get(test_id, unseen)
            if fact.ended and fact.ended == fact.quick:
                base.shortcuts[test_id] = self._suite.shortcut(test_id)
        passing = [fact for fact in seen.values() if fact.ended == PASSED]
        base.passing_cpu_s = max((fact.cpu_s for fact in passing), default=0.0)
        base.wall_s = max((fact.wall_s for fact in passing), default=0.0)
        self._station.tree.tolerate()
        if base.targets:
            return ""
        state = "pass without any change" if targets else "were not collected"
        return f"the tests to be mended {state}: {', '.join(job.targets[:3])}"

    def _measured(self, tests: list[str]) -> dict[str, Fact]:
        """Return what is known of each test; some may be missing where they take long."""
        seen: dict[str, Fact] = {}
        begun: list[str] = []

        def hear(line: Any) -> None:
            if line[0] == "begin":
                begun.append(line[1])
            elif line[0] == "base":
                seen[line[1]] = Fact(*line[2:])

        for _ in range(3):
            left = [test_id for test_id in tests if test_id not in seen]
            self._child(functools.partial(self._time, tests=left), hear, Limits(idle_s=30.0))
            if not begun or begun[-1] in seen:
                break
            # It hung or crashed: it is as red as a test can be, and says nothing of its shortcut.
            seen[begun[-1]] = Fact("hung", "", 0.0, 0.0)
        return seen

    def _time(self, pipe: Pipe, tests: list[str]) -> None:
        self._confine()
        full = Tester(self._suite, self._station.progress, {})
        for test_id in tests:
            pipe.send("begin", test_id)
            shortcut, quick = self._suite.shortcut(test_id), ""
            cpu_s, wall_s = time.process_time(), time.monotonic()
            ended = full.run(test_id, MEASURED_CPU_S)
            cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
            if shortcut is not None:
                short = Tester(self._suite, self._station.progress, {test_id: shortcut})
                quick = short.run(test_id, MEASURED_CPU_S)
            pipe.send("base", test_id, ended, quick, cpu_s, wall_s)
            if full.is_spent or time.process_time() > MEASURED_CPU_S:
                return

    def _try(self, numbers: list[int]) -> None:
        """Try candidates in as few forks as they allow."""
        left = [number for number in numbers if not self._is_cold(number)]
        while left and not self._is_spent:
            self._is_changed = False
            end = self._tried(left, self._base.limit_s)
            if not end.is_clean and end.number >= 0 and end.number not in self._answers:
                self._answers[end.number] = ("hung" if end.is_stalled else "crashed", [])
            tried = [number for number in left if number in self._answers]
            left = [number for number in left if number not in self._answers]
            if self._station.tree.restore() or self._is_changed:
                self._again(tried)
            if not tried:
                return

    def _again(self, numbers: list[int]) -> None:
        """Try candidates in smaller chunks: one of them changed what the next ones saw."""
        doubtful = [n for n in numbers if self._answers[n][0] not in ("invalid", "cold")]
        if len(numbers) == 1:
            return
        size = max(1, len(numbers) // 8)
        for number in doubtful:
            del self._answers[number]
        for start in range(0, len(doubtful), size):
            self._try(doubtful[start : start + size])
        self._chunk = max(1, self._chunk // 2)

    def _is_cold(self, number: int) -> bool:
        try:
            self._sources.sites(self._job.candidates[number])
        except Cold:
            self._answers[number] = ("cold", [])
            return True
        return False

    def _tried(self, numbers: list[int], limit_s: float) -> End:
        def hear(line: Any) -> None:
            if line[0] == "trial":
                self._answers[line[1]] = (line[2], line[3])
            self._is_changed = self._is_changed or line[0] == "changed"
            self._is_spent = self._is_spent or line[0] == "spent"

        def work(pipe: Pipe) -> None:
            self._confine()
            tester = Tester(self._suite, self._station.progress, self._base.shortcuts)
            question = Question(self._base.targets, self._base.checked, limit_s)
            trials = Trials(
                self._sources, tester, question, self._remains, self._station.progress, self._still
            )
            trials.run(pipe, numbers, self._job.candidates, self._job.cpu_s - self._used_s)

        return self._child(work, hear, self._base.limits)

    def _still(self, tester: Tester) -> bool:
        """Tell whether tests still end as they did before the first candidate."""
        limit_s = max(RETRY_LIMIT_S, self._base.limit_s)
        if any(tester.run(test_id, limit_s) != PASSED for test_id in self._base.checked[:3]):
            return False
        first = self._base.targets[0]
        return first not in self._base.shortcuts or tester.run(first, limit_s) != PASSED

    def _settle(self, numbers: list[int]) -> None:
        """Report what is sure, and confirm what passed."""
        for number in numbers:
            fate, red = self._answers.get(number, ("", []))
            if fate == "fixed":
                self._confirm(number, self._base.limit_s)
            elif fate and fate != "hung":
                self._report.note("trial", number, fate, red, None)

    def _confirm(self, number: int, limit_s: float) -> None:
        """Let a candidate pass again in a fork of its own; what is said there holds."""
        said: list[Any] = []

        def work(pipe: Pipe) -> None:
            self._confine()
            self._sources.apply(self._job.candidates[number])
            self._station.progress.set(number)
            tester = Tester(self._suite, self._station.progress, {})
            base = self._base
            question = Question(base.targets, base.checked, max(RETRY_LIMIT_S, limit_s))
            answer = Judge(tester, question).judge()
            pipe.send("confirmed", answer.fate, answer.red)
            if answer.fate == "fixed":
                pipe.send("steps", self._counted(tester))

        end = self._child(work, said.append, self._base.limits)
        self._station.tree.restore()
        words = {line[0]: line[1:] for line in said}
        fate, red = words.get("confirmed", ("hung" if end.is_stalled else "crashed", []))
        steps = None
        if "steps" in words and self._known_steps() is not None:
            steps = words["steps"][0] - (self._base_steps or 0)
        self._report.note("trial", number, fate, red, steps)

    def _known_steps(self) -> int | None:
        """Return the steps without a candidate, counted when they are first needed."""
        if self._base_steps is None:
            said: list[Any] = []

            def work(pipe: Pipe) -> None:
                self._confine()
                tester = Tester(self._suite, self._station.progress, {})
                pipe.send("steps", self._counted(tester))

            self._child(work, said.append, self._base.limits)
            self._station.tree.restore()
            self._base_steps = next((line[1] for line in said if line[0] == "steps"), None)
        return self._base_steps

    def _counted(self, tester: Tester) -> int:
        steps = Steps(str(self._station.root))
        for test_id in (*self._base.targets[:STEPPED], *self._base.checked[:STEPPED]):
            steps.start()
            tester.run(test_id, RETRY_LIMIT_S * SLACK)
            steps.stop()
        return steps.count

    def _retry(self) -> None:
        """Give what hung more time, the first ones only."""
        hung = sorted(n for n, (fate, _) in self._answers.items() if fate == "hung")
        limit_s = max(RETRY_LIMIT_S, self._base.limit_s)
        for number in hung[:RETRIES]:
            if self._used_s < self._job.cpu_s and limit_s > self._base.limit_s:
                red = self._answers.pop(number)[1]
                self._tried([number], limit_s)
                self._station.tree.restore()
                self._answers.setdefault(number, ("hung", red))
        for number in hung:
            fate, red = self._answers[number]
            if fate == "fixed":
                self._confirm(number, limit_s)
            else:
                self._report.note("trial", number, fate, red, None)

    def _confine(self) -> None:
        confine(self._station.progress, self._station.root, self._station.spared)

    def _child(
        self, work: Callable[[Pipe], None], hear: Callable[[Any], None], limits: Limits
    ) -> End:
        end = run_child(work, self._station.progress, limits, hear)
        self._used_s += end.cpu_s
        return end
