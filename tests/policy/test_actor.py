"""The actor: bounded steps, pinned signs, and the problems on which others fail."""

from dataclasses import replace

import numpy as np
import pytest

from bot.policy.actor import Actor, ActorSettings, Moments, Own, amsgrad, divergence
from bot.policy.bounds import Bounds
from bot.policy.rows import Rows
from bot.policy.softmax import Shape, propensities, score
from bot.policy.vectors import Layout, Matrix, Vector
from tests.policy.bandit import probability_of_the_best
from tests.policy.test_softmax import relative, slope
from tests.policy.worlds import World

LAYOUT = Layout(tuple(f"f{index}" for index in range(8)))
BY_REPO = Layout(LAYOUT.names, core=("f0", "f1"))


def batch(seed: int, count: int = 200) -> Rows:
    return World.drawn(seed).log(np.random.default_rng(seed), count)


def stepped(actor: Actor, rows: Rows, settings: ActorSettings) -> Actor:
    gradient = actor.gradient(rows, np.zeros(len(rows)), settings)
    return actor.after(rows, gradient, settings)


@pytest.mark.parametrize("seed", range(5))
def test_no_step_is_longer_than_allowed_nor_moves_the_policy_too_far(seed: int) -> None:
    settings = ActorSettings(rate=5.0, shape=Shape(0.05, 0.01))
    before, rows = Actor.at(np.full(8, 0.3), LAYOUT), batch(seed)

    after = stepped(before, rows, settings)

    old, new = (rows.probabilities(each.theta, settings.shape) for each in (before, after))
    assert np.linalg.norm(after.theta - before.theta) <= 0.15 + 1e-12
    assert 0 < divergence(old, new) <= 0.02


def test_a_step_that_cannot_be_made_small_enough_is_not_made() -> None:
    settings = ActorSettings(rate=5.0, most_kl=0.0)
    before = Actor.at(np.zeros(8), LAYOUT)

    assert (stepped(before, batch(1), settings).theta == before.theta).all()


def test_a_pinned_weight_never_leaves_its_sign() -> None:
    bounds = Bounds.of(LAYOUT, {"f0": -1, "f1": 1, "unknown": 1})
    theta = np.full(8, 0.5) * np.array([1, -1, 1, 1, 1, 1, 1, 1])

    assert bounds.shared(theta)[:3].tolist() == [0.0, 0.0, 0.5]


def test_weights_stay_within_their_norm() -> None:
    bounds = Bounds.of(BY_REPO, {}, most_norm=10.0)
    far = bounds.shared(np.full(8, 100.0))

    assert np.linalg.norm(far) == pytest.approx(10.0)
    in_repo = far.copy()
    in_repo[BY_REPO.columns] += bounds.own(np.array([70.0, -80.0]), far)
    assert np.linalg.norm(in_repo) == pytest.approx(10.0)
    assert in_repo[0] > 0 > in_repo[1]


def test_a_row_with_a_huge_importance_weight_does_not_count() -> None:
    rows = batch(2, 50)
    tiny = np.full(50, 1e-6)
    parts = {name: getattr(rows, name) for name in Rows.__dataclass_fields__}
    wild = Rows(**{**parts, "propensities": tiny})
    settings = ActorSettings(entropy=0.0, pull=0.0)

    gradient = Actor.at(np.zeros(8), BY_REPO).gradient(wild, np.zeros(50), settings)
    assert not gradient.shared.any()
    assert not gradient.own["r"].any()


def test_learning_moves_the_policy_toward_what_is_rewarded() -> None:
    world = World.drawn(4)
    settings = ActorSettings(shape=Shape(0.25, 0.05))
    actor = Actor.at(world.logging, LAYOUT)
    for _ in range(60):
        actor = stepped(actor, world.log(np.random.default_rng(5), 2000), settings)

    before, after = (
        world.value(theta, settings.shape, count=20_000) for theta in (world.logging, actor.theta)
    )

    assert after > before + 0.1


def split(rows: Rows, *names: str) -> Rows:
    """Return the same rows, in turn of some repositories."""
    return replace(rows, repos=np.array(names)[np.arange(len(rows)) % len(names)])


