"""When a request to the forge may go out: one write at a time, never faster than GitHub asks.

`domain.turns` has the limits. Short waits are slept here; a long one is an error that says until
when, so that a job waits in the queue and not on a worker's slot. The turns are kept in this
process, or in the database of the App, where all of its processes share them.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from bot.domain.forge import ForgeUnavailable
from bot.domain.turns import LEASE_S, Turns, TurnStore
from bot.errors import Retryable

LONGEST_SLEEP_S = 20.0
"""What is worth holding a worker for."""


class LocalTurns:
    """Implements `TurnStore` for one process."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._turns = Turns()
        self._lock = threading.Lock()

    def look(self) -> tuple[Turns, float]:
        return self._turns, self._now()

    def revise(self, change: Callable[[Turns, float], Turns]) -> tuple[Turns, float]:
        with self._lock:
            now = self._now()
            self._turns = change(self._turns, now)
            return self._turns, now


class Pacer:
    """The turns of one installation or token; every client of it in this process shares one."""

    def __init__(
        self,
        store: TurnStore | None = None,
        sleep: Callable[[float], None] = time.sleep,
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        self._store = store or LocalTurns()
        self._sleep = sleep
        self._lease_s = lease_s
        self._writing = threading.Lock()
        self._is_refused = False

    @contextmanager
    def read(self) -> Iterator[None]:
        """Wait until reading is allowed; raises ForgeUnavailable where that takes long.

        Raises Retryable where the turns cannot be looked up, and so does writing.
        """
        turns, now = self._store.look()
        self._wait(turns.held_until, now=now, since=now)
        yield

    @contextmanager
    def write(self) -> Iterator[None]:
        """Wait for the turn to write and hold it; raises ForgeUnavailable where that takes long."""
        # Threads queue here, so that only processes have to ask the store again and again.
        with self._writing:
            holder = secrets.token_hex(8)
            self._take(holder)
            try:
                yield
            finally:
                # The write has its answer; a turn that cannot be given back ends with its lease.
                with suppress(Retryable):
                    self._store.revise(lambda turns, now: turns.ended(holder, now=now))

    def hold(self, told_s: float | None) -> None:
        """Let nothing out for as long as the forge told, or longer each time it told nothing."""
        self._is_refused = True
        self._store.revise(lambda turns, now: turns.held(told_s, now=now))

    def answered(self) -> None:
        """Forget earlier refusals: the forge serves us again."""
        if self._is_refused:
            self._store.revise(lambda turns, _now: turns.served())
            self._is_refused = False

    def pause(self, seconds: float) -> None:
        """Sleep a little before the same read is tried again."""
        self._sleep(seconds)

    def seconds_until(self, epoch_s: float) -> float:
        """Return how long it is until a time that the forge named."""
        _, now = self._store.look()
        return max(0.0, epoch_s - now)

    def _take(self, holder: str) -> None:
        """Return once the turn is ours."""

        def take(turns: Turns, now: float) -> Turns:
            turns = turns.at(now)
            if turns.free_at(holder, now=now) > now:
                return turns
            return turns.taken(holder, now=now, lease_s=self._lease_s)

        turns, now = self._store.revise(take)
        since = now
        while turns.holder != holder:
            self._wait(turns.free_at(holder, now=now), now=now, since=since)
            turns, now = self._store.revise(take)

    def _wait(self, until: float, *, now: float, since: float) -> None:
        """Sleep, unless all the waiting since then is longer than a worker should be held."""
        if until - since > LONGEST_SLEEP_S:
            at = datetime.fromtimestamp(until, UTC)
            raise ForgeUnavailable(f"GitHub wants us to wait until {at:%H:%M:%S} UTC", retry_at=at)
        if until > now:
            self._sleep(until - now)
