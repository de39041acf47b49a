"""The policy as an operator looks at it, and takes it back, with a note of why."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.event_log import PolicyUnreadable, PolicyVersion
from bot.domain.policy_board import AttemptShown, CheckShown, WeightShown
from bot.policy.choosing import PLACES
from bot.policy.journal import Trained, Tried
from bot.policy.placing import HAND_WEIGHTS
from bot.policy.school import School
from bot.policy.standing import weights_of
from bot.policy.vectors import hand_weights
from bot.policy.weights import WeightsUnreadable, read_weights


@dataclass(frozen=True)
class SchoolBoard:
    """Implements `PolicyBoard`."""

    school: School

    def versions(self) -> Sequence[PolicyVersion]:
        """Return all versions, the oldest first."""
        return self.school.policies.all()

    def weights(self) -> Sequence[WeightShown]:
        """Return the weights of where findings go: by hand, and as they were trained last."""
        notes = self.school.readable_notes().found
        trained = [note for note in notes if isinstance(note, Trained)]
        try:
            stored = self.school.policies.find(trained[-1].version) if trained else None
            found = weights_of(read_weights(stored.theta, PLACES)) if stored is not None else ()
        except (WeightsUnreadable, PolicyUnreadable):
            found = ()  # an older version's features are other ones
        if found:
            return [WeightShown(each.feature, each.hand, each.learned) for each in found]
        hand = hand_weights(PLACES, HAND_WEIGHTS).tolist()
        return [WeightShown(name, weight) for name, weight in zip(PLACES.names, hand, strict=True)]

    def attempts(self) -> Sequence[AttemptShown]:
        """Return every attempt at the gate, the oldest first."""
        return [
            AttemptShown(
                note.candidate,
                note.at,
                note.is_promoted,
                note.why,
                tuple(CheckShown(c.name, c.is_met, c.value, c.limit) for c in note.checks),
            )
            for note in self.school.readable_notes().found
            if isinstance(note, Tried)
        ]

    def roll_back(self, version: str) -> None:
        """Let what served before a version serve again; raises Refused for one that does not."""
        self.school.take_back(version, "asked for on the dashboard", by="operator")
