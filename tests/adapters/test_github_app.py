"""What the App sees as a whole: each test runs on GitHub's adapters and on the fake."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters import github_survey
from bot.adapters.github_app import as_app
from bot.adapters.github_survey import open_survey
from bot.domain.app_forge import AppForge, Attempt, HeadCheck, OpenPull, Survey
from bot.domain.forge import CheckStatus, RepoId
from bot.domain.pull_request import Sha
from bot.domain.verdict_check import started_check
from bot.errors import Refused
from tests.adapters.github_jobs import GitHubJob, github_job
from tests.fakes.app_forge import FakeAppForge
from tests.github_simulator import simulator

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """An installation with two repositories; the first has one open pull request of ada's."""

    app: AppForge
    survey: Callable[[int], AbstractContextManager[Survey]]
    installation: int
    head: Sha
    fail: Callable[[int], object]
    """Let so many deliveries fail."""
    check: Callable[[], object]
    """Put a check run that is under way on the head."""


@pytest.fixture
def job(tmp_path: Path) -> Iterator[GitHubJob]:
    with simulator(tmp_path) as github, github_job(github, tmp_path) as job:
        yield job


def _github(job: GitHubJob) -> Iterator[World]:
    def fail(count: int) -> None:
        job.github.webhooks.is_down = True
        for _ in range(count):
            job.github.user("ada").comment(job.pull, "hello")

    job.github.repo("octo/other")
    with as_app(job.host, job.app) as app:
        yield World(
            app,
            lambda installation: open_survey(job.host, job.app, installation),
            job.repo_id.installation_id,
            job.head,
            fail,
            lambda: job.access.publisher.check(started_check(job.head, "run-1")),
        )


def _fake() -> World:
    head, now = Sha("b" * 40), datetime.now(UTC)
    fake = FakeAppForge()
    fake.repos_of[1] = [RepoId(1, 2, "octo/shop"), RepoId(1, 3, "octo/other")]

    def show(*checks: HeadCheck) -> None:
        pull = OpenPull(1, "Change it", False, (), "main", head, now, checks)
        fake.pulls[2] = [pull]

    def fail(count: int) -> None:
        fake.made += [Attempt(n, f"guid-{n}", now, is_ok=False) for n in range(1, count + 1)]

    show()
    under_way = HeadCheck("run-1", CheckStatus.IN_PROGRESS)
    return World(fake, fake.survey, 1, head, fail, lambda: show(under_way))


@pytest.fixture(params=["github", "fake"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield _fake()
    else:
        yield from _github(request.getfixturevalue("job"))


def test_what_is_redelivered_is_attempted_again_under_its_guid(world: World) -> None:
    world.fail(3)
    first = list(world.app.attempts(since=LONG_AGO))

    world.app.redeliver(first[-1].id)

    newest = next(iter(world.app.attempts(since=LONG_AGO)))
    assert [one.is_ok for one in first] == [False] * 3
    assert newest.id != first[-1].id
    assert newest.guid == first[-1].guid


def test_attempts_before_a_time_are_not_told(world: World) -> None:
    world.fail(1)

    assert list(world.app.attempts(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_an_attempt_that_is_not_there_cannot_be_redelivered(world: World) -> None:
    with pytest.raises(Refused):
        world.app.redeliver(9_999_999)


def test_a_survey_shows_repositories_and_what_is_open_in_them(world: World) -> None:
    assert world.app.installations() == [world.installation]

    with world.survey(world.installation) as survey:
        page = survey.repos(1)
        shop, other = page.repos
        (pull,) = survey.open_pulls(shop)
        nothing = survey.open_pulls(other)

    assert (shop.full_name, page.has_more, nothing) == ("octo/shop", False, nothing[:0])
    assert (pull.head_sha, pull.base_ref, pull.is_draft) == (world.head, "main", False)
    assert pull.checks == ()


def test_a_survey_shows_the_check_that_is_on_the_head(world: World) -> None:
    world.check()

    with world.survey(world.installation) as survey:
        (pull,) = survey.open_pulls(survey.repos(1).repos[0])

    assert pull.checks == (HeadCheck("run-1", CheckStatus.IN_PROGRESS),)


def test_an_installation_that_is_gone_is_refused(world: World) -> None:
    with world.survey(77) as survey, pytest.raises(Refused):
        survey.repos(1)


def test_more_deliveries_than_a_page_holds_are_all_told(job: GitHubJob) -> None:
    job.github.webhooks.is_down = True
    for _ in range(130):
        job.github.user("ada").comment(job.pull, "hello")

    with as_app(job.host, job.app) as app:
        guids = {one.guid for one in app.attempts(since=LONG_AGO)}

    assert len(guids) == 130
    assert len(job.github.requests("GET", "/app/hook/deliveries")) == 2


def test_deliveries_that_are_not_asked_for_are_not_fetched(job: GitHubJob) -> None:
    job.github.webhooks.is_down = True
    job.github.user("ada").comment(job.pull, "old")
    job.github.clock.advance(hours=2)
    for _ in range(99):
        job.github.user("ada").comment(job.pull, "new")

    with as_app(job.host, job.app) as app:
        found = list(app.attempts(since=job.github.clock.now() - timedelta(hours=1)))

    assert len(found) == 99
    assert len(job.github.requests("GET", "/app/hook/deliveries")) == 1


def test_a_suspended_installation_is_none(job: GitHubJob) -> None:
    job.github.suspend(job.repo_installation)

    with as_app(job.host, job.app) as app:
        assert app.installations() == []


def test_a_survey_only_reads_and_gives_its_token_back(job: GitHubJob) -> None:
    with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
        survey.open_pulls(survey.repos(1).repos[0])
        (token,) = [t for t in job.github.apps[0].minted if t.repos is None]

    assert set(token.permissions.values()) == {"read"}
    assert set(token.permissions) == {"checks", "metadata", "pull_requests"}
    assert token.value not in job.github.apps[0].tokens


def test_repositories_come_page_by_page(job: GitHubJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github_survey, "REPOS_PER_PAGE", 2)
    for name in ("b", "c"):
        job.github.repo(f"octo/{name}")

    with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
        pages = [survey.repos(page) for page in (1, 2)]

    assert [(len(page.repos), page.has_more) for page in pages] == [(2, True), (1, False)]


def test_pull_requests_over_several_pages_are_all_told_newest_first(
    job: GitHubJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github_survey, "PULLS_PER_PAGE", 2)
    for n in range(4):
        job.repo.open_pull_request({f"f{n}.py": "x = 1\n"}, author="ada")

    with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
        numbers = [pull.number for pull in survey.open_pulls(job.repo_id)]

    assert numbers == [5, 4, 3, 2, 1]


def test_a_pull_request_that_github_cannot_show_hides_no_other(job: GitHubJob) -> None:
    job.repo.open_pull_request({"f.py": "x = 1\n"}, author="ada").is_lost = True

    with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
        assert [pull.number for pull in survey.open_pulls(job.repo_id)] == [job.number]


def test_a_check_of_another_app_is_none_of_ours(job: GitHubJob) -> None:
    job.access.publisher.check(started_check(job.head, "run-1"))
    job.repo.check_suites[0].app = job.github.app("other")

    with open_survey(job.host, job.app, job.repo_id.installation_id) as survey:
        (pull,) = survey.open_pulls(job.repo_id)

    assert pull.checks == ()
