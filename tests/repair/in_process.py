"""A validator for pure functions of one file: it runs the tests in this process, by `exec`."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from bot.repair.candidates import Candidate, Fate, Spectrum, Trial
from bot.repair.source import applied

PATH = "shop.py"
_MOST_LINES = 20_000
Check = Callable[[Mapping[str, Any]], bool]
"""Takes the module's names and says whether the test passes."""


class _TooLong(BaseException):
    """A test ran too many lines; no candidate's `except Exception` catches it."""


@dataclass
class InProcess:
    """Counts lines in place of seconds, so that what hangs is the same on every machine."""

    text: str
    checks: Mapping[str, Check]
    inputs: Mapping[str, Check] = field(default_factory=dict)
    """By argument text: a call that shows a behaviour."""
    tried: list[Candidate] = field(default_factory=list)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    """The checked tests of each batch."""
    most: int | None = None
    """How many candidates the budget is good for."""
    path: str = PATH

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        del paths  # there is one file
        reach: dict[int, set[str]] = {}
        red = {name for name in self.checks if not self._passes(name, self.text, reach)[0]}
        lines = {line: frozenset(tests) for line, tests in reach.items()}
        return Spectrum({self.path: lines}, {}, frozenset(red), frozenset(self.checks) - red)

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        del cpu_seconds
        left = len(batch) if self.most is None else max(0, self.most - len(self.tried))
        self.tried += batch[:left]
        self.asked.append(tuple(checked))
        return [self._trial(candidate, targets, checked) for candidate in batch[:left]]

    def _trial(self, candidate: Candidate, targets: Sequence[str], checked: Sequence[str]) -> Trial:
        text = applied(self.text, candidate.edits)
        try:
            compile(text, PATH, "exec")
        except SyntaxError:
            return Trial(Fate.INVALID, (), None)
        seen = {name: self._passes(name, text, {}) for name in (*targets, *checked)}
        red = tuple(name for name in targets if not seen[name][0])
        steps = sum(lines for _, lines in seen.values())
        if any(lines > _MOST_LINES for _, lines in seen.values()):
            return Trial(Fate.HUNG, red, None)
        if red:
            return Trial(Fate.PARTIAL if len(red) < len(targets) else Fate.FAILED, red, None)
        is_whole = all(seen[name][0] for name in checked)
        return Trial(Fate.FIXED if is_whole else Fate.BROKE, (), steps)

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        del targets, cpu_seconds
        texts = [applied(self.text, candidate.edits) for candidate in candidates]
        rows = [tuple(self._shown(call, text) for call in self.inputs.values()) for text in texts]
        return [tuple(self.inputs), *rows]

    def _shown(self, call: Check, text: str) -> str:
        names: dict[str, Any] = {}
        exec(compile(text, PATH, "exec"), names)  # noqa: S102  (our own text)
        try:
            return repr(call(names))
        except Exception as error:  # noqa: BLE001  (the candidate's)
            return type(error).__name__

    def _passes(self, name: str, text: str, reach: dict[int, set[str]]) -> tuple[bool, int]:
        count = 0

        def trace(frame: FrameType, event: str, _arg: object) -> Any:
            nonlocal count
            if frame.f_code.co_filename != PATH:
                return None
            if event == "line" and frame.f_code.co_name != "<module>":
                count += 1
                reach.setdefault(frame.f_lineno, set()).add(name)
                if count > _MOST_LINES:
                    raise _TooLong
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            names: dict[str, Any] = {}
            exec(compile(text, PATH, "exec"), names)  # noqa: S102  (our own text)
            return self.checks[name](names), count
        except (Exception, _TooLong):  # noqa: BLE001  (the candidate's)
            return False, count
        finally:
            sys.settrace(before)
