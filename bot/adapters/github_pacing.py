"""When a request to the forge may go out: one write at a time, never faster than GitHub asks.

GitHub wants writes one after the other and a second apart, at most 80 a minute and 500 an hour that
make content, and everybody to wait who was told to (docs.github.com, best practices for the REST
API). Short waits are slept here; a long one is an error that says until when, so that a job waits
in the queue and not on a worker's slot.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from bot.domain.forge import ForgeUnavailable

SECONDS_BETWEEN_WRITES = 1.0
WRITES_PER_MINUTE = 80
WRITES_PER_HOUR = 500
LONGEST_SLEEP_S = 20.0
"""What is worth holding a worker for."""
UNTOLD_WAIT_S = 60.0
"""GitHub's least where it refuses and names no time; doubled every time it does so again."""
LONGEST_WAIT_S = 3600.0


class Pacer:
    """The turns of one installation or token; every client of it shares one, over all threads."""

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._writing = threading.Lock()
        self._written: deque[float] = deque(maxlen=WRITES_PER_HOUR)
        self._held_until = 0.0
        self._refusals = 0

    @contextmanager
    def read(self) -> Iterator[None]:
        """Wait until reading is allowed; raises ForgeUnavailable where that takes long."""
        self._wait(self._held_until)
        yield

    @contextmanager
    def write(self) -> Iterator[None]:
        """Wait for the turn to write and hold it; raises ForgeUnavailable where that takes long."""
        with self._writing:
            self._wait(max(self._held_until, self._next_write()))
            try:
                yield
            finally:
                self._written.append(self._now())

    def hold(self, told_s: float | None) -> None:
        """Let nothing out for as long as the forge told, or longer each time it told nothing."""
        if told_s is None:
            told_s = UNTOLD_WAIT_S * 2**self._refusals
            self._refusals = min(self._refusals + 1, 10)
        wait = min(max(told_s, 1.0), LONGEST_WAIT_S)
        self._held_until = max(self._held_until, self._now() + wait)

    def answered(self) -> None:
        """Forget earlier refusals: the forge serves us again."""
        self._refusals = 0

    def pause(self, seconds: float) -> None:
        """Sleep a little before the same read is tried again."""
        self._sleep(seconds)

    def seconds_until(self, epoch_s: float) -> float:
        """Return how long it is until a time that the forge named."""
        return max(0.0, epoch_s - self._now())

    def _next_write(self) -> float:
        """Return when all three limits allow the next write."""
        if not self._written:
            return 0.0
        earliest = self._written[-1] + SECONDS_BETWEEN_WRITES
        for count, window_s in ((WRITES_PER_MINUTE, 60.0), (WRITES_PER_HOUR, 3600.0)):
            if len(self._written) >= count:
                earliest = max(earliest, self._written[-count] + window_s)
        # A clock that was set back must not stop us for longer than the limits themselves.
        return min(earliest, self._now() + LONGEST_WAIT_S)

    def _wait(self, until: float) -> None:
        seconds = until - self._now()
        if seconds > LONGEST_SLEEP_S:
            at = datetime.fromtimestamp(until, UTC)
            raise ForgeUnavailable(f"GitHub wants us to wait until {at:%H:%M:%S} UTC", retry_at=at)
        if seconds > 0:
            self._sleep(seconds)
