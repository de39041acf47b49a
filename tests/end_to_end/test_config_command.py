"""What `pullwright config show` says, wherever a person stands when they type it."""

from pathlib import Path

import pytest

from tests.end_to_end.command import Command, Ended
from tests.end_to_end.conftest import BASE
from tests.situations import RepoFixture, empty_repository, repository

FILE = ".github/pullwright.yml"


@pytest.fixture
def configured(tmp_path: Path) -> RepoFixture:
    """A repository whose main branch has a configuration."""
    base = {**BASE, FILE: b"fail_on: [high]\n"}
    return repository(tmp_path / "project", base=base, head={"app.py": b"x = 1\n"})


def _row(ended: Ended, key: str) -> list[str]:
    """Return value and origin of a key."""
    return next(line.split(maxsplit=2)[1:] for line in ended.out.splitlines() if key in line)


def test_on_the_main_branch_the_configuration_that_holds_is_shown(
    pullwright: Command, configured: RepoFixture
) -> None:
    configured.git("switch", "-q", "main")

    ended = pullwright("config", "show", cwd=configured.path)

    assert (ended.code, ended.err) == (0, "")
    assert _row(ended, "fail_on") == ['["high"]', f"{FILE}@{configured.base_sha[:12]}"]


def test_before_the_first_commit_every_key_has_its_default(
    pullwright: Command, tmp_path: Path
) -> None:
    ended = pullwright("config", "show", cwd=empty_repository(tmp_path / "new"))

    assert ended.code == 0
    assert _row(ended, "fail_on") == ["[]", "built-in default"]
    assert "there is no commit yet" in ended.err


def test_a_file_that_is_not_merged_is_said_not_to_count_yet(
    pullwright: Command, configured: RepoFixture
) -> None:
    configured.write({FILE: b"fail_on: [partial]\n"})

    ended = pullwright("config", "show", cwd=configured.path)

    assert _row(ended, "fail_on")[0] == '["high"]'
    assert f"{FILE} of this checkout counts once it is merged into main" in ended.err


def test_a_file_that_is_spelt_in_another_way_is_said_not_to_be_read(
    pullwright: Command, configured: RepoFixture
) -> None:
    configured.write({".github/pullwright.yaml": b"fail_on: [partial]\n"})

    ended = pullwright("config", "show", cwd=configured.path)

    assert (
        f".github/pullwright.yaml of this checkout is not read under this name: rename it to {FILE}"
        in (ended.err)
    )


def test_a_branch_without_a_configuration_is_named(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    ended = pullwright("config", "show", cwd=lint_bug.path)

    assert ended.err == f"pullwright: main has no {FILE}: every key has its built-in default\n"


def test_a_base_that_is_not_there_is_refused(pullwright: Command, configured: RepoFixture) -> None:
    ended = pullwright("config", "show", "--base", "mian", cwd=configured.path)

    assert (ended.code, ended.out) == (2, "")
    assert "did you mean main" in ended.err
