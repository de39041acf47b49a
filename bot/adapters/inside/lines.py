"""Which lines a test executes: by sys.monitoring, coverage's C tracer, or settrace."""

from __future__ import annotations

import os
import sys
import types
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from bot.adapters.inside.tracing import optional

if TYPE_CHECKING:
    from types import CodeType, FrameType

_TOOL = 4


class Lines(ABC):
    """Executed lines of some files, collected per test."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        """Absolute path to the path in the tree."""
        self.reached: dict[str, dict[int, list[str]]] = {}
        self._test = ""
        self._seen: set[tuple[str, int]] = set()

    @abstractmethod
    def start(self) -> None:
        """Begin to trace."""

    @abstractmethod
    def stop(self) -> None:
        """End, and have `reached` complete."""

    def begin(self, test_id: str) -> None:
        """Count everything from here for this test."""
        self._test = test_id
        self._seen.clear()

    def end(self) -> None:
        """Count what follows for no test."""
        if self._test:
            for file, line in sorted(self._seen):
                lines = self.reached.setdefault(self._files[file], {})
                lines.setdefault(line, []).append(self._test)
        self._test = ""


class MonitoredLines(Lines):
    """Python 3.12 and newer: each line of a test costs once."""

    def start(self) -> None:
        monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - not in the types of 3.11
        self._monitoring, events = monitoring, monitoring.events
        monitoring.use_tool_id(_TOOL, "pullwright")
        monitoring.register_callback(_TOOL, events.PY_START, self._enter)
        monitoring.register_callback(_TOOL, events.LINE, self._line)
        monitoring.set_events(_TOOL, events.PY_START | events.LINE)

    def begin(self, test_id: str) -> None:
        super().begin(test_id)
        self._monitoring.restart_events()

    def stop(self) -> None:
        self._monitoring.set_events(_TOOL, 0)
        self._monitoring.free_tool_id(_TOOL)

    def _enter(self, _code: CodeType, _offset: int) -> object:
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> object:
        if code.co_filename in self._files:
            self._seen.add((code.co_filename, line))
        return self._monitoring.DISABLE


class CoveredLines(Lines):
    """Older Pythons with coverage: its tracer is written in C."""

    def __init__(self, files: dict[str, str], library: Any) -> None:
        super().__init__(files)
        os.environ["COVERAGE_CORE"] = "ctrace"
        self._coverage = library.Coverage(
            data_file=None, config_file=False, include=list(files), messages=False
        )

    def start(self) -> None:
        self._coverage.start()
        os.environ.pop("COVERAGE_CORE", None)

    def begin(self, test_id: str) -> None:
        self._coverage.switch_context(test_id)

    def end(self) -> None:
        self._coverage.switch_context("")

    def stop(self) -> None:
        self._coverage.stop()
        data = self._coverage.get_data()
        for file in data.measured_files():
            if file in self._files:
                lines = data.contexts_by_lineno(file)
                kept = {line: [t for t in tests if t] for line, tests in lines.items()}
                self.reached[self._files[file]] = {n: tests for n, tests in kept.items() if tests}


class TracedLines(Lines):
    """Older Pythons without coverage: slow, and right."""

    def start(self) -> None:
        sys.settrace(self._enter)

    def stop(self) -> None:
        sys.settrace(None)

    def _enter(self, frame: FrameType, event: str, argument: object) -> Any:
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            self._seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def lines_of(files: dict[str, str]) -> Lines:
    """Return the fastest that works here."""
    if hasattr(sys, "monitoring"):
        return MonitoredLines(files)
    library = optional("coverage")
    return TracedLines(files) if library is None else CoveredLines(files, library)


class Steps:
    """Counts every executed line of files below a folder, repeats included."""

    def __init__(self, root: str) -> None:
        self._root = root + os.sep
        self.count = 0
        self._known: dict[CodeType, bool] = {}

    def start(self) -> None:
        """Begin to count in this thread."""
        sys.settrace(self._enter)

    def stop(self) -> int:
        """Return the count."""
        sys.settrace(None)
        return self.count

    def _enter(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        known = self._known.get(code)
        if known is None:
            known = self._known[code] = code.co_filename.startswith(self._root)
        return self._line if known else None

    def _line(self, frame: FrameType, event: str, argument: object) -> types.MethodType:
        self.count += event == "line"
        return self._line  # type: ignore[return-value]
