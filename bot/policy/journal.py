"""What was done with policies: tried, promoted, taken back, warned of; as events of the ledger.

The ledger keeps every version with its bytes and one word of status. Why and when stands here, in
the same append-only log as everything else, under a pull request that is nobody's. Who serves is a
function of both.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.event_forms import Sifted, sifted
from bot.domain.event_log import EventLog, EventSource, LoggedEvent, PolicyStatus
from bot.domain.event_log import PolicyVersion as Stored
from bot.domain.forgetting import TAKEN_BACK
from bot.domain.ledger import PullKey
from bot.domain.record_json import dump, load
from bot.policy.choosing import HAND
from bot.policy.convergence import Phase
from bot.policy.evaluation import Estimate
from bot.policy.gate import GateRecord
from bot.policy.promotion import PolicyVersion, Status, Versions

NOBODYS = PullKey(0, 0)
"""No forge gives these numbers."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """One condition of the gate, with numbers that a log can hold: None is no finite one."""

    name: str
    is_met: bool
    value: float | None
    limit: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt at the gate."""

    candidate: str
    incumbent: str
    at: datetime
    rewards: int
    gain: float
    error: float | None
    rows: int
    checks: tuple[Measured, ...]
    is_promoted: bool
    why: tuple[str, ...]
    left_out: int = 0
    """Events that could not be read, and that nothing here knows of."""

    @property
    def record(self) -> GateRecord:
        """The attempt as `gate.too_soon` counts it."""
        gain = Estimate(self.gain, self.error or math.inf, 0.0, self.rows)
        return GateRecord(self.candidate, self.incumbent, self.at, self.rewards, gain, ())

    @classmethod
    def of(cls, record: GateRecord, *, left_out: int = 0) -> "Tried":
        """Return the attempt as it is logged."""
        gain = record.gain
        checks = (Measured(c.name, c.is_met, _finite(c.value), c.limit) for c in record.checks)
        return cls(
            record.candidate,
            record.incumbent,
            record.at,
            record.rewards,
            gain=gain.value,
            error=_finite(gain.error),
            rows=gain.rows,
            checks=tuple(checks),
            is_promoted=record.is_promoted,
            why=record.why,
            left_out=left_out,
        )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A version that serves no more, everywhere or in one repository."""

    version: str
    at: datetime
    reason: str
    by: str = ""
    """Who asked; empty for ourselves."""
    repo_id: int | None = None
    """None for everywhere."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights were learned anew from the whole log."""

    version: str
    at: datetime
    rewards: int
    log_seq: int
    phase: Phase
    alarms: int
    """Of drift, in the whole log."""
    left_out: int = 0
    """Events that could not be read, and that these weights therefore know nothing of."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """People's taste has moved: nothing is promoted for it, the past only counts for less."""

    at: datetime
    alarms: int
    rewards: int


Note = Tried | TakenBack | Trained | Drifted

_KINDS: dict[str, type[Tried] | type[TakenBack] | type[Trained] | type[Drifted]] = {
    "policy tried": Tried,
    TAKEN_BACK: TakenBack,
    "policy trained": Trained,
    "policy drifted": Drifted,
}


def note_event(note: Note) -> LoggedEvent:
    """Return a note as the ledger stores it; said twice, it is one event."""
    kind = next(name for name, made in _KINDS.items() if isinstance(note, made))
    return LoggedEvent(
        _name(note), kind, NOBODYS, note.at, note.at, source=EventSource.RUN, body=dump(note)
    )


def notes_of(log: EventLog) -> tuple[Note, ...]:
    """Return all notes, the oldest first; raises EventUnreadable: who serves hangs on each."""
    return readable_notes(log).whole()


def readable_notes(log: EventLog) -> Sifted[Note]:
    """Return the notes that can be read, the oldest first."""
    return sifted(log.of_pull(NOBODYS), _KINDS, lambda event: load(_KINDS[event.kind], event.body))


