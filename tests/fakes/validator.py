"""A validator without a sandbox: `exec` of small pure modules, with a limit on executed steps."""

import ast
import contextlib
import copy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any

from bot.adapters.inside.recording import Recorder
from bot.adapters.inside.texts import compared, raised
from bot.adapters.inside.variants import Call, like
from bot.repair.candidates import Candidate, Fate, SpanEdit, Spectrum, Trial

MOST_STEPS = 20_000
MOST_CALLS = 100


class _Endless(BaseException):
    """A test executes more lines than a small one can."""


@dataclass
class FakeValidator:
    """Files by path; those named `test_*`, in any folder, hold plain test functions."""

    files: Mapping[str, str]
    tried: list[Candidate] = field(default_factory=list)
    """Every candidate that was tried, in order."""

    def spectrum(self, paths: Sequence[str]) -> Spectrum:
        reach: dict[str, dict[int, set[str]]] = {}
        tracebacks: dict[str, tuple[tuple[str, int], ...]] = {}
        green: set[str] = set()
        with self._imported(self.files) as tests:
            for test_id, test in tests.items():
                error, lines = self._traced(test)
                for path, line in lines:
                    if path in paths or (not paths and not _is_test(path)):
                        reach.setdefault(path, {}).setdefault(line, set()).add(test_id)
                if error is None:
                    green.add(test_id)
                else:
                    tracebacks[test_id] = self._places(error)
        red = frozenset(tracebacks)
        kept = {
            path: {line: frozenset(ids) for line, ids in lines.items()}
            for path, lines in reach.items()
            if any(ids & red for ids in lines.values())
        }
        return Spectrum(kept, tracebacks, red, frozenset(green))

    def validate(
        self,
        batch: Sequence[Candidate],
        *,
        targets: Sequence[str],
        checked: Sequence[str],
        cpu_seconds: float,
    ) -> Sequence[Trial]:
        if cpu_seconds <= 0:
            return ()
        _, _, before = self._run(self.files, (*targets, *checked))
        return tuple(self._trial(one, targets, checked, before) for one in batch)

    def behaviour(
        self, candidates: Sequence[Candidate], *, targets: Sequence[str], cpu_seconds: float
    ) -> Sequence[tuple[str, ...]]:
        del targets, cpu_seconds  # the fake calls nothing for long
        names = {name for one in candidates for name in self._edited_functions(one)}
        calls = like(self._seen(names), MOST_CALLS)
        rows = [self._row(edited(self.files, one.edits), calls) for one in candidates]
        return (tuple(call.text for call in calls), *rows)

    def _edited_functions(self, candidate: Candidate) -> set[str]:
        return {
            node.name
            for edit in candidate.edits
            for node in ast.parse(self.files[edit.path]).body
            if isinstance(node, ast.FunctionDef)
            and node.lineno <= self.files[edit.path].count("\n", 0, edit.start) + 1
            and self.files[edit.path].count("\n", 0, edit.end) < (node.end_lineno or 0)
        }

    def _seen(self, names: set[str]) -> list[Call]:
        with self._imported(self.files) as tests:
            codes = {f.__code__: name for name in names for f in self._functions(name)}
            recorder = Recorder(codes, MOST_CALLS)
            for test in tests.values():
                recorder.start()
                with contextlib.suppress(Exception):
                    test()
                recorder.stop()
        return recorder.calls

    def _functions(self, name: str) -> list[Any]:
        modules = (sys.modules[p.removesuffix(".py")] for p in self.files if not _is_test(p))
        return [vars(module)[name] for module in modules if name in vars(module)]

    def _row(self, files: Mapping[str, str], calls: Sequence[Call]) -> tuple[str, ...]:
        with self._imported(files):
            return tuple(self._outcome(self._functions(c.function)[0], c) for c in calls)

    def _outcome(self, function: Callable[..., object], call: Call) -> str:
        given, named = copy.deepcopy((call.positional, call.named))
        returned: list[object] = []
        error, _ = self._traced(lambda: returned.append(function(*given, **named)))
        if error is not None:
            return "hangs" if isinstance(error, _Endless) else raised(error)
        text = compared(returned[0])
        is_kept = (given, named) == (call.positional, call.named)
        return text if is_kept else f"{text}, and leaves {compared((given, named))}"

    def _trial(
        self, candidate: Candidate, targets: Sequence[str], checked: Sequence[str], before: int
    ) -> Trial:
        self.tried.append(candidate)
        files = edited(self.files, candidate.edits)
        try:
            red, is_endless, steps = self._run(files, (*targets, *checked))
        except SyntaxError:
            return Trial(Fate.INVALID, tuple(targets), None)
        still = tuple(test_id for test_id in targets if test_id in red)
        if is_endless:
            return Trial(Fate.HUNG, tuple(red), None)
        if still:
            fate = Fate.PARTIAL if len(still) < len(targets) else Fate.FAILED
            return Trial(fate, still, None)
        if red:
            return Trial(Fate.BROKE, tuple(red), None)
        return Trial(Fate.FIXED, (), steps - before)

    def _run(self, files: Mapping[str, str], wanted: Sequence[str]) -> tuple[list[str], bool, int]:
        red, steps, is_endless = [], 0, False
        with self._imported(files) as tests:
            for test_id in wanted:
                error, lines = self._traced(tests[test_id])
                steps += len(lines)
                is_endless = is_endless or isinstance(error, _Endless)
                if error is not None:
                    red.append(test_id)
        return red, is_endless, steps

    @contextlib.contextmanager
    def _imported(self, files: Mapping[str, str]) -> Iterator[dict[str, Callable[[], None]]]:
        """Import all files, tests last, and forget them afterwards."""
        names = sorted(files, key=_is_test)
        before = dict(sys.modules)
        tests: dict[str, Callable[[], None]] = {}
        try:
            for path in names:
                module = ModuleType(path.removesuffix(".py"))
                sys.modules[module.__name__] = module
                exec(compile(files[path], path, "exec"), vars(module))  # noqa: S102 - ours
                for name in [n for n in vars(module) if n.startswith("test_")]:
                    tests[f"{path}::{name}"] = getattr(module, name)
            yield tests
        finally:
            sys.modules.clear()
            sys.modules.update(before)

    def _traced(self, test: Callable[[], None]) -> tuple[BaseException | None, list[Any]]:
        lines: list[tuple[str, int]] = []
        steps = [0]

        def trace(frame: FrameType, event: str, _argument: object) -> Any:
            if frame.f_code.co_filename not in self.files:
                return None
            # A loop on one line has one event of its line.
            frame.f_trace_opcodes = True
            steps[0] += 1
            if steps[0] > MOST_STEPS:
                raise _Endless
            if event == "line":
                lines.append((frame.f_code.co_filename, frame.f_lineno))
            return trace

        outer = sys.gettrace()
        sys.settrace(trace)
        try:
            test()
        except (Exception, _Endless) as error:  # noqa: BLE001 - whatever a test raises is its outcome
            return error, lines
        finally:
            sys.settrace(outer)
        return None, lines

    def _places(self, error: BaseException) -> tuple[tuple[str, int], ...]:
        places, tb = [], error.__traceback__
        while tb is not None:
            places.append((tb.tb_frame.f_code.co_filename, tb.tb_lineno))
            tb = tb.tb_next
        return tuple(place for place in reversed(places) if place[0] in self.files)


def _is_test(path: str) -> bool:
    return path.rpartition("/")[2].startswith("test_")


def edited(files: Mapping[str, str], edits: Sequence[SpanEdit]) -> dict[str, str]:
    texts = dict(files)
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = texts[edit.path]
        texts[edit.path] = text[: edit.start] + edit.text + text[edit.end :]
    return texts
