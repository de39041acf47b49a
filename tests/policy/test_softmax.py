"""Probabilities with a floor, their gradient, and the draw that decides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bot.policy.actor import Actor, ActorSettings, Own, entropy_gradient
from bot.policy.rows import Rows
from bot.policy.softmax import (
    ACTING,
    Shape,
    draw,
    propensities,
    sampled,
    score,
    softmax,
    with_floor,
)
from bot.policy.vectors import Layout, Vector
from tests.policy.worlds import World

UTILITIES = arrays(np.float64, st.integers(1, 16), elements=st.floats(-10, 10))
SHAPES = st.builds(Shape, st.floats(0.01, 2.0), st.floats(0.0, 0.5))
STEP = 1e-6
LAYOUT = Layout(tuple(f"f{index}" for index in range(8)))
CORE = ("f6", "f1", "f3")


def slope(value: "object", theta: Vector) -> Vector:
    """Return central differences of a function of theta."""
    assert callable(value)
    units = STEP * np.eye(len(theta))
    return np.array([(value(theta + u) - value(theta - u)) / (2 * STEP) for u in units])


def relative(found: Vector, expected: Vector) -> float:
    return float(np.abs(found - expected).max() / max(1e-3, np.abs(expected).max()))


@given(UTILITIES, SHAPES)
def test_every_eligible_tool_keeps_its_floor_and_all_sum_to_one(
    utilities: Vector, shape: Shape
) -> None:
    pi = propensities(utilities, shape)

    assert abs(pi.sum() - 1) <= 1e-12
    assert (pi >= shape.floor / len(pi) * (1 - 1e-12)).all()


@given(UTILITIES, SHAPES, st.data())
def test_a_tool_that_is_not_eligible_has_probability_zero(
    utilities: Vector, shape: Shape, data: st.DataObject
) -> None:
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(utilities), max_size=20)))
    mask = mask[: len(utilities)]
    mask[0] = True

    pi = with_floor(softmax(utilities, mask, shape.temperature), mask, shape.floor)

    assert (pi[~mask] == 0).all()
    assert pi[mask] == pytest.approx(propensities(utilities[mask], shape), abs=1e-12)


@given(st.text(max_size=20), st.text(max_size=20), UTILITIES)
def test_a_decision_is_a_function_of_its_id_and_the_version(
    decision_id: str, version: str, utilities: Vector
) -> None:
    pi = propensities(utilities, ACTING)

    assert draw(decision_id, version) == draw(decision_id, version)
    assert 0 <= draw(decision_id, version) < 1
    assert pi[sampled(pi, draw(decision_id, version))] > 0


def test_draws_follow_the_propensities() -> None:
    pi = np.array([0.1, 0.0, 0.6, 0.3])

    found = np.bincount([sampled(pi, draw(f"d{i}", "v")) for i in range(20_000)], minlength=4)

    assert found[1] == 0
    assert found / 20_000 == pytest.approx(pi, abs=0.015)


def test_the_highest_draw_never_falls_on_a_tool_without_probability() -> None:
    assert sampled(np.array([0.5, 0.5, 0.0]), 1 - 2**-53) == 1


@pytest.mark.parametrize("floor", [0.0, 0.01, 0.3])
def test_the_score_is_the_slope_of_the_log_probability(floor: float) -> None:
    rng = np.random.default_rng(1)
    features, theta, shape = rng.uniform(-1, 1, (5, 7)), rng.normal(size=7), Shape(0.3, floor)

    expected = slope(lambda t: np.log(propensities(features @ t, shape)[2]), theta)

    assert relative(score(features, 2, theta, shape), expected) <= 1e-6


def test_scores_average_to_zero_under_the_policy() -> None:
    rng = np.random.default_rng(2)
    features, theta = rng.uniform(-1, 1, (6, 9)), rng.normal(size=9)
    pi = propensities(features @ theta, ACTING)

    mean = sum(pi[k] * score(features, k, theta, ACTING) for k in range(6))

    assert np.abs(mean).max() <= 1e-12


def half_masked(seed: int) -> tuple[Rows, Vector]:
    """Return a log in which some tools were not eligible, and a theta to look from."""
    rng = np.random.default_rng(seed)
    rows = World.drawn(seed).log(rng, 60)
    mask = rng.random(rows.mask.shape) < 0.7
    mask[np.arange(60), rows.chosen] = True
    parts = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}
    return Rows(**{**parts, "mask": mask}), rng.normal(size=8)


def objective(rows: Rows, theta: Vector, baseline: Vector, settings: ActorSettings) -> float:
    """Return J, written apart from the gradient: importance, entropy, distance to the hand."""
    pi = rows.probabilities(theta, settings.shape)
    weight = rows.of_chosen(pi) / rows.propensities
    earned = (weight * (weight < settings.most_weight) * (rows.rewards - baseline)).mean()
    entropy = -(pi * np.log(np.where(pi > 0, pi, 1.0))).sum(axis=1).mean()
    return float(earned + settings.entropy * entropy - settings.pull * theta @ theta)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("floor", [0.0, 0.01, 0.2])
def test_the_actor_climbs_the_slope_of_its_objective(seed: int, floor: float) -> None:
    rows, theta = half_masked(seed)
    settings = ActorSettings(shape=Shape(0.3, floor), entropy=0.05, pull=0.02)
    baseline = 0.1 * np.sin(np.arange(60.0))
    actor = replace(Actor.at(np.zeros(8), LAYOUT), theta=theta)

    expected = slope(lambda t: objective(rows, t, baseline, settings), theta)

    assert relative(actor.gradient(rows, baseline, settings).shared, expected) <= 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("floor", [0.0, 0.01, 0.2])
def test_the_actor_climbs_the_slope_of_its_objective_in_each_repository(
    seed: int, floor: float
) -> None:
    rows, theta = half_masked(seed)
    rows = replace(rows, repos=np.array(["a", "b", "c"])[np.arange(60) % 3])
    settings = ActorSettings(Shape(0.3, floor), entropy=0.05, pull=0.02, core_pull=0.3, pinned={})
    baseline = 0.1 * np.sin(np.arange(60.0))
    offsets = np.random.default_rng(seed).normal(size=9)
    actor = with_offsets(theta, offsets)

    found = actor.gradient(rows, baseline, settings)

    expected = slope(lambda o: apart(rows, theta, o, baseline, settings), offsets)
    assert relative(np.concatenate([found.own[repo] for repo in "abc"]), expected) <= 1e-6
    expected = slope(lambda t: apart(rows, t, offsets, baseline, settings), theta)
    assert relative(found.shared, expected) <= 1e-6


def with_offsets(theta: Vector, offsets: Vector) -> Actor:
    """Return an actor that knows three repositories, whose offsets stand in a row."""
    layout = Layout(LAYOUT.names, CORE)
    own = {
        repo: replace(Own.none(3), offset=part, rewards=5)
        for repo, part in zip("abc", offsets.reshape(3, 3), strict=True)
    }
    return replace(Actor.at(np.zeros(8), layout), theta=theta, own=own)


def apart(
    rows: Rows, theta: Vector, offsets: Vector, baseline: Vector, settings: ActorSettings
) -> float:
    """Return J, with each repository's rows judged by weights of its own."""
    found = -settings.core_pull * float(offsets @ offsets)
    for index, part in enumerate(offsets.reshape(3, 3)):
        here, weights = np.arange(60) % 3 == index, theta.copy()
        weights[[LAYOUT.names.index(name) for name in CORE]] += part
        pull = settings.pull * float(weights @ weights - theta @ theta)
        found += (objective(rows[here], weights, baseline[here], settings) + pull) / 3
    return found


