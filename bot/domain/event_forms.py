"""Signals and outcomes as events of the log, and back, exactly."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.domain.event_log import EventSource, LoggedEvent, Numbered
from bot.domain.ledger import PullKey
from bot.domain.outcomes import Outcome, OutcomeRecord
from bot.domain.record_json import RecordNewer, dump, load
from bot.domain.signals import Signal
from bot.domain.unreadable import EventUnreadable, Unreadable, refusal, why_of
from bot.errors import Refused

T = TypeVar("T")

SIGNAL, OUTCOME = "signal", "outcome"
SETTLED = "settled"
"""The kind of the event that says: nothing more is looked for of this suggestion."""


@dataclass(frozen=True, slots=True)
class Observed:
    """When and how we learned of something; no part of what it means."""

    at: datetime
    source: EventSource
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Sifted(Generic[T]):
    """What events say, and those that nobody can read."""

    found: tuple[T, ...]
    left_out: tuple[Unreadable, ...]

    def whole(self) -> tuple[T, ...]:
        """Return all of it; raises EventUnreadable where an event is missing."""
        if self.left_out:
            raise EventUnreadable(refusal(self.left_out))
        return self.found


def sifted(
    log: Iterable[Numbered], kinds: Collection[str], read: Callable[[LoggedEvent], T]
) -> Sifted[T]:
    """Read the events of some kinds, each for itself."""
    found: list[T] = []
    left_out: list[Unreadable] = []
    for each in log:
        if each.event.kind not in kinds:
            continue
        if each.trouble is not None:
            left_out.append(each.trouble)
            continue
        try:
            found.append(read(each.event))
        except Refused as error:
            left_out.append(_unreadable(each, error))
    return Sifted(tuple(found), tuple(left_out))


def _unreadable(numbered: Numbered, error: Refused) -> Unreadable:
    event = numbered.event
    return Unreadable(
        numbered.seq,
        event.event_id,
        event.kind,
        why_of(error),
        decision=event.decision,
        suggestion=event.suggestion,
        is_newer=isinstance(error, RecordNewer),
    )


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
    """Return the signals among events; raises EventUnreadable."""
    return list(readable_signals(log).whole())


def outcomes_of(log: Iterable[Numbered]) -> list[OutcomeRecord]:
    """Return the outcomes among events, in the order of the log; raises EventUnreadable."""
    return list(readable_outcomes(log).whole())


def readable_signals(log: Iterable[Numbered]) -> Sifted[Signal]:
    """Return the signals among events that can be read."""
    return sifted(log, (SIGNAL,), lambda event: load(Signal, event.body))


def readable_outcomes(log: Iterable[Numbered]) -> Sifted[OutcomeRecord]:
    """Return the outcomes among events that can be read, in the order of the log."""
    return sifted(log, (OUTCOME,), lambda event: load(OutcomeRecord, event.body))


def outcome_in(event: LoggedEvent) -> Outcome | None:
    """Return what an event says became of its suggestion, or None for one that is no outcome."""
    if event.kind != OUTCOME:
        return None
    try:
        return Outcome(json.loads(event.body)["verdict"]["outcome"])
    except (KeyError, TypeError, ValueError):
        return None
