"""The critic against the textbook: dense ridge regression, its prior and its uncertainty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.critic import Critic, CriticSettings
from bot.policy.vectors import Layout, Matrix, Vector

LAYOUT = Layout(("a", "b", "c", "d"), core=("b", "d"))
HAND = np.array([0.5, -0.25, 0.0, 0.1])
REPOS = ("r0", "r1", "r2")


def events(seed: int, count: int) -> tuple[Matrix, list[str], Vector, Vector]:
    rng = np.random.default_rng(seed)
    repos = [REPOS[int(i)] for i in rng.integers(3, size=count)]
    features = rng.uniform(-1, 1, (count, 4))
    return features, repos, rng.uniform(-1, 1, count), rng.uniform(0.1, 1, count)


def taught(seed: int, count: int, *, kept: float = 1.0, size: int = 1) -> Critic:
    features, repos, told, weights = events(seed, count)
    critic = Critic(LAYOUT, HAND, CriticSettings(core_prior=4.0, kept=kept, least_rewards=1))
    for start in range(0, count, size):
        here = slice(start, start + size)
        critic.add_all(features[here], repos[here], rewards=told[here], weights=weights[here])
    return critic


def textbook(seed: int, count: int, kept: float) -> tuple[Matrix, Vector]:
    """Return A and b by the recursion A <- rho A + (1 - rho) A0 + c phi phi^T itself."""
    prior = np.diag([1.0] * 4 + [4.0] * 6)
    own = np.concatenate([HAND, np.zeros(6)])
    matrix, target = prior.copy(), prior @ own
    features, repos, told, weights = events(seed, count)
    for f, repo, reward, weight in zip(features, repos, told, weights, strict=True):
        phi = np.zeros(10)
        phi[:4] = f
        start = 4 + 2 * REPOS.index(repo)
        phi[start : start + 2] = f[LAYOUT.columns]
        matrix = kept * matrix + (1 - kept) * prior + weight * np.outer(phi, phi)
        target = kept * target + (1 - kept) * prior @ own + weight * reward * phi
    return matrix, target


@pytest.mark.parametrize("kept", [1.0, 0.99])
@pytest.mark.parametrize("size", [1, 7])
def test_the_sums_are_those_of_the_recursion(kept: float, size: int) -> None:
    critic = taught(1, 250, kept=kept, size=size)
    matrix, target = critic.dense()

    expected = textbook(1, 250, kept)

    assert np.abs(matrix - expected[0]).max() <= 1e-9
    assert np.abs(target - expected[1]).max() <= 1e-9


@pytest.mark.parametrize("kept", [1.0, 0.99])
def test_eliminating_repositories_gives_the_weights_of_the_whole_system(kept: float) -> None:
    critic = taught(2, 230, kept=kept)
    critic.refresh()
    matrix, target = critic.dense()

    weights, whole = critic.weights(), np.linalg.solve(matrix, target)

    assert weights.mean == pytest.approx(whole[:4], abs=1e-10)
    for index, repo in enumerate(REPOS):
        own = whole[4 + 2 * index : 6 + 2 * index]
        assert weights.offsets[repo].weights == pytest.approx(own, abs=1e-10)


def test_the_uncertainty_is_that_of_the_whole_system() -> None:
    critic, rng = taught(3, 200), np.random.default_rng(3)
    inverse = np.linalg.inv(critic.dense()[0])
    features = rng.uniform(-1, 1, (5, 4))
    core = features[:, LAYOUT.columns]
    phi = np.zeros((5, 10))
    phi[:, :4], phi[:, 6:8] = features, core  # r1 is the second

    found = critic.weights().sigmas(features, core, "r1")

    assert found == pytest.approx(np.sqrt(((phi @ inverse) * phi).sum(axis=1)), abs=1e-10)


def test_without_data_the_weights_are_the_hand_weights() -> None:
    weights = Critic(LAYOUT, HAND, CriticSettings()).weights()

    assert weights.mean == pytest.approx(HAND, abs=1e-15)
    assert weights.offsets == {}


def test_without_news_the_weights_fade_to_the_hand_weights() -> None:
    critic = taught(4, 100, kept=0.9)
    for _ in range(300):
        critic.add(np.zeros(4), "r0", reward=0.0)

    assert critic.weights().mean == pytest.approx(HAND, abs=1e-9)


def test_a_repository_has_no_offsets_before_five_rewards() -> None:
    critic = Critic(LAYOUT, HAND, CriticSettings())
    counts = []
    for _ in range(5):
        critic.add(np.ones(4), "new", reward=1.0)
        counts.append(len(critic.weights().offsets))

    assert counts == [0, 0, 0, 0, 1]


def test_where_all_features_are_zero_nothing_is_uncertain() -> None:
    weights = taught(5, 50).weights()

    assert weights.sigmas(np.zeros((1, 4)), np.zeros((1, 2)), "r0").tolist() == [0.0]


@given(st.integers(0, 1000), st.integers(1, 260), st.sampled_from([1.0, 0.9995, 0.9]))
@settings(max_examples=30, deadline=None)
def test_the_matrix_never_falls_below_its_prior(seed: int, count: int, kept: float) -> None:
    matrix, _ = taught(seed, count, kept=kept).dense()

    assert (matrix == matrix.T).all() or np.abs(matrix - matrix.T).max() <= 1e-12
    assert np.linalg.eigvalsh(matrix).min() >= 1.0 * (1 - 1e-9)


@given(st.permutations(range(60)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rewards_changes_nothing_where_nothing_is_forgotten(order: list[int]) -> None:
    features, repos, told, weights = events(6, 60)
    critic = Critic(LAYOUT, HAND, CriticSettings(core_prior=4.0, kept=1.0, least_rewards=1))
    for i in order:
        critic.add(features[i], repos[i], reward=told[i], weight=weights[i])

    found, expected = critic.weights(), taught(6, 60).weights()

    assert np.abs(found.mean - expected.mean).max() <= 1e-9
    assert np.abs(found.spread - expected.spread).max() <= 1e-9


def test_a_pinned_sign_holds_in_every_repository() -> None:
    weights = taught(8, 120).weights().with_signs(LAYOUT, {"a": -1, "b": 1, "d": -1, "x": 1})
    columns = list(LAYOUT.columns)

    assert weights.mean[0] <= 0 <= weights.mean[1]
    for offset in weights.offsets.values():
        b, d = weights.mean[columns] + offset.weights
        assert b >= 0 >= d


def test_a_repository_that_differs_gets_its_own_weights() -> None:
    critic, rng = (
        Critic(LAYOUT, HAND, CriticSettings(core_prior=4.0, kept=1.0)),
        np.random.default_rng(7),
    )
    for _ in range(400):
        f = rng.uniform(-1, 1, 4)
        critic.add(f, "likes", reward=0.5 * f[1])
        critic.add(f, "hates", reward=-0.5 * f[1])
    weights = critic.weights()
    likes, hates, new = (
        weights.values(np.array([[0.0, 1, 0, 0]]), np.array([[1.0, 0]]), repo)[0]
        for repo in ("likes", "hates", "new")
    )

    assert likes > 0.4
    assert hates < -0.4
    assert abs(new) < 0.1
