"""learn(events, settings, seed): the weights as a pure function of the log.

The events are folded in one canonical order, so that a log which arrived in another order, or
twice, gives the same bytes on one platform. A correction is learned by folding again, never by
subtracting. Work is linear in the rewards (sorting aside): they are taken in small batches.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.domain.record_json import dump
from bot.policy.actor import Actor, ActorSettings, divergence
from bot.policy.convergence import Convergence, ConvergenceSettings, Phase
from bot.policy.critic import Critic, CriticSettings, CriticWeights
from bot.policy.drift import Drift, DriftSettings
from bot.policy.event_log import Event, How
from bot.policy.rewards import Rewarded, Rewards, RewardSettings, rewards
from bot.policy.rows import Rows, padded
from bot.policy.selection import HAND_WEIGHTS
from bot.policy.vectors import Layout, Vector, admitted, hand_weights
from bot.policy.weights import Weights


@dataclass(frozen=True, slots=True)
class LearnSettings:
    """Everything but the log and the seed that the weights depend on."""

    layout: Layout = field(default_factory=Layout)
    hand: Mapping[str, float] = field(default_factory=lambda: dict(HAND_WEIGHTS))
    """On the scale of logits."""
    rewards: RewardSettings = field(default_factory=RewardSettings)
    critic: CriticSettings = field(default_factory=CriticSettings)
    actor: ActorSettings = field(default_factory=ActorSettings)
    drift: DriftSettings = field(default_factory=DriftSettings)
    convergence: ConvergenceSettings = field(default_factory=ConvergenceSettings)
    batch: int = 50
    """Rewards for each step of the actor."""
    kept_in_drift: float = 0.999
    """Rho after an alarm, until as many rewards came as the convergence report looks at."""

    @property
    def digest(self) -> str:
        """Short hash of all values."""
        return hashlib.sha256(dump(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Learned:
    """The weights, and what the fold saw on the way."""

    weights: Weights
    rewards: Rewards
    drift: Drift
    convergence: Convergence
    phase: Phase
    other_layouts: int
    """Rewards of decisions that were logged under other features: not used."""
    greedy: int
    """Rewards that only the critic used."""


def learn(events: Iterable[Event], settings: LearnSettings, seed: int) -> Learned:
    """Fold the log into weights; the same set of events gives the same bytes."""
    known = rewards(events, settings.rewards)
    version = settings.layout.version
    usable = [each for each in known.rewarded if each.decision.layout_version == version]
    course = _Course(settings)
    for start in range(0, len(usable), settings.batch):
        course.take(usable[start : start + settings.batch])
    actor = course.actor
    critic = course.weights().with_signs(settings.layout, settings.actor.pinned)
    weights = Weights(
        settings.layout,
        critic,
        actor.theta,
        actor.hand,
        len(usable),
        settings.digest,
        seed,
        actor.offsets(settings.actor),
    )
    phase = course.convergence.phase(
        actor.theta, settings.convergence, since_alarm=course.drift.since_alarm
    )
    greedy = sum(each.decision.how is How.GREEDY for each in usable)
    others = len(known.rewarded) - len(usable)
    return Learned(weights, known, course.drift, course.convergence, phase, others, greedy)


def rows_of(rewarded: Sequence[Rewarded], layout: Layout) -> Rows:
    """Return the sampled decisions as rows: greedy ones, and other layouts', have no place there.

    The layout is that of the log.
    """
    version = layout.version
    sampled = [
        each
        for each in rewarded
        if each.decision.how is How.SAMPLED and each.decision.layout_version == version
    ]
    return _rows(sampled, layout.size)


def _rows(sampled: Sequence[Rewarded], size: int) -> Rows:
    made = [each.decision for each in sampled]
    features, mask = padded([decision.features for decision in made], size)
    tools = np.full(mask.shape, "", dtype=np.dtype("U64"))
    for index, decision in enumerate(made):
        tools[index, : len(decision.tools)] = decision.tools
    return Rows(
        features=features,
        mask=mask,
        chosen=np.array([decision.chosen for decision in made], dtype=np.intp),
        propensities=np.array([d.propensities[d.chosen] for d in made], dtype=np.float64),
        rewards=np.array([each.reward for each in sampled], dtype=np.float64),
        confidence=np.array([each.confidence for each in sampled], dtype=np.float64),
        unwanted=np.array([each.is_unwanted for each in sampled], dtype=bool),
        pull_requests=np.array([d.pull_request for d in made], dtype=np.str_),
        repos=np.array([decision.repo for decision in made], dtype=np.str_),
        at=np.array([d.occurred_at.timestamp() for d in made], dtype=np.float64),
        tools=tools,
    )


class _Course:
    """The state of the fold between batches."""

    def __init__(self, settings: LearnSettings) -> None:
        self._settings = settings
        self._columns = settings.layout.columns
        hand = hand_weights(settings.layout, settings.hand)
        self._critic = Critic(settings.layout, hand, settings.critic)
        self.actor = Actor.at(hand, settings.layout)
        self.drift = Drift()
        self.convergence = Convergence.none(settings.layout.size)

    def weights(self) -> CriticWeights:
        """Return the critic's weights of this moment, exactly."""
        self._critic.refresh()
        return self._critic.weights()

    def take(self, batch: Sequence[Rewarded]) -> None:
        """Learn from some rewards, each judged first by what was known before."""
        made = [each.decision for each in batch]
        chosen = np.array([d.features[d.chosen] for d in made], dtype=np.float64)
        features = admitted(chosen)
        repos = [decision.repo for decision in made]
        told = np.array([each.reward for each in batch])
        before = self._critic.weights()
        self.drift = self.drift.after(
            (told - self._values(before, features, repos)).tolist(), self._settings.drift
        )
        self._critic.kept = self._kept()
        self._act([each for each in batch if each.decision.how is How.SAMPLED], before)
        confidence = np.array([each.confidence for each in batch])
        self._critic.add_all(features, repos, rewards=told, weights=confidence)

    def _kept(self) -> float:
        settings = self._settings
        is_recent = self.drift.since_alarm < settings.convergence.window
        is_drifting = self.drift.alarms > 0 and is_recent
        normal = settings.critic.kept
        return min(normal, settings.kept_in_drift) if is_drifting else normal

    def _values(self, weights: CriticWeights, features: Vector, repos: Sequence[str]) -> Vector:
        values = features @ weights.mean
        core = features[:, self._columns]
        for index, repo in enumerate(repos):
            if (offset := weights.offsets.get(repo)) is not None:
                values[index] += core[index] @ offset.weights
        return np.asarray(values)

    def _act(self, sampled: Sequence[Rewarded], critic: CriticWeights) -> None:
        if not sampled:
            return
        settings = self._settings
        rows = _rows(sampled, settings.layout.size)
        policy = self.actor.probabilities(rows, settings.actor)
        baseline = (policy * (rows.features @ critic.mean)).sum(axis=1)
        gradient = self.actor.gradient(rows, baseline, settings.actor)
        after = self.actor.after(rows, gradient, settings.actor)
        moved = self.actor.distance(after)
        kl = divergence(policy, after.probabilities(rows, settings.actor))
        self.convergence = self.convergence.after(len(rows), gradient.shared, step=moved, kl=kl)
        self.actor = after
