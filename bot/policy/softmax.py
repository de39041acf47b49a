"""pi(a | s): the softmax of utilities with a floor, and its gradient.

P = softmax(U / tau) over the eligible tools, pi = (1 - eps) P + eps / K, so every eligible tool
keeps a probability of at least eps / K, and can be evaluated from the log and recover from a run of
bad luck. The floor changes the gradient: grad log pi(a) = ((1 - eps) P(a) / pi(a)) grad log P(a).
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from bot.policy.vectors import Mask, Matrix, Vector

_DRAW_BITS = 53
"""What a float holds exactly."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How sharply the policy prefers, and how much it keeps for every eligible tool."""

    temperature: float
    """tau, in units of utility."""
    floor: float
    """eps, spread evenly over the eligible tools."""

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and 0 <= self.floor < 1):
            raise ValueError(f"no policy has temperature {self.temperature}, floor {self.floor}")


SERVING = Shape(temperature=0.03, floor=0.01)
"""Of the critic: it decides."""
ACTING = Shape(temperature=0.25, floor=0.01)
"""Of the actor, the paper's equation 5."""


def softmax(utilities: Matrix, mask: Mask, temperature: float) -> Matrix:
    """Return P along the last axis; what the mask leaves out has probability 0."""
    scaled = np.where(mask, utilities / temperature, -np.inf)
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    weights = np.exp(scaled)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def with_floor(preferred: Matrix, mask: Mask, floor: float) -> Matrix:
    """Return pi along the last axis: P mixed with the even choice over the eligible tools."""
    even = mask / mask.sum(axis=-1, keepdims=True)
    return np.asarray((1.0 - floor) * preferred + floor * even)


def propensities(utilities: Vector, shape: Shape) -> Vector:
    """Return pi for one decision, in which every utility is of an eligible tool."""
    weights = np.exp((utilities - utilities.max()) / shape.temperature)
    share = (1.0 - shape.floor) / weights.sum()
    return np.asarray(weights * share + shape.floor / len(weights))


def score(features: Matrix, chosen: int, theta: Vector, shape: Shape) -> Vector:
    """Return grad_theta log pi(chosen) for U = F theta, one decision."""
    utilities = features @ theta
    everyone = np.ones(len(utilities), dtype=bool)
    preferred = softmax(utilities, everyone, shape.temperature)
    probability = with_floor(preferred, everyone, shape.floor)[chosen]
    share = (1.0 - shape.floor) * preferred[chosen] / probability
    return np.asarray(share * (features[chosen] - preferred @ features) / shape.temperature)


def draw(decision_id: str, policy_version: str) -> float:
    """Return the number in [0, 1) that decides: a function of the two, on every platform.

    One decision needs one number, so the digest is used as it is, and seeds nothing.
    """
    digest = hashlib.sha256(f"{decision_id}\n{policy_version}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - _DRAW_BITS)) / float(1 << _DRAW_BITS)


def sampled(probabilities: Vector, drawn: float) -> int:
    """Return the index whose share of [0, 1) holds the number; never one of probability 0."""
    edges = np.cumsum(probabilities)
    index = int(np.searchsorted(edges, drawn * edges[-1], side="right"))
    return min(index, int(np.flatnonzero(probabilities)[-1]))
