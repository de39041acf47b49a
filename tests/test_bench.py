"""`pullwright bench repair`: the table that it prints, over a set of two problems."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import Refused

ROWS = [
    {
        "task_id": f"Python/{name}",
        "entry_point": "total",
        "prompt": "def total(rows):\n",
        "buggy_solution": f"    return sum(rows) {bug}\n",
        "test": "def check(total):\n    assert total([1, 5]) == 6\ncheck(total)\n",
        "example_test": "def check(total):\n    assert total([]) == 0\n",
    }
    for name, bug in (("one", "- 1"), ("two", "+ 1"))
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PULLWRIGHT_SANDBOX", "process")
    folder = tmp_path / "humanevalfix"
    folder.mkdir()
    text = "\n".join(map(json.dumps, ROWS))
    (folder / "humanevalpack.python.jsonl").write_text(text, encoding="utf-8")
    return str(tmp_path)


def _bench(*arguments: str) -> tuple[int, list[str]]:
    ended = CliRunner().invoke(app, ["bench", "repair", *arguments])
    return ended.exit_code, ended.output.splitlines()


def test_the_table_says_seed_budget_and_what_came_of_the_problem(data: str) -> None:
    code, lines = _bench(
        "--data", data, "--only", "Python/two", "--candidates", "40", "--seed", "7"
    )

    assert code == 0
    assert lines[0].startswith("humanevalfix: 1 problems, pullwright ")
    assert lines[1] == "seed 7, 20 s and 40 candidates for each"
    assert [line.split()[0] for line in lines if line.startswith("Python/")] == ["Python/two"]
    assert any(line.startswith("all 1") and "(100 %)" in line for line in lines)
    assert any(line.startswith("sure enough to be committed: ") for line in lines)
    assert lines[-2].startswith("CPU seconds for each problem")


def test_without_the_problems_the_sentence_says_where_to_name_them() -> None:
    ended = CliRunner().invoke(app, ["bench", "repair"], env={"PULLWRIGHT_CONTRACT_DATA": None})

    assert isinstance(ended.exception, Refused)
    assert "--data or PULLWRIGHT_CONTRACT_DATA (docs/repair.md" in str(ended.exception)


@pytest.mark.parametrize("wrong", [("--set", "unknown"), ("--only", "Python/three")])
def test_a_set_or_a_problem_that_is_not_there_is_refused(data: str, wrong: tuple[str, str]) -> None:
    code, _ = _bench("--data", data, *wrong)

    assert code != 0
