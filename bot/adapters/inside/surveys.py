"""Runs all tests once, traced, and tells which fail, where, and what they execute."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.adapters.inside.forks import Limits, Pipe, run_child
from bot.adapters.inside.guarding import confine
from bot.adapters.inside.lines import lines_of
from bot.adapters.inside.trials import PASSED, Tester
from bot.adapters.inside.with_unittest import SKIPPED_FOLDERS, test_files

if TYPE_CHECKING:
    from bot.adapters.inside.batches import Station
    from bot.adapters.inside.suites import Suite

TEST_LIMIT_S = 10.0
MOST_CRASHES = 10
ALONE = 20
"""So many failing tests are run again alone, others together."""
MOST_AGAIN = 1000
"""More failing tests are not run again: where so many fail, no flake decides anything."""
PLACES = 50
TESTS_PER_LINE = 1000


class Survey:
    """What all tests do on the tree as it is."""

    def __init__(self, suite: Suite, paths: list[str], station: Station, report: Pipe) -> None:
        self._suite = suite
        self._station = station
        self._report = report
        self._files = {str(station.root / path): path for path in paths or _sources(station.root)}
        self._red: dict[str, list[Any]] = {}
        self._green: list[str] = []
        self._reach: list[Any] = []

    def run(self) -> None:
        """Report red and green tests, tracebacks and reach."""
        for path, error in self._suite.broken.items():
            self._red[path] = _places(error, self._station.root)
        crashed: list[str] = []
        while not self._traced([t for t in self._suite.ids if t not in crashed], crashed):
            if len(crashed) > MOST_CRASHES:
                named = ", ".join(crashed[:3])
                self._report.send("problem", f"too many tests end the test process: {named}")
                return
        self._red.update((test_id, []) for test_id in crashed)
        self._drop_flaky(crashed)
        self._station.tree.restore()
        self._tell()

    def _traced(self, tests: list[str], crashed: list[str]) -> bool:
        """Run tests in one fork; False when one of them ended it, which is added to `crashed`."""
        red: dict[str, list[Any]] = {}
        green: list[str] = []
        reach: list[Any] = []

        def hear(line: Any) -> None:
            if line[0] == "red":
                red[line[1]] = line[2]
            elif line[0] == "green":
                green.append(line[1])
            elif line[0] == "reach":
                reach.append(line[1:])

        end = run_child(
            lambda pipe: self._trace(pipe, tests), self._station.progress, _LIMITS, hear
        )
        if not end.is_clean:
            crashed.append(tests[end.number] if end.number >= 0 else "")
            return not crashed[-1]
        self._red.update(red)
        self._green, self._reach = green, reach
        return True

    def _trace(self, pipe: Pipe, tests: list[str]) -> None:
        confine(self._station.progress, self._station.root, self._station.spared)
        tester = Tester(self._suite, self._station.progress, {})
        lines = lines_of(self._files)
        lines.start()
        for number, test_id in enumerate(tests):
            self._station.progress.set(number)
            lines.begin(test_id)
            ended = tester.run(test_id, TEST_LIMIT_S)
            lines.end()
            if ended == PASSED:
                pipe.note("green", test_id)
            elif not tester.ran.is_skipped:
                pipe.note("red", test_id, _places(tester.ran.error, self._station.root))
        self._station.progress.set(-1)
        lines.stop()
        for path, reached in lines.reached.items():
            for line, seen in reached.items():
                pipe.note("reach", path, line, seen)

    def _drop_flaky(self, crashed: list[str]) -> None:
        """Leave out tests that pass when they are run again, alone or in another order."""
        again = [t for t in self._red if t not in crashed and t not in self._suite.broken]
        groups = [[test_id] for test_id in again[:ALONE]] + [again[ALONE:MOST_AGAIN][::-1]]
        passed: list[str] = []

        def work(pipe: Pipe, group: list[str]) -> None:
            confine(self._station.progress, self._station.root, self._station.spared)
            tester = Tester(self._suite, self._station.progress, {})
            for test_id in group:
                if tester.run(test_id, TEST_LIMIT_S) == PASSED:
                    pipe.note("passed", test_id)

        for group in filter(None, groups):
            self._station.tree.restore()
            run_child(
                functools.partial(work, group=group),
                self._station.progress,
                _LIMITS,
                lambda line: passed.extend(line[1:]) if line[0] == "passed" else None,
            )
        for test_id in passed:
            del self._red[test_id]

    def _tell(self) -> None:
        kept = {path for path, _, tests in self._reach if any(t in self._red for t in tests)}
        ids = [*self._red, *self._green]
        numbers = {test_id: number for number, test_id in enumerate(ids)}
        self._report.send("red", list(self._red.items()))
        self._report.send("green", self._green)
        for path, line, tests in self._reach:
            if path in kept:
                # Red tests have the low numbers, and so are kept where a line has too many.
                seen = sorted(numbers[t] for t in tests if t in numbers)
                self._report.note("reach", path, line, seen[:TESTS_PER_LINE])
        self._report.send("done")


_LIMITS = Limits(idle_s=30.0, wall_s=3600.0)


def _sources(root: Path) -> list[str]:
    """Return every Python file of the tree that is no test file."""
    tests = set(test_files(root))
    return [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if path not in tests
        and path.name != "conftest.py"
        and not any(p.startswith(".") or p in SKIPPED_FOLDERS for p in path.relative_to(root).parts)
    ]


def _places(error: BaseException | None, root: Path) -> list[Any]:
    """Return where an error came from, innermost first, as far as it is in the tree."""
    places: list[Any] = []
    if isinstance(error, SyntaxError) and error.filename:
        places.append([error.filename, error.lineno or 1])
    frames, tb = [], error.__traceback__ if error is not None else None
    while tb is not None:
        frames.append([tb.tb_frame.f_code.co_filename, tb.tb_lineno])
        tb = tb.tb_next
    places += reversed(frames)
    kept: list[Any] = []
    for file, line in places:
        path = Path(file)
        if root in path.parents and "site-packages" not in path.parts:
            place = [str(path.relative_to(root)), line]
            if place not in kept[-3:]:
                kept.append(place)
        if len(kept) == PLACES:
            break
    return kept
