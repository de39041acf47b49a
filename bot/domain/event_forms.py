"""Signals and outcomes as events of the log, and back, exactly."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.event_log import EventSource, LoggedEvent, Numbered
from bot.domain.ledger import PullKey
from bot.domain.outcomes import Outcome, OutcomeRecord
from bot.domain.record_json import dump, load
from bot.domain.signals import Signal

SIGNAL, OUTCOME = "signal", "outcome"
SETTLED = "settled"
"""The kind of the event that says: nothing more is looked for of this suggestion."""


@dataclass(frozen=True, slots=True)
class Observed:
    """When and how we learned of something; no part of what it means."""

    at: datetime
    source: EventSource
    delivery: str = ""


def signal_event(signal: Signal, observed: Observed) -> LoggedEvent:
    """Return a signal as it is stored."""
    return LoggedEvent(
        signal.event_id,
        SIGNAL,
        signal.pull,
        signal.occurred_at,
        observed.at,
        source=observed.source,
        body=dump(signal),
        suggestion=signal.suggestion,
        delivery=observed.delivery,
    )


def outcome_event(record: OutcomeRecord, pull: PullKey, observed: Observed) -> LoggedEvent:
    """Return an outcome as it is stored."""
    return LoggedEvent(
        record.event_id,
        OUTCOME,
        pull,
        record.occurred_at,
        observed.at,
        source=observed.source,
        body=dump(record),
        suggestion=record.suggestion,
        decision=record.decision,
        delivery=observed.delivery,
    )


def signals_of(log: Iterable[Numbered]) -> list[Signal]:
    """Return the signals among events; raises RecordUnreadable."""
    return [load(Signal, each.event.body) for each in log if each.event.kind == SIGNAL]


def outcomes_of(log: Iterable[Numbered]) -> list[OutcomeRecord]:
    """Return the outcomes among events, in the order of the log; raises RecordUnreadable."""
    return [load(OutcomeRecord, each.event.body) for each in log if each.event.kind == OUTCOME]


def outcome_in(event: LoggedEvent) -> Outcome | None:
    """Return what an event says became of its suggestion, or None for one that is no outcome."""
    if event.kind != OUTCOME:
        return None
    try:
        return Outcome(json.loads(event.body)["verdict"]["outcome"])
    except (KeyError, TypeError, ValueError):
        return None
