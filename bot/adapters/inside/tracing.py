"""What is asked of a run, which test is running, and which traced lines it executes."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS_PER_LINE = 1000
REACH_BYTES = 8 << 20


def optional(name: str) -> Any:
    """Return a module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


class Request(NamedTuple):
    """One run of the tests."""

    root: Path
    results: Path
    only: list[str]
    traced: list[str]
    arguments: list[str]


class Tracer:
    """Writes `running` while tests run, and `reach.json` at the end where coverage is installed."""

    def __init__(self, request: Request) -> None:
        self._root = request.root
        self._results = request.results
        self._running = os.open(request.results / "running", os.O_WRONLY | os.O_CREAT, 0o600)
        self._coverage: Any = None
        paths = [str(request.root / path) for path in request.traced if path.endswith(".py")]
        # Contexts need a tracer per thread; the newest core of coverage has none.
        os.environ["COVERAGE_CORE"] = "ctrace"
        library = optional("coverage") if paths else None
        if library is not None:
            self._coverage = library.Coverage(
                data_file=None, config_file=False, include=paths, messages=False
            )

    def start(self) -> None:
        """Begin; what runs before the first test belongs to no test."""
        if self._coverage is not None:
            self._coverage.start()
        del os.environ["COVERAGE_CORE"]

    @contextlib.contextmanager
    def test(self, test_id: str) -> Iterator[None]:
        """Count everything until the end of the block for this test."""
        os.ftruncate(self._running, 0)
        os.pwrite(self._running, test_id.encode("utf-8", "replace")[:2000], 0)
        self._switch(test_id)
        yield
        self._switch("")
        os.ftruncate(self._running, 0)

    def write(self) -> None:
        """Write what was reached, unless it is without end."""
        if self._coverage is None:
            return
        self._coverage.stop()
        data = self._coverage.get_data()
        ids: dict[str, int] = {}
        files: dict[str, dict[int, list[int]]] = {}
        for path in data.measured_files():
            lines = files.setdefault(str(Path(path).relative_to(self._root)), {})
            for line, tests in data.contexts_by_lineno(path).items():
                numbers = [ids.setdefault(test, len(ids)) for test in tests if test]
                if numbers:
                    lines[line] = numbers[:TESTS_PER_LINE]
        text = json.dumps({"ids": list(ids), "files": files})
        if len(text) <= REACH_BYTES:
            (self._results / "reach.json").write_text(text, encoding="utf-8")

    def _switch(self, context: str) -> None:
        if self._coverage is not None:
            self._coverage.switch_context(context)
