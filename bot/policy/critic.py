"""The critic: ridge regression of reward on features, with its uncertainty.

U(t, s) = w.f + dw_r.f_core + alpha sigma, where sigma^2 = phi^T A^-1 phi and phi = [f, f_core of
repository r]. A = A0 + sum c phi phi^T and b = b0 + sum c r phi, so without data the weights are
the hand weights. Each arrival multiplies what came before by rho: the data fade toward the prior,
and A never falls below it. Offsets of two repositories never meet in a row of the data, so A is an
arrow: eliminating the repositories' blocks leaves one d x d matrix, and no cost grows with the
number of repositories but that of the refresh.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bot.policy.bounds import Bounds
from bot.policy.vectors import Layout, Matrix, Vector

REFRESH_EVERY = 100
"""Arrivals after which everything is factorised anew, so that no error grows."""


@dataclass(frozen=True, slots=True)
class CriticSettings:
    """What the critic believes beforehand, and how fast it forgets."""

    global_prior: float = 1.0
    """A0 on the shared weights: as sure as this many rewards in each direction."""
    core_prior: float = 40.0
    """A0 on a repository's offsets, which have to be earned: with the design's 4, repositories that
    are all alike lose a third to exploring differences that are not there."""
    kept: float = 0.9995
    """rho: what an arrival leaves of the earlier data; a window of about 1 / (1 - rho)."""
    least_rewards: int = 5
    """A repository has no offsets before this many rewards."""


@dataclass(frozen=True, slots=True)
class Offset:
    """What one repository adds to the shared weights."""

    weights: Vector
    """dw_r."""
    coupling: Matrix
    """A_gr A_rr^-1."""
    inverse: Matrix
    """A_rr^-1."""


@dataclass(frozen=True, slots=True)
class CriticWeights:
    """What a decision needs: the mean and the spread, at one moment."""

    mean: Vector
    """w, of the shared features."""
    spread: Matrix
    """The block of A^-1 of the shared features."""
    offsets: Mapping[str, Offset] = field(default_factory=dict)
    """By repository."""

    def values(self, features: Matrix, core: Matrix, repo: str) -> Vector:
        """Return w.f + dw_r.f_core of each row."""
        known = self.offsets.get(repo)
        own = features @ self.mean
        return np.asarray(own if known is None else own + core @ known.weights)

    def with_signs(self, layout: Layout, pinned: Mapping[str, int]) -> "CriticWeights":
        """Return the weights with every pinned sign kept, in each repository too."""
        bounds = Bounds.of(layout, pinned)
        mean = bounds.shared(self.mean)
        offsets = {
            repo: replace(offset, weights=bounds.own(offset.weights, mean))
            for repo, offset in self.offsets.items()
        }
        return CriticWeights(mean, self.spread, offsets)

    def sigmas(self, features: Matrix, core: Matrix, repo: str) -> Vector:
        """Return sigma of each row; exactly 0 where all features are 0."""
        known = self.offsets.get(repo)
        if known is None:
            return np.sqrt(_quadratic(features, self.spread))
        left = features - core @ known.coupling.T
        return np.sqrt(_quadratic(left, self.spread) + _quadratic(core, known.inverse))


@dataclass(slots=True)
class _Block:
    """The sums of one repository, in the unit that `Critic` keeps."""

    cross: Matrix
    own: Matrix
    target: Vector
    rewards: int = 0


class Critic:
    """The sums A and b; owns its arrays, and hands out frozen weights.

    `kept` is rho, and may change between arrivals.
    """

    def __init__(self, layout: Layout, hand: Vector, settings: CriticSettings) -> None:
        self._settings = settings
        self.kept = settings.kept
        self._columns = layout.columns
        size = layout.size
        self._prior = settings.global_prior * np.eye(size)
        self._prior_target = settings.global_prior * hand
        self._shared = np.zeros((size, size))
        self._target = np.zeros(size)
        self._blocks: dict[str, _Block] = {}
        self._offsets: dict[str, tuple[Matrix, Matrix]] = {}
        self._eliminated: dict[str, tuple[Matrix, Vector]] = {}
        self._all_eliminated = np.zeros((size, size)), np.zeros(size)
        # The sums are kept divided by this, so that forgetting touches one number, not every block.
        self._unit = 1.0
        self._arrivals = 0

    def add(self, features: Vector, repo: str, *, reward: float, weight: float = 1.0) -> None:
        """Take one final reward in."""
        self.add_all(
            features[np.newaxis], [repo], rewards=np.array([reward]), weights=np.array([weight])
        )

    def add_all(
        self, features: Matrix, repos: Sequence[str], *, rewards: Vector, weights: Vector
    ) -> None:
        """Take final rewards in, in order; the same sums as one by one."""
        count = len(rewards)
        kept = self.kept
        self._unit *= kept**count
        shares = weights * kept ** np.arange(count - 1, -1, -1.0) / self._unit
        weighted = features * shares[:, np.newaxis]
        self._shared += features.T @ weighted
        self._target += weighted.T @ rewards
        touched = self._add_to_blocks(features, weighted, repos, rewards)
        self._arrivals += count
        if self._arrivals >= REFRESH_EVERY:
            self.refresh()
            return
        for repo in touched:
            self._eliminate(repo)

    def _add_to_blocks(
        self, features: Matrix, weighted: Matrix, repos: Sequence[str], rewards: Vector
    ) -> list[str]:
        """Return the repositories that were touched."""
        found = _by_repo(repos) if self._columns.size else {}
        for repo, rows in found.items():
            block = self._blocks.get(repo) or self._blocks.setdefault(repo, self._empty())
            core = features[rows][:, self._columns]
            shares = weighted[rows]
            block.cross += shares.T @ core
            block.own += shares[:, self._columns].T @ core
            block.target += shares[:, self._columns].T @ rewards[rows]
            block.rewards += len(rows)
        return list(found)

    def _empty(self) -> _Block:
        size, own = len(self._target), self._columns.size
        return _Block(np.zeros((size, own)), np.zeros((own, own)), np.zeros(own))

    def _eliminate(self, repo: str) -> None:
        block = self._blocks[repo]
        if block.rewards < self._settings.least_rewards:
            return
        prior = self._settings.core_prior * np.eye(self._columns.size)
        inverse = np.linalg.inv(prior + self._unit * block.own)
        coupling = self._unit * block.cross @ inverse
        self._offsets[repo] = (coupling, (inverse + inverse.T) / 2)
        # What the block takes from the shared system; the sum is kept, so that solving does not
        # have to visit every repository.
        matrix, target = self._all_eliminated
        new = coupling @ block.cross.T, coupling @ block.target
        if (old := self._eliminated.get(repo)) is not None:
            matrix, target = matrix - old[0], target - old[1]
        self._eliminated[repo] = new
        self._all_eliminated = matrix + new[0], target + new[1]

    def refresh(self) -> None:
        """Bring every block to the same moment, which no error survives."""
        for block in self._blocks.values():
            block.cross *= self._unit
            block.own *= self._unit
            block.target *= self._unit
        self._shared *= self._unit
        self._target *= self._unit
        self._unit, self._arrivals = 1.0, 0
        self._eliminated.clear()
        self._all_eliminated = np.zeros_like(self._shared), np.zeros_like(self._target)
        for repo in sorted(self._blocks):
            self._eliminate(repo)

    def weights(self) -> CriticWeights:
        """Solve for the weights of this moment."""
        matrix = self._prior + self._unit * (self._shared - self._all_eliminated[0])
        target = self._prior_target + self._unit * (self._target - self._all_eliminated[1])
        spread = _inverse(matrix)
        mean = spread @ target
        offsets = {
            repo: Offset(
                inverse @ (self._unit * self._blocks[repo].target) - coupling.T @ mean,
                coupling,
                inverse,
            )
            for repo, (coupling, inverse) in self._offsets.items()
        }
        return CriticWeights(mean, spread, offsets)

    def dense(self) -> tuple[Matrix, Vector]:
        """Return A and b whole, the repositories with offsets in order of name: for checks."""
        repos = sorted(self._offsets)
        size, own = len(self._target), self._columns.size
        total = size + own * len(repos)
        matrix = np.zeros((total, total))
        matrix[:size, :size] = self._prior + self._unit * self._shared
        target = np.zeros(total)
        target[:size] = self._prior_target + self._unit * self._target
        for index, repo in enumerate(repos):
            block = self._blocks[repo]
            here = slice(size + own * index, size + own * (index + 1))
            matrix[:size, here] = self._unit * block.cross
            matrix[here, :size] = matrix[:size, here].T
            matrix[here, here] = self._settings.core_prior * np.eye(own) + self._unit * block.own
            target[here] = self._unit * block.target
        return matrix, target


def _by_repo(repos: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    rows: dict[str, list[int]] = {}
    for index, repo in enumerate(repos):
        rows.setdefault(repo, []).append(index)
    return {repo: np.array(found, dtype=np.intp) for repo, found in rows.items()}


def _quadratic(rows: Matrix, matrix: Matrix) -> Vector:
    """Return x^T M x of each row, never below 0."""
    return np.asarray(np.maximum(0.0, ((rows @ matrix) * rows).sum(axis=1)))


def _inverse(matrix: Matrix) -> Matrix:
    """Return the inverse by Cholesky, which fails on a matrix that is not positive definite."""
    factor = np.linalg.inv(np.linalg.cholesky(matrix))
    return np.asarray(factor.T @ factor)
