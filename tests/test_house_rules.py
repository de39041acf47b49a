"""The size gates of the style guide, which no linter of ours knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "bot").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _is_broad(handler: ast.ExceptHandler) -> bool:
    names = (
        {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else set()
    )
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def test_there_is_something_to_measure() -> None:
    assert len(SOURCES) > 30
    assert len(TESTS) > 20


def test_no_module_is_longer_than_a_person_reads() -> None:
    long = {
        p.name: n for p in SOURCES + TESTS if (n := p.read_text().count("\n")) > MAX_MODULE_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.lineno}": length
        for path in SOURCES
        for function in _functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    }

    assert long == {}


def test_bugs_are_caught_in_one_place_only() -> None:
    broad = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]

    assert broad == ["bot/guard.py"]


def test_only_the_settings_read_the_environment() -> None:
    # What is in `inside` runs in a sandbox, where the environment is ours.
    ours = [p for p in SOURCES if p.parent.name != "inside"]
    readers = [p.name for p in ours if re.search(r"os\.environ|getenv", p.read_text())]

    assert readers == ["settings.py"]


@pytest.mark.parametrize("word", ["unittest" + ".mock", "Magic" + "Mock", "mocker" + "."])
def test_fakes_keep_state_and_nothing_is_mocked(word: str) -> None:
    assert [p.name for p in TESTS if word in p.read_text()] == []


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "core", "manager"])
def test_no_module_is_a_drawer_for_the_rest(word: str) -> None:
    assert [p.name for p in SOURCES if word in (p.stem, p.parent.name)] == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")

    assert [p.name for p in SOURCES + TESTS if marks.search(p.read_text())] == []
