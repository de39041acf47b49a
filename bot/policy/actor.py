"""The actor: theta <- theta + eta grad J, the paper's equation 5, with what makes it sound.

J is the reward of the softmax policy on the log, by importance weights, plus entropy, minus the
distance from the hand weights. The weight is cut by an indicator, iw 1[iw < c], because min(iw, c)
has a gradient of zero wherever it cuts. The weight is of one decision, not of a whole trajectory:
exact where an episode has one decision, biased where it has more. AMSGrad and not Adam: Adam can
run to the worst point (Reddi et al. 2018; a test shows it).

theta is shared, and a repository with enough rewards adds an offset on the core features, which is
pulled toward 0 harder than theta is toward the hand weights. A batch moves the offsets of its own
repositories alone, so no step costs more where there are more of them. The bound of a step and the
KL are of all that it moves; a pinned sign holds in every repository.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from bot.policy.bounds import Bounds
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
    core_pull: float = 0.02
    """Of a repository's offset toward 0: it has to be earned."""
    least_rewards: int = 5
    """A repository has no offset before this many rewards."""
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
class Own:
    """What one repository adds to theta, and what the optimiser remembers of it."""

    offset: Vector
    """dtheta_r, on the core features."""
    moments: Moments
    rewards: int = 0

    @classmethod
    def none(cls, size: int) -> "Own":
        """Return what a repository has that nobody has heard of."""
        return cls(np.zeros(size), Moments.none(size))


@dataclass(frozen=True, slots=True)
class Slope:
    """grad J: of theta, and of the offsets of the batch's repositories that have enough rewards."""

    shared: Vector
    own: Mapping[str, Vector] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """theta, what repositories add, and what the optimiser remembers."""

    layout: Layout
    theta: Vector
    hand: Vector
    moments: Moments
    own: Mapping[str, Own] = field(default_factory=dict)
    """By repository, of all that were heard of; empty where the layout has no core."""

    @classmethod
    def at(cls, hand: Vector, layout: Layout) -> "Actor":
        """Return the actor before its first step: the hand weights."""
        return cls(layout, hand.copy(), hand, Moments.none(len(hand)))

    def offsets(
        self, settings: ActorSettings, repos: Iterable[str] | None = None
    ) -> dict[str, Vector]:
        """Return the offsets of repositories, of all by default, that have enough rewards."""
        known = {
            repo: mine.offset
            for repo in sorted(self.own if repos is None else repos)
            if (mine := self.own.get(repo)) is not None and mine.rewards >= settings.least_rewards
        }
        return _within(known, self.theta, _bounds(self.layout, settings))

    def probabilities(self, rows: Rows, settings: ActorSettings) -> Matrix:
        """Return pi of every tool in every row."""
        return with_floor(self._preferred(rows, settings), rows.mask, settings.shape.floor)

    def _preferred(self, rows: Rows, settings: ActorSettings) -> Matrix:
        own = self.offsets(settings, set(rows.repos.tolist())) if self.own else {}
        utilities = rows.utilities(self.theta, own, self.layout.columns)
        return softmax(utilities, rows.mask, settings.shape.temperature)

    def gradient(self, rows: Rows, baseline: Vector, settings: ActorSettings) -> Slope:
        """Return grad J of a batch; the baseline is the critic's value of each row's state."""
        shape = settings.shape
        preferred = self._preferred(rows, settings)
        policy = with_floor(preferred, rows.mask, shape.floor)
        weight = rows.of_chosen(policy) / rows.propensities
        gain = rows.confidence * weight * (weight < settings.most_weight)
        gain = gain * (rows.rewards - baseline)
        share = (1 - shape.floor) * rows.of_chosen(preferred) / rows.of_chosen(policy)
        chosen = rows.features[np.arange(len(rows)), rows.chosen]
        expected = np.einsum("nk,nkd->nd", preferred, rows.features)
        toward = (gain * share / shape.temperature)[:, np.newaxis] * (chosen - expected)
        spread = entropy_gradient(rows.features, preferred, policy, shape)
        each = (toward + settings.entropy * spread) / len(rows)
        shared = each.sum(axis=0) - 2 * settings.pull * (self.theta - self.hand)
        return Slope(np.asarray(shared), self._own_slopes(rows, each, settings))

    def _own_slopes(self, rows: Rows, each: Matrix, settings: ActorSettings) -> dict[str, Vector]:
        """Return the gradient by repository; a batch may bring the rewards that were missing."""
        here = {
            repo: rows_of
            for repo, rows_of in self._by_repo(rows).items()
            if len(rows_of) + self._own(repo).rewards >= settings.least_rewards
        }
        core, offsets = each[:, self.layout.columns], self.offsets(settings, here)
        toward = {repo: core[rows_of].sum(axis=0) for repo, rows_of in here.items()}
        # An offset that begins with this batch is at 0, from where nothing pulls.
        return {
            repo: slope - 2 * settings.core_pull * offsets[repo] if repo in offsets else slope
            for repo, slope in toward.items()
        }

    def _own(self, repo: str) -> Own:
        return self.own.get(repo) or Own.none(self.layout.columns.size)

    def _by_repo(self, rows: Rows) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        if self.layout.core:
            for index, repo in enumerate(rows.repos.tolist()):
                found.setdefault(repo, []).append(index)
        return found

    def after(self, rows: Rows, gradient: Slope, settings: ActorSettings) -> "Actor":
        """Return the actor after one bounded step along the gradient of a batch."""
        bounds = _bounds(self.layout, settings)
        start, way = self._ascending(rows, gradient, settings, bounds)
        before = start.probabilities(rows, settings)
        for halvings in range(settings.most_halvings + 1):
            after = _moved(start, way, 0.5**halvings, bounds)
            # Where a pinned weight is at its limit, an offset gives way to what theta gains.
            is_short = start.distance(after) <= settings.most_step * (1 + 1e-12)
            kl = divergence(before, after.probabilities(rows, settings))
            if is_short and kl <= settings.most_kl:
                return after
        return start

    def _ascending(
        self, rows: Rows, gradient: Slope, settings: ActorSettings, bounds: Bounds
    ) -> tuple["Actor", Slope]:
        """Return the actor that remembers a batch, and how far it would go, all together."""
        theta = bounds.shared(self.theta)
        moments, step = amsgrad(self.moments, gradient.shared, settings)
        here = self._by_repo(rows)
        offsets = _within({repo: self._own(repo).offset for repo in here}, theta, bounds)
        own, steps = dict(self.own), {}
        for repo, rows_of in here.items():
            known = self._own(repo)
            memory = known.moments
            if (slope := gradient.own.get(repo)) is not None:
                memory, steps[repo] = amsgrad(memory, slope, settings)
            own[repo] = Own(offsets[repo], memory, known.rewards + len(rows_of))
        length = sum(float(each @ each) for each in (step, *steps.values())) ** 0.5
        part = settings.most_step / max(length, settings.most_step)
        way = Slope(part * step, {repo: part * along for repo, along in steps.items()})
        return replace(self, theta=theta, moments=moments, own=own), way

    def distance(self, other: "Actor") -> float:
        """Return the Euclidean distance of theta and all offsets together."""
        apart = [self.theta - other.theta]
        for repo, known in other.own.items():
            mine = self.own.get(repo)
            if mine is not known:
                apart.append(known.offset - mine.offset if mine else known.offset)
        return float(np.linalg.norm(np.concatenate(apart)))


