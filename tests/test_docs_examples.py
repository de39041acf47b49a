"""The worked examples of docs/extending.md, executed as they stand there."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.agent.tool import Tool
from bot.domain.ports import Analyzer
from tests.adapters.analyzers import test_contract as contract
from tests.adapters.analyzers.tools import look
from tests.agent.toys import Bench
from tests.pages import blocks

PAGE = "docs/extending.md"
PROMISES = (
    contract.test_what_is_said_of_a_file_does_not_depend_on_the_others,
    contract.test_a_bug_is_found_with_its_line_its_text_and_its_tool,
    contract.test_good_code_is_left_alone,
    contract.test_no_files_are_no_findings,
    contract.test_only_the_given_files_are_looked_at,
    contract.test_what_is_not_utf_8_is_named_as_unread,
)


def _example(folder: Path, name: str) -> object:
    """Return the class of an example, made without arguments."""
    for number, block in enumerate(blocks(PAGE)):
        if block.language == "python" and f"class {name}:" in block.lines:
            file = folder / f"example_{number}.py"
            file.write_text(block.text)
            return runpy.run_path(str(file))[name]()
    raise AssertionError(f"{PAGE} has no example {name}")


@pytest.fixture
def conflicts(tmp_path: Path) -> Analyzer:
    return _example(tmp_path, "Conflicts")  # type: ignore[return-value]  # what it is, the tests see


@pytest.fixture
def size(tmp_path: Path) -> Tool:
    return _example(tmp_path, "Size")  # type: ignore[return-value]  # what it is, the tests see


def test_the_analyzer_finds_what_it_says_and_where(conflicts: Analyzer) -> None:
    data = b"x = 1\n<<<<<<< HEAD\nx = 2\n=======\nx = 3\n>>>>>>> other\n"

    (found,) = look(conflicts, {"a.py": data, "b.py": b"x = 1\n"}).findings

    assert (found.rule, found.location.path, found.location.start_line) == (
        "conflict-marker",
        "a.py",
        2,
    )


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_analyzer_keeps_the_contract(
    conflicts: Analyzer, promise: Callable[[contract.Subject], None]
) -> None:
    promise(contract.Subject(conflicts, "a.py", b"x = 1\n<<<<<<< HEAD\n", b"x = 1\n"))


def test_the_tool_is_picked_once_and_its_note_is_in_the_review(size: Tool) -> None:
    long = "".join(f"{number}\n" for number in range(500, 1000)).encode()
    bench = Bench({"a.toy": b"1\n"}, {"a.toy": long}, more_tools=lambda _workspace: (size,))

    told = bench.review().review

    assert told.verdict.tools.count("size") == 1
    assert "500 lines were added" in " ".join(told.notes)
