"""Thumbs on review comments: their counts in one listing, and who gave them on request."""

from pathlib import Path

from bot.adapters.github_opinions import GitHubOpinions
from bot.domain.markers import MarkerKind
from bot.domain.opinions import Count
from tests.adapters.github_jobs import GitHubJob, github_job, marked
from tests.adapters.github_world import PATH, comment
from tests.github_simulator import simulator


def _reviewed(job: GitHubJob, count: int = 1) -> GitHubOpinions:
    job.access.publisher.review(
        job.number,
        head_sha=job.head,
        marker=marked("", MarkerKind.FINDING).strip(),
        comments=[comment(f"s{number}", 5, PATH) for number in range(count)],
    )
    return GitHubOpinions(job.access.history.requester, job.repo_id)


def test_thumbs_are_counted_in_the_listing_and_told_with_who_gave_them(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        opinions = _reviewed(job, 2)
        first, second = (thread.comments[0] for thread in job.pull.threads)
        ada, robot = github.user("ada"), github.user("other[bot]", kind="Bot")
        first.react(ada, "-1")
        first.react(robot, "+1")
        first.react(ada, "eyes")

        counts = opinions.counts(job.number)
        thumbs = opinions.thumbs(first.id)

        assert counts == {first.id: Count(1, 1), second.id: Count()}
        assert [(t.person.id, t.is_program, t.is_liking) for t in thumbs] == [
            (ada.id, False, False), (robot.id, True, True),
        ]  # fmt: skip


def test_the_comments_of_a_pull_request_are_listed_in_one_call(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        opinions = _reviewed(job, 3)
        path = f"/repos/octo/shop/pulls/{job.number}/comments"
        before = len(github.requests("GET", path))

        assert len(opinions.counts(job.number)) == 3
        assert len(github.requests("GET", path)) == before + 1
