"""The policy as the versions in the ledger tell of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.event_log import PolicyVersion, PolicyVersions
from bot.domain.policy_board import AttemptShown, WeightShown
from bot.domain.rollback import roll_back
from bot.policy.selection import HAND_WEIGHTS


@dataclass(frozen=True)
class StoredPolicies:
    """Implements `PolicyBoard`; a ledger with versions alone has no attempts to show."""

    stored: PolicyVersions

    def versions(self) -> Sequence[PolicyVersion]:
        return self.stored.all()

    def weights(self) -> Sequence[WeightShown]:
        return [WeightShown(feature, weight) for feature, weight in HAND_WEIGHTS.items()]

    def attempts(self) -> Sequence[AttemptShown]:
        return ()

    def roll_back(self, version: str) -> None:
        roll_back(self.stored, version)
