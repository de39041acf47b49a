"""A board of the policy over versions alone: the newest promoted one serves."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.event_log import PolicyStatus, PolicyVersion, PolicyVersions
from bot.domain.policy_board import AttemptShown, WeightShown
from bot.errors import Refused
from bot.policy.selection import HAND_WEIGHTS


@dataclass(frozen=True)
class FakePolicyBoard:
    """Implements `PolicyBoard`; nobody was at the gate."""

    stored: PolicyVersions

    def versions(self) -> Sequence[PolicyVersion]:
        return self.stored.all()

    def weights(self) -> Sequence[WeightShown]:
        return [WeightShown(feature, weight) for feature, weight in HAND_WEIGHTS.items()]

    def attempts(self) -> Sequence[AttemptShown]:
        return ()

    def roll_back(self, version: str) -> None:
        found = self.stored.find(version)
        if found is None or found.status is not PolicyStatus.PROMOTED:
            raise Refused(f"{version} does not serve")
        self.stored.mark(version, PolicyStatus.ROLLED_BACK)
        if found.parent is not None and self.stored.find(found.parent) is not None:
            self.stored.mark(found.parent, PolicyStatus.PROMOTED)
