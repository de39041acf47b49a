"""A tool in whose place something recorded may answer; the loop weighs it as the tool itself."""

from dataclasses import dataclass

from bot.agent.state import State
from bot.agent.tool import Tool
from bot.policy.features import Features


@dataclass(frozen=True)
class StandIn:
    """All of a tool but its run, which is up to who stands in."""

    tool: Tool

    @property
    def name(self) -> str:
        return self.tool.name

    def is_eligible(self, state: State) -> bool:
        return self.tool.is_eligible(state)

    def features(self, state: State) -> Features:
        return self.tool.features(state)
