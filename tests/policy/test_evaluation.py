"""Off-policy estimates against known truth, and the door that keeps training data out."""

import numpy as np
import pytest

from bot.policy.evaluation import (
    clustered_error,
    cross_fitted,
    dr,
    dr_difference,
    effective_size,
    ips,
    snips,
)
from bot.policy.holdout import HeldOut, Training, split
from bot.policy.rows import BadRow, Rows
from bot.policy.softmax import Shape
from bot.policy.vectors import BadFeatures
from tests.policy.gating import Softmaxed, coverage, everything
from tests.policy.worlds import LOGGING, World, blank

WORLD = World.drawn(11)


def log(seed: int = 0, count: int = 400) -> Rows:
    return WORLD.log(np.random.default_rng(seed), count)


def test_the_logging_policy_is_worth_exactly_what_it_earned() -> None:
    rows = log()

    assert ips(Softmaxed(WORLD.logging), everything(rows)).value == pytest.approx(
        rows.rewards.mean(), abs=1e-12
    )


def test_without_a_model_of_rewards_the_doubly_robust_value_is_the_weighted_mean() -> None:
    held, target = everything(log()), Softmaxed(WORLD.truth)

    assert dr(target, held, np.zeros(held.rows.mask.shape)) == ips(target, held)


def test_a_policy_differs_from_itself_by_nothing() -> None:
    target = Softmaxed(WORLD.truth)
    found = dr_difference(target, target, everything(log()))

    assert (found.value, found.error) == (0.0, 0.0)


@pytest.mark.parametrize("share", [1.0])
def test_the_intervals_are_honest_where_enough_of_the_log_speaks(share: float) -> None:
    found = coverage(WORLD.truth * share, WORLD, count=1000, runs=60)

    assert found["ESS/n"] >= 0.3
    assert 0.87 <= found["SNIPS"] <= 1.0
    assert 0.87 <= found["DR"] <= 1.0


def test_effective_size_is_the_count_where_all_weights_are_equal() -> None:
    assert effective_size(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_size(np.array([1.0, 0, 0])) == pytest.approx(1)
    assert effective_size(np.zeros(3)) == 0


def test_decisions_of_one_pull_request_do_not_count_as_many() -> None:
    values = np.tile([0.5, -0.5, 0.25, -0.25], 25)
    apart = clustered_error(values, np.arange(100).astype(str))

    together = clustered_error(np.repeat(values, 4), np.repeat(np.arange(100).astype(str), 4))

    assert together == pytest.approx(apart)
    assert clustered_error(values, np.full(100, "one")) == float("inf")


def test_no_pull_request_is_in_both_halves_and_the_newer_ones_are_held_out() -> None:
    rows = log(count=90)
    parts = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}
    shared = Rows(**{**parts, "pull_requests": np.array([f"p{i // 3}" for i in range(90)])})

    halves = split(shared)

    older, newer = halves.training.rows, halves.held_out.rows
    assert not set(older.pull_requests) & set(newer.pull_requests)
    assert (len(older), len(newer)) == (45, 45)
    assert older.at.max() < newer.at.min()


def test_the_split_does_not_depend_on_the_order_of_the_log() -> None:
    rows = log(count=50)
    turned = rows[np.arange(50)[::-1]]

    assert set(split(turned).held_out.rows.at) == set(split(rows).held_out.rows.at)


@pytest.mark.parametrize("kind", [Training, HeldOut])
def test_nobody_but_the_split_makes_a_half(kind: type[Training] | type[HeldOut]) -> None:
    with pytest.raises(TypeError):
        kind(log(), object())


@pytest.mark.parametrize("bad", [np.nan, 1.01, np.inf])
def test_rows_with_bad_numbers_are_refused(bad: float) -> None:
    features = np.zeros((2, 3, 4))
    with pytest.raises(BadRow):
        blank(features, rewards=np.array([0.0, bad]))
    with pytest.raises(BadRow):
        blank(features, propensities=np.array([0.5, bad]))
    features[0, 0, 0] = bad
    with pytest.raises(BadFeatures):
        blank(features)


def test_a_row_without_propensity_is_refused() -> None:
    with pytest.raises(BadRow):
        blank(np.zeros((1, 2, 3)), propensities=np.zeros(1))


@pytest.mark.parametrize(("temperature", "floor"), [(0.0, 0.1), (-1.0, 0.1), (1.0, 1.0)])
def test_a_policy_without_a_shape_is_refused(temperature: float, floor: float) -> None:
    with pytest.raises(ValueError, match="no policy"):
        Shape(temperature, floor)


def test_snips_stays_within_the_rewards_where_ips_does_not() -> None:
    held = everything(WORLD.log(np.random.default_rng(2), 40, shape=LOGGING))
    sharp = Softmaxed(WORLD.truth * 30)

    assert -1 <= snips(sharp, held).value <= 1


def test_the_model_of_rewards_never_judges_a_pull_request_it_was_fitted_on() -> None:
    rows = log()
    names = np.unique(rows.pull_requests)
    changed = np.isin(rows.pull_requests, names[1::2])
    outcome = np.where(changed, -rows.rewards, rows.rewards)

    before, after = cross_fitted(rows, rows.rewards), cross_fitted(rows, outcome)

    assert (before[changed] == after[changed]).all()
    assert (before[~changed] != after[~changed]).any()


def test_the_model_of_rewards_comes_near_to_their_means() -> None:
    rows = log(count=4000)

    error = cross_fitted(rows, rows.rewards) - WORLD.means(rows.features)

    assert np.abs(error).mean() < 0.12
