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
    runner: Runner, reviewed: tuple[Repo, PullRequest, StepEnded]
) -> None:
    repo, pr, _ = reviewed

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


def test_the_tests_of_a_fork_run_where_the_token_only_reads(runner: Runner) -> None:
    repo = runner.github.repo("octo/forked", base=BASE)
    repo.open_pull_request(LINT_BUG, author="eve", fork=True)

    ended = runner.step(runner.last("pull_request"), repo=repo, grants=READS)

    assert ended.code == 0, ended.log
    assert "suite 1 passed before and after" in ended.summary
