"""`finish`: the reference of the policy; nothing else is worth its cost any more."""

from bot.agent.state import Observation, State
from bot.policy.features import Features


class Finish:
    """Always eligible, U = 0."""

    name = "finish"

    def is_eligible(self, state: State) -> bool:  # noqa: ARG002 - the port's signature
        return True

    def features(self, state: State) -> Features:  # noqa: ARG002 - the port's signature
        return {}

    def run(self, state: State) -> Observation:
        unseen = len(state.unseen)
        seen = f"{len(state.hunks) - unseen} of {len(state.hunks)} hunks seen"
        return Observation(f"findings: {len(state.findings)}; {seen}", is_final=True)
