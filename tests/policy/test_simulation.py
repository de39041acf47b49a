"""The stream and the comparison: the goals of the design, at a size that a test can afford."""

import numpy as np
import pytest

from bot.policy.simulation import comparison
from bot.policy.simulation.comparison import Goal, Regret
from bot.policy.simulation.stream import LAYOUT, SIZE, TOOLS, Stream, StreamSettings, stream
from bot.policy.simulation.trial import CONTESTANTS, regrets

EPISODES = 1000
MARGIN = 1.3


@pytest.fixture(scope="module")
def found() -> list[Regret]:
    kinds = comparison.settings(EPISODES, is_whole=False)
    return list(comparison.runs(kinds, range(100, 103)))


@pytest.fixture(scope="module")
def small() -> Stream:
    return stream(StreamSettings(episodes=4000), 1)


def test_small_runs_meet_the_goals_with_a_wider_margin(found: list[Regret]) -> None:
    goals = comparison.goals(found, margin=MARGIN)

    # The gradient starts slowly: its share of uniform's regret falls with the length of the
    # stream, and is measured on the whole size only.
    missed = [goal.name for goal in goals if not goal.is_met]
    assert set(missed) <= {"gradient: mean x uniform"}


def test_every_contestant_has_its_row(found: list[Regret]) -> None:
    rows = comparison.table(found)

    assert [row[0] for row in rows[1:]] == list(CONTESTANTS)
    assert {len(row) for row in rows} == {8}


def test_a_curve_ends_at_the_total(found: list[Regret]) -> None:
    for regret in found:
        assert regret.curve[-1] == pytest.approx(regret.total)
        assert (np.diff(regret.curve) >= 0).all()


def test_the_same_seed_gives_the_same_regret(found: list[Regret]) -> None:
    kinds = comparison.settings(EPISODES, is_whole=False)
    again = next(iter(comparison.runs(kinds, [100])))

    assert (again.total, again.learner) == (found[0].total, found[0].learner)


def test_a_stream_is_drawn_before_anybody_decides() -> None:
    settings = StreamSettings(episodes=300)
    first, second = stream(settings, 5), stream(settings, 5)
    regrets(first, CONTESTANTS[comparison.LINUCB](first.hand, 0), 0)

    assert (first.means == second.means).all()
    assert (first.uniforms == second.uniforms).all()


def test_skip_has_no_features_and_no_reward(small: Stream) -> None:
    assert not small.features[:, 0].any()
    assert not small.means[:, 0].any()
    assert small.reward(0, 0) == 0.0


def test_features_are_in_the_unit_interval_and_have_their_places(small: Stream) -> None:
    assert small.features.shape == (4000, TOOLS, SIZE) == (4000, 10, LAYOUT.size)
    assert np.abs(small.features).max() <= 1.0


def test_feedback_has_the_mean_that_regret_is_measured_on(small: Stream) -> None:
    told = np.array([small.reward(episode, 3) for episode in range(4000)])

    assert told.mean() == pytest.approx(small.means[:, 3].mean(), abs=0.05)
    assert (told == -0.1).mean() == pytest.approx(0.35, abs=0.03)


def test_feedback_comes_late_and_never_later_than_the_cap(small: Stream) -> None:
    assert np.median(small.delays) == pytest.approx(30, abs=2)
    assert small.delays.min() >= 1
    assert small.delays.max() == 400


def test_a_goal_is_met_at_its_limit_and_not_above() -> None:
    assert Goal("g", 1.2, 1.2).is_met
    assert not Goal("g", 1.2001, 1.2).is_met
    assert not Goal("g", float("nan"), 1.2).is_met
