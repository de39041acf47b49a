"""The actor: theta <- theta + eta grad J, the paper's equation 5, with what makes it sound.

J is the reward of the softmax policy on the log, by importance weights, plus entropy, minus the
distance from the hand weights. The weight is cut by an indicator, iw 1[iw < c], because min(iw, c)
has a gradient of zero wherever it cuts. The weight is of one decision, not of a whole trajectory:
exact where an episode has one decision, biased where it has more. AMSGrad and not Adam: Adam can
run to the worst point (Reddi et al. 2018; a test shows it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bot.policy.rows import Rows
from bot.policy.softmax import ACTING, Shape, softmax, with_floor
from bot.policy.vectors import Layout, Matrix, Vector


@dataclass(frozen=True, slots=True)
class ActorSettings:
    """The step and its limits."""

    shape: Shape = ACTING
    rate: float = 0.03
    """eta."""
    first_decay: float = 0.9
    second_decay: float = 0.999
    tiny: float = 1e-8
    most_weight: float = 10.0
    """Rows with a larger importance weight do not count."""
    entropy: float = 0.001
    pull: float = 0.001
    """Toward the hand weights."""
    most_step: float = 0.15
    """In the Euclidean norm."""
    most_kl: float = 0.02
    """Mean KL(old || new) on the batch."""
    most_halvings: int = 10
    most_norm: float = 10.0
    """Of theta."""
    pinned: Mapping[str, int] = field(default_factory=lambda: {"seconds": -1, "repeat": -1})
    """By feature: the sign that its weight may not leave."""


@dataclass(frozen=True, slots=True)
class Moments:
    """AMSGrad's memory."""

    first: Vector
    second: Vector
    largest: Vector
    steps: int = 0

    @classmethod
    def none(cls, size: int) -> "Moments":
        """Return the memory of no step."""
        return cls(np.zeros(size), np.zeros(size), np.zeros(size))


@dataclass(frozen=True, slots=True)
class Actor:
    """theta, and what its optimiser remembers."""

    theta: Vector
    hand: Vector
    moments: Moments

    @classmethod
    def at(cls, hand: Vector) -> "Actor":
        """Return the actor before its first step: the hand weights."""
        return cls(hand.copy(), hand, Moments.none(len(hand)))

    def gradient(self, rows: Rows, baseline: Vector, settings: ActorSettings) -> Vector:
        """Return grad J at theta; the baseline is the critic's value of each row's state."""
        shape, theta = settings.shape, self.theta
        preferred = softmax(rows.features @ theta, rows.mask, shape.temperature)
        policy = with_floor(preferred, rows.mask, shape.floor)
        weight = rows.of_chosen(policy) / rows.propensities
        gain = rows.confidence * weight * (weight < settings.most_weight)
        gain = gain * (rows.rewards - baseline)
        share = (1 - shape.floor) * rows.of_chosen(preferred) / rows.of_chosen(policy)
        chosen = rows.features[np.arange(len(rows)), rows.chosen]
        expected = np.einsum("nk,nkd->nd", preferred, rows.features)
        toward = (gain * share / shape.temperature) @ (chosen - expected) / len(rows)
        spread = entropy_gradient(rows.features, preferred, policy, shape).mean(axis=0)
        return np.asarray(
            toward + settings.entropy * spread - 2 * settings.pull * (theta - self.hand)
        )

    def after(
        self, rows: Rows, gradient: Vector, settings: ActorSettings, *, layout: Layout
    ) -> "Actor":
        """Return the actor after one bounded step along the gradient of a batch."""
        moments, step = amsgrad(self.moments, gradient, settings)
        length = float(np.linalg.norm(step))
        if length > settings.most_step:
            step = step * (settings.most_step / length)
        before = rows.probabilities(self.theta, settings.shape)
        for halvings in range(settings.most_halvings + 1):
            theta = projected(self.theta + step / 2**halvings, layout, settings)
            after = rows.probabilities(theta, settings.shape)
            if divergence(before, after) <= settings.most_kl:
                return Actor(theta, self.hand, moments)
        return replace(self, moments=moments)


def entropy_gradient(features: Matrix, preferred: Matrix, policy: Matrix, shape: Shape) -> Matrix:
    """Return grad H(pi) of each row: -sum_a (log pi(a) + 1) grad pi(a)."""
    mask = policy > 0
    logs = np.log(np.where(mask, policy, 1.0)) + 1.0
    slope = (1 - shape.floor) * preferred * logs
    expected = np.einsum("nk,nkd->nd", preferred, features)
    total = np.einsum("nk,nkd->nd", slope, features) - slope.sum(axis=1)[:, np.newaxis] * expected
    return np.asarray(-total / shape.temperature)


def amsgrad(moments: Moments, gradient: Vector, settings: ActorSettings) -> tuple[Moments, Vector]:
    """Return the new memory and the ascent step; the second moment never shrinks."""
    steps = moments.steps + 1
    first = settings.first_decay * moments.first + (1 - settings.first_decay) * gradient
    second = settings.second_decay * moments.second + (1 - settings.second_decay) * gradient**2
    largest = np.maximum(moments.largest, second)
    scale = np.sqrt(largest / (1 - settings.second_decay**steps)) + settings.tiny
    step = settings.rate * first / (1 - settings.first_decay**steps) / scale
    return Moments(first, second, largest, steps), step


def projected(theta: Vector, layout: Layout, settings: ActorSettings) -> Vector:
    """Return the nearest weights that keep every pinned sign and the norm."""
    kept = theta.copy()
    for name, sign in settings.pinned.items():
        if name in layout.names:
            column = layout.names.index(name)
            kept[column] = sign * max(0.0, sign * kept[column])
    length = float(np.linalg.norm(kept))
    return kept if length <= settings.most_norm else kept * (settings.most_norm / length)


def divergence(before: Matrix, after: Matrix) -> float:
    """Return the mean KL(before || after) over the rows."""
    mask = before > 0
    safe = np.where(mask, after, 1.0)
    terms = np.where(mask, before * np.log(np.where(mask, before, 1.0) / safe), 0.0)
    return float(terms.sum(axis=1).mean())
