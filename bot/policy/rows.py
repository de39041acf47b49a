"""Logged decisions with their rewards as arrays: what the actor learns from and the gate judges by.

A row is one decision that was sampled, with the propensity it was logged with. Greedy decisions
have no place here: their propensity is 1 by fiat, and importance weights would mean nothing. The
door that keeps them out is `bot.policy.rewards`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bot.errors import Refused
from bot.policy.softmax import Shape, softmax, with_floor
from bot.policy.vectors import Mask, Matrix, Vector, admitted

Columns = NDArray[np.intp]
"""Where the core features stand."""


class BadRow(Refused):
    """A logged decision is not one: a number is out of its range."""


@dataclass(frozen=True, slots=True)
class Rows:
    """n sampled decisions; tools that were not eligible are masked and their features 0."""

    features: Matrix
    """n x K x d."""
    mask: Mask
    """n x K."""
    chosen: NDArray[np.intp]
    propensities: Vector
    """Logged, of the chosen tool."""
    rewards: Vector
    confidence: Vector
    """c in [0, 1], the weight of the reward."""
    unwanted: Mask
    """The outcome counts as not useful."""
    pull_requests: NDArray[np.str_]
    repos: NDArray[np.str_]
    at: Vector
    """When the decision was made, in seconds."""
    tools: NDArray[np.str_]
    """n x K: the names."""

    def __post_init__(self) -> None:
        admitted(self.features)
        if not (np.abs(self.rewards) <= 1.0).all():
            raise BadRow("a reward is not a number in [-1, 1]")
        if not ((self.propensities > 0.0) & (self.propensities <= 1.0)).all():
            raise BadRow("a propensity is not in (0, 1]")

    def __len__(self) -> int:
        return len(self.rewards)

    def __getitem__(self, which: slice | NDArray[np.intp] | Mask) -> "Rows":
        return Rows(*(getattr(self, each.name)[which] for each in fields(self)))

    def probabilities(self, theta: Vector, shape: Shape) -> Matrix:
        """Return pi of every tool in every row for U = F theta."""
        preferred = softmax(self.features @ theta, self.mask, shape.temperature)
        return with_floor(preferred, self.mask, shape.floor)

    def utilities(self, theta: Vector, own: Mapping[str, Vector], columns: Columns) -> Matrix:
        """Return U of every tool in every row: F theta, and in some repositories more."""
        found = np.asarray(self.features @ theta)
        if own:
            none = np.zeros(columns.size)
            added = np.array([own.get(repo, none) for repo in self.repos.tolist()])
            found = found + np.einsum("nkc,nc->nk", self.features[:, :, columns], added)
        return found

    def of_chosen(self, values: Matrix) -> Vector:
        """Return the value of the chosen tool in each row."""
        return np.asarray(values[np.arange(len(self)), self.chosen])


def padded(eligible: Sequence[Sequence[Sequence[float]]], size: int) -> tuple[Matrix, Mask]:
    """Return n x K x d features and the n x K mask of decisions among several numbers of tools."""
    most = max((len(tools) for tools in eligible), default=1)
    features = np.zeros((len(eligible), most, size))
    mask = np.zeros((len(eligible), most), dtype=bool)
    for index, tools in enumerate(eligible):
        features[index, : len(tools)] = tools
        mask[index, : len(tools)] = True
    return features, mask
