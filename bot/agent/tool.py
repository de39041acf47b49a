"""What the loop asks of a tool. A new one is one file in `tools/` and one line in wiring."""

from typing import Protocol

from bot.agent.state import Observation, State
from bot.policy.features import Features


class Tool(Protocol):
    """An action of the paper: it says when it applies, what it promises, and does it."""

    @property
    def name(self) -> str:
        """One word; the decision log and the verdict use it."""
        ...

    def is_eligible(self, state: State) -> bool:
        """Tell whether running the tool now could change the state."""
        ...

    def features(self, state: State) -> Features:
        """Return f(t, s) without doing any work."""
        ...

    def run(self, state: State) -> Observation:
        """Do the work; what it could not look at is a limit in the observation, not an error."""
        ...
