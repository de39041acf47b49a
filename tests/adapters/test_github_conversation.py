"""What GitHub lists in pages, and what it lists as null: people and comments that are gone."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.adapters.github_access import app_access
from bot.domain.forge import Publisher, ReviewComment
from bot.domain.markers import MarkerKind
from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job, marked
from tests.github_simulator import simulator
from tests.github_simulator.conversations import Comment
from tests.github_simulator.reviews import Thread

PATH = "src/cart.py"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as opened:
        yield opened


def begin(job: GitHubJob, name: str = "f1") -> Thread:
    body = marked("a finding", MarkerKind.FINDING, s=name)
    mark = body.splitlines()[-1]
    comment = ReviewComment(PATH, body, 5)
    job.access.publisher.review(job.number, head_sha=job.head, marker=mark, comments=[comment])
    return job.pull.threads[-1]


def answer(job: GitHubJob, publisher: Publisher, to: Thread) -> None:
    body = marked("done", MarkerKind.REPLY, run="run-7")
    publisher.reply(
        job.number, marker=body.splitlines()[-1], body=body, to_comment=to.comments[0].id
    )


def chat(job: GitHubJob, thread: Thread, count: int) -> None:
    ada = job.github.user("ada")
    for n in range(count):
        ada.reply(thread.comments[0], f"word {n}")


@pytest.mark.parametrize("before", [110, 220])
def test_an_answer_far_down_a_thread_is_not_given_again(job: GitHubJob, before: int) -> None:
    thread = begin(job)
    chat(job, thread, before)
    answer(job, job.access.publisher, thread)

    with app_access(job.host, job.app, job.repo_id) as later:
        answer(job, later.publisher, thread)

    assert [c.body.split()[0] for c in thread.comments].count("done") == 1


def test_what_was_said_far_down_a_thread_is_heard(job: GitHubJob) -> None:
    thread = begin(job)
    chat(job, thread, 130)
    asked = job.github.user("ada").reply(thread.comments[0], "/agent explain")

    said = job.access.forge.remarks(job.number, asked.id, is_review_comment=True)

    assert [remark.body for remark in said[-2:]] == ["word 128", "word 129"]


def test_a_thread_without_end_is_refused_and_not_read_for_ever(
    job: GitHubJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.github_conversation._MOST_PAGES", 1)
    thread = begin(job)
    chat(job, thread, 220)

    with pytest.raises(Refused, match="nothing is posted"):
        answer(job, job.access.publisher, thread)


def ours(thread: Thread) -> Comment:
    return thread.comments[0]


def theirs(thread: Thread) -> Comment:
    return thread.comments[1]


@pytest.mark.parametrize("gone", [ours, theirs])
def test_a_comment_that_github_cannot_show_stops_nothing(
    job: GitHubJob, gone: Callable[[Thread], Comment]
) -> None:
    thread = begin(job)
    chat(job, thread, 1)
    job.github.user("ada").comment(job.pull, "lost").is_lost = True
    gone(thread).is_lost = True
    other = begin(job, "f2")

    with app_access(job.host, job.app, job.repo_id) as later:
        later.publisher.summary(job.number, marked("hello"))
        found = later.forge.threads(job.number)

    assert other.comments[0].id in {one.comment_id for one in found}
    assert [c.body.split()[0] for c in job.pull.comments] == ["lost", "hello"]


def test_a_thread_whose_first_comment_is_gone_is_not_taken_for_ours(job: GitHubJob) -> None:
    theirs = job.github.user("ada").review_comment(job.pull, "Why?", path=PATH, line=5)
    answer(job, job.access.publisher, theirs.thread)
    theirs.is_lost = True

    with app_access(job.host, job.app, job.repo_id) as later:
        assert later.forge.threads(job.number) == ()


def test_a_thread_that_github_cannot_show_stops_nothing(job: GitHubJob) -> None:
    begin(job).is_lost = True

    with app_access(job.host, job.app, job.repo_id) as later:
        assert later.forge.threads(job.number) == ()


def test_what_a_person_said_who_left_is_a_ghosts(job: GitHubJob) -> None:
    ada = job.github.user("ada")
    ada.comment(job.pull, "It adds up.")
    asked = job.github.user("eve").comment(job.pull, "/agent ask does it?")
    ada.delete_account()

    said = job.access.forge.remarks(job.number, asked.id, is_review_comment=False)

    assert [(remark.author, remark.body) for remark in said] == [("ghost", "It adds up.")]
