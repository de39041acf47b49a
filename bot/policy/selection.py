"""Which tool next: U(t, s) = sum_j w_j f_j(t, s), Algorithm 1 of the paper, and its greedy choice.

The hand-set weights are the default of every mode. They say: look before you think, think before
you fix, prove what you fixed, and prefer the cheaper tool where two would help alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.policy.features import Features

HAND_WEIGHTS: Mapping[str, float] = {
    "unseen": 3.0,
    "evidence": 2.0,
    "red_tests": 2.5,
    "unlocated": 1.5,
    "fixable": 6.0,
    "unproved": 3.0,
    "unread": 1.5,
    "unjudged": 5.0,
    "seconds": -2.5,
    "repeat": -2.0,
}
VERSION = "hand-2"
DRAWN = "-sampled"
"""At the end of the version of hand weights that a choice was drawn by."""


def is_drawn(version: str) -> bool:
    """Tell whether choices of a version of tool weights are drawn: learned ones always are."""
    return version.endswith(DRAWN) or not version.startswith("hand-")


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision of the policy, with everything needed to explain or replay it."""

    tool: str
    utilities: Mapping[str, float]
    """By eligible tool."""
    contributions: Mapping[str, Mapping[str, float]]
    """By eligible tool: w_j f_j by feature; they sum to its utility."""
    propensities: Mapping[str, float]
    """The probability with which each eligible tool was picked; 1 for a greedy choice."""
    policy_version: str


def contributions(weights: Features, features: Features) -> dict[str, float]:
    """Return w_j f_j by feature; a feature without a weight contributes nothing."""
    return {name: weights.get(name, 0.0) * value for name, value in sorted(features.items())}


def utility(weights: Features, features: Features) -> float:
    """U(t, s) = sum_j w_j f_j(t, s), Algorithm 1 of the paper."""
    return sum(contributions(weights, features).values())


@dataclass(frozen=True, slots=True)
class Greedy:
    """The paper's argmax; ties go to the tool that comes first by name, so a run is repeatable."""

    weights: Features
    version: str = VERSION

    def pick(self, eligible: Mapping[str, Features]) -> Choice:
        """Return the eligible tool of greatest utility; `eligible` is not empty."""
        shares = {tool: contributions(self.weights, f) for tool, f in eligible.items()}
        utilities = {tool: sum(parts.values()) for tool, parts in shares.items()}
        tool = min(utilities, key=lambda name: (-utilities[name], name))
        certain = {name: float(name == tool) for name in utilities}
        return Choice(tool, utilities, shares, certain, self.version)
