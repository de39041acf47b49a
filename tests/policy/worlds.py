"""Small worlds with known truth: random logs, and the exact values that estimates must find."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.domain.outcomes import Outcome
from bot.policy.event_log import DecisionLogged, Event, How, OutcomeSeen
from bot.policy.rows import Rows
from bot.policy.softmax import Shape
from bot.policy.vectors import Layout, Matrix, Vector

START = datetime(2026, 1, 5, tzinfo=UTC)
LOGGING = Shape(temperature=0.25, floor=0.05)


@dataclass(frozen=True, slots=True)
class World:
    """K tools, d features, rewards of +1 and -1 whose mean is not quite linear."""

    truth: Vector
    logging: Vector
    tools: int = 5
    bend: float = 0.2

    @classmethod
    def drawn(cls, seed: int, *, size: int = 8, truth: float = 0.35) -> "World":
        rng = np.random.default_rng(seed)
        real = truth * rng.normal(size=size)
        return cls(real, 0.4 * real + 0.1 * rng.normal(size=size))

    def means(self, features: Matrix) -> Matrix:
        linear = features @ self.truth
        bent = self.bend * features[..., 0] * features[..., 1]
        return np.asarray(np.clip(linear + (bent if self.truth.any() else 0.0), -0.95, 0.95))

    def states(self, rng: np.random.Generator, count: int) -> Matrix:
        return rng.uniform(-1, 1, size=(count, self.tools, len(self.truth)))

    def log(self, rng: np.random.Generator, count: int, *, shape: Shape = LOGGING) -> Rows:
        """Return a log in which every decision is another pull request's."""
        features = self.states(rng, count)
        rows = blank(features)
        policy = rows.probabilities(self.logging, shape)
        edges = policy.cumsum(axis=1)
        chosen = (rng.random((count, 1)) * edges[:, -1:] >= edges).sum(axis=1)
        at = np.arange(count)
        means = self.means(features)[at, chosen]
        rewards = np.where(rng.random(count) < (1 + means) / 2, 1.0, -1.0)
        return blank(features, chosen=chosen, propensities=policy[at, chosen], rewards=rewards)

    def value(self, theta: Vector, shape: Shape, *, count: int = 100_000) -> float:
        """Return the true value of the softmax policy of theta."""
        features = self.states(np.random.default_rng(99), count)
        policy = blank(features).probabilities(theta, shape)
        return float((policy * self.means(features)).sum(axis=1).mean())


def blank(
    features: Matrix,
    *,
    chosen: Vector | None = None,
    propensities: Vector | None = None,
    rewards: Vector | None = None,
) -> Rows:
    count, most, _ = features.shape
    told = np.zeros(count) if rewards is None else rewards
    return Rows(
        features=features,
        mask=np.ones((count, most), dtype=bool),
        chosen=np.zeros(count, dtype=np.intp) if chosen is None else chosen.astype(np.intp),
        propensities=np.ones(count) if propensities is None else propensities,
        rewards=told,
        confidence=np.ones(count),
        unwanted=told < 0,
        pull_requests=np.array([f"pr{index}" for index in range(count)]),
        repos=np.full(count, "r"),
        at=np.arange(count, dtype=np.float64),
        tools=np.tile(np.array([f"t{index}" for index in range(most)]), (count, 1)),
    )


def decision(index: int, layout: Layout, rng: np.random.Generator, **changes: object) -> Event:
    """Return a random decision among three tools of two repositories."""
    features = rng.uniform(-1, 1, size=(3, layout.size)).round(6)
    told: dict[str, object] = {
        "event_id": f"decision:{index}",
        "occurred_at": START + timedelta(minutes=index),
        "decision_id": f"d{index}",
        "repo": f"r{index % 2}",
        "pull_request": f"p{index // 2}",
        "policy_version": "v",
        "layout_version": layout.version,
        "how": How.SAMPLED,
        "tools": ("autofix", "none", "rewrite"),
        "features": tuple(tuple(row) for row in features.tolist()),
        "propensities": (0.25, 0.25, 0.5),
        "chosen": int(rng.integers(3)),
    }
    return DecisionLogged(**(told | changes))  # type: ignore[arg-type]


def outcome(index: int, kind: Outcome | None, **changes: object) -> Event:
    """Return the final outcome of the suggestion of one decision, two days later."""
    told: dict[str, object] = {
        "event_id": f"close:{index}",
        "occurred_at": START + timedelta(days=2, minutes=index),
        "decision_id": f"d{index}",
        "suggestion_id": f"s{index}",
        "outcome": kind,
    }
    return OutcomeSeen(**(told | changes))  # type: ignore[arg-type]


def history(count: int, layout: Layout, *, seed: int = 0, **changes: object) -> list[Event]:
    """Return decisions with their outcomes, of all kinds that are a person's."""
    rng = np.random.default_rng(seed)
    kinds = list(Outcome)
    events: list[Event] = []
    for index in range(count):
        events.append(decision(index, layout, rng, **changes))
        events.append(outcome(index, kinds[int(rng.integers(len(kinds)))]))
    return events
