"""What `pullwright fix` refuses, how early and with which exit code."""

from pathlib import Path

import pytest

from tests.end_to_end.command import Command
from tests.end_to_end.conftest import BASE
from tests.situations import RepoFixture, repository


@pytest.fixture
def clean(tmp_path: Path) -> RepoFixture:
    """A branch in which nothing is wrong."""
    head = {"app.py": BASE["app.py"].replace(b"prices", b"all_prices")}
    return repository(tmp_path / "project", base=BASE, head=head)


def test_uncommitted_work_in_the_way_of_a_fix_is_kept_and_named_before_anything_runs(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    mine = b"import os\n\n\ndef total(prices):\n    return 0  # mine\n"
    lint_bug.write({"app.py": mine})

    ended = pullwright("fix", cwd=lint_bug.path)

    assert ended.code == 2
    assert ended.err.startswith("pullwright: app.py has uncommitted work")
    assert ended.err.count("\n") == 1  # no step ran
    assert (lint_bug.path / "app.py").read_bytes() == mine
    assert lint_bug.git("rev-parse", "HEAD") == lint_bug.head_sha


def test_uncommitted_work_does_not_keep_a_patch_from_being_shown(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    lint_bug.write({"app.py": b"mine\n"})

    assert pullwright("fix", "-q", "--no-commit", cwd=lint_bug.path).code == 0


def test_a_finding_that_is_not_there(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("fix", "F9", cwd=lint_bug.path)

    assert ended.code == 2
    assert "unknown finding: F9 (this review has F1;" in ended.err
    assert "verify:" not in ended.err


def test_a_word_that_is_no_finding(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("fix", "app.py", cwd=lint_bug.path)

    assert ended.code == 2
    assert ended.err.startswith("pullwright: unknown finding: app.py (a finding is F1")


def test_a_test_that_is_not_there(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("fix", "--failing", "test_app.py::test_totla", cwd=lint_bug.path)

    assert ended.code == 2
    assert "did you mean test_app.py::test_total" in ended.err
    assert "verify:" not in ended.err


def test_a_test_in_a_file_that_is_not_there_is_refused_before_anything_runs(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    ended = pullwright("fix", "--failing", "tset_app.py::test_total", cwd=lint_bug.path)

    assert ended.code == 2
    assert ended.err == (
        "pullwright: no test tset_app.py::test_total: the head has no file tset_app.py: "
        "did you mean test_app.py\n"
    )


def test_nothing_to_fix_is_said_and_leaves_no_empty_patch(
    pullwright: Command, clean: RepoFixture, tmp_path: Path
) -> None:
    patch = tmp_path / "fix.patch"

    ended = pullwright("fix", "-q", "--patch", str(patch), cwd=clean.path)

    assert ended.code == 0
    assert "nothing to fix" in ended.out
    assert "was not written: there is no patch" in ended.err
    assert not patch.exists()
