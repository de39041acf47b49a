"""What a policy would have earned, from the log of another: IPS, SNIPS, DR, each with its error.

Standard errors come from influence values, summed by pull request: decisions of one pull request
share its reviewers. Only rows that were held out from training can be evaluated, and
`bot.policy.holdout` alone makes them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.policy.holdout import HeldOut
from bot.policy.rows import Rows
from bot.policy.vectors import Matrix, Vector

TargetPolicy = Callable[[Rows], Matrix]
"""pi of every tool in every row; it sees the states, and must not look at the rewards."""

_RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with what is known of its error."""

    value: float
    error: float
    """One standard error."""
    effective: float
    """ESS = (sum w)^2 / sum w^2: how many rows of the log speak about the policy."""
    rows: int

    def interval(self, z: float = 1.96) -> tuple[float, float]:
        """Return the interval of z standard errors on both sides."""
        return self.value - z * self.error, self.value + z * self.error


@dataclass(frozen=True, slots=True)
class Influence:
    """One value for each row; their mean is the estimate."""

    values: Vector
    weights: Vector
    clusters: NDArray[np.str_]

    def estimate(self) -> Estimate:
        """Return the mean, and its error over pull requests."""
        mean = float(self.values.mean())
        return Estimate(
            mean,
            clustered_error(self.values - mean, self.clusters),
            effective_size(self.weights),
            len(self.values),
        )


def effective_size(weights: Vector) -> float:
    """Return Kish's effective sample size; 0 of no weight."""
    total = float((weights**2).sum())
    return float(weights.sum()) ** 2 / total if total > 0 else 0.0


def clustered_error(centred: Vector, clusters: NDArray[np.str_]) -> float:
    """Return the standard error of a mean whose rows hang together by cluster."""
    _, which = np.unique(clusters, return_inverse=True)
    sums = np.bincount(which, weights=centred)
    count = len(sums)
    if count < 2:
        return float("inf")
    return float(np.sqrt((sums**2).sum() * count / (count - 1)) / len(centred))


def importance(policy: Matrix, rows: Rows) -> Vector:
    """Return pi(a) / mu(a) of the tool that was chosen."""
    return np.asarray(rows.of_chosen(policy) / rows.propensities)


def ips(target: TargetPolicy, held: HeldOut) -> Estimate:
    """Return V = mean(w r): unbiased, wide."""
    rows = held.rows
    weights = importance(target(rows), rows)
    return Influence(weights * rows.rewards, weights, rows.pull_requests).estimate()


def snips(target: TargetPolicy, held: HeldOut) -> Estimate:
    """Return V = sum(w r) / sum(w): narrower, with a bias that fades as 1 / n."""
    rows = held.rows
    weights = importance(target(rows), rows)
    if not weights.sum() > 0:
        return Estimate(0.0, float("inf"), 0.0, len(rows))
    value = float(weights @ rows.rewards / weights.sum())
    centred = weights * (rows.rewards - value) / weights.mean()
    error = clustered_error(centred, rows.pull_requests)
    return Estimate(value, error, effective_size(weights), len(rows))


def dr(target: TargetPolicy, held: HeldOut, quality: Matrix | None = None) -> Estimate:
    """Return the doubly robust V = mean(sum_a pi Q + w (r - Q)), Q cross-fitted by default."""
    rows = held.rows
    known = cross_fitted(rows, rows.rewards) if quality is None else quality
    return doubly_robust(target(rows), rows, rows.rewards, known).estimate()


def dr_difference(
    target: TargetPolicy, other: TargetPolicy, held: HeldOut, *, of_unwanted: bool = False
) -> Estimate:
    """Return V(target) - V(other) from paired rows; of the not-useful rate where that is asked."""
    rows = held.rows
    outcome = rows.unwanted.astype(np.float64) if of_unwanted else rows.rewards
    quality = cross_fitted(rows, outcome)
    mine = doubly_robust(target(rows), rows, outcome, quality)
    theirs = doubly_robust(other(rows), rows, outcome, quality)
    values = mine.values - theirs.values
    return Influence(values, mine.weights, rows.pull_requests).estimate()


def doubly_robust(policy: Matrix, rows: Rows, outcome: Vector, quality: Matrix) -> Influence:
    """Return the influence values of DR for a given Q (n x K)."""
    weights = importance(policy, rows)
    direct = (policy * quality).sum(axis=1)
    values = direct + weights * (outcome - rows.of_chosen(quality))
    return Influence(values, weights, rows.pull_requests)


def cross_fitted(rows: Rows, outcome: Vector) -> Matrix:
    """Return Q(t, s) by ridge, each half of the pull requests judged by the other half's fit."""
    names = np.unique(rows.pull_requests)
    is_second = np.isin(rows.pull_requests, names[1::2])
    quality = np.zeros(rows.mask.shape)
    for fitted in (is_second, ~is_second):
        quality[~fitted] = _values(rows, outcome, fitted)
    return quality


def _values(rows: Rows, outcome: Vector, fitted: NDArray[np.bool_]) -> Matrix:
    chosen = rows.features[np.arange(len(rows)), rows.chosen][fitted]
    matrix = chosen.T @ chosen + _RIDGE * np.eye(chosen.shape[1])
    weights = np.linalg.solve(matrix, chosen.T @ outcome[fitted])
    return np.asarray(rows.features[~fitted] @ weights)
