"""What an operator is shown of the policy, and the one thing that may be done to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.event_log import PolicyVersion


@dataclass(frozen=True, slots=True)
class WeightShown:
    """The weight of one feature."""

    feature: str
    hand: float
    learned: float | None = None
    """None where nothing was learned."""


@dataclass(frozen=True, slots=True)
class CheckShown:
    """One condition of the gate."""

    name: str
    is_met: bool
    value: float | None
    """None for what is no number, such as the error of no rewards at all."""
    limit: float


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """One attempt at the gate, whether it succeeded or not."""

    candidate: str
    at: datetime
    is_promoted: bool
    why: tuple[str, ...]
    checks: tuple[CheckShown, ...]


class PolicyBoard(Protocol):
    """The policy, as an operator looks at it."""

    def versions(self) -> Sequence[PolicyVersion]:
        """Return all versions, the oldest first."""
        ...

    def weights(self) -> Sequence[WeightShown]:
        """Return the weights by feature: by hand, and those that were learned last."""
        ...

    def attempts(self) -> Sequence[AttemptShown]:
        """Return every attempt at the gate, the oldest first."""
        ...

    def roll_back(self, version: str) -> None:
        """Let what served before a version serve again; raises Refused for one that does not."""
        ...
