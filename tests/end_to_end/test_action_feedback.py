"""What became of suggestions, read by a step from what our own comments remember."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.cached_ledger import CachedLedger
from bot.domain.action_state import ActionState, state_line, with_state
from bot.domain.diff import Side
from bot.domain.findings import Category, Finding, FindingId, Location, Severity
from bot.domain.ledger import Dismissal, KnownFinding, RunId, Thread
from bot.domain.markers import Marker, MarkerKind
from bot.domain.pull_records import DecisionId, SuggestionId, SuggestionRecord
from bot.domain.pull_request import Sha
from tests.end_to_end.runner import READS, Runner, StepEnded, actions
from tests.github_simulator import PullRequest, Repo

BASE = {"app.py": "def total(prices):\n    return sum(prices)\n"}
BUG = {"app.py": "import os\n\n\ndef total(prices):\n    return sum(prices)\n"}
TAKEN = {"app.py": "import sys\n\n\ndef total(prices):\n    return sum(prices)\n"}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with actions(tmp_path_factory.mktemp("feedback")) as found:
        yield found


def _suggested(
    runner: Runner, name: str, dismissal: Dismissal | None = None
) -> tuple[Repo, PullRequest]:
    """Return a pull request with a suggestion of ours on its first line, and our summary."""
    repo = runner.github.repo(f"octo/{name}", base=BASE)
    repo.collaborator("ada", "write")
    pr = repo.open_pull_request(BUG, author="ada")
    us, head = runner.github.apps[0].bot, Sha(pr.head_sha)
    finding = Finding(
        rule="F401",
        severity=Severity.LOW,
        category=Category.STYLE,
        title="`os` imported but unused",
        body="",
        location=Location("app.py", 1, 1),
        snippet="import os",
        source="ruff",
        confidence=1.0,
        id=FindingId("F1"),
    )
    marker = Marker(MarkerKind.FINDING, head, "run1", finding.fingerprint)
    body = marker.under("**Low** unused\n\n```suggestion\nimport sys\n```")
    comment = us.review_comment(pr, body, path="app.py", line=1)
    thread = Thread(comment.thread.node_id, comment.id)
    known = KnownFinding(finding, "digest", head, head, dismissal, thread)
    record = SuggestionRecord(
        SuggestionId("0" * 16), known.id, RunId("run1"), DecisionId("d1"), head, "app.py",
        Side.RIGHT, 1, 1, "autofix", None, 1, 1,
    )  # fmt: skip
    line = state_line(ActionState(findings=(known,), suggestions=(record,)))
    us.comment(pr, with_state(Marker(MarkerKind.SUMMARY, head, "run1").under("1 finding"), line))
    return repo, pr


def _outcomes(ended: StepEnded) -> list[tuple[int, str]]:
    assert ended.code == 0, ended.log
    document = json.loads(Path(ended.outputs["results_file"]).read_text())
    return [(p["number"], s["outcome"]) for p in document["pulls"] for s in p["suggestions"]]


def test_a_suggestion_that_stands_in_the_merge_was_applied(runner: Runner) -> None:
    repo, pr = _suggested(runner, "applied")
    pr.push(TAKEN)
    pr.merge(by=runner.github.user("ada"))

    ended = runner.step(runner.last("pull_request"), repo=repo, grants=READS)

    assert _outcomes(ended) == [(pr.number, "applied_manual")]
    assert "| #1 | F1 | `F401` | applied\\_manual |".replace("\\", "") in ended.summary.replace(
        "\\", ""
    )
    assert "import sys" not in Path(ended.outputs["results_file"]).read_text()


def test_every_night_all_that_was_closed_lately_is_read_again(runner: Runner) -> None:
    now = datetime.now(UTC)
    repo, pr = _suggested(runner, "nightly", Dismissal("wrong", "ada", now))
    pr.close(by=runner.github.user("ada"))
    second = repo.open_pull_request({"b.py": "X = 1\n"}, author="ada")
    second.close(by=runner.github.user("ada"))
    event = json.dumps({"repository": {"id": repo.id, "full_name": repo.full_name}})

    ended = runner.step(event, event="schedule", repo=repo, grants=READS)

    assert _outcomes(ended) == [(pr.number, "rejected_explicit")]


def test_a_pull_request_without_suggestions_of_ours_says_so(runner: Runner) -> None:
    repo = runner.github.repo("octo/empty", base=BASE)
    pr = repo.open_pull_request(BUG, author="ada")
    pr.close(by=runner.github.user("ada"))

    ended = runner.step(runner.last("pull_request"), repo=repo, grants=READS)

    assert _outcomes(ended) == []
    assert "no suggestion of ours is on a pull request that was closed" in ended.summary


def test_what_the_night_learned_makes_the_next_review_quieter(
    runner: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.db"
    repo, pr = _suggested(runner, "learning", Dismissal("wrong", "ada", datetime.now(UTC)))
    pr.close(by=runner.github.user("ada"))
    event = json.dumps({"repository": {"id": repo.id, "full_name": repo.full_name}})
    inputs = {"ledger": str(file)}

    for _ in range(2):
        ended = runner.step(event, event="schedule", repo=repo, grants=READS, inputs=inputs)
        assert ended.code == 0, ended.log

    events = CachedLedger(file, repo.id).read()
    assert [one.kind for one in events] == ["described", "outcome"]
    assert b"import os" not in file.read_bytes()
    before = file.stat().st_ino
    repo.open_pull_request(BUG, author="ada")
    review = runner.step(runner.last("pull_request"), repo=repo, inputs=inputs)
    assert review.code == 0, review.log
    assert "what was learned" not in review.summary
    assert file.stat().st_ino != before
    assert {one.event_id for one in events} <= {
        one.event_id for one in CachedLedger(file, repo.id).read()
    }


def test_a_ledger_that_is_none_costs_nothing_but_what_was_learned(
    runner: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("no ledger")
    repo = runner.github.repo("octo/spoiled", base=BASE)
    pr = repo.open_pull_request(BUG, author="ada")

    ended = runner.step(runner.last("pull_request"), repo=repo, inputs={"ledger": str(file)})

    assert ended.code == 0, ended.log
    assert "what was learned earlier is not used" in ended.summary
    assert len(pr.review_comments) == 1


def test_of_a_fork_s_pull_request_no_cache_is_read_or_written(
    runner: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("poison")
    repo = runner.github.repo("octo/poisoned", base=BASE)
    repo.open_pull_request(BUG, author="eve", fork=True)

    ended = runner.step(
        runner.last("pull_request"), repo=repo, grants=READS, inputs={"ledger": str(file)}
    )

    assert ended.code == 0, ended.log
    assert "can put anything into the cache" in ended.summary
    assert file.read_text() == "poison"
