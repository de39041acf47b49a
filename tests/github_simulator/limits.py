"""Rate limits: the primary one, and the secondary ones on what creates content."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tests.github_simulator.clock import SimulatorClock
from tests.github_simulator.exchange import ApiError

_WINDOW_S = 3600.0


@dataclass(slots=True)
class _Account:
    """What one installation has used."""

    reset_at: float
    used: int = 0
    writes: deque[float] = field(default_factory=deque)


class Limits:
    """Counts per installation. A test may change every number before it begins."""

    def __init__(self, clock: SimulatorClock) -> None:
        self.per_hour = 5_000
        self.writes_per_minute = 80
        self.writes_per_hour = 500
        self.min_write_gap_s: float | None = None
        """Set it, and writes that begin sooner after the last, or beside it, are recorded."""
        self.violations: list[str] = []
        self._clock = clock
        self._accounts: dict[str, _Account] = {}
        self._guard = threading.Lock()
        self._writing: list[str] = []
        self._last_write = float("-inf")

    def charge(self, who: str) -> None:
        """Count one request, or raise 403 where none is left."""
        with self._guard:
            account = self._account(who)
            if account.used >= self.per_hour:
                message = f"API rate limit exceeded for installation ID {who}."
                raise ApiError(403, message, headers=self._headers(account))
            account.used += 1

    def refund(self, who: str) -> None:
        """Give back what an answer of 304 does not cost."""
        with self._guard:
            self._account(who).used -= 1

    def headers(self, who: str) -> dict[str, str]:
        """Return the headers of an answer."""
        with self._guard:
            return self._headers(self._account(who))

    def overview(self, who: str) -> Mapping[str, int]:
        """Return what `GET /rate_limit` says."""
        with self._guard:
            account = self._account(who)
            return {
                "limit": self.per_hour,
                "used": account.used,
                "remaining": max(0, self.per_hour - account.used),
                "reset": int(account.reset_at),
            }

    def charge_write(self, who: str) -> None:
        """Count one write, or raise 403 with Retry-After where there were too many."""
        with self._guard:
            writes, now = self._account(who).writes, self._clock.seconds()
            while writes and writes[0] <= now - _WINDOW_S:
                writes.popleft()
            lately = sum(at > now - 60 for at in writes)
            if lately >= self.writes_per_minute or len(writes) >= self.writes_per_hour:
                message = (
                    "You have exceeded a secondary rate limit and have been temporarily blocked "
                    "from content creation. Please retry your request again later."
                )
                raise ApiError(403, message, headers={"Retry-After": "60"})
            writes.append(now)

    def write_begins(self, name: str) -> None:
        """Note a write, and what it does to the pace that GitHub asks for."""
        with self._guard:
            now = time.monotonic()
            if self.min_write_gap_s is not None:
                if self._writing:
                    self.violations.append(f"{name} began beside {self._writing[0]}")
                elif now - self._last_write < self.min_write_gap_s:
                    gap = now - self._last_write
                    self.violations.append(f"{name} began {gap:.2f} s after the last write")
            self._writing.append(name)
            self._last_write = now

    def write_ends(self, name: str) -> None:
        with self._guard, suppress(ValueError):
            self._writing.remove(name)

    def _account(self, who: str) -> _Account:
        now = self._clock.seconds()
        account = self._accounts.get(who)
        if account is None:
            account = self._accounts[who] = _Account(now + _WINDOW_S)
        elif account.reset_at <= now:
            account.used, account.reset_at = 0, now + _WINDOW_S
        return account

    def _headers(self, account: _Account) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.per_hour),
            "X-RateLimit-Remaining": str(max(0, self.per_hour - account.used)),
            "X-RateLimit-Reset": str(int(account.reset_at)),
            "X-RateLimit-Used": str(account.used),
            "X-RateLimit-Resource": "core",
        }
