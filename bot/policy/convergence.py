"""Where the actor stands: a report, never a reason to stop.

That the step sizes satisfy a theorem is no evidence: a rate of .02 / t satisfies Robbins and Monro
and does not move. So three things are watched on rewards that the step had not seen.
"""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from bot.policy.vectors import Vector

_BLEND = 0.1


class Phase(Enum):
    """What the last rewards say."""

    WARMING = "warming"
    CONVERGING = "converging"
    CONVERGED = "converged"
    DRIFTING = "drifting"


@dataclass(frozen=True, slots=True)
class ConvergenceSettings:
    """The limits of the report."""

    window: int = 500
    """Rewards."""
    slope: float = 1e-2
    """|mean gradient| / (1 + |theta|)."""
    step: float = 1e-3
    """|delta theta| of one batch."""
    kl: float = 1e-3


@dataclass(frozen=True, slots=True)
class Convergence:
    """Moving averages over batches, each gradient taken before its own batch was learned."""

    gradient: Vector
    rewards: int = 0
    step: float = 0.0
    kl: float = 0.0

    @classmethod
    def none(cls, size: int) -> "Convergence":
        """Return the report of no batch."""
        return cls(np.zeros(size))

    def after(self, rewards: int, gradient: Vector, *, step: float, kl: float) -> "Convergence":
        """Return the report with one batch more."""
        blend = _BLEND if self.rewards else 1.0
        return replace(
            self,
            gradient=(1 - blend) * self.gradient + blend * gradient,
            rewards=self.rewards + rewards,
            step=(1 - blend) * self.step + blend * step,
            kl=(1 - blend) * self.kl + blend * kl,
        )

    def phase(self, theta: Vector, settings: ConvergenceSettings, *, since_alarm: int) -> Phase:
        """Return what to print; `since_alarm` counts the rewards after the last drift alarm."""
        if self.rewards < settings.window:
            return Phase.WARMING
        if since_alarm < min(settings.window, self.rewards):
            return Phase.DRIFTING
        slope = float(np.linalg.norm(self.gradient) / (1 + np.linalg.norm(theta)))
        is_still = slope < settings.slope and self.step < settings.step and self.kl < settings.kl
        return Phase.CONVERGED if is_still else Phase.CONVERGING
