"""The policies that are compared: ours, and those of the literature."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bot.policy.actor import Actor, ActorSettings
from bot.policy.critic import Critic, CriticSettings, CriticWeights
from bot.policy.rows import Rows
from bot.policy.simulation.stream import LAYOUT, SHARED, TOOLS
from bot.policy.softmax import Shape, propensities, sampled
from bot.policy.vectors import Layout, Matrix, Vector

POOLED = Layout(LAYOUT.names)
_EVERYONE = np.ones((1, TOOLS), dtype=bool)


class Learner(Protocol):
    """Decides, and hears much later what came of it."""

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        """Return a tool and the probability with which it was chosen."""
        ...

    def hear(self, told: "Sequence[Told]") -> None:
        """Learn from feedback that arrived since."""
        ...


class Told:
    """A decision with its late reward."""

    __slots__ = ("chosen", "features", "propensity", "repo", "reward")

    def __init__(
        self, features: Matrix, chosen: int, propensity: float, repo: str, reward: float
    ) -> None:
        self.features = features
        self.chosen = chosen
        self.propensity = propensity
        self.repo = repo
        self.reward = reward


class Uniform:
    """Any tool, always."""

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        del features, repo
        return int(drawn * TOOLS), 1 / TOOLS

    def hear(self, told: Sequence[Told]) -> None:
        del told


class Hand:
    """The best by the hand weights, always."""

    def __init__(self, hand: Vector) -> None:
        self._hand = hand

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        del repo, drawn
        return int(np.argmax(features @ self._hand)), 1.0

    def hear(self, told: Sequence[Told]) -> None:
        del told


class Ridge:
    """What every learner with a critic shares: it hears, and keeps the weights of the moment."""

    def __init__(self, hand: Vector, *, is_pooled: bool = True, kept: float = 1.0) -> None:
        layout = POOLED if is_pooled else LAYOUT
        self._critic = Critic(layout, hand, CriticSettings(kept=kept))
        self._core = 0 if is_pooled else SHARED
        self._weights: CriticWeights | None = None

    @property
    def weights(self) -> CriticWeights:
        """Solved when they are needed, after the last feedback."""
        if self._weights is None:
            self._weights = self._critic.weights()
        return self._weights

    def values(self, features: Matrix, repo: str) -> Vector:
        """Return w.f of each tool."""
        return self.weights.values(features, features[:, : self._core], repo)

    def sigmas(self, features: Matrix, repo: str) -> Vector:
        """Return sigma of each tool."""
        return self.weights.sigmas(features, features[:, : self._core], repo)

    def hear(self, told: Sequence[Told]) -> None:
        """Take the rewards in; `skip` has no features, so it teaches nothing."""
        if told:
            self._critic.add_all(
                np.array([each.features[each.chosen] for each in told]),
                [each.repo for each in told],
                rewards=np.array([each.reward for each in told]),
                weights=np.ones(len(told)),
            )
            self._weights = None


class LinUcb(Ridge):
    """argmax w.f + alpha sigma: nothing can be evaluated from its log."""

    alpha = 0.15

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        del drawn
        bonus = self.alpha * self.sigmas(features, repo)
        return int(np.argmax(self.values(features, repo) + bonus)), 1.0


class EpsilonGreedy(Ridge):
    """The best by the critic, and one time in twenty any tool."""

    epsilon = 0.05

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        pi = np.full(TOOLS, self.epsilon / TOOLS)
        pi[int(np.argmax(self.values(features, repo)))] += 1 - self.epsilon
        chosen = sampled(pi, drawn)
        return chosen, float(pi[chosen])


class Thompson(Ridge):
    """The best by weights that are drawn from N(w, v^2 A^-1)."""

    spread = 0.05

    def __init__(self, hand: Vector, seed: int) -> None:
        super().__init__(hand)
        self._rng = np.random.default_rng(seed)

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        del repo, drawn
        root = np.asarray(np.linalg.cholesky(self.weights.spread))
        noise = root @ self._rng.normal(size=len(root))
        drawn_weights = self.weights.mean + self.spread * noise
        return int(np.argmax(features @ drawn_weights)), 1.0


class SoftmaxUcb(Ridge):
    """Ours: pi over w.f + alpha sigma, so that every decision has a propensity."""

    alpha = 0.15
    shape = Shape(temperature=0.03, floor=0.01)

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        utilities = self.values(features, repo) + self.alpha * self.sigmas(features, repo)
        pi = propensities(utilities, self.shape)
        chosen = sampled(pi, drawn)
        return chosen, float(pi[chosen])


class SoftmaxGradient:
    """The paper's learner: softmax policy gradient by AMSGrad, four rewards at a time."""

    batch = 4
    settings = ActorSettings(
        shape=Shape(temperature=0.25, floor=0.02), entropy=0.0, pull=0.0, pinned={}
    )

    def __init__(self, hand: Vector, *, is_pooled: bool = True) -> None:
        # The policy's logits are U / tau: the hand weights count as they do for the critic.
        self._actor = Actor.at(hand, POOLED if is_pooled else LAYOUT)
        self._waiting: list[Told] = []
        self._mean = 0.0
        self._heard = 0

    def choose(self, features: Matrix, repo: str, drawn: float) -> tuple[int, float]:
        utilities = features @ self._actor.theta
        for offset in self._actor.offsets(self.settings, [repo]).values():
            utilities = utilities + features[:, :SHARED] @ offset
        pi = propensities(utilities, self.settings.shape)
        chosen = sampled(pi, drawn)
        return chosen, float(pi[chosen])

    def hear(self, told: Sequence[Told]) -> None:
        self._waiting += told
        while len(self._waiting) >= self.batch:
            rows = _rows(self._waiting[: self.batch])
            del self._waiting[: self.batch]
            baseline = np.full(self.batch, self._mean)
            gradient = self._actor.gradient(rows, baseline, self.settings)
            self._actor = self._actor.after(rows, gradient, self.settings)
            self._heard += self.batch
            rate = max(0.01, self.batch / self._heard)
            self._mean += rate * (float(rows.rewards.mean()) - self._mean)


def _rows(told: Sequence[Told]) -> Rows:
    count = len(told)
    return Rows(
        features=np.array([each.features for each in told]),
        mask=np.repeat(_EVERYONE, count, axis=0),
        chosen=np.array([each.chosen for each in told], dtype=np.intp),
        propensities=np.array([each.propensity for each in told]),
        rewards=np.array([each.reward for each in told]),
        confidence=np.ones(count),
        unwanted=np.array([each.reward < 0 for each in told]),
        pull_requests=np.full(count, ""),
        repos=np.array([each.repo for each in told]),
        at=np.zeros(count),
        tools=np.full((count, TOOLS), ""),
    )
