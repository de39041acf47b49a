"""The Action as a runner runs it: from the event to what GitHub shows, and what the step leaves."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.action_report import OUTPUTS
from bot.domain.action_state import state_in
from tests.end_to_end.runner import READS, Runner, actions, ours
from tests.github_simulator import Meanwhile, PullRequest, Repo

BASE = {
    "app.py": "def total(prices):\n    return sum(prices)\n",
    "test_app.py": "from app import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
LINT_BUG = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with actions(tmp_path_factory.mktemp("action")) as found:
        yield found


def _repo(runner: Runner, name: str, base: dict[str, str] | None = None) -> Repo:
    repo = runner.github.repo(f"octo/{name}", base=base or BASE)
    repo.collaborator("ada", "write")
    return repo


def _opened(runner: Runner, name: str, *, fork: bool = False) -> tuple[Repo, PullRequest]:
    repo = _repo(runner, name)
    return repo, repo.open_pull_request(LINT_BUG, author="ada", fork=fork)


def test_an_opened_pull_request_gets_comments_check_summary_and_outputs(runner: Runner) -> None:
    repo, pr = _opened(runner, "opened")

    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert ended.code == 0, ended.log
    (summary,), (comment,), (check,) = ours(pr), pr.review_comments, repo.check_runs
    assert "1 finding (1 low): 1 of 1 hunk seen" in summary
    assert "imported but unused" in comment.body
    assert (check.name, check.conclusion, check.actions) == ("pullwright / review", "neutral", [])
    assert "1 finding (1 low): 1 of 1 hunk seen" in ended.summary
    assert "pullwright:" not in ended.summary
    assert (ended.outputs["conclusion"], ended.outputs["coverage"]) == ("findings", "1/1")
    assert ended.outputs["findings_count"] == "1"
    assert ended.outputs["comment_url"].endswith(f"#issuecomment-{pr.comments[0].id}")
    results = json.loads(Path(ended.outputs["results_file"]).read_text())
    assert [f["rule"] for f in results["findings"]] == ["F401"]
    assert ended.commands == [
        "::notice file=app.py,line=1,endLine=1,title=F1 `os` imported but unused::"
        + ended.commands[0].rpartition("::")[2]
    ]


def test_a_second_push_goes_on_from_what_the_first_run_remembered(runner: Runner) -> None:
    repo, pr = _opened(runner, "second")
    runner.step(runner.last("pull_request"), repo=repo)
    pr.push({"more.py": "import re\n"})

    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert ended.code == 0, ended.log
    (summary,) = ours(pr)
    assert "1 of 2 hunks; the others stand as reviewed then" in summary
    assert [c.body.partition("\n")[0] for c in pr.review_comments] == [
        "**Low** `os` imported but unused",
        "**Low** `re` imported but unused",
    ]
    state = state_in(summary)
    assert state is not None
    assert [known.id for known in state.findings] == ["F1", "F2"]


def test_a_head_that_was_reviewed_is_not_reviewed_again_by_another_event(runner: Runner) -> None:
    repo, pr = _opened(runner, "again")
    runner.step(runner.last("pull_request"), repo=repo, inputs={"fail_on": "high"})
    before = len(runner.github.writes)
    runner.github.user("ada").label(pr, "later")

    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert ended.code == 0, ended.log
    assert "this head was reviewed already" in ended.summary
    assert ended.outputs["conclusion"] == "findings"
    assert [c.path for c in runner.github.writes[before:] if "review" in c.path] == []


def test_a_dismissed_finding_stays_dismissed_in_the_next_run(runner: Runner) -> None:
    repo, pr = _opened(runner, "dismissed")
    runner.step(runner.last("pull_request"), repo=repo)
    runner.github.user("ada").comment(pr, "/agent dismiss F1 noise")

    told = runner.step(runner.last("issue_comment"), repo=repo)
    pr.push({"README.md": "# Shop of shops\n"})
    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert (told.code, ended.code) == (0, 0), told.log + ended.log
    assert "Dismissed F1 (noise), until the code around it changes." in told.summary
    assert told.outputs["summary"].startswith("Dismissed F1 (noise)")
    assert ended.outputs["findings_count"] == "0", ended.summary
    assert len(pr.review_comments) == 1


def test_a_read_only_token_degrades_to_summary_and_annotations_and_ends_well(
    runner: Runner,
) -> None:
    repo, pr = _opened(runner, "read-only", fork=True)

    ended = runner.step(runner.last("pull_request"), repo=repo, grants=READS)

    assert ended.code == 0, ended.log
    assert (ours(pr), pr.review_comments, repo.check_runs) == ([], [], [])
    assert "1 finding (1 low): 1 of 1 hunk seen" in ended.summary
    assert "`pull-requests: write`" in ended.summary
    assert "checks: write" in ended.summary
    assert "imported but unused" in ended.summary
    assert len(ended.commands) == 1
    assert ended.outputs["conclusion"] == "findings"


def test_a_finding_that_fail_on_names_fails_the_step(runner: Runner) -> None:
    repo = _repo(runner, "red", {"a.py": "X = 1\n"})
    bug = {"a.py": "def f(x=[]):\n    x.append(1)\n    return x\n\n\ndef g(:\n"}
    repo.open_pull_request(bug, author="ada")

    ended = runner.step(
        runner.last("pull_request"), repo=repo, inputs={"fail_on": "critical, high"}
    )

    assert ended.code == 1, ended.log + ended.summary
    assert repo.check_runs[0].conclusion == "failure"


def test_two_configuration_files_are_told_on_the_pull_request_and_fail_the_step(
    runner: Runner,
) -> None:
    twice = {".github/pullwright.yml": "language: en\n", ".pullwright.yml": "language: en\n"}
    repo = _repo(runner, "twice", {**BASE, **twice})
    pr = repo.open_pull_request(LINT_BUG, author="ada")

    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert ended.code == 2, ended.log
    assert "both exist, keep one of them" in ended.summary
    assert "both exist, keep one of them" in ours(pr)[0]
    assert ended.commands[0].startswith("::error title=Pullwright::")


def test_an_event_file_that_is_none_ends_with_one_sentence(runner: Runner) -> None:
    repo = _repo(runner, "bad")

    ended = runner.step("{", repo=repo)

    assert ended.code == 2, ended.log
    assert "is not an event" in ended.summary
    assert "Traceback" not in ended.log
    assert ended.outputs["conclusion"] == "error"
    (error,) = ended.commands
    assert error.startswith("::error title=Pullwright::")


def test_an_event_that_is_not_ours_does_nothing_and_says_so(runner: Runner) -> None:
    repo, _ = _opened(runner, "other")
    repo.push("main", {"b.py": "Y = 2\n"}, by=runner.github.user("ada"))

    ended = runner.step(runner.last("push"), repo=repo)

    assert ended.code == 0, ended.log
    assert "Nothing was done: the event push asks for nothing" in ended.summary


def test_a_run_that_ends_early_leaves_no_check_that_seems_to_run(runner: Runner) -> None:
    repo, _ = _opened(runner, "no-docker")

    ended = runner.step(
        runner.last("pull_request"),
        repo=repo,
        PULLWRIGHT_SANDBOX="docker",
        DOCKER_HOST="unix:///nowhere.sock",
    )

    assert ended.code == 4, ended.log
    assert "The run ended without a result" in ended.summary
    assert [run.conclusion for run in repo.check_runs] == ["neutral"]


def test_what_the_workflow_sets_counts_above_the_file_that_it_names(runner: Runner) -> None:
    base = {**BASE, "ci/review.yml": "trigger: /robot\nauto_review:\n  drafts: true\n"}
    repo = _repo(runner, "configured", base)
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    inputs = {
        "config_file": "ci/review.yml",
        "severity_threshold": "high",
        "extra_instructions": "Mind the units.",
        "debug": "true",
    }
    ended = runner.step(runner.last("pull_request"), repo=repo, inputs=inputs)
    runner.github.user("ada").comment(pr, "/robot config")

    told = runner.step(runner.last("issue_comment"), repo=repo, inputs=inputs)

    assert (ended.code, told.code) == (0, 0), ended.log + told.log
    assert ended.outputs["findings_count"] == "0"
    assert "utility" in ended.log or "lint" in ended.log
    assert "the workflow's inputs" in told.summary
    assert "ci/review.yml@" in told.summary
    assert "Mind the units" in told.summary


def test_a_configuration_file_that_is_not_there_is_named(runner: Runner) -> None:
    repo, _ = _opened(runner, "unnamed")

    ended = runner.step(
        runner.last("pull_request"), repo=repo, inputs={"config_file": "ci/none.yml"}
    )

    assert ended.code == 2, ended.log
    assert "the input config_file names ci/none.yml" in ended.summary.replace("\\", "")


def test_nothing_that_a_pull_request_says_is_a_command_for_the_runner(runner: Runner) -> None:
    repo = _repo(runner, "hostile")
    name = "::error title=x::%0A::add-mask::y,line=9.py"
    files = {name: "import os\n", "b.py": "def f(:\n::set-output name=conclusion::success\n"}
    title = "$(id) `id` %0A::set-env name=A::b ##[add-mask]z"
    repo.open_pull_request(files, author="ada", title=title)

    ended = runner.step(
        runner.last("pull_request"), repo=repo, inputs={"extra_instructions": "$(id)\n::warning::x"}
    )

    assert ended.code == 0, ended.log
    assert ended.outputs["conclusion"] == "findings"
    assert ended.outputs.keys() == set(OUTPUTS)
    told = "file=%3A%3Aerror title=x%3A%3A%250A%3A%3Aadd-mask%3A%3Ay%2Cline=9.py,line=1"
    assert [one for one in ended.commands if not one.startswith("::error file=b.py,")] == [
        (
            f"::notice {told},endLine=1,title=F3 `os` imported but unused"
            "::The import costs time at start and can hide a missing use."
        )
    ]


def test_a_cancelled_run_ends_its_check_and_remembers_what_it_knew(runner: Runner) -> None:
    repo, pr = _opened(runner, "cancelled")
    cancel = Meanwhile(lambda: runner.process.send_signal(signal.SIGINT))
    runner.github.faults.add("POST", "/repos/octo/cancelled/pulls/*/reviews", cancel)

    ended = runner.step(runner.last("pull_request"), repo=repo)

    assert ended.code == 130, ended.log
    assert "it was cancelled or it broke" in ended.summary
    assert [run.conclusion for run in repo.check_runs] == ["cancelled"]
    state = state_in(ours(pr)[0])
    assert state is not None
    assert [known.id for known in state.findings] == ["F1"]


def test_the_command_of_the_workflow_itself_reviews_a_draft_too(runner: Runner) -> None:
    repo = _repo(runner, "draft")
    pr = repo.open_pull_request(LINT_BUG, author="ada", draft=True)
    silent = runner.step(runner.last("pull_request"), repo=repo)

    asked = runner.step(
        runner.last("pull_request"), repo=repo, inputs={"command": "review", "dry_run": "true"}
    )

    assert "it is a draft" in silent.summary
    assert (asked.code, asked.outputs["findings_count"]) == (0, "1"), asked.log
    assert "This was a dry run: nothing was posted." in asked.summary
    assert (ours(pr), repo.check_runs) == ([], [])
