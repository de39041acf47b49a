"""The gate: a candidate replaces the policy that serves only on evidence it was not trained on.

The gate splits the log itself, trains the candidate on the older pull requests through the function
it is handed, and judges it on the newer ones by the doubly robust difference. Nothing here takes a
policy and the log it came from. Every attempt leaves a record that says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from bot.policy.evaluation import Estimate, TargetPolicy, dr_difference
from bot.policy.holdout import HeldOut, Training, split
from bot.policy.rows import Rows
from bot.policy.vectors import Vector


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What has to hold before a policy is replaced."""

    z: float = 1.96
    """One-sided 97.5 %."""
    least_effect: float = 0.02
    """In rewards: a policy that is equal up to noise becomes significant on a long log."""
    least_effective: float = 50.0
    least_effective_share: float = 0.05
    least_rows: int = 600
    """Of the whole log."""
    most_unwanted_rise: float = 0.01
    most_shift: float = 0.25
    """Of the mean propensity of any one tool."""
    most_norm: float = 10.0
    least_pause: timedelta = timedelta(days=7)
    least_new_rewards: int = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy that asks to serve."""

    version: str
    target: TargetPolicy
    theta: Vector
    """Its weights, for the checks of their size and signs."""
    pinned: Mapping[int, int] = field(default_factory=dict)
    """By index into its weights: the sign that one may not leave."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The policy that serves now."""

    version: str
    target: TargetPolicy


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate: the value met the limit, or did not."""

    name: str
    is_met: bool
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class GateRecord:
    """One attempt, kept whether it succeeded or not."""

    candidate: str
    incumbent: str
    at: datetime
    rewards: int
    """On the whole log, at that time."""
    gain: Estimate
    checks: tuple[Check, ...]

    @property
    def is_promoted(self) -> bool:
        """Every check is met."""
        return all(check.is_met for check in self.checks)

    @property
    def why(self) -> tuple[str, ...]:
        """The failed checks, in words; of a promotion, what it gains."""
        failed = tuple(
            f"{check.name}: {check.value:.4g}, limit {check.limit:.4g}"
            for check in self.checks
            if not check.is_met
        )
        low, high = self.gain.interval()
        return failed or (f"gains {self.gain.value:.3f} ({low:.3f} to {high:.3f}) per reward",)


def too_soon(
    records: Sequence[GateRecord], *, at: datetime, rewards: int, settings: GateSettings
) -> str | None:
    """Return why no attempt may be made yet, or None: many attempts would find a lucky one."""
    if not records:
        return None
    last = max(records, key=lambda record: record.at)
    if at - last.at < settings.least_pause:
        return f"the last attempt was at {last.at.isoformat()}, less than 7 days ago"
    if rewards - last.rewards < settings.least_new_rewards:
        return f"{rewards - last.rewards} new rewards of {settings.least_new_rewards}"
    return None


def attempt(
    log: Rows,
    train: Callable[[Training], Candidate],
    incumbent: Incumbent,
    *,
    at: datetime,
    settings: GateSettings,
) -> GateRecord:
    """Train a candidate on the older half of the log, judge it on the newer, and say why."""
    halves = split(log)
    candidate = train(halves.training)
    held = halves.held_out
    if len(held.rows) == 0:
        gain = Estimate(0.0, float("inf"), 0.0, 0)
        empty = Check("rewards", is_met=False, value=0, limit=settings.least_rows)
        return GateRecord(candidate.version, incumbent.version, at, len(log), gain, (empty,))
    gain = dr_difference(candidate.target, incumbent.target, held)
    checks = (
        *_evidence(gain, len(log), settings),
        *_guards(candidate, incumbent, held, settings),
    )
    return GateRecord(candidate.version, incumbent.version, at, len(log), gain, checks)


def _evidence(gain: Estimate, rewards: int, settings: GateSettings) -> tuple[Check, ...]:
    bound = gain.value - settings.z * gain.error
    effective = max(settings.least_effective, settings.least_effective_share * gain.rows)
    return (
        Check("rewards", rewards >= settings.least_rows, rewards, settings.least_rows),
        Check("lower bound of the gain", bound > 0, bound, 0.0),
        Check("gain", gain.value >= settings.least_effect, gain.value, settings.least_effect),
        Check("effective rows", gain.effective >= effective, gain.effective, effective),
    )


def _guards(
    candidate: Candidate, incumbent: Incumbent, held: HeldOut, settings: GateSettings
) -> tuple[Check, ...]:
    unwanted = dr_difference(candidate.target, incumbent.target, held, of_unwanted=True).value
    shift = _largest_shift(candidate.target, incumbent.target, held)
    norm = float(np.linalg.norm(candidate.theta))
    flips = sum(bool(sign * candidate.theta[index] < 0) for index, sign in candidate.pinned.items())
    most = settings.most_unwanted_rise
    return (
        Check("rise of the not-useful rate", unwanted <= most, unwanted, most),
        Check("shift of a tool", shift <= settings.most_shift, shift, settings.most_shift),
        # A comparison with NaN is false, so weights that are not finite fail here.
        Check("size of the weights", norm <= settings.most_norm, norm, settings.most_norm),
        Check("flipped signs", flips == 0, flips, 0),
    )


def _largest_shift(target: TargetPolicy, other: TargetPolicy, held: HeldOut) -> float:
    """Return the largest change of a tool's mean propensity."""
    rows = held.rows
    change = target(rows) - other(rows)
    names, which = np.unique(rows.tools[rows.mask], return_inverse=True)
    sums = np.bincount(which, weights=change[rows.mask], minlength=len(names))
    return float(np.abs(sums).max() / len(rows)) if len(names) else 0.0
