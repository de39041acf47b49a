"""A configuration is tried on stored runs: what it would change, and what nobody can tell."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import Command
from tests.end_to_end.conftest import BASE
from tests.end_to_end.test_replay import answer, reviewed, with_model
from tests.model_server.server import ModelServer, serving
from tests.situations import RepoFixture, repository

HEAD = {
    "app.py": b"import os\n\n\ndef total(prices):\n    return sum(prices[0:])\n",
    "tool.py": b"def add(item, to=[]):\n    to.append(item)\n    return to\n",
}


@pytest.fixture
def kept(pullwright: Command, tmp_path: Path) -> RepoFixture:
    """A review by tools and a model, which is kept."""
    repo = repository(tmp_path / "project", base=BASE, head=HEAD)
    with serving(ModelServer(answer)) as server:
        ended = reviewed(pullwright, repo, **with_model(server))
    assert len(json.loads(ended.out)["findings"]) == 3, ended.out
    return repo


def tried(pullwright: Command, config: str) -> Any:
    file = pullwright.state / "candidate.yml"
    file.write_text(config)
    ended = pullwright("backtest", "--config", str(file), "--json")
    assert ended.code == 0, ended.err
    (run,) = json.loads(ended.out)["runs"]
    return run


def test_the_same_configuration_changes_nothing(pullwright: Command, kept: RepoFixture) -> None:
    run = tried(pullwright, "")

    assert run["before"] == run["after"]
    assert (run["appear"], run["disappear"], run["gaps"]) == ([], [], [])
    assert run["head_sha"] == kept.head_sha
    assert run["before"]["comments"] == 3
    assert run["before"]["tokens"] > 0


@pytest.mark.usefixtures("kept")
def test_a_stricter_threshold_takes_comments_away(pullwright: Command) -> None:
    run = tried(pullwright, "severity_threshold: high\n")

    assert len(run["disappear"]) == 3
    assert run["after"]["comments"] == 0
    assert (run["before"]["check"], run["after"]["check"]) == ("neutral", "success")


@pytest.mark.usefixtures("kept")
def test_fewer_comments_are_counted_and_named(pullwright: Command) -> None:
    run = tried(pullwright, "max_comments: 1\n")

    assert (run["before"]["comments"], run["after"]["comments"]) == (3, 1)
    assert len(run["disappear"]) == 2


@pytest.mark.usefixtures("kept")
def test_a_red_check_is_foreseen(pullwright: Command) -> None:
    run = tried(pullwright, "budget:\n  steps: 1\nfail_on: [partial]\n")

    assert run["after"]["check"] == "failure"
    assert run["after"]["seconds"] < run["before"]["seconds"]


@pytest.mark.usefixtures("kept")
def test_a_silenced_analyzer_says_nothing_and_its_fixes_are_gone(pullwright: Command) -> None:
    run = tried(pullwright, "analyzers:\n  disable: [ruff]\n")

    assert {(c["path"], c["line"]) for c in run["disappear"]} == {("app.py", 1), ("tool.py", 1)}
    assert run["after"]["comments"] == 1
    assert run["gaps"] == ["review would ask the model otherwise: the recorded replies stand in"]


@pytest.mark.usefixtures("kept")
def test_a_file_that_is_left_out_gets_no_comment(pullwright: Command) -> None:
    run = tried(pullwright, 'path_filters: ["!tool.py"]\n')

    assert [c["path"] for c in run["disappear"]] == ["tool.py"]


@pytest.mark.usefixtures("kept")
def test_a_smaller_budget_of_tokens_saves_tokens_and_loses_the_model(pullwright: Command) -> None:
    run = tried(pullwright, "budget:\n  tokens: 1\n")

    assert run["after"]["tokens"] == 0
    assert [c["title"] for c in run["disappear"]] == ["The slice copies the list for nothing"]


@pytest.mark.usefixtures("kept")
def test_other_tests_are_no_observation_of_these(pullwright: Command) -> None:
    run = tried(pullwright, "tests:\n  command: make check\n")

    assert run["gaps"] == ["the tests would run otherwise: the recorded runs stand in"]


def test_an_analyzer_that_did_not_look_is_named(pullwright: Command, tmp_path: Path) -> None:
    config = b"analyzers:\n  disable: [ruff]\npath_filters: ['!tool.py']\n"
    base = {**BASE, ".github/pullwright.yml": config}
    reviewed(pullwright, repository(tmp_path / "project", base=base, head=HEAD))

    run = tried(pullwright, "")

    assert run["gaps"] == [
        "ruff would look too, and did not then",
        "tool.py would be reviewed, and was left out then",
    ]


@pytest.mark.usefixtures("kept")
def test_the_table_names_what_goes(pullwright: Command, tmp_path: Path) -> None:
    file = tmp_path / "candidate.yml"
    file.write_text("max_comments: 2\n")

    ended = pullwright("backtest", "--config", str(file), "--last", "5")

    assert ended.code == 0
    assert "3 -> 2" in ended.out
    assert " - " in ended.out
    assert ended.out.splitlines()[0].startswith("run ")


def test_without_runs_and_without_sense_it_is_refused(pullwright: Command, tmp_path: Path) -> None:
    file = tmp_path / "candidate.yml"
    file.write_text("")
    bad = tmp_path / "bad.yml"
    bad.write_text("max_comment: 3\n")

    empty = pullwright("backtest", "--config", str(file))
    wrong = pullwright("backtest", "--config", str(bad))

    assert (empty.code, wrong.code) == (2, 2)
    assert "there are no stored runs" in empty.err
    assert "the nearest known one is max_comments" in wrong.err