def _bounds(layout: Layout, settings: ActorSettings) -> Bounds:
    return _bounds_of(layout, tuple(settings.pinned.items()), settings.most_norm)


@lru_cache(maxsize=16)
def _bounds_of(layout: Layout, pinned: tuple[tuple[str, int], ...], most_norm: float) -> Bounds:
    return Bounds.of(layout, dict(pinned), most_norm)


def _moved(start: Actor, way: Slope, part: float, bounds: Bounds) -> Actor:
    """Return the actor a part of the way along, within its bounds."""
    theta = bounds.shared(start.theta + part * way.shared)
    wanted = {repo: start.own[repo].offset + part * along for repo, along in way.own.items()}
    moved = {
        repo: replace(start.own[repo], offset=offset)
        for repo, offset in _within(wanted, theta, bounds).items()
    }
    return replace(start, theta=theta, own={**start.own, **moved})


def _within(offsets: Mapping[str, Vector], theta: Vector, bounds: Bounds) -> dict[str, Vector]:
    if not offsets:
        return {}
    return dict(zip(offsets, bounds.own(np.array(list(offsets.values())), theta), strict=True))


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


def divergence(before: Matrix, after: Matrix) -> float:
    """Return the mean KL(before || after) over the rows."""
    mask = before > 0
    safe = np.where(mask, after, 1.0)
    terms = np.where(mask, before * np.log(np.where(mask, before, 1.0) / safe), 0.0)
    return float(terms.sum(axis=1).mean())
