"""Events of the log that cannot be read: what each is called, why, and what the operator does.

A row may be cut, edited by hand, or of a version that is newer than this one. What can be done
without it goes on and names it; what would be wrong without it stops, and names it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.record_json import ASK_AGAIN, RecordUnreadable
from bot.domain.untrusted import one_line

_NAMED = 5
"""Of many; the rest is counted."""
_LONGEST = 160
"""Characters of a reason."""


class EventUnreadable(RecordUnreadable):
    """Events cannot be read that nobody may go on without; the message names them."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One event that cannot be read, by what its row says of it."""

    seq: int
    event_id: str
    kind: str
    why: str
    decision: str | None = None
    """What it was about: nothing else that is known of this decision is whole."""
    suggestion: str | None = None
    is_newer: bool = False
    """A newer version wrote it, and says so."""

    def __str__(self) -> str:
        """Return the event as messages name it."""
        name = one_line(f"{self.kind} {self.event_id}", limit=_LONGEST)
        return f"{self.seq} ({name}: {one_line(self.why, limit=_LONGEST)})"


def why_of(error: Exception) -> str:
    """Return the reason alone: what an error says of asking again is not meant for events."""
    return str(error).removesuffix(ASK_AGAIN)


def refusal(found: Sequence[Unreadable]) -> str:
    """Say that nothing can be done without these, and what to do."""
    if any(each.is_newer for each in found):
        what_to_do = "a newer Pullwright wrote it: upgrade"
    else:
        what_to_do = (
            "restore the database from a backup, or without one delete that row of ledger_events"
        )
    return f"{_counted(found)} cannot be read: {_names(found)}; {what_to_do}"


def left_out(found: Sequence[Unreadable]) -> str:
    """Say that it was done without these."""
    return f"{_counted(found)} could not be read: {_names(found)}; left out"


def _counted(found: Sequence[Unreadable]) -> str:
    return "1 event of the log" if len(found) == 1 else f"{len(found)} events of the log"


def _names(found: Sequence[Unreadable]) -> str:
    more = [f"{len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return ", ".join([*(str(each) for each in found[:_NAMED]), *more])
