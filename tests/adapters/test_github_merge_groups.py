"""Which pull requests a merge queue's group holds, told by GitHub's commits."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.domain.merge_group import MOST_COMMITS, GroupMember, MergeGroup
from bot.domain.pull_request import Sha
from bot.domain.requests import MergeGroupRequest
from tests.adapters.github_jobs import GitHubJob, github_job
from tests.github_simulator import PullRequest, simulator


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as opened:
        yield opened


def another(job: GitHubJob, name: str = "b.py") -> PullRequest:
    return job.repo.open_pull_request({name: "x = 1\n"}, author="ada")


def read(job: GitHubJob, prs: Sequence[PullRequest], method: str = "merge") -> MergeGroup:
    base = Sha(str(job.repo.head()))
    head = Sha(job.repo.merge_queue(prs, method=method))
    ref = f"refs/heads/gh-readonly-queue/main/pr-{prs[-1].number}-{base}"
    request = MergeGroupRequest(job.repo_id, head, ref, base_sha=base, base_ref="refs/heads/main")
    return job.access.merge_groups.read(request)


def member(pr: PullRequest) -> GroupMember:
    return GroupMember(pr.number, Sha(pr.head_sha))


def test_a_group_holds_every_pull_request_at_the_head_that_is_merged(job: GitHubJob) -> None:
    other = another(job)

    assert read(job, [job.pull, other]) == MergeGroup((member(job.pull), member(other)))


def test_a_push_after_the_queue_took_it_is_not_what_is_merged(job: GitHubJob) -> None:
    queued = member(job.pull)
    base = Sha(str(job.repo.head()))
    head = Sha(job.repo.merge_queue([job.pull]))
    job.pull.push({"later.py": "y = 1\n"})
    ref = f"refs/heads/gh-readonly-queue/main/pr-{job.number}-{base}"
    request = MergeGroupRequest(job.repo_id, head, ref, base_sha=base, base_ref="refs/heads/main")

    assert job.access.merge_groups.read(request).members == (queued,)


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_a_rewritten_pull_request_is_the_one_that_the_branch_names(
    job: GitHubJob, method: str
) -> None:
    job.pull.push({"more.py": "y = 1\n"}, message="Add more")

    assert read(job, [job.pull], method) == MergeGroup((member(job.pull),))


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_rewritten_commits_of_two_pull_requests_are_of_nobody(job: GitHubJob, method: str) -> None:
    group = read(job, [job.pull, another(job)], method)

    assert group.members == ()
    assert len(group.unknown) == 2


def test_a_title_that_names_another_pull_request_is_not_believed(job: GitHubJob) -> None:
    other = another(job)
    other.push({"c.py": "z = 1\n"}, message=f"Harmless (#{job.number})")

    group = read(job, [another(job, "d.py"), other], "rebase")

    assert group.members == ()
    assert len(group.unknown) == 3


def test_a_long_group_costs_a_bounded_number_of_requests(job: GitHubJob) -> None:
    for n in range(MOST_COMMITS + 1):
        job.pull.push({f"f{n}.py": "y = 1\n"}, message=f"Take {n}")
    before = len(job.github.log)

    group = read(job, [job.pull], "rebase")

    assert not group.is_whole
    assert len(job.github.log) - before <= 2 * MOST_COMMITS + 3
