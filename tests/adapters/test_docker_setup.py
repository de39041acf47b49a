"""Which dependencies are installed, and with which command, is read from the files alone."""

import pytest

from bot.adapters.docker_setup import setup_plan
from bot.domain.ports import Dependencies

PYPROJECT = b"""
[project]
dependencies = ["requests>=2", "click"]
[project.optional-dependencies]
test = ["pytest-mock"]
docs = ["sphinx"]
[dependency-groups]
dev = ["hypothesis", {include-group = "lint"}]
"""
UV_LOCK = b"""
[[package]]
name = "requests"
version = "2.31.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "mine"
version = "0.1.0"
source = { editable = "." }
[[package]]
name = "twice"
version = "1"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "twice"
version = "2"
source = { registry = "https://pypi.org/simple" }
"""


def command(**files: bytes) -> str:
    named = {name.replace("__", ".").replace("_S_", "/"): data for name, data in files.items()}
    plan = setup_plan(Dependencies(named))
    return plan.command if plan else ""


def test_the_configured_command_wins_over_the_detected_one() -> None:
    plan = setup_plan(Dependencies({"requirements.txt": b"click\n"}, setup="npm ci"))

    assert plan is not None
    assert (plan.command, dict(plan.files)) == ("npm ci", {"requirements.txt": b"click\n"})


def test_requirements_of_the_program_and_its_tests_are_installed_together() -> None:
    names = ["requirements.txt", "requirements-dev.txt", "requirements/test.txt"]
    others = ["requirements-docs.txt", "requirements/lint.txt"]

    plan = setup_plan(Dependencies(dict.fromkeys([*names, *others], b"click\n")))

    assert plan is not None
    assert [name for name in names if f"-r {name}" in plan.command] == names
    assert [name for name in others if name in plan.command] == []


def test_the_dependencies_of_a_project_and_of_its_tests_are_installed() -> None:
    plan = setup_plan(Dependencies({"pyproject.toml": PYPROJECT}))

    assert plan is not None
    assert plan.files[".pullwright/requirements.txt"].split() == [
        b"requests>=2",
        b"click",
        b"pytest-mock",
        b"hypothesis",
    ]


def test_a_uv_lock_pins_what_the_project_asks_for() -> None:
    plan = setup_plan(Dependencies({"pyproject.toml": PYPROJECT, "uv.lock": UV_LOCK}))

    assert plan is not None
    assert "-c .pullwright/constraints.txt" in plan.command
    assert plan.files[".pullwright/constraints.txt"] == b"requests==2.31.0\n"


@pytest.mark.parametrize("line", [b"-e .", b"-e .[dev]", b"--editable .", b".", b".[test] # me"])
def test_a_project_that_asks_for_itself_gets_its_dependencies_instead(line: bytes) -> None:
    files = {"requirements.txt": b"click\n" + line + b"\n", "pyproject.toml": PYPROJECT}

    plan = setup_plan(Dependencies(files))

    assert plan is not None
    assert plan.files["requirements.txt"].strip() == b"click"
    assert ".pullwright/requirements.txt" in plan.command


def test_a_pylock_file_is_exact_so_nothing_else_is_read() -> None:
    assert command(pylock__toml=b"", requirements__txt=b"click").endswith("-r pylock.toml")


@pytest.mark.parametrize("data", [b"", b"not toml [", b"\xff", b"project = 1", b"[project]\n"])
def test_a_project_without_dependencies_needs_no_setup(data: bytes) -> None:
    assert command(pyproject__toml=data) == ""


def test_a_file_name_is_one_word_of_the_command() -> None:
    plan = setup_plan(Dependencies({"requirements-dev-$(id).txt": b"click\n"}))

    assert plan is not None
    assert "-r 'requirements-dev-$(id).txt'" in plan.command
