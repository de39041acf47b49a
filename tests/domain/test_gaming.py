"""A fix mends the code, never what judges the code."""

import pytest

from bot.domain.edits import Edit, Patch
from bot.domain.gaming import refusal


def _patch(path: str, new: str, old: str = "x = 1\n") -> Patch:
    return Patch((Edit(path, 1, 1, old, new),))


def test_a_plain_change_of_code_is_allowed() -> None:
    assert refusal(_patch("src/app.py", "x = 2\n")) is None


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_app.py",
        "src/app_test.go",
        "web/app.spec.ts",
        "conftest.py",
        "pyproject.toml",
        "tests/data/expected.json",
        ".github/workflows/ci.yml",
        "action.yml",
        "docs/CODEOWNERS",
        ".gitattributes",
        "sub/.gitmodules",
        "poetry.lock",
        "web/package-lock.json",
        "go.sum",
        "bun.lockb",
        "npm-shrinkwrap.json",
        "pylock.dev.toml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        "requirements-dev.txt",
        ".pullwright.yml",
    ],
)
def test_what_judges_the_code_is_never_edited(path: str) -> None:
    assert refusal(_patch(path, "x = 2\n")) is not None


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: F401\n",
        "x = 1  # type: ignore[assignment]\n",
        "x = 1  # nosec\n",
        "x = 1  # pragma: no cover\n",
        "x = 1 // eslint-disable-line\n",
        "x = 1 // @ts-ignore\n",
        "x = 1 //nolint\n",
        "@pytest.mark.skip\n",
        "# shellcheck disable=SC2086\n",
        "assert x == approx(1)\n",
    ],
)
def test_no_check_is_silenced_and_no_tolerance_moved(line: str) -> None:
    assert refusal(_patch("src/app.py", line)) is not None


def test_a_silencer_that_stood_there_may_stay() -> None:
    assert refusal(_patch("src/app.py", "y = 1  # noqa\n", old="x = 1  # noqa\n")) is None


def test_the_repositorys_own_protected_paths_count_too() -> None:
    assert refusal(_patch("src/app.py", "x = 2\n"), ["src/**"]) is not None
