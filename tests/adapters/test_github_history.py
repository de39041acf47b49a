"""Commits of a long pull request: all of them in order, or a refusal."""

from pathlib import Path

import pytest

from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job
from tests.github_simulator import simulator


def _lengthen(job: GitHubJob, count: int) -> None:
    """Put so many commits on the head at once."""
    who = "ada <ada@example.org> 1700000000 +0000"
    rows = [
        f"commit refs/simulator/long\nmark :{number}\ncommitter {who}\ndata 4\nMore\n"
        f"from {job.pull.head_sha if number == 1 else f':{number - 1}'}\n"
        f"M 100644 inline count.txt\ndata 3\n{number:03}\n"
        for number in range(1, count + 1)
    ]
    store = job.repo.store
    store.git("fast-import", "--quiet", "--force", stdin="\n".join(rows).encode())
    sha = store.git("rev-parse", "refs/simulator/long").decode().strip()
    store.update(f"refs/heads/{job.pull.head_ref}", sha)
    job.pull.head_sha = sha


def test_every_commit_is_listed_until_github_lists_no_more(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        _lengthen(job, 248)
        commits = job.access.history.commits(job.number)
        _lengthen(job, 1)

        assert [commit.sha for commit in commits] == job.pull.commit_shas()[:-1]
        assert len(commits) == 249
        with pytest.raises(Refused, match="no more than 250 commits"):
            job.access.history.commits(job.number)