def test_steps_by_repository_are_as_bounded_as_those_of_all() -> None:
    settings = ActorSettings(rate=5.0, shape=Shape(0.05, 0.01), pinned={"f0": -1})
    actor = Actor.at(np.full(8, -0.1), BY_REPO)
    for seed in range(8):
        rows = split(batch(seed), "a", "b", "c")
        after = stepped(actor, rows, settings)
        old, new = (each.probabilities(rows, settings) for each in (actor, after))
        assert 0 < actor.distance(after) <= 0.15 + 1e-9
        assert divergence(old, new) <= 0.02
        actor = after

    assert set(actor.offsets(settings)) == {"a", "b", "c"}


def test_offsets_that_give_way_to_a_pinned_sign_count_in_the_length_of_the_step() -> None:
    still = [f"still {index}" for index in range(6)]
    rows = split(batch(1, 210), "loud", *still)
    first = rows.features[np.arange(210), rows.chosen, 0]
    rows = replace(rows, rewards=np.where(rows.repos == "loud", np.sign(first), 0.0))
    at_limit = replace(Own.none(2), offset=np.array([0.3, 0.0]), rewards=5)
    start = replace(Actor.at(np.full(8, -0.3), BY_REPO), own=dict.fromkeys(still, at_limit))
    free = ActorSettings(Shape(5.0, 0.01), 5.0, entropy=0.0, pull=0.0, core_pull=0.0)

    after = stepped(start, rows, replace(free, pinned={"f0": -1}))

    assert after.own["still 0"].offset[0] < 0.3
    assert 0 < start.distance(after) <= 0.15 + 1e-9


def test_repositories_that_differ_are_told_apart() -> None:
    rows = split(batch(6, 400), "likes", "hates")
    first = rows.features[np.arange(400), rows.chosen, 0]
    rows = replace(rows, rewards=np.clip(first * np.array([1, -1])[np.arange(400) % 2], -1, 1))
    actor, settings = Actor.at(np.zeros(8), BY_REPO), ActorSettings()
    for _ in range(30):
        actor = stepped(actor, rows, settings)

    offsets = actor.offsets(settings)

    assert offsets["likes"][0] > 0.1
    assert offsets["hates"][0] < -0.1


def test_an_offset_has_to_be_earned_by_five_rewards() -> None:
    settings, actor = ActorSettings(), Actor.at(np.zeros(8), BY_REPO)

    four = stepped(actor, replace(batch(1, 4), repos=np.full(4, "new")), settings)
    five = stepped(four, replace(batch(2, 1), repos=np.full(1, "new")), settings)

    assert four.offsets(settings) == {}
    assert four.own["new"].rewards == 4
    assert not four.own["new"].offset.any()
    assert five.own["new"].moments.steps == 1
    assert five.offsets(settings)["new"].any()


def test_a_batch_of_others_leaves_an_offset_alone() -> None:
    settings, actor = ActorSettings(), Actor.at(np.zeros(8), BY_REPO)
    known = stepped(actor, replace(batch(1), repos=np.full(200, "mine")), settings)

    after = stepped(known, batch(2), settings)

    assert after.own["mine"] is known.own["mine"]
    assert (after.theta != known.theta).any()


def test_offsets_are_pulled_to_zero_harder_than_theta_to_the_hand_weights() -> None:
    settings = ActorSettings(entropy=0.0)
    rows = replace(batch(3), rewards=np.zeros(200))
    own = {"r": replace(Own.none(2), offset=np.ones(2), rewards=5)}
    actor = replace(Actor.at(np.zeros(8), BY_REPO), theta=np.ones(8), own=own)

    gradient = actor.gradient(rows, np.zeros(200), settings)

    assert gradient.own["r"].tolist() == [-0.04, -0.04]
    assert gradient.shared.tolist() == [-0.002] * 8


def test_a_pinned_sign_holds_in_every_repository_however_theta_moves() -> None:
    settings = ActorSettings(pinned={"f0": -1, "f1": 1})
    own = {"heard": replace(Own.none(2), offset=np.array([0.9, -0.9]), rewards=5)}
    actor = replace(Actor.at(np.zeros(8), BY_REPO), own=own)
    for seed in range(5):
        actor = stepped(actor, split(batch(seed), "loud", "quiet"), settings)
        for offset in actor.offsets(settings).values():
            effective = actor.theta[:2] + offset
            assert effective[0] <= 0 <= effective[1]

    assert set(actor.offsets(settings)) == {"heard", "loud", "quiet"}


