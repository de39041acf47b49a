"""A repository's log of what people made of findings."""

from collections.abc import Iterator
from datetime import timedelta

from bot.domain.event_forms import Observed, outcome_event
from bot.domain.event_log import EventSource, LoggedEvent, Numbered
from bot.domain.findings import Finding
from bot.domain.ledger import PullKey
from bot.domain.outcomes import WORTH, Outcome, OutcomeRecord, Verdict
from bot.domain.pull_records import DecisionId, SuggestionId
from bot.domain.quieting import described_event, unmuted_event
from tests.domain.signal_values import POSTED

REPO = 5
OBSERVED = Observed(POSTED, EventSource.POLL)


def became(
    finding: Finding,
    outcome: Outcome,
    name: str,
    *,
    minute: int = 0,
    by: int | None = None,
    repo_id: int = REPO,
    is_correction: bool = False,
) -> tuple[LoggedEvent, LoggedEvent]:
    """Return what the log keeps of one finding whose pull request is over."""
    pull, suggestion = PullKey(repo_id, 7), SuggestionId(name)
    verdict = Verdict(outcome, WORTH[outcome], is_final=True, by=by)
    record = OutcomeRecord(
        f"{name} {outcome} {is_correction}", POSTED + timedelta(minutes=minute), suggestion,
        DecisionId("d"), verdict, is_correction,
    )  # fmt: skip
    about = described_event(pull, suggestion, finding, OBSERVED, has_voter=by is not None)
    return about, outcome_event(record, pull, OBSERVED)


def turned_down(
    finding: Finding, unwanted: int, wanted: int, *, start: int = 0, repo_id: int = REPO
) -> list[LoggedEvent]:
    """Return outcomes of many findings of one rule, those that nobody wanted first."""
    made: list[LoggedEvent] = []
    for number in range(start, start + unwanted + wanted):
        outcome = Outcome.WAVED_OFF if number < start + unwanted else Outcome.IGNORED
        made += became(finding, outcome, f"s{number}", minute=number, repo_id=repo_id)
    return made


def unmuted(word: str, *, minute: int = 10_000) -> LoggedEvent:
    at = POSTED + timedelta(minutes=minute)
    return unmuted_event(PullKey(REPO, 7), word, by=1, job=f"command {word}", at=at)


def numbered(events: list[LoggedEvent]) -> Iterator[Numbered]:
    return (Numbered(seq, event) for seq, event in enumerate(events, 1))
