"""One learner on one stream: decisions as they come, feedback when it arrives."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from bot.policy.simulation import learners
from bot.policy.simulation.learners import Learner, Told
from bot.policy.simulation.stream import Stream
from bot.policy.vectors import Vector

Makes = Callable[[Vector, int], Learner]
"""From the hand weights and a seed."""


def _uniform(_hand: Vector, _seed: int) -> Learner:
    return learners.Uniform()


def _seeded(make: Callable[[Vector], Learner], hand: Vector, _seed: int) -> Learner:
    return make(hand)


CONTESTANTS: Mapping[str, Makes] = {
    "uniform": _uniform,
    "hand weights": partial(_seeded, learners.Hand),
    "epsilon-greedy .05": partial(_seeded, learners.EpsilonGreedy),
    "LinUCB alpha .15": partial(_seeded, learners.LinUcb),
    "Thompson v .05": learners.Thompson,
    "softmax PG, AMSGrad": partial(_seeded, learners.SoftmaxGradient),
    "softmax PG by repository": partial(
        _seeded, partial(learners.SoftmaxGradient, is_pooled=False)
    ),
    "softmax-UCB (serves)": partial(_seeded, learners.SoftmaxUcb),
}
"""In the order of the table."""

RESERVE: Mapping[str, Makes] = {
    "softmax-UCB by repository": partial(_seeded, partial(learners.SoftmaxUcb, is_pooled=False)),
    "softmax-UCB, rho .999": partial(_seeded, partial(learners.SoftmaxUcb, kept=0.999)),
}
"""Ours in other worlds: offsets by repository, and forgetting."""


def regrets(stream: Stream, learner: Learner, seed: int) -> Vector:
    """Return the regret of each episode, on true expected reward."""
    draws = np.random.default_rng(seed).random(stream.settings.episodes)
    arriving: dict[int, list[Told]] = {}
    found = np.zeros(stream.settings.episodes)
    for episode, drawn in enumerate(draws):
        learner.hear(arriving.pop(episode, []))
        features, repo = stream.features[episode], stream.names[stream.repos[episode]]
        chosen, propensity = learner.choose(features, repo, float(drawn))
        found[episode] = stream.regret(episode, chosen)
        told = Told(features, chosen, propensity, repo, stream.reward(episode, chosen))
        arriving.setdefault(episode + int(stream.delays[episode]), []).append(told)
    return found
