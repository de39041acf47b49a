"""Which deliveries never arrived, and which of those are asked for again now.

The forge never tries again by itself, and keeps what it could not deliver for three days
(docs.github.com, handling failed webhook deliveries).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.app_forge import Attempt

LOOK_BACK = timedelta(hours=24)
KEPT = timedelta(days=3)
"""So long the forge can deliver again, and so long we remember what it could not."""
MOST_AT_ONCE = 20
"""In one job, which holds a worker's slot for as many seconds; the rest is for the next job."""
MOST_TRIES = 5
PAUSE = timedelta(minutes=30)
"""The least time between two tries for one event."""
OVERLAP = timedelta(minutes=15)
"""Two looks share so much: an attempt is listed when it ended, which may be after a later one."""


@dataclass(frozen=True, slots=True)
class Missed:
    """An event that did not arrive, as far as we know."""

    attempt: int
    """The forge's last attempt."""
    at: datetime
    """Of the first attempt that we know of."""
    tries: int = 0
    """How often we asked for it again."""
    tried_at: datetime | None = None
    is_told: bool = False
    """An operator was told that nobody asks for it any more."""

    @property
    def is_given_up(self) -> bool:
        """Nobody asks for it again."""
        return self.tries >= MOST_TRIES


@dataclass(frozen=True, slots=True)
class DeliveryNotes:
    """What one look at the deliveries leaves to the next one."""

    seen: datetime | None = None
    """The time of the newest attempt that was looked at."""
    missed: Mapping[str, Missed] = field(default_factory=dict)
    """By GUID."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What our ledger says of the deliveries that the forge calls delivered."""

    known: Collection[str]
    """Those of the GUIDs that arrived."""
    since: datetime | None
    """When the first delivery of all arrived; what was delivered before is not asked for."""


def look_from(notes: DeliveryNotes, *, now: datetime) -> datetime:
    """Return since when attempts are looked at."""
    earliest = now - LOOK_BACK
    return earliest if notes.seen is None else max(earliest, notes.seen - OVERLAP)


def looked(
    notes: DeliveryNotes, attempts: Sequence[Attempt], arrivals: Arrivals, *, now: datetime
) -> DeliveryNotes:
    """Return the notes after a look at what was attempted."""
    by_guid: dict[str, list[Attempt]] = {}
    for attempt in sorted(attempts, key=lambda one: (one.at, one.id)):
        by_guid.setdefault(attempt.guid, []).append(attempt)
    missed = dict(notes.missed)
    for guid, tried in by_guid.items():
        before = missed.pop(guid, None)
        if any(one.is_ok and _is_there(one, arrivals) for one in tried):
            continue
        last = before or Missed(tried[0].id, tried[0].at)
        missed[guid] = replace(last, attempt=tried[-1].id)
    seen = [one.at for one in attempts]
    kept = {guid: one for guid, one in missed.items() if now - one.at < KEPT}
    return DeliveryNotes(max(seen, default=notes.seen), kept)


def _is_there(attempt: Attempt, arrivals: Arrivals) -> bool:
    """Tell whether a delivery that the forge calls delivered is in the ledger, or need not be.

    It is not where the database was lost and an older one is in its place. Before its first
    record the ledger did not record any.
    """
    if arrivals.since is None or attempt.at <= arrivals.since:
        return True
    return attempt.guid in arrivals.known


def wanted(notes: DeliveryNotes, *, now: datetime) -> list[str]:
    """Return the GUIDs that are to be asked for again, the oldest first."""
    due = [
        (one.at, one.attempt, guid)
        for guid, one in notes.missed.items()
        if not one.is_given_up and _has_rested(one, now)
    ]
    return [guid for _, _, guid in sorted(due)]


def _has_rested(one: Missed, now: datetime) -> bool:
    return one.tried_at is None or now - one.tried_at >= PAUSE


def tried(notes: DeliveryNotes, guid: str, *, now: datetime) -> DeliveryNotes:
    """Return the notes after one more try for an event."""
    one = notes.missed[guid]
    return _with(notes, guid, replace(one, tries=one.tries + 1, tried_at=now))


def without_hope(notes: DeliveryNotes, guid: str) -> DeliveryNotes:
    """Return the notes once the forge can deliver an event no more, and an operator knows it."""
    return _with(notes, guid, replace(notes.missed[guid], tries=MOST_TRIES, is_told=True))


def given_up(notes: DeliveryNotes, *, now: datetime) -> tuple[DeliveryNotes, tuple[str, ...]]:
    """Return the notes with what is given up by now, and a line for each that is so newly."""
    lines: list[str] = []
    for guid, one in notes.missed.items():
        if one.is_given_up and not one.is_told and _has_rested(one, now):
            notes = _with(notes, guid, replace(one, is_told=True))
            lines.append(
                f"delivery {guid} of {one.at:%Y-%m-%d %H:%M} UTC never arrived and is given up: "
                "see the recent deliveries on the App's page"
            )
    return notes, tuple(lines)


def _with(notes: DeliveryNotes, guid: str, one: Missed) -> DeliveryNotes:
    return replace(notes, missed={**notes.missed, guid: one})
