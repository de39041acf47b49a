"""The ledger's log as what learning folds, and what the policy did as events of the ledger.

The ledger keeps an outcome with what it was worth when it was logged. Learning takes the outcome
alone and prices it by its own settings, so that a contradiction costs confidence once, and weights
stay a function of the log, the settings and the seed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.domain.event_forms import OUTCOME, Observed, Sifted, sifted
from bot.domain.event_log import EventLog, LoggedEvent, Numbered
from bot.domain.ledger import PullKey
from bot.domain.outcomes import OutcomeRecord
from bot.domain.record_json import RecordUnreadable, load
from bot.domain.unreadable import Unreadable
from bot.policy.choosing import EPISODE, FIXERS, PLACES
from bot.policy.event_log import BadEvent, DecisionLogged, Event, OutcomeSeen, read, written

DECISION, MEASURED = "decision", "measured"
KINDS = (DECISION, MEASURED, OUTCOME)
"""Signals are what outcomes were made of, and teach nothing twice."""
_SIZES = {layout.version: layout.size for layout in (EPISODE, PLACES, FIXERS)}


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a log says up to a place in it."""

    events: tuple[Event, ...]
    seq: int
    """Of the last event that was read, of whatever kind; weights are stored with it."""
    left_out: tuple[Unreadable, ...] = ()
    """What could not be read. Nothing else is told of its decision either: where a correction is
    lost, what it corrected must not count."""


def decision_event(made: DecisionLogged, pull: PullKey, observed: Observed) -> LoggedEvent:
    """Return a decision as the ledger stores it."""
    return _logged(DECISION, made, pull, observed)


def measured_event(seen: OutcomeSeen, pull: PullKey, observed: Observed) -> LoggedEvent:
    """Return what was measured as the ledger stores it; outcomes of people have their own form."""
    if seen.reward is None:
        raise BadEvent(f"{seen.event_id}: {seen.outcome} was not measured, people made it")
    return _logged(MEASURED, seen, pull, observed, suggestion=seen.suggestion_id)


def policy_events(log: Iterable[Numbered]) -> Iterator[Event]:
    """Yield what learning folds, in the order of the log; raises EventUnreadable."""
    yield from readable_events(log).whole()


def readable_events(log: Iterable[Numbered]) -> Sifted[Event]:
    """Return what learning folds of what can be read, in the order of the log."""
    return sifted(log, KINDS, _read)


def replayed(log: EventLog, *, after: int = 0, upto: int | None = None) -> Replayed:
    """Read a log from its beginning, or up to the event that stored weights were folded from."""
    events: list[Event] = []
    left_out: list[Unreadable] = []
    homes = _Homes()
    seq = after
    while page := [each for each in log.after(seq) if upto is None or each.seq <= upto]:
        read = readable_events(page)
        homes.note(page)
        events.extend(read.found)
        left_out.extend(read.left_out)
        seq = page[-1].seq
    lost = {each.decision for each in left_out}
    whole = (event for event in events if event.decision_id not in lost)
    return Replayed(
        tuple(event for event in whole if homes.is_at_home(event)),
        seq,
        (*left_out, *homes.strays()),
    )


@dataclass
class _Homes:
    """Of which repositories events are: what one says of another's decision teaches nothing."""

    decided: dict[str, int] = field(default_factory=dict)
    said: dict[str, tuple[int, Unreadable]] = field(default_factory=dict)
    """The repository of each outcome by its id, with what to say where that is another one."""

    def note(self, page: Iterable[Numbered]) -> None:
        for each in page:
            if each.event.kind == DECISION:
                self.decided.setdefault(str(each.event.decision), each.event.pull.repo_id)
            elif each.event.kind in KINDS and each.trouble is None:
                event = each.event
                why = f"{event.decision} is a decision of another repository"
                told = Unreadable(each.seq, event.event_id, event.kind, why, event.decision)
                self.said[event.event_id] = event.pull.repo_id, told

    def is_at_home(self, event: Event) -> bool:
        if isinstance(event, DecisionLogged):
            return True
        repo_id, _ = self.said[event.event_id]
        return self.decided.get(event.decision_id, repo_id) == repo_id

    def strays(self) -> Iterator[Unreadable]:
        """Yield the outcomes of other repositories' decisions, named as what is left out."""
        for repo_id, told in self.said.values():
            if self.decided.get(str(told.decision), repo_id) != repo_id:
                yield told


def _logged(
    kind: str, event: Event, pull: PullKey, observed: Observed, *, suggestion: str | None = None
) -> LoggedEvent:
    return LoggedEvent(
        event.event_id,
        kind,
        pull,
        event.occurred_at,
        observed.at,
        source=observed.source,
        body=written(event),
        suggestion=suggestion,
        decision=event.decision_id,
        delivery=observed.delivery,
    )


def _read(event: LoggedEvent) -> Event:
    is_outcome = event.kind == OUTCOME
    found = _seen(load(OutcomeRecord, event.body)) if is_outcome else read(event.body)
    is_decision = isinstance(found, DecisionLogged)
    is_it = (found.event_id, found.decision_id) == (event.event_id, event.decision)
    if not is_it or is_decision != (event.kind == DECISION):
        raise RecordUnreadable(f"event {event.event_id} holds another one, {found.event_id}")
    if isinstance(found, DecisionLogged):
        size = _SIZES.get(found.layout_version, len(found.features[0]))
        if len(found.features[0]) != size:
            raise RecordUnreadable(f"{len(found.features[0])} features, its layout has {size}")
    return found


def _seen(record: OutcomeRecord) -> OutcomeSeen:
    verdict = record.verdict
    return OutcomeSeen(
        record.event_id,
        record.occurred_at,
        record.decision,
        record.suggestion,
        verdict.outcome,
        is_final=verdict.is_final,
        is_correction=record.is_correction,
        is_contradicted=verdict.is_contradicted,
        by="" if verdict.by is None else str(verdict.by),
    )
