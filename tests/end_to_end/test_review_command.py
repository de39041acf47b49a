"""What a person sees who types `pullwright review` and `pullwright fix`."""

import json
import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import Command, sarif_log
from tests.end_to_end.conftest import BASE
from tests.situations import RepoFixture, repository


def test_a_review_finds_the_bug_and_proves_its_fix(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    ended = pullwright("review", "-q", cwd=lint_bug.path)

    assert (ended.code, ended.err) == (0, "")
    assert "F401" in ended.out
    assert "proved: F401 gone" in ended.out
    assert "without a container" in " ".join(ended.out.split())


def test_json_is_one_document_and_nothing_else(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("review", "-q", "--json", "--base", "main", cwd=lint_bug.path)

    told = json.loads(ended.out)
    assert (told["schema"], told["head_sha"]) == (1, lint_bug.head_sha)
    assert told["verdict"]["conclusion"] == "findings"
    assert told["findings"][0]["suggestion"]["proof"]["before"] == {"failed": 0, "passed": 1}


@pytest.mark.parametrize(("choice", "code"), [("high", 0), ("critical", 0), ("partial", 0)])
def test_a_low_finding_fails_nothing(
    pullwright: Command, lint_bug: RepoFixture, choice: str, code: int
) -> None:
    assert pullwright("review", "-q", "--fail-on", choice, cwd=lint_bug.path).code == code


def test_a_broken_test_fails_on_high(pullwright: Command, tmp_path: Path) -> None:
    head = {"app.py": b"def total(prices):\n    return sum(prices) + 1\n"}
    repo = repository(tmp_path / "project", base=BASE, head=head)

    ended = pullwright("review", "-q", "--fail-on", "high", cwd=repo.path)

    assert ended.code == 1
    assert "test_total passed before this change and fails now" in " ".join(ended.out.split())


def test_a_clean_branch_says_what_was_looked_at(pullwright: Command, tmp_path: Path) -> None:
    head = {"app.py": b"def total(prices):\n    return sum(list(prices))\n"}
    repo = repository(tmp_path / "project", base=BASE, head=head)

    ended = pullwright("review", "-q", cwd=repo.path)

    assert ended.code == 0
    assert "No findings: 1 of 1 hunk seen" in ended.out


def test_reports_are_written_where_they_were_asked_for(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    sarif, html = tmp_path / "out" / "r.sarif", tmp_path / "out" / "r.html"

    pullwright("review", "-q", "--sarif", str(sarif), "--html", str(html), cwd=lint_bug.path)

    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert "<!doctype html>" in html.read_text().lower()


def test_explain_shows_every_tool_and_why_it_won(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    out = pullwright("review", "-q", "--explain", cwd=lint_bug.path).out

    assert all(tool in out for tool in ("lint", "test", "bisect", "autofix", "verify", "finish"))
    assert "unseen" in out


@pytest.mark.parametrize("option", ["--staged", "--worktree"])
def test_uncommitted_work_is_reviewed_and_left_alone(
    pullwright: Command, lint_bug: RepoFixture, option: str
) -> None:
    lint_bug.write({"extra.py": b"import sys\n"})
    lint_bug.git("add", "extra.py")
    before = lint_bug.git("status", "--porcelain=v2")

    ended = pullwright("review", "-q", option, "--json", cwd=lint_bug.path)

    assert [f["path"] for f in json.loads(ended.out)["findings"]] == ["extra.py"]
    assert lint_bug.git("status", "--porcelain=v2") == before


def test_a_fix_is_committed_with_its_evidence(pullwright: Command, lint_bug: RepoFixture) -> None:
    ended = pullwright("fix", "-q", cwd=lint_bug.path)

    message = lint_bug.git("log", "-1", "--format=%B")
    assert ended.code == 0
    assert lint_bug.git("rev-parse", "HEAD~1") == lint_bug.head_sha
    assert lint_bug.show("HEAD", "app.py") == BASE["app.py"].replace(b"def", b"\n\ndef")
    assert "proved: F401 gone" in message
    assert "Pullwright-Run: " in message
    assert lint_bug.git("status", "--porcelain") == ""


def test_without_a_commit_nothing_changes_and_git_applies_the_patch(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    patch = tmp_path / "fix.patch"

    ended = pullwright("fix", "-q", "--no-commit", "--patch", str(patch), cwd=lint_bug.path)

    assert ended.code == 0
    assert lint_bug.git("rev-parse", "HEAD") == lint_bug.head_sha
    lint_bug.git("apply", "--check", str(patch))


def test_a_revert_is_made_only_by_name(pullwright: Command, tmp_path: Path) -> None:
    head = {"app.py": b"def total(prices):\n    return sum(prices) + 1\n"}
    repo = repository(tmp_path / "project", base=BASE, head=head)

    refused = pullwright("fix", "-q", cwd=repo.path)
    done = pullwright("fix", "-q", "F1", "revert", cwd=repo.path)

    assert refused.code == 1
    assert "fix F1 revert" in " ".join(refused.out.split())
    assert done.code == 0
    assert repo.show("HEAD", "app.py") == BASE["app.py"]


def test_the_tests_alone_can_be_compared(pullwright: Command, tmp_path: Path) -> None:
    head = {"app.py": b"import os\n\n\ndef total(prices):\n    return 0\n"}
    repo = repository(tmp_path / "project", base=BASE, head=head)

    ended = pullwright("test", "-q", "--json", cwd=repo.path)

    told = json.loads(ended.out)
    assert ended.code == 1
    assert [f["rule"] for f in told["findings"]] == ["regression"]
    assert "lint" not in told["verdict"]["tools"]


def test_a_test_command_of_any_language_can_be_named(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    ended = pullwright(
        "review", "-q", "--json", "--tests", "python -m pytest -q", cwd=lint_bug.path
    )

    proof = json.loads(ended.out)["findings"][0]["suggestion"]["proof"]
    assert proof["after"] == {"failed": 0, "passed": 1}


def test_the_configuration_of_the_base_decides_and_not_the_branchs(
    pullwright: Command, tmp_path: Path
) -> None:
    config = ".github/pullwright.yml"
    repo = repository(
        tmp_path / "project",
        base={**BASE, config: b"severity_threshold: low\n"},
        head={"app.py": b"import os\n", config: b"severity_threshold: critical\n"},
    )

    shown = pullwright("config", "show", cwd=repo.path)
    told = json.loads(pullwright("review", "-q", "--json", cwd=repo.path).out)

    assert "severity_threshold" in shown.out
    assert f"{config}@{repo.base_sha[:12]}" in shown.out
    assert "F401" in [finding["rule"] for finding in told["findings"]]


def test_the_schema_is_printed_for_editors(pullwright: Command) -> None:
    assert "path_filters" in json.loads(pullwright("config", "schema").out)["properties"]


def test_the_version_is_printed(pullwright: Command) -> None:
    assert pullwright("--version").out.startswith("pullwright ")


def test_another_tools_findings_come_in_as_sarif(
    pullwright: Command, lint_bug: RepoFixture, tmp_path: Path
) -> None:
    log = sarif_log(tmp_path)

    ended = pullwright("review", "-q", "--json", "--sarif-in", str(log), cwd=lint_bug.path)

    found = {f["rule"]: f["path"] for f in json.loads(ended.out)["findings"]}
    assert found == {"own-1": "app.py", "F401": "app.py"}


def test_a_step_is_told_where_nobody_watches_a_terminal(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    err = pullwright("review", cwd=lint_bug.path).err

    assert [line.split(":")[0] for line in err.splitlines()] == [
        "lint",
        "autofix",
        "test",
        "verify",
        "finish",
    ]


def test_a_virtualenv_of_the_checkout_runs_the_tests_from_any_folder(
    pullwright: Command, lint_bug: RepoFixture
) -> None:
    binary = lint_bug.path / ".venv" / "bin"
    binary.mkdir(parents=True)
    (binary / "python").symlink_to(sys.executable)
    (lint_bug.path / "sub").mkdir()

    for folder in (lint_bug.path, lint_bug.path / "sub"):
        told = json.loads(pullwright("review", "-q", "--json", cwd=folder).out)
        assert told["findings"][0]["suggestion"]["proof"]["after"] == {"failed": 0, "passed": 1}


def test_a_checked_patch_that_is_named_can_be_written_and_applied(
    pullwright: Command, tmp_path: Path
) -> None:
    repo = repository(
        tmp_path / "project", base={"app.py": b"X = 1\n"}, head={"app.py": b"import os\n"}
    )
    patch = tmp_path / "fix.patch"

    pullwright("fix", "-q", "f1", "--no-commit", "--patch", str(patch), cwd=repo.path)
    refused = pullwright("fix", "-q", "F1", cwd=repo.path)

    repo.git("apply", "--check", str(patch))
    assert refused.code == 1
    assert repo.git("rev-parse", "HEAD") == repo.head_sha


def test_the_state_folder_is_for_nobody_else(pullwright: Command, lint_bug: RepoFixture) -> None:
    pullwright("review", "-q", cwd=lint_bug.path)

    assert (pullwright.state / "pullwright").stat().st_mode & 0o077 == 0


def test_the_demo_works_in_a_folder_named_as_one_would(pullwright: Command, tmp_path: Path) -> None:
    ended = pullwright("demo", "--into", "out", cwd=tmp_path)

    assert ended.code == 0
    said = " ".join(ended.out.split())
    assert "patch from repair" in said
    assert "test_a_discount_starts_at_its_minimum failed -> passed" in said
    assert "committed" in said
    assert (tmp_path / "out" / "review.html").exists()
