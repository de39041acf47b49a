from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.sql_ledger import open_ledger
from bot.agent.service.remembering import Memory, NotedPublications
from bot.domain.action_state import ActionState, LastReview, RecordedCommit
from bot.domain.diff import Side
from bot.domain.findings import Category, Finding, FindingId, Location, Severity
from bot.domain.forge import RepoId
from bot.domain.ledger import Head, KnownFinding, RunId
from bot.domain.pull_records import (
    DecisionId,
    Publication,
    PublicationKind,
    PullMode,
    Silence,
    SuggestionId,
    SuggestionRecord,
)
from bot.domain.pull_request import Sha
from bot.domain.reading import ReadFile, Reading
from bot.domain.verdict import Conclusion
from tests.fakes.ledger import fake_ledger

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEAD = Head(Sha("a" * 40), Sha("b" * 40), Sha("c" * 40))
FINDING = Finding(
    rule="F401", severity=Severity.LOW, category=Category.STYLE, title="t", body="b",
    location=Location("a.py", 1, 1), snippet="import os", source="ruff", confidence=1.0,
    id=FindingId("F1"),
)  # fmt: skip
STATE = ActionState(
    PullMode.PAUSED,
    (KnownFinding(FINDING, "digest", HEAD.head_sha, HEAD.head_sha),),
    LastReview(
        RunId("run1"),
        HEAD,
        Conclusion.FINDINGS,
        is_failure=True,
        reading=Reading("basis", (ReadFile("a.py", "d", ("ruff",)),)),
    ),
    (
        SuggestionRecord(
            SuggestionId("1" * 16),
            FindingId("F1"),
            RunId("run1"),
            DecisionId("d1"),
            HEAD.head_sha,
            "a.py",
            Side.RIGHT,
            1,
            1,
            "autofix",
            None,
            1,
            1,
        ),
    ),
    (RecordedCommit("fix:run1", Sha("d" * 40), "https://example.com/c"),),
    (Silence("two", None, NOW), Silence("one", HEAD.head_sha, NOW)),
)


@pytest.fixture(params=["sqlite", "fake"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    is_fake = request.param == "fake"
    ledger = fake_ledger() if is_fake else open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    notes = NotedPublications(ledger.publications)
    yield Memory(replace(ledger, publications=notes), notes, RepoId(0, 7, "octo/shop"), 1)
    ledger.close()


def test_a_run_goes_on_with_all_that_the_last_one_left(memory: Memory) -> None:
    memory.recall(STATE)

    assert memory.state() == STATE
    assert memory.new_commits == []


def test_nothing_remembered_is_nothing_known(memory: Memory) -> None:
    memory.recall(ActionState())

    assert memory.state() == ActionState()


def test_a_commit_of_this_run_is_told_from_those_of_earlier_ones(memory: Memory) -> None:
    memory.recall(STATE)
    made = Publication("fix:run2", memory.pull, PublicationKind.COMMIT, "e" * 40, "url", NOW)

    memory.records.publications.record(made)

    assert memory.new_commits == [made]
    assert [commit.key for commit in memory.state().commits] == ["fix:run1", "fix:run2"]
