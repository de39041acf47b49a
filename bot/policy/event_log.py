"""The two facts that learning is folded from, and their strict, versioned form in a log.

A decision says what could be picked, with which features and propensities; an outcome says what
became of one suggestion. Both are refused at the door where a number is out of range, so that
nothing behind it has to ask. No arrays here: who writes a log needs no numpy.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.domain.event_log import is_storable
from bot.domain.outcomes import Outcome
from bot.domain.record_json import RecordNewer, RecordUnreadable, dump, load
from bot.errors import Refused

SCHEMA = 1
LEAST_PROPENSITY = 1e-9
"""Of what was chosen: the floor leaves far more, and one over less is no number to learn from."""


class BadEvent(Refused):
    """An event is not one: a number is out of range, or its parts do not fit together."""


class How(Enum):
    """How a tool was picked."""

    GREEDY = "greedy"
    """The propensity is 1 by fiat: the critic learns from it, importance weights never see it."""
    SAMPLED = "sampled"


@dataclass(frozen=True, slots=True)
class DecisionLogged:
    """One choice among the eligible tools, as it was made."""

    event_id: str
    occurred_at: datetime
    decision_id: str
    repo: str
    pull_request: str
    """Unique over repositories."""
    policy_version: str
    layout_version: str
    how: How
    tools: tuple[str, ...]
    """The eligible ones, in the order of the next two."""
    features: tuple[tuple[float, ...], ...]
    """By tool, in the layout's order."""
    propensities: tuple[float, ...]
    chosen: int
    """Index into the tools."""
    slot: int = 0
    """Place of the comment in its review."""
    after: tuple[str, ...] = ()
    """The decisions that led to what was placed: what becomes of it is theirs as well."""

    def __post_init__(self) -> None:
        _demand(self.occurred_at.tzinfo is not None, "a time has no zone")
        count = len(self.tools)
        fits = count == len(self.features) == len(self.propensities) and 0 <= self.chosen < count
        _demand(fits, f"{count} tools, and another number of features or propensities")
        _demand(len({len(row) for row in self.features}) == 1, "features of several lengths")
        # A comparison with NaN is false, so NaN is refused too.
        is_unit = all(_is_unit(value) for row in self.features for value in row)
        _demand(is_unit, "a feature is not in [-1, 1]")
        _demand(all(0.0 <= p <= 1.0 for p in self.propensities), "a propensity is not in [0, 1]")
        _demand(abs(math.fsum(self.propensities) - 1.0) <= 1e-9, "propensities do not sum to 1")
        is_likely = self.propensities[self.chosen] >= LEAST_PROPENSITY
        _demand(is_likely, "what was chosen had no propensity")
        names = (self.repo, self.pull_request, self.policy_version, *self.tools)
        _demand(is_storable(*names), "a name holds what no database takes")


@dataclass(frozen=True, slots=True)
class OutcomeSeen:
    """What is known of one suggestion of one decision."""

    event_id: str
    occurred_at: datetime
    decision_id: str
    suggestion_id: str
    outcome: Outcome | None
    """None for a measured one, which is nobody's: its reward stands in the event."""
    is_final: bool = True
    """The pull request is closed; before that, nothing is learned."""
    is_correction: bool = False
    """Takes the place of the final outcome, as a revert after the merge does."""
    is_contradicted: bool = False
    """A weaker signal said the opposite, which costs confidence."""
    by: str = ""
    """Who acted, where somebody did: one person's share is limited."""
    reward: float | None = None
    """Of a measured outcome only."""

    def __post_init__(self) -> None:
        _demand(self.occurred_at.tzinfo is not None, "a time has no zone")
        is_measured = self.outcome is None
        _demand(is_measured == (self.reward is not None), "only a measured outcome has a reward")
        _demand(self.reward is None or _is_unit(self.reward), "a reward is not in [-1, 1]")


Event = DecisionLogged | OutcomeSeen

_KINDS: dict[str, type[DecisionLogged] | type[OutcomeSeen]] = {
    "decision": DecisionLogged,
    "outcome": OutcomeSeen,
}


def written(event: Event) -> str:
    """Return the event as one line of JSON, without its end."""
    kind = next(name for name, made in _KINDS.items() if isinstance(event, made))
    return f'{{"v":{SCHEMA},"kind":"{kind}","body":{dump(event)}}}'


def read(line: str) -> Event:
    """Return the event that `written` wrote; raises RecordUnreadable or BadEvent."""
    try:
        found = json.loads(line)
        version, kind, body = found["v"], found["kind"], found["body"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RecordUnreadable(f"a line of the log is no event ({error})") from error
    if isinstance(version, int) and version > SCHEMA:
        raise RecordNewer(f"it has schema {version}, and this Pullwright reads {SCHEMA}")
    if version != SCHEMA or not isinstance(kind, str) or kind not in _KINDS or len(found) > 3:
        raise RecordUnreadable(f"an event of kind {kind}, schema {version}, is not known")
    return load(_KINDS[kind], json.dumps(body))


def read_log(text: str) -> Iterator[Event]:
    """Yield the events of a log; a last line without an end was cut off in mid-write, and waits."""
    whole, _, _ = text.rpartition("\n")
    return (read(line) for line in whole.split("\n") if line)


def canonical(events: Iterable[Event]) -> list[Event]:
    """Return each event once, in the one order that everything is folded in."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.event_id))
    once: dict[str, Event] = {}
    for event in ordered:
        once.setdefault(event.event_id, event)
    return list(once.values())


def _is_unit(value: float) -> bool:
    return -1.0 <= value <= 1.0


def _demand(is_met: bool, otherwise: str) -> None:
    if not is_met:
        raise BadEvent(otherwise)
