import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.gitpython_commits import described
from bot.domain.pull_request import Sha
from tests.situations import repository, run_git


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_commit_is_described_by_its_author_and_subject(tmp_path: Path, is_packed: bool) -> None:
    repo = repository(tmp_path / "project", base={"a": b"1\n"}, head={"a": b"2\n"})
    if is_packed:
        run_git(repo.path, "gc", "-q")

    author, subject = described(repo.path / ".git", repo.head_sha, {}) or ("", "")

    assert author == "Ada"
    assert subject == run_git(repo.path, "log", "-1", "--format=%s", repo.head_sha)


@pytest.mark.parametrize("sha", ["0" * 40, "1" * 64, "HEAD~99"])
def test_what_it_cannot_read_is_nothing(tmp_path: Path, sha: str) -> None:
    repo = repository(tmp_path / "project", base={"a": b"1\n"}, head={"a": b"2\n"})

    assert described(repo.path / ".git", Sha(sha), {}) is None
    assert described(tmp_path, repo.head_sha, {}) is None


def test_a_worker_never_imports_gitpython() -> None:
    code = "import bot.worker, bot.web.serve, sys; sys.exit('git' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
