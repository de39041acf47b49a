"""Tokens that end, installations that change in the middle, and what is left behind (G10, G11)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.github_access import app_access, token_access
from bot.adapters.github_auth import PlainToken
from bot.domain.forge import CheckRun, CheckStatus
from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job, marked, message, new_host
from tests.github_simulator import BadCredentials, simulator

ISSUE_COMMENTS = "/repos/*/issues/*/comments"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("form", ["old", "stateless"])
def test_a_token_of_any_form_works_and_is_never_shown(tmp_path: Path, form: str) -> None:
    with simulator(tmp_path) as github, github_job(github, tmp_path, token_form=form) as opened:
        token = opened.access.token()

        assert opened.access.forge.pull_request(1).number == 1
        assert token not in repr(opened.access)


def test_a_token_that_expired_is_made_again_once(job: GitHubJob) -> None:
    job.access.forge.pull_request(job.number)
    job.github.faults.add("GET", "/repos/*/pulls/*", BadCredentials())

    job.access.forge.pull_request(job.number)

    assert len(job.github.requests("POST", "access_tokens")) == 2


def test_tokens_that_are_refused_for_good_make_no_storm(job: GitHubJob) -> None:
    job.github.faults.add("GET", "/repos/*/pulls/*", BadCredentials(), times=50)

    with pytest.raises(Refused):
        job.access.forge.pull_request(job.number)

    assert len(job.github.requests("GET", "/pulls/")) == 2


def test_a_suspended_installation_is_refused(job: GitHubJob) -> None:
    job.github.suspend(job.repo_installation)

    with pytest.raises(Refused, match="suspended"):
        job.access.forge.pull_request(job.number)


def test_an_app_that_was_removed_is_refused(job: GitHubJob) -> None:
    job.github.uninstall(job.repo_installation)

    with pytest.raises(Refused, match="no longer installed"):
        job.access.forge.pull_request(job.number)


def test_an_installation_that_is_suspended_in_the_middle_ends_the_job(job: GitHubJob) -> None:
    job.access.forge.pull_request(job.number)
    job.github.suspend(job.repo_installation)
    before = len(job.github.log)

    for _ in range(2):
        with pytest.raises(Refused, match="suspended"):
            job.access.publisher.summary(job.number, marked("hello"))

    assert len(job.github.log) - before <= 4
    assert job.pull.comments == []


def test_an_app_that_is_removed_in_the_middle_ends_the_job(job: GitHubJob) -> None:
    job.access.forge.pull_request(job.number)
    job.github.uninstall(job.repo_installation)
    before = len(job.github.log)

    with pytest.raises(Refused, match="no longer installed"):
        job.access.publisher.summary(job.number, marked("hello"))

    assert len(job.github.log) - before <= 4


def test_a_repository_that_is_taken_from_the_app_in_the_middle_ends_the_job(
    job: GitHubJob,
) -> None:
    job.access.forge.pull_request(job.number)
    job.github.take_away(job.repo_installation, job.repo)
    before = len(job.github.log)

    with pytest.raises(Refused):
        job.access.publisher.summary(job.number, marked("hello"))
    with pytest.raises(Refused):
        job.access.publisher.check(
            CheckRun("pullwright / review", job.head, CheckStatus.QUEUED, "t", "s", "run-1")
        )

    assert len(job.github.log) - before <= 4


def test_a_repository_that_the_app_does_not_have_gets_no_token(job: GitHubJob) -> None:
    job.github.take_away(job.repo_installation, job.repo)

    with pytest.raises(Refused, match="grants no token"):
        job.access.forge.pull_request(job.number)


def test_a_write_with_an_expired_token_happens_once(job: GitHubJob) -> None:
    job.access.forge.summary(job.number)
    job.github.faults.add("POST", ISSUE_COMMENTS, BadCredentials())

    job.access.publisher.summary(job.number, marked("hello"))

    assert len(job.pull.comments) == 1
    assert len(job.github.requests("POST", "access_tokens")) == 2


def test_both_tokens_are_for_one_repository_and_are_revoked(job: GitHubJob) -> None:
    other = job.github.repo("octo/secret", base={"a": "b"}, private=True)
    with app_access(job.host, job.app, job.repo_id) as access:
        access.forge.pull_request(job.number)
        access.committer.commit(
            job.pull.head_ref, expected=job.head, files={"a.py": b"x\n"}, message=message()
        )

    app = job.github.apps[0]
    made = app.minted
    assert all(not token.sees(other) for token in made)
    assert [token.permissions["contents"] for token in made] == ["read", "write"]
    assert all("workflows" not in token.permissions for token in made)
    assert app.tokens == {}


def test_tokens_are_revoked_when_the_job_breaks(job: GitHubJob) -> None:
    def break_in_the_middle() -> None:
        with app_access(job.host, job.app, job.repo_id) as access:
            access.forge.pull_request(job.number)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_in_the_middle()

    assert job.github.apps[0].tokens == {}


def test_a_job_that_asks_nothing_makes_no_token(job: GitHubJob) -> None:
    with app_access(job.host, job.app, job.repo_id):
        pass

    assert job.github.log == []


def test_the_token_of_a_workflow_is_enough_to_comment(job: GitHubJob) -> None:
    token = job.access.token()
    host, _ = new_host(job.github)

    with token_access(host, PlainToken(token), job.repo_id) as access:
        access.publisher.summary(job.number, marked("hello"))

    assert len(job.pull.comments) == 1
    assert token in job.github.apps[0].tokens
