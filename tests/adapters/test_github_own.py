"""What is ours on GitHub is told by GitHub, not by a name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.forge import NewPullRequest
from tests.adapters.github_jobs import GitHubJob, github_job, marked, message
from tests.github_simulator import simulator

PATH = "src/cart.py"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        yield job


def test_a_pull_request_that_we_opened_is_ours(job: GitHubJob) -> None:
    wanted = NewPullRequest("pullwright/1-x", job.pull.head_ref, "Fix the cart", "For #1.")
    files = {PATH: b"line_1 = 1\n"}
    url = job.access.committer.open_stacked(wanted, at=job.head, files=files, message=message())

    stacked = job.access.forge.pull_request(int(url.rpartition("/")[2]))

    assert stacked.is_ours
    assert not job.access.forge.pull_request(job.number).is_ours


def test_a_pull_request_of_another_app_is_not_ours(job: GitHubJob) -> None:
    job.pull.author = job.github.user("other[bot]", kind="Bot")

    assert not job.access.forge.pull_request(job.number).is_ours


def test_a_persons_pull_request_is_told_in_one_call(job: GitHubJob) -> None:
    job.access.forge.pull_request(job.number)

    assert job.github.requests("POST", "/graphql") == []


def test_a_comment_of_ours_is_ours_and_a_persons_copy_of_it_is_not(job: GitHubJob) -> None:
    ours = job.access.publisher.summary(job.number, marked("Reviewed."))
    copied = job.github.user("ada").comment(job.pull, marked("Reviewed."))
    job.access.forge.conversations.forget(job.number)

    assert job.access.reactions.is_ours(job.number, ours.id, is_review_comment=False)
    assert not job.access.reactions.is_ours(job.number, ours.id, is_review_comment=True)
    assert not job.access.reactions.is_ours(job.number, copied.id, is_review_comment=False)
