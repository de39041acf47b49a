"""Workers and web processes that die at every boundary: everything is there, and there once."""

from collections.abc import Iterator

import pytest

from bot.domain.jobs import JobStatus
from tests.end_to_end.app import App, open_app, serve
from tests.end_to_end.deaths import Deadly, Mortal, deadly, said_once
from tests.end_to_end.test_app import BASE, LINT_BUG
from tests.github_simulator import PullRequest, Repo

TWO_BUGS = {**LINT_BUG, "b.py": "def f(x):\n    return x is 'a'\n"}
CHECKS, COMMENTS = "/repos/*/check-runs", "/repos/*/issues/*/comments"
REVIEWS = "/repos/*/pulls/*/reviews"
DONE = JobStatus.DONE


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with open_app(tmp_path_factory.mktemp("app"), sandbox="none") as ours:
        serve(ours)
        yield ours


@pytest.fixture
def mortal(app: App) -> Iterator[Deadly]:
    with deadly(app) as ours:
        yield ours
    assert ours.worker.deaths == ours.strikes


def _repo(app: App, name: str) -> Repo:
    # An owner of its own is an installation of its own, whose writes wait for no other's.
    repo = app.github.repo(f"{name}/{name}", base=BASE)
    repo.collaborator("ada", "write")
    return repo


def _reviewed(mortal: Deadly, name: str) -> tuple[Repo, PullRequest]:
    """Open a pull request and wait until all is done."""
    repo = _repo(mortal.app, name)
    pr = repo.open_pull_request(TWO_BUGS, author="ada")
    assert mortal.ended(pr) == [DONE]
    return repo, pr


def _replies(pr: PullRequest) -> list[str]:
    return [c.body for c in pr.comments if "kind=reply" in c.body]


def test_a_worker_killed_between_the_steps_of_a_review_posts_it_once(mortal: Deadly) -> None:
    mortal.strike("GET", "/repos/*/pulls/1", after=True)
    mortal.strike("POST", "/git/*/git-upload-pack", after=False)
    mortal.strike("GET", "/repos/*/commits/*/check-runs", after=False)
    mortal.strike("POST", "/graphql", after=False)

    repo, pr = _reviewed(mortal, "steps")

    assert said_once(repo, pr) == (1, 2, ["neutral"])


def test_a_worker_killed_around_the_writes_of_a_review_posts_it_once(mortal: Deadly) -> None:
    mortal.strike("POST", CHECKS, after=True)
    mortal.strike("POST", REVIEWS, after=False)
    mortal.strike("POST", REVIEWS, after=True)
    mortal.strike("POST", COMMENTS, after=True)
    mortal.strike("PATCH", f"{CHECKS}/*", after=False)
    mortal.strike("PATCH", f"{CHECKS}/*", after=True)

    repo, pr = _reviewed(mortal, "writes")

    assert said_once(repo, pr) == (1, 2, ["neutral"])


def test_a_push_after_a_death_in_mid_post_repeats_no_comment(mortal: Deadly) -> None:
    repo = _repo(mortal.app, "overtaken")
    mortal.strike("POST", REVIEWS, after=True)
    pr = repo.open_pull_request(TWO_BUGS, author="ada")
    mortal.app.until(lambda: mortal.worker.deaths, "a death")

    pr.push({"c.py": "Y = 1\n"})

    assert mortal.ended(pr) == [DONE, JobStatus.SUPERSEDED]
    assert said_once(repo, pr) == (1, 2, ["neutral"])


def test_a_command_of_a_killed_worker_is_answered_once_and_truly(mortal: Deadly) -> None:
    repo = _repo(mortal.app, "commanded")
    pr = repo.open_pull_request(TWO_BUGS, author="ada", draft=True)
    mortal.strike("POST", "/repos/*/reactions", after=True)
    mortal.strike("POST", COMMENTS, after=False)
    mortal.strike("POST", COMMENTS, after=True)

    comment = mortal.app.github.user("ada").comment(pr, "/agent pause")

    assert set(mortal.ended(pr)) == {DONE}
    (reply,) = _replies(pr)
    assert "Automatic reviews are paused" in reply
    assert sorted(r.content for r in comment.reactions) == ["eyes", "rocket"]


def test_deliveries_that_met_a_dead_web_process_end_once(app: App, mortal: Deadly) -> None:
    web, hooks = Mortal.born(lambda: serve(app)), app.github.webhooks
    repo = _repo(app, "unheard")
    taken = repo.open_pull_request(TWO_BUGS, author="ada")
    accepted = next(one for one in reversed(hooks.all) if one.event == "pull_request")
    web.kill()
    lost = repo.open_pull_request(TWO_BUGS, author="ada")
    web.revive()

    # The answer to the first may have been lost with the process: GitHub sends both again.
    failed = [one for one in hooks.all if not one.is_ok]
    for one in (accepted, *failed):
        hooks.redeliver(one)

    assert accepted.status_code == 202
    assert "pull_request" in {one.event for one in failed}
    assert [mortal.ended(pr) for pr in (taken, lost)] == [[DONE], [DONE]]
    assert [said_once(repo, pr) for pr in (taken, lost)] == [(1, 2, ["neutral"])] * 2
