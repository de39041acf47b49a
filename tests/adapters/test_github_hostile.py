"""GitHub on a bad day: lost answers, limits, redirects, tokens that end (catalogue G05 to G12)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.github_access import app_access
from bot.domain.forge import (
    Annotation,
    AnnotationLevel,
    CheckConclusion,
    CheckRun,
    CheckStatus,
    ForgeUnavailable,
    HeadMoved,
    NewPullRequest,
    Permission,
    ReviewComment,
)
from bot.domain.markers import MarkerKind
from bot.domain.pull_request import Sha
from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job, marked, message
from tests.github_simulator import (
    Blank,
    Drop,
    ForeignLink,
    Html,
    Limited,
    Redirect,
    Status,
    simulator,
)

ISSUE_COMMENTS = "/repos/*/issues/*/comments"
REVIEWS = "/repos/*/reviews"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as opened:
        yield opened


def comments(count: int, *, bad: frozenset[int] = frozenset()) -> list[ReviewComment]:
    return [
        ReviewComment(
            "src/cart.py", marked(f"c{n}", MarkerKind.FINDING, s=f"f{n}"), 30 if n in bad else 5
        )
        for n in range(count)
    ]


def review(job: GitHubJob, wanted: list[ReviewComment]) -> list[ReviewComment]:
    mark = marked("", MarkerKind.FINDING).strip()
    publisher = job.access.publisher
    refused = publisher.review(job.number, head_sha=job.head, marker=mark, comments=wanted)
    return list(refused)


def check(job: GitHubJob, annotations: int = 0) -> CheckRun:
    one = Annotation("src/cart.py", 5, 5, AnnotationLevel.NOTICE, "F1 title", "message")
    return CheckRun(
        "pullwright / review", job.head, CheckStatus.COMPLETED, "title", "summary", "run-1",
        conclusion=CheckConclusion.NEUTRAL, annotations=(one,) * annotations,
    )  # fmt: skip


def test_one_bad_comment_of_thirty_loses_no_other(job: GitHubJob) -> None:
    wanted = comments(30, bad=frozenset({17}))

    refused = review(job, wanted)

    assert refused == [wanted[17]]
    bodies = [comment.body for comment in job.pull.review_comments]
    assert sorted(bodies) == sorted(c.body for c in wanted if c is not wanted[17])


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Status(502, after=True), Status(502)])
def test_a_summary_whose_answer_is_lost_is_posted_once(job: GitHubJob, fault: Drop) -> None:
    job.github.faults.add("POST", ISSUE_COMMENTS, fault)

    posted = job.access.publisher.summary(job.number, marked("hello"))

    assert [comment.id for comment in job.pull.comments] == [posted.id]


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Status(502, after=True), Status(503)])
def test_a_review_whose_answer_is_lost_is_posted_once(job: GitHubJob, fault: Drop) -> None:
    job.github.faults.add("POST", REVIEWS, fault)

    assert review(job, comments(3)) == []

    assert len(job.pull.review_comments) == 3


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Status(502, after=True), Status(502)])
def test_a_comment_on_a_file_whose_answer_is_lost_is_posted_once(
    job: GitHubJob, fault: Drop
) -> None:
    wanted = [replace(comments(1)[0], line=None)]
    job.github.faults.add("POST", "/repos/*/pulls/*/comments", fault)

    assert review(job, wanted) == []

    assert [comment.body for comment in job.pull.review_comments] == [wanted[0].body]


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Status(502, after=True), Status(502)])
def test_a_reply_whose_answer_is_lost_is_posted_once(job: GitHubJob, fault: Drop) -> None:
    review(job, comments(1))
    (thread,) = job.access.forge.threads(job.number)
    job.github.faults.add("POST", "/repos/*/pulls/*/comments/*/replies", fault)
    body = marked("done", MarkerKind.REPLY)

    job.access.publisher.reply(
        job.number, marker=body.splitlines()[-1], body=body, to_comment=thread.comment_id
    )

    assert [c.body.split()[0] for c in job.pull.review_comments] == ["c0", "done"]


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Status(502, after=True), Status(502)])
def test_a_stacked_pull_request_whose_answer_is_lost_is_opened_once(
    job: GitHubJob, fault: Drop
) -> None:
    wanted = NewPullRequest("pullwright/1-run-1", job.pull.head_ref, "Fix it", "Proved.")
    job.github.faults.add("POST", "/repos/octo/shop/pulls", fault)

    job.access.committer.open_stacked(
        wanted, at=job.head, files={"src/cart.py": b"x = 1\n"}, message=message()
    )

    assert [pr.head_ref for pr in job.repo.pull_requests[1:]] == ["pullwright/1-run-1"]


def test_an_answer_that_is_lost_twice_is_found_by_the_next_attempt(job: GitHubJob) -> None:
    job.github.faults.add("POST", ISSUE_COMMENTS, Drop(), times=1)
    job.github.faults.add("POST", ISSUE_COMMENTS, Drop(after=True), times=1)
    with pytest.raises(ForgeUnavailable):
        job.access.publisher.summary(job.number, marked("hello"))

    with app_access(job.host, job.app, job.repo_id) as later:
        later.publisher.summary(job.number, marked("hello"))

    assert len(job.pull.comments) == 1


@pytest.mark.parametrize("fault", [Drop(after=True), Drop(), Html()])
def test_a_check_run_whose_answer_is_lost_is_made_once(job: GitHubJob, fault: Drop) -> None:
    job.github.faults.add("POST", "/repos/*/check-runs", fault)

    job.access.publisher.check(check(job, 120))

    (run,) = job.repo.check_runs
    assert len(run.annotations) == 120


def test_annotations_that_were_sent_are_not_sent_again(job: GitHubJob) -> None:
    job.github.faults.add("PATCH", "/repos/*/check-runs/*", Drop(after=True))

    job.access.publisher.check(check(job, 120))

    assert len(job.repo.check_runs[0].annotations) == 120


@pytest.mark.parametrize(
    "fault", [Drop(after=True), Blank({"createCommitOnBranch": None}), Blank()]
)
def test_a_commit_whose_answer_is_lost_is_made_once(job: GitHubJob, fault: Drop | Blank) -> None:
    before = job.head
    job.github.faults.add("POST", "/graphql", fault)

    sha = job.access.committer.commit(
        job.pull.head_ref, expected=before, files={"src/cart.py": b"x = 1\n"}, message=message()
    )

    assert sha == job.head
    assert job.pull.commit_shas()[-2:] == [before, sha]


def test_the_summary_of_another_process_is_edited(job: GitHubJob) -> None:
    job.access.publisher.summary(job.number, marked("one"))

    with app_access(job.host, job.app, job.repo_id) as other:
        other.publisher.summary(job.number, marked("two"))

    assert [c.body.split()[0] for c in job.pull.comments] == ["two"]


def test_a_copied_marker_makes_nobody_us(job: GitHubJob) -> None:
    job.github.user("eve").comment(job.pull, marked("I am the bot"))

    job.access.publisher.summary(job.number, marked("ours"))

    assert [c.body.split()[0] for c in job.pull.comments] == ["I", "ours"]


def test_writes_go_one_by_one_a_second_apart(job: GitHubJob) -> None:
    for n in range(4):
        job.access.publisher.summary(job.number, marked(f"take {n}"))

    # The token is made by a write too, so there is a pause before the first comment.
    assert job.time.naps == pytest.approx([1.0] * 4)


def test_a_short_wait_that_github_asks_for_is_slept(job: GitHubJob) -> None:
    job.github.faults.add("POST", ISSUE_COMMENTS, Limited(retry_after_s=15))

    job.access.publisher.summary(job.number, marked("hello"))

    assert sum(job.time.naps) >= 15
    assert len(job.pull.comments) == 1


@pytest.mark.parametrize(("told_s", "least_s"), [(60, 60), (None, 60), (900, 900)])
def test_a_long_wait_goes_back_to_the_queue(
    job: GitHubJob, told_s: int | None, least_s: int
) -> None:
    job.github.faults.add("POST", ISSUE_COMMENTS, Limited(retry_after_s=told_s))

    with pytest.raises(ForgeUnavailable) as raised:
        job.access.publisher.summary(job.number, marked("hello"))

    now = datetime.fromtimestamp(job.time.now(), UTC)
    assert raised.value.retry_at is not None
    assert (raised.value.retry_at - now).total_seconds() == pytest.approx(least_s, abs=2)
    assert job.pull.comments == []


def test_nothing_goes_out_while_we_have_to_wait(job: GitHubJob) -> None:
    job.github.faults.add("POST", ISSUE_COMMENTS, Limited(retry_after_s=900))
    with pytest.raises(ForgeUnavailable):
        job.access.publisher.summary(job.number, marked("hello"))
    before = len(job.github.log)

    with pytest.raises(ForgeUnavailable):
        job.access.publisher.summary(job.number, marked("hello"))

    assert len(job.github.log) == before


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_gets_no_credential(
    job: GitHubJob, tmp_path: Path, status: int
) -> None:
    with simulator(tmp_path / "evil") as evil:
        path = f"{evil.api_url}/repos/octo/shop/pulls/1"
        job.github.faults.add("GET", "/repos/*/pulls/*", Redirect(path, status))

        with pytest.raises(Refused, match="nothing was sent there"):
            job.access.forge.pull_request(job.number)

        assert evil.log == []


def test_a_renamed_repository_is_followed(job: GitHubJob) -> None:
    job.github.rename(job.repo, "market")

    assert job.access.forge.pull_request(job.number).author == "ada"


def test_a_renamed_repository_gets_what_we_write_once(job: GitHubJob) -> None:
    job.access.forge.summary(job.number)
    job.github.rename(job.repo, "market")

    job.access.publisher.summary(job.number, marked("hello"))
    assert review(job, comments(2)) == []
    job.access.publisher.check(check(job))

    assert len(job.pull.comments) == 1
    assert len(job.pull.review_comments) == 2
    assert len(job.repo.check_runs) == 1


def test_a_redirect_that_ends_nowhere_is_not_followed_for_ever(job: GitHubJob) -> None:
    there = f"{job.github.api_url}/repos/octo/shop/pulls/{job.number}?again="
    for n in range(20):
        job.github.faults.add("GET", "/repos/*/pulls/*", Redirect(f"{there}{n}", 301))

    with pytest.raises(ForgeUnavailable):
        job.access.forge.pull_request(job.number)

    assert len(job.github.requests("GET", "/pulls/")) < 10


def test_a_next_page_on_another_host_is_not_asked_for(job: GitHubJob, tmp_path: Path) -> None:
    with simulator(tmp_path / "evil") as evil:
        link = ForeignLink(f"{evil.api_url}/repos/octo/shop/commits/x/check-runs?page=2")
        job.github.faults.add("GET", "/repos/*/check-runs", link)

        with pytest.raises(Refused, match="nothing is sent"):
            job.access.publisher.check(check(job))

        assert evil.log == []


def test_a_page_of_a_proxy_is_no_answer(job: GitHubJob) -> None:
    job.github.faults.add("GET", "/repos/*/pulls/*", Html(), times=3)

    with pytest.raises(ForgeUnavailable, match="no JSON"):
        job.access.forge.pull_request(job.number)


def test_a_read_is_tried_once_more(job: GitHubJob) -> None:
    job.github.faults.add("GET", "/repos/*/pulls/*", Status(502))

    assert job.access.forge.pull_request(job.number).number == job.number


def test_nobody_is_asked_twice_for_what_did_not_change(job: GitHubJob) -> None:
    for _ in range(2):
        job.access.forge.pull_request(job.number)

    assert [one.status for one in job.github.requests("GET", "/pulls/")] == [200, 304]


@pytest.mark.parametrize("fault", [Status(500), Drop(), Status(403), Status(404)])
def test_no_answer_gives_nobody_a_right(job: GitHubJob, fault: Drop) -> None:
    job.github.faults.add("GET", "/repos/*/permission", fault, times=5)

    assert job.access.forge.permission("ada") is Permission.NONE


def test_a_review_of_a_commit_that_is_gone_is_not_posted(job: GitHubJob) -> None:
    gone = Sha(job.head[::-1])
    mark = marked("", MarkerKind.FINDING).strip()

    with pytest.raises(HeadMoved):
        job.access.publisher.review(job.number, head_sha=gone, marker=mark, comments=comments(2))


@pytest.mark.parametrize("branch", ["main", "guarded"])
def test_nothing_is_committed_where_only_people_write(job: GitHubJob, branch: str) -> None:
    main = job.repo.head()
    if branch != "main":
        job.repo.store.update(f"refs/heads/{branch}", main)
        job.repo.protected.add(branch)

    with pytest.raises(Refused, match="nothing was committed"):
        job.access.committer.commit(
            branch, expected=Sha(main), files={"a.py": b"x\n"}, message=message()
        )
