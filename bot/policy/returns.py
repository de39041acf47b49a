"""J(pi) = E[sum_t gamma^t R_t], by policy version, with its error."""

from collections.abc import Iterable, Sequence

import numpy as np

from bot.policy.evaluation import Estimate, clustered_error
from bot.policy.rewards import Rewarded

GAMMA = 0.95
"""The discount of one step; an episode has at most 32, so that 1 would do as well."""


def discounted(rewards: Sequence[float], gamma: float = GAMMA) -> float:
    """Return sum_t gamma^t R_t of one episode."""
    total = 0.0
    for reward in reversed(rewards):
        total = reward + gamma * total
    return total


def value_by_version(rewarded: Iterable[Rewarded]) -> dict[str, Estimate]:
    """Return by policy version the mean reward of the decisions that it made itself."""
    groups: dict[str, list[Rewarded]] = {}
    for each in rewarded:
        groups.setdefault(each.decision.policy_version, []).append(each)
    return {version: _mean(group) for version, group in sorted(groups.items())}


def _mean(group: Sequence[Rewarded]) -> Estimate:
    told = np.array([each.reward for each in group])
    clusters = np.array([each.decision.pull_request for each in group], dtype=np.str_)
    mean = float(told.mean())
    return Estimate(mean, clustered_error(told - mean, clusters), float(len(told)), len(told))
