"""The project's tests, imported once and run one by one in this process."""

from __future__ import annotations

import copy
import inspect
import sys
import unittest
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from bot.adapters.inside.tracing import Request, Tracer
from bot.adapters.inside.with_pytest import configured_arguments, selecting
from bot.adapters.inside.with_unittest import Loading, Result, flat, has_plain_tests, test_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OWN_FIXTURES = ("_unittest_", "unittest_", "_xunit_setup_module_fixture_")
_HOOKS = ("pytest_runtest_setup", "pytest_runtest_call", "pytest_pyfunc_call")

_EXPLAINING = ("_saferepr", "_call_reprcompare", "_format_explanation")
"""What pytest's rewritten `assert` calls by name to describe a failure."""


class Ran(NamedTuple):
    """What became of one test."""

    is_passed: bool
    is_skipped: bool = False
    error: BaseException | None = None


class Suite(ABC):
    """Tests by id; `broken` holds files that could not be imported, and why."""

    def __init__(self) -> None:
        self.broken: dict[str, BaseException | None] = {}
        self.problem = ""
        """Why there are no tests at all."""

    @property
    @abstractmethod
    def ids(self) -> list[str]:
        """All tests in the order in which the framework runs them."""

    @abstractmethod
    def run(self, test_id: str) -> Ran:
        """Run one test exactly as the framework does."""

    @abstractmethod
    def shortcut(self, test_id: str) -> Callable[[], object] | None:
        """Return a call that raises where the test fails, without the framework's overhead.

        None where the test needs the framework.
        """


class Quick(unittest.TestResult):
    """Keeps the first error as it is: to render a traceback costs more than a test."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.is_skipped = False

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        self.error = self.error or err[1]

    addFailure = addError  # noqa: N815 - unittest's name

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        if err is not None:
            self.error = self.error or err[1]

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802 - unittest's name
        self.is_skipped = True

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802 - unittest's name
        del test, err

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802 - unittest's name
        self.error = AssertionError("unexpected success")


def run_case(case: unittest.TestCase) -> Quick:
    """Run a fresh copy of a test of unittest, with the fixtures of its class and module."""
    result = Quick()
    name: str = getattr(case, "_testMethodName", "runTest")
    unittest.TestSuite([_fresh(case, name)]).run(result)
    return result


def _fresh(case: unittest.TestCase, name: str) -> unittest.TestCase:
    try:
        return type(case)(name)
    except TypeError:
        return copy.copy(case)


class UnittestSuite(Suite):
    """What unittest alone can run."""

    def __init__(self, root: Path, files: frozenset[str]) -> None:
        super().__init__()
        self._cases: dict[str, Any] = {}
        namer = Result(root, Tracer(Request(root, root, [], [], [])))
        for path in sorted(test_files(root)):
            relative = str(path.relative_to(root))
            if files and relative not in files:
                continue
            loaded = Loading(path, root)
            if loaded.module is None:
                if loaded.outcome[0] == "error":
                    self.broken[relative] = None
                continue
            if has_plain_tests(loaded.module):
                self.problem = "the tests need pytest, which is not installed in the sandbox"
            for case in flat(unittest.defaultTestLoader.loadTestsFromModule(loaded.module)):
                self._cases[namer.id_of(case)] = case

    @property
    def ids(self) -> list[str]:
        return list(self._cases)

    def run(self, test_id: str) -> Ran:
        result = run_case(self._cases[test_id])
        is_passed = result.error is None and not result.is_skipped
        return Ran(is_passed, result.is_skipped, result.error)

    def shortcut(self, test_id: str) -> Callable[[], object] | None:
        return _raising(self._cases[test_id])


def _raising(case: Any) -> Callable[[], object]:
    def call() -> None:
        result = run_case(case)
        if result.error is not None:
            raise result.error
        if result.is_skipped:
            raise unittest.SkipTest("skipped")

    return call


class PytestSuite(Suite):
    """What pytest collected; it lives inside pytest's own run."""

    def __init__(self, session: Any, broken: dict[str, BaseException | None]) -> None:
        super().__init__()
        self.broken = broken
        self._items = {item.nodeid: item for item in session.items}
        self._manager = session.config.pluginmanager
        self._reports: list[Any] = []
        self._errors: list[Any] = []
        self._hooked = self._has_hooks()
        self._manager.register(_Recorder(self._reports, self._errors), "pullwright-recorder")
        for item in session.items:
            # What a failure looks like is for people; here it only costs time.
            item.repr_failure = item._repr_failure_py = _brief  # noqa: SLF001 - pytest has no option for it

    @property
    def ids(self) -> list[str]:
        return list(self._items)

    def run(self, test_id: str) -> Ran:
        item = self._items[test_id]
        self._reports.clear()
        self._errors.clear()
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        # A plugin that runs a test again reports it again: the last word of each phase counts.
        last = {report.when: report for report in self._reports}.values()
        is_passed = bool(last) and all(report.passed for report in last)
        is_skipped = any(report.skipped for report in last)
        error = self._errors[-1] if self._errors and not is_passed else None
        return Ran(is_passed, is_skipped, error)

    def shortcut(self, test_id: str) -> Callable[[], object] | None:
        item = self._items[test_id]
        marks = {mark.name for mark in item.iter_markers()}
        if self._hooked or marks & {"skip", "skipif", "xfail", "asyncio", "anyio", "trio"}:
            return None
        case = getattr(item, "_testcase", None) or getattr(item, "instance", None)
        function: Any = getattr(item, "obj", None)
        names = set(getattr(item, "fixturenames", ("unknown",)))
        if isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, unittest.TestCase):
            if all(name.startswith(_OWN_FIXTURES) for name in names - {"request"}):
                return _raising(item.cls(item.originalname or item.name))
            return None
        parameters = dict(getattr(getattr(item, "callspec", None), "params", {}))
        is_plain = names <= set(parameters) and inspect.isroutine(function)
        if not is_plain or inspect.iscoroutinefunction(function) or _is_indirect(item):
            return None
        if case is not None:
            name = getattr(function, "__name__", "")
            return self._brisk(lambda: getattr(item.cls(), name)(**parameters))
        return self._brisk(lambda: function(**parameters))

    def _brisk(self, call: Callable[[], object]) -> Callable[[], object]:
        """Return a call in which a failed `assert` says nothing: its words are for people."""
        rewrite = sys.modules.get("_pytest.assertion.rewrite")
        if rewrite is None or not all(hasattr(rewrite, name) for name in _EXPLAINING):
            return call
        words = vars(rewrite)
        before = {name: words[name] for name in _EXPLAINING}

        def brisk() -> None:
            words.update(_SILENT)
            try:
                call()
            finally:
                words.update(before)

        return brisk

    def _has_hooks(self) -> bool:
        """Tell whether the project itself hooks into the run of a test."""
        ours = ("_pytest.", "pytest_", "bot.", "xdist", "anyio", "hypothesis", "_hypothesis")
        return any(
            not str(getattr(impl.function, "__module__", "")).startswith(ours)
            for name in _HOOKS
            for impl in getattr(self._manager.hook, name).get_hookimpls()
        )


