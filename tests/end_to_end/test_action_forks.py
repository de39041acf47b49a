"""Pull requests from forks: what a run without secrets finds, and what the other one posts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.runner import READS, Runner, actions, ours, workflow_run
from tests.end_to_end.test_action import BASE, LINT_BUG
from tests.github_simulator import PullRequest, Repo


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with actions(tmp_path_factory.mktemp("forks")) as found:
        yield found


@pytest.fixture(scope="module")
def found(runner: Runner) -> bytes:
    """The results of a run without secrets, of a pull request like all others here."""
    repo, _ = _forked(runner, "first")
    ended = runner.step(
        runner.last("pull_request"), repo=repo, grants=READS, inputs={"dry_run": "true"}
    )
    assert ended.code == 0, ended.log
    assert "This was a dry run: nothing was posted." in ended.summary
    return Path(ended.outputs["results_file"]).read_bytes()


def _forked(runner: Runner, name: str) -> tuple[Repo, PullRequest]:
    repo = runner.github.repo(f"octo/{name}", base=BASE)
    return repo, repo.open_pull_request(LINT_BUG, author="eve", fork=True)


def _claims(found: bytes, pr: PullRequest, **changes: object) -> bytes:
    document = json.loads(found) | {"head_sha": pr.head_sha}
    document["findings"] = [one | changes for one in document["findings"]]
    return json.dumps(document).encode()


def test_what_a_fork_s_run_found_is_posted_without_running_anything_of_it(
    runner: Runner, found: bytes
) -> None:
    repo, pr = _forked(runner, "published")

    ended = runner.step(
        workflow_run(pr), event="workflow_run", repo=repo, artifact=_claims(found, pr)
    )

    assert ended.code == 0, ended.log
    (summary,), (comment,), (check,) = ours(pr), pr.review_comments, repo.check_runs
    assert "1 finding (1 low): 1 of 1 hunk seen" in summary
    assert "whose workflow the author of the fork can change" in summary
    assert "imported but unused" in comment.body
    assert "```suggestion" not in comment.body
    assert check.conclusion == "neutral"


def test_a_bundle_never_makes_a_success(runner: Runner, found: bytes) -> None:
    repo, pr = _forked(runner, "clean")
    document = json.loads(_claims(found, pr)) | {"findings": []}

    ended = runner.step(
        workflow_run(pr),
        event="workflow_run",
        repo=repo,
        artifact=json.dumps(document).encode(),
    )

    assert ended.outputs["conclusion"] == "partial", ended.log
    assert repo.check_runs[0].conclusion == "neutral"


def test_words_of_a_bundle_are_shown_as_words(runner: Runner, found: bytes) -> None:
    repo, pr = _forked(runner, "words")
    evil = "@octo ![x](https://evil.example/p.png) <img src=x> fixes #1\n::add-mask::x"

    ended = runner.step(
        workflow_run(pr),
        event="workflow_run",
        repo=repo,
        artifact=_claims(found, pr, title="::set-env name=A::@octo", body=evil),
    )

    assert ended.code == 0, ended.log
    (comment,) = pr.review_comments
    assert "@octo" not in comment.body
    assert "<img" not in comment.body
    assert "](https://evil" not in comment.body
    assert all(line.startswith("::notice file=app.py") for line in ended.commands)


def test_findings_on_paths_that_the_pull_request_does_not_have_are_counted(
    runner: Runner, found: bytes
) -> None:
    repo, pr = _forked(runner, "elsewhere")
    document = json.loads(_claims(found, pr))
    (claim,) = document["findings"]
    document["findings"] += [claim | {"path": "../etc/passwd"}, claim | {"path": "none.py"}]

    ended = runner.step(
        workflow_run(pr), event="workflow_run", repo=repo, artifact=json.dumps(document).encode()
    )

    assert ended.outputs["findings_count"] == "1", ended.log
    (summary,) = ours(pr)
    assert "2 findings are left out of 3 in the bundle" in summary
    assert "passwd" not in summary


def test_a_bundle_that_is_none_posts_nothing(runner: Runner) -> None:
    repo, pr = _forked(runner, "bad")

    ended = runner.step(workflow_run(pr), event="workflow_run", repo=repo, artifact=b"{}")

    assert ended.code == 2, ended.log
    assert "the bundle does not fit its schema: schema" in ended.summary
    assert (ours(pr), repo.check_runs) == ([], [])


def test_a_bundle_of_another_head_posts_nothing(runner: Runner, found: bytes) -> None:
    repo, pr = _forked(runner, "moved")
    old, event = _claims(found, pr), workflow_run(pr)
    pr.push({"b.py": "X = 1\n"})

    ended = runner.step(event, event="workflow_run", repo=repo, artifact=old)

    assert ended.code == 0, ended.log
    assert "no open pull request has this head any more" in ended.summary
    assert ours(pr) == []


def test_code_of_a_fork_does_not_run_where_the_token_writes(runner: Runner) -> None:
    repo, pr = _forked(runner, "commanded")
    repo.collaborator("ada", "write")
    runner.github.user("ada").comment(pr, "/agent test")

    ended = runner.step(runner.last("issue_comment"), repo=repo)

    assert ended.code == 0, ended.log
    assert "the head is in a fork, and this run, for issue_comment, holds a token" in ours(pr)[0]
