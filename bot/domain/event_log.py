"""The log that everything learned is folded from: append-only, each event once, in one order.

An event is stored whole as JSON, next to the columns that are searched. What no fold could take is
refused at the door: a number that is not finite, a reward out of range, a time without a zone.
Nothing is ever changed here; who knows better appends a correction. Only `forgetting` takes out.
"""

import json
import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn, Protocol

from bot.domain.ledger import PullKey
from bot.domain.record_json import RecordUnreadable
from bot.domain.unreadable import Unreadable
from bot.errors import Refused

SCHEMA = 1
EVENTS_AT_ONCE = 1_000
_MOST = (1 << 63) - 1
_MOST_PULLS = (1 << 31) - 1
"""What the columns of a database hold."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class BadEvent(Refused):
    """An event is not one that may be folded."""


class EventSource(StrEnum):
    """How we learned of an event; it says nothing of what it means."""

    WEBHOOK = "webhook"
    POLL = "poll"
    COMMAND = "command"
    RUN = "run"
    """We did it ourselves, as a decision."""
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event as it is stored; raises BadEvent for one that may not be folded."""

    event_id: str
    """Made of what it means: the same event has the same, however we learned of it."""
    kind: str
    """What the body is: `signal`, `outcome`, `decision`, or `forgotten` in place of these."""
    pull: PullKey
    occurred_at: datetime
    observed_at: datetime
    source: EventSource
    body: str
    """A JSON object."""
    suggestion: str | None = None
    decision: str | None = None
    delivery: str = ""
    """The GUID of the delivery that told us, where one did."""
    payload_hash: str = ""
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if not (self.event_id and self.kind):
            raise BadEvent("an event has no id or no kind")
        for name in ("occurred_at", "observed_at"):
            _check_time(getattr(self, name), f"{self.kind} {self.event_id}: {name}")
        if not is_storable(self.event_id, self.kind, self.suggestion, self.decision):
            raise BadEvent(f"{self.kind!a} {self.event_id!a}: a name holds what no database takes")
        if not (0 <= self.pull.repo_id <= _MOST and 0 <= self.pull.number <= _MOST_PULLS):
            raise BadEvent(f"{self.kind} {self.event_id}: no forge has such a pull request")
        _check_body(self.body, f"{self.kind} {self.event_id}")


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event at its place in the log."""

    seq: int
    """From 1; a gap is where something was forgotten."""
    event: LoggedEvent
    trouble: Unreadable | None = None
    """Why its row cannot be read; the event is then what the columns say, with an empty body."""


class EventLog(Protocol):
    """The log; raises Retryable where the database does not answer.

    A row that cannot be read keeps its place, and says so; the others are read all the same.
    """

    def append(self, events: Iterable[LoggedEvent]) -> int:
        """Store those that are new, all or none, and return how many those are."""
        ...

    def after(self, seq: int, *, limit: int = EVENTS_AT_ONCE) -> Sequence[Numbered]:
        """Return events in the order of the log, from the one after `seq`; 0 is the beginning."""
        ...

    def of_pull(self, pull: PullKey) -> Sequence[Numbered]:
        """Return all events of a pull request, in the order of the log."""
        ...

    def of_repo(self, repo_id: int, kinds: Collection[str]) -> Sequence[Numbered]:
        """Return the events of some kinds of a repository, in the order of the log."""
        ...


class PolicyStatus(StrEnum):
    """What a version of the policy is used for."""

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    PROMOTED = "promoted"
    RETIRED = "retired"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One set of weights, and the part of the log that it is a function of."""

    version: str
    parent: str | None
    algorithm: str
    theta: bytes
    state: bytes
    config_hash: str
    log_seq: int
    """The last event that it was folded from."""
    created_at: datetime
    status: PolicyStatus


class PolicyUnreadable(RecordUnreadable):
    """A stored version of the policy cannot be read; the message names it."""


class PolicyVersions(Protocol):
    """Every version that there ever was; only its status changes.

    Whatever reads them raises PolicyUnreadable.
    """

    def record(self, version: PolicyVersion) -> PolicyVersion:
        """Store a version and return what stands: the first of its name."""
        ...

    def find(self, version: str) -> PolicyVersion | None:
        """Return a version, byte for byte as it was stored, or None."""
        ...

    def mark(self, version: str, status: PolicyStatus) -> None:
        """Change what a version is used for; raises Refused for one that nobody stored."""
        ...

    def all(self) -> Sequence[PolicyVersion]:
        """Return all versions, the oldest first."""
        ...


def is_storable(*names: str | None) -> bool:
    """Tell whether every database takes these as text: no NUL, no half of a character."""
    return not any(_UNSTORABLE.search(name) for name in names if name is not None)


def _check_time(at: datetime, name: str) -> None:
    if at.tzinfo is None:
        raise BadEvent(f"{name} has no time zone")
    try:
        at.astimezone(UTC)
    except OverflowError as error:
        raise BadEvent(f"{name} is no time in UTC ({at.isoformat()})") from error


def _check_body(body: str, name: str) -> None:
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except ValueError as error:
        raise BadEvent(f"{name}: its body is no JSON ({error})") from error
    if not isinstance(value, dict):
        raise BadEvent(f"{name}: its body is no object")
    _check_numbers(value, name)


def _check_numbers(value: object, name: str) -> None:
    match value:
        case dict():
            for key, item in value.items():
                _check_numbers(item, name)
                if key == "reward" and item is not None:
                    _check_reward(item, name)
        case list():
            for item in value:
                _check_numbers(item, name)
        case float() if not math.isfinite(value):
            raise BadEvent(f"{name}: {value} is no number")


def _check_reward(value: object, name: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and -1 <= float(str(value)) <= 1):
        raise BadEvent(f"{name}: the reward {value} is not in [-1, 1]")


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
