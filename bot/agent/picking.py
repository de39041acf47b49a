"""Choosing a tool by chance, where chance can take nothing away from a review.

Only the order is drawn: of the tools that the hand weights want now or wanted before, one goes
first, and `finish` has its turn when none is left. So what is logged has propensities, and a
review looks at the same things as a greedy one. Who is short of time picks greedily.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.agent.loop import Pick
from bot.agent.state import State
from bot.agent.tools.autofix import Autofix, waits_for_all
from bot.agent.tools.critique import Critique
from bot.agent.tools.reproduce import Reproduce
from bot.agent.tools.review import Review
from bot.agent.tools.rewrite import Rewrite
from bot.agent.turns import is_pressed
from bot.domain.identity import decision_id
from bot.domain.ledger import RunId
from bot.policy.features import Features
from bot.policy.selection import HAND_WEIGHTS, Choice, utility

FINISH = "finish"
GOES_AFTER: Mapping[str, Collection[str]] = {
    "critique": ("reproduce",),
    "repair": ("bisect",),
    "rewrite": ("autofix", "bisect", "repair", "reproduce", "verify"),
}
"""What takes another tool's work away when it goes first: a mended finding is not located, and one
that was dropped is not shown by a test."""


class Sampler(Protocol):
    """Draws a tool; the same decision gets the same draw."""

    def pick(self, eligible: Mapping[str, Features], *, decision_id: str, repo: str) -> Choice:
        """Return the choice with everything that explains it; `eligible` is not empty."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """How one run picks its tools."""

    sampler: Sampler
    run_id: RunId
    repo: str
    greedy: Pick

    def pick(self, state: State, eligible: Mapping[str, Features]) -> Choice:
        """Return a sampled choice among what is needed; a resumed step gets the same."""
        if is_pressed(state):
            return self.greedy(state, eligible)
        name = decision_id(self.run_id, len(state.decisions) + 1)
        return self.sampler.pick(candidates(state, eligible), decision_id=name, repo=self.repo)


def candidates(state: State, eligible: Mapping[str, Features]) -> dict[str, Features]:
    """Return the tools that may go next; `finish` alone where no other one is needed."""
    needed = {
        tool: features
        for tool, features in eligible.items()
        if tool != FINISH and (utility(HAND_WEIGHTS, features) > 0 or _is_owed(state, tool))
    }
    free = {t: f for t, f in needed.items() if not _waits_for(state, t, needed)}
    return free or {FINISH: eligible[FINISH]}


def _waits_for(state: State, tool: str, needed: Collection[str]) -> set[str]:
    """Return the needed tools that go before one; who lets another mend first waits for all."""
    before = set(GOES_AFTER.get(tool, ()))
    if waits_for_all(state):
        if tool == Autofix.name:
            before = set(needed)
        elif tool == Rewrite.name:
            # What it spends more than usual is not to be missed where a model only reads.
            before |= {Review.name, Critique.name, Reproduce.name}
        before -= {Autofix.name}
    return before & set(needed)


def _is_owed(state: State, tool: str) -> bool:
    """Tell whether a tool was needed before, and others that went first made it look needless."""
    was_needed = any(decision.eligible.get(tool) for decision in state.decisions)
    return was_needed and tool not in state.tools_run