def statuses(notes: Iterable[Note], stored: Iterable[Stored]) -> dict[str, PolicyStatus]:
    """Return what became of every version that was ever promoted.

    What the ledger has as rolled back stays so, whoever did that and without a note.
    """
    found: dict[str, PolicyStatus] = {}
    parents: dict[str, str] = {}
    for note in notes:
        match note:
            case Tried(is_promoted=True):
                if note.incumbent in found:
                    found[note.incumbent] = PolicyStatus.RETIRED
                found[note.candidate] = PolicyStatus.PROMOTED
                parents[note.candidate] = note.incumbent
            case TakenBack(repo_id=None) if found.get(note.version) is PolicyStatus.PROMOTED:
                found[note.version] = PolicyStatus.ROLLED_BACK
                if parents[note.version] in found:
                    found[parents[note.version]] = PolicyStatus.PROMOTED
            case _:
                pass
    gone = {each.version for each in stored if each.status is PolicyStatus.ROLLED_BACK}
    while serving := [n for n in gone if found.get(n) is PolicyStatus.PROMOTED]:
        found[serving[0]] = PolicyStatus.ROLLED_BACK
        if parents[serving[0]] in found:
            found[parents[serving[0]]] = PolicyStatus.PROMOTED
    return found


def versions(stored: Iterable[Stored], notes: Sequence[Note]) -> Versions:
    """Return who serves everywhere; the hand weights do where nothing that was promoted stands.

    The notes say so, and the ledger has the bytes: a host that died between the two left the truth
    in the notes.
    """
    kept = tuple(stored)
    became = statuses(notes, kept)
    known = [each for each in kept if each.version in became]
    is_hand = not any(became[each.version] is PolicyStatus.PROMOTED for each in known)
    first = Status.SERVING if is_hand else Status.REPLACED
    tried = [n for n in notes if isinstance(n, Tried) and n.is_promoted]
    told = {note.candidate: note for note in tried}
    reasons = {n.version: n.reason for n in notes if isinstance(n, TakenBack)}
    return Versions(
        (
            PolicyVersion(HAND, None, b"", BEGINNING, first, None),
            *(
                PolicyVersion(
                    each.version,
                    told[each.version].incumbent,
                    each.theta,
                    told[each.version].at,
                    _SERVED[became[each.version]],
                    None,
                    reasons.get(each.version, ""),
                )
                for each in known
            ),
        )
    )


def for_pull_request(
    found: Versions, notes: Sequence[Note], *, repo_id: int, pull_request: str, at: datetime
) -> PolicyVersion:
    """Return who decides on a pull request; a repository that took a version back has its parent.

    In its first week a new version has a fifth of the pull requests.
    """
    return _here(found, notes, found.for_pull_request(pull_request, at=at), repo_id)


def for_repository(found: Versions, notes: Sequence[Note], *, repo_id: int) -> PolicyVersion:
    """Return who decides in a repository, the trial of a new version aside."""
    return _here(found, notes, found.serving, repo_id)


def _here(
    found: Versions, notes: Sequence[Note], chosen: PolicyVersion, repo_id: int
) -> PolicyVersion:
    gone = {n.version for n in notes if isinstance(n, TakenBack) and n.repo_id == repo_id}
    by_name = {each.version: each for each in found.known}
    while chosen.version in gone and chosen.parent in by_name:
        chosen = by_name[chosen.parent]
    return chosen


_SERVED = {
    PolicyStatus.PROMOTED: Status.SERVING,
    PolicyStatus.RETIRED: Status.REPLACED,
    PolicyStatus.ROLLED_BACK: Status.ROLLED_BACK,
}


def _name(note: Note) -> str:
    match note:
        case Tried():
            return f"policy:tried:{note.candidate}:{note.at.isoformat()}"
        case TakenBack():
            where = "everywhere" if note.repo_id is None else note.repo_id
            return f"policy:taken back:{note.version}:{where}"
        case Trained():
            return f"policy:trained:{note.version}:{note.log_seq}"
        case Drifted():
            return f"policy:drifted:{note.alarms}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