def test_the_gradient_of_the_doubly_robust_value_is_its_slope() -> None:
    rows, theta = half_masked(7)
    quality = np.random.default_rng(8).normal(size=rows.mask.shape)

    def value(at: Vector) -> float:
        pi = rows.probabilities(at, ACTING)
        weight = rows.of_chosen(pi) / rows.propensities
        return float(
            ((pi * quality).sum(axis=1) + weight * (rows.rewards - rows.of_chosen(quality))).mean()
        )

    found = np.zeros(8)
    for i in range(len(rows)):
        own, pi = rows.features[i][rows.mask[i]], rows.probabilities(theta, ACTING)[i]
        scores = {
            k: score(own, j, theta, ACTING) for j, k in enumerate(np.flatnonzero(pi).tolist())
        }
        chosen = int(rows.chosen[i])
        weight = pi[chosen] / rows.propensities[i] * (rows.rewards[i] - quality[i, chosen])
        direct = [pi[k] * quality[i, k] * scores[k] for k in scores]
        found += (np.sum(direct, axis=0) + weight * scores[chosen]) / len(rows)

    assert relative(found, slope(value, theta)) <= 1e-6


def test_the_entropy_gradient_is_the_slope_of_the_entropy() -> None:
    rows, theta = half_masked(3)
    preferred = softmax(rows.features @ theta, rows.mask, ACTING.temperature)
    policy = with_floor(preferred, rows.mask, ACTING.floor)

    def entropy(at: Vector) -> float:
        pi = rows.probabilities(at, ACTING)
        return float(-(pi * np.log(np.where(pi > 0, pi, 1.0))).sum(axis=1).mean())

    found = entropy_gradient(rows.features, preferred, policy, ACTING).mean(axis=0)

    assert relative(found, slope(entropy, theta)) <= 1e-6
