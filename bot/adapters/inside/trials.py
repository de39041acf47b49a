"""Tries candidates one after the other in one forked child."""

from __future__ import annotations

import functools
import gc
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.guarding import Caught, Hung, Progress, within
from bot.adapters.inside.suites import Ran, Suite
from bot.adapters.inside.swaps import Cold, Edit, Sources, restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.adapters.inside.forks import Pipe

SAMPLE = 8
"""So many target tests are tried before a candidate that mends none of them is given up."""
PASSED, FAILED, HUNG = "passed", "failed", "hung"


class Question(NamedTuple):
    """What a candidate has to achieve."""

    targets: list[str]
    checked: list[str]
    limit_s: float
    """CPU time of one test."""


class Answer(NamedTuple):
    """What became of a candidate in this child, in the words of `Fate`."""

    fate: str
    red: list[str]


class Tester:
    """Runs single tests: shortcuts where they are the same, the framework otherwise."""

    def __init__(self, suite: Suite, progress: Progress, shortcuts: dict[str, Any]) -> None:
        self._suite = suite
        self._progress = progress
        self._shortcuts = shortcuts
        self.ran = Ran(is_passed=False)
        """What the framework said last."""
        self.is_spent = False
        """A test hung inside the framework, whose state is unknown now."""

    def run(self, test_id: str, limit_s: float) -> str:
        """Return how a test ends within so much CPU time."""
        self._progress.begin_test(limit_s)
        shortcut = self._shortcuts.get(test_id)
        with Caught() as caught, within(limit_s):
            if shortcut is None:
                self.ran = self._suite.run(test_id)
                if isinstance(self.ran.error, Hung):
                    raise self.ran.error
                return PASSED if self.ran.is_passed else FAILED
            shortcut()
        if caught.error is None:
            return PASSED
        if not isinstance(caught.error, Hung):
            return FAILED
        self.is_spent = self.is_spent or shortcut is None
        return HUNG


class Judge:
    """Tells what a candidate that is swapped in achieves; the last killer is asked first."""

    def __init__(self, tester: Tester, question: Question) -> None:
        self._tester = tester
        self._limit_s = question.limit_s
        self._targets = list(question.targets)
        self._checked = list(question.checked)

    def judge(self) -> Answer:
        """Run target tests, and checked tests where all targets pass."""
        red: list[str] = []
        mended = 0
        for number, test_id in enumerate(list(self._targets)):
            if number >= SAMPLE and not mended:
                return Answer("failed", red)
            ended = self._tester.run(test_id, self._limit_s)
            if ended == HUNG:
                self._first(self._targets, test_id)
                return Answer("hung", [test_id])
            mended += ended == PASSED
            if ended != PASSED:
                red.append(test_id)
        if red:
            return Answer("partial" if mended else "failed", red)
        return self._check()

    def _check(self) -> Answer:
        for test_id in list(self._checked):
            ended = self._tester.run(test_id, self._limit_s)
            if ended != PASSED:
                self._first(self._checked, test_id)
                return Answer("hung" if ended == HUNG else "broke", [test_id])
        return Answer("fixed", [])

    @staticmethod
    def _first(tests: list[str], test_id: str) -> None:
        tests.remove(test_id)
        tests.insert(0, test_id)


class Remains:
    """Undoes what one candidate leaves for the next: caches, and a module's own containers."""

    def __init__(self, root: Path, paths: set[str]) -> None:
        files = {str(root / path) for path in paths}
        self._caches = [
            thing.cache_clear
            for thing in gc.get_objects()
            if type(thing) is functools._lru_cache_wrapper  # noqa: SLF001 - it has no public name
            and _is_below(thing, root)
        ]
        self._held = [
            (value, type(value)(value))
            for module in list(sys.modules.values())
            if getattr(module, "__file__", None) in files
            for name, value in vars(module).items()
            if type(value) in (list, dict, set) and not name.startswith("__") and len(value) < 500
        ]
        self._threads = threading.active_count()

    def undo(self) -> bool:
        """Bring back what can be; tell whether nothing else is known to be left."""
        for clear in self._caches:
            clear()
        for value, before in self._held:
            with Caught():  # comparing may run code of the project
                if value != before:
                    value.clear()
                    value.extend(before) if isinstance(value, list) else value.update(before)
        return threading.active_count() <= self._threads


def _is_below(cache: Any, root: Path) -> bool:
    code = getattr(getattr(cache, "__wrapped__", None), "__code__", None)
    return code is not None and code.co_filename.startswith(f"{root}{os.sep}")


class Trials(NamedTuple):
    """All that a child needs to try a list of candidates."""

    sources: Sources
    tester: Tester
    question: Question
    remains: Remains
    progress: Progress
    still: Callable[[Tester], bool]
    """Tells whether the program without a candidate still does what it did."""

    def run(self, pipe: Pipe, numbers: list[int], edits: list[list[Edit]], cpu_s: float) -> None:
        """Try candidates by number and report each; stop early where the child is spent."""
        judge = Judge(self.tester, self.question)
        folder = os.getcwd()
        for number in numbers:
            if time.process_time() > cpu_s:
                pipe.send("spent")
                return
            self.progress.set(number)
            answer = self._try(judge, edits[number])
            pipe.note("trial", number, answer.fate, answer.red)
            os.chdir(folder)
            if not self.remains.undo() or self.tester.is_spent:
                return
        if not self.still(self.tester):
            pipe.send("changed")

    def _try(self, judge: Judge, edits: list[Edit]) -> Answer:
        try:
            undo = self.sources.apply(edits)
        except Cold:
            return Answer("cold", [])
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return Answer("invalid", [])
        try:
            return judge.judge()
        finally:
            restore(undo)
