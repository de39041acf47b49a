"""The Action with containers, as a runner with Docker has them: proofs, commits, and their fate."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.docker_engine import DockerEngine
from tests.end_to_end.runner import READS, Runner, StepEnded, actions, ours
from tests.end_to_end.test_action import BASE, LINT_BUG
from tests.github_simulator import PullRequest, Repo

pytestmark = pytest.mark.docker
FIXED = {"app.py": "\n\ndef total(prices):\n    return sum(prices)\n"}


@pytest.fixture(scope="module")
def runner(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    with actions(tmp_path_factory.mktemp("action"), sandbox="docker") as found:
        yield found


@pytest.fixture(scope="module")
def reviewed(runner: Runner) -> tuple[Repo, PullRequest, StepEnded]:
    """A pull request after its review, by the very command that a runner runs."""
    repo = runner.github.repo("octo/reviewed", base=BASE)
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    return repo, pr, runner.step(runner.last("pull_request"), repo=repo)


def _commanded(runner: Runner, pr: PullRequest, words: str) -> StepEnded:
    runner.github.user("ada").comment(pr, words)
    return runner.step(runner.last("issue_comment"), repo=pr.repo)


def test_tests_run_in_a_container_and_a_proved_patch_is_one_click(
    reviewed: tuple[Repo, PullRequest, StepEnded],
) -> None:
    _, pr, ended = reviewed

    assert ended.code == 0, ended.log
    (comment,) = pr.review_comments
    assert "proved: F401 gone · suite 1 passed before and after" in comment.body
    assert "```suggestion" in comment.body
    results = json.loads(Path(ended.outputs["results_file"]).read_text())
    assert results["findings"][0]["suggestion"]["proof"]["image"].startswith("sha256:")


def test_a_fix_is_committed_says_that_no_workflow_starts_and_is_undone_by_another_run(
    runner: Runner,
) -> None:
    repo = runner.github.repo("octo/fixed", base=BASE)
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(LINT_BUG, author="ada")
    runner.step(runner.last("pull_request"), repo=repo)

    fixed = _commanded(runner, pr, "/agent fix F1")
    sha = pr.head_sha
    undone = _commanded(runner, pr, "/agent undo")

    assert (fixed.code, undone.code) == (0, 0), fixed.log + undone.log
    assert repo.store.read(sha, "app.py") == FIXED["app.py"].encode()
    assert "GitHub starts no workflow for this commit" in ours(pr)[1]
    assert "GitHub starts no workflow for this commit" in fixed.summary
    assert (fixed.outputs["commit_sha"], fixed.outputs["branch_name"]) == (sha, pr.head_ref)
    assert repo.store.read(pr.head_sha, "app.py") == LINT_BUG["app.py"].encode()
    assert "byte for byte" in undone.summary


def test_what_became_of_a_suggestion_is_read_when_its_pull_request_is_merged(
    runner: Runner, reviewed: tuple[Repo, PullRequest, StepEnded]
) -> None:
    repo, pr, _ = reviewed
    pr.push(FIXED)
    pr.merge(by=runner.github.user("ada"))

    ended = runner.step(runner.last("pull_request"), repo=repo)
    nightly = runner.step(
        json.dumps({"repository": {"id": repo.id, "full_name": repo.full_name}}),
        event="schedule",
        repo=repo,
        grants={"contents": "read", "pull_requests": "read"},
    )

    assert (ended.code, nightly.code) == (0, 0), ended.log + nightly.log
    document = json.loads(Path(ended.outputs["results_file"]).read_text())
    (pull,) = document["pulls"]
    (told,) = pull["suggestions"]
    assert (pull["is_merged"], told["rule"], told["outcome"]) == (True, "F401", "applied_manual")
    assert told["is_final"]
    assert "applied_manual" in ended.summary.replace("\\", "")
    assert json.loads(Path(nightly.outputs["results_file"]).read_text()) == document


def test_the_command_of_the_workflow_itself_is_carried_out(runner: Runner) -> None:
    repo = runner.github.repo("octo/asked", base=BASE)
    repo.collaborator("ada", "write")
    broken = {"app.py": "def total(prices):\n    return 0\n"}
    pr = repo.open_pull_request(broken, author="ada", draft=True)

    ended = runner.step(
        runner.last("pull_request"), repo=repo, inputs={"command": "test", "dry_run": "true"}
    )

    assert ended.code == 0, ended.log
    assert "test_total" in ended.summary
    assert ours(pr) == []


def test_code_of_a_fork_runs_only_where_the_run_has_no_more_than_a_fork_may_have(
    runner: Runner,
) -> None:
    repo = runner.github.repo("octo/forked", base=BASE)
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(LINT_BUG, author="eve", fork=True)

    own = runner.step(runner.last("pull_request"), repo=repo, grants=READS)
    ours_ = _commanded(runner, pr, "/agent test")

    assert (own.code, ours_.code) == (0, 0), own.log + ours_.log
    assert "suite 1 passed before and after" in own.summary
    assert "the head is in a fork, and this run, for issue" in ours_.summary.replace("\\", "")
