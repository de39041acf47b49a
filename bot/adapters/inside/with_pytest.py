"""Runs pytest in this process, with the project's own options but those that would cut it short."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.adapters.inside.tracing import Request, Tracer

ID_PROPERTY = "pullwright_id"
CPU_PROPERTY = "pullwright_cpu"
CONFIGURATION = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "pytest.toml": "",
    ".pytest.toml": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}


def run_pytest(pytest: Any, request: Request, tracer: Tracer) -> int:
    """Run the wanted tests, write `junit.xml`, and return pytest's exit code."""
    arguments = [
        *configured_arguments(request),
        "--tb=short",
        f"--junitxml={request.results}/junit.xml",
        "-ojunit_family=xunit1",
    ]
    return int(pytest.main(arguments, plugins=[selecting(pytest, request, tracer)]))


def configured_arguments(request: Request) -> list[str]:
    """Return the project's arguments, and what makes pytest look at this tree alone."""
    root = request.root
    return [
        *request.arguments,
        "-q",
        "--no-header",
        "--color=no",
        "--continue-on-collection-errors",
        f"-ocache_dir={request.results}/cache",
        # Else a pytest.ini or conftest.py above the tree, in /tmp say, would count.
        f"--rootdir={root}",
        f"--confcutdir={root}",
        *([] if _is_configured(root) else ["-c", os.devnull]),
    ]


def selecting(pytest: Any, request: Request, tracer: Tracer) -> Plugin:
    """Return the plugin that keeps the wanted tests."""
    for name in WRAPPERS:
        pytest.hookimpl(hookwrapper=True)(getattr(Plugin, name))
    may_select = request.only and hasattr(pytest, "version_tuple")  # pytest 7 and newer
    kind = SelectingPlugin if may_select else Plugin
    return kind(request.root, request.only, tracer)


def _cpu_seconds() -> float:
    """Return what this process and those it waited for have used."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _is_configured(root: Path) -> bool:
    """Tell whether pytest finds its settings in the root, and so looks no further up."""
    for name, section in CONFIGURATION.items():
        with contextlib.suppress(OSError):
            if section in (root / name).read_text(encoding="utf-8", errors="replace"):
                return True
    return False


class Plugin:
    """Marks every test with its id, keeps the wanted ones, and runs them one after the other."""

    def __init__(self, root: Path, only: list[str], tracer: Tracer) -> None:
        self.wanted = frozenset(only)
        self.tracer = tracer
        self.files = {root / test_id.partition("::")[0] for test_id in only}
        self.folders = {parent for path in self.files for parent in path.parents}

    def pytest_load_initial_conftests(self, early_config: Any) -> Iterator[None]:
        # pytest-cov would fight over the trace function, and fail the run below its threshold.
        early_config.known_args_namespace.cov_source = []
        yield

    def pytest_cmdline_main(self, config: Any) -> Iterator[None]:
        # All tests, in one process, in one order: of pytest, pytest-xdist and pytest-randomly.
        settings: dict[str, Any] = {"maxfail": 0, "usepdb": False, "randomly_seed": 1}
        settings.update(numprocesses=None, dist="no", tx=[])
        for name, value in settings.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
        yield

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> Iterator[None]:
        yield
        for item in items:
            item.user_properties.append((ID_PROPERTY, item.nodeid))
        if self.wanted:
            dropped = [item for item in items if not self._is_wanted(item.nodeid)]
            items[:] = [item for item in items if self._is_wanted(item.nodeid)]
            config.hook.pytest_deselected(items=dropped)

    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        with self.tracer.test(item.nodeid):
            yield

    def pytest_runtest_call(self, item: Any) -> Iterator[None]:
        before = _cpu_seconds()
        yield
        item.user_properties.append((CPU_PROPERTY, f"{_cpu_seconds() - before:.4f}"))

    def _is_wanted(self, test_id: str) -> bool:
        return test_id in self.wanted or test_id.partition("::")[0] in self.wanted


WRAPPERS = tuple(name for name in vars(Plugin) if name.startswith("pytest_"))


class SelectingPlugin(Plugin):
    """Also leaves files alone that hold no wanted test.

    They are not given as arguments, because those decide which configuration pytest finds, and
    because one that is gone would end the run.
    """

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        is_wanted = collection_path in self.files or collection_path in self.folders
        return None if is_wanted or collection_path.name == "__init__.py" else True
