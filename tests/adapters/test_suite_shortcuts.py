"""Which tests the engine runs without their framework, beside every plugin of this environment."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = """\
import unittest
import pytest


def test_plain():
    pass


@pytest.mark.parametrize("n", [1])
def test_parametrised(n):
    pass


class TestMethod:
    def test_it(self):
        pass


class Case(unittest.TestCase):
    def test_it(self):
        pass


def test_fixture(tmp_path):
    pass


@pytest.mark.skip
def test_marked():
    pass


async def test_coroutine():
    pass
"""
PROGRAM = """\
import sys
from pathlib import Path
import pytest
from bot.adapters.inside.suites import with_pytest_suite
from bot.adapters.inside.tracing import Request

def work(suite):
    short = [test_id for test_id in suite.ids if suite.shortcut(test_id) is not None]
    Path("short").write_text("\\n".join(short))

with_pytest_suite(pytest, Request(Path.cwd(), Path.cwd(), [], [], []), work)
"""


def _with_shortcuts(folder: Path, **files: str) -> set[str]:
    for name, text in {"test_it": TESTS, **files}.items():
        (folder / f"{name}.py").write_text(text)
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    return set((folder / "short").read_text().split())


def test_what_needs_nothing_of_the_framework_is_called_directly(tmp_path: Path) -> None:
    assert _with_shortcuts(tmp_path) == {
        "test_it.py::test_plain",
        "test_it.py::test_parametrised[1]",
        "test_it.py::TestMethod::test_it",
        "test_it.py::Case::test_it",
    }


def test_a_hook_of_the_project_keeps_all_tests_in_the_framework(tmp_path: Path) -> None:
    hook = "def pytest_runtest_setup(item):\n    pass\n"

    assert _with_shortcuts(tmp_path, conftest=hook) == set()
