"""Which tests a tree holds, told from names and small files."""

import pytest

from bot.domain.ports import NoTests, TestPlan, TreeEntry
from bot.domain.test_detection import TestWish, plan_tests


def plan(*paths: str, **files: bytes) -> TestPlan | NoTests:
    named = {name.replace("_dot_", "."): data for name, data in files.items()}
    entries = [TreeEntry(path, "100644", 1) for path in (*paths, *named)]
    return plan_tests(entries, named, TestWish())


def chosen(*paths: str, **files: bytes) -> TestPlan:
    found = plan(*paths, **files)
    assert isinstance(found, TestPlan)
    return found


@pytest.mark.parametrize("path", ["tests/test_a.py", "a_test.py", "tests/conftest.py", "tests.py"])
def test_python_test_files_are_run_by_pytest(path: str) -> None:
    assert chosen(path, "src/a.py").framework == "pytest"


def test_the_reason_names_what_the_choice_was_made_by() -> None:
    found = chosen("tests/test_a.py", pyproject_dot_toml=b"[tool.pytest.ini_options]\n")

    assert found.reason == "pytest: 1 Python test file, pyproject.toml"


def test_tests_of_vendored_code_are_not_ours() -> None:
    assert isinstance(plan("node_modules/x/test_a.py", "vendor/y/test_b.py"), NoTests)


def test_no_tests_is_said_in_words() -> None:
    assert plan("README.md", "src/a.py") == NoTests("no test files were found")


def test_node_tests_keep_the_options_of_their_script() -> None:
    package = b'{"scripts": {"test": "node --import ./setup.js --test tests/"}}'

    command = chosen("tests/a.test.js", package_dot_json=package).command

    assert command == ("node", "--test", "--import", "./setup.js", "tests/")


def test_a_runner_that_we_cannot_read_is_named() -> None:
    found = plan("a.test.js", package_dot_json=b'{"scripts": {"test": "jest --ci"}}')

    assert found == NoTests(
        "package.json runs `jest --ci`: set tests.command to one that writes JUnit"
    )


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"scripts": 3}', b"[" * 100_000])
def test_a_broken_package_file_breaks_nothing(data: bytes) -> None:
    assert chosen("a.test.js", package_dot_json=data).framework == "node"


def test_go_and_cargo_are_found_by_their_manifests() -> None:
    assert chosen("go.mod", "a/a_test.go").framework == "go"
    assert chosen("Cargo.toml", "src/lib.rs").framework == "cargo"
    assert isinstance(plan("a/a_test.go"), NoTests)


def test_the_language_with_most_tests_wins() -> None:
    assert chosen("go.mod", "a_test.go", "b_test.go", "test_a.py").framework == "go"


def test_a_configured_command_wins_over_what_is_found() -> None:
    wish = TestWish("make check REPORT={out}/reports/all.xml", timeout_s=5)

    found = plan_tests([TreeEntry("test_a.py", "100644", 1)], {}, wish)

    assert found == TestPlan(
        "command",
        ("sh", "-c", "make check REPORT={out}/reports/all.xml"),
        "reports/all.xml",
        "tests.command is set",
        5,
    )


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("pytest", ()),
        ("python -m pytest -x tests/unit -k 'not slow'", ("tests/unit", "-k", "not slow")),
        ("python3 -m pytest --junitxml=a.xml --maxfail=2", ()),
    ],
)
def test_a_plain_pytest_command_is_run_our_way(command: str, arguments: tuple[str, ...]) -> None:
    found = plan_tests([], {}, TestWish(command))

    assert isinstance(found, TestPlan)
    assert (found.framework, found.command[3:]) == ("pytest", arguments)


@pytest.mark.parametrize(
    "command", ["cd a && pytest", "pytest $ARGS", "pytest '", "tox", "pytest | cat"]
)
def test_a_command_that_needs_a_shell_gets_one(command: str) -> None:
    found = plan_tests([], {}, TestWish(command, "r.xml"))

    assert isinstance(found, TestPlan)
    assert found.command == ("sh", "-c", command)
