"""The alarm for drift, and the report of convergence."""

import numpy as np
import pytest

from bot.policy.convergence import Convergence, ConvergenceSettings, Phase
from bot.policy.drift import Drift, DriftSettings

SETTINGS = DriftSettings()


def errors(mean: float, count: int, seed: int = 0) -> list[float]:
    """Return residuals of rewards of -1 and 1."""
    rng = np.random.default_rng(seed)
    return [1.0 if drawn < (1 + mean) / 2 else -1.0 for drawn in rng.random(count)]


@pytest.mark.parametrize("mean", [-0.4, 0.4])
def test_errors_that_left_zero_raise_an_alarm_soon(mean: float) -> None:
    calm = Drift().after(errors(0.0, 500), SETTINGS)
    after = calm.after(errors(mean, 300), SETTINGS)

    assert calm.alarms == 0
    assert after.alarms >= 1


def test_errors_around_zero_rarely_do() -> None:
    assert Drift().after(errors(0.0, 20_000), SETTINGS).alarms <= 2


def test_an_alarm_needs_some_errors_first() -> None:
    eager = DriftSettings(threshold=1.0)

    assert Drift().after([1.0] * 29, eager).alarms == 0
    assert Drift().after([1.0] * 30, eager).alarms == 1


def test_errors_may_come_one_by_one_or_all_at_once() -> None:
    told, single = errors(0.3, 300), Drift()
    for error in told:
        single = single.after([error], SETTINGS)

    assert single == Drift().after(told, SETTINGS)


def report(*, gradient: float, step: float, kl: float, rewards: int = 600) -> Phase:
    still = Convergence.none(3)
    for _ in range(rewards // 50):
        still = still.after(50, np.full(3, gradient), step=step, kl=kl)
    return still.phase(np.zeros(3), ConvergenceSettings(), since_alarm=rewards)


def test_the_report_needs_all_three_signs_of_rest() -> None:
    assert report(gradient=1e-3, step=1e-4, kl=1e-4) is Phase.CONVERGED
    assert report(gradient=1e-1, step=1e-4, kl=1e-4) is Phase.CONVERGING
    assert report(gradient=1e-3, step=1e-2, kl=1e-4) is Phase.CONVERGING
    assert report(gradient=1e-3, step=1e-4, kl=1e-2) is Phase.CONVERGING


def test_few_rewards_are_warming_and_a_fresh_alarm_is_drift() -> None:
    still = Convergence.none(3).after(600, np.zeros(3), step=0.0, kl=0.0)

    assert report(gradient=0.0, step=0.0, kl=0.0, rewards=450) is Phase.WARMING
    assert still.phase(np.zeros(3), ConvergenceSettings(), since_alarm=10) is Phase.DRIFTING
