"""Which tool next, by learned weights or by sampled hand weights, with what explains the choice.

`off` is `bot.policy.selection.Greedy` and needs no arrays. `shadow` samples the softmax of the hand
weights, so that propensities exist and nothing is promoted; `on` samples the promoted weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.policy.critic import CriticWeights, Offset
from bot.policy.features import Features
from bot.policy.rows import Rows
from bot.policy.selection import DRAWN, HAND_WEIGHTS, VERSION, Choice
from bot.policy.softmax import (
    ACTING,
    SERVING,
    Shape,
    draw,
    propensities,
    sampled,
    softmax,
    with_floor,
)
from bot.policy.vectors import Layout, Matrix, Vector, hand_weights
from bot.policy.weights import Weights

ALPHA = 0.15
"""How much uncertainty counts for a tool: one more feature of the paper's weighted sum."""
UNCERTAINTY = "uncertainty"
"""Its name among the contributions."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """pi over the critic's U(t, s) = w.f + dw_r.f_core + alpha sigma."""

    layout: Layout
    weights: CriticWeights
    version: str
    shape: Shape = SERVING
    alpha: float = ALPHA

    @classmethod
    def by_hand(
        cls, layout: Layout, weights: Features = HAND_WEIGHTS, version: str = VERSION
    ) -> "Sampled":
        """Return the policy of the mode `shadow`."""
        hand = hand_weights(layout, weights)
        unsure = CriticWeights(hand, np.zeros((layout.size, layout.size)))
        return cls(layout, unsure, f"{version}{DRAWN}", alpha=0.0)

    @classmethod
    def learned(cls, weights: Weights) -> "Sampled":
        """Return the critic's policy of some weights."""
        return cls(weights.layout, weights.critic, weights.version)

    @classmethod
    def acting(cls, weights: Weights) -> "Sampled":
        """Return the actor's policy of some weights: the paper's equation 5, by repository."""
        size, own = weights.layout.size, len(weights.layout.core)
        offsets = {
            repo: Offset(added, np.zeros((size, own)), np.zeros((own, own)))
            for repo, added in weights.own.items()
        }
        unsure = CriticWeights(weights.theta, np.zeros_like(weights.critic.spread), offsets)
        return cls(weights.layout, unsure, f"{weights.version}-actor", ACTING, 0.0)

    def pick(self, eligible: Mapping[str, Features], *, decision_id: str, repo: str) -> Choice:
        """Return a sampled choice, a function of its arguments; `eligible` is not empty."""
        tools, rows = self.layout.rows(eligible)
        core = rows[:, self.layout.columns]
        bonus = self.alpha * self.weights.sigmas(rows, core, repo)
        utilities = self.weights.values(rows, core, repo) + bonus
        probabilities = propensities(utilities, self.shape)
        index = sampled(probabilities, draw(decision_id, self.version))
        weights = self._effective(repo).tolist()
        return Choice(
            tools[index],
            dict(zip(tools, utilities.tolist(), strict=True)),
            {t: self._parts(t, eligible[t], weights, b) for t, b in zip(tools, bonus, strict=True)},
            dict(zip(tools, probabilities.tolist(), strict=True)),
            self.version,
        )

    def utilities(self, rows: Rows) -> Matrix:
        """Return U of every tool in every row of a log."""
        count, most, size = rows.features.shape
        columns = self.layout.columns
        found = np.zeros((count, most))
        for repo in np.unique(rows.repos):
            here = np.flatnonzero(rows.repos == repo)
            features = rows.features[here].reshape(-1, size)
            core = features[:, columns]
            values = self.weights.values(features, core, str(repo))
            sigmas = self.weights.sigmas(features, core, str(repo))
            found[here] = (values + self.alpha * sigmas).reshape(len(here), most)
        return found

    def probabilities(self, rows: Rows) -> Matrix:
        """Return pi of every tool in every row: what the gate asks of a policy."""
        preferred = softmax(self.utilities(rows), rows.mask, self.shape.temperature)
        return with_floor(preferred, rows.mask, self.shape.floor)

    def _effective(self, repo: str) -> Vector:
        """Return w with the repository's offsets added where they belong."""
        known = self.weights.offsets.get(repo)
        if known is None:
            return self.weights.mean
        effective = self.weights.mean.copy()
        effective[self.layout.columns] += known.weights
        return effective

    def _parts(
        self, tool: str, features: Features, weights: list[float], bonus: float
    ) -> dict[str, float]:
        places = self.layout.places
        own = self.layout.features(tool, features)
        told = {name: weights[places[name]] * value for name, value in own.items() if value}
        return {**told, UNCERTAINTY: float(bonus)} if bonus else told
