"""Five arms whose best is known, learned by the actor as it goes."""

import numpy as np

from bot.policy.actor import Actor, ActorSettings
from bot.policy.softmax import Shape, propensities
from bot.policy.vectors import Layout
from tests.policy.worlds import blank

MEANS = np.array([0.1, 0.2, 0.3, 0.4, 0.7])
LAYOUT = Layout(tuple(f"arm{index}" for index in range(5)))


def probability_of_the_best(seed: int, *, steps: int = 3000) -> float:
    """Return what the policy gives the best arm after so many pulls, one at a time."""
    rng = np.random.default_rng(seed)
    settings = ActorSettings(rate=0.01, entropy=0.0, pull=0.0, shape=Shape(0.25, 0.01))
    actor, features, mean = Actor.at(np.zeros(5), LAYOUT), np.eye(5)[np.newaxis], 0.0
    for step in range(1, steps + 1):
        pi = propensities(actor.theta, settings.shape)
        arm = int(rng.choice(5, p=pi))
        reward = float(rng.random() < MEANS[arm])
        row = blank(
            features,
            chosen=np.array([arm]),
            propensities=pi[[arm]],
            rewards=np.array([reward]),
        )
        gradient = actor.gradient(row, np.array([mean]), settings)
        actor = actor.after(row, gradient, settings)
        mean += (reward - mean) / step
    return float(propensities(actor.theta, settings.shape)[4])
