"""A worker that dies around every write of a fix: one commit, one pull request, one reply."""

from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from bot.domain.jobs import JobStatus
from tests.end_to_end.app import open_app, serve
from tests.end_to_end.deaths import Deadly, deadly
from tests.end_to_end.test_app import BASE, LINT_BUG
from tests.github_simulator import PullRequest, Repo

pytestmark = pytest.mark.docker
COMMENTS, REACTIONS = "/repos/*/issues/*/comments", "/repos/*/issues/comments/*/reactions"
COMMIT = "createCommitOnBranch"


@pytest.fixture
def mortal(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deadly]:
    with open_app(tmp_path_factory.mktemp("app"), sandbox="docker") as app:
        serve(app)
        with deadly(app) as ours:
            yield ours
        assert app.github.faults.left == 0
        assert ours.worker.deaths == ours.strikes


def _fixed(mortal: Deadly, words: str) -> tuple[Repo, PullRequest, str]:
    """Ask for a fix of a draft, which nothing else reviews, and return the one reply."""
    repo = mortal.app.github.repo("octo/fixed", base=BASE)
    pr = repo.open_pull_request(LINT_BUG, author="octo", draft=True)
    comment = repo.owner.comment(pr, words)
    assert set(mortal.ended(pr)) == {JobStatus.DONE}
    (reply,) = (c.body for c in pr.comments if c.user.login.endswith("[bot]"))
    assert sorted(r.content for r in comment.reactions) == ["eyes", "rocket"]
    return repo, pr, reply


def test_a_fix_is_committed_once_however_often_its_worker_dies(mortal: Deadly) -> None:
    mortal.strike("POST", REACTIONS, after=True)
    # The first request after the fix is proved asks for the head of the branch.
    mortal.strike("GET", "/repos/*/branches/*", after=False)
    mortal.strike("POST", "/graphql", words=COMMIT, after=False)
    mortal.strike("POST", "/graphql", words=COMMIT, after=True)
    mortal.strike("POST", COMMENTS, after=True)

    _, pr, reply = _fixed(mortal, "/agent fix F1")

    assert len(pr.commits()) == 2
    assert f"Committed {pr.head_sha}" in reply


def test_a_stacked_pull_request_is_opened_once_however_often_its_worker_dies(
    mortal: Deadly,
) -> None:
    mortal.strike("POST", "/repos/*/git/refs", after=True)
    mortal.strike("POST", "/graphql", words=COMMIT, after=True)
    mortal.strike("POST", "/repos/*/pulls", after=False)
    mortal.strike("POST", "/repos/*/pulls", after=True)
    mortal.strike("POST", COMMENTS, after=False)

    repo, pr, reply = _fixed(mortal, "/agent fix --pr")

    (stacked,) = (one for one in repo.pull_requests if one is not pr)
    assert len(stacked.commits()) == 1
    assert f"/pull/{stacked.number}" in reply
