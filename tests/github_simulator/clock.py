"""A clock that runs like the real one until a test moves it."""

import threading
import time
from datetime import UTC, datetime, timedelta


class SimulatorClock:
    """GitHub's time; `advance` makes tokens old and limits whole again."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._guard = threading.Lock()

    def seconds(self) -> float:
        """Return seconds since the epoch."""
        with self._guard:
            return time.time() + self._offset

    def now(self) -> datetime:
        """Return the time, to the second, as GitHub writes it."""
        return datetime.fromtimestamp(self.seconds(), UTC).replace(microsecond=0)

    def stamp(self) -> str:
        """Return the time as `2026-10-01T12:00:00Z`."""
        return stamp(self.now())

    def advance(self, **span: float) -> None:
        """Let time pass: `advance(minutes=61)`."""
        with self._guard:
            self._offset += timedelta(**span).total_seconds()


def stamp(moment: datetime) -> str:
    """Return a moment in the form of GitHub's JSON."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
