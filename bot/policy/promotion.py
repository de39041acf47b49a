"""Who serves: versions with their bytes, a week at a fifth of the traffic, and the way back.

A version is never changed. A promotion needs the gate's record; a rollback serves the parent's very
bytes again.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.errors import Refused
from bot.policy.gate import GateRecord

TRIAL = timedelta(days=7)
TRIAL_SHARE = 0.2


class NotPromoted(Refused):
    """A version may not serve, or there is none to go back to."""


class Status(Enum):
    """What became of a version."""

    SERVING = "serving"
    REPLACED = "replaced"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """Weights that serve or served."""

    version: str
    parent: str | None
    blob: bytes
    promoted_at: datetime
    status: Status
    record: GateRecord | None
    """Why it was promoted; None of the hand weights, which came first."""
    reason: str = ""
    """Why it was rolled back."""


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions, the oldest first; exactly one serves."""

    known: tuple[PolicyVersion, ...]

    @property
    def serving(self) -> PolicyVersion:
        """The newest version that serves."""
        return next(each for each in self.known if each.status is Status.SERVING)

    @property
    def parent(self) -> PolicyVersion | None:
        """The version before it."""
        name = self.serving.parent
        found = [each for each in self.known if each.version == name]
        return found[-1] if found else None

    def promoted(self, blob: bytes, record: GateRecord) -> "Versions":
        """Return the versions with a new one serving; raises NotPromoted without evidence."""
        if not record.is_promoted:
            raise NotPromoted(f"{record.candidate} did not pass: {'; '.join(record.why)}")
        before = self.serving
        if record.incumbent != before.version:
            raise NotPromoted(f"{record.candidate} was judged against {record.incumbent}")
        if any(each.version == record.candidate for each in self.known):
            raise NotPromoted(f"{record.candidate} has been promoted before")
        after = PolicyVersion(
            record.candidate, before.version, blob, record.at, Status.SERVING, record
        )
        return Versions((*self._with(before, Status.REPLACED), after))

    def rolled_back(self, reason: str) -> "Versions":
        """Return the versions with the parent serving again, byte for byte."""
        parent = self.parent
        if parent is None:
            raise NotPromoted(f"{self.serving.version} has no parent to go back to")
        known = self._with(self.serving, Status.ROLLED_BACK, reason)
        restored = replace(parent, status=Status.SERVING)
        return Versions(tuple(restored if each == parent else each for each in known))

    def for_pull_request(self, pull_request: str, *, at: datetime) -> PolicyVersion:
        """Return who decides: in its first week a new version has a fifth of the pull requests."""
        serving, parent = self.serving, self.parent
        if parent is None or at - serving.promoted_at >= TRIAL:
            return serving
        digest = hashlib.sha256(f"{serving.version}\n{pull_request}".encode()).digest()
        is_tried = int.from_bytes(digest[:8], "big") < TRIAL_SHARE * 2**64
        return serving if is_tried else parent

    def _with(
        self, changed: PolicyVersion, status: Status, reason: str = ""
    ) -> tuple[PolicyVersion, ...]:
        after = replace(changed, status=status, reason=reason)
        return tuple(after if each == changed else each for each in self.known)


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the decisions of one version."""

    rewards: int
    total: float
    squares: float
    unwanted: int
    runs: int
    broken: int
    """Runs in which a test that passed failed after the patch."""

    @property
    def mean(self) -> float:
        """The mean reward; 0 of none."""
        return self.total / self.rewards if self.rewards else 0.0

    @property
    def error(self) -> float:
        """Its standard error."""
        if self.rewards < 2:
            return math.inf
        spread = max(0.0, self.squares - self.rewards * self.mean**2) / (self.rewards - 1)
        return math.sqrt(spread / self.rewards)


def wilson(hits: int, count: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval of a share; the whole unit interval of nothing."""
    if count == 0:
        return 0.0, 1.0
    share, square = hits / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    inner = share * (1 - share) / count + square / (4 * count * count)
    half = z * math.sqrt(inner) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def reason_to_roll_back(new: Record, old: Record, *, least: int = 20) -> str | None:
    """Return why the new version has to go, or None; `least` rewards or runs say something."""
    low, _ = wilson(new.unwanted, new.rewards)
    _, high = wilson(old.unwanted, old.rewards)
    if low > high:
        return f"not useful in at least {low:.1%}, before in at most {high:.1%}"
    error = math.hypot(new.error, old.error)
    if new.rewards >= least and new.mean < old.mean - 2 * error:
        return f"mean reward {new.mean:.3f}, before {old.mean:.3f}, error {error:.3f}"
    if new.runs >= least and old.runs and new.broken > 1:
        now, then = new.broken / new.runs, old.broken / old.runs
        if now >= 2 * then:
            return f"broke tests in {now:.1%} of runs, before in {then:.1%}"
    return None
