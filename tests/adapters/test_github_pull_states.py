"""How a pull request stands on GitHub: who did what, what is gone, and what is not ours."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.adapters.github_survey import open_survey
from bot.domain.markers import MarkerKind
from bot.domain.opinions import Count
from bot.domain.pull_state import own_tips
from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job, marked
from tests.adapters.github_world import PATH, comment
from tests.github_simulator import simulator


def _post(job: GitHubJob, count: int = 1) -> None:
    job.access.publisher.review(
        job.number,
        head_sha=job.head,
        marker=marked("", MarkerKind.FINDING).strip(),
        comments=[comment(f"s{number}", 5, PATH) for number in range(count)],
    )


def test_a_pull_request_tells_who_did_what_and_how_it_ended(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        _post(job, 2)
        ada, robot = github.user("ada"), github.user("other[bot]", kind="Bot")
        gone = github.user("gone")
        first, second = job.pull.threads
        ada.reply(first.comments[0], "Good catch")
        robot.reply(first.comments[0], "beep")
        gone.reply(first.comments[0], "bye")
        gone.delete_account()
        ada.resolve(second)
        ada.review_comment(job.pull, "not ours", path=PATH, line=5)

        before = job.access.states.state(job.number)
        merged = job.pull.merge(method="squash")
        after = job.access.states.state(job.number)

        assert (before.closed_at, before.merged, before.is_whole) == (None, None, True)
        assert before.author_id == ada.id
        assert before.login == "pullwright"
        assert own_tips(before) == (job.head,)
        assert [t.is_resolved for t in before.threads] == [False, True]
        resolver = before.threads[1].resolved_by
        assert resolver is not None
        assert (resolver.person.id, resolver.is_program) == (ada.id, False)
        replies = before.threads[0].replies
        assert [reply.by.person.id if reply.by else None for reply in replies] == [
            ada.id, robot.id, None,
        ]  # fmt: skip
        assert [reply.by.is_program for reply in replies if reply.by] == [False, True]
        assert own_tips(after) == (job.head, merged)
        assert after.base_tip == merged
        assert after.closed_at == datetime.fromisoformat(str(job.pull.closed_at))


def test_many_threads_are_read_page_by_page_and_a_hidden_one_is_no_deleted_one(
    tmp_path: Path,
) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        _post(job, 101)

        assert len(job.access.states.state(job.number).threads) == 101
        job.pull.threads[3].is_lost = True
        found = job.access.states.state(job.number)
        assert (len(found.threads), found.is_whole) == (100, False)


def test_a_pull_request_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with (
        simulator(tmp_path) as github,
        github_job(github, tmp_path) as job,
        pytest.raises(Refused),
    ):
        job.access.states.state(999)


def test_a_round_asks_for_the_newest_thumbs_in_one_request(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        _post(job, 101)
        newest = job.pull.threads[-1].comments[0]
        newest.react(github.user("ada"), "-1")
        path = f"/repos/octo/shop/pulls/{job.number}/comments"
        before = len(github.requests("GET", path))

        with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
            counts = survey.thumbs(job.repo_id, job.number)

        assert counts[newest.id] == Count(dislikes=1)
        assert len(counts) == 100
        assert len(github.requests("GET", path)) == before + 1
