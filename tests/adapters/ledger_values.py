"""Values that the contract of the ledger is tried with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.domain.findings import Category, Finding, Location, Severity
from bot.domain.identity import Look, reconcile
from bot.domain.ledger import (
    Dismissal,
    Head,
    PullKey,
    Reconciled,
    RunEnding,
    RunId,
    RunKind,
    RunRecord,
    StepRecord,
)
from bot.domain.pull_records import (
    Ledger,
)
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion

Clause = Callable[[Ledger], None]

PULL = PullKey(repo_id=1 << 40, number=7)
OTHER_PULL = PullKey(repo_id=1 << 40, number=8)
NOW = datetime(2026, 10, 1, 12, 0, 0, 123456, tzinfo=UTC)
RUN = RunId("run-1")
HEAD = Head(Sha("a" * 40), Sha("b" * 40), Sha("c" * 40))
HOSTILE = "NUL \0, byte \udcff, pair \ud83d\ude00, line\nend, quote ' \" \\, 🙂 \u202e"
"""A text as a hostile repository writes it; no database takes it as it is."""


def a_run(run_id: str = RUN, *, pull: PullKey = PULL, head: Head = HEAD) -> RunRecord:
    kind = RunKind.REVIEW
    return RunRecord(RunId(run_id), "job-1", pull, "owner/name", head, kind, started_at=NOW)


def an_ending(conclusion: Conclusion = Conclusion.SUCCESS, *, minutes: int = 1) -> RunEnding:
    return RunEnding(conclusion, "{}", NOW + timedelta(minutes=minutes))


def a_step(index: int, observation: str = "{}") -> StepRecord:
    return StepRecord(index, "lint", observation, '{"propensities":{}}', seconds=0.25)


def a_finding(snippet: str = "import os", path: str = "a.py", line: int = 1) -> Finding:
    return Finding(
        rule="F401",
        severity=Severity.LOW,
        category=Category.STYLE,
        title=f"`{snippet.rsplit(maxsplit=1)[-1]}` is not used",
        body="Remove it.",
        location=Location(path, line, line),
        snippet=snippet,
        source="ruff",
        confidence=0.9,
    )


def a_look(*found: Finding, head: str = "a", code: str = "code") -> Look:
    return Look(Sha(head * 40), found, lambda _: code, lambda _: True)


def seen(ledger: Ledger, *found: Finding, head: str = "a", pull: PullKey = PULL) -> Reconciled:
    look = a_look(*found, head=head)
    return ledger.findings.revise(pull, lambda known: reconcile(known, look))


def dismissal(by: str = "octocat", reason: str = "noise") -> Dismissal:
    return Dismissal(reason, by, NOW)