def reddi(*, is_monotone: bool, steps: int = 60_000) -> float:
    """Return where descent ends on Reddi's problem, whose best point is -1 and worst +1."""
    settings = ActorSettings(first_decay=0.0, second_decay=0.1, tiny=1e-8)
    moments, x = Moments.none(1), 0.0
    for t in range(1, steps + 1):
        gradient = 3.0 if t % 3 == 1 else -1.0
        if not is_monotone:  # Adam is AMSGrad that forgets the largest moment
            moments = replace(moments, largest=np.zeros(1))
        rate = replace(settings, rate=0.1 / t**0.5) if t % 50 == 1 else settings
        settings = rate
        moments, step = amsgrad(moments, np.array([-gradient]), settings)
        x = min(1.0, max(-1.0, x + float(step[0])))
    return x


def test_adam_ends_at_the_worst_point_where_amsgrad_finds_the_best() -> None:
    assert reddi(is_monotone=False, steps=20_000) > 0.9
    assert reddi(is_monotone=True, steps=20_000) < -0.9


def test_a_known_bandit_is_learned() -> None:
    found = [probability_of_the_best(seed) for seed in range(3)]

    assert min(found) >= 0.9


def test_sampled_gradients_average_to_the_exact_one() -> None:
    rng = np.random.default_rng(3)
    features, theta, shape = rng.uniform(-1, 1, (4, 5)), rng.normal(size=5), Shape(0.5, 0.05)
    means = rng.uniform(-1, 1, 4)
    pi = propensities(features @ theta, shape)
    scores = np.array([score(features, k, theta, shape) for k in range(4)])
    chosen = rng.choice(4, size=20_000, p=pi)
    told = np.where(rng.random(20_000) < (1 + means[chosen]) / 2, 1.0, -1.0)
    terms = scores[chosen] * told[:, np.newaxis]

    bias = np.abs(terms.mean(axis=0) - (pi * means) @ scores)

    assert (bias <= 4 * terms.std(axis=0) / len(terms) ** 0.5).all()


class Chain:
    """A Markov decision process of 6 states, 4 tools and 3 steps, solved exactly."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.features: Matrix = rng.uniform(-1, 1, (6, 4, 5))
        self.moves: Matrix = rng.dirichlet(np.ones(6), size=(6, 4))
        self.rewards: Matrix = rng.uniform(-1, 1, (6, 4))
        self.shape, self.discount, self.horizon = Shape(0.4, 0.05), 0.9, 3

    def policy(self, theta: Vector) -> Matrix:
        return np.array([propensities(f @ theta, self.shape) for f in self.features])

    def quality(self, theta: Vector) -> list[Matrix]:
        """Return Q by steps from the first."""
        value, found = np.zeros(6), []
        for _ in range(self.horizon):
            quality = self.rewards + self.discount * self.moves @ value
            value = (self.policy(theta) * quality).sum(axis=1)
            found.append(quality)
        return found[::-1]

    def value(self, theta: Vector) -> float:
        return float((self.policy(theta) * self.quality(theta)[0]).sum(axis=1).mean())

    def gradient(self, theta: Vector) -> Vector:
        """Return the policy gradient theorem's sum over steps, states and tools."""
        share, total, pi = np.full(6, 1 / 6), np.zeros(5), self.policy(theta)
        for step, quality in enumerate(self.quality(theta)):
            for state in range(6):
                for tool in range(4):
                    told = score(self.features[state], tool, theta, self.shape)
                    total += (
                        self.discount**step
                        * share[state]
                        * pi[state, tool]
                        * quality[state, tool]
                        * told
                    )
            share = np.einsum("s,sa,sat->t", share, pi, self.moves)
        return total


@pytest.mark.parametrize("seed", range(3))
def test_the_policy_gradient_theorem_holds_on_a_solved_process(seed: int) -> None:
    chain, theta = Chain(seed), np.random.default_rng(seed).normal(size=5)

    assert relative(chain.gradient(theta), slope(chain.value, theta)) <= 1e-6