def _is_indirect(item: Any) -> bool:
    """Tell whether a parameter goes through a fixture of the same name."""
    info = getattr(item, "_fixtureinfo", None)
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    definitions = getattr(info, "name2fixturedefs", {})
    pseudo = ("get_direct_param_fixture_func",)
    return any(
        getattr(definition.func, "__name__", "") not in pseudo
        for name in parameters
        for definition in definitions.get(name, ())
    )


def _silent(*_arguments: Any) -> str:
    return ""


def _brief(*_arguments: Any, **_named: Any) -> str:
    return "failed"


_SILENT = dict.fromkeys(_EXPLAINING, _silent)


class _Recorder:
    """Keeps the reports and errors of the test that runs."""

    def __init__(self, reports: list[Any], errors: list[Any]) -> None:
        self._reports = reports
        self._errors = errors

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._reports.append(report)

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        del item
        if call.excinfo is not None:
            self._errors.append(call.excinfo.value)


class _Takeover:
    """Runs something else in place of the tests, once pytest has collected them."""

    def __init__(self, work: Callable[[Suite], None]) -> None:
        self._work = work
        self._broken: dict[str, BaseException | None] = {}

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        del report
        self._broken[node.nodeid] = call.excinfo.value

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._broken.setdefault(report.nodeid, None)

    def pytest_runtestloop(self, session: Any) -> bool:
        self._work(PytestSuite(session, dict(self._broken)))
        return True


def with_pytest_suite(pytest: Any, request: Request, work: Callable[[Suite], None]) -> int:
    """Collect with pytest, and hand the suite to `work` inside pytest's run."""
    takeover = _Takeover(work)
    pytest.hookimpl(tryfirst=True)(_Takeover.pytest_runtestloop)
    # Not the ids but their files: a test that is gone is no reason to collect nothing.
    files = sorted({test_id.partition("::")[0] for test_id in request.only})
    plugin = selecting(pytest, request._replace(only=files), Tracer(request))
    arguments = [*configured_arguments(request), "-s", "--tb=no"]
    return int(pytest.main(arguments, plugins=[plugin, takeover]))
