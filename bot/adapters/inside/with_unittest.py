"""Runs what unittest alone can run, where pytest is not installed."""
# ruff: noqa: N802 - the names of a test result are unittest's

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.adapters.inside.tracing import Request, Tracer

ID_PROPERTY = "pullwright_id"
NEEDS_PYTEST = 90
NO_TESTS = 5
SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist"})


def run_unittest(request: Request, tracer: Tracer) -> int:
    """Run the wanted tests, write `junit.xml`, and return an exit code like pytest's."""
    root, wanted = request.root, frozenset(request.only)
    files = {test_id.partition("::")[0] for test_id in wanted}
    result = Result(root, tracer)
    suite = unittest.TestSuite()
    for path in sorted(test_files(root)):
        relative = str(path.relative_to(root))
        if wanted and relative not in files:
            continue
        loaded = Loading(path, root)
        module = loaded.module
        if module is None:
            result.outcomes[relative] = loaded.outcome
            continue
        if has_plain_tests(module):
            return NEEDS_PYTEST
        tests = flat(unittest.defaultTestLoader.loadTestsFromModule(module))
        is_whole = not wanted or relative in wanted
        suite.addTests(test for test in tests if is_whole or result.id_of(test) in wanted)
    suite.run(result)
    result.write(request.results / "junit.xml")
    return result.exit_code


def test_files(root: Path) -> Iterator[Path]:
    """Yield the files that hold tests by their names."""
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS and not f.startswith(".")]
        for name in names:
            if name.endswith(".py") and (name.startswith("test") or name.endswith("_test.py")):
                yield Path(folder, name)


class Loading(unittest.TestCase):
    """One import of a test file, run as a test: whatever the file raises becomes its outcome."""

    def __init__(self, path: Path, root: Path) -> None:
        super().__init__("load")
        self._path = path
        self._root = root
        self.module: Any = None
        self._result = unittest.TestResult()
        self.run(self._result)

    def load(self) -> None:
        """Import the file."""
        self.module = _import(self._path, self._root)

    @property
    def outcome(self) -> tuple[str, str]:
        """Return what became of a file that has no module."""
        kind = "skipped" if self._result.skipped else "error"
        texts = (*self._result.skipped, *self._result.errors, *self._result.failures)
        return kind, "".join(text for _, text in texts)


def _import(path: Path, root: Path) -> Any:
    """Import a test file under its package's name, or with its folder on the path."""
    folder, name = path.parent, path.stem
    while folder != root and (folder / "__init__.py").exists():
        folder, name = folder.parent, f"{folder.name}.{name}"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module = importlib.import_module(name)
    if Path(str(module.__file__)).resolve() == path.resolve():
        return module
    # Another file of the same name came first, as in two folders that are no packages.
    spec = importlib.util.spec_from_file_location(f"{name}_{len(sys.modules)}", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def has_plain_tests(module: Any) -> bool:
    """Tell whether a test file holds test functions, which unittest would silently leave out."""
    return any(
        name.startswith("test") and callable(value) and not isinstance(value, type)
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
    )


def flat(suite: Any) -> Iterator[Any]:
    """Yield the tests of a suite of suites."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


class Result(unittest.TestResult):
    """Keeps one outcome per test: the kind of JUnit's element, and its text."""

    def __init__(self, root: Path, tracer: Tracer) -> None:
        super().__init__()
        self.outcomes: dict[str, tuple[str, str]] = {}
        self._root = root
        self._tracer = tracer
        self._open: Any = None

    @property
    def exit_code(self) -> int:
        """Return 0, 1 or 5 as pytest would."""
        if not self.outcomes:
            return NO_TESTS
        return int(any(kind in ("failure", "error") for kind, _ in self.outcomes.values()))

    def id_of(self, test: Any) -> str:
        """Return the id that pytest would give."""
        path = getattr(sys.modules.get(type(test).__module__), "__file__", None)
        method = getattr(test, "_testMethodName", None)
        root = self._root.resolve()
        if path is None or method is None or root not in Path(path).resolve().parents:
            return str(test)
        relative = Path(path).resolve().relative_to(root)
        return "::".join((str(relative), *type(test).__qualname__.split("."), method))

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._open = self._tracer.test(self.id_of(test))
        self._open.__enter__()

    def stopTest(self, test: unittest.TestCase) -> None:
        self._open.__exit__(None, None, None)
        super().stopTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.outcomes.setdefault(self.id_of(test), ("", ""))

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._add(test, "failure", "".join(traceback.format_exception(*err)))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self._add(test, "error", "".join(traceback.format_exception(*err)))

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self.outcomes.setdefault(self.id_of(test), ("skipped", reason))

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        del err  # it was expected
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._add(test, "failure", "unexpected success")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._add(test, "failure", f"{subtest}\n{''.join(traceback.format_exception(*err))}")

    def write(self, path: Path) -> None:
        """Write the outcomes as JUnit."""
        suite = ET.Element("testsuite", name="unittest")
        for test_id, (kind, text) in self.outcomes.items():
            case = ET.SubElement(suite, "testcase", name=_clean(test_id))
            properties = ET.SubElement(case, "properties")
            ET.SubElement(properties, "property", name=ID_PROPERTY, value=_clean(test_id))
            if kind:
                ET.SubElement(case, kind).text = _clean(text)[-4000:]
        ET.ElementTree(suite).write(path, encoding="utf-8")

    def _add(self, test: unittest.TestCase, kind: str, text: str) -> None:
        self.outcomes[self.id_of(test)] = (kind, text)


def _clean(text: str) -> str:
    """Replace what XML cannot hold."""
    return "".join(c if c in "\n\t" or c.isprintable() else "?" for c in text)
