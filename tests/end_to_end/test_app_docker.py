"""The App with containers: a fix commit with its proof, and a stop in mid-run."""

from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from tests.end_to_end.app import App, running_app
from tests.end_to_end.test_app import BASE, LINT_BUG, _answered, _repo, _reviewed

pytestmark = pytest.mark.docker
HANGS = {"test_slow.py": "import time\n\n\ndef test_slow():\n    time.sleep(300)\n"}


@pytest.fixture(scope="module")
def app(docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("app"), sandbox="docker") as ours:
        yield ours


def test_a_fix_is_committed_on_the_branch_with_its_proof(app: App) -> None:
    repo = _repo(app, "fixed")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    before = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent fix F1")

    commit = repo.store.commit(pr.head_sha)
    assert commit is not None
    assert commit.parents == (before,)
    assert (
        repo.store.read(pr.head_sha, "app.py") == BASE["app.py"].replace("def", "\n\ndef").encode()
    )
    assert "proved: F401 gone" in commit.message
    assert "Co-authored-by: ada" in commit.message
    assert "Committed" in reply


def test_our_fix_commit_is_reviewed_and_leads_to_nothing_more(app: App) -> None:
    repo = _repo(app, "loop")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    _answered(app, pr, "ada", "/agent fix F1")
    fixed = pr.head_sha

    _reviewed(app, repo, pr)
    # It has its turn when the review of our commit has ended, whatever that led to.
    _answered(app, pr, "ada", "/agent reject")

    assert pr.head_sha == fixed
    assert len(repo.check_runs) == 2
    assert len(repo.pull_requests) == 1


def test_a_one_click_suggestion_is_offered_only_with_its_proof(app: App) -> None:
    repo = _repo(app, "clicked")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)

    (comment,) = pr.review_comments

    assert "proved: F401 gone · suite 1 passed before and after" in comment.body
    assert "```suggestion" in comment.body


def test_a_stacked_pull_request_holds_the_fix(app: App) -> None:
    repo = _repo(app, "stacked")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    before = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent fix --pr")

    assert pr.head_sha == before
    assert "/pull/" in reply
    _, ours = repo.pull_requests
    why = _answered(app, ours, "ada", "/agent why")
    assert "we opened it ourselves" in why
    assert {run.head_sha for run in repo.check_runs} == {pr.head_sha}


def test_a_stop_ends_what_runs(app: App, docker_engine: DockerEngine) -> None:
    repo = _repo(app, "stopped")
    pr = repo.open_pull_request({**LINT_BUG, **HANGS}, author="ada")
    app.until(lambda: repo.check_runs, "a check in progress")

    reply = _answered(app, pr, "ada", "/agent stop")

    assert "Stopped 1 run" in reply
