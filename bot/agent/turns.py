"""Whose turn it is to mend a finding that more than one tool could mend.

Who goes first may be drawn, and chance takes nothing away: what the first one does not mend is the
others' turn, and where the run gets short of time or steps nobody waits for anybody.
"""

from collections.abc import Callable, Collection, Mapping

from bot.agent.state import State
from bot.domain.findings import Finding

PRESSED = 0.5
"""Of the seconds of a run: with fewer left, the best tool goes first."""
LEAST_STEPS = 12
"""With fewer steps left, too: to wait for another tool costs up to three."""

Turns = Callable[[State, Collection[str]], Mapping[str, str]]
"""Says by fingerprint who goes first, of the tools of a run; of new ones only."""


def nobody_waits(_state: State, _tools: Collection[str]) -> Mapping[str, str]:
    """Leave every finding to the tool that comes to it first."""
    return {}


def is_pressed(state: State) -> bool:
    """Tell whether there is too little time left to draw anything."""
    return state.seconds_left < PRESSED * state.config.budget.seconds


def is_put_off(state: State, finding: Finding, tool: str) -> bool:
    """Tell whether a tool has to wait, because another one goes first and may still."""
    first = state.first.get(finding.fingerprint, tool)
    is_short = is_pressed(state) or state.steps_left < LEAST_STEPS
    return first != tool and first not in state.tools_run and not is_short
