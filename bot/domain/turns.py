"""Whose turn it is to write to the forge, for one installation: a value that all writers share.

GitHub wants writes one after the other and a second apart, at most 80 a minute and 500 an hour that
make content, and everybody to wait who was told to (docs.github.com, best practices for the REST
API). Times are seconds since the epoch, on the clock of the store.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

SECONDS_BETWEEN_WRITES = 1.0
WRITES_PER_MINUTE = 80
WRITES_PER_HOUR = 500
UNTOLD_WAIT_S = 60.0
"""GitHub's least where it refuses and names no time; doubled every time it does so again."""
LONGEST_WAIT_S = 3600.0
LEASE_S = 120.0
"""A writer that has not given its turn back by then is dead: no request of ours takes that long."""
LOOK_AGAIN_S = 0.2
"""How soon it is worth asking again while another process writes."""

_MOST_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class Turns:
    """Who writes, when what was written, and until when nobody may send anything."""

    written: tuple[float, ...] = ()
    """When the last writes ended, oldest first; one that is under way stands with its begin."""
    held_until: float = 0.0
    refusals: int = 0
    """How often in a row the forge refused us."""
    holder: str = ""
    """Who writes now; empty for nobody."""
    holder_until: float = 0.0

    def at(self, now: float) -> "Turns":
        """Return it for a clock that may have been set back: nothing was written later than now."""
        return replace(
            self,
            written=tuple(min(at, now) for at in self.written),
            held_until=min(self.held_until, now + LONGEST_WAIT_S),
            holder_until=min(self.holder_until, now + LEASE_S),
        )

    def free_at(self, holder: str, *, now: float) -> float:
        """Return when this writer may write or has to ask again; `now` or less for its turn."""
        allowed = max(self.held_until, self._next_write(now))
        if self.holder not in ("", holder) and self.holder_until > now:
            return max(allowed, min(self.holder_until, now + LOOK_AGAIN_S))
        return allowed

    def taken(self, holder: str, *, now: float, lease_s: float) -> "Turns":
        """Return it with a writer who has the turn, for as long as a lease at most."""
        return replace(
            self,
            # It counts from here on, so that a writer who dies with it is not forgotten.
            written=(*self.written, now)[-WRITES_PER_HOUR:],
            holder=holder,
            holder_until=now + lease_s,
        )

    def ended(self, holder: str, *, now: float) -> "Turns":
        """Return it with the turn given back; one that was taken over is not ours to give."""
        if self.holder != holder:
            return self
        return replace(self, written=(*self.written[:-1], now), holder="", holder_until=0.0)

    def held(self, told_s: float | None, *, now: float) -> "Turns":
        """Return it closed for as long as the forge told, or longer each time it told nothing."""
        refusals = self.refusals
        if told_s is None:
            told_s = UNTOLD_WAIT_S * 2**refusals
            refusals = min(refusals + 1, _MOST_REFUSALS)
        until = now + min(max(told_s, 1.0), LONGEST_WAIT_S)
        return replace(self, held_until=max(self.held_until, until), refusals=refusals)

    def served(self) -> "Turns":
        """Return it without earlier refusals: the forge serves us again."""
        return replace(self, refusals=0)

    def _next_write(self, now: float) -> float:
        """Return when all three limits allow the next write."""
        if not self.written:
            return 0.0
        earliest = self.written[-1] + SECONDS_BETWEEN_WRITES
        for count, window_s in ((WRITES_PER_MINUTE, 60.0), (WRITES_PER_HOUR, 3600.0)):
            if len(self.written) >= count:
                earliest = max(earliest, self.written[-count] + window_s)
        # A clock that was set back must not stop us for longer than the limits themselves.
        return min(earliest, now + LONGEST_WAIT_S)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How far the forge holds us back, for an operator: each figure of the worst installation."""

    wait_s: float = 0.0
    """For how long it wants no request."""
    refusals: int = 0
    """How often in a row it refused us."""
    writes: int = 0
    """In the last hour."""


def pacing_of(installations: Iterable[Turns], *, now: float) -> Pacing:
    """Return how far all installations are held back."""
    found = [turns.at(now) for turns in installations]
    return Pacing(
        max((max(0.0, turns.held_until - now) for turns in found), default=0.0),
        max((turns.refusals for turns in found), default=0),
        max((sum(now - at < 3600.0 for at in turns.written) for turns in found), default=0),
    )


class TurnStore(Protocol):
    """Where the turns of one installation are kept: in this process, or for all of them."""

    def look(self) -> tuple[Turns, float]:
        """Return the turns and the time; raises Retryable where the store does not answer."""
        ...

    def revise(self, change: Callable[[Turns, float], Turns]) -> tuple[Turns, float]:
        """Apply the change as one act; return what stands then, and the time it was given.

        Raises Retryable where the store does not answer.
        """
        ...
