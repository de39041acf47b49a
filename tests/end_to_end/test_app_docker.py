"""The App with containers: a fix commit with its proof, and a stop in mid-run."""

import time
from collections.abc import Iterator

import pytest

from bot.adapters.docker_engine import DockerEngine
from bot.adapters.docker_reaper import OWNER
from tests.end_to_end.app import App, running_app
from tests.end_to_end.test_app import BASE, LINT_BUG, _answered, _ours, _repo, _reviewed
from tests.github_simulator import Meanwhile

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


def test_a_fix_is_undone_byte_for_byte_and_only_once(app: App) -> None:
    repo = _repo(app, "undone")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    _answered(app, pr, "ada", "/agent fix")
    fixed = pr.head_sha
    assert repo.store.read(fixed, "app.py") != LINT_BUG["app.py"].encode()

    undone = _answered(app, pr, "ada", "/agent undo")
    commit = repo.store.commit(pr.head_sha)
    again = _answered(app, pr, "ada", "/agent undo")

    assert commit is not None
    assert commit.parents == (fixed,)
    assert commit.committer.name == "GitHub"
    assert f"Pullwright-Undo: {fixed}" in commit.message
    assert repo.store.read(commit.sha, "app.py") == LINT_BUG["app.py"].encode()
    assert "byte for byte" in undone
    assert "nothing of ours to undo" in again
    assert pr.head_sha == commit.sha


def test_the_tests_of_both_sides_are_compared(app: App) -> None:
    repo = _repo(app, "compared")
    broken = {"app.py": "def total(prices):\n    return 0\n"}
    pr = repo.open_pull_request(broken, author="ada", draft=True)

    reply = _answered(app, pr, "ada", "/agent test")

    assert "Passed before and not now (1):" in reply
    assert "test_app.py::test_total" in reply
    assert "image sha256:" in reply
    assert repo.check_runs == []


def test_nothing_is_ever_written_to_a_fork(app: App) -> None:
    repo = _repo(app, "forked")
    pr = repo.open_pull_request(LINT_BUG, author="eve", fork=True)
    _reviewed(app, repo, pr)
    assert pr.head_repo is not None
    before = {**pr.head_repo.store.refs}
    heads = {name: sha for name, sha in repo.store.refs.items() if name.startswith("refs/heads/")}

    patch = _answered(app, pr, "ada", "/agent fix")
    refused = _answered(app, pr, "ada", "/agent fix --pr")

    assert "-import os" in patch
    assert "F1 has a proved suggestion in the review comments" in patch
    assert "the head is in a fork" in refused
    assert pr.head_repo.store.refs == before
    assert {n: s for n, s in repo.store.refs.items() if n.startswith("refs/heads/")} == heads
    assert not [w for w in app.github.writes if pr.head_repo.full_name in w.path]


def test_a_button_commits_the_fix(app: App) -> None:
    repo = _repo(app, "pressed")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    _reviewed(app, repo, pr)
    before = pr.head_sha

    app.github.user("ada").press_button(repo.check_runs[0], f"fix#{pr.number}")
    app.until(lambda: pr.head_sha != before, "a commit")
    app.until(lambda: "Committed" in _ours(app, pr)[-1], "an answer")

    commit = repo.store.commit(pr.head_sha)
    assert commit is not None
    assert commit.parents == (before,)
    assert len(_ours(app, pr)) == 2


def test_a_push_while_a_fix_is_proved_is_never_overwritten(app: App) -> None:
    repo = _repo(app, "raced")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    # We say that we work on it once the head is looked at, and before anything is proved.
    push = Meanwhile(lambda: pr.push({"theirs.py": "THEIRS = 1\n"}))
    app.github.faults.add("POST", f"/repos/octo/raced/issues/{pr.number}/comments", push)

    reply = _answered(app, pr, "ada", "/agent fix")

    commit = repo.store.commit(pr.head_sha)
    assert "Committed" in reply
    assert commit is not None
    assert repo.store.read(commit.parents[0], "theirs.py") == b"THEIRS = 1\n"
    assert repo.store.read(pr.head_sha, "theirs.py") == b"THEIRS = 1\n"
    assert repo.store.read(pr.head_sha, "app.py") != LINT_BUG["app.py"].encode()


def test_red_tests_are_mended_by_a_search_that_only_commits_the_one_answer(app: App) -> None:
    repo = _repo(app, "repaired")
    broken = {"app.py": "def total(prices):\n    return sum(prices) + 1\n"}
    pr = repo.open_pull_request(broken, author="ada", draft=True)
    before = pr.head_sha

    reply = _answered(app, pr, "ada", "/agent fix")

    # Which patches agree is for the engine to tell; both answers are exact.
    if "Committed" in reply:
        commit = repo.store.commit(pr.head_sha)
        assert commit is not None
        assert commit.parents == (before,)
        assert "test_total failed -> passed" in commit.message
        assert repo.store.read(pr.head_sha, "app.py") != broken["app.py"].encode()
    else:
        assert "edits of different meaning pass the same tests (F1" in reply
        assert "+    return" in reply
        assert pr.head_sha == before


def test_a_stop_ends_what_runs(app: App, docker_engine: DockerEngine) -> None:
    repo = _repo(app, "stopped")
    pr = repo.open_pull_request({**LINT_BUG, **HANGS}, author="ada")
    app.until(lambda: repo.check_runs, "a check in progress")

    reply = _answered(app, pr, "ada", "/agent stop")

    assert "Stopped 1 run" in reply
    app.until(lambda: repo.check_runs[0].conclusion == "cancelled", "a check that ended")


def test_a_stopped_command_says_so_and_its_container_is_gone_at_once(
    app: App, docker_engine: DockerEngine
) -> None:
    repo = _repo(app, "stopped-test")
    pr = repo.open_pull_request(HANGS, author="ada", draft=True)
    app.github.user("ada").comment(pr, "/agent test")
    app.until(lambda: _containers(app, docker_engine), "a container that runs the tests")

    _answered(app, pr, "ada", "/agent stop")
    told = time.monotonic()
    app.until(lambda: not _containers(app, docker_engine), "the end of the container")

    # One second on a quiet machine; the tests themselves would have hung for 300.
    assert time.monotonic() - told < 20
    assert _ours(app, pr)[0].startswith("Stopped by `ada`")


def _containers(app: App, engine: DockerEngine) -> list[str]:
    """Return what our worker has made on the engine and what is still there."""
    owners = {f" {process.pid}:" for process in app.processes}
    found = engine.containers(OWNER)
    return [one.id for one in found if any(owner in one.labels[OWNER] for owner in owners)]
