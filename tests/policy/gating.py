"""Runs of the gate on worlds of known truth, and coverage of the intervals: small here, whole in
`benchmarks/policy_figures.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from bot.policy.actor import Actor, ActorSettings
from bot.policy.evaluation import dr, ips, snips
from bot.policy.gate import Candidate, GateRecord, GateSettings, Incumbent, attempt
from bot.policy.holdout import HeldOut, Training, split
from bot.policy.rows import Rows
from bot.policy.softmax import Shape
from bot.policy.vectors import Layout, Matrix, Vector
from tests.policy.worlds import LOGGING, START, World


@dataclass(frozen=True, slots=True)
class Softmaxed:
    """The softmax policy of theta."""

    theta: Vector
    shape: Shape = LOGGING

    def __call__(self, rows: Rows) -> Matrix:
        return rows.probabilities(self.theta, self.shape)


def everything(rows: Rows) -> HeldOut:
    """Return all of a log as held out: for a policy that was fixed before the log was drawn."""
    return split(rows, test_share=1.0).held_out


def coverage(target: Vector, world: World, *, count: int, runs: int) -> dict[str, float]:
    """Return by estimator how often the 95 % interval holds the true value, and ESS / n."""
    truth = world.value(target, LOGGING)
    estimators: dict[str, Callable[..., object]] = {"IPS": ips, "SNIPS": snips, "DR": dr}
    hits, effective = dict.fromkeys(estimators, 0), 0.0
    for run in range(runs):
        held = everything(world.log(np.random.default_rng(1000 + run), count))
        for name, estimator in estimators.items():
            found = estimator(Softmaxed(target), held)
            low, high = found.interval()  # type: ignore[attr-defined]
            hits[name] += low <= truth <= high
            effective += found.effective / count / len(estimators) / runs  # type: ignore[attr-defined]
    return {**{name: hit / runs for name, hit in hits.items()}, "ESS/n": effective}


def learned(training: Training, start: Vector, *, passes: int = 40) -> Vector:
    """Return the actor's weights after some passes over the training half."""
    settings = ActorSettings(shape=LOGGING)
    layout = Layout(tuple(f"f{index}" for index in range(len(start))))
    actor, rows = Actor.at(start, layout), training.rows
    baseline = np.full(len(rows), rows.rewards.mean())
    for _ in range(passes):
        gradient = actor.gradient(rows, baseline, settings)
        actor = actor.after(rows, gradient, settings)
    return actor.theta


def trained(world: World, training: Training) -> Candidate:
    theta = learned(training, world.logging)
    return Candidate("trained", Softmaxed(theta), theta)


def gate_runs(
    world: World,
    runs: int,
    *,
    count: int = 1000,
    candidate: Vector | None = None,
    settings: GateSettings | None = None,
) -> list[GateRecord]:
    """Return what the gate says of a candidate that is trained on the log, or fixed before."""

    def fixed(_training: Training) -> Candidate:
        assert candidate is not None
        return Candidate("fixed", Softmaxed(candidate), candidate)

    train = partial(trained, world) if candidate is None else fixed
    incumbent = Incumbent("logging", Softmaxed(world.logging))
    chosen = settings or GateSettings()
    return [
        attempt(
            world.log(np.random.default_rng(5000 + run), count),
            train,
            incumbent,
            at=START,
            settings=chosen,
        )
        for run in range(runs)
    ]


def promoted(records: list[GateRecord]) -> float:
    """Return the share that was promoted."""
    return sum(record.is_promoted for record in records) / len(records)


@cache
def fixed_at(seed: int, gain: float) -> tuple[World, Vector]:
    """Return a world, and weights whose policy gains so much in it."""
    world = World.drawn(seed)
    return world, at_gain(world, gain)


def at_gain(world: World, gain: float) -> Vector:
    """Return weights between the logging policy's and the truth's, or away from them, of a gain."""
    start = world.value(world.logging, LOGGING, count=20_000)
    toward = world.truth * 3 - world.logging
    low, high = (0.0, 1.0) if gain > 0 else (-2.0, 0.0)
    for _ in range(14):
        middle = (low + high) / 2
        if world.value(world.logging + middle * toward, LOGGING, count=20_000) - start < gain:
            low = middle
        else:
            high = middle
    return np.asarray(world.logging + high * toward)
